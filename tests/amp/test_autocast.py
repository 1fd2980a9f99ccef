"""Autocast: which calls change precision, and what gradients come back."""

import pytest

import taper as torch
import taper.nn.functional as F
from taper import nn
from taper.utils.checkpoint import checkpoint

X = torch.ones(2, 3)
Y = X.bfloat16()


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: nn.Linear(3, 4)(nn.Linear(3, 3)(X)), "bfloat16"),
        (lambda: X @ X.T, "bfloat16"),
        (lambda: torch.einsum("ij,kj->ik", X, X), "bfloat16"),
        (lambda: torch.tensordot(X, X.T, 1), "bfloat16"),
        (lambda: nn.Conv1d(2, 2, 1)(X[None]), "bfloat16"),
        (lambda: F.scaled_dot_product_attention(X[None], X[None], X[None]), "bfloat16"),
        (lambda: nn.LSTM(3, 3)(torch.ones(2, 1, 3))[0], "bfloat16"),
        (lambda: nn.MultiheadAttention(4, 2)(*[torch.ones(2, 1, 4)] * 3)[0], "bfloat16"),
        (lambda: nn.LayerNorm(3)(Y), "bfloat16"),
        (lambda: Y.softmax(1), "bfloat16"),
        (lambda: F.cross_entropy(Y, torch.tensor([1, 2])), "float32"),
        (lambda: F.mse_loss(Y, X), "float32"),
        (lambda: F.binary_cross_entropy(Y, X), "float32"),
        (lambda: Y.prod(), "float32"),
        (lambda: torch.cat([X, Y]), "float32"),
        (lambda: X + Y, "float32"),
        (lambda: torch.mv(X, torch.ones(3)), "float32"),
        (lambda: nn.Linear(3, 3).double()(X.double()), "float64"),
        (lambda: nn.GRU(3, 3)(torch.ones(2, 1, 3))[0], "float32"),
    ],
)
def test_dtypes_of_results(call, kind):
    with torch.autocast("cpu"):
        assert call().dtype is getattr(torch, kind)


def test_gradients_come_back_in_float32():
    layer = nn.Linear(3, 1)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = layer(X)
        loss = F.mse_loss(out, torch.zeros(2, 1))
    loss.backward()
    assert out.dtype is torch.bfloat16 and loss.dtype is torch.float32
    assert layer.weight.grad.dtype is torch.float32
    expected = (2 * out.float() / 2).bfloat16().float().sum(0)
    assert torch.allclose(layer.bias.grad, expected, rtol=0.01)


def test_a_weight_changed_in_the_block_is_cast_again():
    w = torch.ones(3, 3, requires_grad=True)
    with torch.autocast("cpu"):
        first = (X @ w).sum().item()
        with torch.no_grad():
            w.mul_(2)
        assert (X @ w).sum().item() == 2 * first


def test_state():
    assert not torch.is_autocast_enabled("cpu")
    with torch.autocast("cpu", dtype=torch.float16):
        assert torch.is_autocast_enabled("cpu") and torch.is_autocast_cpu_enabled()
        assert torch.get_autocast_dtype("cpu") is torch.float16
        with torch.autocast("cpu", enabled=False):
            assert not torch.is_autocast_enabled("cpu") and (X @ X.T).dtype is torch.float32
        assert (X @ X.T).dtype is torch.float16
    assert (X @ X.T).dtype is torch.float32
    assert torch.get_autocast_dtype("cuda") is torch.float16


def test_decorator_and_checkpoint():
    @torch.autocast("cpu")
    def product(x):
        return x @ x.T

    assert product(X).dtype is torch.bfloat16
    x = torch.ones(2, 3, requires_grad=True)
    with torch.autocast("cpu"):
        y = checkpoint(lambda v: (v @ v.T).exp(), x, use_reentrant=False)
    y.sum().backward()
    assert x.grad.dtype is torch.float32


def test_what_disables_it():
    with pytest.warns(UserWarning, match="CUDA is not available"):
        assert not torch.autocast("cuda")._enabled
    with pytest.warns(UserWarning, match="target dtype is not supported"):
        assert not torch.autocast("cpu", dtype=torch.float32)._enabled
    with pytest.raises(ValueError, match="Expected `device_type` of type `str`"):
        torch.autocast(3)
    with pytest.warns(FutureWarning, match="deprecated"), torch.cpu.amp.autocast():
        assert (X @ X.T).dtype is torch.bfloat16
    with (
        pytest.warns(FutureWarning, match="torch.cuda.amp.autocast"),
        torch.cuda.amp.autocast(False),
    ):
        assert (X @ X.T).dtype is torch.float32


def test_custom_functions():
    class Product(torch.autograd.Function):
        @staticmethod
        @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.float32)
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x @ x.T

        @staticmethod
        @torch.amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return (g + g.T) @ x

    x = torch.ones(2, 3, requires_grad=True)
    with torch.autocast("cpu"):
        y = Product.apply(x)
    y.sum().backward()
    assert y.dtype is torch.float32 and x.grad.tolist() == [[4.0] * 3] * 2

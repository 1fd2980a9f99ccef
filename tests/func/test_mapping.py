"""`vmap`, and the state of several models."""

import pytest

import taper as torch
from taper import nn
from taper.func import (
    functional_call,
    grad,
    replace_all_batch_norm_modules_,
    stack_module_state,
    vmap,
)


def test_dimensions():
    x = torch.arange(6.0).reshape(2, 3)
    assert vmap(torch.sum)(x).tolist() == [3.0, 12.0]
    assert vmap(torch.sum, in_dims=1)(x).tolist() == [3.0, 5.0, 7.0]
    assert vmap(lambda v: 2 * v, out_dims=1)(x).tolist() == (2 * x).T.tolist()
    assert vmap(torch.mul, in_dims=(0, None))(x, torch.tensor(3.0)).tolist() == (3 * x).tolist()
    assert vmap(lambda d: d["a"] + 1)({"a": x}).tolist() == (x + 1).tolist()
    a, b = vmap(lambda v: (v, v.sum()), out_dims=(1, 0))(x)
    assert a.shape == (3, 2) and b.shape == (2,)
    table = torch.vmap(torch.vmap(torch.mul, in_dims=(0, None)), in_dims=(None, 0))
    assert table(torch.arange(3.0), torch.arange(2.0)).shape == (2, 3)
    assert vmap(lambda v: v)(torch.ones(0, 2)).shape == (0, 2)


def test_gradients_per_example():
    model = nn.Linear(3, 1)
    params = dict(model.named_parameters())
    x = torch.randn(4, 3)
    loss = lambda p, v: functional_call(model, p, (v,)).square().sum()
    found = vmap(grad(loss), in_dims=(None, 0))(params, x)
    assert found["weight"].shape == (4, 1, 3)
    model(x).square().sum().backward()
    assert torch.allclose(found["weight"].sum(0), model.weight.grad, atol=1e-5)


def test_randomness():
    x = torch.ones(3)
    with pytest.raises(RuntimeError, match="randomness error mode"):
        vmap(lambda v: v + torch.rand(1))(x)
    same = vmap(lambda v: v + torch.rand(1), randomness="same")(x)
    assert same.flatten().unique().numel() == 1
    other = vmap(lambda v: v + torch.rand(1), randomness="different")(x)
    assert other.flatten().unique().numel() == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: vmap(lambda x: x)(3), "We cannot vmap over non-Tensor arguments"),
        (lambda: vmap(torch.add)(torch.ones(2), torch.ones(3)), r"got sizes \[2, 3\]"),
        (lambda: vmap(lambda x: x, in_dims=1)(torch.ones(2)), "to satisfy -1 <= in_dim < 1"),
        (lambda: vmap(lambda x: 3)(torch.ones(2)), "must only return Tensors, got type"),
        (
            lambda: vmap(lambda x: x, in_dims=(None,))(torch.ones(2)),
            "at least one Tensor to vmap over",
        ),
        (lambda: vmap(lambda x: x)(), "got no inputs"),
        (lambda: vmap(lambda x: x, in_dims=(0, 1))(torch.ones(2)), "in_dims is not compatible"),
        (lambda: vmap(lambda x: x, chunk_size=0), "chunk_size should be None or greater than 0"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_ensembles():
    models = [nn.Linear(3, 2) for _ in range(4)]
    params, buffers = stack_module_state(models)
    assert params["weight"].shape == (4, 2, 3) and params["weight"].requires_grad and buffers == {}
    x = torch.randn(5, 3)
    out = vmap(lambda p: functional_call(models[0], p, (x,)))(params)
    assert torch.allclose(out[2], models[2](x), atol=1e-6)
    with pytest.raises(RuntimeError, match="Expected at least one model, got 0"):
        stack_module_state([])


def test_batch_norms_without_statistics():
    net = replace_all_batch_norm_modules_(nn.Sequential(nn.BatchNorm1d(2)))
    assert net[0].running_mean is None and not net[0].track_running_stats

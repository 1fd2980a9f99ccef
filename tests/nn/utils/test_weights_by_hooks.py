"""The older weight and spectral normalizations, pruning, fusion and other tools for weights."""

import numpy as np
import pytest

import taper as torch
from taper import nn
from taper.nn import utils
from taper.nn.utils import prune
from taper.nn.utils.functional_call import functional_call


def test_weight_norm_keeps_the_weight_and_comes_off():
    layer = nn.Linear(2, 3)
    start = layer.weight.detach().clone()
    with pytest.warns(FutureWarning):
        utils.weight_norm(layer)
    assert list(layer.state_dict()) == ["bias", "weight_g", "weight_v"]
    layer(torch.ones(1, 2)).sum().backward()
    assert layer.weight_g.grad.shape == (3, 1) and layer.weight_v.grad.shape == (3, 2)
    assert torch.allclose(layer.weight.detach(), start, rtol=1e-4, atol=1e-5)
    utils.remove_weight_norm(layer)
    assert sorted(layer.state_dict()) == ["bias", "weight"] and not layer._forward_pre_hooks


def test_spectral_norm_reaches_one_and_comes_off():
    torch.manual_seed(0)
    layer = utils.spectral_norm(nn.Linear(4, 3))
    assert list(layer.state_dict()) == ["bias", "weight_orig", "weight_u", "weight_v"]
    for _ in range(50):
        layer(torch.ones(1, 4)).sum().backward()
    assert np.linalg.norm(layer.weight.detach().numpy(), 2) == pytest.approx(1.0, rel=1e-3)
    assert layer.state_dict()._metadata[""]["spectral_norm"] == {"weight.version": 1}
    layer.eval()
    u = layer.weight_u.clone()
    layer(torch.ones(1, 4))
    assert torch.equal(u, layer.weight_u)
    utils.remove_spectral_norm(layer)
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    assert np.linalg.norm(layer.weight.detach().numpy(), 2) == pytest.approx(1.0, rel=1e-3)


@pytest.fixture
def layer():
    made = nn.Linear(4, 3)
    with torch.no_grad():
        made.weight.copy_(torch.arange(1.0, 13.0).reshape(3, 4))
    return made


def test_pruning_by_size(layer):
    prune.l1_unstructured(layer, "weight", amount=0.25)
    assert layer.weight_mask.tolist() == [[0, 0, 0, 1], [1, 1, 1, 1], [1, 1, 1, 1]]
    assert list(layer.state_dict()) == ["bias", "weight_orig", "weight_mask"]
    assert layer.weight.tolist()[0] == [0, 0, 0, 4] and prune.is_pruned(layer)
    prune.ln_structured(layer, "weight", amount=1, n=2, dim=1)
    assert layer.weight_mask.sum(0).tolist() == [0, 2, 2, 3]
    with torch.no_grad():
        layer.weight_orig.fill_(1.0)
    assert layer(torch.ones(1, 4)).detach().sub(layer.bias).tolist()[0] == pytest.approx([1, 3, 3])
    prune.remove(layer, "weight")
    assert sorted(layer.state_dict()) == ["bias", "weight"] and not prune.is_pruned(layer)
    assert layer.weight.sum().item() == 7.0


def test_pruning_at_random(layer):
    prune.random_unstructured(layer, "weight", amount=5)
    assert layer.weight_mask.sum().item() == 7.0
    other = prune.random_structured(nn.Linear(4, 3), "weight", amount=2, dim=1)
    assert sorted(other.weight_mask.sum(0).tolist()) == [0, 0, 3, 3]


def test_pruning_several_at_once(layer):
    small = nn.Linear(2, 2)
    with torch.no_grad():
        small.weight.fill_(0.1)
    prune.global_unstructured(
        [(layer, "weight"), (small, "weight")], prune.L1Unstructured, amount=5
    )
    assert small.weight_mask.sum().item() == 0.0 and layer.weight_mask.sum().item() == 11.0


def test_masks_and_plain_tensors(layer):
    prune.custom_from_mask(layer, "bias", torch.tensor([1, 0, 1]))
    assert layer.bias[1].item() == 0.0
    assert prune.identity(nn.Linear(2, 2), "weight").weight_mask.sum().item() == 4.0
    pruned = prune.L1Unstructured(0.5).prune(torch.tensor([3.0, 1.0, 2.0, 4.0]))
    assert pruned.tolist() == [3.0, 0.0, 0.0, 4.0]


def test_fusion_with_batch_norm():
    norm = nn.BatchNorm2d(3)
    norm.running_mean.copy_(torch.tensor([1.0, 2.0, 3.0]))
    norm.running_var.copy_(torch.tensor([1.0, 2.0, 3.0]))
    x = torch.ones(1, 2, 4, 4)
    for conv, swapped in ((nn.Conv2d(2, 3, 3), False), (nn.ConvTranspose2d(2, 3, 3), True)):
        conv.eval(), norm.eval()
        fused = utils.fuse_conv_bn_eval(conv, norm, transpose=swapped)
        assert torch.allclose(fused(x), norm(conv(x)), rtol=1e-4, atol=1e-5)
    linear, flat = nn.Linear(2, 3).eval(), nn.BatchNorm1d(3).eval()
    assert torch.allclose(
        utils.fuse_linear_bn_eval(linear, flat)(x[:, :, 0, 0]),
        flat(linear(x[:, :, 0, 0])),
        rtol=1e-4,
        atol=1e-5,
    )
    with pytest.raises(AssertionError, match="Fusion only for eval!"):
        utils.fuse_conv_bn_eval(nn.Conv2d(2, 3, 3), norm)


def test_skip_init():
    layer = utils.skip_init(nn.Linear, 3, 2, bias=False)
    assert layer.weight.shape == (2, 3) and layer.bias is None and not layer.weight.is_meta


def test_functional_call():
    layer = nn.Linear(2, 2)
    weight = layer.weight
    out = functional_call(layer, {"weight": torch.eye(2), "bias": torch.zeros(2)}, torch.ones(1, 2))
    assert out.tolist() == [[1.0, 1.0]] and layer.weight is weight
    parts = ({"weight": torch.eye(2)}, {"bias": torch.ones(2)})
    assert functional_call(layer, parts, (torch.ones(1, 2),)).tolist() == [[2.0, 2.0]]
    with pytest.raises(ValueError, match="appeared in multiple dictionaries"):
        functional_call(layer, (parts[0], parts[0]), (torch.ones(1, 2),))
    with pytest.raises(RuntimeError, match="Missing key"):
        functional_call(layer, parts[0], (torch.ones(1, 2),), strict=True)
    with pytest.raises(RuntimeError, match="Unexpected key"):
        functional_call(layer, {**parts[0], **parts[1], "x": weight}, (), strict=True)


def test_functional_call_of_tied_weights():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Parameter(torch.zeros(1))
            self.b = self.a

        def forward(self, x):
            return self.a + self.b + x

    net, two, x = Tied(), torch.full((1,), 2.0), torch.zeros(1)
    assert functional_call(net, {"a": two}, x).item() == 4.0
    assert functional_call(net, {"a": two}, x, tie_weights=False).item() == 2.0
    with pytest.raises(ValueError, match="which are tied"):
        functional_call(net, {"a": two, "b": two + 1}, x)

"""Parametrized tensors are computed when read, assigned through the inverse, and removed again."""

import copy
import pickle

import numpy as np
import pytest

import taper as torch
from taper import nn
from taper.nn.utils import parametrizations, parametrize


class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).transpose(-1, -2)


class Skew(nn.Module):
    def forward(self, x):
        upper = x.triu(1)
        return upper - upper.transpose(-1, -2)

    def right_inverse(self, a):
        return a.triu(1)


class Double(nn.Module):
    def forward(self, x):
        return x * 2


def test_reading_computes_and_gradients_reach_the_original():
    layer = parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
    assert torch.equal(layer.weight, layer.weight.t())
    assert [n for n, _ in layer.named_parameters()] == ["bias", "parametrizations.weight.original"]
    layer(torch.ones(1, 3)).sum().backward()
    grad = layer.parametrizations.weight.original.grad
    assert torch.equal(grad, torch.tensor([[1.0, 2, 2], [0, 1, 2], [0, 0, 1]]))
    assert type(layer).__name__ == "ParametrizedLinear"
    assert parametrize.type_before_parametrizations(layer) is nn.Linear
    assert parametrize.is_parametrized(layer, "weight")
    assert not parametrize.is_parametrized(layer, "bias")
    with pytest.raises(RuntimeError, match="Symmetric does not implement right_inverse"):
        layer.weight = torch.zeros(3, 3)


def test_assigning_goes_through_the_inverse():
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Skew())
    layer.weight = torch.tensor([[0.0, 5.0], [-5.0, 0.0]])
    assert layer.weight.tolist() == [[0.0, 5.0], [-5.0, 0.0]]
    assert layer.parametrizations.weight.original.tolist() == [[0.0, 5.0], [0.0, 0.0]]
    parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
    assert layer.weight.tolist() == [[0.0, 5.0], [0.0, 0.0]] and type(layer) is nn.Linear


def test_several_and_removal():
    layer = nn.Linear(2, 2)
    start = layer.weight.detach().clone()
    weight = layer.weight
    parametrize.register_parametrization(layer, "weight", Double())
    parametrize.register_parametrization(layer, "weight", Double())
    assert torch.allclose(layer.weight.detach(), start * 4, rtol=1e-4, atol=1e-5)
    parametrize.remove_parametrizations(layer, "weight")
    assert layer.weight is weight and isinstance(weight, nn.Parameter)
    assert torch.allclose(layer.weight.detach(), start * 4, rtol=1e-4, atol=1e-5)


def test_caching_copies_and_pickles():
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Symmetric())
    assert layer.weight is not layer.weight
    with parametrize.cached():
        assert layer.weight is layer.weight
    twin = copy.deepcopy(layer)
    assert torch.equal(twin.weight, layer.weight)
    assert twin.parametrizations.weight.original is not layer.parametrizations.weight.original
    with pytest.raises(RuntimeError, match="only supported through state_dict"):
        pickle.dumps(layer)
    other = parametrize.transfer_parametrizations_and_params(layer, nn.Linear(2, 2))
    assert torch.equal(other.weight, layer.weight)


def test_buffers():
    norm = parametrize.register_parametrization(nn.BatchNorm1d(2), "running_var", Double())
    assert norm.running_var.tolist() == [2.0, 2.0]
    assert "parametrizations.running_var.original" in dict(norm.named_buffers())


@pytest.mark.parametrize("shape", [(3, 3), (3, 5), (5, 3)])
@pytest.mark.parametrize("by", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("trivial", [True, False])
def test_orthogonal(shape, by, trivial):
    torch.manual_seed(1)
    layer = parametrizations.orthogonal(
        nn.Linear(*shape), orthogonal_map=by, use_trivialization=trivial
    )
    w = layer.weight.detach()
    w = w if w.size(0) >= w.size(1) else w.t()
    assert torch.allclose(w.t() @ w, torch.eye(w.size(1)), rtol=1e-4, atol=1e-5)
    layer(torch.ones(1, shape[0])).sum().backward()
    assert layer.parametrizations.weight.original.grad is not None


def test_weight_norm():
    layer = nn.Linear(2, 3)
    start = layer.weight.detach().clone()
    parametrizations.weight_norm(layer)
    assert torch.allclose(layer.weight.detach(), start, rtol=1e-4, atol=1e-5)
    length = layer.parametrizations.weight.original0
    assert length.shape == (3, 1)
    assert torch.allclose(length.detach(), start.norm(dim=1, keepdim=True), rtol=1e-4, atol=1e-5)
    old = {"weight_g": torch.ones(3, 1), "weight_v": start, "bias": torch.zeros(3)}
    layer.load_state_dict(old)
    assert torch.allclose(layer.weight.norm(dim=1), torch.ones(3), rtol=1e-4, atol=1e-5)


def test_spectral_norm():
    torch.manual_seed(0)
    layer = parametrizations.spectral_norm(nn.Linear(4, 3))
    for _ in range(50):
        weight = layer.weight
    assert np.linalg.norm(weight.detach().numpy(), 2) == pytest.approx(1.0, rel=1e-3)
    layer.eval()
    assert torch.equal(layer.weight, layer.weight)
    conv = parametrizations.spectral_norm(nn.ConvTranspose2d(2, 3, 3))
    assert conv.parametrizations.weight[0]._u.shape == (3,)

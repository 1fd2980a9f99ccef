"""Lazy layers take their shapes from the first input, or from a state dict."""

import copy

import pytest

import taper as torch
from taper import nn


@pytest.mark.parametrize(
    ("layer", "shape", "becomes", "sizes"),
    [
        (lambda: nn.LazyLinear(3), (2, 5), nn.Linear, [(3, 5), (3,)]),
        (lambda: nn.LazyConv1d(3, 2), (2, 5, 4), nn.Conv1d, [(3, 5, 2), (3,)]),
        (lambda: nn.LazyConv2d(4, 3, groups=2), (6, 5, 5), nn.Conv2d, [(4, 3, 3, 3), (4,)]),
        (lambda: nn.LazyConvTranspose2d(4, 3, bias=False), (1, 2, 5, 5), nn.ConvTranspose2d,
         [(2, 4, 3, 3)]),
        (lambda: nn.LazyBatchNorm2d(), (2, 3, 2, 2), nn.BatchNorm2d, [(3,), (3,)]),
        (lambda: nn.LazyInstanceNorm1d(), (2, 3, 4), nn.InstanceNorm1d, [(3,), (3,)]),
    ],
)  # fmt: skip
def test_the_first_input_gives_the_shapes(layer, shape, becomes, sizes):
    made = layer()
    assert made.has_uninitialized_params()
    made(torch.ones(shape))
    assert type(made) is becomes and not made._forward_pre_hooks
    assert [tuple(p.shape) for p in made.parameters()] == sizes
    assert all(type(p) is nn.Parameter and p.requires_grad for p in made.parameters())


def test_initial_values_are_those_of_the_plain_layer():
    lazy = nn.LazyLinear(3)
    torch.manual_seed(1)
    lazy(torch.ones(2, 5))
    torch.manual_seed(1)
    plain = nn.Linear(5, 3)
    assert torch.equal(lazy.weight, plain.weight) and torch.equal(lazy.bias, plain.bias)


def test_state_dicts_give_shapes_too():
    lazy, plain = nn.LazyLinear(3), nn.Linear(4, 3)
    lazy.load_state_dict(plain.state_dict())
    assert torch.equal(lazy(torch.ones(1, 4)), plain(torch.ones(1, 4)))
    assert lazy.in_features == 4
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized"):
        plain.load_state_dict(nn.LazyLinear(3).state_dict())
    nn.LazyLinear(3).load_state_dict(nn.LazyLinear(3).state_dict())


def test_a_copy_initializes_apart_from_its_original():
    lazy = nn.LazyLinear(3)
    twin = copy.deepcopy(lazy)
    twin(torch.ones(1, 2))
    assert type(twin) is nn.Linear and type(lazy) is nn.LazyLinear
    lazy(torch.ones(1, 7))
    assert lazy.weight.shape == (3, 7) and twin.weight.shape == (3, 2)


def test_materialize():
    p = nn.UninitializedParameter(requires_grad=False)
    assert nn.parameter.is_lazy(p) and isinstance(p, nn.Parameter)
    p.materialize((2, 3), dtype=torch.float64)
    assert type(p) is nn.Parameter and p.shape == (2, 3) and p.dtype == torch.float64
    assert not p.requires_grad
    with pytest.raises(ValueError, match="Attempted to use an uninitialized parameter"):
        nn.UninitializedParameter() + 1

"""Clipping scales gradients to a norm, or cuts their values, in place."""

import math

import pytest

import taper as torch
from taper import nn
from taper.nn import utils


@pytest.fixture
def params():
    made = [nn.Parameter(torch.arange(4.0).reshape(2, 2) + 1), nn.Parameter(torch.ones(3))]
    for p in made:
        p.grad = p.detach() * 2
    return [*made, nn.Parameter(torch.zeros(1))]  # one without a gradient


def test_by_norm(params):
    total = utils.clip_grad_norm_(params, 1.0)
    assert total.item() == pytest.approx(math.sqrt(132))
    left = sum((p.grad**2).sum().item() for p in params[:2])
    assert math.sqrt(left) == pytest.approx(1.0, rel=1e-5)
    assert params[2].grad is None


def test_a_small_norm_changes_nothing(params):
    before = params[0].grad.clone()
    assert utils.clip_grad_norm_(iter(params), 100.0, norm_type=1).item() == 26.0
    assert torch.equal(params[0].grad, before)


def test_by_largest_value(params):
    assert utils.clip_grad_norm_(params, 1.0, float("inf")).item() == 8.0
    assert params[0].grad.max().item() == pytest.approx(1.0)


def test_by_value(params):
    params[1].grad.neg_()
    utils.clip_grad_value_(params, 1.5)
    assert params[0].grad.unique().tolist() == [1.5] and params[1].grad.tolist() == [-1.5] * 3


def test_norms_that_are_not_finite(params):
    params[0].grad[0, 0] = math.nan
    with pytest.raises(RuntimeError, match=r"The total norm of order 2\.0 for gradients"):
        utils.clip_grad_norm_(params, 1.0, error_if_nonfinite=True)
    assert math.isnan(utils.clip_grad_norm_(params, 1.0).item())


def test_the_parts(params):
    assert utils.get_total_norm([torch.ones(3), torch.ones(6)]).item() == pytest.approx(3.0)
    utils.clip_grads_with_norm_(params[1], 1.0, torch.tensor(4.0))
    assert params[1].grad.tolist() == pytest.approx([0.5] * 3)
    with pytest.warns(FutureWarning, match="clip_grad_norm_"):
        utils.clip_grad_norm(params, 1.0)


def test_vectors_of_parameters(params):
    vec = utils.parameters_to_vector(params)
    assert vec.tolist() == [1.0, 2.0, 3.0, 4.0, 1.0, 1.0, 1.0, 0.0] and vec.requires_grad
    utils.vector_to_parameters(vec.detach() * 2, params)
    assert params[0].tolist() == [[2.0, 4.0], [6.0, 8.0]] and params[0].requires_grad
    assert params[1].tolist() == [2.0] * 3

"""Checkpoints give the gradients of plain calls, and draw the same random numbers twice."""

import pytest

import taper as torch
from taper import nn
from taper.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential


def gradients(call, model, x):
    model.zero_grad()
    x.grad = None
    torch.manual_seed(3)
    call(x).square().sum().backward()
    return [x.grad.tolist()] + [p.grad.tolist() for p in model.parameters()]


@pytest.mark.parametrize("reentrant", [True, False])
def test_gradients_are_those_of_a_plain_call(reentrant):
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Dropout(0.5), nn.Linear(8, 2))
    x = torch.randn(4, 3, requires_grad=True)
    plain = gradients(model, model, x)
    assert gradients(lambda y: checkpoint(model, y, use_reentrant=reentrant), model, x) == plain
    parts = lambda y: checkpoint_sequential(model, 2, y, use_reentrant=reentrant)
    assert gradients(parts, model, x) == plain


def test_it_runs_again_in_backward():
    runs = []

    def f(x, *, scale):
        runs.append(1)
        return (x * scale).exp()

    x = torch.ones(2, requires_grad=True)
    y = checkpoint(f, x, use_reentrant=False, scale=2.0)
    assert len(runs) == 1
    (g,) = torch.autograd.grad(y.sum(), x)
    assert len(runs) == 2
    assert torch.allclose(g, 2 * (2 * x).exp())


def test_random_state_goes_on_as_without():
    torch.manual_seed(0)
    x = torch.ones(2, requires_grad=True)
    checkpoint(lambda v: v * torch.rand(2), x, use_reentrant=False).sum().backward()
    after = torch.rand(3).tolist()
    torch.manual_seed(0)
    torch.rand(2)
    assert torch.rand(3).tolist() == after


def test_errors():
    x = torch.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed"):
        checkpoint(torch.exp, x)
    with pytest.raises(ValueError, match="Unexpected keyword arguments: a"):
        checkpoint(torch.exp, x, use_reentrant=True, a=1)
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        checkpoint(torch.exp, x.detach(), use_reentrant=True)
    runs = []

    def fickle(v):
        runs.append(1)
        return v.exp() if len(runs) == 1 else v.exp().exp()

    with pytest.raises(CheckpointError, match="A different number of tensors"):
        checkpoint(fickle, x, use_reentrant=False).sum().backward()

"""Normalization: statistics, their updates, and gradients of first and second order."""

import numpy as np
import pytest

import taper as torch
from taper.nn import functional as F

RNG = np.random.default_rng(11)
CASES = {
    "batch": lambda x, w, b: F.batch_norm(x, None, None, w, b, True),
    "instance": lambda x, w, b: F.instance_norm(x, weight=w, bias=b),
    "group": lambda x, w, b: F.group_norm(x, 2, w, b),
    "layer": lambda x, w, b: F.layer_norm(x.transpose(1, 2), (4,), w, b),
    "rms": lambda x, w, b: F.rms_norm(x.transpose(1, 2), (4,), w) + b,
    "running": lambda x, w, b: F.batch_norm(x, torch.ones(4), torch.full((4,), 2.0), w, b),
    "unit": lambda x, w, b: F.normalize(x, 3.0) + (w + b)[:, None],
    "neighbours": lambda x, w, b: F.local_response_norm(x, 3, 0.3) + (w + b)[:, None],
}


def arrays():
    return [RNG.uniform(-1, 1, s) for s in ((2, 4, 3), (4,), (4,))]


def slope(fn, given, k):
    """Central differences of a scalar function by its k-th array."""
    found = np.zeros_like(given[k])
    for at in np.ndindex(found.shape):
        ends = []
        for step in (1e-5, -1e-5):
            moved = [a.copy() for a in given]
            moved[k][at] += step
            ends.append(fn(*moved))
        found[at] = (ends[0] - ends[1]) / 2e-5
    return found


@pytest.mark.parametrize("name", CASES)
def test_gradients(name):
    given = arrays()

    def value(*parts):
        out = CASES[name](*[torch.tensor(p) for p in parts])
        return (out * torch.arange(out.numel()).reshape(out.shape).cos()).sum().item()

    parts = [torch.tensor(p, requires_grad=True) for p in given]
    out = CASES[name](*parts)
    weights = torch.arange(out.numel()).reshape(out.shape).cos()
    for k, found in enumerate(torch.autograd.grad((out * weights).sum(), parts)):
        np.testing.assert_allclose(found.numpy(), slope(value, given, k), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", ["batch", "group", "layer", "rms", "unit"])
def test_second_order(name):
    given = arrays()

    def squared(*parts):
        """The squared length of the gradient by x."""
        x, w, b = (torch.tensor(p, requires_grad=True) for p in parts)
        out = CASES[name](x, w, b)
        weights = torch.arange(out.numel()).reshape(out.shape).cos()
        (first,) = torch.autograd.grad((out * weights).sum(), x, create_graph=True)
        return (first * first).sum(), x

    total, x = squared(*given)
    (found,) = torch.autograd.grad(total, x)
    wanted = slope(lambda *parts: squared(*parts)[0].item(), given, 0)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-3, atol=1e-6)


def test_mean_and_variance_are_0_and_1():
    x = torch.tensor(RNG.normal(5, 3, (6, 4, 7)))
    for out, axes in (
        (F.batch_norm(x, None, None, training=True, eps=0), (0, 2)),
        (F.instance_norm(x, eps=0), 2),
        (F.layer_norm(x, (4, 7), eps=0), (1, 2)),
        (F.group_norm(x, 1, eps=0), (1, 2)),
    ):
        np.testing.assert_allclose(out.numpy().mean(axes), 0, atol=1e-12)
        np.testing.assert_allclose(out.numpy().var(axes), 1, rtol=1e-10)


def test_running_statistics_move_towards_the_batch():
    x = RNG.normal(5, 3, (6, 4, 7)).astype(np.float32)
    mean, var = torch.zeros(4), torch.ones(4)
    F.batch_norm(torch.tensor(x), mean, var, training=True, momentum=0.25)
    np.testing.assert_allclose(mean.numpy(), 0.25 * x.mean((0, 2)), rtol=1e-5)
    wanted = 0.75 + 0.25 * x.var((0, 2), ddof=1)
    np.testing.assert_allclose(var.numpy(), wanted, rtol=1e-5)
    assert mean._version == 0 and not mean.requires_grad
    mean, var = torch.zeros(4), torch.ones(4)
    F.instance_norm(torch.tensor(x), mean, var, momentum=0.5)
    np.testing.assert_allclose(mean.numpy(), 0.5 * x.mean(2).mean(0), rtol=1e-5)
    np.testing.assert_allclose(var.numpy(), 0.5 + 0.5 * x.var(2, ddof=1).mean(0), rtol=1e-5)


def test_a_view_holds_running_statistics():
    both = torch.zeros(2, 3)
    F.batch_norm(torch.full((4, 3), 2.0), both[0], both[1], training=True, momentum=1.0)
    assert both.tolist() == [[2.0] * 3, [0.0] * 3]


def test_half_precision_is_computed_in_float32():
    x = torch.tensor(RNG.normal(3, 1, (2, 3, 50)).astype(np.float32)).to(torch.bfloat16)
    found = F.layer_norm(x, (50,))
    assert found.dtype is torch.bfloat16
    wanted = F.layer_norm(x.float(), (50,)).to(torch.bfloat16)
    assert torch.equal(found, wanted)
    mixed = F.batch_norm(x, torch.zeros(3), torch.ones(3), torch.ones(3), training=True)
    assert mixed.dtype is torch.bfloat16

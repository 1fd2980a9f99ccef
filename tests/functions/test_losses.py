"""Losses: alignments counted one by one, class targets of every shape, gradients at the edges."""

from itertools import product

import numpy as np
import pytest

import taper as torch
from taper.nn import functional as F

RNG = np.random.default_rng(5)


def enumerated(logp, target):
    """-log of the sum over all paths that spell the target without repeats and blanks."""
    total = 0.0
    for path in product(range(logp.shape[1]), repeat=len(logp)):
        spelled = [k for i, k in enumerate(path) if k and (i == 0 or path[i - 1] != k)]
        if spelled == list(target):
            total += np.exp(sum(logp[t, k] for t, k in enumerate(path)))
    return -np.log(total) if total else np.inf


@pytest.mark.parametrize("target", [[1], [1, 1], [1, 2], [2, 1, 2], []])
@pytest.mark.parametrize("steps", [3, 4])
def test_ctc_sums_over_all_alignments(target, steps):
    logits = torch.tensor(RNG.normal(size=(5, 2, 3)))
    logp = F.log_softmax(logits, 2)
    rows = torch.tensor([target + [1] * (3 - len(target)), [2, 1, 1]])
    found = F.ctc_loss(logp, rows, (steps, 5), (len(target), 2), reduction="none")
    wanted = enumerated(logp[:steps, 0].numpy(), target), enumerated(logp[:, 1].numpy(), [2, 1])
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-9)


def test_ctc_gradient_reaches_the_logits():
    given = RNG.normal(size=(4, 1, 3))

    def loss(array):
        logits = torch.tensor(array, requires_grad=True)
        return F.ctc_loss(F.log_softmax(logits, 2), torch.tensor([[1, 2]]), (4,), (2,)), logits

    value, logits = loss(given)
    value.backward()
    slope = np.zeros_like(given)
    for at in np.ndindex(given.shape):
        for step in (1e-6, -1e-6):
            moved = given.copy()
            moved[at] += step
            slope[at] += loss(moved)[0].item() / 2 / step
    np.testing.assert_allclose(logits.grad.numpy(), slope, atol=1e-7)


def test_impossible_targets_and_zero_infinity():
    logp = F.log_softmax(torch.zeros(2, 1, 3, requires_grad=True), 2)
    arguments = (logp, torch.tensor([[1, 1]]), (2,), (2,))
    assert F.ctc_loss(*arguments).item() == np.inf
    loss = F.ctc_loss(*arguments, zero_infinity=True)
    (grad,) = torch.autograd.grad(loss, logp)
    assert loss.item() == 0 and not grad.any()


def test_ignored_targets_give_no_gradient():
    logits = torch.tensor(RNG.normal(size=(4, 3)), requires_grad=True)
    target = torch.tensor([0, -100, 2, -100])
    loss = F.cross_entropy(logits, target)
    (grad,) = torch.autograd.grad(loss, logits)
    kept = F.cross_entropy(logits[::2], target[::2])
    np.testing.assert_allclose(loss.item(), kept.item(), rtol=1e-12)
    assert not grad[1].any() and grad[0].any()


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("how", ["none", "mean", "sum"])
def test_class_numbers_and_probabilities_agree(smoothing, how):
    logits = torch.tensor(RNG.normal(size=(5, 4, 2)))
    target = torch.tensor(RNG.integers(0, 4, (5, 2)))
    soft = F.one_hot(target, 4).movedim(-1, 1).double()
    options = {"reduction": how, "label_smoothing": smoothing}
    hard = F.cross_entropy(logits, target, **options)
    np.testing.assert_allclose(hard.numpy(), F.cross_entropy(logits, soft, **options).numpy())


def test_large_logits_neither_overflow_nor_lose_their_gradient():
    x = torch.tensor([-1000.0, 1000.0, 0.0], requires_grad=True)
    y = torch.tensor([1.0, 0.0, 1.0])
    loss = F.binary_cross_entropy_with_logits(x, y, reduction="none")
    np.testing.assert_allclose(loss.detach().numpy(), [1000, 1000, np.log(2)], rtol=1e-6)
    (grad,) = torch.autograd.grad(loss.sum(), x)
    assert grad.tolist() == [-1.0, 1.0, -0.5]


def test_binary_cross_entropy_at_the_edges():
    x = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.25], requires_grad=True)
    y = torch.tensor([0.0, 1.0, 1.0, 0.0, 1.0])
    loss = F.binary_cross_entropy(x, y, reduction="none")
    assert loss.tolist()[:4] == [0.0, 0.0, 100.0, 100.0]
    (grad,) = torch.autograd.grad(loss.sum(), x)
    np.testing.assert_allclose(grad.numpy(), [0, 0, -1e12, 1e12, -4], rtol=1e-6)


def test_old_arguments_still_reduce():
    x = torch.tensor([1.0, 3.0])
    with pytest.warns(UserWarning, match="please use reduction='sum' instead"):
        assert F.mse_loss(x, x * 0, size_average=False).item() == 10
    with pytest.warns(UserWarning, match="please use reduction='none' instead"):
        assert F.l1_loss(x, x * 0, reduce=False).tolist() == [1.0, 3.0]


def test_sizes_that_differ_warn():
    with pytest.warns(UserWarning, match="Using a target size"):
        F.mse_loss(torch.ones(2, 1), torch.ones(2))
    with pytest.raises(ValueError, match="is deprecated"):
        F.binary_cross_entropy(torch.ones(2, 1), torch.ones(2))

"""Embeddings and dropout: what reaches the table, bags against loops, masks and their shapes."""

import numpy as np
import pytest

import taper as torch
from taper.nn import functional as F

INDEX = torch.tensor([0, 2, 1, 1, 3, 1])


def table():
    return (torch.arange(12.0).reshape(4, 3) / 4 - 1).requires_grad_()


def test_padding_and_frequency_scale_gradients_alone():
    for options, wanted in (
        ({}, [1, 3, 1, 1]),
        ({"padding_idx": 1}, [1, 0, 1, 1]),
        ({"padding_idx": -4}, [0, 3, 1, 1]),
        ({"scale_grad_by_freq": True}, [1, 1, 1, 1]),
    ):
        w = table()
        out = F.embedding(INDEX, w, **options)
        assert torch.equal(out, w[INDEX])
        out.sum().backward()
        assert w.grad[:, 0].tolist() == wanted and (w.grad[:, :1] == w.grad).all()


def test_rows_are_scaled_down_in_place():
    w = table().detach()
    before = w.clone()
    out = F.embedding(torch.tensor([0, 3]), w, max_norm=1.0)
    norms = w.norm(dim=1)
    assert norms[0] <= 1 and norms[3] <= 1 and torch.equal(w[1:3], before[1:3])
    assert torch.equal(out, w[[0, 3]])
    np.testing.assert_allclose(w[0] / norms[0], before[0] / before[0].norm(), rtol=1e-6)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("padding", [None, 1])
def test_bags_against_a_loop(mode, padding):
    w, offsets = table(), [0, 2, 2, 5]
    found = F.embedding_bag(INDEX, w, torch.tensor(offsets), mode=mode, padding_idx=padding)
    rows = []
    for start, stop in zip(offsets, [*offsets[1:], 6]):
        kept = [k for k in INDEX[start:stop].tolist() if k != padding]
        part = w[kept] if kept else torch.zeros(1, 3)
        rows.append(part.amax(0) if mode == "max" else getattr(part, mode)(0))
    wanted = torch.stack(rows)
    np.testing.assert_allclose(found.detach().numpy(), wanted.detach().numpy(), rtol=1e-6)
    (a,) = torch.autograd.grad((found * found).sum(), w)
    (b,) = torch.autograd.grad((wanted * wanted).sum(), w)
    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)


def test_samples_have_weights():
    w, scale = table(), torch.tensor([[1.0, -1.0, 2.0], [0.5, 0.0, 3.0]], requires_grad=True)
    rows = INDEX.reshape(2, 3)
    found = F.embedding_bag(rows, w, mode="sum", per_sample_weights=scale)
    wanted = (w[rows] * scale[..., None]).sum(1)
    np.testing.assert_allclose(found.detach().numpy(), wanted.detach().numpy(), rtol=1e-6)
    grads = torch.autograd.grad((found * found).sum(), (w, scale))
    for a, b in zip(grads, torch.autograd.grad((wanted * wanted).sum(), (w, scale))):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)


def test_an_index_outside_the_table_is_an_error():
    with pytest.raises((IndexError, RuntimeError)):
        F.embedding(torch.tensor([4]), table()).tolist()


# ---------------------------------------------------------------- dropout
def test_dropout_scales_what_it_keeps():
    torch.manual_seed(3)
    x = torch.ones(1000, requires_grad=True)
    out = F.dropout(x, 0.25)
    values = sorted(set(out.tolist()))
    assert values[0] == 0 and abs(values[1] - 4 / 3) < 1e-6 and len(values) == 2
    assert 200 < int((out == 0).sum()) < 300
    out.sum().backward()
    assert torch.equal(x.grad, out)


def test_whole_channels_are_dropped_together():
    torch.manual_seed(0)
    for out in (
        F.dropout1d(torch.ones(8, 9, 4)),
        F.dropout2d(torch.ones(8, 9, 4, 2)).flatten(2),
        F.dropout3d(torch.ones(8, 9, 2, 2, 1)).flatten(2),
        F.dropout1d(torch.ones(72, 4)).reshape(8, 9, 4),
    ):
        assert (out == out[..., :1]).all() and 0 < int(out[..., 0].sum()) < 144


def test_alpha_dropout_keeps_mean_and_variance():
    torch.manual_seed(0)
    out = F.alpha_dropout(torch.randn(100_000), 0.3, True)
    assert abs(out.mean().item()) < 0.02 and abs(out.var().item() - 1) < 0.02
    assert len(set(F.alpha_dropout(torch.zeros(50), 0.3, True).tolist())) == 2


def test_inplace_and_the_generator():
    x = torch.ones(20)
    torch.manual_seed(5)
    first = F.dropout(x, 0.5)
    torch.manual_seed(5)
    assert F.dropout(x, 0.5, inplace=True) is x and torch.equal(x, first)
    state = torch.get_rng_state()
    F.dropout(x, 0.0)
    F.dropout(x, 1.0)
    F.dropout(x, training=False)
    assert torch.equal(state, torch.get_rng_state())


# ---------------------------------------------------------------- sparse gradients
def test_a_sparse_gradient_has_the_rows_that_were_asked_for():
    w = table()
    (F.embedding(torch.tensor([0, 2, 2]), w, sparse=True, padding_idx=0) ** 2).sum().backward()
    assert w.grad.is_sparse and w.grad.indices().tolist() == [[2]]
    dense = table()
    (F.embedding(torch.tensor([2, 2]), dense) ** 2).sum().backward()
    assert torch.equal(w.grad.to_dense(), dense.grad)
    F.embedding_bag(torch.tensor([[1, 3]]), w, sparse=True, mode="sum").sum().backward()
    assert w.grad.indices().tolist() == [[1, 2, 3]]
    assert torch.equal(w.grad.to_dense()[:, 0], dense.grad[:, 0] + torch.tensor([0.0, 1, 0, 1]))


def test_a_table_used_twice_has_one_sparse_gradient():
    w = table()
    (
        F.embedding(INDEX[:2], w, sparse=True) + F.embedding(INDEX[2:4], w, sparse=True)
    ).sum().backward()
    assert w.grad.indices().tolist() == [[0, 1, 2]] and w.grad.values()[:, 0].tolist() == [1, 2, 1]

"""Attention: scaled dot products and multi-head attention against their formulas."""

import math

import numpy as np
import pytest

import taper as torch
from taper.nn import functional as F

RNG = np.random.default_rng(9)


def draw(*shape):
    return torch.tensor(RNG.normal(size=shape), requires_grad=True)


def plain(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, -1) @ v


def same(a, b):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_values_and_gradients(causal):
    q, k, v = draw(2, 3, 4, 5), draw(2, 3, 6, 5), draw(2, 3, 6, 7)
    mask = torch.ones(4, 6, dtype=torch.bool).tril() if causal else None
    found = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    wanted = plain(q, k, v, mask)
    same(found, wanted)
    grads = torch.autograd.grad(found.sin().sum(), (q, k, v))
    for a, b in zip(grads, torch.autograd.grad(wanted.sin().sum(), (q, k, v))):
        same(a, b)


def test_a_query_that_sees_nothing_gives_zeros():
    q = draw(2, 4, 3)
    mask = torch.ones(4, 4, dtype=torch.bool)
    mask[1] = False
    out = F.scaled_dot_product_attention(q, q, q, mask)
    assert not out[:, 1].any() and out[:, 0].any()
    (grad,) = torch.autograd.grad(out.sum(), q)
    assert torch.isfinite(grad).all()


def test_groups_of_heads_share_keys():
    q, k, v = draw(1, 6, 4, 5), draw(1, 2, 4, 5), draw(1, 3, 4, 5)
    found = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    whole = plain(q, k.repeat_interleave(3, 1), v.repeat_interleave(2, 1))
    same(found, whole)


def test_large_scores_do_not_overflow():
    q = torch.tensor([[[1e4, 0.0], [0.0, 1e4]]])
    out = F.scaled_dot_product_attention(q, q, torch.eye(2)[None])
    assert out.tolist() == [[[1.0, 0.0], [0.0, 1.0]]]


@pytest.mark.parametrize("shared", [1, 2, 3])
@pytest.mark.parametrize("weights", [False, True])
def test_heads_by_hand(shared, weights):
    """Keys may be the queries, and values the keys: the projections are joined where they are."""
    e, heads, length, batch = 6, 2, 4, 3
    query = draw(length, batch, e)
    key = query if shared > 1 else draw(length, batch, e)
    value = key if shared > 2 else draw(length, batch, e)
    w, b, ow, ob = draw(3 * e, e), draw(3 * e), draw(e, e), draw(e)
    padding = torch.zeros(batch, length, dtype=torch.bool)
    padding[0, -1] = True
    found, attention = F.multi_head_attention_forward(
        query, key, value, e, heads, w, b, None, None, False, 0.0, ow, ob,
        key_padding_mask=padding, need_weights=weights, average_attn_weights=False,
    )  # fmt: skip
    parts = []
    for x, m, n in zip((query, key, value), w.chunk(3), b.chunk(3)):
        parts.append((x @ m.T + n).reshape(length, batch, heads, e // heads).permute(1, 2, 0, 3))
    mask = ~padding[:, None, None, :].expand(batch, heads, length, length)
    out = plain(*parts, mask).permute(2, 0, 1, 3).reshape(length, batch, e) @ ow.T + ob
    same(found, out)
    inputs = [query, w, b]
    grads = torch.autograd.grad(found.sin().sum(), inputs)
    for x, y in zip(grads, torch.autograd.grad(out.sin().sum(), inputs)):
        same(x, y)
    if weights:
        assert attention.shape == (batch, heads, length, length)
        same(attention.sum(-1), torch.ones(batch, heads, length, dtype=torch.float64))
        assert not attention[0, :, :, -1].any()
    else:
        assert attention is None

"""Multi-head attention with its projections, as one recorded call (Vaswani et al., 2017)."""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

from .. import dtypes
from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor
from .activation import softmax_node
from .attention import allowed, turned, weigh
from .common import expand, scalar, wide
from .dropout import dropout_mask

__all__ = ["multi_head_attention_forward"]


class _Weights(NamedTuple):
    """The parameters, None where there are none."""

    joint: Node | None  # [3 E, E], or the three below
    joint_bias: Node | None
    query: Node | None
    key: Node | None
    value: Node | None
    bias_k: Node | None
    bias_v: Node | None
    out: Node
    out_bias: Node | None


class _Options(NamedTuple):
    heads: int
    zero: bool
    weights: bool
    average: bool
    causal: bool


# ---------------------------------------------------------------- projections
def _linear(x: Node, weight: Node, bias: Node | None) -> Node:
    rows = math.prod(x.shape[:-1])
    out = ops.dot(ops.reshape(x, shape=(rows, x.shape[-1])), turned(weight))
    if bias is not None:
        out = ops.add(out, expand(bias, out.shape))
    return ops.reshape(out, shape=(*x.shape[:-1], weight.shape[0]))


def _cut(x: Node, start: int, stop: int, axis: int) -> Node:
    low, high = [0] * len(x.shape), list(x.shape)
    low[axis], high[axis] = start, stop
    return ops.slice(x, start=tuple(low), stop=tuple(high), step=(1,) * len(x.shape))


def _projected(
    query: Node, key: Node | None, value: Node | None, w: _Weights, heads: int
) -> list[Node]:
    """Queries, keys and values by head, [N, heads, L, E / heads].

    A key or value of None is the same tensor as the one before it: one product serves both.
    """
    e = query.shape[-1]
    if w.joint is None:
        key = query if key is None else key
        value = key if value is None else value
        biases: list[Node | None] = [None] * 3
        if w.joint_bias is not None:
            biases = [_cut(w.joint_bias, i * e, (i + 1) * e, 0) for i in range(3)]
        given = zip((query, key, value), (w.query, w.key, w.value), biases)
        return [part for x, m, b in given for part in _by_head(_linear(x, m, b), heads, 1)]  # type: ignore[arg-type]
    if value is not None:
        sources = [(query, 1), (query if key is None else key, 1), (value, 1)]
    else:
        sources = [(query, 3)] if key is None else [(query, 1), (key, 2)]
    parts: list[Node] = []
    for x, count in sources:
        start, stop = len(parts) * e, (len(parts) + count) * e
        weight = _cut(w.joint, start, stop, 0)
        bias = None if w.joint_bias is None else _cut(w.joint_bias, start, stop, 0)
        parts += _by_head(_linear(x, weight, bias), heads, count)
    return parts


def _by_head(x: Node, heads: int, count: int) -> list[Node]:
    """[L, N, count * E] as `count` arrays of [N, heads, L, E / heads]."""
    length, batch, width = x.shape
    x = ops.reshape(x, shape=(length, batch, count, heads, width // heads // count))
    x = ops.permute(x, dims=(2, 1, 3, 0, 4))
    return [ops.reshape(_cut(x, i, i + 1, 0), shape=x.shape[1:]) for i in range(count)]


def _given_by_head(x: Node, batch: int) -> Node:
    """[N * heads, L, E / heads] as [N, heads, L, E / heads]."""
    return ops.reshape(x, shape=(batch, x.shape[0] // batch, *x.shape[1:]))


def _extended(x: Node, row: Node | None) -> Node:
    """One more key or value [1, 1, E] at the end of [N, heads, L, E / heads]; zeros where None."""
    batch, heads, _, width = x.shape
    shape = (batch, heads, 1, width)
    if row is None:
        row = ops.full(shape, 0, x.dtype)
    else:
        row = expand(ops.reshape(row, shape=(1, heads, 1, width)), shape)
    return ops.concat(x, row, axis=2)


# ---------------------------------------------------------------- masks
def _additive(mask: Node, kind: dtypes.dtype) -> Node:
    """True as minus infinity, False as 0; numbers as they are."""
    if mask.dtype is not dtypes.bool_:
        return ops.cast(mask, dtype=kind)
    zero = ops.full(mask.shape, 0, kind)
    return ops.where(mask, scalar(-math.inf, zero), zero)


def _masks(
    mask: Node | None, padding: Node | None, shape: tuple[int, ...], kind: dtypes.dtype
) -> Node | None:
    """What is added to scores [N, heads, L, S]; keys that were added behind are open to all."""
    batch, heads, length, keys = shape
    found = None
    if mask is not None:
        lead = (batch, heads) if len(mask.shape) == 3 else (1, 1)
        mask = _wider(_additive(mask, kind), keys)
        found = expand(ops.reshape(mask, shape=(*lead, length, keys)), shape)
    if padding is not None:
        padding = _wider(_additive(padding, kind), keys)
        padding = expand(ops.reshape(padding, shape=(batch, 1, 1, keys)), shape)
        found = padding if found is None else ops.add(found, padding)
    return found


def _wider(mask: Node, keys: int) -> Node:
    zero = (0,) * len(mask.shape)
    high = (*zero[1:], keys - mask.shape[-1])
    return ops.pad(mask, low=zero, high=high, interior=zero, value=0) if high[-1] else mask


# ---------------------------------------------------------------- the whole
def _forward(*args: Any) -> Any:
    """(query, key, value, weights..., static_k, static_v, mask, padding, drop, options)."""
    *nodes, o = args
    kind = nodes[0].dtype
    nodes = [
        n if n is None or n.dtype is dtypes.bool_ else ops.cast(n, dtype=wide(n.dtype))
        for n in nodes
    ]
    query, key, value, *rest = nodes
    w = _Weights(*rest[: len(_Weights._fields)])
    static_k, static_v, mask, padding, drop = rest[len(_Weights._fields) :]
    length, batch, width = query.shape
    q, k, v = _projected(query, key, value, w, o.heads)
    if w.bias_k is not None:
        k, v = _extended(k, w.bias_k), _extended(v, w.bias_v)
    k = k if static_k is None else _given_by_head(static_k, batch)
    v = v if static_v is None else _given_by_head(static_v, batch)
    if o.zero:
        k, v = _extended(k, None), _extended(v, None)
    q = ops.mul(q, scalar(1 / math.sqrt(q.shape[-1]), q))
    scores = ops.dot(q, turned(k))
    added = _masks(mask, padding, scores.shape, scores.dtype)
    if added is not None:
        scores = ops.add(scores, added)
    if o.causal:
        scores = ops.where(allowed(None, True, scores.shape), scores, scalar(-math.inf, scores))
    if o.weights:  # a query that may see nothing gives NaN, as PyTorch's softmax does
        weights, total = softmax_node(scores, 3), None
    else:
        weights, total = weigh(scores)
    if drop is not None:
        weights = ops.mul(weights, ops.reshape(drop, shape=weights.shape))
    out = ops.dot(weights, v)
    if total is not None:
        out = ops.div(out, expand(total, out.shape))
    out = ops.reshape(ops.permute(out, dims=(2, 0, 1, 3)), shape=(length, batch, width))
    out = ops.cast(_linear(out, w.out, w.out_bias), dtype=kind)
    if not o.weights:
        return out
    if o.average:
        total = ops.sum(weights, axes=(1,))
        weights = ops.div(total, scalar(o.heads, total))
    return out, ops.cast(weights, dtype=kind)


# ---------------------------------------------------------------- checks
def _check_dims(
    query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None, mask: Tensor | None,
    heads: int,
) -> bool:  # fmt: skip
    """Whether the inputs are batched; AssertionError where their dimensions do not fit."""
    n = query.dim()
    if n not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {n}-D query tensor"
        )
    kind = "batched" if n == 3 else "unbatched"
    start = f"For {kind} ({n}-D) `query`, expected"
    if key.dim() != n or value.dim() != n:
        raise AssertionError(
            f"{start} `key` and `value` to be {n}-D but found {key.dim()}-D and {value.dim()}-D "
            "tensors respectively"
        )
    if padding is not None and padding.dim() != n - 1:
        raise AssertionError(
            f"{start} `key_padding_mask` to be `None` or {n - 1}-D but found {padding.dim()}-D "
            "tensor instead"
        )
    if mask is not None:
        if mask.dim() not in (2, 3):
            raise AssertionError(
                f"{start} `attn_mask` to be `None`, 2-D or 3-D but found {mask.dim()}-D tensor "
                "instead"
            )
        if n == 2 and mask.dim() == 3:
            expected = (heads, query.shape[0], key.shape[0])
            if tuple(mask.shape) != expected:
                raise AssertionError(
                    f"Expected `attn_mask` shape to be {expected} but got {mask.shape}"
                )
    return n == 3


def _check_masks(padding: Tensor | None, mask: Tensor | None) -> None:
    for name, x in (("key_padding_mask", padding), ("attn_mask", mask)):
        if x is not None and x.dtype is not dtypes.bool_ and not x.dtype.is_floating_point:
            raise AssertionError(f"only bool and floating types of {name} are supported")
    if padding is not None and mask is not None and padding.dtype is not mask.dtype:
        warnings.warn(
            "Support for mismatched key_padding_mask and attn_mask is deprecated. Use same type "
            "for both instead.",
            stacklevel=3,
        )


def _check_sizes(
    query: Tensor, key: Tensor, value: Tensor, embed_dim: int, heads: int, separate: bool
) -> None:
    width = query.shape[-1]
    if width != embed_dim:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim}, but got {width}")
    if width // heads * heads != width:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {heads}")
    if separate:
        if key.shape[:2] != value.shape[:2]:
            raise AssertionError(
                f"key's sequence and batch dims {key.shape[:2]} do not match value's "
                f"{value.shape[:2]}"
            )
    elif key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")


def _check_mask_sizes(
    mask: Tensor | None, padding: Tensor | None, batch: int, heads: int, shape: tuple[int, int]
) -> None:
    if mask is not None:
        wanted = shape if mask.dim() == 2 else (batch * heads, *shape)
        if tuple(mask.shape) != wanted:
            raise RuntimeError(
                f"The shape of the {mask.dim()}D attn_mask is {mask.shape}, but should be {wanted}."
            )
    if padding is None:
        return
    for dim, size in enumerate((batch, shape[1])):
        if padding.size(dim) != size:
            raise AssertionError(
                f"Expected key_padded_mask.shape[{dim}] to be {size}, but got {padding.size(dim)}"
            )


def _check_static(
    keys: Tensor | None, values: Tensor | None, batch: int, heads: int, width: int
) -> None:
    for name, x in (("static_k", keys), ("static_v", values)):
        if x is None:
            continue
        for dim, wanted in ((0, batch * heads), (2, width)):
            if x.size(dim) != wanted:
                raise AssertionError(
                    f"expecting {name}.size({dim}) of {wanted}, but got {x.size(dim)}"
                )


def _check_biases(bias_k: Tensor | None, bias_v: Tensor | None, static: bool) -> None:
    if (bias_k is None) != (bias_v is None):
        name = "bias_k" if bias_k is not None else "bias_v"
        raise AssertionError(f"{name} must be None when the other is")
    if bias_k is not None and static:
        raise AssertionError("bias cannot be added to static key.")


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Queries [L, N, E] that attend by heads to keys and values [S, N, *], with projections.

    Returns [L, N, E] and, with `need_weights`, the attention [N, L, S] averaged over heads, or
    [N, heads, L, S]. Masks are True, or minus infinity, where attention is not allowed. N may be
    missing everywhere. `is_causal` says that `attn_mask` is the causal one.
    """
    batched = _check_dims(query, key, value, key_padding_mask, attn_mask, num_heads)
    _check_masks(key_padding_mask, attn_mask)
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module "
            "method `generate_square_subsequent_mask` to create this mask."
        )
    causal = is_causal and key_padding_mask is None and not need_weights
    if causal:
        attn_mask = None
    if not batched:
        moved = {id(t): t.unsqueeze(1) for t in (query, key, value)}
        query, key, value = (moved[id(t)] for t in (query, key, value))
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    _check_sizes(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    length, batch, width = query.shape
    given = key.shape[0] if static_k is None else static_k.size(1)
    _check_static(static_k, static_v, batch, num_heads, width // num_heads)
    _check_biases(bias_k, bias_v, static_k is not None or static_v is not None)
    _check_mask_sizes(attn_mask, key_padding_mask, batch, num_heads, (length, given))
    drop = None
    if training and dropout_p > 0:
        keys = given + (bias_k is not None) + bool(add_zero_attn)
        drop = dropout_mask(query, (batch * num_heads, length, keys), dropout_p)
    separate = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else ()
    parameters = (
        None if use_separate_proj_weight else in_proj_weight, in_proj_bias,
        *(separate or (None,) * 3), bias_k, bias_v, out_proj_weight, out_proj_bias,
    )  # fmt: skip
    same = key is query
    inputs = (
        query, None if same else key, None if value is key else value, *parameters,
        static_k, static_v, attn_mask, key_padding_mask, drop,
    )  # fmt: skip
    options = _Options(
        num_heads, bool(add_zero_attn), bool(need_weights), bool(average_attn_weights), causal
    )
    found = apply("ViewBackward0", _forward, inputs, (options,))
    out, weights = found if need_weights else (found, None)
    if not batched:
        out = out.squeeze(1)
        weights = None if weights is None else weights.squeeze(0)
    return out, weights

"""Attention: scaled dot products of queries and keys that weigh values (Vaswani et al., 2017)."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..calls import apply
from ..dtypes import dtype
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import broadcast as broadcast_shapes
from ..tensor import Tensor
from .common import expand, keep, scalar, spread, still, wide
from .dropout import dropout_mask

__all__ = ["scaled_dot_product_attention"]

_C_NAMES = {
    "float32": "float", "float64": "double", "float16": "c10::Half", "bfloat16": "c10::BFloat16",
    "int64": "long int", "int32": "int", "int16": "short int", "int8": "signed char",
    "uint8": "unsigned char", "bool": "bool", "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
}  # fmt: skip


def turned(x: Node) -> Node:
    """The last two dimensions exchanged."""
    n = len(x.shape)
    return ops.permute(x, dims=(*range(n - 2), n - 1, n - 2))


def allowed(mask: Node | None, causal: bool, shape: tuple[int, ...]) -> Node | None:
    """Where attention is allowed, as booleans over [*, L, S]; None for everywhere."""
    if causal:
        rows, columns = shape[-2:]
        row = expand(ops.reshape(ops.iota(size=rows), shape=(rows, 1)), (rows, columns))
        column = expand(ops.iota(size=columns), (rows, columns))
        return expand(ops.le(column, row), shape)
    return None if mask is None or mask.dtype is not dtypes.bool_ else expand(mask, shape)


def weigh(scores: Node) -> tuple[Node, Node]:
    """Weights exp(score - max) and their sums; weights are 0 where no score is finite."""
    axes = (len(scores.shape) - 1,)
    top = still(ops.max(scores, axes=axes))
    top = ops.where(ops.eq(top, scalar(-math.inf, top)), scalar(0, top), top)
    weights = ops.exp(ops.sub(scores, spread(top, scores, axes)))
    total = ops.sum(weights, axes=axes)
    total = ops.where(ops.eq(total, scalar(0, total)), scalar(1, total), total)
    return weights, keep(total, weights, axes)


def _grouped(x: Node, heads: int) -> Node:
    """Each head of keys or values repeated for its group of queries' heads."""
    held = x.shape[-3]
    lead, tail = x.shape[:-3], x.shape[-2:]
    x = ops.reshape(x, shape=(*lead, held, 1, *tail))
    x = ops.expand(x, shape=(*lead, held, heads // held, *tail))
    return ops.reshape(x, shape=(*lead, heads, *tail))


def _attend(
    query: Node, key: Node, value: Node, mask: Node | None, drop: Node | None, causal: bool,
    scale: float | None, grouped: bool,
) -> Node:  # fmt: skip
    kind = query.dtype
    query, key, value = (ops.cast(n, dtype=wide(kind)) for n in (query, key, value))
    if grouped:
        key, value = (_grouped(n, query.shape[-3]) for n in (key, value))
    batch = broadcast_shapes(*(n.shape[:-2] for n in (query, key, value)))
    query, key, value = (expand(n, (*batch, *n.shape[-2:])) for n in (query, key, value))
    width = query.shape[-1]
    if key.shape[-1] != width or value.shape[-2] != key.shape[-2]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{math.prod(batch)}, "
            + (
                f"{width}] but got: [{math.prod(batch)}, {key.shape[-1]}]."
                if key.shape[-1] != width
                else f"{key.shape[-2]}] but got: [{math.prod(batch)}, {value.shape[-2]}]."
            )
        )
    if scale is None:
        scale = 1 / math.sqrt(width) if width else 1.0
    scores = ops.dot(ops.mul(query, scalar(scale, query)), turned(key))
    if mask is not None:
        broadcast_shapes(scores.shape, mask.shape)
    open_ = allowed(mask, causal, scores.shape)
    if open_ is not None:
        scores = ops.where(open_, scores, scalar(-math.inf, scores))
    elif mask is not None:
        scores = ops.add(scores, expand(ops.cast(mask, dtype=scores.dtype), scores.shape))
    weights, total = weigh(scores)
    if drop is not None:
        weights = ops.mul(weights, ops.cast(drop, dtype=weights.dtype))
    out = ops.dot(weights, value)
    return ops.cast(ops.div(out, expand(total, out.shape)), dtype=kind)


def _check(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, causal: bool) -> None:
    if any(x.dim() < 2 for x in (query, key, value)):
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: "
            f"{query.dim()} key.dim: {key.dim()} and value.dim: {value.dim()} instead."
        )
    kind = query._dtype
    if key._dtype is not kind or value._dtype is not kind:
        raise RuntimeError(
            "Expected query, key, and value to have the same dtype, but got query.dtype: "
            f"{_c_name(kind)} key.dtype: {_c_name(key._dtype)} and value.dtype: "
            f"{_c_name(value._dtype)} instead."
        )
    if mask is not None:
        if mask._dtype not in (dtypes.bool_, dtypes.float32, kind):
            raise RuntimeError(
                "Expected attn_mask dtype to be bool or float or to match query dtype, but got "
                f"attn_mask.dtype: {_c_name(mask._dtype)} and  query.dtype: {_c_name(kind)} "
                "instead."
            )
        if causal:
            raise RuntimeError(
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when "
                "is_causal=True"
            )
    if not kind.is_floating_point:
        raise RuntimeError(
            f"expected scalar type Float but found {'Int' if kind is dtypes.int32 else kind}"
        )


def _c_name(kind: dtype) -> str:
    return _C_NAMES.get(kind.name, kind.name)


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query key^T * scale + mask) value, of [*, L, E], [*, S, E] and [*, S, Ev].

    The mask is True where attention is allowed, or is added to the scores; `is_causal` allows it to
    places up to the query's own. The scale is 1 / sqrt(E) unless given. With `enable_gqa` heads of
    keys and values serve groups of the queries' heads. A query that may see nothing gets zeros.
    """
    _check(query, key, value, attn_mask, is_causal)
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p:g}")
    grouped = enable_gqa and _check_groups(query, key, value)
    drop = None
    if dropout_p > 0:
        batch = broadcast_shapes(*(_batch(x, query, grouped) for x in (query, key, value)))
        shape = (*batch, query._size[-2], key._size[-2])
        drop = dropout_mask(query, shape, dropout_p)
    flash = query.dim() == key.dim() == value.dim() == 4 and drop is None
    name = "ScaledDotProductFlashAttentionForCpuBackward0" if flash else "UnsafeViewBackward0"
    static: tuple[Any, ...] = (is_causal, None if scale is None else float(scale), grouped)
    return apply(name, _attend, (query, key, value, attn_mask, drop), static)


def _batch(x: Tensor, query: Tensor, grouped: bool) -> tuple[int, ...]:
    size = x._size[:-2]
    return (*size[:-1], query._size[-3]) if grouped else tuple(size)


def _check_groups(query: Tensor, key: Tensor, value: Tensor) -> bool:
    if any(x.dim() < 3 for x in (query, key, value)):
        raise RuntimeError("Both tensors need to be at least 3-D with enable_gqa=True")
    heads = query._size[-3]
    if heads % key._size[-3] or heads % value._size[-3]:
        raise RuntimeError(
            "Number of heads in key and value must divide the number of heads in query"
        )
    return True

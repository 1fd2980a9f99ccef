"""Scans along a dimension: running sums, products and extremes."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..calls import apply, apply_
from ..dtypes import dtype
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import wrap_dim
from ..tensor import Tensor
from . import return_types
from .common import (
    scalar,
    stop_gradient,
    store,
    store_same,
    tensors_only,
    unsupported,
    wide,
)

__all__ = ["cummax", "cummin", "cumprod", "cumsum", "logcumsumexp"]


# ---------------------------------------------------------------- sums and products
def _cumulated(x: Node, name: str, dim: int, kind: dtype | None) -> Node:
    tensors_only(name, x)
    axis = wrap_dim(dim, x.ndim)
    kind = kind or (x.dtype if x.dtype.inexact else dtypes.int64)
    x = ops.cast(x, dtype=wide(kind))
    return ops.cast(getattr(ops, name)(x, axis=axis) if x.shape else x, dtype=kind)


def cumsum(
    input: Tensor, dim: int, *, dtype: dtype | None = None, out: Tensor | None = None
) -> Tensor:
    """Sums of the elements up to each place of a dimension; integers in int64."""
    static = ("cumsum", dim, dtype)
    return store(out, apply("CumsumBackward0", _cumulated, (input,), static))


def cumsum_(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """`cumsum` in place."""
    return apply_("CumsumBackward0", _cumulated, input, (), ("cumsum", dim, dtype or input.dtype))


def cumprod(
    input: Tensor, dim: int, *, dtype: dtype | None = None, out: Tensor | None = None
) -> Tensor:
    """Products of the elements up to each place of a dimension; integers in int64."""
    static = ("cumprod", dim, dtype)
    return store(out, apply("CumprodBackward0", _cumulated, (input,), static))


def cumprod_(input: Tensor, dim: int, *, dtype: dtype | None = None) -> Tensor:
    """`cumprod` in place."""
    return apply_("CumprodBackward0", _cumulated, input, (), ("cumprod", dim, dtype or input.dtype))


# ---------------------------------------------------------------- extremes
def _best(x: Node, name: str, dim: int) -> tuple[Node, Node]:
    tensors_only(name, x)
    if x.dtype.is_complex:
        unsupported(f"{name}_cpu", x.dtype)
    axis = wrap_dim(dim, x.ndim)
    if not x.shape:
        return x, ops.const(0, dtypes.int64)
    place = (ops.cumargmax if name == "cummax" else ops.cumargmin)(x, axis=axis)
    return ops.gather(x, place, axis=axis), place


def cummax(input: Tensor, dim: int, *, out: Any = None) -> Any:
    """The largest element so far along a dimension, and where it is; the last of equals."""
    found = apply("CummaxBackward0", _best, (input,), ("cummax", dim))
    return return_types.cummax(found if out is None else map(store_same, out, found))


def cummin(input: Tensor, dim: int, *, out: Any = None) -> Any:
    """The smallest element so far along a dimension, and where it is; the last of equals."""
    found = apply("CumminBackward0", _best, (input,), ("cummin", dim))
    return return_types.cummin(found if out is None else map(store_same, out, found))


# ---------------------------------------------------------------- logcumsumexp
def _log_add(x: Node, y: Node) -> Node:
    """log(e^x + e^y), where both may be -inf; of complex numbers the larger plus log(1 + e^gap)."""
    if x.dtype.is_complex:
        first = ops.le(ops.real(y), ops.real(x))
        high, low = ops.where(first, x, y), ops.where(first, y, x)
        gap = ops.where(ops.eq(x, y), scalar(0, x), ops.sub(low, high))
        return ops.add(high, ops.log(ops.add(scalar(1, gap), ops.exp(gap))))
    top = stop_gradient(ops.maximum(x, y))
    top = ops.where(ops.lt(ops.abs(top), scalar(math.inf, top)), top, scalar(0, top))
    total = ops.add(ops.exp(ops.sub(x, top)), ops.exp(ops.sub(y, top)))
    none = ops.eq(total, scalar(0, total))
    found = ops.add(ops.log(ops.where(none, scalar(1, total), total)), top)
    return ops.where(none, scalar(-math.inf, found), found)


def _logcumsumexp(x: Node, dim: int) -> Node:
    """By doubling (Hillis and Steele): after step k each place holds the last 2^k elements."""
    tensors_only("logcumsumexp", x)
    if not x.dtype.inexact:
        unsupported("logcumsumexp_out_cpu", x.dtype)
    axis, kind = wrap_dim(dim, x.ndim), x.dtype
    x = ops.cast(x, dtype=wide(kind))
    size, step = x.shape[axis] if x.shape else 1, 1
    zeros, ones = (0,) * x.ndim, (1,) * x.ndim
    while step < size:
        stop = tuple(n - step if i == axis else n for i, n in enumerate(x.shape))
        low = tuple(step if i == axis else 0 for i in range(x.ndim))
        earlier = ops.slice(x, start=zeros, stop=stop, step=ones)
        moved = ops.pad(earlier, low=low, high=zeros, interior=zeros, value=-math.inf)
        x, step = _log_add(x, moved), step * 2
    return ops.cast(x, dtype=kind)


def logcumsumexp(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of running sums of exponentials along a dimension, without overflow."""
    return store(out, apply("LogcumsumexpBackward0", _logcumsumexp, (input,), (dim,)))

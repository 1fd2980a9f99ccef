"""Scans along a dimension: running sums, products, extremes, differences, trapezoidal rule."""

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
    promote,
    scalar,
    stop_gradient,
    store,
    store_same,
    tensors_only,
    unsupported,
    wide,
)

__all__ = [
    *("cummax", "cummin", "cumprod", "cumsum", "cumulative_trapezoid", "diff", "logcumsumexp"),
    *("trapezoid", "trapz"),
]


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


# ---------------------------------------------------------------- differences
def _part(x: Node, axis: int, start: int, stop: int) -> Node:
    low, high = [0] * x.ndim, list(x.shape)
    low[axis], high[axis] = start, stop
    return ops.slice(x, start=tuple(low), stop=tuple(high), step=(1,) * x.ndim)


def _diff(x: Node, before: Node | None, after: Node | None, n: int, dim: int) -> Node:
    tensors_only("diff", x)
    if not x.shape:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    axis = wrap_dim(dim, x.ndim)
    if n == 0:
        return x
    parts = [p for p in (before, x, after) if p is not None]
    for p in parts:
        if p.ndim != x.ndim:
            raise RuntimeError("diff expects prepend or append to be the same dimension as input")
        for i, (a, b) in enumerate(zip(x.shape, p.shape)):
            if i != axis and a != b:
                raise RuntimeError(
                    "diff expects the shape of tensor to prepend or append to match that of input "
                    "except along the differencing dimension; "
                    f"input.size({i}) = {a}, but got tensor.size({i}) = {b}"
                )
    if len(parts) > 1:
        kind = _common(parts)
        x = ops.concat(*[ops.cast(p, dtype=kind) for p in parts], axis=axis)
    for _ in range(min(n, x.shape[axis])):
        size = x.shape[axis]
        high, low = _part(x, axis, 1, size), _part(x, axis, 0, size - 1)
        x = ops.bitxor(high, low) if x.dtype is dtypes.bool_ else ops.sub(high, low)
    return x


def _common(nodes: list[Node]) -> dtype:
    kind = nodes[0].dtype
    for n in nodes[1:]:
        kind = dtypes.promote_types(kind, n.dtype)
    return kind


def diff(
    input: Tensor,
    n: int = 1,
    dim: int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """Differences of neighbours along a dimension, `n` times over."""
    return store(out, apply("SubBackward0", _diff, (input, prepend, append), (n, dim)))


# ---------------------------------------------------------------- the trapezoidal rule
def _areas(y: Node, x: Node | None, dx: Node | None, dim: int, name: str) -> tuple[Node, int]:
    """The area under each pair of neighbours, and the axis."""
    tensors_only(name, y)
    if y.dtype is dtypes.bool_ or (x is not None and x.dtype is dtypes.bool_):
        raise RuntimeError(
            f"{name}: received a bool input for `x` or `y`, but bool is not supported"
        )
    axis = wrap_dim(dim, y.ndim)
    size = y.shape[axis]
    pairs = _pairs(y, axis, size)
    if x is None:
        return ops.mul(*promote(pairs, dx)), axis  # type: ignore[arg-type]
    points = x.shape[axis - y.ndim if x.ndim > 1 else 0] if x.ndim else 0
    if x.ndim == 1:
        if points != size:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        x = ops.reshape(x, shape=tuple(size if i == axis else 1 for i in range(y.ndim)))
    else:
        axes_before = y.ndim - x.ndim
        x = ops.reshape(x, shape=(*(1,) * axes_before, *x.shape))
    width = x.shape[axis]
    steps = ops.sub(_part(x, axis, 1, width), _part(x, axis, 0, width - 1))
    return ops.mul(*promote(steps, pairs)), axis


def _pairs(y: Node, axis: int, size: int) -> Node:
    if size == 0:
        return y
    return ops.add(_part(y, axis, 1, size), _part(y, axis, 0, size - 1))


def _halved(x: Node) -> Node:
    x = x if x.dtype.inexact else ops.cast(x, dtype=dtypes.get_default())
    return ops.div(x, scalar(2, x))


def _trapezoid(y: Node, x: Node | None, dx: Node | None, dim: int) -> Node:
    areas, axis = _areas(y, x, dx, dim, "trapezoid")
    areas = areas if areas.dtype.inexact else ops.cast(areas, dtype=dtypes.int64)
    return _halved(ops.sum(areas, axes=(axis,)))


def _cumulative(y: Node, x: Node | None, dx: Node | None, dim: int) -> Node:
    areas, axis = _areas(y, x, dx, dim, "cumulative_trapezoid")
    return ops.cumsum(_halved(areas), axis=axis)


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral along `dim` by the trapezoidal rule, over points `x` or at steps `dx`."""
    step = (1 if dx is None else dx) if x is None else None
    return apply("MulBackward1" if x is None else "DivBackward1", _trapezoid, (y, x, step), (dim,))


def cumulative_trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1
) -> Tensor:
    """The integral up to each point along `dim` by the trapezoidal rule."""
    step = (1 if dx is None else dx) if x is None else None
    return apply(
        "CumsumBackward0" if x is None else "DivBackward1", _cumulative, (y, x, step), (dim,)
    )


def trapz(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """`trapezoid` under its older name."""
    return trapezoid(y, x, dx=dx, dim=dim)

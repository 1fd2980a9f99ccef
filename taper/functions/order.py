"""Order statistics: medians, quantiles, the k-th smallest, the most frequent."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import wrap_dim
from ..tensor import Tensor
from . import return_types
from .common import in_axes, numpy_names, scalar, store, store_same, tensors_only, unsupported

__all__ = ["kthvalue", "median", "mode", "nanmedian", "nanquantile", "quantile"]


# ---------------------------------------------------------------- nodes
def _at(x: Node, index: Node, axis: int) -> Node:
    """The elements of x at places of an axis, which keeps size 1."""
    return ops.gather(x, index, axis=axis)


def _line(x: Node, axis: int) -> tuple[int, ...]:
    return tuple(1 if i == axis else n for i, n in enumerate(x.shape))


def _positions(x: Node, axis: int) -> Node:
    """0, 1, 2, ... along an axis, in the shape of x."""
    n = x.shape[axis]
    shape = tuple(n if i == axis else 1 for i in range(x.ndim))
    return ops.expand(ops.reshape(ops.iota(size=n), shape=shape), shape=x.shape)


def _chosen(x: Node, order: Node, rank: Node, axis: int, keepdim: bool) -> tuple[Node, Node]:
    """The element whose place in the sorted order is `rank`, and its index."""
    index = _at(order, rank, axis)
    value = _at(x, index, axis)
    return in_axes(value, x, (axis,), keepdim), in_axes(index, x, (axis,), keepdim)


def _median_rank(x: Node, axis: int, ignore_nan: bool) -> Node:
    """The lower median's place after sorting: NaN come last; one of them wins unless ignored."""
    n, shape = x.shape[axis], _line(x, axis)
    usual = ops.full(shape, (n - 1) // 2, dtypes.int64)
    if not x.dtype.inexact:
        return usual
    nan = ops.cast(ops.ne(x, x), dtype=dtypes.int64)
    count = ops.reshape(ops.sum(nan, axes=(axis,)), shape=shape)
    valid = ops.sub(scalar(n, count), count)
    if ignore_nan:
        half = ops.floordiv(ops.sub(valid, scalar(1, valid)), scalar(2, valid))
        return ops.where(ops.lt(half, scalar(0, half)), scalar(0, half), half)
    return ops.where(ops.eq(count, scalar(0, count)), usual, valid)


def _check(name: str, x: Node, axis: int) -> None:
    tensors_only(name, x)
    if x.dtype.is_complex or x.dtype is dtypes.bool_:
        unsupported(f"{name}_cpu", x.dtype)
    if x.shape and x.shape[axis] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {axis} to have non-zero size.")


def _median(x: Node, name: str, dim: int, keepdim: bool) -> tuple[Node, Node]:
    axis = wrap_dim(dim, x.ndim)
    _check(name, x, axis)
    if not x.shape:
        return x, ops.const(0, dtypes.int64)
    order = ops.argsort(x, axis=axis, descending=False)
    return _chosen(x, order, _median_rank(x, axis, name == "nanmedian"), axis, keepdim)


def _median_all(x: Node, name: str) -> Node:
    """The median of everything; its gradient is shared between equals."""
    tensors_only(name, x)
    if x.dtype.is_complex or x.dtype is dtypes.bool_:
        unsupported(f"{name}_cpu", x.dtype)
    count = math.prod(x.shape)
    if count == 0:
        return ops.const(
            math.nan if x.dtype.inexact else -(2 ** (x.dtype.itemsize * 8 - 1)), x.dtype
        )
    flat = ops.reshape(x, shape=(count,))
    value, _ = _median(flat, name, 0, False)
    if not x.dtype.inexact:
        return value
    same = ops.eq(flat, ops.expand(ops.reshape(value, shape=(1,)), shape=flat.shape))
    if name == "median":
        same = ops.bitor(same, ops.ne(flat, flat))
    low = ops.where(same, flat, scalar(-math.inf, flat))
    shared = ops.max(low, axes=(0,))
    return ops.where(ops.eq(value, value), shared, value)


def _kthvalue(x: Node, k: int, dim: int, keepdim: bool) -> tuple[Node, Node]:
    axis = wrap_dim(dim, x.ndim)
    _check("kthvalue", x, axis)
    size = x.shape[axis] if x.shape else 1
    if not 1 <= k <= size:
        raise RuntimeError("kthvalue(): selected number k out of range for dimension " + str(axis))
    if not x.shape:
        return x, ops.const(0, dtypes.int64)
    order = ops.argsort(x, axis=axis, descending=False)
    return _chosen(x, order, ops.full(_line(x, axis), k - 1, dtypes.int64), axis, keepdim)


def _mode(x: Node, dim: int, keepdim: bool) -> tuple[Node, Node]:
    """In sorted order, the end of the first longest run of equals."""
    tensors_only("mode", x)
    axis = wrap_dim(dim, x.ndim)
    if x.dtype.is_complex:
        unsupported("mode_cpu", x.dtype)
    if not x.shape:
        return x, ops.const(0, dtypes.int64)
    if x.shape[axis] == 0:
        raise IndexError(f"mode(): Expected reduction dim {axis} to have non-zero size.")
    order = ops.argsort(x, axis=axis, descending=False)
    found, places = _at(x, order, axis), _positions(x, axis)
    before = ops.where(
        ops.eq(places, scalar(0, places)), places, ops.sub(places, scalar(1, places))
    )
    begins = ops.ne(found, _at(found, before, axis))
    start = ops.where(begins, places, scalar(0, places))
    start = _at(start, ops.cumargmax(start, axis=axis), axis)
    end = ops.argmax(ops.sub(places, start), axes=(axis,))
    return _chosen(x, order, ops.reshape(end, shape=_line(x, axis)), axis, keepdim)


# ---------------------------------------------------------------- quantiles
_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _lerp(low: Node, high: Node, weight: Node) -> Node:
    """From the nearer end, so that both ends come out exact."""
    near = ops.lt(weight, scalar(0.5, weight))
    way = ops.sub(high, low)
    rest = ops.sub(scalar(1, weight), weight)
    return ops.where(near, ops.add(low, ops.mul(weight, way)), ops.sub(high, ops.mul(way, rest)))


def _ranks(x: Node, q: Node, axis: int, ignore_nan: bool) -> Node:
    """Places between sorted neighbours, as floating numbers, with the quantiles along `axis`."""
    n, count = x.shape[axis], q.shape[0]
    shape = tuple(count if i == axis else m for i, m in enumerate(x.shape))
    line = tuple(count if i == axis else 1 for i in range(x.ndim))
    spread = ops.expand(ops.reshape(q, shape=line), shape=shape)
    nan = ops.cast(ops.ne(x, x), dtype=dtypes.int64)
    missing = ops.reshape(ops.sum(nan, axes=(axis,)), shape=_line(x, axis))
    if ignore_nan:
        last = ops.sub(scalar(n - 1, missing), missing)
        last = ops.where(ops.lt(last, scalar(0, last)), scalar(0, last), last)
        last = ops.expand(ops.cast(last, dtype=q.dtype), shape=shape)
        return ops.mul(spread, last)
    ranks = ops.mul(spread, scalar(n - 1, spread))
    spoiled = ops.expand(ops.ne(missing, scalar(0, missing)), shape=shape)
    return ops.where(spoiled, scalar(n - 1, ranks), ranks)


def _quantile(
    x: Node,
    q: Node,
    name: str,
    dim: int | None,
    keepdim: bool,
    interpolation: str,
    ignore_nan: bool,
) -> Node:
    whole = x.shape
    if x.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if q.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if not q.weak and q.dtype is not x.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    if math.prod(whole) == 0:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    axis = 0 if dim is None else wrap_dim(dim, x.ndim)
    if dim is None or not x.shape:
        x = ops.reshape(x, shape=(math.prod(whole),))
    single = not q.shape
    q = ops.cast(ops.reshape(q, shape=(math.prod(q.shape),)), dtype=x.dtype)
    ranks = _ranks(x, q, axis, ignore_nan)
    order = ops.argsort(x, axis=axis, descending=False)
    if interpolation == "lower":
        ranks = ops.floor(ranks)
    elif interpolation == "higher":
        ranks = ops.ceil(ranks)
    elif interpolation == "nearest":
        ranks = ops.round(ranks)
    below = ops.floor(ranks)

    def pick(place: Node) -> Node:
        index = _at(order, ops.cast(place, dtype=dtypes.int64), axis)
        return _at(x, index, axis)

    found = pick(below)
    if interpolation in ("linear", "midpoint"):
        weight = ops.sub(ranks, below)
        if interpolation == "midpoint":
            weight = scalar(0.5, weight)
        found = _lerp(found, pick(ops.ceil(ranks)), weight)
    return _placed(found, whole, axis, dim, keepdim, single)


def _placed(
    x: Node, whole: tuple[int, ...], axis: int, dim: int | None, keepdim: bool, single: bool
) -> Node:
    """Quantiles first, then the dimensions that were not reduced."""
    x = ops.permute(x, dims=(axis, *(i for i in range(x.ndim) if i != axis)))
    rest = x.shape[1:]
    if keepdim:
        everywhere = dim is None or not whole
        rest = tuple(1 if everywhere or i == axis else n for i, n in enumerate(whole))
    return ops.reshape(x, shape=rest if single else (x.shape[0], *rest))


def _quantiles(
    name: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str
) -> Tensor:
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {interpolation}"
        )
    if isinstance(q, Tensor):
        if q.dim() < 2 and q.numel() and not bool((q.ge(0) & q.le(1)).all()):
            raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    elif not 0 <= q <= 1:
        raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q:g}")
    ignore = name == "nanquantile"
    static = (name, dim, keepdim, interpolation, ignore)
    return apply("SqueezeBackward4", _quantile, (input, q), static)


def quantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:
    """The q-quantiles (0 to 1) of everything or along `dim`; a NaN spoils its line.

    Several quantiles come along a first dimension. RuntimeError unless input is float or double.
    """
    return store(out, _quantiles("quantile", input, q, dim, keepdim, interpolation))


def nanquantile(
    input: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:
    """`quantile` of the elements that are no NaN."""
    return store(out, _quantiles("nanquantile", input, q, dim, keepdim, interpolation))


# ---------------------------------------------------------------- public
def _pair(out: Any, kind: type, found: tuple[Tensor, ...]) -> Any:
    return kind(found) if out is None else kind(map(store_same, out, found))


def median(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None, **named: Any
) -> Any:
    """The median (the lower of two); along `dim` a pair (values, indices)."""
    if named:
        dim, keepdim = numpy_names("median", named, dim, keepdim)
    if dim is None:
        return store(out, apply("MedianBackward0", _median_all, (input,), ("median",)))
    found = apply("MedianBackward1", _median, (input,), ("median", dim, keepdim))
    return _pair(out, return_types.median, found)


def nanmedian(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Any = None, **named: Any
) -> Any:
    """`median` of the elements that are no NaN."""
    if named:
        dim, keepdim = numpy_names("nanmedian", named, dim, keepdim)
    if dim is None:
        return store(out, apply("NanmedianBackward0", _median_all, (input,), ("nanmedian",)))
    found = apply("NanmedianBackward1", _median, (input,), ("nanmedian", dim, keepdim))
    return _pair(out, return_types.nanmedian, found)


def kthvalue(
    input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: Any = None
) -> Any:
    """The k-th smallest elements along a dimension, counted from 1, and their indices."""
    if out is not None and out[0]._storage is input._storage:
        raise RuntimeError(
            "unsupported operation: some elements of the input tensor and the written-to tensor "
            "refer to a single memory location. Please clone() the tensor before performing the "
            "operation."
        )
    found = apply("KthvalueBackward0", _kthvalue, (input,), (k, dim, keepdim))
    return _pair(out, return_types.kthvalue, found)


def mode(input: Tensor, dim: int = -1, keepdim: bool = False, *, out: Any = None) -> Any:
    """The most frequent elements along a dimension (the smallest of several), and their indices."""
    found = apply("ModeBackward0", _mode, (input,), (dim, keepdim))
    return _pair(out, return_types.mode, found)

"""Reductions: sums, products, extremes and truth over some or all dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..calls import apply
from ..dtypes import dtype
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import wrap_dim, wrap_dims
from ..tensor import Tensor, formatting_name
from . import return_types
from .common import (
    Dims,
    hashable,
    in_axes,
    numpy_names,
    scalar,
    sizes,
    stop_gradient,
    store,
    store_same,
    tensors_only,
    unsupported,
    wide,
)
from .pointwise import maximum, minimum

__all__ = ["all", "amax", "amin", "aminmax", "any", "argmax", "argmin", "count_nonzero"]
__all__ += ["logsumexp", "max", "mean", "min", "nanmean", "nansum", "prod", "sum"]


# ---------------------------------------------------------------- sums
def _sum_dtype(x: Node, kind: dtype | None) -> dtype:
    return kind or (x.dtype if x.dtype.inexact else dtypes.int64)


def _total(x: Node, axes: tuple[int, ...], keepdim: bool, kind: dtype) -> Node:
    """The sum in `kind`, half precision added up in float32."""
    found = ops.sum(ops.cast(x, dtype=wide(kind)), axes=axes)
    return ops.cast(in_axes(found, x, axes, keepdim), dtype=kind)


def _sum(x: Node, dim: Dims, keepdim: bool, kind: dtype | None) -> Node:
    tensors_only("sum", x)
    return _total(x, wrap_dims(dim, x.ndim), keepdim, _sum_dtype(x, kind))


def sum(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    out: Tensor | None = None,
    **named: Any,
) -> Tensor:
    """The sum over all or the given dimensions; integers and booleans add up in int64."""
    if named:
        dim, keepdim = numpy_names("sum", named, dim, keepdim)
    name = "SumBackward0" if dim is None else "SumBackward1"
    if out is not None and dtype is None:
        dtype = out.dtype
    return store(out, apply(name, _sum, (input,), (hashable(dim), keepdim, dtype)))


def _mean(x: Node, dim: Dims, keepdim: bool, kind: dtype | None) -> Node:
    tensors_only("mean", x)
    kind = kind or x.dtype
    if not kind.inexact:
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or "
            f"complex dtype. Got: {formatting_name(kind)}"
        )
    axes = wrap_dims(dim, x.ndim)
    total = _total(x, axes, keepdim, wide(kind))
    count = math.prod(x.shape[a] for a in axes)
    return ops.cast(ops.div(total, scalar(count, total)), dtype=kind)


def mean(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    out: Tensor | None = None,
    **named: Any,
) -> Tensor:
    """The arithmetic mean over all or the given dimensions, of floating or complex tensors."""
    if named:
        dim, keepdim = numpy_names("mean", named, dim, keepdim)
    name = "MeanBackward0" if dim is None else "MeanBackward1"
    if out is not None and dtype is None:
        dtype = out.dtype
    return store(out, apply(name, _mean, (input,), (hashable(dim), keepdim, dtype)))


def _without_nan(x: Node) -> Node:
    return ops.where(ops.ne(x, x), scalar(0, x), x) if x.dtype.inexact else x


def _nansum(x: Node, dim: Dims, keepdim: bool, kind: dtype | None) -> Node:
    tensors_only("nansum", x)
    if x.dtype.is_complex:
        raise RuntimeError("nansum does not support complex inputs")
    return _total(_without_nan(x), wrap_dims(dim, x.ndim), keepdim, _sum_dtype(x, kind))


def nansum(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The sum in which NaN counts as 0."""
    static = (hashable(dim), keepdim, dtype)
    return store(out, apply("NansumBackward0", _nansum, (input,), static))


def _nanmean(x: Node, dim: Dims, keepdim: bool, kind: dtype | None) -> Node:
    tensors_only("nanmean", x)
    if not x.dtype.inexact:
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{formatting_name(x.dtype)}"
        )
    axes, kind = wrap_dims(dim, x.ndim), kind or x.dtype
    total = _total(_without_nan(x), axes, keepdim, kind)
    return ops.div(total, _total(ops.eq(x, x), axes, keepdim, kind))


def nanmean(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The mean of the elements that are no NaN."""
    static = (hashable(dim), keepdim, dtype)
    return store(out, apply("DivBackward0", _nanmean, (input,), static))


def _count_nonzero(x: Node, dim: Dims) -> Node:
    tensors_only("count_nonzero", x)
    axes = wrap_dims(dim, x.ndim)
    return _total(ops.cast(x, dtype=dtypes.bool_), axes, False, dtypes.int64)


def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """How many elements are not zero."""
    return apply(None, _count_nonzero, (input,), (hashable(dim),))


def _prod(x: Node, dim: int | None, keepdim: bool, kind: dtype | None) -> Node:
    tensors_only("prod", x)
    axes = wrap_dims(dim, x.ndim)
    kind = _sum_dtype(x, kind)
    found = ops.prod(ops.cast(x, dtype=wide(kind)), axes=axes) if axes else ops.cast(x, dtype=kind)
    return ops.cast(in_axes(found, x, axes, keepdim), dtype=kind)


def prod(
    input: Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    out: Tensor | None = None,
    **named: Any,
) -> Tensor:
    """The product of all elements, or along one dimension; integers multiply in int64."""
    if named:
        dim, keepdim = numpy_names("prod", named, dim, keepdim)
    name = "ProdBackward0" if dim is None else "ProdBackward1"
    return store(out, apply(name, _prod, (input,), (dim, keepdim, dtype)))


def _sum_to(x: Node, size: tuple[int, ...]) -> Node:
    lead = x.ndim - len(size)
    if lead < 0 or [n for n, m in zip(size, x.shape[lead:]) if n not in (1, m)]:
        raise RuntimeError(f"size {{{list(size)}}} is not expandable to size {{{list(x.shape)}}}.")
    axes = (*range(lead), *(i + lead for i, n in enumerate(size) if n != x.shape[lead + i]))
    x = ops.cast(x, dtype=_sum_dtype(x, None))
    return ops.reshape(ops.sum(x, axes=axes), shape=size)


def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """Summed over the dimensions along which `size` would have to be expanded to this shape."""
    target = sizes(size)
    if target and target == self._size:
        return self
    return apply("SumBackward0", _sum_to, (self,), (target,))


# ---------------------------------------------------------------- extremes
_KERNEL = {"amax": "max_values_cpu", "amin": "min_values_cpu", "aminmax": "aminmax_cpu"}


def _check_extreme(name: str, x: Node, axes: tuple[int, ...], given: bool) -> None:
    tensors_only(name, x)
    if x.dtype.is_complex:
        unsupported(_KERNEL.get(name) or f"{name}_all", x.dtype)
    for a in axes:
        if x.shape[a] == 0:
            if not given:
                raise RuntimeError(
                    f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
                    "Specify the reduction dim with the 'dim' argument."
                )
            raise IndexError(f"{name}(): Expected reduction dim {a} to have non-zero size.")


def _extreme(x: Node, name: str, dim: Dims, keepdim: bool) -> Node:
    """amax, amin; also max and min of everything. The gradient is shared between equals."""
    axes = wrap_dims(dim, x.ndim)
    _check_extreme(name, x, axes, dim is not None and dim != ())
    reduce = ops.max if name.endswith("max") else ops.min
    return in_axes(reduce(x, axes=axes), x, axes, keepdim) if axes else x


def _selected(x: Node, name: str, dim: int, keepdim: bool) -> tuple[Node, Node]:
    """The extreme along one dimension and its place; the gradient goes to that place."""
    tensors_only(name, x)
    if x.dtype.is_complex:
        raise RuntimeError(f"{name}(): does not support complex input")
    axis = wrap_dim(dim, x.ndim)
    if not x.shape:
        _check_extreme(name, x, (), True)
        return x, ops.const(0, dtypes.int64)
    _check_extreme(name, x, (axis,), True)
    reduce = ops.argmax if name == "max" else ops.argmin
    kept = tuple(1 if i == axis else n for i, n in enumerate(x.shape))
    place = ops.reshape(reduce(x, axes=(axis,)), shape=kept)
    value = ops.gather(x, place, axis=axis)
    return in_axes(value, x, (axis,), keepdim), in_axes(place, x, (axis,), keepdim)


def _pair(out: Any, kind: type, found: tuple[Tensor, ...]) -> Any:
    """A named result, written to `out=` where that is given."""
    return kind(found) if out is None else kind(map(store_same, out, found))


def max(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Any = None, **named: Any
) -> Any:
    """The largest element; along `dim` a pair (values, indices); with a tensor `maximum`."""
    if named:
        if "other" in named:
            dim = named.pop("other")
        dim, keepdim = numpy_names("max", named, dim, keepdim)
    if dim is None:
        return store(out, apply("MaxBackward1", _extreme, (input,), ("max", None, False)))
    if isinstance(dim, Tensor):
        return maximum(input, dim, out=out)
    found = apply("MaxBackward0", _selected, (input,), ("max", dim, keepdim))
    return _pair(out, return_types.max, found)


def min(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Any = None, **named: Any
) -> Any:
    """The smallest element; along `dim` a pair (values, indices); with a tensor `minimum`."""
    if named:
        if "other" in named:
            dim = named.pop("other")
        dim, keepdim = numpy_names("min", named, dim, keepdim)
    if dim is None:
        return store(out, apply("MinBackward1", _extreme, (input,), ("min", None, False)))
    if isinstance(dim, Tensor):
        return minimum(input, dim, out=out)
    found = apply("MinBackward0", _selected, (input,), ("min", dim, keepdim))
    return _pair(out, return_types.min, found)


def amax(
    input: Tensor, dim: Dims = (), keepdim: bool = False, *, out: Tensor | None = None, **named: Any
) -> Tensor:
    """The largest elements; the gradient is shared between equals."""
    if named:
        dim, keepdim = numpy_names("amax", named, dim, keepdim)
    static = ("amax", hashable(dim), keepdim)
    return store_same(out, apply("AmaxBackward0", _extreme, (input,), static))


def amin(
    input: Tensor, dim: Dims = (), keepdim: bool = False, *, out: Tensor | None = None, **named: Any
) -> Tensor:
    """The smallest elements; the gradient is shared between equals."""
    if named:
        dim, keepdim = numpy_names("amin", named, dim, keepdim)
    static = ("amin", hashable(dim), keepdim)
    return store_same(out, apply("AminBackward0", _extreme, (input,), static))


def _aminmax(x: Node, dim: int | None, keepdim: bool) -> tuple[Node, Node]:
    axes = wrap_dims(dim, x.ndim)
    if dim is None and 0 in x.shape:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no "
            "identity."
        )
    _check_extreme("aminmax", x, axes, dim is not None)
    if not axes:
        return x, x
    low, high = (in_axes(f(x, axes=axes), x, axes, keepdim) for f in (ops.min, ops.max))
    return low, high


def aminmax(
    input: Tensor, *, dim: int | None = None, keepdim: bool = False, out: Any = None
) -> Any:
    """The smallest and the largest elements, as a pair (min, max)."""
    found = apply("AminmaxBackward0", _aminmax, (input,), (dim, keepdim))
    return _pair(out, return_types.aminmax, found)


def _place(x: Node, name: str, dim: int | None, keepdim: bool) -> Node:
    axes = wrap_dims(dim, x.ndim)
    tensors_only(name, x)
    if x.dtype is dtypes.bool_ or x.dtype.is_complex:
        kind = "bool" if x.dtype is dtypes.bool_ else "complex"
        raise RuntimeError(f"{name}(): does not support {kind} input")
    if dim is None and 0 in x.shape:
        raise IndexError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0."
        )
    _check_extreme(name, x, axes, dim is not None)
    if not x.shape:
        return ops.const(0, dtypes.int64)
    reduce = ops.argmax if name == "argmax" else ops.argmin
    if dim is None:
        flat = ops.reshape(x, shape=(math.prod(x.shape),))
        return in_axes(reduce(flat, axes=(0,)), x, axes, keepdim)
    return in_axes(reduce(x, axes=axes), x, axes, keepdim)


def argmax(
    input: Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    out: Tensor | None = None,
    **named: Any,
) -> Tensor:
    """The first place of the largest element, in the flat tensor or along a dimension."""
    if named:
        dim, keepdim = numpy_names("argmax", named, dim, keepdim)
    return store_same(out, apply(None, _place, (input,), ("argmax", dim, keepdim)))


def argmin(
    input: Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    out: Tensor | None = None,
    **named: Any,
) -> Tensor:
    """The first place of the smallest element, in the flat tensor or along a dimension."""
    if named:
        dim, keepdim = numpy_names("argmin", named, dim, keepdim)
    return store_same(out, apply(None, _place, (input,), ("argmin", dim, keepdim)))


# ---------------------------------------------------------------- truth
def _any(x: Node, dim: Dims, keepdim: bool) -> Node:
    tensors_only("any", x)
    axes = wrap_dims(dim, x.ndim)
    found = in_axes(ops.sum(ops.cast(x, dtype=dtypes.bool_), axes=axes), x, axes, keepdim)
    return ops.cast(found, dtype=dtypes.uint8) if x.dtype is dtypes.uint8 else found


def _all(x: Node, dim: Dims, keepdim: bool) -> Node:
    tensors_only("all", x)
    axes = wrap_dims(dim, x.ndim)
    wrong = ops.bitnot(ops.cast(x, dtype=dtypes.bool_))
    found = in_axes(ops.bitnot(ops.sum(wrong, axes=axes)), x, axes, keepdim)
    return ops.cast(found, dtype=dtypes.uint8) if x.dtype is dtypes.uint8 else found


def _truth(
    fn: Callable, input: Tensor, dim: Dims, keepdim: bool, out: Tensor | None, named: dict
) -> Tensor:
    if named:
        dim, keepdim = numpy_names(fn.__name__[1:], named, dim, keepdim)
    return store_same(out, apply(None, fn, (input,), (hashable(dim), keepdim)))


def any(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    out: Tensor | None = None,
    **named: Any,
) -> Tensor:
    """Whether an element is not zero."""
    return _truth(_any, input, dim, keepdim, out, named)


def all(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    out: Tensor | None = None,
    **named: Any,
) -> Tensor:
    """Whether no element is zero."""
    return _truth(_all, input, dim, keepdim, out, named)


# ---------------------------------------------------------------- logsumexp
def _logsumexp(x: Node, dim: Dims, keepdim: bool) -> Node:
    tensors_only("logsumexp", x)
    axes = wrap_dims(dim, x.ndim)
    kind = x.dtype if x.dtype.inexact else dtypes.get_default()
    x = ops.cast(x, dtype=wide(kind))
    shift = ops.real(x)
    if 0 in x.shape:
        top = ops.fill(ops.sum(shift, axes=axes), 0)
    else:
        top = stop_gradient(ops.max(shift, axes=axes) if axes else shift)
        finite = ops.lt(ops.abs(top), scalar(math.inf, top))
        top = ops.where(finite, top, scalar(0, top))
    top = ops.cast(top, dtype=x.dtype)
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    moved = ops.sub(x, ops.expand(ops.reshape(top, shape=kept), shape=x.shape))
    found = ops.add(ops.log(ops.sum(ops.exp(moved), axes=axes)), top)
    return ops.cast(in_axes(found, x, axes, keepdim), dtype=kind)


def logsumexp(
    input: Tensor, dim: Dims, keepdim: bool = False, *, out: Tensor | None = None, **named: Any
) -> Tensor:
    """log of the sum of exponentials along `dim`, without overflow."""
    if named:
        dim, keepdim = numpy_names("logsumexp", named, dim, keepdim)
    return store(out, apply("LogsumexpBackward0", _logsumexp, (input,), (hashable(dim), keepdim)))

"""Statistics: variance and deviation, covariance, histograms."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import wrap_dims
from ..tensor import Tensor, formatting_name
from . import return_types
from .common import (
    Dims,
    Number,
    expand,
    hashable,
    in_axes,
    keep,
    numpy_names,
    promote,
    scalar,
    store,
    tensors_only,
    unsupported,
    wide,
)
from .creation import from_array

__all__ = ["bincount", "corrcoef", "cov", "histc", "histogram", "histogramdd", "std", "std_mean"]
__all__ += ["var", "var_mean"]


# ---------------------------------------------------------------- variance
def _moments(
    x: Node, name: str, dim: Dims, correction: Number | None, keepdim: bool, root: bool
) -> tuple[Node, Node]:
    """Variance (or its root) and mean, in two passes; complex numbers by the squares of moduli."""
    tensors_only(name, x)
    if not x.dtype.inexact:
        name = name if name.endswith("mean") else "std and var"
        raise RuntimeError(f"{name} only support floating point and complex dtypes")
    kind, axes = x.dtype, wrap_dims(dim, x.ndim)
    x = ops.cast(x, dtype=wide(kind))
    count = math.prod(x.shape[a] for a in axes)
    total = ops.sum(x, axes=axes)
    center = ops.div(total, scalar(count, total))
    gap = ops.sub(x, expand(keep(center, x, axes), x.shape))
    if gap.dtype.is_complex:
        real, imag = ops.real(gap), ops.imag(gap)
        square = ops.add(ops.mul(real, real), ops.mul(imag, imag))
    else:
        square = ops.mul(gap, gap)
    free = count - (1 if correction is None else correction)
    if free <= 0:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the "
            "reduction factor (input numel divided by output numel).",
            stacklevel=2,
        )
    spread = ops.sum(square, axes=axes)
    spread = ops.div(spread, scalar(max(free, 0), spread))
    if root:
        none = ops.eq(spread, scalar(0, spread))  # a gradient of 0 rather than NaN
        spread = ops.where(none, spread, ops.sqrt(ops.where(none, scalar(1, spread), spread)))
    found = (in_axes(n, x, axes, keepdim) for n in (spread, center))
    out, mean = found
    return ops.cast(out, dtype=kind.to_real()), ops.cast(mean, dtype=kind)


def _spread(
    x: Node, name: str, dim: Dims, correction: Number | None, keepdim: bool, root: bool
) -> Node:
    return _moments(x, name, dim, correction, keepdim, root)[0]


def _read(name: str, args: tuple, named: dict) -> tuple[Dims, Number | None, bool]:
    """(dim, correction, keepdim) from the ways these functions may be called.

    `f(unbiased)`, `f(dim, unbiased, keepdim)` and `f(dim, *, correction, keepdim)`.
    """
    dim, keepdim = None, False
    unbiased = named.pop("unbiased", None)
    if args and isinstance(args[0], bool):
        if len(args) > 1 or unbiased is not None:
            raise TypeError(f"{name}() received an invalid combination of arguments")
        unbiased = args[0]
    elif args:
        dim, *rest = args
        if rest:
            unbiased = rest.pop(0)
        if rest:
            keepdim = rest.pop(0)
        if rest:
            raise TypeError(f"{name}() received an invalid combination of arguments")
    dim, keepdim = named.pop("dim", dim), named.pop("keepdim", keepdim)
    correction = named.pop("correction", None)
    dim, keepdim = numpy_names(name, named, dim, keepdim)
    if unbiased is not None:
        if correction is not None:
            raise TypeError(f"{name}() received an invalid combination of arguments")
        correction = 1 if unbiased else 0
    return hashable(dim), correction, keepdim


def var(input: Tensor, *args: Any, out: Tensor | None = None, **named: Any) -> Tensor:
    """Variance: `var(unbiased)`, `var(dim, unbiased, keepdim)`, `var(dim, *, correction, keepdim)`.

    The sum of squared distances from the mean, over count - correction (1 by default).
    """
    dim, correction, keepdim = _read("var", args, named)
    static = ("var", dim, correction, keepdim, False)
    return store(out, apply("VarBackward0", _spread, (input,), static))


def std(input: Tensor, *args: Any, out: Tensor | None = None, **named: Any) -> Tensor:
    """Standard deviation, the root of `var`, with its arguments."""
    dim, correction, keepdim = _read("std", args, named)
    static = ("std", dim, correction, keepdim, True)
    return store(out, apply("StdBackward0", _spread, (input,), static))


def var_mean(input: Tensor, *args: Any, **named: Any) -> tuple[Tensor, Tensor]:
    """Variance and mean, with the arguments of `var`."""
    static = ("var_mean", *_read("var_mean", args, named), False)
    return apply("VarMeanBackward0", _moments, (input,), static)


def std_mean(input: Tensor, *args: Any, **named: Any) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean, with the arguments of `std`."""
    static = ("std_mean", *_read("std_mean", args, named), True)
    return apply("StdMeanBackward0", _moments, (input,), static)


# ---------------------------------------------------------------- covariance
def _check_weights(name: str, w: Node, observations: int) -> None:
    if w.ndim > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with "
            f"{w.ndim} dimensions"
        )
    if w.ndim and w.shape[0] != observations:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input "
            f"but got {math.prod(w.shape)} != {observations}"
        )


def _cov(x: Node, fweights: Node | None, aweights: Node | None, correction: Number) -> Node:
    """Rows are variables, columns observations: X W X^H / (sum of weights - correction)."""
    tensors_only("cov", x)
    if x.ndim > 2:
        raise RuntimeError(
            "cov(): expected input to have two or fewer dimensions but got an input with "
            f"{x.ndim} dimensions"
        )
    if x.dtype is dtypes.bool_:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = ops.reshape(x, shape=(1, math.prod(x.shape)) if x.ndim < 2 else x.shape)
    single = x.shape[0] == 1
    kind = x.dtype if x.dtype.inexact else dtypes.get_default()
    if aweights is not None:
        kind = dtypes.promote_types(kind, aweights.dtype)
    x, (rows, count) = ops.cast(x, dtype=wide(kind)), x.shape
    weight = None
    for name, w in (("fweights", fweights), ("aweights", aweights)):
        if w is not None:
            _check_weights(name, w, count)
            w = expand(w, (count,))
            weight = w if weight is None else ops.mul(*promote(weight, w))
    if weight is None:
        weight = ops.full((count,), 1, x.dtype.to_real())
    total = ops.sum(weight, axes=(0,))  # in the weights' own dtype, as PyTorch has it
    spread = ops.cast(expand(weight, (rows, count)), dtype=x.dtype)
    center = ops.sum(ops.mul(x, spread), axes=(1,))
    center = ops.div(center, expand(ops.cast(total, dtype=x.dtype), (rows,)))
    gap = ops.sub(x, expand(ops.reshape(center, shape=(rows, 1)), x.shape))
    turned = ops.conj(ops.permute(ops.mul(gap, spread), dims=(1, 0)))
    free = _freedom(weight, total, aweights, correction)
    product = ops.dot(gap, turned)
    found = ops.div(product, expand(ops.cast(free, dtype=x.dtype), product.shape))
    return ops.cast(ops.reshape(found, shape=()) if single else found, dtype=kind)


def _freedom(weight: Node, total: Node, aweights: Node | None, correction: Number) -> Node:
    """What covariance is divided by, at least 0."""
    free = ops.sub(total, scalar(correction, total))
    if aweights is not None and correction != 0:
        a = expand(ops.cast(aweights, dtype=weight.dtype), weight.shape)
        squares = ops.sum(ops.mul(weight, a), axes=(0,))
        share = ops.div(ops.mul(scalar(correction, total), squares), total)
        free = ops.sub(total, share)
    return ops.where(ops.lt(free, scalar(0, free)), scalar(0, free), free)


def cov(
    input: Tensor,
    *,
    correction: int = 1,
    fweights: Tensor | None = None,
    aweights: Tensor | None = None,
) -> Tensor:
    """The covariance matrix of variables in rows, observed in columns, with optional weights."""
    if fweights is not None and fweights.dtype.inexact:
        raise RuntimeError(
            "cov(): expected fweights to have integral dtype but got fweights with "
            f"{formatting_name(fweights.dtype)} dtype"
        )
    if aweights is not None and not aweights.dtype.is_floating_point:
        raise RuntimeError(
            "cov(): expected aweights to have floating point dtype but got aweights with "
            f"{formatting_name(aweights.dtype)} dtype"
        )
    for name, w in (("fweights", fweights), ("aweights", aweights)):
        if w is not None and bool(w.lt(0).any()):
            raise RuntimeError(f"cov(): {name} cannot be negative")
    return apply("SqueezeBackward0", _cov, (input, fweights, aweights), (correction,))


def _corrcoef(x: Node) -> Node:
    if x.ndim > 2:
        raise RuntimeError(
            "corrcoef(): expected input to have two or fewer dimensions but got an input with "
            f"{x.ndim} dimensions"
        )
    c = _cov(x, None, None, 1)
    if not c.shape:
        return ops.div(c, c)
    n = c.shape[0]
    places = ops.reshape(ops.iota(size=n), shape=(1, n))
    line = ops.reshape(ops.gather(c, places, axis=0), shape=(n,))
    size = ops.sqrt(ops.real(line))
    by_row = expand(ops.reshape(size, shape=(n, 1)), c.shape)
    by_column = expand(ops.reshape(size, shape=(1, n)), c.shape)
    found = ops.div(ops.div(c, ops.cast(by_row, dtype=c.dtype)), ops.cast(by_column, dtype=c.dtype))
    if found.dtype.is_complex:
        return ops.complex(_within_one(ops.real(found)), _within_one(ops.imag(found)))
    return _within_one(found)


def _within_one(x: Node) -> Node:
    low, high = scalar(-1, x), scalar(1, x)
    x = ops.where(ops.lt(x, low), low, x)
    return ops.where(ops.lt(high, x), high, x)


def corrcoef(input: Tensor) -> Tensor:
    """Pearson's correlation coefficients of variables in rows, observed in columns."""
    return apply("ClampBackward1", _corrcoef, (input,))


# ---------------------------------------------------------------- histograms
def _bounds(array: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """The range of a histogram: the data's where low equals high, widened where it is one point."""
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"range of [{low}, {high}] is not finite")
    return low, high


def histc(
    input: Tensor, bins: int = 100, min: Any = 0, max: Any = 0, *, out: Tensor | None = None
) -> Tensor:
    """Counts of elements in `bins` equal parts of [`min`, `max`], or of the data's range."""
    if not input.dtype.is_floating_point:
        unsupported("histogram_cpu", input.dtype)
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    if min > max:
        raise RuntimeError("torch.histc: max must be larger than min")
    array = input.detach()._array()
    low, high = _bounds(array, min, max)
    first, last = (np.asarray(v).astype(array.dtype) for v in (low, high))
    inside = array[(array >= first) & (array <= last)]
    # rounded step by step in the tensor's dtype, as PyTorch does
    place = (inside - first) * np.asarray(bins).astype(array.dtype) / (last - first)
    place = place.astype(np.int64)
    counts = np.bincount(np.minimum(place, bins - 1), minlength=bins)
    return store(out, from_array(counts.astype(array.dtype), input.device))


def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often 0, 1, 2, ... occur in a vector of integers, or the sums of weights there."""
    if minlength < 0:
        raise RuntimeError(f"minlength should be >= 0, but got {minlength}")
    if input.dim() != 1 or input.dtype.inexact:
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    array = input.detach()._array()
    if array.size and int(array.min()) < 0:
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        counts = np.bincount(array.astype(np.int64), minlength=minlength).astype(np.int64)
        return from_array(counts, input.device)
    if weights._size != input._size:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    w = weights.detach()._array()
    kind = w.dtype if w.dtype in (np.float32, np.float64) else np.dtype(np.float64)
    counts = np.bincount(array.astype(np.int64), w.astype(np.float64), minlength)
    return from_array(counts.astype(kind), input.device)


def _edges(values: np.ndarray, bins: Any, range: Sequence[float] | None) -> np.ndarray:
    """Edges of equal bins over a range, or those given."""
    if isinstance(bins, Tensor):
        return bins.detach()._array()
    if range is not None:
        low, high = range
    elif values.size:
        low, high = float(values.min()), float(values.max())
    else:
        low, high = 0.0, 1.0
    if low > high:
        raise RuntimeError(f"min should not exceed max, but got min {low} max {high}")
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1, dtype=values.dtype)


def _counted(
    x: Tensor,
    bins: Sequence[Any],
    range: Sequence[float] | None,
    weight: Tensor | None,
    density: bool,
) -> tuple[Tensor, list[Tensor]]:
    points = x.detach()._array().reshape(-1, x.shape[-1])
    edges, shape = [], []
    flat, inside = np.zeros(len(points), np.int64), np.ones(len(points), bool)
    for i, given in enumerate(bins):
        line = points[:, i]
        edge = _edges(line, given, None if range is None else range[2 * i : 2 * i + 2])
        size = len(edge) - 1
        inside &= (edge[0] <= line) & (line <= edge[-1])
        flat = flat * size + np.minimum(_upper_bound(edge, line) - 1, size - 1)
        edges.append(edge)
        shape.append(size)
    w = None if weight is None else weight.detach()._array().reshape(-1)[inside]
    counts = np.bincount(flat[inside], w, math.prod(shape)).reshape(shape)
    if density:
        counts = counts / counts.sum()
        for i, edge in enumerate(edges):
            line_shape = [-1 if i == j else 1 for j in np.arange(len(edges))]
            counts = counts / np.diff(edge).reshape(line_shape)
    kind = points.dtype
    return from_array(counts.astype(kind), x.device), [
        from_array(e.copy(), x.device) for e in edges
    ]


def _upper_bound(edges: np.ndarray, values: np.ndarray) -> np.ndarray:
    """How many edges each value has passed, by bisection; edges may be out of order."""
    first = np.zeros(values.shape, np.int64)
    length = np.full(values.shape, len(edges))
    while np.any(length > 0):
        half = length // 2
        middle = np.minimum(first + half, len(edges) - 1)
        passed = ~(values < edges[middle]) & (length > 0)
        first = np.where(passed, middle + 1, first)
        length = np.where(passed, length - half - 1, half)
    return first


def _check_histogram(name: str, x: Tensor, weight: Tensor | None, points: int) -> None:
    if not x.dtype.is_floating_point:
        unsupported("histogramdd", x.dtype)
    if weight is not None and weight.dtype is not x.dtype:
        raise RuntimeError(
            f"torch.{name}(): if weight tensor is provided, input tensor and weight tensor should "
            f"have the same dtype, but got input {x.dtype}, and weight {weight.dtype}"
        )
    if weight is not None and weight.numel() != points:
        raise RuntimeError(
            f"torch.{name}(): if weight tensor is provided it should have the same shape as the "
            "input tensor excluding its innermost dimension, but got weight with "
            f"{weight.numel()} elements for {points} points"
        )


def histogram(
    input: Tensor,
    bins: int | Tensor,
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
    out: Any = None,
) -> Any:
    """Counts (or a density) of the elements in bins, and the edges of the bins."""
    _check_histogram("histogram", input, weight, input.numel())
    hist, (edges,) = _counted(input.reshape(-1, 1), (bins,), range, weight, density)
    if out is not None:
        hist, edges = store(out[0], hist), store(out[1], edges)
    return return_types.histogram((hist, edges))


def histogramdd(
    input: Tensor,
    bins: Any,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Any:
    """Counts (or a density) of points, rows of the last dimension, in a grid of bins; its edges."""
    if input.dim() < 2:
        raise RuntimeError(
            "torch.histogramdd(): input tensor should have at least 2 dimensions, but got "
            f"{input.dim()}"
        )
    dims = input.shape[-1]
    given = [bins] * dims if isinstance(bins, int) else list(bins)
    if len(given) != dims:
        raise RuntimeError(
            f"torch.histogramdd(): expected {dims} bin edges or counts, but got {len(given)}"
        )
    _check_histogram("histogramdd", input, weight, input.numel() // max(dims, 1))
    hist, edges = _counted(input, given, range, weight, density)
    return return_types.histogramdd((hist, tuple(edges)))

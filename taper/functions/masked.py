"""Reductions and normalizations of the elements that a mask lets through (torch.masked)."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from .. import dtypes
from ..dtypes import dtype
from ..shapes import wrap_dim, wrap_dims
from ..tensor import Tensor
from . import arithmetic, elementary, native, norms, order, reduction, scans
from .comparison import ne
from .creation import full_like, scalar_tensor
from .pointwise import clamp_min, where

Mask = Tensor | None
Dims = int | tuple[int, ...] | None
_SMALL = ("bool", "int8", "int16", "int32", "uint8")


# ---------------------------------------------------------------- what masked elements become
def _truth(input: Tensor, mask: Tensor) -> Tensor:
    """The mask as booleans of the input's shape."""
    wide = mask if mask.dtype is dtypes.bool_ else ne(mask, 0)
    return wide.expand(input.shape)


def _filled(input: Tensor, mask: Mask, value: Any) -> Tensor:
    if mask is None:
        return input
    return where(_truth(input, mask), input, scalar_tensor(value, dtype=input.dtype))


def _lowest(kind: dtype) -> Any:
    if kind.inexact:
        return -inf
    return False if kind is dtypes.bool_ else dtypes.iinfo(kind).min


def _highest(kind: dtype) -> Any:
    if kind.is_floating_point:
        return inf
    return True if kind is dtypes.bool_ else dtypes.iinfo(kind).max


def _summed(kind: dtype) -> dtype:
    return dtypes.int64 if kind.name in _SMALL else kind


def _axes(input: Tensor, dim: Dims) -> tuple[int, ...]:
    return wrap_dims(dim, input.dim())


# ---------------------------------------------------------------- reductions
def sum(
    input: Tensor, dim: Dims = None, *, keepdim: bool = False, dtype: Any = None, mask: Mask = None
) -> Tensor:
    """The sum of the elements where `mask` is True; 0 where it never is."""
    kind = dtype or _summed(input.dtype)
    return reduction.sum(_filled(input, mask, 0), _axes(input, dim), keepdim, dtype=kind)


def prod(
    input: Tensor, dim: Dims = None, *, keepdim: bool = False, dtype: Any = None, mask: Mask = None
) -> Tensor:
    """The product of the elements where `mask` is True; 1 where it never is."""
    found = _filled(input, mask, 1)
    for axis in reversed(_axes(input, dim)):
        found = reduction.prod(found, axis, True)
    if not keepdim:
        found = found.squeeze(_axes(input, dim))
    return found.to(dtype or _summed(input.dtype))


def amax(
    input: Tensor, dim: Dims = None, *, keepdim: bool = False, dtype: Any = None, mask: Mask = None
) -> Tensor:
    """The largest element where `mask` is True; the least number where it never is."""
    found = _filled(input, mask, _lowest(input.dtype))
    return reduction.amax(found, _axes(input, dim), keepdim).to(dtype or input.dtype)


def amin(
    input: Tensor, dim: Dims = None, *, keepdim: bool = False, dtype: Any = None, mask: Mask = None
) -> Tensor:
    """The smallest element where `mask` is True; the greatest number where it never is."""
    found = _filled(input, mask, _highest(input.dtype))
    return reduction.amin(found, _axes(input, dim), keepdim).to(dtype or input.dtype)


def argmax(
    input: Tensor,
    dim: int | None = None,
    *,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Mask = None,
) -> Tensor:
    """The place of the largest element where `mask` is True, in the input's dtype."""
    found = _filled(input, mask, _lowest(input.dtype))
    return reduction.argmax(found, dim, bool(keepdim)).to(dtype or input.dtype)


def argmin(
    input: Tensor,
    dim: int | None = None,
    *,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Mask = None,
) -> Tensor:
    """The place of the smallest element where `mask` is True, in the input's dtype."""
    found = _filled(input, mask, _highest(input.dtype))
    return reduction.argmin(found, dim, bool(keepdim)).to(dtype or input.dtype)


def _count(input: Tensor, dim: Dims, keepdim: bool, mask: Mask) -> Tensor:
    ones = full_like(input, 1, dtype=dtypes.int64, requires_grad=False)
    return sum(ones, dim, keepdim=keepdim, mask=mask)


def mean(
    input: Tensor, dim: Dims = None, *, keepdim: bool = False, dtype: Any = None, mask: Mask = None
) -> Tensor:
    """The mean of the elements where `mask` is True; NaN where it never is.

    Raises ValueError for integers, unless a `dtype` is given.
    """
    kind = dtype or input.dtype
    if not kind.inexact:
        raise ValueError(
            "mean(): Could not infer output dtype. Input dtype must be either a floating point or "
            f"complex dtype. Got: {kind}"
        )
    total = sum(input, dim, keepdim=keepdim, dtype=kind, mask=mask)
    return total / _count(input, dim, keepdim, mask)


def median(
    input: Tensor, dim: int = -1, *, keepdim: bool = False, dtype: Any = None, mask: Mask = None
) -> Tensor:
    """The median of the elements where `mask` is True; NaN where it never is.

    Raises ValueError where a row of integers has no such element.
    """
    kind = dtype or input.dtype
    axis = wrap_dim(dim, input.dim())
    if mask is None:
        return order.nanmedian(input, axis, keepdim).values.to(kind)
    if input.dtype.is_floating_point:
        return order.nanmedian(_filled(input, mask, float("nan")), axis, keepdim).values.to(kind)
    if not bool(reduction.all(reduction.any(_truth(input, mask), axis))):
        raise ValueError(
            "masked median expects no fully masked out rows if dtype is not floating point"
        )
    found = _filled(input.to(dtypes.get_default()), mask, float("nan"))
    return order.nanmedian(found, axis, keepdim).values.to(kind)


def norm(
    input: Tensor,
    ord: float | None = 2.0,
    dim: Dims = None,
    *,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Mask = None,
) -> Tensor:
    """The vector norm of the elements where `mask` is True."""
    filler = inf if ord == -inf else 0
    power = 2.0 if ord is None else ord
    found = _filled(input, mask, filler)
    return norms.norm(found, power, _axes(input, dim), keepdim, dtype=dtype)


def _spread(
    input: Tensor,
    dim: Dims,
    unbiased: bool | None,
    correction: float | None,
    keepdim: bool,
    kind: dtype | None,
    mask: Mask,
) -> Tensor:
    if unbiased is not None and correction is not None:
        raise RuntimeError("Only one of unbiased and correction may be given")
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    kind = kind or (input.dtype if input.dtype.inexact else dtypes.float32)
    x = input.to(kind)
    count = _count(input, dim, True, mask)
    middle = sum(x, dim, keepdim=True, mask=mask) / count
    away = x - middle
    total = sum(arithmetic.square(away.abs()), dim, keepdim=keepdim, mask=mask)
    left = clamp_min(count.reshape(total.shape) - correction, 0)
    return (total / left).to(kind)


def var(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    *,
    correction: float | None = None,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Mask = None,
) -> Tensor:
    """The variance of the elements where `mask` is True."""
    return _spread(input, dim, unbiased, correction, keepdim, dtype, mask)


def std(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    *,
    correction: float | None = None,
    keepdim: bool = False,
    dtype: Any = None,
    mask: Mask = None,
) -> Tensor:
    """The standard deviation of the elements where `mask` is True."""
    return elementary.sqrt(_spread(input, dim, unbiased, correction, keepdim, dtype, mask))


def logsumexp(
    input: Tensor, dim: Dims = None, *, keepdim: bool = False, dtype: Any = None, mask: Mask = None
) -> Tensor:
    """log of the sum of exp of the elements where `mask` is True."""
    kind = dtype or input.dtype
    found = _filled(input, mask, _lowest(input.dtype))
    return reduction.logsumexp(found, _axes(input, dim), keepdim).to(kind)


# ---------------------------------------------------------------- scans and normalizations
def cumsum(input: Tensor, dim: int, *, dtype: Any = None, mask: Mask = None) -> Tensor:
    """Running sums in which masked elements are 0."""
    kind = dtype or input.dtype
    return scans.cumsum(_filled(input, mask, 0), dim, dtype=kind).to(kind)


def cumprod(input: Tensor, dim: int, *, dtype: Any = None, mask: Mask = None) -> Tensor:
    """Running products in which masked elements are 1."""
    kind = dtype or input.dtype
    return scans.cumprod(_filled(input, mask, 1), dim, dtype=kind).to(kind)


def _normal(
    fn: Callable, input: Tensor, dim: int, kind: dtype | None, mask: Mask, filler: float
) -> Tensor:
    return fn(_filled(input, mask, filler), dim, dtype=kind or input.dtype)


def softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Mask = None) -> Tensor:
    """The softmax of the elements where `mask` is True; 0 elsewhere."""
    return _normal(native.softmax, input, dim, dtype, mask, -inf)


def log_softmax(input: Tensor, dim: int, *, dtype: Any = None, mask: Mask = None) -> Tensor:
    """The logarithm of `softmax`."""
    return _normal(native.log_softmax, input, dim, dtype, mask, -inf)


def softmin(input: Tensor, dim: int, *, dtype: Any = None, mask: Mask = None) -> Tensor:
    """`softmax` of the negated elements."""
    found = arithmetic.neg(_filled(input, mask, inf))
    return native.softmax(found, dim, dtype=dtype or input.dtype)


def normalize(
    input: Tensor,
    ord: float,
    dim: int,
    *,
    eps: float = 1e-12,
    dtype: Any = None,
    mask: Mask = None,
) -> Tensor:
    """Elements over the norm (at least `eps`) of those where `mask` is True; 0 elsewhere."""
    size = norm(input, ord, dim, keepdim=True, dtype=dtype, mask=mask)
    return _filled(input, mask, 0) / clamp_min(size, eps)


def logaddexp(
    input: Tensor,
    other: Tensor,
    *,
    dtype: Any = None,
    input_mask: Mask = None,
    other_mask: Mask = None,
) -> Tensor:
    """log(exp(input) + exp(other)), where masked elements add nothing."""
    kind = dtype or input.dtype
    first = _filled(input, input_mask, _lowest(input.dtype))
    second = _filled(other, other_mask, _lowest(other.dtype))
    return elementary.logaddexp(first, second).to(kind)

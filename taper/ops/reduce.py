"""Primitives that reduce or scan along axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import samples
from .kinds import Reduce, Scan


def _back(ops: Any, g: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """A reduced cotangent, spread over the shape of x again."""
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    return ops.expand(ops.reshape(g, shape=kept), shape=x.shape)


def _nothing(ops: Any, g: Any, out: Any, x: Any, **attrs: Any) -> tuple:
    return (None,)


def _axes(ref: Callable) -> Callable:
    def reduced(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        return np.asarray(ref(x, axis=axes)).astype(x.dtype, copy=False)

    return reduced


def _sum_ref(x: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    if x.dtype == bool:
        return np.asarray(x.any(axes))
    if x.dtype == np.float32:  # at least as accurate as blocked float32 sums
        return np.asarray(x.sum(axes, dtype=np.float64)).astype(np.float32)
    return np.asarray(x.sum(axes, dtype=x.dtype))


sum = Reduce(
    "sum",
    _sum_ref,
    lambda ops, g, out, x, axes: (_back(ops, g, x, axes),),
    samples.axes(),
    index=False,
)


def _prod_vjp(ops: Any, g: Any, out: Any, x: Any, axes: tuple[int, ...]) -> tuple:
    zero = ops.eq(x, ops.fill(x, 0))
    count = _back(ops, ops.sum(ops.cast(zero, dtype=x.dtype), axes=axes), x, axes)
    safe = ops.where(zero, ops.fill(x, 1), x)
    spread = _back(ops, g, x, axes)
    others = ops.conj(_back(ops, ops.prod(safe, axes=axes), x, axes))
    single = ops.bitand(zero, ops.eq(count, ops.fill(x, 1)))
    usual = ops.div(ops.mul(spread, ops.conj(_back(ops, out, x, axes))), ops.conj(safe))
    at_zero = ops.where(single, ops.mul(spread, others), ops.fill(x, 0))
    return (ops.where(zero, at_zero, usual),)


prod = Reduce("prod", _axes(np.prod), _prod_vjp, samples.axes(), index=False)


def _extreme_vjp(ops: Any, g: Any, out: Any, x: Any, axes: tuple[int, ...]) -> tuple:
    hit = ops.eq(x, _back(ops, out, x, axes))
    count = ops.sum(ops.cast(hit, dtype=x.dtype), axes=axes)
    share = _back(ops, ops.div(g, count), x, axes)
    return (ops.where(hit, share, ops.fill(share, 0)),)


max = Reduce("max", _axes(np.max), _extreme_vjp, samples.axes(), index=False)
min = Reduce("min", _axes(np.min), _extreme_vjp, samples.axes(), index=False)
argmax = Reduce(
    "argmax",
    lambda x, axes: np.asarray(np.argmax(x, axis=axes[0])),
    _nothing,
    samples.axes(several=False),
    index=True,
)
argmin = Reduce(
    "argmin",
    lambda x, axes: np.asarray(np.argmin(x, axis=axes[0])),
    _nothing,
    samples.axes(several=False),
    index=True,
)


def _cumsum_ref(x: np.ndarray, axis: int) -> np.ndarray:
    wide = np.float64 if x.dtype == np.float32 else x.dtype
    return np.cumsum(x, axis=axis, dtype=wide).astype(x.dtype, copy=False)


def _reversed(ops: Any, x: Any, axis: int) -> Any:
    return ops.flip(ops.cumsum(ops.flip(x, axes=(axis,)), axis=axis), axes=(axis,))


cumsum = Scan(
    "cumsum",
    _cumsum_ref,
    lambda ops, g, out, x, axis: (_reversed(ops, g, axis),),
    samples.axis,
    index=False,
)


def _cumprod_vjp(ops: Any, g: Any, out: Any, x: Any, axis: int) -> tuple:
    zero = ops.eq(x, ops.fill(x, 0))
    seen = ops.cumsum(ops.cast(zero, dtype=x.dtype), axis=axis)
    safe = ops.where(zero, ops.fill(x, 1), x)
    usual = ops.div(_reversed(ops, ops.mul(g, ops.conj(out)), axis), ops.conj(safe))
    # at the first zero of a line: the products that hold this zero and no other, without it
    one = ops.eq(seen, ops.fill(x, 1))
    without = ops.mul(g, ops.conj(ops.cumprod(safe, axis=axis)))
    first = _reversed(ops, ops.where(one, without, ops.fill(x, 0)), axis)
    return (ops.where(zero, ops.where(one, first, ops.fill(x, 0)), usual),)


cumprod = Scan(
    "cumprod",
    lambda x, axis: np.cumprod(x, axis=axis, dtype=x.dtype),
    _cumprod_vjp,
    samples.axis,
    index=False,
)


def _cumarg(better: Callable) -> Callable:
    """Position of the best element so far; the last of equals, NaN above all (PyTorch's rule)."""

    def ref(x: np.ndarray, axis: int) -> np.ndarray:
        moved = np.moveaxis(x, axis, 0)
        out = np.zeros(moved.shape, np.int64)
        if len(moved):
            best, place = moved[0].copy(), np.zeros(moved.shape[1:], np.int64)
            for i, row in enumerate(moved):
                take = better(row, best)
                if x.dtype.kind == "f":
                    take = np.where(np.isnan(best), np.isnan(row), take | np.isnan(row))
                best, place = np.where(take, row, best), np.where(take, i, place)
                out[i] = place
        return np.moveaxis(out, 0, axis).copy()

    return ref


cumargmax = Scan("cumargmax", _cumarg(np.greater_equal), _nothing, samples.axis, index=True)
cumargmin = Scan("cumargmin", _cumarg(np.less_equal), _nothing, samples.axis, index=True)

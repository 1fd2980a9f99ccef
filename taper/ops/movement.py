"""Primitives that move elements without arithmetic."""

from __future__ import annotations

from builtins import slice as _slice
from math import prod
from typing import Any

import numpy as np

from .kinds import Movement, Shape, same_dtype
from .samples import given


def _reshape_shape(s: Shape, shape: Shape) -> Shape:
    if prod(s) != prod(shape):
        raise ValueError(f"reshape: {s} does not hold the elements of {shape}")
    return shape


reshape = Movement(
    "reshape",
    lambda x, shape: x.reshape(shape),
    lambda ops, g, out, x, shape: (ops.reshape(g, shape=x.shape),),
    given(([(2, 6)], {"shape": (3, 4)}), ([(0, 4)], {"shape": (2, 0)}), ([()], {"shape": (1, 1)})),
    _reshape_shape,
)


def inverse(dims: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation that undoes `dims`."""
    out = [0] * len(dims)
    for i, d in enumerate(dims):
        out[d] = i
    return tuple(out)


permute = Movement(
    "permute",
    lambda x, dims: x.transpose(dims),
    lambda ops, g, out, x, dims: (ops.permute(g, dims=inverse(dims)),),
    given(([(2, 3, 4)], {"dims": (2, 0, 1)}), ([(2, 3)], {"dims": (1, 0)}), ([()], {"dims": ()})),
    lambda s, dims: tuple(s[d] for d in dims),
)


def _expand_shape(s: Shape, shape: Shape) -> Shape:
    if len(s) != len(shape) or any(a not in (1, b) for a, b in zip(s, shape)):
        raise ValueError(f"expand: {s} does not expand to {shape}")
    return shape


def _expand_vjp(ops: Any, g: Any, out: Any, x: Any, shape: Shape) -> tuple:
    axes = tuple(i for i, (a, b) in enumerate(zip(x.shape, shape)) if a != b)
    return (ops.reshape(ops.sum(g, axes=axes), shape=x.shape),)


expand = Movement(
    "expand",
    lambda x, shape: np.broadcast_to(x, shape),
    _expand_vjp,
    given(
        ([(3, 1)], {"shape": (3, 4)}),
        ([(1, 2, 1)], {"shape": (5, 2, 3)}),
        ([(1,)], {"shape": (0,)}),
    ),
    _expand_shape,
)


def _count(start: int, stop: int, step: int) -> int:
    return max(0, -(-(stop - start) // step))


def _slice_vjp(ops: Any, g: Any, out: Any, x: Any, start: Shape, stop: Shape, step: Shape) -> tuple:
    if 0 in out.shape:
        return (ops.fill(x, 0),)
    high = tuple(n - (a + (k - 1) * s + 1) for n, a, s, k in zip(x.shape, start, step, out.shape))
    return (ops.pad(g, low=start, high=high, interior=tuple(s - 1 for s in step), value=0),)


slice = Movement(
    "slice",
    lambda x, start, stop, step: x[tuple(map(_slice, start, stop, step))],
    _slice_vjp,
    given(
        ([(5, 6)], {"start": (1, 0), "stop": (4, 6), "step": (1, 2)}),
        ([(7,)], {"start": (1,), "stop": (7,), "step": (3,)}),
        ([(4,)], {"start": (2,), "stop": (2,), "step": (1,)}),
    ),
    lambda s, start, stop, step: tuple(map(_count, start, stop, step)),
)


def _pad_ref(x: np.ndarray, low: Shape, high: Shape, interior: Shape, value: Any) -> np.ndarray:
    out = np.full(_pad_shape(x.shape, low, high, interior, value), value, x.dtype)
    out[
        tuple(
            _slice(a, a + (n - 1) * (k + 1) + 1 if n else a, k + 1)
            for a, n, k in zip(low, x.shape, interior)
        )
    ] = x
    return out


def _pad_shape(s: Shape, low: Shape, high: Shape, interior: Shape, value: Any) -> Shape:
    return tuple(a + n + max(n - 1, 0) * k + b for n, a, b, k in zip(s, low, high, interior))


def _pad_vjp(
    ops: Any, g: Any, out: Any, x: Any, low: Shape, high: Shape, interior: Shape, value: Any
) -> tuple:
    stop = tuple(n - b for n, b in zip(out.shape, high))
    return (ops.slice(g, start=low, stop=stop, step=tuple(k + 1 for k in interior)),)


pad = Movement(
    "pad",
    _pad_ref,
    _pad_vjp,
    given(
        ([(2, 3)], {"low": (1, 0), "high": (2, 1), "interior": (0, 0), "value": 0}),
        ([(3,)], {"low": (0,), "high": (1,), "interior": (2,), "value": 1.5}),
    ),
    _pad_shape,
)

flip = Movement(
    "flip",
    lambda x, axes: np.flip(x, axes),
    lambda ops, g, out, x, axes: (ops.flip(g, axes=axes),),
    given(([(3, 4)], {"axes": (0,)}), ([(3, 4)], {"axes": (0, 1)})),
    lambda s, axes: s,
)


def _concat_shape(*shapes: Shape, axis: int) -> Shape:
    first = shapes[0]
    if any(s[:axis] + s[axis + 1 :] != first[:axis] + first[axis + 1 :] for s in shapes):
        raise ValueError(f"concat: {shapes} differ outside axis {axis}")
    return (*first[:axis], sum(s[axis] for s in shapes), *first[axis + 1 :])


def _concat_vjp(ops: Any, g: Any, out: Any, *xs: Any, axis: int) -> tuple:
    parts, at = [], 0
    for x in xs:
        start, stop = [0] * len(out.shape), list(out.shape)
        start[axis], stop[axis] = at, at + x.shape[axis]
        at = stop[axis]
        parts.append(ops.slice(g, start=tuple(start), stop=tuple(stop), step=(1,) * len(start)))
    return tuple(parts)


class _Concat(Movement):
    def dtype_of(self, *kinds: Any, **attrs: Any) -> Any:
        return same_dtype(*kinds)


concat = _Concat(
    "concat",
    lambda *xs, axis: np.concatenate(xs, axis),
    _concat_vjp,
    given(([(2, 3), (2, 1), (2, 0)], {"axis": 1}), ([(2, 3), (1, 3)], {"axis": 0})),
    _concat_shape,
)


def _update_ref(
    base: np.ndarray, new: np.ndarray, start: Shape, stop: Shape, step: Shape
) -> np.ndarray:
    out = base.copy()
    out[tuple(map(_slice, start, stop, step))] = new
    return out


def _update_shape(base: Shape, new: Shape, start: Shape, stop: Shape, step: Shape) -> Shape:
    if tuple(map(_count, start, stop, step)) != new:
        raise ValueError(f"update: {new} does not fit the slice {start}:{stop}:{step} of {base}")
    return base


def _update_vjp(ops: Any, g: Any, out: Any, base: Any, new: Any, **where: Shape) -> tuple:
    return ops.update(g, ops.fill(new, 0), **where), ops.slice(g, **where)


update = _Concat(
    "update",
    _update_ref,
    _update_vjp,
    given(
        ([(5, 6), (3, 3)], {"start": (1, 0), "stop": (4, 6), "step": (1, 2)}),
        ([(4,), (0,)], {"start": (2,), "stop": (2,), "step": (1,)}),
    ),
    _update_shape,
)

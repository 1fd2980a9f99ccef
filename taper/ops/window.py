"""Sliding windows as an index map, and the sum over windows that undoes it."""

from __future__ import annotations

from builtins import slice
from itertools import product
from typing import Any

import numpy as np

from .kinds import Shape, Window
from .samples import given


def count(n: int, size: int, step: int, dilation: int) -> int:
    """How many windows of `size` fit into n elements."""
    return (n - dilation * (size - 1) - 1) // step + 1


def _windows_shape(s: Shape, axes: Shape, size: Shape, step: Shape, dilation: Shape) -> Shape:
    out = list(s)
    for a, k, t, d in zip(axes, size, step, dilation):
        out[a] = count(s[a], k, t, d)
        if out[a] < 0:
            raise ValueError(f"windows: size {size} is larger than {s}")
    return (*out, *size)


def _windows_ref(
    x: np.ndarray, axes: Shape, size: Shape, step: Shape, dilation: Shape
) -> np.ndarray:
    shape = _windows_shape(x.shape, axes, size, step, dilation)
    strides = list(x.strides)
    for a, t in zip(axes, step):
        strides[a] *= t
    inner = [x.strides[a] * d for a, d in zip(axes, dilation)]
    return np.lib.stride_tricks.as_strided(x, shape, (*strides, *inner), writeable=False)


def _fold_shape(
    s: Shape, shape: Shape, axes: Shape, size: Shape, step: Shape, dilation: Shape
) -> Shape:
    if _windows_shape(shape, axes, size, step, dilation) != s:
        raise ValueError(f"fold: {s} are not the windows of {shape}")
    return shape


def _fold_ref(
    g: np.ndarray, shape: Shape, axes: Shape, size: Shape, step: Shape, dilation: Shape
) -> np.ndarray:
    out = np.zeros(shape, g.dtype)
    for place in product(*map(range, size)):
        region = [slice(None)] * len(shape)
        for a, k, t, d in zip(axes, place, step, dilation):
            region[a] = slice(k * d, k * d + t * (g.shape[a] - 1) + 1 if g.shape[a] else k * d, t)
        at: tuple = (Ellipsis, *place)
        out[tuple(region)] += g[at]
    return out


def _windows_vjp(ops: Any, g: Any, out: Any, x: Any, **attrs: Shape) -> tuple:
    return (ops.fold(g, shape=x.shape, **attrs),)


def _fold_vjp(ops: Any, g: Any, out: Any, x: Any, shape: Shape, **attrs: Shape) -> tuple:
    return (ops.windows(g, **attrs),)


_PLANE = {"axes": (1, 2), "size": (2, 3), "step": (2, 1), "dilation": (1, 2)}
_LINE = {"axes": (0,), "size": (3,), "step": (1,), "dilation": (1,)}

windows = Window(
    "windows",
    _windows_ref,
    _windows_vjp,
    given(([(2, 6, 9)], _PLANE), ([(5,)], _LINE), ([(7, 2)], {**_LINE, "step": (4,)})),
    _windows_shape,
)
fold = Window(
    "fold",
    _fold_ref,
    _fold_vjp,
    given(
        ([(2, 3, 5, 2, 3)], {"shape": (2, 6, 9), **_PLANE}),
        ([(3, 3)], {"shape": (5,), **_LINE}),
        ([(2, 2, 3)], {"shape": (7, 2), **_LINE, "step": (4,)}),
    ),
    _fold_shape,
)

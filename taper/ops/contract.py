"""Contractions: the batched matrix product, and convolution with its two adjoints."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .kinds import Contract, Shape
from .samples import given
from .window import _fold_ref, _windows_ref


def _dot_shape(x: Shape, y: Shape) -> Shape:
    if len(x) != len(y) or len(x) < 2 or x[:-2] != y[:-2] or x[-1] != y[-2]:
        raise ValueError(f"dot: {x} and {y} do not fit")
    return (*x[:-1], y[-1])


def _turn(ops: Any, x: Any) -> Any:
    n = len(x.shape)
    return ops.conj(ops.permute(x, dims=(*range(n - 2), n - 1, n - 2)))


dot = Contract(
    "dot",
    lambda x, y: np.matmul(x, y) if x.dtype != bool else np.matmul(x, y).astype(bool),
    lambda ops, g, out, x, y: (ops.dot(g, _turn(ops, y)), ops.dot(_turn(ops, x), g)),
    given(
        ([(3, 4), (4, 5)], {}),
        ([(2, 3, 4), (2, 4, 1)], {}),
        ([(1, 1), (1, 1)], {}),
        ([(2, 0), (0, 3)], {}),
        ([(70, 33), (33, 50)], {}),
    ),
    _dot_shape,
)

# ---------------------------------------------------------------- convolution
# x [N, C, *spatial], w [O, C/groups, *kernel] -> [N, O, *out]; zero padding of `padding` on both
# sides


def _padded(x: np.ndarray, padding: Shape) -> np.ndarray:
    if not any(padding):
        return x
    return np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])


def _spatial(x: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Shape:
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(x, kernel, stride, padding, dilation)
    )


def _conv_shape(
    x: Shape, w: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> Shape:
    if len(x) != len(w) or x[1] != w[1] * groups or w[0] % groups:
        raise ValueError(f"conv: {x} and {w} do not fit with {groups} groups")
    return (x[0], w[0], *_spatial(x[2:], w[2:], stride, padding, dilation))


def _unrolled(
    x: np.ndarray, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> np.ndarray:
    """Windows of x as [N, groups, C/groups, *out, *kernel]."""
    axes = tuple(range(2, x.ndim))
    seen = _windows_ref(_padded(x, padding), axes, kernel, stride, dilation)
    return seen.reshape(x.shape[0], groups, -1, *seen.shape[2:])


def _conv_ref(
    x: np.ndarray, w: np.ndarray, stride: Shape, padding: Shape, dilation: Shape, groups: int
) -> np.ndarray:
    n, d = len(x), x.ndim - 2
    shape = _conv_shape(x.shape, w.shape, stride, padding, dilation, groups)
    out = np.empty(shape, x.dtype)
    if 0 in shape:
        return out
    cols = _unrolled(x, w.shape[2:], stride, padding, dilation, groups)
    inner = cols.shape[2] * prod(w.shape[2:])
    order = (1, 0, *range(3, 3 + d), 2, *range(3 + d, 3 + 2 * d))  # groups, N, *out, C, *kernel
    rows = cols.transpose(order).reshape(groups, -1, inner)
    weight = w.reshape(groups, -1, inner)
    res = np.matmul(rows, weight.transpose(0, 2, 1)).reshape(groups, n, *shape[2:], -1)
    out[...] = np.moveaxis(res, -1, 2).swapaxes(0, 1).reshape(shape)
    return out


def _conv_input_ref(
    g: np.ndarray,
    w: np.ndarray,
    shape: Shape,
    stride: Shape,
    padding: Shape,
    dilation: Shape,
    groups: int,
) -> np.ndarray:
    n, d = len(g), g.ndim - 2
    wide = (*shape[:2], *(k + 2 * p for k, p in zip(shape[2:], padding)))
    if 0 in g.shape or 0 in shape:
        return np.zeros(shape, g.dtype)
    # groups, N, out, O/groups
    rows = g.reshape(n, groups, -1, prod(g.shape[2:])).transpose(1, 0, 3, 2)
    weight = w.reshape(groups, w.shape[0] // groups, -1)
    cols = np.matmul(rows.reshape(groups, -1, rows.shape[-1]), weight)
    cols = cols.reshape(groups, n, *g.shape[2:], w.shape[1], *w.shape[2:])
    order = (1, 0, 2 + d, *range(2, 2 + d), *range(3 + d, 3 + 2 * d))
    seen = cols.transpose(order).reshape(n, groups * w.shape[1], *g.shape[2:], *w.shape[2:])
    need = tuple(
        (o - 1) * s + e * (k - 1) + 1
        for o, s, e, k in zip(g.shape[2:], stride, dilation, w.shape[2:])
    )
    whole = tuple(max(a, b) for a, b in zip(wide[2:], need))
    axes = tuple(range(2, 2 + d))
    full = _fold_ref(seen, (*wide[:2], *whole), axes, w.shape[2:], stride, dilation)
    inside = [slice(p, p + k) for p, k in zip(padding, shape[2:])]
    whole_batch = (slice(None), slice(None), *inside)
    return np.ascontiguousarray(full[whole_batch])


def _conv_weight_ref(
    x: np.ndarray,
    g: np.ndarray,
    kernel: Shape,
    stride: Shape,
    padding: Shape,
    dilation: Shape,
    groups: int,
) -> np.ndarray:
    n, d = len(x), x.ndim - 2
    if 0 in g.shape:
        return np.zeros((g.shape[1], x.shape[1] // groups, *kernel), g.dtype)
    cols = _unrolled(x, kernel, stride, padding, dilation, groups)
    cols = cols[(slice(None),) * 3 + tuple(slice(0, k) for k in g.shape[2:])]
    order = (1, 0, *range(3, 3 + d), 2, *range(3 + d, 3 + 2 * d))
    rows = cols.transpose(order).reshape(groups, n * prod(g.shape[2:]), -1)
    right = g.reshape(n, groups, -1, prod(g.shape[2:])).transpose(1, 2, 0, 3)
    out = np.matmul(right.reshape(groups, g.shape[1] // groups, -1), rows)
    return out.reshape(g.shape[1], x.shape[1] // groups, *kernel)


def _conv_vjp(ops: Any, g: Any, out: Any, x: Any, w: Any, **attrs: Any) -> tuple:
    return (
        ops.conv_input(g, ops.conj(w), shape=x.shape, **attrs),
        ops.conv_weight(ops.conj(x), g, kernel=w.shape[2:], **attrs),
    )


def _conv_input_vjp(
    ops: Any, h: Any, out: Any, g: Any, w: Any, shape: Shape, **attrs: Any
) -> tuple:
    gg = ops.conv(h, ops.conj(w), **attrs)
    if gg.shape != g.shape:  # a border behind the last window may hold one more
        none, one = (0,) * len(g.shape), (1,) * len(g.shape)
        gg = ops.slice(gg, start=none, stop=g.shape, step=one)
    return gg, ops.conv_weight(h, ops.conj(g), kernel=w.shape[2:], **attrs)


def _conv_weight_vjp(
    ops: Any, h: Any, out: Any, x: Any, g: Any, kernel: Shape, **attrs: Any
) -> tuple:
    return (
        ops.conv_input(ops.conj(g), h, shape=x.shape, **attrs),
        ops.conv(ops.conj(x), h, **attrs),
    )


def _attrs(stride: Shape, padding: Shape, dilation: Shape, groups: int = 1) -> dict:
    return {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


_CASES: list[tuple[Shape, Shape, dict]] = [
    ((2, 3, 7, 8), (4, 3, 3, 3), _attrs((1, 1), (0, 0), (1, 1))),
    ((2, 3, 8, 7), (4, 3, 3, 2), _attrs((2, 1), (1, 0), (1, 2))),
    ((1, 4, 9), (6, 2, 3), _attrs((2,), (2,), (1,), 2)),
    ((1, 3, 6, 6), (3, 1, 5, 5), _attrs((1, 1), (2, 2), (1, 1), 3)),
    ((1, 2, 4, 5, 4), (3, 2, 2, 2, 2), _attrs((1, 2, 1), (0, 1, 0), (1, 1, 1))),
]

conv = Contract(
    "conv", _conv_ref, _conv_vjp, given(*(([x, w], a) for x, w, a in _CASES)), _conv_shape
)
conv_input = Contract(
    "conv_input",
    _conv_input_ref,
    _conv_input_vjp,
    given(*(([_conv_shape(x, w, **a), w], {"shape": x, **a}) for x, w, a in _CASES)),
    lambda g, w, shape, **attrs: shape,
)
conv_weight = Contract(
    "conv_weight",
    _conv_weight_ref,
    _conv_weight_vjp,
    given(*(([x, _conv_shape(x, w, **a)], {"kernel": w[2:], **a}) for x, w, a in _CASES)),
    lambda x, g, kernel, groups, **attrs: (g[1], x[1] // groups, *kernel),
)

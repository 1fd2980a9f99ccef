"""Resizing: nearest and interpolated pixels, along one axis after the other.

Each axis is a weighted sum of a few taps. Growing by a whole factor needs no index: every output
phase is a fixed mixture of shifted inputs, which fuses with its neighbours and has a cheap
gradient.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show
from ..tensor import Tensor
from .adaptive import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from .common import expand, scalar, unsupported, wide
from .padding import bordered, part

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

_LINEAR = {"linear": 1, "bilinear": 2, "trilinear": 3}
_MODES = "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact"


# ---------------------------------------------------------------- weights
def _plus(x: Node, value: float) -> Node:
    return ops.add(x, scalar(value, x))


def _times(x: Node, value: float) -> Node:
    return ops.mul(x, scalar(value, x))


def _clamped(x: Node, low: float, high: float) -> Node:
    return ops.minimum(ops.maximum(x, scalar(low, x)), scalar(high, x))


def cubic(distance: Node, a: float) -> Node:
    """Keys' cubic convolution kernel (1981) of |distance|."""
    d = ops.abs(distance)
    near = _plus(ops.mul(ops.mul(_plus(_times(d, a + 2), -(a + 3)), d), d), 1)
    far = _times(_plus(ops.mul(_plus(ops.mul(_plus(d, -5), d), 8), d), -4), a)
    far = ops.where(ops.lt(d, scalar(2, d)), far, scalar(0, d))
    return ops.where(ops.le(d, scalar(1, d)), near, far)


def _triangle(distance: Node) -> Node:
    return ops.maximum(_plus(ops.neg(ops.abs(distance)), 1), scalar(0, distance))


def _sinc(x: Node) -> Node:
    zero = ops.eq(x, scalar(0, x))
    angle = _times(ops.where(zero, scalar(1, x), x), math.pi)
    return ops.where(zero, scalar(1, x), ops.div(ops.sin(angle), angle))


def _lanczos(distance: Node) -> Node:
    """sinc(x) sinc(x / 3) for |x| < 3."""
    inside = ops.lt(ops.abs(distance), scalar(3, distance))
    value = ops.mul(_sinc(distance), _sinc(_times(distance, 1 / 3)))
    return ops.where(inside, value, scalar(0, distance))


def _scale(size: int, out: int, align: bool, factor: float | None) -> float:
    """Input pixels a step of the output."""
    if align:
        return (size - 1) / (out - 1) if out > 1 else 0.0
    return 1 / factor if factor is not None and factor > 0 else size / out


def _positions(size: int, out: int, align: bool, factor: float | None, kind: Any) -> Node:
    """Where the output pixels lie between the input's."""
    at, scale = ops.cast(ops.iota(size=out), dtype=kind), _scale(size, out, align, factor)
    if align:
        return _times(at, scale)
    return _plus(ops.mul(scalar(scale, at), _plus(at, 0.5)), -0.5)


def _taps(mode: str, size: int, out: int, align: bool, factor: float | None, kind: Any) -> tuple:
    """Places [out, taps] and weights [out, taps] of the input pixels an output pixel is made of."""
    at = _positions(size, out, align, factor, kind)
    if mode == "bicubic":
        first = ops.floor(at)
        rest, low, count = ops.sub(at, first), -1, 4
    else:
        at = ops.maximum(at, scalar(0, at))
        first = ops.minimum(ops.floor(at), scalar(size - 1, at))
        rest, low, count = _clamped(ops.sub(at, first), 0, 1), 0, 2
    shape = (out, count)
    step = expand(_plus(ops.iota(size=count), low), shape)
    places = ops.add(_column(ops.cast(first, dtype=dtypes.int64), shape), step)
    distance = ops.sub(ops.cast(step, dtype=kind), _column(rest, shape))
    weights = cubic(distance, -0.75) if mode == "bicubic" else _triangle(distance)
    return _clamped(places, 0, size - 1), weights


def _column(x: Node, shape: tuple[int, int]) -> Node:
    return ops.expand(ops.reshape(x, shape=(shape[0], 1)), shape=shape)


_SUPPORT = {"bilinear": 2, "bicubic": 4, "lanczos": 6}


def _smooth_taps(
    mode: str, size: int, out: int, align: bool, factor: float | None, kind: Any
) -> tuple:
    """As `_taps`, for a filter that widens as the image shrinks and passes no pixel over."""
    scale = _scale(size, out, align, factor)
    support = _SUPPORT[mode] * 0.5 * max(scale, 1.0)
    count = min(math.ceil(support) * 2 + 1, size + 1)
    center = _times(_plus(ops.cast(ops.iota(size=out), dtype=kind), 0.5), scale)
    low = ops.maximum(ops.trunc(_plus(center, 0.5 - support)), scalar(0, center))
    high = ops.minimum(ops.trunc(_plus(center, 0.5 + support)), scalar(size, center))
    shape = (out, count)
    places = ops.add(_column(low, shape), expand(ops.cast(ops.iota(size=count), dtype=kind), shape))
    distance = _plus(ops.sub(places, _column(center, shape)), 0.5)
    distance = _times(distance, 1 / scale if scale >= 1 else 1.0)
    filters = {"bilinear": _triangle, "lanczos": _lanczos}
    weights = cubic(distance, -0.5) if mode == "bicubic" else filters[mode](distance)
    inside = ops.lt(places, _column(high, shape))
    weights = ops.where(inside, weights, scalar(0, weights))
    total = ops.sum(weights, axes=(1,))
    total = ops.where(ops.eq(total, scalar(0, total)), scalar(1, total), total)
    weights = ops.div(weights, _column(total, shape))
    places = _clamped(places, 0, size - 1)
    return ops.cast(places, dtype=dtypes.int64), weights


# ---------------------------------------------------------------- one axis
def _mixed(x: Node, axis: int, places: Node, weights: Node) -> Node:
    seen = ops.take(x, places, axis=axis)
    before = len(seen.shape) - axis - 2
    spread = ops.reshape(weights, shape=(*(1,) * axis, *weights.shape, *(1,) * before))
    return ops.sum(ops.mul(seen, ops.expand(spread, shape=seen.shape)), axes=(axis + 1,))


def _phases(x: Node, axis: int, times: int, mode: str) -> Node:
    """An axis grown by a whole factor: output k i + p is a mixture of inputs around i."""
    n, reach = x.shape[axis], 2 if mode == "bicubic" else 1
    pads = [0] * (2 * (len(x.shape) - axis))
    pads[-2:] = [reach, reach]
    wide_x = bordered(x, tuple(pads), "replicate")
    phases = []
    for p in range(times):
        at = (p + 0.5) / times - 0.5
        first = math.floor(at)
        rest = at - first
        taps = {first: 1 - rest, first + 1: rest}
        if mode == "bicubic":
            taps = {first + t: _keys(t - rest) for t in (-1, 0, 1, 2)}
        total: Any = None
        for t, weight in taps.items():
            piece = _times(part(wide_x, axis, reach + t, reach + t + n), weight)
            total = piece if total is None else ops.add(total, piece)
        shape = (*x.shape[: axis + 1], 1, *x.shape[axis + 1 :])
        phases.append(ops.reshape(total, shape=shape))
    whole = ops.concat(*phases, axis=axis + 1)
    return ops.reshape(whole, shape=(*x.shape[:axis], n * times, *x.shape[axis + 1 :]))


def _keys(distance: float, a: float = -0.75) -> float:
    d = abs(distance)
    if d <= 1:
        return ((a + 2) * d - (a + 3)) * d * d + 1
    return (((d - 5) * d + 8) * d - 4) * a if d < 2 else 0.0


def _nearest(x: Node, axis: int, out: int, factor: float | None, exact: bool) -> Node:
    n = x.shape[axis]
    if n == out:
        return x
    whole = out % n == 0 and (factor is None or factor == out // n)
    if whole:
        times = out // n
        shape = (*x.shape[: axis + 1], 1, *x.shape[axis + 1 :])
        wide_shape = (*x.shape[: axis + 1], times, *x.shape[axis + 1 :])
        spread = ops.expand(ops.reshape(x, shape=shape), shape=wide_shape)
        return ops.reshape(spread, shape=(*x.shape[:axis], out, *x.shape[axis + 1 :]))
    at = ops.cast(ops.iota(size=out), dtype=dtypes.float32)
    if exact:
        at = _plus(at, 0.5)
    place = ops.floor(_times(at, _scale(n, out, False, factor)))
    place = ops.cast(ops.minimum(place, scalar(n - 1, place)), dtype=dtypes.int64)
    return ops.take(x, place, axis=axis)


# ---------------------------------------------------------------- all axes
def _check_sizes(x: Node, out: tuple[int, ...]) -> None:
    n = len(out)
    given = x.shape[2:]
    if any(s <= 0 for s in (*given, *out)):
        names = {1: "W", 2: "HW", 3: "DHW"}[n]
        shown = [", ".join(f"{k}: {v}" for k, v in zip(names, part_)) for part_ in (given, out)]
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input ({shown[0]}) output "
            f"({shown[1]})"
        )
    if 0 in x.shape[1:]:
        raise RuntimeError(
            f"Non-empty {n + 2}D data tensor expected but got a tensor with sizes {show(x.shape)}"
        )


def _resized(x: Node, out: tuple, factors: tuple, mode: str, align: bool, antialias: bool) -> Node:
    _check_sizes(x, out)
    kind = x.dtype
    if not kind.is_floating_point and kind is not dtypes.uint8:
        named = mode.replace("-exact", "")
        layout = "_channels_last" if len(out) > 1 and mode != "bicubic" else ""
        unsupported(f"upsample_{named}{len(out) if named == 'nearest' else '2'}d{layout}", kind)
    inner = wide(kind) if kind.inexact else dtypes.float32
    if mode.startswith("nearest"):
        x = ops.cast(x, dtype=inner) if kind.is_half else x  # for the gradient's sums
        for i, (o, f) in enumerate(zip(out, factors)):
            x = _nearest(x, 2 + i, o, f, mode == "nearest-exact")
        return ops.cast(x, dtype=kind)
    x = ops.cast(x, dtype=inner)
    for i in reversed(range(len(out))):
        n, o, f = x.shape[2 + i], out[i], factors[i]
        if antialias:
            x = _mixed(x, 2 + i, *_smooth_taps(mode, n, o, align, f, inner))
        elif n != o or (f is not None and f != 1):
            grown = not align and o % n == 0 and (f is None or f == o // n) and o // n <= 8
            if grown:
                x = _phases(x, 2 + i, o // n, mode)
            else:
                x = _mixed(x, 2 + i, *_taps(mode, n, o, align, f, inner))
        if not kind.inexact:  # images of bytes are bytes between the axes too
            x = _clamped(ops.floor(_plus(x, 0.5)), 0, 255)
    return ops.cast(x, dtype=kind)


# ---------------------------------------------------------------- arguments
def _asked(input: Tensor, size: Any, scale_factor: Any, recompute: Any) -> tuple[tuple, tuple]:
    """The output's size, and the factors where they decide the positions."""
    n = input.dim() - 2
    given = tuple(input.shape[2:])
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if size is not None:
        out = tuple(size) if isinstance(size, (tuple, list)) else (size,) * n
        if len(out) != n:
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input "
                f"with spatial dimensions of {list(given)} and output size of {size}. Please "
                "provide input tensor in (N, C, d1, d2, ...,dK) format and output size in (o1, "
                "o2, ...,oK) format."
            )
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return tuple(int(o) for o in out), (None,) * n
    several = isinstance(scale_factor, (tuple, list))
    factors = tuple(scale_factor) if several else (scale_factor,) * n
    if len(factors) != n:
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input "
            f"with spatial dimensions of {list(given)} and scale_factor of shape {scale_factor}. "
            "Please provide input tensor in (N, C, d1, d2, ...,dK) format and scale_factor in (s1, "
            "s2, ...,sK) format."
        )
    factors = tuple(float(f) for f in factors)
    out = tuple(math.floor(float(n_) * f) for n_, f in zip(given, factors))
    return out, (None,) * n if recompute else factors


def _check_mode(dims: int, mode: str, align_corners: bool | None, antialias: bool) -> None:
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | "
                "bilinear | bicubic | trilinear"
            )
    if antialias and not (mode in _SUPPORT and dims == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires "
            "a 4-D tensor as input"
        )
    if mode == "lanczos" and not antialias:
        raise ValueError("Lanczos mode requires antialias=True")
    if mode in _LINEAR and 3 <= dims <= 5:
        if dims != _LINEAR[mode] + 2:
            raise NotImplementedError(
                f"Got {dims}D input, but {mode} mode needs {_LINEAR[mode] + 2}D input"
            )
        return
    known = mode in ("nearest", "area", "nearest-exact") and 3 <= dims <= 5
    if not known and not (mode in ("bicubic", "lanczos") and dims == 4):
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {dims}D) for the modes: "
            f"{_MODES} (got {mode})"
        )


def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """[N, C, *spatial] resized to `size`, or by `scale_factor`.

    Modes: nearest, nearest-exact, linear (3-D input), bilinear and bicubic (4-D), trilinear (5-D),
    area
    (means), lanczos. `antialias` widens the filter where the image shrinks.
    """
    dims = input.dim()
    if mode in ("nearest", "area", "nearest-exact"):
        _check_mode(max(3, min(dims, 5)), mode, align_corners, False)
    out, factors = _asked(input, size, scale_factor, recompute_scale_factor)
    _check_mode(dims, mode, align_corners, antialias)
    if mode == "area":
        means = {3: adaptive_avg_pool1d, 4: adaptive_avg_pool2d, 5: adaptive_avg_pool3d}
        return means[dims](input, out)
    static = (out, factors, mode, bool(align_corners), antialias)
    return apply(_graph_name(mode, dims - 2, antialias), _resized, (input,), static)


def _graph_name(mode: str, n: int, antialias: bool) -> str:
    base = {"nearest": "Nearest", "nearest-exact": "NearestExact"}.get(mode, mode.capitalize())
    return f"Upsample{base}{n}D{'Aa' if antialias else ''}Backward0"


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """The older name of `interpolate`."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` to the nearest pixels."""
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` between pixels, with the corners of input and output aligned."""
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)

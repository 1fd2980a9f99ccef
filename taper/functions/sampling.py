"""Sampling of images at places that a grid gives, and the grids of affine maps."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

from .. import dtypes
from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show
from ..tensor import Tensor, formatting_name
from .common import expand, scalar, wide
from .resampling import cubic

__all__ = ["affine_grid", "affine_grid_generator", "grid_sample", "grid_sampler"]


# ---------------------------------------------------------------- positions
def _line(grid: Node, place: int) -> Node:
    """One coordinate of the grid, [N, points]."""
    start, stop = [0] * len(grid.shape), list(grid.shape)
    start[-1], stop[-1] = place, place + 1
    found = ops.slice(grid, start=tuple(start), stop=tuple(stop), step=(1,) * len(start))
    return ops.reshape(found, shape=(grid.shape[0], prod(grid.shape[1:-1])))


def _pixels(at: Node, size: int, align: bool) -> Node:
    """From [-1, 1] to pixels."""
    one = scalar(1, at)
    if align:
        return ops.mul(ops.mul(ops.add(at, one), scalar(0.5, at)), scalar(size - 1, at))
    whole = ops.sub(ops.mul(ops.add(at, one), scalar(size, at)), one)
    return ops.mul(whole, scalar(0.5, at))


def _clipped(at: Node, size: int) -> Node:
    low, high = scalar(0, at), scalar(size - 1, at)
    at = ops.where(ops.lt(low, at), at, low)
    return ops.where(ops.lt(at, high), at, high)


def _reflected(at: Node, size: int, align: bool) -> Node:
    """Back and forth between the centres (or edges) of the outermost pixels."""
    low, span = (0.0, float(size - 1)) if align else (-0.5, float(size))
    if span == 0:
        return scalar(0, at)
    away = ops.abs(ops.sub(at, scalar(low, at)))
    rest = ops.fmod(away, scalar(span, at))
    turns = ops.floor(ops.mul(away, scalar(1 / span, at)))
    even = ops.eq(ops.fmod(turns, scalar(2, at)), scalar(0, at))
    forth = ops.add(rest, scalar(low, at))
    back = ops.sub(scalar(span + low, at), rest)
    return ops.where(even, forth, back)


def _inside(at: Node, size: int, padding: str, align: bool) -> Node:
    """A position under the padding rule."""
    if padding == "border":
        return _clipped(at, size)
    if padding == "reflection":
        return _clipped(_reflected(at, size, align), size)
    return at


# ---------------------------------------------------------------- samples
def _taps(at: Node, size: int, mode: str, padding: str, align: bool) -> list[tuple[Node, Node]]:
    """Pixel positions along one axis and their weights."""
    if mode == "nearest":
        place = ops.round(_inside(at, size, padding, align))
        return [(place, scalar(1, at))]
    if mode == "bicubic":
        first = ops.floor(at)
        rest = ops.sub(at, first)
        found = []
        for t in (-1, 0, 1, 2):
            place = _inside(ops.add(first, scalar(t, at)), size, padding, align)
            found.append((place, cubic(ops.sub(scalar(t, at), rest), -0.75)))
        return found
    at = _inside(at, size, padding, align)
    first = ops.floor(at)
    rest = ops.sub(at, first)
    one = scalar(1, at)
    return [(first, ops.sub(one, rest)), (ops.add(first, one), rest)]


def _sampled(x: Node, grid: Node, mode: str, padding: str, align: bool) -> Node:
    _check(x, grid, mode)
    kind, (n, c, *size) = x.dtype, x.shape
    inner = wide(kind)
    flat = ops.reshape(ops.cast(x, dtype=inner), shape=(n, c, prod(size)))
    grid = ops.cast(grid, dtype=inner)
    lines = []
    for axis, s in enumerate(size):  # the grid's last dimension counts x first
        at = _pixels(_line(grid, len(size) - 1 - axis), s, align)
        lines.append(_taps(at, s, mode, padding, align))
    total: Any = None
    for taps in product(*lines):
        index: Any = None
        for (place, w), s in zip(taps, size):
            within = ops.bitand(
                ops.le(scalar(0, place), place), ops.le(place, scalar(s - 1, place))
            )
            whole = ops.cast(ops.where(within, place, scalar(0, place)), dtype=dtypes.int64)
            if index is None:
                index, valid, weight = whole, within, w
            else:
                index = ops.add(ops.mul(index, scalar(s, index)), whole)
                valid, weight = ops.bitand(valid, within), ops.mul(weight, w)
        shape = (n, c, index.shape[1])
        seen = ops.gather(flat, _channels(index, shape), axis=2)
        part = ops.mul(seen, _channels(weight, shape))
        part = ops.where(_channels(valid, shape), part, scalar(0, part))
        total = part if total is None else ops.add(total, part)
    return ops.cast(ops.reshape(total, shape=(n, c, *grid.shape[1:-1])), dtype=kind)


def _channels(x: Node, shape: tuple[int, int, int]) -> Node:
    return ops.expand(ops.reshape(x, shape=(shape[0], 1, shape[2])), shape=shape)


def _check(x: Node, grid: Node, mode: str) -> None:
    shapes = f"but got input with sizes {show(x.shape)} and grid with sizes {show(grid.shape)}"
    if not x.shape or not grid.shape or x.shape[0] != grid.shape[0]:
        raise RuntimeError(
            f"grid_sampler(): expected grid and input to have same batch size, {shapes}"
        )
    if grid.shape[-1] != len(x.shape) - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {len(x.shape) - 2} in last dimension, but "
            f"got grid with sizes {show(grid.shape)}"
        )
    for i in range(2, len(x.shape)):
        if x.shape[i] == 0:
            raise RuntimeError(
                "grid_sampler(): expected input to have non-empty spatial dimensions, but input "
                f"has sizes {show(x.shape)} with dimension {i} being empty"
            )
    if len(x.shape) not in (4, 5) or len(x.shape) != len(grid.shape):
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, "
            f"{shapes}"
        )
    if len(x.shape) == 5 and mode == "bicubic":
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    if x.dtype is not grid.dtype:
        raise RuntimeError(
            f"expected scalar type {formatting_name(x.dtype)} but found "
            f"{formatting_name(grid.dtype)}"
        )


_PADDINGS = ("zeros", "border", "reflection")
_MODES = ("bilinear", "nearest", "bicubic")


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """`input` [N, C, *spatial] at the places of `grid` [N, *out, 2 or 3], which are (x, y[, z]) in
    [-1, 1]."""
    if mode not in _MODES:
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', "
            f"but got: '{mode}'"
        )
    if padding_mode not in _PADDINGS:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            f"'reflection', but got: '{padding_mode}'"
        )
    static = (mode, padding_mode, bool(align_corners))
    name = f"GridSampler{input.dim() - 2}DBackward0"
    return apply(name, _sampled, (input, grid), static)


def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """`grid_sample` with numbered modes."""
    modes = _MODES[interpolation_mode], _PADDINGS[padding_mode]
    return grid_sample(input, grid, *modes, align_corners)


# ---------------------------------------------------------------- affine grids
def _affine(theta: Node, size: tuple[int, ...], align: bool) -> Node:
    n, spatial = size[0], size[2:]
    d, points = len(spatial), prod(spatial)
    parts = []
    for axis in reversed(range(d)):
        count = spatial[axis]
        at = ops.cast(ops.iota(size=count), dtype=theta.dtype)
        if count <= 1:
            at = scalar(0, at)
        else:
            step = 2 / (count - 1) if align else 2 / count
            start = -1.0 if align else -1.0 + 1 / count
            at = ops.add(ops.mul(at, scalar(step, at)), scalar(start, at))
        line = tuple(count if i == axis else 1 for i in range(d))
        spread = ops.expand(ops.reshape(at, shape=line), shape=spatial)
        parts.append(ops.reshape(spread, shape=(points, 1)))
    base = ops.concat(*parts, ops.full((points, 1), 1, theta.dtype), axis=1)
    out = ops.dot(expand(base, (n, points, d + 1)), ops.permute(theta, dims=(0, 2, 1)))
    return ops.reshape(out, shape=(n, *spatial, d))


def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The grid [N, H, W, 2] (or [N, D, H, W, 3]) that `theta` [N, 2, 3] (or [N, 3, 4]) maps to."""
    if not theta.dtype.is_floating_point:
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(size) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
            f"respectively. Got size {size}."
        )
    d = len(size) - 2
    if theta.dim() != 3 or theta.shape[-2] != d or theta.shape[-1] != d + 1:
        raise ValueError(
            f"Expected a batch of {d}D affine matrices of shape Nx{d}x{d + 1} for size {size}. Got "
            f"{theta.shape}."
        )
    if min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    static = (tuple(int(s) for s in size), bool(align_corners))
    return apply("AffineGridGeneratorBackward0", _affine, (theta,), static)


def affine_grid_generator(theta: Tensor, size: Any, align_corners: bool) -> Tensor:
    """`affine_grid` under its native name."""
    return affine_grid(theta, size, align_corners)

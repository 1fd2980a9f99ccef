"""Adaptive pooling: as many windows as outputs are asked for, of whatever sizes that takes."""

from __future__ import annotations

import itertools
from math import prod
from typing import Any

from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show
from ..tensor import Tensor
from .common import expand, scalar, unsupported, wide

__all__ = ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"]
__all__ += ["adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"]
__all__ += ["adaptive_max_pool1d_with_indices", "adaptive_max_pool2d_with_indices"]
__all__ += ["adaptive_max_pool3d_with_indices"]


# ---------------------------------------------------------------- windows
def _spans(size: int, out: int) -> tuple[list[int], list[int]]:
    """Where the windows along an axis start and end: floor(i n / o) and ceil((i + 1) n / o)."""
    starts = [i * size // out for i in range(out)]
    return starts, [-(-(i + 1) * size // out) for i in range(out)]


def _even(size: int, out: int) -> tuple[int, int] | None:
    """Length and step of the windows where all are alike."""
    starts, ends = _spans(size, out)
    lengths = {b - a for a, b in zip(starts, ends)}
    steps = {b - a for a, b in itertools.pairwise(starts)}
    if len(lengths) > 1 or len(steps) > 1:
        return None
    return lengths.pop(), steps.pop() if steps else size


def _edges(size: int, out: int) -> tuple[Node, Node]:
    """Starts and ends of the windows, as nodes of integers."""
    number = ops.iota(size=out)
    step, parts = scalar(size, number), scalar(out, number)
    start = ops.floordiv(ops.mul(number, step), parts)
    last = ops.mul(ops.add(number, scalar(1, number)), step)
    end = ops.floordiv(ops.add(last, scalar(out - 1, last)), parts)
    return start, end


def _ragged(size: int, out: int) -> tuple[Node, Node]:
    """Places [out, longest] of the windows' elements, the last repeated, and which are real."""
    starts, ends = _spans(size, out)
    longest = max(b - a for a, b in zip(starts, ends))
    start, end = (expand(ops.reshape(n, shape=(out, 1)), (out, longest)) for n in _edges(size, out))
    at = ops.add(start, expand(ops.iota(size=longest), (out, longest)))
    return ops.minimum(at, ops.sub(end, scalar(1, end))), ops.lt(at, end)


def _across(line: Node, like: Node, axis: int) -> Node:
    """Values for `axis` (and the axes behind it that `line` has) spread over a node's shape."""
    before = len(like.shape) - axis - len(line.shape)
    shape = (*(1,) * axis, *line.shape, *(1,) * before)
    return ops.expand(ops.reshape(line, shape=shape), shape=like.shape)


# ---------------------------------------------------------------- checks
def _sizes(x: Node, n: int, out: tuple, name: str) -> tuple[int, ...]:
    """The sizes asked for, with the input's where none is given."""
    if len(x.shape) not in (n + 1, n + 2):
        raise RuntimeError(
            f"{name}(): Expected {n + 1}D or {n + 2}D tensor, but got {show(x.shape)}"
        )
    lead = len(x.shape) - n
    for i in range(1 if len(x.shape) == n + 2 else 0, len(x.shape)):
        if x.shape[i] == 0:
            raise RuntimeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, but "
                f"input has sizes {show(x.shape)} with dimension {i} being empty"
            )
    found = tuple(x.shape[lead + i] if o is None else o for i, o in enumerate(out))
    if any(o < 0 for o in found):
        if "max" in name:
            shape = show((*(1,) * (lead == 1), *x.shape[:lead], *found))
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {min(found)}: {shape}"
            )
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received "
            f"{{{', '.join(map(str, found))}}}"
        )
    return found


# ---------------------------------------------------------------- means
def _mean_axis(x: Node, axis: int, out: int) -> Node:
    size = x.shape[axis]
    at, real = _ragged(size, out)
    seen = ops.take(x, at, axis=axis)
    seen = ops.where(_across(real, seen, axis), seen, scalar(0, seen))
    total = ops.sum(seen, axes=(axis + 1,))
    start, end = _edges(size, out)
    count = ops.cast(ops.sub(end, start), dtype=x.dtype)
    return ops.div(total, _across(count, total, axis))


def _adaptive_avg(x: Node, n: int, out: tuple) -> Node:
    out = _sizes(x, n, out, f"adaptive_avg_pool{n}d")
    if not x.dtype.is_floating_point:
        unsupported(f"adaptive_avg_pool{max(n, 2)}d", x.dtype)
    kind, lead = x.dtype, len(x.shape) - n
    x = ops.cast(x, dtype=wide(kind))
    if 0 in out:
        return ops.full((*x.shape[:lead], *out), 0, kind)
    axes, lengths, steps = [], [], []
    for i, o in enumerate(out):
        even = _even(x.shape[lead + i], o)
        if even is None:
            x = _mean_axis(x, lead + i, o)
        elif x.shape[lead + i] != o:
            axes.append(lead + i)
            lengths.append(even[0])
            steps.append(even[1])
    if axes:
        spread = {"axes": tuple(axes), "size": tuple(lengths), "step": tuple(steps)}
        seen = ops.windows(x, dilation=(1,) * len(axes), **spread)
        total = ops.sum(seen, axes=tuple(range(len(x.shape), len(seen.shape))))
        x = ops.div(total, scalar(prod(lengths), total))
    return ops.cast(x, dtype=kind)


def _asked(input: Tensor, output_size: Any, n: int, name: str) -> tuple:
    if n > 1 and input.dim() <= n:
        raise ValueError(f"Input dimension should be at least {n + 1}")
    if not isinstance(output_size, (tuple, list)):
        return (output_size,) * n
    if len(output_size) == 1 and n == 1:
        return tuple(output_size)
    if len(output_size) != n:
        if n == 1:
            raise RuntimeError(
                f"{name}() argument 'output_size' should contain one int (got {len(output_size)})"
            )
        raise RuntimeError(f"{name}(): internal error: output_size.size() must be {n}")
    return tuple(output_size)


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """The means of `output_size` windows over [N, C, L]."""
    static = (1, _asked(input, output_size, 1, "adaptive_avg_pool1d"))
    return apply("SqueezeBackward1", _adaptive_avg, (input,), static)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The means of windows over [N, C, H, W]; None in `output_size` keeps the input's size."""
    asked = _asked(input, output_size, 2, "adaptive_avg_pool2d")
    name = "MeanBackward1" if asked == (1, 1) else "AdaptiveAvgPool2DBackward0"
    return apply(name, _adaptive_avg, (input,), (2, asked))


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The means of windows over [N, C, D, H, W]; None in `output_size` keeps the input's size."""
    asked = _asked(input, output_size, 3, "adaptive_avg_pool3d")
    name = "MeanBackward1" if asked == (1, 1, 1) else "AdaptiveAvgPool3DBackward0"
    return apply(name, _adaptive_avg, (input,), (3, asked))


# ---------------------------------------------------------------- maxima
def _windows_of(x: Node, axis: int, out: int) -> Node:
    """The windows along one axis, their elements in a last dimension."""
    even = _even(x.shape[axis], out)
    if even is not None:
        where = {"axes": (axis,), "size": even[:1], "step": even[1:], "dilation": (1,)}
        return ops.windows(x, **where)
    at, _ = _ragged(x.shape[axis], out)
    seen = ops.take(x, at, axis=axis)
    rest = tuple(i for i in range(len(seen.shape)) if i != axis + 1)
    return ops.permute(seen, dims=(*rest, axis + 1))


def _adaptive_max(x: Node, n: int, out: tuple) -> tuple[Node, Node]:
    """The maxima axis by axis, the last first, and their places in the flattened input."""
    out = _sizes(x, n, out, f"adaptive_max_pool{n}d")
    if not x.dtype.is_floating_point:
        unsupported(f"adaptive_max_pool{max(n, 2)}d", x.dtype)
    lead, plane = len(x.shape) - n, x.shape
    places: Node | None = None
    for i in reversed(range(n)):
        axis = lead + i
        seen = _windows_of(x, axis, out[i]) if out[i] else None
        if seen is None:
            shape = (*plane[:lead], *out)
            iota = ops.iota(size=0)
            return ops.full(shape, 0, x.dtype), ops.full(shape, 0, iota.dtype)
        best = ops.argmax(seen, axes=(len(seen.shape) - 1,))
        one = ops.reshape(best, shape=(*best.shape, 1))
        start, end = _edges(plane[axis], out[i])
        at = ops.add(_across(start, best, axis), best)
        at = ops.minimum(at, _across(ops.sub(end, scalar(1, end)), best, axis))
        at = ops.mul(at, scalar(prod(plane[axis + 1 :]), at))
        if places is not None:
            older = _windows_of(places, axis, out[i])
            picked = ops.gather(older, one, axis=len(older.shape) - 1)
            at = ops.add(at, ops.reshape(picked, shape=best.shape))
        places = at
        x = ops.reshape(ops.gather(seen, one, axis=len(seen.shape) - 1), shape=best.shape)
    return x, places  # type: ignore[return-value]


def _best(n: int, input: Tensor, output_size: Any, return_indices: bool) -> Any:
    name = f"adaptive_max_pool{n}d"
    static = (n, _asked(input, output_size, n, name))
    graph = "SqueezeBackward1" if n == 1 else f"AdaptiveMaxPool{n}DBackward0"
    found = apply(graph, _adaptive_max, (input,), static)
    return found if return_indices else found[0]


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maxima of `output_size` windows over [N, C, L], and their places if asked."""
    return _best(1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maxima of windows over [N, C, H, W], and their places in each plane if asked."""
    return _best(2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maxima of windows over [N, C, D, H, W], and their places in each volume if asked."""
    return _best(3, input, output_size, return_indices)


def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool1d` and the places of the maxima."""
    return _best(1, input, output_size, True)


def adaptive_max_pool2d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool2d` and the places of the maxima."""
    return _best(2, input, output_size, True)


def adaptive_max_pool3d_with_indices(
    input: Tensor, output_size: Any, return_indices: bool = False
) -> tuple[Tensor, Tensor]:
    """`adaptive_max_pool3d` and the places of the maxima."""
    return _best(3, input, output_size, True)

"""Maxima put back in their places, and pooling over windows of random sizes."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .. import dtypes
from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show
from ..tensor import Tensor, formatting_name
from .common import pair, scalar, unsupported
from .creation import from_array
from .random import rand

__all__ = ["fractional_max_pool2d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d"]
__all__ += ["fractional_max_pool3d_with_indices", "max_unpool1d", "max_unpool2d", "max_unpool3d"]


# ---------------------------------------------------------------- unpooling
def _unpool(x: Node, index: Node, n: int, size: tuple) -> Node:
    lead = x.shape[:-n]
    flat = (*lead, prod(x.shape[-n:]))
    base = ops.full((*lead, prod(size)), 0, x.dtype)
    index = ops.reshape(index, shape=flat)
    axis = len(flat) - 1
    out = ops.scatter(base, index, ops.reshape(x, shape=flat), axis=axis)
    return ops.reshape(out, shape=(*lead, *size))


def _check_unpool(x: Tensor, indices: Tensor, n: int) -> None:
    if indices.dtype is not dtypes.int64:
        tail = "" if n == 3 else f" but got: {formatting_name(indices.dtype)}"
        raise RuntimeError(f"elements in indices should be type int64{tail}")
    if x.dim() not in (n + 1, n + 2):
        raise RuntimeError(
            f"Input to max_unpooling{n}d should be a {n + 1}d or {n + 2}d Tensor, but got a tensor "
            f"with {x.dim()} dimensions."
        )
    if x.shape != indices.shape:
        raise RuntimeError(
            "Expected shape of indices to be same as that of the input tensor "
            f"({show(x.shape)}) but got indices tensor with shape: {show(indices.shape)}"
        )


def _unpooled_size(
    x: Tensor, n: int, kernel: tuple, stride: tuple, padding: tuple, asked: Any
) -> tuple[int, ...]:
    usual = tuple(
        (s - 1) * t + k - 2 * p for s, t, k, p in zip(x.shape[-n:], stride, kernel, padding)
    )
    if asked is None:
        return usual
    size = tuple(int(s) for s in asked)
    if len(size) == n + 2:
        size = size[2:]
    if len(size) != n:
        raise ValueError(
            f"output_size should be a sequence containing {n} or {n + 2} elements, but it has a "
            f"length of '{len(size)}'"
        )
    for d in range(n):
        low, high = usual[d] - stride[d], usual[d] + stride[d]
        if not low < size[d] < high:
            raise ValueError(
                f'invalid output_size "{size}" (dim {d} must be between {low} and {high})'
            )
    return size


def _max_unpool(
    n: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: Any,
) -> Tensor:
    kernel = pair(kernel_size, n, "kernel_size")
    steps = kernel if stride is None else pair(stride, n, "stride")
    edges = pair(padding, n, "padding")
    size = _unpooled_size(input, n, kernel, steps, edges, output_size)
    _check_unpool(input, indices, n)
    places = indices.detach()._array()
    if places.size and (places.min() < 0 or places.max() >= prod(size)):
        wrong = places[(places < 0) | (places >= prod(size))].flat[0]
        shown = "x".join(map(str, size if n > 1 else (*size, 1)))
        raise RuntimeError(
            f"Found an invalid max index: {wrong} (output volumes are of size {shown})"
        )
    name = f"MaxUnpool{max(n, 2)}DBackward0" if n > 1 else "SqueezeBackward1"
    return apply(name, _unpool, (input, indices), (n, size))


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """The maxima of `max_pool1d` at their places in zeros."""
    return _max_unpool(1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """The maxima of `max_pool2d` at their places in zeros."""
    return _max_unpool(2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """The maxima of `max_pool3d` at their places in zeros."""
    return _max_unpool(3, input, indices, kernel_size, stride, padding, output_size)


# ---------------------------------------------------------------- random windows
def _starts(u: np.ndarray, size: int, out: int, kernel: int) -> np.ndarray:
    """Starts of `out` windows along an axis for samples u (Graham, "Fractional max-pooling",
    2014)."""
    if out == 1:
        return np.full((*u.shape, 1), size - kernel, np.int64)
    alpha = np.asarray((size - kernel) / (out - 1), u.dtype)
    i = np.arange(out, dtype=u.dtype)
    at = (i + u[..., None]) * alpha
    found = at.astype(np.int64) - (u[..., None] * alpha).astype(np.int64)
    found[..., -1] = size - kernel
    return found


def _fractional(x: Node, *given: Any) -> tuple[Node, Node]:
    """The maxima of the windows at `starts` ([N, C, out] an axis), and their places."""
    starts, (n, kernel) = given[:-2], given[-2:]
    lead, size = x.shape[:-n], x.shape[-n:]
    out = tuple(s.shape[-1] for s in starts)
    shape = (*lead, *out, *kernel)
    places: Any = None
    for axis, (start, k) in enumerate(zip(starts, kernel)):
        line = [1] * (2 * n)
        line[axis] = out[axis]
        at = ops.reshape(start, shape=(*lead, *line))
        line = [1] * len(shape)
        line[len(lead) + n + axis] = k
        within = ops.reshape(ops.iota(size=k), shape=tuple(line))
        both = ops.add(ops.expand(at, shape=shape), ops.expand(within, shape=shape))
        step = prod(size[axis + 1 :])
        both = ops.mul(both, scalar(step, both))
        places = both if places is None else ops.add(places, both)
    count = prod(out) * prod(kernel)
    flat = ops.reshape(x, shape=(*lead, prod(size)))
    index = ops.reshape(places, shape=(*lead, count))
    seen = ops.reshape(ops.gather(flat, index, axis=len(lead)), shape=(*lead, *out, prod(kernel)))
    axis = len(lead) + n
    best = ops.argmax(seen, axes=(axis,))
    one = ops.reshape(best, shape=(*best.shape, 1))
    index = ops.reshape(places, shape=seen.shape)
    values = ops.reshape(ops.gather(seen, one, axis=axis), shape=best.shape)
    return values, ops.reshape(ops.gather(index, one, axis=axis), shape=best.shape)


def _fractional_size(
    input: Tensor, n: int, kernel: tuple, output_size: Any, output_ratio: Any
) -> tuple[int, ...]:
    name = f"fractional_max_pool{n}d"
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    if input.dim() not in (n + 1, n + 2):
        raise RuntimeError(
            f"{name}(): Expected {n + 1}D or {n + 2}D tensor, but got: {show(input.shape)}"
        )
    size = input.shape[-n:]
    if output_size is None:
        ratios = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * n
        if len(ratios) != n:
            raise ValueError(
                f"{name} requires output_ratio to either be a single Int or tuple of Ints."
            )
        out = tuple(int(s * r) for s, r in zip(size, ratios))
    else:
        out = pair(output_size, n, "output_size")
    labels = {2: ("height", "width"), 3: ("time", "height", "width")}[n]
    for d in range(n):
        if kernel[d] <= 0 or out[d] <= 0 or out[d] + kernel[d] - 1 > size[d]:
            raise RuntimeError(
                f"{name}(): pool {labels[d]} {kernel[d]} too large relative to input {labels[d]} "
                f"{size[d]}"
            )
    return out


def _fractional_pool(
    n: int,
    input: Tensor,
    kernel_size: Any,
    output_size: Any,
    output_ratio: Any,
    samples: Tensor | None,
) -> tuple[Tensor, Tensor]:
    kernel = pair(kernel_size, n, "kernel_size")
    out = _fractional_size(input, n, kernel, output_size, output_ratio)
    if not input.dtype.is_floating_point:
        unsupported(f"fractional_max_pool{n}d_out_frame", input.dtype)
    batch = 1 if input.dim() == n + 1 else input.shape[0]
    channels = input.shape[-n - 1]
    if samples is None:
        samples = rand(batch, channels, n, dtype=input.dtype)
    if samples.dim() != 3 or tuple(samples.shape) != (batch, channels, n):
        raise RuntimeError(
            f"Expect _random_samples of shape {[batch, channels, n]}, but got {show(samples.shape)}"
        )
    drawn = samples.detach()._array()
    if drawn.dtype.itemsize < 4:
        drawn = drawn.astype(np.float32)
    size, starts = input.shape[-n:], []
    for d in range(n):  # PyTorch's samples count from the last axis in two dimensions
        u = drawn[..., n - 1 - d] if n == 2 else drawn[..., d]
        found = _starts(u, size[d], out[d], kernel[d])
        starts.append(from_array(found if input.dim() == n + 2 else found[0], input.device))
    name = f"FractionalMaxPool{n}DBackward0"
    return apply(name, _fractional, (input, *starts), (n, kernel))


def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """`fractional_max_pool2d` and the places of the maxima."""
    return _fractional_pool(2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """Maxima of windows at random steps, [N, C, H, W] to an output size or a ratio of the
    input's."""
    found = _fractional_pool(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """`fractional_max_pool3d` and the places of the maxima."""
    return _fractional_pool(3, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """Maxima of windows at random steps over [N, C, D, H, W]."""
    found = _fractional_pool(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]

"""Sliding blocks as columns and back, and channels that turn into pixels and back."""

from __future__ import annotations

from math import prod
from typing import Any

from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show
from ..tensor import Tensor
from .common import pair

__all__ = ["channel_shuffle", "fold", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]
__all__ += ["unfold"]


# ---------------------------------------------------------------- blocks
def _check_blocks(kernel: tuple, dilation: tuple, padding: tuple, stride: tuple) -> None:
    for what, short, values in (
        ("kernel size", "kernel", kernel),
        ("stride", "stride", stride),
        ("dilation", "dilation", dilation),
    ):
        if any(v <= 0 for v in values):
            raise RuntimeError(
                f"{what} should be greater than zero, but got {short}_height: {values[0]} "
                f"{short}_width: {values[1]}"
            )
    if any(p < 0 for p in padding):
        raise RuntimeError(
            f"padding should be non-negative, but got pad_height: {padding[0]} pad_width: "
            f"{padding[1]}"
        )


def _blocks(size: tuple, kernel: tuple, dilation: tuple, padding: tuple, stride: tuple) -> tuple:
    """How many blocks fit along each axis."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(size, kernel, dilation, padding, stride)
    )


def _unfold(x: Node, kernel: tuple, dilation: tuple, padding: tuple, stride: tuple) -> Node:
    _check_blocks(kernel, dilation, padding, stride)
    if len(x.shape) not in (3, 4) or 0 in x.shape[-3:]:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {show(x.shape)}"
        )
    batched = len(x.shape) == 4
    x = x if batched else ops.reshape(x, shape=(1, *x.shape))
    n, c, *size = x.shape
    counts = _blocks(tuple(size), kernel, dilation, padding, stride)
    if any(m < 1 for m in counts):
        raise RuntimeError(
            f"Given input with spatial size {tuple(size)}, kernel_size={kernel}, dilation="
            f"{dilation}, padding={padding}, calculated shape of the array of sliding blocks as "
            f"{counts}, but its components must be at least one."
        )
    if any(padding):
        edge = (0, 0, *padding)
        x = ops.pad(x, low=edge, high=edge, interior=(0, 0, 0, 0), value=0)
    seen = ops.windows(x, axes=(2, 3), size=kernel, step=stride, dilation=dilation)
    out = ops.reshape(
        ops.permute(seen, dims=(0, 1, 4, 5, 2, 3)), shape=(n, c * prod(kernel), prod(counts))
    )
    return out if batched else ops.reshape(out, shape=out.shape[1:])


def _fold(
    x: Node, size: tuple, kernel: tuple, dilation: tuple, padding: tuple, stride: tuple
) -> Node:
    _check_blocks(kernel, dilation, padding, stride)
    if len(x.shape) not in (2, 3) or 0 in x.shape[-2:]:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and "
            f"non-zero dimensions for input, but got: {show(x.shape)}"
        )
    batched = len(x.shape) == 3
    x = x if batched else ops.reshape(x, shape=(1, *x.shape))
    n, rows, columns = x.shape
    if rows % prod(kernel):
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            f"but got input.size(1)={rows} and kernel_size={kernel}."
        )
    counts = _blocks(size, kernel, dilation, padding, stride)
    given = (
        f"Given output_size={size}, kernel_size={kernel}, dilation={dilation}, "
        f"padding={padding}, stride={stride}, "
    )
    if prod(counts) != columns:
        raise RuntimeError(
            f"{given}expected size of input's dimension 2 to match the calculated number of "
            f"sliding blocks {counts[0]} * {counts[1]} = {prod(counts)}, but got "
            f"input.size(2)={columns}."
        )
    if any(m < 1 for m in counts):
        raise RuntimeError(
            f"{given}calculated shape of the array of sliding blocks as {counts}, which is "
            "too small (non-positive)"
        )
    c = rows // prod(kernel)
    seen = ops.permute(ops.reshape(x, shape=(n, c, *kernel, *counts)), dims=(0, 1, 4, 5, 2, 3))
    wide = (n, c, *(s + 2 * p for s, p in zip(size, padding)))
    out = ops.fold(seen, shape=wide, axes=(2, 3), size=kernel, step=stride, dilation=dilation)
    start = (0, 0, *padding)
    stop = (n, c, *(s + p for s, p in zip(size, padding)))
    out = ops.slice(out, start=start, stop=stop, step=(1, 1, 1, 1))
    return out if batched else ops.reshape(out, shape=out.shape[1:])


def _two(value: Any, what: str) -> tuple[int, ...]:
    if isinstance(value, (tuple, list)) and len(value) not in (1, 2):
        raise RuntimeError(f"It is expected {what} equals to 2, but got size {len(value)}")
    return pair(value, 2, what)


def _window(kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> tuple:
    return (
        *(_two(kernel_size, "kernel_size"), _two(dilation, "dilation")),
        *(_two(padding, "padding"), _two(stride, "stride")),
    )


def unfold(
    input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """The sliding blocks of [N, C, H, W] as columns: [N, C * KH * KW, blocks]."""
    static = _window(kernel_size, dilation, padding, stride)
    return apply("Im2ColBackward0", _unfold, (input,), static)


def fold(
    input: Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """Columns [N, C * KH * KW, blocks] summed into [N, C, *output_size] where blocks overlap."""
    static = (_two(output_size, "output_size"), *_window(kernel_size, dilation, padding, stride))
    return apply("Col2ImBackward0", _fold, (input,), static)


# ---------------------------------------------------------------- channels and pixels
def _pixel_shuffle(x: Node, r: int) -> Node:
    if len(x.shape) < 3:
        raise RuntimeError(
            "pixel_shuffle expects input to have at least 3 dimensions, but got input with "
            f"{len(x.shape)} dimension(s)"
        )
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    *lead, c, h, w = x.shape
    if c % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={c} is not divisible by {r * r}"
        )
    n, k = len(lead), c // (r * r)
    x = ops.reshape(x, shape=(*lead, k, r, r, h, w))
    x = ops.permute(x, dims=(*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return ops.reshape(x, shape=(*lead, k, h * r, w * r))


def _pixel_unshuffle(x: Node, r: int) -> Node:
    if len(x.shape) < 3:
        raise RuntimeError(
            "pixel_unshuffle expects input to have at least 3 dimensions, but got input with "
            f"{len(x.shape)} dimension(s)"
        )
    if r <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    *lead, c, h, w = x.shape
    for name, place, n in (("height", -2, h), ("width", -1, w)):
        if n % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({place})={n} is not divisible by {r}"
            )
    n = len(lead)
    x = ops.reshape(x, shape=(*lead, c, h // r, r, w // r, r))
    x = ops.permute(x, dims=(*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return ops.reshape(x, shape=(*lead, c * r * r, h // r, w // r))


def _channel_shuffle(x: Node, groups: int) -> Node:
    if len(x.shape) < 3:
        raise RuntimeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes {show(x.shape)}"
        )
    if groups <= 0:
        raise RuntimeError(
            f"Number of groups to divide channels in must be positive. Value of groups:{groups}"
        )
    n, c, *rest = x.shape
    if c % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {c} channels and {groups} groups."
        )
    x = ops.reshape(x, shape=(n, groups, c // groups, *rest))
    x = ops.permute(x, dims=(0, 2, 1, *range(3, len(x.shape))))
    return ops.reshape(x, shape=(n, c, *rest))


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """[*, C r^2, H, W] as [*, C, H r, W r] (Shi et al. 2016)."""
    return apply("PixelShuffleBackward0", _pixel_shuffle, (input,), (upscale_factor,))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """[*, C, H r, W r] as [*, C r^2, H, W]: `pixel_shuffle` undone."""
    return apply("PixelUnshuffleBackward0", _pixel_unshuffle, (input,), (downscale_factor,))


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels of [N, C, *] dealt out to `groups` in turn (Zhang et al. 2018)."""
    return apply("NativeChannelShuffleBackward0", _channel_shuffle, (input,), (groups,))


def native_channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """`channel_shuffle` under its native name."""
    return channel_shuffle(input, groups)

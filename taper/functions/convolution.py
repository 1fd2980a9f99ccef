"""Convolutions in one, two and three dimensions, and their transposes."""

from __future__ import annotations

from typing import Any

from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show
from ..tensor import Tensor, formatting_name
from .common import expand, pair

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d"]
__all__ += ["conv_transpose3d"]


def _check_dtypes(x: Node, w: Node, bias: Node | None) -> None:
    if x.dtype is not w.dtype:
        raise RuntimeError(
            f"Input type (torch.{formatting_name(x.dtype)}Tensor) and weight type "
            f"(torch.{formatting_name(w.dtype)}Tensor) should be the same"
        )
    if bias is not None and bias.dtype is not x.dtype:
        raise RuntimeError(
            f"Input type ({_c_name(x)}) and bias type ({_c_name(bias)}) should be the same"
        )


def _c_name(x: Node) -> str:
    names = {"float32": "float", "float64": "double", "int64": "long int", "int32": "int"}
    names |= {"complex64": "c10::complex<float>", "complex128": "c10::complex<double>"}
    return names.get(x.dtype.name, f"c10::{formatting_name(x.dtype)}")


def _batched(x: Node, n: int, name: str) -> tuple[Node, bool]:
    """The input with a batch dimension, and whether it had one."""
    if len(x.shape) == n + 2:
        return x, True
    if len(x.shape) == n + 1:
        return ops.reshape(x, shape=(1, *x.shape)), False
    raise RuntimeError(
        f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {name}, but got input of "
        f"size: {show(x.shape)}"
    )


def _check_positive(what: str, values: tuple[int, ...], least: int) -> None:
    if any(v < least for v in values):
        if what == "dilation":
            raise RuntimeError("dilation should be greater than zero")
        problem = "negative padding" if what == "padding" else f"non-positive {what}"
        raise RuntimeError(f"{problem} is not supported")


def _conv(
    x: Node,
    w: Node,
    bias: Node | None,
    n: int,
    stride: tuple,
    padding: Any,
    dilation: tuple,
    groups: int,
) -> Node:
    if len(w.shape) != n + 2:
        if len(w.shape) < 3:
            raise RuntimeError("weight should have at least three dimensions")
        d = len(w.shape)
        raise RuntimeError(
            f"Expected {d}-dimensional input for {d}-dimensional weight{show(w.shape)}, but got "
            f"{len(x.shape)}-dimensional input of size {show(x.shape)} instead"
        )
    x, batched = _batched(x, n, f"conv{n}d")
    _check_dtypes(x, w, bias)
    _check_positive("stride", stride, 1)
    _check_positive("dilation", dilation, 1)
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    x, padding = _padded(x, w, padding, dilation, stride)
    _check_positive("padding", padding, 0)
    _check_conv(x, w, bias, padding, dilation, groups)
    out = ops.conv(x, w, stride=stride, padding=padding, dilation=dilation, groups=groups)
    if bias is not None:
        out = ops.add(out, expand(ops.reshape(bias, shape=(1, w.shape[0], *(1,) * n)), out.shape))
    return out if batched else ops.reshape(out, shape=out.shape[1:])


def _padded(x: Node, w: Node, padding: Any, dilation: tuple, stride: tuple) -> tuple[Node, tuple]:
    """Named padding as numbers; where 'same' is uneven, the input is padded by the odd element."""
    n = len(stride)
    if padding == "valid":
        return x, (0,) * n
    if padding != "same":
        return x, padding
    total = [d * (k - 1) for d, k in zip(dilation, w.shape[2:])]
    half = tuple(t // 2 for t in total)
    odd = tuple(t - 2 * h for t, h in zip(total, half))
    if any(odd):
        none = (0,) * (n + 2)
        x = ops.pad(x, low=none, high=(0, 0, *odd), interior=none, value=0)
    return x, half


def _check_conv(
    x: Node, w: Node, bias: Node | None, padding: tuple, dilation: tuple, groups: int
) -> None:
    if w.shape[0] < groups or w.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, "
            "but got weight of size "
            f"{show(w.shape)} instead"
            if w.shape[0] < groups
            else f"Given groups={groups}, expected weight to be divisible by {groups} at dimension "
            f"0, but got weight of size {show(w.shape)} instead"
        )
    if x.shape[1] != w.shape[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {show(w.shape)}, expected "
            f"input{show(x.shape)} to have "
            f"{w.shape[1] * groups} channels, but got {x.shape[1]} channels instead"
        )
    if bias is not None and bias.shape != (w.shape[0],):
        raise RuntimeError(
            f"Given weight of size {show(w.shape)}, expected bias to be 1-dimensional with "
            f"{w.shape[0]} elements, but "
            f"got bias of size {show(bias.shape)} instead"
        )
    seen = tuple(s + 2 * p for s, p in zip(x.shape[2:], padding))
    kernel = tuple(d * (k - 1) + 1 for d, k in zip(dilation, w.shape[2:]))
    if any(s < k for s, k in zip(seen, kernel)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({' x '.join(map(str, seen))}). Kernel "
            "size: "
            f"({' x '.join(map(str, kernel))}). Kernel size can't be greater than actual input size"
        )


def _transposed(
    x: Node,
    w: Node,
    bias: Node | None,
    n: int,
    stride: tuple,
    padding: tuple,
    extra: tuple,
    groups: int,
    dilation: tuple,
) -> Node:
    x, batched = _batched(x, n, f"conv_transpose{n}d")
    _check_dtypes(x, w, bias)
    _check_positive("stride", stride, 1)
    _check_positive("padding", padding, 0)
    if x.shape[1] != w.shape[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {show(w.shape)}, expected input{show(x.shape)} "
            f"to have {w.shape[0]} "
            f"channels, but got {x.shape[1]} channels instead"
        )
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation)):
        raise RuntimeError(
            "output padding must be smaller than either stride or dilation, but got "
            "output_padding: "
            f"{show(extra)} stride: {show(stride)} dilation: {show(dilation)}"
        )
    out_channels = w.shape[1] * groups
    if bias is not None and bias.shape != (out_channels,):
        raise RuntimeError(
            f"Given transposed=1, weight of size {show(w.shape)}, expected bias to be "
            "1-dimensional with "
            f"{out_channels} elements, but got bias of size {show(bias.shape)} instead"
        )
    spatial = tuple(
        (i - 1) * s - 2 * p + d * (k - 1) + e + 1
        for i, s, p, d, k, e in zip(x.shape[2:], stride, padding, dilation, w.shape[2:], extra)
    )
    if any(k <= 0 for k in spatial):
        raise RuntimeError(
            f"Given input size per channel: {show(x.shape[2:])}. Calculated output size per "
            f"channel: {show(spatial)}. "
            "Output size is too small"
        )
    shape = (x.shape[0], out_channels, *spatial)
    out = ops.conv_input(
        x, w, shape=shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    if bias is not None:
        out = ops.add(out, expand(ops.reshape(bias, shape=(1, out_channels, *(1,) * n)), shape))
    return out if batched else ops.reshape(out, shape=shape[1:])


def _forward(
    n: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Tensor:
    steps, gaps = pair(stride, n, "stride"), pair(dilation, n, "dilation")
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise RuntimeError(f"Invalid padding string: '{padding}'")
        if padding == "same" and any(s != 1 for s in steps):
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        edges: Any = padding
    else:
        edges = pair(padding, n, "padding")
    return apply(
        "ConvolutionBackward0", _conv, (input, weight, bias), (n, steps, edges, gaps, groups)
    )


def _backward(
    n: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Tensor:
    static = (
        n,
        pair(stride, n),
        pair(padding, n),
        pair(output_padding, n),
        groups,
        pair(dilation, n),
    )
    return apply("ConvolutionBackward0", _transposed, (input, weight, bias), static)


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution (cross-correlation) of [N, C, L] with [O, C / groups, K]: gives [N, O, L']."""
    return _forward(1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution (cross-correlation) of [N, C, H, W] with [O, C / groups, KH, KW]: gives [N, O,
    H', W'].

    `padding` is a number a side, or "valid", or "same".
    """
    return _forward(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution (cross-correlation) of [N, C, D, H, W] with [O, C / groups, KD, KH, KW]."""
    return _forward(3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The adjoint of `conv1d`: [N, C, L] with weight [C, O / groups, K]."""
    return _backward(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The adjoint of `conv2d`: [N, C, H, W] with weight [C, O / groups, KH, KW]."""
    return _backward(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The adjoint of `conv3d`: [N, C, D, H, W] with weight [C, O / groups, KD, KH, KW]."""
    return _backward(3, input, weight, bias, stride, padding, output_padding, groups, dilation)

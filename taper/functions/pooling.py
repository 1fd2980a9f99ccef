"""Pooling over sliding windows: maxima, means and p-norms."""

from __future__ import annotations

from math import prod
from typing import Any

from .. import dtypes
from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show
from ..tensor import Tensor
from .common import expand, pair, scalar, unsupported, wide

__all__ = ["avg_pool1d", "avg_pool2d", "avg_pool3d", "lp_pool1d", "lp_pool2d", "lp_pool3d"]
__all__ += ["max_pool1d", "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices"]
__all__ += ["max_pool3d", "max_pool3d_with_indices"]


def windows_out(
    size: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool
) -> int:
    """Number of windows; with `ceil` the last may reach over the edge, if it starts inside."""
    span = size + 2 * padding - dilation * (kernel - 1) - 1
    out = (-(-span // stride) if ceil else span // stride) + 1
    if ceil and (out - 1) * stride >= size + padding:
        out -= 1
    return out


def check_window(kernel: tuple, stride: tuple, padding: tuple, dilation: tuple) -> None:
    """Refuse windows that make no sense, in PyTorch's words."""
    if any(k <= 0 for k in kernel):
        raise RuntimeError(f"kernel size should be greater than zero, but got {_named(kernel)}")
    if any(s <= 0 for s in stride):
        raise RuntimeError(f"stride should be greater than zero, but got {_named(stride)}")
    if any(d <= 0 for d in dilation):
        raise RuntimeError(f"dilation should be greater than zero, but got {_named(dilation)}")
    for p, k, d in zip(padding, kernel, dilation):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > ((k - 1) * d + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, "
                f"kernel_size={k} and dilation={d}"
            )


def _named(values: tuple) -> str:
    names = {1: ("W",), 2: ("H", "W"), 3: ("T", "H", "W")}[len(values)]
    return " ".join(f"k{n}: {v}" for n, v in zip(names, values))


def padded_windows(
    x: Node, kernel: tuple, stride: tuple, padding: tuple, dilation: tuple, ceil: bool, fill: Any
) -> tuple[Node, tuple]:
    """Windows over the last dimensions of x, and the spatial output sizes."""
    n = len(kernel)
    spatial = x.shape[-n:]
    out = tuple(
        windows_out(s, k, t, p, d, ceil)
        for s, k, t, p, d in zip(spatial, kernel, stride, padding, dilation)
    )
    if any(o <= 0 for o in out):
        channels = x.shape[-n - 1]
        raise RuntimeError(
            f"Given input size: ({'x'.join(map(str, (channels, *spatial)))}). Calculated output "
            f"size: ({'x'.join(map(str, (channels, *out)))}). Output size is too small"
        )
    need = tuple((o - 1) * t + d * (k - 1) + 1 for o, t, d, k in zip(out, stride, dilation, kernel))
    high = tuple(max(0, w - s - p) for w, s, p in zip(need, spatial, padding))
    lead = (0,) * (len(x.shape) - n)
    if any(padding) or any(high):
        x = ops.pad(
            x, low=(*lead, *padding), high=(*lead, *high), interior=(0,) * len(x.shape), value=fill
        )
    axes = tuple(range(len(x.shape) - n, len(x.shape)))
    seen = ops.windows(x, axes=axes, size=kernel, step=stride, dilation=dilation)
    take = tuple(o for o in out)
    if seen.shape[len(lead) : len(lead) + n] != take:
        stop = (*seen.shape[: len(lead)], *take, *kernel)
        seen = ops.slice(seen, start=(0,) * len(stop), stop=stop, step=(1,) * len(stop))
    return seen, out


def _lowest(x: Node) -> Any:
    if x.dtype.is_floating_point:
        return float("-inf")
    return -(2 ** (8 * x.dtype.itemsize - 1)) if x.dtype.is_signed else 0


def _max_windows(
    x: Node, kernel: tuple, stride: tuple, padding: tuple, dilation: tuple, ceil: bool
) -> tuple[Node, Node, tuple]:
    """Each window in a last dimension, the place of its maximum, and the output's shape."""
    n = len(kernel)
    seen, out = padded_windows(x, kernel, stride, padding, dilation, ceil, _lowest(x))
    shape = (*x.shape[:-n], *out)
    flat = ops.reshape(seen, shape=(*shape, prod(kernel)))
    return flat, ops.argmax(flat, axes=(len(shape),)), shape


def _max_pool(
    x: Node, n: int, kernel: tuple, stride: tuple, padding: tuple, dilation: tuple, ceil: bool
) -> Node:
    _check_input(x, n)
    if n == 1:
        _check_line(x, kernel, stride, padding, dilation)
    check_window(kernel, stride, padding, dilation)
    flat, place, shape = _max_windows(x, kernel, stride, padding, dilation, ceil)
    one = (*shape, 1)
    best = ops.gather(flat, ops.reshape(place, shape=one), axis=len(shape))
    return ops.reshape(best, shape=shape)


def _check_input(x: Node, n: int) -> None:
    fits = len(x.shape) in (n + 1, n + 2)
    if fits and 0 not in x.shape[-n - 1 :]:
        return
    if fits and n == 3:
        d = x.shape[-n - 1 :].index(0)
        raise RuntimeError(
            "max_pool3d_with_indices_out_cpu_template(): Expected input's non-batch dimensions to "
            f"have positive length, but input has a shape of {show(x.shape)} and non-batch "
            f"dimension {d} has length zero!"
        )
    name = "max_pool1d: " if n == 1 else ""
    raise RuntimeError(
        f"{name}Expected {n + 1}D or {n + 2}D (batch mode) tensor with optional 0 dim batch size "
        f"for input, but got:{show(x.shape)}"
    )


def _check_line(x: Node, kernel: tuple, stride: tuple, padding: tuple, dilation: tuple) -> None:
    """What one-dimensional maxima refuse, in words of their own."""
    named = {"kernel_size": kernel, "stride": stride, "dilation": dilation}
    for what in ("kernel_size", "stride", "dilation"):
        if named[what][0] <= 0:
            raise RuntimeError(
                f"max_pool1d() {what} must be greater than zero, but got {named[what][0]}"
            )
    if padding[0] < 0:
        raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {padding[0]}")


def _max_pool_indices(
    x: Node, n: int, kernel: tuple, stride: tuple, padding: tuple, dilation: tuple, ceil: bool
) -> tuple[Node, Node]:
    """The maxima, and their places in the flattened plane."""
    best = _max_pool(x, n, kernel, stride, padding, dilation, ceil)
    _, place, shape = _max_windows(x, kernel, stride, padding, dilation, ceil)
    flat = ops.full(shape, 0, dtypes.int64)
    rest = place
    for axis in reversed(range(n)):
        size = ops.full(shape, kernel[axis], dtypes.int64)
        within = ops.mod(rest, size)
        rest = ops.floordiv(rest, size)
        d = len(shape) - n + axis
        line = tuple(shape[d] if i == d else 1 for i in range(len(shape)))
        window = ops.expand(ops.reshape(ops.iota(size=shape[d]), shape=line), shape=shape)
        at = ops.add(_times(window, stride[axis]), _times(within, dilation[axis]))
        at = ops.sub(at, ops.full(shape, padding[axis], dtypes.int64))
        flat = ops.add(flat, _times(at, prod(x.shape[len(x.shape) - n + axis + 1 :])))
    return best, flat


def _times(x: Node, k: int) -> Node:
    return ops.mul(x, ops.fill(x, k))


def _max(
    n: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    kernel = pair(kernel_size, n, "kernel_size")
    steps = kernel if stride is None or stride == () or stride == [] else pair(stride, n, "stride")
    static = (
        n,
        kernel,
        steps,
        pair(padding, n, "padding"),
        pair(dilation, n, "dilation"),
        bool(ceil_mode),
    )
    name = f"MaxPool{n}DWithIndicesBackward0"
    if return_indices:
        return apply(name, _max_pool_indices, (input,), static)
    return apply(name, _max_pool, (input,), static)


def _steps(stride: Any, kernel: tuple, n: int, name: str) -> tuple:
    """The stride, which is the kernel size where none is given."""
    if stride is None or stride in ((), []):
        return kernel
    return _several(stride, n, name, "stride")


_COUNT = {1: "one int", 2: "two ints", 3: "three ints"}


def _several(value: Any, n: int, name: str, what: str) -> tuple[int, ...]:
    if isinstance(value, (tuple, list)) and len(value) not in (1, n):
        optional = "be omitted, a single int" if what == "stride" else "be a single int"
        raise RuntimeError(f"{name}: {what} must either {optional}, or a tuple of {_COUNT[n]}")
    return pair(value, n, what)


# ---------------------------------------------------------------- means
def _counts(
    like: Node, kernel: tuple, stride: tuple, padding: tuple, spatial: tuple, include: bool
) -> Node:
    """How many elements each window counts, in the dtype of the windows' sums."""
    n = len(kernel)
    found = scalar(1, like)
    for axis in range(n):
        k, t, p, size = kernel[axis], stride[axis], padding[axis], spatial[axis]
        d = len(like.shape) - n + axis
        line = tuple(m if i == d else 1 for i, m in enumerate(like.shape))
        number = ops.reshape(ops.iota(size=like.shape[d]), shape=line)
        start = ops.sub(_times(number, t), scalar(p, number))
        end = ops.minimum(ops.add(start, scalar(k, start)), scalar(size + p, start))
        if not include:
            start = ops.maximum(start, scalar(0, start))
            end = ops.minimum(end, scalar(size, end))
        span = ops.cast(ops.sub(end, start), dtype=like.dtype)
        found = ops.mul(found, expand(span, like.shape))
    return found


def _mean_checked(x: Node, n: int, kernel: tuple, stride: tuple, padding: tuple) -> None:
    check_window(kernel, stride, padding, (1,) * n)
    if len(x.shape) not in (n + 1, n + 2) or 0 in x.shape[-n - 1 :]:
        if n == 1:
            raise RuntimeError(
                "Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, "
                f"but got:{show(x.shape)}"
            )
        raise RuntimeError(
            f"Expected {n + 1}D or {n + 2}D (batch mode) tensor with optional 0 dim batch size for "
            f"input, but got:{show(x.shape)}"
        )
    if not x.dtype.is_floating_point and x.dtype is not dtypes.int64:
        unsupported(f"avg_pool{max(n, 2)}d_out_frame", x.dtype)


def _avg_pool(
    x: Node,
    n: int,
    kernel: tuple,
    stride: tuple,
    padding: tuple,
    ceil: bool,
    include: bool,
    divisor: int | None,
) -> Node:
    _mean_checked(x, n, kernel, stride, padding)
    kind = x.dtype
    inner = wide(kind) if kind.inexact else dtypes.float64
    spatial = x.shape[-n:]
    seen, out = padded_windows(ops.cast(x, dtype=inner), kernel, stride, padding, (1,) * n, ceil, 0)
    lead = len(x.shape)
    total = ops.sum(seen, axes=tuple(range(lead, lead + n)))
    even = all(
        o == 0 or (o - 1) * t + k <= s + 2 * p
        for o, t, k, s, p in zip(out, stride, kernel, spatial, padding)
    )
    if divisor is not None:
        count = scalar(divisor, total)
    elif (include and even) or (even and not any(padding)):
        count = scalar(prod(kernel), total)
    else:
        count = _counts(total, kernel, stride, padding, spatial, include)
    return ops.cast(ops.div(total, count), dtype=kind)


def _avg(
    n: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None = None,
) -> Tensor:
    name = f"avg_pool{n}d"
    kernel = _several(kernel_size, n, name, "kernel_size")
    steps = _steps(stride, kernel, n, name)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    static = (
        *(n, kernel, steps, _several(padding, n, name, "padding")),
        *(bool(ceil_mode), bool(count_include_pad), divisor_override),
    )
    graph = "SqueezeBackward1" if n == 1 else f"AvgPool{n}DBackward0"
    return apply(graph, _avg_pool, (input,), static)


def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window over [N, C, L]."""
    return _avg(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window over [N, C, H, W], or its sum over `divisor_override`."""
    return _avg(
        2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window over [N, C, D, H, W], or its sum over `divisor_override`."""
    return _avg(
        3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


# ---------------------------------------------------------------- p-norms
def _lp_pool(x: Node, p: float, n: int, kernel: tuple, stride: tuple, ceil: bool) -> Node:
    power = ops.mul(x, x) if p == 2 else ops.pow(x, scalar(p, x))
    none = (0,) * n
    mean = _avg_pool(power, n, kernel, stride, none, ceil, True, None)
    up = ops.maximum(ops.abs(mean), scalar(0, mean))
    total = ops.mul(ops.mul(ops.sign(mean), up), scalar(prod(kernel), mean))
    return ops.pow(total, scalar(1.0 / p, total))


def _lp(
    n: int, input: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool
) -> Tensor:
    kernel = _several(kernel_size, n, f"avg_pool{n}d", "kernel_size")
    static = (float(norm_type), n, kernel, _steps(stride, kernel, n, f"avg_pool{n}d"), ceil_mode)
    return apply("PowBackward0", _lp_pool, (input,), static)


def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Tensor:
    """(sum x^p)^(1/p) of each window over [N, C, L]."""
    return _lp(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Tensor:
    """(sum x^p)^(1/p) of each window over [N, C, H, W]."""
    return _lp(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Tensor:
    """(sum x^p)^(1/p) of each window over [N, C, D, H, W]."""
    return _lp(3, input, norm_type, kernel_size, stride, ceil_mode)


# ---------------------------------------------------------------- maxima
def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window over [N, C, L]."""
    return _max(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window over [N, C, H, W]; equal ones count once, the first of
    them."""
    return _max(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window over [N, C, D, H, W]."""
    return _max(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool1d` and the places of the maxima."""
    return _max(1, input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool2d` and the places of the maxima, counted through each plane."""
    return _max(2, input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Tensor, Tensor]:
    """`max_pool3d` and the places of the maxima, counted through each volume."""
    return _max(3, input, kernel_size, stride, padding, dilation, ceil_mode, True)

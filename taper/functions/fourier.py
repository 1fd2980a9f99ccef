"""Fourier transforms of complex, real and Hermitian signals, their frequencies and shifts."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt
from typing import Any

import numpy as np

from .. import dtypes
from ..calls import apply
from ..devices import resolve
from ..dtypes import dtype
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import wrap_dim
from ..tensor import Tensor, formatting_name
from .common import scalar, store, to_float
from .creation import from_array
from .joining import roll

Sizes = Sequence[int] | None
_SCALE = {None: 0, "backward": 0, "ortho": 1, "forward": 2}


# ---------------------------------------------------------------- nodes
def _resized(x: Node, axis: int, size: int) -> Node:
    """A dimension cut or filled with zeros at its end."""
    have, rank = x.shape[axis], len(x.shape)
    if size < have:
        stop = tuple(size if i == axis else n for i, n in enumerate(x.shape))
        return ops.slice(x, start=(0,) * rank, stop=stop, step=(1,) * rank)
    if size == have:
        return x
    high = tuple(size - have if i == axis else 0 for i in range(rank))
    return ops.pad(x, low=(0,) * rank, high=high, interior=(0,) * rank, value=0)


def _whole(x: Node, axis: int, size: int) -> Node:
    """A Hermitian signal of `size` points from its first half."""
    half = size // 2 + 1
    x, rank = _resized(x, axis, half), len(x.shape)
    if size <= 2:
        return _resized(x, axis, size)
    start = tuple(1 if i == axis else 0 for i in range(rank))
    stop = tuple((size + 1) // 2 if i == axis else n for i, n in enumerate(x.shape))
    rest = ops.slice(x, start=start, stop=stop, step=(1,) * rank)
    return ops.concat(x, ops.conj(ops.flip(rest, axes=(axis,))), axis=axis)


def _scaled(x: Node, norm: str | None, inverse: bool, count: int) -> Node:
    power = _SCALE[norm] if not inverse else 2 - _SCALE[norm]
    factor = (1.0, 1 / sqrt(count), 1 / count)[power]
    return x if power == 0 else ops.mul(x, scalar(factor, x))


def _transform(
    x: Node, kind: str, inverse: bool, axes: tuple[int, ...], shape: tuple[int, ...], norm: str
) -> Node:
    """`kind` is "c2c", "r2c" (half of the last axis is kept) or "c2r" (half of it is given)."""
    x = to_float(x)
    if x.dtype.is_half:
        raise RuntimeError(f"Unsupported dtype {formatting_name(x.dtype)}")
    x = ops.cast(x, dtype=x.dtype.to_complex())
    if kind != "c2r":
        for axis, n in zip(axes, shape):
            x = _resized(x, axis, n)
        if axes:
            x = ops.fft(x, axes=axes, inverse=inverse)
        x = _scaled(x, norm, inverse, prod(shape))
        return _resized(x, axes[-1], shape[-1] // 2 + 1) if kind == "r2c" else x
    for axis, n in zip(axes[:-1], shape[:-1]):
        x = _resized(x, axis, n)
    if len(axes) > 1:
        x = ops.fft(x, axes=axes[:-1], inverse=inverse)
    x = ops.fft(_whole(x, axes[-1], shape[-1]), axes=axes[-1:], inverse=inverse)
    return _scaled(ops.real(x), norm, inverse, prod(shape))


# ---------------------------------------------------------------- arguments
def _call(
    x: Tensor, kind: str, inverse: bool, axes: Sequence[int], shape: Sequence[int], norm: Any
) -> Tensor:
    if norm not in _SCALE:
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    for n in shape:
        if n < 1:
            raise RuntimeError(f"Invalid number of data points ({n}) specified")
    real = kind == "c2c" and not x.dtype.is_complex
    name = "FftR2CBackward0" if real else f"Fft{kind.upper()}Backward0"
    return apply(name, _transform, (x,), (kind, inverse, tuple(axes), tuple(shape), norm))


def _one(
    name: str, x: Tensor, n: int | None, dim: int, norm: Any, out: Any, kind: str, inverse: bool
) -> Tensor:
    """A transform along one dimension."""
    if kind == "r2c" and x.dtype.is_complex:
        raise RuntimeError(
            f"{name} expects a real input tensor, but got {formatting_name(x.dtype)}"
        )
    if not x.dim():
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    axis = wrap_dim(dim, x.dim())
    have = x.shape[axis]
    if n is None:
        n = 2 * (have - 1) if kind == "c2r" else have
    return store(out, _call(x, kind, inverse, (axis,), (n,), norm))


def _several(
    name: str, x: Tensor, s: Sizes, dim: Any, norm: Any, out: Any, kind: str, inverse: bool
) -> Tensor:
    """A transform along several dimensions, all of them by default."""
    if kind == "r2c" and x.dtype.is_complex:
        got = formatting_name(x.dtype)
        raise RuntimeError(
            f"rfftn expects a real-valued input tensor, but got {got}"
            if not inverse
            else f"Only supports floating-point dtypes, but found: {got}"
        )
    rank, dim = x.dim(), (dim,) if isinstance(dim, int) else dim
    s = (s,) if isinstance(s, int) else s
    if dim is not None:
        if s is not None and len(s) != len(dim):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
        axes = [wrap_dim(d, rank) for d in dim]
        if len(set(axes)) != len(axes):
            raise RuntimeError("FFT dims must be unique")
    else:
        if s is not None and len(s) > rank:
            raise RuntimeError(
                f"Got shape with {len(s)} values but input tensor only has {rank} dimensions."
            )
        axes = list(range(0 if s is None else rank - len(s), rank))
    if kind != "c2c" and not axes:
        raise RuntimeError(f"{name} must transform at least one axis")
    shape = [x.shape[a] for a in axes]
    if kind == "c2r":
        shape[-1] = 2 * (shape[-1] - 1)
    if s is not None:
        for i, n in enumerate(s):
            if n != -1:
                shape[i] = int(n)
    return store(out, _call(x, kind, inverse, axes, shape, norm))


# ---------------------------------------------------------------- complex signals
def fft(
    input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None
) -> Tensor:
    """Sums of x_j exp(-2 pi i jk / n) along a dimension, cut or filled with zeros to n points.

    `norm` says which direction is divided by n: "backward" (the inverse), "forward", or "ortho"
    for sqrt(n) in both. RuntimeError for n < 1 and for half precision.
    """
    return _one("fft", input, n, dim, norm, out, "c2c", False)


def ifft(
    input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None
) -> Tensor:
    """The inverse of `fft`."""
    return _one("ifft", input, n, dim, norm, out, "c2c", True)


def fftn(
    input: Tensor, s: Sizes = None, dim: Any = None, norm: str | None = None, *, out: Any = None
) -> Tensor:
    """`fft` along several dimensions (all by default), of sizes `s`."""
    return _several("fftn", input, s, dim, norm, out, "c2c", False)


def ifftn(
    input: Tensor, s: Sizes = None, dim: Any = None, norm: str | None = None, *, out: Any = None
) -> Tensor:
    """The inverse of `fftn`."""
    return _several("ifftn", input, s, dim, norm, out, "c2c", True)


def fft2(
    input: Tensor, s: Sizes = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Any = None
) -> Tensor:
    """`fftn` along the last two dimensions."""
    return fftn(input, s, dim, norm, out=out)


def ifft2(
    input: Tensor, s: Sizes = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Any = None
) -> Tensor:
    """The inverse of `fft2`."""
    return ifftn(input, s, dim, norm, out=out)


# ---------------------------------------------------------------- real signals
def rfft(
    input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None
) -> Tensor:
    """`fft` of a real signal: the first n // 2 + 1 points, of which the others are conjugates."""
    return _one("rfft", input, n, dim, norm, out, "r2c", False)


def irfft(
    input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None
) -> Tensor:
    """The inverse of `rfft`, to n points: 2 (m - 1) by default, where m are given."""
    return _one("irfft", input, n, dim, norm, out, "c2r", True)


def rfftn(
    input: Tensor, s: Sizes = None, dim: Any = None, norm: str | None = None, *, out: Any = None
) -> Tensor:
    """`fftn` of a real signal, of which the last dimension is halved."""
    return _several("rfftn", input, s, dim, norm, out, "r2c", False)


def irfftn(
    input: Tensor, s: Sizes = None, dim: Any = None, norm: str | None = None, *, out: Any = None
) -> Tensor:
    """The inverse of `rfftn`."""
    return _several("irfftn", input, s, dim, norm, out, "c2r", True)


def rfft2(
    input: Tensor, s: Sizes = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Any = None
) -> Tensor:
    """`rfftn` along the last two dimensions."""
    return rfftn(input, s, dim, norm, out=out)


def irfft2(
    input: Tensor, s: Sizes = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Any = None
) -> Tensor:
    """The inverse of `rfft2`."""
    return irfftn(input, s, dim, norm, out=out)


# ---------------------------------------------------------------- Hermitian signals
def hfft(
    input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None
) -> Tensor:
    """`fft` of a Hermitian signal given by its first half; the result is real."""
    return _one("hfft", input, n, dim, norm, out, "c2r", False)


def ihfft(
    input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Any = None
) -> Tensor:
    """The inverse of `hfft`."""
    return _one("ihfft", input, n, dim, norm, out, "r2c", True)


def hfftn(
    input: Tensor, s: Sizes = None, dim: Any = None, norm: str | None = None, *, out: Any = None
) -> Tensor:
    """`fftn` of a Hermitian signal; the result is real."""
    return _several("hfftn", input, s, dim, norm, out, "c2r", False)


def ihfftn(
    input: Tensor, s: Sizes = None, dim: Any = None, norm: str | None = None, *, out: Any = None
) -> Tensor:
    """The inverse of `hfftn`."""
    return _several("ihfftn", input, s, dim, norm, out, "r2c", True)


def hfft2(
    input: Tensor, s: Sizes = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Any = None
) -> Tensor:
    """`hfftn` along the last two dimensions."""
    return hfftn(input, s, dim, norm, out=out)


def ihfft2(
    input: Tensor, s: Sizes = None, dim: Any = (-2, -1), norm: str | None = None, *, out: Any = None
) -> Tensor:
    """The inverse of `hfft2`."""
    return ihfftn(input, s, dim, norm, out=out)


# ---------------------------------------------------------------- frequencies and shifts
def _frequencies(
    places: np.ndarray, n: int, d: float, out: Any, kind: Any, device: Any, requires_grad: bool
) -> Tensor:
    kind = kind or (dtypes.get_default() if out is None else out.dtype)
    found = from_array((places * (1.0 / (n * d))).astype(kind.array), resolve(device))
    return store(out, found.requires_grad_(requires_grad))


def fftfreq(
    n: int,
    d: float = 1.0,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The frequencies of `fft`'s n points, for samples that lie d apart."""
    places = np.concatenate([np.arange((n + 1) // 2), np.arange(-(n // 2), 0)])
    return _frequencies(places, n, d, out, dtype, device, requires_grad)


def rfftfreq(
    n: int,
    d: float = 1.0,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The frequencies of `rfft`'s n // 2 + 1 points, for samples that lie d apart."""
    return _frequencies(np.arange(n // 2 + 1), n, d, out, dtype, device, requires_grad)


def _shifted(x: Tensor, dim: Any, back: bool) -> Tensor:
    dims = range(x.dim()) if dim is None else (dim,) if isinstance(dim, int) else dim
    axes = [wrap_dim(d, x.dim()) for d in dims]
    return roll(x, [(x.shape[a] + back) // 2 for a in axes], axes) if axes else x.clone()


def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Frequency zero moved to the middle of all dimensions, or of those given."""
    return _shifted(input, dim, False)


def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The inverse of `fftshift`."""
    return _shifted(input, dim, True)

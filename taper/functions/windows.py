"""Window functions: bell-shaped vectors that taper a stretch of a signal."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import dtypes
from ..devices import resolve
from ..dtypes import dtype
from ..ops.bessel import bessel_i
from ..tensor import Tensor, strided
from .creation import from_array

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]


def _made(values: np.ndarray, kind: dtype, device: Any, requires_grad: bool) -> Tensor:
    found = from_array(values.astype(kind.array), resolve(device))
    return found.requires_grad_(requires_grad)


def _cosines(count: int, span: int, weights: Iterable[float]) -> np.ndarray:
    """a_0 - a_1 cos(t) + a_2 cos(2 t) - ..., t in [0, 2 pi] over `span` steps."""
    turn = 2 * math.pi * np.arange(count) / max(span, 1)
    return sum(((-1) ** k * a * np.cos(k * turn) for k, a in enumerate(weights)), np.zeros(count))


# ---------------------------------------------------------------- torch.X_window
def _window(name: str, n: int, periodic: bool, kind: dtype | None) -> tuple[dtype, int]:
    """The dtype of a window, and the steps between its ends."""
    kind = kind or dtypes.get_default()
    if not kind.inexact:
        raise RuntimeError(
            f"{name} expects floating point dtypes, got: TensorOptions(dtype="
            f"{ {'int64': 'long int', 'int32': 'int'}.get(kind.name, kind.name) }, device=cpu, "
            "layout=Strided (default), requires_grad=false (default), pinned_memory=false, "
            "memory_format=(nullopt))"
        )
    if n < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={n}")
    return kind, n if periodic else n - 1


def _one(values: np.ndarray) -> np.ndarray:
    return np.ones(1) if values.size == 1 else values


def hann_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """(1 - cos t) / 2; periodic windows leave out the last point, which is the first again."""
    kind, span = _window("hann_window", window_length, periodic, dtype)
    values = _one(_cosines(window_length, span, (0.5, 0.5)))
    return _made(values, kind, device, requires_grad)


def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """alpha - beta cos t."""
    kind, span = _window("hamming_window", window_length, periodic, dtype)
    values = _one(_cosines(window_length, span, (alpha, beta)))
    return _made(values, kind, device, requires_grad)


def blackman_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """0.42 - 0.5 cos t + 0.08 cos 2t."""
    kind, span = _window("blackman_window", window_length, periodic, dtype)
    values = _one(_cosines(window_length, span, (0.42, 0.5, 0.08)))
    return _made(values, kind, device, requires_grad)


def bartlett_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A triangle."""
    kind, span = _window("bartlett_window", window_length, periodic, dtype)
    values = 1 - np.abs(2 * np.arange(window_length) / max(span, 1) - 1)
    return _made(_one(values), kind, device, requires_grad)


def kaiser_window(
    window_length: int,
    periodic: bool = True,
    beta: float = 12.0,
    *,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """I0(beta sqrt(1 - r^2)) / I0(beta), where r runs from -1 to 1."""
    kind, span = _window("kaiser_window", window_length, periodic, dtype)
    return _made(_one(_bells(window_length, span, beta)), kind, device, requires_grad)


def _bells(count: int, span: int, beta: float) -> np.ndarray:
    r = 2 * np.arange(count) / max(span, 1) - 1
    inner = beta * np.sqrt(np.maximum(1 - r * r, 0))
    return bessel_i(0, inner) / bessel_i(0, np.array(beta))


# ---------------------------------------------------------------- torch.signal.windows
def _checked(name: str, count: int, sym: bool, kind: dtype | None, order: Any) -> tuple[dtype, int]:
    kind = kind or dtypes.get_default()
    if count < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={count}")
    if order not in (None, strided):
        raise ValueError(f"{name} is implemented for strided tensors only, got: {order}")
    if kind not in (dtypes.float32, dtypes.float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {kind}")
    return kind, count - 1 if sym or count <= 1 else count


def general_cosine(
    M: int,
    *,
    a: Iterable[float],
    sym: bool = True,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The sum of (-1)^k a_k cos(k t), t from 0 to 2 pi.

    Raises TypeError for coefficients that are no list, ValueError for none, for M < 0 and for
    dtypes other than float32 and float64.
    """
    kind, span = _checked("general_cosine", M, sym, dtype, layout)
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    weights = list(a)
    if not weights:
        raise ValueError("Coefficients cannot be empty")
    return _made(_one(_cosines(M, span, weights)), kind, device, requires_grad)


def general_hamming(M: int, *, alpha: float = 0.54, **options: Any) -> Tensor:
    """alpha - (1 - alpha) cos t."""
    return general_cosine(M, a=[alpha, 1.0 - alpha], **options)


def hamming(M: int, **options: Any) -> Tensor:
    """0.54 - 0.46 cos t."""
    return general_hamming(M, **options)


def hann(M: int, **options: Any) -> Tensor:
    """(1 - cos t) / 2."""
    return general_hamming(M, alpha=0.5, **options)


def blackman(M: int, **options: Any) -> Tensor:
    """0.42 - 0.5 cos t + 0.08 cos 2t."""
    return general_cosine(M, a=[0.42, 0.5, 0.08], **options)


def nuttall(M: int, **options: Any) -> Tensor:
    """Nuttall's four terms with the least side lobes."""
    return general_cosine(M, a=[0.3635819, 0.4891775, 0.1365995, 0.0106411], **options)


def bartlett(
    M: int,
    *,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A triangle."""
    kind, span = _checked("bartlett", M, sym, dtype, layout)
    values = 1 - np.abs(2 * np.arange(M) / max(span, 1) - 1)
    return _made(_one(values), kind, device, requires_grad)


def cosine(
    M: int,
    *,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Half a wave of a sine."""
    kind, span = _checked("cosine", M, sym, dtype, layout)
    values = np.sin(math.pi * (np.arange(M) + 0.5) / (span + 1))
    return _made(values, kind, device, requires_grad)


def exponential(
    M: int,
    *,
    center: float | None = None,
    tau: float = 1.0,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """exp(-|n - center| / tau); only windows that are not symmetric may choose the center."""
    kind, span = _checked("exponential", M, sym, dtype, layout)
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    middle = span / 2 if center is None else center
    values = np.exp(-np.abs(np.arange(M) - middle) / tau)
    return _made(values, kind, device, requires_grad)


def gaussian(
    M: int,
    *,
    std: float = 1.0,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """exp(-((n - center) / std)^2 / 2)."""
    kind, span = _checked("gaussian", M, sym, dtype, layout)
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    values = np.exp(-(((np.arange(M) - span / 2) / std) ** 2) / 2)
    return _made(values, kind, device, requires_grad)


def kaiser(
    M: int,
    *,
    beta: float = 12.0,
    sym: bool = True,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """I0(beta sqrt(1 - r^2)) / I0(beta), where r runs from -1 to 1."""
    kind, span = _checked("kaiser", M, sym, dtype, layout)
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    return _made(_one(_bells(M, span, beta)), kind, device, requires_grad)

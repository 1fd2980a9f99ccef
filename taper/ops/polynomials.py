"""Orthogonal polynomials on numpy arrays, by their three-term recurrences."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Step = Callable[[int, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def _recurrence(
    x: np.ndarray, n: np.ndarray, first: np.ndarray, step: Step, most: float = math.inf
) -> np.ndarray:
    """p_n(x) for each element, where p_0 = 1, p_1 = `first` and p_(k+1) = step(k, x, p_k, p_(k-1)).

    0 for n < 0, NaN for n > `most`.
    """
    with np.errstate(all="ignore"):
        order = np.trunc(n)
        out = np.where(order < 0, 0, np.where(order == 0, 1, np.nan)).astype(x.dtype)
        before, now, k = np.ones_like(x), first, 1
        top = min(float(order.max(initial=0)), most)
        while k <= top:
            out = np.where(order == k, now, out)
            if not np.isfinite(now).any():
                break
            before, now, k = now, step(k, x, now, before), k + 1
        return out.astype(x.dtype)


def _chebyshev(x: np.ndarray, n: np.ndarray, first: np.ndarray) -> np.ndarray:
    return _recurrence(x, n, first, lambda k, x, now, before: 2 * x * now - before)


def _waves(
    x: np.ndarray, n: np.ndarray, first: np.ndarray, wave: Callable, ends: tuple
) -> np.ndarray:
    """A Chebyshev polynomial: by angles inside (-1, 1) for larger n, its known values at 1 and
    -1."""
    with np.errstate(all="ignore"):
        order = np.trunc(n)
        angle = np.arccos(np.clip(x, -1, 1))
        far = (order > 6) & (np.abs(x) < 1)
        out = np.where(far, wave(order, angle), _chebyshev(x, np.where(far, 0, n), first))
        sign = np.where(order % 2 == 0, 1, -1)
        out = np.where((x == 1) & (order >= 0), ends[0](order), out)
        return np.where((x == -1) & (order >= 0), sign * ends[1](order), out).astype(x.dtype)


def _one(n: np.ndarray) -> np.ndarray:
    return np.ones_like(n)


def chebyshev_t(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """cos(n t) where x = cos t."""
    return _waves(x, n, x, lambda n, t: np.cos(n * t), (_one, _one))


def chebyshev_u(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """sin((n + 1) t) / sin t where x = cos t."""

    def wave(n: np.ndarray, t: np.ndarray) -> np.ndarray:
        return np.sin((n + 1) * t) / np.sin(t)

    return _waves(x, n, 2 * x, wave, (lambda n: n + 1, lambda n: n + 1))


def chebyshev_v(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """cos((n + 1/2) t) / cos(t / 2) where x = cos t."""

    def wave(n: np.ndarray, t: np.ndarray) -> np.ndarray:
        return np.cos((n + 0.5) * t) / np.cos(t / 2)

    return _waves(x, n, 2 * x - 1, wave, (_one, lambda n: 2 * n + 1))


def chebyshev_w(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """sin((n + 1/2) t) / sin(t / 2) where x = cos t."""

    def wave(n: np.ndarray, t: np.ndarray) -> np.ndarray:
        return np.sin((n + 0.5) * t) / np.sin(t / 2)

    return _waves(x, n, 2 * x + 1, wave, (lambda n: 2 * n + 1, _one))


def _most(x: np.ndarray) -> float:
    return 512 if x.dtype == np.float64 else 128  # beyond it PyTorch gives NaN


def hermite_h(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The physicists' Hermite polynomial."""
    return _recurrence(x, n, 2 * x, lambda k, x, p, q: 2 * x * p - 2 * k * q, _most(x))


def hermite_he(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The probabilists' Hermite polynomial."""
    return _recurrence(x, n, x, lambda k, x, p, q: x * p - k * q, _most(x))


def laguerre_l(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Laguerre's polynomial."""
    out = _recurrence(x, n, 1 - x, lambda k, x, p, q: ((2 * k + 1 - x) * p - k * q) / (k + 1))
    return np.where((x == 0) & (n > -1), 1, out).astype(x.dtype)


def legendre_p(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Legendre's polynomial."""
    return _recurrence(x, n, x, lambda k, x, p, q: ((2 * k + 1) * x * p - k * q) / (k + 1))

"""Incomplete gamma functions, and the tails of the normal distribution, on numpy arrays."""

from __future__ import annotations

import math

import numpy as np

from .special import erfc, lgamma

_STEPS = 20000


def _series(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The sum of x^n / ((a + 1) ... (a + n)) (DLMF 8.7.1)."""
    term, total, k = np.ones_like(x), np.ones_like(x), 1
    while k < _STEPS and np.any(term > 1e-17 * total):
        term = term * x / (a + k)
        total, k = total + term, k + 1
    return total


def _fraction(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Legendre's continued fraction for the upper function (DLMF 8.9.2), by Lentz's method."""
    tiny = 1e-300
    b = x + 1 - a
    c, d = np.full_like(x, 1 / tiny), 1 / np.where(b == 0, tiny, b)
    h, k = d.copy(), 1
    while k < _STEPS:
        factor = -k * (k - a)
        b = b + 2
        d = factor * d + b
        d = 1 / np.where(np.abs(d) < tiny, tiny, d)
        c = b + factor / c
        c = np.where(np.abs(c) < tiny, tiny, c)
        change, k = c * d, k + 1
        h = h * change
        if np.all(np.abs(change - 1) < 1e-16):
            break
    return h


def _both(a: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The regularized lower and upper incomplete gamma functions."""
    a, x = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    with np.errstate(all="ignore"):
        plain = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
        p, z = np.where(plain, a, 1.0), np.where(plain, x, 1.0)
        scale = np.exp(p * np.log(z) - z - lgamma(p))
        below = z < p + 1
        low = scale / p * _series(p, np.where(below, z, 0))
        high = scale * _fraction(np.where(below, 1, p), np.where(below, 3, z))
        low, high = np.where(below, low, 1 - high), np.where(below, 1 - low, high)
        for test, value in (
            (x == 0, 0.0),
            (np.isinf(x), 1.0),
            (a == 0, 1.0),
            (np.isinf(a), 0.0),
            ((x < 0) | (a < 0) | ((a == 0) & (x == 0)), np.nan),
            (np.isinf(a) & np.isinf(x) | np.isnan(a) | np.isnan(x), np.nan),
        ):
            low, high = np.where(test, value, low), np.where(test, 1 - value, high)
    return low, high


def gammainc(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The lower incomplete gamma function over gamma(a)."""
    return _both(a, x)[0]


def gammaincc(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The upper incomplete gamma function over gamma(a)."""
    return _both(a, x)[1]


def erfcx(x: np.ndarray) -> np.ndarray:
    """exp(x^2) erfc(x), by the asymptotic series (DLMF 7.12.1) for large x."""
    y = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        near = y < 10
        inner = np.exp(np.where(near, y * y, 0)) * erfc(np.where(near, y, 0))
        far = np.where(near, 10, y)
        term, total = np.ones_like(far), np.ones_like(far)
        for k in range(1, 20):
            term = -term * (2 * k - 1) / (2 * far * far)
            total = total + term
        out = np.where(near, inner, total / (far * math.sqrt(math.pi)))
    return np.where(np.isnan(y), y, out)


def ndtri(p: np.ndarray) -> np.ndarray:
    """The inverse of the normal distribution function: Winitzki's start, then Halley's steps."""
    y = np.asarray(p, np.float64)
    inside = (y > 0) & (y < 1)
    tail = 2 * np.where(inside, np.minimum(y, 1 - y), 0.25)
    with np.errstate(all="ignore"):
        log = np.log(tail * (2 - tail))
        k = 2 / (math.pi * 0.147) + log / 2
        z = np.sqrt(np.sqrt(k * k - log / 0.147) - k)
        for _ in range(6):
            ratio = erfcx(z) - tail * np.exp(z * z)  # the error over exp(-z^2)
            step = -ratio * math.sqrt(math.pi) / 2
            z = z - step / (1 + z * step)
    out = math.sqrt(2) * np.where(y < 0.5, -z, z)
    out = np.where(y == 0.5, 0, out)
    return np.where(inside, out, np.where(y == 0, -np.inf, np.where(y == 1, np.inf, np.nan)))

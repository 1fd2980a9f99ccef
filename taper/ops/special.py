"""Special functions on numpy arrays that numpy itself lacks."""

from __future__ import annotations

import math

import numpy as np

_erf = np.frompyfunc(math.erf, 1, 1)
_erfc = np.frompyfunc(math.erfc, 1, 1)


def _lgamma_one(x: float) -> float:
    if math.isinf(x) or (x <= 0 and x == math.floor(x)):
        return math.inf
    return math.lgamma(x)


_lgamma = np.frompyfunc(_lgamma_one, 1, 1)


def erf(x: np.ndarray) -> np.ndarray:
    """The error function."""
    return np.asarray(_erf(x)).astype(x.dtype)


def erfc(x: np.ndarray) -> np.ndarray:
    """One minus the error function, without cancellation."""
    return np.asarray(_erfc(x)).astype(x.dtype)


def lgamma(x: np.ndarray) -> np.ndarray:
    """The logarithm of the absolute value of the gamma function."""
    return np.asarray(_lgamma(x)).astype(x.dtype)


def erfinv(x: np.ndarray) -> np.ndarray:
    """The inverse of erf: Winitzki's approximation, refined by Halley's steps."""
    y = x.astype(np.float64)
    inside = np.abs(y) < 1
    safe = np.where(inside, y, 0.0)
    log = np.log1p(-safe * safe)
    k = 2 / (math.pi * 0.147) + log / 2
    z = np.sign(safe) * np.sqrt(np.sqrt(k * k - log / 0.147) - k)
    for _ in range(4):
        tail = np.asarray(_erfc(np.abs(z))).astype(np.float64)
        error = np.where(safe >= 0, 1 - safe - tail, -(1 + safe) + tail)
        slope = 2 / math.sqrt(math.pi) * np.exp(-z * z)
        step = error / slope
        z = z - step / (1 + z * step)
    edge = np.where(y == 1, np.inf, np.where(y == -1, -np.inf, np.nan))
    z = np.where(np.abs(y) < 1e-8, y * (math.sqrt(math.pi) / 2), z)
    return np.where(inside, z, edge).astype(x.dtype)


def digamma(x: np.ndarray) -> np.ndarray:
    """The derivative of lgamma: reflection, recurrence up to 10, then the asymptotic series."""
    y = x.astype(np.float64)
    pole = (y <= 0) & (y == np.floor(y))
    mirrored = (y < 0) & ~pole
    z = np.where(mirrored, 1 - y, np.where(pole, 1.0, y))
    out = np.zeros_like(z)
    for _ in range(10):
        low = z < 10
        out = out - np.where(low, 1 / np.where(low, z, 1), 0)
        z = np.where(low, z + 1, z)
    w = 1 / (z * z)
    series = w * (
        1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (1 / 132 - w * 691 / 32760))))
    )
    out = out + np.log(z) - 0.5 / z - series
    out = np.where(
        mirrored, out - math.pi / np.tan(math.pi * np.where(mirrored, y - np.floor(y), 0.5)), out
    )
    out = np.where(pole, np.where(y == 0, np.where(np.signbit(y), np.inf, -np.inf), np.nan), out)
    return out.astype(x.dtype)


def zeta(s: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The Hurwitz zeta function by Euler-Maclaurin summation, for s > 1.

    For q below zero the series needs a whole s; at 0, -1, -2, ... it is infinite.
    """
    s64, q64 = np.broadcast_arrays(np.asarray(s, np.float64), np.asarray(q, np.float64))
    below = q64 <= 0
    pole = below & (q64 == np.floor(q64))
    a = np.where(pole | ~np.isfinite(q64), 1.0, q64)
    total = np.zeros(s64.shape)
    while np.any(a < 12):
        short = a < 12
        total = total + np.where(short, a**-s64, 0)
        a = np.where(short, a + 1, a)
    total = total + a ** (1 - s64) / (s64 - 1) + 0.5 * a**-s64
    factor, power = s64, a ** (-s64 - 1)
    for j, b in enumerate((1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6), start=1):
        total = total + b / math.factorial(2 * j) * factor * power
        factor = factor * (s64 + 2 * j - 1) * (s64 + 2 * j)
        power = power / (a * a)
    total = np.where(q64 == np.inf, 0, total)
    total = np.where((s64 == 1) | pole, np.inf, total)
    spoiled = (
        (s64 < 1) | (below & ~pole & (s64 != np.floor(s64))) | np.isnan(q64) | (q64 == -np.inf)
    )
    return np.where(spoiled, np.nan, total)


def polygamma(n: int, x: np.ndarray) -> np.ndarray:
    """The n-th derivative of digamma, through the Hurwitz zeta function."""
    if n == 0:
        return digamma(x)
    y = x.astype(np.float64)
    out = (
        (-1) ** (n + 1)
        * math.factorial(n)
        * zeta(np.float64(n + 1), np.where((n > 1) | (y > 0), y, 1.0))
    )
    if n == 1:  # trigamma's reflection reaches the negative half line
        low = y <= 0
        mirrored = zeta(np.float64(2), np.where(low, 1 - y, 1.0))
        sine = np.sin(math.pi * np.where(low, y, 0.5))
        out = np.where(low, (math.pi / sine) ** 2 - mirrored, np.where(y == y, out, np.nan))
    return out.astype(x.dtype)

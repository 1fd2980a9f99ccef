"""Bessel and Airy functions on numpy arrays, from integrals and asymptotic series."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

GAMMA = 0.57721566490153286  # Euler's constant
_POINTS = 96
_ANGLES = math.pi * (np.arange(_POINTS) + 0.5) / _POINTS  # the midpoint rule on [0, pi]
_BLOCK = 1 << 14


def _blocks(fn: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """A function that needs memory for many points an element, a block of elements at a time."""
    flat = np.asarray(x, np.float64).reshape(-1)
    out = np.empty_like(flat)
    with np.errstate(all="ignore"):
        for at in range(0, flat.size, _BLOCK):
            out[at : at + _BLOCK] = fn(flat[at : at + _BLOCK])
    return out.reshape(np.shape(x))


def _hankel(nu: float, count: int) -> np.ndarray:
    """a_k(nu) of the asymptotic expansions (DLMF 10.17.1)."""
    found = [1.0]
    for k in range(1, count):
        found.append(found[-1] * (4 * nu * nu - (2 * k - 1) ** 2) / (8 * k))
    return np.array(found)


def _powers(x: np.ndarray, count: int) -> np.ndarray:
    return (1 / x)[:, None] ** np.arange(count)


# ---------------------------------------------------------------- oscillating
def _first_near(nu: int, x: np.ndarray) -> np.ndarray:
    """J_nu for moderate x, by Bessel's integral (DLMF 10.9.4)."""
    c = np.cos(_ANGLES)
    if nu == 0:
        return np.cos(x[:, None] * c).mean(1)
    return x * (np.cos(x[:, None] * c) @ np.sin(_ANGLES) ** 2) / _POINTS


def _second_near(nu: int, x: np.ndarray) -> np.ndarray:
    """Y_nu for moderate x, by Neumann's series in J_k (Abramowitz and Stegun 9.1.88 and 9.1.89)."""
    k = np.arange(1, _POINTS // 3)
    sign = (-1.0) ** k
    wave = x[:, None] * np.sin(_ANGLES)
    if nu == 0:
        weights = np.cos(2 * k * _ANGLES[:, None]) @ (sign / k)
        tail = np.cos(wave) @ weights / _POINTS
        return 2 / math.pi * (np.log(x / 2) + GAMMA) * _first_near(0, x) - 4 / math.pi * tail
    # the odd J are sine transforms of sin(x sin t)
    weights = np.sin((2 * k + 1) * _ANGLES[:, None]) @ (sign * (2 * k + 1) / (k * (k + 1)))
    tail = np.sin(wave) @ weights / _POINTS
    log = np.log(x / 2) + GAMMA - 1
    first = _first_near(1, x)
    return -2 / (math.pi * x) * _first_near(0, x) + 2 / math.pi * log * first - 2 / math.pi * tail


def _far(nu: int, x: np.ndarray, second: bool) -> np.ndarray:
    """J_nu or Y_nu for large x (DLMF 10.17.3 and 10.17.4)."""
    a = _hankel(nu, 24)
    terms = _powers(x, 24) * a
    p = (terms[:, 0::2] * (-1.0) ** np.arange(12)).sum(1)
    q = (terms[:, 1::2] * (-1.0) ** np.arange(12)).sum(1)
    angle = x - (nu / 2 + 0.25) * math.pi
    s, c = np.sin(angle), np.cos(angle)
    wave = s * p + c * q if second else c * p - s * q
    return np.where(np.isinf(x), 0, np.sqrt(2 / (math.pi * x)) * wave)


def bessel_j(nu: int, x: np.ndarray) -> np.ndarray:
    """The Bessel function of the first kind, of order 0 or 1."""

    def block(x: np.ndarray) -> np.ndarray:
        size = np.abs(x)
        near = size <= 25
        out = np.where(
            near,
            _first_near(nu, np.where(near, size, 0)),
            _far(nu, np.where(near, 30, size), False),
        )
        return np.where(np.isnan(x), x, out * (np.where(x < 0, -1, 1) if nu else 1))

    return _blocks(block, x)


def bessel_y(nu: int, x: np.ndarray) -> np.ndarray:
    """The Bessel function of the second kind, of order 0 or 1; NaN below 0, -inf at it."""

    def block(x: np.ndarray) -> np.ndarray:
        near = x <= 25
        out = np.where(
            near,
            _second_near(nu, np.where(near & (x > 0), x, 1)),
            _far(nu, np.where(near, 30, x), True),
        )
        return np.where(x == 0, -np.inf, np.where(x > 0, out, np.nan))

    return _blocks(block, x)


# ---------------------------------------------------------------- growing and decaying
def bessel_ie(nu: int, x: np.ndarray) -> np.ndarray:
    """exp(-|x|) times the modified Bessel function of the first kind, of order 0 or 1."""
    square = np.sin(_ANGLES) ** 2
    down = -2 * np.sin(_ANGLES / 2) ** 2  # cos t - 1
    a = _hankel(nu, 20) * (-1.0) ** np.arange(20)

    def block(x: np.ndarray) -> np.ndarray:
        size = np.abs(x)
        near = size <= 30
        small, large = np.where(near, size, 0), np.where(near, 60, size)
        weights = np.exp(small[:, None] * down)
        inner = weights.mean(1) if nu == 0 else small * (weights @ square) / _POINTS
        outer = (_powers(large, 20) * a).sum(1) / np.sqrt(2 * math.pi * large)
        out = np.where(near, inner, outer)
        return np.where(np.isnan(x), x, out * (np.where(x < 0, -1, 1) if nu else 1))

    return _blocks(block, x)


def bessel_i(nu: int, x: np.ndarray) -> np.ndarray:
    """The modified Bessel function of the first kind, of order 0 or 1."""
    wide = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        half = np.exp(np.abs(wide) / 2)
        out = bessel_ie(nu, wide) * half * half
    return np.where(np.isinf(wide), np.abs(wide) * (np.sign(wide) if nu else 1), out)


def _decaying(nu: float, x: np.ndarray) -> np.ndarray:
    """exp(x) K_nu(x) for x > 0: the integral of exp(-x (cosh t - 1)) cosh(nu t) (DLMF 10.32.9)."""
    last = np.arccosh(1 + 42 / x) + nu * 0.5
    step = last / 128
    t = step[:, None] * np.arange(129)
    heights = np.exp(-2 * x[:, None] * np.sinh(t / 2) ** 2) * np.cosh(nu * t)
    return step * (heights.sum(1) - heights[:, 0] / 2)


def bessel_ke(nu: int, x: np.ndarray) -> np.ndarray:
    """exp(x) times the modified Bessel function of the second kind, of order 0 or 1.

    NaN below 0, infinite at it.
    """

    def block(x: np.ndarray) -> np.ndarray:
        tiny = x < 1e-5
        safe = np.where(tiny | np.isnan(x), 1, x)
        log = np.log(np.where(x > 0, x, 1) / 2) + GAMMA
        start = -log + x * x / 4 * (1 - log) if nu == 0 else 1 / x + x / 2 * (log - 0.5)
        out = np.where(tiny, start * np.exp(x), _decaying(nu, np.minimum(safe, 1e100)))
        out = np.where(x == 0, np.inf, np.where(x > 0, out, np.nan))
        return np.where(x > 1e100, np.sqrt(math.pi / 2 / x), out)

    return _blocks(block, x)


def bessel_k(nu: int, x: np.ndarray) -> np.ndarray:
    """The modified Bessel function of the second kind, of order 0 or 1."""
    wide = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        return bessel_ke(nu, wide) * np.exp(-wide)


# ---------------------------------------------------------------- Airy's function
def _airy_series(x: np.ndarray) -> np.ndarray:
    """Maclaurin's series (DLMF 9.4.1)."""
    first, second = np.ones_like(x), x.copy()
    f, g, cube = first.copy(), second.copy(), x**3
    for k in range(1, 40):
        first = first * cube / ((3 * k - 1) * (3 * k))
        second = second * cube / ((3 * k) * (3 * k + 1))
        f, g = f + first, g + second
    at_zero = 1 / (3 ** (2 / 3) * math.gamma(2 / 3))
    slope = 1 / (3 ** (1 / 3) * math.gamma(1 / 3))
    return at_zero * f - slope * g


def _airy_waves(x: np.ndarray) -> np.ndarray:
    """The expansion for large negative arguments, x > 0 being their size (DLMF 9.7.9)."""
    zeta = 2 / 3 * x**1.5
    u = [1.0]
    for k in range(1, 16):
        u.append(u[-1] * (6 * k - 5) * (6 * k - 3) * (6 * k - 1) / (216 * k * (2 * k - 1)))
    terms = _powers(zeta, 16) * np.array(u)
    sign = (-1.0) ** np.arange(8)
    even, odd = (terms[:, 0::2] * sign).sum(1), (terms[:, 1::2] * sign).sum(1)
    angle = zeta - math.pi / 4
    return (np.cos(angle) * even + np.sin(angle) * odd) / (math.sqrt(math.pi) * x**0.25)


def airy_ai(x: np.ndarray) -> np.ndarray:
    """Airy's function Ai."""

    def block(x: np.ndarray) -> np.ndarray:
        middle, high, low = (x >= -7) & (x <= 2), x > 2, x < -7
        up = np.where(high & np.isfinite(x), x, 3)
        zeta = 2 / 3 * up**1.5
        decay = np.sqrt(up / 3) / math.pi * _decaying(1 / 3, zeta) * np.exp(-zeta)
        out = np.where(middle, _airy_series(np.where(middle, x, 0)), decay)
        out = np.where(low, _airy_waves(np.where(low, -x, 9)), out)
        return np.where(np.isnan(x), x, np.where(x == np.inf, 0, out))

    return _blocks(block, x)

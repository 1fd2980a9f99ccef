"""Poisson, gamma and binomial numbers: drawn by rejection, one element at a time.

How many uniforms an element takes depends on what they are, so the order of the draws is fixed.
`uniform` and `normal` are functions that give the next number of the stream.
"""

import math
from collections.abc import Callable

import numpy as np

Draw = Callable[[], float]


def floats(*arrays: np.ndarray) -> list[list[float]]:
    """The elements of the arrays as Python floats."""
    return [array.astype(np.float64).reshape(-1).tolist() for array in arrays]


def poisson(rate: float, uniform: Draw) -> float:
    """A Poisson count: products of uniforms below 10, else Hörmann's PTRS (1993)."""
    if rate == 0:
        return 0.0
    if rate < 10:
        limit, count, product = math.exp(-rate), 0, uniform()
        while product > limit:
            count += 1
            product *= uniform()
        return float(count)
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    v_r = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = uniform() - 0.5, uniform()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= v_r:
            return float(k)
        if k < 0 or (us < 0.013 and v > us):
            continue
        height = math.log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b)
        if height <= -rate + k * log_rate - math.lgamma(k + 1.0):
            return float(k)


_SQUEEZE = float(np.float32(0.0331))  # this and the third are single precision in PyTorch as well


def gammas(alpha: np.ndarray, uniform: Draw, normal: Draw) -> np.ndarray:
    """Gamma numbers by Marsaglia and Tsang (2000); a shape below 1 is raised by 1 and undone."""
    flat = alpha.reshape(-1)
    raised = flat < 1
    with np.errstate(divide="ignore"):
        power = np.where(raised & (flat > 0), 1 / flat, 0)
    d = (flat + raised) - np.float32(1.0 / 3.0)
    drawn = [
        0.0 if a == 0 else _gamma(p, d, uniform, normal) for a, p, d in zip(*floats(flat, power, d))
    ]
    return np.array(drawn, np.float64).reshape(alpha.shape)


def _gamma(power: float, d: float, uniform: Draw, normal: Draw) -> float:
    scale = math.pow(1.0 - uniform(), power) if power else 1.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = normal()
        y = 1.0 + c * x
        if y <= 0:
            continue
        v = y * y * y
        u = 1.0 - uniform()
        xx = x * x
        if u < 1.0 - _SQUEEZE * xx * xx or math.log(u) < 0.5 * xx + d * (1.0 - v + math.log(v)):
            return scale * d * v


def binomial(count: float, p: float, uniform: Draw) -> float:
    """A binomial count: geometric waiting times for few successes, else Hörmann's BTRS (1993)."""
    if count <= 0 or p <= 0:
        return 0.0
    if p >= 1:
        return count
    if math.isnan(p) or math.isnan(count):
        return math.nan
    if p > 0.5:
        return count - _binomial_half(count, 1.0 - p, uniform)
    return _binomial_half(count, p, uniform)


def _binomial_half(count: float, p: float, uniform: Draw) -> float:
    if count * p >= 10:
        return _binomial_btrs(count, p, uniform)
    log_q, waited, successes = math.log1p(-p), 0.0, 0
    while True:
        waited += math.ceil(math.log(uniform()) / log_q)
        if waited > count:
            return float(successes)
        successes += 1


def _binomial_btrs(count: float, p: float, uniform: Draw) -> float:
    spread = math.sqrt(count * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c = count * p + 0.5
    v_r = 0.92 - 4.2 / b
    odds = p / (1 - p)
    alpha = (2.83 + 5.1 / b) * spread
    mode = math.floor((count + 1) * p)
    while True:
        u, v = uniform() - 0.5, uniform()
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + c)
        if us >= 0.07 and v <= v_r:
            return float(k)
        if not 0 <= k <= count:
            continue
        bound = (mode + 0.5) * math.log((mode + 1) / (odds * (count - mode + 1)))
        bound += (count + 1) * math.log((count - mode + 1) / (count - k + 1))
        bound += (k + 0.5) * math.log(odds * (count - k + 1) / (k + 1))
        bound += _stirling(mode) + _stirling(count - mode) - _stirling(k) - _stirling(count - k)
        if math.log(v * alpha / (a / (us * us) + b)) <= bound:
            return float(k)


def _stirling(k: float) -> float:
    """What Stirling's formula leaves out of log k!."""
    return math.lgamma(k + 1) - ((k + 0.5) * math.log(k + 1) - (k + 1) + 0.9189385332046727)

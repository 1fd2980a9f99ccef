"""Exponentials, logarithms, powers and the functions made of them, as straight-line code.

Coefficients are minimax fits (Remez exchange); the reductions are the classical ones of Cody and
Waite (1980). At most 2 units in the last place off, over the whole range.
"""

from __future__ import annotations

import math

from ..emit import Emitter
from ..values import Value
from .parts import (
    at_least,
    at_most,
    double_without_fma,
    exact_sum,
    high_half,
    in_double,
    is_single,
    mantissa,
    nearest,
    polynomial,
    power_of_two,
    scale,
)

INF, NAN = math.inf, math.nan
LN2 = math.log(2.0)
# The high parts leave room for an exponent to multiply them without rounding.
LN2_PARTS = {
    True: (0.693359375, -2.1219444e-4),
    False: (0.6931471805598903, 5.497923018708371e-14),
}

# (e^r - 1 - r) / r^2 for |r| <= ln(2)/2, relative to e^r - 1 below 2^-31 and 2^-61.
_EXP = {
    True: (0.5, 1.6666667e-01, 4.1666344e-02, 8.33327e-03, 1.3942047e-03, 1.9915654e-04),
    False: (
        0.5, 0.16666666666666677, 0.041666666666666706, 0.008333333333320654,
        0.0013888888888864913, 0.00019841269888892796, 2.4801587364330112e-05,
        2.7557241164089263e-06, 2.7557239555358286e-07, 2.5110178904364956e-08,
        2.0925427420018326e-09,
    ),
}  # fmt: skip
# (log(1+f) - f + f^2/2) / f^3 for sqrt(1/2) <= 1+f < sqrt(2).
_LOG_SINGLE = (
    3.333331e-01, -2.4999987e-01, 2.0002231e-01, -1.6669263e-01, 1.4218575e-01,
    -1.23840846e-01, 1.18733935e-01, -1.1791644e-01, 6.916616e-02,
)  # fmt: skip
# (log((1+s)/(1-s)) - 2s) / s^3 in s^2, for the same range.
_LOG_DOUBLE = (
    0.6666666666666735, 0.3999999999941315, 0.28571428742762545, 0.22222198531385529,
    0.18183566661109138, 0.15313986860329176, 0.14796624753409382,
)  # fmt: skip
# (tanh(x) - x) / x^3 in x^2, for |x| <= 0.6.
_TANH = (-3.33333e-01, 1.3331924e-01, -5.378383e-02, 2.0795966e-02, -5.895147e-03)


def _reduced(b: Emitter, x: Value) -> tuple[Value, Value, Value]:
    """x = r + k*ln(2) with |r| <= ln(2)/2 and k an integer; last, what the rounding of r lost."""
    high, low = LN2_PARTS[is_single(x)]
    n, k = nearest(b, x, 1.0 / LN2)
    head, tail = b.fma(n, -high, x), b.mul(n, -low)
    r = b.add(head, tail)
    return r, k, b.add(b.sub(head, r), tail)


def _curve(b: Emitter, r: Value) -> Value:
    """e^r - 1 - r"""
    return b.mul(b.mul(r, r), polynomial(b, r, _EXP[is_single(r)]))


def _exp_parts(b: Emitter, x: Value, shift: int) -> tuple[Value, Value, Value]:
    """r, k and the loss of `_reduced`, for e^x * 2^shift wherever that is a number."""
    top, bottom = (90.0, -105.0) if is_single(x) else (711.0, -747.0)
    x = at_least(b, at_most(b, x, top - min(shift, 0) * LN2), bottom)
    r, k, lost = _reduced(b, x)
    return r, b.add(k, shift), lost


def exp_of_sum(b: Emitter, x: Value, low: Value | float, shift: int = 0) -> Value:
    """e^(x + low) * 2^shift for a small `low`, better than half a unit and a quarter."""
    r, k, lost = _exp_parts(b, x, shift)
    curve = _curve(b, r)
    growth = b.add(b.add(curve, r), 1.0)
    tail = b.fma(b.add(lost, low), growth, curve)
    return scale(b, b.add(b.add(tail, r), 1.0), k)


@double_without_fma
def exp(b: Emitter, x: Value) -> Value:
    """e^x"""
    r, k, _ = _exp_parts(b, x, 0)
    return scale(b, b.add(b.add(_curve(b, r), r), 1.0), k)


@double_without_fma
def exp2(b: Emitter, x: Value) -> Value:
    """2^x"""
    top, bottom = (130.0, -151.0) if is_single(x) else (1026.0, -1076.0)
    x = at_least(b, at_most(b, x, top), bottom)
    n, k = nearest(b, x)
    r = b.mul(b.sub(x, n), LN2)
    return scale(b, b.add(b.add(_curve(b, r), r), 1.0), k)


@double_without_fma
def expm1(b: Emitter, x: Value) -> Value:
    """e^x - 1, exact to the last places near zero."""
    top, bottom = (89.0, -20.0) if is_single(x) else (710.0, -40.0)
    r, k, lost = _reduced(b, at_least(b, at_most(b, x, top), bottom))
    half = power_of_two(b, b.sub(k, 1))  # half of 2^k, which itself may exceed the range
    head, rest = exact_sum(b, b.sub(half, 0.5), b.mul(half, r))
    y = b.add(head, b.fma(half, b.add(_curve(b, r), lost), rest))
    return b.copysign(b.add(y, y), x)


def _log_ends(b: Emitter, x: Value, y: Value) -> Value:
    """The values of a logarithm at 0, infinity, NaN and below zero."""
    y = b.select(b.lt(x, INF), y, x)
    y = b.select(b.eq(x, 0.0), -INF, y)
    return b.select(b.lt(x, 0.0), NAN, y)


def _log_parts(b: Emitter, f: Value) -> tuple[Value, Value]:
    """f^2/2, and what added to f - f^2/2 gives log(1+f)."""
    square = b.mul(b.mul(f, f), 0.5)
    if is_single(f):
        return square, b.mul(b.mul(b.mul(f, f), f), polynomial(b, f, _LOG_SINGLE))
    s = b.div(f, b.add(f, 2.0))
    z = b.mul(s, s)
    return square, b.mul(s, b.fma(z, polynomial(b, z, _LOG_DOUBLE), square))


def _log_sum(b: Emitter, f: Value, e: Value, correction: Value | None = None) -> Value:
    """log(1+f) + e*ln(2) + correction; smallest terms first."""
    high, low = LN2_PARTS[is_single(f)]
    square, rest = _log_parts(b, f)
    rest = b.fma(e, low, rest if correction is None else b.add(rest, correction))
    return b.fma(e, high, b.add(f, b.sub(rest, square)))


@double_without_fma
def log(b: Emitter, x: Value) -> Value:
    """The natural logarithm."""
    m, e = mantissa(b, x)
    return _log_ends(b, x, _log_sum(b, b.sub(m, 1.0), b.convert(e, x.type.scalar)))


def _log_base(b: Emitter, x: Value, one: tuple[float, float], two: tuple[float, float]) -> Value:
    """A logarithm in another base, float64: `one` is log(e) there in two parts, `two` log(2)."""
    m, e = mantissa(b, x)
    e = b.convert(e, x.type.scalar)
    f = b.sub(m, 1.0)
    square, rest = _log_parts(b, f)
    high = high_half(b, b.sub(f, square))
    low = b.add(b.sub(b.sub(f, high), square), rest)
    head, start = b.mul(high, one[0]), b.mul(e, two[0])
    total = b.add(start, head)
    left = b.add(b.sub(start, total), head)
    tail = b.add(b.mul(low, one[0]), b.mul(b.add(low, high), one[1]))
    return _log_ends(b, x, b.add(total, b.add(left, b.fma(e, two[1], tail))))


@in_double
def log2(b: Emitter, x: Value) -> Value:
    """The logarithm to base 2; exact for powers of two."""
    return _log_base(b, x, (1.4426950216293335, 1.9259629911266175e-08), (1.0, 0.0))


@in_double
def log10(b: Emitter, x: Value) -> Value:
    """The logarithm to base 10."""
    one = (0.4342944771051407, 4.798111141615973e-09)
    return _log_base(b, x, one, (0.30102999566395283, 2.8363394551044964e-14))


@double_without_fma
def log1p(b: Emitter, x: Value) -> Value:
    """log(1 + x), exact to the last places near zero."""
    u = b.add(x, 1.0)
    big = b.gt(x, 1.0)
    lost = b.select(big, b.sub(1.0, b.sub(u, x)), b.sub(x, b.sub(u, 1.0)))
    m, e = mantissa(b, u)
    n = b.convert(e, x.type.scalar)
    y = _log_ends(b, u, _log_sum(b, b.sub(m, 1.0), n, b.div(lost, u)))
    return b.copysign(y, x)


@double_without_fma
def sigmoid(b: Emitter, x: Value) -> Value:
    """1 / (1 + e^-x)"""
    top, bottom, shift = (105.0, -40.0, 64) if is_single(x) else (747.0, -60.0, 512)
    r, k, lost = _reduced(b, at_least(b, at_most(b, b.neg(x), top), bottom))
    # both terms of the sum are scaled, to keep it finite wherever the result is not zero
    power, one = power_of_two(b, b.sub(k, shift)), 2.0**-shift
    t = b.add(r, b.add(_curve(b, r), lost))
    return b.div(one, b.add(power, b.fma(power, t, one)))


@double_without_fma
def tanh(b: Emitter, x: Value) -> Value:
    """The hyperbolic tangent."""
    a = b.abs(x)
    if not is_single(x):
        t = expm1(b, b.mul(at_most(b, a, 20.0), 2.0))
        return b.copysign(b.div(t, b.add(t, 2.0)), x)
    r, k, _ = _reduced(b, b.mul(at_most(b, a, 10.0), 2.0))
    e = b.mul(b.add(b.add(_curve(b, r), r), 1.0), power_of_two(b, k))
    large = b.sub(1.0, b.div(2.0, b.add(e, 1.0)))
    z = b.mul(a, a)
    small = b.fma(b.mul(z, a), polynomial(b, z, _TANH), a)
    return b.copysign(b.select(b.lt(a, 0.6), small, large), x)


@in_double
def sinh(b: Emitter, x: Value) -> Value:
    """(e^x - e^-x) / 2"""
    a = b.abs(x)
    t = expm1(b, at_most(b, a, 40.0))
    y = b.mul(b.add(t, b.div(t, b.add(t, 1.0))), 0.5)
    return b.copysign(b.select(b.gt(a, 22.0), exp_of_sum(b, a, 0.0, -1), y), x)


@in_double
def cosh(b: Emitter, x: Value) -> Value:
    """(e^x + e^-x) / 2"""
    half = exp_of_sum(b, b.abs(x), 0.0, -1)
    return b.add(half, b.div(0.25, half))


@in_double
def asinh(b: Emitter, x: Value) -> Value:
    """The inverse of sinh."""
    a = b.abs(x)
    square = b.mul(a, a)
    t = b.add(a, b.div(square, b.add(b.sqrt(b.add(square, 1.0)), 1.0)))
    large = b.add(log(b, a), LN2)
    return b.copysign(b.select(b.gt(a, 2.0**28), large, log1p(b, t)), x)


@in_double
def acosh(b: Emitter, x: Value) -> Value:
    """The inverse of cosh on [1, inf); NaN below."""
    t = b.sub(x, 1.0)
    small = log1p(b, b.add(t, b.sqrt(b.fma(t, t, b.add(t, t)))))
    y = b.select(b.gt(x, 2.0**28), b.add(log(b, x), LN2), small)
    return b.select(b.lt(x, 1.0), NAN, y)


@in_double
def atanh(b: Emitter, x: Value) -> Value:
    """The inverse of tanh on [-1, 1]; NaN outside."""
    a = b.abs(x)
    twice = b.add(a, a)
    return b.copysign(b.mul(log1p(b, b.div(twice, b.sub(1.0, a))), 0.5), x)


def rsqrt(b: Emitter, x: Value) -> Value:
    """1 / sqrt(x)"""
    return b.div(1.0, b.sqrt(x))

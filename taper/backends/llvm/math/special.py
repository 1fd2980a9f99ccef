"""The error function and its relatives, the logarithm of the gamma function and its derivative."""

from __future__ import annotations

import math

from ..emit import Emitter
from ..values import Value
from .exponential import exp, exp_of_sum, log
from .parts import (
    at_most,
    double_without_fma,
    exact_product,
    in_double,
    is_single,
    nearest,
    polynomial,
)
from .trigonometric import cos, sin

# erf(x)/x - 1 in x^2: for |x| <= 0.92 and for |x| <= 1.
_ERF = {
    True: (
        1.2837917e-01, -3.7612635e-01, 1.12836964e-01, -2.6859414e-02, 5.2009895e-03,
        -8.1414735e-04, 8.36228e-05,
    ),
    False: (
        0.1283791670955126, -0.3761263890318375, 0.11283791670954858, -0.02686617064507255,
        0.0052239776247738345, -0.0008548326978137722, 0.00012055331007901154,
        -1.4925592651260341e-05, 1.6460956671600207e-06, -1.6349829701346003e-07,
        1.4656409276882786e-08, -1.1359411712601145e-09, 5.933767710399641e-11,
    ),
}  # fmt: skip
# log(erfc(x)) for 0.92 <= x <= 4.
_LOG_ERFC = (
    -1.9572783e-04, -1.1276754e00, -6.3718265e-01, -1.0393121e-01, 2.2226725e-02,
    -3.0431657e-03, 1.9593172e-04,
)  # fmt: skip
# e^(x^2) erfc(x) (1+2x) in (x-4)/(x+4), for 0.99 <= x <= 28 (Shepherd and Laframboise 1981).
_ERFCX = (
    1.2329951186255526, -0.13962111684056253, 0.015379652102620713, 0.0680970542546927,
    -0.10103906603638083, 0.09373283499835453, -0.0663303658098425, 0.03716751553703945,
    -0.016197734095806937, 0.005031969990400347, -0.0007577729348628158,
    -0.00019925686338252441, 0.00015061965330449219, -2.4397929911612872e-05,
    -1.1214839717765616e-05, 5.703967804379713e-06, 2.7841880904980214e-07,
    -8.102275129166423e-07, 9.238999385499627e-08, 8.80677012297259e-08,
    -2.5321527800216872e-08,
)  # fmt: skip
# erfinv(x)/x in w - 2.5, w = -log(1-x^2) <= 5, and past that in sqrt(w) - 4 (Giles 2012).
_ERFINV_CENTRE = (
    1.5014093535134045, 0.24664028763556461, -0.00417733940812764, -0.0012527446601607317,
    0.00021828263656874981, -4.961912205971342e-06, -3.434614054735204e-06,
    4.6589212141931896e-07, 1.803760018864367e-08, -8.7728210398792e-09, 3.355169602839639e-10,
)  # fmt: skip
_ERFINV_TAIL = (
    3.8397838895672316, 1.0094926611323736, 0.001257526636678201, -0.0008644883641625874,
    0.00033002042053502, -0.00012841247563892706, 4.310226043607038e-05,
    -2.1039014864894156e-05, 2.620011369420452e-05, -1.5527744037900558e-05,
    1.2925608513486672e-06, 1.5857400645946959e-06, -3.748002443172957e-07,
)  # fmt: skip
# lgamma(x) / ((x-1)(x-2)) in x - 1.5, for 1 <= x <= 2.
_LGAMMA = (
    0.4831289505409809, -0.14595989591430608, 0.06291140107456496, -0.03130848750100946,
    0.016797098631183286, -0.009425622448628981, 0.005446457844815072, -0.0032120740696145195,
    0.00192291613022994, -0.0011644146742757892, 0.0007115224836511699,
    -0.00043799189984395015, 0.0002712739018820443, -0.0001689274818763793,
    0.00010565337101987442, -6.609122015687275e-05, 4.159367948783319e-05,
    -2.736119762148249e-05, 1.746638338640532e-05, -8.071067827403312e-06,
    4.921127896543569e-06, -7.977328331520097e-06, 5.256590456635543e-06,
)  # fmt: skip
# Stirling's series: B(2k) / (2k(2k-1)), and for its derivative B(2k) / 2k.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_STIRLING = tuple(c / ((2 * k + 2) * (2 * k + 1)) for k, c in enumerate(_BERNOULLI))
_STIRLING_SLOPE = tuple(c / (2 * k + 2) for k, c in enumerate(_BERNOULLI))


@double_without_fma
def erf(b: Emitter, x: Value) -> Value:
    """The error function."""
    a, z = b.abs(x), b.mul(x, x)
    near = b.fma(x, polynomial(b, z, _ERF[is_single(x)]), x)
    if is_single(x):
        far = b.sub(1.0, exp(b, polynomial(b, at_most(b, a, 4.0), _LOG_ERFC)))
        return b.select(b.lt(a, 0.92), near, b.copysign(far, x))
    far = b.sub(1.0, _erfc_far(b, at_most(b, a, 6.0)))
    return b.select(b.lt(a, 1.0), near, b.copysign(far, x))


def _erfc_far(b: Emitter, a: Value) -> Value:
    """erfc(a) in float64 for 1 <= a <= 28."""
    square, lost = exact_product(b, a, a)
    t = b.div(b.sub(a, 4.0), b.add(a, 4.0))
    g = b.div(polynomial(b, t, _ERFCX), b.fma(a, 2.0, 1.0))
    return b.mul(exp_of_sum(b, b.neg(square), b.neg(lost)), g)


@in_double
def erfc(b: Emitter, x: Value) -> Value:
    """1 - erf(x), exact to the last places where it is small."""
    a, z = b.abs(x), b.mul(x, x)
    # 1 - erf(x) as 1/2 + (1/2 - erf(x)) past 1/4: less is lost
    p = b.mul(x, polynomial(b, z, _ERF[False]))
    low = b.sub(1.0, b.add(p, x))
    near = b.select(b.lt(x, 0.25), low, b.sub(0.5, b.add(p, b.sub(x, 0.5))))
    far = _erfc_far(b, at_most(b, a, 28.0))
    return b.select(b.lt(a, 1.0), near, b.select(b.lt(x, 0.0), b.sub(2.0, far), far))


@in_double
def erfinv(b: Emitter, x: Value) -> Value:
    """The inverse of erf on [-1, 1]; NaN outside. A fit, then one step of Halley's method."""
    a = b.abs(x)
    rest = b.sub(1.0, a)
    w = b.neg(log(b, b.mul(rest, b.add(a, 1.0))))
    centre = polynomial(b, b.sub(w, 2.5), _ERFINV_CENTRE)
    tail = polynomial(b, b.sub(b.sqrt(w), 4.0), _ERFINV_TAIL)
    y = b.mul(b.select(b.lt(w, 5.0), centre, tail), a)
    error = b.select(b.lt(a, 0.5), b.sub(erf(b, y), a), b.sub(rest, erfc(b, y)))
    step = b.div(error, b.mul(exp(b, b.neg(b.mul(y, y))), 2.0 / math.sqrt(math.pi)))
    y = b.sub(y, b.div(step, b.fma(y, step, 1.0)))
    y = b.select(b.lt(a, 1e-150), b.mul(a, math.sqrt(math.pi) / 2), y)
    y = b.select(b.lt(a, 1.0), y, b.select(b.eq(a, 1.0), b.const(x, math.inf), math.nan))
    return b.copysign(y, x)


def _sin_pi(b: Emitter, x: Value) -> tuple[Value, Value]:
    """sin and cos of pi*x but for one common sign; the sine of a whole number is 0."""
    x = b.select(b.lt(b.abs(x), 2.0**50), x, 0.0)
    f = b.mul(b.sub(x, nearest(b, x)[0]), math.pi)
    return sin(b, f), cos(b, f)


@in_double
def lgamma(b: Emitter, x: Value) -> Value:
    """log|gamma(x)|: shifted into [1, 2] up to 8, Stirling's series past it, reflected below 0."""
    a = b.abs(x)
    y, product = a, b.const(x, 1.0)
    for _ in range(6):
        lower, above = b.sub(y, 1.0), b.gt(y, 2.0)
        product = b.select(above, b.mul(product, lower), product)
        y = b.select(above, lower, y)
    below = b.lt(a, 1.0)
    y = b.select(below, b.add(a, 1.0), y)
    curve = polynomial(b, b.sub(y, 1.5), _LGAMMA)
    # where a < 1, y - 1 is a itself and y - 2 is a - 1
    ends = b.mul(b.select(below, a, b.sub(y, 1.0)), b.select(below, b.sub(a, 1.0), b.sub(y, 2.0)))
    shift = log(b, b.select(below, a, product))
    small = b.fma(ends, curve, b.select(below, b.neg(shift), shift))
    inverse = b.div(1.0, a)
    series = b.mul(inverse, polynomial(b, b.mul(inverse, inverse), _STIRLING))
    half_log = 0.5 * math.log(2 * math.pi) - 0.5
    large = b.fma(b.sub(a, 0.5), b.sub(log(b, a), 1.0), b.add(series, half_log))
    y = b.select(b.lt(a, 8.0), small, large)
    s, _ = _sin_pi(b, a)
    s = b.select(b.lt(a, 2.0**50), b.abs(s), 0.0)
    reflected = b.sub(b.sub(math.log(math.pi), log(b, b.mul(s, a))), y)
    # below 2^-60 the reflection adds nothing, and its product would lose bits
    y = b.select(b.both(b.lt(x, 0.0), b.gt(a, 2.0**-60)), reflected, y)
    return b.select(b.eq(a, math.inf), math.inf, y)


@in_double
def digamma(b: Emitter, x: Value) -> Value:
    """The derivative of lgamma: shifted past 10, then Stirling's series; reflected below 0."""
    negative = b.lt(x, 0.0)
    a = b.abs(x)
    over, under, y = b.const(x, 0.0), b.const(x, 1.0), a  # the sum of 1/(a+i) as a fraction
    for _ in range(10):
        low = b.lt(y, 10.0)
        over = b.select(low, b.fma(over, y, under), over)
        under = b.select(low, b.mul(under, y), under)
        y = b.select(low, b.add(y, 1.0), y)
    inverse = b.div(1.0, y)
    z = b.mul(inverse, inverse)
    series = b.mul(z, polynomial(b, z, _STIRLING_SLOPE))
    value = b.sub(log(b, y), b.add(b.mul(inverse, 0.5), series))
    value = b.sub(value, b.div(over, under))
    # psi(-a) = psi(a) + 1/a + pi / tan(pi a)
    s, c = _sin_pi(b, a)
    poles = b.either(b.eq(s, 0.0), b.ge(a, 2.0**50))
    turned = b.add(b.add(value, b.div(1.0, a)), b.div(b.mul(c, math.pi), s))
    turned = b.select(poles, math.nan, turned)
    value = b.select(negative, turned, value)
    value = b.select(b.eq(x, math.inf), x, value)
    return b.select(b.lt(a, 1e-300), b.div(-1.0, x), value)

"""x to the power y."""

from __future__ import annotations

import math

from ..emit import Emitter
from ..values import F32, F64, Value
from .exponential import LN2_PARTS, exp, exp_of_sum, log
from .parts import exact_product, exact_sum, is_single, mantissa, polynomial

# (log((1+s)/(1-s)) - 2s - 2/3 s^3) / s^5 in s^2.
_LOG = (
    0.4, 0.28571428571429375, 0.22222222221650165, 0.18181818336585667, 0.15384594844149144,
    0.1333481071975811, 0.11706084307926354, 0.11724684745071004,
)  # fmt: skip
_TWO_THIRDS = (0.6666666666666666, 3.700743415417188e-17)


def pow(b: Emitter, x: Value, y: Value) -> Value:
    """x to the power y, with C's rules for zeros, infinities, NaN and negative x."""
    if is_single(x):
        wide = [b.convert(v, F64) for v in (x, y)]
        power = exp(b, b.mul(_clamped(b, wide[1]), log(b, b.abs(wide[0]))))
        return b.convert(_ends(b, wide[0], wide[1], power), F32)
    high, low = _log_in_two(b, b.abs(x))
    limited = _clamped(b, y)
    head, tail = exact_product(b, limited, high)
    tail = b.select(b.lt(b.abs(head), 1000.0), b.add(tail, b.mul(limited, low)), 0.0)
    return _ends(b, x, y, exp_of_sum(b, head, tail))


def _clamped(b: Emitter, y: Value) -> Value:
    """y within +-2^64, past which every power is 0, 1 or infinity."""
    return b.select(b.gt(b.abs(y), 2.0**64), b.copysign(b.const(y, 2.0**64), y), y)


def _log_in_two(b: Emitter, x: Value) -> tuple[Value, Value]:
    """log(x) as a sum of two float64, right to about 2^-67 of it."""
    m, e = mantissa(b, x)
    n = b.convert(e, F64)
    f, d = b.sub(m, 1.0), b.add(m, 1.0)
    d_low = b.sub(m, b.sub(d, 1.0))
    s = b.div(f, d)
    p, p_low = exact_product(b, s, d)
    s_low = b.div(b.sub(b.sub(b.sub(f, p), p_low), b.mul(s, d_low)), d)
    z, z_low = exact_product(b, s, s)
    z_low = b.add(z_low, b.mul(b.add(s, s), s_low))
    # c = 2/3 + z*(...), then c*z, then c*z*s, each as a sum of two
    more = b.mul(z, polynomial(b, z, _LOG))
    c, c_low = exact_sum(b, b.const(x, _TWO_THIRDS[0]), more)
    c_low = b.add(c_low, _TWO_THIRDS[1])
    c, c_low = _product(b, c, c_low, z, z_low)
    c, c_low = _product(b, c, c_low, s, s_low)
    total, rest = exact_sum(b, b.add(s, s), c)
    rest = b.add(rest, b.add(c_low, b.add(s_low, s_low)))
    high, low = LN2_PARTS[False]
    total, lost = exact_sum(b, b.mul(n, high), total)
    return exact_sum(b, total, b.add(lost, b.fma(n, low, rest)))


def _product(b: Emitter, x: Value, x_low: Value, y: Value, y_low: Value) -> tuple[Value, Value]:
    p, rest = exact_product(b, x, y)
    return p, b.add(rest, b.fma(x, y_low, b.mul(x_low, y)))


def _ends(b: Emitter, x: Value, y: Value, power: Value) -> Value:
    """x**y from |x|**y (right for finite |x| > 0) and the special cases of C99's Annex F."""
    a = b.abs(x)
    down = b.lt(y, 0.0)
    at_end = b.either(b.eq(a, 0.0), b.eq(a, math.inf))
    grows = b.xor(b.eq(a, 0.0), b.invert(down))
    power = b.select(at_end, b.select(grows, b.const(x, math.inf), 0.0), power)
    whole = b.eq(b.trunc(y), y)
    half = b.mul(y, 0.5)
    odd = b.both(whole, b.ne(b.trunc(half), half))
    flipped = b.both(odd, b.lt(b.copysign(b.const(x, 1.0), x), 0.0))
    power = b.select(flipped, b.neg(power), power)
    no_root = b.both(b.invert(whole), b.both(b.lt(x, 0.0), b.lt(a, math.inf)))
    power = b.select(no_root, math.nan, power)
    power = b.select(b.either(b.is_nan(x), b.is_nan(y)), math.nan, power)
    return b.select(b.either(b.eq(x, 1.0), b.eq(y, 0.0)), 1.0, power)

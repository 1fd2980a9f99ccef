"""Sine, cosine, tangent and their inverses, right for arguments of any size.

Up to a limit an argument loses its multiples of pi/2 in three steps (Cody and Waite 1980); past it
it meets as many bits of 2/pi as matter, in integers (Payne and Hanek 1983).
"""

from __future__ import annotations

import math

from ..emit import Emitter
from ..values import F64, I64, I128, PTR, Value
from .parts import (
    double_without_fma,
    exact_product,
    exact_sum,
    in_double,
    is_single,
    nearest,
    polynomial,
    power_of_two,
)

# pi/2 in parts: in double, whole numbers up to 2^20 multiply the first two without rounding.
_HALF_PI_PARTS = {
    True: (1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15),
    False: (1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21),
}
_LIMIT = {True: 1.0e5, False: 1.6e6}
# (sin(r) - r) / r^3 and (cos(r) - 1 + r^2/2) / r^4 in r^2, for |r| <= pi/4.
_SIN = {
    True: (-1.6666654e-01, 8.332137e-03, -1.951203e-04),
    False: (
        -0.1666666666666663, 0.008333333333321544, -0.00019841269829113897,
        2.7557313451280064e-06, -2.5050720391014874e-08, 1.5894603751623955e-10,
    ),
}  # fmt: skip
_COS = {
    True: (4.1666646e-02, -1.3887337e-03, 2.443486e-05),
    False: (
        0.041666666666666595, -0.0013888888888873387, 2.4801587289001764e-05,
        -2.7557314208091376e-07, 2.0875702982910223e-09, -1.1358564388726496e-11,
    ),
}  # fmt: skip
# (asin(x) - x) / x^3 in x^2, for |x| <= 1/2.
_ASIN = (
    0.1666666666666676, 0.07499999999970637, 0.044642857174776056, 0.030381942699512138,
    0.02237221523113463, 0.017351607463019187, 0.013980877112752033, 0.011398433638576174,
    0.010783020457844659, 0.003695642550728186, 0.02173438089675375, -0.021038198275428,
    0.03265372236904532,
)  # fmt: skip
# (atan(x) - x) / x^3 in x^2, for |x| <= tan(pi/8).
_ATAN = (
    -0.3333333333333319, 0.19999999999952817, -0.1428571428012109, 0.11111110779789371,
    -0.09090897654829315, 0.07692058425976002, -0.06663084119952242, 0.058477468083909905,
    -0.050386723242445905, 0.03804870675803566, -0.017890051023214407,
)  # fmt: skip
_HALF_PI, _QUARTER_PI = (
    (1.5707963267948966, 6.123233995736766e-17),
    (0.7853981633974483, 3.061616997868383e-17),
)


def _bits_of_two_over_pi() -> list[int]:
    """64 zero bits, then 2/pi behind the point, in words of 64 bits as signed numbers."""
    count = 64 * 19
    scale = 1 << (count + 64)
    digits = 2 * scale * scale // _scaled_pi(scale)  # 2/pi, scaled
    digits >>= 64
    words = [0] + [(digits >> (count - 64 * (i + 1))) & (2**64 - 1) for i in range(count // 64)]
    return [w - 2**64 if w >= 2**63 else w for w in words]


def _scaled_pi(scale: int) -> int:
    """pi * scale, by Machin's formula: 16 atan(1/5) - 4 atan(1/239)."""

    def inverse_tangent(n: int) -> int:
        term = total = scale // n
        k, sign = 1, 1
        while term:
            term //= n * n
            k, sign = k + 2, -sign
            total += sign * (term // k)
        return total

    return 16 * inverse_tangent(5) - 4 * inverse_tangent(239)


def _reduce_any(b: Emitter) -> None:
    """The body of `reduce(x, where)`: x - k*pi/2 goes to where[0:2], k to where[2]; |x| >= 2^10.

    x = m * 2^e with an integer m meets the 192 bits of 2/pi whose products count modulo 4.
    """
    x, where = b.args
    bits = b.bits(b.abs(x))
    e = b.sub(b.shr(bits, 52), 1023 + 52)
    m = b.either(b.both(bits, (1 << 52) - 1), 1 << 52)
    first = b.add(e, 64 - 2)
    word, shift = b.shr(first, 6), b.both(first, 63)
    table = b.unit.table(I64, _bits_of_two_over_pi())
    words = [b.load(I64, table, b.add(word, i)) for i in range(4)]
    window = [b.call("llvm.fshl.i64", I64, words[i], words[i + 1], shift) for i in range(3)]
    wide = [b.convert(v, I128, signed=False) for v in (m, window[0], window[1], window[2])]
    middle, low = b.mul(wide[0], wide[2]), b.mul(wide[0], wide[3])
    top = b.shl(b.convert(b.mul(m, window[0]), I128, signed=False), 64)
    product = b.add(b.add(top, middle), b.shr(low, 64, signed=False))  # 2 bits, then a fraction
    quarter = b.convert(b.shr(b.add(product, 1 << 125), 126, signed=False), I64, signed=False)
    rest = b.sub(product, b.shl(b.convert(quarter, I128, signed=False), 126))
    below = b.lt(rest, 0)
    rest = b.select(below, b.neg(rest), rest)
    zeros = b.leading_zeros(rest)
    head = b.convert(b.shr(b.shl(rest, zeros), 64, signed=False), I64, signed=False)
    high = b.mul(b.convert(b.shr(head, 11, signed=False), F64), 2048.0)
    low = b.convert(b.both(head, 2047), F64)
    head, tail = exact_product(b, high, b.const(high, _HALF_PI[0]))
    tail = b.add(tail, b.fma(high, _HALF_PI[1], b.mul(low, _HALF_PI[0])))
    unit = power_of_two(b, b.sub(-62, b.convert(zeros, I64, signed=False)))
    flip = b.xor(b.lt(x, 0.0), below)
    unit = b.select(flip, b.neg(unit), unit)
    for i, part in enumerate(exact_sum(b, head, tail)):
        b.store(b.mul(part, unit), where, i)
    b.store(b.select(b.lt(x, 0.0), b.neg(quarter), quarter), where, 2)
    b.ret()


def _reduced(b: Emitter, x: Value) -> tuple[Value, Value, Value]:
    """x = r + lost + k*pi/2 with |r| <= pi/4, and k modulo 4 as an integer. NaN for infinity."""
    one, two, three = _HALF_PI_PARTS[is_single(x)]
    n, k = nearest(b, x, 2.0 / math.pi)
    first = b.fma(n, -one, x)
    second = b.fma(n, -two, first)
    r = b.fma(n, -three, second)
    lost = b.const(x, 0.0)
    if not is_single(x):
        lost = b.fma(n, -two, b.sub(first, second))
        lost = b.add(lost, b.fma(n, -three, b.sub(second, r)))
    huge = b.ge(b.abs(x), _LIMIT[is_single(x)])
    r, lost, k = b.when(
        b.any(huge), lambda: _reduced_huge(b, x, huge, r, lost, k), lambda: [r, lost, k]
    )
    return r, lost, k


def _reduced_huge(
    b: Emitter, x: Value, huge: Value, r: Value, lost: Value, k: Value
) -> list[Value]:
    """The same with the huge lanes replaced, one after the other."""
    helper = b.unit.helper("reduce_by_half_pi", [F64, PTR], _reduce_any)
    lanes, element, whole = x.type.lanes, x.type.scalar, k.type.scalar
    result, xs = b.stack(F64, 3), b.stack(element, lanes)
    rs, losts, ks = b.stack(element, lanes), b.stack(element, lanes), b.stack(whole, lanes)
    b.store(x, xs)

    def one_lane(i: Value) -> None:
        b.invoke(helper, b.convert(b.load(element, xs, i), F64), result)
        b.store(b.convert(b.load(F64, result), element), rs, i)
        b.store(b.convert(b.load(F64, result, 1), element), losts, i)
        b.store(b.convert(b.load(I64, result, 2), whole), ks, i)

    b.loop(lanes, one_lane)
    far = b.select(b.lt(b.abs(x), math.inf), b.load(x.type, rs), math.nan)
    return [
        b.select(huge, far, r),
        b.select(huge, b.load(x.type, losts), lost),
        b.select(huge, b.load(k.type, ks), k),
    ]


def _sin_cos(b: Emitter, r: Value, lost: Value) -> tuple[Value, Value]:
    single, z = is_single(r), b.mul(r, r)
    bend = b.fma(z, polynomial(b, z, _COS[single]), -0.5)
    curve = b.mul(b.mul(z, r), polynomial(b, z, _SIN[single]))
    if single:
        return b.add(r, curve), b.fma(z, bend, 1.0)
    c = b.add(b.fma(z, bend, b.neg(b.mul(r, lost))), 1.0)
    return b.add(r, b.fma(lost, c, curve)), c


def _turned(b: Emitter, r: Value, lost: Value, k: Value) -> Value:
    """sin(r + lost + k*pi/2)"""
    s, c = _sin_cos(b, r, lost)
    y = b.bits(b.select(b.ne(b.both(k, 1), 0), c, s))
    return b.bits(b.xor(y, b.shl(b.both(k, 2), k.type.bits - 2)))


@double_without_fma
def sin(b: Emitter, x: Value) -> Value:
    """The sine."""
    r, lost, k = _reduced(b, x)
    return b.select(b.eq(x, 0.0), x, _turned(b, r, lost, k))


@double_without_fma
def cos(b: Emitter, x: Value) -> Value:
    """The cosine."""
    r, lost, k = _reduced(b, x)
    return _turned(b, r, lost, b.add(k, 1))


@in_double
def tan(b: Emitter, x: Value) -> Value:
    """The tangent."""
    r, lost, k = _reduced(b, x)
    s, c = _sin_cos(b, r, lost)
    odd = b.ne(b.both(k, 1), 0)
    y = b.div(b.select(odd, b.neg(c), s), b.select(odd, s, c))
    return b.select(b.eq(x, 0.0), x, y)


def _asin_parts(b: Emitter, x: Value) -> tuple[Value, Value]:
    """(|x| > 1/2, asin(t)) with t = |x|, or sqrt((1-|x|)/2) past one half."""
    a = b.abs(x)
    past = b.gt(a, 0.5)
    z = b.select(past, b.mul(b.sub(1.0, a), 0.5), b.mul(a, a))
    t = b.select(past, b.sqrt(z), a)
    square, rest = exact_product(b, t, t)
    lost = b.div(b.sub(b.sub(z, square), rest), b.add(t, t))  # by the rounding of the root
    lost = b.select(b.both(past, b.gt(z, 0.0)), lost, 0.0)
    return past, b.add(t, b.fma(b.mul(t, z), polynomial(b, z, _ASIN), lost))


@in_double
def asin(b: Emitter, x: Value) -> Value:
    """The inverse of sin on [-1, 1]; NaN outside."""
    past, y = _asin_parts(b, x)
    far = b.sub(_HALF_PI[0], b.sub(b.add(y, y), _HALF_PI[1]))
    return b.copysign(b.select(past, far, y), x)


@in_double
def acos(b: Emitter, x: Value) -> Value:
    """The inverse of cos on [-1, 1]; NaN outside."""
    past, y = _asin_parts(b, x)
    negative = b.lt(x, 0.0)
    twice = b.add(y, y)
    far = b.select(negative, b.sub(2 * _HALF_PI[0], b.sub(twice, 2 * _HALF_PI[1])), twice)
    near = b.sub(_HALF_PI[0], b.sub(b.copysign(y, x), _HALF_PI[1]))
    return b.select(past, far, near)


def _atan_ratio(b: Emitter, y: Value, x: Value) -> tuple[Value, Value]:
    """atan(y/x) for y, x >= 0 in two parts, with one division."""
    steep = b.gt(y, b.mul(x, 1.0 + math.sqrt(2.0)))
    slanted = b.gt(y, b.mul(x, math.sqrt(2.0) - 1.0))
    over = b.select(steep, b.neg(x), b.select(slanted, b.sub(y, x), y))
    under = b.select(steep, y, b.select(slanted, b.add(y, x), x))
    base = [
        b.select(steep, _HALF_PI[i], b.select(slanted, b.const(x, _QUARTER_PI[i]), 0.0))
        for i in (0, 1)
    ]
    t = b.div(over, under)
    z = b.mul(t, t)
    small = b.fma(b.mul(t, z), polynomial(b, z, _ATAN), base[1])
    return base[0], b.add(small, t)


@in_double
def atan(b: Emitter, x: Value) -> Value:
    """The inverse of tan."""
    a = b.abs(x)
    high, low = _atan_ratio(b, a, b.const(x, 1.0))
    return b.copysign(b.add(high, low), x)


@in_double
def atan2(b: Emitter, y: Value, x: Value) -> Value:
    """The angle of the point (x, y), in [-pi, pi]."""
    ay, ax = b.abs(y), b.abs(x)
    # Halving keeps sums finite; two infinities point along a diagonal, two zeros along the axis.
    both = b.both(b.eq(ay, math.inf), b.eq(ax, math.inf))
    none = b.both(b.eq(ay, 0.0), b.eq(ax, 0.0))
    big = b.gt(b.maximum(ay, ax), 2.0**1000)
    small = b.lt(b.maximum(ay, ax), 2.0**-900)
    factor = b.select(big, b.const(x, 0.25), b.select(small, b.const(x, 2.0**100), 1.0))
    ay = b.select(both, 1.0, b.mul(ay, factor))
    ax = b.select(b.either(both, none), 1.0, b.mul(ax, factor))
    high, low = _atan_ratio(b, ay, ax)
    behind = b.lt(b.copysign(b.const(x, 1.0), x), 0.0)
    flipped = b.add(b.sub(2 * _HALF_PI[0], high), b.sub(2 * _HALF_PI[1], low))
    angle = b.select(behind, flipped, b.add(high, low))
    return b.copysign(angle, y)

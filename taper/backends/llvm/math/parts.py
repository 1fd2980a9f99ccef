"""What the maths functions share: polynomials, scaling by powers of two, exact products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps

from ..emit import Emitter
from ..values import F32, F64, Value, constant


def is_single(x: Value) -> bool:
    """Whether the numbers are float32 (else float64)."""
    return x.type.scalar is F32


def polynomial(b: Emitter, x: Value, coefficients: Sequence[float]) -> Value:
    """c0 + x*(c1 + x*(c2 + ...)) in fused steps."""
    total = b.const(x, coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total = b.fma(total, x, c)
    return total


def in_double(function: Callable[..., Value]) -> Callable[..., Value]:
    """A function written for float64 that takes float32 too, by way of float64."""

    @wraps(function)
    def either(b: Emitter, *xs: Value) -> Value:
        if not is_single(xs[0]):
            return function(b, *xs)
        return b.convert(function(b, *(b.convert(x, F64) for x in xs)), F32)

    return either


def double_without_fma(function: Callable[..., Value]) -> Callable[..., Value]:
    """A function whose float32 part relies on fused steps: without them it takes float64."""
    wide = in_double(function)

    @wraps(function)
    def either(b: Emitter, *xs: Value) -> Value:
        return (function if b.target.fma else wide)(b, *xs)

    return either


def field(x: Value) -> tuple[int, int]:
    """The number of fraction bits and the exponent's bias."""
    return (23, 127) if is_single(x) else (52, 1023)


def power_of_two(b: Emitter, k: Value) -> Value:
    """2^k as a float, for integers k whose result is a normal number."""
    fraction, bias = (23, 127) if k.type.bits == 32 else (52, 1023)
    return b.bits(b.shl(b.add(k, bias), fraction))


def scale(b: Emitter, x: Value, k: Value) -> Value:
    """x * 2^k for integers k up to twice the exponent's range, rounded once."""
    half = b.shr(k, 1)
    return b.mul(b.mul(x, power_of_two(b, half)), power_of_two(b, b.sub(k, half)))


def nearest(b: Emitter, x: Value, factor: float = 1.0) -> tuple[Value, Value]:
    """The whole number nearest to x*factor, as a float and as an integer; it must be below 2^21."""
    fraction, _ = field(x)
    magic = constant(x.type, 1.5 * 2.0**fraction)  # adding it leaves the units in the lowest bit
    shifted = b.fma(x, factor, magic) if factor != 1.0 else b.add(x, magic)
    return b.sub(shifted, magic), b.sub(b.bits(shifted), b.bits(magic))


def at_most(b: Emitter, x: Value, limit: float) -> Value:
    """min(x, limit), NaN staying NaN, in one instruction."""
    return b.select(b.gt(x, limit), limit, x)


def at_least(b: Emitter, x: Value, limit: float) -> Value:
    """max(x, limit), NaN staying NaN, in one instruction."""
    return b.select(b.lt(x, limit), limit, x)


def mantissa(b: Emitter, x: Value) -> tuple[Value, Value]:
    """x > 0 as m * 2^e: m in [sqrt(1/2), sqrt(2)) and the integer e; subnormals included."""
    fraction, bias = field(x)
    root_half = 0x3F3504F3 if fraction == 23 else 0x3FE6A09E667F3BCD
    tiny = b.lt(x, 2.0 ** (1 - bias))
    bits = b.bits(b.select(tiny, b.mul(x, 2.0 ** (fraction + 1)), x))
    bits = b.sub(bits, root_half)
    e = b.add(b.shr(bits, fraction), b.select(tiny, b.const(bits, -fraction - 1), 0))
    m = b.bits(b.add(b.both(bits, (1 << fraction) - 1), root_half))
    return m, e


def high_half(b: Emitter, x: Value) -> Value:
    """x (float64) with the lower 27 bits of its fraction cleared: two such multiply exactly."""
    return b.bits(b.both(b.bits(x), -(1 << 27)))


def exact_product(b: Emitter, x: Value, y: Value) -> tuple[Value, Value]:
    """x*y (float64) rounded, and what the rounding left out (Dekker 1971 where nothing fuses)."""
    p = b.mul(x, y)
    if b.target.fma:
        return p, b.fma(x, y, b.neg(p))
    xh, yh = high_half(b, x), high_half(b, y)
    xl, yl = b.sub(x, xh), b.sub(y, yh)
    rest = b.add(b.sub(b.mul(xh, yh), p), b.add(b.mul(xh, yl), b.mul(xl, yh)))
    return p, b.add(rest, b.mul(xl, yl))


def exact_sum(b: Emitter, x: Value, y: Value) -> tuple[Value, Value]:
    """x+y rounded, and what the rounding left out, for |x| >= |y| or x = 0 (Dekker 1971)."""
    s = b.add(x, y)
    return s, b.sub(y, b.sub(s, x))

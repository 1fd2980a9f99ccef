"""Conversions of half precision by integer arithmetic, the same on every processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .values import BF16, F16, F32, I16, I32, Value

if TYPE_CHECKING:
    from .emit import Emitter


def to_bfloat(b: Emitter, x: Value) -> Value:
    """float32 rounded to the nearest bfloat16, ties to even; processors' own instructions lose
    denormal numbers."""
    bits = b.bits(x, I32)
    odd = b.both(b.shr(bits, 16, signed=False), 1)
    rounded = b.add(b.add(bits, odd), 0x7FFF)
    chosen = b.select(b.is_nan(x), b.either(bits, 1 << 22), rounded)
    return b.bits(b.convert(b.shr(chosen, 16, signed=False), I16), BF16)


def from_bfloat(b: Emitter, x: Value) -> Value:
    """bfloat16 as float32: the upper half of its bits."""
    return b.bits(b.shl(b.convert(b.bits(x, I16), I32, signed=False), 16), F32)


def from_half(b: Emitter, x: Value) -> Value:
    """float16 as float32: a multiplication moves the exponent, which makes denormals normal."""
    bits = b.convert(b.bits(x, I16), I32, signed=False)
    size = b.both(bits, 0x7FFF)
    moved = b.mul(b.bits(b.shl(size, 13), F32), 2.0**112)
    full = b.either(b.bits(moved, I32), 0x7F800000)  # infinity and NaN keep the largest exponent
    value = b.select(b.ge(size, 0x7C00), full, b.bits(moved, I32))
    sign = b.shl(b.both(bits, 0x8000), 16)
    return b.bits(b.either(value, sign), F32)


def to_half(b: Emitter, x: Value) -> Value:
    """float32 rounded to the nearest float16, ties to even."""
    bits = b.bits(x, I32)
    size = b.both(bits, 0x7FFFFFFF)
    odd = b.both(b.shr(size, 13, signed=False), 1)
    normal = b.shr(b.add(b.add(size, odd), 0xFFF - (112 << 23)), 13, signed=False)
    # an addition that leaves a denormal's digits, rounded, at the end of the sum
    small = b.sub(b.bits(b.add(b.bits(size, F32), 0.5), I32), 0x3F000000)
    found = b.select(b.lt(size, 113 << 23), small, normal)
    found = b.select(b.ge(size, 143 << 23), b.const(size, 0x7C00), found)
    found = b.select(b.is_nan(x), b.const(size, 0x7E00), found)
    sign = b.both(b.shr(bits, 16, signed=False), 0x8000)
    return b.bits(b.convert(b.either(found, sign), I16), F16)

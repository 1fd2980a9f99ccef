"""Arithmetic by dtype: what each elementwise primitive emits for values of a given dtype."""

from __future__ import annotations

import math as pymath
from collections.abc import Callable
from typing import Any

from ... import dtypes
from ...dtypes import dtype
from . import math
from .emit import Emitter
from .values import BF16, F16, F32, F64, I1, I8, I16, I32, I64, Type, Value

_MEMORY: dict[dtype, Type] = {
    dtypes.bool_: I8,
    **dict.fromkeys((dtypes.uint8, dtypes.int8), I8),
    **dict.fromkeys((dtypes.int16, dtypes.uint16), I16),
    **dict.fromkeys((dtypes.int32, dtypes.uint32), I32),
    **dict.fromkeys((dtypes.int64, dtypes.uint64), I64),
    dtypes.float16: F16,
    dtypes.bfloat16: BF16,
    dtypes.float32: F32,
    dtypes.float64: F64,
}


def memory_type(kind: dtype) -> Type:
    """How a dtype lies in memory."""
    return _MEMORY[kind]


def supported(kind: Any) -> bool:
    """Whether kernels can hold this dtype."""
    return kind in _MEMORY


def register_type(kind: dtype, lanes: int = 1) -> Type:
    """How a dtype is computed with: booleans as bits, half precision as float32."""
    if kind is dtypes.bool_:
        return I1.by(lanes)
    return (F32 if kind.is_half else _MEMORY[kind]).by(lanes)


def from_memory(b: Emitter, x: Value, kind: dtype) -> Value:
    """A loaded value as it is computed with."""
    if kind is dtypes.bool_:
        return b.ne(x, 0)
    return b.convert(x, F32) if kind.is_half else x


def to_memory(b: Emitter, x: Value, kind: dtype) -> Value:
    """A computed value as it is stored."""
    if kind is dtypes.bool_:
        return b.convert(x, I8, signed=False)
    return b.convert(x, _MEMORY[kind]) if kind.is_half else x


def rounded(b: Emitter, x: Value, kind: dtype) -> Value:
    """Half precision results are rounded after every primitive."""
    return b.convert(b.convert(x, _MEMORY[kind]), F32) if kind.is_half else x


Rule = Callable[..., Value]


def _minimum_int(kind: dtype) -> int:
    return -(2 ** (8 * kind.itemsize - 1)) if kind.is_signed else 0


def _cast(b: Emitter, source: dtype, x: Value, dtype: dtype) -> Value:
    if dtype is source:
        return x
    if dtype is dtypes.bool_:
        return b.ne(x, 0)
    to = register_type(dtype)
    if source.category == dtypes.FLOAT and dtype.category == dtypes.INT:
        return _float_to_int(b, x, dtype)
    return b.convert(x, to, signed=source.is_signed and source is not dtypes.bool_)


def _float_to_int(b: Emitter, x: Value, kind: dtype) -> Value:
    """As x86 converts: what does not fit 64 bits gives the smallest int64; then the low bits are
    kept."""
    wide = F64 if x.type.bits == 64 else F32
    bound = 9223372036854775808.0
    fits = b.both(b.lt(x, bound), b.ge(x, -bound))
    safe = b.select(fits, x, b.const(wide.by(x.type.lanes), 0.0))
    whole = b.convert(safe, I64)
    whole = b.select(fits, whole, b.const(whole, -(2**63)))
    return b.convert(whole, register_type(kind))


def _bitcast(b: Emitter, source: dtype, x: Value, dtype: dtype) -> Value:
    return from_memory(b, b.bits(to_memory(b, x, source), memory_type(dtype)), dtype)


def _floordiv(b: Emitter, k: dtype, x: Value, y: Value) -> Value:
    if k.category == dtypes.FLOAT:
        rem = b.rem(x, y)
        quotient = b.div(b.sub(x, rem), y)
        turn = b.both(b.ne(rem, 0.0), b.xor(b.lt(rem, 0.0), b.lt(y, 0.0)))
        quotient = b.select(turn, b.sub(quotient, 1.0), quotient)
        whole = b.floor(quotient)
        whole = b.select(b.gt(b.sub(quotient, whole), 0.5), b.add(whole, 1.0), whole)
        signed_zero = b.copysign(b.const(x, 0.0), b.div(x, y))
        whole = b.select(b.eq(quotient, 0.0), signed_zero, whole)
        return b.select(b.eq(y, 0.0), b.div(x, y), whole)
    quotient = _safe_div(b, k, x, y)
    if not k.is_signed:
        return quotient
    rem = b.sub(x, b.mul(quotient, y))
    turn = b.both(b.ne(rem, 0), b.lt(b.xor(x, y), 0))
    return b.select(turn, b.sub(quotient, 1), quotient)


def _safe_div(b: Emitter, k: dtype, x: Value, y: Value) -> Value:
    """Integer division that never traps; the kernel reports zeros separately."""
    one = b.const(y, 1)
    bad = b.eq(y, 0)
    if k.is_signed:
        bad = b.either(bad, b.both(b.eq(y, -1), b.eq(x, _minimum_int(k))))
    return b.div(x, b.select(bad, one, y), signed=k.is_signed)


def _mod(b: Emitter, k: dtype, x: Value, y: Value) -> Value:
    if k.category == dtypes.FLOAT:
        rem = b.rem(x, y)
        turn = b.both(b.ne(rem, 0.0), b.xor(b.lt(rem, 0.0), b.lt(y, 0.0)))
        return b.select(turn, b.add(rem, y), _zero_sign(b, rem, y))
    rem = b.sub(x, b.mul(_safe_div(b, k, x, y), y))
    if not k.is_signed:
        return rem
    turn = b.both(b.ne(rem, 0), b.lt(b.xor(rem, y), 0))
    return b.select(turn, b.add(rem, y), rem)


def _zero_sign(b: Emitter, rem: Value, y: Value) -> Value:
    """numpy's remainder gives a zero the divisor's sign."""
    return b.select(b.eq(rem, 0.0), b.copysign(b.const(rem, 0.0), y), rem)


def _fmod(b: Emitter, k: dtype, x: Value, y: Value) -> Value:
    if k.category == dtypes.FLOAT:
        return b.rem(x, y)
    return b.sub(x, b.mul(_safe_div(b, k, x, y), y))


def _sign(b: Emitter, k: dtype, x: Value) -> Value:
    if k is dtypes.bool_:
        return x
    if k.category == dtypes.INT:
        positive = b.convert(
            b.ne(x, 0) if not k.is_signed else b.gt(x, 0), x.type.scalar, signed=False
        )
        return b.select(b.lt(x, 0), b.const(x, -1), positive) if k.is_signed else positive
    one = b.copysign(b.const(x, 1.0), x)
    return b.select(b.either(b.eq(x, 0.0), b.is_nan(x)), x, one)


def _compare(name: str) -> Rule:
    def rule(b: Emitter, k: dtype, x: Value, y: Value) -> Value:
        if name in ("eq", "ne"):
            return getattr(b, name)(x, y)
        return getattr(b, name)(x, y, signed=k.is_signed and k is not dtypes.bool_)

    return rule


def _extreme(name: str) -> Rule:
    def rule(b: Emitter, k: dtype, x: Value, y: Value) -> Value:
        return getattr(b, name)(x, y, signed=k.is_signed and k is not dtypes.bool_)

    return rule


def _shift(name: str) -> Rule:
    def rule(b: Emitter, k: dtype, x: Value, y: Value) -> Value:
        bits = x.type.bits
        far = b.either(b.ge(y, bits), b.lt(y, 0)) if k.is_signed else b.ge(y, bits, signed=False)
        near = b.select(far, b.const(y, 0), y)
        if name == "shl":
            return b.select(far, b.const(x, 0), b.shl(x, near))
        out = b.shr(x, near, signed=k.is_signed)
        gone = b.shr(x, b.const(x, bits - 1)) if k.is_signed else b.const(x, 0)
        return b.select(far, gone, out)

    return rule


def _pow(b: Emitter, k: dtype, x: Value, y: Value) -> Value:
    return math.pow(b, x, y)


def _plain(name: str) -> Rule:
    return lambda b, k, *xs: getattr(b, name)(*xs)


def _maths(name: str) -> Rule:
    fn = getattr(math, name)
    return lambda b, k, *xs: fn(b, *xs)


def _add(b: Emitter, k: dtype, x: Value, y: Value) -> Value:
    return b.either(x, y) if k is dtypes.bool_ else b.add(x, y)


def _sub(b: Emitter, k: dtype, x: Value, y: Value) -> Value:
    return b.xor(x, y) if k is dtypes.bool_ else b.sub(x, y)


def _mul(b: Emitter, k: dtype, x: Value, y: Value) -> Value:
    return b.both(x, y) if k is dtypes.bool_ else b.mul(x, y)


def _abs(b: Emitter, k: dtype, x: Value) -> Value:
    return b.abs(x) if k.is_signed and k is not dtypes.bool_ else x


def _signbit(b: Emitter, k: dtype, x: Value) -> Value:
    if k.category == dtypes.FLOAT:
        return b.lt(b.bits(x), 0)
    return b.lt(x, 0) if k.is_signed else b.const(I1.by(x.type.lanes), 0)


def _rounding(name: str) -> Rule:
    return lambda b, k, x: getattr(b, name)(x) if k.category == dtypes.FLOAT else x


_FLOAT_MATHS = (
    *(
        "exp",
        "exp2",
        "expm1",
        "log",
        "log2",
        "log10",
        "log1p",
        "rsqrt",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
    ),
    *(
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "acosh",
        "atanh",
        "sigmoid",
        "erf",
        "erfc",
        "erfinv",
    ),
    *("lgamma", "digamma", "atan2"),
)
RULES: dict[str, Rule] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _plain("div"),
    "floordiv": _floordiv,
    "mod": _mod,
    "fmod": _fmod,
    "pow": _pow,
    "maximum": _extreme("maximum"),
    "minimum": _extreme("minimum"),
    "eq": _compare("eq"),
    "ne": _compare("ne"),
    "lt": _compare("lt"),
    "le": _compare("le"),
    "signbit": _signbit,
    "bitand": _plain("both"),
    "bitor": _plain("either"),
    "bitxor": _plain("xor"),
    "bitnot": _plain("invert"),
    "shl": _shift("shl"),
    "shr": _shift("shr"),
    "where": lambda b, k, c, x, y: b.select(c, x, y),
    "neg": _plain("neg"),
    "abs": _abs,
    "sign": _sign,
    "floor": _rounding("floor"),
    "ceil": _rounding("ceil"),
    "trunc": _rounding("trunc"),
    "round": _rounding("rint"),
    "sqrt": _plain("sqrt"),
    **{name: _maths(name) for name in _FLOAT_MATHS},
}
_FLOAT_ONLY = frozenset(_FLOAT_MATHS) | {"pow", "sqrt", "div"}
_COST = {
    **dict.fromkeys(_FLOAT_MATHS, 12),
    "pow": 40,
    "erfinv": 40,
    "lgamma": 60,
    "digamma": 60,
    "tan": 20,
    "atan2": 20,
    "rsqrt": 6,
    "div": 5,
    "sqrt": 6,
    "floordiv": 12,
    "mod": 12,
    "fmod": 12,
}


def can_emit(name: str, kinds: tuple[dtype, ...], out: Any) -> bool:
    """Whether a kernel can compute this primitive on these dtypes."""
    if name in ("cast", "bitcast", "wrap"):
        known = True
    elif name not in RULES:
        return False
    else:
        known = name not in _FLOAT_ONLY or kinds[0].is_floating_point
    return known and all(map(supported, kinds)) and supported(out)


def cost(name: str) -> int:
    """Rough cost of a primitive on one vector, in additions."""
    return _COST.get(name, 1)


def emit_op(
    b: Emitter, name: str, kinds: tuple[dtype, ...], out: dtype, xs: list[Value], attrs: dict
) -> Value:
    """The primitive on register values."""
    if name == "cast":
        found = _cast(b, kinds[0], xs[0], **attrs)
    elif name == "bitcast":
        return _bitcast(b, kinds[0], xs[0], **attrs)
    else:
        kind = kinds[1] if name == "where" else kinds[0]
        found = RULES[name](b, kind, *xs)
    return rounded(b, found, out)


def start(kind: dtype, how: str) -> float | int:
    """The value that a reduction begins with."""
    if how in ("sum", "dot"):
        return 0
    if how == "prod":
        return 1
    if kind.category == dtypes.FLOAT:
        return -pymath.inf if how == "max" else pymath.inf
    if kind is dtypes.bool_:
        return 0 if how == "max" else 1
    low = _minimum_int(kind)
    high = 2 ** (8 * kind.itemsize - (1 if kind.is_signed else 0)) - 1
    return low if how == "max" else high


def combine(b: Emitter, how: str, kind: dtype, x: Value, y: Value) -> Value:
    """One step of a reduction."""
    return RULES[{"sum": "add", "prod": "mul", "max": "maximum", "min": "minimum"}[how]](
        b, kind, x, y
    )

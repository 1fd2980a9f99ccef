"""Elementwise primitives: arithmetic, comparison, bits and functions of one variable."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..dtypes import dtype
from . import special
from .kinds import Elementwise, same_dtype, to_bool
from .samples import floats, given, integers, numbers


def _nothing(ops: Any, g: Any, out: Any, *xs: Any, **attrs: Any) -> tuple:
    return (None,) * len(xs)


def _real(*kinds: dtype) -> dtype:
    return kinds[0].to_real()


def _function(
    name: str, ref: Callable, slope: Callable, low: float = -2.0, high: float = 2.0
) -> Elementwise:
    """A function of one variable; `slope(ops, x, out)` is its derivative."""

    def vjp(ops: Any, g: Any, out: Any, x: Any) -> tuple:
        return (ops.mul(g, ops.conj(slope(ops, x, out))),)

    return Elementwise(name, ref, vjp, floats(1, low, high), same_dtype)


# ---------------------------------------------------------------- arithmetic
add = Elementwise("add", np.add, lambda ops, g, out, x, y: (g, g), numbers(2), same_dtype)
sub = Elementwise(
    "sub",
    lambda x, y: np.logical_xor(x, y) if x.dtype == bool else np.subtract(x, y),
    lambda ops, g, out, x, y: (g, ops.neg(g)),
    numbers(2),
    same_dtype,
)
mul = Elementwise(
    "mul",
    np.multiply,
    lambda ops, g, out, x, y: (ops.mul(g, ops.conj(y)), ops.mul(g, ops.conj(x))),
    numbers(2),
    same_dtype,
)


def _div_vjp(ops: Any, g: Any, out: Any, x: Any, y: Any) -> tuple:
    gx = ops.div(g, ops.conj(y))
    return gx, ops.neg(ops.mul(gx, ops.conj(out)))


div = Elementwise("div", np.divide, _div_vjp, floats(2, 0.5, 2.0), same_dtype)


def _no_zero(y: np.ndarray) -> None:
    if y.dtype.kind in "iu" and not np.all(y):
        raise RuntimeError("ZeroDivisionError")


def _floordiv(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    _no_zero(y)
    if x.dtype.kind != "f":
        return np.floor_divide(x, y)
    quotient = np.floor_divide(x, y)
    return np.where(y == 0, np.divide(x, y), quotient).astype(x.dtype)


def _mod(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    _no_zero(y)
    return np.remainder(x, y)


def _fmod(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    _no_zero(y)
    return np.fmod(x, y)


floordiv = Elementwise("floordiv", _floordiv, _nothing, floats(2, 0.5, 4.0), same_dtype)
mod = Elementwise(
    "mod",
    _mod,
    lambda ops, g, out, x, y: (g, ops.neg(ops.mul(g, ops.floordiv(x, y)))),
    given(([(3, 4)] * 2, {})),
    same_dtype,
)
fmod = Elementwise(
    "fmod",
    _fmod,
    lambda ops, g, out, x, y: (g, ops.neg(ops.mul(g, ops.trunc(ops.div(x, y))))),
    given(([(3, 4)] * 2, {})),
    same_dtype,
)


def _pow(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if x.dtype.kind not in "iu":
        return np.power(x, y)
    # PyTorch's integers: a negative exponent gives 0, or the reciprocal of 1 and -1
    out = np.power(x, np.maximum(y, 0) if x.dtype.kind == "i" else y)
    if x.dtype.kind == "u":
        return out
    odd = np.where(y % 2 == 0, 1, x).astype(x.dtype)
    negative = np.where(x == 1, 1, np.where(x == -1, odd, 0)).astype(x.dtype)
    return np.where(y < 0, negative, out).astype(x.dtype)


def _pow_vjp(ops: Any, g: Any, out: Any, x: Any, y: Any) -> tuple:
    zero, one = ops.fill(y, 0), ops.fill(y, 1)
    slope = ops.mul(y, ops.pow(x, ops.sub(y, one)))
    gx = ops.where(ops.eq(y, zero), zero, ops.mul(g, ops.conj(slope)))
    flat = ops.eq(x, zero)
    if not y.dtype.is_complex:
        flat = ops.bitand(flat, ops.le(zero, y))
    gy = ops.mul(g, ops.conj(ops.mul(out, ops.log(x))))
    return gx, ops.where(flat, zero, gy)


pow = Elementwise("pow", _pow, _pow_vjp, floats(2, 0.2, 2.0), same_dtype)


def _extreme(name: str, ref: Callable) -> Elementwise:
    def vjp(ops: Any, g: Any, out: Any, x: Any, y: Any) -> tuple:
        half, zero = ops.mul(g, ops.fill(g, 0.5)), ops.fill(g, 0)
        tie, first = ops.eq(x, y), ops.eq(out, x)
        return (
            ops.where(tie, half, ops.where(first, g, zero)),
            ops.where(tie, half, ops.where(first, zero, g)),
        )

    return Elementwise(name, ref, vjp, numbers(2), same_dtype)


maximum = _extreme("maximum", np.maximum)
minimum = _extreme("minimum", np.minimum)


def _atan2_vjp(ops: Any, g: Any, out: Any, y: Any, x: Any) -> tuple:
    scale = ops.div(g, ops.add(ops.mul(x, x), ops.mul(y, y)))
    return ops.mul(scale, x), ops.neg(ops.mul(scale, y))


atan2 = Elementwise("atan2", np.arctan2, _atan2_vjp, floats(2), same_dtype)
nextafter = Elementwise(
    "nextafter",
    np.nextafter,
    lambda ops, g, out, x, y: (ops.where(ops.eq(x, y), ops.fill(g, 0), g), None),
    floats(2),
    same_dtype,
)
where = Elementwise(
    "where",
    np.where,
    lambda ops, g, out, c, x, y: (
        None,
        ops.where(c, g, ops.fill(g, 0)),
        ops.where(c, ops.fill(g, 0), g),
    ),
    lambda rng: iter(
        [
            ([rng.integers(0, 2, s).astype(bool), *rng.standard_normal((2, *s))], {})
            for s in [(3,), (2, 5), (0, 4)]
        ]
    ),
    lambda c, x, y: same_dtype(x, y),
)

# ---------------------------------------------------------------- comparison and bits
eq = Elementwise("eq", np.equal, _nothing, numbers(2), to_bool)
ne = Elementwise("ne", np.not_equal, _nothing, numbers(2), to_bool)
lt = Elementwise("lt", np.less, _nothing, numbers(2), to_bool)
le = Elementwise("le", np.less_equal, _nothing, numbers(2), to_bool)
signbit = Elementwise(
    "signbit",
    lambda x: np.signbit(x) if x.dtype.kind == "f" else x < 0,
    _nothing,
    numbers(1),
    to_bool,
)
bitand = Elementwise("bitand", np.bitwise_and, _nothing, integers(2, booleans=True), same_dtype)
bitor = Elementwise("bitor", np.bitwise_or, _nothing, integers(2, booleans=True), same_dtype)
bitxor = Elementwise("bitxor", np.bitwise_xor, _nothing, integers(2, booleans=True), same_dtype)
bitnot = Elementwise("bitnot", np.invert, _nothing, integers(1, booleans=True), same_dtype)
shl = Elementwise("shl", np.left_shift, _nothing, integers(2, 0, 9), same_dtype)
shr = Elementwise("shr", np.right_shift, _nothing, integers(2, 0, 9), same_dtype)


def _wrap_ref(x: np.ndarray, size: int, axis: int) -> np.ndarray:
    if x.size:
        low, high = x.min(), x.max()
        if low < -size or high >= size:
            raise IndexError(
                f"index {low if low < -size else high} is out of bounds for dimension {axis} with "
                f"size {size}"
            )
    return np.where(x < 0, x + size, x)


wrap = Elementwise(
    "wrap",
    _wrap_ref,
    _nothing,
    lambda rng: iter([([rng.integers(-5, 5, (3, 4))], {"size": 5, "axis": 0})]),
    lambda k, size, axis: k,
)


# ---------------------------------------------------------------- dtype changes
def _cast_ref(x: np.ndarray, dtype: dtype) -> np.ndarray:
    if x.dtype.kind == "c" and not dtype.is_complex and dtype is not dtypes.bool_:
        x = x.real
    return x.astype(dtype.array)


def _cast_vjp(ops: Any, g: Any, out: Any, x: Any, dtype: dtype) -> tuple:
    if not x.dtype.inexact:
        return (None,)
    return (
        ops.cast(
            ops.real(g) if g.dtype.is_complex and not x.dtype.is_complex else g, dtype=x.dtype
        ),
    )


cast = Elementwise(
    "cast",
    _cast_ref,
    _cast_vjp,
    lambda rng: iter(
        [
            ([rng.uniform(-2, 2, (3, 4)).astype(np.float32)], {"dtype": d})
            for d in (dtypes.float64, dtypes.int64, dtypes.bool_, dtypes.float16, dtypes.bfloat16)
        ]
    ),
    lambda k, dtype: dtype,
)
bitcast = Elementwise(
    "bitcast",
    lambda x, dtype: np.ascontiguousarray(x).view(dtype.array).reshape(x.shape),
    _nothing,
    lambda rng: iter([([rng.uniform(-2, 2, (3, 4)).astype(np.float32)], {"dtype": dtypes.int32})]),
    lambda k, dtype: dtype,
)

# ---------------------------------------------------------------- complex parts
real = Elementwise(
    "real",
    lambda x: x.real.copy(),
    lambda ops, g, out, x: (ops.cast(g, dtype=x.dtype),),
    lambda rng: iter([([rng.standard_normal(4) + 1j * rng.standard_normal(4)], {})]),
    _real,
)
imag = Elementwise(
    "imag",
    lambda x: x.imag.copy(),
    lambda ops, g, out, x: (ops.complex(ops.fill(g, 0), g),),
    lambda rng: iter([([rng.standard_normal(4) + 1j * rng.standard_normal(4)], {})]),
    _real,
)
conj = Elementwise(
    "conj",
    np.conj,
    lambda ops, g, out, x: (ops.conj(g),),
    lambda rng: iter([([rng.standard_normal(4) + 1j * rng.standard_normal(4)], {})]),
    same_dtype,
)


def _complex_ref(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    out = np.empty(x.shape, np.complex128 if x.dtype == np.float64 else np.complex64)
    out.real, out.imag = x, y
    return out


complex = Elementwise(
    "complex",
    _complex_ref,
    lambda ops, g, out, x, y: (ops.real(g), ops.imag(g)),
    floats(2),
    lambda x, y: same_dtype(x, y).to_complex(),
)

# ---------------------------------------------------------------- sign and rounding
neg = Elementwise("neg", np.negative, lambda ops, g, out, x: (ops.neg(g),), numbers(1), same_dtype)


def _abs_vjp(ops: Any, g: Any, out: Any, x: Any) -> tuple:
    return (ops.mul(ops.cast(g, dtype=x.dtype), ops.sign(x)),)


def _sign_ref(x: np.ndarray) -> np.ndarray:
    if x.dtype.kind != "c":
        return x if x.dtype == bool else np.sign(x)
    size = np.abs(x)
    return np.where(size == 0, 0, x / np.where(size == 0, 1, size)).astype(x.dtype)


def _sign_vjp(ops: Any, g: Any, out: Any, x: Any) -> tuple:
    if not x.dtype.is_complex:
        return (ops.fill(g, 0),)
    size = ops.abs(x)
    zero = ops.eq(size, ops.fill(size, 0))
    safe = ops.cast(ops.where(zero, ops.fill(size, 1), size), dtype=x.dtype)
    along = ops.cast(ops.real(ops.mul(g, ops.conj(out))), dtype=x.dtype)
    return (ops.where(zero, ops.fill(g, 0), ops.div(ops.sub(g, ops.mul(along, out)), safe)),)


abs = Elementwise("abs", np.abs, _abs_vjp, numbers(1), _real)
sign = Elementwise("sign", _sign_ref, _sign_vjp, numbers(1), same_dtype)


def _rounding(name: str, ref: Callable) -> Elementwise:
    def rounded(x: np.ndarray) -> np.ndarray:
        return ref(x) if x.dtype.kind == "f" else x

    return Elementwise(
        name, rounded, lambda ops, g, out, x: (ops.fill(g, 0),), numbers(1), same_dtype
    )


floor, ceil = _rounding("floor", np.floor), _rounding("ceil", np.ceil)
trunc, round = _rounding("trunc", np.trunc), _rounding("round", np.rint)

# ---------------------------------------------------------------- functions of one variable
TWO_OVER_ROOT_PI, LN2, LN10 = 2 / math.sqrt(math.pi), math.log(2), math.log(10)


def _scaled(ops: Any, x: Any, k: float) -> Any:
    return ops.mul(x, ops.fill(x, k))


def _inverse(ops: Any, x: Any) -> Any:
    return ops.div(ops.fill(x, 1), x)


def _plus(ops: Any, x: Any, k: float) -> Any:
    return ops.add(x, ops.fill(x, k))


def _one_minus_square(ops: Any, x: Any) -> Any:
    return ops.sub(ops.fill(x, 1), ops.mul(x, x))


exp = _function("exp", np.exp, lambda ops, x, out: out)
exp2 = _function("exp2", np.exp2, lambda ops, x, out: _scaled(ops, out, LN2))
expm1 = _function("expm1", np.expm1, lambda ops, x, out: _plus(ops, out, 1))
log = _function("log", np.log, lambda ops, x, out: _inverse(ops, x), 0.1)
log2 = _function("log2", np.log2, lambda ops, x, out: _inverse(ops, _scaled(ops, x, LN2)), 0.1)
log10 = _function("log10", np.log10, lambda ops, x, out: _inverse(ops, _scaled(ops, x, LN10)), 0.1)
log1p = _function("log1p", np.log1p, lambda ops, x, out: _inverse(ops, _plus(ops, x, 1)), -0.9)
sqrt = _function("sqrt", np.sqrt, lambda ops, x, out: _inverse(ops, _scaled(ops, out, 2)), 0.1)
rsqrt = _function(
    "rsqrt",
    lambda x: (1 / np.sqrt(x)).astype(x.dtype),
    lambda ops, x, out: _scaled(ops, ops.mul(out, ops.mul(out, out)), -0.5),
    0.1,
)
sin = _function("sin", np.sin, lambda ops, x, out: ops.cos(x))
cos = _function("cos", np.cos, lambda ops, x, out: ops.neg(ops.sin(x)))
tan = _function("tan", np.tan, lambda ops, x, out: _plus(ops, ops.mul(out, out), 1), -1.2, 1.2)
asin = _function(
    "asin", np.arcsin, lambda ops, x, out: ops.rsqrt(_one_minus_square(ops, x)), -0.9, 0.9
)
acos = _function(
    "acos", np.arccos, lambda ops, x, out: ops.neg(ops.rsqrt(_one_minus_square(ops, x))), -0.9, 0.9
)
atan = _function("atan", np.arctan, lambda ops, x, out: _inverse(ops, _plus(ops, ops.mul(x, x), 1)))
sinh = _function("sinh", np.sinh, lambda ops, x, out: ops.cosh(x))
cosh = _function("cosh", np.cosh, lambda ops, x, out: ops.sinh(x))
tanh = _function("tanh", np.tanh, lambda ops, x, out: _one_minus_square(ops, out))
asinh = _function("asinh", np.arcsinh, lambda ops, x, out: ops.rsqrt(_plus(ops, ops.mul(x, x), 1)))
acosh = _function(
    "acosh",
    np.arccosh,
    lambda ops, x, out: ops.mul(ops.rsqrt(_plus(ops, x, -1)), ops.rsqrt(_plus(ops, x, 1))),
    1.1,
    3.0,
)
atanh = _function(
    "atanh", np.arctanh, lambda ops, x, out: _inverse(ops, _one_minus_square(ops, x)), -0.9, 0.9
)


def _sigmoid_ref(x: np.ndarray) -> np.ndarray:
    return (1 / (1 + np.exp(-x))).astype(x.dtype)


sigmoid = _function(
    "sigmoid", _sigmoid_ref, lambda ops, x, out: ops.mul(out, ops.sub(ops.fill(out, 1), out))
)
erf = _function(
    "erf",
    special.erf,
    lambda ops, x, out: _scaled(ops, ops.exp(ops.neg(ops.mul(x, x))), TWO_OVER_ROOT_PI),
)
erfc = _function(
    "erfc",
    special.erfc,
    lambda ops, x, out: _scaled(ops, ops.exp(ops.neg(ops.mul(x, x))), -TWO_OVER_ROOT_PI),
)
erfinv = _function(
    "erfinv",
    special.erfinv,
    lambda ops, x, out: _scaled(ops, ops.exp(ops.mul(out, out)), 1 / TWO_OVER_ROOT_PI),
    -0.9,
    0.9,
)
lgamma = _function("lgamma", special.lgamma, lambda ops, x, out: ops.digamma(x), 0.2, 4.0)
digamma = _function("digamma", special.digamma, lambda ops, x, out: ops.polygamma(x, n=1), 0.2, 4.0)


def _polygamma_vjp(ops: Any, g: Any, out: Any, x: Any, n: int) -> tuple:
    return (ops.mul(g, ops.polygamma(x, n=n + 1)),)


polygamma = Elementwise(
    "polygamma",
    lambda x, n: special.polygamma(n, x),
    _polygamma_vjp,
    lambda rng: iter(
        [([rng.uniform(0.5, 4, (3, 4)).astype(np.float32)], {"n": n}) for n in (1, 2)]
    ),
    lambda k, n: k,
)

"""Elementary functions: roots, exponentials, logarithms, trigonometry, and what is made of them."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..calls import apply, apply_
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor
from .common import (
    computed,
    in_place,
    promote,
    result_dtype,
    scalar,
    some_tensor,
    store,
    tensors_only,
    to_float,
    unsupported,
    wide,
)

__all__ = ["acos", "acos_", "acosh", "acosh_", "angle", "arccos", "arccos_", "arccosh", "arccosh_"]
__all__ += ["arcsin", "arcsin_", "arcsinh", "arcsinh_", "arctan", "arctan2", "arctan_", "arctanh"]
__all__ += ["arctanh_", "asin", "asin_", "asinh", "asinh_", "atan", "atan2", "atan_", "atanh"]
__all__ += ["atanh_", "cos", "cos_", "cosh", "cosh_", "deg2rad", "deg2rad_", "exp", "exp2", "exp2_"]
__all__ += ["exp_", "expm1", "expm1_", "log", "log1p", "log1p_", "log2", "log2_", "log10", "log10_"]
__all__ += ["log_", "logaddexp", "logaddexp2", "logit", "logit_", "rad2deg", "rad2deg_", "rsqrt"]
__all__ += ["rsqrt_", "sigmoid", "sigmoid_", "sin", "sin_", "sinc", "sinc_", "sinh", "sinh_"]
__all__ += ["sqrt", "sqrt_", "tan", "tan_", "tanh", "tanh_", "xlogy", "xlogy_"]


def _function(x: Node, name: str) -> Node:
    """The primitive called `name` of a floating tensor; integers become floating."""
    tensors_only(name, x)
    return getattr(ops, name)(to_float(x))


# ---------------------------------------------------------------- functions of one variable
def sqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The square root; NaN for negative numbers."""
    return store(out, apply("SqrtBackward0", _function, (input,), ("sqrt",)))


def rsqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """1 / sqrt(`input`)."""
    return store(out, apply("RsqrtBackward0", _function, (input,), ("rsqrt",)))


def exp(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """e to the power of each element."""
    return store(out, apply("ExpBackward0", _function, (input,), ("exp",)))


def exp2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """2 to the power of each element."""
    return store(out, apply("Exp2Backward0", _function, (input,), ("exp2",)))


def expm1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """exp(`input`) - 1, exact near 0."""
    return store(out, apply("Expm1Backward0", _function, (input,), ("expm1",)))


def log(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The natural logarithm."""
    return store(out, apply("LogBackward0", _function, (input,), ("log",)))


def log2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm to the base 2."""
    return store(out, apply("Log2Backward0", _function, (input,), ("log2",)))


def log10(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm to the base 10."""
    return store(out, apply("Log10Backward0", _function, (input,), ("log10",)))


def log1p(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """log(1 + `input`), exact near 0."""
    return store(out, apply("Log1PBackward0", _function, (input,), ("log1p",)))


def sin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sine of angles in radians."""
    return store(out, apply("SinBackward0", _function, (input,), ("sin",)))


def cos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The cosine of angles in radians."""
    return store(out, apply("CosBackward0", _function, (input,), ("cos",)))


def tan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The tangent of angles in radians."""
    return store(out, apply("TanBackward0", _function, (input,), ("tan",)))


def asin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse sine."""
    return store(out, apply("AsinBackward0", _function, (input,), ("asin",)))


def acos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse cosine."""
    return store(out, apply("AcosBackward0", _function, (input,), ("acos",)))


def atan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse tangent."""
    return store(out, apply("AtanBackward0", _function, (input,), ("atan",)))


def sinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic sine."""
    return store(out, apply("SinhBackward0", _function, (input,), ("sinh",)))


def cosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic cosine."""
    return store(out, apply("CoshBackward0", _function, (input,), ("cosh",)))


def tanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic tangent."""
    return store(out, apply("TanhBackward0", _function, (input,), ("tanh",)))


def asinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse hyperbolic sine."""
    return store(out, apply("AsinhBackward0", _function, (input,), ("asinh",)))


def acosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse hyperbolic cosine."""
    return store(out, apply("AcoshBackward0", _function, (input,), ("acosh",)))


def atanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse hyperbolic tangent."""
    return store(out, apply("AtanhBackward0", _function, (input,), ("atanh",)))


def sigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """1 / (1 + exp(-`input`))."""
    return store(out, apply("SigmoidBackward0", _function, (input,), ("sigmoid",)))


sqrt_ = in_place("sqrt_", "SqrtBackward0", _function, "sqrt")
rsqrt_ = in_place("rsqrt_", "RsqrtBackward0", _function, "rsqrt")
exp_ = in_place("exp_", "ExpBackward0", _function, "exp")
exp2_ = in_place("exp2_", "Exp2Backward0", _function, "exp2")
expm1_ = in_place("expm1_", "Expm1Backward0", _function, "expm1")
log_ = in_place("log_", "LogBackward0", _function, "log")
log2_ = in_place("log2_", "Log2Backward0", _function, "log2")
log10_ = in_place("log10_", "Log10Backward0", _function, "log10")
log1p_ = in_place("log1p_", "Log1PBackward0", _function, "log1p")
sin_ = in_place("sin_", "SinBackward0", _function, "sin")
cos_ = in_place("cos_", "CosBackward0", _function, "cos")
tan_ = in_place("tan_", "TanBackward0", _function, "tan")
asin_ = in_place("asin_", "AsinBackward0", _function, "asin")
acos_ = in_place("acos_", "AcosBackward0", _function, "acos")
atan_ = in_place("atan_", "AtanBackward0", _function, "atan")
sinh_ = in_place("sinh_", "SinhBackward0", _function, "sinh")
cosh_ = in_place("cosh_", "CoshBackward0", _function, "cosh")
tanh_ = in_place("tanh_", "TanhBackward0", _function, "tanh")
asinh_ = in_place("asinh_", "AsinhBackward1", _function, "asinh")
acosh_ = in_place("acosh_", "AcoshBackward1", _function, "acosh")
atanh_ = in_place("atanh_", "AtanhBackward1", _function, "atanh")
sigmoid_ = in_place("sigmoid_", "SigmoidBackward0", _function, "sigmoid")

arccos, arccos_, arcsin, arcsin_, arctan, arctan_ = acos, acos_, asin, asin_, atan, atan_
arccosh, arccosh_, arcsinh, arcsinh_ = acosh, acosh_, asinh, asinh_
arctanh, arctanh_ = atanh, atanh_


# ---------------------------------------------------------------- angles
def _atan2(y: Node, x: Node) -> Node:
    tensors_only("atan2", y, x)
    kind = result_dtype((y, x))
    if kind.is_complex:
        unsupported("atan2_cpu", kind)
    y, x = promote(y, x)
    return ops.atan2(to_float(y), to_float(x))


def atan2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle of the point (`other`, `input`) seen from the origin, from -pi to pi."""
    return store(out, apply("Atan2Backward0", _atan2, (input, other)))


def atan2_(input: Tensor, other: Tensor) -> Tensor:
    """`atan2` in place."""
    return apply_("Atan2Backward0", _atan2, input, (other,))


arctan2, arctan2_ = atan2, atan2_


def _scaled(x: Node, name: str, factor: float) -> Node:
    tensors_only(name, x)
    if x.dtype.is_complex:
        raise RuntimeError(f"{name} is not supported for complex tensors.")
    x = to_float(x)
    return ops.mul(x, scalar(factor, x))


def deg2rad(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Degrees as radians."""
    return store(out, apply("Deg2RadBackward0", _scaled, (input,), ("deg2rad", math.pi / 180)))


def rad2deg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Radians as degrees."""
    return store(out, apply("Rad2DegBackward0", _scaled, (input,), ("rad2deg", 180 / math.pi)))


deg2rad_ = in_place("deg2rad_", "Deg2RadBackward0", _scaled, "deg2rad", math.pi / 180)
rad2deg_ = in_place("rad2deg_", "Rad2DegBackward0", _scaled, "rad2deg", 180 / math.pi)


def _angle(x: Node) -> Node:
    tensors_only("angle", x)
    if x.dtype.is_complex:
        return ops.atan2(ops.imag(x), ops.real(x))
    x = to_float(x)
    zero = scalar(0, x)
    finite = ops.where(ops.lt(ops.abs(x), scalar(math.inf, x)), x, zero)
    nothing = ops.sub(finite, finite)  # a zero whose gradient is zero
    found = ops.add(ops.where(ops.lt(x, zero), scalar(math.pi, x), zero), nothing)
    return ops.where(ops.ne(x, x), x, found)


def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle of complex numbers; of real ones 0 or pi."""
    return store(out, apply("AngleBackward0", _angle, (input,)))


# ---------------------------------------------------------------- logarithms of sums and products
def _log_add(x: Node, y: Node, name: str) -> Node:
    """log(e^x + e^y), or to the base 2: the larger plus log1p of the rest, without overflow."""
    tensors_only(name, x, y)
    kind = result_dtype((x, y))
    if not kind.inexact:
        unsupported(f"{name}_cpu", kind)
    x, y = computed(kind, x, y)
    same = ops.eq(x, y)
    if kind.is_complex:
        first = ops.le(ops.real(y), ops.real(x))
        high, low = ops.where(first, x, y), ops.where(first, y, x)
        gap = ops.where(same, scalar(0, x), ops.sub(low, high))
        return ops.add(high, ops.log(ops.add(scalar(1, gap), ops.exp(gap))))
    base = scalar(math.log(2) if name == "logaddexp2" else 1, x)
    gap = ops.where(same, scalar(0, x), ops.sub(x, y))
    gap = ops.neg(ops.abs(ops.mul(gap, base)))
    found = ops.add(ops.maximum(x, y), ops.div(ops.log1p(ops.exp(gap)), base))
    return ops.cast(found, dtype=kind)


def logaddexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """log(exp(`input`) + exp(`other`)) without overflow."""
    return store(out, apply("LogaddexpBackward0", _log_add, (input, other), ("logaddexp",)))


def logaddexp2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """log2(2^`input` + 2^`other`) without overflow."""
    return store(out, apply("Logaddexp2Backward0", _log_add, (input, other), ("logaddexp2",)))


def _xlogy(x: Node, y: Node) -> Node:
    some_tensor("xlogy", x, y)
    kind = result_dtype((x, y))
    if kind.is_complex:
        unsupported("xlogy_cpu", kind)
    kind = kind if kind.inexact else dtypes.get_default()
    x, y = computed(kind, x, y)
    zero, one = scalar(0, x), scalar(1, x)
    usual = ops.bitand(ops.lt(zero, y), ops.lt(y, scalar(math.inf, y)))
    none = ops.bitand(ops.eq(x, zero), ops.bitand(ops.eq(y, y), ops.bitnot(usual)))
    found = ops.where(none, zero, ops.mul(x, ops.log(ops.where(none, one, y))))
    return ops.cast(found, dtype=kind)


def _xlogy_name(input: Any, other: Any) -> str:
    if not isinstance(input, Tensor):
        return "XlogyBackward1"
    return "XlogyBackward0" if isinstance(other, Tensor) else "XlogyBackward2"


def xlogy(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """`input` * log(`other`), with 0 where `input` is 0 and `other` is no NaN."""
    return store(out, apply(_xlogy_name(input, other), _xlogy, (input, other)))


def xlogy_(input: Tensor, other: Any) -> Tensor:
    """`xlogy` in place."""
    return apply_(_xlogy_name(input, other), _xlogy, input, (other,))


# ---------------------------------------------------------------- sinc and logit
def _sinc(x: Node) -> Node:
    tensors_only("sinc", x)
    x = to_float(x)
    kind, x = x.dtype, ops.cast(x, dtype=wide(x.dtype))
    zero = ops.eq(x, scalar(0, x))
    turned = ops.mul(ops.where(zero, scalar(1, x), x), scalar(math.pi, x))
    found = ops.where(zero, scalar(1, x), ops.div(ops.sin(turned), turned))
    return ops.cast(found, dtype=kind)


def sinc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """sin(pi x) / (pi x), and 1 at 0."""
    return store(out, apply("SincBackward0", _sinc, (input,)))


sinc_ = in_place("sinc_", "SincBackward0", _sinc)


def _logit(x: Node, eps: float | None) -> Node:
    tensors_only("logit", x)
    if x.dtype.is_complex:
        unsupported("logit_cpu", x.dtype)
    x = to_float(x)
    kind, x = x.dtype, ops.cast(x, dtype=wide(x.dtype))
    if eps is not None:
        low, high = scalar(eps, x), scalar(1 - eps, x)
        x = ops.where(ops.lt(x, low), low, x)
        x = ops.where(ops.lt(high, x), high, x)
    return ops.cast(ops.log(ops.div(x, ops.sub(scalar(1, x), x))), dtype=kind)


def logit(input: Tensor, eps: float | None = None, *, out: Tensor | None = None) -> Tensor:
    """log(x / (1 - x)), with x kept between `eps` and 1 - `eps` where that is given."""
    return store(out, apply("LogitBackward0", _logit, (input,), (eps,)))


def logit_(input: Tensor, eps: float | None = None) -> Tensor:
    """`logit` in place."""
    return apply_("LogitBackward0", _logit, input, (), (eps,))

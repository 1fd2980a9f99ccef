"""Choosing and shaping elements: `where`, clamping, larger and smaller, signs and exponents."""

from __future__ import annotations

import math
import warnings
from typing import Any

from .. import dtypes
from ..calls import apply, apply_
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor, formatting_name
from . import return_types
from .common import (
    broadcast,
    check_fits,
    expand,
    in_place,
    promote,
    result_dtype,
    scalar,
    store,
    store_found,
    tensors_only,
    to_float,
    unsupported,
    wide,
)
from .indexing import nonzero

__all__ = ["clamp", "clamp_", "clamp_max", "clamp_max_", "clamp_min", "clamp_min_", "clip"]
__all__ += ["clip_", "complex", "conj", "conj_physical", "conj_physical_", "copysign", "fmax"]
__all__ += ["fmin", "frexp", "heaviside", "hypot", "ldexp", "ldexp_", "maximum", "minimum"]
__all__ += ["nan_to_num", "nan_to_num_", "nextafter", "polar", "resolve_conj", "resolve_neg", "sgn"]
__all__ += ["sign", "where"]


# ---------------------------------------------------------------- where
def _where(condition: Node, x: Node, y: Node) -> Node:
    if condition.dtype is dtypes.uint8:
        condition = ops.cast(condition, dtype=dtypes.bool_)
    if condition.dtype is not dtypes.bool_:
        raise RuntimeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{formatting_name(condition.dtype)}"
        )
    kind = result_dtype((x, y))
    condition, x, y = broadcast(condition, ops.cast(x, dtype=kind), ops.cast(y, dtype=kind))
    return ops.where(condition, x, y)


def where(
    condition: Tensor, input: Any = None, other: Any = None, *, out: Tensor | None = None
) -> Any:
    """`input` where the condition holds, `other` elsewhere; without these, where it holds.

    Tensors and numbers broadcast and promote. RuntimeError unless the condition is boolean.
    """
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    if not isinstance(condition, Tensor):
        raise TypeError(
            "where(): argument 'condition' (position 1) must be Tensor, not "
            f"{type(condition).__name__}"
        )
    if condition._dtype is dtypes.uint8:
        warnings.warn(
            "where received a uint8 condition tensor. This behavior is deprecated and will be "
            "removed in a future version of PyTorch. Use a boolean condition instead.",
            stacklevel=2,
        )
    return store(out, apply("WhereBackward0", _where, (condition, input, other)))


def where_method(self: Tensor, condition: Tensor, other: Any) -> Tensor:
    """The elements where the condition holds, `other` elsewhere."""
    return where(condition, self, other)


# ---------------------------------------------------------------- clamping
def _check_clamp(kind: dtypes.dtype) -> None:
    if kind.is_complex:
        raise NotImplementedError("clamp is not supported for complex types")


def _clamp(x: Node, low: Node | None, high: Node | None) -> Node:
    """Bounds win only where they are passed, so gradients reach elements at a bound."""
    tensors_only("clamp", x)
    bounds = [n for n in (low, high) if n is not None]
    kind = result_dtype((x, *bounds))
    _check_clamp(kind)
    x, *found = broadcast(*[ops.cast(n, dtype=kind) for n in (x, *bounds)])
    if low is not None:
        x = ops.where(_beyond(x, found[0]), found[0], x)
    if high is not None:
        x = ops.where(_beyond(found[-1], x, bound=found[-1]), found[-1], x)
    return x


def _beyond(a: Node, b: Node, bound: Node | None = None) -> Node:
    """Where a < b, or the bound is NaN."""
    bound = b if bound is None else bound
    less = ops.lt(a, b)
    return ops.bitor(less, ops.ne(bound, bound)) if a.dtype.inexact else less


def _bounds(min: Any, max: Any) -> str:
    """The name of clamp's graph node; the bounds are both tensors or both numbers."""
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    kinds = [isinstance(b, Tensor) for b in (min, max) if b is not None]
    if len(set(kinds)) > 1:
        raise TypeError(
            f"clamp() received an invalid combination of arguments - got ({type(min).__name__}, "
            f"{type(max).__name__}), but expected both bounds to be Tensor or both to be Number"
        )
    return "ClampBackward0" if kinds[0] else "ClampBackward1"


def _check_bounds(kind: dtypes.dtype, *bounds: Any) -> None:
    for b in bounds:
        if b is not None and (kind.inexact or isinstance(b, int)):
            check_fits(b, kind)


def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Tensor | None = None) -> Tensor:
    """Elements below `min` become `min`, those above `max` `max`; both are numbers or tensors."""
    name = _bounds(min, max)
    _check_bounds(input._dtype, min, max)
    return store(out, apply(name, _clamp, (input, min, max)))


def clamp_(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """`clamp` in place."""
    name = _bounds(min, max)
    _check_bounds(input._dtype, min, max)
    return apply_(name, _clamp, input, (min, max))


clip, clip_ = clamp, clamp_


def _bound_name(name: str, bound: Any) -> str:
    return f"{name}Backward{int(isinstance(bound, Tensor))}"


def clamp_min(input: Tensor, min: Any, *, out: Tensor | None = None) -> Tensor:
    """Elements below `min` become `min`."""
    return store(out, apply(_bound_name("ClampMin", min), _clamp, (input, min, None)))


def clamp_min_(input: Tensor, min: Any) -> Tensor:
    """`clamp_min` in place."""
    return apply_(_bound_name("ClampMin", min), _clamp, input, (min, None))


def clamp_max(input: Tensor, max: Any, *, out: Tensor | None = None) -> Tensor:
    """Elements above `max` become `max`."""
    return store(out, apply(_bound_name("ClampMax", max), _clamp, (input, None, max)))


def clamp_max_(input: Tensor, max: Any) -> Tensor:
    """`clamp_max` in place."""
    return apply_(_bound_name("ClampMax", max), _clamp, input, (None, max))


# ---------------------------------------------------------------- the larger and the smaller
def _extreme(x: Node, y: Node, name: str) -> Node:
    tensors_only(name, x, y)
    kind = result_dtype((x, y))
    if kind.is_complex:
        raise RuntimeError(f"{name} not implemented for complex tensors.")
    return getattr(ops, name)(*promote(x, y))


def maximum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of two elements; NaN where either is NaN."""
    return store(out, apply("MaximumBackward0", _extreme, (input, other), ("maximum",)))


def minimum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller of two elements; NaN where either is NaN."""
    return store(out, apply("MinimumBackward0", _extreme, (input, other), ("minimum",)))


def _number_extreme(x: Node, y: Node, larger: bool) -> Node:
    name = "fmax" if larger else "fmin"
    tensors_only(name, x, y)
    kind = result_dtype((x, y))
    if kind.is_complex:
        raise RuntimeError(f"{name} not implemented for complex tensors.")
    x, y = promote(x, y)
    first = ops.le(y, x) if larger else ops.le(x, y)
    if kind.inexact:
        first = ops.bitor(first, ops.ne(y, y))
    return ops.where(first, x, y)


def fmax(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger of two elements; NaN only where both are NaN."""
    return store(out, apply("FmaxBackward0", _number_extreme, (input, other), (True,)))


def fmin(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller of two elements; NaN only where both are NaN."""
    return store(out, apply("FminBackward0", _number_extreme, (input, other), (False,)))


# ---------------------------------------------------------------- sign
def _sign(x: Node) -> Node:
    tensors_only("sign", x)
    if x.dtype.is_complex:
        raise NotImplementedError(
            "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use "
            "torch.sgn instead."
        )
    return _signs(x)


def _signs(x: Node) -> Node:
    """-1, 0 or 1, and 0 for NaN."""
    if not x.dtype.is_floating_point:
        return ops.sign(x)
    zero = scalar(0, x)
    return ops.where(ops.lt(zero, ops.abs(x)), ops.sign(x), zero)


def sign(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """-1, 0 or 1."""
    return store_found(out, apply("SignBackward0", _sign, (input,)))


def _sgn(x: Node) -> Node:
    tensors_only("sgn", x)
    return _signs(x)


def sgn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`sign`; of complex numbers x / |x|."""
    return store_found(out, apply("SgnBackward0", _sgn, (input,)))


sign_ = in_place("sign_", "SignBackward0", _sign)
sgn_ = in_place("sgn_", "SgnBackward0", _sgn)


def _copysign(x: Node, y: Node) -> Node:
    tensors_only("copysign", x)
    kind = result_dtype((x, y))
    if kind.is_complex:
        unsupported("copysign_cpu", kind)
    x, y = promote(x, y)
    x, y = to_float(x), to_float(y)
    size = ops.abs(x)
    return ops.where(ops.signbit(y), ops.neg(size), size)


def copysign(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """The size of `input` with the sign of `other`."""
    name = "CopysignBackward0" if isinstance(other, Tensor) else "CopysignBackward1"
    return store(out, apply(name, _copysign, (input, other)))


def copysign_(input: Tensor, other: Any) -> Tensor:
    """`copysign` in place."""
    name = "CopysignBackward0" if isinstance(other, Tensor) else "CopysignBackward1"
    return apply_(name, _copysign, input, (other,))


def _heaviside(x: Node, values: Node) -> Node:
    tensors_only("heaviside", x, values)
    if x.dtype is not values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    if x.dtype.is_complex:
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    x, values = broadcast(x, values)
    zero = scalar(0, x)
    step = ops.cast(ops.lt(zero, x), dtype=x.dtype)
    return ops.where(ops.eq(x, zero), values, step)


def heaviside(input: Tensor, values: Tensor, *, out: Tensor | None = None) -> Tensor:
    """0 below zero, 1 above, and `values` at zero."""
    return store(out, apply(None, _heaviside, (input, values)))


def heaviside_(input: Tensor, values: Tensor) -> Tensor:
    """`heaviside` in place."""
    return apply_(None, _heaviside, input, (values,))


# ---------------------------------------------------------------- floating-point parts
def _hypot(x: Node, y: Node) -> Node:
    """The larger times sqrt(1 + ratio^2), which does not overflow."""
    tensors_only("hypot", x, y)
    kind = result_dtype((x, y))
    if not kind.is_floating_point:
        unsupported("hypot_cpu", kind)
    x, y = (ops.cast(n, dtype=wide(kind)) for n in promote(x, y))
    a, b = ops.abs(x), ops.abs(y)
    high, low = ops.maximum(a, b), ops.minimum(a, b)
    infinity = scalar(math.inf, high)
    infinite = ops.bitor(ops.eq(a, infinity), ops.eq(b, infinity))
    plain = ops.bitor(ops.eq(high, scalar(0, high)), infinite)
    ratio = ops.div(low, ops.where(plain, scalar(1, high), high))
    root = ops.sqrt(ops.add(scalar(1, ratio), ops.mul(ratio, ratio)))
    found = ops.where(plain, ops.where(infinite, infinity, high), ops.mul(high, root))
    return ops.cast(found, dtype=kind)


def hypot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """sqrt(`input`^2 + `other`^2) without overflow."""
    return store(out, apply("HypotBackward0", _hypot, (input, other)))


def hypot_(input: Tensor, other: Tensor) -> Tensor:
    """`hypot` in place."""
    return apply_("HypotBackward0", _hypot, input, (other,))


def _ldexp(x: Node, y: Node) -> Node:
    tensors_only("ldexp", x, y)
    two = ops.const(2.0, dtypes.get_default())
    y = to_float(y) if not y.dtype.inexact else y
    power = ops.pow(expand(ops.cast(two, dtype=y.dtype), y.shape), y)
    return ops.mul(*promote(x, power))


def ldexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input` * 2^`other`."""
    return store(out, apply("LdexpBackward0", _ldexp, (input, other)))


def ldexp_(input: Tensor, other: Tensor) -> Tensor:
    """`ldexp` in place."""
    return apply_("LdexpBackward0", _ldexp, input, (other,))


# mantissa bits, exponent bits, and the integer dtype of the same size
_LAYOUT = {dtypes.float32: (23, 8, dtypes.int32), dtypes.float64: (52, 11, dtypes.int64)}


def _exponent(x: Node) -> Node:
    """The int32 exponent e of x = m * 2^e with 0.5 <= |m| < 1; 0 for zero, infinities and NaN."""
    fraction, bits, kind = _LAYOUT[x.dtype]
    lifted = ops.mul(x, scalar(2.0 ** (fraction + 1), x))  # brings subnormal numbers into range
    mask, bias = (1 << bits) - 1, (1 << (bits - 1)) - 2

    def field(n: Node) -> Node:
        raw = ops.bitcast(n, dtype=kind)
        return ops.bitand(ops.shr(raw, scalar(fraction, raw)), scalar(mask, raw))

    found, zero = field(x), ops.eq(x, scalar(0, x))
    small = ops.sub(field(lifted), scalar(bias + fraction + 1, found))
    usual = ops.sub(found, scalar(bias, found))
    out = ops.where(ops.eq(found, scalar(0, found)), small, usual)
    special = ops.bitor(zero, ops.eq(found, scalar(mask, found)))
    return ops.cast(ops.where(special, scalar(0, out), out), dtype=dtypes.int32)


def _frexp(x: Node) -> tuple[Node, Node]:
    tensors_only("frexp", x)
    if not x.dtype.is_floating_point:
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    kind = x.dtype
    x = ops.cast(x, dtype=wide(kind))
    exponent = _exponent(x)
    # in two steps: 2^-e alone may overflow
    half = ops.floordiv(exponent, scalar(2, exponent))
    rest = ops.sub(exponent, half)
    for part in (half, rest):
        x = ops.mul(x, ops.exp2(ops.neg(ops.cast(part, dtype=x.dtype))))
    return ops.cast(x, dtype=kind), exponent


def frexp(input: Tensor, *, out: tuple[Tensor, Tensor] | None = None) -> Any:
    """`mantissa` and int32 `exponent`: `input` = mantissa * 2^exponent, 0.5 <= |mantissa| < 1."""
    mantissa, exponent = apply("FrexpBackward0", _frexp, (input,))
    if out is not None:
        mantissa, exponent = store(out[0], mantissa), store(out[1], exponent)
    return return_types.frexp((mantissa, exponent))


def _nextafter(x: Node, y: Node) -> Node:
    tensors_only("nextafter", x, y)
    kind = result_dtype((x, y))
    if not kind.is_floating_point:
        unsupported("nextafter_cpu", kind)
    return ops.nextafter(*promote(x, y))


def nextafter(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The next floating-point number after `input` towards `other`."""
    return store(out, apply("NextafterBackward0", _nextafter, (input, other)))


def nextafter_(input: Tensor, other: Tensor) -> Tensor:
    """`nextafter` in place."""
    return apply_("NextafterBackward0", _nextafter, input, (other,))


# ---------------------------------------------------------------- repair
def _repaired(x: Node, nan: float, posinf: float | None, neginf: float | None) -> Node:
    if x.dtype.is_complex:
        parts = (_repaired(p, nan, posinf, neginf) for p in (ops.real(x), ops.imag(x)))
        return ops.complex(*parts)
    limits = dtypes.finfo(x.dtype)
    high = limits.max if posinf is None else posinf
    low = limits.min if neginf is None else neginf
    x = ops.where(ops.ne(x, x), scalar(nan, x), x)
    x = ops.where(ops.eq(x, scalar(math.inf, x)), scalar(high, x), x)
    return ops.where(ops.eq(x, scalar(-math.inf, x)), scalar(low, x), x)


def _nan_to_num(x: Node, nan: float | None, posinf: float | None, neginf: float | None) -> Node:
    tensors_only("nan_to_num", x)
    return _repaired(x, nan or 0.0, posinf, neginf) if x.dtype.inexact else x


def nan_to_num(
    input: Tensor,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """NaN and infinities replaced: by 0 and the dtype's largest and smallest numbers by default."""
    return store(out, apply("NanToNumBackward0", _nan_to_num, (input,), (nan, posinf, neginf)))


def nan_to_num_(
    input: Tensor,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Tensor:
    """`nan_to_num` in place."""
    return apply_("NanToNumBackward0", _nan_to_num, input, (), (nan, posinf, neginf))


# ---------------------------------------------------------------- complex numbers
def _pair_of(x: Node, y: Node) -> tuple[Node, Node]:
    kinds = (dtypes.float32, dtypes.float64)
    if x.dtype not in kinds or y.dtype not in kinds:
        raise RuntimeError(
            "Expected both inputs to be Half, Float or Double tensors but got "
            f"{formatting_name(x.dtype)} and {formatting_name(y.dtype)}"
        )
    if x.dtype is not y.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {formatting_name(x.dtype)} but got scalar type "
            f"{formatting_name(y.dtype)} for second argument"
        )
    return broadcast(x, y)  # type: ignore[return-value]


def _complex(real: Node, imag: Node) -> Node:
    tensors_only("complex", real, imag)
    return ops.complex(*_pair_of(real, imag))


def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Complex numbers from their real and imaginary parts, both float32 or both float64."""
    return store_complex(out, apply("ComplexBackward0", _complex, (real, imag)))


def _polar(size: Node, angle: Node) -> Node:
    tensors_only("polar", size, angle)
    size, angle = _pair_of(size, angle)
    return ops.complex(ops.mul(size, ops.cos(angle)), ops.mul(size, ops.sin(angle)))


def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Complex numbers from their moduli and angles, both float32 or both float64."""
    return store_complex(out, apply("PolarBackward0", _polar, (abs, angle)))


def store_complex(out: Tensor | None, result: Tensor) -> Tensor:
    """`store`, where `out=` must have the result's dtype."""
    if out is not None and out._dtype is not result._dtype:
        raise RuntimeError(
            f"Expected object of scalar type {formatting_name(result._dtype)} but got scalar type "
            f"{formatting_name(out._dtype)} for argument 'out'"
        )
    return store(out, result)


def _conj(x: Node) -> Node:
    tensors_only("conj_physical", x)
    return ops.conj(x)


def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complex conjugate, computed."""
    if out is None and not input._dtype.is_complex:
        return input
    return store_found(out, apply("ConjPhysicalBackward0", _conj, (input,)))


conj_physical_ = in_place("conj_physical_", "ConjPhysicalBackward1", _conj)


def conj(input: Tensor) -> Tensor:
    """The complex conjugate, computed at once; real tensors are their own."""
    return apply("ConjBackward0", _conj, (input,)) if input._dtype.is_complex else input


def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: conjugation is never pending."""
    return input


def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: negation is never pending."""
    return input

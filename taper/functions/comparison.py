"""Comparisons of tensors, and questions about their elements."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..calls import apply, apply_
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor, formatting_name
from .common import (
    broadcast,
    operator,
    promote,
    result_dtype,
    scalar,
    store,
    tensors_only,
    unsupported,
)

__all__ = ["allclose", "eq", "equal", "ge", "greater", "greater_equal", "gt", "isclose"]
__all__ += ["isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal", "le", "less"]
__all__ += ["less_equal", "lt", "ne", "not_equal", "signbit"]


# ---------------------------------------------------------------- two tensors
def _compare(x: Node, y: Node, name: str) -> Node:
    """One of eq, ne, lt, le, gt, ge after promotion; only the first two know complex numbers."""
    tensors_only(name, x)
    kind = result_dtype((x, y))
    if kind.is_complex and name not in ("eq", "ne"):
        unsupported(f"{name}_cpu", kind)
    x, y = promote(x, y)
    if name in ("gt", "ge"):
        return ops.lt(y, x) if name == "gt" else ops.le(y, x)
    return getattr(ops, name)(x, y)


def _compare_(x: Node, y: Node, name: str) -> Node:
    return ops.cast(_compare(x, y, name), dtype=x.dtype)


def eq(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Where `input == other`."""
    return store(out, apply(None, _compare, (input, other), ("eq",)))


def ne(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Where `input != other`."""
    return store(out, apply(None, _compare, (input, other), ("ne",)))


def lt(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Where `input < other`."""
    return store(out, apply(None, _compare, (input, other), ("lt",)))


def le(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Where `input <= other`."""
    return store(out, apply(None, _compare, (input, other), ("le",)))


def gt(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Where `input > other`."""
    return store(out, apply(None, _compare, (input, other), ("gt",)))


def ge(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Where `input >= other`."""
    return store(out, apply(None, _compare, (input, other), ("ge",)))


def eq_(input: Tensor, other: Any) -> Tensor:
    """`eq` in place, as zeros and ones of the tensor's dtype."""
    return apply_(
        f"EqBackward{int(isinstance(other, Tensor))}", _compare_, input, (other,), ("eq",)
    )


def ne_(input: Tensor, other: Any) -> Tensor:
    """`ne` in place, as zeros and ones of the tensor's dtype."""
    return apply_(
        f"NeBackward{int(isinstance(other, Tensor))}", _compare_, input, (other,), ("ne",)
    )


def lt_(input: Tensor, other: Any) -> Tensor:
    """`lt` in place, as zeros and ones of the tensor's dtype."""
    return apply_(
        f"LtBackward{int(isinstance(other, Tensor))}", _compare_, input, (other,), ("lt",)
    )


def le_(input: Tensor, other: Any) -> Tensor:
    """`le` in place, as zeros and ones of the tensor's dtype."""
    return apply_(
        f"LeBackward{int(isinstance(other, Tensor))}", _compare_, input, (other,), ("le",)
    )


def gt_(input: Tensor, other: Any) -> Tensor:
    """`gt` in place, as zeros and ones of the tensor's dtype."""
    return apply_(
        f"GtBackward{int(isinstance(other, Tensor))}", _compare_, input, (other,), ("gt",)
    )


def ge_(input: Tensor, other: Any) -> Tensor:
    """`ge` in place, as zeros and ones of the tensor's dtype."""
    return apply_(
        f"GeBackward{int(isinstance(other, Tensor))}", _compare_, input, (other,), ("ge",)
    )


not_equal, not_equal_, less, less_ = ne, ne_, lt, lt_
less_equal, less_equal_, greater, greater_ = le, le_, gt, gt_
greater_equal, greater_equal_ = ge, ge_

equals, differs = operator("__eq__", eq), operator("__ne__", ne)
below, at_most = operator("__lt__", lt), operator("__le__", le)
above, at_least = operator("__gt__", gt), operator("__ge__", ge)


# ---------------------------------------------------------------- nearness
def _isclose(x: Node, y: Node, rtol: float, atol: float, equal_nan: bool) -> Node:
    tensors_only("isclose", x, y)
    if x.dtype is not y.dtype:
        raise RuntimeError(f"{formatting_name(x.dtype)} did not match {formatting_name(y.dtype)}")
    x, y = broadcast(x, y)
    close = ops.eq(x, y)
    kind = x.dtype
    if kind.inexact and equal_nan:
        close = ops.bitor(close, ops.bitand(ops.ne(x, x), ops.ne(y, y)))
    if rtol == 0 and atol == 0:
        return close
    if not kind.inexact:
        x, y = (ops.cast(n, dtype=dtypes.get_default()) for n in (x, y))
    gap, size = ops.abs(ops.sub(x, y)), ops.abs(y)
    allowed = ops.add(scalar(atol, size), ops.mul(scalar(rtol, size), size))
    finite = ops.lt(gap, scalar(math.inf, gap))
    return ops.bitor(close, ops.bitand(finite, ops.le(gap, allowed)))


def _check_tolerances(name: str, rtol: float, atol: float) -> None:
    for what, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise RuntimeError(f"{what} must be greater than or equal to zero, but got {value}")


def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    """Where |`input` - `other`| <= `atol` + `rtol` * |`other`|."""
    _check_tolerances("isclose", rtol, atol)
    return apply(None, _isclose, (input, other), (float(rtol), float(atol), bool(equal_nan)))


def _allclose(x: Node, y: Node, rtol: float, atol: float, equal_nan: bool) -> Node:
    close = _isclose(x, y, rtol, atol, equal_nan)
    return ops.min(close, axes=tuple(range(close.ndim))) if 0 not in close.shape else _true()


def _true() -> Node:
    return ops.const(True, dtypes.bool_)


def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """Whether `isclose` holds everywhere."""
    _check_tolerances("allclose", rtol, atol)
    static = (float(rtol), float(atol), bool(equal_nan))
    return apply(None, _allclose, (input, other), static).item()


def _equal(x: Node, y: Node) -> Node:
    tensors_only("equal", x, y)
    same = ops.eq(*promote(x, y))
    return ops.min(same, axes=tuple(range(same.ndim))) if 0 not in same.shape else _true()


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether both have the same shape and the same elements."""
    if not isinstance(other, Tensor):
        raise TypeError(
            f"equal(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}"
        )
    return input._size == other._size and apply(None, _equal, (input, other)).item()


# ---------------------------------------------------------------- one tensor
def _parts(x: Node, test: Any, join: Any) -> Node:
    """A test of both parts of complex numbers, joined."""
    return join(test(ops.real(x)), test(ops.imag(x))) if x.dtype.is_complex else test(x)


def _never(x: Node) -> Node:
    return ops.full(x.shape, False, dtypes.bool_)


def _isnan(x: Node) -> Node:
    tensors_only("isnan", x)
    return ops.ne(x, x) if x.dtype.inexact else _never(x)


def isnan(input: Tensor) -> Tensor:
    """Where elements are NaN."""
    return apply(None, _isnan, (input,))


def _infinite(x: Node) -> Node:
    return ops.eq(ops.abs(x), scalar(math.inf, x))


def _isinf(x: Node) -> Node:
    tensors_only("isinf", x)
    return _parts(x, _infinite, ops.bitor) if x.dtype.inexact else _never(x)


def isinf(input: Tensor) -> Tensor:
    """Where elements are infinite."""
    return apply(None, _isinf, (input,))


def _finite(x: Node) -> Node:
    return ops.lt(ops.abs(x), scalar(math.inf, x))


def _isfinite(x: Node) -> Node:
    tensors_only("isfinite", x)
    return _parts(x, _finite, ops.bitand) if x.dtype.inexact else ops.bitnot(_never(x))


def isfinite(input: Tensor) -> Tensor:
    """Where elements are neither infinite nor NaN."""
    return apply(None, _isfinite, (input,))


def _store_bool(name: str, out: Tensor | None, result: Tensor) -> Tensor:
    if out is not None and out._dtype is not dtypes.bool_:
        raise RuntimeError(f"{name} does not support non-boolean outputs.")
    return store(out, result)


def _is_infinity(x: Node, name: str, value: float) -> Node:
    tensors_only(name, x)
    if x.dtype.is_complex:
        raise RuntimeError(f"{name} does not support complex inputs.")
    return ops.eq(x, scalar(value, x)) if x.dtype.inexact else _never(x)


def isposinf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where elements are positive infinity."""
    return _store_bool("isposinf", out, apply(None, _is_infinity, (input,), ("isposinf", math.inf)))


def isneginf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where elements are negative infinity."""
    return _store_bool(
        "isneginf", out, apply(None, _is_infinity, (input,), ("isneginf", -math.inf))
    )


def _isreal(x: Node) -> Node:
    tensors_only("isreal", x)
    if not x.dtype.is_complex:
        return ops.bitnot(_never(x))
    imag = ops.imag(x)
    return ops.eq(imag, scalar(0, imag))


def isreal(input: Tensor) -> Tensor:
    """Where elements have no imaginary part."""
    return apply(None, _isreal, (input,))


def _signbit(x: Node) -> Node:
    tensors_only("signbit", x)
    if x.dtype.is_complex:
        raise NotImplementedError("signbit is not implemented for complex tensors.")
    return ops.signbit(x) if x.dtype is not dtypes.bool_ else _never(x)


def signbit(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where the sign bit is set: negative numbers, and -0.0."""
    return _store_bool("signbit", out, apply(None, _signbit, (input,)))

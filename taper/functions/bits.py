"""Bits and truth values: bitwise operators, shifts, logic, greatest common divisors."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..calls import apply, apply_
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor
from .common import (
    broadcast,
    in_place,
    operator,
    promote,
    result_dtype,
    scalar,
    some_tensor,
    store,
    store_found,
    tensors_only,
    unsupported,
)

__all__ = ["bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift"]
__all__ += ["bitwise_xor", "gcd", "gcd_", "lcm", "lcm_", "logical_and", "logical_not", "logical_or"]
__all__ += ["logical_xor"]

_PRIMITIVE = {"and": "bitand", "or": "bitor", "xor": "bitxor"}


# ---------------------------------------------------------------- bitwise
def _bitwise(x: Node, y: Node, name: str) -> Node:
    some_tensor(f"bitwise_{name}", x, y)
    kind = result_dtype((x, y))
    if kind.inexact:
        unsupported(f"bitwise_{name}_cpu", kind)
    return getattr(ops, _PRIMITIVE[name])(*promote(x, y))


def bitwise_and(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """The bits set in both; of booleans, logical and."""
    return store(out, apply(None, _bitwise, (input, other), ("and",)))


def bitwise_or(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """The bits set in either; of booleans, logical or."""
    return store(out, apply(None, _bitwise, (input, other), ("or",)))


def bitwise_xor(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """The bits set in one of the two; of booleans, logical xor."""
    return store(out, apply(None, _bitwise, (input, other), ("xor",)))


def bitwise_and_(input: Tensor, other: Any) -> Tensor:
    """`bitwise_and` in place."""
    return apply_(None, _bitwise, input, (other,), ("and",))


def bitwise_or_(input: Tensor, other: Any) -> Tensor:
    """`bitwise_or` in place."""
    return apply_(None, _bitwise, input, (other,), ("or",))


def bitwise_xor_(input: Tensor, other: Any) -> Tensor:
    """`bitwise_xor` in place."""
    return apply_(None, _bitwise, input, (other,), ("xor",))


def _bitwise_not(x: Node) -> Node:
    tensors_only("bitwise_not", x)
    if x.dtype.inexact:
        unsupported("bitwise_not_cpu", x.dtype)
    return ops.bitnot(x)


def bitwise_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Every bit the other way round; of booleans, logical not."""
    return store_found(out, apply(None, _bitwise_not, (input,)))


bitwise_not_ = in_place("bitwise_not_", None, _bitwise_not)


def invert(input: Tensor) -> Tensor:
    """`~input`; TypeError for floating and complex tensors."""
    if input._dtype.inexact:
        raise TypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
        )
    return apply(None, _bitwise_not, (input,))


# ---------------------------------------------------------------- shifts
def _shift(x: Node, y: Node, name: str) -> Node:
    """Shifts by at least the width give 0, or -1 from negative numbers to the right."""
    some_tensor("bitwise_left_shift" if name == "shl" else "bitwise_right_shift", x, y)
    kind = result_dtype((x, y))
    if kind.inexact or kind is dtypes.bool_:
        unsupported(f"{'lshift' if name == 'shl' else 'rshift'}_cpu", kind)
    x, y = promote(x, y)
    last = kind.itemsize * 8
    zero, width = scalar(0, y), scalar(kind.itemsize * 8 - 1, y)
    far = ops.le(scalar(last, y), y)
    if kind.is_signed:
        far = ops.bitor(far, ops.lt(y, zero))
    moved = getattr(ops, name)(x, ops.where(far, zero, y))
    if name == "shl":
        return ops.where(far, scalar(0, x), moved)
    end = ops.shr(x, width) if kind.is_signed else scalar(0, x)
    return ops.where(far, end, moved)


def bitwise_left_shift(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """`input << other`."""
    return store(out, apply(None, _shift, (input, other), ("shl",)))


def bitwise_right_shift(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """`input >> other`, keeping the sign."""
    return store(out, apply(None, _shift, (input, other), ("shr",)))


def bitwise_left_shift_(input: Tensor, other: Any) -> Tensor:
    """`bitwise_left_shift` in place."""
    return apply_(None, _shift, input, (other,), ("shl",))


def bitwise_right_shift_(input: Tensor, other: Any) -> Tensor:
    """`bitwise_right_shift` in place."""
    return apply_(None, _shift, input, (other,), ("shr",))


# ---------------------------------------------------------------- logic
def _truth(x: Node) -> Node:
    return ops.cast(x, dtype=dtypes.bool_)


def _logical(x: Node, y: Node, name: str) -> Node:
    tensors_only(f"logical_{name}", x, y)
    x, y = broadcast(_truth(x), _truth(y))
    return getattr(ops, _PRIMITIVE[name])(x, y)


def _logical_(x: Node, y: Node, name: str) -> Node:
    return ops.cast(_logical(x, y, name), dtype=x.dtype)


def logical_and(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where both are not zero."""
    return store(out, apply(None, _logical, (input, other), ("and",)))


def logical_or(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where at least one is not zero."""
    return store(out, apply(None, _logical, (input, other), ("or",)))


def logical_xor(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where exactly one is not zero."""
    return store(out, apply(None, _logical, (input, other), ("xor",)))


def logical_and_(input: Tensor, other: Tensor) -> Tensor:
    """`logical_and` in place, as zeros and ones of the tensor's dtype."""
    return apply_(None, _logical_, input, (other,), ("and",))


def logical_or_(input: Tensor, other: Tensor) -> Tensor:
    """`logical_or` in place, as zeros and ones of the tensor's dtype."""
    return apply_(None, _logical_, input, (other,), ("or",))


def logical_xor_(input: Tensor, other: Tensor) -> Tensor:
    """`logical_xor` in place, as zeros and ones of the tensor's dtype."""
    return apply_(None, _logical_, input, (other,), ("xor",))


def _logical_not(x: Node) -> Node:
    tensors_only("logical_not", x)
    return ops.bitnot(_truth(x))


def _logical_not_(x: Node) -> Node:
    return ops.cast(_logical_not(x), dtype=x.dtype)


def logical_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Where elements are zero."""
    return store(out, apply(None, _logical_not, (input,)))


logical_not_ = in_place("logical_not_", None, _logical_not_)


# ---------------------------------------------------------------- common divisors
def _steps(kind: dtypes.dtype) -> int:
    """How many divisions Euclid's algorithm takes at most: Lamé's bound, the Fibonacci numbers."""
    bits, (a, b), count = kind.itemsize * 8, (1, 1), 0
    while b < 2**bits:
        a, b, count = b, a + b, count + 1
    return count


def _gcd(x: Node, y: Node) -> Node:
    tensors_only("gcd", x, y)
    kind = result_dtype((x, y))
    if kind.inexact or kind is dtypes.bool_:
        unsupported("gcd_cpu", kind)
    x, y = promote(x, y)
    x, y = (ops.abs(n) for n in (x, y)) if kind.is_signed else (x, y)
    zero, one = scalar(0, x), scalar(1, x)
    for _ in range(_steps(kind)):
        done = ops.eq(y, zero)
        rest = ops.mod(x, ops.where(done, one, y))
        x, y = ops.where(done, x, y), ops.where(done, zero, rest)
    return x


def _lcm(x: Node, y: Node) -> Node:
    tensors_only("lcm", x, y)
    shared = _gcd(x, y)
    x, y = promote(x, y)
    none = ops.eq(shared, scalar(0, shared))
    parts = ops.floordiv(x, ops.where(none, scalar(1, shared), shared))
    kind, inner = y.dtype, dtypes.int32 if y.dtype.itemsize < 4 else y.dtype
    found = ops.mul(ops.cast(parts, dtype=inner), ops.cast(y, dtype=inner))
    return ops.cast(ops.abs(found) if inner.is_signed else found, dtype=kind)


def gcd(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The greatest common divisor, by Euclid's algorithm; not negative."""
    return store(out, apply(None, _gcd, (input, other)))


def gcd_(input: Tensor, other: Tensor) -> Tensor:
    """`gcd` in place."""
    return apply_(None, _gcd, input, (other,))


def lcm(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The least common multiple; not negative."""
    return store(out, apply(None, _lcm, (input, other)))


def lcm_(input: Tensor, other: Tensor) -> Tensor:
    """`lcm` in place."""
    return apply_(None, _lcm, input, (other,))


# ---------------------------------------------------------------- Python's operators
both, both_ = operator("__and__", bitwise_and), operator("__iand__", bitwise_and_)
either, either_ = operator("__or__", bitwise_or), operator("__ior__", bitwise_or_)
unlike, unlike_ = operator("__xor__", bitwise_xor), operator("__ixor__", bitwise_xor_)
lshift, lshift_, rlshift = (
    operator("__lshift__", bitwise_left_shift),
    operator("__ilshift__", bitwise_left_shift_),
    operator("__rlshift__", lambda input, other: bitwise_left_shift(other, input)),
)
rshift, rshift_, rrshift = (
    operator("__rshift__", bitwise_right_shift),
    operator("__irshift__", bitwise_right_shift_),
    operator("__rrshift__", lambda input, other: bitwise_right_shift(other, input)),
)

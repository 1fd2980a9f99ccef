"""Elementwise arithmetic: operators of one, two and three tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..calls import apply, apply_, write_out
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor
from .common import promote, to_float

Number = bool | int | float | complex


def _store(out: Tensor | None, result: Tensor) -> Tensor:
    return result if out is None else write_out(out, result)


# ---------------------------------------------------------------- nodes
def _add(x: Node, y: Node) -> Node:
    return ops.add(*promote(x, y))


def _add_scaled(x: Node, y: Node, alpha: Node) -> Node:
    x, y = promote(x, y)
    return ops.add(x, ops.mul(*promote(y, alpha)))


def _sub(x: Node, y: Node) -> Node:
    if dtypes.bool_ in (x.dtype, y.dtype) and x.dtype is y.dtype:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
            "operator instead."
        )
    if dtypes.bool_ in (x.dtype, y.dtype):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, "
            "use the `~` or `logical_not()` operator instead."
        )
    return ops.sub(*promote(x, y))


def _sub_scaled(x: Node, y: Node, alpha: Node) -> Node:
    return _sub(x, ops.mul(*promote(y, alpha)))


def _mul(x: Node, y: Node) -> Node:
    return ops.mul(*promote(x, y))


def _div(x: Node, y: Node) -> Node:
    x, y = promote(x, y)
    return ops.div(to_float(x), to_float(y))


def _pow(x: Node, y: Node) -> Node:
    return ops.pow(*promote(x, y))


def _square(x: Node) -> Node:
    return ops.mul(x, x)


def _neg(x: Node) -> Node:
    if x.dtype is dtypes.bool_:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
            "the `~` or `logical_not()` operator instead."
        )
    return ops.neg(x)


def _exp(x: Node) -> Node:
    return ops.exp(to_float(x))


# ---------------------------------------------------------------- public
def add(input: Any, other: Any, *, alpha: Number = 1, out: Tensor | None = None) -> Tensor:
    """`input + alpha * other`, broadcast and promoted."""
    if alpha == 1:
        return _store(out, apply("AddBackward0", _add, (input, other)))
    return _store(out, apply("AddBackward0", _add_scaled, (input, other, alpha)))


def add_(input: Tensor, other: Any, *, alpha: Number = 1) -> Tensor:
    """`add` in place."""
    if alpha == 1:
        return apply_("AddBackward0", _add, input, (other,))
    return apply_("AddBackward0", _add_scaled, input, (other, alpha))


def sub(input: Any, other: Any, *, alpha: Number = 1, out: Tensor | None = None) -> Tensor:
    """`input - alpha * other`, broadcast and promoted."""
    if alpha == 1:
        return _store(out, apply("SubBackward0", _sub, (input, other)))
    return _store(out, apply("SubBackward0", _sub_scaled, (input, other, alpha)))


def sub_(input: Tensor, other: Any, *, alpha: Number = 1) -> Tensor:
    """`sub` in place."""
    if alpha == 1:
        return apply_("SubBackward0", _sub, input, (other,))
    return apply_("SubBackward0", _sub_scaled, input, (other, alpha))


def rsub(input: Tensor, other: Any, *, alpha: Number = 1) -> Tensor:
    """`other - alpha * input`."""
    if alpha == 1:
        return apply("RsubBackward1", _sub, (other, input))
    return apply("RsubBackward1", _sub_scaled, (other, input, alpha))


def mul(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """`input * other`, broadcast and promoted."""
    return _store(out, apply("MulBackward0", _mul, (input, other)))


def mul_(input: Tensor, other: Any) -> Tensor:
    """`mul` in place."""
    return apply_("MulBackward0", _mul, input, (other,))


def neg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`-input`."""
    return _store(out, apply("NegBackward0", _neg, (input,)))


def exp(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """e to the power of each element."""
    return _store(out, apply("ExpBackward0", _exp, (input,)))

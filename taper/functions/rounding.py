"""Rounding to whole numbers and to decimals, and what rounding leaves over."""

from __future__ import annotations

from ..calls import apply, apply_
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor, formatting_name
from .common import in_place, scalar, store_found, tensors_only, unsupported, wide

__all__ = ["ceil", "ceil_", "fix", "fix_", "floor", "floor_", "frac", "frac_", "round", "round_"]
__all__ += ["trunc", "trunc_"]


def _whole(x: Node, name: str) -> Node:
    """One of floor, ceil, trunc, round; integers stay as they are."""
    tensors_only(name, x)
    kind = x.dtype
    if kind.is_complex and name != "round":
        raise NotImplementedError(f"{name} is not supported for complex inputs")
    if kind.is_complex or kind.name == "bool":
        unsupported(f"{name}_vml_cpu", kind)
    return getattr(ops, name)(x) if kind.inexact else x


def floor(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The largest whole number not above."""
    return store_found(out, apply("FloorBackward0", _whole, (input,), ("floor",)))


def ceil(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smallest whole number not below."""
    return store_found(out, apply("CeilBackward0", _whole, (input,), ("ceil",)))


def trunc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The whole number next towards zero."""
    return store_found(out, apply("TruncBackward0", _whole, (input,), ("trunc",)))


floor_ = in_place("floor_", "FloorBackward0", _whole, "floor")
ceil_ = in_place("ceil_", "CeilBackward0", _whole, "ceil")
trunc_ = in_place("trunc_", "TruncBackward0", _whole, "trunc")
fix, fix_ = trunc, trunc_


def _round_decimals(x: Node, decimals: int) -> Node:
    if not x.dtype.inexact:
        raise NotImplementedError(f"\"round_cpu\" not implemented for '{formatting_name(x.dtype)}'")
    kind = x.dtype
    x = ops.cast(x, dtype=wide(kind))
    factor = scalar(10.0 ** abs(decimals), x)
    if decimals > 0:
        found = ops.div(ops.round(ops.mul(x, factor)), factor)
    else:
        found = ops.mul(ops.round(ops.div(x, factor)), factor)
    return ops.cast(found, dtype=kind)


def round(input: Tensor, *, decimals: int = 0, out: Tensor | None = None) -> Tensor:
    """The nearest whole number, or number of `decimals` decimals; halves go to the even one."""
    if decimals == 0:
        return store_found(out, apply("RoundBackward0", _whole, (input,), ("round",)))
    return store_found(out, apply("RoundBackward1", _round_decimals, (input,), (decimals,)))


def round_(input: Tensor, *, decimals: int = 0) -> Tensor:
    """`round` in place."""
    if decimals == 0:
        return apply_("RoundBackward0", _whole, input, (), ("round",))
    return apply_("RoundBackward1", _round_decimals, input, (), (decimals,))


def _frac(x: Node) -> Node:
    tensors_only("frac", x)
    if not x.dtype.is_floating_point:
        unsupported("frac_cpu", x.dtype)
    return ops.sub(x, ops.trunc(x))


def frac(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """What truncation takes away, with the sign of the element."""
    return store_found(out, apply("FracBackward0", _frac, (input,)))


frac_ = in_place("frac_", "FracBackward0", _frac)

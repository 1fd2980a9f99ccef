"""Activations: the nonlinear functions of networks, and the softmax family."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..calls import apply, apply_, write_out
from ..dtypes import dtype
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import wrap_dim
from ..tensor import Tensor, formatting_name
from .common import spread

__all__ = ["log_softmax", "relu", "relu_", "softmax"]


def relu_node(x: Node) -> Node:
    """max(x, 0), NaN kept; the gradient at 0 is 0."""
    if x.dtype is dtypes.bool_:
        raise RuntimeError("Boolean inputs not supported for relu")
    zero = ops.fill(x, 0)
    return ops.where(ops.le(x, zero), zero, x)


def _float_input(x: Node, name: str, kind: dtype | None) -> Node:
    if kind is not None:
        return ops.cast(x, dtype=kind)
    if not x.dtype.inexact:
        raise RuntimeError(f'"{name}" not implemented for \'{formatting_name(x.dtype)}\'')
    return x


def softmax_node(x: Node, dim: int) -> Node:
    """exp(x - max) over its sum along one dimension."""
    if not x.shape:
        return ops.fill(x, 1)
    axes = (wrap_dim(dim, len(x.shape)),)
    if 0 in x.shape:
        return x
    top = spread(ops.max(x, axes=axes), x, axes)
    weight = ops.exp(ops.sub(x, top))
    return ops.div(weight, spread(ops.sum(weight, axes=axes), x, axes))


def log_softmax_node(x: Node, dim: int) -> Node:
    """x - max - log(sum(exp(x - max))) along one dimension."""
    if not x.shape:
        return ops.fill(x, 0)
    axes = (wrap_dim(dim, len(x.shape)),)
    if 0 in x.shape:
        return x
    low = ops.sub(x, spread(ops.max(x, axes=axes), x, axes))
    return ops.sub(low, spread(ops.log(ops.sum(ops.exp(low), axes=axes)), x, axes))


def _softmax(x: Node, dim: int, kind: dtype | None) -> Node:
    return softmax_node(_float_input(x, "softmax_lastdim_kernel_impl", kind), dim)


def _log_softmax(x: Node, dim: int, kind: dtype | None) -> Node:
    return log_softmax_node(_float_input(x, "log_softmax_lastdim_kernel_impl", kind), dim)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(0, x)."""
    return relu_(input) if inplace else apply("ReluBackward0", relu_node, (input,))


def relu_(input: Tensor) -> Tensor:
    """`relu` in place."""
    return apply_("ReluBackward0", relu_node, input)


def softmax(
    input: Tensor, dim: int | None = None, dtype: dtype | None = None, *, out: Tensor | None = None
) -> Tensor:
    """exp(x) / sum(exp(x)) along a dimension."""
    found = apply("SoftmaxBackward0", _softmax, (input,), (implied(dim, input), dtype))
    return found if out is None else write_out(out, found)


def log_softmax(
    input: Tensor, dim: int | None = None, dtype: dtype | None = None, *, out: Tensor | None = None
) -> Tensor:
    """log(softmax(x)) along a dimension, without overflow."""
    found = apply("LogSoftmaxBackward0", _log_softmax, (input,), (implied(dim, input), dtype))
    return found if out is None else write_out(out, found)


def implied(dim: Any, x: Tensor) -> int:
    """The dimension a softmax without `dim` runs over (PyTorch's old rule)."""
    return dim if dim is not None else 0 if x.dim() in (0, 1, 3) else 1

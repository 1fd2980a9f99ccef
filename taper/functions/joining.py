"""Tensors joined, repeated and turned: cat, stack, tile, flip, roll and their relatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..calls import apply, write_out
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show, wrap_dim
from ..tensor import Tensor
from .common import result_dtype

__all__ = ["cat", "concat", "concatenate", "stack"]


def _cat(*args: Any) -> Node:
    *nodes, dim = args
    kind = result_dtype(nodes)
    nodes = [n for n in nodes if n.shape != (0,)] or nodes[:1]  # PyTorch passes over empty vectors
    first = nodes[0]
    for n in nodes:
        if not n.shape:
            raise RuntimeError(
                f"zero-dimensional tensor (at position {nodes.index(n)}) cannot be concatenated"
            )
    d = wrap_dim(dim, len(first.shape))
    for place, n in enumerate(nodes):
        if len(n.shape) != len(first.shape):
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {len(first.shape)} and {len(n.shape)}"
            )
        for k, (a, b) in enumerate(zip(first.shape, n.shape)):
            if k != d and a != b:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {d}. Expected size {a} but got size {b} for "
                    f"tensor number {place} in the list."
                )
    return ops.concat(*[ops.cast(n, dtype=kind) for n in nodes], axis=d)


def _stack(*args: Any) -> Node:
    *nodes, dim = args
    first = nodes[0]
    for place, n in enumerate(nodes):
        if n.shape != first.shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {show(first.shape)} at entry 0 and "
                f"{show(n.shape)} at entry {place}"
            )
    d = wrap_dim(dim, len(first.shape) + 1)
    shape = (*first.shape[:d], 1, *first.shape[d:])
    kind = result_dtype(nodes)
    parts = [ops.reshape(ops.cast(n, dtype=kind), shape=shape) for n in nodes]
    return ops.concat(*parts, axis=d)


def _listed(tensors: Sequence[Tensor], what: str) -> tuple[Tensor, ...]:
    if isinstance(tensors, Tensor) or not isinstance(tensors, (list, tuple)):
        raise TypeError(
            f"{what}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    if not tensors:
        raise RuntimeError(f"{what} expects a non-empty TensorList" if what == "stack" else "torch.cat(): expected a non-empty list of Tensors")
    for place, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"expected Tensor as element {place} in argument 0, but got {type(x).__name__}"
            )
    return tuple(tensors)


def cat(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors end to end along a dimension; all other sizes must agree."""
    found = apply("CatBackward0", _cat, _listed(tensors, "cat"), (dim,))
    return found if out is None else write_out(out, found)


concat = concatenate = cat


def stack(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors of one shape along a new dimension."""
    found = apply("StackBackward0", _stack, _listed(tensors, "stack"), (dim,))
    return found if out is None else write_out(out, found)

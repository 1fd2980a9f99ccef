"""What the families share: promotion and broadcasting of nodes, and reading of arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes, shapes
from ..dtypes import dtype
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor


# ---------------------------------------------------------------- nodes
def result_dtype(nodes: Sequence[Node]) -> dtype:
    """PyTorch's promotion: tensors with dimensions first, then 0-d tensors, then Python numbers."""
    ranks: list[dtype | None] = [None, None, None]
    for n in nodes:
        kind = n.dtype
        if n.weak:
            rank = 2
            if kind.category == dtypes.FLOAT:
                kind = dtypes.get_default()
            elif kind.category == dtypes.COMPLEX:
                kind = dtypes.get_default().to_complex()
        else:
            rank = 0 if n.shape else 1
        ranks[rank] = kind if ranks[rank] is None else dtypes.promote_types(ranks[rank], kind)
    best: dtype | None = None
    for kind in ranks:
        if kind is None:
            continue
        if best is None:
            best = kind
        elif kind.category > best.category:
            best = _joined(best, kind)
    return best  # type: ignore[return-value]


def _joined(strong: dtype, weak: dtype) -> dtype:
    """A lesser operand of a higher category raises the category, not the width."""
    if weak.is_complex and strong.is_floating_point:
        return dtypes.complex128 if strong is dtypes.float64 else dtypes.complex64
    return weak


def to_float(x: Node) -> Node:
    """Integers and booleans as the default floating dtype."""
    if x.weak or not x.dtype.inexact:
        kind = dtypes.get_default()
        return ops.cast(x, dtype=kind.to_complex() if x.dtype.is_complex else kind)
    return x


def expand(x: Node, shape: Sequence[int]) -> Node:
    """Broadcast to a shape."""
    shape = tuple(shape)
    if x.shape == shape:
        return x
    lead = (1,) * (len(shape) - len(x.shape))
    return ops.expand(ops.reshape(x, shape=(*lead, *x.shape)), shape=shape)


def broadcast(*nodes: Node) -> tuple[Node, ...]:
    """Nodes expanded to their common shape."""
    shape = shapes.broadcast(*[n.shape for n in nodes])
    return tuple(expand(n, shape) for n in nodes)


def promote(*nodes: Node) -> tuple[Node, ...]:
    """Nodes of the common dtype and shape, as binary operators need them."""
    kind = result_dtype(nodes)
    return broadcast(*[ops.cast(n, dtype=kind) for n in nodes])


def spread(reduced: Node, like: Node, axes: tuple[int, ...]) -> Node:
    """A reduction's result over the shape it came from."""
    kept = tuple(1 if i in axes else n for i, n in enumerate(like.shape))
    return expand(ops.reshape(reduced, shape=kept), like.shape)


def keep(reduced: Node, like: Node, axes: tuple[int, ...]) -> Node:
    """A reduction's result with the reduced dimensions of size 1."""
    return ops.reshape(reduced, shape=tuple(1 if i in axes else n for i, n in enumerate(like.shape)))


def scalar(value: Any, like: Node) -> Node:
    """A constant of the shape and dtype of a node."""
    return ops.fill(like, value)


# ---------------------------------------------------------------- arguments
def sizes(args: tuple[Any, ...]) -> tuple[int, ...]:
    """`f(2, 3)`, `f((2, 3))` and `f(torch.Size([2, 3]))` alike."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = tuple(args[0])
    return tuple(int(n) if isinstance(n, Tensor) else n for n in args)


def pair(value: Any, count: int, what: str = "argument") -> tuple[int, ...]:
    """An int, or one int a dimension, as a tuple of `count`."""
    if isinstance(value, (tuple, list)):
        found = tuple(int(v) for v in value)
        if len(found) == 1:
            return found * count
        if len(found) != count:
            raise RuntimeError(f"{what} must be an int or a tuple of {count} ints, but got {value}")
        return found
    return (int(value),) * count

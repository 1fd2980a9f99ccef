"""Whole updates recorded as one call: functions on tensors, traced once on placeholders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..calls import write_node
from ..ir.node import Node
from ..tape import Value, tape
from ..tensor import Tensor


def _traced(*args: Any) -> tuple[Node, ...]:
    """`fn(tensors, *static)` on tensors that stand for nodes."""
    *nodes, fn, static = args
    stand_ins = [Tensor._of(Value(n, tape.epoch, n.shape, n.dtype)) for n in nodes]
    return tuple(t._node() for t in fn(stand_ins, *static))


def rewrite(
    fn: Callable[..., Sequence[Tensor]],
    targets: Sequence[Tensor],
    others: Sequence[Any],
    static: tuple,
) -> None:
    """Replace `targets` by `fn([*targets, *others], *static)`, one look-up whatever their number.

    `fn` must be pure, do nothing but arithmetic on tensors, and return one tensor for each target;
    the Python
    numbers among `others` reach it as 0-d tensors, and may change from call to call. Gradients are
    not recorded.
    """
    with tape.lock:
        nodes = [
            x._node() if isinstance(x, Tensor) else tape.number(x) for x in (*targets, *others)
        ]
        outs, _ = tape.record(_traced, tuple(nodes), (fn, static))
        for target, node in zip(targets, outs):
            write_node(target, node)

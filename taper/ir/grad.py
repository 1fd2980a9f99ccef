"""Gradients of programs, built from the primitives' vjp rules; the result is again a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .build import ops
from .node import Node, toposort


def _reaching(order: list[Node], targets: set[Node]) -> set[Node]:
    """The nodes that depend on a target, the targets included."""
    found = set(targets)
    for node in order:
        if any(x in found for x in node.inputs):
            found.add(node)
    return found


def _joined(a: Any, b: Any) -> Any:
    """The sum of two cotangents; those of a node with several results are dicts by place."""
    if isinstance(a, dict):
        return {
            k: _joined(a[k], b[k]) if k in a and k in b else a.get(k, b.get(k)) for k in {**a, **b}
        }
    return ops.add(a, b)


def grad(
    outs: Sequence[Node], cotangents: Sequence[Node | None], wrt: Sequence[Node]
) -> list[Node | None]:
    """Cotangents of `wrt` given those of `outs`; None where the outs do not depend on one.

    Nodes of `wrt` are independent: nothing flows through one into another.
    """
    stop = set(wrt)
    order = toposort(outs, stop)
    useful = _reaching(order, stop)
    found: dict[Node, Any] = {}
    for out, g in zip(outs, cotangents):
        if g is not None:
            found[out] = _joined(found[out], g) if out in found else g
    for node in reversed(order):
        if node in stop or node not in found or node not in useful:
            continue
        given = found[node]
        if isinstance(given, dict):
            given = tuple(given.get(i) for i in range(len(node.shape)))
        parts = node.op.vjp(ops, given, node, *node.inputs, **node.attrs)
        for x, part in zip(node.inputs, parts):
            if part is not None and x in useful:
                found[x] = _joined(found[x], part) if x in found else part
    return [found.get(x) for x in wrt]

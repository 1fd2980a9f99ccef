"""Rewrites that make programs smaller or cheaper and leave their values as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from ..ir.build import ops
from ..ir.node import Node, make, toposort

LONG = 1 << 15  # elements a reduction to few results may hold before it is cut for several workers
PARTS = 32  # the partial results of a cut reduction, whatever the number of workers

Uses = dict[Node, int]


def simplify(roots: Sequence[Node]) -> list[Node]:
    """The same values by cheaper programs."""
    order = toposort(roots)
    uses: Uses = dict.fromkeys(order, 0)
    for n in order:
        for x in n.inputs:
            uses[x] += 1
    for r in roots:
        uses[r] += 1
    done: dict[Node, Node] = {}
    for n in order:
        inputs = tuple(done[x] for x in n.inputs)
        new = make(n.op, inputs, n.attrs) if inputs != n.inputs else n
        for rule in _RULES.get(n.op.name, ()):
            if new.op is n.op:
                new = rule(new, n, uses)
        done[n] = new
    return [done[r] for r in roots]


def _argmax_is_max(n: Node, old: Node, uses: Uses) -> Node:
    """x gathered at its own argmax is its maximum."""
    x, index = n.inputs
    axis = n.attrs["axis"]
    place = index.inputs[0] if index.op.name == "reshape" else index
    if place.op.name not in ("argmax", "argmin") or place.inputs[0] is not x:
        return n
    if place.attrs["axes"] != (axis,) or index.shape != (*x.shape[:axis], 1, *x.shape[axis + 1 :]):
        return n
    best = ops.max if place.op.name == "argmax" else ops.min
    return ops.reshape(best(x, axes=(axis,)), shape=index.shape)


def _turned_product(n: Node, old: Node, uses: Uses) -> Node:
    """(a b)^T = b^T a^T: the product is written in the order it is read."""
    (product,) = n.inputs
    last = len(n.shape)
    swapped = (*range(last - 2), last - 1, last - 2)
    if product.op.name != "dot" or n.attrs["dims"] != swapped:
        return n
    if old.inputs[0].op.name != "dot" or uses[old.inputs[0]] > 1:
        return n
    a, b = product.inputs
    return ops.dot(ops.permute(b, dims=swapped), ops.permute(a, dims=swapped))


def _double_permute(n: Node, old: Node, uses: Uses) -> Node:
    (x,) = n.inputs
    if x.op.name != "permute":
        return n
    inner = x.attrs["dims"]
    return ops.permute(x.inputs[0], dims=tuple(inner[d] for d in n.attrs["dims"]))


def _cut(n: Node, old: Node, uses: Uses) -> Node:
    """A long reduction to few results as partial results, so that workers can share it."""
    (x,) = n.inputs
    axes = n.attrs["axes"]
    count = prod(x.shape[a] for a in axes)
    if count < LONG or n.shape.numel() >= PARTS or not x.dtype.is_floating_point:
        return n
    axis = max(axes, key=lambda a: x.shape[a])
    parts = next((p for p in range(PARTS, 7, -1) if x.shape[axis] % p == 0), 0)
    if not parts:
        return n
    size = x.shape[axis]
    split = ops.reshape(x, shape=(*x.shape[:axis], parts, size // parts, *x.shape[axis + 1 :]))
    inner = tuple(a + (a >= axis) for a in axes)
    first = make(n.op, (split,), {"axes": inner})
    place = axis - sum(a < axis for a in axes)
    return make(n.op, (first,), {"axes": (place,)})


Rule = Callable[[Node, Node, Uses], Node]
_RULES: dict[str, tuple[Rule, ...]] = {
    "gather": (_argmax_is_max,),
    "permute": (_double_permute, _turned_product),
    "sum": (_cut,),
    "max": (_cut,),
    "min": (_cut,),
}

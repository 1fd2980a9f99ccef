"""Rewrites that make programs smaller or cheaper and leave their values as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from ..ir.build import ops
from ..ir.node import Node, make, toposort

LONG = 1 << 15  # elements a reduction to few results may hold before it is cut for several workers
PARTS = 32  # the partial results of a cut reduction, whatever the number of workers

MANY = 4  # terms from which a sum of products is worth rewriting

Uses = dict[Node, int]


def simplify(roots: Sequence[Node]) -> list[Node]:
    """The same values by cheaper programs."""
    order = toposort(roots)
    uses: Uses = dict.fromkeys(order, 0)
    inner: set[Node] = set()  # additions that another addition reads
    for n in order:
        for x in n.inputs:
            uses[x] += 1
            if x.op.name == n.op.name == "add":
                inner.add(x)
    for r in roots:
        uses[r] += 1
    done: dict[Node, Node] = {}
    for n in order:
        inputs = tuple(done[x] for x in n.inputs)
        new = make(n.op, inputs, n.attrs) if inputs != n.inputs else n
        for rule in _RULES.get(n.op.name, ()):
            if new.op is n.op and not (rule is _summed and n in inner and uses[n] <= 1):
                new = rule(new, uses)
        done[n] = new
        uses[new] = max(uses.get(new, 0), uses[n])
    return [done[r] for r in roots]


def _argmax_is_max(n: Node, uses: Uses) -> Node:
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


def _turned_product(n: Node, uses: Uses) -> Node:
    """(a b)^T = b^T a^T: a product, or a sum of products, is written in the order it is read."""
    (x,) = n.inputs
    last = len(n.shape)
    swapped = (*range(last - 2), last - 1, last - 2)
    if n.attrs["dims"] != swapped or not _products(x, uses):
        return n
    return _turned(x, swapped)


def _products(x: Node, uses: Uses) -> bool:
    if uses.get(x, 0) > 1:
        return False
    return x.op.name == "dot" or (x.op.name == "add" and all(_products(y, uses) for y in x.inputs))


def _turned(x: Node, swapped: tuple[int, ...]) -> Node:
    a, b = x.inputs
    if x.op.name == "dot":
        return ops.dot(ops.permute(b, dims=swapped), ops.permute(a, dims=swapped))
    return ops.add(_turned(a, swapped), _turned(b, swapped))


def _double_permute(n: Node, uses: Uses) -> Node:
    (x,) = n.inputs
    if x.op.name != "permute":
        return n
    inner = x.attrs["dims"]
    return ops.permute(x.inputs[0], dims=tuple(inner[d] for d in n.attrs["dims"]))


def _cut(n: Node, uses: Uses) -> Node:
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


def _summed(n: Node, uses: Uses) -> Node:
    """A chain of additions of products as one product, of slices' gradients as one
    concatenation."""
    terms = _terms(n, uses)
    products = _one_product(terms) if len(terms) >= MANY else None
    return products or _one_concat(terms) or n


def _terms(n: Node, uses: Uses) -> list[Node]:
    """The operands of a chain of additions whose inner results nobody else reads."""
    found: list[Node] = []
    stack = list(reversed(n.inputs))
    while stack:
        x = stack.pop()
        if x.op.name == "add" and uses.get(x, 0) <= 1:
            stack.extend(reversed(x.inputs))
        else:
            found.append(x)
    return found


def _one_product(terms: list[Node]) -> Node | None:
    """a1 b1 + a2 b2 + ... = [a1 a2 ...] [b1; b2; ...]."""
    if any(t.op.name != "dot" or len(t.shape) != 2 for t in terms):
        return None
    left = _joined([t.inputs[0] for t in terms], 1)
    return ops.dot(left, _joined([t.inputs[1] for t in terms], 0))


def _joined(parts: list[Node], axis: int) -> Node:
    """Matrices side by side; transposed ones are joined as they lie, and turned once."""
    if all(x.op.name == "permute" for x in parts):
        whole = ops.concat(*[x.inputs[0] for x in parts], axis=1 - axis)
        return ops.permute(whole, dims=(1, 0))
    return ops.concat(*parts, axis=axis)


def _one_concat(terms: list[Node]) -> Node | None:
    """Sums of zero-padded parts that do not overlap along one axis."""
    pads = [
        t
        for t in terms
        if t.op.name == "pad" and t.attrs["value"] == 0 and not any(t.attrs["interior"])
    ]
    if len(pads) != len(terms):
        return None
    axes = {
        d for t in terms for d in range(len(t.shape)) if t.attrs["low"][d] or t.attrs["high"][d]
    }
    if len(axes) != 1:
        return None
    (axis,) = axes
    parts = sorted(terms, key=lambda t: t.attrs["low"][axis])
    ends = [t.attrs["low"][axis] + t.inputs[0].shape[axis] for t in parts]
    starts = [t.attrs["low"][axis] for t in parts]
    if starts[0] != 0 or ends[-1] != parts[0].shape[axis] or starts[1:] != ends[:-1]:
        return None
    return ops.concat(*[t.inputs[0] for t in parts], axis=axis)


Rule = Callable[[Node, Uses], Node]
_RULES: dict[str, tuple[Rule, ...]] = {
    "gather": (_argmax_is_max,),
    "add": (_summed,),
    "permute": (_double_permute, _turned_product),
    "sum": (_cut,),
    "max": (_cut,),
    "min": (_cut,),
}

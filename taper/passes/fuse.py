"""Which values of a program live in memory, and which are computed where they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ..ir.node import Node
from ..ops.kinds import Elementwise, Movement, Window
from ..shapes import contiguous_strides, view_strides

LARGEST = 64  # primitives in one kernel's expression
REDUCING = ("sum", "prod", "max", "min", "argmax", "argmin", "fold")
CONTRACTING = ("dot", "conv", "conv_input", "conv_weight")
SERIAL = ("index_add", "index_set", "scatter_add", "scatter", "cumsum", "cumprod")
FREE = ("reshape", "permute", "expand", "slice", "flip")


def _strides(n: Node, strides: Sequence[int]) -> tuple[int, ...] | None:
    """The strides of a free movement's result from its input's; None where there are none."""
    (x,) = n.inputs
    if n.op.name == "reshape":
        return view_strides(x.shape, strides, n.shape)
    if n.op.name == "permute":
        return tuple(strides[d] for d in n.attrs["dims"])
    if n.op.name == "expand":
        return tuple(0 if a != b else s for a, b, s in zip(x.shape, n.shape, strides))
    if n.op.name == "slice":
        return tuple(s * k for s, k in zip(strides, n.attrs["step"]))
    return tuple(-s if i in n.attrs["axes"] else s for i, s in enumerate(strides))


@dataclass(frozen=True)
class Rules:
    """What a backend can do.

    `lowered` says whether it has a kernel for a node, `alone` whether that kernel takes nothing
    else in, and
    `cost` prices a primitive.
    """

    lowered: Callable[[Node], bool]
    alone: Callable[[Node], bool]
    cost: Callable[[str], int]


def held(order: Sequence[Node], roots: Iterable[Node], rules: Rules) -> set[Node]:
    """The nodes that get a buffer; all others are fused into their readers."""
    return _Chooser(order, set(roots), rules).run()


class _Chooser:
    def __init__(self, order: Sequence[Node], roots: set[Node], rules: Rules) -> None:
        self.order, self.roots, self.rules = order, roots, rules
        self.uses: dict[Node, list[Node]] = {n: [] for n in order}
        for n in order:
            for x in set(n.inputs):
                self.uses[x].append(n)
        self.kept: set[Node] = set()
        self.size: dict[Node, int] = {}
        self.price: dict[Node, int] = {}

    def run(self) -> set[Node]:
        for n in self.order:
            if (
                n.op.name in ("leaf", "number")
                or n in self.roots
                or not self.rules.lowered(n)
                or n.op.name in REDUCING
                or n.op.name in CONTRACTING
            ):
                self.kept.add(n)
            if not self.rules.lowered(n):
                self.kept.update(x for x in n.inputs)
            elif n.op.name in SERIAL:
                # the base of a scatter, first of three, may be computed in place
                self.kept.add(n)
                self.kept.update(n.inputs[1:] or n.inputs)
            elif n.op.name in CONTRACTING:
                self.kept.update(self._source(x) for x in n.inputs)
        for n in self.order:
            self._measure(n)
        self._epilogues()
        return self.kept

    def _source(self, x: Node) -> Node:
        """What a contraction reads many times must lie in memory: the buffer x is a view of by
        strides.

        Behind free movements, but for a reshape that no strides express, such as of a transposed
        array: that one is a copy.
        """
        chain = []
        while x not in self.kept and x.op.name in FREE:
            chain.append(x)
            (x,) = x.inputs
        strides = contiguous_strides(x.shape)
        for n in reversed(chain):
            moved = _strides(n, strides)
            if moved is None:
                x, moved = n, contiguous_strides(n.shape)
            strides = moved
        return x

    def _measure(self, n: Node) -> None:
        """Size and price of computing an element of n, and whether n is worth a buffer."""
        inside = [x for x in n.inputs if x not in self.kept]
        self.size[n] = 1 + sum(self.size.get(x, 0) for x in inside)
        own = self.rules.cost(n.op.name) if isinstance(n.op, Elementwise) else 0
        self.price[n] = own + sum(self.price.get(x, 0) for x in inside)
        if n in self.kept or n.op.name in ("const", "iota"):
            return
        if self.size[n] > LARGEST or self._wasteful(n):
            self.kept.add(n)

    def _wasteful(self, n: Node) -> bool:
        """Whether computing n again for each reader costs more than a store and its loads."""
        if isinstance(n.op, (Movement, Window)) and n.op.name != "concat":
            return n.op.name == "update" and len(self.uses[n]) > 1
        count, price = n.shape.numel(), self.price[n]
        again = sum(self._reads(n, user) for user in self.uses[n]) - count
        return again * price > 3 * max(count, 16)

    def _reads(self, n: Node, user: Node) -> int:
        """How many elements of n a reader asks for, following free movements."""
        if user in self.kept and user.op.name in CONTRACTING:
            return n.shape.numel()
        if user not in self.kept and user.op.name in ("reshape", "permute", "expand", "windows"):
            return sum(self._reads(user, u) for u in self.uses[user])
        if user.op.name == "take":
            return user.shape.numel()
        return n.shape.numel()

    def _epilogues(self) -> None:
        """A reduction read once, element by element, is computed inside its reader's kernel."""
        taken: set[Node] = set()
        for n in self.order:
            if (
                n not in self.kept
                or n in self.roots
                or not self.rules.lowered(n)
                or self.rules.alone(n)
            ):
                continue
            if n.op.name in REDUCING or n.op.name in CONTRACTING:
                reader = self._reader(n)
                if reader is not None and reader not in taken:
                    taken.add(reader)
                    self.kept.discard(n)

    def _reader(self, n: Node) -> Node | None:
        at = n
        while len(self.uses[at]) == 1:
            (user,) = self.uses[at]
            if not self.rules.lowered(user):
                return None
            if not (isinstance(user.op, Elementwise) or user.op.name in ("reshape", "permute")):
                return None
            if user in self.kept:
                return user if isinstance(user.op, Elementwise) else None
            at = user
        return None

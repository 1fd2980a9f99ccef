"""What a loop kernel computes for one element: nodes pulled through index maps into loads and
operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...dtypes import dtype
from ...ir.node import Node
from . import affine
from .affine import Data, Sum, Var, flatten, of, unflatten


class Guard:
    """`0 <= index < stop`, and `index` a multiple of `step`."""

    __slots__ = ("index", "step", "stop")

    def __init__(self, index: Sum, stop: int, step: int = 1) -> None:
        self.index, self.stop, self.step = index, stop, step

    def key(self) -> tuple:
        return self.index, self.stop, self.step

    def certain(self) -> bool:
        """Whether it always holds."""
        low, high = self.index.range()
        return low >= 0 and high < self.stop and self.step == 1


class Expr:
    """One value of the body. Equal expressions are one object within a Body.

    `node` is a Node, `index` a Sum, where the kind has them; else they are None.
    """

    __slots__ = ("dtype", "guards", "index", "inputs", "kind", "node", "value", "vars")

    def __init__(self, kind: str, kind_of: dtype, inputs: tuple = (), **rest: Any) -> None:
        self.kind, self.dtype, self.inputs = kind, kind_of, inputs
        self.node: Any = rest.get("node")
        self.index: Any = rest.get("index")
        self.guards: tuple[Guard, ...] = rest.get("guards", ())
        self.value: Any = rest.get("value")
        self.vars: tuple[Var, ...] = rest.get("vars", ())


REDUCTIONS = ("sum", "prod", "max", "min", "argmax", "argmin")


class Body:
    """The expressions of a kernel; `held` are the nodes that live in buffers."""

    def __init__(self, held: set[Node]) -> None:
        self.held = held
        self.memo: dict[tuple, Expr] = {}
        self.made: dict[tuple, Expr] = {}

    def _expr(self, key: tuple, *args: Any, **rest: Any) -> Expr:
        found = self.made.get(key)
        if found is None:
            found = self.made[key] = Expr(*args, **rest)
        return found

    def root(self, node: Node, index: tuple[Sum, ...]) -> Expr:
        """The node's own computation, though it lives in a buffer."""
        return self._compute(node, index, ())

    def pull(self, node: Node, index: tuple[Sum, ...], guards: tuple[Guard, ...] = ()) -> Expr:
        """The node's element at an index, valid where the guards hold."""
        key = (node, index, tuple(g.key() for g in guards))
        found = self.memo.get(key)
        if found is None:
            if node in self.held:
                found = self._load(node, index, guards)
            else:
                found = self._compute(node, index, guards)
            self.memo[key] = found
        return found

    def _load(self, node: Node, index: tuple[Sum, ...], guards: tuple[Guard, ...]) -> Expr:
        place = flatten(index, node.shape)
        key = ("load", node, place, tuple(g.key() for g in guards))
        return self._expr(key, "load", node.dtype, (), node=node, index=place, guards=guards)

    def _compute(self, node: Node, index: tuple[Sum, ...], guards: tuple[Guard, ...]) -> Expr:
        name = node.op.name
        rule = _RULES.get(name)
        if _adds_nothing(node):
            return self.number(0 if name != "prod" else 1, node.dtype)
        if rule is not None:
            return rule(self, node, index, guards)
        inputs = tuple(self.pull(x, index, guards) for x in node.inputs)
        attrs = tuple(sorted((k, v) for k, v in node.attrs.items()))
        key: tuple = ("op", name, attrs, inputs, node.dtype)
        if name == "wrap":
            key = (*key, tuple(g.key() for g in guards))
        return self._expr(key, "op", node.dtype, inputs, node=node, guards=guards, value=name)

    def product(self, x: Expr, y: Expr) -> Expr:
        """x * y."""
        return self._expr(("op", "mul", (), (x, y), x.dtype), "op", x.dtype, (x, y), value="mul")

    def select(self, guards: list[Guard], yes: Expr, no: Expr) -> Expr:
        """`yes` where all guards hold."""
        real = tuple(g for g in guards if not g.certain())
        if not real:
            return yes
        key = ("select", tuple(g.key() for g in real), yes, no)
        return self._expr(key, "select", yes.dtype, (yes, no), guards=real)

    def constant(self, bits: bytes, kind: dtype) -> Expr:
        """A constant of these bytes."""
        return self._expr(("const", bits, kind), "const", kind, (), value=bits)

    def number(self, value: Any, kind: dtype) -> Expr:
        """A constant of this number."""
        return self.constant(np.asarray(value).astype(kind.array).tobytes(), kind)

    def reduce(
        self, node: Node, axes: tuple[int, ...], index: tuple[Sum, ...], guards: tuple
    ) -> Expr:
        """A reduction over new variables in the place of `axes`."""
        (x,) = node.inputs
        rest = iter(index)
        own: list[Var] = []
        full = []
        for axis, n in enumerate(x.shape):
            if axis in axes:
                own.append(Var(n))
                full.append(of(own[-1]))
            else:
                full.append(next(rest))
        inner = self.pull(x, tuple(full), guards)
        return Expr(
            "reduce",
            node.dtype,
            (inner,),
            node=node,
            value=node.op.name,
            vars=tuple(own),
            guards=guards,
        )


def _adds_nothing(node: Node) -> bool:
    """Whether a sum runs over no element."""
    adding = node.op.name in ("sum", "prod", *CONTRACTIONS)
    return adding and any(0 in x.shape for x in node.inputs)


def _reshape(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    (x,) = node.inputs
    return b.pull(x, unflatten(flatten(index, node.shape), x.shape), guards)


def _permute(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    dims = node.attrs["dims"]
    return b.pull(node.inputs[0], tuple(index[dims.index(i)] for i in range(len(dims))), guards)


def _expand(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    (x,) = node.inputs
    fixed = tuple(affine.ZERO if n == 1 else i for i, n in zip(index, x.shape))
    return b.pull(x, fixed, guards)


def _slice(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    start, step = node.attrs["start"], node.attrs["step"]
    return b.pull(node.inputs[0], tuple(i * s + a for i, a, s in zip(index, start, step)), guards)


def _flip(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    axes = node.attrs["axes"]
    turned = tuple(
        i * -1 + (n - 1) if d in axes else i for d, (i, n) in enumerate(zip(index, node.shape))
    )
    return b.pull(node.inputs[0], turned, guards)


def _pad(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    (x,) = node.inputs
    inside, places = [], []
    for i, low, gap, n in zip(index, node.attrs["low"], node.attrs["interior"], x.shape):
        j = i + -low
        inside.append(Guard(j, max(0, (n - 1) * (gap + 1) + 1), gap + 1))
        places.append(j // (gap + 1))
    fill = b.number(node.attrs["value"], node.dtype)
    if 0 in x.shape:
        return fill
    real = [g for g in inside if not g.certain()]
    return b.select(real, b.pull(x, tuple(places), (*guards, *real)), fill)


def _concat(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    axis, at, parts = node.attrs["axis"], 0, []
    for x in node.inputs:
        n = x.shape[axis]
        if n:
            parts.append((x, at, n))
        at += n
    out: Expr | None = None
    for x, start, n in reversed(parts):
        j = index[axis] + -start
        guard = [g for g in (Guard(j, n),) if not g.certain()]
        place = (*index[:axis], j, *index[axis + 1 :])
        part = b.pull(x, place, (*guards, *guard))
        out = part if out is None else b.select(guard, part, out)
    return out  # type: ignore[return-value]


def _update(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    base, new = node.inputs
    inside, places = [], []
    for i, a, s, n in zip(index, node.attrs["start"], node.attrs["step"], new.shape):
        j = i + -a
        inside.append(Guard(j, max(0, (n - 1) * s + 1), s))
        places.append(j // s)
    if 0 in new.shape:
        return b.pull(base, index, guards)
    real = [g for g in inside if not g.certain()]
    part = b.pull(new, tuple(places), (*guards, *real))
    return b.select(real, part, b.pull(base, index, guards)) if real else part


def _windows(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    (x,) = node.inputs
    n = len(x.shape)
    places = list(index[:n])
    for a, k, t, d in zip(
        node.attrs["axes"], index[n:], node.attrs["step"], node.attrs["dilation"]
    ):
        places[a] = places[a] * t + k * d
    return b.pull(x, tuple(places), guards)


def _fold(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    (g,) = node.inputs
    n = len(node.shape)
    own = [Var(k) for k in node.attrs["size"]]
    places, inside = list(index), []
    for a, k, t, d in zip(node.attrs["axes"], own, node.attrs["step"], node.attrs["dilation"]):
        j = index[a] + of(k) * -d
        inside.append(Guard(j, (g.shape[a] - 1) * t + 1, t))
        places[a] = j // t
    if 0 in g.shape:
        return b.number(0, node.dtype)
    if all(
        k <= t and d == 1 for k, t, d in zip(*(node.attrs[w] for w in ("size", "step", "dilation")))
    ):
        return _unfolded(b, node, index, guards)
    real = [x for x in inside if not x.certain()]
    full = (*places[:n], *(of(k) for k in own))
    part = b.pull(g, full, (*guards, *real))
    part = b.select(real, part, b.number(0, node.dtype))
    return Expr(
        "reduce", node.dtype, (part,), node=node, value="sum", vars=tuple(own), guards=guards
    )


def _unfolded(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    """A fold of windows that do not overlap: every element comes from one place."""
    (g,) = node.inputs
    places, inner, inside = list(index), [], []
    for a, k, t in zip(node.attrs["axes"], node.attrs["size"], node.attrs["step"]):
        places[a], within = index[a] // t, index[a] % t
        inner.append(within)
        inside += [Guard(places[a], g.shape[a]), Guard(within, k)]
    real = [x for x in inside if not x.certain()]
    part = b.pull(g, (*places, *inner), (*guards, *real))
    return b.select(real, part, b.number(0, node.dtype))


def _iota(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    return b._expr(("index", index[0]), "index", node.dtype, (), index=index[0])


def _const(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    return b.constant(node.attrs["bits"], node.dtype)


def _take(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    x, places = node.inputs
    axis, n = node.attrs["axis"], len(places.shape)
    at = b.pull(places, index[axis : axis + n], guards)
    return b.pull(
        x,
        (*index[:axis], *_read(b, node, at, x.shape[axis], axis, guards), *index[axis + n :]),
        guards,
    )


def _gather(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    x, _ = node.inputs
    axis = node.attrs["axis"]
    at = b.pull(node.inputs[1], index, guards)
    if not x.shape:
        return b.pull(x, (), guards)
    return b.pull(
        x,
        (*index[:axis], *_read(b, node, at, x.shape[axis], axis, guards), *index[axis + 1 :]),
        guards,
    )


def _read(b: Body, node: Node, at: Expr, size: int, axis: int, guards: tuple) -> tuple[Sum]:
    """An index read from memory, checked."""
    key = ("check", at, size, axis, tuple(g.key() for g in guards))
    checked = b._expr(key, "check", at.dtype, (at,), value=(size, axis), node=node, guards=guards)
    return (Sum({Data(checked, size): 1}),)


def _reduced(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    return b.reduce(node, node.attrs["axes"], index, guards)


# ---------------------------------------------------------------- contractions
def _summed(node: Node, inner: Expr, own: list[Var], guards: tuple) -> Expr:
    return Expr(
        "reduce", node.dtype, (inner,), node=node, value="sum", vars=tuple(own), guards=guards
    )


def _dot(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    x, y = node.inputs
    k = Var(x.shape[-1])
    left = b.pull(x, (*index[:-1], of(k)), guards)
    right = b.pull(y, (*index[:-2], of(k), index[-1]), guards)
    return _summed(node, b.product(left, right), [k], guards)


def _place(out: Sum, k: Sum, stride: int, padding: int, dilation: int) -> Sum:
    """Where window `out` meets kernel element `k` in the unpadded input."""
    return out * stride + k * dilation + -padding


def _convolved(
    b: Body,
    x: Node,
    w: tuple[Node, tuple],
    at: tuple,
    kernel: tuple,
    node: Node,
    own: list[Var],
    guards: tuple,
) -> Expr:
    """The sum over `own` of x at the windows `at` + `kernel`, times the other operand at its
    index."""
    lead, out = at
    a = node.attrs
    places = tuple(map(_place, out, kernel, a["stride"], a["padding"], a["dilation"]))
    inside = [Guard(p, n) for p, n in zip(places, x.shape[2:])]
    real = tuple(g for g in inside if not g.certain())
    part = b.select(list(real), b.pull(x, (*lead, *places), (*guards, *real)), b.number(0, x.dtype))
    other, index = w
    return _summed(node, b.product(part, b.pull(other, index, guards)), own, guards)


def _conv(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    x, w = node.inputs
    n, o, *out = index
    own = [Var(k) for k in w.shape[1:]]
    c, *kernel = map(of, own)
    group = o // (w.shape[0] // node.attrs["groups"])
    channel = group * w.shape[1] + c
    return _convolved(
        b, x, (w, (o, c, *kernel)), ((n, channel), out), tuple(kernel), node, own, guards
    )


def _conv_weight(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    x, g = node.inputs
    o, c, *kernel = index
    own = [Var(k) for k in (g.shape[0], *g.shape[2:])]
    n, *out = map(of, own)
    groups = node.attrs["groups"]
    channel = (o // (g.shape[1] // groups)) * (x.shape[1] // groups) + c
    return _convolved(
        b, x, (g, (n, o, *out)), ((n, channel), out), tuple(kernel), node, own, guards
    )


def _conv_input(b: Body, node: Node, index: tuple, guards: tuple) -> Expr:
    g, w = node.inputs
    n, channel, *space = index
    groups, a = node.attrs["groups"], node.attrs
    own = [Var(k) for k in (w.shape[0] // groups, *w.shape[2:])]
    row, *kernel = map(of, own)
    group, c = channel // w.shape[1], channel % w.shape[1]
    o = group * (w.shape[0] // groups) + row
    inside, places = [], []
    for i, k, s, p, d, size in zip(
        space, kernel, a["stride"], a["padding"], a["dilation"], g.shape[2:]
    ):
        j = i + k * -d + p
        inside.append(Guard(j, (size - 1) * s + 1, s))
        places.append(j // s)
    real = tuple(x for x in inside if not x.certain())
    part = b.select(list(real), b.pull(g, (n, o, *places), (*guards, *real)), b.number(0, g.dtype))
    return _summed(node, b.product(part, b.pull(w, (o, c, *kernel), guards)), own, guards)


_RULES = {
    "dot": _dot,
    "conv": _conv,
    "conv_input": _conv_input,
    "conv_weight": _conv_weight,
    "reshape": _reshape,
    "permute": _permute,
    "expand": _expand,
    "slice": _slice,
    "flip": _flip,
    "pad": _pad,
    "concat": _concat,
    "update": _update,
    "windows": _windows,
    "fold": _fold,
    "iota": _iota,
    "const": _const,
    "take": _take,
    "gather": _gather,
    **dict.fromkeys(REDUCTIONS, _reduced),
}
CONTRACTIONS = ("dot", "conv", "conv_input", "conv_weight")
PULLED = frozenset(_RULES) - {"fold", *REDUCTIONS, *CONTRACTIONS}

"""The whole idea of Taper in one file, for reading: nodes, primitives, a tape, gradients and plans.

Run it (`python docs/mini_taper.py`) and it trains a small network on exclusive or. Each section
stands for a part of the package, named in its heading; `docs/design.md` says how the real parts
differ. Everything is float32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from weakref import ref

import numpy as np


# ---------------------------------------------------------------- primitives (taper/ops)
@dataclass(frozen=True, eq=False)
class Op:
    """All that is known of one primitive: its shape rule, its text in a plan, and its gradient.

    `vjp(g, out, *inputs, **attrs)` builds one cotangent for each input, out of the same primitives.
    """

    name: str
    shape: Callable
    text: str
    vjp: Callable


def same(*shapes, **attrs):
    assert len(set(shapes)) == 1, f"primitives do not broadcast, got {shapes}"
    return shapes[0]


def back(g, x, axes):
    """A reduced cotangent, over the shape of x again."""
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    return expand(reshape(g, shape=kept), shape=x.shape)


def _expand_vjp(g, out, x, shape):
    axes = tuple(i for i, (n, m) in enumerate(zip(x.shape, shape)) if n != m)
    return (reshape(sum_(g, axes=axes), shape=x.shape) if axes else g,)


def _turn(x):
    return permute(x, dims=(1, 0))


OPS = {
    op.name: op
    for op in (
        Op("leaf", lambda place, shape: shape, "leaves[{place}]", None),
        Op("number", lambda place: (), "numbers[{place}]", None),
        Op("variable", lambda place, shape: shape, None, None),
        Op("const", lambda value: (), "np.float32({value})", None),
        Op("add", same, "{0} + {1}", lambda g, out, x, y: (g, g)),
        Op("mul", same, "{0} * {1}", lambda g, out, x, y: (mul(g, y), mul(g, x))),
        Op("exp", same, "np.exp({0})", lambda g, out, x: (mul(g, out),)),
        Op("log", same, "np.log({0})", lambda g, out, x: (mul(g, inv(x)),)),
        Op("inv", same, "1 / {0}", lambda g, out, x: (mul(neg(g), mul(out, out)),)),
        Op("step", same, "np.float32({0} > 0)", lambda g, out, x: (None,)),
        Op(
            "dot",
            lambda x, y: (x[0], y[1]),
            "{0} @ {1}",
            lambda g, out, x, y: (dot(g, _turn(y)), dot(_turn(x), g)),
        ),
        Op(
            "sum_",
            lambda x, axes: tuple(n for i, n in enumerate(x) if i not in axes),
            "np.asarray({0}.sum({axes}))",
            lambda g, out, x, axes: (back(g, x, axes),),
        ),
        Op(
            "reshape",
            lambda x, shape: shape,
            "{0}.reshape({shape})",
            lambda g, out, x, shape: (reshape(g, shape=x.shape),),
        ),
        Op("expand", lambda x, shape: shape, "np.broadcast_to({0}, {shape})", _expand_vjp),
        Op(
            "permute",
            lambda x, dims: tuple(x[d] for d in dims),
            "{0}.transpose({dims})",
            lambda g, out, x, dims: (permute(g, dims=tuple(np.argsort(dims))),),
        ),
    )
}


# ---------------------------------------------------------------- nodes (taper/ir/node.py)
class Node:
    """A primitive applied to nodes. Immutable, and interned: equal applications are one object."""

    table: dict = {}

    def __init__(self, op, inputs, attrs):
        self.op, self.inputs, self.attrs = op, inputs, attrs
        self.shape = op.shape(*[x.shape for x in inputs], **attrs)


def make(name, *inputs, **attrs):
    """The node of this application: the one there is, or a new one."""
    key = (name, inputs, tuple(sorted(attrs.items())))
    if key not in Node.table:
        Node.table[key] = Node(OPS[name], inputs, attrs)
    return Node.table[key]


def builder(name):
    return lambda *inputs, **attrs: make(name, *inputs, **attrs)


add, mul, exp, log, inv, step = map(builder, ("add", "mul", "exp", "log", "inv", "step"))
dot, sum_, reshape, expand, permute = map(builder, ("dot", "sum_", "reshape", "expand", "permute"))


def fill(like, value):
    whole = reshape(make("const", value=float(value)), shape=(1,) * len(like.shape))
    return expand(whole, shape=like.shape)


def neg(x):
    return mul(x, fill(x, -1))


def toposort(roots):
    """All nodes the roots need, inputs first."""
    order, seen, stack = [], set(), [(r, False) for r in reversed(roots)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack += [(node, True), *((x, False) for x in reversed(node.inputs))]
    return order


def substitute(roots, put):
    """The roots' programs with nodes replaced."""
    done = dict(put)
    for node in toposort(roots):
        if node not in done:
            done[node] = make(node.op.name, *[done[x] for x in node.inputs], **node.attrs)
    return [done[r] for r in roots]


# ---------------------------------------------------------------- gradients (taper/ir/grad.py)
def grad(out, g, wrt):
    """The cotangents of `wrt` given that of `out`: again nodes, with gradients of their own."""
    found = {out: g}
    for node in reversed(toposort([out])):
        if node in found and node not in wrt and node.op.vjp:
            parts = node.op.vjp(found[node], node, *node.inputs, **node.attrs)
            for x, part in zip(node.inputs, parts):
                if part is not None:
                    found[x] = add(found[x], part) if x in found else part
    return [found.get(x, fill(x, 0)) for x in wrt]


def call_gradients(fn, nodes, g):
    """The cotangents of a call's inputs, traced on placeholders: two inputs may be one node."""
    xs = [make("variable", place=i, shape=n.shape) for i, n in enumerate(nodes)]
    h = make("variable", place=len(xs), shape=g.shape)
    return substitute(grad(fn(*xs), h, xs), {h: g, **dict(zip(xs, nodes))})


# ---------------------------------------------------------------- plans (taper/backends)
PLANS: dict = {}


def plan(roots):
    """The compiled function of a tuple of roots, which is the key, since nodes are interned."""
    if roots not in PLANS:
        names = {node: f"v{i}" for i, node in enumerate(toposort(list(roots)))}
        lines = [
            f"    {name} = {node.op.text.format(*[names[x] for x in node.inputs], **node.attrs)}"
            for node, name in names.items()
        ]
        returned = ", ".join(names[r] for r in roots)
        scope = {"np": np}
        exec("\n".join(["def run(leaves, numbers):", *lines, f"    return [{returned}]"]), scope)
        PLANS[roots] = scope["run"]
    return PLANS[roots]


# ---------------------------------------------------------------- the tape (taper/tape.py)
class Value:
    """What a tensor holds: a node of this epoch, or an array."""

    def __init__(self, node=None, array=None):
        self.node, self.array, self.epoch = node, array, tape.epoch
        self.shape = array.shape if node is None else node.shape


class Tape:
    """Records calls as nodes, numbers leaves by first use, computes when somebody looks."""

    def __init__(self):
        self.epoch, self.leaves, self.numbers, self.pending = 0, [], [], []

    def node(self, value):
        if value.array is not None and (value.node is None or value.epoch != self.epoch):
            value.node = make("leaf", place=len(self.leaves), shape=value.shape)
            value.epoch = self.epoch
            self.leaves.append(value.array)
        return value.node

    def number(self, x):
        """Bound when the plan runs: another number tomorrow is the same plan."""
        self.numbers.append(np.float32(x))
        return make("number", place=len(self.numbers) - 1)

    def flush(self):
        live = [v for r in self.pending if (v := r()) is not None]
        roots = tuple(dict.fromkeys(v.node for v in live))
        if roots:
            results = dict(zip(roots, plan(roots)(self.leaves, self.numbers)))
            for v in live:
                v.array, v.node = np.array(results[v.node], np.float32), None
        self.epoch += 1
        self.leaves, self.numbers, self.pending = [], [], []


tape = Tape()


# ---------------------------------------------------------------- tensors (tensor.py, backward.py)
class Tensor:
    """A value, and how it was made."""

    def __init__(self, data, requires_grad=False):
        self.value = data if isinstance(data, Value) else Value(array=np.array(data, np.float32))
        self.requires_grad, self.call, self.grad = requires_grad, None, None

    def numpy(self):
        if self.value.array is None:
            tape.flush()
        return self.value.array

    def item(self):
        return float(self.numpy())

    def backward(self):
        """Walk the calls, newest first; leaves keep what arrives."""
        arrived, order, seen = {self: fill(tape.node(self.value), 1)}, [], set()

        def visit(t):
            if t not in seen:
                seen.add(t)
                for x in t.call[1] if t.call else ():
                    if isinstance(x, Tensor):
                        visit(x)
                order.append(t)

        visit(self)
        for t in reversed(order):
            if t not in arrived:
                continue
            if t.call is None:
                if t.requires_grad:
                    g = record(arrived[t])
                    t.grad = g if t.grad is None else t.grad + g
                continue
            fn, inputs, values = t.call  # within one epoch the call's nodes are the forward's
            nodes = [tape.node(v) if isinstance(v, Value) else tape.number(v) for v in values]
            for x, g in zip(inputs, call_gradients(fn, nodes, arrived[t])):
                if isinstance(x, Tensor) and x.requires_grad:
                    arrived[x] = add(arrived[x], g) if x in arrived else g

    def __add__(self, other):
        return apply(lambda x, y: add(*fitted(x, y)), self, other)

    def __mul__(self, other):
        return apply(lambda x, y: mul(*fitted(x, y)), self, other)

    def __sub__(self, other):
        return self + (other * -1.0)

    def __matmul__(self, other):
        return apply(dot, self, other)

    def relu(self):
        return apply(lambda x: mul(x, step(x)), self)

    def mean(self):
        return apply(lambda x: sum_(x, axes=tuple(range(len(x.shape)))), self) * (
            1 / np.prod(self.value.shape)
        )

    def sub_(self, other):
        """In place: values never change, the tensor is given another one."""
        self.value = (Tensor(self.value) - other).value


def record(node):
    value = Value(node)
    tape.pending.append(ref(value))
    return Tensor(value)


def apply(fn, *inputs):
    """Call a function of nodes on tensors and numbers; nothing is computed."""
    values = [x.value if isinstance(x, Tensor) else x for x in inputs]
    nodes = [tape.node(v) if isinstance(v, Value) else tape.number(v) for v in values]
    out = record(fn(*nodes))
    out.requires_grad = any(isinstance(x, Tensor) and x.requires_grad for x in inputs)
    out.call = (fn, inputs, values) if out.requires_grad else None
    return out


def fitted(x, y):
    """Broadcasting is made of primitives."""
    shape = np.broadcast_shapes(x.shape, y.shape)
    return [
        expand(reshape(n, shape=(1,) * (len(shape) - len(n.shape)) + n.shape), shape=shape)
        for n in (x, y)
    ]


# ---------------------------------------------------------------- a program
def train(turns=300, rate=0.2):
    """Learn exclusive or; the losses, one a turn."""
    rng = np.random.default_rng(0)
    x, y = Tensor([[0, 0], [0, 1], [1, 0], [1, 1]]), Tensor([[0], [1], [1], [0]])
    w1, b1 = Tensor(rng.normal(size=(2, 16)), True), Tensor(np.zeros(16), True)
    w2, b2 = Tensor(rng.normal(size=(16, 1)) / 4, True), Tensor(np.zeros(1), True)
    losses = []
    for turn in range(turns):
        off = ((x @ w1 + b1).relu() @ w2 + b2) - y
        loss = (off * off).mean()
        loss.backward()
        for p in (w1, b1, w2, b2):
            p.sub_(p.grad * (rate / (1 + turn / turns)))
            p.grad = None
        losses.append(loss.item())  # looking: forward, backward and the step run as one plan
    return losses


if __name__ == "__main__":
    found = train()
    print(f"loss {found[0]:.4f} -> {found[-1]:.6f} in {len(found)} turns, {len(PLANS)} plans")

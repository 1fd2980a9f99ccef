"""The tape: records calls as interned nodes, numbers leaves by first use, and flushes values
somebody looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any
from weakref import ref

import numpy as np

from . import dtypes, engine
from .dtypes import dtype
from .ir import node as ir
from .ir.grad import grad
from .ir.node import Node

MEMO_LIMIT = 200_000  # interned nodes kept before the tables start anew
PENDING_LIMIT = 4_000  # recorded values before a loop that never looks is flushed


class Value:
    """The contents of a storage at one moment: a node of the current epoch, or a buffer. Immutable.

    `node` counts only while `epoch` is the tape's; `buffer` is None until the value is computed.
    """

    __slots__ = ("__weakref__", "buffer", "dtype", "epoch", "error", "node", "shape")

    def __init__(self, node: Node | None, epoch: int, shape: Any, kind: dtype) -> None:
        self.node: Any = node
        self.epoch, self.shape, self.dtype = epoch, shape, kind
        self.buffer: Any = None
        self.error: Exception | None = None


class Template:
    """A pure function of nodes, traced once on placeholders for one signature."""

    def __init__(self, fn: Callable, like: tuple[Node | None, ...], static: tuple) -> None:
        self.inputs = tuple(None if n is None else ir.variable(i, n) for i, n in enumerate(like))
        found = fn(*self.inputs, *static)
        self.single = isinstance(found, Node)
        self.outs: tuple[Node, ...] = (found,) if isinstance(found, Node) else tuple(found)
        self._vjps: dict[tuple, Vjp] = {}

    def put(self, nodes: tuple[Node | None, ...]) -> tuple[Node, ...]:
        """The outputs for these inputs."""
        given = {v: n for v, n in zip(self.inputs, nodes) if v is not None and n is not None}
        return tuple(ir.substitute(self.outs, given))

    def vjp(self, needs: tuple[bool, ...], given: tuple[bool, ...]) -> Vjp:
        """The gradient for the inputs in `needs`, where the outputs in `given` have cotangents."""
        found = self._vjps.get((needs, given))
        if found is None:
            found = self._vjps[needs, given] = Vjp(self, needs, given)
        return found


class Vjp:
    """The gradient of a template as a function of nodes: (kept inputs, kept outputs, cotangents) ->
    gradients.

    `inputs` and `outputs` are the places of the values that the gradient reads, found by looking at
    its graph.
    """

    def __init__(
        self, template: Template, needs: tuple[bool, ...], given: tuple[bool, ...]
    ) -> None:
        xs, outs = template.inputs, template.outs
        wanted = [x for x, need in zip(xs, needs) if need and x is not None]
        base = len(xs)
        gs = [
            ir.variable(base + i, o) if has else None for i, (o, has) in enumerate(zip(outs, given))
        ]
        found = grad(outs, gs, wanted)
        saved = {o: ir.variable(base + len(outs) + i, o) for i, o in enumerate(outs) if o not in xs}
        self.present = tuple(f is not None for f in found)
        self.results = ir.substitute([f for f in found if f is not None], dict(saved))
        read = set(ir.toposort(self.results))
        self.inputs = tuple(i for i, x in enumerate(xs) if x is not None and x in read)
        self.outputs = tuple(i for i, o in enumerate(outs) if saved.get(o) in read)
        self.params: list[Any] = [xs[i] for i in self.inputs]
        self.params += [saved[outs[i]] for i in self.outputs]
        self.params += [g for g in gs if g is not None]

    def __call__(self, *nodes: Node) -> tuple[Node, ...]:
        return tuple(ir.substitute(self.results, dict(zip(self.params, nodes))))


class Tape:
    """One per process; a lock makes recording safe under threads."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.epoch = 1
        self.memo: dict[tuple, tuple[tuple[Node, ...], Template]] = {}
        self.templates: dict[tuple, Template] = {}
        self.leaves: list[Value] = []
        self.numbers: list[Any] = []
        self.pending: list[ref[Value]] = []
        self.tracing = 0  # templates being traced: their placeholders have no values to flush

    # ------------------------------------------------------------ recording
    def node(self, value: Value) -> Node:
        """The node that stands for a value in this epoch."""
        if value.epoch != self.epoch:
            if value.error is not None:
                raise value.error
            value.node = ir.leaf(len(self.leaves), value.shape, value.dtype)
            value.epoch = self.epoch
            self.leaves.append(value)
        return value.node  # type: ignore[return-value]

    def number(self, value: Any) -> Node:
        """The node of a Python number, bound when the plan runs; inside a traced function it is a
        constant."""
        kind = type(value)
        if kind not in (float, int, bool, complex):
            kind = next(k for k in (bool, int, float, complex) if isinstance(value, _LIKE[k]))
            value = kind(value)
        if kind is int and not -(2**63) <= value < 2**63:
            raise RuntimeError("Overflow when unpacking long")
        if self.tracing:
            return ir.fixed_number(value, kind)
        self.numbers.append(value)
        return ir.number(len(self.numbers) - 1, kind)

    def record(
        self, fn: Callable, nodes: tuple[Node | None, ...], static: tuple
    ) -> tuple[tuple[Node, ...], Template]:
        """The output nodes of `fn` on these nodes, and its template."""
        key = (fn, nodes, static)
        hit = self.memo.get(key)
        if hit is None:
            default = dtypes.get_default()
            signature = tuple(None if n is None else (n.shape, n.dtype, n.weak) for n in nodes)
            named = (fn, signature, static, default)
            template = self.templates.get(named)
            if template is None:
                template = self.templates[named] = self._trace(fn, nodes, static)
            hit = self.memo[key] = (template.put(nodes), template)
        return hit

    def _trace(self, fn: Callable, nodes: tuple[Node | None, ...], static: tuple) -> Template:
        self.tracing += 1
        try:
            return Template(fn, nodes, static)
        finally:
            self.tracing -= 1

    def pend(self, node: Node) -> Value:
        """A new value that this node will give."""
        value = Value(node, self.epoch, node.shape, node.dtype)
        self.pending.append(ref(value))
        return value

    # ------------------------------------------------------------ flushing
    def flush(self) -> None:
        """Compute every pending value that is still referenced, and begin a new epoch."""
        with self.lock:
            if self.tracing:
                raise RuntimeError("a function that is recorded as a whole cannot look at values")
            live = [v for r in self.pending if (v := r()) is not None and v.buffer is None]
            roots = tuple(dict.fromkeys(v.node for v in live))
            leaves, numbers = [v.buffer for v in self.leaves], self.numbers
            self.leaves, self.numbers, self.pending = [], [], []
            self.epoch += 1
            try:
                results = dict(zip(roots, engine.run(roots, leaves, numbers))) if roots else {}
            except Exception as error:
                results = self._rescue(roots, leaves, numbers, error)
            except BaseException:
                for v in live:
                    v.epoch, v.error = (
                        0,
                        RuntimeError("the computation of this value was interrupted"),
                    )
                raise
            for v in live:
                found = results[v.node]
                v.node, v.epoch = None, 0
                if isinstance(found, Exception):
                    v.error = found
                else:
                    v.buffer = found
            if ir.interned() > MEMO_LIMIT:
                self.memo.clear()
                ir.forget()

    def _rescue(
        self, roots: Sequence[Node], leaves: list, numbers: list, error: Exception
    ) -> dict[Node, Any]:
        """After a failure: what can be computed is, and the rest remembers the error."""
        results: dict[Node, Any] = {}
        for root in roots:
            try:
                (results[root],) = engine.run((root,), leaves, numbers)
            except Exception as own:
                results[root] = own.with_traceback(None)
        if not any(isinstance(r, Exception) for r in results.values()):
            raise error
        return results

    def compute(self, value: Value) -> np.ndarray:
        """The value's array."""
        if value.buffer is None:
            if value.error is None:
                self.flush()
            if value.error is not None:
                raise value.error
        return value.buffer


_LIKE: dict[type, tuple] = {
    bool: (bool, np.bool_),
    int: (int, np.integer),
    float: (float, np.floating),
    complex: (complex, np.complexfloating),
}

tape = Tape()


def ready(array: np.ndarray, kind: dtype | None = None) -> Value:
    """A computed value of an array."""
    value = Value(None, 0, ir.Size(array.shape), kind or dtypes.of_array(array.dtype))
    value.buffer = array
    return value

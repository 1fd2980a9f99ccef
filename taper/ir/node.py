"""Node: one application of a primitive, immutable and interned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import dtypes
from ..dtypes import dtype
from ..ops import TABLE, Op
from ..shapes import Size

_nodes: dict[tuple, Node] = {}


class Node:
    """`op` applied to `inputs` with `attrs`. Equal applications are one object, so `is` compares
    programs.

    `weak` marks a Python number, which gives way to tensors in dtype promotion.
    """

    __slots__ = ("__weakref__", "attrs", "dtype", "inputs", "op", "shape", "weak")

    def __init__(self, op: Op, inputs: tuple[Node, ...], attrs: dict[str, Any]) -> None:
        self.op, self.inputs, self.attrs = op, inputs, attrs
        shape = op.shape_of(*[x.shape for x in inputs], **attrs)
        self.shape: Any = Size(shape) if not shape or isinstance(shape[0], int) else shape
        self.dtype: dtype = op.dtype_of(*[x.dtype for x in inputs], **attrs)
        self.weak: bool = attrs.get("weak", False)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<Node {self.op.name} {self.dtype.name}{list(self.shape)}>"


def make(op: Op, inputs: tuple[Node, ...], attrs: dict[str, Any]) -> Node:
    """The node of this application: the one that exists, or a new one."""
    key = (op, inputs, tuple(sorted(attrs.items())) if len(attrs) > 1 else tuple(attrs.items()))
    found = _nodes.get(key)
    if found is None:
        found = _nodes[key] = Node(op, inputs, attrs)
    return found


def interned() -> int:
    """How many nodes are interned."""
    return len(_nodes)


def forget() -> None:
    """Drop the interning table: equal nodes made later are new objects."""
    _nodes.clear()


def leaf(place: int, shape: tuple[int, ...], kind: dtype) -> Node:
    """The input number `place` of a program."""
    return make(TABLE["leaf"], (), {"place": place, "shape": shape, "dtype": kind})


_NUMBER = {bool: dtypes.bool_, int: dtypes.int64, float: dtypes.float64, complex: dtypes.complex128}


def number(place: int, kind: type) -> Node:
    """The Python number at `place` of a program's list of numbers."""
    return make(TABLE["number"], (), {"place": place, "dtype": _NUMBER[kind], "weak": True})


def variable(place: int, like: Node) -> Node:
    """A placeholder with the shape and dtype of another node."""
    attrs = {"place": place, "shape": like.shape, "dtype": like.dtype, "weak": like.weak}
    return make(TABLE["variable"], (), attrs)


def constant(value: Any, kind: dtype) -> Node:
    """A scalar constant."""
    bits = np.asarray(value).astype(kind.array).tobytes()
    return make(TABLE["const"], (), {"bits": bits, "dtype": kind})


def fixed_number(value: Any, kind: type) -> Node:
    """A Python number that is part of the program."""
    of = _NUMBER[kind]
    return make(
        TABLE["const"],
        (),
        {"bits": np.asarray(value, of.array).tobytes(), "dtype": of, "weak": True},
    )


def toposort(roots: Iterable[Node], stop: frozenset[Node] | set[Node] = frozenset()) -> list[Node]:
    """All nodes that the roots need, inputs first; nothing behind the nodes of `stop`."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack = [(r, False) for r in reversed(list(roots))]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            if node not in stop:
                stack.extend((x, False) for x in reversed(node.inputs) if x not in seen)
    return order


def substitute(roots: Iterable[Node], put: dict[Node, Node]) -> list[Node]:
    """The roots' programs with nodes replaced."""
    roots = list(roots)
    done = dict(put)
    for node in toposort(roots, stop=set(put)):
        if node not in done:
            inputs = tuple(done[x] for x in node.inputs)
            done[node] = make(node.op, inputs, node.attrs) if inputs != node.inputs else node
    return [done[r] for r in roots]

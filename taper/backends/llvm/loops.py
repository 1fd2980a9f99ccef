"""Loop kernels: one buffer computed element by element, in vectors, over ranges of rows for each
worker."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from ...ir.node import Node
from . import typed
from .affine import Sum, Var, flatten, of
from .body import CONTRACTIONS, Body, Expr
from .emit import Unit
from .nest import Needs, Nest
from .target import Target
from .values import I64, PTR, Value
from .writer import Writer

TILE = 4  # rows of a reduction computed together, so that they share loads
CONCAT = 4  # parts from which a concatenation is copied part by part
PARALLEL = 40_000  # operations below which a kernel stays on one thread


class Kernel:
    """LLVM text of a kernel, and what it reads and writes.

    `text` defines `kernel(ptr args, i64 worker, i64 workers)`; `args` are an error slot, then the
    buffers of
    `reads`, then that of the node itself.
    """

    def __init__(self, text: str, node: Node, reads: list[Node], work: int, flops: int) -> None:
        self.text, self.node, self.reads = text, node, reads
        self.work, self.flops = work, flops
        self.parallel = work >= PARALLEL
        self.shift = 0  # bytes from the beginning of the node's buffer to where this kernel writes
        self.starts: dict[Node, int] = {}  # the same for what it reads; 0 where there is no entry
        # bytes of memory that the kernels of one node share, passed after the result
        self.scratch = 0


class Shape:
    """How the loops of a kernel are cut: vector width, tiled variable and rows of a tile."""

    def __init__(self, nest: Nest, target: Target) -> None:
        self.nest, self.unit = nest, target.vector_bytes // 4
        reduced = [e for e in nest.reduces if e.value not in ("argmax", "argmin")]
        self.contraction = len(nest.reduces) == 1 and nest.reduces[0].node.op.name in CONTRACTIONS
        v = nest.vector
        self.along_result = v is not None and v in nest.outer
        self.width = self._width(v, bool(reduced), target) if self.along_result else 1
        self.tile = self._tile() if self.contraction else None

    def _width(self, v: Any, reduced: bool, target: Target) -> int:
        heavy = any(e.kind == "op" and typed.cost(e.value) > 8 for e in self.nest.exprs)
        times = 1
        if self.contraction and target.vector_registers >= 32:
            times = 4
        elif reduced or not heavy:
            times = 2
        while times > 1 and v.size < times * self.unit:
            times //= 2
        if v.size < self.unit and not target.masks:
            return 1
        return times * self.unit

    def _tile(self) -> Var | None:
        """The variable whose rows share the most loads."""
        best: tuple[int, Var] | None = None
        for v in self.nest.outer:
            if v is self.nest.vector or v.size < 2:
                continue
            loads = [e for e in self.nest.exprs if e.kind == "load"]
            shared = sum(v not in self.nest.needs.of(e) for e in loads)
            if shared and (best is None or (shared, v.size) > (best[0], best[1].size)):
                best = (shared, v)
        return None if best is None else best[1]


def build(node: Node, held: set[Node], target: Target) -> list[Kernel]:
    """The kernels that compute a node into its buffer: one, or one for each part of a long
    concatenation."""
    if node.op.name == "concat" and len(node.inputs) > CONCAT:
        return _parts(node, held, target)
    outer = [Var(n) for n in node.shape]
    index = tuple(of(v) for v in outer)
    root = Body(held).root(node, index)
    return [_assemble(node, root, outer, flatten(index, node.shape), target)]


def fill(node: Node, x: Node, held: set[Node], target: Target, to: int = 0) -> Kernel:
    """A kernel that computes `x` into the buffer of `node`, where that begins at `to` elements."""
    outer = [Var(n) for n in x.shape]
    index = tuple(of(v) for v in outer)
    root = Body(held).pull(x, index)
    kernel = _assemble(node, root, outer, flatten(index, node.shape), target)
    kernel.shift = to * node.dtype.itemsize
    return kernel


def _parts(node: Node, held: set[Node], target: Target) -> list[Kernel]:
    """A kernel for each part, which finds the result shifted to its own beginning."""
    axis, at, made = node.attrs["axis"], 0, []
    step = prod(node.shape[axis + 1 :])
    for x in node.inputs:
        if 0 not in x.shape:
            made.append(fill(node, x, held, target, at * step))
        at += x.shape[axis]
    return made


def _assemble(node: Node, root: Expr, outer: list[Var], place: Sum, target: Target) -> Kernel:
    """The text of a kernel that stores `root` at `place` for all values of the loop variables."""
    needs = Needs()
    nest = Nest(root, outer, place, needs, target)
    shape = Shape(nest, target)
    reads = list(dict.fromkeys(e.node for e in nest.exprs if e.kind == "load"))
    unit = Unit(target)
    b = unit.function("kernel", (PTR, I64, I64))
    args, worker, workers = b.args
    error = b.load(PTR, args, 0)
    places = {n: b.load(PTR, args, i + 1) for i, n in enumerate(reads)}
    out = b.load(PTR, args, len(reads) + 1)
    bases = _bases(nest)
    writer = Writer(b, nest, places, error, bases)
    _Outer(writer, shape, root, out, node, worker, workers).run()
    b.ret()
    flops = _operations(nest)
    kernel = Kernel(unit.text(), node, reads, flops, flops)
    kernel.starts = {n: k * n.dtype.itemsize for n, k in bases.items()}
    return kernel


def _bases(nest: Nest) -> dict[Node, int]:
    """The least constant offset of the loads of each node, where nothing guards them.

    It is added to the buffer's address when the plan runs, so that the steps of an unrolled loop,
    which differ in offsets alone, share kernels.
    """
    found: dict[Node, int] = {}
    for e in nest.exprs:
        if e.kind == "load":
            constant = 0 if e.guards else max(e.index.constant, 0)
            found[e.node] = min(found.get(e.node, constant), constant)
    return {n: k for n, k in found.items() if k}


def _operations(nest: Nest) -> int:
    """Arithmetic of one run, reductions times their length."""
    total = 1
    for v in nest.outer:
        total *= v.size
    each = 0
    for e in nest.exprs:
        times = 1
        for r in nest.reduces:
            if e is not r and any(v in nest.needs.of(e) for v in nest.inner[id(r)]):
                for v in nest.inner[id(r)]:
                    times *= v.size
                break
        each += times * (
            typed.cost(e.value) if e.kind == "op" else 1 if e.kind in ("load", "reduce") else 0
        )
    return total * each


class _Outer:
    """The loops over the result."""

    def __init__(
        self,
        w: Writer,
        shape: Shape,
        root: Expr,
        out: Value,
        node: Node,
        worker: Value,
        workers: Value,
    ) -> None:
        self.w, self.b, self.shape, self.nest = w, w.b, shape, w.nest
        self.root, self.out, self.node = root, out, node
        self.worker, self.workers = worker, workers

    def run(self) -> None:
        outer = self.nest.outer
        if not outer:
            self.b.when(self.b.eq(self.worker, 0), lambda: self._element(1))
            return
        start, stop = self._share(outer[0])
        self._loops(outer, start, stop, 1)

    def _share(self, v: Var) -> tuple[Value, Value]:
        """This worker's range of a variable: whole vectors, whole tiles."""
        b = self.b
        unit = self.shape.width if v is self.nest.vector else TILE if v is self.shape.tile else 1
        blocks = -(-v.size // unit)
        each = b.div(b.add(b.const(I64, blocks - 1), self.workers), self.workers, signed=False)
        each = b.mul(each, unit)
        size = b.const(I64, v.size)
        start = b.minimum(b.mul(self.worker, each), size)
        return start, b.minimum(b.add(start, each), size)

    def _loops(self, loops: list[Var], start: Value, stop: Value, rows: int) -> None:
        if not loops:
            self._element(rows)
            return
        v, rest = loops[0], loops[1:]
        if v is self.nest.vector:
            self._vectors(v, start, stop, rows)
        elif v is self.shape.tile:
            self._tiles(v, rest, start, stop)
        else:
            self.b.loop(stop, self._body(v, rest, rows), start=start)

    def _body(self, v: Var, rest: list[Var], rows: int) -> Callable:
        def body(i: Value) -> None:
            self.w.env[v] = i
            zero = self.b.const(I64, 0)
            end = self.b.const(I64, rest[0].size) if rest else zero
            self.w._inside(lambda: self._loops(rest, zero, end, rows))

        return body

    def _tiles(self, v: Var, rest: list[Var], start: Value, stop: Value) -> None:
        b = self.b
        count = b.div(b.sub(stop, start), TILE, signed=False)
        whole = b.add(start, b.mul(count, TILE))
        if v.size >= TILE:
            b.loop(whole, self._body(v, rest, TILE), start=start, step=TILE)
        if v.size % TILE:
            b.loop(stop, self._body(v, rest, 1), start=whole)

    def _vectors(self, v: Var, start: Value, stop: Value, rows: int) -> None:
        b, w, width = self.b, self.w, self.shape.width
        count = b.div(b.sub(stop, start), width, signed=False)
        whole = b.add(start, b.mul(count, width))

        def chunk(i: Value) -> None:
            w.env[v] = i
            w._inside(lambda: self._element(rows))

        w.lanes = width
        if v.size >= width:
            b.loop(whole, chunk, start=start, step=width)
        if v.size % width and width > 1:
            if self.nest.target.masks:
                left = b.sub(stop, whole)

                def tail() -> None:
                    w.mask = b.lanes_below(left, width)
                    chunk(whole)
                    w.mask = None

                b.when(b.gt(left, 0), tail)
            else:
                w.lanes = 1
                b.loop(stop, chunk, start=whole)
        w.lanes = 1

    def _element(self, rows: int) -> None:
        """Compute and store one element, vector or tile."""
        w, tile = self.w, self.shape.tile
        if tile is not None and tile in w.env:
            (reduction,) = self.nest.reduces
            for r, value in enumerate(w.reduce_rows(reduction, tile, rows)):
                w.scope.values[id(reduction), w.lanes, (r,)] = value
        for r in range(rows):
            if tile is not None and tile in w.env:
                w.shift[tile] = r
            self._store()
        w.shift.clear()

    def _store(self) -> None:
        w, b, kind = self.w, self.b, self.node.dtype
        value = w.emit(self.root)
        if w.lanes > 1:
            value = w._spread(value)
        value = typed.to_memory(b, value, kind)
        b.store(value, self.out, w.scalar(self.nest.place), w.mask)

"""Loop kernels: one buffer computed element by element, in vectors, over ranges of rows for each worker."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from ... import dtypes
from ...ir.node import Node
from . import typed
from .affine import Data, Quotient, Remainder, Sum, Var, flatten, of
from .body import CONTRACTIONS, Body, Expr, Guard
from .emit import Emitter, Unit
from .target import Target
from .values import I32, I64, PTR, Value

TILE = 4  # rows of a reduction computed together, so that they share loads
CONCAT = 4  # parts from which a concatenation is copied part by part
PARALLEL = 40_000  # operations below which a kernel stays on one thread
INDEX_ERROR, ZERO_DIVISION = 1, 2


class Kernel:
    """LLVM text of a kernel, and what it reads and writes.

    `text` defines `kernel(ptr args, i64 worker, i64 workers)`; `args` are an error slot, then the buffers of
    `reads`, then that of the node itself.
    """

    def __init__(self, text: str, node: Node, reads: list[Node], work: int, flops: int) -> None:
        self.text, self.node, self.reads = text, node, reads
        self.work, self.flops = work, flops
        self.parallel = work >= PARALLEL
        self.shift = 0  # bytes from the beginning of the node's buffer to where this kernel writes
        self.scratch = 0  # bytes of memory that the kernels of one node share, passed after the result


# ---------------------------------------------------------------- what an expression depends on
class Needs:
    """The loop variables of expressions, remembered."""

    def __init__(self) -> None:
        self._memo: dict[int, frozenset[Var]] = {}
        self._kept: list[Expr] = []

    def of(self, e: Expr) -> frozenset[Var]:
        found = self._memo.get(id(e))
        if found is None:
            parts: set[Var] = set()
            for x in e.inputs:
                parts |= self.of(x)
            for s in sums(e):
                parts |= self.of_sum(s)
            found = self._memo[id(e)] = frozenset(parts - set(e.vars))
            self._kept.append(e)
        return found

    def of_sum(self, s: Sum) -> set[Var]:
        out = set(s.variables())
        for d in s.data():
            out |= self.of(d.expr)
        return out


def sums(e: Expr) -> list[Sum]:
    """The index sums of one expression."""
    out = [e.index] if e.index is not None else []
    return out + [g.index for g in e.guards]


def walk(e: Expr, seen: dict[int, Expr] | None = None) -> list[Expr]:
    """All expressions below one, each once, inputs first."""
    order: list[Expr] = []
    seen = {} if seen is None else seen

    def visit(x: Expr) -> None:
        if id(x) in seen:
            return
        seen[id(x)] = x
        for s in sums(x):
            for d in s.data():
                visit(d.expr)
        for y in x.inputs:
            visit(y)
        order.append(x)

    visit(e)
    return order


# ---------------------------------------------------------------- the shape of the loops
class Nest:
    """Loops over the result and over what is reduced, merged where memory allows, and which one is vectorised."""

    def __init__(self, root: Expr, outer: list[Var], place: Sum, needs: Needs, target: Target) -> None:
        self.root, self.needs, self.target = root, needs, target
        self.exprs = walk(root)
        self.reduces = [e for e in self.exprs if e.kind == "reduce"]
        self.accesses = [s for e in self.exprs for s in sums(e)] + [place]
        self.absorbed: set[Var] = set()
        self.outer = self._merged([v for v in outer if v.size > 1])
        self.inner = {id(e): self._merged([v for v in e.vars if v.size > 1]) for e in self.reduces}
        self.place = place
        self.vector = self._choose()

    def _merged(self, group: list[Var]) -> list[Var]:
        """Neighbouring loops as one where every access moves through them evenly."""
        out: list[Var] = []
        for v in group:
            while out and self._even(out[-1], v):
                self.absorbed.add(out[-1])
                v.size *= out.pop().size
            out.append(v)
        return out

    def _even(self, a: Var, b: Var) -> bool:
        for s in self.accesses:
            if s.terms.get(a, 0) != s.terms.get(b, 0) * b.size:
                return False
            if s.hidden() & {a, b}:
                return False
            for d in s.data():
                if self.needs.of(d.expr) & {a, b} and not self._even_data(d, a, b):
                    return False
        return True

    def _even_data(self, d: Data, a: Var, b: Var) -> bool:
        return all(
            s.terms.get(a, 0) == s.terms.get(b, 0) * b.size and not s.hidden() & {a, b}
            for e in walk(d.expr)
            for s in sums(e)
        )

    def _price(self, v: Var) -> float:
        """How badly loads and the store lie for vectors along v, per element."""
        total = 0.0
        for e in self.exprs:
            if e.kind == "load":
                s = e.index
                data = any(v in self.needs.of(d.expr) for d in s.data())
                step = s.terms.get(v, 0)
                if v in s.hidden() or data:
                    total += 16
                elif step == 1:
                    total += 1
                elif step:
                    total += 8
                else:
                    total += 0.3
        return total

    def _choose(self) -> Var | None:
        best: tuple[float, Var] | None = None
        candidates = self.outer[-1:]
        if len(self.reduces) == 1 and self.reduces[0].value in ("sum", "prod", "max", "min", "dot"):
            candidates = candidates + self.inner[id(self.reduces[0])]
        lanes = self.target.vector_bytes // 4
        for v in candidates:
            price = self._price(v)
            if v in self.outer and self.place.terms.get(v, 0) != 1:
                price += 8
            if v not in self.outer:
                price += 0.5
            waste = -(-v.size // lanes) * lanes / v.size
            price *= waste if self.target.masks else max(1.0, lanes / v.size)
            if best is None or price < best[0]:
                best = (price, v)
        return None if best is None else best[1]


# ---------------------------------------------------------------- emission
class _Scope:
    """Values emitted at one place of the program, by expression and tile row."""

    def __init__(self, parent: _Scope | None = None) -> None:
        self.parent = parent
        self.values: dict[tuple, Value] = {}

    def get(self, key: tuple) -> Value | None:
        scope: _Scope | None = self
        while scope is not None:
            found = scope.values.get(key)
            if found is not None:
                return found
            scope = scope.parent
        return None


class Writer:
    """Emits the body of one kernel."""

    def __init__(self, b: Emitter, nest: Nest, buffers: dict[Node, Value], error: Value) -> None:
        self.b, self.nest, self.needs = b, nest, nest.needs
        self.buffers, self.error = buffers, error
        self.env: dict[Var, Value] = {}
        self.shift: dict[Var, int] = {}  # the row of a tiled variable
        self.lanes = 1
        self.mask: Value | None = None
        self.scope = _Scope()

    # ------------------------------------------------------------ indices
    def _atom(self, atom: Any) -> Value:
        b = self.b
        if isinstance(atom, Var):
            if atom in self.nest.absorbed:
                return b.const(I64, 0)
            value = self.env[atom]
            row = self.shift.get(atom, 0)
            return b.add(value, row) if row else value
        if isinstance(atom, Data):
            return b.convert(self.emit(atom.expr), I64)
        inner = self.scalar(atom.inner)
        if isinstance(atom, Quotient):
            return b.div(inner, atom.by, signed=False)
        assert isinstance(atom, Remainder)
        return b.rem(inner, atom.by, signed=False)

    def scalar(self, s: Sum) -> Value:
        """An index in a register, with the vector variable at its first lane."""
        total = self.b.const(I64, s.constant)
        for atom, c in s.terms.items():
            total = self.b.add(total, self.b.mul(self._atom(atom), c))
        return total

    def _moves(self, s: Sum) -> bool:
        """Whether the lanes of an index differ."""
        return self.lanes > 1 and self.nest.vector in self.needs.of_sum(s)

    def _vector(self, s: Sum) -> Value:
        """An index for each lane, as i32."""
        b, v = self.b, self.nest.vector
        width = I32.by(self.lanes)
        base, total = b.const(I64, s.constant), None
        for atom, c in s.terms.items():
            if isinstance(atom, Var) or not self._atom_moves(atom):
                base = b.add(base, b.mul(self._atom(atom), c))
                if atom is v:
                    part = b.mul(b.iota(width), b.const(width, c))
                    total = part if total is None else b.add(total, part)
                continue
            part = b.mul(self._lanes_of(atom), b.const(width, c))
            total = part if total is None else b.add(total, part)
        spread = b.broadcast(b.convert(base, I32), self.lanes)
        return spread if total is None else b.add(spread, total)

    def _atom_moves(self, atom: Any) -> bool:
        if isinstance(atom, Data):
            return self.nest.vector in self.needs.of(atom.expr)
        return self._moves(atom.inner)

    def _lanes_of(self, atom: Any) -> Value:
        b = self.b
        if isinstance(atom, Data):
            return b.convert(self.emit(atom.expr), I32)
        inner = self._vector(atom.inner)
        by = b.const(inner, atom.by)
        return (b.div if isinstance(atom, Quotient) else b.rem)(inner, by, signed=False)

    # ------------------------------------------------------------ guards
    def _holds(self, guards: tuple[Guard, ...]) -> tuple[Value | None, Value | None]:
        """(scalar condition, lane mask) of guards; None for what always holds."""
        b, scalar, lanes = self.b, None, None
        for g in guards:
            if g.certain():
                continue
            moving = self._moves(g.index)
            at = self._vector(g.index) if moving else self.scalar(g.index)
            low, high = g.index.range()
            ok = b.lt(at, b.const(at, g.stop), signed=False)
            if g.step > 1:
                safe = b.select(ok, at, b.const(at, 0))
                whole = b.eq(b.rem(safe, b.const(at, g.step), signed=False), b.const(at, 0))
                ok = b.both(ok, whole)
            if moving:
                lanes = ok if lanes is None else b.both(lanes, ok)
            else:
                scalar = ok if scalar is None else b.both(scalar, ok)
        return scalar, lanes

    def _guard_value(self, guards: tuple[Guard, ...]) -> Value | None:
        """The guards as one condition: scalar, or by lanes."""
        scalar, lanes = self._holds(guards)
        if lanes is None:
            return scalar
        return lanes if scalar is None else self.b.both(lanes, self.b.broadcast(scalar, self.lanes))

    # ------------------------------------------------------------ expressions
    def emit(self, e: Expr) -> Value:
        """The expression's value: a scalar where its lanes agree."""
        row = tuple(self.shift[v] for v in self.shift if v in self.needs.of(e))
        key = (id(e), self.lanes, row)
        found = self.scope.get(key)
        if found is None:
            found = self.scope.values[key] = getattr(self, "_" + e.kind)(e)
        return found

    def wide(self, e: Expr) -> Value:
        """The expression's value in every lane."""
        return self._spread(self.emit(e))

    def _spread(self, x: Value) -> Value:
        return x if x.type.lanes == self.lanes else self.b.broadcast(x, self.lanes)

    def _const(self, e: Expr) -> Value:
        number = np.frombuffer(e.value, e.dtype.array)[0]
        value = float(number) if e.dtype.is_floating_point else int(number)
        return self.b.const(typed.register_type(e.dtype), value)

    def _index(self, e: Expr) -> Value:
        if self._moves(e.index):
            return self.b.convert(self._vector(e.index), I64)
        return self.scalar(e.index)

    def _load(self, e: Expr) -> Value:
        b, s, v = self.b, e.index, self.nest.vector
        kind = typed.memory_type(e.dtype)
        pointer = self.buffers[e.node]
        scalar, lanes = self._holds(e.guards)
        if not self._moves(s):
            place = self.scalar(s)
            if scalar is not None:
                place = b.select(scalar, place, b.const(place, 0))
            return typed.from_memory(b, b.load(kind, pointer, place), e.dtype)
        if scalar is not None:
            spread = b.broadcast(scalar, self.lanes)
            lanes = spread if lanes is None else b.both(lanes, spread)
        if self.mask is not None:
            lanes = self.mask if lanes is None else b.both(lanes, self.mask)
        even = v not in s.hidden() and not any(v in self.needs.of(d.expr) for d in s.data())
        if even and s.terms.get(v) == 1:
            place = self.scalar(s)
            if scalar is not None:  # a wild address may fault though no lane is read
                place = b.select(scalar, place, b.const(place, 0))
            found = b.load(kind.by(self.lanes), pointer, place, lanes)
        else:
            found = b.gather(kind.by(self.lanes), pointer, self._vector(s), lanes)
        return typed.from_memory(b, found, e.dtype)

    def _op(self, e: Expr) -> Value:
        b, name = self.b, e.value
        xs = [self.emit(x) for x in e.inputs]
        if any(x.type.lanes > 1 for x in xs):
            xs = [self._spread(x) for x in xs]
        kinds = tuple(x.dtype for x in e.inputs)
        if name == "wrap":
            return self._wrap(e, xs[0])
        if name in ("floordiv", "mod", "fmod") and kinds[0].category == dtypes.INT:
            self._report(b.eq(xs[1], 0), ZERO_DIVISION, b.const(I64, 0), e.guards)
        return typed.emit_op(b, name, kinds, e.dtype, xs, e.node.attrs if e.node is not None else {})

    def _wrap(self, e: Expr, x: Value) -> Value:
        b, size = self.b, e.node.attrs["size"]
        moved = b.select(b.lt(x, 0), b.add(x, size), x)
        self._report(outside(b, moved, size), INDEX_ERROR, x, e.guards)
        return moved

    def _check(self, e: Expr) -> Value:
        x = self.emit(e.inputs[0])
        bad = outside(self.b, x, e.value[0])
        self._report(bad, INDEX_ERROR, x, e.guards)
        return self.b.select(bad, self.b.const(x, 0), x)

    def _report(self, bad: Value, code: int, shown: Value, guards: tuple[Guard, ...]) -> None:
        """Leave (code, value) in the error slot where a lane is bad; the plan raises after the run."""
        b = self.b
        held = self._guard_value(guards)
        if held is not None:
            if held.type.lanes > bad.type.lanes:
                bad = b.broadcast(bad, held.type.lanes)
            elif held.type.lanes < bad.type.lanes:
                held = b.broadcast(held, bad.type.lanes)
            bad = b.both(bad, held)
        if self.mask is not None and bad.type.lanes > 1:
            bad = b.both(bad, self.mask)
        if bad.type.lanes > 1:
            shown = self._spread(shown)
            some = b.any(bad)
        else:
            some = bad

        def write() -> None:
            value = shown
            if bad.type.lanes > 1:
                worst = b.select(bad, shown, b.const(shown, -(2**62) if shown.type.bits == 64 else 0))
                value = b.fold(worst, lambda x, y: b.maximum(x, y))
            b.store(b.const(I64, code), self.error)
            b.store(b.convert(value, I64), self.error, 1)

        b.when(some, write)

    def _select(self, e: Expr) -> Value:
        held = self._guard_value(e.guards)
        yes, no = (self.emit(x) for x in e.inputs)
        if max(held.type.lanes, yes.type.lanes, no.type.lanes) > 1:
            held, yes, no = map(self._spread, (held, yes, no))
        return self.b.select(held, yes, no)

    # ------------------------------------------------------------ reductions
    def _reduce(self, e: Expr) -> Value:
        return self.reduce_rows(e, None, 1)[0]

    def reduce_rows(self, e: Expr, tile: Var | None, rows: int) -> list[Value]:
        """A reduction, for `rows` neighbouring values of the tiled variable at once."""
        found = self._unrounded(e, tile, rows)
        return [typed.rounded(self.b, x, e.dtype) for x in found]

    def _unrounded(self, e: Expr, tile: Var | None, rows: int) -> list[Value]:
        lane_var = self.nest.vector
        loops = self.nest.inner[id(e)]
        if e.value in ("argmax", "argmin"):
            return [self._arg(e, loops)]
        if lane_var is not None and lane_var in loops:
            return self._across(e, [v for v in loops if v is not lane_var], lane_var, tile, rows)
        self._hoist(e, set(loops))
        begin = self._start(e)
        lanes = self.lanes if lane_var in self.needs.of(e) and self.lanes > 1 else 1
        accs = [self.b.broadcast(begin, lanes)] * rows

        def innermost(*accs: Value) -> list[Value]:
            return self._steps(e, accs, tile, rows)

        return self._nested(loops, innermost, accs)

    def _start(self, e: Expr) -> Value:
        return self.b.const(typed.register_type(e.dtype), typed.start(e.dtype, e.value))

    def _nested(self, loops: list[Var], innermost: Callable, accs: list[Value]) -> list[Value]:
        if not loops:
            return innermost(*accs)
        first, rest = loops[0], loops[1:]

        def body(i: Value, *accs: Value) -> list[Value]:
            self.env[first] = i
            return self._inside(lambda: self._nested(rest, innermost, list(accs)))

        return self.b.loop(first.size, body, *accs)

    def _inside(self, emit: Callable) -> Any:
        self.scope = _Scope(self.scope)
        try:
            return emit()
        finally:
            self.scope = self.scope.parent  # type: ignore[assignment]

    def _hoist(self, e: Expr, own: set[Var]) -> None:
        """Emit what does not change inside the loops before them."""
        for x in walk(e.inputs[0]):
            if x.kind in ("load", "op", "select") and not (self.needs.of(x) & own) and not self._tiled(x):
                bound = all(v in self.env for v in self.needs.of(x) if v not in self.nest.absorbed)
                if bound and x.kind != "reduce":
                    self.emit(x)

    def _tiled(self, x: Expr) -> bool:
        return any(v in self.needs.of(x) for v in self.shift)

    def _steps(self, e: Expr, accs: Any, tile: Var | None, rows: int) -> list[Value]:
        """One turn of the innermost loop for every row."""
        out = []
        for r in range(rows):
            if tile is not None:
                self.shift[tile] = r
            out.append(self._step(e, accs[r]))
        if tile is not None:
            del self.shift[tile]
        return out

    def _step(self, e: Expr, acc: Value) -> Value:
        b = self.b
        (inner,) = e.inputs
        product = inner.kind == "op" and inner.value == "mul" and e.value == "sum"
        if product and e.dtype.is_floating_point and e.node.op.name in CONTRACTIONS:
            x, y = (self.emit(i) for i in inner.inputs)
            if acc.type.lanes > 1:
                x, y = self._spread(x), self._spread(y)
            return b.fma(x, y, acc)
        x = self.emit(inner)
        if acc.type.lanes > 1:
            x = self._spread(x)
        if self.mask is not None and self._across_lanes and acc.type.lanes > 1:
            x = b.select(self.mask, x, b.broadcast(self._start(e), acc.type.lanes))
        return typed.combine(b, e.value, e.dtype, acc, x)

    _across_lanes = False

    def _across(self, e: Expr, loops: list[Var], v: Var, tile: Var | None, rows: int) -> list[Value]:
        """A reduction whose vectors lie along one of its own loops."""
        b, before = self.b, self.lanes
        unit = self.nest.target.vector_bytes // 4
        wide = unit * 4 if v.size >= unit * 8 else unit
        self._hoist(e, {*loops, v})
        begin = self._start(e)

        def innermost(*accs: Value) -> list[Value]:
            return self._lanes_over(e, v, wide, list(accs), tile, rows)

        self._across_lanes = True
        accs = self._nested(loops, innermost, [b.broadcast(begin, wide)] * rows)
        self._across_lanes = False
        self.lanes, self.mask = before, None
        return [b.fold(a, lambda x, y: typed.combine(b, e.value, e.dtype, x, y)) for a in accs]

    def _lanes_over(
        self, e: Expr, v: Var, wide: int, accs: list[Value], tile: Var | None, rows: int
    ) -> list[Value]:
        b, whole = self.b, v.size // wide * wide

        def chunk(i: Value, *accs: Value) -> list[Value]:
            self.env[v] = i
            return self._inside(lambda: self._steps(e, accs, tile, rows))

        self.lanes = wide
        accs = b.loop(whole, chunk, *accs, step=wide)
        if whole < v.size:
            self.mask = b.lanes_below(v.size - whole, wide)
            accs = chunk(b.const(I64, whole), *accs)
            self.mask = None
        self.lanes = 1
        return accs

    def _arg(self, e: Expr, loops: list[Var]) -> Value:
        """The first place of the largest (smallest) element; NaN wins."""
        b, kind = self.b, e.inputs[0].dtype
        self._hoist(e, set(loops))
        lanes = self.lanes if self.nest.vector in self.needs.of(e) and self.lanes > 1 else 1
        zero = b.broadcast(b.const(I64, 0), lanes)
        best = b.broadcast(b.const(typed.register_type(kind), typed.start(kind, e.value[3:])), lanes)
        size = 1
        for w in e.vars:
            size *= w.size if w not in self.nest.absorbed else 1

        def innermost(best: Value, place: Value, count: Value) -> list[Value]:
            x = self.emit(e.inputs[0])
            if lanes > 1:
                x = self._spread(x)
            better = (b.gt if e.value == "argmax" else b.lt)(x, best, signed=kind.is_signed and kind is not dtypes.bool_)
            if kind.is_floating_point:
                better = b.either(better, b.both(b.is_nan(x), b.invert(b.is_nan(best))))
                better = b.both(better, b.invert(b.is_nan(best)))
            here = b.broadcast(count, lanes)
            return [b.select(better, x, best), b.select(better, here, place), b.add(count, 1)]

        found = self._nested(loops, innermost, [best, zero, b.const(I64, 0)])
        return found[1]


def outside(b: Emitter, x: Value, size: int) -> Value:
    """Whether an index is not in range(size), by one unsigned comparison."""
    return b.ge(x, b.const(x, size), signed=False)


# ---------------------------------------------------------------- a whole kernel
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

    def _width(self, v: Var, reduced: bool, target: Target) -> int:
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
    """The kernels that compute a node into its buffer: one, or one for each part of a long concatenation."""
    if node.op.name == "concat" and len(node.inputs) > CONCAT:
        return _parts(node, held, target)
    outer = [Var(n) for n in node.shape]
    index = tuple(of(v) for v in outer)
    root = Body(held).root(node, index)
    return [_assemble(node, root, outer, flatten(index, node.shape), target)]


def _parts(node: Node, held: set[Node], target: Target) -> list[Kernel]:
    """A kernel for each part, which finds the result shifted to its own beginning."""
    axis, at, made = node.attrs["axis"], 0, []
    step = prod(node.shape[axis + 1 :]) * node.dtype.itemsize
    for x in node.inputs:
        outer = [Var(n) for n in x.shape]
        index = tuple(of(v) for v in outer)
        root = Body(held).pull(x, index)
        kernel = _assemble(node, root, outer, flatten(index, node.shape), target)
        kernel.shift = at * step
        at += x.shape[axis]
        if 0 not in x.shape:
            made.append(kernel)
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
    writer = Writer(b, nest, places, error)
    _Outer(writer, shape, root, out, node, worker, workers).run()
    b.ret()
    flops = _operations(nest)
    return Kernel(unit.text(), node, reads, flops, flops)


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
        each += times * (typed.cost(e.value) if e.kind == "op" else 1 if e.kind in ("load", "reduce") else 0)
    return total * each


class _Outer:
    """The loops over the result."""

    def __init__(
        self, w: Writer, shape: Shape, root: Expr, out: Value, node: Node, worker: Value, workers: Value
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

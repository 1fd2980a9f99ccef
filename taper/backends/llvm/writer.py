"""Emits the expressions of a kernel: indices, guarded loads, arithmetic and reductions."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from ... import dtypes
from ...ir.node import Node
from . import typed
from .affine import Data, Quotient, Remainder, Sum, Var
from .body import CONTRACTIONS, Expr, Guard
from .emit import Emitter
from .nest import Nest, walk
from .values import I32, I64, Value

BLOCK = 128  # terms of a float sum that are added one after the other
INDEX_ERROR, ZERO_DIVISION = 1, 2  # what a kernel leaves in the error slot


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

    def __init__(
        self,
        b: Emitter,
        nest: Nest,
        buffers: dict[Node, Value],
        error: Value,
        bases: dict[Node, int],
    ) -> None:
        self.b, self.nest, self.needs = b, nest, nest.needs
        self.buffers, self.error = buffers, error
        self.bases = bases  # how many elements into its buffer a pointer points
        self.env: dict[Var, Value] = {}
        self.shift: dict[Var, int] = {}  # the row of a tiled variable
        self.lanes = 1
        self.mask: Any = None
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
            return self._spread(b.convert(self.emit(atom.expr), I32))
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
        b, v = self.b, self.nest.vector
        s = e.index + -self.bases.get(e.node, 0)
        kind = typed.memory_type(e.dtype)
        pointer = self.buffers[e.node]
        scalar, lanes = self._holds(e.guards)
        if not self._moves(s):
            place = self.scalar(s)
            if scalar is not None:
                place = b.mul(place, b.convert(scalar, I64, signed=False))
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
                place = b.mul(place, b.convert(scalar, I64, signed=False))
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
        return typed.emit_op(
            b, name, kinds, e.dtype, xs, e.node.attrs if e.node is not None else {}
        )

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
        """Leave (code, value) in the error slot where a lane is bad; the plan raises after the
        run."""
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
                worst = b.select(
                    bad, shown, b.const(shown, -(2**62) if shown.type.bits == 64 else 0)
                )
                value = b.fold(worst, lambda x, y: b.maximum(x, y))
            b.store(b.const(I64, code), self.error)
            b.store(b.convert(value, I64), self.error, 1)

        b.when(some, write)

    def _select(self, e: Expr) -> Value:
        held: Any = self._guard_value(e.guards)
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

        return self._reduced(e, loops, innermost, accs)

    def _start(self, e: Expr) -> Value:
        return self.b.const(typed.register_type(e.dtype), typed.start(e.dtype, e.value))

    def _reduced(
        self, e: Expr, loops: list[Var], innermost: Callable, accs: list[Value]
    ) -> list[Value]:
        """The loops of a reduction. Long float sums are sums of sums, which lose less to
        rounding."""
        count = prod(v.size for v in loops)
        if e.value != "sum" or not e.dtype.is_floating_point or count <= BLOCK:
            return self._nested(loops, innermost, accs)
        first, rest = loops[0], loops[1:]

        def body(i: Value, *accs: Value) -> list[Value]:
            self.env[first] = i
            zeros = [self.b.const(a, 0.0) for a in accs]
            parts = self._inside(lambda: self._reduced(e, rest, innermost, zeros))
            return [self.b.add(a, p) for a, p in zip(accs, parts)]

        if rest:
            return self.b.loop(first.size, body, *accs)

        def step(i: Value, *accs: Value) -> list[Value]:
            self.env[first] = i
            return self._inside(lambda: innermost(*accs))

        return self.blocks(first.size, step, accs)

    def blocks(self, stop: int, step: Callable, accs: list[Value], width: int = 1) -> list[Value]:
        """`step` for 0, width, 2 width, ... below stop, which it divides: blocks summed, then their
        sums."""
        b, block = self.b, BLOCK * width

        def one(i: Value, *accs: Value) -> list[Value]:
            start = b.mul(i, block)
            zeros = [b.const(a, 0.0) for a in accs]
            end = b.add(start, block)
            parts = b.loop(end, step, *zeros, start=start, step=width)
            return [b.add(a, p) for a, p in zip(accs, parts)]

        whole = stop // block
        if whole > 1:
            accs = b.loop(whole, one, *accs)
            return b.loop(stop, step, *accs, start=whole * block, step=width)
        return b.loop(stop, step, *accs, step=width)

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
            if (
                x.kind in ("load", "op", "select")
                and not (self.needs.of(x) & own)
                and not self._tiled(x)
            ):
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
            found = b.fma(x, y, acc)
            # lanes past the end hold what does not vary along them, and infinity times 0
            return b.select(self.mask, found, acc) if self._masked(acc) else found
        x = self.emit(inner)
        if acc.type.lanes > 1:
            x = self._spread(x)
        if self._masked(acc):
            x = b.select(self.mask, x, b.broadcast(self._start(e), acc.type.lanes))
        return typed.combine(b, e.value, e.dtype, acc, x)

    _across_lanes = False

    def _masked(self, acc: Value) -> bool:
        """Whether this turn of a sum along lanes has lanes past the end."""
        return self.mask is not None and self._across_lanes and acc.type.lanes > 1

    def _across(
        self, e: Expr, loops: list[Var], v: Var, tile: Var | None, rows: int
    ) -> list[Value]:
        """A reduction whose vectors lie along one of its own loops."""
        b, before = self.b, self.lanes
        unit = self.nest.target.vector_bytes // 4
        wide = unit * 4 if v.size >= unit * 8 else unit
        self._hoist(e, {*loops, v})
        begin = self._start(e)

        def innermost(*accs: Value) -> list[Value]:
            return self._lanes_over(e, v, wide, list(accs), tile, rows)

        self._across_lanes = True
        accs = self._reduced(e, loops, innermost, [b.broadcast(begin, wide)] * rows)
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
        if e.value == "sum" and e.dtype.is_floating_point:
            accs = self.blocks(whole, chunk, accs, wide)
        else:
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
        best = b.broadcast(
            b.const(typed.register_type(kind), typed.start(kind, e.value[3:])), lanes
        )
        size = 1
        for w in e.vars:
            size *= w.size if w not in self.nest.absorbed else 1

        def innermost(best: Value, place: Value, count: Value) -> list[Value]:
            x = self.emit(e.inputs[0])
            if lanes > 1:
                x = self._spread(x)
            better = (b.gt if e.value == "argmax" else b.lt)(
                x, best, signed=kind.is_signed and kind is not dtypes.bool_
            )
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

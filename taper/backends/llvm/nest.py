"""The loops of a kernel: what depends on which, which neighbours are one, and which is
vectorised."""

from __future__ import annotations

from .affine import Data, Sum, Var
from .body import Expr
from .target import Target


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


class Nest:
    """Loops over the result and over what is reduced, merged where memory allows, and which one is
    vectorised."""

    def __init__(
        self, root: Expr, outer: list[Var], place: Sum, needs: Needs, target: Target
    ) -> None:
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
        # a vector of results must lie side by side
        candidates = [v for v in self.outer[-1:] if self.place.terms.get(v, 0) == 1]
        if len(self.reduces) == 1 and self.reduces[0].value in ("sum", "prod", "max", "min", "dot"):
            candidates = candidates + self.inner[id(self.reduces[0])]
        lanes = self.target.vector_bytes // 4
        for v in candidates:
            price = self._price(v)
            if v not in self.outer:
                price += 0.5
            waste = -(-v.size // lanes) * lanes / v.size
            price *= waste if self.target.masks else max(1.0, lanes / v.size)
            if best is None or price < best[0]:
                best = (price, v)
        return None if best is None else best[1]

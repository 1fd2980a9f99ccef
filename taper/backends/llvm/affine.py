"""Index arithmetic: sums of loop variables with known ranges, and their quotients and
remainders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import gcd
from typing import Any

_ids = count()


class Var:
    """A loop variable that runs over range(size)."""

    __slots__ = ("id", "size")

    def __init__(self, size: int) -> None:
        self.size, self.id = size, next(_ids)

    @property
    def high(self) -> int:
        return self.size - 1


@dataclass(frozen=True)
class Quotient:
    """`inner // by`, as an atom of a sum."""

    inner: Sum
    by: int

    @property
    def high(self) -> int:
        return max(0, self.inner.range()[1] // self.by)


@dataclass(frozen=True)
class Remainder:
    """`inner % by`, as an atom of a sum."""

    inner: Sum
    by: int

    @property
    def high(self) -> int:
        return self.by - 1


class Data:
    """An index read from memory; `expr` is what gives it, below `size`."""

    __slots__ = ("expr", "size")

    def __init__(self, expr: Any, size: int) -> None:
        self.expr, self.size = expr, size

    @property
    def high(self) -> int:
        return self.size - 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Data) and self.expr is other.expr and self.size == other.size

    def __hash__(self) -> int:
        return hash((id(self.expr), self.size))


Atom = Any  # Var | Quotient | Remainder | Data; each runs from 0 to `high`


class Sum:
    """`constant + sum(coefficient * atom)`."""

    __slots__ = ("_hash", "constant", "terms")

    def __init__(self, terms: dict[Atom, int], constant: int = 0) -> None:
        self.terms = {a: c for a, c in terms.items() if c}
        self.constant = constant
        self._hash = hash((frozenset(self.terms.items()), constant))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sum) and self.constant == other.constant and self.terms == other.terms
        )

    def __hash__(self) -> int:
        return self._hash

    def __add__(self, other: Sum | int) -> Sum:
        if isinstance(other, int):
            return Sum(self.terms, self.constant + other) if other else self
        terms = dict(self.terms)
        for a, c in other.terms.items():
            terms[a] = terms.get(a, 0) + c
        return _rejoined(Sum(terms, self.constant + other.constant))

    def __mul__(self, k: int) -> Sum:
        if k == 1:
            return self
        return Sum({a: c * k for a, c in self.terms.items()}, self.constant * k)

    def range(self) -> tuple[int, int]:
        """The smallest and the largest value."""
        low = high = self.constant
        for a, c in self.terms.items():
            low, high = (low, high + c * a.high) if c > 0 else (low + c * a.high, high)
        return low, high

    def _split(self, by: int) -> tuple[Sum, Sum]:
        """(whole, rest) with self == whole * by + rest, and the rest never negative."""
        whole = {a: c // by for a, c in self.terms.items() if c % by == 0}
        rest = Sum({a: c for a, c in self.terms.items() if c % by}, self.constant % by)
        lift = max(0, -(rest.range()[0] // by))
        return Sum(whole, self.constant // by - lift), rest + lift * by

    def __floordiv__(self, by: int) -> Sum:
        if by == 1:
            return self
        whole, rest = self._split(by)
        low, high = rest.range()
        if low >= 0 and high < by:
            return whole
        shared, small = rest._shared(by)
        if shared > 1:  # (g*a + c) // (g*n) == a // n for 0 <= c < g
            return whole + small // (by // shared)
        return whole + Sum({Quotient(rest, by): 1})

    def __mod__(self, by: int) -> Sum:
        if by == 1:
            return Sum({})
        _, rest = self._split(by)
        low, high = rest.range()
        if low >= 0 and high < by:
            return rest
        shared, small = rest._shared(by)
        if shared > 1:
            return (small % (by // shared)) * shared + rest.constant % shared
        return Sum({Remainder(rest, by): 1})

    def _shared(self, by: int) -> tuple[int, Sum]:
        """The common divisor g of the terms and `by`, and the sum divided by it."""
        g = by
        for c in self.terms.values():
            g = gcd(g, c)
        return g, Sum({a: c // g for a, c in self.terms.items()}, self.constant // g)

    def atoms(self) -> set[Atom]:
        """The atoms at the top."""
        return set(self.terms)

    def variables(self) -> set[Var]:
        """All loop variables, inside quotients and remainders too (not those of data indices)."""
        found: set[Var] = set()
        for a in self.terms:
            if isinstance(a, Var):
                found.add(a)
            elif isinstance(a, (Quotient, Remainder)):
                found |= a.inner.variables()
        return found

    def hidden(self) -> set[Var]:
        """Variables inside quotients and remainders."""
        found: set[Var] = set()
        for a in self.terms:
            if isinstance(a, (Quotient, Remainder)):
                found |= a.inner.variables()
        return found

    def data(self) -> list[Data]:
        """Data indices, inside quotients and remainders too."""
        found = []
        for a in self.terms:
            if isinstance(a, Data):
                found.append(a)
            elif isinstance(a, (Quotient, Remainder)):
                found += a.inner.data()
        return found

    def __repr__(self) -> str:
        parts = [f"{c}*{a!r}" for a, c in self.terms.items()]
        return " + ".join([*parts, str(self.constant)])


def _rejoined(s: Sum) -> Sum:
    """`(x // n) * n * c + (x % n) * c` as `x * c`."""
    for a, c in s.terms.items():
        if isinstance(a, Remainder):
            whole = Quotient(a.inner, a.by)
            if s.terms.get(whole) == c * a.by:
                rest = {t: k for t, k in s.terms.items() if t is not a and t != whole}
                return Sum(rest, s.constant) + a.inner * c
    return s


ZERO = Sum({})


def of(var: Var) -> Sum:
    """A variable as a sum; one that never moves is the constant 0."""
    return Sum({var: 1}) if var.size > 1 else ZERO


def flatten(index: Sequence[Sum], shape: Sequence[int]) -> Sum:
    """The row-major place of an index."""
    out = ZERO
    for i, n in zip(index, shape):
        out = out * n + i
    return out


def unflatten(flat: Sum, shape: Sequence[int]) -> tuple[Sum, ...]:
    """The index of a row-major place."""
    out: list[Sum] = []
    for n in reversed(shape[1:]):
        out.append(flat % n)
        flat = flat // n
    if shape:
        out.append(flat if shape[0] > 1 else ZERO)
    return tuple(reversed(out))


def steps(at: Sum, variables: Sequence[Var]) -> list[int] | None:
    """The step of each variable in an address, where it is nothing but steps."""
    if any(a not in variables for a in at.terms):
        return None
    return [at.terms.get(v, 0) for v in variables]

"""From pending nodes to buffers: finds or makes the plan of a tuple of roots, and runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from .backends import reference
from .ir.node import Node
from .settings import current

PLAN_LIMIT = 4096


class Plan(Protocol):
    """A program ready to run."""

    def run(self, leaves: Sequence[np.ndarray], numbers: Sequence[Any]) -> list[np.ndarray]: ...


_plans: dict[tuple[str, tuple[Node, ...]], Plan] = {}


def _backend(name: str) -> Callable[[tuple[Node, ...]], Plan]:
    if name == "reference":
        return reference.Plan
    if name == "llvm":
        from .backends.llvm.plan import Plan  # llvmlite loads when the first program runs

        return Plan
    raise ValueError(f"TAPER_BACKEND={name}: there is no such backend; 'llvm' and 'reference' are")


def plan(roots: tuple[Node, ...]) -> Plan:
    """The plan that computes these roots."""
    name = current().backend
    found = _plans.get((name, roots))
    if found is None:
        if len(_plans) >= PLAN_LIMIT:
            _plans.clear()
        found = _plans[name, roots] = _backend(name)(roots)
    return found


def run(
    roots: tuple[Node, ...], leaves: Sequence[np.ndarray], numbers: Sequence[Any]
) -> list[np.ndarray]:
    """Arrays of the roots: C-contiguous, and sharing memory with nothing but a leaf itself."""
    return [_own(a) for a in plan(roots).run(leaves, numbers)]


def _own(array: Any) -> np.ndarray:
    array = np.asarray(array)
    return array if array.base is None and array.flags.c_contiguous else array.copy()

"""Plans of generated kernels: a table of calls, run by one call out of Python between host
steps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from ...ir.node import Node, toposort
from ...ops.kinds import Elementwise
from ...passes import fuse, memory
from ...passes.simplify import simplify
from ...settings import current, get_num_threads
from .. import host
from . import convolutions, loops, products, scatters, typed, writer
from .body import CONTRACTIONS, PULLED, REDUCTIONS
from .cache import ObjectCache
from .jit import Code, Jit
from .loops import Kernel
from .pool import Pool, Table
from .target import target


def lowered(node: Node) -> bool:
    """Whether a loop kernel can compute this node."""
    if isinstance(node.dtype, tuple) or not typed.supported(node.dtype):
        return False
    if any(not typed.supported(x.dtype) for x in node.inputs):
        return False
    name = node.op.name
    if isinstance(node.op, Elementwise):
        return typed.can_emit(name, tuple(x.dtype for x in node.inputs), node.dtype)
    if scatters.large(node):
        return True
    return name in PULLED or name in REDUCTIONS or name in CONTRACTIONS or name == "fold"


OWN = (products, convolutions, scatters)  # modules that write kernels of their own for large nodes


def _alone(node: Node) -> bool:
    """Whether a node's kernels take nothing else in."""
    return any(m.large(node) for m in OWN)


RULES = fuse.Rules(lowered, _alone, typed.cost)


@cache
def jit_for(level: str, folder: str) -> Jit:
    """The compiler for a processor level, with its cache of objects."""
    return Jit(target(level or "native"), ObjectCache(folder))


def _jit() -> Jit:
    now = current()
    return jit_for(now.cpu, now.cache)


@cache
def _pool(jit: Jit) -> Pool:
    """The threads that run plans."""
    return Pool(jit)


def _parts(kernel: Kernel) -> int:
    """Into how many parts a kernel is cut, whatever the number of threads."""
    return 1 if not kernel.parallel else 4 if kernel.work < 2_000_000 else 8


def address(array: np.ndarray) -> int:
    """Where an array's memory begins."""
    return array.__array_interface__["data"][0]


class Scratch:
    """Memory between kernels, shared by all plans: one runs at a time."""

    def __init__(self) -> None:
        self.held = np.empty(0, np.uint8)

    def at_least(self, size: int) -> np.ndarray:
        """An aligned byte array of at least `size`."""
        if self.held.size < size:
            raw = np.empty(size + memory.ALIGN, np.uint8)
            start = -address(raw) % memory.ALIGN
            self.held = raw[start : start + size]
        return self.held


SCRATCH = Scratch()


class Plan:
    """A program compiled to kernels."""

    def __init__(self, roots: Sequence[Node]) -> None:
        self.roots = simplify(roots)
        order = toposort(self.roots)
        roots = self.roots
        kept = fuse.held(order, roots, RULES)
        self.steps = [n for n in order if n in kept and n.op.name not in ("leaf", "number")]
        self.jit = _jit()
        self.kernels: dict[Node, list[Kernel]] = {
            n: self._build(n, kept) for n in self.steps if lowered(n) and 0 not in n.shape
        }
        texts = [(k.text, "kernel") for ks in self.kernels.values() for k in ks]
        self.code: list[Code] = self.jit.load_all(texts)
        self.pool = _pool(self.jit)
        self._lay_out(order, kept)
        self._tabulate()

    def _build(self, n: Node, kept: set[Node]) -> list[Kernel]:
        for module in OWN:
            made = module.build(n, kept, self.jit.target) if module.large(n) else None
            if made is not None:
                return made
        return loops.build(n, kept, self.jit.target)

    # ------------------------------------------------------------ layout
    def _reads(self, n: Node) -> list[Node]:
        kernels = self.kernels.get(n)
        return list(n.inputs) if kernels is None else [x for k in kernels for x in k.reads]

    def _lay_out(self, order: list[Node], kept: set[Node]) -> None:
        """Which nodes come from outside, which go outside, and where the others lie."""
        when = {n: i for i, n in enumerate(self.steps)}
        last = {x: i for i, n in enumerate(self.steps) for x in self._reads(n)}
        self.leaves = [n for n in order if n.op.name == "leaf"]
        self.numbers = [n for n in order if n.op.name == "number"]
        goes_out = set(self.roots)
        inner = [n for n in self.steps if n in self.kernels and n not in goes_out]
        panels = [n for n in self.steps if n in self.kernels and self.kernels[n][0].scratch]
        sizes = [n.shape.numel() * n.dtype.itemsize for n in inner] + [
            self.kernels[n][0].scratch for n in panels
        ]
        born = [when[n] for n in (*inner, *panels)]
        ends = [last.get(n, when[n]) for n in inner] + [when[n] for n in panels]
        offsets, self.arena = memory.place(sizes, born, ends)
        self.inner = dict(zip(inner, offsets))
        self.panels = dict(zip(panels, offsets[len(inner) :]))

    def _tabulate(self) -> None:
        """The argument table: where each buffer's address goes, and the runs of kernels between
        host steps."""
        self.slots: dict[Node, Any] = {}
        shifts: dict[Node, list[int]] = {}
        self.panel_slots: dict[Node, list[int]] = {}
        table: list[int] = []
        starts: list[int] = []
        entries: list[int] = []
        self.program: list[tuple[int, int] | Node] = []  # (first record, count), or a host step
        codes = iter(self.code)
        for n in self.steps:
            kernels = self.kernels.get(n)
            if kernels is None:
                self.program.append(n)
                continue
            for kernel in kernels:
                starts.append(len(table))
                table.append(0)
                for x in (*kernel.reads, n):
                    self.slots.setdefault(x, []).append(len(table))
                    begin = kernel.shift if x is n else kernel.starts.get(x, 0)
                    shifts.setdefault(x, []).append(begin)
                    table.append(0)
                if kernel.scratch:
                    self.panel_slots.setdefault(n, []).append(len(table))
                    table.append(0)
                entries.append(next(codes).addresses["kernel"])
                self._extend(len(entries) - 1)
        self.shifts = {n: np.array(s, np.int64) for n, s in shifts.items()}
        self.table = np.array(table, np.int64)
        base = address(self.table)
        kernels = [k for n in self.steps if n in self.kernels for k in self.kernels[n]]
        self.calls = Table(
            [(e, base + 8 * s, _parts(k)) for e, s, k in zip(entries, starts, kernels)]
        )
        self.error = np.zeros(2, np.int64)
        self.table[starts] = address(self.error)
        self.number_slots = np.zeros(max(1, len(self.numbers)), np.complex128)
        self.scratch = -1

    def _extend(self, record: int) -> None:
        if self.program and isinstance(self.program[-1], tuple):
            first, count = self.program[-1]
            self.program[-1] = (first, count + 1)
        else:
            self.program.append((record, 1))

    # ------------------------------------------------------------ running
    def run(self, leaves: Sequence[np.ndarray], numbers: Sequence[Any]) -> list[np.ndarray]:
        """The roots' values for these leaf arrays and numbers."""
        arrays: dict[Node, Any] = {n: leaves[n.attrs["place"]] for n in self.leaves}
        self._bind_numbers(numbers, arrays)
        self._bind_scratch(arrays)
        for n in self.roots:
            if n in self.kernels or 0 in n.shape:
                arrays[n] = np.empty(n.shape, n.dtype.array)
        self.pool.threads = get_num_threads()
        table, slots = self.table, self.slots
        for n, array in arrays.items():
            if n in slots:
                table[slots[n]] = address(array) + self.shifts[n]
        for step in self.program:
            if isinstance(step, tuple):
                first, count = step
                self.pool.run(self.calls, first, first + count)
                if self.error[0]:
                    self._raise()
            else:
                arrays[step] = found = self._host(step, arrays)
                if step in slots:
                    table[slots[step]] = address(found) + self.shifts[step]
        return [arrays[r] for r in self.roots]

    def _bind_numbers(self, numbers: Sequence[Any], arrays: dict[Node, Any]) -> None:
        for i, n in enumerate(self.numbers):
            slot = self.number_slots[i : i + 1].view(n.dtype.array)
            slot[0] = numbers[n.attrs["place"]]
            arrays[n] = slot[:1].reshape(())

    def _bind_scratch(self, arrays: dict[Node, Any]) -> None:
        memory_ = SCRATCH.at_least(self.arena)
        start = address(memory_)
        moved = start != self.scratch
        self.scratch = start
        for n, offset in self.inner.items():
            if moved and n in self.slots:
                self.table[self.slots[n]] = start + offset + self.shifts[n]
        for n, offset in self.panels.items():
            if moved:
                self.table[self.panel_slots[n]] = start + offset
        self.memory = memory_

    def _host(self, n: Node, arrays: dict[Node, Any]) -> Any:
        if not isinstance(n.dtype, tuple) and 0 in n.shape:
            return np.empty(n.shape, n.dtype.array)
        inputs = [self._array(x, arrays) for x in n.inputs]
        with np.errstate(all="ignore"):
            found = host.call(n)(*inputs)
        if isinstance(n.dtype, tuple):
            return found
        return np.asarray(found, n.dtype.array, order="C")

    def _array(self, n: Node, arrays: dict[Node, Any]) -> Any:
        if n in arrays:
            return arrays[n]
        offset = self.inner[n]
        count = n.shape.numel() * n.dtype.itemsize
        return self.memory[offset : offset + count].view(n.dtype.array).reshape(n.shape)

    def _raise(self) -> None:
        code, value = (int(v) for v in self.error)
        self.error[:] = 0
        if code == writer.ZERO_DIVISION:
            raise RuntimeError("ZeroDivisionError")
        raise IndexError(f"index {value} is out of bounds")

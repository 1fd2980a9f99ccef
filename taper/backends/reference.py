"""The reference backend: every primitive by numpy, one after the other. It defines what is
right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir.node import Node, toposort
from . import host


class Plan:
    """A program as a list of numpy calls; a value is dropped after its last use."""

    def __init__(self, roots: Sequence[Node]) -> None:
        order = toposort(roots)
        place = {node: i for i, node in enumerate(order)}
        keep = set(roots)
        last = {x: i for i, node in enumerate(order) for x in node.inputs}
        self.size = len(order)
        self.leaves = [(i, n.attrs["place"]) for n, i in place.items() if n.op.name == "leaf"]
        self.numbers = [
            (i, n.attrs["place"], n.dtype.array) for n, i in place.items() if n.op.name == "number"
        ]
        self.steps = []
        for i, node in enumerate(order):
            if node.op.name in ("leaf", "number"):
                continue
            dead = [place[x] for x in set(node.inputs) if last[x] == i and x not in keep]
            self.steps.append((i, node, host.call(node), [place[x] for x in node.inputs], dead))
        self.outs = [place[r] for r in roots]

    def run(self, leaves: Sequence[np.ndarray], numbers: Sequence[Any]) -> list[np.ndarray]:
        """The roots' values for these leaf arrays and numbers."""
        held: list[Any] = [None] * self.size
        for i, place in self.leaves:
            held[i] = leaves[place]
        for i, place, kind in self.numbers:
            held[i] = np.asarray(numbers[place], kind)
        with np.errstate(all="ignore"):
            for i, _, call, inputs, dead in self.steps:
                held[i] = call(*[held[k] for k in inputs])
                for k in dead:
                    held[k] = None
        return [held[i] for i in self.outs]

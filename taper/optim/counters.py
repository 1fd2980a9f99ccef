"""Per-parameter numbers such as "step": one-element CPU tensors that are counted through numpy.

PyTorch keeps the step count of each parameter as a float32 tensor in its state, where programs
read, change, save and load it. Bias corrections need it as a Python number before every step.
Counting on the tensor itself would cost a recorded operation per parameter and step, so a counter
keeps the numpy array that shares the tensor's memory and counts there: the tensor is right at any
moment, and a change made through the tensor is seen.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..dtypes import float32
from ..functions.creation import tensor
from ..tensor import Tensor


class Counters:
    """The numbers of all parameters of one optimizer, in the entries of their state."""

    def __init__(self) -> None:
        self._cells: dict[int, dict[str, tuple[Tensor, np.ndarray]]] = {}

    def read(self, p: Tensor, state: dict[str, Any], initial: Mapping[str, float]) -> tuple:
        """The numbers called as in `initial`, created with the values there when missing."""
        cells = self._cells.get(id(p))
        if cells is None:
            cells = self._cells[id(p)] = {}
        out = []
        for name, value in initial.items():
            cell = cells.get(name)
            if cell is None or cell[0] is not state.get(name):
                cell = cells[name] = _adopt(state, name, value)
            out.append(cell[1].item())
        return tuple(out)

    def write(self, p: Tensor, values: Mapping[str, float]) -> None:
        """Store numbers of a parameter whose numbers were read before."""
        cells = self._cells[id(p)]
        for name, value in values.items():
            cells[name][1].fill(value)


def _adopt(state: dict[str, Any], name: str, initial: float) -> tuple[Tensor, np.ndarray]:
    """The counter kept in `state[name]` with its memory; a plain number there becomes a tensor."""
    held = state.get(name, initial)
    if not isinstance(held, Tensor):
        held = tensor(float(held), dtype=float32)
    elif held.device.type != "cpu":
        held = held.cpu()
    state[name] = held
    return held, held.detach().numpy()

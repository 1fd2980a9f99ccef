"""What an update rule uses of one parameter's state: tensors, and numbers such as "step".

PyTorch keeps the step count of each parameter as a float32 tensor in its state, where programs
read, change, save and load it. Bias corrections need it as a Python number before every step.
Counting on the tensor itself would cost a recorded operation per parameter and step, so the
numbers are read and written in the memory that those tensors share with numpy: the tensor is right
at any moment, and a change made through the tensor is seen.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..dtypes import float32, float64
from ..functions.creation import tensor
from ..tensor import Tensor


class Entries:
    """The entries of a parameter's state as they were found; `read` tells when to look again.

    Missing entries are made: numbers with the values in `initial`, tensors by `make`.
    """

    __slots__ = ("_cells", "_held", "buffers", "fresh", "names")

    def __init__(
        self,
        state: dict[str, Any],
        initial: Mapping[str, float],
        names: Sequence[str],
        make: Callable[..., Tensor],
    ) -> None:
        self.names = names
        self._cells: list[Any] = []
        for name, value in initial.items():
            state[name] = number = _as_counter(state.get(name, value))
            memory: Any = number.detach().numpy()
            self._cells.append(memoryview(memory))
        self.fresh = False
        for name in names:
            if state.get(name) is None:
                state[name] = make(name)
                self.fresh = True
        self.buffers: dict[str, Tensor] = {name: state[name] for name in names}
        self._held = [(name, state[name]) for name in (*initial, *names)]

    def read(self, state: dict[str, Any], names: Sequence[str]) -> tuple[float, ...] | None:
        """The numbers, in the order of `initial`; None where these entries are out of date.

        They are when the program has put other tensors into the state, or the rule wants others.
        """
        if names != self.names:
            return None
        for name, held in self._held:
            if state.get(name) is not held:
                return None
        return tuple([cell[()] for cell in self._cells])

    def write(self, values: Sequence[float]) -> None:
        """Set the numbers."""
        for cell, value in zip(self._cells, values):
            cell[()] = value


def _as_counter(held: Any) -> Tensor:
    """A number as a float32 tensor on the CPU, which most tensors kept as counters are already."""
    if not isinstance(held, Tensor):
        return tensor(float(held), dtype=float32)
    if held.dtype not in (float32, float64):
        held = held.to(float32)
    if held.device.type != "cpu":
        held = held.cpu()
    return held.reshape(()) if held.dim() else held

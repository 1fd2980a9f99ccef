"""The loop that every update rule shares: gather gradients and state, apply the rule, write back.

A rule is a pure function on tensors, `step_one(p, g, state, hyper, switches)`, which returns the
new parameter and the new state. It sees three kinds of things:

- tensors: the parameter, its gradient, and the state entries named by `buffer_names`. The function
  may only calculate with them, never look at their values, because it is traced on placeholders;
- `hyper`: Python numbers that may change at every step (learning rate, bias corrections);
- `switches`: a hashable tuple of what changes the program itself (Nesterov or not, amsgrad or not).

Learning-rate arithmetic that PyTorch does in double precision is done on Python numbers in
`prepare`, before `step_one` sees it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from ..functions.creation import zeros_like
from ..functions.fused import rewrite
from ..functions.views import view_as_real
from ..modes import enable_grad, set_grad_enabled
from ..tensor import Tensor
from .checks import number
from .entries import Entries
from .optimizer import Optimizer

TensorDict = dict[str, Tensor]
Hyper = Mapping[str, Any]

COMMON_OPTIONS: Mapping[str, Any] = {
    "foreach": None,
    "maximize": False,
    "differentiable": False,
    "capturable": False,
}
"""Options that groups in older checkpoints may lack, with their meaning there."""


class Prepared(NamedTuple):
    """What `prepare` works out for parameters whose counters are equal."""

    counters: Mapping[str, float]
    """The counters after this step."""
    hyper: Hyper
    """Numbers for `step_one`."""
    switches: tuple
    """Static choices for `step_one`."""


_NOTHING = Entries({}, {}, (), zeros_like), ((), False)
"""What rules without state find."""


class TensorOptimizer(Optimizer):
    """An optimizer given by `step_one`; subclasses say which state it keeps and its numbers."""

    options_since: ClassVar[Mapping[str, Any]] = COMMON_OPTIONS
    """What to fill in when a loaded group lacks it."""

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        super().__init__(params, defaults)
        self._entries: dict[int, Entries] = {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._entries = {}
        for group in self.param_groups:
            for name, value in self.options_since.items():
                group.setdefault(name, value)

    # --------------------------------------------------------------- what a rule has to say
    @staticmethod
    def step_one(
        p: Tensor, g: Tensor, state: TensorDict, hyper: Hyper, switches: Any
    ) -> tuple[Tensor, TensorDict]:
        """The new parameter and the new state, by arithmetic on tensors alone."""
        raise NotImplementedError

    def counters(self, group: Mapping[str, Any]) -> Mapping[str, float]:
        """Names of the one-element state entries, with the values they begin with."""
        return {"step": 0.0}

    def buffer_names(self, group: Mapping[str, Any], p: Tensor) -> Sequence[str]:
        """Names of the tensors in the state of `p`."""
        raise NotImplementedError

    def new_buffer(self, name: str, p: Tensor, group: Mapping[str, Any]) -> Tensor:
        """The tensor that a state entry begins with."""
        return zeros_like(p)

    def prepare(
        self, group: Mapping[str, Any], counters: Mapping[str, float], fresh: bool
    ) -> Prepared:
        """Numbers and choices of a step, from the options and the counters before it.

        `fresh` says that the parameter's buffers were made just now.
        """
        raise NotImplementedError

    # ------------------------------------------------------------------------------ the loop
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; returns what `closure` returned, if given.

        `closure` is called first, with gradients on; it should clear the gradients, compute the
        loss, call `backward()`, and return the loss.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with set_grad_enabled(self.defaults.get("differentiable", False)):
            for group in self.param_groups:
                self._step_group(group)
        return loss

    def _step_group(self, group: dict[str, Any]) -> None:
        """Update the parameters of one group, those with equal counters together."""
        initial = self.counters(group)
        cohorts: dict[tuple, list[tuple[Tensor, Tensor, Entries]]] = {}
        for p in group["params"]:
            g = p.grad
            if g is None:
                continue
            if g.is_sparse:
                g = self.dense(g, group)
            entries, key = self.find_entries(p, group, initial)
            cohorts.setdefault(key, []).append((p, g, entries))
        for (counts, fresh), members in cohorts.items():
            before = dict(zip(initial, counts, strict=True))
            after, hyper, switches = self.prepare(group, before, fresh)
            counts = [after[name] for name in initial]
            params, grads, found = zip(*members, strict=True)
            for entries in found:
                entries.write(counts)
            self._update(params, grads, [e.buffers for e in found], hyper, switches)

    def find_entries(
        self, p: Tensor, group: Mapping[str, Any], initial: Mapping[str, float]
    ) -> tuple[Entries, tuple]:
        """The state of `p`, completed; its counters, and whether tensors had to be made for it."""
        names = self.buffer_names(group, p)
        if not (names or initial):
            return _NOTHING
        state, entries = self.state[p], self._entries.get(id(p))
        if entries is not None:
            counts = entries.read(state, names)
            if counts is not None:
                return entries, (counts, False)
        entries = Entries(state, initial, names, lambda name: self.new_buffer(name, p, group))
        self._entries[id(p)] = entries
        return entries, (entries.read(state, names), entries.fresh)

    def _update(
        self,
        params: Sequence[Tensor],
        grads: Sequence[Tensor],
        states: Sequence[TensorDict],
        hyper: Hyper,
        switches: tuple,
    ) -> None:
        """Apply `step_one` to each parameter and write its results into the tensors at hand.

        Complex tensors are seen as real ones with a last dimension of two.
        """
        names = tuple(states[0])
        if any(isinstance(h, Tensor) for h in hyper.values()) or any(
            tuple(s) != names for s in states
        ):
            self._update_each(params, grads, states, hyper, switches)
            return
        rows = [[p, *(s[name] for name in names)] for p, s in zip(params, states, strict=True)]
        targets = [_real(t) for row in rows for t in row]
        numbers = {name: h for name, h in hyper.items() if isinstance(h, (int, float))}
        fixed = tuple((name, h) for name, h in hyper.items() if name not in numbers)
        others = [*map(_real, grads), *numbers.values()]
        static = (self.step_one, switches, len(params), names, tuple(numbers), fixed)
        rewrite(_step_all, targets, others, static)

    def _update_each(
        self,
        params: Sequence[Tensor],
        grads: Sequence[Tensor],
        states: Sequence[TensorDict],
        hyper: Hyper,
        switches: tuple,
    ) -> None:
        """One parameter after the other, where gradients flow through the learning rate."""
        for p, g, state in zip(params, grads, states, strict=True):
            seen = {name: _real(t) for name, t in state.items()}
            new_p, new_state = self.step_one(_real(p), _real(g), seen, hyper, switches)
            _real(p).copy_(new_p)
            for name, value in new_state.items():
                seen[name].copy_(value)

    def dense(self, g: Tensor, group: Mapping[str, Any]) -> Tensor:
        """A sparse gradient as a dense one, for the rules where that makes no difference."""
        raise RuntimeError(f"{type(self).__name__} does not support sparse gradients")

    def rate(self, group: Mapping[str, Any]) -> Any:
        """The learning rate of a group: a number, or a tensor where gradients flow through it."""
        lr = group["lr"]
        return lr if self.defaults.get("differentiable", False) else number(lr)


def _real(t: Tensor) -> Tensor:
    return view_as_real(t) if t.is_complex() else t


def _step_all(
    tensors: Sequence[Tensor],
    step_one: Callable,
    switches: tuple,
    count: int,
    names: tuple[str, ...],
    numbers: tuple[str, ...],
    fixed: tuple[tuple[str, Any], ...],
) -> list[Tensor]:
    """`step_one` for every parameter: targets come first, then gradients, then numbers."""
    width = 1 + len(names)
    grads = tensors[count * width : count * width + count]
    hyper = {**dict(zip(numbers, tensors[count * width + count :], strict=True)), **dict(fixed)}
    out: list[Tensor] = []
    for i, g in enumerate(grads):
        p, *buffers = tensors[i * width : (i + 1) * width]
        state = dict(zip(names, buffers, strict=True))
        new_p, new = step_one(p, g, state, hyper, switches)
        out += [new_p, *(new.get(name, state[name]) for name in names)]
    return out

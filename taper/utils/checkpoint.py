"""Trades time for memory: a part of a network keeps no intermediate values, and runs again in
backward.

Chen, Xu, Zhang, Guestrin: Training Deep Nets with Sublinear Memory Cost (2016).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ..autograd.graph import saved_tensors_hooks
from ..modes import enable_grad, is_grad_enabled
from ..modes import state as modes
from ..nn import Sequential
from ..random import fork_rng, get_rng_state, set_rng_state
from ..tensor import Tensor

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn"]

_ASK = (
    "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting in "
    "PyTorch 2.9, calling checkpoint without use_reentrant will raise an exception. "
    "use_reentrant=False is recommended, but if you need to preserve the current default behavior, "
    "you can pass use_reentrant=True. Refer to docs for more details on the differences between "
    "the two variants."
)
_UNEQUAL = (
    "torch.utils.checkpoint: A different number of tensors was saved during the original forward "
    "and recomputation.\nNumber of tensors saved during forward: {}\nNumber of tensors saved "
    "during recomputation: {}."
)


class CheckpointError(RuntimeError):
    """The second run of a checkpointed function did not do what the first had done."""


def noop_context_fn() -> tuple[AbstractContextManager, AbstractContextManager]:
    """Contexts of the first and the second run that do nothing."""
    return nullcontext(), nullcontext()


class _Run:
    """One call of a checkpointed function: what its graph would have kept, by number, made when it
    is needed."""

    def __init__(self, again: Callable[[], Any], check: bool) -> None:
        self.again, self.check = again, check
        self.shapes: list[tuple] = []
        self.made: dict[int, Tensor] = {}

    def pack(self, x: Tensor) -> int:
        self.shapes.append((x.shape, x.dtype))
        return len(self.shapes) - 1

    def unpack(self, place: int) -> Tensor:
        if place not in self.made:
            self._fill()
        return self.made[place]

    def _fill(self) -> None:
        found: list[Tensor] = []

        def keep(x: Tensor) -> int:
            found.append(x.detach())
            return len(found) - 1

        with enable_grad(), saved_tensors_hooks(keep, found.__getitem__):
            self.again()
        if len(found) != len(self.shapes):
            raise CheckpointError(_UNEQUAL.format(len(self.shapes), len(found)))
        if self.check:
            for (shape, kind), x in zip(self.shapes, found):
                if (x.shape, x.dtype) != (shape, kind):
                    raise CheckpointError(
                        "torch.utils.checkpoint: Recomputed values for the following tensors have "
                        f"different metadata than during the forward pass: {tuple(shape)} {kind} "
                        f"became {tuple(x.shape)} {x.dtype}"
                    )
        self.made = dict(enumerate(found))


def checkpoint(
    function: Callable,
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[
        [], tuple[AbstractContextManager, AbstractContextManager]
    ] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """`function(*args, **kwargs)` without keeping what its gradient needs: backward calls it again.

    Random draws repeat in the second call where `preserve_rng_state`. Both forms of PyTorch's
    (`use_reentrant`) are one here, which also serves `torch.autograd.grad`. CheckpointError where
    the
    second call saves other tensors than the first.
    """
    if use_reentrant is None:
        warnings.warn(_ASK, stacklevel=2)
        use_reentrant = True
    if use_reentrant and kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if use_reentrant and context_fn is not noop_context_fn:
        raise ValueError(
            "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
        )
    if determinism_check not in ("default", "none"):
        raise ValueError(
            f"determinism_check should be one of ['default', 'none'], but got {determinism_check}"
        )
    if use_reentrant and is_grad_enabled():
        _warn_of_constants(args)
    first, second = context_fn()
    state, casts = get_rng_state() if preserve_rng_state else None, modes.autocast

    def again() -> None:
        before, modes.autocast = modes.autocast, casts
        try:
            with fork_rng(enabled=state is not None), second:
                if state is not None:
                    set_rng_state(state)
                function(*args, **kwargs)
        finally:
            modes.autocast = before

    run = _Run(again, determinism_check == "default")
    with saved_tensors_hooks(run.pack, run.unpack), first:
        return function(*args, **kwargs)


def _warn_of_constants(args: Iterable[Any]) -> None:
    if not any(isinstance(x, Tensor) and x.requires_grad for x in args):
        warnings.warn(
            "None of the inputs have requires_grad=True. Gradients will be None", stacklevel=3
        )


def checkpoint_sequential(
    functions: Sequential | Iterable[Callable],
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    **kwargs: Any,
) -> Any:
    """Run functions one after another in `segments` parts, each but the last a checkpoint."""
    if use_reentrant is None:
        warnings.warn(
            _ASK.replace("calling checkpoint", "calling checkpoint_sequential"), stacklevel=2
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    steps = list(functions.children()) if isinstance(functions, Sequential) else list(functions)
    size = len(steps) // segments

    def part(begin: int, end: int) -> Callable[[Any], Any]:
        def forward(x: Any) -> Any:
            for step in steps[begin:end]:
                x = step(x)
            return x

        return forward

    last = size * (segments - 1)
    for begin in range(0, last, size or 1):
        input = checkpoint(
            part(begin, begin + size),
            input,
            use_reentrant=use_reentrant,
            preserve_rng_state=preserve,
        )
    return part(last, len(steps))(input)

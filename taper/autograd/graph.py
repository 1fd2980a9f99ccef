"""The graph seen from outside: its nodes and edges, and hooks on what it saves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any

from ..backward import reached, restored
from ..gradfn import CallGrad, GradFn, Packed, Saved
from ..modes import state
from ..tensor import Tensor
from .gradients import GradientEdge

__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]

Node = GradFn


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where the gradient of a tensor goes; `grad` and `backward` take it in the tensor's place."""
    edge = tensor._edge()
    if edge is None:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    return GradientEdge(edge.fn, edge.place)


def increment_version(tensor: Tensor | Iterable[Tensor]) -> None:
    """Count a write that was made behind the tensors' back."""
    for x in (tensor,) if isinstance(tensor, Tensor) else tensor:
        x._storage.version += 1


# ---------------------------------------------------------------- what is saved
def _changed(fn: Any, change: Callable[[Saved, Any], Any]) -> None:
    """Replace what a new graph node keeps: `change(saved, edge)` for each tensor."""
    if isinstance(fn, CallGrad):
        for i, saved in fn.inputs.items():  # type: ignore[union-attr]
            if isinstance(saved, Saved):
                fn.inputs[i] = change(saved, None)  # type: ignore[index]
        for i, saved in fn.outputs.items():  # type: ignore[union-attr]
            fn.outputs[i] = change(saved, None)  # type: ignore[index]
        return
    kept = []
    for x in fn.ctx._kept:
        if x is None or isinstance(x, Packed):
            kept.append(x)
            continue
        packed = change(Saved(x._storage.current(), x._path, x._storage), x._edge())
        kept.append(Packed((packed.held, x._edge()), packed.unpack))
    fn.ctx._kept = tuple(kept)


class saved_tensors_hooks:
    """Context manager: `pack_hook(tensor)` is kept in place of each saved tensor, `unpack_hook`
    gives it back."""

    _refused: str | None = None

    def __init__(
        self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]
    ) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def _pack(self, saved: Saved, edge: Any) -> Packed:
        return Packed(self.pack_hook(restored(saved)), self.unpack_hook)

    def __enter__(self) -> None:
        if saved_tensors_hooks._refused is not None:
            raise RuntimeError(saved_tensors_hooks._refused)
        self.before = state.saving
        state.saving = lambda fn: _changed(fn, self._pack)

    def __exit__(self, *_: object) -> None:
        state.saving = self.before


class save_on_cpu(saved_tensors_hooks):
    """Context manager: saved tensors wait in the CPU's memory."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(
            lambda x: (x.device, x.cpu()), lambda held: held[1].to(held[0], non_blocking=pin_memory)
        )


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, `saved_tensors_hooks` raises RuntimeError with this message."""
    before, saved_tensors_hooks._refused = saved_tensors_hooks._refused, error_message
    try:
        yield
    finally:
        saved_tensors_hooks._refused = before


def _snapshot(saved: Saved, edge: Any) -> Packed:
    return Packed(restored(saved), lambda x: x)


@contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[None]:
    """Inside, a saved tensor may be written in place: backward reads what it was."""
    before = state.saving
    state.saving = lambda fn: _changed(fn, _snapshot)
    try:
        yield
    finally:
        state.saving = before


# ---------------------------------------------------------------- hooks on several tensors
class _Handles:
    """Handles removed together."""

    def __init__(self, handles: Sequence[Any]) -> None:
        self.handles = tuple(handles)

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> _Handles:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def register_multi_grad_hook(
    tensors: Sequence[Tensor], fn: Callable[[Any], None], *, mode: str = "all"
) -> _Handles:
    """Call `fn` once a backward: with all gradients (None where one is missing), or with the first
    that is known."""
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    lock, grads = RLock(), [None] * len(tensors)
    waiting: list[int] = []

    def of(place: int) -> Callable[[Tensor], None]:
        def hook(g: Tensor) -> None:
            with lock:
                if not waiting:
                    waiting.append(sum(reached(x._edge().fn) for x in tensors))  # type: ignore[union-attr]
                    if mode == "any":
                        fn(g)
                grads[place] = g  # type: ignore[call-overload]
                waiting[0] -= 1
                if not waiting[0]:
                    waiting.clear()
                    found = list(grads)
                    grads[:] = [None] * len(tensors)
                    if mode == "all":
                        fn(found)

        return hook

    return _Handles([x.register_hook(of(i)) for i, x in enumerate(tensors)])

"""The graph that backward walks: one GradFn a recorded call, and where its gradients go."""

from __future__ import annotations

import traceback
from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from typing import Any
from weakref import ref

from .modes import state
from .moves import Path
from .storage import Storage
from .tape import Template, Value

_sequence = count()


class Edge:
    """Where a gradient goes: result number `place` of the call `fn` made."""

    __slots__ = ("fn", "place")

    def __init__(self, fn: Any, place: int) -> None:
        self.fn, self.place = fn, place


class Handle:
    """What registering a hook returns; `remove()` takes the hook out again."""

    _next = count()

    def __init__(self, hooks: OrderedDict) -> None:
        self.hooks, self.id = ref(hooks), next(self._next)

    def remove(self) -> None:
        hooks = self.hooks()
        if hooks is not None:
            hooks.pop(self.id, None)

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Hooks(OrderedDict):
    """Hooks by handle number, in the order of registration."""

    def register(self, hook: Callable) -> Handle:
        handle = Handle(self)
        self[handle.id] = hook
        return handle


class Saved:
    """A value that a backward reads: how to find it again, and whether it was overwritten since."""

    __slots__ = ("path", "storage", "value", "version")

    def __init__(
        self, value: Value, path: Path, storage: Storage, version: int | None = None
    ) -> None:
        self.value, self.path, self.storage = value, path, storage
        self.version = storage.version if version is None else version  # set to None: never checked


class Packed:
    """What a pair of hooks keeps in place of a value; `unpack(held)` gives the tensor back."""

    __slots__ = ("held", "unpack")

    def __init__(self, held: Any, unpack: Callable) -> None:
        self.held, self.unpack = held, unpack


class GradFn:
    """One recorded call in the graph. Subclasses carry PyTorch's names, such as AddBackward0."""

    def __init__(self, edges: tuple[Edge | None, ...]) -> None:
        self.edges = edges
        self.sequence = next(_sequence)
        self.metadata: dict = {}
        self.pre_hooks: Hooks | None = None
        self.post_hooks: Hooks | None = None
        self.tensor_hooks: dict[int, Hooks] | None = None
        self.retained: dict[int, ref] | None = None
        self.released = False
        if state.anomaly:
            self.metadata["traceback_"] = traceback.format_stack()

    def name(self) -> str:
        """What PyTorch calls this function."""
        name = type(self).__name__
        return f"torch::autograd::{name}" if name in ("AccumulateGrad", "CopySlices") else name

    @property
    def next_functions(self) -> tuple:
        """Pairs of (function, place) that gradients flow to; (None, 0) where none is needed."""
        return tuple((e.fn, e.place) if e is not None else (None, 0) for e in self.edges)

    def register_hook(self, hook: Callable) -> Handle:
        """Call `hook(grad_inputs, grad_outputs)` after this function ran."""
        if self.post_hooks is None:
            self.post_hooks = Hooks()
        return self.post_hooks.register(hook)

    def register_prehook(self, hook: Callable) -> Handle:
        """Call `hook(grad_outputs)` before this function runs."""
        if self.pre_hooks is None:
            self.pre_hooks = Hooks()
        return self.pre_hooks.register(hook)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {hex(id(self))}>"


class CallGrad(GradFn):
    """The gradient of a call of a template."""

    def __init__(
        self,
        edges: tuple[Edge | None, ...],
        template: Template,
        needs: tuple[bool, ...],
        inputs: dict[int, Any],
        outputs: dict[int, Saved],
    ) -> None:
        super().__init__(edges)
        self.template, self.needs = template, needs
        self.inputs: dict[int, Any] | None = inputs  # by place: Saved, or a Python number
        self.outputs: dict[int, Saved] | None = outputs

    @property
    def next_functions(self) -> tuple:
        """Pairs of (function, place) that gradients flow to; inputs that never have one are left
        out."""
        inputs = self.template.inputs
        told = [x is None or x.weak or x.dtype.inexact for x in inputs]
        return tuple(pair for pair, tell in zip(super().next_functions, told) if tell)

    def release(self) -> None:
        """Forget what was saved; a second backward is an error from here on."""
        self.inputs = self.outputs = None
        self.released = True


class AccumulateGrad(GradFn):
    """Where gradients of a leaf arrive."""

    def __init__(self, variable: Any) -> None:
        super().__init__(())
        self.variable = variable


def short_name(fn: GradFn) -> str:
    """A function's name as PyTorch's messages say it: Mul for MulBackward0, T1 for TBackward1."""
    name, found, number = fn.name().rpartition("Backward")
    if not found:
        return number
    return name if number == "0" else name + number


_classes: dict[str, type[CallGrad]] = {}


def call_class(name: str) -> type[CallGrad]:
    """The class of graph nodes called `name`."""
    found = _classes.get(name)
    if found is None:
        found = _classes[name] = type(name, (CallGrad,), {"__module__": "builtins"})
    return found

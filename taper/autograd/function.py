"""Custom differentiable functions: `Function` with its own forward and backward."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..gradfn import Edge, GradFn
from ..modes import no_grad, state
from ..tensor import Tensor

SECOND_TIME = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
    "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
    "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
    "saved tensors after calling backward."
)


class FunctionCtx:
    """What a `Function` carries from its forward to its backward."""

    def __init__(self) -> None:
        self.needs_input_grad: tuple[bool, ...] = ()
        self._kept: tuple = ()
        self._versions: tuple = ()
        self._dirty: tuple = ()
        self._constant: tuple = ()
        self._materialize = True
        self._freed = False
        self._outputs: dict[int, int] = {}
        self._node: PyGradFn | None = None

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for backward; overwriting them in place before it is an error."""
        for x in tensors:
            if x is not None and not isinstance(x, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument 0 is of type {type(x).__name__}"
                )
        self._kept = tensors
        self._versions = tuple(None if x is None else x._version for x in tensors)

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for forward-mode rules."""
        self.saved_for_forward = tensors

    @property
    def saved_tensors(self) -> tuple:
        """What `save_for_backward` kept."""
        if self._freed:
            raise RuntimeError(SECOND_TIME)
        return tuple(self._returned(x, v) for x, v in zip(self._kept, self._versions))

    def _returned(self, x: Tensor | None, version: int | None) -> Tensor | None:
        if x is None:
            return None
        if x._version != version:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an inplace operation: "
                f"[{x.type()} {list(x.shape)}] is at version {x._version}; expected version {version} instead. Hint: "
                "enable anomaly detection to find the operation that failed to compute its gradient, with "
                "torch.autograd.set_detect_anomaly(True)."
            )
        place = self._outputs.get(id(x))
        if place is not None and self._node is not None and x.grad_fn is None:
            out = x._alias()
            out._grad_fn, out._place, out._requires_grad = self._node, place, True
            return out
        return x

    saved_variables = saved_tensors

    def mark_dirty(self, *args: Tensor) -> None:
        """Say which inputs forward changed in place."""
        self._dirty = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say which outputs have no gradient."""
        self._constant = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether missing output gradients arrive as zeros (the default) or as None."""
        self._materialize = value


class PyGradFn(GradFn):
    """The graph node of a custom function's call; it is also what `ctx` shows as `grad_fn`."""

    function: type[Function]

    def __init__(self, edges: tuple[Edge | None, ...], ctx: FunctionCtx, count: int) -> None:
        super().__init__(edges)
        self.ctx, self.count = ctx, count
        self.like: list[tuple] = []

    def backward(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        """The user's backward, one gradient for each input of forward."""
        from ..functions.creation import zeros

        if self.ctx._materialize:
            grads = [
                zeros(shape, dtype=kind, device=where) if g is None else g
                for g, (shape, kind, where) in zip(grads, self.like)
            ]
        found = self.function.backward(self.ctx, *grads)
        results = list(found) if isinstance(found, (tuple, list)) else [found]
        extra = results[len(self.edges) :]
        if len(results) < len(self.edges) or any(g is not None for g in extra):
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {len(self.edges)}, got "
                f"{len(results)})"
            )
        return [self._checked(i, g) for i, g in enumerate(results[: len(self.edges)])]

    def _checked(self, place: int, g: Any) -> Tensor | None:
        if g is not None and not isinstance(g, Tensor):
            raise TypeError(
                f"function {self.name()} returned a gradient at position {place} of type {type(g).__name__}, expected "
                "a Tensor or None"
            )
        return g

    def release(self) -> None:
        """Forget what was saved."""
        self.ctx._freed = bool(self.ctx._kept)
        self.ctx._kept = ()
        self.released = True


class _FunctionMeta(type):
    """Gives each Function the class of its graph nodes, named NAMEBackward."""

    def __init__(cls, name: str, bases: tuple, body: dict) -> None:
        super().__init__(name, bases, body)
        cls._backward_cls = type(name + "Backward", (PyGradFn,), {"function": cls})


class Function(FunctionCtx, metaclass=_FunctionMeta):
    """Subclass with static `forward(ctx, *args)` and `backward(ctx, *grads)`, and call `apply`.

    `setup_context(ctx, inputs, output)` may take what forward would save.
    """

    _backward_cls: type[PyGradFn]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should "
            "invoke them on the class itself. Instantiating an autograd function will raise an error in a future "
            "version of PyTorch."
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """What the function computes."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Any) -> Any:
        """What is kept for backward, where `forward` does not take a ctx."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Gradients of the inputs from those of the outputs."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Call the function, and record it where an input needs a gradient."""
        ctx = FunctionCtx()
        ctx.needs_input_grad = tuple(isinstance(x, Tensor) and x.requires_grad for x in args)
        separate = cls.setup_context is not Function.setup_context
        with no_grad():
            found = cls.forward(*args, **kwargs) if separate else cls.forward(ctx, *args, **kwargs)
            if separate:
                cls.setup_context(ctx, args, found)
        if not (state.grad and any(ctx.needs_input_grad)):
            return found
        return cls._record(ctx, args, found)

    @classmethod
    def _record(cls, ctx: FunctionCtx, args: Sequence, found: Any) -> Any:
        several = isinstance(found, tuple)
        outs = list(found) if several else [found]
        edges = tuple(x._edge() if isinstance(x, Tensor) else None for x in args)
        node = cls._backward_cls(edges, ctx, len(outs))
        ctx._node = node
        dirty, constant = {id(x) for x in ctx._dirty}, {id(x) for x in ctx._constant}
        kept = {id(x) for x in ctx._kept}
        inputs = {id(x) for x in args if isinstance(x, Tensor)}
        for i, out in enumerate(outs):
            if not isinstance(out, Tensor):
                node.like.append(((), None, None))
                continue
            node.like.append((out.shape, out.dtype, out.device))
            if id(out) in constant or not out.dtype.inexact:
                continue
            if id(out) in kept:
                ctx._outputs[id(out)] = i
            if id(out) in inputs and id(out) not in dirty or id(out) in kept and id(out) not in inputs:
                out = outs[i] = out._alias()
            out._grad_fn, out._place, out._requires_grad = node, i, True
        return tuple(outs) if several else outs[0]


def once_differentiable(fn: Callable) -> Callable:
    """Mark a backward whose own gradient does not exist."""

    @functools.wraps(fn)
    def wrapped(ctx: Any, *grads: Any) -> Any:
        with no_grad():
            found = fn(ctx, *grads)
        if not (state.grad and any(isinstance(g, Tensor) and g.requires_grad for g in grads)):
            return found
        several = isinstance(found, tuple)
        outs = list(found) if several else [found]
        marked = [_Refused.apply(fn.__qualname__, g) if isinstance(g, Tensor) else g for g in outs]
        return tuple(marked) if several else marked[0]

    return wrapped


class _Refused(Function):
    """Lets a value through, and raises where somebody differentiates it."""

    @staticmethod
    def forward(ctx: Any, name: str, x: Tensor) -> Tensor:
        x = x.detach().requires_grad_(True)
        return x

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )

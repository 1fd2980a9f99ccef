"""Custom differentiable functions: `Function` with its own forward and backward."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

from ..backward import SECOND_TIME, check_version, match_dtype, unpack
from ..calls import rebase, settle
from ..functions.creation import zeros
from ..gradfn import Edge, GradFn, Packed, Saved
from ..modes import no_grad, state
from ..tensor import Tensor


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
        self._node: ref[PyGradFn] | None = None

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for backward; overwriting them in place before it is an error."""
        for i, x in enumerate(tensors):
            if x is not None and not isinstance(x, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {i} is of type "
                    f"{type(x).__name__}"
                )
        self._kept = tensors
        self._versions = tuple(None if x is None else x._storage.version for x in tensors)

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for forward-mode rules."""
        self.saved_for_forward = tensors

    @property
    def saved_tensors(self) -> tuple:
        """What `save_for_backward` kept."""
        if self._freed:
            raise RuntimeError(SECOND_TIME)
        return tuple(self._returned(x, v) for x, v in zip(self._kept, self._versions))

    def _returned(self, x: Any, version: int | None) -> Tensor | None:
        if x is None:
            return None
        if isinstance(x, Packed):
            held, edge = x.held
            return unpack(Packed(held, x.unpack), edge)
        if version is not None:
            check_version(Saved(x._storage.value, x._path, x._storage, version), x._edge())
        place = self._outputs.get(id(x))
        node = self._node() if self._node is not None else None
        if place is not None and node is not None and x.grad_fn is None:
            out = x._alias()
            out._grad_fn, out._place, out._requires_grad = node, place, True
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


class BackwardCFunction(FunctionCtx):
    """The context of one function; each Function has a subclass, named NAMEBackward."""


class PyGradFn(GradFn):
    """The graph node of a custom function's call. What the user put on `ctx` can be read here
    too."""

    function: type[Function]

    def __init__(
        self, edges: tuple[Edge | None, ...], ctx: FunctionCtx, inputs: Sequence, count: int
    ) -> None:
        super().__init__(edges)
        self.ctx, self.count = ctx, count
        self.takes = [(x.shape, x.dtype) if isinstance(x, Tensor) else None for x in inputs]
        self.like: list[tuple] = []

    def __getattr__(self, name: str) -> Any:
        if name == "ctx":
            raise AttributeError(name)
        return getattr(self.ctx, name)

    def gradients(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        """The user's backward, one gradient for each input of forward."""
        if self.released and self.ctx._freed:
            raise RuntimeError(SECOND_TIME)
        if self.ctx._materialize:
            grads = [
                zeros(shape, dtype=kind, device=where) if g is None and kind is not None else g
                for g, (shape, kind, where) in zip(grads, self.like)
            ]
        found = self.function._backward()(self.ctx, *grads)
        results = list(found) if isinstance(found, (tuple, list)) else [found]
        extra = results[len(self.edges) :]
        if len(results) < len(self.edges) or any(g is not None for g in extra):
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected "
                f"{len(self.edges)}, got {len(results)})"
            )
        return [self._checked(i, g) for i, g in enumerate(results[: len(self.edges)])]

    def _checked(self, place: int, g: Any) -> Tensor | None:
        """A gradient in the shape and dtype of its input."""
        if g is None:
            return None
        if not isinstance(g, Tensor):
            raise RuntimeError(f"expected Variable or None (got {type(g).__name__})")
        takes = self.takes[place]
        if takes is None or self.edges[place] is None:
            if takes is None:
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different than None at position "
                    f"{place + 1}, but the corresponding forward input was not a Variable"
                )
            return None
        shape, kind = takes
        if g.shape != shape:
            lead = g.dim() - len(shape)
            if lead < 0 or any(n not in (1, m) for n, m in zip(shape, g.shape[lead:])):
                raise RuntimeError(
                    f"Function {self.name()} returned an invalid gradient at index {place} - got "
                    f"{list(g.shape)} but expected shape compatible with {list(shape)}"
                )
            g = g.sum_to_size(shape)
        return g if g.dtype is kind else match_dtype(g, kind)

    def release(self) -> None:
        """Forget what was saved."""
        self.ctx._freed = self.ctx._freed or bool(self.ctx._kept)
        self.ctx._kept = ()
        self.released = True


class FunctionMeta(type):
    """Gives each Function the classes of its graph nodes and contexts, named NAMEBackward."""

    def __init__(cls, name: str, bases: tuple, body: dict) -> None:
        super().__init__(name, bases, body)
        cls._backward_cls = type(name + "Backward", (PyGradFn,), {"function": cls})
        cls._context_cls = type(name + "Backward", (BackwardCFunction,), {})


class Function(FunctionCtx, metaclass=FunctionMeta):
    """Subclass with static `forward(ctx, *args)` and `backward(ctx, *grads)`, and call `apply`.

    `setup_context(ctx, inputs, output)` may take what forward would save.
    """

    _backward_cls: type[PyGradFn]
    _context_cls: type[BackwardCFunction]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all "
            "static, so you should invoke them on the class itself. Instantiating an autograd "
            "function will raise an error in a future version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use "
            "new-style autograd function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
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
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    vjp = backward  # another name under which a subclass may give it

    @classmethod
    def _backward(cls) -> Callable:
        if cls.vjp is not Function.vjp:
            if cls.backward is not Function.backward:
                raise RuntimeError(
                    "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. "
                    "You should only implement one of them."
                )
            return cls.vjp
        return cls.backward

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Call the function, and record it where an input needs a gradient."""
        ctx = cls._context_cls()
        ctx.needs_input_grad = tuple(isinstance(x, Tensor) and x.requires_grad for x in args)
        separate = cls.setup_context is not Function.setup_context
        before = [
            x._base._edge() if isinstance(x, Tensor) and x._base is not None else None for x in args
        ]
        with no_grad():
            found = cls.forward(*args, **kwargs) if separate else cls.forward(ctx, *args, **kwargs)
            if separate:
                cls.setup_context(ctx, args, found)
        if not (state.grad and any(ctx.needs_input_grad)):
            return found
        return cls._record(ctx, args, found, before)

    @classmethod
    def _record(cls, ctx: FunctionCtx, args: Sequence, found: Any, before: list) -> Any:
        several = isinstance(found, tuple)
        outs = list(found) if several else [found]
        edges = tuple(x._edge() if isinstance(x, Tensor) else None for x in args)
        node = cls._backward_cls(edges, ctx, args, len(outs))
        ctx._node = ref(node)
        constant, kept = {id(x) for x in ctx._constant}, {id(x) for x in ctx._kept}
        inputs = {id(x): i for i, x in enumerate(args) if isinstance(x, Tensor)}
        for i, out in enumerate(outs):
            if not isinstance(out, Tensor):
                node.like.append(((), None, None))
                continue
            node.like.append((out.shape, out.dtype, out.device))
            if id(out) in constant or not out.dtype.inexact:
                continue
            if id(out) in kept:
                ctx._outputs[id(out)] = i
            if any(out is x for x in ctx._dirty):
                _written(out, node, i, before[inputs[id(out)]])
                continue
            if id(out) in inputs:
                out = outs[i] = _returned_input(out)
            elif id(out) in kept:
                base, out = out._base, out._alias()
                outs[i], out._base = out, base
            if out._base is not None:
                out._made, out._nth, out._view_version = "function", i, out._storage.version
            out._grad_fn, out._place, out._requires_grad = node, i, True
        if state.saving is not None:
            state.saving(node)
        return tuple(outs) if several else outs[0]


def _returned_input(x: Tensor) -> Tensor:
    """An input that forward gives back as it is: a view of it, with a graph node of its own."""
    out = x._alias()
    out._base = x if x._base is None else x._base
    return out


def _written(out: Tensor, node: PyGradFn, place: int, base_edge: Edge | None) -> None:
    """An input that forward wrote in place: its new contents come from the call."""
    if out.requires_grad and out.is_leaf:
        raise RuntimeError(
            "a leaf Variable that requires grad has been used in an in-place operation."
        )
    out._storage.version += 1
    if out._base is None:
        settle(out, node, place)
    else:
        rebase(out, out._base._node(), out._node(), base_edge, Edge(node, place))


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
        marked = [
            _Refused.apply(g.detach().requires_grad_()) if isinstance(g, Tensor) else g
            for g in outs
        ]
        return tuple(marked) if several else marked[0]

    return wrapped


class _Refused(Function):
    """Lets a value through, and raises where somebody differentiates it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.detach()

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )


class InplaceFunction(Function):
    """An older base of functions that may write their input; `inplace` says whether one does."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

"""Recording calls: `apply` for results, `apply_` for in-place writes, `make_view` for aliases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import moves
from .devices import CPU, device
from .dtypes import can_cast, dtype
from .gradfn import Edge, GradFn, Saved, call_class, short_name
from .ir.build import ops
from .ir.node import Node
from .modes import state
from .moves import Move, Reshape
from .shapes import Size, is_contiguous
from .storage import Storage
from .tape import PENDING_LIMIT, Template, Value, tape
from .tensor import Tensor, formatting_name

NUMBERS = (bool, int, float, complex, np.number, np.bool_)


class _Operands:
    """The inputs of a call: their nodes, and what a gradient may have to keep."""

    __slots__ = ("grads", "needs", "nodes", "values", "where")

    def __init__(self, inputs: Sequence[Any]) -> None:
        self.nodes: list[Node | None] = []
        self.values: list[Any] = []  # Value of a tensor's storage, or a number
        self.needs = False
        self.where: device | None = None
        for x in inputs:
            if isinstance(x, Tensor):
                storage = x._storage
                value = storage.value if storage.shared is None else storage.current()
                node = tape.node(value)
                if x._path:
                    (node,), _ = tape.record(moves.read, (node,), (x._path,))
                self.nodes.append(node)
                self.values.append(value)
                if self.where is None:
                    self.where = storage.device
                elif self.where is not storage.device:
                    self.where = _common_device(self.where, storage.device, inputs)
                if not self.needs and x.requires_grad:
                    self.needs = True
            elif x is None:
                self.nodes.append(None)
                self.values.append(None)
            elif isinstance(x, NUMBERS):
                self.nodes.append(tape.number(x))
                self.values.append(x)
            else:
                raise TypeError(f"expected Tensor as argument, but got {type(x).__name__}")


def _common_device(a: device, b: device, inputs: Sequence[Any]) -> device:
    """The device a call runs on; scalars on the CPU may join tensors elsewhere."""
    if a == b:
        return a
    others = {x._storage.device for x in inputs if isinstance(x, Tensor) and x.dim() > 0}
    if len(others) == 1:
        return others.pop()
    if not others:
        return a if a != CPU else b
    raise RuntimeError(
        "Expected all tensors to be on the same device, but found at least two devices, "
        + " and ".join(sorted(map(str, {a, b})))
        + "!"
    )


def _pend(node: Node, where: device | None) -> Value:
    if where is not None and where.type == "meta":
        return Value(node, tape.epoch, node.shape, node.dtype)
    return tape.pend(node)


def _connect(
    name: str,
    template: Template,
    inputs: Sequence[Any],
    values: Sequence[Any],
    results: Sequence[Tensor],
    in_place: bool = False,
) -> None:
    """Give the results a graph node."""
    needs = tuple(isinstance(x, Tensor) and x.requires_grad for x in inputs)
    given = tuple(r._dtype.inexact for r in results)
    if not any(given):
        return
    vjp = template.vjp(needs, given)
    edges = tuple(x._edge() if need else None for x, need in zip(inputs, needs))
    kept: dict[int, Any] = {}
    for i in vjp.inputs:
        x = inputs[i]
        if isinstance(x, Tensor):
            if x._inference and not state.inference:
                raise RuntimeError(
                    "Inference tensors cannot be saved for backward. Please do not use Tensors "
                    "created in inference mode in computation tracked by autograd. To work around "
                    "this, you can make a clone to get a normal tensor and use it in autograd, or "
                    "use `torch.no_grad()` instead of `torch.inference_mode()`."
                )
            kept[i] = Saved(values[i], x._path, x._storage)
        else:
            kept[i] = values[i]
    if in_place and 0 in kept:  # its old value stays, whatever is written over it
        kept[0].version = None
    outs = {i: Saved(results[i]._storage.value, (), results[i]._storage) for i in vjp.outputs}
    fn = call_class(name)(edges, template, needs, kept, outs)
    if state.saving is not None and not in_place:
        state.saving(fn)
    for place, (r, has) in enumerate(zip(results, given)):
        if has:
            r._grad_fn, r._place, r._requires_grad = fn, place, True


def apply(name: str | None, fn: Callable, inputs: Sequence[Any], static: tuple = ()) -> Any:
    """Call a pure function of nodes on tensors, numbers and Nones: `fn(*nodes, *static)`.

    `name` is the graph node's class ("MulBackward0"); None for a function without a gradient.
    Returns a Tensor, or a tuple of them where `fn` returns several nodes.
    """
    if state.autocast is not None:
        inputs = state.autocast(fn, inputs, static)
    with tape.lock:
        given = _Operands(inputs)
        outs, template = tape.record(fn, tuple(given.nodes), static)
        where = given.where or CPU
        results = [Tensor._of(_pend(node, where), where) for node in outs]
        if name is not None and given.needs and state.grad:
            _connect(name, template, inputs, given.values, results)
        if state.inference:
            for r in results:
                r._inference = True
        if len(tape.pending) > PENDING_LIMIT and not tape.tracing:
            tape.flush()
    return results[0] if template.single else tuple(results)


# ---------------------------------------------------------------- in place
def _fitted(*args: Any) -> Node:
    """The result of an in-place function, in the dtype of the tensor it is written to."""
    *nodes, fn, static = args
    out = fn(*nodes, *static)
    target = nodes[0]
    if out.shape != target.shape:
        raise RuntimeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape "
            f"{list(out.shape)}"
        )
    check_cast(out.dtype, target.dtype)
    return ops.cast(out, dtype=target.dtype)


def check_cast(source: dtype, target: dtype) -> None:
    """Refuse to store results of one dtype in a tensor of a lesser kind."""
    if not can_cast(source, target) and source.category > target.category:
        raise RuntimeError(
            f"result type {formatting_name(source)} can't be cast to the desired output type "
            f"{formatting_name(target)}"
        )


def check_writable(target: Tensor, needs: bool = False) -> None:
    """Refuse in-place writes that autograd cannot follow; `needs` where what is written has a
    gradient."""
    if target._inference and not state.inference:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make "
            "a clone to get a normal tensor before doing inplace update.See "
            "https://github.com/pytorch/rfcs/pull/17 for more details."
        )
    if not state.grad or not (needs or target.requires_grad):
        return
    base = target._base
    if base is not None:
        if target._made:
            raise RuntimeError(_forbidden(target))
        if base._requires_grad and base._grad_fn is None:
            raise RuntimeError(
                "a view of a leaf Variable that requires grad is being used in an in-place "
                "operation."
            )
    if target.requires_grad and target.grad_fn is None:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation."
        )


def _forbidden(view: Tensor) -> str:
    """Why a view made in this way must not be written in place."""
    if view._made == "no_grad":
        return (
            "A view was created in no_grad mode and is being modified inplace with grad mode "
            "enabled. Given that this use case is ambiguous and error-prone, it is forbidden. You "
            "can clarify your code by moving both the view and the inplace either both inside the "
            "no_grad block (if you don't want the inplace to be tracked) or both outside (if you "
            "want the inplace to be tracked)."
        )
    fn = view._grad_fn
    opening = (
        f"Output {view._nth} of {'View' if fn is None else short_name(fn)} is a view and is being "
        "modified inplace. "
    )
    if view._made == "multi":
        return opening + (
            "This view is the output of a function that returns multiple views. Such functions do "
            "not allow the output views to be modified inplace. You should replace the inplace "
            "operation by an out-of-place one."
        )
    return opening + (
        "This view was created inside a custom Function (or because an input was returned as-is) "
        "and the autograd logic to handle view+inplace would override the custom backward "
        "associated with the custom Function, leading to incorrect gradients. This behavior is "
        "forbidden. You can fix this by cloning the output of the custom Function."
    )


def several(views: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Mark the results of one call that returns several views: they must not be written in
    place."""
    for i, view in enumerate(views):
        if not view._made:
            view._made, view._nth = "multi", i
    return tuple(views)


def write_node(target: Tensor, node: Node) -> None:
    """Make a node the contents of a tensor, through its path."""
    storage = target._storage
    if target._path:
        whole = tape.node(storage.current())
        (node,), _ = tape.record(moves.write, (whole, node), (target._path,))
    version = storage.version
    storage.write(_pend(node, storage.device))
    if target._quiet:
        storage.version = version


def apply_(
    name: str | None, fn: Callable, target: Tensor, others: Sequence[Any] = (), static: tuple = ()
) -> Tensor:
    """Call `fn(target, *others, *static)` and write the result over `target`; returns `target`."""
    inputs = (target, *others)
    with tape.lock:
        given = _Operands(inputs)
        check_writable(target, name is not None and given.needs)
        (node,), template = tape.record(_fitted, tuple(given.nodes), (fn, static))
        tracked = name is not None and given.needs and state.grad and target._dtype.inexact
        old_base = target._base._edge() if tracked and target._base is not None else None
        result = Tensor._of(Value(node, tape.epoch, node.shape, node.dtype), target.device)
        if tracked:
            _connect(name, template, inputs, given.values, [result], in_place=True)  # type: ignore[arg-type]
            whole = target._base._node() if target._base is not None else None
        write_node(target, node)
        if tracked:
            fn_made = result._grad_fn
            for saved in fn_made.outputs.values():
                saved.storage, saved.version = target._storage, target._storage.version
                saved.value, saved.path = target._storage.value, target._path
            if state.saving is not None:
                state.saving(fn_made)
            if target._base is None:
                settle(target, fn_made, 0)
            else:
                rebase(target, whole, node, old_base, Edge(fn_made, 0))
    return target


def settle(tensor: Tensor, fn: GradFn, place: int) -> None:
    """Make a tensor a result of another call; a gradient it retains is kept for its new
    contents."""
    if tensor._retains and tensor._grad_fn is not None:
        kept = (tensor._grad_fn.retained or {}).pop(tensor._place, None)
        if kept is not None:
            fn.retained = {**(fn.retained or {}), place: kept}
    tensor._grad_fn, tensor._place, tensor._requires_grad = fn, place, True


def rebase(view: Tensor, whole: Any, part: Node, base_edge: Edge | None, part_edge: Edge) -> None:
    """After a write through a view: the base's graph node becomes the write, the view's a reading
    of it."""
    base = view._base
    path = view._path[len(base._path) :]  # type: ignore[union-attr]
    _, template = tape.record(moves.write, (whole, part), (path,))
    needs = (base_edge is not None, True)
    fn = call_class("CopySlices")((base_edge, part_edge), template, needs, {}, {})
    settle(base, fn, 0)  # type: ignore[arg-type]
    view._view_version = -1
    _ = view.grad_fn


# ---------------------------------------------------------------- views
def make_view(
    name: str,
    x: Tensor,
    move: Move,
    shape: Sequence[int],
    strides: Sequence[int],
    offset: int,
    kind: dtype | None = None,
) -> Tensor:
    """A tensor that reads `x`'s storage through one more move."""
    out = object.__new__(Tensor)
    storage = x._storage
    out._storage, out._size, out._dtype = storage, Size(shape), kind or x._dtype
    out._offset = offset
    base = x._base if x._base is not None else x
    out._base, out._view_version = base, storage.version
    out._quiet, out._inference = x._quiet, x._inference
    if x._made:
        out._made = x._made
    elif not state.grad:
        out._made = "no_grad"
    path = (*x._path, move)
    whole = is_contiguous(out._size, strides)
    if not whole:
        out._strides = tuple(strides)
    if whole and not base._path and out._dtype is storage.value.dtype:
        held = storage.value.shape
        if out._size.numel() == held.numel():
            path = () if held == out._size else (Reshape(out._size),)
    out._path = path
    if state.grad and x.requires_grad and out._dtype.inexact:
        with tape.lock:
            _, template = tape.record(_move, (x._node(),), (move,))
        out._grad_fn = call_class(name)((x._edge(),), template, (True,), {}, {})
        out._requires_grad = True
    return out


def _move(x: Node, move: Move) -> Node:
    return move.read(x)


# ---------------------------------------------------------------- out=
def write_out(out: Tensor, result: Tensor) -> Tensor:
    """Store a result in an `out=` tensor: resized where its shape differs, never of a lesser
    kind."""
    if not isinstance(out, Tensor):
        raise TypeError(f"argument 'out' must be Tensor, not {type(out).__name__}")
    if state.grad and (out.requires_grad or result.requires_grad):
        raise RuntimeError(
            "functions with out=... arguments don't support automatic differentiation, but one of "
            "the arguments requires grad."
        )
    check_cast(result._dtype, out._dtype)
    if out._size != result._size:
        resize(out, result._size)
    with tape.lock:
        (node,), _ = tape.record(_cast_to, (result._node(),), (out._dtype,))
        write_node(out, node)
    return out


def _cast_to(x: Node, kind: dtype) -> Node:
    return ops.cast(x, dtype=kind)


def resize(tensor: Tensor, shape: Sequence[int]) -> None:
    """Give a tensor another shape over the same elements, with zeros where there are not enough."""
    size = Size(shape)
    array = np.zeros(size.numel(), tensor._dtype.array)
    old = tensor._storage.array().reshape(-1)[tensor._offset :]
    n = min(old.size, array.size)
    array[:n] = old[:n]
    fresh = Storage(Value(None, 0, size, tensor._dtype), tensor.device)
    fresh.value.buffer = array.reshape(size)
    tensor._storage, tensor._size, tensor._path = fresh, size, ()
    tensor._strides, tensor._offset = None, 0

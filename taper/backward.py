"""Backward: walks the graph of calls from results to leaves, newest call first."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from threading import local
from typing import Any

import numpy as np

from . import moves
from .calls import apply
from .gradfn import AccumulateGrad, CallGrad, Edge, GradFn, Packed, Saved, short_name
from .ir.build import ops
from .ir.node import Node, variable
from .modes import enable_grad, no_grad, state
from .tape import tape
from .tensor import Tensor, formatting_name

SECOND_TIME = (
    "Trying to backward through the graph a second time (or directly access saved tensors after "
    "they have already been freed). Saved intermediate values of the graph are freed when you call "
    ".backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the "
    "graph a second time or if you need to access saved tensors after calling backward."
)


def _add(a: Node, b: Node) -> Node:
    return ops.add(a, b)


def _cast(x: Node, kind: Any) -> Node:
    if x.dtype.is_complex and not kind.is_complex:
        x = ops.real(x)
    return ops.cast(x, dtype=kind)


def check_version(saved: Saved, edge: Edge | None) -> None:
    """Refuse a value that was overwritten in place since it was saved."""
    if saved.version is None or saved.storage.version == saved.version:
        return
    (node,), _ = tape.record(moves.read, (variable(0, tape.node(saved.value)),), (saved.path,))
    source = ""
    if edge is not None and not isinstance(edge.fn, AccumulateGrad):
        source = f", which is output {edge.place} of {short_name(edge.fn)},"
    hint = (
        "the backtrace further above shows the operation that failed to compute its gradient. The "
        "variable in question was changed in there or anywhere later. Good luck!"
        if state.anomaly
        else "enable anomaly detection to find the operation that failed to compute its gradient, "
        "with torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )
    raise RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: [torch.{formatting_name(node.dtype)}Tensor {list(node.shape)}]{source} is at "
        f"version {saved.storage.version}; expected version {saved.version} instead. Hint: {hint}"
    )


def unpack(saved: Any, edge: Edge | None) -> Any:
    """The tensor that was saved, connected to the graph again; a number as it is."""
    if isinstance(saved, Packed):
        out = saved.unpack(saved.held)
        if not isinstance(out, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(out).__name__}"
            )
        out = out.detach()
    elif isinstance(saved, Saved):
        check_version(saved, edge)
        out = restored(saved)
    else:
        return saved
    if edge is not None:
        out._grad_fn, out._place, out._requires_grad = edge.fn, edge.place, True
    return out


def restored(saved: Saved) -> Tensor:
    """A tensor of a saved value, outside of the graph."""
    out = Tensor._of(saved.value, saved.storage.device)
    if saved.path:
        with tape.lock:
            (node,), _ = tape.record(moves.read, (tape.node(saved.value),), (saved.path,))
        out._path, out._size, out._dtype = saved.path, node.shape, node.dtype
    return out


def _call_vjp(fn: CallGrad, grads: list[Tensor | None]) -> list[Tensor | None]:
    """Gradients of a recorded call's inputs."""
    vjp = fn.template.vjp(fn.needs, _has(grads))
    if fn.released and (vjp.inputs or vjp.outputs):
        raise RuntimeError(SECOND_TIME)
    name = type(fn).__name__
    kept = [unpack(fn.inputs[i], fn.edges[i]) for i in vjp.inputs]  # type: ignore[index]
    kept += [unpack(fn.outputs[i], Edge(fn, i)) for i in vjp.outputs]  # type: ignore[index]
    outs = [match_dtype(g, out.dtype) for g, out in zip(grads, fn.template.outs) if g is not None]
    found = iter(apply(name.replace("Backward", "BackwardBackward"), vjp, (*kept, *outs)))
    wanted = iter(vjp.present)
    return [next(found) if need and next(wanted) else None for need in fn.needs]


def match_dtype(g: Tensor, kind: Any) -> Tensor:
    """A gradient in the dtype of what it is the gradient of."""
    return g if g._dtype is kind else apply("ToCopyBackward0", _cast, (g,), (kind,))


def _has(grads: Sequence[Tensor | None]) -> tuple[bool, ...]:
    return tuple(g is not None for g in grads)


def _run_hooks(hooks: Any, grad: Tensor) -> Tensor:
    for hook in list(hooks.values()):
        found = hook(grad)
        if found is not None:
            _check_hook(hook, grad, found)
            grad = found
    return grad


def _check_hook(hook: Any, old: Tensor | None, new: Any) -> None:
    """A hook may change a gradient's values, but not its shape or dtype."""
    name = getattr(hook, "__name__", type(hook).__name__)
    if not isinstance(new, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(new).__name__}'")
    if old is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if new._dtype is not old._dtype:
        raise RuntimeError(
            f"hook '{name}' has changed the type of value (was {old.type()} got {new.type()})"
        )
    if new._size != old._size:
        raise RuntimeError(f"hook '{name}' has changed the size of value")


def _replaced(hook: Any, old: list[Tensor | None], returned: Any) -> list[Tensor | None]:
    """The gradients after a hook on a function, which may return new ones."""
    if returned is None:
        return old
    new = list(returned) if isinstance(returned, (tuple, list)) else [returned]
    if len(new) != len(old):
        name = getattr(hook, "__name__", type(hook).__name__)
        raise RuntimeError(
            f"hook '{name}' has returned an incorrect number of values (got {len(new)}, but "
            f"expected {len(old)})"
        )
    for a, b in zip(old, new):
        if b is not None:
            _check_hook(hook, a, b)
    return new


def _warn_traceback(fn: GradFn) -> None:
    """Under anomaly detection: show the call whose gradient failed."""
    lines = fn.metadata.get("traceback_")
    text = (
        f"Error detected in {fn.name()}. Traceback of forward call that caused the "
        f"error:\n{''.join(lines)}"
        if lines
        else f"Error detected in {fn.name()}. No forward pass information available. Enable detect "
        "anomaly during forward pass for more information."
    )
    warnings.warn(text, UserWarning)


def _check_nan(fn: GradFn, results: list[Tensor | None]) -> None:
    for i, g in enumerate(results):
        if g is not None and bool(np.isnan(g._array()).any()):
            raise RuntimeError(f"Function '{fn.name()}' returned nan values in its {i}th output.")


class _Walk:
    """One traversal: gradients that have arrived, by function and place."""

    def __init__(
        self,
        keep: bool,
        wanted: dict[tuple, list[int]],
        needed: set[GradFn] | None,
        count: int,
        into: bool,
    ) -> None:
        self.keep, self.wanted, self.needed = keep, wanted, needed
        self.into = into  # leaves that gradients arrive at accumulate them
        self.into_results = set(wanted) if into else ()  # results that the caller accumulates into
        self.found: list[Tensor | None] = [None] * count
        self.arrived: dict[GradFn, dict[int, Tensor]] = {}
        self.queue: list[tuple[int, GradFn]] = []
        self.leaves: dict[AccumulateGrad, None] = {}

    def send(self, edge: Edge, grad: Tensor) -> None:
        places = self.arrived.get(edge.fn)
        if places is None:
            places = self.arrived[edge.fn] = {}
            if isinstance(edge.fn, AccumulateGrad):
                self.leaves[edge.fn] = None
            else:
                heappush(self.queue, (-edge.fn.sequence, edge.fn))
        seen = places.get(edge.place)
        places[edge.place] = grad if seen is None else _sum(seen, grad)

    def run(self, passing: set[GradFn] | None) -> None:
        while self.queue:
            _, fn = heappop(self.queue)
            grads = self._collected(fn)
            if passing is None or fn in passing:
                self._step(fn, grads)
        for leaf in self.leaves:
            self._accumulate(leaf)

    def _collected(self, fn: GradFn) -> list[Tensor | None]:
        places = self.arrived.pop(fn)
        count = len(fn.template.outs) if isinstance(fn, CallGrad) else fn.count  # type: ignore[attr-defined]
        grads = [places.get(i) for i in range(count)]
        for place, hooks in (fn.tensor_hooks or {}).items():
            grad = grads[place]
            if grad is not None:
                grads[place] = _run_hooks(hooks, grad)
        for place, kept in (fn.retained or {}).items():
            tensor = kept()
            if (
                tensor is not None
                and grads[place] is not None
                and (fn, place) not in self.into_results
            ):
                tensor._grad = grads[place] if tensor._grad is None else tensor._grad + grads[place]
        for place in range(count):
            for slot in self.wanted.get((fn, place), ()):
                self.found[slot] = grads[place]
        return grads

    def _step(self, fn: GradFn, grads: list[Tensor | None]) -> None:
        for hook in list((fn.pre_hooks or {}).values()):
            grads = _replaced(hook, grads, hook(tuple(grads)))
        results = self._computed(fn, grads)
        for hook in list((fn.post_hooks or {}).values()):
            results = _replaced(hook, results, hook(tuple(results), tuple(grads)))
        if not self.keep:
            fn.release()  # type: ignore[attr-defined]
        for edge, grad in zip(fn.edges, results):
            if (
                edge is not None
                and grad is not None
                and (self.needed is None or edge.fn in self.needed)
            ):
                self.send(edge, grad)

    def _computed(self, fn: GradFn, grads: list[Tensor | None]) -> list[Tensor | None]:
        run: Callable = _call_vjp if isinstance(fn, CallGrad) else type(fn).gradients  # type: ignore[attr-defined]
        if not state.anomaly:
            return run(fn, grads)
        try:
            results = run(fn, grads)
            if state.check_nan:
                _check_nan(fn, results)
        except Exception:
            _warn_traceback(fn)
            raise
        return results

    def _accumulate(self, leaf: AccumulateGrad) -> None:
        (grad,) = self.arrived.pop(leaf).values()
        tensor = leaf.variable
        if tensor._hooks:
            grad = _run_hooks(tensor._hooks, grad)
        for slot in self.wanted.get((leaf, 0), ()):
            self.found[slot] = grad
        if not self.into:
            return
        grads: list[Tensor | None] = [grad]
        for hook in list((leaf.pre_hooks or {}).values()):
            grads = _replaced(hook, grads, hook(tuple(grads)))
        accumulate(tensor, grads[0])  # type: ignore[arg-type]
        for hook in list((leaf.post_hooks or {}).values()):
            hook((), tuple(grads))


def accumulate(tensor: Tensor, grad: Tensor) -> None:
    """Add a gradient to a leaf's `.grad`, and run its hooks."""
    grad = match_dtype(grad, tensor._dtype)
    if tensor._grad is None:
        tensor._grad = grad if grad.requires_grad else _fresh(grad)
    elif grad.requires_grad or grad.is_sparse or tensor._grad.is_sparse:
        tensor._grad = _sum(tensor._grad, grad)
    else:
        held = tensor._grad
        with no_grad():
            total = apply(None, _add, (held, grad))
        held._storage.write(total._storage.value) if not held._path else held.copy_(total)
    for hook in list((tensor._post_hooks or {}).values()):
        hook(tensor)


def _sum(a: Tensor, b: Tensor) -> Tensor:
    """Two gradients together; sparse ones stay sparse."""
    if a.is_sparse and b.is_sparse:
        return a.merged(b)
    return apply("AddBackward0", _add, (a, b))


def _fresh(grad: Tensor) -> Tensor:
    """The gradient on a storage of its own, so that no in-place write reaches another tensor."""
    if grad.is_sparse:
        return grad
    if grad._path or grad._storage.shared is not None:
        return grad.clone()
    return Tensor._of(grad._storage.value, grad.device)


def _needed(roots: Sequence[Edge], targets: set[GradFn]) -> set[GradFn]:
    """The functions on a way from the roots to the targets."""
    found, seen = set(targets), set()
    stack: list[tuple[GradFn, bool]] = [(e.fn, False) for e in roots]
    while stack:
        fn, done = stack.pop()
        if done:
            if any(e is not None and e.fn in found for e in fn.edges):
                found.add(fn)
        elif fn not in seen:
            seen.add(fn)
            stack.append((fn, True))
            stack.extend((e.fn, False) for e in fn.edges if e is not None)
    return found


def run(
    edges: Sequence[Edge],
    grads: Sequence[Tensor],
    keep: bool,
    create_graph: bool,
    inputs: Sequence[Edge] | None = None,
    into: bool = True,
) -> list[Tensor | None]:
    """Send `grads` into `edges` and give back the gradients at `inputs`.

    Leaves accumulate what reaches them where `into` is true: all of them, or those of `inputs`
    where it is given.
    """
    wanted: dict[tuple, list[int]] = {}
    for slot, edge in enumerate(inputs or ()):
        wanted.setdefault((edge.fn, edge.place), []).append(slot)
    needed = None if inputs is None else _needed(edges, {e.fn for e in inputs})
    walk = _Walk(keep, wanted, needed, len(inputs or ()), into)
    before, _running.edges = _running.edges, edges
    try:
        with enable_grad() if create_graph else no_grad():
            for edge, grad in zip(edges, grads):
                if needed is None or edge.fn in needed:
                    walk.send(edge, grad)
            walk.run(None if needed is None else needed - _ends(inputs or (), needed))
    finally:
        _running.edges = before
    return walk.found


class _Running(local):
    edges: Sequence[Edge] = ()  # where the backward that runs now began


_running = _Running()


def reached(fn: GradFn) -> bool:
    """Whether the backward that runs now goes through a function."""
    return any(e.fn is fn or e.fn in _needed([e], {fn}) for e in _running.edges)


def _ends(inputs: Sequence[Edge], needed: set[GradFn]) -> set[GradFn]:
    """Targets behind which no other target lies: they need not run."""
    ends = set()
    for fn in {e.fn for e in inputs}:
        if not any(e is not None and e.fn in needed for e in fn.edges):
            ends.add(fn)
    return ends

"""Backward: walks the graph of calls from results to leaves, newest call first."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any

from . import moves
from .calls import apply
from .gradfn import AccumulateGrad, CallGrad, Edge, GradFn, Saved
from .ir.build import ops
from .ir.node import Node
from .modes import enable_grad, no_grad
from .tape import tape
from .tensor import Tensor, formatting_name

SECOND_TIME = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
    "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
    "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
    "saved tensors after calling backward."
)


def _add(a: Node, b: Node) -> Node:
    return ops.add(a, b)


def _cast(x: Node, kind: Any) -> Node:
    if x.dtype.is_complex and not kind.is_complex:
        x = ops.real(x)
    return ops.cast(x, dtype=kind)


def _check_version(saved: Saved, name: str) -> None:
    if saved.version is None or saved.storage.version == saved.version:
        return
    value = saved.value
    kind = formatting_name(value.dtype)
    source = "" if saved.edge is None else f", which is output {saved.edge.place} of {saved.edge.fn.name()}"
    if saved.edge is None or isinstance(saved.edge.fn, AccumulateGrad):
        source = "" if saved.edge is not None else f", which is output 0 of {name}"
    raise RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[torch.{kind}Tensor {list(value.shape)}]{source}, is at version {saved.storage.version}; expected version "
        f"{saved.version} instead. Hint: enable anomaly detection to find the operation that failed to compute its "
        "gradient, with torch.autograd.set_detect_anomaly(True)."
    )


def unpack(saved: Any, edge: Edge | None, name: str) -> Any:
    """The tensor that was saved, connected to the graph again; a number as it is."""
    if not isinstance(saved, Saved):
        return saved
    _check_version(saved, name)
    out = Tensor._of(saved.value, saved.storage.device)
    if saved.path:
        with tape.lock:
            (node,), _ = tape.record(moves.read, (tape.node(saved.value),), (saved.path,))
        out._path, out._size, out._dtype = saved.path, node.shape, node.dtype
    if edge is not None:
        out._grad_fn, out._place, out._requires_grad = edge.fn, edge.place, True
    return out


def _call_vjp(fn: CallGrad, grads: list[Tensor | None]) -> list[Tensor | None]:
    """Gradients of a recorded call's inputs."""
    vjp = fn.template.vjp(fn.needs, _has(grads))
    if fn.released and (vjp.inputs or vjp.outputs):
        raise RuntimeError(SECOND_TIME)
    name = fn.name()
    kept = [unpack(fn.inputs[i], fn.edges[i], name) for i in vjp.inputs]  # type: ignore[index]
    kept += [unpack(fn.outputs[i], Edge(fn, i), name) for i in vjp.outputs]  # type: ignore[index]
    outs = [
        _as(g, out.dtype) for g, out in zip(grads, fn.template.outs) if g is not None
    ]
    found = iter(apply(name.replace("Backward", "BackwardBackward"), vjp, (*kept, *outs)))
    wanted = iter(vjp.present)
    return [next(found) if need and next(wanted) else None for need in fn.needs]


def _as(g: Tensor, kind: Any) -> Tensor:
    return g if g._dtype is kind else apply("ToCopyBackward0", _cast, (g,), (kind,))


def _has(grads: Sequence[Tensor | None]) -> tuple[bool, ...]:
    return tuple(g is not None for g in grads)


def _run_hooks(hooks: Any, grad: Tensor) -> Tensor:
    for hook in list(hooks.values()):
        found = hook(grad)
        if found is not None:
            grad = found
    return grad


class _Walk:
    """One traversal: gradients that have arrived, by function and place."""

    def __init__(
        self, keep: bool, wanted: dict[tuple, list[int]], needed: set[GradFn] | None, count: int
    ) -> None:
        self.keep, self.wanted, self.needed = keep, wanted, needed
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
        places[edge.place] = grad if seen is None else apply("AddBackward0", _add, (seen, grad))

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
            if grads[place] is not None:
                grads[place] = _run_hooks(hooks, grads[place])
        for place, kept in (fn.retained or {}).items():
            tensor = kept()
            if tensor is not None and grads[place] is not None:
                tensor._grad = grads[place] if tensor._grad is None else tensor._grad + grads[place]
        for place in range(count):
            for slot in self.wanted.get((fn, place), ()):
                self.found[slot] = grads[place]
        return grads

    def _step(self, fn: GradFn, grads: list[Tensor | None]) -> None:
        for hook in list((fn.pre_hooks or {}).values()):
            changed = hook(tuple(grads))
            if changed is not None:
                grads = list(changed) if isinstance(changed, tuple) else [changed]
        results = _call_vjp(fn, grads) if isinstance(fn, CallGrad) else fn.backward(grads)  # type: ignore[attr-defined]
        for hook in list((fn.post_hooks or {}).values()):
            changed = hook(tuple(results), tuple(grads))
            if changed is not None:
                results = list(changed) if isinstance(changed, tuple) else [changed]
        if not self.keep:
            fn.release()  # type: ignore[attr-defined]
        for edge, grad in zip(fn.edges, results):
            if edge is not None and grad is not None and (self.needed is None or edge.fn in self.needed):
                self.send(edge, grad)

    def _accumulate(self, leaf: AccumulateGrad) -> None:
        (grad,) = self.arrived.pop(leaf).values()
        tensor = leaf.variable
        if tensor._hooks:
            grad = _run_hooks(tensor._hooks, grad)
        slots = self.wanted.get((leaf, 0), ())
        for slot in slots:
            self.found[slot] = grad
        if not self.wanted:
            accumulate(tensor, grad)


def accumulate(tensor: Tensor, grad: Tensor) -> None:
    """Add a gradient to a leaf's `.grad`, and run its hooks."""
    grad = _as(grad, tensor._dtype)
    if tensor._grad is None:
        tensor._grad = grad if grad.requires_grad else _fresh(grad)
    elif grad.requires_grad:
        tensor._grad = apply("AddBackward0", _add, (tensor._grad, grad))
    else:
        held = tensor._grad
        with no_grad():
            total = apply(None, _add, (held, grad))
        held._storage.write(total._storage.value) if not held._path else held.copy_(total)
    for hook in list((tensor._post_hooks or {}).values()):
        hook(tensor)


def _fresh(grad: Tensor) -> Tensor:
    """The gradient on a storage of its own, so that no in-place write reaches another tensor."""
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
) -> list[Tensor | None]:
    """Send `grads` into `edges`; the gradients at `inputs`, or accumulation into all leaves where None."""
    wanted: dict[tuple, list[int]] = {}
    for slot, edge in enumerate(inputs or ()):
        wanted.setdefault((edge.fn, edge.place), []).append(slot)
    needed = None if inputs is None else _needed(edges, {e.fn for e in inputs})
    walk = _Walk(keep, wanted, needed, len(inputs or ()))
    with enable_grad() if create_graph else no_grad():
        for edge, grad in zip(edges, grads):
            if needed is None or edge.fn in needed:
                walk.send(edge, grad)
        walk.run(None if inputs is None else needed - _ends(inputs, needed))  # type: ignore[operator]
    return walk.found


def _ends(inputs: Sequence[Edge], needed: set[GradFn]) -> set[GradFn]:
    """Targets behind which no other target lies: they need not run."""
    ends = set()
    for fn in {e.fn for e in inputs}:
        if not any(e is not None and e.fn in needed for e in fn.edges):
            ends.add(fn)
    return ends


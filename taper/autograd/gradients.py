"""`backward` and `grad`: gradients of tensors with respect to leaves or to chosen inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import backward as walk
from ..functions.creation import ones_like
from ..gradfn import Edge
from ..tensor import Tensor

NO_GRAPH = "element {} of tensors does not require grad and does not have a grad_fn"


def _listed(value: Any) -> list:
    return [value] if value is None or isinstance(value, Tensor) else list(value)


def _roots(
    outputs: Sequence[Tensor], grads: Sequence[Tensor | None], batched: bool = False
) -> tuple[list[Edge], list[Tensor]]:
    """The graph nodes of the outputs that need gradients, and what to send into them."""
    edges, sent = [], []
    if len(grads) != len(outputs):
        raise RuntimeError(
            f"got {len(outputs)} tensors and {len(grads)} gradients"
        )
    for i, (out, g) in enumerate(zip(outputs, grads)):
        edge = out._edge()
        if g is None and out.requires_grad:
            if out.numel() != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            if not out.dtype.is_floating_point:
                raise RuntimeError(
                    f"grad can be implicitly created only for real scalar outputs but got {out.dtype}"
                )
            g = ones_like(out)
        elif g is not None:
            _check(i, out, g)
        if edge is None:
            raise RuntimeError(NO_GRAPH.format(i))
        edges.append(edge)
        sent.append(g)
    return edges, sent  # type: ignore[return-value]


def _check(place: int, out: Tensor, g: Tensor) -> None:
    if g.shape != out.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{place}] has a shape of {g.shape} and output[{place}] has a shape of "
            f"{out.shape}."
        )
    if g.dtype.is_complex != out.dtype.is_complex:
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in "
            f"dtype: grad_output[{place}] has a dtype of {g.dtype} and output[{place}] has a dtype of {out.dtype}."
        )


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Accumulate the gradients of `tensors` into the leaves (or only into `inputs`).

    Raises RuntimeError where a tensor has no graph, is no scalar and comes without a gradient, or where the
    graph was freed by an earlier backward.
    """
    if inputs is not None and not len(_listed(inputs)):
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    outs = _listed(tensors)
    given = _listed(grad_tensors) if grad_tensors is not None else [None] * len(outs)
    edges, sent = _roots(outs, given)
    keep = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        walk.run(edges, sent, keep, create_graph)
        return
    targets = _listed(inputs)
    for x, g in zip(targets, walk.run(edges, sent, keep, create_graph, _edges(targets))):
        if g is not None:
            walk.accumulate(x, g)


def _edges(inputs: Sequence[Tensor]) -> list[Edge]:
    found = []
    for x in inputs:
        edge = x._edge()
        if edge is None:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
        found.append(edge)
    return found


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """Gradients of `outputs` with respect to `inputs`, without touching `.grad`.

    Raises RuntimeError for an input that the outputs do not depend on, unless `allow_unused` (then None) or
    `materialize_grads` (then zeros).
    """
    outs, targets = _listed(outputs), _listed(inputs)
    given = _listed(grad_outputs) if grad_outputs is not None else [None] * len(outs)
    if is_grads_batched:
        return _batched(outs, targets, given, retain_graph, create_graph, allow_unused)
    edges, sent = _roots(outs, given)
    keep = create_graph if retain_graph is None else retain_graph
    found = walk.run(edges, sent, keep, create_graph, _edges(targets))
    if materialize_grads:
        if allow_unused is False:
            raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.")
        return tuple(x.new_zeros(x.shape) if g is None else g for x, g in zip(targets, found))
    if not allow_unused and any(g is None for g in found):
        raise RuntimeError(
            "One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True if "
            "this is the desired behavior."
        )
    return tuple(found)


def _batched(
    outs: list, targets: list, given: list, retain_graph: bool | None, create_graph: bool, allow_unused: bool | None
) -> tuple[Tensor | None, ...]:
    """One gradient for each row of the cotangents, stacked."""
    from ..functions.joining import stack

    count = len(given[0])
    rows = [
        grad(outs, targets, [g[i] for g in given], True, create_graph, allow_unused=allow_unused)
        for i in range(count)
    ]
    return tuple(None if column[0] is None else stack(list(column)) for column in zip(*rows))


def tensor_backward(
    self: Tensor, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
) -> None:
    """Accumulate the gradient of this tensor into the leaves of its graph."""
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)

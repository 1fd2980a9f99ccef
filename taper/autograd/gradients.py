"""`backward` and `grad`: gradients of tensors with respect to leaves or to chosen inputs."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

from .. import backward as walk
from ..functions.creation import ones_like
from ..functions.joining import stack
from ..gradfn import AccumulateGrad, Edge, GradFn
from ..tensor import Tensor

CYCLE = (
    "Using backward() with create_graph=True will create a reference cycle between the parameter "
    "and its gradient which can cause a memory leak. We recommend using autograd.grad when "
    "creating the graph to avoid this. If you have to use this function, make sure to reset the "
    ".grad fields of your parameters to None after use to break the cycle and avoid the leak."
)
NO_GRAPH = "element {} of tensors does not require grad and does not have a grad_fn"


def _listed(value: Any) -> list:
    return [value] if value is None or isinstance(value, (Tensor, GradientEdge)) else list(value)


class GradientEdge(NamedTuple):
    """A place in the graph: result number `output_nr` of `node`. Stands for a tensor in `grad` and
    `backward`."""

    node: GradFn
    output_nr: int
    ownership_token: Any = None


def _edge(x: Any) -> Edge | None:
    return Edge(x.node, x.output_nr) if isinstance(x, GradientEdge) else x._edge()


def _roots(
    outputs: Sequence[Tensor], grads: Sequence[Tensor | None], batched: bool = False
) -> tuple[list[Edge], list[Tensor]]:
    """The graph nodes of the outputs that need gradients, and what to send into them."""
    edges, sent = [], []
    if len(grads) < len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(grads)} gradients")
    for i, (out, g) in enumerate(zip(outputs, grads)):
        edge = _edge(out)
        if isinstance(out, GradientEdge):
            if g is None:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
        elif g is None and out.requires_grad:
            if out.numel() != 1:
                raise RuntimeError("grad can be implicitly created only for scalar outputs")
            if not out.dtype.is_floating_point:
                raise RuntimeError(
                    "grad can be implicitly created only for real scalar outputs but got "
                    f"{out.dtype}"
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
            f"Mismatch in shape: grad_output[{place}] has a shape of {g.shape} and output[{place}] "
            f"has a shape of {out.shape}."
        )
    if g.dtype.is_complex != out.dtype.is_complex:
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same "
            f"dtype. Mismatch in dtype: grad_output[{place}] has a dtype of {g.dtype} and "
            f"output[{place}] has a dtype of {out.dtype}."
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

    Raises RuntimeError where a tensor has no graph, is no scalar and comes without a gradient, or
    where the
    graph was freed by an earlier backward.
    """
    if inputs is not None and not len(_listed(inputs)):
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    outs = _listed(tensors)
    given = _listed(grad_tensors) if grad_tensors is not None else [None] * len(outs)
    edges, sent = _roots(outs, given)
    keep = create_graph if retain_graph is None else retain_graph
    if create_graph:
        warnings.warn(CYCLE, UserWarning, stacklevel=3)
    if inputs is None:
        walk.run(edges, sent, keep, create_graph)
        return
    targets = _listed(inputs)
    ends = _edges(targets)
    found = walk.run(edges, sent, keep, create_graph, ends)
    for x, end, g in zip(targets, ends, found):
        if g is not None and not isinstance(end.fn, AccumulateGrad):
            walk.accumulate(x, g)


def _edges(inputs: Sequence[Tensor]) -> list[Edge]:
    found = []
    for x in inputs:
        edge = _edge(x)
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

    Raises RuntimeError for an input that the outputs do not depend on, unless `allow_unused` (then
    None) or
    `materialize_grads` (then zeros).
    """
    outs, targets = _listed(outputs), _listed(inputs)
    given = _listed(grad_outputs) if grad_outputs is not None else [None] * len(outs)
    if is_grads_batched:
        return _batched(outs, targets, given, retain_graph, create_graph, allow_unused)
    edges, sent = _roots(outs, given)
    keep = create_graph if retain_graph is None else retain_graph
    if not targets:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    found = walk.run(edges, sent, keep, create_graph, _edges(targets), into=False)
    if materialize_grads:
        if allow_unused is False:
            raise ValueError(
                "Expected allow_unused to be True or not passed when materialize_grads=True, but "
                "got: allow_unused=False."
            )
        return tuple(x.new_zeros(x.shape) if g is None else g for x, g in zip(targets, found))
    if not allow_unused and None in found:
        raise RuntimeError(
            f"The differentiated Tensor at index {found.index(None)} appears to not have been used "
            "in the graph. Set allow_unused=True if this is the desired behavior."
        )
    return tuple(found)


def _batched(
    outs: list,
    targets: list,
    given: list,
    retain_graph: bool | None,
    create_graph: bool,
    allow_unused: bool | None,
) -> tuple[Tensor | None, ...]:
    """One gradient for each row of the cotangents, stacked."""
    for i, (out, g) in enumerate(zip(outs, given)):
        if g is None:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        if g.shape[1:] != out.shape:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output "
                "as the batch dimension. The sizes of the remaining dimensions are expected to "
                "match the shape of corresponding output, but a mismatch was detected: "
                f"grad_output[{i}] has a shape of {g.shape[1:]} and output[{i}] has a shape of "
                f"{out.shape}. If you only want some tensors in `grad_output` to be considered "
                "batched, consider using vmap."
            )
    count = len(given[0])
    rows = [
        grad(outs, targets, [g[i] for g in given], True, create_graph, allow_unused=allow_unused)
        for i in range(count)
    ]
    return tuple(None if column[0] is None else stack(list(column)) for column in zip(*rows))


def tensor_backward(
    self: Tensor,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Accumulate the gradient of this tensor into the leaves of its graph."""
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)

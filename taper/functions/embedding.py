"""Embeddings: rows of a table by number, sums of such rows, and one-hot vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..calls import apply, apply_
from ..gradfn import Edge, GradFn
from ..ir.build import ops
from ..ir.node import Node
from ..modes import is_grad_enabled, no_grad
from ..tensor import Tensor, formatting_name
from .common import expand, scalar, spread, still, wide
from .conversion import clone
from .creation import from_array
from .distance import norm_node
from .sparse import from_entries

__all__ = ["embedding", "embedding_bag", "one_hot"]


# ---------------------------------------------------------------- rows of a table
def _rows(weight: Node, index: Node, padding: int | None, by_frequency: bool) -> Node:
    """Rows of the table. Rows at `padding` pass no gradient; others may share theirs by count."""
    index = ops.cast(index, dtype=dtypes.int64)
    found = ops.take(weight, index, axis=0)
    if by_frequency:
        found = _shared(found, 1, _counts(weight, index), index)
    if padding is not None:
        pad = spread(ops.eq(index, scalar(padding, index)), found, (len(found.shape) - 1,))
        found = ops.where(pad, still(found), found)
    return found


def _counts(weight: Node, index: Node) -> Node:
    """How often each row is asked for."""
    flat = ops.reshape(index, shape=(index.shape.numel(),))
    zeros = ops.full((weight.shape[0],), 0, weight.dtype)
    return ops.index_add(zeros, flat, ops.full(flat.shape, 1, weight.dtype), axis=0)


def _shared(found: Node, inner: int, counts: Node, index: Node) -> Node:
    """The same rows, with gradients divided by how often each row is asked for."""
    fixed = still(found)
    count = spread(ops.take(counts, index, axis=0), found, (len(found.shape) - inner,))
    return ops.add(fixed, ops.div(ops.sub(found, fixed), count))


def _check_index(index: Tensor, what: str) -> None:
    if index._dtype not in (dtypes.int64, dtypes.int32):
        shown = f"torch.{formatting_name(index._dtype)}Tensor"
        if index._dtype is dtypes.bool_ or index._dtype.is_complex:
            shown = f"CPU{formatting_name(index._dtype)}Type"
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got {shown} instead (while checking arguments for {what})"
        )


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of `weight` [n, d] at the places of `input` [*]: [*, d].

    The row at `padding_idx` gets no gradient. With `max_norm` the rows that are asked for are first
    scaled down, in place, to that norm. With `sparse` the table's gradient is a sparse tensor.
    """
    if padding_idx is not None:
        n = weight.size(0)
        if not -n <= padding_idx < n:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= n
    if max_norm is not None:
        with no_grad():
            embedding_renorm_(weight, input, max_norm, norm_type)
    return embedding_rows(weight, input, padding_idx, scale_grad_by_freq, sparse)


class RowsOnly(GradFn):
    """Makes the gradient of a table sparse: only the rows that were asked for have entries."""

    count = 1

    def __init__(self, edge: Edge | None, indices: Tensor, padding: int | None) -> None:
        super().__init__((edge,))
        self.indices, self.padding = indices, padding

    def gradients(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        """The same gradient as a sparse tensor."""
        (grad,) = grads
        rows = np.unique(self.indices._array())
        rows = rows[rows != self.padding] if self.padding is not None else rows
        return [None if grad is None else from_entries(clone(grad), rows[None].astype(np.int64))]

    def release(self) -> None:
        """Nothing is saved that a second backward would miss."""


def _sparsely(weight: Tensor, indices: Tensor, padding: int | None) -> Tensor:
    """The table, with a gradient that will be sparse."""
    if not (is_grad_enabled() and weight.requires_grad):
        return weight
    out = weight._alias()
    out._grad_fn, out._requires_grad = RowsOnly(weight._edge(), indices.detach(), padding), True
    return out


def embedding_rows(
    weight: Tensor, indices: Tensor, padding_idx: int | None, by_frequency: bool, sparse: bool
) -> Tensor:
    """`embedding` without renormalization; `padding_idx` None or a row's number."""
    _check_index(indices, "embedding")
    if weight.dim() != 2:
        raise RuntimeError("'weight' must be 2-D")
    if sparse:
        weight = _sparsely(weight, indices, padding_idx)
    static = (padding_idx, bool(by_frequency))
    return apply("EmbeddingBackward0", _rows, (weight, indices), static)


def _renormed(weight: Node, index: Node, most: float, p: float) -> Node:
    index = ops.cast(index, dtype=dtypes.int64)
    flat = ops.reshape(index, shape=(index.shape.numel(),))
    size = norm_node(weight, p, (1,))
    used = ops.lt(scalar(0, size), _counts(size, flat))
    above = ops.bitand(used, ops.lt(scalar(most, size), size))
    scale = ops.div(scalar(most, size), ops.add(size, scalar(1e-7, size)))
    scale = ops.where(above, scale, scalar(1, scale))
    return ops.mul(weight, spread(ops.cast(scale, dtype=weight.dtype), weight, (1,)))


def embedding_renorm_(input: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> Tensor:
    """Scale down, in place, the rows that `indices` name and whose norm exceeds `max_norm`."""
    _check_index(indices, "embedding_renorm_")
    if input.dim() != 2:
        raise RuntimeError("self.dim() == 2 expected")
    return apply_(None, _renormed, input, (indices,), (float(max_norm), float(norm_type)))


# ---------------------------------------------------------------- bags
def _added(rows: Node, offsets: Node | None, bags: int) -> Node:
    """Sums of the rows of each bag: of the same number of rows, or of those between offsets."""
    if offsets is None:
        each = rows.shape[0] // bags
        return ops.sum(ops.reshape(rows, shape=(bags, each, *rows.shape[1:])), axes=(1,))
    places = ops.iota(size=rows.shape[0])
    bag = ops.search(ops.cast(offsets, dtype=dtypes.int64), places, right=True)
    bag = ops.sub(bag, scalar(1, bag))
    # elements behind the last offset of `include_last_offset` fall into a bag that is cut off
    zeros = ops.full((bags + 1, *rows.shape[1:]), 0, rows.dtype)
    total = ops.index_add(zeros, bag, rows, axis=0)
    low, step = (0,) * len(rows.shape), (1,) * len(rows.shape)
    return ops.slice(total, start=low, stop=(bags, *rows.shape[1:]), step=step)


def _bags(
    weight: Node, index: Node, offsets: Node | None, scales: Node | None, mode: str,
    padding: int | None, by_frequency: bool, bags: int,
) -> Node:  # fmt: skip
    """Sums or means of the rows of each bag."""
    index, kind = ops.cast(index, dtype=dtypes.int64), weight.dtype
    index = ops.reshape(index, shape=(index.shape.numel(),))
    rows = ops.cast(ops.take(weight, index, axis=0), dtype=wide(kind))
    if by_frequency:
        rows = _shared(rows, 1, _counts(ops.cast(weight, dtype=rows.dtype), index), index)
    if scales is not None:
        scales = ops.reshape(ops.cast(scales, dtype=rows.dtype), shape=index.shape)
        rows = ops.mul(rows, spread(scales, rows, (1,)))
    present = ops.full(index.shape, 1, dtypes.bool_)
    if padding is not None:
        present = ops.ne(index, scalar(padding, index))
        rows = ops.where(spread(present, rows, (1,)), rows, scalar(0, rows))
    total = _added(rows, offsets, bags)
    if mode == "sum":
        return ops.cast(total, dtype=kind)
    sizes = _added(ops.cast(present, dtype=rows.dtype), offsets, bags)
    sizes = ops.maximum(sizes, scalar(1, sizes))
    return ops.cast(ops.div(total, spread(sizes, total, (1,))), dtype=kind)


def _largest(weight: Node, places: Node, held: Node, padding: int | None) -> Node:
    """The largest element of each column of the rows at `places` [bags, longest], where `held`."""
    if padding is not None:
        held = ops.bitand(held, ops.ne(places, scalar(padding, places)))
    rows = ops.take(weight, places, axis=0)
    inside = spread(held, rows, (2,))
    low = ops.where(inside, rows, scalar(-np.inf, rows))
    place = ops.argmax(low, axes=(1,))
    best = ops.gather(rows, ops.reshape(place, shape=(place.shape[0], 1, place.shape[1])), axis=1)
    best = ops.reshape(best, shape=place.shape)
    some = ops.cast(ops.sum(ops.cast(held, dtype=dtypes.int64), axes=(1,)), dtype=dtypes.bool_)
    return ops.where(spread(some, best, (1,)), best, scalar(0, best))


def _largest_of(
    weight: Tensor, index: Tensor, starts: np.ndarray, bags: int, padding: int | None
) -> Tensor:
    flat = index._array().astype(np.int64).reshape(-1)
    ends = np.append(starts, flat.size)[1 : bags + 1]
    lengths = ends - starts[:bags]
    longest = int(lengths.max(initial=0))
    if not longest:
        return weight.new_zeros((bags, weight._size[1]))
    steps = np.arange(longest)
    held = steps < lengths[:, None]
    places = flat[np.where(held, starts[:bags, None] + steps, 0)]
    inputs = (weight, from_array(places, weight.device), from_array(held, weight.device))
    return apply("EmbeddingBagBackward0", _largest, inputs, (padding,))


def _check_bags(
    input: Tensor, weight: Tensor, offsets: Tensor | None, scales: Tensor | None, mode: str
) -> None:
    if weight.dim() != 2:
        raise ValueError(
            f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.dim()}"
        )
    if scales is not None and input._size != scales._size:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({scales._size}) is not None, then it must have "
            f"the same shape as the input ({input._size})"
        )
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch "
                f"of fixed length sequences. However, found offsets of type {_type_text(offsets)}"
            )
    elif input.dim() == 1:
        if not isinstance(offsets, Tensor):
            raise ValueError(f"offsets has to be a 1D Tensor but got {offsets}")
        if offsets.dim() != 1:
            raise ValueError("offsets has to be a 1D Tensor")
    else:
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}"
        )
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")


def _type_text(x: Any) -> str:
    return "<class 'torch.Tensor'>" if isinstance(x, Tensor) else str(type(x))


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Sums, means or maxima of rows of `weight` [n, d], one for each bag of row numbers: [bags, d].

    A 2-d input holds one bag a row; a 1-d input is cut into bags at `offsets`.
    """
    _check_bags(input, weight, offsets, per_sample_weights, mode)
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError("max mode does not support sparse weights")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported "
            f"for mode='sum' (got mode='{mode}'). Please open a feature request on GitHub."
        )
    if max_norm is not None:
        with no_grad():
            embedding_renorm_(weight, input, max_norm, norm_type)
    return bags_of_rows(
        weight, input, offsets, scale_grad_by_freq, mode, sparse, per_sample_weights,
        include_last_offset, padding_idx,
    )  # fmt: skip


def bags_of_rows(
    weight: Tensor, indices: Tensor, offsets: Tensor | None, by_frequency: bool, mode: str,
    sparse: bool, scales: Tensor | None, include_last: bool, padding: int | None,
) -> Tensor:  # fmt: skip
    """`embedding_bag` without renormalization; the offsets' values are looked at."""
    _check_index(indices, "embedding_bag")
    if offsets is None:
        bags, width = indices._size
        starts = np.arange(bags) * width
    else:
        starts = _starts(offsets, indices._size[0], include_last)
        bags = starts.size - 1 if include_last else starts.size
    n = weight._size[0]
    if padding is not None:
        if not -n <= padding < n:
            raise RuntimeError(
                f"padding_idx must be within the number of embeddings, -{n} through {n - 1}, but "
                f"got {padding}"
            )
        padding %= n
    if not bags:
        return weight.new_zeros((0, weight._size[1]))
    if sparse:
        weight = _sparsely(weight, indices, padding)
    if mode == "max":
        return _largest_of(weight, indices, starts, bags, padding)
    inputs = (weight, indices, offsets, scales)
    return apply("EmbeddingBagBackward0", _bags, inputs, (mode, padding, bool(by_frequency), bags))


def _starts(offsets: Tensor, count: int, include_last: bool) -> np.ndarray:
    """The values of the offsets into `count` elements; RuntimeError where they are none."""
    starts = offsets._array().astype(np.int64)
    if include_last and not starts.size:
        raise RuntimeError("include_last_offset: number of offset should be at least 1")
    if starts.size and starts[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
            f"position 0. However, got {starts[0]}"
        )
    if starts.size and starts[-1] > count:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {count} but got offsets[-1] of "
            f"{starts[-1]}"
        )
    return starts


# ---------------------------------------------------------------- one-hot
def _one_hot(index: Node, classes: int) -> Node:
    shape = (*index.shape, classes)
    places = expand(ops.iota(size=classes), shape)
    wanted = expand(ops.reshape(index, shape=(*index.shape, 1)), shape)
    return ops.cast(ops.eq(places, wanted), dtype=dtypes.int64)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Class numbers [*] as vectors [*, classes] of zeros with a 1 at the class; int64.

    The values are looked at: -1 classes means one more than the largest of them.
    """
    if tensor._dtype is not dtypes.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if tensor.numel() == 0:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return apply(None, _one_hot, (tensor,), (num_classes,))
    values = tensor._array()
    if values.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    largest = int(values.max())
    if num_classes == -1:
        num_classes = largest + 1
    elif largest >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return apply(None, _one_hot, (tensor,), (num_classes,))

"""Order: sorting, the largest k, searching in sorted rows, and distinct values."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..calls import apply, write_out
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show, wrap_dim
from ..tensor import Tensor, formatting_name
from . import return_types
from .creation import from_array, tensor

__all__ = ["argsort", "bucketize", "isin", "msort", "searchsorted", "sort", "topk", "unique"]
__all__ += ["unique_consecutive"]


def _sorted(x: Node, dim: int, descending: bool) -> tuple[Node, Node]:
    if not x.shape:
        wrap_dim(dim, 0)
        return x, ops.full((), 0, dtypes.int64)
    axis = wrap_dim(dim, len(x.shape))
    order = ops.argsort(x, axis=axis, descending=descending)
    return ops.gather(x, order, axis=axis), order


def _named(kind: str, found: tuple[Tensor, Tensor], out: Any) -> Any:
    if out is not None:
        found = tuple(write_out(o, f) for o, f in zip(out, found))  # type: ignore[assignment]
    return getattr(return_types, kind)(found)


def sort(
    input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False, *, out: Any = None
) -> Any:
    """Elements of a dimension in order, and where they stood; NaN counts as the largest."""
    if input.is_complex():
        raise RuntimeError("Sort currently does not support complex dtypes on CPU")
    return _named("sort", apply("SortBackward0", _sorted, (input,), (dim, bool(descending))), out)


def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """Where the elements of a dimension stand in order."""
    return sort(input, dim, descending)[1]


def msort(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Sorted along the first dimension."""
    found = sort(input, 0)[0]
    return found if out is None else write_out(out, found)


def _topk(x: Node, k: int, dim: int, largest: bool) -> tuple[Node, Node]:
    axis = wrap_dim(dim, len(x.shape))
    size = x.shape[axis] if x.shape else 1
    if not 0 <= k <= size:
        raise RuntimeError("selected index k out of range")
    if not x.shape:
        return x, ops.full((), 0, dtypes.int64)
    order = ops.argsort(x, axis=axis, descending=largest)
    stop = tuple(k if i == axis else n for i, n in enumerate(x.shape))
    zero, one = (0,) * len(stop), (1,) * len(stop)
    first = ops.slice(order, start=zero, stop=stop, step=one)
    return ops.gather(x, first, axis=axis), first


def topk(
    input: Tensor,
    k: int,
    dim: int = -1,
    largest: bool = True,
    sorted: bool = True,
    *,
    out: Any = None,
) -> Any:
    """The k largest (or smallest) elements of a dimension, and their places."""
    if isinstance(k, Tensor):
        k = int(k)
    return _named("topk", apply("TopkBackward0", _topk, (input,), (k, dim, bool(largest))), out)


# ---------------------------------------------------------------- search
def _check_edges(edges: Tensor, values: Tensor) -> None:
    if edges.dim() == 0:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 "
            "dimension"
        )
    if edges.dim() > 1 and edges.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
            "dimensions of boundaries tensor and input value tensor must match, but we got "
            f"boundaries tensor {show(edges.shape)} and input value tensor {show(values.shape)}"
        )
    if edges.dtype is not values.dtype:
        raise RuntimeError(
            "torch.searchsorted(): boundary tensor and input value tensor should have same dtype, "
            f"but got boundary tensor dtype {formatting_name(edges.dtype)} and input value tensor "
            f"dtype {formatting_name(values.dtype)}"
        )


def _searched(edges: Node, values: Node, right: bool, kind: Any) -> Node:
    return ops.cast(ops.search(edges, values, right=right), dtype=kind)


def searchsorted(
    sorted_sequence: Tensor,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Where values would be put into sorted rows: before equal elements, or with `right` after
    them."""
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(
            f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}"
        )
    if side == "left" and right:
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left "
            "while right was True"
        )
    values = input if isinstance(input, Tensor) else tensor(input, dtype=sorted_sequence.dtype)
    if sorter is not None:
        if sorter.shape != sorted_sequence.shape:
            raise RuntimeError(
                "torch.searchsorted(): boundary and sorter must have the same size, but got "
                f"boundary tensor {show(sorted_sequence.shape)}and got sorter tensor "
                f"{show(sorter.shape)}"
            )
        if sorter.dtype is not dtypes.int64:
            raise RuntimeError(
                "torch.searchsorted(): sorter must be a tensor of long dtype but got dtype "
                f"{formatting_name(sorter.dtype)}"
            )
        sorted_sequence = sorted_sequence.gather(-1, sorter)
    _check_edges(sorted_sequence, values)
    kind = dtypes.int32 if out_int32 else dtypes.int64
    if sorted_sequence.dim() > 1 and values.dim() == 0:
        values = values.reshape(1)
    found = apply(None, _searched, (sorted_sequence, values), (right or side == "right", kind))
    return found if out is None else write_out(out, found)


def bucketize(
    input: Any,
    boundaries: Tensor,
    *,
    out_int32: bool = False,
    right: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """The bucket between sorted boundaries that each value falls into."""
    if boundaries.dim() != 1:
        raise RuntimeError(
            f"boundaries tensor must be 1 dimension, but got dim({boundaries.dim()})"
        )
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


def isin(
    elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Whether each element is among the test elements."""
    given, wanted = (
        x.detach()._array() if isinstance(x, Tensor) else np.asarray(x)
        for x in (elements, test_elements)
    )
    where = next(x.device for x in (elements, test_elements) if isinstance(x, Tensor))
    return from_array(np.asarray(np.isin(given, wanted, invert=invert)), where)


# ---------------------------------------------------------------- distinct values
def _results(
    values: np.ndarray, inverse: Any, counts: Any, wanted: tuple[bool, bool], where: Any
) -> Any:
    found = [from_array(np.ascontiguousarray(values), where)]
    for array, asked in zip((inverse, counts), wanted):
        if asked:
            found.append(from_array(np.asarray(array, np.int64).copy(), where))
    return found[0] if len(found) == 1 else tuple(found)


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements in order (or distinct slices of `dim`), with their places and counts if
    asked."""
    array = input.detach()._array()
    if dim is None:
        values, inverse, counts = np.unique(
            array, return_inverse=True, return_counts=True, equal_nan=False
        )
        inverse = inverse.reshape(array.shape)
    else:
        axis = wrap_dim(dim, array.ndim)
        values, inverse, counts = np.unique(
            array, return_inverse=True, return_counts=True, axis=axis, equal_nan=False
        )
        inverse = inverse.reshape(-1)
    return _results(values, inverse, counts, (return_inverse, return_counts), input.device)


def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """Elements (or slices of `dim`) that differ from the one before, with places and counts if
    asked."""
    array = input.detach()._array()
    lines = array.reshape(-1) if dim is None else np.moveaxis(array, wrap_dim(dim, array.ndim), 0)
    flat = lines.reshape(len(lines), -1) if len(lines) else lines.reshape(0, 0)
    starts = np.ones(len(flat), bool)
    starts[1:] = (flat[1:] != flat[:-1]).any(1)
    inverse = np.cumsum(starts) - 1
    counts = (
        np.bincount(inverse, minlength=int(starts.sum())) if len(flat) else np.zeros(0, np.int64)
    )
    values = lines[starts]
    if dim is None:
        inverse = inverse.reshape(array.shape)
    else:
        values = np.moveaxis(values, 0, wrap_dim(dim, array.ndim))
    return _results(values, inverse, counts, (return_inverse, return_counts), input.device)

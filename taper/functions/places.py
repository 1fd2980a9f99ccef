"""Places of elements: coordinates of flat places, and nonzero places of a fixed count."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from .. import dtypes
from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor
from .common import store
from .creation import from_array

__all__ = ["nonzero_static", "unravel_index"]


def _unravelled(places: Node, shape: tuple[int, ...]) -> tuple[Node, ...]:
    found = []
    for i, n in enumerate(shape):
        inner = ops.fill(places, max(prod(shape[i + 1 :]), 1))
        found.append(ops.mod(ops.floordiv(places, inner), ops.fill(places, max(n, 1))))
    return tuple(found)


def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """The coordinates of places in a flattened tensor of `shape`, one tensor for each dimension.

    Raises TypeError for indices that are no integers, ValueError for negative sizes.
    """
    if not isinstance(indices, Tensor) or indices.dtype.inexact or indices.dtype is dtypes.bool_:
        got = indices.dtype if isinstance(indices, Tensor) else type(indices)
        raise TypeError(f"expected 'indices' to be integer dtype, but got {got}")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    for n in sizes:
        if not isinstance(n, (int, np.integer)):
            raise TypeError(
                f"expected 'shape' sequence to only contain ints, but got {type(n).__name__}"
            )
    if any(n < 0 for n in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    if not sizes:
        return ()
    return tuple(apply(None, _unravelled, (indices,), (tuple(int(n) for n in sizes),)))


def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1, out: Any = None) -> Tensor:
    """The coordinates of the first `size` elements that are not 0; rows of `fill_value` follow."""
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    found = np.stack(np.nonzero(np.atleast_1d(input.detach()._array())), 1)[:size]
    rows = np.full((size, input.dim()), fill_value, np.int64)
    rows[: len(found)] = found[:, : input.dim()]
    return store(out, from_array(rows, input.device))

"""Sparse tensors in coordinate form: dense contents together with the places that count.

Optimizers for embeddings ask which entries of a gradient are present; arithmetic on a sparse tensor
goes on its dense contents and gives dense results.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import dtype
from ..tensor import Tensor, describe, layout, sparse_coo
from .arithmetic import add
from .conversion import clone
from .creation import as_tensor, from_array, zeros
from .indexing import getitem, index_put

__all__ = ["sparse_coo_tensor"]


class SparseTensor(Tensor):
    """A tensor with the coordinates of its present entries, sorted and without repetitions."""

    _places: np.ndarray

    @property
    def is_sparse(self) -> bool:
        """True: this is what tells it from a dense tensor."""
        return True

    @property
    def layout(self) -> layout:
        """`torch.sparse_coo`."""
        return sparse_coo

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """Refused, as in PyTorch, unless `force` is given."""
        if force:
            return super().numpy(force=True)
        raise TypeError("can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.")

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        parts = []
        for name, part in (("indices", self.indices()), ("values", self.values())):
            margin = "\n" + " " * len(f"tensor({name}=")
            parts.append(f"{name}={describe(part)}".replace("\n", margin))
        tail = f"size={tuple(self.shape)}, nnz={self._nnz()}, layout=torch.sparse_coo)"
        return "tensor(" + ",\n       ".join([*parts, tail])

    def merged(self, other: SparseTensor) -> SparseTensor:
        """The sum of two sparse tensors of the same sparse dimensions: the entries of both."""
        places = np.unique(np.concatenate([self._places, other._places], axis=1), axis=1)
        return from_entries(add(self, other), places)

    def coalesce(self) -> SparseTensor:
        """Itself: repeated coordinates were added up when it was made."""
        return self

    def is_coalesced(self) -> bool:
        """True: repeated coordinates were added up when it was made."""
        return True

    def indices(self) -> Tensor:
        """Coordinates, of shape (sparse dimensions, entries)."""
        return from_array(self._places.copy(), self.device)

    def values(self) -> Tensor:
        """The entries, of shape (entries, *dense dimensions)."""
        return getitem(to_dense(self), tuple(self.indices()))

    _indices, _values = indices, values

    def _nnz(self) -> int:
        return self._places.shape[1]

    def sparse_dim(self) -> int:
        """How many leading dimensions the coordinates stand for."""
        return self._places.shape[0]

    def dense_dim(self) -> int:
        """How many trailing dimensions each entry has."""
        return self.dim() - self.sparse_dim()


def from_entries(dense: Tensor, places: np.ndarray) -> SparseTensor:
    """`dense`, of which nobody else holds the object, as a sparse tensor with entries at `places`.

    The places are sorted coordinates, (dimensions, entries); all else is zero.
    """
    made: Any = dense
    made.__class__ = SparseTensor
    made._places = places
    return made


def to_sparse(self: Tensor, sparse_dim: int | None = None) -> Tensor:
    """The nonzero entries, or the slices with any, over the first `sparse_dim` dimensions."""
    if self.is_sparse:
        return self
    dims = self.dim() if sparse_dim is None else sparse_dim
    if not 0 <= dims <= self.dim() or (dims == 0 and self.dim() > 0):
        raise RuntimeError(
            f"sparse_dim must be in range [{min(1, self.dim())}, {self.dim()}], but got {dims}"
        )
    present = self.detach()._array() != 0
    present = present.any(axis=tuple(range(dims, self.dim())))
    places = np.argwhere(present).T.astype(np.int64).reshape(dims, -1)
    return from_entries(clone(self), places)


def to_dense(self: Tensor, dtype: dtype | None = None, *, masked_grad: bool = True) -> Tensor:
    """The contents as a dense tensor, with zeros where no entry is present."""
    out = clone(self) if self.is_sparse else self
    return out if dtype is None else out.to(dtype)


def sparse_coo_tensor(
    indices: Any,
    values: Any,
    size: Any = None,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> Tensor:
    """A sparse tensor from coordinates (dimensions, entries) and values (entries, ...).

    Entries with equal coordinates are added. Without `size` the smallest that holds all of them is
    taken. Raises RuntimeError where an index lies outside of `size`.
    """
    places = as_tensor(indices).detach()._array().astype(np.int64)
    entries = as_tensor(values, dtype=dtype, device=device)
    if size is None:
        extent = places.max(axis=1) + 1 if places.size else np.zeros(len(places), int)
        size = (*map(int, extent), *entries.shape[1:])
    for axis, row in enumerate(places):
        if row.size and (row.min() < 0 or row.max() >= size[axis]):
            bad = row.min() if row.min() < 0 else row.max()
            raise RuntimeError(
                f"size is inconsistent with indices: for dim {axis}, size is {size[axis]} "
                f"but found index {bad}"
            )
    whole = zeros(size, dtype=entries.dtype, device=entries.device)
    dense = index_put(whole, [from_array(row.copy()) for row in places], entries, accumulate=True)
    made = from_entries(dense, np.unique(places, axis=1))
    return made.requires_grad_() if requires_grad else made

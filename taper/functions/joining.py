"""Tensors joined, repeated and turned: cat, stack, tile, flip, roll and their relatives."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..calls import apply, apply_, write_out
from ..devices import resolve
from ..dtypes import dtype, int32, int64
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import Size, broadcast, show, wrap_dim, wrap_dims
from ..tensor import Tensor, formatting_name
from .common import expand, result_dtype, sizes
from .creation import from_array

__all__ = ["atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "broadcast_shapes"]
__all__ += ["broadcast_tensors", "cartesian_prod", "cat", "column_stack", "combinations", "concat"]
__all__ += ["concatenate", "diag", "diag_embed", "diagflat", "dstack", "flip", "fliplr", "flipud"]
__all__ += ["hstack", "meshgrid", "repeat_interleave", "roll", "rot90", "row_stack", "stack"]
__all__ += ["tile", "trace", "tril", "tril_indices", "triu", "triu_indices", "vander", "vstack"]


def _cat(*args: Any) -> Node:
    *nodes, dim = args
    kind = result_dtype(nodes)
    nodes = [n for n in nodes if n.shape != (0,)] or nodes[:1]  # PyTorch passes over empty vectors
    first = nodes[0]
    for n in nodes:
        if not n.shape:
            raise RuntimeError(
                f"zero-dimensional tensor (at position {nodes.index(n)}) cannot be concatenated"
            )
    d = wrap_dim(dim, len(first.shape))
    for place, n in enumerate(nodes):
        if len(n.shape) != len(first.shape):
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {len(first.shape)} and "
                f"{len(n.shape)}"
            )
        for k, (a, b) in enumerate(zip(first.shape, n.shape)):
            if k != d and a != b:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {d}. Expected size {a} but "
                    f"got size {b} for tensor number {place} in the list."
                )
    return ops.concat(*[ops.cast(n, dtype=kind) for n in nodes], axis=d)


def _stack(*args: Any) -> Node:
    *nodes, dim = args
    first = nodes[0]
    for place, n in enumerate(nodes):
        if n.shape != first.shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {show(first.shape)} at entry "
                f"0 and {show(n.shape)} at entry {place}"
            )
    d = wrap_dim(dim, len(first.shape) + 1)
    shape = (*first.shape[:d], 1, *first.shape[d:])
    kind = result_dtype(nodes)
    parts = [ops.reshape(ops.cast(n, dtype=kind), shape=shape) for n in nodes]
    return ops.concat(*parts, axis=d)


def _listed(tensors: Sequence[Tensor], what: str) -> tuple[Tensor, ...]:
    if isinstance(tensors, Tensor) or not isinstance(tensors, (list, tuple)):
        raise TypeError(
            f"{what}(): argument 'tensors' (position 1) must be tuple of Tensors, not "
            f"{type(tensors).__name__}"
        )
    if not tensors:
        raise RuntimeError(
            f"{what} expects a non-empty TensorList"
            if what == "stack"
            else "torch.cat(): expected a non-empty list of Tensors"
        )
    for place, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"expected Tensor as element {place} in argument 0, but got {type(x).__name__}"
            )
    return tuple(tensors)


def cat(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors end to end along a dimension; all other sizes must agree."""
    found = apply("CatBackward0", _cat, _listed(tensors, "cat"), (dim,))
    return found if out is None else write_out(out, found)


concat = concatenate = cat


def stack(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Tensors of one shape along a new dimension."""
    found = apply("StackBackward0", _stack, _listed(tensors, "stack"), (dim,))
    return found if out is None else write_out(out, found)


# ---------------------------------------------------------------- stacks of fixed direction
def _at_least(x: Tensor, n: int) -> Tensor:
    if n == 1:
        return x.reshape(1) if x.dim() == 0 else x
    if n == 2:
        return x.reshape(1, -1) if x.dim() < 2 else x
    if x.dim() < 2:
        return x.reshape(1, -1, 1)
    return x.unsqueeze(-1) if x.dim() == 2 else x


def _of_each(n: int, tensors: tuple) -> Any:
    if len(tensors) == 1:
        first = tensors[0]
        return (
            _at_least(first, n)
            if isinstance(first, Tensor)
            else tuple(_at_least(x, n) for x in first)
        )
    return tuple(_at_least(x, n) for x in tensors)


def atleast_1d(*tensors: Any) -> Any:
    """Tensors with one dimension or more."""
    return _of_each(1, tensors)


def atleast_2d(*tensors: Any) -> Any:
    """Tensors with two dimensions or more."""
    return _of_each(2, tensors)


def atleast_3d(*tensors: Any) -> Any:
    """Tensors with three dimensions or more."""
    return _of_each(3, tensors)


def hstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Tensors beside each other: along the second dimension, or the only one."""
    rows = [_at_least(x, 1) for x in _listed(tensors, "hstack")]
    return cat(rows, 0 if rows[0].dim() == 1 else 1, out=out)


def vstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Tensors below each other; vectors are rows."""
    return cat([_at_least(x, 2) for x in _listed(tensors, "vstack")], 0, out=out)


row_stack = vstack


def dstack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Tensors behind each other, along the third dimension."""
    return cat([_at_least(x, 3) for x in _listed(tensors, "dstack")], 2, out=out)


def column_stack(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Vectors as the columns of a matrix; matrices beside each other."""
    given = _listed(tensors, "column_stack")
    return hstack([x.reshape(-1, 1) if x.dim() <= 1 else x for x in given], out=out)


# ---------------------------------------------------------------- repeated
def _tiled(x: Node, times: tuple[int, ...]) -> Node:
    lead = (1,) * (len(times) - len(x.shape))
    shape = (*lead, *x.shape)
    split = [n for s in shape for n in (1, s)]
    wide = [n for t, s in zip(times, shape) for n in (t, s)]
    out = ops.expand(ops.reshape(x, shape=tuple(split)), shape=tuple(wide))
    return ops.reshape(out, shape=tuple(t * s for t, s in zip(times, shape)))


def repeat(self: Tensor, *repeats: Any) -> Tensor:
    """The tensor set beside itself, so many times in each dimension."""
    times = sizes(repeats)
    if len(times) < self.dim():
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            "tensor"
        )
    for t in times:
        if t < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {t}: {list(times)}"
            )
    return apply("RepeatBackward0", _tiled, (self,), (tuple(times),))


def tile(input: Tensor, *dims: Any) -> Tensor:
    """`repeat`, where missing leading counts are 1."""
    times = sizes(dims)
    return repeat(input, (1,) * (input.dim() - len(times)) + times)


def _repeated(x: Node, times: int, axis: int) -> Node:
    split = (*x.shape[: axis + 1], 1, *x.shape[axis + 1 :])
    wide = (*x.shape[: axis + 1], times, *x.shape[axis + 1 :])
    out = ops.expand(ops.reshape(x, shape=split), shape=wide)
    return ops.reshape(out, shape=(*x.shape[:axis], x.shape[axis] * times, *x.shape[axis + 1 :]))


def repeat_interleave(
    input: Tensor, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element (or slice along `dim`) repeated: so often for all, or as a tensor says for
    each."""
    if repeats is None:  # repeat_interleave(repeats)
        counts = input.detach()._array()
        return from_array(np.repeat(np.arange(counts.size, dtype=np.int64), counts), input.device)
    x = input.reshape(-1) if dim is None else input
    if not x.dim():
        x = x.reshape(1)
    axis = 0 if dim is None else wrap_dim(dim, x.dim())
    if (isinstance(repeats, Tensor) and repeats.numel() > 1) or isinstance(repeats, (list, tuple)):
        counts = np.asarray(
            repeats if not isinstance(repeats, Tensor) else repeats.detach()._array()
        )
        if counts.ndim > 1:
            raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
        if counts.size != x.shape[axis]:
            raise RuntimeError("repeats must have the same size as input along dim")
        if (counts < 0).any():
            raise RuntimeError("repeats can not be negative")
        places = from_array(np.repeat(np.arange(counts.size, dtype=np.int64), counts), x.device)
        return apply("IndexSelectBackward0", _taken, (x, places), (axis,))
    times = int(repeats)
    if times < 0:
        raise RuntimeError("Repeats must be non-negative")
    return apply("RepeatInterleaveBackward0", _repeated, (x,), (times, axis))


def _taken(x: Node, places: Node, axis: int) -> Node:
    return ops.take(x, places, axis=axis)


# ---------------------------------------------------------------- turned
def _flip(x: Node, axes: tuple[int, ...]) -> Node:
    return ops.flip(x, axes=axes) if axes and x.shape else x


def flip(input: Tensor, *args: Any, dims: Any = None) -> Tensor:
    """The order along dimensions reversed (a copy)."""
    given = sizes(args) if dims is None else sizes((dims,))
    axes = wrap_dims(given, input.dim(), empty_is_all=False)
    return apply("FlipBackward0", _flip, (input,), (axes,))


def fliplr(input: Tensor) -> Tensor:
    """Columns in reverse."""
    if input.dim() < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, (1,))


def flipud(input: Tensor) -> Tensor:
    """Rows in reverse."""
    if input.dim() < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, (0,))


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """A quarter turn, k times, from the first of two dimensions towards the second."""
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if input.dim() < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {input.dim()}")
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == input.dim():
        raise RuntimeError(
            f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}"
        )
    for d in dims:
        if not -input.dim() <= d < input.dim():
            raise RuntimeError(
                f"Rotation dim{'0' if d == dims[0] else '1'} out of range, dim = {d}"
            )
    a, b = (wrap_dim(d, input.dim()) for d in dims)
    turns = k % 4
    if turns == 1:
        return flip(input, (b,)).transpose(a, b)
    if turns == 2:
        return flip(input, (a, b))
    return flip(input, (a,)).transpose(a, b) if turns == 3 else input.clone()


def _rolled(x: Node, shifts: tuple[int, ...], axes: tuple[int, ...]) -> Node:
    for shift, axis in zip(shifts, axes):
        n = x.shape[axis]
        at = (n - shift) % n if n else 0
        if at == 0:
            continue
        zero, one, stop = [0] * len(x.shape), (1,) * len(x.shape), list(x.shape)
        cut = list(zero)
        cut[axis] = at
        first = ops.slice(x, start=tuple(cut), stop=tuple(stop), step=one)
        stop[axis] = at
        x = ops.concat(
            first, ops.slice(x, start=tuple(zero), stop=tuple(stop), step=one), axis=axis
        )
    return x


def roll(input: Tensor, shifts: Any, dims: Any = ()) -> Tensor:
    """Elements moved along dimensions; what leaves at the end enters at the start."""
    steps = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    axes = (dims,) if isinstance(dims, int) else tuple(dims or ())
    if not steps:
        raise RuntimeError("`shifts` required")
    if not axes and len(steps) == 1:
        return roll(input.reshape(-1), steps, (0,)).view(input.shape)
    if len(axes) != len(steps):
        raise RuntimeError(
            f"shifts and dimensions must align. shifts: {len(steps)}, dims:{len(axes)}"
        )
    given = tuple(wrap_dim(d, input.dim()) for d in axes)
    return apply("RollBackward0", _rolled, (input,), (steps, given))


# ---------------------------------------------------------------- grids and combinations
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Tensors expanded to their common shape."""
    given = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    shape = broadcast(*[x.shape for x in given])
    return tuple(x.expand(shape) for x in given)


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that shapes broadcast to."""
    given = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    for s in given:
        for n in s:
            if n < 0:
                raise RuntimeError(f"Trying to create tensor with negative dimension ({n}): ({n})")
    try:
        return Size(broadcast(*given))
    except RuntimeError:
        raise RuntimeError(
            "Shape mismatch: objects cannot be broadcast to a single shape"
        ) from None


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Coordinate grids of vectors, in matrix ("ij") or Cartesian ("xy") order."""
    given = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    if not given:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    for x in given:
        if x.dim() > 1:
            raise RuntimeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {x}"
            )
        if x.dtype is not given[0].dtype:
            raise RuntimeError("torch.meshgrid expects all tensors to have the same dtype")
    if indexing is None:
        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing "
            "argument.",
            stacklevel=2,
        )
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(
            f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
        )
    swap = indexing == "xy" and len(given) > 1
    order = [given[1], given[0], *given[2:]] if swap else list(given)
    shape = [x.numel() for x in order]
    grids = []
    for i, x in enumerate(order):
        line = [1] * len(shape)
        line[i] = -1
        grids.append(x.reshape(line).expand(shape))
    return (grids[1], grids[0], *grids[2:]) if swap else tuple(grids)


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of elements of vectors, one a row."""
    for x in tensors:
        if x.dim() != 1:
            raise RuntimeError("Expect a 1D vector, but got shape " + str(list(x.shape)))
    if len(tensors) == 1:
        return tensors[0]
    return stack([g.flatten() for g in meshgrid(*tensors, indexing="ij")], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of r elements of a vector, one a row."""
    if input.dim() != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {show(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(input.numel()), r)), np.int64).reshape(-1, r)
    if r == 0:
        return input.new_empty((0,))
    return input[from_array(rows)]


# ---------------------------------------------------------------- triangles and diagonals
def _triangle(x: Node, diagonal: int, upper: bool) -> Node:
    if len(x.shape) < 2:
        raise RuntimeError(
            f"{'triu' if upper else 'tril'}: input tensor must have at least 2 dimensions"
        )
    n, m = x.shape[-2:]
    rows = ops.expand(ops.reshape(ops.iota(size=n), shape=(n, 1)), shape=(n, m))
    columns = ops.expand(ops.reshape(ops.iota(size=m), shape=(1, m)), shape=(n, m))
    edge = ops.add(rows, ops.fill(rows, diagonal))
    kept = expand(ops.le(edge, columns) if upper else ops.le(columns, edge), x.shape)
    return ops.where(kept, x, ops.fill(x, 0))


def tril(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Zeros above a diagonal of the last two dimensions."""
    found = apply("TrilBackward0", _triangle, (input,), (diagonal, False))
    return found if out is None else write_out(out, found)


def triu(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Zeros below a diagonal of the last two dimensions."""
    found = apply("TriuBackward0", _triangle, (input,), (diagonal, True))
    return found if out is None else write_out(out, found)


def tril_(self: Tensor, diagonal: int = 0) -> Tensor:
    """`tril` in place."""
    return apply_("TrilBackward0", _triangle, self, (), (diagonal, False))


def triu_(self: Tensor, diagonal: int = 0) -> Tensor:
    """`triu` in place."""
    return apply_("TriuBackward0", _triangle, self, (), (diagonal, True))


def _indices(found: tuple[np.ndarray, ...], dtype: dtype | None, device: Any) -> Tensor:
    kind = dtype or int64
    if kind not in (int64, int32):
        raise RuntimeError(f"\"tril_indices\" not implemented for '{formatting_name(kind)}'")
    return from_array(np.stack(found).astype(kind.array), resolve(device))


def tril_indices(
    row: int,
    col: int,
    offset: int = 0,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    layout: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Row and column numbers of the lower triangle, [2, n]."""
    return _indices(np.nonzero(np.tri(row, col, offset, dtype=bool)), dtype, device)


def triu_indices(
    row: int,
    col: int,
    offset: int = 0,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    layout: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Row and column numbers of the upper triangle, [2, n]."""
    return _indices(np.nonzero(~np.tri(row, col, offset - 1, dtype=bool)), dtype, device)


def _embedded(x: Node, offset: int, dim1: int, dim2: int) -> Node:
    count = x.shape[-1] + abs(offset)
    rank = len(x.shape) + 1
    a, b = wrap_dim(dim1, rank), wrap_dim(dim2, rank)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    if a > b:
        a, b, offset = b, a, -offset
    lead = x.shape[:-1]
    n = x.shape[-1]
    low = (*(0,) * len(lead), max(-offset, 0))
    placed = ops.pad(
        x, low=low, high=(*(0,) * len(lead), max(offset, 0)), interior=(0,) * len(x.shape), value=0
    )
    grid = (*lead, count, count)
    rows = ops.expand(ops.reshape(ops.iota(size=count), shape=(count, 1)), shape=(count, count))
    columns = ops.expand(ops.reshape(ops.iota(size=count), shape=(1, count)), shape=(count, count))
    hit = expand(ops.eq(columns, ops.add(rows, ops.fill(rows, offset))), grid)
    # element k stands in row k - min(offset, 0), so rows spread over columns
    spread = (
        ops.expand(ops.reshape(placed, shape=(*lead, count, 1)), shape=grid)
        if n
        else ops.full(grid, 0, x.dtype)
    )
    out = ops.where(hit, spread, ops.fill(spread, 0))
    order = list(range(len(lead)))
    order.insert(a, len(lead))
    order.insert(b, len(lead) + 1)
    return ops.permute(out, dims=tuple(order))


def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The last dimension as the diagonal of two."""
    return apply("DiagEmbedBackward0", _embedded, (input,), (offset, dim1, dim2))


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """All elements as the diagonal of a matrix."""
    return diag_embed(input.reshape(-1), offset)


def diag(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """A matrix's diagonal, or the matrix with a vector as its diagonal."""
    if input.dim() not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.dim()}D")
    found = diag_embed(input, diagonal) if input.dim() == 1 else input.diagonal(diagonal).clone()
    return found if out is None else write_out(out, found)


def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal."""
    if input.dim() != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.dim()}")
    return input.diagonal().sum()


def block_diag(*tensors: Any) -> Tensor:
    """Matrices along the diagonal of a matrix of zeros."""
    given = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    return apply("CatBackward0", _blocks, tuple(given))


def _blocks(*nodes: Node) -> Node:
    kind = result_dtype(nodes)
    flat = []
    for place, n in enumerate(nodes):
        if len(n.shape) > 2:
            raise RuntimeError(
                "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input "
                f"{place} has {len(n.shape)} dimensions"
            )
        shape = (1,) * (2 - len(n.shape)) + tuple(n.shape)
        flat.append(ops.cast(ops.reshape(n, shape=shape), dtype=kind))
    width = sum(n.shape[1] for n in flat)
    rows, at = [], 0
    for n in flat:
        high = (0, width - at - n.shape[1])
        rows.append(ops.pad(n, low=(0, at), high=high, interior=(0, 0), value=0))
        at += n.shape[1]
    return ops.concat(*rows, axis=0)


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Powers of a vector's elements, one column each."""
    if x.dim() != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    count = x.numel() if N is None else N
    if count < 0:
        raise RuntimeError("N must be non-negative.")
    kind = x.dtype if x.dtype.inexact else int64
    columns = [x.new_ones(x.shape, dtype=kind)]
    for _ in range(count - 1):
        columns.append(columns[-1] * x.to(kind))
    if count == 0:
        return x.new_empty((x.numel(), 0), dtype=kind)
    return stack(columns if increasing else columns[::-1], 1)

"""`x[...]`, reading and writing: slices as views, tensors and masks as gathers and scatters."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from .. import dtypes
from ..calls import apply, apply_, make_view
from ..ir.build import ops
from ..ir.node import Node
from ..moves import Reshape, Select, Slice
from ..shapes import show
from ..tensor import Tensor
from .common import broadcast, expand
from .creation import from_array, tensor

__all__ = ["argwhere", "index_put", "masked_fill", "masked_select", "nonzero"]


# ---------------------------------------------------------------- x[...] with ints, slices, None
# and Ellipsis
def _split_key(key: Any, ndim: int) -> list[Any]:
    """The key as a list of entries in which Ellipsis has been written out."""
    entries = list(key) if isinstance(key, tuple) else [key]
    entries = [_entry(e) for e in entries]
    used = sum(_consumed(e) for e in entries)
    if used > ndim:
        raise IndexError(f"too many indices for tensor of dimension {ndim}")
    dots = [i for i, e in enumerate(entries) if e is Ellipsis]
    fill = [slice(None)] * (ndim - used)
    if dots:
        return [
            *entries[: dots[0]],
            *fill,
            *(e for e in entries[dots[0] + 1 :] if e is not Ellipsis),
        ]
    return entries + fill


def _entry(e: Any) -> Any:
    if e is None or e is Ellipsis or isinstance(e, (bool, slice)):
        return e
    if isinstance(e, Tensor):
        if e.dim() == 0 and e.dtype.category == dtypes.INT and not e.requires_grad:
            return e
        return e
    if isinstance(e, (np.ndarray, list, tuple, range)):
        found = e if isinstance(e, np.ndarray) else np.array(_numbers(e))
        return (
            tensor(found)
            if found.size or isinstance(e, np.ndarray)
            else tensor([], dtype=dtypes.int64)
        )
    if isinstance(e, np.bool_):
        return bool(e)
    if hasattr(e, "__index__"):
        return e.__index__()
    raise TypeError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
        f"indices (got {type(e).__name__})"
    )


def _numbers(e: Any) -> Any:
    if isinstance(e, Tensor):
        return e.tolist()
    return [_numbers(v) for v in e] if isinstance(e, (list, tuple, range)) else e


def _consumed(e: Any) -> int:
    if e is None or e is Ellipsis or isinstance(e, bool):
        return 0
    if isinstance(e, Tensor) and e.dtype in (dtypes.bool_, dtypes.uint8):
        return e.dim()
    return 1


def _bounds(s: slice, size: int) -> tuple[int, int, int]:
    step = 1 if s.step is None else int(s.step)
    if step <= 0:
        raise ValueError("step must be greater than zero")
    start, stop, _ = slice(_plain(s.start), _plain(s.stop), step).indices(size)
    return start, max(start, stop), step


def _plain(bound: Any) -> Any:
    return int(bound) if isinstance(bound, Tensor) else bound


class _Plan:
    """What a key asks for: one slicing of the tensor, and index tensors by dimension of the
    result."""

    def __init__(self, x: Tensor, key: Any) -> None:
        n = x.dim()
        self.start, self.stop, self.step = [0] * n, list(x._size), [1] * n
        self.shape: list[int] = []
        self.strides: list[int] = []
        self.offset = x._offset
        self.advanced: list[Tensor | None] = []
        self.sliced = self.selected = False
        strides, dim = x.stride(), 0
        for e in _split_key(key, n):
            if e is None or isinstance(e, bool):
                self.shape.append(1)
                self.strides.append(0)
                self.selected = True
                self.advanced.append(None if e is None else from_array(np.full((1,), e)))
            elif isinstance(e, slice):
                self._slice(e, dim, x._size[dim], strides[dim])
                dim += 1
            elif isinstance(e, int):
                self._select(e, dim, x._size, strides[dim])
                dim += 1
            else:
                for k in range(_consumed(e)):
                    self.shape.append(x._size[dim + k])
                    self.strides.append(strides[dim + k])
                    self.advanced.append(e if k == 0 else _TAKEN)
                if _consumed(e) == 0:
                    self.shape.append(1)
                    self.strides.append(0)
                    self.selected = True
                    self.advanced.append(e.reshape(1))
                dim += _consumed(e)

    def _slice(self, s: slice, dim: int, size: int, stride: int) -> None:
        start, stop, step = _bounds(s, size)
        if (start, stop, step) != (0, size, 1):
            self.sliced = True
        self.start[dim], self.stop[dim], self.step[dim] = start, stop, step
        self.shape.append(-(-(stop - start) // step))
        self.strides.append(stride * step)
        self.offset += start * stride if self.shape[-1] else 0
        self.advanced.append(None)

    def _select(self, index: int, dim: int, size: Sequence[int], stride: int) -> None:
        n = size[dim]
        if not -n <= index < n:
            raise IndexError(f"index {index} is out of bounds for dimension {dim} with size {n}")
        place = index % n
        self.start[dim], self.stop[dim] = place, place + 1
        self.offset += place * stride
        self.sliced = self.selected = True

    def view(self, x: Tensor) -> Tensor:
        """The slicing as a view of x."""
        if not self.sliced and not self.selected:
            return make_view("AliasBackward0", x, Reshape(x._size), x._size, x.stride(), x._offset)
        where = tuple(self.start), tuple(self.stop), tuple(self.step)
        move: Any
        if not self.sliced:
            name, move = "UnsqueezeBackward0", Reshape(tuple(self.shape))
        elif not self.selected:
            name, move = "SliceBackward0", Slice(*where)
        else:
            name, move = "SelectBackward0", Select(*where, tuple(self.shape))
        return make_view(name, x, move, self.shape, self.strides, self.offset)


_TAKEN: Any = object()  # a dimension that a mask before it covers


def getitem(self: Tensor, key: Any) -> Tensor:
    """`x[key]`: a view for ints and slices, a gather where tensors index."""
    key = _with_scalars(key)
    plan = _Plan(self, key)
    part = plan.view(self)
    if all(a is None for a in plan.advanced):
        return part
    return index(part, plan.advanced)


def _with_scalars(key: Any) -> Any:
    """0-d integer tensors are read as ints, so that they select views."""
    if isinstance(key, Tensor):
        whole = (
            key.dim() == 0 and key.dtype.category == dtypes.INT and key.dtype is not dtypes.uint8
        )
        return int(key) if whole else key
    if isinstance(key, tuple):
        return tuple(_with_scalars(k) if isinstance(k, Tensor) else k for k in key)
    if isinstance(key, list) and any(
        isinstance(k, (slice, Tensor)) or k is None or k is Ellipsis for k in key
    ):
        return tuple(key)
    return key


def setitem(self: Tensor, key: Any, value: Any) -> None:
    """`x[key] = value`, in place."""
    key = _with_scalars(key)
    plan = _Plan(self, key)
    part = plan.view(self)
    if not isinstance(value, Tensor):
        value = (
            value
            if isinstance(value, (bool, int, float, complex))
            else tensor(value, dtype=self.dtype)
        )
    if all(a is None for a in plan.advanced):
        _assign(part, value)
        return
    mask = _single_mask(plan.advanced, part)
    if mask is not None and (not isinstance(value, Tensor) or value.numel() == 1):
        apply_("MaskedFillBackward0", _where_mask, part, (mask, value))
        return
    source = value if isinstance(value, Tensor) else tensor(value, dtype=self.dtype)
    index_put_(part, plan.advanced, source)


def _assign(part: Tensor, value: Any) -> None:
    if not isinstance(value, Tensor):
        part.fill_(value)
        return
    extra = value.dim() - part.dim()
    if extra > 0 and all(n == 1 for n in value._size[:extra]):
        value = value.reshape(value._size[extra:])
    if (
        any(a not in (1, b) for a, b in zip(value._size[::-1], part._size[::-1]))
        or value.dim() > part.dim()
    ):
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {show(value._size)} cannot be broadcast to "
            f"indexing result of shape {show(part._size)}"
            if value.dim() > part.dim()
            else f"The expanded size of the tensor ({_mismatch(part, value)[0]}) must match the "
            f"existing size ({_mismatch(part, value)[1]}) at non-singleton dimension "
            f"{_mismatch(part, value)[2]}.  Target sizes: {show(part._size)}.  Tensor sizes: "
            f"{show(value._size)}"
        )
    part.copy_(value)


def _mismatch(part: Tensor, value: Tensor) -> tuple[int, int, int]:
    lead = part.dim() - value.dim()
    return next(
        (part._size[lead + i], n, lead + i)
        for i, n in enumerate(value._size)
        if n not in (1, part._size[lead + i])
    )


# ---------------------------------------------------------------- with tensors
def _single_mask(advanced: Sequence[Any], part: Tensor) -> Tensor | None:
    """The mask, where one boolean tensor covers the first dimensions and nothing else indexes."""
    first = advanced[0]
    if not isinstance(first, Tensor) or first.dtype is not dtypes.bool_:
        return None
    if any(a is not None and a is not _TAKEN for a in advanced[1:]):
        return None
    if first.dim() == 0 or first._size != part._size[: first.dim()]:
        return None
    return first.reshape((*first._size, *(1,) * (part.dim() - first.dim())))


def _where_mask(x: Node, mask: Node, value: Node) -> Node:
    return ops.where(expand(mask, x.shape), expand(ops.cast(value, dtype=x.dtype), x.shape), x)


def _longs(advanced: Sequence[Any], x: Tensor) -> list[Tensor | None]:
    """Index tensors as int64, masks as the places of their True elements."""
    out: list[Tensor | None] = []
    for dim, a in enumerate(advanced):
        if a is _TAKEN:
            continue
        if a is None:
            out.append(None)
        elif a.dtype in (dtypes.bool_, dtypes.uint8):
            for k, n in enumerate(a._size):
                if n != x._size[dim + k]:
                    raise IndexError(
                        f"The shape of the mask {show(a._size)} at index {k} does not match the "
                        f"shape of the indexed tensor {show(x._size)} at index {dim + k}"
                    )
            places = np.nonzero(a.detach()._array())
            out.extend(from_array(p.astype(np.int64), x.device) for p in places)
        elif a.dtype.category != dtypes.INT:
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        else:
            out.append(a if a.dtype is dtypes.int64 else a.long())
    return out


def _front(dims: Sequence[int], ndim: int) -> tuple[int, ...]:
    return (*dims, *(d for d in range(ndim) if d not in dims))


def _linear(x: Node, indices: Sequence[Node], dims: Sequence[int]) -> Node:
    """One index into the flattened indexed dimensions."""
    try:
        spread_out = broadcast(*indices)
    except RuntimeError:
        raise IndexError(
            "shape mismatch: indexing tensors could not be broadcast together with shapes "
            + ", ".join(show(i.shape) for i in indices)
        ) from None
    total: Any = None
    for i, d in zip(spread_out, dims):
        n = x.shape[d]
        place = ops.wrap(i, size=n, axis=d)
        total = place if total is None else ops.add(ops.mul(total, ops.fill(total, n)), place)
    return total


def _result_order(dims: Sequence[int], ndim: int, index_dims: int) -> tuple[int, ...] | None:
    """Where the index dimensions go: in place of adjacent dims, else in front."""
    adjacent = list(dims) == list(range(dims[0], dims[0] + len(dims)))
    if not adjacent or dims[0] == 0:
        return None
    lead = dims[0]
    rest = ndim - len(dims)
    return (
        *range(index_dims, index_dims + lead),
        *range(index_dims),
        *range(index_dims + lead, index_dims + rest),
    )


def _index(x: Node, *args: Any) -> Node:
    *indices, dims = args
    order = _front(dims, len(x.shape))
    moved = ops.permute(x, dims=order)
    rest = moved.shape[len(dims) :]
    flat = ops.reshape(moved, shape=(prod(moved.shape[: len(dims)]), *rest))
    places = _linear(x, indices, dims)
    out = ops.take(flat, places, axis=0)
    back = _result_order(dims, len(x.shape), len(places.shape))
    return out if back is None else ops.permute(out, dims=back)


def index(x: Tensor, advanced: Sequence[Any]) -> Tensor:
    """Elements at index tensors, one (or None) for each of the first dimensions."""
    longs = _longs(advanced, x)
    dims = tuple(d for d, i in enumerate(longs) if i is not None)
    return apply("IndexBackward0", _index, (x, *(i for i in longs if i is not None)), (dims,))


def _index_put(x: Node, *args: Any) -> Node:
    *indices, value, dims, add = args
    order = _front(dims, len(x.shape))
    moved = ops.permute(x, dims=order)
    rest = moved.shape[len(dims) :]
    flat = ops.reshape(moved, shape=(prod(moved.shape[: len(dims)]), *rest))
    places = _linear(x, indices, dims)
    target = (*places.shape, *rest)
    back = _result_order(dims, len(x.shape), len(places.shape))
    shown = target if back is None else tuple(target[d] for d in back)
    try:
        source = expand(ops.cast(value, dtype=x.dtype), shown)
    except ValueError:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {show(value.shape)} cannot be broadcast to "
            f"indexing result of shape {show(shown)}"
        ) from None
    if back is not None:
        source = ops.permute(source, dims=tuple(back.index(d) for d in range(len(back))))
    count = prod(places.shape)
    write = ops.index_add if add else ops.index_set
    lines = ops.reshape(places, shape=(count,))
    done = write(flat, lines, ops.reshape(source, shape=(count, *rest)), axis=0)
    whole = ops.reshape(done, shape=moved.shape)
    return ops.permute(whole, dims=tuple(order.index(d) for d in range(len(order))))


def index_put_(
    self: Tensor, indices: Sequence[Any], values: Tensor, accumulate: bool = False
) -> Tensor:
    """Write `values` at index tensors, in place; with `accumulate`, add them."""
    advanced = [
        i if i is None or i is _TAKEN or isinstance(i, Tensor) else tensor(i) for i in indices
    ]
    masked: list[Any] = []
    for a in advanced:
        masked.append(a)
        if (
            isinstance(a, Tensor)
            and a.dtype in (dtypes.bool_, dtypes.uint8)
            and _TAKEN not in advanced
        ):
            masked += [_TAKEN] * (a.dim() - 1)
    if values.dtype is not self.dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{_scalar_name(self)} for the destination and {_scalar_name(values)} for the source."
        )
    longs = _longs(masked, self)
    dims = tuple(d for d, i in enumerate(longs) if i is not None)
    given = tuple(i for i in longs if i is not None)
    return apply_("IndexPutBackward0", _index_put, self, (*given, values), (dims, accumulate))


def _scalar_name(x: Tensor) -> str:
    return x.type().split(".")[-1].replace("Tensor", "")


def index_put(
    input: Tensor, indices: Sequence[Any], values: Tensor, accumulate: bool = False
) -> Tensor:
    """`index_put_` on a copy."""
    return index_put_(input.clone(), indices, values, accumulate)


# ---------------------------------------------------------------- masks
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`value` where the mask is True, `input` elsewhere; both broadcast."""
    _check_mask(mask, value)
    return apply("MaskedFillBackward0", _masked_fill, (input, mask, value))


def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """`masked_fill` in place."""
    _check_mask(mask, value)
    return apply_("MaskedFillBackward0", _masked_fill, self, (mask, value))


def _check_mask(mask: Tensor, value: Any) -> None:
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {mask.dtype}"
        )
    if isinstance(value, Tensor) and value.dim():
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.dim()} dimension(s)."
        )


def _masked_fill(x: Node, mask: Node, value: Node) -> Node:
    x, mask = broadcast(x, mask)
    if value.dtype.category > x.dtype.category:
        raise RuntimeError(
            f"value cannot be converted to type {x.dtype.array.name} without overflow"
        )
    return ops.where(mask, expand(ops.cast(value, dtype=x.dtype), x.shape), x)


def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:
    """Indices of the nonzero elements: one row each, or with `as_tuple` one tensor a dimension."""
    array = input.detach()._array()
    if as_tuple:
        places = np.nonzero(array.reshape(1) if array.ndim == 0 else array)
        return tuple(from_array(p.astype(np.int64), input.device) for p in places)
    found = np.argwhere(array).astype(np.int64)
    result = from_array(found, input.device)
    return result if out is None else out.resize_(result.shape).copy_(result)


def argwhere(input: Tensor) -> Tensor:
    """Indices of the nonzero elements, one row each."""
    return nonzero(input)


def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements where the mask is True, in one dimension."""
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError("masked_select: expected BoolTensor or ByteTensor for mask")
    shape = np.broadcast_shapes(input._size, mask._size)
    places = np.flatnonzero(np.broadcast_to(mask.detach()._array(), shape)).astype(np.int64)
    flat = input.expand(shape).reshape(-1)
    found = apply(
        "MaskedSelectBackward0", _index, (flat, from_array(places, input.device)), ((0,),)
    )
    return found if out is None else out.resize_(found.shape).copy_(found)

"""Elements picked and placed by index tensors: gather, scatter and their relatives."""

from __future__ import annotations

from math import prod
from typing import Any

from .. import dtypes
from ..calls import apply, apply_, write_out
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show, wrap_dim
from ..tensor import Tensor, formatting_name
from .common import expand

__all__ = ["gather", "index_add", "index_copy", "index_fill", "index_reduce", "index_select"]
__all__ += ["masked_scatter", "put", "scatter", "scatter_add", "scatter_reduce", "take"]
__all__ += ["take_along_dim"]


# ---------------------------------------------------------------- checks
def _wrapped(index: Node, size: int, axis: int) -> Node:
    return ops.wrap(index, size=size, axis=axis)


def _solid(x: Node) -> Node:
    """A 0-d node as one of one element."""
    return ops.reshape(x, shape=(1,)) if not x.shape else x


def _as(x: Node, shape: tuple[int, ...]) -> Node:
    return ops.reshape(x, shape=tuple(shape))


def _check_lines(name: str, x: Node, index: Node, axis: int, against: str = "self") -> None:
    if len(index.shape) != len(x.shape):
        raise RuntimeError(
            f"Index tensor must have the same number of dimensions as {against} tensor"
        )
    for d, (i, n) in enumerate(zip(index.shape, x.shape)):
        if d != axis and i > n:
            raise RuntimeError(
                f"Size does not match at dimension {d} expected index {show(index.shape)} to be no "
                f"larger than {against} {show(x.shape)} apart from dimension {axis}"
            )


# ---------------------------------------------------------------- gather
def _gather(x: Node, index: Node, dim: int) -> Node:
    shape = index.shape
    if index.dtype not in (dtypes.int64, dtypes.int32) and prod(shape):
        raise RuntimeError("gather(): Expected dtype int32/int64 for index")
    index = ops.cast(index, dtype=dtypes.int64)
    axis = wrap_dim(dim, len(x.shape))
    x, index = _solid(x), _solid(index)
    if prod(index.shape) == 0:
        return ops.full(shape, 0, x.dtype)
    _check_lines("gather", x, index, axis, "input")
    return _as(ops.gather(x, index, axis=axis), shape)


def gather(
    input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False, out: Tensor | None = None
) -> Tensor:
    """out[i][j] = input[index[i][j]][j] for dim 0, and so on: the result has the index's shape."""
    found = apply("GatherBackward0", _gather, (input, index), (dim,))
    return found if out is None else write_out(out, found)


def take_along_dim(
    input: Tensor, indices: Tensor, dim: int | None = None, *, out: Tensor | None = None
) -> Tensor:
    """`gather` whose index and input broadcast; flat without `dim`."""
    if indices.dtype is not dtypes.int64:
        raise RuntimeError(
            "torch.take_along_dim(): dtype of indices should be Long but got "
            + formatting_name(indices.dtype)
        )
    if dim is None:
        found = gather(input.reshape(-1), 0, indices.reshape(-1))
    else:
        if input.dim() != indices.dim():
            raise RuntimeError(
                "torch.take_along_dim(): input and indices should have the same number of "
                f"dimensions, but got {input.dim()} dimensions for input, and {indices.dim()} "
                "dimensions for indices"
            )
        found = apply("GatherBackward0", _along, (input, indices), (dim,))
    return found if out is None else write_out(out, found)


def _along(x: Node, index: Node, dim: int) -> Node:
    axis = wrap_dim(dim, len(x.shape))
    a = [max(m, n) if d != axis else m for d, (m, n) in enumerate(zip(x.shape, index.shape))]
    b = [max(m, n) if d != axis else n for d, (m, n) in enumerate(zip(x.shape, index.shape))]
    return ops.gather(expand(x, a), _wrapped(expand(index, b), a[axis], axis), axis=axis)


def _select(x: Node, index: Node, dim: int) -> Node:
    axis = wrap_dim(dim, len(x.shape))
    if len(index.shape) > 1:
        raise RuntimeError("index_select(): Index is supposed to be a vector")
    if index.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    index = _solid(ops.cast(index, dtype=dtypes.int64))
    if not x.shape:
        return ops.reshape(ops.take(_solid(x), index, axis=0), shape=())
    return ops.take(x, index, axis=axis)


def index_select(input: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Slices of a dimension at the places a vector names."""
    found = apply("IndexSelectBackward0", _select, (input, index), (dim,))
    return found if out is None else write_out(out, found)


def _take(x: Node, index: Node) -> Node:
    if index.dtype is not dtypes.int64:
        raise RuntimeError(
            "take(): Expected a long tensor for index, but got " + formatting_name(index.dtype)
        )
    count = prod(x.shape)
    if not count and prod(index.shape):
        raise IndexError("take(): tried to take from an empty tensor")
    return ops.take(ops.reshape(x, shape=(count,)), _wrapped(index, count, 0), axis=0)


def take(input: Tensor, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Elements at places of the flattened input."""
    found = apply("TakeBackward0", _take, (input, index))
    return found if out is None else write_out(out, found)


# ---------------------------------------------------------------- scatter
def _same(x: Node, src: Node, name: str) -> None:
    if x.dtype is not src.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")


def _prepared(x: Node, index: Node, src: Node, dim: int, name: str) -> tuple[Node, Node, Node, int]:
    axis = wrap_dim(dim, len(x.shape))
    if index.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    index = ops.cast(index, dtype=dtypes.int64)
    _same(x, src, name)
    x, index, src = _solid(x), _solid(index), _solid(src)
    if prod(index.shape):
        _check_lines(name, x, index, axis)
        if len(src.shape) != len(index.shape):
            raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
        for i, n in zip(index.shape, src.shape):
            if i > n:
                raise RuntimeError(
                    f"Expected index {show(index.shape)} to be no larger than self {show(x.shape)} "
                    f"apart from dimension {axis} and to be no larger size than src "
                    f"{show(src.shape)}"
                )
    return x, index, src, axis


def _scatter(x: Node, index: Node, src: Node, dim: int, how: str) -> Node:
    shape = x.shape
    if src.weak or (not src.shape and index.shape):
        src = ops.expand(
            ops.reshape(ops.cast(src, dtype=x.dtype), shape=(1,) * len(_solid(index).shape)),
            shape=_solid(index).shape,
        )
    name = "scatter_add" if how == "sum" else "scatter"
    x, index, src, axis = _prepared(x, index, src, dim, name)
    if not prod(index.shape):
        return _as(x, shape)
    if how == "set":
        return _as(ops.scatter(x, index, src, axis=axis), shape)
    if how == "sum":
        return _as(ops.scatter_add(x, index, src, axis=axis), shape)
    return _as(ops.scatter_reduce(x, index, src, axis=axis, how=how), shape)


_HOW = {"add": "sum", "multiply": "prod", None: "set"}


def _scatter_how(reduce: str | None) -> str:
    if reduce not in _HOW:
        raise RuntimeError("reduce argument must be either add or multiply.")
    return _HOW[reduce]


def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Any = None,
    *,
    value: Any = None,
    reduce: str | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """A copy with input[index[i][j]][j] = src[i][j] for dim 0, and so on."""
    given = src if src is not None else value
    found = apply("ScatterBackward0", _scatter, (input, index, given), (dim, _scatter_how(reduce)))
    return found if out is None else write_out(out, found)


def scatter_(
    self: Tensor,
    dim: int,
    index: Tensor,
    src: Any = None,
    *,
    value: Any = None,
    reduce: str | None = None,
) -> Tensor:
    """`scatter` in place."""
    given = src if src is not None else value
    return apply_("ScatterBackward0", _scatter, self, (index, given), (dim, _scatter_how(reduce)))


def scatter_add(
    input: Tensor, dim: int, index: Tensor, src: Tensor, *, out: Tensor | None = None
) -> Tensor:
    """A copy to which src is added at the places of an index tensor."""
    found = apply("ScatterAddBackward0", _scatter, (input, index, src), (dim, "sum"))
    return found if out is None else write_out(out, found)


def scatter_add_(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """`scatter_add` in place."""
    return apply_("ScatterAddBackward0", _scatter, self, (index, src), (dim, "sum"))


# ---------------------------------------------------------------- scatter with a reduction
_REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


def _start(x: Node, how: str) -> Node:
    """What untouched reductions begin with, where the old values do not count."""
    if how in ("sum", "mean"):
        return ops.fill(x, 0)
    if how == "prod":
        return ops.fill(x, 1)
    if x.dtype.is_floating_point:
        return ops.fill(x, float("-inf") if how == "amax" else float("inf"))
    if x.dtype is dtypes.bool_:
        return ops.fill(x, how == "amin")
    info = dtypes.iinfo(x.dtype)
    return ops.fill(x, info.min if how == "amax" else info.max)


def _reduced(x: Node, index: Node, src: Node, dim: int, how: str, include: bool) -> Node:
    if how not in _REDUCTIONS:
        raise RuntimeError(
            f"reduce argument must be either sum, prod, mean, amax or amin, got {how}."
        )
    shape = x.shape
    x, index, src, axis = _prepared(x, index, src, dim, "scatter_reduce")
    if not prod(index.shape):
        return _as(x, shape)
    one = ops.full(index.shape, 1, dtypes.int64)
    zero = ops.full(x.shape, 0, dtypes.int64)
    touched = ops.scatter_add(zero, index, one, axis=axis)
    hit = ops.lt(ops.fill(touched, 0), touched)
    begin = x if include else ops.where(hit, _start(x, how), x)
    if how in ("sum", "mean"):
        out = ops.scatter_add(begin, index, src, axis=axis)
    else:
        out = ops.scatter_reduce(begin, index, src, axis=axis, how=how)
    if how == "mean":
        count = (
            ops.add(touched, ops.fill(touched, 1))
            if include
            else ops.maximum(touched, ops.fill(touched, 1))
        )
        count = ops.cast(count, dtype=out.dtype)
        out = ops.div(out, count) if out.dtype.inexact else ops.floordiv(out, count)
    return _as(out, shape)


def scatter_reduce(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor,
    reduce: str,
    *,
    include_self: bool = True,
    out: Tensor | None = None,
) -> Tensor:
    """src reduced ("sum", "prod", "mean", "amax", "amin") into the places of an index tensor."""
    found = apply(
        "ScatterReduceBackward0", _reduced, (input, index, src), (dim, reduce, include_self)
    )
    return found if out is None else write_out(out, found)


def scatter_reduce_(
    self: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """`scatter_reduce` in place."""
    return apply_(
        "ScatterReduceBackward0", _reduced, self, (index, src), (dim, reduce, include_self)
    )


# ---------------------------------------------------------------- slices at the places of a vector
def _lines(x: Node, index: Node, dim: int, name: str) -> tuple[Node, Node, int]:
    axis = wrap_dim(dim, len(x.shape))
    if len(index.shape) > 1:
        raise IndexError(f"{name}(): Index should have dimension 1 or 0 (got {len(index.shape)})")
    if index.dtype not in (dtypes.int64, dtypes.int32):
        raise RuntimeError(
            f"{name}(): Expected dtype int32/int64 for index but got: "
            f"{formatting_name(index.dtype)}"
        )
    x = _solid(x)
    return x, _solid(ops.cast(index, dtype=dtypes.int64)), axis


def _source_lines(x: Node, index: Node, src: Node, axis: int, name: str) -> Node:
    _same(x, src, name)
    want = (*x.shape[:axis], index.shape[0], *x.shape[axis + 1 :])
    if not src.shape and prod(want) == 1:
        return _as(src, want)
    if src.shape != want:
        raise RuntimeError(
            f"{name}(): Number of indices ({index.shape[0]}) should be equal to source.size(dim): "
            f"({src.shape[axis] if len(src.shape) > axis else 1}), for dim: {axis}"
            if len(src.shape) == len(want)
            and src.shape[:axis] == want[:axis]
            and src.shape[axis + 1 :] == want[axis + 1 :]
            else f"{name}(): Source/destination tensor must have same slice shapes. Destination "
            f"slice shape: {show(x.shape[:axis] + x.shape[axis + 1 :])} at dimension {axis} and "
            f"source slice shape: {show(src.shape[:axis] + src.shape[axis + 1 :])} at dimension "
            f"{axis}."
        )
    return src


def _index_add(x: Node, index: Node, src: Node, alpha: Node | None, dim: int) -> Node:
    shape = x.shape
    x, index, axis = _lines(x, index, dim, "index_add")
    src = _source_lines(x, index, src, axis, "index_add")
    if alpha is not None:
        src = ops.mul(src, expand(ops.cast(alpha, dtype=src.dtype), src.shape))
    return _as(ops.index_add(x, _wrapped(index, x.shape[axis], axis), src, axis=axis), shape)


def index_add(
    input: Tensor,
    dim: int,
    index: Tensor,
    source: Tensor,
    *,
    alpha: Any = 1,
    out: Tensor | None = None,
) -> Tensor:
    """A copy to which slices of `source` are added at the places a vector names."""
    scale = None if alpha == 1 else alpha
    found = apply("IndexAddBackward0", _index_add, (input, index, source, scale), (dim,))
    return found if out is None else write_out(out, found)


def index_add_(self: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """`index_add` in place."""
    return apply_(
        "IndexAddBackward0",
        _index_add,
        self,
        (index, source, None if alpha == 1 else alpha),
        (dim,),
    )


def _index_copy(x: Node, index: Node, src: Node, dim: int) -> Node:
    shape = x.shape
    x, index, axis = _lines(x, index, dim, "index_copy_")
    src = _source_lines(x, index, src, axis, "index_copy_")
    return _as(ops.index_set(x, _wrapped(index, x.shape[axis], axis), src, axis=axis), shape)


def index_copy(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, out: Tensor | None = None
) -> Tensor:
    """A copy whose slices at the places a vector names are those of `source`."""
    found = apply("IndexCopyBackward0", _index_copy, (input, index, source), (dim,))
    return found if out is None else write_out(out, found)


def index_copy_(self: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """`index_copy` in place."""
    return apply_("IndexCopyBackward0", _index_copy, self, (index, source), (dim,))


def _index_fill(x: Node, index: Node, value: Node, dim: int) -> Node:
    shape = x.shape
    x, index, axis = _lines(x, index, dim, "index_fill_")
    if len(value.shape) > 0:
        raise RuntimeError(
            f"Only supports 0-dimensional value tensor but got tensor with {len(value.shape)} "
            "dimensions."
        )
    if value.dtype.is_complex and not x.dtype.is_complex:
        raise RuntimeError(
            "index_fill_(): Converting complex Scalar to non-complex type is not supported"
        )
    want = (*x.shape[:axis], index.shape[0], *x.shape[axis + 1 :])
    src = ops.expand(
        ops.reshape(ops.cast(value, dtype=x.dtype), shape=(1,) * len(want)), shape=want
    )
    return _as(ops.index_set(x, _wrapped(index, x.shape[axis], axis), src, axis=axis), shape)


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """A copy whose slices at the places a vector names hold one value."""
    return apply("IndexFillBackward0", _index_fill, (input, index, value), (dim,))


def index_fill_(self: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """`index_fill` in place."""
    return apply_("IndexFillBackward0", _index_fill, self, (index, value), (dim,))


def _index_reduce(x: Node, index: Node, src: Node, dim: int, how: str, include: bool) -> Node:
    if how not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(
            f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {how}."
        )
    shape = x.shape
    x, index, axis = _lines(x, index, dim, "index_reduce")
    src = _source_lines(x, index, src, axis, "index_reduce")
    line = tuple(n if d == axis else 1 for d, n in enumerate(src.shape))
    wide = ops.expand(
        ops.reshape(_wrapped(index, x.shape[axis], axis), shape=line), shape=src.shape
    )
    return _as(_reduced(x, wide, src, axis, how, include), shape)


def index_reduce(
    input: Tensor,
    dim: int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    *,
    include_self: bool = True,
    out: Tensor | None = None,
) -> Tensor:
    """Slices of `source` reduced into the places a vector names."""
    found = apply(
        "IndexReduceBackward0", _index_reduce, (input, index, source), (dim, reduce, include_self)
    )
    return found if out is None else write_out(out, found)


def index_reduce_(
    self: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """`index_reduce` in place."""
    return apply_(
        "IndexReduceBackward0", _index_reduce, self, (index, source), (dim, reduce, include_self)
    )


# ---------------------------------------------------------------- flat places and masks
def _put(x: Node, index: Node, src: Node, accumulate: bool) -> Node:
    if index.dtype is not dtypes.int64:
        raise RuntimeError(
            "put_(): Expected a long tensor for index, but got " + formatting_name(index.dtype)
        )
    if x.dtype is not src.dtype:
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{formatting_name(x.dtype)} and source.dtype = {formatting_name(src.dtype)}"
        )
    count, n = prod(index.shape), prod(x.shape)
    if prod(src.shape) != count:
        raise RuntimeError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {prod(src.shape)}, index.numel() = {count}"
        )
    if not count:
        return x
    flat = ops.reshape(x, shape=(n,))
    places = _wrapped(ops.reshape(index, shape=(count,)), n, 0)
    write = ops.index_add if accumulate else ops.index_set
    return ops.reshape(write(flat, places, ops.reshape(src, shape=(count,)), axis=0), shape=x.shape)


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with `source` at places of the flattened input."""
    return apply("PutBackward0", _put, (input, index, source), (bool(accumulate),))


def put_(self: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """`put` in place."""
    return apply_("PutBackward0", _put, self, (index, source), (bool(accumulate),))


def _masked_scatter(x: Node, mask: Node, src: Node) -> Node:
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError(
            "masked_scatter_ only supports boolean masks, but got mask with dtype "
            + repr(mask.dtype)
        )
    if x.dtype is not src.dtype:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes but got "
            f"{formatting_name(x.dtype)} and {formatting_name(src.dtype)}"
        )
    mask = expand(mask, x.shape)
    n, have = prod(x.shape), prod(src.shape)
    if not n:
        return x
    flat = ops.cast(ops.reshape(mask, shape=(n,)), dtype=dtypes.int64)
    order = ops.sub(ops.cumsum(flat, axis=0), ops.full((n,), 1, dtypes.int64))
    seen = ops.where(ops.reshape(mask, shape=(n,)), order, ops.full((n,), 0, dtypes.int64))
    if not have:
        return x
    taken = ops.take(ops.reshape(src, shape=(have,)), seen, axis=0)
    return ops.where(mask, ops.reshape(taken, shape=x.shape), x)


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """The elements of `source`, in order, where the mask is True."""
    x = input
    if mask.dim() > input.dim() or any(m > n for m, n in zip(mask.shape[::-1], input.shape[::-1])):
        x = input.expand(mask.shape)
    return apply("MaskedScatterBackward0", _masked_scatter, (x, mask, source))


def masked_scatter_(self: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """`masked_scatter` in place."""
    if source.numel() < int(mask.expand(self.shape).sum()):
        raise RuntimeError(
            "masked_scatter: expected the source to have at least as many elements as the mask has "
            "ones"
        )
    return apply_("MaskedScatterBackward0", _masked_scatter, self, (mask, source))

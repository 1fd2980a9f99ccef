"""Views as copies (`view_copy` and its relatives), and tensors with a view's part replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import moves
from ..calls import apply, resize
from ..ir.build import ops
from ..ir.node import Node
from ..modes import state
from ..moves import Path
from ..shapes import show, wrap_dim
from ..tensor import Tensor
from . import views
from .common import sizes, store, tensors_only
from .creation import empty

__all__ = ["alias_copy", "as_strided_copy", "as_strided_scatter", "detach_copy", "diagonal_copy"]
__all__ += ["diagonal_scatter", "expand_copy", "narrow_copy", "permute_copy", "resize_as_"]
__all__ += ["select_copy", "select_scatter", "slice_copy", "slice_scatter", "split_copy"]
__all__ += ["split_with_sizes_copy", "squeeze_copy", "t_copy", "transpose_copy", "unbind_copy"]
__all__ += ["unfold_copy", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes"]
__all__ += ["unsqueeze_copy", "view_as_complex_copy", "view_as_real_copy", "view_copy"]


# ---------------------------------------------------------------- copies
def _alias(input: Tensor) -> Tensor:
    return views.view(input, input.shape)


def _slice(
    input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """`start:end:step` of one dimension."""
    if not input.dim():
        raise RuntimeError("slice() cannot be applied to a 0-dim tensor.")
    if step < 1:
        raise RuntimeError("slice step must be positive")
    d = wrap_dim(dim, input.dim())
    first, last, step = slice(start, end, step).indices(input.shape[d])
    return views.sliced("SliceBackward0", input, d, first, max(first, last), step)


def _copied(name: str, view: Callable[..., Any]) -> Callable[..., Any]:
    """A view's function, of which the results are copies."""

    def call(input: Tensor, *args: Any, out: Any = None, **named: Any) -> Any:
        found = view(input, *args, **named)
        if isinstance(found, Tensor):
            return store(out, found.clone())
        parts = tuple(part.clone() for part in found)
        if out is None:
            return parts
        if len(out) != len(parts):
            raise RuntimeError(
                f"{name}_out() expected an out= argument of length {len(parts)}, got {len(out)}"
            )
        for target, part in zip(out, parts):
            store(target, part)
        return None

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"`{view.__name__.lstrip('_')}` as a copy."
    return call


alias_copy = _copied("alias_copy", _alias)
as_strided_copy = _copied("as_strided_copy", views.as_strided)
detach_copy = _copied("detach_copy", views.detach)
diagonal_copy = _copied("diagonal_copy", views.diagonal)
expand_copy = _copied("expand_copy", views.expand)
narrow_copy = _copied("narrow_copy", views.narrow)
permute_copy = _copied("permute_copy", views.permute)
select_copy = _copied("select_copy", views.select)
slice_copy = _copied("slice_copy", _slice)
split_copy = _copied("split_copy", views.split)
split_with_sizes_copy = _copied("split_with_sizes_copy", views.split_with_sizes)
squeeze_copy = _copied("squeeze_copy", views.squeeze)
t_copy = _copied("t_copy", views.t)
transpose_copy = _copied("transpose_copy", views.transpose)
unbind_copy = _copied("unbind_copy", views.unbind)
unfold_copy = _copied("unfold_copy", views.unfold)
unsqueeze_copy = _copied("unsqueeze_copy", views.unsqueeze)
view_as_complex_copy = _copied("view_as_complex_copy", views.view_as_complex)
view_as_real_copy = _copied("view_as_real_copy", views.view_as_real)
view_copy = _copied("view_copy", views.view)

unsafe_chunk, unsafe_split = views.chunk, views.split
unsafe_split_with_sizes = views.split_with_sizes


# ---------------------------------------------------------------- parts replaced
def _written(x: Node, part: Node, path: Path, shape: tuple[int, ...]) -> Node:
    tensors_only("scatter", x, part)
    if part.shape != shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{show(part.shape)}, slice size = {show(shape)}"
        )
    return moves.write(x, ops.cast(part, dtype=x.dtype), path)


def _replaced(name: str, x: Tensor, src: Tensor, view: Callable[..., Tensor], *args: Any) -> Tensor:
    """The tensor with the part that a view of it would show replaced."""
    like = view(empty(x.shape, dtype=x.dtype, device="meta"), *args)
    return apply(f"{name}Backward0", _written, (x, src), (like._path, tuple(like.shape)))


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of `input` in which place `index` of a dimension is `src`."""
    return _replaced("SelectScatter", input, src, views.select, dim, index)


def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Tensor:
    """A copy of `input` in which `start:end:step` of a dimension is `src`."""
    return _replaced("SliceScatter", input, src, _slice, dim, start, end, step)


def diagonal_scatter(
    input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Tensor:
    """A copy of `input` in which a diagonal is `src`."""
    return _replaced("DiagonalScatter", input, src, views.diagonal, offset, dim1, dim2)


def as_strided_scatter(
    input: Tensor,
    src: Tensor,
    size: Sequence[int],
    stride: Sequence[int],
    storage_offset: int | None = None,
) -> Tensor:
    """A copy of `input` in which the elements that `as_strided` would show are `src`."""
    args = (tuple(size), tuple(stride), storage_offset)
    return _replaced("AsStridedScatter", input, src, views.as_strided, *args)


# ---------------------------------------------------------------- other sizes, in place
def resize_(self: Tensor, *size: Any, memory_format: Any = None) -> Tensor:
    """The tensor with another shape over its elements, with zeros where there are too few."""
    if self.requires_grad and state.grad:
        raise RuntimeError("cannot resize variables that require grad")
    shape = sizes(size)
    for n in shape:
        if n < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {n}: {show(shape)}"
            )
    if shape != tuple(self.shape):
        resize(self, shape)
    return self


def resize_as_(input: Tensor, other: Tensor, *, memory_format: Any = None) -> Tensor:
    """`input.resize_(other.shape)`."""
    return resize_(input, other.shape)

"""Views: tensors that alias another tensor's memory."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from .. import dtypes
from ..calls import apply, make_view, several
from ..dtypes import dtype
from ..ir.build import ops
from ..ir.node import Node
from ..moves import (
    AsComplex,
    AsReal,
    Bitcast,
    Expand,
    Part,
    Permute,
    Reshape,
    Select,
    Slice,
    Strided,
)
from ..shapes import Size, contiguous_strides, infer, show, view_strides, wrap_dim
from ..tensor import Tensor
from .common import sizes

__all__ = [
    *(
        "as_strided",
        "broadcast_to",
        "chunk",
        "diagonal",
        "flatten",
        "imag",
        "movedim",
        "moveaxis",
        "narrow",
    ),
    *(
        "permute",
        "ravel",
        "real",
        "reshape",
        "select",
        "split",
        "squeeze",
        "swapaxes",
        "swapdims",
        "t",
    ),
    *(
        "tensor_split",
        "transpose",
        "unbind",
        "unflatten",
        "unsqueeze",
        "view_as_complex",
        "view_as_real",
    ),
    *("detach", "adjoint", "split_with_sizes", "hsplit", "vsplit", "dsplit"),
]


def _reshape(x: Node, shape: tuple[int, ...]) -> Node:
    return ops.reshape(x, shape=shape)


# ---------------------------------------------------------------- the same elements in another
# shape
def view(self: Tensor, *shape: Any, dtype: dtype | None = None) -> Tensor:
    """The same memory with another shape (one size may be -1), or read as another dtype.

    Raises RuntimeError where strides do not allow it.
    """
    if dtype is not None or (len(shape) == 1 and isinstance(shape[0], dtypes.dtype)):
        return _view_dtype(self, dtype or shape[0])
    size = infer(sizes(shape), self.numel())
    strides = view_strides(self._size, self.stride(), size)
    if strides is None:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return make_view("ViewBackward0", self, Reshape(size), size, strides, self._offset)


def _view_dtype(x: Tensor, kind: dtype) -> Tensor:
    if kind is x.dtype:
        return make_view("AliasBackward0", x, Reshape(x._size), x._size, x.stride(), x._offset)
    if kind.itemsize != x.itemsize:
        return _resized_view(x, kind)
    return make_view("ViewBackward1", x, Bitcast(kind), x._size, x.stride(), x._offset, kind)


def _resized_view(x: Tensor, kind: dtype) -> Tensor:
    from .creation import from_array

    if not x.dim():
        raise RuntimeError(
            f"self.dim() cannot be 0 to view {x.dtype} as {kind} (different element sizes)"
        )
    if kind.itemsize > x.itemsize and x._size[-1] % (kind.itemsize // x.itemsize):
        raise RuntimeError(
            f"self.size(-1) must be divisible by {kind.itemsize // x.itemsize} to view {x.dtype} "
            f"as {kind} (different element sizes), but got {x._size[-1]}"
        )
    return from_array(x.detach().contiguous()._array().view(kind.array), x.device)


def view_as(self: Tensor, other: Tensor) -> Tensor:
    """`self.view(other.shape)`."""
    return view(self, other._size)


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same elements with another shape: a view where strides allow, else a copy."""
    size = infer(sizes(shape), input.numel())
    strides = view_strides(input._size, input.stride(), size)
    if strides is None:
        return apply("UnsafeViewBackward0", _reshape, (input,), (size,))
    name = "ViewBackward0" if size != input._size else "AliasBackward0"
    return make_view(name, input, Reshape(size), size, strides, input._offset)


def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """`self.reshape(other.shape)`."""
    return reshape(self, other._size)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions start_dim to end_dim as one."""
    if not input.dim():
        return reshape(input, 1)
    a, b = wrap_dim(start_dim, input.dim()), wrap_dim(end_dim, input.dim())
    if a > b:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if a == b:
        return input
    middle = Size(input._size[a : b + 1]).numel()
    return reshape(input, (*input._size[:a], middle, *input._size[b + 1 :]))


def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension."""
    return reshape(input, -1)


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension as several."""
    d = wrap_dim(dim, input.dim())
    if not len(sizes):
        raise RuntimeError("unflatten: sizes must be non-empty")
    if -1 not in sizes and Size(sizes).numel() != input._size[d]:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {d} "
            f"({input._size[d]}) in the input tensor"
        )
    return view(input, (*input._size[:d], *infer(sizes, input._size[d]), *input._size[d + 1 :]))


def _resized(name: str, x: Tensor, shape: Sequence[int], strides: Sequence[int]) -> Tensor:
    return make_view(name, x, Reshape(Size(shape)), shape, strides, x._offset)


def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Without size-1 dimensions: all of them, or those named."""
    n = input.dim()
    if dim is None:
        drop = {i for i, size in enumerate(input._size) if size == 1}
        name = "SqueezeBackward0"
    else:
        given = (dim,) if isinstance(dim, int) else dim
        drop = {d for d in (wrap_dim(d, n) for d in given) if n and input._size[d] == 1}
        name = "SqueezeBackward1" if isinstance(dim, int) else "SqueezeBackward2"
    stay = [i for i in range(n) if i not in drop]
    strides = input.stride()
    return _resized(name, input, [input._size[i] for i in stay], [strides[i] for i in stay])


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a size-1 dimension put in."""
    d = wrap_dim(dim, input.dim() + 1)
    size, strides = list(input._size), list(input.stride())
    strides.insert(d, size[d] * strides[d] if d < len(size) else 1)
    size.insert(d, 1)
    return _resized("UnsqueezeBackward0", input, size, strides)


# ---------------------------------------------------------------- dimensions in another order
def _permuted(name: str, x: Tensor, dims: Sequence[int]) -> Tensor:
    strides = x.stride()
    shape = [x._size[d] for d in dims]
    return make_view(name, x, Permute(tuple(dims)), shape, [strides[d] for d in dims], x._offset)


def permute(input: Tensor, *dims: Any) -> Tensor:
    """Dimensions in the order given."""
    given = sizes(dims)
    n = input.dim()
    if len(given) != n:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {n} is not equal to "
            f"len(dims) = {len(given)}"
        )
    found = [wrap_dim(d, n) for d in given]
    if len(set(found)) != n:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return _permuted("PermuteBackward0", input, found)


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions swapped."""
    n = input.dim()
    a, b = wrap_dim(dim0, n), wrap_dim(dim1, n)
    dims = list(range(n))
    if n:
        dims[a], dims[b] = b, a
    return _permuted("TransposeBackward0", input, dims)


swapaxes = swapdims = transpose


def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; a vector stays."""
    if input.dim() > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.dim()}D")
    return _permuted("TBackward0", input, range(input.dim())[::-1])


def numpy_T(self: Tensor) -> Tensor:
    """All dimensions reversed."""
    return _permuted("PermuteBackward0", self, range(self.dim())[::-1])


def matrix_T(self: Tensor) -> Tensor:
    """The last two dimensions swapped."""
    if self.dim() < 2:
        raise RuntimeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got {self.dim()}-D "
            "tensor."
        )
    return transpose(self, -2, -1)


def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions swapped, conjugated where complex."""
    turned = transpose(input, -2, -1)
    return turned.conj() if input.is_complex() else turned


def matrix_H(self: Tensor) -> Tensor:
    """The conjugate transpose of a matrix."""
    if self.dim() not in (0, 2):
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {self.dim()}-D tensor."
        )
    return adjoint(self) if self.dim() else self.conj()


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dimensions `source` moved to the places `destination`."""
    n = input.dim()
    src = [wrap_dim(d, n) for d in ((source,) if isinstance(source, int) else source)]
    dst = [
        wrap_dim(d, n) for d in ((destination,) if isinstance(destination, int) else destination)
    ]
    if len(src) != len(dst):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({show(src)} dims) should "
            f"contain the same number of dims as destination ({show(dst)} dims)"
        )
    for what, dims in (("source", src), ("destination", dst)):
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{what}` ({show(dims)})")
    order = [d for d in range(n) if d not in src]
    for d, s in sorted(zip(dst, src)):
        order.insert(d, s)
    return _permuted("PermuteBackward0", input, order)


moveaxis = movedim


# ---------------------------------------------------------------- parts
def sliced(name: str, x: Tensor, dim: int, start: int, stop: int, step: int = 1) -> Tensor:
    """`start:stop:step` of one dimension."""
    n = x.dim()
    starts, stops, steps = [0] * n, list(x._size), [1] * n
    starts[dim], stops[dim], steps[dim] = start, stop, step
    shape, strides = list(x._size), list(x.stride())
    shape[dim] = max(0, -(-(stop - start) // step))
    offset = x._offset + start * strides[dim]
    strides[dim] *= step
    move = Slice(tuple(starts), tuple(stops), tuple(steps))
    return make_view(name, x, move, shape, strides, offset)


def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """`length` elements of one dimension from `start`."""
    if not input.dim():
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    d = wrap_dim(dim, input.dim())
    start, size = int(start), input._size[d]
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if not -size <= start <= size:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-size}, {size}], but got "
            f"{start})"
        )
    start = start + size if start < 0 else start
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return sliced("SliceBackward0", input, d, start, start + length)


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """One place of a dimension, without the dimension."""
    return _selected("SelectBackward0", input, dim, index)


def _selected(name: str, input: Tensor, dim: int, index: int) -> Tensor:
    if not input.dim():
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    d = wrap_dim(dim, input.dim())
    size, place = input._size[d], int(index)
    if not -size <= place < size:
        raise IndexError(
            f"select(): index {place} out of range for tensor of size {show(input._size)} at "
            f"dimension {d}"
        )
    place %= size
    n = input.dim()
    start, stop = [0] * n, list(input._size)
    start[d], stop[d] = place, place + 1
    strides = input.stride()
    shape = (*input._size[:d], *input._size[d + 1 :])
    move = Select(tuple(start), tuple(stop), (1,) * n, shape)
    kept = (*strides[:d], *strides[d + 1 :])
    offset = input._offset + place * strides[d]
    return make_view(name, input, move, shape, kept, offset)


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of a dimension: of one size (the last may be smaller), or of the sizes given."""
    if not tensor.dim():
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    if not isinstance(split_size_or_sections, int):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    d = wrap_dim(dim, tensor.dim())
    n, size = tensor._size[d], split_size_or_sections
    if size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0 and n:
        raise RuntimeError(
            f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}"
        )
    starts = range(0, n, size) if n else (0,)
    return several([sliced("SplitBackward0", tensor, d, i, min(i + size, n)) for i in starts])


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of a dimension of the sizes given."""
    d = wrap_dim(dim, input.dim())
    n = input._size[d]
    for size in split_sizes:
        if size < 0:
            raise RuntimeError(
                "split_with_sizes expects split_sizes have only non-negative entries, but got "
                f"split_sizes={list(split_sizes)}"
            )
    if sum(split_sizes) != n:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at "
            f"dimension {d}), but got split_sizes={list(split_sizes)}"
        )
    out, at = [], 0
    for size in split_sizes:
        out.append(sliced("SplitWithSizesBackward0", input, d, at, at + size))
        at += size
    return several(out)


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """A dimension in at most `chunks` equal parts."""
    if not input.dim():
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    n = input._size[wrap_dim(dim, input.dim())]
    size = -(-n // chunks)
    if size == 0:
        return split_with_sizes(input, [0] * chunks, dim)
    return split(input, size, dim)


def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """A dimension in parts as equal as possible, or cut at the indices given."""
    if not input.dim():
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    d = wrap_dim(dim, input.dim())
    n = input._size[d]
    cuts = indices_or_sections
    if isinstance(cuts, Tensor):
        cuts = cuts.tolist()
    if isinstance(cuts, int):
        if cuts <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {cuts}")
        small, more = divmod(n, cuts)
        ends = [small * i + min(i, more) for i in range(cuts + 1)]
    else:
        clipped = [min(c + n if c < 0 else c, n) for c in cuts]
        ends = [0, *clipped, n]
    return several([sliced("SliceBackward0", input, d, a, max(a, b)) for a, b in pairwise(ends)])


def _axis_split(name: str, least: int, axis: int) -> Any:
    def splitter(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
        """`tensor_split` along one fixed dimension; the number of parts must divide it."""
        if input.dim() < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} "
                f"dimension{'s' * (least > 1)}, but got a tensor with {input.dim()} dimensions!"
            )
        d = axis if input.dim() > 1 else 0
        cuts = indices_or_sections
        if isinstance(cuts, int) and (cuts <= 0 or input._size[d] % cuts):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {d}, but the size of the "
                f"dimension {input._size[d]} is not divisible by the split_size {cuts}!"
            )
        return tensor_split(input, cuts, d)

    splitter.__name__ = name
    return splitter


hsplit, vsplit, dsplit = (
    _axis_split("hsplit", 1, 1),
    _axis_split("vsplit", 2, 0),
    _axis_split("dsplit", 3, 2),
)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """All places of a dimension."""
    d = wrap_dim(dim, input.dim())
    if not input.dim():
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    return several([_selected("UnbindBackward0", input, d, i) for i in range(input._size[d])])


# ---------------------------------------------------------------- repeated and overlapping
def expand(self: Tensor, *shape: Any, implicit: bool = False) -> Tensor:
    """Size-1 dimensions repeated without a copy; -1 keeps a size."""
    given = sizes(shape)
    n, have = len(given), self.dim()
    if n < have:
        raise RuntimeError(
            f"expand({formatted(self)}, size={list(given)}): the number of sizes provided ({n}) "
            f"must be greater or equal to the number of dimensions in the tensor ({have})"
        )
    lead = n - have
    size = (1,) * lead + tuple(self._size)
    strides = (0,) * lead + tuple(self.stride())
    out, steps = [], []
    for i, (want, has, stride) in enumerate(zip(given, size, strides)):
        if want == -1:
            if i < lead:
                raise RuntimeError(
                    f"expand({formatted(self)}, size={list(given)}): the expanded size of the "
                    f"tensor (-1) isn't allowed in a leading, non-existing dimension {i}"
                )
            want = has
        if want != has and has != 1:
            raise RuntimeError(
                f"The expanded size of the tensor ({want}) must match the existing size ({has}) at "
                f"non-singleton dimension {i}.  Target sizes: {list(given)}.  Tensor sizes: "
                f"{list(self._size)}"
            )
        out.append(want)
        steps.append(stride if want == has else 0)
    x = self if not lead else _resized("UnsqueezeBackward0", self, size, strides)
    return make_view("ExpandBackward0", x, Expand(Size(out)), out, steps, x._offset)


def formatted(x: Tensor) -> str:
    """A tensor's type and sizes as PyTorch's messages write them."""
    return f"torch.{x.type().split('.')[-1]}{{{list(x._size)}}}"


def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """`self.expand(other.shape)`."""
    return expand(self, other._size)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`input.expand(size)`."""
    return expand(input, size)


def as_strided(
    input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """Any sizes, strides and offset over the tensor's storage.

    Raises RuntimeError where that would leave the storage.
    """
    offset = input._offset if storage_offset is None else int(storage_offset)
    shape, steps = tuple(int(n) for n in size), tuple(int(s) for s in stride)
    if len(shape) != len(steps):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(s < 0 for s in steps):
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got strides: "
            f"{list(steps)}"
        )
    held = input._storage.value.shape.numel()
    last = offset + sum((n - 1) * s for n, s in zip(shape, steps))
    if 0 not in shape and last >= held:
        raise RuntimeError(
            f"setStorage: sizes {list(shape)}, strides {list(steps)}, storage offset {offset}, and "
            f"itemsize {input.itemsize} requiring a storage size of {(last + 1) * input.itemsize} "
            f"are out of bounds for storage of size {held * input.itemsize}"
        )
    if not input._path:
        move = Strided(shape, steps, offset)
        return make_view("AsStridedBackward0", input, move, shape, steps, offset)
    whole = input._base if input._base is not None and not input._base._path else _whole(input)
    return make_view(
        "AsStridedBackward0", whole, Strided(shape, steps, offset), shape, steps, offset
    )


def _whole(x: Tensor) -> Tensor:
    """All of a tensor's storage as a tensor."""
    out = Tensor._of(x._storage.value, x.device)
    out._storage = x._storage
    return out


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonal of two dimensions, as a last dimension."""
    n = input.dim()
    a, b = wrap_dim(dim1, n), wrap_dim(dim2, n)
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    rows, columns = input._size[a], input._size[b]
    count = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
    row, column = (0, offset) if offset >= 0 else (-offset, 0)
    if not count:
        row = column = 0
    rest = [i for i in range(n) if i not in (a, b)]
    shape = [*(input._size[i] for i in rest), count]
    strides = input.stride()
    steps = [*(strides[i] for i in rest), strides[a] + strides[b]]
    start = input._offset + row * strides[a] + column * strides[b]
    inner = contiguous_strides(input._size)
    own = [*(inner[i] for i in rest), inner[a] + inner[b]]
    move = Strided(tuple(shape), tuple(own), row * inner[a] + column * inner[b])
    return make_view("DiagonalBackward0", input, move, shape, steps, start)


def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of `size` elements every `step` along a dimension, as a last dimension."""
    n = self.dim()
    d = wrap_dim(dimension, n)
    length = self._size[d] if n else 1
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if size > length:
        raise RuntimeError(
            f"maximum size for tensor at dimension {d} is {length} but size is {size}"
        )
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    count = (length - size) // step + 1
    strides, inner = self.stride(), contiguous_strides(self._size)
    if not n:
        return make_view(
            "UnfoldBackward0", self, Strided((size,), (1,), 0), (size,), (1,), self._offset
        )
    shape = (*self._size[:d], count, *self._size[d + 1 :], size)
    steps = (*strides[:d], strides[d] * step, *strides[d + 1 :], strides[d])
    own = (*inner[:d], inner[d] * step, *inner[d + 1 :], inner[d])
    return make_view("UnfoldBackward0", self, Strided(shape, own, 0), shape, steps, self._offset)


# ---------------------------------------------------------------- complex parts
def real(input: Tensor) -> Tensor:
    """The real part, as a view; a real tensor itself."""
    if not input.is_complex():
        return input
    return _complex_part(input, False)


def imag(input: Tensor) -> Tensor:
    """The imaginary part, as a view."""
    if not input.is_complex():
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return _complex_part(input, True)


def _complex_part(x: Tensor, imaginary: bool) -> Tensor:
    steps = [2 * s for s in x.stride()]
    start = 2 * x._offset + imaginary
    return make_view(
        "SelectBackward0", x, Part(imaginary), x._size, steps, start, x.dtype.to_real()
    )


def view_as_real(input: Tensor) -> Tensor:
    """Complex numbers as pairs in a last dimension."""
    if not input.is_complex():
        raise RuntimeError("view_as_real is only supported for complex tensors")
    steps = (*(2 * s for s in input.stride()), 1)
    shape = (*input._size, 2)
    return make_view(
        "ViewAsRealBackward0",
        input,
        AsReal(),
        shape,
        steps,
        2 * input._offset,
        input.dtype.to_real(),
    )


def view_as_complex(input: Tensor) -> Tensor:
    """Pairs in the last dimension as complex numbers."""
    if not input.is_floating_point() or input.itemsize < 4:
        raise RuntimeError(
            "view_as_complex is only supported for half, float and double tensors, but got a "
            f"tensor of scalar type: {input.type().split('.')[-1].replace('Tensor', '')}"
        )
    if not input.dim() or input._size[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    steps = [s // 2 for s in input.stride()[:-1]]
    kind = input.dtype.to_complex()
    return make_view(
        "ViewAsComplexBackward0",
        input,
        AsComplex(),
        input._size[:-1],
        steps,
        input._offset // 2,
        kind,
    )


def detach(input: Tensor) -> Tensor:
    """`input.detach()`."""
    return input.detach()


def detach_(self: Tensor) -> Tensor:
    """Cut this tensor out of its graph, in place."""
    if self._base is not None:
        raise RuntimeError(
            "Can't detach views in-place. Use detach() instead. If you are using "
            "DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as "
            "True, gradients are views of DDP buckets, and hence detach_() cannot be called on "
            "these gradients. To fix this error, please refer to the Optimizer.zero_grad() "
            "function in torch/optim/optimizer.py as a solution."
        )
    self._grad_fn, self._place, self._requires_grad = None, 0, False
    return self

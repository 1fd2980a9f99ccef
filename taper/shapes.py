"""Shapes, strides and dimensions: the arithmetic that needs no data."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import prod


class Size(tuple):
    """The shape of a tensor: a tuple of ints that prints as `torch.Size([...])`."""

    def __new__(cls, sizes: Iterable[int] = ()) -> Size:
        return super().__new__(cls, (operator.index(n) for n in sizes))

    def numel(self) -> int:
        """Number of elements of a tensor of this shape."""
        return prod(self)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __getitem__(self, key):  # type: ignore[no-untyped-def]
        found = super().__getitem__(key)
        return Size(found) if isinstance(key, slice) else found

    def __add__(self, other):  # type: ignore[no-untyped-def]
        return Size(super().__add__(tuple(other)))

    def __radd__(self, other):  # type: ignore[no-untyped-def]
        return Size(tuple(other) + tuple(self))

    def __mul__(self, times):  # type: ignore[no-untyped-def]
        return Size(super().__mul__(times))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple:
        return Size, (tuple(self),)


def show(shape: Sequence[int]) -> str:
    """A shape as PyTorch's messages write it: [2, 3]."""
    return f"[{', '.join(map(str, shape))}]"


def contiguous_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Row-major strides, in elements."""
    return (
        tuple(accumulate((max(n, 1) for n in reversed(shape[1:])), operator.mul, initial=1))[::-1]
        if shape
        else ()
    )


def is_contiguous(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether the strides are row-major, where size-1 dimensions may have any stride."""
    if 0 in shape:
        return True
    expected = 1
    for n, s in zip(reversed(shape), reversed(strides)):
        if n != 1:
            if s != expected:
                return False
            expected *= n
    return True


def wrap_dim(dim: int, ndim: int) -> int:
    """A dimension counted from the end made one from the start; IndexError outside the range."""
    dim = operator.index(dim)
    bound = max(ndim, 1)
    if not -bound <= dim < bound:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got "
            f"{dim})"
        )
    return dim % bound


def wrap_dims(
    dims: int | Sequence[int] | None, ndim: int, *, empty_is_all: bool = True
) -> tuple[int, ...]:
    """Dimensions to reduce over, ascending; None (and an empty list) means all of them."""
    if dims is None or (empty_is_all and not isinstance(dims, int) and len(dims) == 0):
        return tuple(range(ndim))
    found = [wrap_dim(d, ndim) for d in ((dims,) if isinstance(dims, int) else dims)]
    for d in found:
        if found.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return tuple(sorted(found)) if ndim else ()


def broadcast(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The shape that all of these expand to; RuntimeError where they do not fit."""
    ndim = max(map(len, shapes), default=0)
    out = [1] * ndim
    for shape in shapes:
        for i in range(1, len(shape) + 1):
            n, seen = shape[-i], out[-i]
            if n != seen and n != 1:
                if seen != 1:
                    raise RuntimeError(
                        f"The size of tensor a ({seen}) must match the size of tensor b ({n}) at "
                        f"non-singleton dimension {ndim - i}"
                    )
                out[-i] = n
    return tuple(out)


def infer(sizes: Sequence[int], numel: int) -> tuple[int, ...]:
    """Fill in the one -1 of a `view`; RuntimeError where the sizes do not hold `numel` elements."""
    sizes = [operator.index(n) for n in sizes]
    unknown = [i for i, n in enumerate(sizes) if n == -1]
    if len(unknown) > 1:
        raise RuntimeError("only one dimension can be inferred")
    for n in sizes:
        if n < -1:
            raise RuntimeError(f"invalid shape dimension {n}")
    known = prod(n for n in sizes if n != -1)
    if unknown:
        if known == 0:
            if numel == 0:
                raise RuntimeError(
                    f"cannot reshape tensor of 0 elements into shape {show(sizes)} because the "
                    "unspecified dimension size -1 can be any value and is ambiguous"
                )
        elif numel % known == 0:
            sizes[unknown[0]] = numel // known
            return tuple(sizes)
    elif known == numel:
        return tuple(sizes)
    raise RuntimeError(f"shape '{show(sizes)}' is invalid for input of size {numel}")


def view_strides(
    shape: Sequence[int], strides: Sequence[int], new: Sequence[int]
) -> tuple[int, ...] | None:
    """Strides that make a `new` shape of the same memory, or None where that needs a copy."""
    if prod(shape) == 0:
        return contiguous_strides(new)
    chunks: list[list[int]] = []  # [elements, stride] of runs of the old dimensions that lie evenly
    for n, s in zip(shape, strides):
        if n == 1:
            continue
        if chunks and chunks[-1][1] == n * s:
            chunks[-1] = [chunks[-1][0] * n, s]
        else:
            chunks.append([n, s])
    out: list[int] = []
    left, stride = 1, 1
    for n in reversed(new):
        if n == 1:
            out.append(stride)
            continue
        if left == 1:
            if not chunks:
                return None
            left, stride = chunks.pop()
        if left % n:
            return None
        out.append(stride)
        left //= n
        stride *= n
    return tuple(reversed(out)) if left == 1 and not chunks else None

"""Moves: how a view reads its part of a storage, and writes it back."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from .dtypes import dtype, int64
from .ir.build import ops
from .ir.node import Node


@dataclass(frozen=True)
class Move:
    """Abstract. `read` takes the view's part of a whole; `write` gives the whole with that part
    replaced."""

    def read(self, whole: Node) -> Node:
        """The view's contents."""
        raise NotImplementedError

    def write(self, whole: Node, part: Node) -> Node:
        """The whole with the view's contents replaced by `part`."""
        raise NotImplementedError


@dataclass(frozen=True)
class Reshape(Move):
    """The same elements in row-major order."""

    shape: tuple[int, ...]

    def read(self, whole: Node) -> Node:
        return ops.reshape(whole, shape=self.shape)

    def write(self, whole: Node, part: Node) -> Node:
        return ops.reshape(part, shape=whole.shape)


@dataclass(frozen=True)
class Permute(Move):
    """Dimensions in another order."""

    dims: tuple[int, ...]

    def read(self, whole: Node) -> Node:
        return ops.permute(whole, dims=self.dims)

    def write(self, whole: Node, part: Node) -> Node:
        back = tuple(self.dims.index(i) for i in range(len(self.dims)))
        return ops.permute(part, dims=back)


@dataclass(frozen=True)
class Slice(Move):
    """`start:stop:step` in every dimension."""

    start: tuple[int, ...]
    stop: tuple[int, ...]
    step: tuple[int, ...]

    def read(self, whole: Node) -> Node:
        return ops.slice(whole, start=self.start, stop=self.stop, step=self.step)

    def write(self, whole: Node, part: Node) -> Node:
        return ops.update(whole, part, start=self.start, stop=self.stop, step=self.step)


@dataclass(frozen=True)
class Select(Slice):
    """A slice of one place in some dimensions, without those dimensions."""

    shape: tuple[int, ...]

    def read(self, whole: Node) -> Node:
        return ops.reshape(super().read(whole), shape=self.shape)

    def write(self, whole: Node, part: Node) -> Node:
        kept = tuple(max(0, -(-(b - a) // s)) for a, b, s in zip(self.start, self.stop, self.step))
        return super().write(whole, ops.reshape(part, shape=kept))


@dataclass(frozen=True)
class Expand(Move):
    """Size-1 dimensions repeated; a write would have to choose between the repeats, so there is
    none."""

    shape: tuple[int, ...]

    def read(self, whole: Node) -> Node:
        return ops.expand(whole, shape=self.shape)

    def write(self, whole: Node, part: Node) -> Node:
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )


@dataclass(frozen=True)
class Strided(Move):
    """Any sizes, strides and offset over the flat storage."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int

    def _places(self) -> Node:
        index = ops.full(self.shape, self.offset, int64)
        for axis, (n, stride) in enumerate(zip(self.shape, self.strides)):
            line = tuple(n if i == axis else 1 for i in range(len(self.shape)))
            steps = ops.mul(ops.iota(size=n), ops.full((n,), stride, int64))
            index = ops.add(index, ops.expand(ops.reshape(steps, shape=line), shape=self.shape))
        return index

    def read(self, whole: Node) -> Node:
        return ops.take(ops.reshape(whole, shape=(prod(whole.shape),)), self._places(), axis=0)

    def write(self, whole: Node, part: Node) -> Node:
        flat = ops.reshape(whole, shape=(prod(whole.shape),))
        count = prod(self.shape)
        places = ops.reshape(self._places(), shape=(count,))
        out = ops.index_set(flat, places, ops.reshape(part, shape=(count,)), axis=0)
        return ops.reshape(out, shape=whole.shape)


@dataclass(frozen=True)
class Bitcast(Move):
    """The same bytes as another dtype of the same size."""

    dtype: dtype

    def read(self, whole: Node) -> Node:
        return ops.bitcast(whole, dtype=self.dtype)

    def write(self, whole: Node, part: Node) -> Node:
        return ops.bitcast(part, dtype=whole.dtype)


@dataclass(frozen=True)
class Part(Move):
    """The real or imaginary parts of complex numbers."""

    imaginary: bool

    def read(self, whole: Node) -> Node:
        return ops.imag(whole) if self.imaginary else ops.real(whole)

    def write(self, whole: Node, part: Node) -> Node:
        if self.imaginary:
            return ops.complex(ops.real(whole), part)
        return ops.complex(part, ops.imag(whole))


@dataclass(frozen=True)
class AsReal(Move):
    """Complex numbers as pairs in a last dimension of two."""

    def read(self, whole: Node) -> Node:
        pair = (*whole.shape, 1)
        parts = (ops.reshape(p, shape=pair) for p in (ops.real(whole), ops.imag(whole)))
        return ops.concat(*parts, axis=len(whole.shape))

    def write(self, whole: Node, part: Node) -> Node:
        return AsComplex().read(part)


@dataclass(frozen=True)
class AsComplex(Move):
    """Pairs in a last dimension of two as complex numbers."""

    def read(self, whole: Node) -> Node:
        n = len(whole.shape) - 1
        one = (1,) * (n + 1)

        def part(k: int) -> Node:
            start, stop = (*(0,) * n, k), (*whole.shape[:-1], k + 1)
            return ops.reshape(
                ops.slice(whole, start=start, stop=stop, step=one), shape=whole.shape[:-1]
            )

        return ops.complex(part(0), part(1))

    def write(self, whole: Node, part: Node) -> Node:
        return AsReal().read(part)


Path = tuple[Move, ...]


def read(whole: Node, path: Path) -> Node:
    """A view's contents from its storage's."""
    for move in path:
        whole = move.read(whole)
    return whole


def write(whole: Node, part: Node, path: Path) -> Node:
    """The storage's contents with the view's replaced."""
    if not path:
        return part
    inner = path[0].read(whole) if len(path) > 1 else whole
    return path[0].write(whole, write(inner, part, path[1:]) if len(path) > 1 else part)

"""Op: everything the engine knows about one primitive, in one frozen record of its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .. import dtypes
from ..dtypes import dtype

Shape = tuple[int, ...]
DType = dtype  # the class, where a field called dtype hides it


@dataclass(frozen=True, eq=False)
class Op:
    """Abstract: the kinds below are final. A record that lacks a field does not import.

    ref: `(*arrays, **attrs) -> array`, the meaning of the primitive.
    vjp: `(ops, g, out, *xs, **attrs) -> one cotangent or None for each x`; `ops` builds nodes.
    samples: `rng -> iterator of (arrays, attrs)`, what the generated tests run.
    """

    TABLE: ClassVar[dict[str, Op]] = {}
    name: str
    ref: Callable[..., Any]
    vjp: Callable[..., tuple]
    samples: Callable[[np.random.Generator], Iterator[tuple[list, dict]]]

    def __post_init__(self) -> None:
        if type(self) is Op:
            raise TypeError("Op is abstract")
        if self.name in Op.TABLE:
            raise ValueError(f"op {self.name!r} is defined twice")
        Op.TABLE[self.name] = self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def shape_of(self, *shapes: Shape, **attrs: Any) -> Shape:
        """The result's shape; ValueError where the inputs do not fit."""
        raise NotImplementedError

    def dtype_of(self, *kinds: dtype, **attrs: Any) -> dtype:
        """The result's dtype."""
        return kinds[0]


def same_dtype(*kinds: dtype) -> dtype:
    """Inputs of one dtype give that dtype."""
    if any(k is not kinds[0] for k in kinds):
        raise TypeError(f"primitives do not promote, got {', '.join(map(str, kinds))}")
    return kinds[0]


def to_bool(*kinds: dtype) -> dtype:
    """A test on inputs of one dtype gives booleans."""
    same_dtype(*kinds)
    return dtypes.bool_


@dataclass(frozen=True, eq=False)
class Elementwise(Op):
    """One result element from the elements at the same place. `dtype` gives the result's dtype."""

    dtype: Callable[..., DType]

    def shape_of(self, *shapes: Shape, **attrs: Any) -> Shape:
        if len(set(shapes)) != 1:
            raise ValueError(f"{self.name}: primitives do not broadcast, got {shapes}")
        return shapes[0]

    def dtype_of(self, *kinds: DType, **attrs: Any) -> DType:
        return self.dtype(*kinds, **attrs)


@dataclass(frozen=True, eq=False)
class Reduce(Op):
    """Removes the dimensions `axes`."""

    index: bool  # the result is a position along the one axis rather than a value

    def shape_of(self, *shapes: Shape, **attrs: Any) -> Shape:
        (shape,) = shapes
        return tuple(n for i, n in enumerate(shape) if i not in attrs["axes"])

    def dtype_of(self, *kinds: dtype, **attrs: Any) -> dtype:
        return dtypes.int64 if self.index else kinds[0]


@dataclass(frozen=True, eq=False)
class Scan(Op):
    """Runs along `axis` and keeps the shape."""

    index: bool

    def shape_of(self, *shapes: Shape, **attrs: Any) -> Shape:
        return shapes[0]

    def dtype_of(self, *kinds: dtype, **attrs: Any) -> dtype:
        return dtypes.int64 if self.index else kinds[0]


@dataclass(frozen=True, eq=False)
class Movement(Op):
    """Says where each element comes from; no arithmetic. `shape` is the shape rule."""

    shape: Callable[..., Shape]

    def shape_of(self, *shapes: Shape, **attrs: Any) -> Shape:
        return tuple(self.shape(*shapes, **attrs))


@dataclass(frozen=True, eq=False)
class Contract(Op):
    """Sums of products over shared dimensions."""

    shape: Callable[..., Shape]

    def shape_of(self, *shapes: Shape, **attrs: Any) -> Shape:
        return tuple(self.shape(*shapes, **attrs))

    def dtype_of(self, *kinds: dtype, **attrs: Any) -> dtype:
        return same_dtype(*kinds)


@dataclass(frozen=True, eq=False)
class Window(Op):
    """Sliding windows and their adjoint."""

    shape: Callable[..., Shape]

    def shape_of(self, *shapes: Shape, **attrs: Any) -> Shape:
        return tuple(self.shape(*shapes, **attrs))


@dataclass(frozen=True, eq=False)
class Index(Op):
    """Places decided by data: gather, scatter, sort."""

    shape: Callable[..., Shape]
    dtype: Callable[..., DType]

    def shape_of(self, *shapes: Shape, **attrs: Any) -> Shape:
        return tuple(self.shape(*shapes, **attrs))

    def dtype_of(self, *kinds: DType, **attrs: Any) -> DType:
        return self.dtype(*kinds, **attrs)


@dataclass(frozen=True, eq=False)
class Create(Op):
    """Starts a graph: constants, counters, and the leaves that a plan binds when it runs."""

    shape: Callable[..., Shape]
    dtype: Callable[..., DType]

    def shape_of(self, *shapes: Shape, **attrs: Any) -> Shape:
        return tuple(self.shape(**attrs))

    def dtype_of(self, *kinds: DType, **attrs: Any) -> DType:
        return self.dtype(**attrs)


@dataclass(frozen=True, eq=False)
class Host(Op):
    """Computed by numpy or scipy on every CPU backend: linear algebra, Fourier transforms.

    A host primitive may give several results: `shape` and `dtype` then return tuples, and `pick`
    takes one.
    """

    shape: Callable[..., Any]
    dtype: Callable[..., Any]

    def shape_of(self, *shapes: Shape, **attrs: Any) -> Any:
        return self.shape(*shapes, **attrs)

    def dtype_of(self, *kinds: DType, **attrs: Any) -> Any:
        return self.dtype(*kinds, **attrs)

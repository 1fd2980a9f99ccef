"""Inputs for the generated tests of primitives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

Samples = Callable[[np.random.Generator], Iterator[tuple[list, dict]]]
SHAPES: list[tuple[int, ...]] = [(), (3,), (2, 5), (1, 1), (0, 4), (2, 1, 33)]


def floats(count: int = 1, low: float = -2.0, high: float = 2.0) -> Samples:
    """`count` float32 arrays of each of several shapes."""

    def samples(rng: np.random.Generator) -> Iterator[tuple[list, dict]]:
        for shape in SHAPES:
            yield [rng.uniform(low, high, shape).astype(np.float32) for _ in range(count)], {}

    return samples


def numbers(count: int = 1, low: float = -2.0, high: float = 2.0) -> Samples:
    """As `floats`, and integers and values with NaN, infinities and zeros of both signs."""
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0], np.float32)

    def samples(rng: np.random.Generator) -> Iterator[tuple[list, dict]]:
        yield from floats(count, low, high)(rng)
        pairs = np.array(list(product(special, repeat=count)), np.float32)
        yield [pairs[:, i] for i in range(count)], {}
        yield [rng.integers(-9, 9, (3, 7)) for _ in range(count)], {}

    return samples


def integers(count: int = 2, low: int = -9, high: int = 9, booleans: bool = False) -> Samples:
    """`count` int64 (and boolean) arrays."""

    def samples(rng: np.random.Generator) -> Iterator[tuple[list, dict]]:
        for shape in SHAPES:
            yield [rng.integers(low, high, shape) for _ in range(count)], {}
        if booleans:
            yield [rng.integers(0, 2, (5, 3)).astype(bool) for _ in range(count)], {}

    return samples


def given(*cases: tuple[list[tuple[int, ...]], dict]) -> Samples:
    """Float32 arrays of the shapes given, with the attributes given."""

    def samples(rng: np.random.Generator) -> Iterator[tuple[list, dict]]:
        for shapes, attrs in cases:
            yield [rng.uniform(-2, 2, s).astype(np.float32) for s in shapes], attrs

    return samples


def axes(several: bool = True) -> Samples:
    """Arrays reduced over each axis, and over several."""

    def samples(rng: np.random.Generator) -> Iterator[tuple[list, dict]]:
        for shape in [(4,), (3, 5), (2, 1), (2, 3, 4), (3, 40, 2)]:
            for axis in range(len(shape)):
                yield [rng.uniform(-2, 2, shape).astype(np.float32)], {"axes": (axis,)}
        if several:
            yield [rng.uniform(-2, 2, (2, 3, 4)).astype(np.float32)], {"axes": (0, 2)}
            yield [rng.uniform(-2, 2, (2, 3, 4)).astype(np.float32)], {"axes": (0, 1, 2)}

    return samples


def axis(rng: np.random.Generator) -> Iterator[tuple[list, dict]]:
    """Arrays scanned along each axis."""
    for shape in [(4,), (3, 5), (2, 1), (2, 3, 4)]:
        for k in range(len(shape)):
            yield [rng.uniform(-2, 2, shape).astype(np.float32)], {"axis": k}


def none(rng: np.random.Generator) -> Iterator[tuple[list, dict]]:
    """No samples: the primitive is bound by the tape and cannot run alone."""
    return iter(())

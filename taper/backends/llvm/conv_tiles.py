"""Emits the pieces of convolutions: tiles summed in registers, padded copies, panels of
channels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .conv_plan import Image
from .emit import Emitter
from .pack import powers, transposed
from .values import I32, I64, Type, Value, constant, constants


@dataclass(frozen=True)
class Level:
    """A loop over terms: its end, and the steps in the image (or a table of offsets) and in the
    panel for each."""

    count: int | Value
    image: int | Value
    panel: int
    start: int | Value = 0


@dataclass(frozen=True)
class Sums:
    """A tile's sums in memory as [rows][vectors * lanes], and where its rows read the image."""

    at: Value
    rows: Sequence[int]
    vectors: int
    lanes: int
    element: Type

    @property
    def width(self) -> int:
        """Elements of a row."""
        return self.vectors * self.lanes

    @property
    def vector(self) -> Type:
        """The type of a register."""
        return self.element.by(self.lanes)


def clear(b: Emitter, sums: Sums) -> None:
    """Set all sums to zero."""
    for n in range(len(sums.rows) * sums.vectors):
        b.store(constant(sums.vector, 0.0), sums.at, n * sums.lanes)


def accumulate(
    b: Emitter, sums: Sums, image: Value, panel: Value, levels: Sequence[Level],
    turns: Sequence[tuple[int, int]],
) -> None:  # fmt: skip
    """Add image element times panel vector over all levels and turns (offsets in both) to the
    sums."""
    zeros = [constant(sums.vector, 0.0)] * (len(sums.rows) * sums.vectors)
    for n, x in enumerate(_inner(b, sums, (image, panel), levels, turns, zeros)):
        held = b.load(sums.vector, sums.at, n * sums.lanes)
        b.store(b.add(held, x), sums.at, n * sums.lanes)


def _moved(
    b: Emitter, sums: Sums, at: tuple[Value, Value], level: Level, i: Value
) -> tuple[Value, Value]:
    image, panel = at
    table = level.image
    offset = b.load(I64, table, i) if isinstance(table, Value) else b.mul(i, table)
    return (
        b.at(image, offset, sums.element),
        b.at(panel, b.mul(i, level.panel), sums.element),
    )


def _inner(
    b: Emitter, sums: Sums, at: tuple[Value, Value], levels: Sequence[Level],
    turns: Sequence[tuple[int, int]], acc: Sequence[Value],
) -> list[Value]:  # fmt: skip
    """The loops over terms, whose sums stay in registers."""
    if not levels:
        out = list(acc)
        for x, p in turns:
            out = _turn(b, sums, at[0], at[1], x, p, out)
        return out
    level = levels[0]

    def body(i: Value, *acc: Value) -> list[Value]:
        return _inner(b, sums, _moved(b, sums, at, level, i), levels[1:], turns, acc)

    return b.loop(level.count, body, *acc, start=level.start)


def _turn(
    b: Emitter, sums: Sums, image: Value, panel: Value, x: int, p: int, acc: list[Value]
) -> list[Value]:
    across = [b.load(sums.vector, panel, p + v * sums.lanes) for v in range(sums.vectors)]
    out = []
    for r, offset in enumerate(sums.rows):
        one = b.broadcast(b.load(sums.element, image, x + offset), sums.lanes)
        for v in range(sums.vectors):
            out.append(b.fma(one, across[v], acc[r * sums.vectors + v]))
    return out


@dataclass(frozen=True)
class Segment:
    """Rows [first, first + count) of a tile lie at `offset` of each channel, `step` apart."""

    first: int
    count: int
    offset: int
    step: int = 1


def finish(
    b: Emitter, sums: Sums, out: Value, channel: int, count: Value, segments: Sequence[Segment]
) -> None:
    """Store a tile's rows for each of `count` channels, which are `channel` elements apart."""
    lanes, rows = sums.lanes, len(sums.rows)
    size = -(-rows // lanes) * lanes
    turned = b.stack(sums.element, sums.width * size)
    zero = constant(sums.vector, 0.0)

    def square(v: Value) -> None:
        at = b.at(sums.at, b.mul(v, lanes), sums.element)
        to = b.at(turned, b.mul(v, lanes * size), sums.element)
        for first in range(0, rows, lanes):
            here = range(first, first + lanes)
            found = [b.load(zero.type, at, r * sums.width) if r < rows else zero for r in here]
            for i, x in enumerate(transposed(b, found)):
                b.store(x, to, i * size + first)

    def one(c: Value) -> None:
        at = b.at(turned, b.mul(c, size), sums.element)
        to = b.at(out, b.mul(c, channel), sums.element)
        for s in segments:
            sizes = powers(s.count, lanes) if s.step == 1 else [1] * s.count
            done = 0
            for n in sizes:
                x = b.load(sums.element.by(n), at, s.first + done)
                b.store(x, to, s.offset + done * s.step)
                done += n

    b.loop(sums.vectors, square)
    b.loop(b.minimum(count, sums.width), one)


def pad(
    b: Emitter,
    element: Type,
    image: Image,
    lanes: int,
    source: Value,
    to: Value,
    start: Value,
    stop: Value,
) -> None:
    """Copy planes [start, stop) (counted through all images) with zeros around to where `to`
    begins."""
    per_image, per_plane, per_row, per_column = image.strides
    high, wide = image.padded
    left = min(image.before[1], wide)
    inside = min(image.size[1], wide - left)

    def plane(q: Value) -> None:
        n, c = b.div(q, image.channels, signed=False), b.rem(q, image.channels, signed=False)
        at = b.at(source, b.add(b.mul(n, per_image), b.mul(c, per_plane)), element)
        out = b.at(to, b.mul(b.sub(q, start), image.plane), element)

        def row(y: Value) -> None:
            line, own = b.at(out, b.mul(y, wide), element), b.sub(y, image.before[0])

            def copy() -> None:
                here = b.at(at, b.mul(own, per_row), element)
                _zeros(b, element, lanes, line, 0, left)
                _copy(b, element, lanes, here, per_column, b.at(line, left, element), inside)
                _zeros(b, element, lanes, line, left + inside, wide)

            b.when(
                b.lt(own, constant(I64, image.size[0]), signed=False),
                copy,
                lambda: _zeros(b, element, lanes, line, 0, wide),
            )

        b.loop(high, row)

    b.loop(stop, plane, start=start)


def _by_pieces(b: Emitter, size: int, lanes: int, write: Callable[[Value, int], None]) -> None:
    """Whole vectors in a loop, then what is left in smaller ones."""
    whole = size - size % lanes
    b.loop(whole, lambda i: write(i, lanes), step=lanes)
    done = whole
    for n in powers(size - whole, lanes):
        write(constant(I64, done), n)
        done += n


def _zeros(b: Emitter, element: Type, lanes: int, line: Value, first: int, last: int) -> None:
    to = b.at(line, first, element)
    _by_pieces(
        b,
        last - first,
        lanes,
        lambda i, n: b.store(constant(element.by(n), 0.0), b.at(to, i, element)),
    )


def _copy(
    b: Emitter, element: Type, lanes: int, source: Value, step: int, to: Value, size: int
) -> None:
    def write(i: Value, n: int) -> None:
        at = b.at(source, b.mul(i, step), element)
        b.store(spread(b, element, n, at, step), b.at(to, i, element))

    _by_pieces(b, size, lanes, write)


def spread(b: Emitter, element: Type, lanes: int, at: Value, step: int) -> Value:
    """A vector of elements that lie `step` apart."""
    if step == 1 or lanes == 1:
        return b.load(element.by(lanes), at)
    places = constants(I32, [n * step for n in range(lanes)])
    return b.gather(element.by(lanes), at, places)

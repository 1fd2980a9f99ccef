"""Emits matrix products: C[m,n] (+)= A[m,k] B[k,n] for any strides, as one or two kernels.

A product is cut into tiles of C that stay in registers while k passes. In an *outer* tile a vector
of B's columns meets single elements of A; where B's columns do not lie side by side, or the
product is large, a first kernel packs operands into panels. In an *inner* tile vectors along k
meet, and are summed across at the end: for few rows whose operands both lie along k.

Tiles are numbered column of tiles by column of tiles, and each part takes a range of numbers. What
a tile computes depends on the shapes alone, so results do not depend on the number of parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .dot_plan import DotPlan
from .emit import Emitter
from .pack import Operands, batch_offset, share
from .values import I1, I64, Value, constant, constants


@dataclass(frozen=True)
class Spot:
    """Where a vector of results belongs: from (row, column) along `along`, of one batch entry."""

    batch: Value
    row: Value
    column: Value
    along: str
    mask: Value | None


# Receives a finished vector of C and its place; returns nothing, and stores what it wants.
Store = Callable[[Emitter, Value, Spot], None]


def write_multiply(
    b: Emitter, plan: DotPlan, operands: Operands, part: Value, parts: Value,
    store: Store | None = None,
) -> None:  # fmt: skip
    """The product itself, for part `part` of `parts`; `store` replaces the plain store to C."""
    _Multiply(b, plan, operands, store).write(part, parts)


class _Multiply:
    """The state of one emission."""

    def __init__(self, b: Emitter, plan: DotPlan, operands: Operands, store: Store | None) -> None:
        self.b, self.plan, self.dot, self.store = b, plan, plan.dot, store
        self.a, self.right, self.c, self.scratch = operands
        if plan.swapped:
            self.a, self.right = self.right, self.a

    def write(self, part: Value, parts: Value) -> None:
        """Loop over the k chunks and the part's tiles."""
        b, plan = self.b, self.plan
        first, last = share(b, plan.tiles, part, parts)

        def chunk(c: Value) -> None:
            start = b.mul(c, plan.chunk)
            length = b.minimum(constant(I64, plan.chunk), b.sub(constant(I64, self.dot.k), start))
            if plan.chunks == 1:
                length = constant(I64, self.dot.k)
            b.loop(last, lambda t: self._tile_number(t, c, start, length), start=first)

        b.loop(plan.chunks, chunk)

    def _tile_number(self, t: Value, c: Value, start: Value, length: Value) -> None:
        """Find the tile's place, and the code for its size."""
        b, plan = self.b, self.plan
        rows, columns = plan.row_tiles, plan.column_tiles
        per_batch = rows * columns
        batch = constant(I64, 0)
        if plan.batches > 1:
            batch, t = b.div(t, per_batch, signed=False), b.rem(t, per_batch, signed=False)
        inner = columns if plan.along_rows else rows
        i, j = b.rem(t, inner, signed=False), b.div(t, inner, signed=False)
        if plan.along_rows:
            i, j = j, i

        def across(height: int) -> None:
            if not plan.last_width or columns == 1:
                width = plan.last_width or plan.width
                self._tile(batch, i, j, height, width, c, start, length)
                return
            b.when(
                b.lt(j, columns - 1),
                lambda: self._tile(batch, i, j, height, plan.width, c, start, length),
                lambda: self._tile(batch, i, j, height, plan.last_width, c, start, length),
            )

        if not plan.last_height or rows == 1:
            across(plan.last_height or plan.height)
            return
        b.when(b.lt(i, rows - 1), lambda: across(plan.height), lambda: across(plan.last_height))

    def _tile(
        self, batch: Value, i: Value, j: Value, height: int, width: int,
        c: Value, start: Value, length: Value,
    ) -> None:  # fmt: skip
        row, column = self.b.mul(i, self.plan.height), self.b.mul(j, self.plan.width)
        if self.plan.kind == "inner":
            finished = self._inner(batch, row, column, height, width)
        else:
            finished = self._outer(batch, i, j, height, width, start, length)
        for r, at, vector, mask in finished:
            spot = self._spot(batch, self.b.add(row, r), self.b.add(column, at), mask)
            self._finish(vector, spot, c)

    def _spot(self, batch: Value, row: Value, column: Value, mask: Value | None) -> Spot:
        if self.plan.swapped:
            return Spot(batch, column, row, "rows", mask)
        return Spot(batch, row, column, "columns", mask)

    def _finish(self, x: Value, spot: Spot, c: Value) -> None:
        """Add what C holds where it counts, then store; before the last chunk, store plainly."""
        b, plan = self.b, self.plan
        where = self._address(spot)

        def held() -> Value:
            return b.add(b.load(x.type, where, mask=spot.mask), x)

        if self.dot.accumulate:
            x = held()
        elif plan.chunks > 1:
            (x,) = b.when(b.gt(c, 0), lambda: [held()], lambda: [x])

        def plainly() -> None:
            b.store(x, where, mask=spot.mask)

        if self.store is None:
            plainly()
        elif plan.chunks == 1:
            self.store(b, x, spot)
        else:
            finish = self.store
            b.when(b.eq(c, plan.chunks - 1), lambda: finish(b, x, spot), plainly)

    def _address(self, spot: Spot) -> Value:
        b, lay = self.b, self.dot.c
        index = b.add(b.mul(spot.row, lay.row), b.mul(spot.column, lay.column))
        return b.at(self._source(self.c, spot.batch, 2), index, self.dot.element)

    def _source(self, pointer: Value, batch: Value, operand: int) -> Value:
        offset = batch_offset(self.b, self.plan, batch, operand)
        return self.b.at(pointer, offset, self.dot.element)

    # ------------------------------------------------------------ outer tiles
    def _outer(
        self, batch: Value, i: Value, j: Value, height: int, width: int,
        start: Value, length: Value,
    ) -> list[tuple[int, int, Value, Value | None]]:  # fmt: skip
        """A tile of `height` rows by `width` columns, as (row, column, vector, mask)."""
        b, plan, element = self.b, self.plan, self.dot.element
        lanes = plan.lanes
        vectors = -(-width // lanes)
        masks: list[Value | None] = [None] * vectors
        if width % lanes:
            masks[-1] = constants(I1, [int(n < width % lanes) for n in range(lanes)])
        left, a_row, a_step = self._left(batch, i, start)
        right, b_step, padded = self._right(batch, j, start)
        zero = constant(element.by(lanes), 0.0)

        def turn(p: Value, acc: tuple[Value, ...]) -> list[Value]:
            line = b.at(right, b.mul(p, b_step), element)
            across = [
                b.load(zero.type, line, v * lanes, None if padded else masks[v])
                for v in range(vectors)
            ]
            beside = b.at(left, b.mul(p, a_step), element)
            out = []
            for r in range(height):
                x = b.broadcast(b.load(element, beside, r * a_row), lanes)
                for v in range(vectors):
                    out.append(b.fma(x, across[v], acc[r * vectors + v]))
            return out

        tile = self._along_k(turn, [zero] * (height * vectors), length)
        return [
            (r, v * lanes, tile[r * vectors + v], masks[v])
            for r in range(height)
            for v in range(vectors)
        ]

    def _along_k(
        self, turn: Callable[..., list[Value]], zeros: list[Value], length: Value
    ) -> list[Value]:
        """Run `turn` for every k. A long sum is made of sums over blocks, which loses less to
        rounding; the sums so far wait in memory."""
        b, block, count, kind = self.b, self.plan.block, len(zeros), zeros[0].type
        ways = max(1, min(4, 8 // count))
        if ways > 1 and length.whole is not None and length.whole >= 2 * ways:
            return self._alternating(turn, zeros, length.whole, ways)
        if self.plan.chunk <= block:
            return b.loop(length, lambda p, *acc: turn(p, acc), *zeros)
        sums = b.stack(kind.scalar, count * kind.lanes)
        for n, zero in enumerate(zeros):
            b.store(zero, sums, n * kind.lanes, align=64)

        def one(start: Value) -> None:
            stop = b.minimum(b.add(start, block), length)
            found = b.loop(stop, lambda p, *acc: turn(p, acc), *zeros, start=start)
            for n, x in enumerate(found):
                held = b.load(kind, sums, n * kind.lanes, align=64)
                b.store(b.add(held, x), sums, n * kind.lanes, align=64)

        b.loop(length, one, step=block)
        return [b.load(kind, sums, n * kind.lanes, align=64) for n in range(count)]

    def _alternating(
        self, turn: Callable[..., list[Value]], zeros: list[Value], whole: int, ways: int
    ) -> list[Value]:
        """Few accumulators in copies that take turns, to hide the latency of an addition."""
        b, count = self.b, len(zeros)

        def turns(p: Value, *acc: Value) -> list[Value]:
            out: list[Value] = []
            for w in range(ways):
                out += turn(b.add(p, w), acc[w * count : (w + 1) * count])
            return out

        acc = b.loop(whole - whole % ways, turns, *(zeros * ways), step=ways)
        for p in range(whole - whole % ways, whole):
            acc[:count] = turn(constant(I64, p), tuple(acc[:count]))
        while len(acc) > count:
            half = len(acc) // 2 // count * count
            acc = [b.add(acc[n], acc[n + half]) for n in range(half)] + acc[2 * half :]
        return acc

    def _left(self, batch: Value, i: Value, start: Value) -> tuple[Value, int, int]:
        """A's tile: its address, and the distance of rows and of k's."""
        b, plan, element = self.b, self.plan, self.dot.element
        if plan.pack_a:
            panel = b.add(b.mul(batch, plan.row_tiles), i)
            offset = b.add(b.mul(panel, plan.panel_a), b.mul(start, plan.height))
            return b.at(self.scratch, offset, element), 1, plan.height
        lay = plan.a
        offset = b.add(b.mul(b.mul(i, plan.height), lay.row), b.mul(start, lay.column))
        return b.at(self._source(self.a, batch, 0), offset, element), lay.row, lay.column

    def _right(self, batch: Value, j: Value, start: Value) -> tuple[Value, int, bool]:
        """B's tile: its address, the distance of k's, and whether it may be read past its width."""
        b, plan, element = self.b, self.plan, self.dot.element
        if plan.pack_b:
            panel = b.add(b.mul(batch, plan.column_tiles), j)
            offset = b.add(b.mul(panel, plan.panel_b), b.mul(start, plan.width))
            return b.at(self.scratch, b.add(offset, plan.scratch_a), element), plan.width, True
        lay = plan.b
        offset = b.add(b.mul(j, plan.width), b.mul(start, lay.row))
        return b.at(self._source(self.right, batch, 1), offset, element), lay.row, False

    # ------------------------------------------------------------ inner tiles
    def _inner(
        self, batch: Value, row: Value, column: Value, height: int, width: int
    ) -> list[tuple[int, int, Value, Value | None]]:
        """A tile of `height` rows by `width` columns, summed over vectors along k."""
        b, plan, element = self.b, self.plan, self.dot.element
        lanes, k = plan.lanes, self.dot.k
        left = b.at(self._source(self.a, batch, 0), b.mul(row, plan.a.row), element)
        right = b.at(self._source(self.right, batch, 1), b.mul(column, plan.b.column), element)
        zero = constant(element.by(lanes), 0.0)

        def turn(p: Value, acc: tuple[Value, ...], mask: Value | None = None) -> list[Value]:
            beside, below = b.at(left, p, element), b.at(right, p, element)
            ys = [b.load(zero.type, below, n * plan.b.column, mask) for n in range(width)]
            out = []
            for r in range(height):
                x = b.load(zero.type, beside, r * plan.a.row, mask)
                out += [b.fma(x, ys[n], acc[r * width + n]) for n in range(width)]
            return out

        whole = k - k % lanes
        acc = b.loop(whole, lambda p, *acc: turn(p, acc), *[zero] * (height * width), step=lanes)
        if k % lanes:
            acc = turn(constant(I64, whole), tuple(acc), b.lanes_below(k - whole, lanes))
        size = plan.width  # a power of two; missing columns are zeros that the mask leaves out
        mask = None if width == size else b.lanes_below(width, size)
        return [
            (r, 0, self._sum_lanes(acc[r * width : (r + 1) * width], size), mask)
            for r in range(height)
        ]

    def _sum_lanes(self, xs: list[Value], size: int) -> Value:
        """One vector of the sums of `size` vectors' lanes (those given, then zeros).

        Two vectors at a time meet half by half, until one holds a segment for each; the segments
        are then halved to single lanes.
        """
        xs = xs + [constant(xs[0].type, 0.0)] * (size - len(xs))
        segment = self.plan.lanes
        while len(xs) > 1:
            xs = [self._halves(x, y, segment) for x, y in zip(xs[::2], xs[1::2])]
            segment //= 2
        (x,) = xs
        while segment > 1:
            x = self._halves(x, None, segment)
            segment //= 2
        return x

    def _halves(self, x: Value, y: Value | None, segment: int) -> Value:
        """The first halves of all segments of x, then y, plus the second halves."""
        b, lanes, half = self.b, x.type.lanes, segment // 2
        total = lanes if y is None else 2 * lanes
        low = [n for n in range(total) if n % segment < half]
        if len(low) == 1:
            return b.add(b.extract(x, 0), b.extract(x, 1))
        return b.add(b.shuffle(x, y, low), b.shuffle(x, y, [n + half for n in low]))

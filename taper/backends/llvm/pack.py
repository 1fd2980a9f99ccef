"""Emits the packing of a matrix product's operands into panels that its tiles read in order."""

from __future__ import annotations

from collections.abc import Callable

from .dot_plan import DotPlan
from .emit import Emitter
from .values import I64, Value, constant

Operands = tuple[Value, Value, Value, Value]  # the addresses of A, B, C and the scratch memory


def share(b: Emitter, total: int, part: Value, parts: Value) -> tuple[Value, Value]:
    """The range [first, last) of `total` things that a part takes."""
    first = b.div(b.mul(part, total), parts, signed=False)
    last = b.div(b.mul(b.add(part, 1), total), parts, signed=False)
    return first, last


def batch_offset(b: Emitter, plan: DotPlan, batch: Value, operand: int) -> Value:
    """The offset of a batch entry in operand 0 (left), 1 (right) or 2 (C) as computed."""
    if plan.swapped and operand < 2:
        operand = 1 - operand
    offset = constant(I64, 0)
    for level in reversed(plan.dot.batch):
        outermost = level is plan.dot.batch[0]
        index = batch if outermost else b.rem(batch, level.count, signed=False)
        offset = b.add(offset, b.mul(index, level.strides[operand]))
        batch = batch if outermost else b.div(batch, level.count, signed=False)
    return offset


def write_pack(b: Emitter, plan: DotPlan, operands: Operands, part: Value, parts: Value) -> None:
    """Pack the panels of a part: A's as [panel][k][row], B's as [panel][k][column]."""
    first, last = share(b, plan.panels, part, parts)
    left, right = operands[:2] if not plan.swapped else operands[1::-1]
    count_a = plan.row_groups * plan.batches if plan.pack_a else 0

    def panel(t: Value) -> None:
        if not plan.pack_b:
            _pack_left(b, plan, left, operands[3], t)
        elif not plan.pack_a:
            _pack_right(b, plan, right, operands[3], t)
        else:
            b.when(
                b.lt(t, count_a),
                lambda: _pack_left(b, plan, left, operands[3], t),
                lambda: _pack_right(b, plan, right, operands[3], b.sub(t, count_a)),
            )

    b.loop(last, panel, start=first)


def _pack_left(b: Emitter, plan: DotPlan, source: Value, scratch: Value, t: Value) -> None:
    """A group of A's panels, whose rows lie side by side: what a k holds is spread over them."""
    element, groups, size = plan.dot.element, plan.row_groups, plan.group
    batch, i = b.div(t, groups, signed=False), b.rem(t, groups, signed=False)
    first = b.mul(i, size)
    offset = b.add(batch_offset(b, plan, batch, 0), b.mul(first, plan.height))
    source = b.at(source, offset, element)
    panel = b.add(b.mul(batch, plan.row_tiles), first)
    panel = b.at(scratch, b.mul(panel, plan.panel_a), element)

    def copy(rows: int) -> None:
        def one(p: Value) -> None:
            line = b.at(source, b.mul(p, plan.a.column), element)
            to = b.at(panel, b.mul(p, plan.height), element)
            for start in range(0, rows, plan.height):
                at = 0
                for count in powers(min(plan.height, rows - start), plan.lanes):
                    x = b.load(element.by(count), line, start + at)
                    b.store(x, to, start // plan.height * plan.panel_a + at)
                    at += count

        b.loop(plan.dot.k, one)

    rows = size * plan.height
    _by_size(b, i, groups, rows, plan.m % rows, copy)


def _pack_right(b: Emitter, plan: DotPlan, source: Value, scratch: Value, t: Value) -> None:
    """One panel of B. Columns past its edge repeat the last one, k's past its end are zero."""
    element = plan.dot.element
    tiles = plan.column_tiles
    batch, j = b.div(t, tiles, signed=False), b.rem(t, tiles, signed=False)
    source = b.at(source, batch_offset(b, plan, batch, 1), element)
    panel = b.at(scratch, b.add(b.mul(t, plan.panel_b), plan.scratch_a), element)
    column = b.mul(j, plan.width)
    if plan.b.column == 1:
        line = b.at(source, column, element)
        copy = lambda width: _copy_rows(b, plan, line, panel, width)
        _by_size(b, j, tiles, plan.width, plan.last_width, copy)
    elif plan.b.row == 1:
        _copy_turned(b, plan, source, panel, column)
    else:
        _copy_any(b, plan, source, panel, column)


def _by_size(
    b: Emitter, index: Value, count: int, size: int, last: int, write: Callable[[int], None]
) -> None:
    """Emit for the usual size and for the last one's, where it differs."""
    if not last or count == 1:
        write(last or size)
    else:
        b.when(b.lt(index, count - 1), lambda: write(size), lambda: write(last))


def _copy_rows(b: Emitter, plan: DotPlan, source: Value, panel: Value, width: int) -> None:
    element = plan.dot.element

    def one(p: Value) -> None:
        line = b.at(source, b.mul(p, plan.b.row), element)
        to = b.at(panel, b.mul(p, plan.width), element)
        at = 0
        for size in powers(width, plan.lanes):
            b.store(b.load(element.by(size), line, at), to, at)
            at += size

    b.loop(plan.dot.k, one)


def _copy_turned(b: Emitter, plan: DotPlan, source: Value, panel: Value, column: Value) -> None:
    """Columns that lie along k: squares of lanes by lanes are transposed."""
    element, lanes, k = plan.dot.element, plan.lanes, plan.dot.k
    along, tail = element.by(lanes), k % lanes

    def square(at: Value, p: Value, mask: Value | None) -> None:
        rows = []
        for n in range(lanes):
            line = _column(b, plan, source, b.add(b.add(column, at), n))
            rows.append(b.load(along, line, p, mask))
        to = b.at(panel, b.add(b.mul(p, plan.width), at), element)
        for n, row in enumerate(transposed(b, rows)):
            b.store(row, to, n * plan.width)

    def strip(at: Value) -> None:
        if tail and b.target.masks:
            masked = lambda p: square(at, p, b.lanes_below(b.sub(constant(I64, k), p), lanes))
            b.loop(k, masked, step=lanes)
            return
        b.loop(k - tail, lambda p: square(at, p, None), step=lanes)
        if tail:
            square(at, constant(I64, k - tail), b.lanes_below(tail, lanes))

    b.loop(plan.width, strip, step=lanes)


def _copy_any(b: Emitter, plan: DotPlan, source: Value, panel: Value, column: Value) -> None:
    """Columns of any strides, one element after the other."""
    element, lay = plan.dot.element, plan.b

    def one(n: Value) -> None:
        line = _column(b, plan, source, b.add(column, n))

        def copy(p: Value) -> None:
            x = b.load(element, line, b.mul(p, lay.row))
            b.store(x, panel, b.add(b.mul(p, plan.width), n))

        b.loop(plan.dot.k, copy)

    b.loop(plan.width, one)


def _column(b: Emitter, plan: DotPlan, source: Value, column: Value) -> Value:
    """The address of a column, or of the last one for those past it."""
    if plan.last_width:
        column = b.minimum(column, plan.n - 1)
    return b.at(source, b.mul(column, plan.b.column), plan.dot.element)


def transposed(b: Emitter, rows: list[Value]) -> list[Value]:
    """A square of vectors, lane i of vector j becoming lane j of vector i."""
    size = len(rows)
    step = 1
    while step < size:
        low = [n + (size - step if n // step % 2 else 0) for n in range(size)]
        high = [n + step if n // step % 2 == 0 else n + size for n in range(size)]
        out = list(rows)
        for i in range(size):
            if i // step % 2 == 0:
                x, y = rows[i], rows[i + step]
                out[i], out[i + step] = b.shuffle(x, y, low), b.shuffle(x, y, high)
        rows, step = out, 2 * step
    return rows


def powers(total: int, most: int) -> list[int]:
    """A length as vector sizes: whole vectors, then smaller powers of two."""
    sizes = [most] * (total // most)
    rest = total % most
    return sizes + [1 << n for n in reversed(range(rest.bit_length())) if rest >> n & 1]

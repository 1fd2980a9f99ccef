"""Kernels that write where data says, and running sums and products: serial along one axis."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from ... import dtypes
from ...ir.node import Node
from . import typed
from .emit import Emitter, Unit
from .loops import Kernel, fill
from .pack import powers, share
from .target import Target
from .values import F64, I64, PTR, Value, constant
from .writer import INDEX_ERROR, outside

ROWS = ("index_add", "index_set")  # whole slices go to where an index says
ELEMENTS = ("scatter_add", "scatter")
SCANS = ("cumsum", "cumprod")
COLUMNS = 256  # elements of a slice that a part takes at least
TOGETHER = 4  # vectors of a scan that move along the axis together


def large(node: Node) -> bool:
    """Whether a node is one of these; all sizes are."""
    kind = node.dtype
    if isinstance(kind, tuple) or not all(typed.supported(x.dtype) for x in (node, *node.inputs)):
        return False
    if node.op.name in SCANS:
        return bool(node.shape) and kind is not dtypes.bool_
    return node.op.name in (*ROWS, *ELEMENTS) and bool(node.shape)


def build(node: Node, held: set[Node], target: Target) -> list[Kernel]:
    """The kernels of a node: of a scatter, one that copies the base comes first."""
    if node.op.name in SCANS:
        return [_kernel(node, [node.inputs[0]], _scan, target)]
    base, index, src = node.inputs
    first = [fill(node, base, held, target)]
    if 0 in index.shape or 0 in src.shape:
        return first
    write = _rows if node.op.name in ROWS else _elements
    return [*first, _kernel(node, [index, src], write, target)]


def _kernel(node: Node, inputs: list[Node], write: Callable, target: Target) -> Kernel:
    reads = list(dict.fromkeys(inputs))
    unit = Unit(target)
    b = unit.function("kernel", (PTR, I64, I64))
    args, part, parts = b.args
    given = [b.load(PTR, args, 1 + reads.index(x)) for x in inputs]
    error, out = b.load(PTR, args, 0), b.load(PTR, args, 1 + len(reads))
    write(b, node, given, out, error, (part, parts))
    b.ret()
    work = inputs[-1].shape.numel()
    return Kernel(unit.text(), node, reads, work, work)


def _around(shape: tuple[int, ...], axis: int) -> tuple[int, int, int]:
    """How many elements before, along and behind an axis."""
    return prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])


def _lanes(b: Emitter, node: Node) -> int:
    return b.target.vector_bytes // max(4, node.dtype.itemsize)


def _pieces(
    b: Emitter, size: int, block: int, unit: Value, write: Callable[[Value, int], None]
) -> None:
    """Emit `write(start, length)` for block number `unit` of a length."""
    count, last = -(-size // block), size % block
    start = b.mul(unit, block)
    if not last or count == 1:
        write(start, last or block)
    else:
        b.when(b.lt(unit, count - 1), lambda: write(start, block), lambda: write(start, last))


def _vectors(b: Emitter, size: int, lanes: int, write: Callable[[Value, int], None]) -> None:
    """Emit `write(start, lanes)` for the vectors of a length."""
    whole = size - size % lanes
    b.loop(whole, lambda i: write(i, lanes), step=lanes)
    done = whole
    for n in powers(size - whole, lanes):
        write(constant(I64, done), n)
        done += n


def _checked(
    b: Emitter, index: Value, kind: dtypes.dtype, place: Value, size: int, error: Value,
    write: Callable[[Value], None],
) -> None:  # fmt: skip
    """`write` at an index read from memory, where it is in range; an error otherwise."""
    found = b.convert(b.load(typed.memory_type(kind), index, place), I64, signed=kind.is_signed)

    def report() -> None:
        b.store(constant(I64, INDEX_ERROR), error)
        b.store(found, error, 1)

    b.when(outside(b, found, size), report, lambda: write(found))


def _put(b: Emitter, node: Node, lanes: int, source: Value, to: Value) -> None:
    """Store, or add, a vector."""
    kind = node.dtype
    memory = typed.memory_type(kind).by(lanes)
    x = b.load(memory, source)
    if node.op.name.endswith("_add"):
        held, new = (typed.from_memory(b, y, kind) for y in (b.load(memory, to), x))
        x = typed.to_memory(b, typed.combine(b, "sum", kind, held, new), kind)
    b.store(x, to)


def _rows(
    b: Emitter, node: Node, given: list[Value], out: Value, error: Value, part: tuple[Value, Value]
) -> None:
    """Slices of the source in order, each part for its columns."""
    index, source = given
    memory, lanes = typed.memory_type(node.dtype), _lanes(b, node)
    before, size, behind = _around(node.shape, node.attrs["axis"])
    places = node.inputs[1]
    count, blocks = places.shape.numel(), -(-behind // COLUMNS)
    first, last = share(b, before * blocks, *part)

    def unit(u: Value) -> None:
        n, column = b.div(u, blocks, signed=False), b.rem(u, blocks, signed=False)
        to = b.at(out, b.mul(n, size * behind), memory)
        rows = b.at(source, b.mul(n, count * behind), memory)

        def columns(start: Value, length: int) -> None:
            def row(k: Value) -> None:
                line = b.at(rows, b.add(b.mul(k, behind), start), memory)

                def write(at: Value) -> None:
                    target = b.at(to, b.add(b.mul(at, behind), start), memory)
                    put = lambda i, w: _put(
                        b, node, w, b.at(line, i, memory), b.at(target, i, memory)
                    )
                    _vectors(b, length, lanes, put)

                _checked(b, index, places.dtype, k, size, error, write)

            b.loop(count, row)

        _pieces(b, behind, COLUMNS, column, columns)

    b.loop(last, unit, start=first)


def _elements(
    b: Emitter, node: Node, given: list[Value], out: Value, error: Value, part: tuple[Value, Value]
) -> None:
    """Elements of the source in order along the axis, each part for its lines."""
    index, source = given
    memory, axis = typed.memory_type(node.dtype), node.attrs["axis"]
    places = node.inputs[1]
    shapes = [places.shape, node.inputs[2].shape, node.shape]
    index_step, source_step, out_step = ([prod(s[i + 1 :]) for i in range(len(s))] for s in shapes)
    others = [i for i in range(len(places.shape)) if i != axis]
    inner = others.pop() if others and axis != len(places.shape) - 1 else None
    width = places.shape[inner] if inner is not None else 1
    blocks = -(-width // COLUMNS)
    first, last = share(b, prod(places.shape[i] for i in others) * blocks, *part)

    def unit(u: Value) -> None:
        column, u = b.rem(u, blocks, signed=False), b.div(u, blocks, signed=False)
        at = [constant(I64, 0)] * 3
        for i in reversed(others):
            own, u = (
                b.rem(u, places.shape[i], signed=False),
                b.div(u, places.shape[i], signed=False),
            )
            steps = index_step[i], source_step[i], out_step[i]
            at = [b.add(a, b.mul(own, s)) for a, s in zip(at, steps)]

        def columns(start: Value, length: int) -> None:
            def element(k: Value, j: Value) -> None:
                from_index, from_source, to = (b.add(a, j) for a in at)
                from_source = b.add(from_source, b.mul(k, source_step[axis]))

                def write(found: Value) -> None:
                    place = b.add(to, b.mul(found, out_step[axis]))
                    _put(b, node, 1, b.at(source, from_source, memory), b.at(out, place, memory))

                place = b.add(from_index, b.mul(k, index_step[axis]))
                _checked(b, index, places.dtype, place, node.shape[axis], error, write)

            def along(k: Value) -> None:
                b.loop(b.add(start, length), lambda j: element(k, j), start=start)

            b.loop(places.shape[axis], along)

        _pieces(b, width, COLUMNS, column, columns)

    b.loop(last, unit, start=first)


def _scan(
    b: Emitter, node: Node, given: list[Value], out: Value, error: Value, part: tuple[Value, Value]
) -> None:
    """Lines along the axis, neighbours in vectors; float32 is added up in float64."""
    (source,) = given
    kind, how = node.dtype, "sum" if node.op.name == "cumsum" else "prod"
    memory, lanes = typed.memory_type(kind), _lanes(b, node)
    wide = dtypes.float64 if kind is dtypes.float32 and how == "sum" else kind
    before, size, behind = _around(node.shape, node.attrs["axis"])
    block = lanes * TOGETHER
    blocks = -(-behind // block)
    first, last = share(b, before * blocks, *part)

    def unit(u: Value) -> None:
        n, column = b.div(u, blocks, signed=False), b.rem(u, blocks, signed=False)

        def columns(start: Value, length: int) -> None:
            at = b.add(b.mul(n, size * behind), start)
            sizes = powers(length, lanes)
            starts = [constant(typed.register_type(wide, w), typed.start(wide, how)) for w in sizes]

            def step(k: Value, *acc: Value) -> list[Value]:
                place, done, sums = b.add(at, b.mul(k, behind)), 0, []
                for w, held in zip(sizes, acc):
                    x = typed.from_memory(
                        b, b.load(memory.by(w), b.at(source, place, memory), done), kind
                    )
                    if wide is not kind:
                        x = b.convert(x, F64)
                    held = typed.combine(b, how, wide, held, x)
                    shown = (
                        b.convert(held, memory)
                        if wide is not kind
                        else typed.to_memory(b, held, kind)
                    )
                    b.store(shown, b.at(out, place, memory), done)
                    done += w
                    sums.append(held)
                return sums

            b.loop(size, step, *starts)

        _pieces(b, behind, block, column, columns)

    b.loop(last, unit, start=first)

"""Convolutions of many channels and their adjoints, as products whose windows are read where they
lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod

from ...ir.node import Node
from .affine import Var, of, steps
from .body import Body
from .conv_plan import TOGETHER, ConvPlan, Image, Pair, Phase, WeightPlan, machine
from .conv_tiles import Level, Segment, Sums, accumulate, clear, finish, pad, spread
from .emit import Unit
from .loops import Kernel
from .pack import share, transposed
from .target import Target
from .values import F32, F64, I64, PTR, Type, Value, constant

LARGE = 1 << 18  # multiply-adds from which tiles and packed weights pay
WIDEST = 12  # elements of a kernel's row that a tile can hold


def large(node: Node) -> bool:
    """Whether a convolution gets kernels of its own."""
    if node.op.name not in ("conv", "conv_input", "conv_weight"):
        return False
    if node.dtype.name not in ("float32", "float64") or len(node.shape) not in (3, 4):
        return False
    shapes = [node.shape, *(x.shape for x in node.inputs)]
    if node.attrs["groups"] != 1 or any(0 in s for s in shapes):
        return False
    if node.op.name == "conv_weight":
        work, kernel = prod(node.inputs[1].shape) * prod(node.shape[1:]), node.shape[2:]
        return work >= LARGE and node.shape[0] >= 6 and kernel[-1] <= WIDEST
    weight = node.inputs[1].shape
    images = node.shape if node.op.name == "conv" else node.inputs[0].shape
    if prod(images) * prod(weight[1:]) < LARGE:
        return False
    if node.op.name == "conv":  # a short sum costs less than its way through a tile
        return weight[0] >= 8 and (prod(weight[1:]) >= 48 or weight[0] <= 32)
    return weight[1] >= 5


def build(node: Node, held: set[Node], target: Target) -> list[Kernel] | None:
    """The kernels of a large convolution; None where an operand has no plain strides."""
    body, operands = Body(held), []
    for x in node.inputs:
        own = [Var(n) for n in x.shape]
        found = body.pull(x, tuple(map(of, own)))
        lay = steps(found.index, own) if found.kind == "load" else None
        if lay is None:
            return None
        operands.append((found.node, found.index.constant, _four(lay, 0)))
    made = _MAKERS[node.op.name](node, target, operands[0][2], operands[1][2])
    return made.kernels(operands)


def _four(shape: list[int] | tuple[int, ...], one: int) -> tuple[int, int, int, int]:
    """A shape (or strides) of two spatial dimensions; a missing one has size (stride) `one`."""
    return (*shape[:2], *((one,) if len(shape) == 3 else ()), *shape[2:])  # type: ignore[return-value]


def _pair(values: tuple[int, ...], one: int) -> Pair:
    return (one, *values) if len(values) == 1 else values  # type: ignore[return-value]


def _geometry(node: Node) -> tuple[Pair, Pair, Pair]:
    """(stride, padding, dilation)."""
    a = node.attrs
    return _pair(a["stride"], 1), _pair(a["padding"], 0), _pair(a["dilation"], 1)


def _element(node: Node) -> Type:
    return F32 if node.dtype.itemsize == 4 else F64


def _forward(node: Node, target: Target, x: tuple, w: tuple) -> _Conv:
    stride, padding, dilation = _geometry(node)
    n, c, *size = _four(node.inputs[0].shape, 1)
    kernel, out = _four(node.inputs[1].shape, 1)[2:], _four(node.shape, 1)
    image = _seen(n, c, size, x, padding, out[2:], stride, dilation, kernel)
    taps = tuple(
        (i * w[2] + j * w[3], i * dilation[0], j * dilation[1])
        for i in range(kernel[0])
        for j in range(kernel[1])
    )
    phases = (Phase((0, 0), out[2:], taps),)
    element = _element(node)
    plan = ConvPlan(
        image,
        out[1],
        (w[0], w[1]),
        out[2:],
        stride,
        (1, 1),
        phases,
        element,
        *machine(target, element),
    )
    return _Conv(node, plan, target)


def _seen(
    n: int,
    c: int,
    size: Sequence[int],
    strides: tuple,
    padding: Pair,
    out: Pair,
    stride: Pair,
    dilation: Pair,
    kernel: Pair,
) -> Image:
    """An image as the windows of a convolution see it."""
    need = tuple((o - 1) * s + (k - 1) * d + 1 for o, s, k, d in zip(out, stride, kernel, dilation))
    return Image(n, c, tuple(size), strides, padding, need)  # type: ignore[arg-type]


def _backward(node: Node, target: Target, g: tuple, w: tuple) -> _Conv:
    """The input's gradient: for each phase of the stride, a convolution of step one by some
    taps."""
    stride, padding, dilation = _geometry(node)
    n, o, *size = _four(node.inputs[0].shape, 1)
    kernel, out = _four(node.inputs[1].shape, 1)[2:], _four(node.shape, 1)
    taps = [
        [
            [(k, (r + p - k * d) // s) for k in range(length) if (r + p - k * d) % s == 0]
            for r in range(s)
        ]
        for p, s, d, length in zip(padding, stride, dilation, kernel)
    ]
    before = tuple(max(0, -min((e for r in axis for _, e in r), default=0)) for axis in taps)
    phases, padded = [], [1, 1]
    for i in range(min(stride[0], out[2])):
        for j in range(min(stride[1], out[3])):
            count = -(-(out[2] - i) // stride[0]), -(-(out[3] - j) // stride[1])
            own = tuple(
                (ky * w[2] + kx * w[3], ey + before[0], ex + before[1])
                for ky, ey in reversed(taps[0][i])
                for kx, ex in taps[1][j]
            )
            for _, y, x in own:
                padded = [max(padded[0], count[0] + y), max(padded[1], count[1] + x)]
            phases.append(Phase((i, j), count, own))
    image = Image(n, o, tuple(size), g, before, tuple(padded))  # type: ignore[arg-type]
    element = _element(node)
    plan = ConvPlan(
        image, out[1], (w[1], w[0]), out[2:], (1, 1), stride, tuple(phases), element,
        *machine(target, element),
    )  # fmt: skip
    return _Conv(node, plan, target)


def _weights(node: Node, target: Target, x: tuple, g: tuple) -> _Weight:
    stride, padding, dilation = _geometry(node)
    n, c, *size = _four(node.inputs[0].shape, 1)
    pixels, kernel = _four(node.inputs[1].shape, 1)[2:], _four(node.shape, 1)[2:]
    image = _seen(n, c, size, x, padding, pixels, stride, dilation, kernel)
    element = _element(node)
    plan = WeightPlan(
        image,
        node.shape[0],
        g,
        pixels,
        kernel,
        stride,
        dilation,
        element,
        *machine(target, element),
    )
    return _Weight(node, plan, target)


class _Maker:
    """Abstract: the kernels of a convolution, one that packs and one that multiplies."""

    def __init__(self, node: Node, plan: ConvPlan | WeightPlan, target: Target) -> None:
        self.node, self.plan, self.target = node, plan, target
        self.element, self.image, self.lanes = plan.element, plan.image, plan.lanes

    def flops(self) -> int:
        """Additions and multiplications."""
        raise NotImplementedError

    def pack(self, part: Value, parts: Value) -> None:
        """Write the packed operands of a part."""
        raise NotImplementedError

    def multiply(self, part: Value, parts: Value) -> None:
        """Compute and store a part of the result."""
        raise NotImplementedError

    def kernels(self, operands: list[tuple[Node, int, tuple]]) -> list[Kernel]:
        """Both kernels, for operands (node, first element, strides)."""
        return [self._kernel(operands, self.pack, 0), self._kernel(operands, self.multiply, 1)]

    def _kernel(self, operands: list, write: Callable, share_of_flops: int) -> Kernel:
        reads = list(dict.fromkeys(n for n, _, _ in operands))
        self.unit = unit = Unit(self.target)
        self.b = b = unit.function("kernel", (PTR, I64, I64))
        args, part, parts = b.args
        places = {n: b.load(PTR, args, i + 1) for i, n in enumerate(reads)}
        self.left, self.right = (b.at(places[n], at, self.element) for n, at, _ in operands)
        self.out, self.memory = (b.load(PTR, args, len(reads) + i) for i in (1, 2))
        write(part, parts)
        b.ret()
        work = self.flops()
        kernel = Kernel(unit.text(), self.node, reads, work, work * share_of_flops)
        kernel.scratch = max(1, self.plan.scratch) * self.element.bits // 8
        return kernel

    def at(self, pointer: Value, index: Value | int) -> Value:
        """The address of an element."""
        return self.b.at(pointer, index, self.element)

    def by_number(self, index: Value, count: int, usual: int, last: int, write: Callable) -> None:
        """Emit for the usual size of a piece, and for the last one's where it differs."""
        if not last or count == 1:
            write(last or usual)
        else:
            b = self.b
            b.when(b.lt(index, count - 1), lambda: write(usual), lambda: write(last))

    def place(self, at: Sequence[tuple[Value | int, int]]) -> Value:
        """The sum of (index, stride) products."""
        total = constant(I64, 0)
        for index, stride in at:
            index = index if isinstance(index, Value) else constant(I64, index)
            total = self.b.add(total, self.b.mul(index, stride))
        return total


class _Conv(_Maker):
    """A convolution, or the gradient of its input."""

    plan: ConvPlan

    def flops(self) -> int:
        """Additions and multiplications."""
        p = self.plan
        each = sum(prod(f.count) * len(f.taps) for f in p.phases)
        return 2 * each * self.image.count * self.image.channels * p.channels

    # ------------------------------------------------------------ packing
    def pack(self, part: Value, parts: Value) -> None:
        """Weights as [phase][tile][channel][tap][lane]; all padded images, where parts share
        them."""
        b, p = self.b, self.plan
        vectors = p.width // self.lanes * p.column_tiles
        first, last = share(b, vectors * self.image.channels, part, parts)
        b.loop(last, self._pack_one, start=first)
        if self.image.copied and not p.own:
            first, last = share(b, self.image.count * self.image.channels, part, parts)
            to = self.at(self.memory, b.add(b.mul(first, self.image.plane), p.weights))
            pad(b, self.element, self.image, self.lanes, self.left, to, first, last)

    def _pack_one(self, u: Value) -> None:
        """One input channel of one vector of result channels."""
        b, p, channels = self.b, self.plan, self.image.channels
        v, c = b.div(u, channels, signed=False), b.rem(u, channels, signed=False)
        vectors = p.width // self.lanes
        tile, within = b.div(v, vectors, signed=False), b.rem(v, vectors, signed=False)
        source = self.at(self.right, b.mul(c, p.weight[1]))
        first = b.mul(v, self.lanes)

        def copy(write: Callable[[Value, int], Value]) -> None:
            for n, phase in enumerate(p.phases):
                at = self.place(
                    [(tile, p.panel(n)), (c, len(phase.taps) * p.width), (within, self.lanes)]
                )
                to = self.at(self.memory, b.add(at, p.panels_before(n)))
                for t, (offset, _, _) in enumerate(phase.taps):
                    b.store(write(first, offset), to, t * p.width)

        def whole(first: Value, offset: int) -> Value:
            at = self.at(source, b.add(b.mul(first, p.weight[0]), offset))
            return spread(b, self.element, self.lanes, at, p.weight[0])

        def edge(first: Value, offset: int) -> Value:
            x = constant(self.element.by(self.lanes), 0.0)
            for lane in range(self.lanes):
                o = b.minimum(b.add(first, lane), p.channels - 1)
                at = b.add(b.mul(o, p.weight[0]), offset)
                x = b.insert(x, b.load(self.element, source, at), lane)
            return x

        b.when(b.le(b.add(first, self.lanes), p.channels), lambda: copy(whole), lambda: copy(edge))

    # ------------------------------------------------------------ products
    def multiply(self, part: Value, parts: Value) -> None:
        """Groups of images, or batches of tiles, of a part."""
        b, p = self.b, self.plan
        most = max(t.rows * t.columns for t in p.tiles)
        self.room = most * p.width
        self.sums = b.stack(self.element, self.room * TOGETHER)
        if p.own:
            self._by_images(part, parts)
            return
        source = self.at(self.memory, p.weights) if self.image.copied else self.left
        for n in range(len(p.phases)):
            total = self.image.count * prod(p.grid(n))
            batches = -(-total // TOGETHER)
            first, last = share(b, p.column_tiles * batches, part, parts)

            def unit(u: Value, n: int = n, batches: int = batches, total: int = total) -> None:
                channel, at = b.div(u, batches, signed=False), b.rem(u, batches, signed=False)
                zero = constant(I64, 0)
                self._batch(n, channel, source, zero, b.mul(at, TOGETHER), constant(I64, total))

            b.loop(last, unit, start=first)

    def _by_images(self, part: Value, parts: Value) -> None:
        b, p, image = self.b, self.plan, self.image
        first, last = share(b, image.count, part, parts)
        own = self.at(self.memory, b.add(b.mul(part, p.part), p.weights))

        def group(start: Value) -> None:
            stop = b.minimum(b.add(start, p.group), last)
            source = own
            if image.copied:
                planes = (b.mul(x, image.channels) for x in (start, stop))
                pad(b, self.element, image, self.lanes, self.left, own, *planes)
            else:
                source = self.at(self.left, b.mul(start, image.read[0]))
            for n in range(len(p.phases)):
                total = b.mul(b.sub(stop, start), prod(p.grid(n)))

                def tile(channel: Value, n: int = n, total: Value = total) -> None:
                    batch = partial(self._batch, n, channel, source, start)
                    b.loop(total, lambda at: batch(at, total), step=TOGETHER)

                b.loop(p.column_tiles, tile)

        b.loop(last, group, start=first, step=p.group)

    def _batch(
        self, n: int, channel: Value, source: Value, image: Value, first: Value, total: Value
    ) -> None:
        """Some tiles, numbered from the first of `image`, where `source` points: blocks of terms
        pass over all of them in turn."""
        b, p, phase, channels = self.b, self.plan, self.plan.phases[n], self.image.channels
        last = b.minimum(b.add(first, TOGETHER), total)
        each = len(phase.taps) * p.width
        panel = self.at(self.memory, b.add(b.mul(channel, p.panel(n)), p.panels_before(n)))
        read, down, right = self.image.read, *self._steps()
        taps = [i * read[2] + j * read[3] for _, i, j in phase.taps]
        table = self.unit.table(I64, taps)
        b.loop(
            last, lambda t: self._at_tile(n, first, t, lambda sums, *_: clear(b, sums)), start=first
        )

        def block(c: Value) -> None:
            count = b.minimum(b.sub(constant(I64, channels), c), p.block(n))
            weights = self.at(panel, b.mul(c, each))

            def add(sums: Sums, i: Value, row: Value, column: Value, size: Pair) -> None:
                at = self.place([(i, read[0]), (c, read[1]), (row, down), (column, right)])
                # channels inside: neighbouring taps would share loads that then fill the registers
                begin, end = self._useful(n, row, size[0])
                levels = [Level(end, table, p.width, begin), Level(count, read[1], each)]
                accumulate(b, sums, self.at(source, at), weights, levels, [(0, 0)])

            b.loop(last, lambda t: self._at_tile(n, first, t, add), start=first)

        if taps:
            b.loop(channels, block, step=p.block(n))

        def store(sums: Sums, i: Value, row: Value, column: Value, size: Pair) -> None:
            self._store(sums, n, channel, b.add(image, i), row, column, size)

        b.loop(last, lambda t: self._at_tile(n, first, t, store), start=first)

    def _useful(self, n: int, row: Value, high: int) -> tuple[Value | int, Value | int]:
        """The range of taps with which a tile from `row` meets more than the zeros around."""
        b, taps, rows = self.b, self.plan.phases[n].taps, self.plan.rows_of_taps(n)
        if rows is None:
            return 0, len(taps)
        first, step, count = rows
        top = b.mul(row, self.plan.stride[0])
        upper = self.image.before[0] - (high - 1) * self.plan.stride[0] - first + step - 1
        lower = self.image.before[0] + self.image.size[0] - 1 - first + step
        ends = (b.maximum(b.sub(constant(I64, x), top), 0) for x in (upper, lower))
        each = len(taps) // count
        begin, end = (b.mul(b.minimum(b.div(x, step, signed=False), count), each) for x in ends)
        return begin, end

    def _steps(self) -> Pair:
        """What a row and a column of the result are apart in the image."""
        read, stride = self.image.read, self.plan.stride
        return stride[0] * read[2], stride[1] * read[3]

    def _at_tile(self, n: int, first: Value, t: Value, write: Callable) -> None:
        """Find a tile's place, and emit `write(sums, image, row, column, size)` for its size."""
        b, p, tile, (high, wide) = self.b, self.plan, self.plan.tiles[n], self.plan.phases[n].count
        rows, columns = p.grid(n)
        x, t_ = b.rem(t, columns, signed=False), b.div(t, columns, signed=False)
        y, i = b.rem(t_, rows, signed=False), b.div(t_, rows, signed=False)
        at = self.at(self.sums, b.mul(b.sub(t, first), self.room))
        down, right = self._steps()

        def sized(size: Pair) -> None:
            offsets = [i * down + j * right for i in range(size[0]) for j in range(size[1])]
            sums = Sums(at, offsets, tile.vectors, self.lanes, self.element)
            write(sums, i, b.mul(y, tile.rows), b.mul(x, tile.columns), size)

        def across(h: int) -> None:
            self.by_number(x, columns, tile.columns, wide % tile.columns, lambda w: sized((h, w)))

        self.by_number(y, rows, tile.rows, high % tile.rows, across)

    def _store(
        self,
        sums: Sums,
        n: int,
        channel: Value,
        image: Value,
        row: Value,
        column: Value,
        size: Pair,
    ) -> None:
        b, p, phase = self.b, self.plan, self.plan.phases[n]
        plane, first = prod(p.out), b.mul(channel, p.width)
        down, right = p.step[0] * p.out[1], p.step[1]
        start = phase.start[0] * p.out[1] + phase.start[1]
        at = self.place([(image, p.channels * plane), (first, plane), (row, down), (column, right)])
        if down == size[1] and right == 1:
            segments = [Segment(0, size[0] * size[1], 0)]
        else:
            segments = [Segment(i * size[1], size[1], i * down, right) for i in range(size[0])]
        count = b.sub(constant(I64, p.channels), first)
        finish(b, sums, self.at(self.out, b.add(at, start)), plane, count, segments)


class _Weight(_Maker):
    """The gradient of a convolution's weights."""

    plan: WeightPlan

    def flops(self) -> int:
        """Additions and multiplications."""
        p = self.plan
        pixels = self.image.count * prod(p.pixels)
        return 2 * pixels * self.image.channels * prod(p.kernel) * p.channels

    # ------------------------------------------------------------ packing
    def pack(self, part: Value, parts: Value) -> None:
        """The gradient as [tile][image][pixel][lane], and the padded images."""
        b, p, image = self.b, self.plan, self.image
        first, last = share(b, p.column_tiles * image.count, part, parts)
        b.loop(last, self._pack_one, start=first)
        if image.copied:
            first, last = share(b, image.count * image.channels, part, parts)
            to = self.at(self._copies(), b.mul(first, image.plane))
            pad(b, self.element, image, self.lanes, self.left, to, first, last)

    def _copies(self) -> Value:
        return self.at(self.memory, self.plan.gradients + self.plan.sums * self.plan.tiles)

    def _pack_one(self, u: Value) -> None:
        """One image's gradient for one tile of channels."""
        b, p, lanes = self.b, self.plan, self.lanes
        tile, n = (f(u, self.image.count, signed=False) for f in (b.div, b.rem))
        source = self.at(self.right, b.mul(n, p.gradient[0]))
        to = self.at(self.memory, b.mul(u, p.panel))
        flat = p.gradient[3] == 1 and (p.gradient[2] == p.pixels[1] or p.pixels[0] == 1)
        runs, length = (1, prod(p.pixels)) if flat else p.pixels

        def vector(v: Value) -> None:
            first = b.add(b.mul(tile, p.width), b.mul(v, lanes))
            lines = []
            for lane in range(lanes):
                o = b.minimum(b.add(first, lane), p.channels - 1)
                lines.append(self.at(source, b.mul(o, p.gradient[1])))
            panel = self.at(to, b.mul(v, lanes))

            def run(y: Value) -> None:
                at = b.mul(y, p.gradient[2])
                out = self.at(panel, b.mul(y, length * p.width))
                whole = length // lanes * lanes
                square = partial(self._square, [self.at(x, at) for x in lines], out)
                b.loop(whole, lambda i: square(i, lanes), step=lanes)
                if length % lanes:
                    square(constant(I64, whole), length % lanes)

            b.loop(runs, run)

        b.loop(p.width // lanes, vector)

    def _square(self, lines: list[Value], to: Value, i: Value, count: int) -> None:
        """`count` pixels of as many channels as there are lanes, transposed."""
        b, p, step = self.b, self.plan, self.plan.gradient[3]
        out = self.at(to, b.mul(i, p.width))
        lane = self.element.by(self.lanes)
        rows = []
        for line in lines:
            at = self.at(line, b.mul(i, step))
            if count == self.lanes:
                rows.append(spread(b, self.element, self.lanes, at, step))
            else:
                x = constant(lane, 0.0)
                for n in range(count):
                    x = b.insert(x, b.load(self.element, at, n * step), n)
                rows.append(x)
        for n, x in enumerate(transposed(b, rows)[:count]):
            b.store(x, out, n * p.width)

    # ------------------------------------------------------------ products
    def multiply(self, part: Value, parts: Value) -> None:
        """A part's tiles: those of the same channels share the gradient's panels."""
        b, p = self.b, self.plan
        first, last = share(b, p.tiles, part, parts)
        self.source = self._copies() if self.image.copied else self.left
        per = prod(p.grid)

        def channel(t: Value) -> None:
            before = b.mul(t, per)
            start = b.maximum(b.sub(first, before), 0)
            stop = b.minimum(b.sub(last, before), per)
            self._channels(t, start, stop)

        b.loop(b.div(b.add(last, per - 1), per), channel, start=b.div(first, per, signed=False))

    def _channels(self, channel: Value, start: Value, stop: Value) -> None:
        """Tiles [start, stop) of a tile of channels: blocks of pixels pass over all of them."""
        b, p = self.b, self.plan
        visit = partial(self._at_tile, channel)
        b.loop(stop, lambda t: visit(t, lambda sums, *_: clear(b, sums)), start=start)

        def images(n: Value) -> None:
            count = b.minimum(b.sub(constant(I64, self.image.count), n), p.block[0])

            def rows(y: Value) -> None:
                high = b.minimum(b.sub(constant(I64, p.pixels[0]), y), p.block[1])
                add = partial(self._block, channel, n, count, y, high)
                b.loop(stop, lambda t: visit(t, add), start=start)

            b.loop(p.pixels[0], rows, step=p.block[1])

        b.loop(self.image.count, images, step=p.block[0])
        b.loop(stop, lambda t: visit(t, partial(self._store, channel)), start=start)

    def _block(
        self, channel: Value, n: Value, count: Value, y: Value, high: Value, sums: Sums, c: Value,
        row: Value,
    ) -> None:  # fmt: skip
        """Add the terms of `high` rows of pixels in `count` images to a tile."""
        p, read, wide = self.plan, self.image.read, self.plan.pixels[1]
        down, right = p.stride[0] * read[2], p.stride[1] * read[3]
        image = [(n, read[0]), (c, read[1]), (row, p.dilation[0] * read[2]), (y, down)]
        panel = [(channel, p.panel * self.image.count), (n, p.panel), (y, wide * p.width)]
        turns = next(k for k in range(min(8, wide), 0, -1) if wide % k == 0)
        levels = [
            Level(count, read[0], p.panel),
            Level(high, down, wide * p.width),
            Level(wide // turns, turns * right, turns * p.width),
        ]
        each = [(k * right, k * p.width) for k in range(turns)]
        source, weights = (
            self.at(self.source, self.place(image)),
            self.at(self.memory, self.place(panel)),
        )
        accumulate(self.b, sums, source, weights, levels, each)

    def _at_tile(self, channel: Value, t: Value, write: Callable) -> None:
        """Find a tile's place, and emit `write(sums, input channel, row of the kernel)` for its
        size."""
        b, p, (rows, columns) = self.b, self.plan, self.plan.grid
        number = b.add(b.mul(channel, rows * columns), t)
        at = self.at(self.memory, b.add(b.mul(number, p.sums), p.gradients))

        def sized(c: Value, row: Value, many: int, high: int) -> None:
            write(
                Sums(at, self._offsets(many, high), p.tile.vectors, self.lanes, self.element),
                c,
                row,
            )

        if p.whole:
            c, zero = b.mul(t, p.whole), constant(I64, 0)
            last = self.image.channels % p.whole
            self.by_number(t, rows, p.whole, last, lambda n: sized(c, zero, n, p.kernel[0]))
            return
        c, i = b.div(t, columns, signed=False), b.rem(t, columns, signed=False)
        row, last = b.mul(i, p.tile.rows), p.kernel[0] % p.tile.rows
        self.by_number(i, columns, p.tile.rows, last, lambda n: sized(c, row, 1, n))

    def _offsets(self, channels: int, rows: int) -> list[int]:
        """Where a tile's rows read, for so many channels and rows of their kernels."""
        p, read = self.plan, self.image.read
        down, right = p.dilation[0] * read[2], p.dilation[1] * read[3]
        return [
            n * read[1] + y * down + x * right
            for n in range(channels)
            for y in range(rows)
            for x in range(p.kernel[1])
        ]

    def _store(self, channel: Value, sums: Sums, c: Value, row: Value) -> None:
        b, p = self.b, self.plan
        each = prod(p.kernel)
        step = self.image.channels * each
        first = b.mul(channel, p.width)
        at = self.place([(first, step), (c, each), (row, p.kernel[1])])
        count = b.sub(constant(I64, p.channels), first)
        finish(b, sums, self.at(self.out, at), step, count, [Segment(0, len(sums.rows), 0)])


_MAKERS = {"conv": _forward, "conv_input": _backward, "conv_weight": _weights}

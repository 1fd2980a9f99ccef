"""Decides how a convolution is computed: its geometry, the tiles of its result, its scratch
memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from .target import Target
from .values import Type

Pair = tuple[int, int]

GROUP_BYTES = 384 << 10  # padded images that should stay in the second-level cache
PARTS = 8  # the most parts that a kernel is cut into
BLOCK = 128  # terms that are added one after the other; their sums are added up in memory
TOGETHER = 8  # tiles that pass over a block of weights while it stays in the first-level cache
VECTORS = 3  # the widest tile: a block of its weights, too, must leave room in that cache


@dataclass(frozen=True)
class Image:
    """Planes to read windows of: how many images and channels, their size and strides in memory,
    the zeros before them, and the size with zeros around.

    Strides are those of (image, channel, row, column).
    """

    count: int
    channels: int
    size: Pair
    strides: tuple[int, int, int, int]
    before: Pair
    padded: Pair

    @property
    def copied(self) -> bool:
        """Whether zeros are needed, and with them a copy."""
        return self.before != (0, 0) or any(p > n for p, n in zip(self.padded, self.size))

    @property
    def plane(self) -> int:
        """Elements of a padded plane."""
        return self.padded[0] * self.padded[1]

    @property
    def read(self) -> tuple[int, int, int, int]:
        """The strides that windows are read by: of the copy, where there is one."""
        if not self.copied:
            return self.strides
        return self.channels * self.plane, self.plane, self.padded[1], 1


@dataclass(frozen=True)
class Phase:
    """Results (start + step*i) for i below `count`, each the sum over `taps`.

    A tap is (offset in the weights, row, column): where it reads, relative to the window's corner.
    Taps fill a rectangle, row by row, with even steps.
    """

    start: Pair
    count: Pair
    taps: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Tile:
    """`rows` by `columns` of a rectangle (and `vectors` of channels) that stay in registers."""

    rows: int
    columns: int
    vectors: int


@dataclass(frozen=True)
class ConvPlan:
    """out[n, o, step*i + start] = sum over c, tap of image[n, c, stride*i + tap] * w[o, c, tap].

    `weight` are the strides of (o, c) in w, `out` the size of a result plane.
    """

    image: Image
    channels: int
    weight: Pair
    out: Pair
    stride: Pair
    step: Pair
    phases: tuple[Phase, ...]
    element: Type
    lanes: int
    registers: int

    @cached_property
    def tiles(self) -> tuple[Tile, ...]:
        """The tile of each phase; all have equally many vectors."""
        k = self.image.channels
        total = -(-self.channels // self.lanes)
        best: tuple[float, tuple[Tile, ...]] | None = None
        for vectors in range(1, min(total, VECTORS) + 1):
            found = [
                _rectangle(p.count, total, vectors, k * len(p.taps), self.registers)
                for p in self.phases
            ]
            cost = sum(c for c, _ in found)
            if best is None or cost < best[0]:
                best = cost, tuple(t for _, t in found)
        assert best is not None
        return best[1]

    @property
    def width(self) -> int:
        """Channels of a tile."""
        return self.tiles[0].vectors * self.lanes

    @property
    def column_tiles(self) -> int:
        """Tiles beside each other along the channels."""
        return -(-self.channels // self.width)

    def grid(self, phase: int) -> Pair:
        """Tiles below and beside each other in a phase."""
        tile, count = self.tiles[phase], self.phases[phase].count
        return -(-count[0] // tile.rows), -(-count[1] // tile.columns)

    def block(self, phase: int) -> int:
        """Input channels of a block of terms."""
        return max(1, BLOCK // max(1, len(self.phases[phase].taps)))

    def rows_of_taps(self, phase: int) -> tuple[int, int, int] | None:
        """(first, step, count) of the rows that taps read, where zeros around make it worth while
        to
        leave out those that meet nothing else."""
        rows = sorted({y for _, y, _ in self.phases[phase].taps})
        if self.image.padded[0] - self.image.size[0] <= 2 or len(rows) < 2:
            return None
        return rows[0], rows[1] - rows[0], len(rows)

    def panel(self, phase: int) -> int:
        """Elements of the weights of one tile's channels in a phase."""
        return self.image.channels * len(self.phases[phase].taps) * self.width

    def panels_before(self, phase: int) -> int:
        """Where the weights of a phase begin in the scratch memory."""
        return sum(self.panel(p) for p in range(phase)) * self.column_tiles

    @property
    def own(self) -> bool:
        """Whether parts take whole images, and pad them on their own."""
        return self.image.count >= PARTS

    @property
    def group(self) -> int:
        """Images that a part holds padded at once."""
        each = self.image.channels * self.image.plane * self.element.bits // 8
        return max(1, min(GROUP_BYTES // max(1, each), -(-self.image.count // PARTS)))

    @property
    def weights(self) -> int:
        """Elements of scratch memory for the weights; the padded images follow."""
        return -(-self.panels_before(len(self.phases)) // 16) * 16

    @property
    def part(self) -> int:
        """Elements of one part's padded images, where parts have their own."""
        return -(-self.group * self.image.channels * self.image.plane // 16) * 16

    @property
    def scratch(self) -> int:
        """Elements of scratch memory."""
        if not self.image.copied:
            return self.weights
        whole = self.image.count * self.image.channels * self.image.plane
        return self.weights + (self.part * PARTS if self.own else whole)


@dataclass(frozen=True)
class WeightPlan:
    """out[o, c, ky, kx] = sum over n and i of image[n, c, stride*i + dilation*k] * gradient[n, o,
    i].

    `gradient` are the strides of (n, o, row, column), `pixels` the rows and columns of its planes.
    """

    image: Image
    channels: int
    gradient: tuple[int, int, int, int]
    pixels: Pair
    kernel: Pair
    stride: Pair
    dilation: Pair
    element: Type
    lanes: int
    registers: int

    @cached_property
    def tile(self) -> Tile:
        """Rows of kernels (of all channels, one below the other) and vectors of a tile; a tile of
        several channels holds whole kernels."""
        (high, wide), total = self.kernel, -(-self.channels // self.lanes)
        k = self.image.count * self.pixels[0] * self.pixels[1]
        best: tuple[float, Tile] | None = None
        for vectors in range(1, min(total, VECTORS) + 1):
            most = _most(vectors, self.registers)
            heights = [n for n in range(1, high) if n * wide <= most]
            many = range(1, self.image.channels + 1)
            heights += [n * high for n in many if n * high * wide <= most]
            for rows in heights:
                pieces = (
                    _pieces(high, rows)
                    if rows < high
                    else _pieces(self.image.channels, rows // high)
                )
                scale = (1, self.image.channels) if rows < high else (high, 1)
                cost = sum(
                    count * _cycles(k, size * scale[0] * wide, vectors) for size, count in pieces
                )
                cost *= scale[1] * -(-total // vectors)
                if best is None or cost < best[0]:
                    best = cost, Tile(rows, wide, vectors)
        assert best is not None
        return best[1]

    @property
    def width(self) -> int:
        """Channels of a tile."""
        return self.tile.vectors * self.lanes

    @property
    def column_tiles(self) -> int:
        """Tiles beside each other along the gradient's channels."""
        return -(-self.channels // self.width)

    @property
    def whole(self) -> int:
        """Input channels of a tile that holds whole kernels, else 0."""
        return self.tile.rows // self.kernel[0]

    @property
    def grid(self) -> Pair:
        """Tiles along the input channels and along the rows of a kernel."""
        if self.whole:
            return -(-self.image.channels // self.whole), 1
        return self.image.channels, -(-self.kernel[0] // self.tile.rows)

    @property
    def panel(self) -> int:
        """Elements of an image's gradient for one tile's channels."""
        return self.pixels[0] * self.pixels[1] * self.width

    @property
    def block(self) -> Pair:
        """Images and rows of pixels in a block of terms."""
        high, wide = self.pixels
        rows = max(1, min(high, BLOCK // wide))
        images = max(1, BLOCK // (high * wide)) if rows == high else 1
        return min(images, self.image.count), rows

    @property
    def tiles(self) -> int:
        """All tiles: the most parts that are of use."""
        return self.column_tiles * self.grid[0] * self.grid[1]

    @property
    def sums(self) -> int:
        """Elements of one tile's sums."""
        return self.tile.rows * self.tile.columns * self.width

    @property
    def gradients(self) -> int:
        """Elements of scratch memory for the gradient; sums and padded images follow."""
        return self.panel * self.column_tiles * self.image.count

    @property
    def scratch(self) -> int:
        """Elements of scratch memory."""
        image = self.image
        copy = image.count * image.channels * image.plane if image.copied else 0
        return self.gradients + self.sums * self.tiles + copy


def _most(vectors: int, registers: int) -> int:
    """Rows of a tile that leave registers for its vectors and a broadcast."""
    return max(1, (registers - (3 if registers > 16 else 1)) // vectors - 1)


def _cycles(k: int, rows: int, vectors: int) -> float:
    """Cycles of a tile, two multiply-adds each, and its way out of the registers."""
    count = rows * vectors
    turn = max(count / 2, (rows + vectors) / 2, 4.0) + 0.05 * (rows + vectors)
    return k * turn + 20 + vectors * (40 + 2 * rows)


def _pieces(total: int, size: int) -> Iterator[tuple[int, int]]:
    """(size, how many) of the pieces that a length is cut into."""
    return ((s, n) for s, n in ((size, total // size), (total % size, 1)) if s and n)


def _rectangle(count: Pair, total: int, vectors: int, k: int, registers: int) -> tuple[float, Tile]:
    """(cycles, tile) of the best rectangle of results for so many vectors of channels."""
    most = _most(vectors, registers)
    best = (float("inf"), Tile(1, 1, vectors))
    for rows in range(1, min(most, count[0]) + 1):
        for columns in range(1, min(most // rows, count[1]) + 1):
            cost = 0.0
            for high, n in _pieces(count[0], rows):
                for wide, m in _pieces(count[1], columns):
                    cost += n * m * (_cycles(k, high * wide, vectors) + (high - 1) * 16 * vectors)
            cost *= -(-total // vectors)
            if cost < best[0]:
                best = (cost, Tile(rows, columns, vectors))
    return best


def machine(target: Target, element: Type) -> Pair:
    """(lanes, vector registers) of a processor."""
    return target.lanes(element.bits), target.vector_registers

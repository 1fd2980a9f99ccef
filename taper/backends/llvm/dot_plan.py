"""Decides how a matrix product is computed: tile sizes, packing, chunks of k."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from .target import Target
from .values import F32, Type

_BLOCK = 128


@dataclass(frozen=True)
class Layout:
    """The distance, in elements, between neighbours in a column (`row`) and in a row (`column`)."""

    row: int
    column: int

    @property
    def turned(self) -> Layout:
        """The layout of the transposed matrix."""
        return Layout(self.column, self.row)


@dataclass(frozen=True)
class Batch:
    """A batch dimension: its size, and the distance of its entries in A, B and C."""

    count: int
    strides: tuple[int, int, int]


@dataclass(frozen=True)
class Dot:
    """C[m,n] = A[m,k] B[k,n], or C += A B, for every entry of a batch. Sizes are at least 1.

    C must lie along its rows or along its columns.
    """

    m: int
    n: int
    k: int
    a: Layout
    b: Layout
    c: Layout
    element: Type = F32
    batch: tuple[Batch, ...] = ()
    accumulate: bool = False

    @property
    def flops(self) -> int:
        """Additions and multiplications."""
        total = 2 * self.m * self.n * self.k
        for level in self.batch:
            total *= level.count
        return total


@dataclass(frozen=True)
class DotPlan:
    """How a product is computed. `swapped` computes the transposed product: then `m`, `a`, ... here
    are the caller's `n`, `b`, ..., and vectors run along the caller's rows.

    A tile is `height` rows by `width` columns. Panels hold one tile's k's; `panel_a`, `panel_b` and
    `scratch` count elements.
    """

    dot: Dot
    kind: str
    swapped: bool
    lanes: int
    height: int
    width: int
    chunk: int
    block: int
    pack_a: bool
    pack_b: bool

    @property
    def m(self) -> int:
        """Rows of the product as computed."""
        return self.dot.n if self.swapped else self.dot.m

    @property
    def n(self) -> int:
        """Columns of the product as computed."""
        return self.dot.m if self.swapped else self.dot.n

    @property
    def a(self) -> Layout:
        """The left operand as computed."""
        return self.dot.b.turned if self.swapped else self.dot.a

    @property
    def b(self) -> Layout:
        """The right operand as computed."""
        return self.dot.a.turned if self.swapped else self.dot.b

    @cached_property
    def batches(self) -> int:
        """Entries of the whole batch."""
        total = 1
        for level in self.dot.batch:
            total *= level.count
        return total

    @property
    def along_rows(self) -> bool:
        """Whether tiles beside each other follow each other: little else than C is touched."""
        return self.dot.k <= 8

    @property
    def row_tiles(self) -> int:
        """Tiles above each other."""
        return -(-self.m // self.height)

    @property
    def column_tiles(self) -> int:
        """Tiles beside each other."""
        return -(-self.n // self.width)

    @property
    def last_height(self) -> int:
        """The height of the last row of tiles, or 0 if it is like the others."""
        return self.m % self.height

    @property
    def last_width(self) -> int:
        """The width of the last column of tiles, or 0 if it is like the others."""
        return self.n % self.width

    @property
    def tiles(self) -> int:
        """Tiles of the whole batch: the most parts that are of use."""
        return self.batches * self.row_tiles * self.column_tiles

    @property
    def chunks(self) -> int:
        """How many times C is passed over."""
        return -(-self.dot.k // self.chunk)

    @property
    def padded_k(self) -> int:
        """k's of a packed panel."""
        return -(-self.dot.k // self.lanes) * self.lanes

    @property
    def panel_a(self) -> int:
        """Elements of a packed panel of A; a multiple of a cache line."""
        return -(-self.padded_k * self.height // 16) * 16

    @property
    def panel_b(self) -> int:
        """Elements of a packed panel of B."""
        return self.padded_k * self.width

    @property
    def scratch_a(self) -> int:
        """Elements of scratch memory that A's panels take; B's follow."""
        return self.panel_a * self.row_tiles * self.batches if self.pack_a else 0

    @property
    def scratch(self) -> int:
        """Elements of scratch memory in all; it must begin at a cache line."""
        right = self.panel_b * self.column_tiles * self.batches if self.pack_b else 0
        return self.scratch_a + right

    @property
    def group(self) -> int:
        """How many panels of A are packed together, so that whole cache lines are read."""
        return max(1, 64 // self.height)

    @property
    def row_groups(self) -> int:
        """Groups of A's panels."""
        return -(-self.row_tiles // self.group)

    @property
    def panels(self) -> int:
        """Things to pack, groups of A's panels and B's panels: 0 where nothing is packed."""
        left = self.row_groups * self.batches if self.pack_a else 0
        return left + (self.column_tiles * self.batches if self.pack_b else 0)


def plan_dot(dot: Dot, target: Target) -> DotPlan:
    """The way to compute a product that should be quickest on a processor."""
    swapped = _swaps(dot)
    lanes = target.lanes(dot.element.bits)
    m, n, k = (dot.n, dot.m, dot.k) if swapped else (dot.m, dot.n, dot.k)
    a, b = (dot.b.turned, dot.a.turned) if swapped else (dot.a, dot.b)
    outer = _outer_tile(m, n, k, lanes, target.vector_registers)
    cost, height, width = outer
    pack_b = (b.column != 1 and n > 1) or _worth_packing(m, n, k, b, height, target)
    conflicts = a.column * dot.element.bits // 8 % 2048 == 0  # all k's share a few cache sets
    pack_a = a.row == 1 and a.column != 1 and conflicts and n > 2 * width and m * k > 16384
    if pack_b:
        cost += (0.6 if b.column != 1 else 0.25) * n * k
    size = dot.element.bits // 8
    if a.column == 1 and b.row == 1 and k >= lanes and m * k * size <= 512 << 10:
        inner = _inner_tile(m, n, k, lanes, target.vector_registers, size)
        if inner[0] < cost:
            return DotPlan(dot, "inner", swapped, lanes, inner[1], inner[2], k, k, False, False)
    return DotPlan(dot, "outer", swapped, lanes, height, width, _chunk(k), _BLOCK, pack_a, pack_b)


def _swaps(dot: Dot) -> bool:
    """Whether to compute the transposed product, so that vectors lie along C's memory."""
    straight = dot.c.column == 1 or dot.n == 1
    turned = dot.c.row == 1 or dot.m == 1
    if not straight and not turned:
        raise ValueError(f"C must lie along its rows or its columns, got strides {dot.c}")
    return turned and (not straight or dot.n == 1 < dot.m)


def _chunk(k: int) -> int:
    """k's between two passes over C: a panel of B must stay in the second-level cache."""
    count = -(-k // 1024)
    return -(-k // count)


def _worth_packing(m: int, n: int, k: int, b: Layout, height: int, target: Target) -> bool:
    """Whether B, lying along its rows, is read often enough, and is large enough."""
    if not target.masks and n % target.lanes(32):
        return m > 2 * height
    return m > 8 * height and n * k > 16384


def _outer_tile(m: int, n: int, k: int, lanes: int, registers: int) -> tuple[float, int, int]:
    """(cycles, height, width) of the best outer tile, two multiply-adds a cycle."""
    vectors = -(-n // lanes)
    most = registers - (3 if registers > 16 else 1)  # for broadcasts
    best = (float("inf"), 1, lanes)
    for across in range(1, min(vectors, 7) + 1):
        for height in range(1, min(m, most // across - 1) + 1):
            cost = 0.0
            for h, rows in _pieces(m, height):
                for w, columns in _pieces(vectors, across):
                    cost += rows * columns * (k * _turn(h, w) + 12 + h * w)
            best = min(best, (cost, height, across * lanes))
    return best


def _pieces(total: int, size: int) -> list[tuple[int, int]]:
    """(size, how many) of the pieces that a length is cut into."""
    return [(s, count) for s, count in ((size, total // size), (total % size, 1)) if s and count]


def _turn(height: int, vectors: int) -> float:
    """Cycles of one k: multiply-adds, loads, or the latency of too few accumulators."""
    fmas, loads = height * vectors / 2, (height + vectors) / 2
    latency = 4 / max(1, min(4, 8 // (height * vectors)))
    return max(fmas, loads, latency) + 0.05 * (height + vectors)


def _inner_tile(
    m: int, n: int, k: int, lanes: int, registers: int, size: int
) -> tuple[float, int, int]:
    """(cycles, height, width) of the best inner tile; its width is a power of two.

    B's part of a tile should stay in the first-level cache while A's rows pass.
    """
    best = (float("inf"), 1, 1)
    width = 1
    while width <= min(lanes, 16) and width < 2 * n:
        for height in range(1, min(m, (registers - 2 - width) // width) + 1):
            tiles = -(-m // height) * -(-n // width)
            fmas, loads = height * width / 2, (height + width) / 2
            turn = max(fmas, loads, 4.0)
            if width * k * size > 32 << 10 and m > height:
                turn = max(turn, 2.0 * (height + width))
            across = height * (2.0 * width + 3 * max(1, (lanes // width).bit_length() - 1))
            cost = tiles * (-(-k // lanes) * turn + across + 12)
            best = min(best, (cost, height, width))
        width *= 2
    return best

"""Random programs of primitives, for comparing backends."""

from __future__ import annotations

from math import prod

import numpy as np

from taper import dtypes
from taper.ir.build import ops
from taper.ir.node import Node, leaf

REAL = (dtypes.float32, dtypes.float64)
KINDS = (
    dtypes.float32,
    dtypes.float32,
    dtypes.float64,
    dtypes.int64,
    dtypes.int32,
    dtypes.bool_,
    dtypes.complex64,
)
SHAPES = (
    (),
    (1,),
    (3,),
    (0,),
    (2, 3),
    (3, 2),
    (1, 4),
    (5, 1),
    (2, 0),
    (2, 3, 4),
    (1, 3, 1),
    (17,),
    (3, 33),
)
SMOOTH = ("exp", "sin", "cos", "tanh", "sigmoid", "erf", "atan", "expm1", "asinh")
SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -0.0)
TWIN = {dtypes.float32: dtypes.float64, dtypes.complex64: dtypes.complex128}
LARGEST = 4000


class Program:
    """A program grown by decisions `choose(n)`, each a number below n; the same decisions grow the
    same program.

    `wide` grows it with float64 for float32 and complex128 for complex64. A node is `exact` when no
    rounding can
    have touched it: only on those are functions used that jump.
    """

    def __init__(self, choose, wide=False):
        self.choose, self.wide = choose, wide
        self.arrays, self.pool, self.exact = [], [], set()
        for _ in range(1 + choose(3)):
            self.add_leaf()

    def pick(self, items):
        return items[self.choose(len(items))]

    def kind(self, kind):
        return TWIN.get(kind, kind) if self.wide else kind

    def add_leaf(self):
        shape, kind = self.pick(SHAPES), self.pick(KINDS)
        rng = np.random.default_rng(self.choose(1000))
        array = rng.integers(-3, 4, shape)
        if kind.inexact:
            array = (
                array / 4 if not kind.is_complex else array / 4 + 0.5j * rng.integers(-2, 3, shape)
            )
            if not kind.is_complex and self.choose(3) == 0 and array.size:
                array = np.asarray(array)
                array.reshape(-1)[rng.integers(array.size)] = self.pick(SPECIAL)
        array = np.asarray(array).astype(kind.array if kind is not dtypes.bool_ else bool)
        node = leaf(len(self.arrays), array.shape, self.kind(kind))
        self.arrays.append(array.astype(self.kind(kind).array))
        self.keep(node, True)

    def keep(self, node, exact):
        if prod(node.shape) <= LARGEST:
            self.pool.append(node)
            if exact:
                self.exact.add(node)

    def grow(self):
        """One more primitive, or a few where shapes and dtypes must be matched first."""
        name = self.pick(STEPS)
        x = self.pool[-1] if self.choose(2) else self.pick(self.pool)
        getattr(self, name)(x)

    # ------------------------------------------------------------ elementwise
    def matched(self, x):
        """A node of the pool in the shape and dtype of x, through cast, reshape, slice and
        expand."""
        y = self.pick(self.pool)
        exact = y in self.exact
        if y.dtype is not x.dtype:
            if y.dtype.inexact and not x.dtype.inexact:
                y, exact = ops.eq(y, y), True
            y = ops.cast(y, dtype=x.dtype)
        if y.shape != x.shape:
            size = prod(y.shape)
            if size == prod(x.shape):
                y = ops.reshape(y, shape=x.shape)
            elif size:
                flat = ops.reshape(y, shape=(size,))
                one = ops.slice(flat, start=(size - 1,), stop=(size,), step=(1,))
                y = ops.expand(ops.reshape(one, shape=(1,) * len(x.shape)), shape=x.shape)
            else:
                y, exact = x, x in self.exact
        return y, exact and x in self.exact

    def smooth(self, x):
        if x.dtype in REAL:
            self.keep(getattr(ops, self.pick(SMOOTH))(x), False)

    def arithmetic(self, x):
        y, exact = self.matched(x)
        if x.dtype is dtypes.bool_:
            self.keep(self.pick((ops.bitand, ops.bitor, ops.bitxor))(x, y), True)
        else:
            name = self.pick(("add", "sub", "mul"))
            self.keep(getattr(ops, name)(x, y), (exact and name != "mul") or not x.dtype.inexact)

    def extreme(self, x):
        y, exact = self.matched(x)
        if not x.dtype.is_complex:
            self.keep(self.pick((ops.maximum, ops.minimum))(x, y), exact)

    def compare(self, x):
        y, exact = self.matched(x)
        if exact or not x.dtype.inexact:
            test = (ops.eq, ops.ne) if x.dtype.is_complex else (ops.eq, ops.ne, ops.lt, ops.le)
            self.keep(self.pick(test)(x, y), True)

    def where(self, x):
        y, exact = self.matched(x)
        tests = [n for n in self.pool if n.dtype is dtypes.bool_ and n.shape == x.shape]
        if tests:
            self.keep(ops.where(self.pick(tests), x, y), exact)

    def divide(self, x):
        y, _ = self.matched(x)
        if x.dtype in REAL:
            self.keep(ops.div(x, ops.add(ops.mul(y, y), ops.fill(y, 1))), False)

    def step(self, x):
        if x in self.exact and x.dtype in REAL:
            self.keep(getattr(ops, self.pick(("floor", "ceil", "trunc", "round", "sign")))(x), True)

    def simple(self, x):
        exact = x in self.exact
        if x.dtype is dtypes.bool_:
            self.keep(ops.bitnot(x), True)
        elif x.dtype.is_complex:
            self.keep(self.pick((ops.real, ops.imag, ops.conj, ops.neg))(x), exact)
        else:
            self.keep(self.pick((ops.neg, ops.abs))(x), exact)

    def cast(self, x):
        kind = self.kind(self.pick(KINDS))
        if x.dtype.is_complex and not kind.is_complex:
            x = ops.real(x)
        if (
            kind.inexact
            or (x in self.exact and not x.dtype.inexact)
            or (kind is dtypes.bool_ and x in self.exact)
        ):
            self.keep(ops.cast(x, dtype=kind), x in self.exact)

    # ------------------------------------------------------------ movement
    def reshape(self, x):
        size = prod(x.shape)
        split = next((k for k in (2, 3, 5) if size and size % k == 0), 1)
        shape = self.pick(
            ((size,), (1, size), (size, 1), (split, size // split), (*x.shape, 1), (1, *x.shape))
        )
        self.keep(ops.reshape(x, shape=shape), x in self.exact)

    def permute(self, x):
        dims = list(range(len(x.shape)))
        turned = dims[1:] + dims[:1] if self.choose(2) else dims[::-1]
        self.keep(ops.permute(x, dims=tuple(turned)), x in self.exact)

    def expand(self, x):
        shape = tuple(3 if n == 1 else n for n in x.shape)
        self.keep(ops.expand(x, shape=shape), x in self.exact)

    def region(self, shape):
        start = tuple(self.choose(n + 1) if n < 4 else self.choose(3) for n in shape)
        step = tuple(1 + self.choose(2) for _ in shape)
        stop = tuple(max(a, n - self.choose(2)) for a, n in zip(start, shape))
        return {"start": start, "stop": stop, "step": step}

    def slice(self, x):
        self.keep(ops.slice(x, **self.region(x.shape)), x in self.exact)

    def update(self, x):
        where = self.region(x.shape)
        part = ops.slice(x, **where)
        new, exact = self.matched(part)
        if new.shape == part.shape and new.dtype is x.dtype:
            self.keep(ops.update(x, new, **where), exact and x in self.exact)

    def pad(self, x):
        low, high = (tuple(self.choose(3) for _ in x.shape) for _ in "ab")
        interior = tuple(self.choose(2) for _ in x.shape)
        self.keep(
            ops.pad(x, low=low, high=high, interior=interior, value=self.choose(2)), x in self.exact
        )

    def flip(self, x):
        axes = tuple(i for i in range(len(x.shape)) if self.choose(2))
        self.keep(ops.flip(x, axes=axes), x in self.exact)

    def concat(self, x):
        if x.shape:
            y, exact = self.matched(x)
            self.keep(ops.concat(x, y, x, axis=self.choose(len(x.shape))), exact)

    def windows(self, x):
        if x.shape and x.shape[-1] >= 3:
            attrs = {
                "axes": (len(x.shape) - 1,),
                "size": (2,),
                "step": (1 + self.choose(2),),
                "dilation": (1 + self.choose(2),),
            }
            out = ops.windows(x, **attrs)
            self.keep(out, x in self.exact)
            if x.dtype in REAL and self.choose(2):
                self.keep(ops.fold(out, shape=x.shape, **attrs), x in self.exact)

    # ------------------------------------------------------------ reductions, products, places
    def reduce(self, x):
        axes = tuple(i for i in range(len(x.shape)) if self.choose(2))
        if not axes:
            return
        if x.dtype.is_complex or x.dtype is dtypes.bool_ or any(x.shape[a] == 0 for a in axes):
            self.keep(ops.sum(x, axes=axes), x in self.exact)
        elif len(axes) == 1 and (x in self.exact or not x.dtype.inexact) and self.choose(3) == 0:
            self.keep(self.pick((ops.argmax, ops.argmin))(x, axes=axes), True)
        else:
            self.keep(self.pick((ops.sum, ops.max, ops.min))(x, axes=axes), x in self.exact)

    def scan(self, x):
        if x.shape and (x.dtype in REAL or x.dtype is dtypes.int64):
            self.keep(ops.cumsum(x, axis=self.choose(len(x.shape))), x in self.exact)

    def dot(self, x):
        if len(x.shape) >= 2 and x.dtype in REAL:
            n = len(x.shape)
            y = ops.permute(x, dims=(*range(n - 2), n - 1, n - 2))
            self.keep(ops.dot(x, y), False)

    def take(self, x):
        if x.shape and prod(x.shape):
            axis = self.choose(len(x.shape))
            n = x.shape[axis]
            index = ops.iota(size=min(n, 1 + self.choose(4)))
            if self.choose(2):
                index = ops.sub(ops.fill(index, n - 1), index)
            self.keep(ops.take(x, index, axis=axis), x in self.exact)

    def add_at(self, x):
        if x.shape and prod(x.shape) and x.dtype in REAL:
            axis = self.choose(len(x.shape))
            index = ops.fill(ops.iota(size=3), self.choose(x.shape[axis]))
            src, exact = self.matched(ops.take(x, index, axis=axis))
            if src.dtype is x.dtype and src.shape == (*x.shape[:axis], 3, *x.shape[axis + 1 :]):
                self.keep(ops.index_add(x, index, src, axis=axis), exact and x in self.exact)


STEPS = (
    *(
        "smooth",
        "arithmetic",
        "arithmetic",
        "arithmetic",
        "extreme",
        "compare",
        "where",
        "divide",
        "step",
        "simple",
    ),
    *(
        "cast",
        "reshape",
        "permute",
        "expand",
        "slice",
        "update",
        "pad",
        "flip",
        "concat",
        "windows",
    ),
    *("reduce", "reduce", "scan", "dot", "take", "add_at"),
)


def last_places(program, count) -> list[int]:
    """Where the last nodes of the program stand in its pool, each node once."""
    places = range(max(0, len(program.pool) - count), len(program.pool))
    return list({program.pool[i]: i for i in places}.values())


def at(program, places) -> list[Node]:
    """The nodes at these places."""
    return [program.pool[i] for i in places]

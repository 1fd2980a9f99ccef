import ctypes
import itertools
from dataclasses import replace

import numpy as np
import pytest

from taper.backends.llvm.dot import write_multiply
from taper.backends.llvm.dot_plan import Batch, Dot, Layout, plan_dot
from taper.backends.llvm.emit import Unit
from taper.backends.llvm.jit import Jit
from taper.backends.llvm.pack import write_pack
from taper.backends.llvm.target import host_levels, target
from taper.backends.llvm.values import F32, F64, I64, PTR

P, N = ctypes.c_void_p, ctypes.c_int64
GUARD = 64


def compiled(plan, level="native", store=None, extra=0):
    """A function of the arrays (A, B, C, more...) and the number of parts."""
    t = target(level)
    unit = Unit(t)
    names = []
    for name in ("pack", "multiply"):
        if name == "pack" and not plan.panels:
            continue
        b = unit.function(name, [PTR] * (4 + extra) + [I64] * 2)
        operands, (part, parts) = tuple(b.args[:4]), b.args[-2:]
        if name == "pack":
            write_pack(b, plan, operands, part, parts)
        else:
            finish = store and store(b.args[4:-2])
            write_multiply(b, plan, operands, part, parts, finish)
        b.ret()
        names.append(name)
    code = Jit(t).load(unit.text(), *names)
    steps = [code.function(name, *[P] * (4 + extra), N, N) for name in names]
    dtype = "float32" if plan.dot.element is F32 else "float64"
    raw = np.full(plan.scratch + GUARD + 16, np.nan, dtype)
    scratch = raw[-raw.ctypes.data % 64 // raw.itemsize :]

    def call(a, b, c, *more, parts=1):
        pointers = [x.ctypes.data for x in (a, b, c, scratch, *more)]
        for step, p in itertools.product(steps, range(parts)):
            step(*pointers, p, parts)
        assert np.all(np.isnan(scratch[plan.scratch :])), "wrote past the scratch memory"

    return call


def matrix(rng, rows, columns, turned, gap, dtype, batch=()):
    """Random numbers with NaN around them; turned: columns lie along memory."""
    inner, outer = (rows, columns) if turned else (columns, rows)
    raw = np.full((*batch, outer, inner + gap), np.nan, dtype)
    values = raw[..., :inner]
    values[...] = rng.normal(size=values.shape)
    return values.swapaxes(-1, -2) if turned else values


def layout(x):
    return Layout(*(s // x.itemsize for s in x.strides[-2:]))


def problem(m, n, k, turned=(0, 0, 0), gap=0, dtype="float32", batch=(), accumulate=False, seed=0):
    rng = np.random.default_rng(seed)
    sizes = ((m, k), (k, n), (m, n))
    a, b, c = (matrix(rng, *s, t, gap, dtype, batch) for s, t in zip(sizes, turned))
    levels = tuple(
        Batch(count, tuple(x.strides[i] // x.itemsize for x in (a, b, c)))
        for i, count in enumerate(batch)
    )
    element = F32 if dtype == "float32" else F64
    dot = Dot(m, n, k, layout(a), layout(b), layout(c), element, levels, accumulate)
    return dot, a, b, c


def check(dot, a, b, c, level="native", change=None, parts=(1, 3)):
    """Compare with float64, and the bits for several numbers of parts."""
    plan = plan_dot(dot, target(level))
    if change:
        plan = replace(plan, **change)
    call = compiled(plan, level)
    want = a.astype("float64") @ b.astype("float64")
    size = np.abs(a).astype("float64") @ np.abs(b).astype("float64")
    if dot.accumulate:
        want += c
        size += np.abs(c)
    before, found = c.copy(), []
    for count in parts:
        c[...] = before
        call(a, b, c, parts=count)
        found.append(c.copy())
    eps = np.finfo(c.dtype).eps
    assert np.all(np.abs(found[0] - want) <= size * eps * (2 + dot.k**0.5)), plan
    for other in found[1:]:
        assert found[0].tobytes() == other.tobytes(), plan


LAYOUTS = list(itertools.product((0, 1), (0, 1), (0, 1)))
SIZES = [
    (1, 1, 1), (2, 3, 4), (1, 17, 33), (17, 1, 33), (5, 16, 16), (16, 5, 100), (33, 65, 20),
    (64, 64, 64), (4, 120, 400), (120, 400, 4), (100, 100, 100), (7, 200, 9), (31, 33, 300),
]  # fmt: skip


@pytest.mark.parametrize("m, n, k", SIZES)
@pytest.mark.parametrize("turned", LAYOUTS)
def test_layouts(m, n, k, turned):
    check(*problem(m, n, k, turned))


@pytest.mark.parametrize("level", host_levels()[1:])
@pytest.mark.parametrize("m, n, k", [(5, 16, 16), (33, 65, 20), (40, 70, 50), (6, 9, 130)])
@pytest.mark.parametrize("turned", [(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 1)])
def test_lesser_processors(m, n, k, turned, level):
    check(*problem(m, n, k, turned), level=level)


@pytest.mark.parametrize("turned", LAYOUTS)
def test_rows_with_gaps_and_float64(turned):
    check(*problem(37, 45, 51, turned, gap=3))
    check(*problem(37, 45, 51, turned, gap=5, dtype="float64"))


def test_random_sizes():
    rng = np.random.default_rng(5)
    for seed in range(60):
        m, n, k = (int(v) for v in np.exp(rng.uniform(0, 5, 3)))
        turned, gap = rng.integers(0, 2, 3), int(rng.integers(0, 4))
        accumulate = bool(seed % 2)
        check(*problem(m, n, k, turned, gap, accumulate=accumulate, seed=seed), parts=(1, 2, 7))


@pytest.mark.parametrize("turned", [(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 1)])
@pytest.mark.parametrize("batch", [(3,), (2, 3)])
def test_batches(turned, batch):
    check(*problem(20, 40, 30, turned, gap=2, batch=batch))


def test_an_operand_may_be_shared_by_the_batch():
    dot, a, b, c = problem(6, 40, 30, batch=(4,))
    shared = replace(dot, batch=(Batch(4, (dot.batch[0].strides[0], 0, dot.batch[0].strides[2])),))
    call = compiled(plan_dot(shared, target()))
    call(a, b, c)
    assert np.allclose(c, a @ b[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "turned, change",
    [
        ((0, 0, 0), {"kind": "outer", "pack_b": True}),
        ((0, 1, 0), {"kind": "outer", "pack_b": True}),
        ((1, 0, 0), {"kind": "outer", "pack_a": True}),
        ((1, 1, 0), {"kind": "outer", "pack_a": True, "pack_b": True}),
        ((1, 0, 0), {"kind": "outer", "pack_a": True, "chunk": 70, "block": 20}),
        ((0, 1, 0), {"kind": "outer", "pack_b": True, "chunk": 64, "block": 64}),
        ((0, 0, 0), {"kind": "outer", "chunk": 50, "block": 16}),
    ],
)
@pytest.mark.parametrize("m, n, k", [(33, 70, 150), (64, 96, 128), (13, 33, 151)])
@pytest.mark.parametrize("level", ["native", host_levels()[len(host_levels()) > 1]])
def test_packing_and_chunks(turned, change, m, n, k, level):
    lanes = target(level).lanes(32)
    change = {"height": 5, "width": 2 * lanes, **change}
    for accumulate in (False, True):
        check(*problem(m, n, k, turned, accumulate=accumulate), level=level, change=change)
    check(*problem(m, n, k, turned, batch=(2,)), level=level, change=change)


def test_columns_of_any_stride_are_packed():
    rng = np.random.default_rng(1)
    a, wide = rng.normal(size=(20, 30)).astype("f4"), rng.normal(size=(60, 120)).astype("f4")
    b, c = wide[::2, ::3], np.zeros((20, 40), "f4")
    dot = Dot(20, 40, 30, layout(a), layout(b), layout(c))
    plan = plan_dot(dot, target())
    assert plan.pack_b
    compiled(plan)(a, b, c)
    assert np.allclose(c, a @ b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("turned", [(0, 0, 0), (0, 1, 0), (1, 1, 1)])
@pytest.mark.parametrize("chunk", [0, 40])
def test_an_epilogue_sees_finished_sums_and_their_place(turned, chunk):
    dot, a, b, c = problem(21, 50, 100, turned)
    bias, residual = np.arange(50, dtype="f4"), np.random.rand(21, 50).astype("f4")
    plan = plan_dot(dot, target())
    if chunk:
        plan = replace(plan, kind="outer", chunk=chunk)

    def store(more):
        bias_at, residual_at, out = more

        def finish(e, x, spot):
            lanes = x.type.lanes
            place = e.add(e.mul(spot.row, 50), spot.column)
            if spot.along == "columns":
                x = e.add(x, e.load(x.type, bias_at, spot.column, spot.mask))
                x = e.add(x, e.load(x.type, residual_at, place, spot.mask))
                e.store(e.maximum(x, 0.0), out, place, spot.mask)
                return
            x = e.add(x, e.broadcast(e.load(F32, bias_at, spot.column), lanes))
            steps = e.add(e.broadcast(place, lanes), e.mul(e.iota(I64.by(lanes)), 50))
            x = e.maximum(e.add(x, e.gather(x.type, residual_at, steps, spot.mask)), 0.0)

            def one(n):
                kept = spot.mask is None or n < 21 % plan.lanes
                if kept:
                    e.store(e.extract(x, n), out, e.add(place, 50 * n))

            for n in range(lanes):
                one(n)

        return finish

    out = np.full((21, 50), -1, "f4")
    compiled(plan, store=store, extra=3)(a, b, c, bias, residual, out, parts=2)
    want = np.maximum(a.astype("f8") @ b + bias + residual, 0)
    assert np.allclose(out, want, rtol=1e-4, atol=1e-4)


def test_special_numbers_pass_through():
    dot, a, b, c = problem(4, 20, 40)
    a[0, 0], a[1, 1], b[3, 3] = np.nan, np.inf, -np.inf
    compiled(plan_dot(dot, target()))(a, b, c)
    with np.errstate(invalid="ignore"):
        want = a @ b
    assert np.array_equal(np.isnan(c), np.isnan(want))
    assert np.array_equal(c[np.isinf(want)], want[np.isinf(want)])


def test_long_sums_stay_accurate():
    dot, a, b, c = problem(4, 32, 20_000, (0, 0, 0))
    compiled(plan_dot(dot, target()))(a, b, c)
    want = a.astype("f8") @ b.astype("f8")
    assert np.sqrt(np.mean((c - want) ** 2)) < 1e-4


def test_c_must_lie_along_something():
    with pytest.raises(ValueError, match="C must lie along its rows or its columns"):
        plan_dot(Dot(4, 5, 6, Layout(6, 1), Layout(5, 1), Layout(15, 3)), target())


@pytest.mark.parametrize(
    "m, n, k", [(256, 256, 256), (1000, 300, 2000), (2048, 2048, 8), (3, 3, 9000)]
)
def test_plans_are_sound(m, n, k):
    for turned in LAYOUTS[::2]:
        sizes = ((m, k), (k, n), (m, n))
        lays = [Layout(1, r) if t else Layout(c, 1) for (r, c), t in zip(sizes, turned)]
        plan = plan_dot(Dot(m, n, k, *lays), target())
        assert plan.height * plan.width <= 32 * plan.lanes or plan.kind == "inner"
        assert plan.chunks * plan.chunk >= k
        assert plan.tiles >= 1
        assert plan.scratch_a % 16 == 0

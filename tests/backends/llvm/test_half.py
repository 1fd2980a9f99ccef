"""Half precision converts as numpy does, bit for bit, on every level of the processor."""

import ctypes

import numpy as np
import pytest

from taper import dtypes
from taper.backends.llvm import typed
from taper.backends.llvm.emit import Unit
from taper.backends.llvm.jit import Jit
from taper.backends.llvm.target import host_levels, target
from taper.backends.llvm.values import F32, I64, PTR

ALL = np.arange(1 << 16, dtype=np.uint16)
LANES = 4


def _converter(level, source, to):
    """A compiled loop that converts `count` numbers, four at a time."""
    unit = Unit(target(level))
    b = unit.function("kernel", (PTR, PTR, I64))
    given, out, count = b.args

    def step(i):
        x = b.load(source.by(LANES), given, i, b.lanes_below(LANES, LANES))
        b.store(b.convert(x, to), out, i, b.lanes_below(LANES, LANES))

    b.loop(count, step, step=LANES)
    b.ret()
    function = Jit(target(level)).load(unit.text(), "kernel")
    return function.function("kernel", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)


def _convert(level, values, kind, to):
    source = F32 if kind is dtypes.float32 else typed.memory_type(kind)
    aim = F32 if to is dtypes.float32 else typed.memory_type(to)
    out = np.empty(values.shape, to.array)
    _converter(level, source, aim)(values.ctypes.data, out.ctypes.data, values.size)
    return out


@pytest.mark.parametrize("level", host_levels())
@pytest.mark.parametrize("kind", [dtypes.float16, dtypes.bfloat16], ids=str)
def test_widening(level, kind):
    values = ALL.view(kind.array)
    found, want = _convert(level, values, kind, dtypes.float32), values.astype(np.float32)
    number = ~np.isnan(want)
    np.testing.assert_array_equal(found.view(np.uint32)[number], want.view(np.uint32)[number])
    assert np.isnan(found[~number]).all()


@pytest.mark.parametrize("level", host_levels())
@pytest.mark.parametrize("kind", [dtypes.float16, dtypes.bfloat16], ids=str)
def test_narrowing(level, kind):
    rng = np.random.default_rng(0)
    exact = ALL.view(kind.array).astype(np.float32)
    exact = exact[np.isfinite(exact)]
    halfway = exact[:-1] / 2 + exact[1:] / 2
    free = rng.integers(0, 2**32, 1 << 16, dtype=np.uint32).view(np.float32)
    values = np.concatenate([exact, halfway, np.nextafter(halfway, np.float32(0)), free])
    values = values[: values.size // LANES * LANES]
    found = _convert(level, values, dtypes.float32, kind)
    with np.errstate(over="ignore", invalid="ignore"):
        want = values.astype(kind.array)
    number = ~np.isnan(values)
    np.testing.assert_array_equal(found.view(np.uint16)[number], want.view(np.uint16)[number])
    assert np.isnan(found[~number].astype(np.float32)).all()

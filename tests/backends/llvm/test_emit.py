import ctypes

import numpy as np
import pytest

from taper.backends.llvm.emit import Unit
from taper.backends.llvm.jit import Jit
from taper.backends.llvm.target import host_levels, target
from taper.backends.llvm.values import BF16, F16, F32, F64, I1, I8, I32, I64, PTR, VOID, constants

P, N = ctypes.c_void_p, ctypes.c_int64


def build(write, parameters, level="native", result=VOID):
    """Compile one function whose body `write(b, *args)` emits."""
    unit = Unit(target(level))
    b = unit.function("f", parameters, result)
    value = write(b, *b.args)
    b.ret(value)
    kinds = {PTR: P, I64: N, F32: ctypes.c_float, F64: ctypes.c_double, VOID: None}
    code = Jit(target(level)).load(unit.text(), "f")
    return code.function("f", *(kinds[p] for p in parameters), result=kinds[result])


@pytest.mark.parametrize("level", host_levels())
@pytest.mark.parametrize("count", [0, 1, 5, 16, 37])
def test_a_vector_loop_with_a_masked_tail(level, count):
    lanes = target(level).lanes(32)

    def write(b, x, y, n):
        def turn(i):
            mask = b.lanes_below(b.sub(n, i), lanes)
            v = b.load(F32.by(lanes), x, i, mask)
            b.store(b.fma(v, 2.0, 1.0), y, i, mask)

        b.loop(n, turn, step=lanes)

    f = build(write, [PTR, PTR, I64], level)
    x = np.arange(count, dtype="float32")
    y = np.full(count + 20, -1, dtype="float32")
    f(x.ctypes.data, y.ctypes.data, count)
    assert np.array_equal(y[:count], 2 * x + 1)
    assert np.all(y[count:] == -1)


def test_loops_carry_values():
    def write(b, n):
        def turn(i, a, c):
            return c, b.add(a, c)

        return b.loop(n, turn, b.const(I64, 0), b.const(I64, 1))[0]

    fibonacci = build(write, [I64], result=I64)
    assert [fibonacci(n) for n in range(8)] == [0, 1, 1, 2, 3, 5, 8, 13]
    assert fibonacci(-3) == 0


def test_loops_of_known_length():
    def write(b, n):
        (a,) = b.loop(5, lambda i, a: b.add(a, i), n, start=2)
        (a,) = b.loop(1, lambda i, a: b.add(a, 10), a)
        (a,) = b.loop(3, lambda i, a: b.add(a, 100), a, start=3)
        return a

    assert build(write, [I64], result=I64)(7) == 7 + 2 + 3 + 4 + 10


def test_repeat_and_when():
    def write(b, n):
        def turn(x, steps):
            even = b.eq(b.both(x, 1), 0)
            (x,) = b.when(even, lambda: b.shr(x, 1), lambda: b.add(b.mul(x, 3), 1))
            return x, b.add(steps, 1)

        return b.repeat(lambda x, _: b.ne(x, 1), turn, n, b.const(I64, 0))[1]

    collatz = build(write, [I64], result=I64)
    assert collatz(27) == 111


def test_lanes():
    def write(b, p):
        x = b.load(I32.by(8), p)
        b.store(b.fold(x, b.add), p, 8)
        b.store(b.shuffle(x, None, [7, 6, 5, 4]), p, 9)
        b.store(b.gather(I32.by(4), p, constants(I64, [3, 0, 3, 1])), p, 13)
        b.store(b.extract(b.insert(x, b.const(I32, 99), 2), 2), p, 17)
        b.store(b.add(b.iota(I32.by(2)), b.broadcast(b.load(I32, p, 1), 2)), p, 18)

    p = np.zeros(20, "int32")
    p[:8] = [5, 1, 4, 1, 3, 9, 2, 6]
    build(write, [PTR])(p.ctypes.data)
    assert p[8:].tolist() == [31, 6, 2, 9, 3, 1, 5, 1, 1, 99, 1, 2]


def test_conversions():
    def write(b, p):
        x = b.load(F32, p)
        b.store(b.convert(b.convert(b.convert(x, F16), BF16), F32), p, 1)
        b.store(b.convert(b.convert(x, I64), F32), p, 2)
        b.store(b.convert(b.convert(b.load(I8, p, 12), I32, signed=False), F32), p, 4)
        b.store(b.bits(b.add(b.bits(x), 1)), p, 5)
        b.store(b.convert(b.convert(b.gt(x, 0.0), I8, signed=False), F32), p, 6)

    p = np.zeros(8, "float32")
    p[0] = -2.7182
    p.view("int8")[12] = -1
    build(write, [PTR])(p.ctypes.data)
    assert p[1] == np.float32(-2.71875)
    assert p[2] == -2
    assert p[4] == 255
    assert p[5] == np.nextafter(p[0], np.float32(-9))
    assert p[6] == 0


def test_larger_and_smaller_keep_nan():
    def write(b, p):
        x, y = b.load(F64.by(4), p), b.load(F64.by(4), p, 4)
        b.store(b.maximum(x, y), p, 8)
        b.store(b.minimum(x, y), p, 12)

    p = np.zeros(16)
    p[:8] = [1, np.nan, 3, np.inf, 2, 5, np.nan, -1]
    build(write, [PTR])(p.ctypes.data)
    assert np.array_equal(p[8:12], [2, np.nan, np.nan, np.inf], equal_nan=True)
    assert np.array_equal(p[12:16], [1, np.nan, np.nan, -1], equal_nan=True)


def test_tables_and_calls_between_functions():
    unit = Unit(target())
    inner = unit.function("inner", [I64], F64, exported=False)
    inner.ret(inner.load(F64, unit.table(F64, [1.5, -0.0, float("inf")]), inner.args[0]))
    b = unit.function("f", [I64], F64)
    b.ret(b.mul(b.invoke(inner, b.args[0]), 2.0))
    f = Jit(target()).load(unit.text(), "f").function("f", N, result=ctypes.c_double)
    assert [f(0), f(2)] == [3.0, np.inf]
    assert str(f(1)) == "-0.0"


def test_constants_know_negative_zero():
    unit = Unit(target())
    b = unit.function("f", [])
    assert b.const(F32, 0.0).text != b.const(F32, -0.0).text
    assert b.const(F32.by(4), 0.1).text == "splat (float 0x3fb99999a0000000)"
    assert b.const(I1, 1).text == "1"


def test_operands_of_different_types_are_refused():
    b = Unit(target()).function("f", [F32, F64])
    with pytest.raises(TypeError, match="operands of float and double"):
        b.add(*b.args)

import os
import threading
import time

import numpy as np
import pytest

from taper.backends.llvm.emit import Unit
from taper.backends.llvm.jit import Jit
from taper.backends.llvm.pool import Pool, Table
from taper.backends.llvm.target import target
from taper.backends.llvm.values import I64, PTR

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the pool has threads on POSIX only")


@pytest.fixture(scope="module")
def kernels():
    """mix: y[i] = x[i] + x[n-1-i] over its range; note: the part's number; spin: takes time."""
    unit = Unit(target())
    b = unit.function("mix", [PTR, I64, I64])
    args, part, parts = b.args
    x, y, n = b.load(PTR, args, 0), b.load(PTR, args, 1), b.load(I64, args, 2)

    def one(i):
        mirrored = b.load(I64, x, b.sub(b.sub(n, 1), i))
        b.store(b.add(b.load(I64, x, i), mirrored), y, i)

    b.loop(b.div(b.mul(n, b.add(part, 1)), parts), one, start=b.div(b.mul(n, part), parts))
    b.ret()
    b = unit.function("note", [PTR, I64, I64])
    args, part, parts = b.args
    b.store(b.add(b.load(I64, args, part), b.add(part, b.mul(parts, 100))), args, part)
    b.ret()
    b = unit.function("spin", [PTR, I64, I64])
    b.loop(b.load(I64, b.args[0]), lambda i: b.pause())
    b.ret()
    code = Jit(target()).load(unit.text(), "mix", "note", "spin")
    return code, code.addresses


@pytest.fixture
def pool():
    made = Pool(Jit(target()), 2)
    yield made
    made.close()


def chain(kernels, steps, size, parts):
    """A table in which each call reads what all parts of the one before it wrote."""
    a, b = np.arange(size), np.zeros(size, np.int64)
    calls, keep = [], [a, b]
    for n in range(steps):
        x, y = (a, b) if n % 2 == 0 else (b, a)
        args = np.array([x.ctypes.data, y.ctypes.data, size], np.int64)
        keep.append(args)
        calls.append((kernels[1]["mix"], args.ctypes.data, parts))
    return Table(calls), a, keep


def mixed(size, steps):
    x = np.arange(size)
    for _ in range(steps):
        x = x + x[::-1]
    return x


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
@pytest.mark.parametrize("parts", [1, 2, 7])
def test_calls_wait_for_those_before_them(kernels, pool, threads, parts):
    pool.threads = threads
    table, a, _keep = chain(kernels, 20, 1000, parts)
    want = mixed(1000, 20)
    for _ in range(50):
        a[:] = np.arange(1000)
        pool.run(table)
        assert np.array_equal(a, want)


def test_each_part_is_done_once(kernels, pool):
    noted = np.zeros((10, 9), np.int64)
    calls = [(kernels[1]["note"], row.ctypes.data, 1 + n % 9) for n, row in enumerate(noted)]
    table = Table(calls)
    pool.threads = 3
    for _ in range(2000):
        pool.run(table)
    for n, row in enumerate(noted):
        parts = 1 + n % 9
        assert row[:parts].tolist() == [2000 * (p + 100 * parts) for p in range(parts)]
        assert not row[parts:].any()


def test_a_stretch_of_a_table(kernels, pool):
    noted = np.zeros((6, 3), np.int64)
    table = Table([(kernels[1]["note"], row.ctypes.data, 3) for row in noted])
    for threads in (1, 2):
        pool.threads = threads
        pool.run(table, 2, 5)
        pool.run(table, 4, 4)
    assert (noted[:, 0] != 0).tolist() == [False, False, True, True, True, False]
    assert noted[2].tolist() == [600, 602, 604]


def test_an_empty_table(pool):
    pool.run(Table([]))


def test_the_number_of_threads_may_change(kernels, pool):
    table, a, _keep = chain(kernels, 10, 500, 4)
    want = mixed(500, 10)
    for threads in (2, 4, 1, 3, 2):
        pool.threads = threads
        a[:] = np.arange(500)
        pool.run(table)
        assert np.array_equal(a, want)


def test_a_closed_pool_starts_again(kernels, pool):
    table, a, _keep = chain(kernels, 10, 500, 2)
    for _ in range(3):
        a[:] = np.arange(500)
        pool.run(table)
        assert np.array_equal(a, mixed(500, 10))
        pool.close()


def test_python_threads_may_run_at_once(kernels, pool):
    wrong = []

    def work():
        table, a, _keep = chain(kernels, 10, 300, 2)
        want = mixed(300, 10)
        for _ in range(300):
            a[:] = np.arange(300)
            pool.run(table)
            if not np.array_equal(a, want):
                wrong.append(a.copy())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_sleeping_threads_take_no_time_and_wake(kernels, pool):
    table, a, _keep = chain(kernels, 10, 500, 2)
    pool.run(table)
    time.sleep(0.05)
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.03
    for _ in range(20):
        time.sleep(0.002)
        a[:] = np.arange(500)
        pool.run(table)
        assert np.array_equal(a, mixed(500, 10))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_its_own_threads(kernels, pool):
    table, a, _keep = chain(kernels, 10, 500, 2)
    pool.run(table)
    child = os.fork()
    if child == 0:
        a[:] = np.arange(500)
        pool.run(table)
        os._exit(0 if np.array_equal(a, mixed(500, 10)) and pool._members else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0
    a[:] = np.arange(500)
    pool.run(table)
    assert np.array_equal(a, mixed(500, 10))


def test_the_caller_does_not_wait_for_threads_to_come(kernels, pool):
    """With many more threads than processors, a run still ends soon."""
    turns = np.array([1000], np.int64)
    table = Table([(kernels[1]["spin"], turns.ctypes.data, 4)] * 20)
    pool.threads = 16
    start = time.perf_counter()
    for _ in range(50):
        pool.run(table)
    assert time.perf_counter() - start < 5

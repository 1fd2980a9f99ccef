"""Random programs give on llvm what they give on the reference backend."""

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taper import dtypes
from taper.backends import reference
from taper.backends.llvm.plan import Plan as Compiled
from taper.ir.build import ops
from taper.ir.node import leaf

_spec = importlib.util.spec_from_file_location("graphs", Path(__file__).with_name("graphs.py"))
graphs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(graphs)

EXAMPLES = 500 if os.environ.get("CI") else 60


def run(plan, roots, arrays):
    return [np.asarray(a) for a in plan(tuple(roots)).run([a.copy() for a in arrays], [])]


def check(decisions, steps, count):
    """Grow the program of these decisions, narrow and wide, and compare the backends."""
    program = graphs.Program(decisions.choose)
    for _ in range(steps):
        program.grow()
    places = graphs.last_places(program, count)
    roots = graphs.at(program, places)
    twin = graphs.Program(decisions.replayed(), wide=True)
    for _ in range(steps):
        twin.grow()
    found, expected = (
        run(Compiled, roots, program.arrays),
        run(reference.Plan, roots, program.arrays),
    )
    wide = run(reference.Plan, graphs.at(twin, places), twin.arrays)
    for root, a, b, c in zip(roots, found, expected, wide):
        assert a.shape == b.shape == root.shape and a.dtype == b.dtype == root.dtype.array
        if root in program.exact or not root.dtype.inexact:
            np.testing.assert_array_equal(a, b, err_msg=repr(root))
        else:
            close(a, b, c, root)


def close(found, expected, wide, root):
    """Within the distance that rounding to the narrow type makes, many times over; exact where
    nothing is finite."""
    with np.errstate(all="ignore"):
        usual = np.isfinite(expected) & np.isfinite(wide) & (np.abs(wide) < 1e30)
        strange = ~np.isfinite(expected) & ~np.isfinite(wide)
        step = 1e-5 if root.dtype.itemsize <= 8 and root.dtype in graphs.TWIN else 1e-12
        apart = np.abs(expected - wide)
        allowed = 100 * apart + step * (1 + np.abs(wide)) * 100
        bad = usual & ~(np.abs(found - expected) <= allowed)
        bad |= strange & np.isfinite(found)
    assert not bad.any(), (root, found[bad], expected[bad])


class Decisions:
    """Numbers drawn on demand, remembered so that they can be drawn again."""

    def __init__(self, source):
        self.source, self.made = source, []

    def choose(self, n):
        self.made.append(self.source(n))
        return self.made[-1]

    def replayed(self):
        again = iter(self.made)
        return lambda n: next(again)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
@given(st.randoms(use_true_random=False), st.integers(1, 40), st.integers(1, 4))
def test_random_programs(random, steps, count):
    check(Decisions(lambda n: random.randrange(n)), steps, count)


def test_an_index_whose_lanes_agree():
    """Found by the test above: an index read from memory that is one number for all lanes of a
    vector."""
    x = leaf(0, (9,), dtypes.int32)
    n = ops.iota(size=1)
    first = ops.take(x, ops.sub(ops.fill(n, 2), n), axis=0)
    seen = ops.windows(
        ops.sub(x, ops.expand(first, shape=(9,))), axes=(0,), size=(2,), step=(1,), dilation=(2,)
    )
    last = ops.expand(ops.reshape(first, shape=(1, 1)), shape=(7, 2))
    root = ops.concat(seen, last, seen, axis=1)
    (found,), (expected,) = (
        run(plan, [root], [np.arange(9, dtype=np.int32)]) for plan in (Compiled, reference.Plan)
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("fill", [0.5, np.inf])
@pytest.mark.parametrize("k", [1, 3, 17, 40])
def test_a_product_of_what_does_not_vary_along_the_sum(k, fill):
    """Found by the test above: lanes past the end of the sum were counted."""
    x, y = leaf(0, (3, 1), dtypes.float32), leaf(1, (k, 2), dtypes.float32)
    wide = ops.expand(x, shape=(3, k))
    roots = [ops.dot(wide, ops.permute(wide, dims=(1, 0))), ops.dot(wide, y)]
    arrays = [np.array([[-0.5], [fill], [0.25]], np.float32), np.full((k, 2), 0.5, np.float32)]
    for found, expected in zip(run(Compiled, roots, arrays), run(reference.Plan, roots, arrays)):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("seed", range(4))
def test_the_twin_is_the_same_program(seed):
    rng = np.random.default_rng(seed)
    decisions = Decisions(lambda n: int(rng.integers(n)))
    program = graphs.Program(decisions.choose)
    for _ in range(20):
        program.grow()
    twin = graphs.Program(decisions.replayed(), wide=True)
    for _ in range(20):
        twin.grow()
    assert [(n.op.name, n.shape) for n in program.pool] == [(n.op.name, n.shape) for n in twin.pool]

"""Convolutions with kernels of their own agree with float64 and do not depend on the cut."""

import numpy as np
import pytest

from taper import dtypes, ops
from taper.backends.llvm import convolutions, plan
from taper.backends.llvm.plan import Plan
from taper.ir.node import leaf, make

SHAPES = [  # x, w, stride, padding, dilation
    ((9, 5, 9, 13), (33, 5, 3, 3), (1, 1), (1, 1), (1, 1)),
    ((3, 17, 11, 10), (18, 17, 3, 3), (2, 2), (1, 1), (1, 1)),
    ((9, 16, 15, 14), (32, 16, 1, 1), (2, 2), (0, 0), (1, 1)),
    ((10, 24, 9), (40, 24, 3), (2,), (2,), (1,)),
    ((2, 33, 14, 9), (16, 33, 4, 3), (3, 2), (3, 5), (2, 1)),
    ((2, 20, 12, 12), (16, 20, 5, 5), (1, 1), (0, 0), (1, 1)),
    ((1, 9, 30, 31), (17, 9, 7, 7), (2, 2), (3, 3), (1, 1)),
    ((3, 8, 1, 2), (16, 8, 1, 1), (9, 9), (3, 3), (1, 1)),  # no window meets the image
    ((16, 20, 4, 4), (34, 20, 3, 3), (1, 1), (1, 1), (1, 1)),
]


def _case(name, x, w, stride, padding, dilation):
    """(shapes of the operands, attributes) of a primitive on an input x and weights w."""
    out = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(x[2:], w[2:], stride, padding, dilation)
    ]
    attrs = {"stride": stride, "padding": padding, "dilation": dilation, "groups": 1}
    g = (x[0], w[0], *out)
    if name == "conv":
        return (x, w), attrs
    if name == "conv_input":
        return (g, w), {"shape": x, **attrs}
    return (x, g), {"kernel": w[2:], **attrs}


@pytest.fixture
def always(monkeypatch):
    def whenever(node):
        return node.op.name in ("conv", "conv_input", "conv_weight")

    monkeypatch.setattr(convolutions, "large", whenever)


def _values(shapes, kind):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(s).astype(kind) for s in shapes]


@pytest.mark.parametrize("name", ["conv", "conv_input", "conv_weight"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_agrees_with_float64(always, name, shape):
    shapes, attrs = _case(name, *shape)
    values = _values(shapes, np.float32)
    op = ops.TABLE[name]
    node = make(op, tuple(leaf(i, s, dtypes.float32) for i, s in enumerate(shapes)), attrs)
    made = Plan([node])
    assert len(made.kernels[node]) == 2
    (found,) = made.run(values, [])
    want = op.ref(*(v.astype(np.float64) for v in values), **attrs)
    assert np.abs(found - want).max() < 1e-6 * max(1.0, np.abs(want).max())


@pytest.mark.parametrize("name", ["conv", "conv_input", "conv_weight"])
def test_same_bits_for_any_parts(always, monkeypatch, name):
    shapes, attrs = _case(name, *SHAPES[1])
    values = _values(shapes, np.float64)
    leaves = tuple(leaf(i, s, dtypes.float64) for i, s in enumerate(shapes))
    node = make(ops.TABLE[name], leaves, attrs)
    results = []
    for parts in (1, 3, 8):
        monkeypatch.setattr(plan, "_parts", lambda kernel, parts=parts: parts)
        results.append(Plan([node]).run(values, [])[0])
    want = ops.TABLE[name].ref(*values, **attrs)
    np.testing.assert_allclose(results[0], want, rtol=1e-12, atol=1e-12)
    assert all(np.array_equal(results[0], r) for r in results[1:])


def test_reads_a_turned_operand_in_place(always):
    x = leaf(0, (8, 12, 10, 6), dtypes.float32)  # channels last
    w = leaf(1, (16, 6, 3, 3), dtypes.float32)
    attrs = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
    turned = make(ops.TABLE["permute"], (x,), {"dims": (0, 3, 1, 2)})
    node = make(ops.TABLE["conv"], (turned, w), attrs)
    values = _values([x.shape, w.shape], np.float32)
    made = Plan([node])
    assert made.steps == [node]
    (found,) = made.run(values, [])
    want = ops.TABLE["conv"].ref(values[0].transpose(0, 3, 1, 2), values[1], **attrs)
    np.testing.assert_allclose(found, want, rtol=1e-5, atol=1e-5)


def test_small_ones_stay_on_loops():
    shapes, attrs = _case("conv", (2, 3, 7, 8), (4, 3, 3, 3), (1, 1), (0, 0), (1, 1))
    leaves = tuple(leaf(i, s, dtypes.float32) for i, s in enumerate(shapes))
    assert not convolutions.large(make(ops.TABLE["conv"], leaves, attrs))

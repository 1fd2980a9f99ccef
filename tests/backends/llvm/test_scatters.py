"""Scatters and scans in compiled kernels agree with their definitions, for any dtype and cut."""

import numpy as np
import pytest

from taper import dtypes, ops
from taper.backends.llvm import plan
from taper.backends.llvm.plan import Plan
from taper.ir.node import leaf, make

KINDS = [
    dtypes.float32,
    dtypes.float64,
    dtypes.float16,
    dtypes.bfloat16,
    dtypes.int64,
    dtypes.uint8,
]
ROWS = [
    ((5, 3), (4,), 0),
    ((3, 7, 300), (11,), 1),
    ((2, 6), (2, 3), 1),
    ((4,), (), 0),
    ((9, 513), (64,), 0),
]
ELEMENTS = [
    ((5, 3), (4, 3), 0),
    ((2, 6), (2, 9), 1),
    ((9, 530), (4, 520), 0),
    ((4, 5, 6), (3, 8, 4), 1),
]
SCANS = [((7,), 0), ((3, 5), 0), ((3, 5), 1), ((2, 9, 131), 1), ((4, 33, 1), 1), ((1, 1), 0)]


def _values(rng, shape, kind):
    return np.asarray(rng.integers(-8 if kind.is_signed else 0, 9, shape)).astype(kind.array)


def _run(name, values, attrs):
    leaves = tuple(leaf(i, v.shape, dtypes.of_array(v.dtype)) for i, v in enumerate(values))
    node = make(ops.TABLE[name], leaves, attrs)
    made = Plan([node])
    assert node in made.kernels
    return made.run([np.array(v, order="C") for v in values], [])[0]


def _agrees(name, values, attrs):
    want = ops.TABLE[name].ref(*values, **attrs)
    found = _run(name, values, attrs)
    assert found.dtype == want.dtype
    np.testing.assert_array_equal(found.astype(np.float64), np.asarray(want).astype(np.float64))


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("shape", ROWS, ids=str)
def test_slices(shape, kind):
    size, index, axis = shape
    rng = np.random.default_rng(0)
    src = (*size[:axis], *index, *size[axis + 1 :])
    places = np.asarray(rng.integers(0, size[axis], index), np.int64)
    values = [_values(rng, size, kind), places, _values(rng, src, kind)]
    _agrees("index_add", values, {"axis": axis})
    if places.ndim == 1:  # where an index is repeated, the last one counts
        _agrees("index_set", values, {"axis": axis})


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("shape", ELEMENTS, ids=str)
def test_elements(shape, kind):
    size, index, axis = shape
    rng = np.random.default_rng(0)
    places = rng.integers(0, size[axis], index).astype(np.int32)
    src = tuple(n + 1 for n in index)
    values = [_values(rng, size, kind), places, _values(rng, src, kind)]
    _agrees("scatter_add", values, {"axis": axis})
    _agrees("scatter", values, {"axis": axis})


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("shape", SCANS, ids=str)
def test_scans(shape, kind):
    size, axis = shape
    x = _values(np.random.default_rng(0), size, kind) // 4 + 1
    _agrees("cumsum", [x.astype(kind.array)], {"axis": axis})
    _agrees(
        "cumprod",
        [(x % 2 + 1).astype(kind.array)[tuple(slice(0, 9) for _ in size)]],
        {"axis": axis},
    )


def test_same_bits_for_any_parts(monkeypatch):
    rng = np.random.default_rng(0)
    values = [
        np.zeros((7, 600), np.float32),
        rng.integers(0, 7, 50),
        rng.standard_normal((50, 600)),
    ]
    values[2] = values[2].astype(np.float32)
    results = []
    for parts in (1, 3, 8):
        monkeypatch.setattr(plan, "_parts", lambda kernel, parts=parts: parts)
        results.append(_run("index_add", values, {"axis": 0}))
    assert all(np.array_equal(results[0], r) for r in results[1:])


@pytest.mark.parametrize("name", ["index_add", "index_set", "scatter", "scatter_add"])
@pytest.mark.parametrize("bad", [-1, 4])
def test_index_out_of_range(name, bad):
    index = np.array([0, bad, 1])
    shape = (3,) if name.startswith("index") else (3, 1)
    values = [np.zeros((4, 1), np.float32), index.reshape(shape), np.ones((3, 1), np.float32)]
    with pytest.raises(IndexError, match=f"index {bad} is out of bounds"):
        _run(name, values, {"axis": 0})


def test_base_is_computed_in_place():
    base = make(ops.TABLE["neg"], (leaf(0, (6, 3), dtypes.float32),), {})
    index, src = leaf(1, (4,), dtypes.int64), leaf(2, (4, 3), dtypes.float32)
    node = make(ops.TABLE["index_add"], (base, index, src), {"axis": 0})
    made = Plan([node])
    assert made.steps == [node]
    x, places = np.ones((6, 3), np.float32), np.array([1, 1, 0, 5])
    (found,) = made.run([x, places, np.full((4, 3), 2, np.float32)], [])
    np.testing.assert_array_equal(found[:, 0], [1, 3, -1, -1, -1, 1])

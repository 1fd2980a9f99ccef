"""Tests generated from the table of primitives: what a record says of itself has to be true."""

import dataclasses
import zlib

import numpy as np
import pytest

import taper
from taper import dtypes
from taper.backends import reference
from taper.backends.llvm.plan import Plan as Compiled
from taper.ir.build import ops
from taper.ir.grad import grad
from taper.ir.node import leaf, make
from taper.ops import TABLE
from taper.ops.kinds import Elementwise

assert taper  # importing the package fills the table

# given by the tape or by another primitive: no samples
BOUND = {"leaf", "number", "variable", "pick"}
FLAT = {"geqrf"}  # has no gradient, in PyTorch neither, and no samples
SYMMETRIC = {"cholesky", "eigh"}  # functions of symmetric matrices, which read one triangle
# the phase of eigenvectors is a choice; PyTorch differentiates solutions only
CHECKED = {"eig": (0,), "lstsq": (0,)}
WIDE = {np.dtype("f4"): np.float64, np.dtype("c8"): np.complex128}
RUNNABLE = sorted(set(TABLE) - BOUND - FLAT)


def samples(name):
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    return [([np.asarray(a) for a in arrays], attrs) for arrays, attrs in TABLE[name].samples(rng)]


def leaves(arrays):
    return [leaf(i, a.shape, dtypes.of_array(a.dtype)) for i, a in enumerate(arrays)]


def results(node):
    """The nodes of a primitive's results: itself, or what `pick` takes of it."""
    if isinstance(node.dtype, tuple):
        return [ops.pick(node, place=i) for i in range(len(node.dtype))]
    return [node]


def build(name, arrays, attrs):
    xs = leaves(arrays)
    return xs, results(make(TABLE[name], tuple(xs), attrs))


def run(plan, roots, arrays):
    return [
        np.asarray(a) for a in plan(tuple(roots)).run([np.array(a, order="C") for a in arrays], [])
    ]


def widened(name, arrays):
    return [a if name == "bitcast" else a.astype(WIDE.get(a.dtype, a.dtype)) for a in arrays]


def finite(arrays):
    return all(np.isfinite(a).all() for a in arrays if a.dtype.kind in "fc")


# ---------------------------------------------------------------- what a record says
def test_samples_exist_for_every_primitive():
    assert {name for name in TABLE if not samples(name)} == BOUND | FLAT


@pytest.mark.parametrize("name", RUNNABLE)
def test_shape_and_dtype_rules(name):
    for arrays, attrs in samples(name):
        _, outs = build(name, arrays, attrs)
        for node, found in zip(outs, run(reference.Plan, outs, arrays)):
            assert found.shape == node.shape, attrs
            assert found.dtype == node.dtype.array, attrs


def close(found, expected, exact):
    """Within four times the reference's own distance from float64, plus four roundings of the
    largest value."""
    assert found.shape == expected.shape and found.dtype == expected.dtype
    if found.dtype.kind in "biu":
        np.testing.assert_array_equal(found, expected)
        return
    if not found.size:
        return
    narrow = found.dtype in WIDE
    found, expected, exact = (
        a.astype(np.complex128 if a.dtype.kind == "c" else np.float64)
        for a in (found, expected, exact)
    )
    sure = np.isfinite(expected)
    np.testing.assert_array_equal(found[~sure], expected[~sure])
    if sure.any():
        step = 2.0**-23 if narrow else 2.0**-52
        found, expected, exact = found[sure], expected[sure], exact[sure]
        allowed = 4 * (np.abs(expected - exact).max() + step * np.abs(exact))
        assert (np.abs(found - exact) <= allowed + 1e-300).all()


@pytest.mark.parametrize("name", RUNNABLE)
def test_llvm_equals_reference(name):
    for arrays, attrs in samples(name):
        _, outs = build(name, arrays, attrs)
        wide = widened(name, arrays)
        exact = run(reference.Plan, build(name, wide, attrs)[1], wide)
        pairs = zip(run(Compiled, outs, arrays), run(reference.Plan, outs, arrays), exact)
        for found, expected, true in pairs:
            half = found.dtype.itemsize < 4 and found.dtype.kind not in "biu"
            close(found, expected, expected if half else true)


# ---------------------------------------------------------------- gradients
def inner(a, b):
    return float(np.real(np.vdot(a, b)))


def check_slopes(roots, xs, arrays, rng, symmetric=False, step=1e-6):
    """The gradient of the roots by every real or complex leaf agrees with differences along random
    lines.

    Returns the gradient's nodes, where there are any, and the cotangents' leaves with their arrays.
    """
    roots = [r for r in roots if r.dtype in (dtypes.float64, dtypes.complex128)]
    wrt = [x for x in xs if x.dtype.inexact]
    if not roots or not wrt:
        return [], [], []
    weights = [np.asarray(rng.standard_normal(r.shape)).astype(r.dtype.array) for r in roots]
    first = len(arrays)
    gs = [leaf(first + i, r.shape, r.dtype) for i, r in enumerate(roots)]
    slopes = grad(roots, gs, wrt)
    kept = [(x, s) for x, s in zip(wrt, slopes) if s is not None]
    found = run(reference.Plan, [s for _, s in kept], [*arrays, *weights]) if kept else []
    for (x, s), value in zip(kept, found):
        assert s.shape == x.shape and s.dtype is x.dtype
        place = x.attrs["place"]
        line = rng.standard_normal(x.shape)
        if x.dtype.is_complex:
            line = line + 1j * rng.standard_normal(x.shape)
        if symmetric:
            line = line + np.swapaxes(line, -1, -2)
        ends = []
        for sign in (1, -1):
            moved = list(arrays)
            moved[place] = np.asarray(arrays[place] + sign * step * line)
            with np.errstate(all="ignore"):
                ends.append(
                    sum(inner(w, o) for w, o in zip(weights, run(reference.Plan, roots, moved)))
                )
        numerical, analytical = (ends[0] - ends[1]) / (2 * step), inner(value, line)
        size = 1 + abs(numerical) + sum(np.abs(w).sum() for w in weights)
        assert abs(numerical - analytical) <= 2e-6 * size, (numerical, analytical)
    return [s for _, s in kept], gs, weights


def check_vjp(name):
    rng = np.random.default_rng(7)
    for arrays, attrs in samples(name):
        if not finite(arrays):
            continue
        wide = widened(name, arrays)
        xs, outs = build(name, wide, attrs)
        outs = [outs[i] for i in CHECKED.get(name, range(len(outs)))]
        slopes, gs, weights = check_slopes(outs, xs, wide, rng, name in SYMMETRIC)
        if slopes and name not in SYMMETRIC:  # and the gradient of the gradient
            check_slopes(slopes, [*xs, *gs], [*wide, *weights], rng)


@pytest.mark.parametrize("name", RUNNABLE)
def test_vjp_agrees_with_differences_twice(name):
    check_vjp(name)


@pytest.mark.parametrize("name", ["mul", "exp", "dot", "slice"])
def test_a_wrong_vjp_is_caught(name, monkeypatch):
    op = TABLE[name]
    right = op.vjp

    def wrong(ops, g, out, *xs, **attrs):
        first, *rest = right(ops, g, out, *xs, **attrs)
        return (ops.add(first, ops.fill(first, 0.01)), *rest)

    monkeypatch.setitem(op.__dict__, "vjp", wrong)
    with pytest.raises(AssertionError):
        check_vjp(name)


# ---------------------------------------------------------------- records
@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(Elementwise)])
def test_a_record_without_a_field_does_not_import(field):
    whole = {f.name: getattr(TABLE["add"], f.name) for f in dataclasses.fields(Elementwise)}
    whole["name"] = "not_in_the_table"
    del whole[field]
    with pytest.raises(TypeError, match=field):
        Elementwise(**whole)
    assert "not_in_the_table" not in TABLE


def test_a_name_is_defined_once():
    whole = {f.name: getattr(TABLE["add"], f.name) for f in dataclasses.fields(Elementwise)}
    with pytest.raises(ValueError, match="defined twice"):
        Elementwise(**whole)


@pytest.mark.parametrize("name", ["add", "where", "eq"])
def test_primitives_neither_broadcast_nor_promote(name):
    count = 3 if name == "where" else 2
    kinds = [dtypes.bool_] * (count - 2) + [dtypes.float32] * 2
    xs = [leaf(i, (2,) if i else (3,), k) for i, k in enumerate(kinds)]
    with pytest.raises(ValueError, match="broadcast"):
        make(TABLE[name], tuple(xs), {})
    kinds[-1] = dtypes.float64
    xs = [leaf(i, (2,), k) for i, k in enumerate(kinds)]
    with pytest.raises(TypeError, match="promote"):
        make(TABLE[name], tuple(xs), {})

"""Nodes are interned: equal programs are one object."""

import pytest

from taper import dtypes
from taper.ir import node as ir
from taper.ir.build import ops
from taper.ir.grad import grad

F = dtypes.float32


def pair():
    return ir.leaf(0, (3,), F), ir.leaf(1, (3,), F)


def test_equal_applications_are_one_object():
    x, y = pair()
    assert ops.add(x, y) is ops.add(x, y)
    assert ops.add(x, y) is not ops.add(y, x)
    assert ops.sum(x, axes=(0,)) is ops.sum(x, axes=(0,))
    assert ir.leaf(0, (3,), F) is x


def test_constants_are_told_apart_by_their_bits():
    zero, minus = ir.constant(0.0, F), ir.constant(-0.0, F)
    assert zero is not minus
    assert ir.constant(float("nan"), F) is ir.constant(float("nan"), F)
    assert ir.constant(1, F) is ir.constant(1.0, F)
    assert ir.constant(1, F) is not ir.constant(1, dtypes.int64)


def test_identities_build_nothing():
    x, _ = pair()
    assert ops.reshape(x, shape=(3,)) is x
    assert ops.reshape(ops.reshape(x, shape=(1, 3)), shape=(3,)) is x
    assert ops.permute(x, dims=(0,)) is x
    assert ops.expand(x, shape=(3,)) is x
    assert ops.slice(x, start=(0,), stop=(3,), step=(1,)) is x
    assert ops.sum(x, axes=()) is x
    assert ops.cast(x, dtype=F) is x


def test_substitute_rebuilds_what_depends_and_keeps_the_rest():
    x, y = pair()
    kept = ops.exp(y)
    root = ops.mul(ops.sin(x), kept)
    z = ir.leaf(2, (3,), F)
    (found,) = ir.substitute([root], {x: z})
    assert found is ops.mul(ops.sin(z), kept)
    assert found.inputs[1] is kept
    assert ir.substitute([root], {}) == [root]
    assert ir.substitute([root], {root: x}) == [x]


def test_substitute_stops_at_what_is_replaced():
    x, y = pair()
    inner = ops.exp(x)
    (found,) = ir.substitute([ops.add(inner, x)], {inner: y})
    assert found is ops.add(y, x)


def test_toposort_puts_inputs_first_and_visits_once():
    x, y = pair()
    a = ops.add(x, y)
    b = ops.mul(a, a)
    order = ir.toposort([b, a])
    assert order == [x, y, a, b]
    assert ir.toposort([b], stop={a}) == [a, b]


def test_toposort_is_not_recursive():
    x, _ = pair()
    node = x
    for _ in range(5000):
        node = ops.neg(ops.sin(node))
    assert len(ir.toposort([node])) == 10001


def test_forgetting_makes_new_objects():
    x, y = pair()
    before = ops.add(x, y)
    saved = dict(ir._nodes)
    try:
        ir.forget()
        assert ops.add(x, y) is not before
        assert ir.interned() == 1
    finally:
        ir._nodes.update(saved)


def test_an_unknown_primitive():
    with pytest.raises(AttributeError, match="no primitive 'frobnicate'"):
        ops.frobnicate


def test_gradient_stops_at_what_it_is_taken_by():
    x, _ = pair()
    y = ops.exp(x)
    z = ops.sin(y)
    g = ir.leaf(3, (3,), F)
    gx, gy = grad([z], [g], [x, y])
    assert gx is None  # y is independent here: nothing flows through it into x
    assert gy is ops.mul(g, ops.cos(y))


def test_gradient_of_what_is_not_reached_is_none():
    x, y = pair()
    assert grad([ops.exp(x)], [ops.fill(x, 1)], [y]) == [None]
    assert grad([ops.exp(x)], [None], [x]) == [None]
    assert grad([ops.lt(x, y)], [ops.lt(x, y)], [x]) == [None]


def test_gradient_of_an_output_that_is_an_input():
    x, _ = pair()
    g = ir.leaf(3, (3,), F)
    assert grad([x], [g], [x]) == [g]
    assert grad([x, x], [g, g], [x]) == [ops.add(g, g)]


def test_cotangents_of_one_node_are_added():
    x, _ = pair()
    g = ir.leaf(3, (3,), F)
    (found,) = grad([ops.mul(x, x)], [g], [x])
    assert found is ops.add(ops.mul(g, x), ops.mul(g, x))


def test_several_results_flow_through_pick():
    x = ir.leaf(0, (3, 3), F)
    both = ops.qr(x, mode="reduced")
    q, r = ops.pick(both, place=0), ops.pick(both, place=1)
    (found,) = grad([q, r], [ops.fill(q, 1), ops.fill(r, 1)], [x])
    assert found.shape == (3, 3)
    (alone,) = grad([r], [ops.fill(r, 1)], [x])
    assert alone is not found

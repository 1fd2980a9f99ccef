"""What the operands of products become: views by strides where there are any, copies elsewhere."""

import pytest

from taper import dtypes
from taper.ir import node as ir
from taper.ir.build import ops
from taper.ir.node import toposort
from taper.passes.fuse import Rules, held
from taper.passes.simplify import simplify

RULES = Rules(lambda n: True, lambda n: False, lambda name: 1)


def leaf(place, *shape):
    return ir.leaf(place, ir.Size(shape), dtypes.float32)


def kept(x):
    """The nodes that lie in memory where x is multiplied by a matrix."""
    root = ops.dot(x, leaf(1, x.shape[-1], 8))
    return held(toposort([root]), [root], RULES)


def test_a_reshape_without_strides_is_a_copy():
    """[4, 6, 8] as [24, 8] of an array that lies as [6, 4, 8]."""
    inner = ops.exp(leaf(0, 6, 4, 8))
    rows = ops.reshape(ops.permute(inner, dims=(1, 0, 2)), shape=(24, 8))
    found = kept(rows)
    assert rows in found and inner not in found


@pytest.mark.parametrize("flipped", [False, True])
def test_other_movements_are_read_where_they_lie(flipped):
    inner = ops.exp(leaf(0, 6, 4, 8))
    x = ops.permute(inner, dims=(1, 0, 2))
    x = ops.flip(x, axes=(1,)) if flipped else x
    x = ops.slice(x, start=(1, 0, 0), stop=(2, 6, 8), step=(1, 2, 1))
    x = ops.reshape(x, shape=(3, 8))
    found = kept(x)
    assert inner in found and x not in found


def test_sums_of_parts_become_one_concatenation():
    parts = [leaf(i, 3, 4) for i in range(2)]
    zero = (0, 0)
    low = ops.pad(parts[0], low=zero, high=(0, 4), interior=zero, value=0)
    high = ops.pad(parts[1], low=(0, 4), high=zero, interior=zero, value=0)
    (found,) = simplify([ops.add(low, high)])
    assert found.op.name == "concat" and list(found.inputs) == parts
    apart = ops.pad(parts[1], low=(0, 3), high=(0, 1), interior=zero, value=0)
    (other,) = simplify([ops.add(low, apart)])
    assert other.op.name == "add"

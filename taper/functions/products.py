"""Matrix products: matmul, mm, bmm, linear and what adds to them."""

from __future__ import annotations

import itertools
from typing import Any

from .. import dtypes
from ..calls import apply, apply_, write_out
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import broadcast as broadcast_shapes
from ..shapes import show, wrap_dim
from ..tensor import Tensor, formatting_name
from .common import expand, promote, result_dtype

__all__ = ["addbmm", "addmm", "addmv", "addr", "baddbmm", "bmm", "chain_matmul", "cross", "dot"]
__all__ += ["ger", "inner", "kron", "matmul", "matrix_power", "mm", "mv", "outer", "vdot"]


def same_dtype(x: Node, y: Node, what: str = "mat1 and mat2") -> None:
    """Products do not promote."""
    if x.dtype is not y.dtype:
        raise RuntimeError(
            f"{what} must have the same dtype, but got {formatting_name(x.dtype)} and "
            f"{formatting_name(y.dtype)}"
        )


def _turned(x: Node) -> Node:
    n = len(x.shape)
    return ops.permute(x, dims=(*range(n - 2), n - 1, n - 2))


def _mm(x: Node, y: Node) -> Node:
    if len(x.shape) != 2 or len(y.shape) != 2:
        raise RuntimeError(
            "self must be a matrix" if len(x.shape) != 2 else "mat2 must be a matrix"
        )
    if x.shape[1] != y.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({x.shape[0]}x{x.shape[1]} and "
            f"{y.shape[0]}x{y.shape[1]})"
        )
    _same_expected(x, y)
    return ops.dot(x, y)


def _same_expected(x: Node, y: Node) -> None:
    if x.dtype is not y.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {_c_name(x)} != {_c_name(y)}"
        )


def _c_name(x: Node) -> str:
    names = {"float32": "float", "float64": "double", "int64": "long int", "int32": "int"}
    return names.get(x.dtype.name, f"c10::{formatting_name(x.dtype)}")


def _bmm(x: Node, y: Node) -> Node:
    if len(x.shape) != 3 or len(y.shape) != 3:
        raise RuntimeError(
            "batch1 must be a 3D tensor" if len(x.shape) != 3 else "batch2 must be a 3D tensor"
        )
    b, _, k = x.shape
    if y.shape[0] != b or y.shape[1] != k:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{b}, {k}] but got: "
            f"[{y.shape[0]}, {y.shape[1]}]."
        )
    _same_expected(x, y)
    return ops.dot(x, y)


def _dot(x: Node, y: Node) -> Node:
    if len(x.shape) != 1 or len(y.shape) != 1:
        raise RuntimeError(
            f"1D tensors expected, but got {len(x.shape)}D and {len(y.shape)}D tensors"
        )
    if x.dtype is not y.dtype:
        raise RuntimeError(
            f"dot : expected both vectors to have same dtype, but found {formatting_name(x.dtype)} "
            f"and {formatting_name(y.dtype)}"
        )
    if x.shape != y.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{x.shape[0]}] and src [{y.shape[0]}] to "
            f"have the same number of elements, but got {x.shape[0]} and {y.shape[0]} elements "
            "respectively"
        )
    return ops.sum(ops.mul(x, y), axes=(0,))


def _mv(x: Node, y: Node) -> Node:
    if len(x.shape) != 2 or len(y.shape) != 1:
        raise RuntimeError(
            f"vector + matrix @ vector expected, got 1, {len(x.shape)}, {len(y.shape)}"
        )
    if x.shape[1] != y.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({x.shape[0]}), mat ({x.shape[0]}x{x.shape[1]}), vec "
            f"({y.shape[0]})"
        )
    _same_expected(x, y)
    out = ops.dot(x, ops.reshape(y, shape=(y.shape[0], 1)))
    return ops.reshape(out, shape=(x.shape[0],))


def _matmul(x: Node, y: Node) -> Node:
    a, b = len(x.shape), len(y.shape)
    if not a or not b:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {a}D and {b}D"
        )
    if a == 1 and b == 1:
        return _dot(x, y)
    if a == 2 and b == 1:
        return _mv(x, y)
    if a == 1 and b == 2:
        out = _mm(ops.reshape(x, shape=(1, x.shape[0])), y)
        return ops.reshape(out, shape=(y.shape[1],))
    if a == 2 and b == 2:
        return _mm(x, y)
    left = ops.reshape(x, shape=(1, *x.shape)) if a == 1 else x
    right = ops.reshape(y, shape=(*y.shape, 1)) if b == 1 else y
    out = _batched(left, right)
    shape = list(out.shape)
    if a == 1:
        del shape[-2]
    if b == 1:
        del shape[-1]
    return ops.reshape(out, shape=tuple(shape))


def _batched(x: Node, y: Node) -> Node:
    _same_expected(x, y)
    if x.shape[-1] != y.shape[-2]:
        if len(y.shape) == 2:
            rows = x.shape.numel() // max(x.shape[-1], 1)
            raise RuntimeError(
                f"mat1 and mat2 shapes cannot be multiplied ({rows}x{x.shape[-1]} and "
                f"{y.shape[0]}x{y.shape[1]})"
            )
        batch = broadcast_shapes(x.shape[:-2], y.shape[:-2])
        count = 1
        for n in batch:
            count *= n
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{count}, "
            f"{x.shape[-1]}] but got: [{count}, {y.shape[-2]}]."
        )
    if len(y.shape) == 2:  # one matrix for all rows: a single product
        rows = x.shape.numel() // max(x.shape[-1], 1) if x.shape[-1] else _count(x.shape[:-1])
        flat = ops.dot(ops.reshape(x, shape=(rows, x.shape[-1])), y)
        return ops.reshape(flat, shape=(*x.shape[:-1], y.shape[-1]))
    batch = broadcast_shapes(x.shape[:-2], y.shape[:-2])
    return ops.dot(expand(x, (*batch, *x.shape[-2:])), expand(y, (*batch, *y.shape[-2:])))


def _count(shape: tuple[int, ...]) -> int:
    out = 1
    for n in shape:
        out *= n
    return out


def _linear(x: Node, weight: Node, bias: Node | None) -> Node:
    if len(weight.shape) == 1:
        out = _matmul(x, weight)
    else:
        if not x.shape or x.shape[-1] != weight.shape[1]:
            rows = _count(x.shape[:-1])
            last = x.shape[-1] if x.shape else 1
            raise RuntimeError(
                f"mat1 and mat2 shapes cannot be multiplied ({rows}x{last} and "
                f"{weight.shape[1]}x{weight.shape[0]})"
            )
        same_dtype(x, weight)
        rows = _count(x.shape[:-1])
        out = ops.dot(ops.reshape(x, shape=(rows, x.shape[-1])), _turned(weight))
        out = ops.reshape(out, shape=(*x.shape[:-1], weight.shape[0]))
    return out if bias is None else ops.add(out, expand(ops.cast(bias, dtype=out.dtype), out.shape))


def _added(
    x: Node, beta: Node | None, alpha: Node | None, skip: bool, made: Any, *factors: Node
) -> Node:
    """beta x + alpha made(*factors); with `skip` (beta is 0) x gives no more than its dtype."""
    if x.dtype.is_half and all(f.dtype is x.dtype for f in factors):  # rounded once, at the end
        wider = [ops.cast(n, dtype=dtypes.float32) for n in (x, *factors)]
        found = _added(wider[0], beta, alpha, skip, made, *wider[1:])
        return ops.cast(found, dtype=x.dtype)
    out = made(*factors)
    if x.dtype is not out.dtype:
        raise RuntimeError(
            f"self and mat2 must have the same dtype, but got {formatting_name(x.dtype)} and "
            f"{formatting_name(out.dtype)}"
        )
    if alpha is not None:
        out = ops.mul(out, expand(ops.cast(alpha, dtype=out.dtype), out.shape))
    x = _spread(x, out.shape)
    if skip:
        return ops.add(ops.where(ops.full(x.shape, False, dtypes.bool_), x, ops.fill(x, 0)), out)
    if beta is not None:
        x = ops.mul(x, expand(ops.cast(beta, dtype=x.dtype), x.shape))
    return ops.add(x, out)


def _spread(x: Node, shape: tuple[int, ...]) -> Node:
    lead = len(shape) - len(x.shape)
    if lead < 0:
        raise RuntimeError(
            f"The number of sizes provided ({len(shape)}) must be greater or equal to the number "
            f"of dimensions in the tensor ({len(x.shape)})"
        )
    for i, n in enumerate(x.shape):
        if n not in (1, shape[lead + i]):
            raise RuntimeError(
                f"The expanded size of the tensor ({shape[lead + i]}) must match the existing size "
                f"({n}) at non-singleton dimension {lead + i}.  Target sizes: {show(shape)}.  "
                f"Tensor sizes: {show(x.shape)}"
            )
    return expand(x, shape)


def _addmm(x: Node, a: Node, b: Node, beta: Node | None, alpha: Node | None, skip: bool) -> Node:
    return _added(x, beta, alpha, skip, _mm, a, b)


def _addmv(x: Node, a: Node, v: Node, beta: Node | None, alpha: Node | None, skip: bool) -> Node:
    if len(a.shape) != 2 or len(v.shape) != 1 or len(x.shape) > 1:
        dims = f"{len(x.shape)}, {len(a.shape)}, {len(v.shape)}"
        raise RuntimeError(f"vector + matrix @ vector expected, got {dims}")
    if a.shape[1] != v.shape[0] or (x.shape and x.shape[0] not in (1, a.shape[0])):
        size = x.shape[0] if x.shape else 0
        raise RuntimeError(
            f"size mismatch, got input ({size}), mat ({a.shape[0]}x{a.shape[1]}), vec "
            f"({v.shape[0]})"
        )
    return _added(x, beta, alpha, skip, _mv, a, v)


def _addr(x: Node, a: Node, b: Node, beta: Node | None, alpha: Node | None, skip: bool) -> Node:
    for n, name in ((a, "vec1"), (b, "vec2")):
        if len(n.shape) != 1:
            raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {len(n.shape)}-D")
    kind = result_dtype((x, a, b))
    x, a, b = (ops.cast(n, dtype=kind) for n in (x, a, b))
    return _added(x, beta, alpha, skip, _outer, a, b)


def _check_batches(a: Node, b: Node, name: str) -> None:
    for n, which in ((a, "batch1"), (b, "batch2")):
        if len(n.shape) != 3:
            raise RuntimeError(f"{which} must be a 3D tensor")
    if name == "addbmm" and a.shape[0] != b.shape[0]:
        raise RuntimeError(
            f"batch1 and batch2 must have same number of batches, got {a.shape[0]} and {b.shape[0]}"
        )
    if name == "addbmm" and a.shape[2] != b.shape[1]:
        raise RuntimeError(
            f"Incompatible matrix sizes for bmm ({a.shape[1]}x{a.shape[2]} and "
            f"{b.shape[1]}x{b.shape[2]})"
        )


def _baddbmm(x: Node, a: Node, b: Node, beta: Node | None, alpha: Node | None, skip: bool) -> Node:
    _check_batches(a, b, "baddbmm")
    return _added(x, beta, alpha, skip, _bmm, a, b)


def _addbmm(x: Node, a: Node, b: Node, beta: Node | None, alpha: Node | None, skip: bool) -> Node:
    _check_batches(a, b, "addbmm")
    return _added(x, beta, alpha, skip, _bmm_sum, a, b)


def _bmm_sum(a: Node, b: Node) -> Node:
    """The sum of a batch of products is one product of the matrices side by side."""
    _same_expected(a, b)
    n, rows, inner = a.shape
    left = ops.reshape(ops.permute(a, dims=(1, 0, 2)), shape=(rows, n * inner))
    return ops.dot(left, ops.reshape(b, shape=(n * inner, b.shape[2])))


def _vdot(x: Node, y: Node) -> Node:
    return _dot(ops.conj(x), y)


def _inner(x: Node, y: Node) -> Node:
    if not x.shape or not y.shape:
        x, y = promote(x, y)
        return ops.mul(x, y)
    if x.shape[-1] != y.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{show(x.shape)} and {show(y.shape)}"
        )
    _same_expected(x, y)
    k = x.shape[-1]
    left = ops.reshape(x, shape=(_count(x.shape[:-1]), k))
    right = ops.reshape(y, shape=(_count(y.shape[:-1]), k))
    return ops.reshape(ops.dot(left, _turned(right)), shape=(*x.shape[:-1], *y.shape[:-1]))


def _kron(x: Node, y: Node) -> Node:
    kind, n = result_dtype((x, y)), max(len(x.shape), len(y.shape))
    x, y = ops.cast(x, dtype=kind), ops.cast(y, dtype=kind)
    a = (*(1,) * (n - len(x.shape)), *x.shape)
    b = (*(1,) * (n - len(y.shape)), *y.shape)
    shape = tuple(k for pair in zip(a, b) for k in pair)
    x = ops.reshape(x, shape=tuple(k for size in a for k in (size, 1)))
    y = ops.reshape(y, shape=tuple(k for size in b for k in (1, size)))
    whole = ops.mul(ops.expand(x, shape=shape), ops.expand(y, shape=shape))
    return ops.reshape(whole, shape=tuple(i * j for i, j in zip(a, b)))


def _multi_dot(*factors: Node) -> Node:
    """The product in the order that needs the fewest multiplications (Cormen et al., 15.2)."""
    first, last = factors[0], factors[-1]
    _check_chain(factors)
    chain = list(factors)
    if len(first.shape) == 1:
        chain[0] = ops.reshape(first, shape=(1, *first.shape))
    if len(last.shape) == 1:
        chain[-1] = ops.reshape(last, shape=(*last.shape, 1))
    sizes = [chain[0].shape[0], *(m.shape[1] for m in chain)]
    n = len(chain)
    cost = [[0] * n for _ in range(n)]
    cut = [[0] * n for _ in range(n)]
    for span in range(1, n):
        for i in range(n - span):
            j = i + span
            tries = [
                cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
                for k in range(i, j)
            ]
            cost[i][j] = min(tries)
            cut[i][j] = i + tries.index(cost[i][j])

    def product(i: int, j: int) -> Node:
        if i == j:
            return chain[i]
        return ops.dot(product(i, cut[i][j]), product(cut[i][j] + 1, j))

    rows, columns = first.shape[: len(first.shape) - 1], last.shape[1:]
    return ops.reshape(product(0, n - 1), shape=(*rows, *columns))


def _check_chain(factors: tuple[Node, ...]) -> None:
    for i, m in enumerate(factors):
        edge = i in (0, len(factors) - 1)
        if len(m.shape) != 2 and not (edge and len(m.shape) == 1):
            if edge:
                which = "first" if i == 0 else "last"
                raise RuntimeError(
                    f"multi_dot(): the {which} tensor must be 1D or 2D but got {len(m.shape)}D"
                )
            raise RuntimeError(f"multi_dot(): tensor {i} must be 2D but got {len(m.shape)}D")
        if m.dtype is not factors[0].dtype:
            raise RuntimeError(
                "multi_dot(): all tensors must have be the same dtype but tensor 0 is "
                f"{formatting_name(factors[0].dtype)} and tensor {i} {formatting_name(m.dtype)}"
            )
    for i, (a, b) in enumerate(itertools.pairwise(factors)):
        if a.shape[-1] != b.shape[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {show(a.shape)} and "
                f"{show(b.shape)} cannot be multiplied"
            )


def eye(n: int, kind: dtypes.dtype, lead: tuple[int, ...] = ()) -> Node:
    """Identity matrices."""
    line = ops.iota(size=n)
    rows = ops.expand(ops.reshape(line, shape=(n, 1)), shape=(n, n))
    columns = ops.expand(ops.reshape(line, shape=(1, n)), shape=(n, n))
    return expand(ops.cast(ops.eq(rows, columns), dtype=kind), (*lead, n, n))


def _matrix_power(x: Node, n: int) -> Node:
    if len(x.shape) < 2:
        raise RuntimeError(
            "linalg.matrix_power: The input tensor A must have at least 2 dimensions."
        )
    if x.shape[-1] != x.shape[-2]:
        raise RuntimeError(
            "linalg.matrix_power: A must be batches of square matrices, but they are "
            f"{x.shape[-2]} by {x.shape[-1]} matrices"
        )
    if n == 0:
        return eye(x.shape[-1], x.dtype, x.shape[:-2])
    if n < 0:
        if not x.dtype.inexact:
            raise RuntimeError(
                "linalg.inv: Expected a floating point or complex tensor as input. Got "
                f"{formatting_name(x.dtype)}"
            )
        x, n = ops.inverse(x), -n
    power, found = x, None
    while n:
        if n & 1:
            found = power if found is None else ops.dot(found, power)
        n >>= 1
        if n:
            power = ops.dot(power, power)
    return found  # type: ignore[return-value]


# ---------------------------------------------------------------- vectors in space
def _cross(x: Node, y: Node, dim: int | None) -> Node:
    if len(x.shape) != len(y.shape):
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    if dim is None:
        three = [i for i, n in enumerate(x.shape) if n == 3]
        if not three:
            raise RuntimeError("no dimension of size 3 in input")
        dim = three[0]
    axis = wrap_dim(dim, len(x.shape))
    if x.shape[axis] != 3 or y.shape[axis] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {x.shape[axis]} and "
            f"{y.shape[axis]}"
        )
    x, y = promote(x, y)

    def turned(z: Node, by: int) -> Node:
        parts = [_one(z, axis, (i + by) % 3) for i in range(3)]
        return ops.concat(*parts, axis=axis)

    ahead = ops.mul(turned(x, 1), turned(y, 2))
    return ops.sub(ahead, ops.mul(turned(x, 2), turned(y, 1)))


def _one(x: Node, axis: int, place: int) -> Node:
    start = tuple(place if i == axis else 0 for i in range(len(x.shape)))
    stop = tuple(place + 1 if i == axis else n for i, n in enumerate(x.shape))
    return ops.slice(x, start=start, stop=stop, step=(1,) * len(start))


def _vecdot(x: Node, y: Node, dim: int) -> Node:
    x, y = promote(x, y)
    both = ops.mul(ops.conj(x), y)
    return ops.sum(both, axes=(wrap_dim(dim, len(both.shape)),))


def _outer(x: Node, y: Node) -> Node:
    if len(x.shape) != 1 or len(y.shape) != 1:
        raise RuntimeError(
            f"outer: Expected 1-D argument {'self' if len(x.shape) != 1 else 'vec2'}, but got "
            f"{len(x.shape if len(x.shape) != 1 else y.shape)}-D"
        )
    shape = (x.shape[0], y.shape[0])
    return ops.mul(expand(ops.reshape(x, shape=(x.shape[0], 1)), shape), expand(y, shape))


def _stored(out: Tensor | None, found: Tensor) -> Tensor:
    return found if out is None else write_out(out, found)


def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product of the last two dimensions, with vectors and broadcast batches as in
    numpy."""
    if input.dim() == 2 and other.dim() == 2:
        name = "MmBackward0"
    elif input.dim() == 1 and other.dim() == 1:
        name = "DotBackward0"
    else:
        name = "MvBackward0" if other.dim() == 1 and input.dim() == 2 else "UnsafeViewBackward0"
    return _stored(out, apply(name, _matmul, (input, other)))


def __matmul__(self: Tensor, other: Any) -> Tensor:
    """`self @ other`."""
    return matmul(self, other) if isinstance(other, Tensor) else NotImplemented


def __rmatmul__(self: Tensor, other: Any) -> Tensor:
    """`other @ self`."""
    return matmul(other, self) if isinstance(other, Tensor) else NotImplemented


def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices, [n, k] and [k, m]."""
    return _stored(out, apply("MmBackward0", _mm, (input, mat2)))


def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Products of matrices, [b, n, k] and [b, k, m]."""
    return _stored(out, apply("BmmBackward0", _bmm, (input, mat2)))


def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
    """A matrix times a vector."""
    return _stored(out, apply("MvBackward0", _mv, (input, vec)))


def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inner product of two vectors."""
    return _stored(out, apply("DotBackward0", _dot, (input, tensor)))


def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The outer product of two vectors."""
    return _stored(out, apply("MulBackward0", _outer, (input, vec2)))


ger = outer


def _scales(beta: Any, alpha: Any) -> tuple:
    """beta and alpha as inputs (None for 1), and whether beta is 0."""
    skip = beta == 0
    return (None if skip or beta == 1 else beta, None if alpha == 1 else alpha), (skip,)


def addmm(
    input: Tensor,
    mat1: Tensor,
    mat2: Tensor,
    *,
    beta: Any = 1,
    alpha: Any = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`beta * input + alpha * (mat1 @ mat2)`."""
    scales, static = _scales(beta, alpha)
    found = apply("AddmmBackward0", _addmm, (input, mat1, mat2, *scales), static)
    return _stored(out, found)


def addmm_(self: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """`addmm` in place."""
    scales, static = _scales(beta, alpha)
    return apply_("AddmmBackward0", _addmm, self, (mat1, mat2, *scales), static)


def addmv(
    input: Tensor,
    mat: Tensor,
    vec: Tensor,
    *,
    beta: Any = 1,
    alpha: Any = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`beta * input + alpha * (mat @ vec)`."""
    scales, static = _scales(beta, alpha)
    return _stored(out, apply("AddmvBackward0", _addmv, (input, mat, vec, *scales), static))


def addmv_(self: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """`addmv` in place."""
    scales, static = _scales(beta, alpha)
    return apply_("AddmvBackward0", _addmv, self, (mat, vec, *scales), static)


def addr(
    input: Tensor,
    vec1: Tensor,
    vec2: Tensor,
    *,
    beta: Any = 1,
    alpha: Any = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`beta * input + alpha * outer(vec1, vec2)`."""
    scales, static = _scales(beta, alpha)
    return _stored(out, apply("AddrBackward0", _addr, (input, vec1, vec2, *scales), static))


def addr_(self: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """`addr` in place."""
    scales, static = _scales(beta, alpha)
    return apply_("AddrBackward0", _addr, self, (vec1, vec2, *scales), static)


def baddbmm(
    input: Tensor,
    batch1: Tensor,
    batch2: Tensor,
    *,
    beta: Any = 1,
    alpha: Any = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`beta * input + alpha * (batch1 @ batch2)` of batches of matrices."""
    scales, static = _scales(beta, alpha)
    found = apply("BaddbmmBackward0", _baddbmm, (input, batch1, batch2, *scales), static)
    return _stored(out, found)


def baddbmm_(
    self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1
) -> Tensor:
    """`baddbmm` in place."""
    scales, static = _scales(beta, alpha)
    return apply_("BaddbmmBackward0", _baddbmm, self, (batch1, batch2, *scales), static)


def addbmm(
    input: Tensor,
    batch1: Tensor,
    batch2: Tensor,
    *,
    beta: Any = 1,
    alpha: Any = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`beta * input + alpha * sum of batch1 @ batch2`."""
    scales, static = _scales(beta, alpha)
    found = apply("AddbmmBackward0", _addbmm, (input, batch1, batch2, *scales), static)
    return _stored(out, found)


def addbmm_(
    self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1
) -> Tensor:
    """`addbmm` in place."""
    scales, static = _scales(beta, alpha)
    return apply_("AddbmmBackward0", _addbmm, self, (batch1, batch2, *scales), static)


def vdot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inner product of two vectors, the first conjugated."""
    return _stored(out, apply("VdotBackward0", _vdot, (input, other)))


def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Products summed over the last dimension of both."""
    name = "SqueezeBackward1" if input.dim() and other.dim() else "MulBackward0"
    return _stored(out, apply(name, _inner, (input, other)))


def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Kronecker product."""
    for name, place, x in (("input", 1, input), ("other", 2, other)):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"kron(): argument '{name}' (position {place}) must be Tensor, not "
                f"{type(x).__name__}"
            )
    return _stored(out, apply("ViewBackward0", _kron, (input, other)))


def multi_dot(tensors: Any, *, out: Tensor | None = None) -> Tensor:
    """The product of a chain of matrices, associated in the cheapest way; the ends may be
    vectors."""
    given = tuple(tensors)
    if len(given) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(given)}")
    return _stored(out, apply("LinalgMultiDotBackward0", _multi_dot, given))


def chain_matmul(*matrices: Any, out: Tensor | None = None) -> Tensor:
    """The product of a chain of matrices."""
    given = matrices
    if len(given) == 1 and isinstance(given[0], (tuple, list)):
        given = tuple(given[0])
    for m in given:
        if m.dim() != 2:
            raise RuntimeError(f"Tensor dimension is {m.dim()}, expected 2 instead.")
    if not given:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    return _stored(out, given[0]) if len(given) == 1 else multi_dot(given, out=out)


def matrix_power(input: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """A square matrix (or a batch) multiplied n times; negative n takes the inverse."""
    name = "LinalgMatrixPowerBackward0" if n else "CopyBackwards"
    return _stored(out, apply(name, _matrix_power, (input,), (int(n),)))


def cross(
    input: Tensor, other: Tensor, dim: int | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The vector product along a dimension of size 3 (the first such, where none is given)."""
    return _stored(out, apply("LinalgCrossBackward0", _cross, (input, other), (dim,)))


def linalg_cross(
    input: Tensor, other: Tensor, *, dim: int = -1, out: Tensor | None = None
) -> Tensor:
    """The vector product along a dimension of size 3."""
    return _stored(out, apply("LinalgCrossBackward0", _cross, (input, other), (dim,)))


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """Inner products along a dimension, the first factor conjugated."""
    return _stored(out, apply("LinalgVecdotBackward0", _vecdot, (x, y), (dim,)))


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.T + bias`: [*, in] with weight [out, in] gives [*, out]."""
    name = "AddmmBackward0" if input.dim() == 2 and bias is not None else "MmBackward0"
    if input.dim() > 2:
        name = "ViewBackward0" if bias is not None else "UnsafeViewBackward0"
    return apply(name, _linear, (input, weight, bias))

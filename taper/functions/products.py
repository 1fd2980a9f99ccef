"""Matrix products: matmul, mm, bmm, linear and what adds to them."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..calls import apply, apply_, write_out
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import broadcast as broadcast_shapes
from ..tensor import Tensor, formatting_name
from .common import expand

__all__ = ["addmm", "bmm", "dot", "matmul", "mm", "mv", "outer", "ger"]


def same_dtype(x: Node, y: Node, what: str = "mat1 and mat2") -> None:
    """Products do not promote."""
    if x.dtype is not y.dtype:
        raise RuntimeError(
            f"{what} must have the same dtype, but got {formatting_name(x.dtype)} and {formatting_name(y.dtype)}"
        )


def _turned(x: Node) -> Node:
    n = len(x.shape)
    return ops.permute(x, dims=(*range(n - 2), n - 1, n - 2))


def _mm(x: Node, y: Node) -> Node:
    if len(x.shape) != 2 or len(y.shape) != 2:
        raise RuntimeError("self must be a matrix" if len(x.shape) != 2 else "mat2 must be a matrix")
    if x.shape[1] != y.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({x.shape[0]}x{x.shape[1]} and {y.shape[0]}x{y.shape[1]})"
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
        raise RuntimeError("batch1 must be a 3D tensor" if len(x.shape) != 3 else "batch2 must be a 3D tensor")
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
            f"dot : expected both vectors to have same dtype, but found {formatting_name(x.dtype)} and "
            f"{formatting_name(y.dtype)}"
        )
    if x.shape != y.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{x.shape[0]}] and src [{y.shape[0]}] to have the same number "
            f"of elements, but got {x.shape[0]} and {y.shape[0]} elements respectively"
        )
    return ops.sum(ops.mul(x, y), axes=(0,))


def _mv(x: Node, y: Node) -> Node:
    if len(x.shape) != 2 or len(y.shape) != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {len(x.shape)}, {len(y.shape)}")
    if x.shape[1] != y.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({x.shape[0]}), mat ({x.shape[0]}x{x.shape[1]}), vec ({y.shape[0]})"
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
                f"mat1 and mat2 shapes cannot be multiplied ({rows}x{x.shape[-1]} and {y.shape[0]}x{y.shape[1]})"
            )
        batch = broadcast_shapes(x.shape[:-2], y.shape[:-2])
        count = 1
        for n in batch:
            count *= n
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{count}, {x.shape[-1]}] but got: "
            f"[{count}, {y.shape[-2]}]."
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
                f"mat1 and mat2 shapes cannot be multiplied ({rows}x{last} and {weight.shape[1]}x{weight.shape[0]})"
            )
        same_dtype(x, weight)
        rows = _count(x.shape[:-1])
        out = ops.dot(ops.reshape(x, shape=(rows, x.shape[-1])), _turned(weight))
        out = ops.reshape(out, shape=(*x.shape[:-1], weight.shape[0]))
    return out if bias is None else ops.add(out, expand(ops.cast(bias, dtype=out.dtype), out.shape))


def _addmm(x: Node, a: Node, b: Node, beta: Node | None, alpha: Node | None) -> Node:
    if x.dtype.is_half and x.dtype is a.dtype is b.dtype:  # PyTorch rounds once, at the end
        wide = [ops.cast(n, dtype=dtypes.float32) for n in (x, a, b)]
        return ops.cast(_addmm(*wide, beta, alpha), dtype=x.dtype)
    out = _mm(a, b)
    if alpha is not None:
        out = ops.mul(out, expand(ops.cast(alpha, dtype=out.dtype), out.shape))
    x = expand(x, out.shape)
    if beta is not None:
        x = ops.mul(x, expand(ops.cast(beta, dtype=x.dtype), x.shape))
    return ops.add(x, out)


def _outer(x: Node, y: Node) -> Node:
    if len(x.shape) != 1 or len(y.shape) != 1:
        raise RuntimeError(
            f"outer: Expected 1-D argument {'self' if len(x.shape) != 1 else 'vec2'}, but got "
            f"{len(x.shape if len(x.shape) != 1 else y.shape)}-D"
        )
    shape = (x.shape[0], y.shape[0])
    return ops.mul(
        expand(ops.reshape(x, shape=(x.shape[0], 1)), shape), expand(y, shape)
    )


def _stored(out: Tensor | None, found: Tensor) -> Tensor:
    return found if out is None else write_out(out, found)


def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product of the last two dimensions, with vectors and broadcast batches as in numpy."""
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


def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """`beta * input + alpha * (mat1 @ mat2)`."""
    scales = (None if beta == 1 else beta, None if alpha == 1 else alpha)
    return _stored(out, apply("AddmmBackward0", _addmm, (input, mat1, mat2, *scales)))


def addmm_(self: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """`addmm` in place."""
    scales = (None if beta == 1 else beta, None if alpha == 1 else alpha)
    return apply_("AddmmBackward0", _addmm, self, (mat1, mat2, *scales))


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """`input @ weight.T + bias`: [*, in] with weight [out, in] gives [*, out]."""
    name = "AddmmBackward0" if input.dim() == 2 and bias is not None else "MmBackward0"
    if input.dim() > 2:
        name = "ViewBackward0" if bias is not None else "UnsafeViewBackward0"
    return apply(name, _linear, (input, weight, bias))

"""Norms of matrices and condition numbers."""

from __future__ import annotations

import math
from typing import Any

from ..calls import NUMBERS, apply
from ..dtypes import dtype
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import wrap_dim
from ..tensor import Tensor, formatting_name
from .common import store
from .linalg import inv
from .norms import vector_norm
from .spectral import svdvals


def _sums(x: Node, order: float, dims: tuple[int, int], keepdim: bool) -> Node:
    """The largest (smallest for -1) sum of sizes over columns, or over rows for infinite orders."""
    summed, kept = dims if abs(order) == 1 else dims[::-1]
    total = ops.sum(ops.abs(x), axes=(summed,))
    kept -= kept > summed
    found = (ops.max if order > 0 else ops.min)(total, axes=(kept,))
    return _shaped(found, x, dims, keepdim)


def _shaped(found: Node, x: Node, dims: tuple[int, int], keepdim: bool) -> Node:
    if not keepdim:
        return found
    return ops.reshape(found, shape=tuple(1 if i in dims else n for i, n in enumerate(x.shape)))


def _values(x: Node, order: Any, dims: tuple[int, int], keepdim: bool) -> Node:
    """Norms made of singular values."""
    rest = tuple(i for i in range(len(x.shape)) if i not in dims)
    turned = ops.permute(x, dims=(*rest, *dims))
    if 0 in turned.shape[-2:]:
        return _shaped(ops.full(turned.shape[:-2], 0, x.dtype.to_real()), x, dims, keepdim)
    s = ops.pick(ops.svd(turned, full=False), place=1)
    reduce = ops.sum if order == "nuc" else ops.max if order > 0 else ops.min
    return _shaped(reduce(s, axes=(len(s.shape) - 1,)), x, dims, keepdim)


def _matrix_norm(x: Node, order: Any, dim: tuple[int, int], keepdim: bool, kind: Any) -> Node:
    dims = (wrap_dim(dim[0], len(x.shape)), wrap_dim(dim[1], len(x.shape)))
    if dims[0] == dims[1]:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    if kind is not None:
        x = ops.cast(x, dtype=kind)
    if order == "nuc" or abs(order) == 2:
        return _values(x, order, dims, keepdim)
    sizes = (x.shape[dims[0]], x.shape[dims[1]])
    if 0 in sizes and order > 0:
        whole = tuple(n for i, n in enumerate(x.shape) if i not in dims)
        if 0 in sizes[::-1][:1] if abs(order) == 1 else sizes[0] == 0:
            raise IndexError("max(): Expected reduction dim 0 to have non-zero size.")
        return _shaped(ops.full(whole, 0, x.dtype.to_real()), x, dims, keepdim)
    return _sums(x, order, dims, keepdim)


def matrix_norm(
    A: Tensor,
    ord: Any = "fro",
    dim: Any = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Norms over two dimensions: "fro", "nuc", 2 and -2 (singular values), 1, -1, inf, -inf
    (sums)."""
    if A.dim() < 2:
        raise RuntimeError(
            "linalg.matrix_norm: The input tensor A must have at least 2 dimensions."
        )
    if not A.dtype.inexact:
        raise RuntimeError(
            "linalg.matrix_norm: Expected a floating point or complex tensor as input. Got "
            f"{formatting_name(A.dtype)}"
        )
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dims) != 2:
        raise RuntimeError(
            f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, dims))}"
        )
    if ord == "fro":
        places = [wrap_dim(d, A.dim()) for d in dims]
        if places[0] == places[1]:
            raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got {dims}")
        return vector_norm(A, 2, list(dims), keepdim, dtype=dtype, out=out)
    if isinstance(ord, str) and ord != "nuc":
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    if not isinstance(ord, str):
        if abs(ord) not in (1, 2, math.inf):
            raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
        ord = float(ord)
    found = apply("AmaxBackward0", _matrix_norm, (A,), (ord, dims, keepdim, dtype))
    return store(out, found)


def norm(
    A: Tensor,
    ord: Any = None,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """A vector's norm over one dimension (or all elements), a matrix' over two."""
    dims = None if dim is None else [dim] if isinstance(dim, int) else list(dim)
    if ord is not None:
        if dims is not None and len(dims) not in (1, 2):
            raise RuntimeError(
                f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {dims}"
            )
        if dims is None and A.dim() not in (1, 2):
            raise RuntimeError(
                "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
                f"{A.dim()}D."
            )
        count = A.dim() if dims is None else len(dims)
        if count == 2 or not isinstance(ord, NUMBERS):
            return matrix_norm(
                A, ord, (0, 1) if dims is None else dims, keepdim, dtype=dtype, out=out
            )
    return vector_norm(A, 2 if ord is None else ord, dims, keepdim, dtype=dtype, out=out)


def nuclear_norm(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The sum of singular values."""
    return matrix_norm(input, "nuc", (-2, -1) if dim is None else dim, keepdim)


def cond(A: Tensor, p: Any = None, *, out: Tensor | None = None) -> Tensor:
    """The condition number |A| |A^-1| in a norm; by default the ratio of extreme singular
    values."""
    if A.dim() < 2:
        raise RuntimeError("linalg.cond: The input tensor A must have at least 2 dimensions.")
    if p is None or p in (2, -2):
        s = svdvals(A)
        if not s.numel():
            return store(out, s.new_zeros(A.shape[:-2]))
        first, last = s[..., 0], s[..., -1]
        return store(out, last / first if p == -2 else first / last)
    if isinstance(p, str) and p not in ("fro", "nuc"):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    if A.shape[-1] != A.shape[-2]:
        raise RuntimeError(
            "linalg.cond: A must be batches of square matrices, but they are "
            f"{A.shape[-2]} by {A.shape[-1]} matrices"
        )
    if not A.numel():
        return store(
            out, A.real.new_zeros(A.shape[:-2]) if A.is_complex() else A.new_zeros(A.shape[:-2])
        )
    return store(out, matrix_norm(A, p) * matrix_norm(inv(A), p))

"""Distances and similarities between vectors, and the p-norms they rest on."""

from __future__ import annotations

import math

from .. import dtypes
from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import broadcast as broadcast_shapes
from ..shapes import wrap_dim
from ..tensor import Tensor, formatting_name
from .common import broadcast, expand, promote, result_dtype, scalar, tensors_only, wide

__all__ = ["bilinear", "cdist", "cosine_similarity", "pairwise_distance", "pdist"]


# ---------------------------------------------------------------- norms
def _safe_root(x: Node) -> Node:
    """The square root, whose gradient at 0 is 0."""
    zero = ops.eq(x, scalar(0, x))
    return ops.where(zero, scalar(0, x), ops.sqrt(ops.where(zero, scalar(1, x), x)))


def norm_node(x: Node, p: float, axes: tuple[int, ...]) -> Node:
    """The p-norm over axes, real; its gradient at 0 is 0."""
    tensors_only("norm", x)
    if not x.dtype.inexact:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{formatting_name(x.dtype)}"
        )
    kind = x.dtype.to_real()
    x = ops.cast(x, dtype=wide(x.dtype))
    return ops.cast(_norm(x, p, axes), dtype=kind)


def _norm(x: Node, p: float, axes: tuple[int, ...]) -> Node:
    if p == 2:
        real = ops.real(ops.mul(x, ops.conj(x)))
        return _safe_root(ops.sum(real, axes=axes))
    size = ops.abs(x)
    if p == 0:
        return ops.sum(ops.cast(ops.ne(size, scalar(0, size)), dtype=size.dtype), axes=axes)
    if p == 1:
        return ops.sum(size, axes=axes)
    if math.isinf(p):
        return (ops.max if p > 0 else ops.min)(size, axes=axes) if axes else size
    zero = ops.eq(size, scalar(0, size))
    if p < 0:
        total = ops.sum(ops.pow(size, scalar(p, size)), axes=axes)
    else:
        safe = ops.where(zero, scalar(1, size), size)
        power = ops.where(zero, scalar(0, size), ops.pow(safe, scalar(p, size)))
        total = ops.sum(power, axes=axes)
    none = ops.eq(total, scalar(0, total))
    safe = ops.where(none, scalar(1, total), total)
    return ops.where(none, scalar(0, total), ops.pow(safe, scalar(1 / p, total)))


# ---------------------------------------------------------------- row by row
def _cosine(x: Node, y: Node, dim: int, eps: float) -> Node:
    tensors_only("cosine_similarity", x, y)
    kind = result_dtype((x, y))
    if not kind.is_floating_point:
        raise RuntimeError(
            "expected common dtype to be floating point, yet common dtype is "
            f"{formatting_name(kind)}"
        )
    x, y = (ops.cast(n, dtype=wide(kind)) for n in promote(x, y))
    axes = (wrap_dim(dim, len(x.shape)),) if x.shape else ()
    product = ops.sum(ops.mul(x, y), axes=axes)
    for n in (x, y):
        size = _norm(n, 2, axes)
        least = scalar(eps, size)
        product = ops.div(product, ops.where(ops.lt(size, least), least, size))
    return ops.cast(product, dtype=kind)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1 . x2 / (|x1| |x2|) along a dimension; norms below `eps` count as `eps`."""
    return apply("SumBackward1", _cosine, (x1, x2), (dim, eps))


def _pairwise(x: Node, y: Node, p: float, eps: float, keepdim: bool) -> Node:
    tensors_only("pairwise_distance", x, y)
    kind = result_dtype((x, y))
    if kind is dtypes.bool_:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    difference = ops.sub(*promote(x, y))
    kind = kind if kind.inexact else dtypes.get_default()
    difference = ops.cast(difference, dtype=wide(kind))
    difference = ops.add(difference, scalar(eps, difference))
    axes = (len(difference.shape) - 1,) if difference.shape else ()
    out = ops.cast(_norm(difference, p, axes), dtype=kind.to_real())
    return ops.reshape(out, shape=(*out.shape, 1)) if keepdim and axes else out


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The p-norm of x1 - x2 + eps along the last dimension."""
    return apply("NormBackward1", _pairwise, (x1, x2), (float(p), eps, keepdim))


# ---------------------------------------------------------------- all pairs
_MODES = (
    *("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist"),
    "donot_use_mm_for_euclid_dist",
)


def _by_product(x: Node, y: Node) -> Node:
    """Euclidean distances from |x|^2 + |y|^2 - 2 x y: fast, and inexact for what lies close."""
    batch = broadcast_shapes(x.shape[:-2], y.shape[:-2])
    x, y = (expand(n, (*batch, *n.shape[-2:])) for n in (x, y))
    last = len(x.shape) - 1
    product = ops.dot(x, ops.permute(y, dims=(*range(last - 1), last, last - 1)))
    total = ops.mul(product, scalar(-2, product))
    for n, place in ((x, last), (y, last - 1)):
        square = ops.sum(ops.mul(n, n), axes=(last,))
        shape = tuple(1 if i == place else m for i, m in enumerate(total.shape))
        total = ops.add(total, expand(ops.reshape(square, shape=shape), total.shape))
    zero = scalar(0, total)
    return _safe_root(ops.where(ops.lt(total, zero), zero, total))


def _cdist(x: Node, y: Node, p: float, mode: str) -> Node:
    rows, columns = x.shape[-2], y.shape[-2]
    kind = result_dtype((x, y))
    x, y = (ops.cast(n, dtype=kind) for n in (x, y))
    large = rows > 25 or columns > 25
    if p == 2 and x.shape[-1] and (mode == _MODES[1] or (mode == _MODES[0] and large)):
        return _by_product(x, y)
    x = ops.reshape(x, shape=(*x.shape[:-2], rows, 1, x.shape[-1]))
    y = ops.reshape(y, shape=(*y.shape[:-2], 1, columns, y.shape[-1]))
    x, y = broadcast(x, y)
    return _norm(ops.sub(x, y), p, (len(x.shape) - 1,)) if x.shape[-1] else _empty(x)


def _empty(x: Node) -> Node:
    return ops.full(x.shape[:-1], 0, x.dtype)


def cdist(
    x1: Tensor,
    x2: Tensor,
    p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
) -> Tensor:
    """p-norm distances [*, n, m] between all rows of x1 [*, n, d] and of x2 [*, m, d].

    Euclidean distances may be computed by a matrix product: of more than 25 rows, unless
    `compute_mode` is "donot_use_mm_for_euclid_dist".
    """
    for place, x in (("X1", x1), ("X2", x2)):
        if not x._dtype.is_floating_point:
            raise RuntimeError(
                f"cdist only supports floating-point dtypes, {place} got: "
                f"{formatting_name(x._dtype)}"
            )
    for place, x in (("X1", x1), ("X2", x2)):
        if x.dim() < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {place} got: {x.dim()}D")
    if x1._size[-1] != x2._size[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1._size[-1]} X2: {x2._size[-1]}"
        )
    if compute_mode not in _MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    return apply("CdistBackward0", _cdist, (x1, x2), (float(p), compute_mode))


def _pdist(x: Node, p: float) -> Node:
    if len(x.shape) != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {len(x.shape)}D")
    n, d = x.shape
    if n < 2:
        return ops.full((0,), 0, x.dtype)
    parts = []
    for i in range(n - 1):  # row i against the rows after it
        rest = ops.slice(x, start=(i + 1, 0), stop=(n, d), step=(1, 1))
        one = ops.slice(x, start=(i, 0), stop=(i + 1, d), step=(1, 1))
        parts.append(ops.sub(expand(one, rest.shape), rest))
    difference = ops.concat(*parts, axis=0) if len(parts) > 1 else parts[0]
    return _norm(difference, p, (1,))


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """p-norm distances between all pairs of rows of an [n, d] matrix, as n (n - 1) / 2 numbers."""
    if not input._dtype.is_floating_point:
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    return apply("PdistBackward0", _pdist, (input,), (float(p),))


# ---------------------------------------------------------------- bilinear
def _bilinear(x: Node, y: Node, weight: Node, bias: Node | None) -> Node:
    if not (x.dtype is y.dtype is weight.dtype):
        names = {"float32": "float", "float64": "double", "int64": "long int", "bool": "bool"}
        shown = [
            names.get(n.dtype.name, f"c10::{formatting_name(n.dtype)}") for n in (x, y, weight)
        ]
        raise RuntimeError(
            f"All tensors must have the same dtype, got input1: {shown[0]}, input2: {shown[1]}, "
            f"weight: {shown[2]}"
        )
    if len(x.shape) != len(y.shape):
        raise RuntimeError(
            f"bilinear(): input dimensions do not match: got {len(x.shape)} and {len(y.shape)}"
        )
    for dim, (n, m) in enumerate(zip(x.shape[:-1], y.shape[:-1])):
        if n != m:
            raise RuntimeError(
                f"bilinear(): input batch dimensions do not match at dim {dim}: got {n} and {m}"
            )
    out, a, b = weight.shape
    for place, n, size in (("1", x, a), ("2", y, b)):
        if n.shape[-1] != size:
            raise RuntimeError(
                f"bilinear(): input{place} size does not match weight size: got {n.shape[-1]} but "
                f"expected {size}"
            )
    if bias is not None and bias.shape != (out,):
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {bias.shape[0]} but expected "
            f"{out}"
        )
    kind, lead = x.dtype, x.shape[:-1]
    x, y, weight = (ops.cast(n, dtype=wide(kind)) for n in (x, y, weight))
    rows = math.prod(lead)
    left, right = ops.reshape(x, shape=(rows, a)), ops.reshape(y, shape=(rows, b))
    spread = ops.reshape(ops.permute(weight, dims=(1, 0, 2)), shape=(a, out * b))
    inner = ops.reshape(ops.dot(left, spread), shape=(rows, out, b))
    right = expand(ops.reshape(right, shape=(rows, 1, b)), (rows, out, b))
    found = ops.sum(ops.mul(inner, right), axes=(2,))
    found = ops.reshape(found, shape=(*lead, out))
    if bias is not None:
        found = ops.add(found, expand(ops.cast(bias, dtype=found.dtype), found.shape))
    return ops.cast(found, dtype=kind)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x1^T W_k x2 + b_k for each k: [*, a], [*, b] with weight [out, a, b] give [*, out]."""
    return apply("AddBackward0", _bilinear, (input1, input2, weight, bias))

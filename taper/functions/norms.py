"""Vector norms and distances; gradients at zero are zero, as PyTorch has them."""

from __future__ import annotations

import math
from typing import Any

from ..calls import NUMBERS, apply, apply_
from ..dtypes import dtype
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import wrap_dim, wrap_dims
from ..tensor import Tensor, formatting_name
from .common import (
    Dims,
    expand,
    hashable,
    in_axes,
    keep,
    numpy_names,
    promote,
    scalar,
    store,
    tensors_only,
    wide,
)

__all__ = ["dist", "norm", "renorm"]


# ---------------------------------------------------------------- nodes
def _root(total: Node, p: float) -> Node:
    """total^(1/p), whose gradient at 0 is 0."""
    zero = ops.eq(total, scalar(0, total))
    safe = ops.where(zero, scalar(1, total), total)
    root = ops.sqrt(safe) if p == 2 else ops.pow(safe, scalar(1 / p, safe))
    return ops.where(zero, total, root)


def _squares(x: Node) -> Node:
    if x.dtype.is_complex:
        real, imag = ops.real(x), ops.imag(x)
        return ops.add(ops.mul(real, real), ops.mul(imag, imag))
    return ops.mul(x, x)


def _sized(x: Node, p: float, axes: tuple[int, ...]) -> Node:
    """The p-norm over axes of floating or complex x."""
    if p == 2:
        return _root(ops.sum(_squares(x), axes=axes), 2)
    size = ops.abs(x)
    if p == 1:
        return ops.sum(size, axes=axes)
    if p == 0:
        apart = ops.ne(x, scalar(0, x))
        return ops.sum(ops.cast(apart, dtype=size.dtype), axes=axes)
    if math.isinf(p):
        if not axes:
            return size
        if 0 in [x.shape[a] for a in axes]:
            return ops.fill(ops.sum(size, axes=axes), 0)
        return ops.max(size, axes=axes) if p > 0 else ops.min(size, axes=axes)
    zero = ops.eq(size, scalar(0, size))
    power = ops.pow(ops.where(zero, scalar(1, size), size), scalar(p, size))
    power = ops.where(zero, scalar(0 if p > 0 else math.inf, size), power)
    if p < 0:
        total = ops.sum(power, axes=axes)
        return ops.pow(total, scalar(1 / p, total))
    return _root(ops.sum(power, axes=axes), p)


def _check_empty(x: Node, p: float, axes: tuple[int, ...], given: bool) -> None:
    if (p >= 0 and not math.isinf(p)) or 0 not in x.shape:
        return
    if not given:
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {p:g} norm on an empty tensor because the "
            "operation does not have an identity"
        )
    for a in axes:
        if x.shape[a] == 0:
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {p:g} norm on the dimension {a} because "
                "this dimension is empty and the operation does not have an identity"
            )


def _vector_norm(x: Node, p: float, dim: Dims, keepdim: bool, kind: dtype | None) -> Node:
    tensors_only("linalg.vector_norm", x)
    if not x.dtype.inexact:
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{formatting_name(x.dtype)}"
        )
    if kind is not None:
        if not kind.inexact or (x.dtype.is_complex != kind.is_complex and x.dtype.is_complex):
            raise RuntimeError(
                f"linalg.vector_norm: dtype should be floating point or complex, but got {kind}"
            )
        x = ops.cast(x, dtype=kind)
    axes = wrap_dims(dim, x.ndim)
    _check_empty(x, p, axes, dim is not None)
    kind = x.dtype
    found = _sized(ops.cast(x, dtype=wide(kind)), p, axes)
    return ops.cast(in_axes(found, x, axes, keepdim), dtype=kind.to_real())


# ---------------------------------------------------------------- public
def vector_norm(
    x: Tensor,
    ord: Any = 2,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """(sum |x|^ord)^(1/ord) over all or some dimensions; ord 0 counts, inf takes the largest."""
    static = (float(ord), hashable(dim), keepdim, dtype)
    return store(out, apply("LinalgVectorNormBackward0", _vector_norm, (x,), static))


def _nuclear(x: Node, dim: tuple[int, ...], keepdim: bool) -> Node:
    """The sum of the singular values over two dimensions."""
    axes = tuple(wrap_dim(d, x.ndim) for d in dim)
    if x.ndim < 2 or len(axes) != 2 or axes[0] == axes[1]:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}")
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    s = ops.pick(ops.svd(ops.permute(x, dims=(*rest, *axes)), full=False), place=1)
    return in_axes(ops.sum(s, axes=(s.ndim - 1,)), x, axes, keepdim)


def norm(
    input: Tensor,
    p: Any = "fro",
    dim: Dims = None,
    keepdim: bool = False,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    **named: Any,
) -> Tensor:
    """The p-norm of the elements, or along dimensions; "fro" is the root of the sum of squares."""
    if named:
        dim, keepdim = numpy_names("norm", named, dim, keepdim)
    if p is None or p == "fro":
        p = 2
        if isinstance(dim, (tuple, list)) and len(dim) > 2:
            raise ValueError(
                f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, dim))}"
            )
    if p == "nuc":
        dims = (-2, -1) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
        x = input if dtype is None else input.to(dtype)
        return store(out, apply("SumBackward1", _nuclear, (x,), (dims, keepdim)))
    if not isinstance(p, NUMBERS):
        raise RuntimeError(f"linalg.matrix_norm: Order {p} not supported.")
    return vector_norm(input, p, dim, keepdim, dtype=dtype, out=out)


def _dist(x: Node, y: Node, p: float) -> Node:
    tensors_only("dist", x, y)
    x, y = promote(x, y)
    if not x.dtype.inexact:
        raise RuntimeError("dist only supports floating-point dtypes")
    kind = x.dtype
    gap = ops.sub(ops.cast(x, dtype=wide(kind)), ops.cast(y, dtype=wide(kind)))
    return ops.cast(_sized(gap, p, tuple(range(gap.ndim))), dtype=kind.to_real())


def dist(input: Tensor, other: Tensor, p: Any = 2) -> Tensor:
    """The p-norm of `input - other`."""
    return apply("DistBackward0", _dist, (input, other), (float(p),))


def _renorm(x: Node, p: float, dim: int, maxnorm: float) -> Node:
    tensors_only("renorm", x)
    if x.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {x.ndim} dimensions")
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    axis, kind = wrap_dim(dim, x.ndim), x.dtype
    x = ops.cast(x, dtype=wide(kind))
    axes = tuple(i for i in range(x.ndim) if i != axis)
    size = keep(_sized(x, p, axes), x, axes)
    most, one = scalar(maxnorm, size), scalar(1, size)
    factor = ops.where(ops.lt(most, size), ops.div(most, ops.add(size, scalar(1e-7, size))), one)
    factor = ops.cast(expand(factor, x.shape), dtype=x.dtype)
    return ops.cast(ops.mul(x, factor), dtype=kind)


def renorm(input: Tensor, p: Any, dim: int, maxnorm: float, *, out: Tensor | None = None) -> Tensor:
    """Slices along `dim` whose p-norm exceeds `maxnorm`, scaled down to it."""
    static = (float(p), dim, float(maxnorm))
    return store(out, apply("RenormBackward0", _renorm, (input,), static))


def renorm_(input: Tensor, p: Any, dim: int, maxnorm: float) -> Tensor:
    """`renorm` in place."""
    static = (float(p), dim, float(maxnorm))
    return apply_("RenormBackward0", _renorm, input, (), static)

"""Numerical calculus: differences of neighbours, gradients of samples, the trapezoidal rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..calls import apply
from ..dtypes import dtype
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import wrap_dim, wrap_dims
from ..tensor import Tensor
from .common import expand, promote, scalar, store, tensors_only, to_float

__all__ = ["cumulative_trapezoid", "diff", "gradient", "trapezoid", "trapz"]


# ---------------------------------------------------------------- differences
def _part(x: Node, axis: int, start: int, stop: int) -> Node:
    low, high = [0] * x.ndim, list(x.shape)
    low[axis], high[axis] = start, stop
    return ops.slice(x, start=tuple(low), stop=tuple(high), step=(1,) * x.ndim)


def _diff(x: Node, before: Node | None, after: Node | None, n: int, dim: int) -> Node:
    tensors_only("diff", x)
    if not x.shape:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    axis = wrap_dim(dim, x.ndim)
    if n == 0:
        return x
    parts = [p for p in (before, x, after) if p is not None]
    for p in parts:
        if p.ndim != x.ndim:
            raise RuntimeError("diff expects prepend or append to be the same dimension as input")
        for i, (a, b) in enumerate(zip(x.shape, p.shape)):
            if i != axis and a != b:
                raise RuntimeError(
                    "diff expects the shape of tensor to prepend or append to match that of input "
                    "except along the differencing dimension; "
                    f"input.size({i}) = {a}, but got tensor.size({i}) = {b}"
                )
    if len(parts) > 1:
        kind = _common(parts)
        x = ops.concat(*[ops.cast(p, dtype=kind) for p in parts], axis=axis)
    for _ in range(min(n, x.shape[axis])):
        size = x.shape[axis]
        high, low = _part(x, axis, 1, size), _part(x, axis, 0, size - 1)
        x = ops.bitxor(high, low) if x.dtype is dtypes.bool_ else ops.sub(high, low)
    return x


def _common(nodes: list[Node]) -> dtype:
    kind = nodes[0].dtype
    for n in nodes[1:]:
        kind = dtypes.promote_types(kind, n.dtype)
    return kind


def diff(
    input: Tensor,
    n: int = 1,
    dim: int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """Differences of neighbours along a dimension, `n` times over."""
    return store(out, apply("SubBackward0", _diff, (input, prepend, append), (n, dim)))


# ---------------------------------------------------------------- the trapezoidal rule
def _areas(y: Node, x: Node | None, dx: Node | None, dim: int, name: str) -> tuple[Node, int]:
    """The area under each pair of neighbours, and the axis."""
    tensors_only(name, y)
    if y.dtype is dtypes.bool_ or (x is not None and x.dtype is dtypes.bool_):
        raise RuntimeError(
            f"{name}: received a bool input for `x` or `y`, but bool is not supported"
        )
    axis = wrap_dim(dim, y.ndim)
    size = y.shape[axis]
    pairs = _pairs(y, axis, size)
    if x is None:
        return ops.mul(*promote(pairs, dx)), axis  # type: ignore[arg-type]
    points = x.shape[axis - y.ndim if x.ndim > 1 else 0] if x.ndim else 0
    if x.ndim == 1:
        if points != size:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        x = ops.reshape(x, shape=tuple(size if i == axis else 1 for i in range(y.ndim)))
    else:
        axes_before = y.ndim - x.ndim
        x = ops.reshape(x, shape=(*(1,) * axes_before, *x.shape))
    width = x.shape[axis]
    steps = ops.sub(_part(x, axis, 1, width), _part(x, axis, 0, width - 1))
    return ops.mul(*promote(steps, pairs)), axis


def _pairs(y: Node, axis: int, size: int) -> Node:
    if size == 0:
        return y
    return ops.add(_part(y, axis, 1, size), _part(y, axis, 0, size - 1))


def _halved(x: Node) -> Node:
    x = x if x.dtype.inexact else ops.cast(x, dtype=dtypes.get_default())
    return ops.div(x, scalar(2, x))


def _trapezoid(y: Node, x: Node | None, dx: Node | None, dim: int) -> Node:
    areas, axis = _areas(y, x, dx, dim, "trapezoid")
    areas = areas if areas.dtype.inexact else ops.cast(areas, dtype=dtypes.int64)
    return _halved(ops.sum(areas, axes=(axis,)))


def _cumulative(y: Node, x: Node | None, dx: Node | None, dim: int) -> Node:
    areas, axis = _areas(y, x, dx, dim, "cumulative_trapezoid")
    return ops.cumsum(_halved(areas), axis=axis)


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral along `dim` by the trapezoidal rule, over points `x` or at steps `dx`."""
    step = (1 if dx is None else dx) if x is None else None
    return apply("MulBackward1" if x is None else "DivBackward1", _trapezoid, (y, x, step), (dim,))


def cumulative_trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1
) -> Tensor:
    """The integral up to each point along `dim` by the trapezoidal rule."""
    step = (1 if dx is None else dx) if x is None else None
    return apply(
        "CumsumBackward0" if x is None else "DivBackward1", _cumulative, (y, x, step), (dim,)
    )


def trapz(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """`trapezoid` under its older name."""
    return trapezoid(y, x, dx=dx, dim=dim)


# ---------------------------------------------------------------- gradients of samples
def _mixed(parts: Sequence[tuple[Node | float, Node]]) -> Node:
    """The sum of weights times nodes."""
    total = None
    for weight, x in parts:
        w = weight if isinstance(weight, Node) else scalar(weight, x)
        term = ops.mul(expand(w, x.shape), x)
        total = term if total is None else ops.add(total, term)
    return total  # type: ignore[return-value]


def _uniform(x: Node, step: Node, axis: int, order: int) -> Node:
    """Central differences inside, one-sided ones of first or second order at the ends."""
    n = x.shape[axis]

    def at(i: int) -> Node:
        return _part(x, axis, i, i + 1)

    inner = _mixed([(0.5, _part(x, axis, 2, n)), (-0.5, _part(x, axis, 0, n - 2))])
    if order == 1:
        first, last = ops.sub(at(1), at(0)), ops.sub(at(n - 1), at(n - 2))
    else:
        first = _mixed([(-1.5, at(0)), (2.0, at(1)), (-0.5, at(2))])
        last = _mixed([(1.5, at(n - 1)), (-2.0, at(n - 2)), (0.5, at(n - 3))])
    found = ops.concat(first, inner, last, axis=axis)
    return ops.div(found, expand(ops.cast(step, dtype=found.dtype), found.shape))


def _over(a: Node, *factors: Node) -> Node:
    product = factors[0]
    for f in factors[1:]:
        product = ops.mul(product, f)
    return ops.div(a, product)


def _slopes(before: Node, after: Node, place: int) -> tuple[Node, Node, Node]:
    """Weights of three samples for the slope at one of them (place 0, 1 or 2)."""
    whole = ops.add(before, after)
    twice = ops.add(before, before) if place == 0 else ops.add(after, after)
    if place == 0:
        return (
            ops.neg(_over(ops.add(twice, after), before, whole)),
            _over(whole, before, after),
            ops.neg(_over(before, after, whole)),
        )
    if place == 1:
        return (
            ops.neg(_over(after, before, whole)),
            _over(ops.sub(after, before), before, after),
            _over(before, after, whole),
        )
    return (
        _over(after, before, whole),
        ops.neg(_over(whole, before, after)),
        _over(ops.add(twice, before), after, whole),
    )


def _uneven(x: Node, points: Node, axis: int, order: int) -> Node:
    """Second-order differences over uneven points; ends of first or second order."""
    n = x.shape[axis]
    line = tuple(n if i == axis else 1 for i in range(x.ndim))
    points = ops.reshape(ops.cast(points, dtype=x.dtype), shape=line)
    steps = ops.sub(_part(points, axis, 1, n), _part(points, axis, 0, n - 1))

    def at(i: int) -> Node:
        return _part(x, axis, i, i + 1)

    def step(i: int) -> Node:
        return _part(steps, axis, i, i + 1)

    weights = _slopes(_part(steps, axis, 0, n - 2), _part(steps, axis, 1, n - 1), 1)
    inner = _mixed([(w, _part(x, axis, i, n - 2 + i)) for i, w in enumerate(weights)])
    if order == 1:
        first = ops.div(ops.sub(at(1), at(0)), expand(step(0), at(0).shape))
        last = ops.div(ops.sub(at(n - 1), at(n - 2)), expand(step(n - 2), at(0).shape))
    else:
        first = _mixed(list(zip(_slopes(step(0), step(1), 0), (at(0), at(1), at(2)))))
        ends = _slopes(step(n - 3), step(n - 2), 2)
        last = _mixed(list(zip(ends, (at(n - 3), at(n - 2), at(n - 1)))))
    return ops.concat(first, inner, last, axis=axis)


def _gradient(x: Node, *rest: Any) -> tuple[Node, ...]:
    """One derivative a dimension; `rest` holds the spacings, the dimensions and the edge order."""
    *spacings, axes, order = rest
    if x.dtype is dtypes.uint8:
        raise RuntimeError("torch.gradient does not support uint8 input.")
    for axis in axes:
        if x.shape[axis] < order + 1:
            raise RuntimeError(
                "torch.gradient expected each dimension size to be at least edge_order+1"
            )
    x = to_float(x)
    return tuple(
        (_uneven if s.ndim else _uniform)(x, s, axis, order) for s, axis in zip(spacings, axes)
    )


def _spacings(spacing: Any, count: int) -> list[Any]:
    """One number or vector of coordinates for each dimension."""
    if spacing is None:
        return [1.0] * count
    if isinstance(spacing, (tuple, list)):
        if len(spacing) != count:
            raise RuntimeError(
                "torch.gradient expected spacing to be unspecified, a scalar or a list of length "
                f"{count}, but got a list of length {len(spacing)}"
            )
        return list(spacing)
    return [spacing] * count


def gradient(
    input: Tensor, *, spacing: Any = None, dim: Any = None, edge_order: int = 1
) -> tuple[Tensor, ...]:
    """Estimates of the derivative along each of `dim` (all by default) from samples.

    `spacing` is the step, or one step or one vector of coordinates a dimension. Inside, central
    differences of second order; at the ends one-sided ones of `edge_order` (1 or 2).
    """
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    axes = wrap_dims(dim, input.dim())
    if isinstance(dim, (tuple, list)):
        axes = tuple(wrap_dim(d, input.dim()) for d in dim)
    steps = _spacings(spacing, len(axes))
    for step, axis in zip(steps, axes):
        if isinstance(step, Tensor) and (step.dim() != 1 or step.numel() != input.shape[axis]):
            raise RuntimeError(
                "torch.gradient expected each element of the spacing to be a vector of "
                f"{input.shape[axis]} coordinates, but got one of shape {list(step.shape)}"
            )
    return apply("CatBackward0", _gradient, (input, *steps), (axes, edge_order))

"""Losses with margins: ranking, hinge, triplet and multi-class margin losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show, wrap_dim
from ..tensor import Tensor, formatting_name
from .activation import log_sigmoid_node
from .common import expand, promote, result_dtype, scalar, spread, unsupported, wide
from .distance import norm_node
from .losses import checked, name_for, old_reduction, reduced

__all__ = ["cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss"]
__all__ += ["multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss"]
__all__ += ["soft_margin_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss"]


def _positive(x: Node) -> Node:
    """x held above 0; the gradient passes at 0, as through `clamp`."""
    zero = scalar(0, x)
    return ops.where(ops.lt(x, zero), zero, x)


def _above(x: Node) -> Node:
    """x held above 0; no gradient passes at 0."""
    zero = scalar(0, x)
    return ops.where(ops.le(x, zero), zero, x)


def _widened(*nodes: Node) -> tuple[dtypes.dtype, tuple[Node, ...]]:
    kind = result_dtype(nodes)
    if not kind.inexact:
        kind = dtypes.get_default()
    return kind, tuple(ops.cast(n, dtype=wide(kind)) for n in promote(*nodes))


# ---------------------------------------------------------------- pairs
def _ranking(x: Node, y: Node, target: Node, margin: float, how: str) -> Node:
    kind = result_dtype((x, y, target))
    if not kind.inexact:  # PyTorch computes the product in integers
        loss = ops.mul(*promote(ops.neg(target), ops.sub(*promote(x, y))))
        kind = dtypes.get_default()
        loss = ops.cast(loss, dtype=kind)
    else:
        x, y, target = (ops.cast(n, dtype=wide(kind)) for n in promote(x, y, target))
        loss = ops.mul(ops.neg(target), ops.sub(x, y))
    loss = _positive(ops.add(loss, scalar(margin, loss)))
    return ops.cast(reduced(loss, how), dtype=kind)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, -y (x1 - x2) + margin) for y of 1 or -1."""
    how = old_reduction(size_average, reduce, reduction)
    if not input1.dim() == input2.dim() == target.dim():
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.size()}, input2: {input2.size()}, target: {target.size()} "
        )
    name = name_for(how, "ClampMinBackward0")
    return apply(name, _ranking, (input1, input2, target), (margin, how))


def _hinge(x: Node, target: Node, margin: float, how: str) -> Node:
    kind = x.dtype
    if how == "mean" and not kind.inexact:
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or "
            f"complex dtype. Got: {formatting_name(kind)}"
        )
    x, y = promote(ops.cast(x, dtype=wide(kind)), target)
    zero = scalar(0, x)
    far = _positive(ops.sub(scalar(margin, x), x))
    apart = ops.where(ops.ne(y, scalar(1, y)), far, zero)
    together = ops.where(ops.ne(y, scalar(-1, y)), x, zero)
    return ops.cast(reduced(ops.add(apart, together), how), dtype=kind)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """x where the target is 1, max(0, margin - x) where it is -1."""
    how = old_reduction(size_average, reduce, reduction)
    name = name_for(how, "AddBackward0")
    return apply(name, _hinge, (input, target), (margin, how))


def _cosine_embedding(x: Node, y: Node, target: Node, margin: float, how: str) -> Node:
    kind, (x, y) = _widened(x, y)
    axes = (len(x.shape) - 1,)
    product = ops.sum(ops.mul(x, y), axes=axes)
    sizes = [ops.sum(ops.mul(n, n), axes=axes) for n in (x, y)]
    sizes = [ops.add(n, scalar(1e-12, n)) for n in sizes]
    cosine = ops.div(product, ops.sqrt(ops.mul(*sizes)))
    target = expand(target, cosine.shape)
    zero = scalar(0, cosine)
    near = ops.where(ops.eq(target, scalar(1, target)), ops.sub(scalar(1, cosine), cosine), zero)
    far = _positive(ops.sub(cosine, scalar(margin, cosine)))
    loss = ops.add(near, ops.where(ops.eq(target, scalar(-1, target)), far, zero))
    return ops.cast(reduced(loss, how), dtype=kind)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 - cos(x1, x2) where the target is 1, max(0, cos(x1, x2) - margin) where it is -1."""
    how = old_reduction(size_average, reduce, reduction)
    dims = target.dim()
    if dims > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if input1.dim() != dims + 1 or input2.dim() != dims + 1:
        raise RuntimeError(
            f"{dims}D target tensor expects {dims + 1}D input tensors, but found inputs with sizes "
            f"{show(input1._size)} and {show(input2._size)}."
        )
    name = name_for(how, "AddBackward0")
    return apply(name, _cosine_embedding, (input1, input2, target), (margin, how))


# ---------------------------------------------------------------- soft margins
def _no_booleans(x: Node) -> None:
    if x.dtype is dtypes.bool_:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to "
            "invert a mask, use the `~` or `logical_not()` operator instead."
        )


def _soft_margin(x: Node, y: Node, how: str) -> Node:
    _no_booleans(y)
    kind = x.dtype
    if not kind.inexact:
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {formatting_name(kind)}"
        )
    x, y = (ops.cast(n, dtype=wide(n.dtype)) for n in promote(x, y))
    product = ops.mul(x, y)
    if kind.is_complex:
        loss = ops.log1p(ops.exp(ops.neg(product)))
    else:
        loss = ops.neg(log_sigmoid_node(product))
    return ops.cast(reduced(loss, how), dtype=kind)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """log(1 + exp(-y x)) for y of 1 or -1."""
    how = old_reduction(size_average, reduce, reduction)
    return apply("SoftMarginLossBackward0", _soft_margin, (input, target), (how,))


def _multilabel_soft(x: Node, y: Node, weight: Node | None, how: str) -> Node:
    if not x.dtype.is_floating_point:
        unsupported("log_sigmoid_cpu", x.dtype)
    kind, (x, y) = _widened(x, y)
    hit = ops.mul(y, log_sigmoid_node(x))
    miss = ops.mul(ops.sub(scalar(1, y), y), log_sigmoid_node(ops.neg(x)))
    loss = ops.neg(ops.add(hit, miss))
    if weight is not None:
        loss = ops.mul(*promote(loss, weight))
    last = wrap_dim(-1, len(x.shape))
    total = ops.sum(loss, axes=(last,))
    loss = ops.div(total, scalar(x.shape[last], total))
    return ops.cast(reduced(loss, how), dtype=kind)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Binary cross-entropies of logits [N, C] with labels [N, C] of 0 or 1, averaged over C."""
    if size_average is not None or reduce is not None:
        reduction = old_reduction(size_average, reduce, reduction)
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(reduction + " is not valid")
    name = name_for(reduction, "DivBackward0")
    return apply(name, _multilabel_soft, (input, target, weight), (reduction,))


# ---------------------------------------------------------------- several classes
def _as_rows(x: Node) -> Node:
    """[C] and [] as one row; RuntimeError for other than vectors and matrices."""
    if len(x.shape) > 2 or (len(x.shape) == 2 and not x.shape[1]):
        raise RuntimeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            f"{show(x.shape)}"
        )
    return x if len(x.shape) == 2 else ops.reshape(x, shape=(1, x.shape.numel()))


def _one_hot(index: Node, classes: int) -> Node:
    shape = (*index.shape, classes)
    wanted = expand(ops.reshape(index, shape=(*index.shape, 1)), shape)
    return ops.eq(expand(ops.iota(size=classes), shape), wanted)


def _check_long(target: Node) -> None:
    if target.dtype is not dtypes.int64:
        raise RuntimeError(f"expected scalar type Long but found {formatting_name(target.dtype)}")


def _multi_margin(
    x: Node, target: Node, weight: Node | None, p: int, margin: float, how: str
) -> Node:
    kind, single = x.dtype, len(x.shape) < 2
    rows = _as_rows(x)
    n, classes = rows.shape
    if target.shape.numel() != n or len(target.shape) > 1:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input "
            f"samples (batch size). Expected target size [{n}], but got {show(target.shape)}. "
            f"Input has shape {show(x.shape)}."
        )
    if weight is not None and weight.shape.numel() != classes:
        raise RuntimeError(
            f"inconsistent weight size, expected {classes} but got {show(weight.shape)}"
        )
    if not kind.is_floating_point:
        unsupported("multi_margin_loss_cpu_kernel", kind)
    _check_long(target)
    rows = ops.cast(rows, dtype=wide(kind))
    target = ops.reshape(target, shape=(n,))
    chosen = ops.gather(rows, ops.reshape(target, shape=(n, 1)), axis=1)
    gap = ops.sub(rows, expand(chosen, rows.shape))
    gap = _above(ops.add(gap, scalar(margin, gap)))
    gap = ops.mul(gap, gap) if p == 2 else gap
    if weight is not None:
        scale = ops.take(ops.cast(weight, dtype=gap.dtype), target, axis=0)
        gap = ops.mul(gap, spread(scale, gap, (1,)))
    gap = ops.where(_one_hot(target, classes), scalar(0, gap), gap)
    total = ops.sum(gap, axes=(1,))
    loss = reduced(ops.div(total, scalar(classes, total)), how)
    if how == "none" and single:
        loss = ops.reshape(loss, shape=())
    return ops.cast(loss, dtype=kind)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Sum over the wrong classes i of max(0, margin - x[y] + x[i])^p / C, for x of [N, C]."""
    how = old_reduction(size_average, reduce, reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.dim() != 1:
        raise ValueError("weight must be one-dimensional")
    inputs: tuple[Any, ...] = (input, target, weight)
    return apply("MultiMarginLossBackward0", _multi_margin, inputs, (int(p), margin, how))


def _multilabel_margin(x: Node, target: Node, how: str) -> Node:
    kind, dims = x.dtype, len(x.shape)
    rows = _as_rows(x)
    n, classes = rows.shape
    if target.shape.numel() != x.shape.numel() or len(target.shape) > 2:
        raise RuntimeError(
            f"inconsistent target size: {show(target.shape)} for input of size: {show(x.shape)}"
        )
    if not kind.is_floating_point:
        unsupported("multilabel_margin_loss_forward_out_frame", kind)
    _check_long(target)
    rows = ops.cast(rows, dtype=wide(kind))
    target = ops.reshape(target, shape=(n, classes))
    ended = ops.cast(ops.lt(target, scalar(0, target)), dtype=dtypes.int64)
    ended = ops.cumsum(ended, axis=1)
    valid = ops.eq(ended, scalar(0, ended))  # the labels before the first negative one
    known = ops.where(valid, target, scalar(0, target))
    shape = (n, classes, classes)  # row, label, class
    by_label = expand(ops.reshape(valid, shape=(n, classes, 1)), shape)
    labelled = ops.bitand(_one_hot(known, classes), by_label)
    count = ops.sum(ops.cast(labelled, dtype=dtypes.int64), axes=(1,))
    other = ops.eq(count, scalar(0, count))  # classes that are no label
    chosen = ops.reshape(ops.gather(rows, known, axis=1), shape=(n, classes, 1))
    gap = ops.sub(expand(ops.reshape(rows, shape=(n, 1, classes)), shape), expand(chosen, shape))
    gap = _above(ops.add(gap, scalar(1, gap)))
    counts = ops.bitand(by_label, expand(ops.reshape(other, shape=(n, 1, classes)), shape))
    total = ops.sum(ops.where(counts, gap, scalar(0, gap)), axes=(1, 2))
    loss = reduced(ops.div(total, scalar(classes, total)), how)
    if how == "none" and dims < 2:
        loss = ops.reshape(loss, shape=())
    return ops.cast(loss, dtype=kind)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Sum of max(0, 1 - x[label] + x[other]) / C over the labels and all other classes.

    A row of the target [N, C] holds label numbers, ended by the first negative one.
    """
    how = old_reduction(size_average, reduce, reduction)
    return apply("MultilabelMarginLossBackward0", _multilabel_margin, (input, target), (how,))


# ---------------------------------------------------------------- triplets
def _distance(x: Node, y: Node, p: float, eps: float, kind: dtypes.dtype) -> Node:
    difference = ops.cast(ops.sub(*promote(x, y)), dtype=wide(kind))
    off = ops.add(difference, scalar(eps, difference))
    return norm_node(off, p, (len(off.shape) - 1,))


def _triplet(
    anchor: Node, near: Node, far: Node, margin: float, p: float, eps: float, swap: bool,
    how: str,
) -> Node:  # fmt: skip
    kind = result_dtype((anchor, near, far))
    kind = kind if kind.inexact else dtypes.get_default()
    if anchor.dtype.inexact:
        anchor, near, far = (ops.cast(n, dtype=wide(kind)) for n in (anchor, near, far))
    positive = _distance(anchor, near, p, eps, kind)
    negative = _distance(anchor, far, p, eps, kind)
    if swap:
        negative = ops.minimum(*promote(negative, _distance(near, far, p, eps, kind)))
    gap = ops.sub(*promote(positive, negative))
    loss = _positive(ops.add(gap, scalar(margin, gap)))
    return ops.cast(reduced(loss, how), dtype=kind.to_real())


def _check_triplet(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float) -> None:
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    dims = [x.dim() for x in (anchor, positive, negative)]
    if len(set(dims)) > 1:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {dims[0]}D, positive {dims[1]}D, and negative {dims[2]}D "
            "inputs"
        )


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, d(a, p) - d(a, n) + margin) with p-norm distances d (Balntas et al., 2016).

    With `swap` the lesser of d(a, n) and d(p, n) takes the place of d(a, n).
    """
    how = old_reduction(size_average, reduce, reduction)
    _check_triplet(anchor, positive, negative, margin)
    static = (margin, float(p), eps, swap, how)
    name = name_for(how, "ClampMinBackward0")
    return apply(name, _triplet, (anchor, positive, negative), static)


def _margin(positive: Node, negative: Node, margin: float, how: str) -> Node:
    gap = ops.sub(*promote(positive, negative))
    return reduced(_positive(ops.add(gap, scalar(margin, gap))), how)


def _lesser(x: Node, y: Node) -> Node:
    return ops.minimum(*promote(x, y))


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`triplet_margin_loss` with any distance function; the Euclidean one by default."""
    how = checked(reduction)
    _check_triplet(anchor, positive, negative, margin)
    if distance_function is None:
        static = (margin, 2.0, 1e-6, swap, how)
        name = name_for(how, "ClampMinBackward0")
        return apply(name, _triplet, (anchor, positive, negative), static)
    near, far = distance_function(anchor, positive), distance_function(anchor, negative)
    if swap:
        other = distance_function(positive, negative)
        far = apply("MinimumBackward0", _lesser, (far, other))
    return apply(name_for(how, "ClampMinBackward0"), _margin, (near, far), (margin, how))

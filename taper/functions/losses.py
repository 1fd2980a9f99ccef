"""Losses of numbers against numbers: squared, absolute, cross-entropy and likelihood losses."""

from __future__ import annotations

import math
import warnings
from typing import Any

from ..calls import apply
from ..dtypes import BOOL, INT, dtype, get_default
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import broadcast as broadcast_shapes
from ..shapes import show
from ..tensor import Tensor, formatting_name
from .activation import log_sigmoid_node
from .common import broadcast, expand, promote, result_dtype, scalar, still, unsupported, wide

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "gaussian_nll_loss"]
__all__ += ["huber_loss", "kl_div", "l1_loss", "mse_loss", "poisson_nll_loss", "smooth_l1_loss"]


# ---------------------------------------------------------------- reductions
def reduced(x: Node, how: str) -> Node:
    """A loss by element made one by "mean" or "sum", or left alone by "none"."""
    if how == "none":
        return x
    total = ops.sum(x, axes=tuple(range(len(x.shape))))
    return total if how == "sum" else ops.div(total, scalar(x.shape.numel(), total))


def checked(reduction: str) -> str:
    """The reduction's name; ValueError for an unknown one."""
    if reduction == "elementwise_mean":
        warnings.warn(
            "reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.",
            stacklevel=3,
        )
        return "mean"
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def old_reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The reduction that PyTorch's first arguments meant, or `reduction`, checked."""
    if size_average is None and reduce is None:
        return checked(reduction)
    averaged = True if size_average is None else size_average
    found = "none" if reduce is False else "mean" if averaged else "sum"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{found}' instead.",
        stacklevel=3,
    )
    return found


def name_for(how: str, of_none: str) -> str:
    """The graph node's name of a loss that PyTorch reduces by a further call."""
    return {"mean": "MeanBackward0", "sum": "SumBackward0"}.get(how, of_none)


# ---------------------------------------------------------------- how elements are prepared
def _warn_sizes(input: Tensor, target: Tensor) -> None:
    if input._size != target._size:
        warnings.warn(
            f"Using a target size ({target._size}) that is different to the input size "
            f"({input._size}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=3,
        )


def _check_weight(input: Tensor, weight: Tensor) -> None:
    if weight._size != input._size:
        raise ValueError("Weights and input must have the same size.")


def _weighted(how: str) -> str:
    if how not in ("none", "mean", "sum"):
        raise ValueError(f"Invalid reduction mode: {how}. Expected one of 'none', 'mean', 'sum'.")
    return how


def _difference(x: Node, y: Node) -> Node:
    if x.dtype.category == BOOL and y.dtype.category == BOOL:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    return ops.sub(*promote(x, y))


def _widened(*nodes: Node) -> tuple[dtype, tuple[Node, ...]]:
    """The common dtype, and the nodes promoted and broadcast in the dtype it is computed in."""
    kind = result_dtype(nodes)
    return kind, tuple(ops.cast(n, dtype=wide(kind)) for n in promote(*nodes))


def _finished(loss: Node, weight: Node | None, how: str, kind: dtype, by_weight: bool) -> Node:
    """The loss weighted and reduced; a weighted mean may divide by the sum of the weights."""
    if weight is None:
        return ops.cast(reduced(loss, how), dtype=kind)
    kind = result_dtype((ops.cast(loss, dtype=kind), weight))
    loss, weight = broadcast(loss, ops.cast(weight, dtype=loss.dtype))
    loss = ops.mul(loss, weight)
    if how != "mean" or not by_weight:
        return ops.cast(reduced(loss, how), dtype=kind)
    axes = tuple(range(len(loss.shape)))
    return ops.cast(ops.div(ops.sum(loss, axes=axes), ops.sum(weight, axes=axes)), dtype=kind)


# ---------------------------------------------------------------- squared and absolute
def _mse(x: Node, y: Node, weight: Node | None, how: str) -> Node:
    kind, (x, y) = _widened(x, y)
    if not kind.is_floating_point:
        unsupported("mse_cpu", kind)
    d = ops.sub(x, y)
    return _finished(ops.mul(d, d), weight, how, kind, True)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """(x - y)^2; with weights the mean divides by their sum."""
    _warn_sizes(input, target)
    if weight is None:
        how = old_reduction(size_average, reduce, reduction)
        return apply("MseLossBackward0", _mse, (input, target, None), (how,))
    _check_weight(input, weight)
    name = {"mean": "DivBackward0", "sum": "SumBackward0"}.get(reduction, "MulBackward0")
    return apply(name, _mse, (input, target, weight), (_weighted(reduction),))


def _l1(x: Node, y: Node, weight: Node | None, how: str) -> Node:
    d = ops.abs(_difference(x, y))
    kind = d.dtype
    if how == "mean" and not kind.inexact:
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or "
            f"complex dtype. Got: {formatting_name(kind)}"
        )
    return _finished(ops.cast(d, dtype=wide(kind)), weight, how, kind, True)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """|x - y|; with weights the mean divides by their sum."""
    _warn_sizes(input, target)
    if weight is None:
        how = old_reduction(size_average, reduce, reduction)
        return apply(name_for(how, "AbsBackward0"), _l1, (input, target, None), (how,))
    _check_weight(input, weight)
    name = {"mean": "DivBackward0", "sum": "SumBackward0"}.get(reduction, "MulBackward0")
    return apply(name, _l1, (input, target, weight), (_weighted(reduction),))


def _smooth_l1(x: Node, y: Node, how: str, beta: float) -> Node:
    kind, (x, y) = _widened(x, y)
    if not kind.is_floating_point:
        unsupported("smooth_l1_cpu", kind)
    d = ops.sub(x, y)
    size = ops.abs(d)
    square = ops.mul(ops.mul(d, d), scalar(0.5 / beta, d))
    line = ops.sub(size, scalar(0.5 * beta, d))
    loss = ops.where(ops.lt(size, scalar(beta, d)), square, line)
    return _finished(loss, None, how, kind, False)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """(x - y)^2 / (2 beta) where |x - y| < beta, |x - y| - beta / 2 elsewhere (Girshick, 2015)."""
    _warn_sizes(input, target)
    how = old_reduction(size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return apply(name_for(how, "AbsBackward0"), _l1, (input, target, None), (how,))
    return apply("SmoothL1LossBackward0", _smooth_l1, (input, target), (how, float(beta)))


def _huber(x: Node, y: Node, weight: Node | None, how: str, delta: float) -> Node:
    kind = x.dtype
    _, (x, y) = _widened(x, y)
    if not kind.is_floating_point:
        unsupported("huber_cpu", kind)
    d = ops.sub(x, y)
    size = ops.abs(d)
    square = ops.mul(ops.mul(d, d), scalar(0.5, d))
    line = ops.mul(ops.sub(size, scalar(0.5 * delta, d)), scalar(delta, d))
    loss = ops.where(ops.le(size, scalar(delta, d)), square, line)
    return _finished(loss, weight, how, kind, False)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """(x - y)^2 / 2 where |x - y| <= delta, delta (|x - y| - delta / 2) elsewhere (Huber, 1964)."""
    _warn_sizes(input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    if weight is None:
        static = (checked(reduction), float(delta))
        return apply("HuberLossBackward0", _huber, (input, target, None), static)
    _check_weight(input, weight)
    name = name_for(reduction, "MulBackward0")
    static = (_weighted(reduction), float(delta))
    return apply(name, _huber, (input, target, weight), static)


# ---------------------------------------------------------------- divergence and likelihood
def _times_log(x: Node) -> Node:
    """x log(x), which is 0 at 0."""
    zero = ops.eq(x, scalar(0, x))
    safe = ops.where(zero, scalar(1, x), x)
    return ops.where(zero, scalar(0, x), ops.mul(x, ops.log(safe)))


def _kl(x: Node, y: Node, how: str, log_target: bool) -> Node:
    for n in (x, y):
        if n.dtype.is_complex:
            raise RuntimeError("kl_div: Complex inputs not supported.")
        if not n.dtype.is_floating_point:
            raise RuntimeError("kl_div: Integral inputs not supported.")
    first = x.shape[0] if x.shape else 1
    kind, (x, y) = _widened(x, y)
    if log_target:
        loss = ops.mul(ops.exp(y), ops.sub(y, x))
    else:
        loss = ops.sub(_times_log(y), ops.mul(y, x))
    if how == "batchmean":
        total = reduced(loss, "sum")
        return ops.cast(ops.div(total, scalar(first, total)), dtype=kind)
    return _finished(loss, None, how, kind, False)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Kullback-Leibler divergence y (log y - x) of log-probabilities x from probabilities y.

    With `log_target` y holds logarithms too. "batchmean" divides the sum by the batch size.
    """
    if size_average is not None or reduce is not None:
        how = old_reduction(size_average, reduce, reduction)
    else:
        how = reduction if reduction == "batchmean" else checked(reduction)
        if how == "mean":
            warnings.warn(
                "reduction: 'mean' divides the total loss by both the batch size and the support "
                "size.'batchmean' divides only by the batch size, and aligns with the KL div math "
                "definition.'mean' will be changed to behave the same as 'batchmean' in the next "
                "major release.",
                stacklevel=2,
            )
    return divergence(input, target, how, log_target)


def divergence(input: Tensor, target: Tensor, how: str, log_target: bool) -> Tensor:
    """`kl_div` without a warning."""
    name = name_for(how, "MulBackward0" if log_target else "SubBackward0")
    if how == "batchmean":
        name = "DivBackward0" if input.dim() else "SumBackward0"
    return apply(name, _kl, (input, target), (how, log_target))


def _poisson(x: Node, y: Node, how: str, log_input: bool, full: bool, eps: float) -> Node:
    kind, (x, y) = _widened(x, y)
    if kind.category == BOOL:
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying "
            "to invert a mask, use the `~` or `logical_not()` operator instead."
        )
    if not kind.inexact:
        kind = get_default()
        x, y = ops.cast(x, dtype=kind), ops.cast(y, dtype=kind)
    if log_input:
        loss = ops.sub(ops.exp(x), ops.mul(y, x))
    else:
        loss = ops.sub(x, ops.mul(y, ops.log(ops.add(x, scalar(eps, x)))))
    if full:  # Stirling's approximation of log(y!), for y above 1
        small = ops.le(y, scalar(1, y))
        safe = ops.where(small, scalar(1, y), y)
        log = ops.mul(ops.log(ops.mul(safe, scalar(2 * math.pi, y))), scalar(0.5, y))
        term = ops.add(ops.sub(ops.mul(safe, ops.log(safe)), safe), log)
        loss = ops.add(loss, ops.where(small, scalar(0, y), term))
    return _finished(loss, None, how, kind, False)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """exp(x) - y x, or x - y log(x + eps) without `log_input`; `full` adds Stirling's log(y!)."""
    how = old_reduction(size_average, reduce, reduction)
    name = name_for(how, "AddBackward0" if full else "SubBackward0")
    return apply(name, _poisson, (input, target), (how, log_input, full, eps))


def _gaussian(x: Node, y: Node, var: Node, how: str, full: bool, eps: float) -> Node:
    if var.weak:
        var = expand(ops.cast(var, dtype=x.dtype), x.shape)
    elif var.shape != x.shape and var.shape == x.shape[:-1]:
        var = ops.reshape(var, shape=(*var.shape, 1))
    kind, (x, y, var) = _widened(x, y, var)
    # below eps the value is eps, and the gradient as if it were not
    low = ops.add(ops.sub(var, still(var)), scalar(eps, var))
    var = ops.where(ops.lt(var, scalar(eps, var)), low, var)
    d = ops.sub(x, y)
    loss = ops.mul(ops.add(ops.log(var), ops.div(ops.mul(d, d), var)), scalar(0.5, d))
    if full:
        loss = ops.add(loss, scalar(0.5 * math.log(2 * math.pi), loss))
    return _finished(loss, None, how, kind, False)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """(log(var) + (x - y)^2 / var) / 2 with var at least `eps` (Nix and Weigend, 1994).

    The values of `var` are looked at: ValueError where one is negative.
    """
    if isinstance(var, float):
        negative = var < 0
    elif isinstance(var, Tensor):
        negative = bool((var.detach()._array() < 0).any())
    else:
        raise TypeError(
            "any() received an invalid combination of arguments - got "
            f"({type(var).__name__}), but expected (Tensor input)"
        )
    if negative:
        raise ValueError("var has negative entry/entries")
    if isinstance(var, Tensor) and var._size != input._size:
        short = var._size == input._size[:-1]
        pairs = list(zip(input._size, var._size))
        single = var.dim() == input.dim() and sum(b for a, b in pairs if a != b) == 1
        if not short and not single:
            raise ValueError("var is of incorrect size")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(reduction + " is not valid")
    name = name_for(reduction, "AddBackward0" if full else "MulBackward0")
    return apply(name, _gaussian, (input, target, var), (reduction, full, eps))


# ---------------------------------------------------------------- binary cross-entropy
_LEAST = -100.0  # what logarithms are held above
_EDGE = 1e-12  # the least x (1 - x) that gradients divide by


def _bce(x: Node, y: Node, weight: Node | None, how: str) -> Node:
    kind = x.dtype
    if not kind.is_floating_point:
        unsupported("binary_cross_entropy", kind)
    if y.dtype is not kind:
        raise RuntimeError(
            f"Found dtype {formatting_name(y.dtype)} but expected {formatting_name(kind)}"
        )
    x, y = ops.cast(x, dtype=wide(kind)), ops.cast(y, dtype=wide(kind))
    one, least = scalar(1, x), scalar(_LEAST, x)
    edge = ops.lt(ops.mul(x, ops.sub(one, x)), scalar(_EDGE, x))
    inside = ops.where(edge, still(x), x)
    logs = []
    for log in (ops.log(inside), ops.log1p(ops.neg(inside))):
        logs.append(ops.where(ops.lt(log, least), least, log))
    loss = ops.sub(ops.mul(ops.sub(y, one), logs[1]), ops.mul(y, logs[0]))
    # at the edges: no change of value, and the gradient (x - y) / _EDGE
    slope = ops.mul(ops.sub(still(x), y), scalar(1 / _EDGE, x))
    moved = ops.mul(ops.sub(x, still(x)), slope)
    loss = ops.add(loss, ops.where(edge, moved, scalar(0, x)))
    return _finished(loss, weight, how, kind, False)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-(y log x + (1 - y) log(1 - x)) of probabilities x, with logarithms held above -100."""
    how = old_reduction(size_average, reduce, reduction)
    if target._size != input._size:
        raise ValueError(
            f"Using a target size ({target._size}) that is different to the input size "
            f"({input._size}) is deprecated. Please ensure they have the same size."
        )
    if weight is not None:
        _broadcastable(target, weight)
    return apply("BinaryCrossEntropyBackward0", _bce, (input, target, weight), (how,))


def _broadcastable(target: Tensor, weight: Tensor) -> None:
    try:
        broadcast_shapes(target._size, weight._size)
    except RuntimeError:
        at, size = next(
            (-i, n)
            for i, (n, m) in enumerate(zip(weight._size[::-1], target._size[::-1]), start=1)
            if n != m and 1 not in (n, m)
        )
        raise RuntimeError(
            f"Attempting to broadcast a dimension of length {size} at {at}! Mismatching argument "
            f"at index 1 had {weight._size}; but expected shape should be broadcastable to "
            f"{show(target._size)}"
        ) from None


def _bce_logits(x: Node, y: Node, weight: Node | None, positive: Node | None, how: str) -> Node:
    if y.dtype.category == BOOL:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    if not x.dtype.is_floating_point:
        unsupported("log_sigmoid_cpu", x.dtype)
    if y.dtype.category == INT:
        raise RuntimeError(
            f"result type {formatting_name(x.dtype)} can't be cast to the desired output type "
            f"{formatting_name(y.dtype)}"
        )
    kind, (x, y) = _widened(x, y)
    log = log_sigmoid_node(x)
    if positive is not None:
        extra = ops.sub(positive, scalar(1, positive))
        extra, y, x, log = broadcast(ops.cast(extra, dtype=x.dtype), y, x, log)
        log = ops.mul(ops.add(ops.mul(extra, y), scalar(1, y)), log)
    loss = ops.sub(ops.mul(ops.sub(scalar(1, y), y), x), log)
    return _finished(loss, weight, how, kind, False)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Binary cross-entropy of sigmoid(x), without overflow; `pos_weight` scales the term of y."""
    how = old_reduction(size_average, reduce, reduction)
    if target._size != input._size:
        raise ValueError(
            f"Target size ({target._size}) must be the same as input size ({input._size})"
        )
    return bce_with_logits(input, target, weight, pos_weight, how)


def bce_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None, pos_weight: Tensor | None, how: str
) -> Tensor:
    """`binary_cross_entropy_with_logits` without the check of sizes."""
    inputs: tuple[Any, ...] = (input, target, weight, pos_weight)
    return apply("BinaryCrossEntropyWithLogitsBackward0", _bce_logits, inputs, (how,))

"""Losses: how far a network's answers are from the truth."""

from __future__ import annotations

import warnings
from typing import Any

from .. import dtypes
from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show
from ..tensor import Tensor
from .activation import log_softmax_node
from .common import expand, promote

__all__ = ["cross_entropy", "mse_loss", "nll_loss"]


def reduced(x: Node, how: str) -> Node:
    """A loss by element made one by "mean" or "sum", or left alone by "none"."""
    if how == "none":
        return x
    if how not in ("mean", "sum"):
        raise ValueError(f"{how} is not a valid value for reduction")
    total = ops.sum(x, axes=tuple(range(len(x.shape))))
    if how == "sum":
        return total
    count = x.shape.numel()
    return ops.div(total, ops.fill(total, count))


def old_reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """PyTorch's first arguments for what `reduction` says today."""
    if size_average is None and reduce is None:
        return reduction
    averaged = True if size_average is None else size_average
    found = "none" if reduce is False else "mean" if averaged else "sum"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{found}' instead.", stacklevel=3
    )
    return found


def _mse(x: Node, y: Node, how: str) -> Node:
    x, y = promote(x, y)
    d = ops.sub(x, y)
    return reduced(ops.mul(d, d), how)


def mse_loss(
    input: Tensor, target: Tensor, size_average: bool | None = None, reduce: bool | None = None,
    reduction: str = "mean", weight: Tensor | None = None,
) -> Tensor:
    """Mean of squared differences."""
    if input._size != target._size:
        warnings.warn(
            f"Using a target size ({target._size}) that is different to the input size ({input._size}). This will "
            "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=2,
        )
    how = old_reduction(size_average, reduce, reduction)
    if weight is not None:
        return apply("MulBackward0", _weighted_mse, (input, target, weight), (how,))
    return apply("MseLossBackward0", _mse, (input, target), (how,))


def _weighted_mse(x: Node, y: Node, weight: Node, how: str) -> Node:
    x, y, weight = promote(x, y, weight)
    d = ops.sub(x, y)
    loss = ops.mul(weight, ops.mul(d, d))
    if how != "mean":
        return reduced(loss, how)
    axes = tuple(range(len(loss.shape)))
    return ops.div(ops.sum(loss, axes=axes), ops.sum(weight, axes=axes))


# ---------------------------------------------------------------- classes
def _picked(logp: Node, target: Node, weight: Node | None, ignore: int) -> tuple[Node, Node]:
    """Minus the log-probability of each target class times its weight, and the weights; both 0 where ignored."""
    classes = logp.shape[1]
    skip = ops.eq(target, ops.fill(target, ignore))
    known = ops.where(skip, ops.fill(target, 0), target)
    places = ops.reshape(known, shape=(target.shape[0], 1, *target.shape[1:]))
    found = ops.reshape(ops.gather(logp, places, axis=1), shape=target.shape)
    if weight is None:
        scale = ops.full(target.shape, 1, logp.dtype)
    else:
        if weight.shape != (classes,):
            raise RuntimeError(
                f"weight tensor should be defined either for all {classes} classes or no classes but got weight "
                f"tensor of shape: {show(weight.shape)}"
            )
        scale = ops.take(weight, known, axis=0)
    scale = ops.where(skip, ops.fill(scale, 0), scale)
    loss = ops.neg(ops.mul(found, scale))
    return ops.where(skip, ops.fill(loss, 0), loss), scale


def _nll(logp: Node, target: Node, weight: Node | None, ignore: int, how: str) -> Node:
    logp, target = _class_first(logp, target)
    loss, scale = _picked(logp, target, weight, ignore)
    if how == "none":
        return loss
    axes = tuple(range(len(loss.shape)))
    total = ops.sum(loss, axes=axes)
    return total if how == "sum" else ops.div(total, ops.sum(scale, axes=axes))


def _class_first(logp: Node, target: Node) -> tuple[Node, Node]:
    """[C] and [] as a batch of one; shapes checked in PyTorch's words."""
    if target.dtype is not dtypes.int64 and target.dtype is not dtypes.uint8:
        raise RuntimeError(f'"nll_loss_out_frame" not implemented for \'{_short(target)}\'')
    target = ops.cast(target, dtype=dtypes.int64)
    if len(logp.shape) == 1 and len(target.shape) == 0:
        return ops.reshape(logp, shape=(1, *logp.shape)), ops.reshape(target, shape=(1,))
    if not logp.shape or len(logp.shape) < 2:
        raise ValueError(f"Expected 2 or more dimensions (got {len(logp.shape)})")
    if logp.shape[0] != target.shape[0]:
        raise ValueError(
            f"Expected input batch_size ({logp.shape[0]}) to match target batch_size ({target.shape[0]})."
        )
    if target.shape != (logp.shape[0], *logp.shape[2:]):
        raise RuntimeError(
            f"size mismatch (got input: {show(logp.shape)} , target: {show(target.shape)})"
        )
    return logp, target


def _short(x: Node) -> str:
    return {"float32": "Float", "float64": "Double", "int32": "Int"}.get(x.dtype.name, x.dtype.name)


def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean",
) -> Tensor:
    """Minus the log-probability of the target class: input [N, C, *], target [N, *] of class numbers."""
    how = old_reduction(size_average, reduce, reduction)
    if how not in ("none", "mean", "sum"):
        raise ValueError(f"{how} is not a valid value for reduction")
    name = "NllLoss2DBackward0" if input.dim() == 4 else "NllLossBackward0"
    found = apply(name, _nll, (input, target, weight), (ignore_index, how))
    return found.squeeze(0) if how == "none" and input.dim() == 1 else found


def _cross_entropy(
    x: Node, target: Node, weight: Node | None, ignore: int, how: str, smoothing: float
) -> Node:
    dim = 0 if len(x.shape) == 1 else 1
    logp = log_softmax_node(x, dim)
    if target.dtype.is_floating_point:
        return _soft_targets(logp, target, weight, dim, how, smoothing)
    if not smoothing:
        return _nll(logp, target, weight, ignore, how)
    return _smoothed(logp, target, weight, ignore, how, smoothing)


def _soft_targets(
    logp: Node, target: Node, weight: Node | None, dim: int, how: str, smoothing: float
) -> Node:
    if target.shape != logp.shape:
        raise RuntimeError("Expected floating point type for target with class probabilities, got Long")
    classes = logp.shape[dim]
    if smoothing:
        kept = ops.mul(target, ops.fill(target, 1 - smoothing))
        target = ops.add(kept, ops.fill(target, smoothing / classes))
    part = ops.mul(logp, target)
    if weight is not None:
        line = tuple(classes if i == dim else 1 for i in range(len(logp.shape)))
        part = ops.mul(part, expand(ops.reshape(weight, shape=line), logp.shape))
    loss = ops.neg(ops.sum(part, axes=(dim,)))
    if how != "mean":
        return reduced(loss, how)
    total = ops.sum(loss, axes=tuple(range(len(loss.shape))))
    return ops.div(total, ops.fill(total, logp.shape.numel() // classes))


def _smoothed(
    logp: Node, target: Node, weight: Node | None, ignore: int, how: str, smoothing: float
) -> Node:
    logp, target = _class_first(logp, target)
    loss, scale = _picked(logp, target, weight, ignore)
    every = logp
    if weight is not None:
        line = tuple(logp.shape[1] if i == 1 else 1 for i in range(len(logp.shape)))
        every = ops.mul(logp, expand(ops.reshape(weight, shape=line), logp.shape))
    flat = ops.neg(ops.sum(every, axes=(1,)))
    skip = ops.eq(target, ops.fill(target, ignore))
    flat = ops.where(skip, ops.fill(flat, 0), flat)
    axes = tuple(range(len(loss.shape)))
    if how != "none":
        loss, flat = ops.sum(loss, axes=axes), ops.sum(flat, axes=axes)
    if how == "mean":
        total = ops.sum(scale, axes=axes)
        loss, flat = ops.div(loss, total), ops.div(flat, total)
    kept = ops.mul(loss, ops.fill(loss, 1 - smoothing))
    return ops.add(kept, ops.mul(flat, ops.fill(flat, smoothing / logp.shape[1])))


def cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, size_average: bool | None = None,
    ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean", label_smoothing: float = 0.0,
) -> Tensor:
    """Softmax and negative log-likelihood in one: logits [N, C, *] with class numbers [N, *] or probabilities."""
    how = old_reduction(size_average, reduce, reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(
            f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}"
        )
    soft = target.dtype.is_floating_point
    if soft and ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    name = "DivBackward1" if soft else "NllLoss2DBackward0" if input.dim() == 4 else "NllLossBackward0"
    static: tuple[Any, ...] = (ignore_index, how, float(label_smoothing))
    found = apply(name, _cross_entropy, (input, target, weight), static)
    return found.squeeze(0) if how == "none" and input.dim() == 1 and not soft else found

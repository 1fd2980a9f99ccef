"""Losses of classifiers: negative log-likelihood and cross-entropy."""

from __future__ import annotations

import math
import warnings
from typing import Any

from .. import dtypes
from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show
from ..tensor import Tensor, formatting_name
from .activation import log_softmax_node
from .common import expand, result_dtype, scalar, unsupported, wide
from .losses import checked, old_reduction, reduced
from .products import linear

__all__ = ["cross_entropy", "linear_cross_entropy", "nll_loss"]


# ---------------------------------------------------------------- classes by number
def _picked(
    logp: Node, target: Node, weight: Node | None, ignore: int
) -> tuple[Node, Node | None, Node]:
    """Minus the target class's log-probability times its weight, the weights, and where to skip.

    Losses and weights are 0 where the target is `ignore`; the weights are None where all are 1.
    """
    skip = ops.eq(target, scalar(ignore, target))
    known = ops.where(skip, scalar(0, target), target)
    places = ops.reshape(known, shape=(target.shape[0], 1, *target.shape[1:]))
    found = ops.reshape(ops.gather(logp, places, axis=1), shape=target.shape)
    loss, scale = ops.neg(found), None
    if weight is not None:
        scale = ops.take(ops.cast(weight, dtype=logp.dtype), known, axis=0)
        scale = ops.where(skip, scalar(0, scale), scale)
        loss = ops.mul(loss, scale)
    return ops.where(skip, scalar(0, loss), loss), scale, skip


def _total_weight(scale: Node | None, skip: Node, like: Node) -> Node:
    """What a mean divides by: the sum of the weights of the targets that count."""
    if scale is None:
        scale = ops.cast(ops.bitnot(skip), dtype=like.dtype)
    return ops.sum(scale, axes=tuple(range(len(scale.shape))))


def _nll(logp: Node, target: Node, weight: Node | None, ignore: int, how: str) -> Node:
    kind = logp.dtype
    single = len(logp.shape) == 1
    logp, target = _class_first(logp, target, weight)
    loss, scale, skip = _picked(ops.cast(logp, dtype=wide(kind)), target, weight, ignore)
    if how == "none":
        out = ops.reshape(loss, shape=()) if single else loss
        return ops.cast(out, dtype=kind)
    total = ops.sum(loss, axes=tuple(range(len(loss.shape))))
    if how == "mean":
        total = ops.div(total, _total_weight(scale, skip, total))
    return ops.cast(total, dtype=kind)


def _class_first(logp: Node, target: Node, weight: Node | None) -> tuple[Node, Node]:
    """[C] and [] as a batch of one; shapes and dtypes checked in PyTorch's words."""
    dims, shape = len(logp.shape), logp.shape
    if dims < 1:
        raise ValueError(f"Expected 1 or more dimensions (got {dims})")
    if dims != 1 and (not target.shape or shape[0] != target.shape[0]):
        first = target.shape[0] if target.shape else 0
        raise ValueError(
            f"Expected input batch_size ({shape[0]}) to match target batch_size ({first})."
        )
    _check_target_shape(shape, target.shape)
    if target.dtype not in (dtypes.int64, dtypes.uint8):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {formatting_name(target.dtype)}"
        )
    if not logp.dtype.is_floating_point:
        unsupported("nll_loss_out_frame", logp.dtype)
    _check_weight(logp, weight)
    target = ops.cast(target, dtype=dtypes.int64)
    if dims == 1:
        return ops.reshape(logp, shape=(1, *shape)), ops.reshape(target, shape=(1,))
    return logp, target


def _check_target_shape(shape: tuple[int, ...], target: tuple[int, ...]) -> None:
    if len(shape) == 1 and len(target) == 1 and target[0] != 1:
        raise ValueError(
            f"For 1D input, 1D target must have size 1, but got target size: {target[0]}"
        )
    if len(shape) <= 2:
        if len(target) > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    elif len(shape) == 4:
        if len(target) != 3:
            raise RuntimeError(
                "only batches of spatial targets supported (3D tensors) but got targets of "
                f"dimension: {len(target)}"
            )
        if target != (shape[0], *shape[2:]):
            raise RuntimeError(f"size mismatch (got input: {show(shape)} , target: {show(target)}")
    elif target[1:] != shape[2:]:
        raise RuntimeError(
            f"Expected target size {show((shape[0], *shape[2:]))}, got {show(target)}"
        )


def _check_weight(logp: Node, weight: Node | None) -> None:
    if weight is None:
        return
    classes = logp.shape[0] if len(logp.shape) == 1 else logp.shape[1]
    if weight.shape != (classes,):
        if len(logp.shape) > 2:
            raise RuntimeError("weight tensor should be defined either for all or no classes")
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but "
            f"got weight tensor of shape: {show(weight.shape)}"
        )
    if weight.dtype is not logp.dtype:
        raise RuntimeError(
            f"expected scalar type {formatting_name(logp.dtype)} but found "
            f"{formatting_name(weight.dtype)}"
        )


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log-probability [N, C, *] of the target class, a number of [N, *]."""
    how = old_reduction(size_average, reduce, reduction)
    name = "NllLossBackward0" if input.dim() <= 2 else "NllLoss2DBackward0"
    return apply(name, _nll, (input, target, weight), (ignore_index, how))


# ---------------------------------------------------------------- cross-entropy
def _cross_entropy(
    x: Node, target: Node, weight: Node | None, ignore: int, how: str, smoothing: float
) -> Node:
    kind, dim = x.dtype, 0 if len(x.shape) == 1 else 1
    if x.shape == target.shape and not target.dtype.is_floating_point:
        raise RuntimeError(
            "Expected floating point type for target with class probabilities, got "
            f"{formatting_name(target.dtype)}"
        )
    if not x.dtype.is_floating_point:
        last = "lastdim_" if dim == len(x.shape) - 1 else ""
        unsupported(f"log_softmax_{last}kernel_impl", x.dtype)
    soft = x.shape == target.shape
    if soft:
        kind = result_dtype((x, target))
        target = ops.cast(target, dtype=wide(kind))
    logits = ops.cast(x, dtype=wide(kind))
    if soft:
        logp = log_softmax_node(logits, dim)
        return ops.cast(_soft_targets(logp, target, weight, dim, how, smoothing), dtype=kind)
    _class_first(x, target, weight)
    logp = log_softmax_node(logits, dim)
    weight = None if weight is None else ops.cast(weight, dtype=logp.dtype)
    if not smoothing:
        return ops.cast(_nll(logp, target, weight, ignore, how), dtype=kind)
    return ops.cast(_smoothed(logp, target, weight, ignore, how, smoothing), dtype=kind)


def _by_class(x: Node, weight: Node, dim: int) -> Node:
    """x times the weight of its class."""
    line = tuple(weight.shape[0] if i == dim else 1 for i in range(len(x.shape)))
    weight = ops.reshape(ops.cast(weight, dtype=x.dtype), shape=line)
    return ops.mul(x, expand(weight, x.shape))


def _soft_targets(
    logp: Node, target: Node, weight: Node | None, dim: int, how: str, smoothing: float
) -> Node:
    classes = logp.shape[dim]
    if weight is not None and weight.shape != (classes,):
        raise RuntimeError(
            f"cross_entropy: weight tensor should be defined either for all {classes} classes or "
            f"no classes but got weight tensor of shape: {show(weight.shape)}"
        )
    if smoothing:
        kept = ops.mul(target, scalar(1 - smoothing, target))
        target = ops.add(kept, scalar(smoothing / classes, target))
    part = ops.mul(logp, target)
    if weight is not None:
        part = _by_class(part, weight, dim)
    loss = ops.neg(ops.sum(part, axes=(dim,)))
    if how != "mean":
        return reduced(loss, how)
    total = ops.sum(loss, axes=tuple(range(len(loss.shape))))
    return ops.div(total, scalar(logp.shape.numel() // classes, total))


def _smoothed(
    logp: Node, target: Node, weight: Node | None, ignore: int, how: str, smoothing: float
) -> Node:
    single = len(logp.shape) == 1
    logp, target = _class_first(logp, target, weight)
    loss, scale, skip = _picked(logp, target, weight, ignore)
    every = logp if weight is None else _by_class(logp, weight, 1)
    flat = ops.neg(ops.sum(every, axes=(1,)))
    flat = ops.where(skip, scalar(0, flat), flat)
    if how != "none":
        axes = tuple(range(len(loss.shape)))
        loss, flat = ops.sum(loss, axes=axes), ops.sum(flat, axes=axes)
    elif single:
        loss, flat = ops.reshape(loss, shape=()), ops.reshape(flat, shape=())
    if how == "mean":
        total = _total_weight(scale, skip, loss)
        loss, flat = ops.div(loss, total), ops.div(flat, total)
    kept = ops.mul(loss, scalar(1 - smoothing, loss))
    return ops.add(kept, ops.mul(flat, scalar(smoothing / logp.shape[1], flat)))


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Minus the log of the softmax of logits [N, C, *] at the target class.

    The target holds class numbers [N, *], or probabilities of the logits' shape. `label_smoothing`
    mixes it with the uniform distribution (Szegedy et al., 2016).
    """
    how = old_reduction(size_average, reduce, reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")
    soft = target._size == input._size
    if soft and target._dtype.is_floating_point and ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    name = "NllLossBackward0" if input.dim() <= 2 else "NllLoss2DBackward0"
    if soft:
        name = {"mean": "DivBackward1", "sum": "NegBackward0"}.get(how, "NegBackward0")
    elif label_smoothing:
        name = "AddBackward0"
    static: tuple[Any, ...] = (ignore_index, how, float(label_smoothing))
    return apply(name, _cross_entropy, (input, target, weight), static)


# ---------------------------------------------------------------- with the last layer
def _check_linear(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    if not 1 <= input.dim() <= 2:
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {input.dim()}")
    if weight.dim() < 2:
        raise RuntimeError(
            f"expected linear_weight with dimensionality at least 2, got {weight.dim()}"
        )
    features, shape = input._size[-1], tuple(weight._size)
    if features != shape[-1]:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), got "
            f"{features} and {shape[-1]}, respectively"
        )
    if bias is not None and tuple(bias._size) != shape[:-1]:
        raise RuntimeError(f"expected linear_bias shape {shape[:-1]}, got {tuple(bias._size)}")
    if len(shape) > 2 and input.dim() == 1:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {shape} requires batched input, "
            f"(N, {features}), got unbatched input with shape {tuple(input._size)}"
        )


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: Any = None,
) -> Tensor:
    """`cross_entropy` of `linear(input, linear_weight, linear_bias)`.

    Weights of shape [C, *K, in] give logits [N, C, *K]. The `options` of PyTorch's chunked kernel
    change nothing here, where they apply.
    """
    _check_linear(input, linear_weight, linear_bias)
    classes, *rest = linear_weight._size[:-1]
    shape = (*input._size[:-1], classes, *rest)
    if tuple(target._size) == shape and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    if options is not None:
        _warn_of_options(target, linear_bias, reduction, label_smoothing, tuple(rest))
    checked(reduction)
    if rest:
        count = math.prod(rest, start=classes)
        linear_weight = linear_weight.reshape(count, input._size[-1])
        linear_bias = None if linear_bias is None else linear_bias.reshape(count)
    logits = linear(input, linear_weight, linear_bias).reshape(shape)
    return cross_entropy(
        logits,
        target,
        weight=weight,
        reduction=reduction,
        ignore_index=-100 if ignore_index is None else ignore_index,
        label_smoothing=label_smoothing,
    )


def _warn_of_options(
    target: Tensor, bias: Tensor | None, reduction: str, smoothing: float, rest: tuple[int, ...]
) -> None:
    """PyTorch's warning where its chunked kernel does not apply."""
    known = reduction in ("mean", "sum", "none")
    if not rest and known and smoothing == 0.0 and target._dtype is dtypes.int64:
        return
    warnings.warn(
        "linear_cross_entropy: ``options`` ignored; chunked path needs reduction in "
        "{'mean','sum','none'}, label_smoothing == 0, target.dtype == int64, out_features == (). "
        f"Got reduction={reduction!r}, label_smoothing={smoothing}, target.dtype={target.dtype}, "
        f"out_features={rest}, tracing=False, linear_bias.shape="
        f"{tuple(bias._size) if bias is not None else None}.",
        stacklevel=3,
    )

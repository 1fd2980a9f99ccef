"""The connectionist temporal classification loss (Graves et al., 2006)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor
from .common import expand, scalar, still, unsupported
from .creation import from_array
from .losses import checked, reduced

__all__ = ["ctc_loss"]

WHERE = "(while checking arguments for ctc_loss_allocate_outputs)"


def _row(x: Node, t: int) -> Node:
    shape = x.shape
    low = (t, *(0 for _ in shape[1:]))
    part = ops.slice(x, start=low, stop=(t + 1, *shape[1:]), step=(1,) * len(shape))
    return ops.reshape(part, shape=shape[1:])


def _log_sum(*xs: Node) -> Node:
    """log(sum(exp(x))), whose gradient is 0 where all are minus infinity."""
    top = xs[0]
    for x in xs[1:]:
        top = ops.maximum(top, x)
    top = still(top)
    none = ops.eq(top, scalar(-math.inf, top))
    safe = ops.where(none, scalar(0, top), top)
    total = ops.exp(ops.sub(xs[0], safe))
    for x in xs[1:]:
        total = ops.add(total, ops.exp(ops.sub(x, safe)))
    total = ops.where(none, scalar(1, total), total)
    return ops.where(none, scalar(-math.inf, top), ops.add(ops.log(total), safe))


def _behind(alpha: Node, steps: int) -> Node:
    """Each state's predecessor `steps` before it; minus infinity where there is none."""
    n, states = alpha.shape
    steps = min(steps, states)
    part = ops.slice(alpha, start=(0, 0), stop=(n, states - steps), step=(1, 1))
    return ops.pad(part, low=(0, steps), high=(0, 0), interior=(0, 0), value=-math.inf)


def _ctc(
    logp: Node, labels: Node, skips: Node, lengths: Node, ends: Node, sizes: Node,
    zero_infinity: bool, how: str,
) -> Node:  # fmt: skip
    """The loss of logp [T, N, C] with labels, skips and ends as `_states` makes them."""
    steps, n = logp.shape[:2]
    states = labels.shape[1]
    places = expand(ops.reshape(labels, shape=(1, n, states)), (steps, n, states))
    emitted = ops.gather(logp, places, axis=2) if steps else None
    low = ops.full((n, states), -math.inf, logp.dtype)
    place = ops.iota(size=states)
    first = expand(ops.lt(place, scalar(2, place)), (n, states))  # an alignment begins here
    alpha = low
    for t in range(steps):
        row = _row(emitted, t)  # type: ignore[arg-type]
        if t == 0:
            following = ops.where(first, row, low)
        else:
            jump = ops.where(skips, _behind(alpha, 2), low)
            following = ops.add(_log_sum(alpha, _behind(alpha, 1), jump), row)
        running = ops.lt(ops.full((n,), t, dtypes.int64), lengths)
        running = expand(ops.reshape(running, shape=(n, 1)), (n, states))
        alpha = ops.where(running, following, alpha)
    last = ops.where(ends, alpha, low)
    parts = [ops.slice(last, start=(0, s), stop=(n, s + 1), step=(1, 1)) for s in range(states)]
    loss = ops.neg(ops.reshape(_log_sum(*parts), shape=(n,)))
    empty = ops.bitand(ops.eq(lengths, scalar(0, lengths)), ops.eq(sizes, scalar(0, sizes)))
    loss = ops.where(empty, scalar(0, loss), loss)
    loss = ops.add(loss, _through_softmax(logp, lengths))
    if zero_infinity:
        endless = ops.eq(loss, scalar(math.inf, loss))
        loss = ops.where(endless, scalar(0, loss), loss)
    if how == "mean":
        least = ops.maximum(sizes, scalar(1, sizes))
        loss = ops.div(loss, ops.cast(least, dtype=loss.dtype))
    return reduced(loss, how)


def _through_softmax(logp: Node, lengths: Node) -> Node:
    """0, with gradient exp(logp): gradients are given as for the logits, as PyTorch gives them."""
    steps, n = logp.shape[:2]
    time = expand(ops.reshape(ops.iota(size=steps), shape=(steps, 1)), (steps, n))
    inside = ops.lt(time, expand(ops.reshape(lengths, shape=(1, n)), (steps, n)))
    inside = expand(ops.reshape(inside, shape=(steps, n, 1)), logp.shape)
    total = ops.where(inside, ops.exp(logp), scalar(0, logp))
    total = ops.sum(total, axes=(0, 2))
    return ops.sub(total, still(total))


# ---------------------------------------------------------------- arguments
def _lengths(value: Any, what: str, batch: int) -> np.ndarray:
    if isinstance(value, Tensor):
        if value._dtype.inexact or value._dtype is dtypes.bool_:
            raise RuntimeError(f"{what} must be integral")
        found = value._array().astype(np.int64).reshape(-1)
    else:
        found = np.array(value, np.int64).reshape(-1)
    if found.size != batch:
        raise RuntimeError(f"{what} must be of size batch_size")
    return found


def _check_lengths(inputs: np.ndarray, targets: np.ndarray, steps: int) -> None:
    for what, found in (("input_lengths", inputs), ("target_lengths", targets)):
        for n in found:
            if n < 0:
                raise RuntimeError(
                    f"Expected {what} to have value at least 0, but got value {n} {WHERE}"
                )
    for n in inputs:
        if n > steps:
            raise RuntimeError(
                f"Expected input_lengths to have value at most {steps}, but got value {n} {WHERE}"
            )


def _rows(targets: Tensor, lengths: np.ndarray) -> np.ndarray:
    """Targets as a matrix, one row a sequence, whether given so or one after the other."""
    values = targets._array().astype(np.int64)
    longest = int(lengths.max(initial=0))
    if values.ndim == 2:
        if values.shape[1] < longest:
            raise RuntimeError(
                f"Expected tensor to have size at least {longest} at dimension 1, but got size "
                f"{values.shape[1]} for argument #2 'targets' {WHERE}"
            )
        return values[:, :longest]
    if values.ndim != 1:
        raise RuntimeError(
            f"Expected 1 to 2 dimensions, but got {values.ndim}-dimensional tensor for argument #2 "
            f"'targets' {WHERE}"
        )
    if values.size != lengths.sum():
        raise RuntimeError(
            f"Expected tensor to have size {lengths.sum()} at dimension 0, but got size "
            f"{values.size} for argument #2 'targets' {WHERE}"
        )
    out = np.zeros((lengths.size, longest), np.int64)
    for row, part in zip(out, np.split(values, np.cumsum(lengths)[:-1])):
        row[: part.size] = part
    return out


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Minus the log-probability of all alignments of targets with log-probabilities [T, N, C].

    Targets are class numbers, [N, S] or all in one row; lengths say how much of each counts. The
    mean divides each loss by its target's length. The values of targets and lengths are looked at.
    As in PyTorch the gradient is that of logits behind a log-softmax.
    """
    how = checked(reduction)
    if log_probs.dim() not in (2, 3):
        raise RuntimeError(
            f"Expected 3-dimensional tensor, but got {log_probs.dim()}-dimensional tensor for "
            f"argument #1 'log_probs' {WHERE}"
        )
    single = log_probs.dim() == 2
    if single:
        log_probs = log_probs.unsqueeze(1)
        targets = targets.unsqueeze(0) if targets.dim() == 1 else targets
    if log_probs._dtype not in (dtypes.float32, dtypes.float64):
        unsupported("ctc_loss_cpu", log_probs._dtype)
    steps, batch, classes = log_probs._size
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    inputs = _lengths(input_lengths, "input_lengths", batch)
    sizes = _lengths(target_lengths, "target_lengths", batch)
    _check_lengths(inputs, sizes, steps)
    arrays = _states(_rows(targets, sizes), inputs, sizes, blank)
    states = [from_array(a, log_probs.device) for a in arrays]
    out = apply(_name(how), _ctc, (log_probs, *states), (zero_infinity, how))
    return out.squeeze(0) if single and how == "none" else out


def _name(how: str) -> str:
    return {"mean": "MeanBackward0", "sum": "SumBackward0"}.get(how, "CtcLossBackward0")


def _states(
    rows: np.ndarray, inputs: np.ndarray, sizes: np.ndarray, blank: int
) -> list[np.ndarray]:
    """Labels [N, 2 S + 1] with blanks between, where a blank may be skipped, where it may end."""
    batch, longest = rows.shape
    labels = np.full((batch, 2 * longest + 1), blank, np.int64)
    labels[:, 1::2] = rows
    skips = np.zeros(labels.shape, bool)
    skips[:, 3::2] = rows[:, 1:] != rows[:, :-1]
    place = np.arange(labels.shape[1])
    last = 2 * sizes[:, None]
    ends = (place == last) | ((place == last - 1) & (sizes[:, None] > 0))
    ends[inputs == 0] = False
    return [labels, skips, inputs, ends, sizes]

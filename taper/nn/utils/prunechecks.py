"""What pruning methods check before they prune, and the norms they compare."""

from __future__ import annotations

import numbers
from typing import Any

from ...tensor import Tensor


def _validate_pruning_amount_init(amount: Any) -> None:
    """TypeError for what is no number, ValueError outside of [0, 1] or below 0 for counts."""
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    counted = isinstance(amount, numbers.Integral)
    if float(amount) < 0 or (not counted and float(amount) > 1.0):
        raise ValueError(
            f"amount={amount} should either be a float in the range [0, 1] "
            "or a non-negative integer"
        )


def _validate_pruning_amount(amount: float, tensor_size: int) -> None:
    """ValueError where more is to be pruned than there is."""
    if isinstance(amount, numbers.Integral) and amount > tensor_size:
        raise ValueError(
            f"amount={amount} should be smaller than the number of parameters to "
            f"prune={tensor_size}"
        )


def _validate_structured_pruning(t: Tensor) -> None:
    """ValueError for tensors that have no slices."""
    if t.dim() <= 1:
        raise ValueError(
            "Structured pruning can only be applied to multidimensional tensors. Found tensor of "
            f"shape {t.shape} with {t.dim()} dims"
        )


def _compute_nparams_toprune(amount: float, tensor_size: int) -> int:
    """A count as it is, a share of `tensor_size` rounded."""
    if isinstance(amount, numbers.Integral):
        return int(amount)
    return round(amount * tensor_size)


def _validate_pruning_dim(t: Tensor, dim: int) -> None:
    """IndexError for a dimension that the tensor does not have."""
    if dim >= t.dim():
        raise IndexError(f"Invalid index {dim} for tensor of size {t.shape}")


def _compute_norm(t: Tensor, n: Any, dim: int) -> Tensor:
    """The n-norm of each slice along `dim`."""
    others = [d for d in range(t.dim()) if d != dim % t.dim()]
    return t.norm(n, others)

"""The checks of constructor arguments that optimizers share, with PyTorch's wording."""

from typing import Any

from ..tensor import Tensor


def check_rate(lr: Any, wording: str = "Invalid learning rate: {}") -> None:
    """Refuse a learning rate that is negative or NaN, or a tensor of more than one element."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    if not lr >= 0.0:
        raise ValueError(wording.format(lr))


def check_not_negative(**options: Any) -> None:
    """Refuse options below zero; the keyword is the option's name in the message."""
    for name, value in options.items():
        if not value >= 0.0:
            raise ValueError(f"Invalid {name} value: {value}")


def check_betas(betas: tuple[Any, Any]) -> None:
    """Refuse decay rates outside [0, 1)."""
    for i in range(2):
        if not 0.0 <= betas[i] < 1.0:
            raise ValueError(f"Invalid beta parameter at index {i}: {betas[i]}")


def check_fused(fused: bool | None, foreach: bool | None, differentiable: bool) -> None:
    """Refuse combinations of implementation hints that contradict each other.

    The hints change nothing else: updates of all parameters always run as one program.
    """
    if not fused:
        return
    if differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def number(x: Any) -> float:
    """A Python number from a number or a one-element tensor."""
    return x.item() if isinstance(x, Tensor) else x

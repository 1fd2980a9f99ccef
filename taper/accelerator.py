"""`torch.accelerator`: which device programs that name none should use; None where only the CPU is
there."""

from __future__ import annotations

from typing import Any

from . import cuda
from .devices import device

__all__ = [
    "current_accelerator",
    "current_device_index",
    "device_count",
    "is_available",
    "synchronize",
]


def is_available() -> bool:
    """Whether there is an accelerator."""
    return cuda.is_available()


def device_count() -> int:
    """How many there are."""
    return cuda.device_count()


def current_accelerator(check_available: bool = False) -> device | None:
    """The kind of accelerator, or None."""
    return device("cuda") if cuda.is_available() else None


def current_device_index() -> int:
    """The number of the one in use."""
    return cuda.current_device()


def synchronize(device: Any = None, /) -> None:
    """Wait for it."""
    cuda.synchronize(device)

"""`torch.cpu`: the processor as a device, with the names other devices have."""

from __future__ import annotations

from typing import Any

from . import amp

__all__ = ["amp", "current_device", "device_count", "is_available", "is_initialized", "synchronize"]


def is_available() -> bool:
    """Whether there is a processor: True."""
    return True


def is_initialized() -> bool:
    """Whether it is ready: True."""
    return True


def device_count() -> int:
    """How many there are: 1."""
    return 1


def current_device() -> str:
    """Its name."""
    return "cpu"


def synchronize(device: Any = None) -> None:
    """Nothing: a value is computed when somebody looks at it."""

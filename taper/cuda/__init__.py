"""`torch.cuda` on a machine without the GPU extra: says that no device is there, and what to
install."""

from __future__ import annotations

from typing import Any

from . import amp

MISSING = "Taper was installed without GPU support: pip install 'taper[cuda]'"


def is_available() -> bool:
    """Whether a GPU can be used."""
    return False


def device_count() -> int:
    """How many GPUs can be used."""
    return 0


def is_initialized() -> bool:
    """Whether a GPU was used."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether a GPU computes in bfloat16."""
    return False


def _refuse(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError(MISSING)


def init() -> None:
    """Start using the GPU."""
    _refuse()


def current_device() -> int:
    """The number of the current GPU."""
    return _refuse()


def get_device_name(device: Any = None) -> str:
    """The name of a GPU."""
    return _refuse()


def get_device_properties(device: Any = None) -> Any:
    """What a GPU is like."""
    return _refuse()


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """The compute capability of a GPU."""
    return _refuse()


def set_device(device: Any) -> None:
    """Choose the current GPU; a negative number chooses none."""
    if not (isinstance(device, int) and device < 0):
        _refuse()


def synchronize(device: Any = None) -> None:
    """Wait for the GPU."""
    _refuse()


def manual_seed(seed: int) -> None:
    """Seed the current GPU's generator; nothing without one."""


def manual_seed_all(seed: int) -> None:
    """Seed every GPU's generator; nothing without one."""


def empty_cache() -> None:
    """Give unused GPU memory back; nothing without one."""


def memory_allocated(device: Any = None) -> int:
    """Bytes of GPU memory in use."""
    return 0


def max_memory_allocated(device: Any = None) -> int:
    """The most bytes of GPU memory that were in use."""
    return 0


def memory_reserved(device: Any = None) -> int:
    """Bytes of GPU memory held."""
    return 0

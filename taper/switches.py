"""PyTorch's global switches of precision, determinism and threads: remembered, and harmless to set.

Taper's generated kernels give the same bits in each run and never lower a precision by themselves,
so none of these changes what is computed.
"""

from __future__ import annotations

import warnings

from . import devices
from .devices import device
from .settings import get_num_threads

__all__ = [
    "are_deterministic_algorithms_enabled",
    "compiled_with_cxx11_abi",
    "get_default_device",
    "get_deterministic_debug_mode",
    "get_float32_matmul_precision",
    "get_num_interop_threads",
    "is_deterministic_algorithms_warn_only_enabled",
    "is_warn_always_enabled",
    "set_deterministic_debug_mode",
    "set_float32_matmul_precision",
    "set_flush_denormal",
    "set_num_interop_threads",
    "set_warn_always",
    "use_deterministic_algorithms",
]

_DEBUG = ("default", "warn", "error")
_PRECISIONS = ("highest", "high", "medium")


class _Switches:
    deterministic = False
    warn_only = False
    precision = "highest"
    interop_threads: int | None = None
    warn_always = False


_switches = _Switches()


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for the same result in each run, which Taper gives in any case."""
    if not isinstance(mode, bool):
        raise TypeError(
            "_set_deterministic_algorithms(): argument 'mode' (position 1) must be bool, "
            f"not {type(mode).__name__}"
        )
    _switches.deterministic, _switches.warn_only = mode, mode and warn_only


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` was last told."""
    return _switches.deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether that was to warn only."""
    return _switches.warn_only


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """The same switch as a number or word: 0 "default", 1 "warn", 2 "error"."""
    if isinstance(debug_mode, str):
        if debug_mode not in _DEBUG:
            raise RuntimeError(
                "invalid value of debug_mode, expected one of `default`, `warn`, `error`, "
                f"but got {debug_mode}"
            )
        debug_mode = _DEBUG.index(debug_mode)
    if not isinstance(debug_mode, int):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    if not 0 <= debug_mode < len(_DEBUG):
        raise RuntimeError(
            f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}"
        )
    use_deterministic_algorithms(debug_mode > 0, warn_only=debug_mode == 1)


def get_deterministic_debug_mode() -> int:
    """The switch as a number: 0, 1 or 2."""
    if not _switches.deterministic:
        return 0
    return 1 if _switches.warn_only else 2


def set_float32_matmul_precision(precision: str) -> None:
    """Permit ("high", "medium") or forbid ("highest") products in less than float32.

    On the CPU, products of float32 stay float32.
    """
    if precision not in _PRECISIONS:
        warnings.warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the current"
            "setFloat32MatmulPrecision call has no effect.",
            stacklevel=2,
        )
        return
    _switches.precision = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was last told; "highest" at first."""
    return _switches.precision


def set_num_interop_threads(threads: int) -> None:
    """Remembered; Taper runs one program at a time, with `set_num_threads` threads."""
    if not isinstance(threads, int) or isinstance(threads, bool):
        raise TypeError(f"set_num_interop_threads expects an int, but got {type(threads).__name__}")
    if threads <= 0:
        raise RuntimeError("set_num_interop_threads expects a positive integer")
    _switches.interop_threads = threads


def get_num_interop_threads() -> int:
    """What `set_num_interop_threads` was told, or the number of threads."""
    return _switches.interop_threads or get_num_threads()


def set_flush_denormal(mode: bool) -> bool:
    """Ask that denormal numbers count as zero; False says that it was not done."""
    return False


def set_warn_always(b: bool) -> None:
    """Remembered; Python's own filters decide how often a warning is shown."""
    _switches.warn_always = b


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` was last told."""
    return _switches.warn_always


def get_default_device() -> device:
    """The device of new tensors."""
    return devices.default()


def compiled_with_cxx11_abi() -> bool:
    """Always True, as PyTorch's releases answer."""
    return True

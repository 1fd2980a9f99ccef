"""`torch.cpu.amp`: the older address of `torch.amp`, with its notice of deprecation."""

from __future__ import annotations

import warnings
from typing import Any

from .. import amp
from ..dtypes import bfloat16
from ..dtypes import dtype as dtype_type

__all__ = ["GradScaler", "autocast"]


def _warn(name: str) -> None:
    warnings.warn(
        f"`torch.cpu.amp.{name}(args...)` is deprecated. Please use `torch.amp.{name}('cpu', "
        "args...)` instead.",
        FutureWarning,
        stacklevel=3,
    )


class autocast(amp.autocast):
    """As `torch.amp.autocast("cpu")`."""

    def __init__(
        self, enabled: bool = True, dtype: dtype_type = bfloat16, cache_enabled: bool = True
    ) -> None:
        _warn("autocast")
        super().__init__("cpu", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """As `torch.amp.GradScaler("cpu")`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _warn("GradScaler")
        super().__init__("cpu", *args, **kwargs)

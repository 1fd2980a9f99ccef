"""`torch.cuda.amp`: the older address of `torch.amp`, with its notice of deprecation."""

from __future__ import annotations

import warnings
from typing import Any

from .. import amp
from ..dtypes import dtype as dtype_type
from ..dtypes import float16

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]


def _warn(name: str) -> None:
    warnings.warn(
        f"`torch.cuda.amp.{name}(args...)` is deprecated. Please use `torch.amp.{name}('cuda', "
        "args...)` instead.",
        FutureWarning,
        stacklevel=3,
    )


class autocast(amp.autocast):
    """As `torch.amp.autocast("cuda")`."""

    def __init__(
        self, enabled: bool = True, dtype: dtype_type = float16, cache_enabled: bool = True
    ) -> None:
        _warn("autocast")
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """As `torch.amp.GradScaler("cuda")`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _warn("GradScaler")
        super().__init__("cuda", *args, **kwargs)


custom_fwd = amp.custom_fwd
custom_bwd = amp.custom_bwd

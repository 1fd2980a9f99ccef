"""torch.signal: what is done to signals before they are transformed."""

from . import windows

__all__ = ["windows"]

"""`torch.backends.mps`: Apple's GPUs, which Taper does not use."""

__all__ = ["is_available", "is_built", "is_macos13_or_newer", "is_macos_or_newer"]


def is_available() -> bool:
    """Whether an Apple GPU can be used: False."""
    return False


def is_built() -> bool:
    """Whether this build knows Apple's GPUs: False."""
    return False


def is_macos_or_newer(major: int, minor: int) -> bool:
    """Whether an Apple GPU's system is at least this one: False, for there is no such GPU."""
    return False


def is_macos13_or_newer(minor: int = 0) -> bool:
    """As `is_macos_or_newer(13, minor)`."""
    return False

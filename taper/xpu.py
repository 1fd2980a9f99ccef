"""`torch.xpu`: Intel's GPUs, which Taper does not use."""

__all__ = ["device_count", "is_available"]


def is_available() -> bool:
    """Whether an Intel GPU can be used: False."""
    return False


def device_count() -> int:
    """How many there are: 0."""
    return 0

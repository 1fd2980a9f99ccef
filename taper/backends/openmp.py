"""`torch.backends.openmp`: says that OpenMP is not there; Taper generates its kernels itself."""

__all__ = ["is_available"]


def is_available() -> bool:
    """Whether OpenMP is used: False."""
    return False

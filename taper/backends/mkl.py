"""`torch.backends.mkl`: says that Intel's MKL is not there; Taper generates its kernels itself."""

__all__ = ["is_available"]


def is_available() -> bool:
    """Whether Intel's MKL is used: False."""
    return False

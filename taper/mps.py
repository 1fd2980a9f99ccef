"""`torch.mps`: Apple's GPUs, which Taper does not use; seeding and emptying are harmless."""

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "synchronize"]


def is_available() -> bool:
    """Whether an Apple GPU can be used: False."""
    return False


def device_count() -> int:
    """How many there are: 0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing: there is no generator to seed."""


def empty_cache() -> None:
    """Nothing: there is no memory to give back."""


def synchronize() -> None:
    """Nothing: there is nothing to wait for."""

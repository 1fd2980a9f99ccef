"""Tools around tensors that are neither layers nor optimizers: data loading, checkpoints,
benchmarks, TensorBoard."""

from . import checkpoint, data

__all__ = ["checkpoint", "data"]

"""Tools around tensors that are neither layers nor optimizers: so far, data loading."""

from . import data

__all__ = ["data"]

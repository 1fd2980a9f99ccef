"""Curves, images and texts for TensorBoard: `SummaryWriter`."""

from .writer import SummaryWriter

__all__ = ["SummaryWriter"]

"""Images: datasets, transforms and models, with torchvision's names."""

from . import datasets, models, transforms, utils

__version__ = "0.28.0+taper"  # of the torchvision whose names these are

__all__ = ["datasets", "models", "transforms", "utils"]

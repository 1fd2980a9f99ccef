"""Pillow, the extra library for images: found when used, with a clear word where it is absent."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def pillow(name: str = "Image") -> Any:
    """The module `PIL.<name>`. Raises ImportError with what to install where Pillow is absent."""
    try:
        return __import__(f"PIL.{name}", fromlist=[name])
    except ImportError as error:
        raise ImportError(
            "Pillow is needed to work with images, and is not installed: "
            "pip install 'taper[vision]'"
        ) from error


def is_image(value: Any) -> bool:
    """Whether `value` is a Pillow image; none can be where Pillow was never imported."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(value, module.Image)


def image_of(array: np.ndarray) -> Any:
    """The image of a uint8 array of shape (height, width) or (height, width, 3)."""
    return pillow().fromarray(array)

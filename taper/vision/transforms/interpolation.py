"""How pixels between pixels are found: the names that torchvision and Pillow use."""

from __future__ import annotations

from enum import Enum


class InterpolationMode(Enum):
    """Ways to find a pixel's value between pixels; the last three are for Pillow images only."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


_PIL_NUMBERS = {
    InterpolationMode.NEAREST: 0,
    InterpolationMode.LANCZOS: 1,
    InterpolationMode.BILINEAR: 2,
    InterpolationMode.BICUBIC: 3,
    InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
    InterpolationMode.NEAREST_EXACT: 0,
}

_FROM_NUMBER = {
    0: InterpolationMode.NEAREST,
    1: InterpolationMode.LANCZOS,
    2: InterpolationMode.BILINEAR,
    3: InterpolationMode.BICUBIC,
    4: InterpolationMode.BOX,
    5: InterpolationMode.HAMMING,
}


def as_mode(interpolation: InterpolationMode | int) -> InterpolationMode:
    """The mode that is meant, also by Pillow's number for it."""
    if isinstance(interpolation, int):
        interpolation = _FROM_NUMBER[interpolation]
    if not isinstance(interpolation, InterpolationMode):
        raise TypeError(
            "Argument interpolation should be a InterpolationMode or a corresponding Pillow "
            "integer constant"
        )
    return interpolation


def pil_number(interpolation: InterpolationMode) -> int:
    """Pillow's number for a mode."""
    return _PIL_NUMBERS[interpolation]

"""Rotations, affine maps and changes of perspective of images, Pillow's or tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...tensor import Tensor
from . import pil_images as pil
from . import tensor_images as tensors
from . import warp
from .interpolation import InterpolationMode, as_mode, pil_number


def _size(img: Any) -> tuple[int, int]:
    """(height, width)."""
    if isinstance(img, Tensor):
        tensors.require_image(img)
        return img.shape[-2], img.shape[-1]
    pil.require_image(img)
    return img.height, img.width


def _colour(fill: Any) -> list[float] | None:
    if fill is None:
        return None
    return [float(fill)] if isinstance(fill, (int, float)) else [float(value) for value in fill]


def inverse_matrix(
    center: Sequence[float],
    angle: float,
    translate: Sequence[float],
    scale: float,
    shear: Sequence[float],
) -> list[float]:
    """The 2x3 matrix from a pixel of the result to the one of the image that it shows.

    The map itself is translate @ center @ rotate(angle) @ shear @ scale @ center^-1, with angles
    in degrees, and the shear along x after that along y.
    """
    turn, sx, sy = math.radians(angle), math.radians(shear[0]), math.radians(shear[1])
    cx, cy = center
    tx, ty = translate
    a = math.cos(turn - sy) / math.cos(sy)
    b = -math.cos(turn - sy) * math.tan(sx) / math.cos(sy) - math.sin(turn)
    c = math.sin(turn - sy) / math.cos(sy)
    d = -math.sin(turn - sy) * math.tan(sx) / math.cos(sy) + math.cos(turn)
    m00, m01, m10, m11 = d / scale, -b / scale, -c / scale, a / scale
    x, y = -cx - tx, -cy - ty
    return [m00, m01, m00 * x + m01 * y + cx, m10, m11, m10 * x + m11 * y + cy]


def _require_center(center: Any) -> None:
    if center is not None and not isinstance(center, (list, tuple)):
        raise TypeError("Argument center should be a sequence")


def rotate(
    img: Any,
    angle: float,
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Any = None,
) -> Any:
    """Turn by `angle` degrees, anticlockwise, about the middle or `center` (x, y).

    `expand` makes the result large enough to hold all of it.
    """
    mode = as_mode(interpolation)
    if not isinstance(angle, (int, float)):
        raise TypeError("Argument angle should be int or float")
    _require_center(center)
    height, width = _size(img)
    if not isinstance(img, Tensor):
        return pil.rotate(img, angle, pil_number(mode), expand, center, fill)
    middle = [0.0, 0.0]
    if center is not None:
        middle = [c - s * 0.5 for c, s in zip(center, [width, height])]
    matrix = inverse_matrix(middle, -angle, [0.0, 0.0], 1.0, [0.0, 0.0])
    return warp.rotate(img, matrix, mode.value, expand, _colour(fill))


def _shear_pair(shear: Any) -> list[float]:
    if isinstance(shear, (int, float)):
        return [float(shear), 0.0]
    if not isinstance(shear, (list, tuple)):
        raise TypeError("Shear should be either a single value or a sequence of two values")
    if len(shear) == 1:
        return [shear[0], shear[0]]
    if len(shear) != 2:
        raise ValueError(f"Shear should be a sequence containing two values. Got {shear}")
    return list(shear)


def affine(
    img: Any,
    angle: float,
    translate: Sequence[int],
    scale: float,
    shear: float | Sequence[float],
    interpolation: InterpolationMode | int = InterpolationMode.NEAREST,
    fill: Any = None,
    center: Sequence[float] | None = None,
) -> Any:
    """Turn clockwise by degrees, move by (x, y) pixels, scale, and shear by degrees (x, y)."""
    mode = as_mode(interpolation)
    if not isinstance(angle, (int, float)):
        raise TypeError("Argument angle should be int or float")
    if not isinstance(translate, (list, tuple)):
        raise TypeError("Argument translate should be a sequence")
    if len(translate) != 2:
        raise ValueError("Argument translate should be a sequence of length 2")
    if scale <= 0.0:
        raise ValueError("Argument scale should be positive")
    pair = _shear_pair(shear)
    _require_center(center)
    height, width = _size(img)
    if isinstance(img, Tensor):
        middle = [0.0, 0.0]
        if center is not None:
            middle = [c - s * 0.5 for c, s in zip(center, [width, height])]
        matrix = inverse_matrix(middle, angle, translate, scale, pair)
        return warp.affine(img, matrix, mode.value, _colour(fill))
    about = [width * 0.5, height * 0.5] if center is None else center
    matrix = inverse_matrix(about, angle, translate, scale, pair)
    return pil.affine(img, matrix, pil_number(mode), fill)


def perspective_coefficients(
    startpoints: Sequence[Sequence[int]], endpoints: Sequence[Sequence[int]]
) -> list[float]:
    """(a ... h) such that the map of `warp.perspective` takes the four end to the start points."""
    if len(startpoints) != 4 or len(endpoints) != 4:
        raise ValueError(
            "Please provide exactly four corners, got "
            f"{len(startpoints)} startpoints and {len(endpoints)} endpoints."
        )
    rows = []
    for (x, y), (to_x, to_y) in zip(endpoints, startpoints):
        rows.append([x, y, 1, 0, 0, 0, -to_x * x, -to_x * y])
        rows.append([0, 0, 0, x, y, 1, -to_y * x, -to_y * y])
    values = np.array(startpoints, np.float64).reshape(8)
    solution = np.linalg.lstsq(np.array(rows, np.float64), values, rcond=None)[0]
    return solution.astype(np.float32).tolist()


def perspective(
    img: Any,
    startpoints: Sequence[Sequence[int]],
    endpoints: Sequence[Sequence[int]],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    fill: Any = None,
) -> Any:
    """Move the corners `startpoints` to `endpoints`, in the order ul, ur, lr, ll, each (x, y)."""
    mode = as_mode(interpolation)
    coefficients = perspective_coefficients(startpoints, endpoints)
    _size(img)
    if isinstance(img, Tensor):
        return warp.perspective(img, coefficients, mode.value, _colour(fill))
    return pil.perspective(img, coefficients, pil_number(mode), fill)

"""Resampling tensors (..., channels, height, width): resize, rotate, affine and perspective."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...functions.creation import from_numpy, ones
from ...functions.joining import cat
from ...functions.pointwise import where
from ...nn import functional as F
from ...tensor import Tensor
from .tensor_images import as_floats


def resize(img: Tensor, size: Sequence[int], mode: str, antialias: bool) -> Tensor:
    """Resize to (height, width); with `antialias` a smaller image is smoothed as Pillow does."""
    smooth = mode in ("bilinear", "bicubic")

    def scale(batch: Tensor) -> Tensor:
        result = F.interpolate(
            batch,
            size=list(size),
            mode=mode,
            align_corners=False if smooth else None,
            antialias=antialias and smooth,
        )
        if mode == "bicubic" and not img.is_floating_point():
            result = result.clamp(0, 255)
        return result

    return as_floats(img, scale)


def _sample(img: Tensor, grid: np.ndarray, mode: str, fill: Sequence[float] | None) -> Tensor:
    """Read the image at `grid` (height, width, 2), where -1 and 1 are its borders."""

    def sample(batch: Tensor) -> Tensor:
        count = batch.shape[0]
        at = from_numpy(grid[None].astype(np.float32)).to(batch.device).to(batch.dtype)
        at = at.expand(count, *at.shape[1:])
        if fill is not None:
            batch = cat((batch, ones((count, 1, *batch.shape[-2:])).to(batch)), dim=1)
        result = F.grid_sample(batch, at, mode=mode, padding_mode="zeros", align_corners=False)
        if fill is None:
            return result
        share = result[:, -1:]
        result = result[:, :-1]
        colour = from_numpy(np.asarray(fill, np.float32)).to(result).reshape(1, -1, 1, 1)
        if mode == "nearest":
            return where(share < 0.5, colour.expand(*result.shape), result)
        return result * share + (1.0 - share) * colour

    return as_floats(img, sample)


def _pixel_grid(width: int, height: int, first: float, top: float) -> np.ndarray:
    """Homogeneous coordinates (height, width, 3) of pixels, from (first, top) in steps of one."""
    grid = np.ones((height, width, 3), np.float32)
    grid[..., 0] = np.arange(width, dtype=np.float32) + np.float32(first)
    grid[..., 1] = (np.arange(height, dtype=np.float32) + np.float32(top))[:, None]
    return grid


def _affine_grid(matrix: Sequence[float], w: int, h: int, ow: int, oh: int) -> np.ndarray:
    theta = np.asarray(matrix, np.float32).reshape(2, 3)
    base = _pixel_grid(ow, oh, -ow * 0.5 + 0.5, -oh * 0.5 + 0.5)
    return base @ (theta.T / np.array([0.5 * w, 0.5 * h], np.float32))


def affine(img: Tensor, matrix: Sequence[float], mode: str, fill: Sequence[float] | None) -> Tensor:
    """Move each pixel by the inverse matrix (2x3), whose origin is the image's centre."""
    h, w = img.shape[-2:]
    return _sample(img, _affine_grid(matrix, w, h, w, h), mode, fill)


def expanded_size(matrix: Sequence[float], w: int, h: int) -> tuple[int, int]:
    """Width and height of the box that holds the whole image after the matrix."""
    corners = np.array(
        [
            [-0.5 * w, -0.5 * h, 1],
            [-0.5 * w, 0.5 * h, 1],
            [0.5 * w, 0.5 * h, 1],
            [0.5 * w, -0.5 * h, 1],
        ],
        np.float32,
    )
    points = corners @ np.asarray(matrix, np.float32).reshape(2, 3).T
    middle = np.array([w * 0.5, h * 0.5], np.float32)
    # Corners that miss a whole number by rounding alone count as on it.
    grain = np.float32(1e-4)
    high = np.ceil(np.trunc((points.max(0) + middle) / grain) * grain)
    low = np.floor(np.trunc((points.min(0) + middle) / grain) * grain)
    width, height = (high - low).astype(int).tolist()
    return width, height


def rotate(
    img: Tensor, matrix: Sequence[float], mode: str, expand: bool, fill: Sequence[float] | None
) -> Tensor:
    """`affine`, into an image that is large enough when `expand`."""
    h, w = img.shape[-2:]
    ow, oh = expanded_size(matrix, w, h) if expand else (w, h)
    return _sample(img, _affine_grid(matrix, w, h, ow, oh), mode, fill)


def perspective(
    img: Tensor, coefficients: Sequence[float], mode: str, fill: Sequence[float] | None
) -> Tensor:
    """Read at ((ax + by + c) / (gx + hy + 1), (dx + ey + f) / (gx + hy + 1))."""
    a, b, c, d, e, f, g, k = coefficients
    h, w = img.shape[-2:]
    base = _pixel_grid(w, h, 0.5, 0.5)
    above = np.array([[a, b, c], [d, e, f]], np.float32)
    above = above.T / np.array([0.5 * w, 0.5 * h], np.float32)
    below = np.array([[g, k, 1], [g, k, 1]], np.float32).T
    return _sample(img, (base @ above) / (base @ below) - np.float32(1), mode, fill)

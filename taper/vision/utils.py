"""Pictures of batches: images in a grid, boxes drawn on an image, and saving either."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from ..functions.creation import from_array
from ..tensor import Tensor
from .pillow import image_of, pillow


def _stretch(images: np.ndarray, low: float, high: float) -> None:
    """Map low ... high to 0 ... 1 in place."""
    np.clip(images, low, high, out=images)
    images -= low
    images /= max(high - low, 1e-5)


def _as_batch(tensor: Any) -> np.ndarray:
    """The images as an array (N, 3 or more, H, W)."""
    if isinstance(tensor, (list, tuple)):
        if not all(isinstance(each, Tensor) for each in tensor):
            raise TypeError(f"tensor or list of tensors expected, got {type(tensor)}")
        images = np.stack([each.detach().cpu()._array() for each in tensor])
    elif isinstance(tensor, Tensor):
        images = tensor.detach().cpu()._array()
    else:
        raise TypeError(f"tensor or list of tensors expected, got {type(tensor)}")
    if images.ndim == 2:
        images = images[None]
    if images.ndim == 3:
        images = images[None]
    if images.ndim != 4:
        raise ValueError(f"images must be (H, W), (C, H, W) or (N, C, H, W), not {images.shape}")
    return np.repeat(images, 3, axis=1) if images.shape[1] == 1 else images


def make_grid(
    tensor: Tensor | Sequence[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """Images (N, C, H, W), or a list of them, side by side in one image (C, height, width).

    `nrow` are in each row. `normalize` maps the least and the greatest value, or `value_range`,
    to 0 and 1, for each image by itself with `scale_each`.
    """
    images = _as_batch(tensor)
    if normalize:
        images = images.astype(np.float32, copy=True) if images.dtype.kind != "f" else images.copy()
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError(
                "value_range has to be a tuple (min, max) if specified. min and max are numbers"
            )
        for part in images if scale_each else [images]:
            _stretch(part, *(value_range or (float(part.min()), float(part.max()))))
    count, channels, height, width = images.shape
    if count == 1:
        return from_array(images[0].copy())
    columns = min(nrow, count)
    rows = math.ceil(count / columns)
    height, width = height + padding, width + padding
    shape = (channels, height * rows + padding, width * columns + padding)
    grid = np.full(shape, pad_value, images.dtype)
    for i, image in enumerate(images):
        top, left = i // columns * height + padding, i % columns * width + padding
        grid[:, top : top + height - padding, left : left + width - padding] = image
    return from_array(grid)


def save_image(
    tensor: Tensor | Sequence[Tensor],
    fp: str | os.PathLike | BinaryIO,
    format: str | None = None,
    **kwargs: Any,
) -> None:
    """Write images with values from 0 to 1 to a file, in a grid if there are several."""
    grid = make_grid(tensor, **kwargs)._array()
    pixels = (grid * 255 + 0.5).clip(0, 255).astype(np.uint8)
    image_of(np.ascontiguousarray(pixels.transpose(1, 2, 0))).save(fp, format=format)


def draw_bounding_boxes(
    image: Tensor,
    boxes: Tensor,
    labels: Sequence[str | None] | None = None,
    colors: Any = None,
    fill: bool = False,
    width: int = 1,
    font: str | None = None,
    font_size: int | None = None,
) -> Tensor:
    """A copy of a uint8 or floating image (C, H, W) with boxes (N, 4) of x1, y1, x2, y2 drawn on.

    `colors` is one colour or one for each box, by name or as (red, green, blue).
    """
    if not isinstance(image, Tensor):
        raise TypeError(f"Tensor expected, got {type(image)}")
    if image.dim() != 3:
        raise ValueError("Pass individual images, not batches")
    if image.size(0) not in (1, 3):
        raise ValueError("Only grayscale and RGB images are supported")
    corners = boxes.tolist()
    if any(x1 > x2 or y1 > y2 for x1, y1, x2, y2 in corners):
        raise ValueError(
            "Boxes need to be in (xmin, ymin, xmax, ymax) format. Use torchvision.ops.box_convert "
            "to convert them"
        )
    if labels is not None and len(labels) != len(corners):
        raise ValueError(
            f"The number of boxes ({len(corners)}) and labels ({len(labels)}) mismatch. "
            "Please specify labels for each box."
        )
    shades = _colors_of(colors, len(corners))
    pixels = image.detach().cpu()._array()
    floating = pixels.dtype.kind == "f"
    if floating:
        pixels = (pixels * 255).astype(np.uint8)
    if pixels.shape[0] == 1:
        pixels = np.repeat(pixels, 3, axis=0)
    canvas = image_of(np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    letters = pillow("ImageFont")
    face = letters.truetype(font, font_size or 10) if font else letters.load_default(font_size)
    draw = pillow("ImageDraw").Draw(canvas, "RGBA" if fill else None)
    for box, label, shade in zip(corners, labels or [None] * len(corners), shades):
        inside = (
            (*pillow("ImageColor").getrgb(shade)[:3], 100)
            if fill and isinstance(shade, str)
            else ((*shade, 100) if fill else None)
        )
        draw.rectangle(box, outline=shade, fill=inside, width=width)
        if label is not None:
            draw.text((box[0] + width + 1, box[1] + width + 1), label, fill=shade, font=face)
    drawn = np.ascontiguousarray(np.asarray(canvas).transpose(2, 0, 1))
    result = from_array(drawn)
    return result.to(image.dtype) / 255 if floating else result


def _colors_of(colors: Any, count: int) -> list[Any]:
    """One colour for each box; hues in even steps when none are given."""
    if colors is None:
        return [f"hsv({360 * i // max(count, 1)},80%,100%)" for i in range(count)]
    if isinstance(colors, list):
        if len(colors) < count:
            raise ValueError(
                f"Number of colors must be equal or larger than the number of objects, but got "
                f"{len(colors)} < {count}."
            )
        return colors
    return [colors] * count

"""The image functions on Pillow images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..pillow import is_image, pillow


def require_image(img: Any) -> None:
    """TypeError unless `img` is a Pillow image."""
    if not is_image(img):
        raise TypeError(f"img should be PIL Image. Got {type(img)}")


def channels_of(img: Any) -> int:
    """How many channels the image has."""
    return len(img.getbands())


def fill_of(fill: Any, img: Any, name: str = "fillcolor") -> dict[str, Any]:
    """The argument that gives Pillow a colour, stretched to the image's channels."""
    channels = channels_of(img)
    if fill is None:
        fill = 0
    if isinstance(fill, (int, float)) and channels > 1:
        fill = (fill,) * channels
    if isinstance(fill, (list, tuple)):
        if len(fill) == 1:
            fill = tuple(fill) * channels
        elif len(fill) != channels:
            raise ValueError(
                "The number of elements in 'fill' does not match the number of channels of the "
                f"image ({len(fill)} != {channels})"
            )
        fill = tuple(fill) if channels > 1 else fill[0]
    if img.mode != "F":
        fill = tuple(int(x) for x in fill) if isinstance(fill, tuple) else int(fill)
    return {name: fill}


def hflip(img: Any) -> Any:
    return img.transpose(pillow().Transpose.FLIP_LEFT_RIGHT)


def vflip(img: Any) -> Any:
    return img.transpose(pillow().Transpose.FLIP_TOP_BOTTOM)


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    return img.crop((left, top, left + width, top + height))


def resize(img: Any, size: Sequence[int], mode: int) -> Any:
    return img.resize((size[1], size[0]), mode)


def pad(img: Any, sides: Sequence[int], fill: Any, padding_mode: str) -> Any:
    """Pad by (left, top, right, bottom)."""
    left, top, right, bottom = sides
    if padding_mode == "constant":
        result = pillow("ImageOps").expand(
            img, border=tuple(sides), **fill_of(fill, img, name="fill")
        )
        if img.mode == "P":
            result.putpalette(img.getpalette())
        return result
    # Negative numbers crop, which numpy's padding does not know.
    cropped = img.crop(
        (
            -min(left, 0),
            -min(top, 0),
            img.width + min(right, 0),
            img.height + min(bottom, 0),
        )
    )
    left, top, right, bottom = (max(side, 0) for side in sides)
    pixels = np.asarray(cropped)
    widths = [(top, bottom), (left, right)] + [(0, 0)] * (pixels.ndim - 2)
    padded = np.pad(pixels, widths, mode=padding_mode)  # type: ignore[call-overload]
    result = pillow().fromarray(padded)
    if img.mode == "P":
        result.putpalette(img.getpalette())
    return result


def affine(img: Any, matrix: Sequence[float], mode: int, fill: Any) -> Any:
    return img.transform(img.size, pillow().Transform.AFFINE, matrix, mode, **fill_of(fill, img))


def rotate(img: Any, angle: float, mode: int, expand: bool, center: Any, fill: Any) -> Any:
    return img.rotate(angle, mode, expand, center, **fill_of(fill, img))


def perspective(img: Any, coefficients: Sequence[float], mode: int, fill: Any) -> Any:
    return img.transform(
        img.size, pillow().Transform.PERSPECTIVE, coefficients, mode, **fill_of(fill, img)
    )


def adjust_brightness(img: Any, factor: float) -> Any:
    return pillow("ImageEnhance").Brightness(img).enhance(factor)


def adjust_contrast(img: Any, factor: float) -> Any:
    return pillow("ImageEnhance").Contrast(img).enhance(factor)


def adjust_saturation(img: Any, factor: float) -> Any:
    return pillow("ImageEnhance").Color(img).enhance(factor)


def adjust_sharpness(img: Any, factor: float) -> Any:
    return pillow("ImageEnhance").Sharpness(img).enhance(factor)


def adjust_hue(img: Any, factor: float) -> Any:
    """Turn the colours by `factor` of the circle; an image without colours stays."""
    if img.mode in ("L", "1", "I", "F"):
        return img
    hue, saturation, value = img.convert("HSV").split()
    # A turn back wraps round in bytes.
    turned = (np.asarray(hue).astype(np.int32) + int(factor * 255)).astype(np.uint8)
    hue = pillow().fromarray(turned)
    return pillow().merge("HSV", (hue, saturation, value)).convert(img.mode)


def adjust_gamma(img: Any, gamma: float, gain: float) -> Any:
    table = [int((255 + 1 - 1e-3) * gain * pow(value / 255.0, gamma)) for value in range(256)]
    table = [min(value, 255) for value in table]
    return img.convert("RGB").point(table * 3).convert(img.mode)


def to_grayscale(img: Any, channels: int) -> Any:
    if channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    grey = img.convert("L")
    return grey if channels == 1 else pillow().merge("RGB", (grey, grey, grey))


def invert(img: Any) -> Any:
    return pillow("ImageOps").invert(img)


def posterize(img: Any, bits: int) -> Any:
    return pillow("ImageOps").posterize(img, bits)


def solarize(img: Any, threshold: float) -> Any:
    return pillow("ImageOps").solarize(img, threshold)


def autocontrast(img: Any) -> Any:
    return pillow("ImageOps").autocontrast(img)


def equalize(img: Any) -> Any:
    return pillow("ImageOps").equalize(img)

"""Functions on images, Pillow's or tensors (..., channels, height, width): sizes, cuts and colours.

Each is the same for both kinds; random choices are left to the classes of `transforms`. Anything
that is neither kind raises TypeError.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

from ...tensor import Tensor
from . import pil_images as pil
from . import tensor_images as tensors
from . import warp
from .convert import convert_image_dtype, pil_to_tensor, to_pil_image, to_tensor
from .geometry import affine, perspective, rotate
from .interpolation import InterpolationMode, as_mode, pil_number

__all__ = [
    "InterpolationMode",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "affine",
    "autocontrast",
    "center_crop",
    "convert_image_dtype",
    "crop",
    "equalize",
    "erase",
    "five_crop",
    "gaussian_blur",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "hflip",
    "invert",
    "normalize",
    "pad",
    "perspective",
    "pil_to_tensor",
    "posterize",
    "resize",
    "resized_crop",
    "rgb_to_grayscale",
    "rotate",
    "solarize",
    "ten_crop",
    "to_grayscale",
    "to_pil_image",
    "to_tensor",
    "vflip",
]


def _is_tensor(img: Any) -> bool:
    """Whether the tensor functions are to be used; TypeError for what is no image at all."""
    if isinstance(img, Tensor):
        tensors.require_image(img)
        return True
    pil.require_image(img)
    return False


def get_dimensions(img: Any) -> list[int]:
    """[channels, height, width]."""
    if _is_tensor(img):
        return [tensors.channels_of(img), img.shape[-2], img.shape[-1]]
    return [pil.channels_of(img), img.height, img.width]


def get_image_size(img: Any) -> list[int]:
    """[width, height]."""
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: Any) -> int:
    """How many channels the image has."""
    return get_dimensions(img)[0]


def normalize(
    tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False
) -> Tensor:
    """(tensor - mean) / std, channel by channel, for a floating image or batch.

    Raises TypeError for another type, ValueError when a std is zero.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    return tensors.normalize(tensor, mean, std, inplace)


def hflip(img: Any) -> Any:
    """Mirror left and right."""
    return tensors.hflip(img) if _is_tensor(img) else pil.hflip(img)


def vflip(img: Any) -> Any:
    """Mirror top and bottom."""
    return tensors.vflip(img) if _is_tensor(img) else pil.vflip(img)


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The part of the image whose upper left corner is (top, left); zero where it reaches out."""
    of = tensors if _is_tensor(img) else pil
    return of.crop(img, top, left, height, width)


def pad(
    img: Any,
    padding: int | Sequence[int],
    fill: Any = 0,
    padding_mode: str = "constant",
) -> Any:
    """Pad all sides, (left-right, top-bottom), or (left, top, right, bottom).

    `padding_mode` is constant, edge, reflect (without the border) or symmetric (with it).
    """
    if not isinstance(padding, (numbers.Number, tuple, list)):
        raise TypeError("Got inappropriate padding arg")
    if not isinstance(fill, (numbers.Number, tuple, list)):
        raise TypeError("Got inappropriate fill arg")
    if not isinstance(padding_mode, str):
        raise TypeError("Got inappropriate padding_mode arg")
    sides: list[Any] = [padding] if isinstance(padding, numbers.Number) else list(padding)
    if len(sides) not in (1, 2, 4):
        raise ValueError(
            "Padding must be an int or a 1, 2, or 4 element tuple, not a "
            f"{len(sides)} element tuple"
        )
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
    sides = sides * (4 // len(sides))
    if not _is_tensor(img):
        return pil.pad(img, sides, fill, padding_mode)
    if isinstance(fill, (tuple, list)):
        if len(fill) != 1:
            raise ValueError("Padding a tensor with a colour is not supported: fill is one number")
        fill = fill[0]
    return tensors.pad(img, sides, fill, padding_mode)


def resized_size(
    height: int, width: int, size: Sequence[int], max_size: int | None = None
) -> list[int]:
    """[height, width] after a resize: `size` itself, or its one number for the shorter side."""
    if len(size) == 2:
        return list(size)
    short, long = min(width, height), max(width, height)
    new_short, new_long = size[0], int(size[0] * long / short)
    if max_size is not None:
        if max_size <= size[0]:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested "
                f"size for the smaller edge size = {size}"
            )
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return [new_long, new_short] if width <= height else [new_short, new_long]


def resize(
    img: Any,
    size: int | Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """Resize to (height, width), or so that the shorter side is `size` and the longer in step.

    `antialias` smooths a tensor that becomes smaller as Pillow does always.
    """
    mode = as_mode(interpolation)
    if isinstance(size, (list, tuple)):
        if len(size) not in (1, 2):
            raise ValueError(
                "Size must be an int or a 1 or 2 element tuple/list, not a "
                f"{len(size)} element tuple/list"
            )
        if max_size is not None and len(size) != 1:
            raise ValueError(
                "max_size should only be passed if size specifies the length of the smaller edge, "
                "i.e. size should be an int or a sequence of length 1 in torchscript mode."
            )
    sizes = [size] if isinstance(size, int) else list(size)
    _, height, width = get_dimensions(img)
    target = resized_size(height, width, sizes, max_size)
    if target == [height, width]:
        return img
    if _is_tensor(img):
        return warp.resize(img, target, mode.value, bool(antialias))
    return pil.resize(img, target, pil_number(mode))


def _two(size: Any, message: str) -> tuple[int, int]:
    if isinstance(size, numbers.Number):
        return int(size), int(size)  # type: ignore[call-overload]
    if len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError(message)
    return tuple(size)  # type: ignore[return-value]


def center_crop(img: Any, output_size: int | Sequence[int]) -> Any:
    """The middle (height, width) of the image, padded with zeros if it is smaller."""
    height, width = _two(output_size, "Please provide only two dimensions (h, w) for size.")
    _, h, w = get_dimensions(img)
    if width > w or height > h:
        more_w, more_h = max(width - w, 0), max(height - h, 0)
        img = pad(img, [more_w // 2, more_h // 2, (more_w + 1) // 2, (more_h + 1) // 2], fill=0)
        _, h, w = get_dimensions(img)
        if (height, width) == (h, w):
            return img
    return crop(img, round((h - height) / 2.0), round((w - width) / 2.0), height, width)


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: InterpolationMode | int = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """`crop`, then `resize`."""
    part = crop(img, top, left, height, width)
    return resize(part, size, interpolation, antialias=antialias)


def five_crop(img: Any, size: int | Sequence[int]) -> tuple[Any, Any, Any, Any, Any]:
    """The four corners and the middle: upper left, upper right, lower left, lower right, middle."""
    height, width = _two(size, "Please provide only two dimensions (h, w) for size.")
    _, h, w = get_dimensions(img)
    if width > w or height > h:
        raise ValueError(
            f"Requested crop size {(height, width)} is bigger than input size {(h, w)}"
        )
    return (
        crop(img, 0, 0, height, width),
        crop(img, 0, w - width, height, width),
        crop(img, h - height, 0, height, width),
        crop(img, h - height, w - width, height, width),
        center_crop(img, [height, width]),
    )


def ten_crop(img: Any, size: int | Sequence[int], vertical_flip: bool = False) -> tuple:
    """`five_crop` of the image and of its mirror image."""
    return five_crop(img, size) + five_crop(vflip(img) if vertical_flip else hflip(img), size)


def _require_factor(name: str, factor: float) -> None:
    if factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """0 is black, 1 the image, 2 twice as bright."""
    if _is_tensor(img):
        _require_factor("brightness_factor", brightness_factor)
        return tensors.adjust_brightness(img, brightness_factor)
    return pil.adjust_brightness(img, brightness_factor)


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """0 is an even grey, 1 the image."""
    if _is_tensor(img):
        _require_factor("contrast_factor", contrast_factor)
        return tensors.adjust_contrast(img, contrast_factor)
    return pil.adjust_contrast(img, contrast_factor)


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """0 is without colours, 1 the image."""
    if _is_tensor(img):
        _require_factor("saturation_factor", saturation_factor)
        return tensors.adjust_saturation(img, saturation_factor)
    return pil.adjust_saturation(img, saturation_factor)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """Turn the circle of colours by `hue_factor` in -0.5 ... 0.5 of the whole."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    of = tensors if _is_tensor(img) else pil
    return of.adjust_hue(img, hue_factor)


def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    """gain * img ** gamma, with brightness from 0 to 1."""
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    of = tensors if _is_tensor(img) else pil
    return of.adjust_gamma(img, gamma, gain)


def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """0 is blurred, 1 the image, 2 sharper."""
    if _is_tensor(img):
        _require_factor("sharpness_factor", sharpness_factor)
        return tensors.adjust_sharpness(img, sharpness_factor)
    return pil.adjust_sharpness(img, sharpness_factor)


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """A Pillow image in grey, of 1 or 3 equal channels."""
    pil.require_image(img)
    return pil.to_grayscale(img, num_output_channels)


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """An image in grey, of 1 or 3 equal channels."""
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    if _is_tensor(img):
        return tensors.rgb_to_grayscale(img, num_output_channels)
    return pil.to_grayscale(img, num_output_channels)


def invert(img: Any) -> Any:
    """Full brightness minus the image."""
    return tensors.invert(img) if _is_tensor(img) else pil.invert(img)


def posterize(img: Any, bits: int) -> Any:
    """Keep the `bits` highest bits of each byte."""
    if not 0 <= bits <= 8:
        raise ValueError(f"The number if bits should be between 0 and 8. Got {bits}")
    return tensors.posterize(img, bits) if _is_tensor(img) else pil.posterize(img, bits)


def solarize(img: Any, threshold: float) -> Any:
    """Invert what is at least as bright as `threshold`."""
    return tensors.solarize(img, threshold) if _is_tensor(img) else pil.solarize(img, threshold)


def autocontrast(img: Any) -> Any:
    """Stretch each channel to the whole range of brightness."""
    return tensors.autocontrast(img) if _is_tensor(img) else pil.autocontrast(img)


def equalize(img: Any) -> Any:
    """Make each brightness come up about as often, channel by channel; for bytes only."""
    return tensors.equalize(img) if _is_tensor(img) else pil.equalize(img)


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Tensor:
    """Put `v` in the place of the h x w pixels at (i, j) of a tensor."""
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    return tensors.erase(img, i, j, h, w, v, inplace)


def gaussian_blur(
    img: Any, kernel_size: int | Sequence[int], sigma: float | Sequence[float] | None = None
) -> Any:
    """Blur by a Gaussian of odd (width, height); `sigma` follows from the size when not given."""
    sizes = [kernel_size] * 2 if isinstance(kernel_size, int) else list(kernel_size)
    if len(sizes) != 2:
        raise ValueError(f"If kernel_size is a sequence its length should be 2. Got {len(sizes)}")
    if any(size % 2 == 0 or size < 0 for size in sizes):
        raise ValueError(f"kernel_size should have odd and positive integers. Got {sizes}")
    if sigma is None:
        sigmas = [size * 0.15 + 0.35 for size in sizes]
    else:
        sigmas = [float(sigma)] * 2 if isinstance(sigma, (int, float)) else list(sigma)
    if len(sigmas) == 1:
        sigmas = sigmas * 2
    if len(sigmas) != 2:
        raise ValueError(f"If sigma is a sequence, its length should be 2. Got {len(sigmas)}")
    if any(each <= 0.0 for each in sigmas):
        raise ValueError(f"sigma should have positive values. Got {sigmas}")
    if _is_tensor(img):
        return tensors.gaussian_blur(img, sizes, sigmas)
    blurred = tensors.gaussian_blur(pil_to_tensor(img), sizes, sigmas)
    return to_pil_image(blurred, mode=img.mode)

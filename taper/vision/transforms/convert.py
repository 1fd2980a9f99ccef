"""Conversions: between Pillow images, numpy arrays and tensors, and between pixel types."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import dtypes
from ...dtypes import dtype as DType
from ...functions.creation import from_array
from ...tensor import Tensor
from ..pillow import is_image, pillow

_ARRAY_TYPES = {"I": np.int32, "I;16": np.uint16, "F": np.float32}

_MAXIMA = {
    dtypes.uint8: 255,
    dtypes.int8: 127,
    dtypes.int16: 32767,
    dtypes.uint16: 65535,
    dtypes.int32: 2147483647,
    dtypes.int64: 9223372036854775807,
}


def max_value(kind: DType) -> int:
    """The value of full brightness: the greatest of an integer type, 1 of a floating one."""
    return _MAXIMA.get(kind, 1)


def _pixels(pic: Any) -> np.ndarray:
    """The pixels of a Pillow image as an array (channels, height, width)."""
    array = np.array(pic, _ARRAY_TYPES.get(pic.mode, np.uint8), copy=True)
    if pic.mode == "1":
        array *= 255
    if array.ndim == 2:
        return array[None]
    return np.ascontiguousarray(array.transpose(2, 0, 1))


def _unit(array: np.ndarray) -> Tensor:
    """0 ... 255 as 0 ... 1 in the default dtype."""
    kind = dtypes.get_default()
    if kind in (dtypes.float32, dtypes.float64):
        target = np.float32 if kind is dtypes.float32 else np.float64
        return from_array(np.divide(array, target(255), dtype=target))
    return from_array(array).to(kind).div(255)


def to_tensor(pic: Any) -> Tensor:
    """A Pillow image or an array (height, width[, channels]) as a tensor (channels, height, width).

    Bytes become numbers from 0 to 1 in the default dtype; other types stay as they are. Raises
    TypeError for anything else, ValueError for an array that is not 2- or 3-dimensional.
    """
    if is_image(pic):
        array = _pixels(pic)
    elif isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        image = pic[:, :, None] if pic.ndim == 2 else pic
        array = np.ascontiguousarray(image.transpose(2, 0, 1))
    else:
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    return _unit(array) if array.dtype == np.uint8 else from_array(array)


def pil_to_tensor(pic: Any) -> Tensor:
    """A Pillow image as a tensor (channels, height, width) of its own type, unscaled."""
    if not is_image(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    array = np.array(pic, copy=True)
    if array.ndim == 2:
        return from_array(array[None])
    return from_array(np.ascontiguousarray(array.transpose(2, 0, 1)))


def convert_image_dtype(image: Tensor, dtype: DType = dtypes.float32) -> Tensor:
    """Change the type of an image and scale it, so that full brightness stays full brightness.

    Raises RuntimeError where the target has more digits than a float can hold.
    """
    if not isinstance(image, Tensor):
        raise TypeError("Input img should be Tensor Image")
    source = image.dtype
    if source is dtype:
        return image
    if source.is_floating_point:
        if dtype.is_floating_point:
            return image.to(dtype)
        wide = (dtypes.int32, dtypes.int64) if source is dtypes.float32 else (dtypes.int64,)
        if dtype in wide:
            raise RuntimeError(f"The cast from {source} to {dtype} cannot be performed safely.")
        # Just below the next number, so that each of the integers gets an equal share.
        return image.mul(max_value(dtype) + 1.0 - 1e-3).to(dtype)
    top, new_top = max_value(source), max_value(dtype)
    if dtype.is_floating_point:
        return image.to(dtype) / top
    if top > new_top:
        return image.div((top + 1) // (new_top + 1), rounding_mode="floor").to(dtype)
    return image.to(dtype) * ((new_top + 1) // (top + 1))


def _array_of(pic: Any) -> np.ndarray:
    """The pixels of a tensor or array as an array (height, width, channels)."""
    if isinstance(pic, Tensor):
        if pic.dim() not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.dim()} dimensions.")
        image = pic.detach().cpu()
        if image.dim() == 2:
            image = image.unsqueeze(0)
        if image.shape[-3] > 4:
            raise ValueError(f"pic should not have > 4 channels. Got {image.shape[-3]} channels.")
        if image.is_floating_point():
            image = image.mul(255).to(dtypes.uint8)
        return image._array().transpose(1, 2, 0)
    if not isinstance(pic, np.ndarray):
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if pic.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
    image = pic[:, :, None] if pic.ndim == 2 else pic
    if image.shape[-1] > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {image.shape[-1]} channels.")
    return image


_GREY = {"uint8": "L", "int16": "I;16", "uint16": "I;16", "int32": "I", "float32": "F"}
_COLOURS = {2: ["LA"], 3: ["RGB", "YCbCr", "HSV"], 4: ["RGBA", "CMYK", "RGBX"]}


def _mode(array: np.ndarray, mode: str | None) -> str:
    """The mode of the image of an array; ValueError when the one asked for does not fit it."""
    channels = array.shape[2]
    if channels == 1:
        usual = _GREY.get(array.dtype.name)
        if mode is not None and mode != usual:
            raise ValueError(
                f"Incorrect mode ({mode}) supplied for input type {array.dtype}. Should be {usual}"
            )
    else:
        permitted = _COLOURS[channels]
        if mode is not None and mode not in permitted:
            raise ValueError(f"Only modes {permitted} are supported for {channels}D inputs")
        usual = permitted[0] if array.dtype == np.uint8 else None
    if usual is None:
        raise TypeError(f"Input type {array.dtype} is not supported")
    return mode or usual


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (channels, height, width) or an array (height, width, channels) as an image.

    Numbers of a floating tensor from 0 to 1 become bytes, unless `mode` is "F". Raises TypeError
    or ValueError for what no image can be made of.
    """
    if isinstance(pic, Tensor) and mode == "F" and pic.is_floating_point():
        array = pic.detach().cpu().float().numpy().reshape(-1, *pic.shape[-2:]).transpose(1, 2, 0)
    else:
        array = _array_of(pic)
    mode = _mode(array, mode)
    size = (array.shape[1], array.shape[0])
    return pillow().frombytes(mode, size, np.ascontiguousarray(array).tobytes())

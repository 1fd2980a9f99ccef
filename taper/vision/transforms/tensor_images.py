"""The image functions on tensors (..., channels, height, width): cutting, padding and colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ... import dtypes
from ...functions.creation import as_tensor, from_array, from_numpy, zeros_like
from ...functions.joining import cat, stack
from ...functions.pointwise import where
from ...nn import functional as F
from ...tensor import Tensor
from .convert import convert_image_dtype, max_value


def require_image(img: Tensor) -> None:
    """TypeError unless `img` is a tensor with at least a height and a width."""
    if not isinstance(img, Tensor) or img.dim() < 2:
        raise TypeError("Tensor is not a torch image.")


def channels_of(img: Tensor) -> int:
    """How many channels the image has."""
    if img.dim() == 2:
        return 1
    if img.dim() > 2:
        return img.shape[-3]
    raise ValueError(f"Input ndim should be 2 or more. Got {img.dim()}")


def _require_channels(img: Tensor, permitted: Sequence[int]) -> None:
    channels = channels_of(img)
    if channels not in permitted:
        raise TypeError(
            f"Input image tensor permitted channel values are {list(permitted)}, but found "
            f"{channels}"
        )


def plain(img: Tensor) -> bool:
    """Whether numpy may do the work: nobody asks for gradients, and the data is on the CPU."""
    return (
        type(img) is Tensor
        and img.device.type == "cpu"
        and not (img.requires_grad or img.dtype.is_half)
    )


def as_floats(img: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply a function of batches (N, C, H, W) of floats to any image; integers are rounded."""
    lead = img.shape[:-3]
    batch = img.reshape(-1, *img.shape[-3:]) if img.dim() != 4 else img
    kind = img.dtype
    if not kind.is_floating_point:
        batch = batch.to(dtypes.float32)
    result = function(batch)
    if not kind.is_floating_point:
        result = result.round().to(kind)
    return result.reshape(*lead, *result.shape[-3:]) if img.dim() != 4 else result


def hflip(img: Tensor) -> Tensor:
    if plain(img):
        return from_array(np.ascontiguousarray(img._array()[..., ::-1]))
    return img.flip(-1)


def vflip(img: Tensor) -> Tensor:
    if plain(img):
        return from_array(np.ascontiguousarray(img._array()[..., ::-1, :]))
    return img.flip(-2)


def crop(img: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """A part of the image; what lies outside is zero."""
    h, w = img.shape[-2:]
    bottom, right = top + height, left + width
    inside = img[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if left < 0 or top < 0 or right > w or bottom > h:
        sides = [
            max(min(right, 0) - left, 0),
            max(right - max(w, left), 0),
            max(min(bottom, 0) - top, 0),
            max(bottom - max(h, top), 0),
        ]
        return F.pad(inside, sides)
    return inside


def _pad_symmetric(img: Tensor, left: int, right: int, top: int, bottom: int) -> Tensor:
    """Pad by the mirror image whose axis is the border itself; negative numbers crop first."""
    h, w = img.shape[-2:]
    img = img[..., max(-top, 0) : h - max(-bottom, 0), max(-left, 0) : w - max(-right, 0)]
    h, w = img.shape[-2:]
    rows = np.pad(np.arange(h), (max(top, 0), max(bottom, 0)), mode="symmetric")
    columns = np.pad(np.arange(w), (max(left, 0), max(right, 0)), mode="symmetric")
    img = img.index_select(-2, from_numpy(rows))
    return img.index_select(-1, from_numpy(columns))


def pad(img: Tensor, sides: Sequence[int], fill: float | None, padding_mode: str) -> Tensor:
    """Pad by (left, top, right, bottom)."""
    left, top, right, bottom = sides
    if padding_mode == "symmetric":
        return _pad_symmetric(img, left, right, top, bottom)
    order = [left, right, top, bottom]
    if padding_mode == "constant":
        return F.pad(img, order, value=float(fill or 0))
    mode = "replicate" if padding_mode == "edge" else padding_mode
    return as_floats(img, lambda batch: F.pad(batch, order, mode=mode))


def _blend(first: Tensor, second: Tensor, ratio: float) -> Tensor:
    ratio = float(ratio)  # a whole number would keep bytes bytes, which overflow
    mixed = ratio * first + (1.0 - ratio) * second
    return mixed.clamp(0, max_value(first.dtype)).to(first.dtype)


def rgb_to_grayscale(img: Tensor, num_output_channels: int = 1) -> Tensor:
    """0.2989 R + 0.587 G + 0.114 B (ITU-R 601-2)."""
    if img.dim() < 3:
        raise TypeError(
            f"Input image tensor should have at least 3 dimensions, but found {img.dim()}"
        )
    _require_channels(img, [1, 3])
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    if img.shape[-3] == 3:
        red, green, blue = img.unbind(dim=-3)
        img = (0.2989 * red + 0.587 * green + 0.114 * blue).to(img.dtype).unsqueeze(-3)
    else:
        img = img.clone()
    if num_output_channels == 3:
        return img.expand(*img.shape[:-3], 3, *img.shape[-2:])
    return img


def adjust_brightness(img: Tensor, factor: float) -> Tensor:
    _require_channels(img, [1, 3])
    return _blend(img, zeros_like(img), factor)


def adjust_contrast(img: Tensor, factor: float) -> Tensor:
    _require_channels(img, [1, 3])
    kind = img.dtype if img.is_floating_point() else dtypes.float32
    grey = rgb_to_grayscale(img) if img.shape[-3] == 3 else img
    return _blend(img, grey.to(kind).mean(dim=(-3, -2, -1), keepdim=True), factor)


def adjust_saturation(img: Tensor, factor: float) -> Tensor:
    _require_channels(img, [1, 3])
    if img.shape[-3] == 1:
        return img
    return _blend(img, rgb_to_grayscale(img), factor)


def _rgb_to_hsv(img: Tensor) -> Tensor:
    """Hue, saturation and value, each from 0 to 1 (A. R. Smith, SIGGRAPH 1978)."""
    red, green, blue = img.unbind(dim=-3)
    top = img.amax(dim=-3)
    low = img.amin(dim=-3)
    flat = top == low
    spread = top - low
    one = zeros_like(top) + 1
    saturation = spread / where(flat, one, top)
    divisor = where(flat, one, spread)
    rc, gc, bc = (top - red) / divisor, (top - green) / divisor, (top - blue) / divisor
    from_red = (top == red) * (bc - gc)
    from_green = ((top == green) & (top != red)) * (2.0 + rc - bc)
    from_blue = ((top != green) & (top != red)) * (4.0 + gc - rc)
    hue = ((from_red + from_green + from_blue) / 6.0 + 1.0).fmod(1.0)
    return stack((hue, saturation, top), dim=-3)


def _hsv_to_rgb(img: Tensor) -> Tensor:
    hue, saturation, value = img.unbind(dim=-3)
    sector = (hue * 6.0).floor()
    rest = hue * 6.0 - sector
    p = (value * (1.0 - saturation)).clamp(0.0, 1.0)
    q = (value * (1.0 - saturation * rest)).clamp(0.0, 1.0)
    t = (value * (1.0 - saturation * (1.0 - rest))).clamp(0.0, 1.0)
    which = sector.to(dtypes.int32) % 6
    channels = ((value, q, p, p, t, value), (t, value, value, q, p, p), (p, p, t, value, value, q))
    result = []
    for choices in channels:
        channel = choices[5]
        for number in range(5):
            channel = where(which == number, choices[number], channel)
        result.append(channel)
    return stack(result, dim=-3)


def adjust_hue(img: Tensor, factor: float) -> Tensor:
    """Turn the colours by `factor` of the circle; an image without colours stays."""
    _require_channels(img, [1, 3])
    if img.shape[-3] == 1:
        return img
    kind = img.dtype
    hsv = _rgb_to_hsv(convert_image_dtype(img, dtypes.float32))
    hue, saturation, value = hsv.unbind(dim=-3)
    turned = stack(((hue + factor) % 1.0, saturation, value), dim=-3)
    return convert_image_dtype(_hsv_to_rgb(turned), kind)


def adjust_gamma(img: Tensor, gamma: float, gain: float) -> Tensor:
    kind = img.dtype
    unit = img if img.is_floating_point() else convert_image_dtype(img, dtypes.float32)
    return convert_image_dtype((gain * unit**gamma).clamp(0, 1), kind)


def _blurred(img: Tensor) -> Tensor:
    """A 3x3 mean in which the middle counts five times; the border stays."""
    kind = img.dtype if img.is_floating_point() else dtypes.float32
    kernel = np.ones((1, 1, 3, 3), np.float32)
    kernel[0, 0, 1, 1] = 5
    weight = from_numpy(kernel / kernel.sum()).to(kind)
    channels = img.shape[-3]

    def blur(batch: Tensor) -> Tensor:
        return F.conv2d(batch, weight.expand(channels, 1, 3, 3), groups=channels)

    inner = as_floats(img, blur)
    middle = cat((img[..., 1:-1, :1], inner, img[..., 1:-1, -1:]), dim=-1)
    return cat((img[..., :1, :], middle, img[..., -1:, :]), dim=-2)


def adjust_sharpness(img: Tensor, factor: float) -> Tensor:
    _require_channels(img, [1, 3])
    if img.shape[-1] <= 2 or img.shape[-2] <= 2:
        return img
    return _blend(img, _blurred(img), factor)


def invert(img: Tensor) -> Tensor:
    _require_channels(img, [1, 3])
    return max_value(img.dtype) - img


def posterize(img: Tensor, bits: int) -> Tensor:
    if img.dtype is not dtypes.uint8:
        raise TypeError(f"Only torch.uint8 image tensors are supported, but found {img.dtype}")
    _require_channels(img, [1, 3])
    return img & (256 - 2 ** (8 - bits))


def solarize(img: Tensor, threshold: float) -> Tensor:
    _require_channels(img, [1, 3])
    if threshold > max_value(img.dtype):
        raise TypeError("Threshold should be less than bound of img.")
    return where(img >= threshold, invert(img), img)


def autocontrast(img: Tensor) -> Tensor:
    """Stretch each channel to the whole range; a channel of one brightness stays."""
    _require_channels(img, [1, 3])
    bound = max_value(img.dtype)
    kind = img.dtype if img.is_floating_point() else dtypes.float32
    low = img.amin(dim=(-2, -1), keepdim=True).to(kind)
    top = img.amax(dim=(-2, -1), keepdim=True).to(kind)
    flat = top == low
    low = where(flat, zeros_like(low), low)
    scale = where(flat, zeros_like(low) + 1, bound / (top - low))
    return ((img - low) * scale).clamp(0, bound).to(img.dtype)


def _equalized(channel: np.ndarray) -> np.ndarray:
    """One channel of bytes, so that each brightness comes up about as often (as Pillow does)."""
    counts = np.bincount(channel.ravel(), minlength=256)
    used = counts[counts != 0]
    step = int(used[:-1].sum()) // 255
    if step == 0:
        return channel
    table = (np.cumsum(counts) + step // 2) // step
    table = np.concatenate([[0], table[:-1]]).clip(0, 255).astype(np.uint8)
    return table[channel]


def equalize(img: Tensor) -> Tensor:
    if img.dtype is not dtypes.uint8:
        raise TypeError(f"Only torch.uint8 image tensors are supported, but found {img.dtype}")
    _require_channels(img, [1, 3])
    pixels = img.cpu()._array().reshape(-1, *img.shape[-2:])
    result = np.stack([_equalized(channel) for channel in pixels])
    return from_numpy(result.reshape(tuple(img.shape))).to(img.device)


def normalize(img: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool) -> Tensor:
    """(img - mean) / std for each channel."""
    if not img.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {img.dtype}.")
    if img.dim() < 3:
        raise ValueError(
            "Expected tensor to be a tensor image of size (..., C, H, W). "
            f"Got tensor.size() = {img.size()}"
        )
    if plain(img) and not inplace and not isinstance(mean, Tensor):
        kind = np.float32 if img.dtype is dtypes.float32 else np.float64
        shift, scale = np.asarray(mean, kind), np.asarray(std, kind)
        _require_scale((scale == 0).any(), img)
        result = img._array() - shift.reshape(-1, 1, 1)
        result /= scale.reshape(-1, 1, 1)
        return from_array(result)
    shift = as_tensor(mean, dtype=img.dtype, device=img.device).reshape(-1, 1, 1)
    scale = as_tensor(std, dtype=img.dtype, device=img.device).reshape(-1, 1, 1)
    _require_scale(bool((scale == 0).any()), img)
    return img.sub_(shift).div_(scale) if inplace else (img - shift) / scale


def _require_scale(zero: bool, img: Tensor) -> None:
    if zero:
        raise ValueError(
            f"std evaluated to zero after conversion to {img.dtype}, leading to division by zero."
        )


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool) -> Tensor:
    """Put `v` in the place of the h x w pixels at (i, j)."""
    result = img if inplace else img.clone()
    result[..., i : i + h, j : j + w] = v
    return result


def gaussian_blur(img: Tensor, kernel_size: Sequence[int], sigma: Sequence[float]) -> Tensor:
    """Convolve with a Gaussian of (width, height) `kernel_size`; borders are mirrored."""
    kind = img.dtype if img.is_floating_point() else dtypes.float32

    def line(size: int, deviation: float) -> np.ndarray:
        at = np.linspace(-(size - 1) * 0.5, (size - 1) * 0.5, size)
        curve = np.exp(-0.5 * (at / deviation) ** 2)
        return curve / curve.sum()

    kernel = np.outer(line(kernel_size[1], sigma[1]), line(kernel_size[0], sigma[0]))
    weight = from_numpy(kernel).to(kind)
    width, height = kernel_size[0] // 2, kernel_size[1] // 2

    def blur(batch: Tensor) -> Tensor:
        channels = batch.shape[-3]
        padded = F.pad(batch, [width, width, height, height], mode="reflect")
        return F.conv2d(padded, weight.expand(channels, 1, *weight.shape), groups=channels)

    return as_floats(img, blur)

"""Conversions between images, arrays and tensors, and between pixel types."""

import sys

import numpy as np
import pytest

import taper
from taper.vision import transforms
from taper.vision.transforms import functional as F

Image = pytest.importorskip("PIL.Image")

COLOUR = np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)
GREY = COLOUR[..., 0]


def unit(array):
    return array.astype(np.float32) / np.float32(255)


def test_to_tensor_of_images():
    tensor = F.to_tensor(Image.fromarray(COLOUR))
    assert tensor.dtype == taper.float32 and tensor.shape == (3, 5, 4)
    assert np.array_equal(tensor.numpy(), unit(COLOUR).transpose(2, 0, 1))
    assert np.array_equal(F.to_tensor(Image.fromarray(GREY)).numpy(), unit(GREY)[None])


def test_to_tensor_of_other_modes():
    black_and_white = Image.fromarray(GREY > 128)
    assert np.array_equal(F.to_tensor(black_and_white).numpy()[0], (GREY > 128).astype(np.float32))
    whole = Image.fromarray(GREY.astype(np.int32) * 1000)
    assert F.to_tensor(whole).dtype == taper.int32
    assert F.to_tensor(whole).numpy().max() == int(GREY.max()) * 1000
    real = Image.fromarray(GREY.astype(np.float32) / 3)
    assert np.array_equal(F.to_tensor(real).numpy()[0], GREY.astype(np.float32) / 3)
    assert F.to_tensor(Image.fromarray(COLOUR).convert("RGBA")).shape == (4, 5, 4)


def test_to_tensor_of_arrays():
    assert np.array_equal(F.to_tensor(COLOUR).numpy(), unit(COLOUR).transpose(2, 0, 1))
    assert F.to_tensor(GREY).shape == (1, 5, 4)
    assert F.to_tensor(GREY.astype(np.float64)).dtype == taper.float64
    assert F.to_tensor(GREY.astype(np.float64)).max().item() == GREY.max()
    kept = np.zeros((2, 2), np.float32)
    F.to_tensor(kept).fill_(1)


def test_to_tensor_follows_the_default_dtype():
    before = taper.get_default_dtype()
    try:
        for kind in (taper.float64, taper.float16):
            taper.set_default_dtype(kind)
            assert F.to_tensor(GREY).dtype == kind
            assert abs(F.to_tensor(GREY).max().item() - GREY.max() / 255) < 1e-3
    finally:
        taper.set_default_dtype(before)


def test_to_tensor_of_what_is_no_image():
    with pytest.raises(TypeError, match=r"pic should be PIL Image or ndarray. Got <class 'list'>"):
        F.to_tensor([1])
    with pytest.raises(ValueError, match=r"pic should be 2/3 dimensional. Got 1 dimensions."):
        F.to_tensor(np.zeros(3))
    with pytest.raises(TypeError, match=r"pic should be PIL Image. Got"):
        F.pil_to_tensor(COLOUR)


def test_there_and_back():
    image = Image.fromarray(COLOUR)
    bytes_again = F.to_pil_image(F.pil_to_tensor(image))
    assert np.array_equal(np.asarray(bytes_again), COLOUR) and bytes_again.mode == "RGB"
    assert np.array_equal(np.asarray(F.to_pil_image(F.to_tensor(image))), COLOUR)
    assert np.array_equal(np.asarray(F.to_pil_image(GREY)), GREY)


def test_to_pil_image_modes():
    assert F.to_pil_image(taper.rand(4, 3, 3)).mode == "RGBA"
    assert F.to_pil_image(taper.rand(2, 3, 3)).mode == "LA"
    assert F.to_pil_image(taper.rand(3, 3)).mode == "L"
    assert F.to_pil_image(taper.rand(3, 3, 3), "HSV").mode == "HSV"
    assert F.to_pil_image(GREY.astype(np.int32)).mode == "I"
    assert F.to_pil_image(GREY.astype(np.float32)).mode == "F"
    assert F.to_pil_image(taper.full((1, 2, 2), 0.5), "F").getpixel((0, 0)) == 0.5
    assert transforms.ToPILImage("L")(taper.ones(1, 2, 2)).getpixel((0, 0)) == 255


def test_to_pil_image_of_what_cannot_be_one():
    with pytest.raises(TypeError, match=r"pic should be Tensor or ndarray. Got <class 'list'>."):
        F.to_pil_image([1])
    with pytest.raises(ValueError, match=r"pic should be 2/3 dimensional. Got 4 dimensions."):
        F.to_pil_image(taper.rand(1, 3, 2, 2))
    with pytest.raises(ValueError, match=r"pic should not have > 4 channels. Got 5 channels."):
        F.to_pil_image(taper.rand(5, 2, 2))
    with pytest.raises(ValueError, match=r"Only modes \['RGB', 'YCbCr', 'HSV'\] are supported"):
        F.to_pil_image(taper.rand(3, 2, 2), "L")
    with pytest.raises(ValueError, match=r"Incorrect mode \(RGB\) supplied for input type uint8"):
        F.to_pil_image(GREY, "RGB")
    with pytest.raises(TypeError, match="Input type float64 is not supported"):
        F.to_pil_image(GREY.astype(np.float64))


def test_convert_image_dtype():
    whole = taper.tensor([[0, 127, 255]], dtype=taper.uint8)
    real = F.convert_image_dtype(whole, taper.float32)
    assert real[0].tolist() == pytest.approx([0, 127 / 255, 1])
    assert F.convert_image_dtype(real, taper.uint8).tolist() == whole.tolist()
    assert F.convert_image_dtype(whole, taper.int16).tolist() == [[0, 127 * 128, 255 * 128]]
    wide = taper.tensor([[0, 32767]], dtype=taper.int16)
    assert F.convert_image_dtype(wide, taper.uint8).tolist() == [[0, 255]]
    assert F.convert_image_dtype(real, taper.float64).dtype == taper.float64
    with pytest.raises(RuntimeError, match="cannot be performed safely"):
        F.convert_image_dtype(real, taper.int64)
    with pytest.raises(TypeError, match="Input img should be Tensor Image"):
        F.convert_image_dtype(COLOUR)
    assert transforms.ConvertImageDtype(taper.float16)(whole).dtype == taper.float16


def test_without_pillow(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.delitem(sys.modules, "PIL.Image")
    assert F.to_tensor(COLOUR).shape == (3, 5, 4)
    with pytest.raises(ImportError, match=r"Pillow is needed .* pip install 'taper\[vision\]'"):
        F.to_pil_image(COLOUR)

"""Image functions: the same on Pillow images and on tensors, and right where one can tell."""

import numpy as np
import pytest

import taper
from taper.vision.transforms import InterpolationMode
from taper.vision.transforms import functional as F

Image = pytest.importorskip("PIL.Image")

RNG = np.random.default_rng(0)


def smooth(height, width):
    """A picture without noise, which all ways to sample agree about."""
    y, x = np.mgrid[:height, :width] / 7.0
    parts = [np.sin(x) * np.cos(y), np.sin(x + y), np.cos(x - 2 * y)]
    return np.rint(np.stack(parts, -1) * 100 + 128).astype(np.uint8)


COLOUR = smooth(24, 30)
IMAGE = Image.fromarray(COLOUR)
BYTES = F.pil_to_tensor(IMAGE)
FLOATS = F.to_tensor(IMAGE)


def both(function, *arguments, off=0, share=0.0, **options):
    """The result on tensors, which differs by `off` at most from that on Pillow images.

    `share` of the pixels may differ by more.
    """
    result = function(BYTES, *arguments, **options)
    expected = F.pil_to_tensor(function(IMAGE, *arguments, **options)).numpy().astype(int)
    assert result.dtype == taper.uint8 and tuple(result.shape) == expected.shape
    difference = np.abs(result.numpy().astype(int) - expected)
    assert (difference > off).mean() <= share, np.unique(difference, return_counts=True)
    return result


def test_sizes():
    for image in (IMAGE, BYTES, FLOATS, BYTES[None]):
        assert F.get_dimensions(image) == [3, 24, 30]
        assert F.get_image_size(image) == [30, 24]
        assert F.get_image_num_channels(image) == 3
    with pytest.raises(TypeError, match=r"img should be PIL Image. Got <class 'int'>"):
        F.get_dimensions(3)
    with pytest.raises(TypeError, match=r"Tensor is not a torch image."):
        F.hflip(taper.zeros(3))


def test_flips():
    assert np.array_equal(both(F.hflip).numpy(), BYTES.numpy()[..., ::-1])
    assert np.array_equal(both(F.vflip).numpy(), BYTES.numpy()[:, ::-1])
    x = taper.rand(1, 2, 3, requires_grad=True)
    (F.hflip(x)[..., 0] + F.vflip(x)[:, 0, 0]).sum().backward()
    assert x.grad.tolist() == [[[0.0, 0.0, 1.0], [2.0, 0.0, 1.0]]]


@pytest.mark.parametrize("box", [(2, 3, 5, 7), (-2, -3, 10, 12), (20, 25, 8, 9), (-5, 40, 3, 3)])
def test_crop(box):
    result = both(F.crop, *box)
    assert result.shape == (3, *box[2:])


@pytest.mark.parametrize("size", [5, [7], (6, 9), (40, 50), (10, 40)])
def test_center_crop(size):
    both(F.center_crop, size)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric"])
@pytest.mark.parametrize("padding", [2, [3], (1, 2), (1, 2, 3, 4)])
def test_pad(mode, padding):
    result = both(F.pad, padding, padding_mode=mode)
    left = padding if isinstance(padding, int) else padding[0]
    assert result.shape[-1] == 30 + 2 * left if len(np.ravel(padding)) < 4 else 34


def test_pad_by_values():
    x = taper.arange(3.0).reshape(1, 1, 3)
    assert F.pad(x, [2, 0], 9).tolist() == [[[9, 9, 0, 1, 2, 9, 9]]]
    assert F.pad(x, [2, 0], padding_mode="edge").tolist() == [[[0, 0, 0, 1, 2, 2, 2]]]
    assert F.pad(x, [2, 0], padding_mode="reflect").tolist() == [[[2, 1, 0, 1, 2, 1, 0]]]
    assert F.pad(x, [2, 0], padding_mode="symmetric").tolist() == [[[1, 0, 0, 1, 2, 2, 1]]]
    assert F.pad(IMAGE, 1, (1, 2, 3)).getpixel((0, 0)) == (1, 2, 3)


def test_pad_arguments():
    with pytest.raises(ValueError, match="a 1, 2, or 4 element tuple, not a 3 element tuple"):
        F.pad(BYTES, (1, 2, 3))
    with pytest.raises(ValueError, match="Padding mode should be either constant, edge, reflect"):
        F.pad(BYTES, 1, padding_mode="mirror")
    with pytest.raises(TypeError, match="Got inappropriate padding arg"):
        F.pad(BYTES, "1")
    with pytest.raises(ValueError, match="does not match the number of channels of the image"):
        F.pad(IMAGE, 1, (1, 2))


def test_resized_sizes():
    for image in (IMAGE, BYTES):
        assert F.get_image_size(F.resize(image, 12)) == [15, 12]
        assert F.get_image_size(F.resize(image, (12, 13))) == [13, 12]
        assert F.get_image_size(F.resize(image, 20, max_size=22)) == [22, 17]
        assert F.resize(image, 24) is image
    with pytest.raises(ValueError, match="max_size = 10 must be strictly greater than the req"):
        F.resize(BYTES, 12, max_size=10)
    with pytest.raises(ValueError, match="Size must be an int or a 1 or 2 element tuple/list"):
        F.resize(BYTES, (1, 2, 3))
    with pytest.raises(TypeError, match="Argument interpolation should be a InterpolationMode"):
        F.resize(BYTES, 3, "bilinear")


@pytest.mark.parametrize("size", [(12, 15), (17, 40), (9, 11)])
@pytest.mark.parametrize("mode", [InterpolationMode.BILINEAR, InterpolationMode.BICUBIC])
def test_resize(size, mode):
    both(F.resize, size, interpolation=mode, off=1)


def test_resize_nearest():
    x = taper.arange(4.0).reshape(1, 2, 2)
    assert F.resize(x, (4, 4), InterpolationMode.NEAREST).tolist() == [
        [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    ]


def test_resize_has_a_gradient():
    x = taper.rand(3, 6, 6, requires_grad=True)
    F.resize(x, (3, 3)).sum().backward()
    assert x.grad.sum().item() == pytest.approx(27, rel=1e-5)


def test_resized_crop():
    both(F.resized_crop, 2, 3, 12, 14, (8, 8), off=1)


@pytest.mark.parametrize("function", [F.five_crop, F.ten_crop])
def test_five_and_ten_crops(function):
    tensors, images = function(BYTES, (10, 12)), function(IMAGE, (10, 12))
    assert len(tensors) == (5 if function is F.five_crop else 10)
    for tensor, image in zip(tensors, images):
        assert np.array_equal(tensor.numpy(), F.pil_to_tensor(image).numpy())
    with pytest.raises(ValueError, match=r"Requested crop size \(25, 25\) is bigger than input"):
        function(BYTES, 25)


@pytest.mark.parametrize("angle", [0, 90, 180, -90, 37])
@pytest.mark.parametrize("mode", [InterpolationMode.NEAREST, InterpolationMode.BILINEAR])
def test_rotate(angle, mode):
    both(F.rotate, angle, interpolation=mode, fill=0, off=8, share=0.08)


@pytest.mark.parametrize("angle", [0, 30, 45, 90])
def test_rotate_and_expand(angle):
    image = F.rotate(IMAGE, angle, expand=True)
    tensor = F.rotate(BYTES, angle, expand=True)
    difference = [a - b for a, b in zip(F.get_image_size(image), F.get_image_size(tensor))]
    assert max(map(abs, difference)) <= 1


def test_rotate_by_values():
    x = taper.arange(4.0).reshape(1, 2, 2)
    assert F.rotate(x, 90).tolist() == [[[1, 3], [0, 2]]]
    wide = F.rotate(taper.ones(1, 2, 4), 90, fill=7)
    assert wide.tolist() == [[[7, 1, 1, 7], [7, 1, 1, 7]]]
    assert F.rotate(taper.ones(1, 2, 4), 90, expand=True).tolist() == [[[1, 1]] * 4]


@pytest.mark.parametrize("shear", [0.0, [10, 0], [5, -7]])
@pytest.mark.parametrize("center", [None, [3, 4]])
def test_affine(shear, center):
    both(F.affine, 20, [2, -3], 1.2, shear, fill=0, center=center, off=8, share=0.08)


def test_affine_by_values():
    x = taper.arange(6.0).reshape(1, 2, 3)
    assert F.affine(x, 0, [1, 0], 1.0, 0).tolist() == [[[0, 0, 1], [0, 3, 4]]]
    assert F.affine(x, 0, [0, 1], 1.0, 0, fill=[9]).tolist() == [[[9, 9, 9], [0, 1, 2]]]
    with pytest.raises(ValueError, match="Argument scale should be positive"):
        F.affine(x, 0, [0, 0], 0.0, 0)
    with pytest.raises(ValueError, match="Argument translate should be a sequence of length 2"):
        F.affine(x, 0, [0], 1.0, 0)
    with pytest.raises(TypeError, match="Argument angle should be int or float"):
        F.affine(x, "0", [0, 0], 1.0, 0)


def test_perspective():
    starts = [[0, 0], [29, 0], [29, 23], [0, 23]]
    ends = [[2, 1], [27, 3], [28, 20], [1, 22]]
    both(F.perspective, starts, ends, fill=0, off=8, share=0.1)
    with pytest.raises(ValueError, match="exactly four corners, got 3 startpoints and 4"):
        F.perspective(BYTES, starts[:3], ends)


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.0, 1.7])
def test_adjustments(factor):
    both(F.adjust_brightness, factor, off=1)
    both(F.adjust_contrast, factor, off=1)
    both(F.adjust_saturation, factor, off=2)
    both(F.adjust_sharpness, factor, off=1)


@pytest.mark.parametrize("factor", [-0.5, -0.2, 0.0, 0.3])
def test_adjust_hue(factor):
    both(F.adjust_hue, factor, off=8, share=0.02)


def test_adjust_gamma():
    both(F.adjust_gamma, 0.7, off=1)
    both(F.adjust_gamma, 1.5, gain=0.8, off=1)


def test_adjustments_of_floats():
    for function in (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation):
        got = function(FLOATS, 1.3).numpy()
        assert np.abs(got - function(BYTES, 1.3).numpy() / 255).max() < 0.006
        assert 0 <= got.min() and got.max() <= 1
    assert np.abs(F.adjust_hue(FLOATS, 0.0).numpy() - FLOATS.numpy()).max() < 1e-5


def test_adjustments_refuse():
    for function in (F.adjust_brightness, F.adjust_contrast, F.adjust_saturation):
        with pytest.raises(ValueError, match=r"_factor \(-1\) is not non-negative."):
            function(BYTES, -1)
    with pytest.raises(ValueError, match=r"hue_factor \(0.6\) is not in \[-0.5, 0.5\]."):
        F.adjust_hue(BYTES, 0.6)
    with pytest.raises(ValueError, match="Gamma should be a non-negative real number"):
        F.adjust_gamma(BYTES, -1)
    with pytest.raises(TypeError, match=r"permitted channel values are \[1, 3\], but found 2"):
        F.adjust_brightness(taper.rand(2, 4, 4), 1)


def test_grayscale():
    assert both(F.rgb_to_grayscale, off=1).shape == (1, 24, 30)
    assert both(F.rgb_to_grayscale, 3, off=1).shape == (3, 24, 30)
    assert F.to_grayscale(IMAGE).mode == "L"
    assert F.rgb_to_grayscale(FLOATS[:1], 3).shape == (3, 24, 30)
    with pytest.raises(ValueError, match="num_output_channels should be either 1 or 3"):
        F.rgb_to_grayscale(BYTES, 2)


def test_byte_tricks():
    both(F.invert)
    both(F.posterize, 3)
    both(F.solarize, 100)
    both(F.autocontrast, off=1)
    both(F.equalize)
    assert np.allclose(F.invert(FLOATS).numpy(), 1 - FLOATS.numpy())
    flat = taper.full((3, 4, 4), 7, dtype=taper.uint8)
    assert taper.equal(F.equalize(flat), flat) and taper.equal(F.autocontrast(flat), flat)
    with pytest.raises(ValueError, match=r"number if bits should be between 0 and 8. Got 9"):
        F.posterize(BYTES, 9)
    with pytest.raises(TypeError, match=r"Only torch.uint8 image tensors are supported, but found"):
        F.equalize(FLOATS)
    with pytest.raises(TypeError, match=r"Threshold should be less than bound of img."):
        F.solarize(FLOATS, 1.5)


def test_normalize():
    mean, std = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)
    expected = FLOATS.numpy() - np.float32(mean).reshape(3, 1, 1)
    expected = expected / np.float32(std).reshape(3, 1, 1)
    assert np.array_equal(F.normalize(FLOATS, mean, std).numpy(), expected)
    batch = F.normalize(FLOATS[None].double(), mean, std)
    assert batch.dtype == taper.float64 and batch.shape == (1, 3, 24, 30)
    x = FLOATS.clone()
    assert F.normalize(x, mean, std, inplace=True) is x
    assert np.array_equal(x.numpy(), expected)
    leaf = FLOATS.clone().requires_grad_()
    F.normalize(leaf, mean, std).sum().backward()
    assert leaf.grad[0, 0, 0].item() == pytest.approx(5.0)
    assert F.normalize(FLOATS.half(), mean, std).dtype == taper.float16


def test_normalize_refuses():
    with pytest.raises(TypeError, match=r"img should be Tensor Image. Got"):
        F.normalize(IMAGE, (0.5,), (0.5,))
    with pytest.raises(TypeError, match=r"Input tensor should be a float tensor. Got torch.uint8"):
        F.normalize(BYTES, (0.5,), (0.5,))
    with pytest.raises(ValueError, match=r"Expected tensor to be a tensor image of size \(..., C"):
        F.normalize(taper.rand(3, 3), (0.5,), (0.5,))
    for image in (FLOATS, FLOATS.clone().requires_grad_()):
        with pytest.raises(ValueError, match=r"std evaluated to zero after conversion to torch.fl"):
            F.normalize(image, (0.5,), (0.0,))


def test_erase():
    x = taper.zeros(2, 4, 4)
    y = F.erase(x, 1, 1, 2, 3, taper.ones(2, 2, 3))
    assert y.sum().item() == 12 and x.sum().item() == 0 and y[0, 1, 1].item() == 1
    F.erase(x, 0, 0, 1, 1, taper.tensor(5.0), inplace=True)
    assert x.sum().item() == 10
    with pytest.raises(TypeError, match="img should be Tensor Image"):
        F.erase(IMAGE, 0, 0, 1, 1, taper.tensor(5.0))


def test_gaussian_blur():
    both(F.gaussian_blur, 5, 1.2)
    x = taper.zeros(1, 1, 9, 9)
    x[..., 4, 4] = 1
    y = F.gaussian_blur(x, [3, 5], [0.5, 1.0])
    assert y.sum().item() == pytest.approx(1, rel=1e-6)
    assert (y[0, 0] > 0).sum(1).tolist() == [0, 0, 3, 3, 3, 3, 3, 0, 0]
    with pytest.raises(ValueError, match=r"kernel_size should have odd and positive integers"):
        F.gaussian_blur(BYTES, 4)
    with pytest.raises(ValueError, match="sigma should have positive values"):
        F.gaussian_blur(BYTES, 3, 0.0)

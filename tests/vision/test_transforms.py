"""Transforms: their texts, their draws, and the arguments they refuse."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

import taper
from taper.vision import transforms as T

Image = pytest.importorskip("PIL.Image")

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "data.json").read_text())["draws"]

COLOUR = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
IMAGE = Image.fromarray(COLOUR)
TENSOR = T.functional.pil_to_tensor(IMAGE)

DRAWS = {
    "RandomCrop": lambda: T.RandomCrop.get_params(TENSOR, (8, 9)),
    "RandomResizedCrop": lambda: T.RandomResizedCrop.get_params(IMAGE, (0.08, 1.0), (3 / 4, 4 / 3)),
    "RandomRotation": lambda: T.RandomRotation.get_params((-30, 30)),
    "RandomAffine": lambda: T.RandomAffine.get_params(
        (-10, 10), (0.1, 0.2), (0.8, 1.2), (-5, 5, -3, 3), [40, 30]
    ),
    "ColorJitter": lambda: T.ColorJitter.get_params((0.5, 1.5), (0.7, 1.3), None, (-0.1, 0.1)),
    "RandomHorizontalFlip": lambda: np.array_equal(
        T.RandomHorizontalFlip()(TENSOR).numpy(), TENSOR.numpy()[..., ::-1]
    ),
}


def lists(value):
    return [lists(each) for each in value] if isinstance(value, (list, tuple)) else value


@pytest.mark.parametrize("name", GOLDEN)
def test_draws_are_those_of_torchvision(name):
    taper.manual_seed(3)
    got = [lists(DRAWS[name]()) for _ in range(4)]
    assert got == GOLDEN[name][:4]
    assert taper.rand(1).item() == GOLDEN[name][4]


TEXTS = [
    (T.ToTensor(), "ToTensor()"),
    (T.PILToTensor(), "PILToTensor()"),
    (T.ToPILImage(), "ToPILImage()"),
    (T.ToPILImage("L"), "ToPILImage(mode=L)"),
    (T.ConvertImageDtype(taper.float32), "ConvertImageDtype()"),
    (T.Normalize((0.5,), (0.25,)), "Normalize(mean=(0.5,), std=(0.25,))"),
    (T.Resize(8), "Resize(size=8, interpolation=bilinear, max_size=None, antialias=True)"),
    (T.CenterCrop(8), "CenterCrop(size=(8, 8))"),
    (T.Pad(2), "Pad(padding=2, fill=0, padding_mode=constant)"),
    (T.Lambda(len), "Lambda()"),
    (T.RandomCrop(8, padding=4), "RandomCrop(size=(8, 8), padding=4)"),
    (T.RandomHorizontalFlip(), "RandomHorizontalFlip(p=0.5)"),
    (T.RandomVerticalFlip(0.1), "RandomVerticalFlip(p=0.1)"),
    (T.RandomPerspective(), "RandomPerspective(p=0.5)"),
    (
        T.RandomResizedCrop(8),
        "RandomResizedCrop(size=(8, 8), scale=(0.08, 1.0), ratio=(0.75, 1.3333), "
        "interpolation=bilinear, antialias=True)",
    ),
    (T.FiveCrop(8), "FiveCrop(size=(8, 8))"),
    (T.TenCrop(8), "TenCrop(size=(8, 8), vertical_flip=False)"),
    (
        T.LinearTransformation(taper.eye(2), taper.zeros(2)),
        "LinearTransformation(transformation_matrix=[[1.0, 0.0], [0.0, 1.0]], "
        "mean_vector=[0.0, 0.0])",
    ),
    (
        T.ColorJitter(0.5, (0.25, 2), hue=0.25),
        "ColorJitter(brightness=(0.5, 1.5), contrast=(0.25, 2.0), saturation=None, "
        "hue=(-0.25, 0.25))",
    ),
    (
        T.RandomRotation(30),
        "RandomRotation(degrees=[-30.0, 30.0], interpolation=nearest, expand=False, fill=0)",
    ),
    (
        T.RandomAffine(10, (0.1, 0.2), shear=5, fill=3),
        "RandomAffine(degrees=[-10.0, 10.0], translate=(0.1, 0.2), shear=[-5.0, 5.0], fill=3)",
    ),
    (T.Grayscale(), "Grayscale(num_output_channels=1)"),
    (T.RandomGrayscale(), "RandomGrayscale(p=0.1)"),
    (
        T.RandomErasing(),
        "RandomErasing(p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0, inplace=False)",
    ),
    (T.GaussianBlur(3), "GaussianBlur(kernel_size=(3, 3), sigma=(0.1, 2.0))"),
    (T.RandomInvert(), "RandomInvert(p=0.5)"),
    (T.RandomPosterize(2), "RandomPosterize(bits=2,p=0.5)"),
    (T.RandomSolarize(128), "RandomSolarize(threshold=128,p=0.5)"),
    (T.RandomAdjustSharpness(2), "RandomAdjustSharpness(sharpness_factor=2,p=0.5)"),
    (T.RandomAutocontrast(), "RandomAutocontrast(p=0.5)"),
    (T.RandomEqualize(), "RandomEqualize(p=0.5)"),
    (
        T.Compose([T.ToTensor(), T.Pad(1)]),
        "Compose(\n    ToTensor()\n    Pad(padding=1, fill=0, padding_mode=constant)\n)",
    ),
    (T.RandomApply([T.ToTensor()], 0.3), "RandomApply(\n    p=0.3\n    ToTensor()\n)"),
    (T.RandomOrder([T.ToTensor()]), "RandomOrder(\n    ToTensor()\n)"),
    (T.RandomChoice([T.ToTensor()]), "RandomChoice(\n    ToTensor()\n)(p=None)"),
]


@pytest.mark.parametrize("transform, text", TEXTS, ids=[text.split("(")[0] for _, text in TEXTS])
def test_texts(transform, text):
    assert repr(transform) == text


ON_IMAGES = [
    T.RandomCrop(8, padding=4),
    T.RandomCrop((50, 20), pad_if_needed=True, padding_mode="edge"),
    T.RandomResizedCrop(16),
    T.RandomRotation(30, fill=5),
    T.RandomRotation((10, 20), interpolation=T.InterpolationMode.BILINEAR, center=(3, 4)),
    T.RandomAffine(10, (0.1, 0.1), (0.9, 1.1), 5),
    T.RandomPerspective(p=1.0),
    T.RandomHorizontalFlip(1.0),
    T.RandomVerticalFlip(1.0),
    T.ColorJitter(0.4, 0.4, 0.4, 0.1),
    T.Grayscale(3),
    T.RandomGrayscale(1.0),
    T.GaussianBlur(3),
    T.RandomInvert(1.0),
    T.RandomPosterize(2, 1.0),
    T.RandomSolarize(128, 1.0),
    T.RandomAdjustSharpness(2, 1.0),
    T.RandomAutocontrast(1.0),
    T.RandomEqualize(1.0),
    T.RandomApply([T.Pad(1)], 1.0),
    T.RandomOrder([T.Pad(1), T.CenterCrop(8)]),
    T.RandomChoice([T.Pad(1), T.Pad(2)], p=[0.5, 0.5]),
    T.Resize((10, 11)),
    T.CenterCrop(12),
]


@pytest.mark.parametrize("transform", ON_IMAGES, ids=[type(t).__name__ for t in ON_IMAGES])
def test_a_seed_decides_and_images_and_tensors_agree(transform):
    def seeded(image):
        taper.manual_seed(1)
        random.seed(1)
        return transform(image)

    image, tensor = seeded(IMAGE), seeded(TENSOR)
    assert taper.equal(tensor, seeded(TENSOR))
    other = T.functional.pil_to_tensor(image)
    assert other.shape == tensor.shape and tensor.dtype == taper.uint8
    difference = np.abs(tensor.numpy().astype(int) - other.numpy().astype(int))
    assert np.median(difference) <= 1


def test_chances():
    for kind in (T.RandomHorizontalFlip, T.RandomInvert, T.RandomGrayscale, T.RandomEqualize):
        assert kind(0.0)(TENSOR) is TENSOR
        assert kind(1.0)(TENSOR) is not TENSOR
    assert T.RandomApply([T.Pad(1)], 0.0)(TENSOR) is TENSOR


def test_compose_and_lambda():
    made = T.Compose([T.ToTensor(), T.Lambda(lambda x: x * 2), T.Normalize([1.0], [2.0])])
    expected = (T.ToTensor()(IMAGE) * 2 - 1) / 2
    assert np.allclose(made(IMAGE).numpy(), expected.numpy())
    with pytest.raises(TypeError, match="Argument lambd should be callable, got 'int'"):
        T.Lambda(3)


def test_linear_transformation():
    x = taper.rand(2, 1, 2, 2)
    matrix, mean = taper.rand(4, 4), taper.rand(4)
    got = T.LinearTransformation(matrix, mean)(x)
    expected = (x.reshape(2, 4) - mean) @ matrix
    assert got.shape == x.shape and np.allclose(got.numpy().reshape(2, 4), expected.numpy())
    with pytest.raises(ValueError, match="transformation_matrix should be square"):
        T.LinearTransformation(taper.rand(2, 3), mean)
    with pytest.raises(ValueError, match="mean_vector should have the same length 3"):
        T.LinearTransformation(matrix, taper.rand(3))
    with pytest.raises(ValueError, match="incompatible shape"):
        T.LinearTransformation(matrix, mean)(taper.rand(3, 2, 2))


@pytest.mark.parametrize("value", [0, (1.0, 2.0, 3.0), "random"])
def test_random_erasing(value):
    x = taper.full((3, 20, 20), 9.0)
    got = T.RandomErasing(1.0, value=value)(x)
    changed = (got != 9.0).numpy()
    rows, columns = changed[0].any(1).sum(), changed[0].any(0).sum()
    assert changed[0].sum() == rows * columns and 0.01 < changed[0].mean() < 0.4
    if value == (1.0, 2.0, 3.0):
        assert sorted(got[2].unique().tolist()) == [3.0, 9.0]
    assert x.min().item() == 9.0
    with pytest.raises(ValueError, match="it should have either a single value or 3"):
        T.RandomErasing(1.0, value=(1.0, 2.0))(x)


REFUSED = [
    (lambda: T.RandomCrop((1, 2, 3)), ValueError, "only two dimensions"),
    (lambda: T.RandomCrop(50)(TENSOR), ValueError, r"crop size \(50, 50\) is larger than input"),
    (lambda: T.Resize(1.5), TypeError, "Size should be int or sequence"),
    (lambda: T.Resize((1, 2, 3)), ValueError, "If size is a sequence, it should have 1 or 2"),
    (lambda: T.Pad((1, 2, 3)), ValueError, "Padding must be an int or a 1, 2, or 4"),
    (lambda: T.Pad(1, padding_mode="a"), ValueError, "Padding mode should be either"),
    (lambda: T.ColorJitter(-1), ValueError, "If brightness is a single number, it must be non"),
    (lambda: T.ColorJitter(hue=0.6), ValueError, r"hue values should be between \(-0.5, 0.5\)"),
    (lambda: T.ColorJitter("a"), TypeError, "brightness should be a single number or a list"),
    (lambda: T.RandomRotation(-1), ValueError, "If degrees is a single number, it must be pos"),
    (lambda: T.RandomRotation((1, 2, 3)), ValueError, "degrees should be a sequence of length 2"),
    (lambda: T.RandomAffine(1, (2, 0)), ValueError, "translation values should be between 0 and"),
    (lambda: T.RandomAffine(1, scale=(0, 1)), ValueError, "scale values should be positive"),
    (lambda: T.RandomErasing(2), ValueError, "probability should be between 0 and 1"),
    (lambda: T.RandomErasing(value="a"), ValueError, "If value is str, it should be 'random'"),
    (lambda: T.GaussianBlur(4), ValueError, "Kernel size value should be an odd and positive"),
    (lambda: T.GaussianBlur(3, (2, 1)), ValueError, "sigma values should be positive and of the"),
    (lambda: T.RandomChoice(3), TypeError, "Argument transforms should be a sequence"),
]


@pytest.mark.parametrize("make, kind, message", REFUSED, ids=[m[:30] for _, _, m in REFUSED])
def test_refused(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def test_transforms_are_modules():
    pipeline = taper.nn.Sequential(T.CenterCrop(8), T.RandomHorizontalFlip(1.0))
    assert pipeline(TENSOR).shape == (3, 8, 8)

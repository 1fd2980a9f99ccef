"""The datasets that `taper train` knows, each with the card of the classifier that suits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from taper.train.model import Card
from taper.utils.data import Dataset, Subset
from taper.vision import datasets, transforms

_TEST_FOLDERS = ("test", "val", "valid", "validation")
_FOLDER_SIZE = 32
_EVERY_TENTH = 10

CIFAR10_CLASSES = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
NUMERALS = tuple("0123456789")


@dataclass(frozen=True)
class Task:
    """A training set, a test set, and the card of the classifier between them."""

    card: Card
    train: Any  # Datasets that have a length
    test: Any


def normalised(card: Card) -> transforms.Compose:
    """From a PIL image of any size to the tensor that the card's classifier takes."""
    steps: list[Any] = [
        transforms.Grayscale(card.channels),
        transforms.Resize((card.size, card.size)),
        transforms.ToTensor(),
        transforms.Normalize(card.mean, card.std),
    ]
    return transforms.Compose(steps if card.channels == 1 else steps[1:])


def make_task(dataset: str, path: str, data: str) -> Task:
    """The task for `dataset`, one of `recipe.DATASETS`.

    mnist and cifar10 are read from the folder `data`, and fetched into it where they are missing;
    a folder of images is read from `path`.
    """
    if dataset == "folder":
        return _folder(path)
    return {"digits": _digits, "mnist": _mnist, "cifar10": _cifar10}[dataset](data)


def _digits(data: str) -> Task:
    """The writers of the test set are not those of the training set: hence the distortions."""
    card = Card("digits", NUMERALS, 1, 8, (32, 64), (0.3,), (0.37,))
    distort = transforms.RandomAffine(
        degrees=15,
        translate=(0.1, 0.1),
        scale=(0.85, 1.15),
        shear=10,
        interpolation=transforms.InterpolationMode.BILINEAR,
    )
    return Task(card, *_both(datasets.Digits, card, {}, [distort]))


def _mnist(data: str) -> Task:
    card = Card("mnist", NUMERALS, 1, 28, (20, 50), (0.1307,), (0.3081,))
    return Task(card, *_both(datasets.MNIST, card, {"root": data, "download": True}))


def _cifar10(data: str) -> Task:
    card = Card("cifar10", CIFAR10_CLASSES, 3, 32, (32, 64), (0.5,) * 3, (0.5,) * 3)
    return Task(card, *_both(datasets.CIFAR10, card, {"root": data, "download": True}))


def _both(
    kind: Any, card: Card, arguments: dict[str, Any], distortions: Sequence[Any] = ()
) -> Sequence[Dataset]:
    scale: list[Any] = [transforms.ToTensor(), transforms.Normalize(card.mean, card.std)]
    distorted = transforms.Compose([*distortions, *scale])
    return [
        kind(train=True, transform=distorted, **arguments),
        kind(train=False, transform=transforms.Compose(scale), **arguments),
    ]


def _folder(path: str) -> Task:
    """PATH/train/CLASS/* and PATH/test/CLASS/*; or PATH/CLASS/*, every tenth of it for testing."""
    root = Path(path)
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {path}")
    tests = [name for name in _TEST_FOLDERS if (root / name).is_dir()]
    parted = bool(tests) and (root / "train").is_dir()
    trained = root / "train" if parted else root
    classes = tuple(sorted(p.name for p in trained.iterdir() if p.is_dir()))
    card = Card("folder", classes, 3, _FOLDER_SIZE, (32, 64), (0.5,) * 3, (0.5,) * 3)
    everything = datasets.ImageFolder(str(trained), normalised(card))
    if parted:
        test = datasets.ImageFolder(str(root / tests[0]), normalised(card))
        if test.classes != everything.classes:
            raise ValueError(f"{root / tests[0]} has the classes {test.classes}, not {classes}")
        return Task(card, everything, test)
    indices = range(len(everything))
    return Task(
        card,
        Subset(everything, [i for i in indices if i % _EVERY_TENTH]),
        Subset(everything, [i for i in indices if i % _EVERY_TENTH == 0]),
    )

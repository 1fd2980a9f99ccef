"""Trained parameters of models: where to get them, and what images they expect."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from ...dtypes import float32
from ...nn import Module
from ...serialization import load
from ...tensor import Tensor
from ..datasets.utils import download_url
from ..transforms import functional as F
from ..transforms.interpolation import InterpolationMode

M = TypeVar("M", bound=Module)


class ImageClassification(Module):
    """What ImageNet's classifiers expect: resize, crop the middle, convert, normalise."""

    def __init__(
        self,
        *,
        crop_size: int,
        resize_size: int = 256,
        mean: tuple[float, ...] = (0.485, 0.456, 0.406),
        std: tuple[float, ...] = (0.229, 0.224, 0.225),
        interpolation: InterpolationMode = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.crop_size = [crop_size]
        self.resize_size = [resize_size]
        self.mean = list(mean)
        self.std = list(std)
        self.interpolation = interpolation
        self.antialias = antialias

    def forward(self, img: Any) -> Tensor:
        img = F.resize(
            img, self.resize_size, interpolation=self.interpolation, antialias=self.antialias
        )
        img = F.center_crop(img, self.crop_size)
        if not isinstance(img, Tensor):
            img = F.pil_to_tensor(img)
        img = F.convert_image_dtype(img, float32)
        return F.normalize(img, mean=self.mean, std=self.std)


@dataclass
class Weights:
    """A file of parameters and the transforms that go with it."""

    url: str
    transforms: Callable
    meta: dict[str, Any] = field(default_factory=dict)


_FOLDER = "https://download.pytorch.org/models/"


def imagenet(name: str, resize_size: int = 256) -> Weights:
    """The weights in a file of torchvision's, trained on ImageNet's 1,000 classes."""
    preset = partial(ImageClassification, crop_size=224, resize_size=resize_size)
    return Weights(_FOLDER + name, preset, {"min_size": (1, 1)})


class WeightsEnum(Enum):
    """The base of each model's list of weights."""

    @classmethod
    def verify(cls, obj: Any) -> Any:
        """The member that is meant, also by its name; TypeError for another model's."""
        if obj is None or isinstance(obj, cls):
            return obj
        if isinstance(obj, str):
            return cls[obj.replace(cls.__name__ + ".", "")]
        raise TypeError(
            f"Invalid Weight class provided; expected {cls.__name__} but received "
            f"{obj.__class__.__name__}."
        )

    @property
    def url(self) -> str:
        """Where the file is."""
        return self.value.url

    @property
    def transforms(self) -> Callable:
        """What makes the transforms that its images need."""
        return self.value.transforms

    @property
    def meta(self) -> dict[str, Any]:
        """What is known of it."""
        return self.value.meta

    def get_state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        """The parameters, from the cache or from the network.

        The file's name ends with the beginning of its SHA-256, which is checked.
        """
        home = os.environ.get("TORCH_HOME") or Path(
            os.environ.get("XDG_CACHE_HOME", "~/.cache"), "torch"
        )
        folder = Path(home, "hub", "checkpoints").expanduser()
        name = self.url.rsplit("/", 1)[1]
        path = folder / name
        if not path.is_file():
            download_url(self.url, folder, name)
        expected = re.findall(r"-([a-f0-9]{8,})\.", name)[0]
        found = sha256(path.read_bytes()).hexdigest()
        if not found.startswith(expected):
            raise RuntimeError(f'invalid hash value (expected "{expected}", got "{found}"): {path}')
        return load(path, map_location="cpu", weights_only=True)


def choose(kind: type[WeightsEnum], weights: Any, options: dict[str, Any]) -> WeightsEnum | None:
    """The weights that a model's arguments ask for, also by the older `pretrained=True`."""
    if options.pop("pretrained", False):
        weights = "DEFAULT"
    chosen = kind.verify(weights)
    if chosen is not None and options.setdefault("num_classes", 1000) != 1000:
        raise ValueError(
            f"The parameter 'num_classes' expected value 1000 but got {options['num_classes']} "
            "instead."
        )
    return chosen


def fill(model: M, weights: WeightsEnum | None, progress: bool) -> M:
    """Load the weights into a new model, if there are any."""
    if weights is not None:
        model.load_state_dict(weights.get_state_dict(progress=progress, check_hash=True))
    return model

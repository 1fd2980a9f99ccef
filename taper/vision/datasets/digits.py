"""Digits: 1,797 handwritten digits of 8x8 pixels that come with the package.

They are the test part of "Optical Recognition of Handwritten Digits" by E. Alpaydin and
C. Kaynak (1998), UCI Machine Learning Repository, https://doi.org/10.24432/C50P49, under the
Creative Commons Attribution 4.0 licence (CC BY 4.0). `digits.npz` holds its numbers unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ...functions.creation import from_numpy
from ..pillow import image_of
from .vision import VisionDataset

_TRAIN = 1437


class Digits(VisionDataset):
    """Handwritten digits for a first try without a download: 1,437 to learn from, 360 to test.

    `data` is a uint8 tensor (N, 8, 8), the original's 0 ... 16 stretched to 0 ... 255; `targets`
    is an int64 tensor (N,). A sample is an image and an int. `root` and `download` are there so
    that MNIST can take its place, and change nothing. Optical Recognition of Handwritten Digits,
    E. Alpaydin and C. Kaynak (1998), CC BY 4.0.
    """

    classes = [str(digit) for digit in range(10)]

    def __init__(
        self,
        root: str | Path | None = None,
        train: bool = True,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        with np.load(Path(__file__).with_name("digits.npz")) as file:
            images, labels = file["images"], file["labels"]
        part = slice(None, _TRAIN) if train else slice(_TRAIN, None)
        stretched = np.rint(images[part] * (255 / 16)).astype(np.uint8)
        self.data = from_numpy(stretched)
        self.targets = from_numpy(labels[part].astype(np.int64))

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class."""
        return {name: i for i, name in enumerate(self.classes)}

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(image_of(self.data._array()[index]), int(self.targets[index]))

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"

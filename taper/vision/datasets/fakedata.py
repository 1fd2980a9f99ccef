"""FakeData: random images, for trying a program without data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...functions.random import get_rng_state, manual_seed, randint, randn, set_rng_state
from ..transforms.functional import to_pil_image
from .vision import VisionDataset


class FakeData(VisionDataset):
    """`size` images of noise with random labels; the index alone decides what a sample is."""

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(transform=transform, target_transform=target_transform)
        self.size = size
        self.num_classes = num_classes
        self.image_size = image_size
        self.random_offset = random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        state = get_rng_state()
        manual_seed(index + self.random_offset)
        noise = randn(*self.image_size)
        target = int(randint(0, self.num_classes, size=(1,)).item())
        set_rng_state(state)
        return self._transformed(to_pil_image(noise), target)

    def __len__(self) -> int:
        return self.size

"""Random erasing of a rectangle."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

from ...functions.creation import empty, tensor
from ...nn import Module
from ...tensor import Tensor
from . import functional as F
from .draws import chance, integer, rectangle


class RandomErasing(Module):
    """Put noise or a colour in a random rectangle of a tensor (Zhong and others, 1708.04896).

    `value` is a number, one for each channel, or "random".
    """

    def __init__(
        self,
        p: float = 0.5,
        scale: tuple[float, float] = (0.02, 0.33),
        ratio: tuple[float, float] = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(value, (numbers.Number, str, tuple, list)):
            raise TypeError("Argument value should be either a number or str or a sequence")
        if isinstance(value, str) and value != "random":
            raise ValueError("If value is str, it should be 'random'")
        if not isinstance(scale, Sequence):
            raise TypeError("Scale should be a sequence")
        if not isinstance(ratio, Sequence):
            raise TypeError("Ratio should be a sequence")
        if scale[0] < 0 or scale[1] > 1:
            raise ValueError("Scale should be between 0 and 1")
        if p < 0 or p > 1:
            raise ValueError("Random erasing probability should be between 0 and 1")
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(
        img: Tensor, scale: Sequence[float], ratio: Sequence[float], value: list[float] | None
    ) -> tuple[int, int, int, int, Tensor]:
        """Draw (top, left, height, width, what to put there)."""
        channels, height, width = img.shape[-3:]
        for _ in range(10):
            h, w = rectangle(height * width, scale, ratio)
            if not (h < height and w < width):
                continue
            if value is None:
                patch = empty([channels, h, w]).normal_()
            else:
                patch = tensor(value).reshape(-1, 1, 1)
            return integer(0, height - h + 1), integer(0, width - w + 1), h, w, patch
        return 0, 0, height, width, img

    def forward(self, img: Tensor) -> Tensor:
        if chance() >= self.p:
            return img
        value: Any = self.value
        if isinstance(value, numbers.Number):
            value = [float(value)]  # type: ignore[arg-type]
        elif isinstance(value, str):
            value = None
        else:
            value = [float(each) for each in value]
        if value is not None and len(value) not in (1, img.shape[-3]):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{img.shape[-3]} (number of input channels)"
            )
        top, left, h, w, patch = self.get_params(img, self.scale, self.ratio, value)
        return F.erase(img, top, left, h, w, patch, self.inplace)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, scale={self.scale}, ratio={self.ratio}, "
            f"value={self.value}, inplace={self.inplace})"
        )

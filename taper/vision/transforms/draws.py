"""Random draws and arguments that the transforms share."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...functions.random import default_generator, randint


def chance() -> float:
    """One draw from 0 to 1, of PyTorch's random numbers."""
    return float(default_generator.stream.uniform((1,))[0])


def uniform(low: float, high: float) -> float:
    """One draw between two numbers, of PyTorch's random numbers."""
    return float(default_generator.stream.uniform((1,), low, high)[0])


def integer(low: int, high: int) -> int:
    """One whole number from low to high - 1, of PyTorch's random numbers."""
    return int(randint(low, high, size=(1,)).item())


def rectangle(area: int, scale: Sequence[float], ratio: Sequence[float]) -> tuple[int, int]:
    """Draw (sqrt(area * aspect), sqrt(area / aspect)), rounded, for a share of an area.

    The share is uniform, the aspect uniform in its logarithm.
    """
    target = area * uniform(scale[0], scale[1])
    low, high = (float(np.log(np.float32(bound))) for bound in ratio)
    aspect = float(np.exp(np.float32(uniform(low, high))))
    return round(math.sqrt(target * aspect)), round(math.sqrt(target / aspect))


def size_pair(size: Any, message: str) -> tuple[int, int]:
    """(height, width) from one number or a sequence of one or two; ValueError with `message`."""
    if isinstance(size, numbers.Number):
        return int(size), int(size)  # type: ignore[call-overload]
    if isinstance(size, Sequence) and len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError(message)
    return size

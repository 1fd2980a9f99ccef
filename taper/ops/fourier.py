"""The Fourier transform of complex arrays, by numpy on every CPU backend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .kinds import Host


def _ref(x: np.ndarray, axes: tuple[int, ...], inverse: bool) -> np.ndarray:
    if not x.size:
        return x.copy()
    found = np.fft.ifftn(x, axes=axes, norm="forward") if inverse else np.fft.fftn(x, axes=axes)
    return np.ascontiguousarray(found).astype(x.dtype, copy=False)


def _vjp(ops: Any, g: Any, out: Any, x: Any, axes: tuple[int, ...], inverse: bool) -> tuple:
    return (ops.fft(g, axes=axes, inverse=not inverse),)


def _samples(rng: np.random.Generator) -> Iterator[tuple[list, dict]]:
    for shape, axes in (((5,), (0,)), ((2, 3, 4), (0, 2))):
        for inverse in (False, True):
            x = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
            yield [x.astype(np.complex64)], {"axes": axes, "inverse": inverse}


# Sums of x exp(-+2 pi i jk / n) over the axes, not scaled either way.
fft = Host("fft", _ref, _vjp, _samples, lambda s, axes, inverse: s, lambda k, axes, inverse: k)

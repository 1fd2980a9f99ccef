"""Storage: what aliasing tensors share, and the memory that numpy may see."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .devices import CPU, device
from .dtypes import dtype
from .shapes import Size
from .tape import Value, ready, tape


class _Held:
    """An array that others may hold too."""

    __slots__ = ("array",)

    def __init__(self, array: np.ndarray) -> None:
        self.array = array


def _counts(held: _Held) -> list[int]:
    """Reference counts of an array and of the arrays whose memory it borrows; -1 for a foreign
    owner."""
    counts = [sys.getrefcount(held.array)]
    array: Any = held.array.base
    while array is not None:
        counts.append(sys.getrefcount(array) if isinstance(array, np.ndarray) else -1)
        array = array.base if isinstance(array, np.ndarray) else None
    return counts


# what the counts are when nobody else holds any
_ALONE, _ALONE_BASE = _counts(_Held(np.empty(2).reshape(2)[:]))


class Storage:
    """The current value of some memory, its version, and the array that others may hold of it.

    While memory is shared, `shared` is the truth and `value` holds only its shape and dtype.
    """

    __slots__ = ("__weakref__", "device", "shared", "value", "version")

    def __init__(self, value: Value, where: device = CPU) -> None:
        self.value, self.device, self.version = value, where, 0
        self.shared: _Held | None = None

    @classmethod
    def over(cls, flat: np.ndarray, shape: tuple[int, ...], kind: dtype) -> Storage:
        """A storage in a flat contiguous array that somebody else may hold."""
        storage = cls(Value(None, 0, Size(shape), kind))
        storage.shared = _Held(flat)
        return storage

    def current(self) -> Value:
        """The contents now. Memory that others can write is copied, since values never change."""
        if self.shared is not None:
            if self._visible():
                return ready(self.shared.array.reshape(self.value.shape).copy(), self.value.dtype)
            self._reclaim()
        return self.value

    def _visible(self) -> bool:
        own, *bases = _counts(self.shared)  # type: ignore[arg-type]
        return own > _ALONE or any(n > _ALONE_BASE or n < 0 for n in bases)

    def _reclaim(self) -> None:
        array = self.shared.array.reshape(self.value.shape)  # type: ignore[union-attr]
        self.value, self.shared = ready(array, self.value.dtype), None

    def write(self, value: Value) -> None:
        """Replace the contents."""
        self.version += 1
        if self.shared is not None and self._visible():
            flat = self.shared.array
            np.copyto(flat, tape.compute(value).reshape(flat.shape))
        else:
            self.shared, self.value = None, value

    def array(self) -> np.ndarray:
        """The contents as they are, C-contiguous; not to be written, nor kept."""
        if self.shared is not None:
            return self.shared.array.reshape(self.value.shape)
        return tape.compute(self.value)

    def share(self) -> np.ndarray:
        """The contents as a flat array that numpy and this storage both read and write."""
        if self.shared is None:
            buffer = tape.compute(self.value)
            self.value = Value(None, 0, self.value.shape, self.value.dtype)
            # other values may hold the buffer itself
            self.shared = _Held(buffer.copy().reshape(-1))
        return self.shared.array

    def nbytes(self) -> int:
        """Size in bytes."""
        return self.value.shape.numel() * self.value.dtype.itemsize

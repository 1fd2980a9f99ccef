"""From the persistent ids in a pickle to the storages they name, each made and placed once."""

from __future__ import annotations

from collections.abc import Callable
from pickle import UnpicklingError

import numpy as np

from . import names
from .locations import MapLocation, restorer
from .tensors import Stored

Fetch = Callable[[str, int], np.ndarray]  # (key, bytes) -> the bytes, as a flat array


class Library:
    """The storages of one file, by key. `fetch` gives the bytes of a key."""

    def __init__(self, fetch: Fetch, map_location: MapLocation, swapped: bool = False) -> None:
        self._fetch, self._place, self._swapped = fetch, restorer(map_location), swapped
        self.raw: dict[str, Stored] = {}
        self.placed: dict[str, Stored] = {}

    def load(self, key: object) -> Stored:
        """The storage of an id: ("storage", type, key, location, number of elements, view?).

        The view of the oldest files is None or (key, offset, number of elements). RuntimeError
        where an id does not fit its storage."""
        if type(key) is not tuple or len(key) not in (5, 6):
            raise UnpicklingError(
                f"a storage needs a persistent id of 5 parts, but got {type(key)}"
            )
        kind, name, location, count = (_text(part) for part in key[1:5])
        if (
            not isinstance(kind, names.StorageType)
            or type(name) is not str
            or type(location) is not str
        ):
            raise UnpicklingError(
                "the persistent id of a storage must be of a type, a key and a location"
            )
        if type(count) is not int or count < 0:
            raise UnpicklingError(f"a storage cannot have a length of {count!r}")
        size = count * (kind.dtype.itemsize if kind.dtype else 1)
        known = self.raw.get(name)
        if known is None:
            known = self.raw[name] = Stored(
                self._fetch(name, size), kind.dtype, swapped=self._swapped
            )
            self.placed[name] = self._place(known, location)
        if known.nbytes() != size or known.dtype is not kind.dtype:
            raise RuntimeError(f"the storage {name!r} is named with two lengths or two types")
        found = self.placed[name]
        return found if len(key) == 5 or key[5] is None else self._view(found, key[5])

    def _view(self, whole: Stored, view: object) -> Stored:
        if type(view) is not tuple or len(view) != 3 or any(type(n) is not int for n in view[1:]):
            raise UnpicklingError("the view of a storage must be of a key, an offset and a length")
        name, offset, count = str(_text(view[0])), view[1], view[2]
        if name not in self.placed:
            if not 0 <= offset <= offset + count <= whole.size():
                raise RuntimeError(f"the view {offset}:{offset + count} lies outside the storage")
            unit = whole.nbytes() // max(whole.size(), 1)
            part = (
                None if whole.flat is None else whole.flat[offset * unit : (offset + count) * unit]
            )
            self.placed[name] = Stored(part, whole.dtype, whole.device, count * unit)
        return self.placed[name]


def _text(part: object) -> object:
    """Python 2 wrote text as bytes."""
    return part.decode("ascii", "replace") if type(part) is bytes else part

"""Where the storages of a file go: what `map_location` means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..devices import KINDS, device, resolve
from .tensors import Stored

MapLocation = (
    Any  # str, device, dict from location to location, callable(storage, location), or None
)


def restore(stored: Stored, location: str) -> Stored:
    """Put a storage where a file's tag says; RuntimeError for an unknown or absent device."""
    kind = location.partition(":")[0]
    if location == "cpu":
        return stored
    if kind not in KINDS or kind == "cpu":
        raise RuntimeError(
            "don't know how to restore data location of torch.storage.UntypedStorage "
            f"(tagged with {location})"
        )
    try:
        where = resolve(location)
    except RuntimeError as error:
        raise RuntimeError(
            f"Attempting to deserialize object on a {kind.upper()} device but "
            f"torch.{kind}.is_available() is False. If you are running on a CPU-only machine, "
            "please use torch.load with map_location=torch.device('cpu') to map your storages to "
            "the CPU."
        ) from error
    return stored.to(where)


def restorer(map_location: MapLocation) -> Callable[[Stored, str], Stored]:
    """The function that places a storage, given its location tag."""
    if map_location is None:
        return restore
    if isinstance(map_location, (str, device)):
        return lambda stored, location: restore(stored, str(map_location))
    if isinstance(map_location, dict):
        return lambda stored, location: restore(stored, str(map_location.get(location, location)))

    def place(stored: Stored, location: str) -> Stored:
        found = map_location(stored, location)
        if found is None:
            return restore(stored, location)
        if not isinstance(found, Stored):
            raise TypeError(f"map_location must return a storage or None, but got {type(found)}")
        return found

    return place

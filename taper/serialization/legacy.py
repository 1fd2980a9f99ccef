"""The .pth format from before 2020: a row of pickles, and after them the bytes of the storages."""

from __future__ import annotations

import io
import struct
import sys
from collections.abc import Callable
from typing import BinaryIO

import numpy as np

from .archive import read_into
from .locations import MapLocation
from .storages import Library

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
SYSTEM = {
    "protocol_version": PROTOCOL,
    "little_endian": sys.byteorder == "little",
    "type_sizes": {"short": 2, "int": 4, "long": 4},
}

Unpickle = Callable[
    [BinaryIO, Callable], object
]  # (file, persistent_load) -> the next object in it


def read(file: BinaryIO, unpickle: Unpickle, map_location: MapLocation) -> object:
    """Read a file of this format, which begins where the file stands.

    Memory is set aside when a storage is named and filled after the pickle; together the storages
    may not be larger than the file. RuntimeError for a damaged file."""

    def nothing(key: object) -> None:
        raise RuntimeError("Invalid magic number; corrupt file?")

    if not Space(file).left:
        raise EOFError("Ran out of input")
    if unpickle(file, nothing) != MAGIC:
        raise RuntimeError("Invalid magic number; corrupt file?")
    version = unpickle(file, nothing)
    if version != PROTOCOL:
        raise RuntimeError(f"Invalid protocol version: {version}")
    unpickle(
        file, nothing
    )  # what the writing system was like; storages are little-endian all the same
    space = Space(file)
    library = Library(space.claim, map_location, sys.byteorder == "big")
    found = unpickle(file, library.load)
    keys = unpickle(file, nothing)
    if type(keys) is not list:
        raise RuntimeError(f"the storage keys must be a list, but got {type(keys)}")
    for key in keys:
        if type(key) is not str or key not in library.raw:
            raise RuntimeError(f"the file holds a storage that its pickle does not name: {key!r}")
        fill(file, library, key)
    missing = [key for key in library.raw if key not in keys]
    if missing:
        raise RuntimeError(f"the file lacks the storage {missing[0]!r}; it might be corrupted.")
    return found


class Space:
    """Memory for storages that are read later, no more of it in all than the file is long."""

    def __init__(self, file: BinaryIO) -> None:
        here = file.tell()
        self.left = file.seek(0, io.SEEK_END) - here
        file.seek(here)

    def claim(self, key: str, size: int) -> np.ndarray:
        """Memory of `size` bytes for the storage `key`."""
        self.left -= size
        if self.left < 0:
            raise RuntimeError(
                f"unexpected EOF, expected {-self.left} more bytes. The file might be corrupted."
            )
        return np.zeros(size, np.uint8)


def fill(file: BinaryIO, library: Library, key: str) -> None:
    """Read a storage, which begins with its length in elements, into the memory set aside."""
    stored = library.raw[key]
    header = np.empty(8, np.uint8)
    read_into(file, header)
    (count,) = struct.unpack("<q", header.tobytes())
    if count != stored.size():
        raise RuntimeError(
            f"the storage {key!r} has {count} elements where {stored.size()} were named"
        )
    if stored.flat is not None and stored.flat.size:
        read_into(file, stored.flat)

"""The oldest .pth format, a tar of pickles. Its members are read where they lie, never unpacked."""

from __future__ import annotations

import struct
import sys
import tarfile
from typing import Any, BinaryIO, cast

import numpy as np

from . import names, tensors
from .archive import read_into
from .legacy import Space, Unpickle
from .locations import MapLocation, restorer
from .tensors import Stored

MAGIC, MAGIC_PLACE = b"ustar", 257
MAX_DIMS = 64


def looks_like_tar(file: BinaryIO) -> bool:
    """Whether a tar archive begins where the file stands; the file does not move."""
    start = file.tell()
    file.seek(start + MAGIC_PLACE)
    found = file.read(len(MAGIC))
    file.seek(start)
    return found == MAGIC


def read(file: BinaryIO, unpickle: Unpickle, map_location: MapLocation) -> object:
    """Read a file of this format: storages, tensors over them, then the object that holds them.

    RuntimeError for a damaged file."""
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            made: dict[object, Any] = {}
            _read_storages(_member(archive, "storages"), unpickle, map_location, made)
            _read_tensors(_member(archive, "tensors"), unpickle, made)

            def known(key: Any) -> Any:
                return key[0] if isinstance(key, tuple) else _get(made, int(key), object)

            return unpickle(_member(archive, "pickle"), known)
    except tarfile.TarError as error:
        raise RuntimeError(f"cannot read the tar archive: {error}") from error


def _member(archive: tarfile.TarFile, name: str) -> BinaryIO:
    try:
        member = archive.getmember(name)
    except KeyError:
        member = None
    if member is None or not member.isreg():
        raise RuntimeError(f"the tar archive has no regular file {name!r}")
    return cast(BinaryIO, archive.extractfile(member))


def _get(made: dict[object, Any], key: object, kind: type) -> Any:
    found = made.get(key)
    if not isinstance(found, kind):
        raise RuntimeError(f"the tar archive has no {kind.__name__} {key!r}")
    return found


def _nothing(key: object) -> None:
    raise RuntimeError(f"unexpected persistent id {key!r}")


def _parts(found: Any, count: int) -> tuple:
    if not isinstance(found, tuple) or len(found) != count:
        raise RuntimeError(f"expected {count} parts in the tar archive, but got {found!r}")
    return found


def _unpack(file: BinaryIO, form: str) -> tuple:
    data = np.empty(struct.calcsize(form), np.uint8)
    read_into(file, data)
    return struct.unpack(form, data.tobytes())


def _read_storages(
    file: BinaryIO, unpickle: Unpickle, map_location: MapLocation, made: dict[object, Any]
) -> None:
    place, space = restorer(map_location), Space(file)
    for _ in range(cast(int, unpickle(file, _nothing))):
        key, location, kind = _parts(unpickle(file, _nothing), 3)
        if not isinstance(kind, names.StorageType) or kind.dtype is None:
            raise RuntimeError(f"the storage {key!r} is of no known type: {kind!r}")
        (count,) = _unpack(file, "<q")
        data = space.claim(key, max(count, 0) * kind.dtype.itemsize)
        if data.size:
            read_into(file, data)
        made[key] = place(Stored(data, kind.dtype, swapped=sys.byteorder == "big"), location)
    for view in cast(list, unpickle(file, _nothing)):
        key, root, offset, count = _parts(view, 4)
        whole = _get(made, root, Stored)
        unit = whole.dtype.itemsize
        if not 0 <= offset <= offset + count <= whole.size():
            raise RuntimeError(f"the view {offset}:{offset + count} lies outside the storage")
        part = None if whole.flat is None else whole.flat[offset * unit : (offset + count) * unit]
        made[key] = Stored(part, whole.dtype, whole.device, count * unit)


def _read_tensors(file: BinaryIO, unpickle: Unpickle, made: dict[object, Any]) -> None:
    for _ in range(cast(int, unpickle(file, _nothing))):
        key, storage, _ = _parts(unpickle(file, _nothing), 3)
        ndim, _ = _unpack(file, "<ii")  # the number was once 8 bytes
        if not 0 <= ndim <= MAX_DIMS:
            raise RuntimeError(f"a tensor cannot have {ndim} dimensions")
        size, stride = _unpack(file, f"<{ndim}q"), _unpack(file, f"<{ndim}q")
        (offset,) = _unpack(file, "<q")
        made[key] = tensors.rebuild_tensor(_get(made, storage, Stored), offset, size, stride)

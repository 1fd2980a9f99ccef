"""`save`: an object into a .pth file, whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ..files import replacing
from . import names, tensors
from .archive import Writer
from .legacy import MAGIC, PROTOCOL, SYSTEM
from .pickler import Storages, dump

DEFAULT_PROTOCOL = 2
FileLike = str | os.PathLike[str] | IO[bytes]


def save(
    obj: object,
    f: FileLike,
    pickle_module: Any = pickle,
    pickle_protocol: int = DEFAULT_PROTOCOL,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write an object into a file or file-like, for `load` here and in PyTorch.

    Tensors that share memory share one record. A path keeps its old contents until the new are
    complete. RuntimeError where the folder does not exist, OSError where the disk is full."""
    with _writable(f) as file:
        if _use_new_zipfile_serialization:
            writer = Writer(file.write, _folder(f))
            _save_zip(obj, writer, pickle_module, pickle_protocol, _disable_byteorder_record)
        else:
            _save_legacy(obj, file, pickle_module, pickle_protocol)


@contextlib.contextmanager
def _writable(f: FileLike) -> Iterator[IO[bytes]]:
    if not isinstance(f, (str, os.PathLike)):
        if not hasattr(f, "write"):
            raise AttributeError(
                "expected 'f' to be string, path, or a file-like object with a 'write' attribute"
            )
        yield f
        return
    path = Path(os.path.realpath(f))
    if not path.parent.is_dir():
        raise RuntimeError(f"Parent directory {Path(f).parent} does not exist.")
    if path.is_dir():
        raise RuntimeError(f"open file failed with strerror: Is a directory: {os.fspath(f)!r}")
    with open(path, "wb") if path.exists() and not path.is_file() else replacing(path) as file:
        yield file


def _folder(f: FileLike) -> str:
    """The folder inside the archive: the file's name, where it says anything plain."""
    name = Path(f).name if isinstance(f, (str, os.PathLike)) else ""
    stem = name.rpartition(".")[0] if "." in name else name
    plain = stem.isascii() and stem.isprintable() and not any(c in stem for c in '\\/:"*?<>|')
    return stem if stem.strip(". ") and plain else "archive"


def _save_zip(obj: object, archive: Writer, module: Any, protocol: int, no_byteorder: bool) -> None:
    storages, data = Storages(), io.BytesIO()
    dump(obj, data, module, protocol, storages.identify)
    archive.add("data.pkl", data.getvalue())
    archive.add(".format_version", b"1")
    archive.add(".storage_alignment", b"64")
    if not no_byteorder:
        archive.add("byteorder", sys.byteorder.encode())
    for key, (storage, _) in enumerate(storages.met):
        archive.add(f"data/{key}", tensors.contents(storage))
    archive.close()


def _save_legacy(obj: object, file: IO[bytes], module: Any, protocol: int) -> None:
    storages = Storages()
    for part in (MAGIC, PROTOCOL, SYSTEM):
        pickle.dump(part, file, protocol)

    def identify(value: object) -> tuple | None:
        found = storages.identify(value)
        if isinstance(value, tensors.Pointer) and found and found[1] is names.UNTYPED:
            raise RuntimeError(
                f"the legacy format cannot hold tensors of {value.kind}; save without "
                "_use_new_zipfile_serialization=False"
            )
        return None if found is None else (*found, None)

    dump(obj, file, module, protocol, identify)
    pickle.dump(list(map(str, range(len(storages.met)))), file, protocol)
    for storage, count in storages.met:
        file.write(struct.pack("<q", count))
        file.write(tensors.contents(storage).data)

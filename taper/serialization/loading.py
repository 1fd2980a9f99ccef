"""`load`: the object in a .pth file, of whichever of PyTorch's formats."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import pickletools
import re
import sys
from collections.abc import Callable, Iterator
from pickle import UnpicklingError
from typing import Any, BinaryIO

import numpy as np

from . import allowed, legacy, names
from .archive import Reader, looks_like_zip
from .locations import MapLocation
from .saving import FileLike
from .storages import Library
from .unpickler import WeightsUnpickler, modern_name

UNSAFE = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` "
    "from `False` to `True`. Re-running `torch.load` with `weights_only` set to `False` will "
    "likely succeed, but it can result in arbitrary code execution. Do it only if you got the file "
    "from a trusted source."
)
SEE = (
    "\n\nCheck the documentation of torch.load to learn more about types accepted by default with "
    "weights_only https://pytorch.org/docs/stable/generated/torch.load.html."
)


def load(
    f: FileLike,
    map_location: MapLocation = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read what `save`, here or in PyTorch, has written.

    weights_only: build tensors and plain containers and refuse everything else, so that a file
    from anybody is safe; the default unless `pickle_module` is given. Without it, reading can run
    any code.
    map_location: where storages go: a device or its name, a dict from old to new locations, or a
    function of (storage, location).
    mmap: leave the tensors' bytes in the file until they are used.

    pickle.UnpicklingError for what may not be loaded, RuntimeError for a damaged file."""
    if weights_only is None:
        weights_only = pickle_module is None
    if weights_only and pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    pickle_load_args.setdefault("encoding", "utf-8")
    if weights_only and len(pickle_load_args) > 1:
        extra = next(a for a in pickle_load_args if a != "encoding")
        raise TypeError(f"Unpickler.__init__() got an unexpected keyword argument '{extra}'")
    unpickle = (
        _weights(**pickle_load_args) if weights_only else _anything(pickle_module, pickle_load_args)
    )
    with _readable(f) as file:
        if looks_like_zip(file):
            return _load_zip(file, f, unpickle, map_location, weights_only, mmap)
        if mmap:
            named = f"{os.fspath(f)}, " if isinstance(f, (str, os.PathLike)) else ""
            raise RuntimeError(
                f"mmap can only be used with files saved with `torch.save({named}"
                "_use_new_zipfile_serialization=True), please torch.save your checkpoint with this "
                "option in order to use mmap."
            )
        from . import tar  # tarfile is slow to import, and such files are old

        if tar.looks_like_tar(file):
            if weights_only:
                raise RuntimeError(
                    "Cannot use ``weights_only=True`` with files saved in the legacy .tar format. "
                    + UNSAFE
                )
            return tar.read(file, unpickle, map_location)
        return legacy.read(file, unpickle, map_location)


@contextlib.contextmanager
def _readable(f: FileLike) -> Iterator[BinaryIO]:
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            yield file
        return
    for method in ("read", "readline", "seek", "tell"):
        if not hasattr(f, method):
            raise AttributeError(
                f"'{type(f).__name__}' object has no attribute '{method}'. You can only torch.load "
                "from a file that is seekable. Please pre-load the data into a buffer like "
                "io.BytesIO and try to load from it instead."
            )
    yield f  # type: ignore[misc]


# ---------------------------------------------------------------- the zip format
def _load_zip(
    file: BinaryIO,
    f: FileLike,
    unpickle: legacy.Unpickle,
    map_location: MapLocation,
    safe: bool,
    mmap: bool | None,
) -> object:
    mapped = None
    if mmap:
        if not isinstance(f, (str, os.PathLike)):
            raise ValueError("f must be a file path in order to use the mmap argument")
        mapped = np.memmap(f, np.uint8, "c")
    archive = Reader(file, mapped)
    if "constants.pkl" in archive:
        raise RuntimeError(
            "Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``. "
            + UNSAFE
            if safe
            else "this is a TorchScript archive, which holds a program rather than an object"
        )
    order = archive.read("byteorder") if "byteorder" in archive else b"little"
    if order not in (b"little", b"big"):
        raise ValueError(f"Unknown endianness type: {order.decode('ascii', 'replace')}")

    def fetch(key: str, size: int) -> np.ndarray:
        held = archive.size(f"data/{key}")
        if held != size:
            raise RuntimeError(
                f"record size ({held} bytes) does not match expected size ({size} bytes = {size} "
                "elements * 1 bytes/element) for dtype Byte"
            )
        return archive.array(f"data/{key}")

    library = Library(fetch, map_location, order.decode() != sys.byteorder)
    return unpickle(io.BytesIO(archive.read("data.pkl")), library.load)


# ---------------------------------------------------------------- the two ways to unpickle
def _weights(encoding: str) -> legacy.Unpickle:
    def unpickle(file: BinaryIO, persistent_load: Callable) -> object:
        try:
            return WeightsUnpickler(file, persistent_load, encoding).load()
        except UnpicklingError as error:
            raise UnpicklingError(_refusal(str(error))) from None

    return unpickle


def _refusal(why: str) -> str:
    """What an error of the weights-only unpickler says: how to go on, and why."""
    if re.search(r"GLOBAL (\S+) was not an allowed global by default.", why):
        text = (
            "Weights only load failed. This file can still be loaded, to do so you have two "
            "options, \033[1mdo those steps only if you trust the source of the "
            f"checkpoint\033[0m. \n\t(1) {UNSAFE}\n\t(2) Alternatively, to load with "
            "`weights_only=True` please check the recommended steps in the following error "
            f"message.\n\tWeightsUnpickler error: {why}"
        )
    elif re.search(r"whose module (\S+) is blocked", why):
        text = f"Weights only load failed. {UNSAFE}\n\n\n{why}"
    else:
        text = (
            f"Weights only load failed. {UNSAFE}\nPlease file an issue with the following so that "
            "we can make `weights_only=True` compatible with your use case: WeightsUnpickler "
            f"error: \n\n{why}"
        )
    return text + SEE


def _anything(module: Any, arguments: dict[str, Any]) -> legacy.Unpickle:
    base = (module or pickle).Unpickler

    class Unpickler(base):  # type: ignore[valid-type,misc]
        def find_class(self, module: str, name: str) -> Any:
            module, name = modern_name(module, name)
            if module.partition(".")[0] in names.ROOTS:
                return names.resolve(module, name)
            return super().find_class(module, name)

    def unpickle(file: BinaryIO, persistent_load: Callable) -> object:
        unpickler = Unpickler(file, **arguments)
        unpickler.persistent_load = persistent_load
        return unpickler.load()

    return unpickle


def get_unsafe_globals_in_checkpoint(f: FileLike) -> list[str]:
    """The names in a checkpoint that `load(weights_only=True)` refuses; nothing of it is loaded.

    ValueError unless it is a zip file that `save` has written."""
    with _readable(f) as file:
        if not looks_like_zip(file):
            raise ValueError("Expected input to be a checkpoint returned by torch.save")
        data = Reader(file).read("data.pkl")
    named = [str(arg) for op, arg, _ in pickletools.genops(data) if op.name == "GLOBAL"]
    paths = [".".join(modern_name(*name.split(" ", 1))) for name in named]
    return list(dict.fromkeys(path for path in paths if allowed.find(path) is None))

"""Writes the pickle inside a .pth file, in which Taper's objects bear PyTorch's names."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from types import FunctionType
from typing import IO, Any

from ..dtypes import dtype
from ..storage import Storage
from ..tensor import Tensor, layout
from . import names, tensors


class Storages:
    """The storages met while pickling: each gets a key, the number it was met as."""

    def __init__(self) -> None:
        self.met: list[tuple[Storage, int]] = []  # with the number of elements
        self._keys: dict[int, tuple[str, dtype]] = {}

    def identify(self, value: object) -> tuple | None:
        """What stands in the pickle for a storage: its kind, its key, its device and its length.

        RuntimeError where tensors see one storage as different dtypes."""
        if not isinstance(value, tensors.Pointer):
            return None
        storage, kind = value.storage, value.kind
        named = names.TYPED.get(kind, names.UNTYPED)
        count = len(value) if named.dtype else storage.nbytes()
        key, seen = self._keys.setdefault(id(storage), (str(len(self.met)), kind))
        if seen is not kind:
            raise RuntimeError(
                "Cannot save multiple tensors or storages that view the same data as different "
                "types"
            )
        if int(key) == len(self.met):
            self.met.append((storage, count))
        return "storage", named, key, str(storage.device), count


_Python: Any = pickle._Pickler  # its methods have no types


class Pickler(_Python):
    """A pickler that gives tensors PyTorch's form. It is Python's own, since the one in C can only
    name a class by the module that holds it."""

    def __init__(
        self, file: IO[bytes], protocol: int, identify: Callable[[object], tuple | None]
    ) -> None:
        super().__init__(file, protocol)
        self.persistent_id = identify

    def reducer_override(self, value: object) -> Any:
        """How tensors, dtypes and storage types are written."""
        if isinstance(value, Tensor):
            if type(value).__reduce_ex__ is Tensor.__reduce_ex__:
                return tensors.reduce_tensor(value, value.dtype in names.TYPED)
        elif isinstance(value, (dtype, names.StorageType)):
            return value.name
        elif isinstance(value, layout):
            return tensors.get_layout, (repr(value),)
        return NotImplemented

    def save_global(self, obj: Any, name: str | None = None) -> None:
        """Write a class or function by name; Taper's by PyTorch's."""
        written = names.written_name(obj)
        if written is None:
            super().save_global(obj, name)
            return
        if names.resolve(*written) is not obj:
            raise pickle.PicklingError(
                f"Can't pickle {obj}: it's not the same object as {'.'.join(written)}"
            )
        if self.proto >= 4:
            self.save(written[0])
            self.save(written[1])
            self.write(pickle.STACK_GLOBAL)
        else:
            self.write(pickle.GLOBAL + "{}\n{}\n".format(*written).encode())
        self.memoize(obj)

    dispatch = {**_Python.dispatch, FunctionType: save_global}


def dump(obj: object, file: IO[bytes], module: Any, protocol: int, identify: Callable) -> None:
    """Pickle an object. Another module than pickle writes its tensors into the pickle itself."""
    if module is None or module is pickle:
        Pickler(file, protocol, identify).dump(obj)
    else:
        module.Pickler(file, protocol=protocol).dump(obj)

"""Tensors and files for the tests of serialization."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from taper import dtypes
from taper.serialization import load, save
from taper.tape import ready
from taper.tensor import Tensor


class Kit:
    """What the tests need, reached through the fixture `kit`."""

    golden = Path(__file__).parent.parent / "golden" / "serialization"

    @staticmethod
    def tensor(values, dtype="float32"):
        """A tensor of nested lists."""
        return Tensor._of(ready(np.array(values, dtypes.by_name(dtype).array, order="C")))

    @staticmethod
    def numbers(dtype, shape=(2, 3)):
        """What the golden files hold in each dtype."""
        kind = dtypes.by_name(dtype)
        array = (np.arange(6) % 5).reshape(shape).astype(kind.array)
        return (array * (1 + 2j)).astype(kind.array) if kind.is_complex else array

    @staticmethod
    def array(tensor):
        """A tensor's contents."""
        flat = tensor._storage.array().reshape(-1)
        if tensor.numel() == 0:
            return flat[:0].reshape(tensor.shape)
        places = np.full(tensor.shape, tensor.storage_offset())
        for axis, step in enumerate(tensor.stride()):
            line = np.arange(tensor.shape[axis]) * step
            places += line.reshape([-1 if i == axis else 1 for i in range(tensor.dim())])
        return flat[places]

    @staticmethod
    def saved(value, **options):
        """The bytes `save` writes."""
        file = io.BytesIO()
        save(value, file, **options)
        return file.getvalue()

    @staticmethod
    def loaded(data, **options):
        """What `load` makes of bytes."""
        return load(io.BytesIO(data), **options)

    @staticmethod
    def changed(data, changes=None, extra=(), compression=zipfile.ZIP_STORED):
        """An archive with records changed by functions (None drops one), and more added."""
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(data)) as old,
            zipfile.ZipFile(out, "w", compression) as new,
        ):
            for name in old.namelist():
                change = (changes or {}).get(name.partition("/")[2], lambda content: content)
                content = change(old.read(name))
                if content is not None:
                    new.writestr(name, content)
            for name, content in extra:
                new.writestr(name, content)
        return out.getvalue()

    @classmethod
    def pickled(cls, data_pkl, **records):
        """A file around a pickle written by hand."""
        content = {"data.pkl": data_pkl, "version": b"3\n", "byteorder": b"little"}
        content |= {f"data/{k.lstrip('_')}": v for k, v in records.items()}
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, value in content.items():
                archive.writestr(f"archive/{name}", value)
        return out.getvalue()


@pytest.fixture
def kit():
    return Kit

"""CIFAR-10 and CIFAR-100: 60,000 small colour pictures each."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..pillow import image_of
from .utils import check_integrity, download_and_extract_archive
from .vision import VisionDataset

_ALLOWED = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),
}


class _Unpickler(pickle.Unpickler):
    """Reads the batches' format and nothing else: a pickle could run any code otherwise."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module, name)


def _read(path: str) -> dict[str, Any]:
    """The dict in one of the files. Raises ValueError when it is damaged."""
    try:
        with open(path, "rb") as file:
            content = _Unpickler(file, encoding="latin1").load()
    except (pickle.UnpicklingError, EOFError, ValueError, IndexError, KeyError) as error:
        raise ValueError(f"{path} is damaged or no file of this dataset: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path} is no file of this dataset: it holds a {type(content).__name__}")
    return content


def _channels_last(parts: list[np.ndarray]) -> np.ndarray:
    """Rows of 3x32x32 bytes as pictures (N, 32, 32, 3)."""
    data = np.empty((sum(len(part) for part in parts), 1024, 3), np.uint8)
    begin = 0
    for part in parts:
        for channel in range(3):  # plane by plane, which numpy copies three times as fast
            plane = part[:, 1024 * channel : 1024 * (channel + 1)]
            data[begin : begin + len(part), :, channel] = plane
        begin += len(part)
    return data.reshape(-1, 32, 32, 3)


class CIFAR10(VisionDataset):
    """60,000 pictures of 32x32 pixels in 10 classes (Krizhevsky, 2009).

    Reads `root/cifar-10-batches-py`. `data` is a uint8 array (N, 32, 32, 3), `targets` a list; a
    sample is an image and an int. A subclass may name other files and checksums. Raises
    RuntimeError when the files are not there with the right MD5, ValueError when they are damaged.
    """

    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    filename = "cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list = [
        ["data_batch_1", "c99cafc152244af753f735de768cd75f"],
        ["data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"],
        ["data_batch_3", "54ebc095f3ab1f0389bbae665268c751"],
        ["data_batch_4", "634d18415352ddfa80567beed471001a"],
        ["data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"],
    ]
    test_list = [
        ["test_batch", "40351d587109b95175f43aff81a1287e"],
    ]
    meta = {
        "filename": "batches.meta",
        "key": "label_names",
        "md5": "5ff9c542aee3614f3951f8cda6e48888",
    }

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        elif not self._check_integrity():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it"
            )
        self._load_meta()
        self.data, self.targets = self._load_data()

    def _path(self, name: str) -> str:
        return os.path.join(self.root, self.base_folder, name)  # type: ignore[arg-type]

    def _load_meta(self) -> None:
        path = self._path(self.meta["filename"])
        if not check_integrity(path, self.meta["md5"]):
            raise RuntimeError(
                "Dataset metadata file not found or corrupted."
                " You can use download=True to download it"
            )
        self.classes: list[str] = _read(path)[self.meta["key"]]
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}

    def _load_data(self) -> tuple[np.ndarray, list[int]]:
        parts, targets = [], []
        for name, _ in self.train_list if self.train else self.test_list:
            path = self._path(name)
            entry = _read(path)
            labels = entry.get("labels", entry.get("fine_labels"))
            pixels = entry.get("data")
            if not isinstance(pixels, np.ndarray) or not isinstance(labels, list):
                raise ValueError(f"{path} is no file of this dataset: no pictures or no labels")
            if pixels.dtype != np.uint8 or pixels.shape != (len(labels), 3072):
                raise ValueError(
                    f"{path} holds {len(labels)} labels but pictures of {pixels.dtype} "
                    f"{pixels.shape}"
                )
            wrong = [label for label in labels if not 0 <= label < len(self.classes)]
            if wrong:
                raise ValueError(
                    f"{path}: label {wrong[0]} is not one of the {len(self.classes)} classes"
                )
            parts.append(pixels)
            targets.extend(labels)
        return _channels_last(parts), targets

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        return self._transformed(image_of(self.data[index]), self.targets[index])

    def __len__(self) -> int:
        return len(self.data)

    def _check_integrity(self) -> bool:
        return all(
            check_integrity(self._path(name), md5) for name, md5 in self.train_list + self.test_list
        )

    def download(self) -> None:
        """Download and unpack the archive, unless its files are there."""
        if self._check_integrity():
            print("Files already downloaded and verified")
            return
        download_and_extract_archive(
            self.url,
            self.root,  # type: ignore[arg-type]
            filename=self.filename,
            md5=self.tgz_md5,
        )

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train is True else 'Test'}"


class CIFAR100(CIFAR10):
    """60,000 pictures of 32x32 pixels in 100 classes (Krizhevsky, 2009)."""

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    filename = "cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list = [
        ["train", "16019d7e3df5f24257cddd939b257f8d"],
    ]
    test_list = [
        ["test", "f0ef6b0ae62326f3e7ffdfab6717acfc"],
    ]
    meta = {
        "filename": "meta",
        "key": "fine_label_names",
        "md5": "7973b15100ade9c7d40fb424638fde48",
    }

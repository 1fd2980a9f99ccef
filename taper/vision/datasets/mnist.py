"""MNIST and the sets in its format: Fashion-MNIST, Kuzushiji-MNIST and EMNIST."""

from __future__ import annotations

import math
import os
import shutil
import string
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ...functions.creation import from_numpy
from ...tensor import Tensor
from ..pillow import image_of
from .utils import (
    check_integrity,
    download_and_extract_archive,
    extract_archive,
    verify_str_arg,
)
from .vision import VisionDataset

_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_idx(path: str | os.PathLike) -> np.ndarray:
    """The array in a file of the IDX format (http://yann.lecun.com/exdb/mnist).

    Raises ValueError when the file is not one, or holds more or less than its header says.
    """
    data = Path(path).read_bytes()
    kind = _TYPES.get(data[2]) if len(data) >= 4 and data[:2] == b"\0\0" else None
    begin = 4 + 4 * data[3] if kind else 0
    if not kind or len(data) < begin:
        raise ValueError(f"{path} is not a file of the IDX format")
    shape = tuple(np.frombuffer(data, ">u4", data[3], 4).tolist())
    expected = begin + math.prod(shape) * np.dtype(kind).itemsize
    if len(data) != expected:
        raise ValueError(
            f"{path} is damaged: its header says shape {shape}, which is {expected} bytes, "
            f"but it has {len(data)}"
        )
    array = np.frombuffer(data, kind, offset=begin).reshape(shape)
    return array.astype(array.dtype.newbyteorder("="))


class MNIST(VisionDataset):
    """70,000 handwritten digits of 28x28 pixels (LeCun, Cortes and Burges).

    Reads `root/MNIST/raw/*-ubyte`. `data` is a uint8 tensor (N, 28, 28), `targets` an int64 tensor
    (N,); a sample is an image and an int. Raises RuntimeError when the files are not there, and
    ValueError when they are damaged.
    """

    mirrors = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ]
    resources = [
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ]
    training_file = "training.pt"
    test_file = "test.pt"
    classes = [
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
    ]

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
        if not self._check_exists():
            raise RuntimeError("Dataset not found. You can use download=True to download it")
        self.data, self.targets = self._load_data()

    def _file(self, content: str) -> str:
        return f"{'train' if self.train else 't10k'}-{content}-ubyte"

    def _load_data(self) -> tuple[Tensor, Tensor]:
        images_path = os.path.join(self.raw_folder, self._file("images-idx3"))
        labels_path = os.path.join(self.raw_folder, self._file("labels-idx1"))
        images, labels = read_idx(images_path), read_idx(labels_path)
        if images.dtype != np.uint8 or images.ndim != 3:
            raise ValueError(f"{images_path} holds no images: {images.dtype} {images.shape}")
        if labels.dtype != np.uint8 or labels.shape != images.shape[:1]:
            raise ValueError(
                f"{labels_path} holds no labels of {len(images)} images: "
                f"{labels.dtype} {labels.shape}"
            )
        wrong = np.flatnonzero(labels >= len(self.classes))
        if wrong.size:
            raise ValueError(
                f"{labels_path}: label {labels[wrong[0]]} at index {wrong[0]} is not one of "
                f"the {len(self.classes)} classes"
            )
        return from_numpy(images), from_numpy(labels.astype(np.int64))

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image, target = _array(self.data)[index], int(self.targets[index])
        return self._transformed(image_of(image), target)

    def __len__(self) -> int:
        return len(self.data)

    @property
    def raw_folder(self) -> str:
        """Where the files lie."""
        return os.path.join(self.root, type(self).__name__, "raw")  # type: ignore[arg-type]

    @property
    def processed_folder(self) -> str:
        """Where older versions kept a copy; nothing is written there."""
        return os.path.join(self.root, type(self).__name__, "processed")  # type: ignore[arg-type]

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class."""
        return {name: i for i, name in enumerate(self.classes)}

    @property
    def train_labels(self) -> Tensor:
        """The older name of `targets`."""
        warnings.warn("train_labels has been renamed targets")
        return self.targets

    @property
    def test_labels(self) -> Tensor:
        """The older name of `targets`."""
        warnings.warn("test_labels has been renamed targets")
        return self.targets

    @property
    def train_data(self) -> Tensor:
        """The older name of `data`."""
        warnings.warn("train_data has been renamed data")
        return self.data

    @property
    def test_data(self) -> Tensor:
        """The older name of `data`."""
        warnings.warn("test_data has been renamed data")
        return self.data

    def _check_exists(self) -> bool:
        return all(
            check_integrity(os.path.join(self.raw_folder, os.path.splitext(name)[0]))
            for name, _ in self.resources
        )

    def download(self) -> None:
        """Download the files, unless they are there, from the first mirror that has them."""
        if self._check_exists():
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        for name, md5 in self.resources:
            for mirror in self.mirrors:
                try:
                    download_and_extract_archive(
                        mirror + name, self.raw_folder, filename=name, md5=md5
                    )
                    break
                except RuntimeError as error:
                    if mirror == self.mirrors[-1]:
                        raise
                    print(f"Failed to download (trying next):\n{error}\n")

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train is True else 'Test'}"


def _array(data: Any) -> np.ndarray:
    """The pixels as an array, also where the user has put one in place of the tensor."""
    return data._array() if isinstance(data, Tensor) else np.asarray(data)


class FashionMNIST(MNIST):
    """70,000 pictures of clothes of 28x28 pixels (Xiao, Rasul and Vollgraf, arXiv:1708.07747)."""

    mirrors = ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"]
    resources = [
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ]
    classes = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]


class KMNIST(MNIST):
    """70,000 cursive Japanese characters of 28x28 pixels (Clanuwat and others, 1812.01718)."""

    mirrors = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"]
    resources = [
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    ]
    classes = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]


_MERGED = sorted(set(string.digits + string.ascii_letters) - set("cijklmopsuvwxyz"))


class EMNIST(MNIST):
    """Handwritten letters and digits of 28x28 pixels (Cohen and others, arXiv:1702.05373).

    `split` is one of byclass, bymerge, balanced, letters, digits, mnist. The images lie on their
    side, as in the original files.
    """

    url = "https://biometrics.nist.gov/cs_links/EMNIST/gzip.zip"
    md5 = "58c8d27c78d21e728a6bc7b3cc06412e"
    splits = ("byclass", "bymerge", "balanced", "letters", "digits", "mnist")
    classes_split_dict = {
        "byclass": sorted(string.digits + string.ascii_letters),
        "bymerge": _MERGED,
        "balanced": _MERGED,
        "letters": ["N/A", *string.ascii_lowercase],
        "digits": list(string.digits),
        "mnist": list(string.digits),
    }

    def __init__(self, root: str | Path, split: str, **kwargs: Any) -> None:
        self.split = verify_str_arg(split, "split", self.splits)
        self.classes = self.classes_split_dict[self.split]
        super().__init__(root, **kwargs)

    def _file(self, content: str) -> str:
        return f"emnist-{self.split}-{'train' if self.train else 'test'}-{content}-ubyte"

    def _check_exists(self) -> bool:
        return all(
            check_integrity(os.path.join(self.raw_folder, self._file(content)))
            for content in ("images-idx3", "labels-idx1")
        )

    def download(self) -> None:
        """Download and unpack the one archive with all the splits, unless the files are there."""
        if self._check_exists():
            return
        os.makedirs(self.raw_folder, exist_ok=True)
        download_and_extract_archive(self.url, self.raw_folder, md5=self.md5)
        packed = Path(self.raw_folder) / "gzip"
        for file in sorted(packed.glob("*.gz")):
            extract_archive(file, self.raw_folder)
        shutil.rmtree(packed)

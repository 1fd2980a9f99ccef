"""Datasets: their files, their samples, and what is said of files that are not right."""

import gzip
import hashlib
import pickle
import struct

import numpy as np
import pytest

import taper
from taper.vision import datasets, transforms
from taper.vision.datasets.mnist import read_idx

Image = pytest.importorskip("PIL.Image")


def idx(array):
    kinds = {"uint8": 8, "int16": 11, "float32": 13}
    head = struct.pack(">HBB", 0, kinds[array.dtype.name], array.ndim)
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return head + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (6, 28, 28), np.uint8)
LABELS = np.array([3, 1, 4, 1, 5, 9], np.uint8)


@pytest.fixture
def mnist(tmp_path):
    """The folder of a small MNIST: six pictures to learn from, four to test."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "train-images-idx3-ubyte").write_bytes(idx(PICTURES))
    (raw / "train-labels-idx1-ubyte").write_bytes(idx(LABELS))
    (raw / "t10k-images-idx3-ubyte").write_bytes(idx(PICTURES[:4]))
    (raw / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS[:4]))
    return tmp_path


def test_mnist(mnist):
    rows = datasets.MNIST(mnist)
    assert len(rows) == 6 and len(datasets.MNIST(mnist, train=False)) == 4
    assert rows.data.dtype == taper.uint8 and rows.data.shape == (6, 28, 28)
    assert rows.targets.dtype == taper.int64 and rows.targets.tolist() == LABELS.tolist()
    image, label = rows[2]
    assert image.mode == "L" and label == 4 and type(label) is int
    assert np.array_equal(np.asarray(image), PICTURES[2])
    assert rows.class_to_idx["9 - nine"] == 9
    with pytest.warns(UserWarning, match="train_labels has been renamed targets"):
        assert rows.train_labels is rows.targets


def test_mnist_transformed(mnist):
    rows = datasets.MNIST(
        mnist, transform=transforms.ToTensor(), target_transform=lambda label: -label
    )
    image, label = rows[0]
    assert image.shape == (1, 28, 28) and label == -3
    assert np.array_equal(image.numpy()[0], PICTURES[0].astype(np.float32) / np.float32(255))


def test_mnist_with_other_data(mnist):
    rows = datasets.MNIST(mnist)
    rows.data = rows.data[:2]
    rows.targets[1] = 7
    assert len(rows) == 2 and rows[1][1] == 7
    rows.data = PICTURES[3:]
    assert np.array_equal(np.asarray(rows[0][0]), PICTURES[3])


def test_text_of_a_dataset(mnist):
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    assert repr(datasets.MNIST(str(mnist), transform=transform)) == (
        "Dataset MNIST\n"
        "    Number of datapoints: 6\n"
        f"    Root location: {mnist}\n"
        "    Split: Train\n"
        "    StandardTransform\n"
        "Transform: Compose(\n"
        "               ToTensor()\n"
        "               Normalize(mean=(0.5,), std=(0.5,))\n"
        "           )"
    )


def test_mnist_that_is_not_there(tmp_path):
    with pytest.raises(RuntimeError, match=r"Dataset not found. You can use download=True to down"):
        datasets.MNIST(tmp_path)


def damage(mnist, name, content):
    (mnist / "MNIST" / "raw" / name).write_bytes(content)


def test_mnist_truncated(mnist):
    damage(mnist, "train-images-idx3-ubyte", idx(PICTURES)[:-100])
    with pytest.raises(ValueError, match=r"train-images.* is damaged: .*\(6, 28, 28\).*4720.*4620"):
        datasets.MNIST(mnist)


@pytest.mark.parametrize("content", [b"", b"\0\0", b"<html>not found</html>", b"\0\0\x08\x03\0\0"])
def test_mnist_that_is_something_else(mnist, content):
    damage(mnist, "train-images-idx3-ubyte", content)
    with pytest.raises(ValueError, match="is not a file of the IDX format"):
        datasets.MNIST(mnist)


def test_mnist_with_wrong_labels(mnist):
    damage(mnist, "train-labels-idx1-ubyte", idx(np.array([0, 1, 2, 17, 4, 5], np.uint8)))
    with pytest.raises(ValueError, match="label 17 at index 3 is not one of the 10 classes"):
        datasets.MNIST(mnist)
    damage(mnist, "train-labels-idx1-ubyte", idx(LABELS[:5]))
    with pytest.raises(ValueError, match="holds no labels of 6 images"):
        datasets.MNIST(mnist)
    damage(mnist, "train-images-idx3-ubyte", idx(LABELS))
    with pytest.raises(ValueError, match="holds no images"):
        datasets.MNIST(mnist)


def test_idx_of_other_types(tmp_path):
    for array in (np.array([[1, -2]], np.int16), np.array([0.5, 2], np.float32)):
        (tmp_path / "file").write_bytes(idx(array))
        got = read_idx(tmp_path / "file")
        assert np.array_equal(got, array) and got.dtype == array.dtype


def packed_mnist(folder, name):
    """A mirror of the small MNIST, and a class that asks it."""
    folder.mkdir()
    files = {
        "train-images-idx3-ubyte.gz": PICTURES,
        "train-labels-idx1-ubyte.gz": LABELS,
        "t10k-images-idx3-ubyte.gz": PICTURES[:4],
        "t10k-labels-idx1-ubyte.gz": LABELS[:4],
    }
    resources = []
    for file, array in files.items():
        content = gzip.compress(idx(array), mtime=0)
        (folder / file).write_bytes(content)
        resources.append((file, hashlib.md5(content).hexdigest()))
    mirrors = [(folder / "missing").as_uri() + "/", folder.as_uri() + "/"]
    return type(name, (datasets.MNIST,), {"mirrors": mirrors, "resources": resources})


def test_mnist_download(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(datasets.utils.time, "sleep", lambda seconds: None)
    kind = packed_mnist(tmp_path / "mirror", "Small")
    rows = kind(tmp_path / "data", download=True)
    assert len(rows) == 6 and rows.raw_folder == str(tmp_path / "data" / "Small" / "raw")
    assert "Failed to download (trying next)" in capsys.readouterr().out
    (tmp_path / "mirror").rename(tmp_path / "gone")
    assert len(kind(tmp_path / "data", train=False, download=True)) == 4
    kind.mirrors = kind.mirrors[:1]
    with pytest.raises(RuntimeError, match=r"Error downloading train-images-idx3.*\n.*put"):
        kind(tmp_path / "elsewhere", download=True)


def test_emnist(tmp_path):
    raw = tmp_path / "EMNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / "emnist-letters-train-images-idx3-ubyte").write_bytes(idx(PICTURES))
    (raw / "emnist-letters-train-labels-idx1-ubyte").write_bytes(idx(LABELS + 10))
    rows = datasets.EMNIST(tmp_path, "letters")
    assert len(rows) == 6 and rows.classes[rows[0][1]] == "m"
    assert len(datasets.EMNIST.classes_split_dict["balanced"]) == 47
    with pytest.raises(ValueError, match="Unknown value 'words' for argument split"):
        datasets.EMNIST(tmp_path, "words")


def entry(count, labels="labels", wrong=None):
    pixels = np.random.default_rng(count).integers(0, 256, (count, 3072), np.uint8)
    numbers = [i % 3 for i in range(count)]
    if wrong is not None:
        numbers[1] = wrong
    return {"data": pixels, labels: numbers, "batch_label": "a batch"}


def cifar(root, batches, names=("cat", "dog", "frog"), base=datasets.CIFAR10):
    """A class like CIFAR-10 whose files are these."""
    folder = root / base.base_folder
    folder.mkdir()
    lists = {"train_list": [], "test_list": []}
    for name, content in batches.items():
        content = content if isinstance(content, bytes) else pickle.dumps(content, protocol=2)
        (folder / name).write_bytes(content)
        kind = "test_list" if name.startswith("test") else "train_list"
        lists[kind].append([name, hashlib.md5(content).hexdigest()])
    meta = pickle.dumps({base.meta["key"]: list(names)}, protocol=2)
    (folder / base.meta["filename"]).write_bytes(meta)
    lists["meta"] = {**base.meta, "md5": hashlib.md5(meta).hexdigest()}
    return type(base.__name__, (base,), lists)


def test_cifar10(tmp_path):
    first, second = entry(4), entry(3)
    kind = cifar(tmp_path, {"data_batch_1": first, "data_batch_2": second, "test_batch": entry(2)})
    rows = kind(str(tmp_path))
    assert len(rows) == 7 and len(kind(tmp_path, train=False)) == 2
    assert rows.data.shape == (7, 32, 32, 3) and rows.targets == [0, 1, 2, 0, 0, 1, 2]
    image, label = rows[5]
    assert image.mode == "RGB" and label == 1
    expected = second["data"][1].reshape(3, 32, 32).transpose(1, 2, 0)
    assert np.array_equal(np.asarray(image), expected)
    assert rows.classes == ["cat", "dog", "frog"] and rows.class_to_idx["frog"] == 2
    assert "Split: Train" in repr(rows)


def test_cifar100(tmp_path):
    batches = {"train": entry(4, "fine_labels"), "test": entry(2, "fine_labels")}
    kind = cifar(tmp_path, batches, base=datasets.CIFAR100)
    assert kind(tmp_path).targets == [0, 1, 2, 0]


def test_cifar_lists_are_the_official_ones():
    assert datasets.CIFAR10.tgz_md5 == "c58f30108f718f92721af3b95e74349a"
    assert [name for name, _ in datasets.CIFAR10.train_list] == [
        f"data_batch_{i}" for i in range(1, 6)
    ]
    assert datasets.CIFAR10.meta["filename"] == "batches.meta"


def test_cifar_already_there(tmp_path, capsys):
    kind = cifar(tmp_path, {"data_batch_1": entry(4), "test_batch": entry(2)})
    kind(tmp_path, download=True)
    assert capsys.readouterr().out == "Files already downloaded and verified\n"


def test_cifar_with_another_checksum(tmp_path):
    kind = cifar(tmp_path, {"data_batch_1": entry(4), "test_batch": entry(2)})
    with open(tmp_path / kind.base_folder / "data_batch_1", "ab") as file:
        file.write(b"x")
    with pytest.raises(RuntimeError, match=r"Dataset not found or corrupted. You can use download"):
        kind(tmp_path)
    with pytest.raises(RuntimeError, match=r"Dataset not found or corrupted. You can use download"):
        datasets.CIFAR10(tmp_path / "missing")


def test_cifar_with_other_class_names(tmp_path):
    kind = cifar(tmp_path, {"data_batch_1": entry(4), "test_batch": entry(2)})
    (tmp_path / kind.base_folder / "batches.meta").write_bytes(b"x")
    with pytest.raises(RuntimeError, match="Dataset metadata file not found or corrupted"):
        kind(tmp_path)


class Evil:
    def __reduce__(self):
        return print, ("this must not be printed",)


DAMAGED = {
    "truncated": (pickle.dumps(entry(4), protocol=2)[:-500], "is damaged or no file of this"),
    "empty": (b"", "is damaged or no file of this dataset"),
    "no pickle": (b"<html>", "is damaged or no file of this dataset"),
    "code": (pickle.dumps({"data": Evil()}, protocol=2), "it asks for"),
    "no dict": (pickle.dumps([1, 2], protocol=2), "it holds a list"),
    "no labels": ({"data": entry(4)["data"]}, "no pictures or no labels"),
    "too few": ({**entry(4), "labels": [0]}, r"1 labels but pictures of uint8 \(4, 3072\)"),
    "label out of range": (entry(4, wrong=3), "label 3 is not one of the 3 classes"),
    "negative label": (entry(4, wrong=-1), "label -1 is not one of the 3 classes"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_cifar_damaged(tmp_path, what, capsys):
    content, message = DAMAGED[what]
    kind = cifar(tmp_path, {"data_batch_1": content, "test_batch": entry(2)})
    with pytest.raises(ValueError, match=message):
        kind(tmp_path)
    assert capsys.readouterr().out == ""


def test_cifar_download(tmp_path, monkeypatch):
    import tarfile

    monkeypatch.setattr(datasets.utils.time, "sleep", lambda seconds: None)
    (tmp_path / "made").mkdir()
    kind = cifar(tmp_path / "made", {"data_batch_1": entry(4), "test_batch": entry(2)})
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "made" / kind.base_folder, kind.base_folder)
    kind.url = (tmp_path / "a.tar.gz").as_uri()
    kind.filename = "a.tar.gz"
    kind.tgz_md5 = hashlib.md5((tmp_path / "a.tar.gz").read_bytes()).hexdigest()
    assert len(kind(tmp_path / "data", download=True)) == 4
    kind.tgz_md5 = "0" * 32
    with pytest.raises(RuntimeError, match="File not found or corrupted"):
        kind(tmp_path / "other", download=True)


@pytest.fixture
def folder(tmp_path):
    for name, shade in (("dog/b.png", 10), ("dog/a.PNG", 20), ("cat/deep/c.jpg", 30)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (5, 4), shade).save(path)
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    return tmp_path


def test_image_folder(folder):
    rows = datasets.ImageFolder(folder, transform=transforms.ToTensor())
    assert rows.classes == ["cat", "dog"] and rows.targets == [0, 1, 1]
    assert [path.rsplit("/", 1)[1] for path, _ in rows.imgs] == ["c.jpg", "a.PNG", "b.png"]
    image, label = rows[1]
    assert image.shape == (3, 4, 5) and label == 1
    assert image.mul(255).round().unique().tolist() == [20.0]


def test_dataset_folder(folder):
    rows = datasets.DatasetFolder(
        folder, lambda path: path[-5:], extensions=(".txt",), allow_empty=True
    )
    assert [rows[i] for i in range(len(rows))] == [("s.txt", 0)]
    chosen = datasets.ImageFolder(
        folder, is_valid_file=lambda path: path.endswith("b.png"), allow_empty=True
    )
    assert len(chosen) == 1


def test_folders_that_are_not_right(folder, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder in"):
        datasets.ImageFolder(empty)
    (folder / "bird").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no valid file for the classes bird\. Supported"):
        datasets.ImageFolder(folder)
    assert len(datasets.ImageFolder(folder, allow_empty=True)) == 3
    with pytest.raises(ValueError, match="Both extensions and is_valid_file cannot be None or not"):
        datasets.DatasetFolder(folder, len)


def test_an_image_that_is_none(folder):
    (folder / "dog" / "a.PNG").write_text("no image")
    rows = datasets.ImageFolder(folder)
    with pytest.raises(OSError, match="cannot identify image file"):
        rows[1]
    whole = (folder / "dog" / "b.png").read_bytes()
    (folder / "dog" / "b.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OSError):
        rows[2]


def test_digits():
    train, test = datasets.Digits(), datasets.Digits(train=False)
    assert (len(train), len(test)) == (1437, 360)
    assert train.data.shape == (1437, 8, 8) and train.data.dtype == taper.uint8
    assert train.data.max().item() == 255 and train.data.min().item() == 0
    counts = np.bincount(train.targets.numpy()) + np.bincount(test.targets.numpy())
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    image, label = train[0]
    assert image.size == (8, 8) and label == 0
    assert np.asarray(image)[0].tolist() == [0, 0, 80, 207, 143, 16, 0, 0]
    assert "Number of datapoints: 1437" in repr(train)


def test_fake_data():
    taper.manual_seed(1)
    rows = datasets.FakeData(5, (3, 6, 7), 4, transform=transforms.ToTensor())
    first = taper.rand(1).item()
    taper.manual_seed(1)
    image, label = rows[2]
    assert taper.rand(1).item() == first
    assert image.shape == (3, 6, 7) and 0 <= label < 4 and type(label) is int
    assert taper.equal(image, rows[2][0]) and not taper.equal(image, rows[3][0])
    with pytest.raises(IndexError, match="FakeData index out of range"):
        rows[5]


def test_vision_dataset_takes_one_kind_of_transform():
    with pytest.raises(ValueError, match="Only transforms or transform/target_transform can be"):
        datasets.VisionDataset("root", transforms=len, transform=len)

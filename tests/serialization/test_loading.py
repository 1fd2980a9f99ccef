"""The arguments of `load`, and what it says when they do not fit."""

import io
import pickle
from types import SimpleNamespace

import numpy as np
import pytest

from taper.devices import device
from taper.serialization import (
    add_safe_globals,
    clear_safe_globals,
    get_safe_globals,
    get_unsafe_globals_in_checkpoint,
    load,
    safe_globals,
    save,
)


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y


class Slotted:
    __slots__ = ("a",)


@pytest.fixture(autouse=True)
def no_user_globals():
    clear_safe_globals()
    yield
    clear_safe_globals()


@pytest.mark.parametrize(
    "map_location",
    ["cpu", device("cpu"), {"cpu": "cpu"}, {"cuda:0": "cpu"}, lambda s, _: s, lambda s, _: None],
)
def test_map_location(kit, map_location):
    data = kit.saved(kit.tensor([1.0, 2.0]))
    assert kit.loaded(data, map_location=map_location).tolist() == [1, 2]


def test_map_location_gets_storage_and_tag(kit):
    seen = []

    def place(storage, location):
        seen.append((storage.nbytes(), storage.size(), str(storage.device), location))
        return storage.cpu()

    kit.loaded(kit.saved([kit.tensor([1.0, 2.0]), kit.tensor([1], "int64")]), map_location=place)
    assert seen == [(8, 2, "cpu", "cpu"), (8, 1, "cpu", "cpu")]


def test_map_location_meta(kit):
    found = kit.loaded(kit.saved(kit.tensor([1.0, 2.0])), map_location="meta")
    assert found.device.type == "meta" and found.shape == (2,)


@pytest.mark.parametrize(
    "map_location, message",
    [
        ("cuda", r"on a CUDA device but torch.cuda.is_available\(\) is False"),
        (device("cuda:0"), r"use torch.load with map_location=torch.device\('cpu'\)"),
        ("bogus", r"don't know how to restore data location of .* \(tagged with bogus\)"),
        ({"cpu": "foo"}, r"\(tagged with foo\)"),
        ("cpu:0", r"\(tagged with cpu:0\)"),
    ],
)
def test_unknown_locations(kit, map_location, message):
    with pytest.raises(RuntimeError, match=message):
        kit.loaded(kit.saved(kit.tensor([1.0])), map_location=map_location)
    with pytest.raises(TypeError, match="must return a storage or None"):
        kit.loaded(kit.saved(kit.tensor([1.0])), map_location=lambda s, _: 3)


def test_a_file_from_a_gpu(kit):
    data = kit.saved(kit.tensor([1.0]))
    moved = kit.changed(
        data, {"data.pkl": lambda d: d.replace(b"\x03\0\0\0cpu", b"\x06\0\0\0cuda:0")}
    )
    with pytest.raises(RuntimeError, match="on a CUDA device"):
        kit.loaded(moved)
    assert kit.loaded(moved, map_location={"cuda:0": "cpu"}).item() == 1


def test_mmap(kit, tmp_path):
    save({"a": kit.tensor(np.arange(1000.0))}, tmp_path / "a.pth")
    found = load(tmp_path / "a.pth", mmap=True)["a"]
    base = found._storage.array()
    while isinstance(base.base, np.ndarray):
        base = base.base
    assert isinstance(base, np.memmap)
    np.testing.assert_array_equal(kit.array(found), np.arange(1000))
    with pytest.raises(ValueError, match="f must be a file path in order to use the mmap"):
        kit.loaded(kit.saved(1), mmap=True)
    save(1, tmp_path / "b.pth", _use_new_zipfile_serialization=False)
    with pytest.raises(RuntimeError, match="mmap can only be used with files saved with"):
        load(tmp_path / "b.pth", mmap=True)


def test_file_objects(kit, tmp_path):
    with open(tmp_path / "a.pth", "wb") as file:
        save(kit.tensor([1.0]), file)
    for name in (str(tmp_path / "a.pth"), tmp_path / "a.pth"):
        assert load(name).item() == 1
    with open(tmp_path / "a.pth", "rb") as file:
        assert load(file).item() == 1
    with open(tmp_path / "b.pth", "wb") as file:
        file.write(b"header")
        save(kit.tensor([2.0]), file)
    with open(tmp_path / "b.pth", "rb") as file:
        file.seek(6)
        assert load(file).item() == 2


def test_a_file_that_only_reads(kit):
    class Bare:
        def __init__(self, data):
            file = io.BytesIO(data)
            self.read, self.readline = file.read, file.readline
            self.seek, self.tell = file.seek, file.tell

    assert load(Bare(kit.saved(kit.tensor([1.0])))).item() == 1
    legacy = kit.saved(kit.tensor([1.0]), _use_new_zipfile_serialization=False)
    assert load(Bare(legacy)).item() == 1


def test_what_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nowhere.pth")
    with pytest.raises(
        AttributeError, match=r"You can only torch\.load from a file that is seekable"
    ):
        load(3)
    with pytest.raises(TypeError, match="binary mode"):
        load(io.StringIO("text"))
    with pytest.raises(EOFError):
        load(io.BytesIO())
    for weights_only in (True, False):
        with pytest.raises((pickle.UnpicklingError, RuntimeError)):
            load(io.BytesIO(b"hello world"), weights_only=weights_only)


def test_arguments_of_the_unpickler(kit):
    data = kit.saved(1)
    with pytest.raises(TypeError, match="unexpected keyword argument 'foo'"):
        kit.loaded(data, foo=1)
    with pytest.raises(TypeError, match="foo"):
        kit.loaded(data, weights_only=False, foo=1)
    with pytest.raises(RuntimeError, match="explicit pickle_module is specified"):
        kit.loaded(data, weights_only=True, pickle_module=pickle)
    assert kit.loaded(data, pickle_module=pickle) == 1


def test_python_2_strings(kit):
    data = kit.pickled(b"\x80\x02U\x02\xc3\xa9.")
    assert kit.loaded(data) == "é"
    assert kit.loaded(data, encoding="latin1") == "Ã©"
    assert kit.loaded(data, encoding="bytes") == b"\xc3\xa9"


def test_classes_of_the_user(kit):
    data = kit.saved({"p": Point(1, [2])})
    path = f"{__name__}.Point"
    with pytest.raises(pickle.UnpicklingError) as caught:
        kit.loaded(data)
    assert str(caught.value).startswith("Weights only load failed. This file can still be loaded")
    assert (
        f"WeightsUnpickler error: Unsupported global: GLOBAL {path} was not an allowed global by "
        f"default. Please use `torch.serialization.add_safe_globals([{path}])`"
    ) in str(caught.value)
    assert get_unsafe_globals_in_checkpoint(io.BytesIO(data)) == [path]
    with safe_globals([Point]):
        assert get_safe_globals() == [Point]
        found = kit.loaded(data)["p"]
        assert (type(found), found.x, found.y) == (Point, 1, [2])
        assert get_unsafe_globals_in_checkpoint(io.BytesIO(data)) == []
    assert get_safe_globals() == []
    add_safe_globals([(Point, path)])
    assert kit.loaded(data)["p"].y == [2]
    clear_safe_globals()
    with pytest.raises(pickle.UnpicklingError):
        kit.loaded(data)
    assert kit.loaded(data, weights_only=False)["p"].x == 1


def test_slots_of_the_user(kit):
    value = Slotted()
    value.a = 7
    with safe_globals([Slotted]):
        assert kit.loaded(kit.saved(value)).a == 7


def test_numpy_arrays_when_allowed(kit):
    array = np.arange(3.0)
    data = kit.saved(array)
    with pytest.raises(pickle.UnpicklingError, match="_reconstruct was not an allowed global"):
        kit.loaded(data)
    reconstruct = array.__reduce__()[0]
    with safe_globals([reconstruct, np.ndarray, np.dtype, type(array.dtype)]):
        np.testing.assert_array_equal(kit.loaded(data), array)
    np.testing.assert_array_equal(kit.loaded(data, weights_only=False), array)


def test_entries_that_are_no_globals():
    with pytest.raises(ValueError, match="Expected tuple of"):
        add_safe_globals([(Point,)])
    with pytest.raises(TypeError, match="a class or a function"):
        add_safe_globals([3])


def test_whole_objects_round_trip(kit):
    found = kit.loaded(
        kit.saved([Point(kit.tensor([1.0]), SimpleNamespace(a=1))]), weights_only=False
    )
    assert found[0].x.item() == 1 and found[0].y.a == 1
    with pytest.raises(ValueError, match=r"checkpoint returned by torch\.save"):
        get_unsafe_globals_in_checkpoint(io.BytesIO(b"x"))

"""What `save` writes: PyTorch's own bytes, whole or not at all."""

import copy
import errno
import importlib
import io
import json
import os
import pickle
import zipfile
from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest

from taper import dtypes, files
from taper.serialization import load, save
from taper.serialization.names import resolve, written_name


def records(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("name", ["dtypes", "views", "adam", "state"])
def test_same_bytes_as_pytorch(kit, name, tmp_path):
    save(load(kit.golden / f"{name}.pth"), tmp_path / f"{name}.pth")
    theirs = (kit.golden / f"{name}.pth").read_bytes()
    ours = (tmp_path / f"{name}.pth").read_bytes()
    found, expected = records(ours), records(theirs)
    identity = f"{name}/.data/serialization_id"
    assert len(found.pop(identity)) == len(expected.pop(identity)) == 40
    assert found == expected
    end = theirs.index(identity.encode())
    assert len(ours) == len(theirs) and ours[:end] == theirs[:end]


@pytest.mark.parametrize("name", ["containers", "marked"])
def test_written_and_read_again(kit, name):
    value = load(kit.golden / f"{name}.pth")
    found = kit.loaded(kit.saved(value))
    assert repr(found) == repr(value)


@pytest.mark.parametrize("name", ["legacy", "legacy_views"])
def test_legacy_format_again(kit, name):
    value = load(kit.golden / f"{name}.pth")
    data = kit.saved(value, _use_new_zipfile_serialization=False)
    assert not data.startswith(b"PK")
    for weights_only in (True, False):
        found = kit.loaded(data, weights_only=weights_only)
        for key, tensor in value.items():
            assert found[key].dtype is tensor.dtype and found[key].stride() == tensor.stride()
            np.testing.assert_array_equal(kit.array(found[key]), kit.array(tensor))


def test_legacy_format_refuses_newer_dtypes(kit):
    with pytest.raises(RuntimeError, match=r"legacy format cannot hold tensors of torch.uint16"):
        kit.saved(kit.tensor([1], "uint16"), _use_new_zipfile_serialization=False)


def test_two_objects_in_one_legacy_file(kit):
    file = io.BytesIO()
    for value in (1, 2):
        save(kit.tensor([value]), file, _use_new_zipfile_serialization=False)
    file.seek(0)
    assert [load(file).item(), load(file).item()] == [1, 2]


def test_records_are_aligned_and_stored(kit):
    data = kit.saved([kit.tensor([1.0]), kit.tensor([True], "bool")])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            assert info.compress_type == zipfile.ZIP_STORED
            start = info.header_offset
            sizes = np.frombuffer(data[start + 26 : start + 30], np.uint16).sum()
            assert (start + 30 + sizes) % 64 == 0


def test_same_object_same_bytes(kit):
    assert kit.saved({"a": kit.tensor([1.0])}) == kit.saved({"a": kit.tensor([1.0])})


@pytest.mark.parametrize(
    "name, folder",
    [
        ("a.pth", "a"),
        ("model.tar.gz", "model.tar"),
        ("noext", "noext"),
        ("a b.pth", "a b"),
        ("é.pth", "archive"),
        (".hid", "archive"),
    ],
)
def test_folder_in_the_archive(tmp_path, name, folder):
    save(1, tmp_path / name)
    assert next(iter(records((tmp_path / name).read_bytes()))) == f"{folder}/data.pkl"


def test_shared_storages_have_one_record(kit):
    weight = kit.tensor([[1.0, 2.0], [3.0, 4.0]])
    data = kit.saved({"a": weight, "b": weight.detach(), "c": kit.tensor([5.0])})
    assert [n for n in records(data) if "/data/" in n] == ["archive/data/0", "archive/data/1"]
    found = kit.loaded(data)
    assert found["a"]._storage is found["b"]._storage
    assert found["a"] is not found["b"]


def test_one_storage_as_two_dtypes_is_refused(kit):
    tensor = kit.tensor([1.0, 2.0])
    other = tensor.detach()
    other._dtype = dtypes.int32
    with pytest.raises(RuntimeError, match="view the same data as different types"):
        kit.saved([tensor, other])


def test_disk_full_leaves_the_old_file(kit, tmp_path, monkeypatch):
    path = tmp_path / "model.pth"
    save("old", path)

    class Full(io.FileIO):
        def write(self, data):
            if self.tell() > 200:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    monkeypatch.setattr(files, "open", lambda p, mode, **_: Full(p, mode), raising=False)
    with pytest.raises(OSError, match="No space left"):
        save(kit.tensor(np.zeros(1000)), path)
    monkeypatch.undo()
    assert load(path) == "old" and os.listdir(tmp_path) == ["model.pth"]


def test_an_object_that_cannot_be_pickled_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.pth"
    save("old", path)
    with pytest.raises((AttributeError, pickle.PicklingError), match="pickle"):
        save(lambda: 1, path)
    assert load(path) == "old" and os.listdir(tmp_path) == ["model.pth"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link.pth").symlink_to(tmp_path / "target.pth")
    save(1, tmp_path / "link.pth")
    assert (tmp_path / "link.pth").is_symlink() and load(tmp_path / "target.pth") == 1


def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(RuntimeError, match=r"Parent directory .*nowhere does not exist\."):
        save(1, tmp_path / "nowhere" / "a.pth")
    with pytest.raises(RuntimeError, match="Is a directory"):
        save(1, tmp_path)
    for target in (3, object()):
        with pytest.raises(AttributeError, match="expected 'f' to be string, path, or a file-like"):
            save(1, target)


def test_plain_pickle_and_copies_keep_sharing(kit):
    a = kit.tensor([[1.0, 2.0], [3.0, 4.0]])
    for protocol in (2, 5):
        b, c = pickle.loads(pickle.dumps([a, a.detach()], protocol))
        assert b._storage is c._storage and kit.array(b).tolist() == [[1, 2], [3, 4]]
    noted = kit.tensor([1.0])
    noted.note = 5
    assert pickle.loads(pickle.dumps(noted)).note == 5
    assert copy.deepcopy({"a": a})["a"]._storage is not a._storage


def test_another_pickle_module(kit):
    module = SimpleNamespace(Pickler=pickle.Pickler, Unpickler=pickle.Unpickler)
    data = kit.saved({"a": kit.tensor([1.0])}, pickle_module=module)
    assert kit.loaded(data, pickle_module=module)["a"].item() == 1


def test_classes_are_named_as_pytorch_names_them(kit):
    """Every public class of a network, optimizer or schedule, by the name PyTorch looks up."""
    wrong, count = {}, 0
    for public, home in json.loads((kit.golden / "homes.json").read_text()).items():
        module, _, name = public.rpartition(".")
        ours = getattr(importlib.import_module("taper" + module[5:]), name, None)
        if isinstance(ours, type):
            count += 1
            if written_name(ours) != tuple(home.rsplit(".", 1)):
                wrong[public] = written_name(ours)
            assert resolve(*home.rsplit(".", 1)) is ours
    assert wrong == {} and count > 150


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_protocols(kit, protocol):
    value = OrderedDict(a=kit.tensor([1.0]), d=dtypes.float32)
    data = kit.saved(value, pickle_protocol=protocol)
    found = kit.loaded(data, weights_only=False)
    assert found["a"].item() == 1 and found["d"] is dtypes.float32


def test_meta_and_gradients(kit):
    tensor = kit.tensor([1.0]).requires_grad_()
    found = kit.loaded(kit.saved(tensor))
    assert found.requires_grad and found.is_leaf
    meta = load(kit.golden / "unusual.pth")["meta"]
    assert kit.loaded(kit.saved(meta)).device.type == "meta"


def test_a_file_without_byteorder(kit):
    data = kit.saved(kit.tensor([1.0]), _disable_byteorder_record=True)
    assert "archive/byteorder" not in records(data) and kit.loaded(data).item() == 1

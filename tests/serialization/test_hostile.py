"""Files made to do harm: they end in a clean error, and nothing of them runs."""

import contextlib
import io
import os
import pickle
import pickletools
import struct
import tarfile
import tracemalloc
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taper.serialization import load
from taper.serialization.unpickler import OPERATIONS

CLEAN = (pickle.UnpicklingError, RuntimeError)
STORAGE = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ"


def number(n):
    return b"J" + struct.pack("<i", n)


def tensor_pickle(offset=b"K\0", size=b"K\x04\x85", stride=b"K\x01\x85", needs=b"\x89"):
    """A pickle of one tensor over a storage of 4 floats."""
    arguments = STORAGE + offset + size + stride + needs + b"ccollections\nOrderedDict\n)R"
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + arguments + b"tR."


class Runs:
    """Pickled, it leaves a file behind when a loader runs code."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


# ---------------------------------------------------------------- code
@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}])
def test_os_system_does_not_run(kit, tmp_path, options):
    data = kit.saved({"weight": kit.tensor([1.0]), "x": Runs(tmp_path / "ran")}, **options)
    module = os.system.__module__
    with pytest.raises(pickle.UnpicklingError) as caught:
        kit.loaded(data)
    assert f"GLOBAL {module}.system whose module {module} is blocked" in str(caught.value)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "path",
    [
        *("builtins eval", "builtins exec", "builtins getattr", "builtins __import__"),
        *("subprocess Popen", "importlib import_module", "operator attrgetter"),
        *("torch load", "torch.serialization load", "torch.hub load", "numpy load"),
        *("functools partial", "types FunctionType", "builtins object", "builtins type"),
    ],
)
def test_no_other_global(kit, path):
    module, name = path.split()
    data = kit.pickled(b"\x80\x02c" + f"{module}\n{name}\n".encode() + b".")
    with pytest.raises(pickle.UnpicklingError, match="was not an allowed global by default"):
        kit.loaded(data)


@pytest.mark.parametrize(
    "body, message",
    [
        (b"ctorch\nfloat32\n)R.", "Trying to call reduce for unrecognized function"),
        (b"ctorch\nFloatStorage\n)R.", "Trying to call reduce for unrecognized function"),
        (b"ctorch\nTensor\n)R.", "Trying to call reduce for unrecognized function"),
        (b"]K\x01R.", "unrecognized function an object of <class 'list'>"),
        (b"cbuiltins\nset\nK\x01R.", "arguments of reduce must be a tuple"),
        (b"cbuiltins\nset\n)\x81.", "Can only create new object for"),
        (b"ctorch\nTensor\n)\x81.", "Can only create new object for"),
        (b"]}b.", "Can only build Tensor, Parameter, OrderedDict or types allowlisted"),
        (b"ctorch\nSize\n}b.", "Can only build"),
        (b"ccollections\nOrderedDict\n)R}X\x05\0\0\0itemsNsb.", "may not set 'items'"),
        (b"ccollections\nOrderedDict\n)R}X\x09\0\0\0__class__Nsb.", "may not set '__class__'"),
        (b"ccollections\nOrderedDict\n)R]b.", "must be a dict"),
        (b"cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.", "cannot be called with arguments"),
        (b"c_codecs\nencode\nX\x01\0\0\0aX\x03\0\0\0hex\x86R.", "cannot be called with"),
        (b"ctorch\nSize\nX\x01\0\0\0a\x85R.", "cannot be called with"),
        (b"ctorch\ndevice\n]\x85R.", "cannot be called with"),
        (b"cbuiltins\ncomplex\nX\x01\0\0\x001\x85R.", "cannot be called with"),
        (b"ccollections\nCounter\n]\x85R.", "cannot be called with"),
        (b"ccollections\nOrderedDict\n]K\x01a\x85R.", "a list of pairs"),
        (b"cbuiltins\nset\n]]a\x85R.", "unhashable"),
        (b"}]Ns.", "unhashable"),
        (b"]K\x01K\x02s.", "Can only SETITEM for dict"),
        (b"](K\x01K\x02u.", "Can only SETITEMS for dict"),
        (b"}(K\x01u.", "odd number of items"),
        (b"}K\x01a.", "Can only append to lists"),
        (b")(K\x01e.", "Can only extend lists"),
        (b"K\x01Q.", "persistent_load id must be tuple or int, but got <class 'int'>"),
        (b")Q.", "Only persistent_load of storage is allowed"),
        (b"X\x06\0\0\0module\x85Q.", "Only persistent_load of storage is allowed"),
        (b"X\x07\0\0\0storage\x85Q.", "persistent id of 5 parts"),
        (b"t.", "could not find MARK"),
        (b"R.", "unexpected end of the stack"),
        (b".", "unexpected end of the stack"),
        (b"h\x05.", "Memo value not found at index 5"),
        (b"q\x05.", "unexpected end of the stack"),
        (b"X\xff\xff\xff\xffa.", "pickle data was truncated"),
        (b"X\x02\0\0\0\xff\xff.", "codec can't decode"),
        (b"cnoend", "pickle data was truncated"),
        (b"c\xff\nx\n.", "is not text"),
        (b"K", "pickle data was truncated"),
        (b"I1\n.", "Unsupported operand 73"),
        (b"cbuiltins\nset\n\x93.", "Unsupported operand 147"),
    ],
)
def test_opcodes_with_wrong_operands(kit, body, message):
    with pytest.raises(pickle.UnpicklingError) as caught:
        kit.loaded(kit.pickled(b"\x80\x02" + body))
    assert message in str(caught.value)
    assert str(caught.value).startswith("Weights only load failed.")


VALUES = [
    *(b"N", b"\x88", b"K\x01", b"G\0\0\0\0\0\0\0\0", b"X\x01\0\0\0a", b"]", b"}", b")", b"\x8f"),
    *(b"ctorch\nSize\n", b"ctorch\nfloat32\n", b"ctorch\nFloatStorage\n", b"ctorch\nTensor\n"),
    *(b"cbuiltins\nset\n", b"ctorch._utils\n_rebuild_tensor_v2\n", b"K\x01\x85", STORAGE),
    tensor_pickle()[2:-1],
    b"ccollections\nOrderedDict\n)R",
]


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("code", sorted(OPERATIONS))
def test_every_opcode_on_every_pair_of_types(kit, code):
    operand = b"\0" * {b"X": 4, b"j": 4, b"r": 4, b"J": 4, b"M": 2, b"G": 8}.get(code, 1)
    tail = b"x\ny\n" if code == b"c" else operand if code in b"\x80hjqrJKMGXU\x8a" else b""
    for first in VALUES:
        for second in VALUES:
            for mark in (b"", b"("):
                data = b"\x80\x02" + first + mark + second + code + tail + b"."
                with contextlib.suppress(CLEAN):
                    kit.loaded(kit.pickled(data, _0=bytes(16)))


# ---------------------------------------------------------------- tensors
def test_the_tensor_itself_is_sound(kit):
    data = kit.pickled(tensor_pickle(), _0=struct.pack("<4f", 1, 2, 3, 4))
    assert kit.loaded(data).tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize(
    "change, message",
    [
        ({"size": b"K\x05\x85"}, r"sizes \[5\], strides \[1\], storage offset 0, and itemsize 4"),
        ({"stride": b"K\x02\x85"}, "requiring a storage size of 28 are out of bounds"),
        ({"offset": b"K\x01"}, "out of bounds for storage of size 16"),
        ({"offset": number(-1)}, "invalid storage offset -1"),
        ({"size": number(-4) + b"\x85"}, r"negative dimension -4: \[-4\]"),
        ({"stride": number(-1) + b"\x85"}, "Negative strides are not supported"),
        ({"size": b"K\x02K\x02\x86"}, "mismatch in length of strides and shape"),
        ({"size": b"\x8a\x09" + b"\xff" * 8 + b"\0\x85", "stride": b"K\0\x85"}, "overflow"),
        ({"offset": b"\x8a\x09" + b"\xff" * 8 + b"\0", "size": b"K\0\x85"}, "overflow"),
        ({"size": b"X\x01\0\0\0a\x85"}, "must be a tuple of integers"),
        ({"stride": b"N"}, "must be a tuple of integers"),
        ({"offset": b"N"}, "integer offset"),
        ({"needs": b"K\x01"}, "bool requires_grad"),
    ],
)
def test_views_outside_the_storage(kit, change, message, weights_only):
    with pytest.raises(CLEAN, match=message):
        kit.loaded(kit.pickled(tensor_pickle(**change), _0=bytes(16)), weights_only=weights_only)


@pytest.mark.parametrize("size", [0, 15, 17, 32])
def test_records_of_another_size(kit, size):
    with pytest.raises(
        RuntimeError, match=rf"record size \({size} bytes\) does not match expected"
    ):
        kit.loaded(kit.pickled(tensor_pickle(), _0=bytes(size)))


def test_a_storage_named_with_two_lengths_or_types(kit):
    other = STORAGE.replace(b"K\x04", b"K\x03"), STORAGE.replace(b"Float", b"Int")
    for second in other:
        with pytest.raises(RuntimeError, match="two lengths or two types"):
            kit.loaded(kit.pickled(b"\x80\x02" + STORAGE + second + b"\x86.", _0=bytes(16)))


def test_a_missing_record(kit):
    with pytest.raises(RuntimeError, match="data/0: file not found"):
        kit.loaded(kit.pickled(tensor_pickle()))


def test_a_huge_length_takes_no_memory(kit):
    huge = STORAGE.replace(b"K\x04", b"\x8a\x08" + b"\xff" * 7 + b"\x7f")
    for change in (b"", b"N"):
        body = huge.replace(b"tQ", change + b"tQ") if change else huge
        data = kit.pickled(b"\x80\x02" + body + b".", _0=bytes(16))
        with pytest.raises(RuntimeError, match="record size"):
            kit.loaded(data)
    legacy = kit.saved(kit.tensor([1.0, 2.0]), _use_new_zipfile_serialization=False)
    tracemalloc.start()
    grown = legacy.replace(b"K\x02N", b"J\xff\xff\xff\x7fN")
    assert grown != legacy
    with pytest.raises(RuntimeError, match="unexpected EOF"):
        kit.loaded(grown)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_a_huge_expanded_tensor_takes_no_memory(kit):
    size = b"\x8a\x06" + struct.pack("<q", 2**40)[:6] + b"\x85"
    found = kit.loaded(kit.pickled(tensor_pickle(size=size, stride=b"K\0\x85"), _0=bytes(16)))
    assert found.shape == (2**40,)


# ---------------------------------------------------------------- bombs
@pytest.mark.parametrize(
    "body",
    [
        b"(" * 100_000 + b".",
        b"]" * 100_000 + b"a" * 99_999 + b".",
        b"K\x01" + b"\x85" * 100_000 + b".",
        b"}K\x01" * 50_000 + b"N" + b"s" * 50_000 + b".",
    ],
)
def test_deep_nesting(kit, body):
    with pytest.raises(pickle.UnpicklingError, match="more than 1000 levels"):
        kit.loaded(kit.pickled(b"\x80\x02" + body))


def test_keys_that_double(kit):
    """A tuple of itself twice, sixty times over, has a hash that takes 2**60 steps."""
    double = b"".join(b"q%ch%c\x86" % (i, i) for i in range(60))
    for use in (
        b"\x80\x02}K\x01" + double + b"Ns.",
        b"\x80\x02cbuiltins\nset\n]K\x01" + double + b"a\x85R.",
    ):
        with pytest.raises(pickle.UnpicklingError, match="a key of more than 1000 parts"):
            kit.loaded(kit.pickled(use))
    shared = kit.loaded(kit.pickled(b"\x80\x02K\x01" + double + b"."))
    assert shared[0] is shared[1]


def test_memo_places_take_no_memory(kit):
    body = b"".join(b"K\x01r" + struct.pack("<I", 2**32 - 1 - i) for i in range(100))
    assert kit.loaded(kit.pickled(b"\x80\x02" + body + b".")) == 1


def test_a_list_that_holds_itself(kit):
    found = kit.loaded(kit.pickled(b"\x80\x02]q\0h\0a."))
    assert found[0] is found


# ---------------------------------------------------------------- archives
@pytest.mark.parametrize(
    "name", ["../evil", "archive/../../evil", "/etc/evil", "archive\\..\\evil", "C:/evil"]
)
def test_names_outside_the_archive(kit, name):
    with pytest.raises(RuntimeError, match="points outside the archive"):
        kit.loaded(kit.changed(kit.saved(1), extra=[(name, b"x")]))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_occur_twice(kit):
    with pytest.raises(RuntimeError, match="occurs twice"):
        kit.loaded(kit.changed(kit.saved(1), extra=[("archive/data.pkl", b"\x80\x02K\x02.")]))


def test_damaged_contents(kit):
    data = bytearray(kit.saved(kit.tensor([1.0, 2.0, 3.0])))
    place = data.index(struct.pack("<3f", 1, 2, 3))
    data[place] ^= 1
    with pytest.raises(RuntimeError, match="data/0: CRC-32 check failed"):
        kit.loaded(bytes(data))
    data[place] ^= 1
    data[data.index(b"\x80\x02") + 5] ^= 1
    with pytest.raises(RuntimeError, match=r"data\.pkl: CRC-32 check failed"):
        kit.loaded(bytes(data))


def test_truncated_at_any_length(kit):
    zipped = kit.saved({"a": kit.tensor([1.0, 2.0])})
    legacy = kit.saved({"a": kit.tensor([1.0, 2.0])}, _use_new_zipfile_serialization=False)
    for data in (zipped, legacy):
        kit.loaded(data)
        for length in [*range(1, len(data), 7), len(data) - 1]:
            with pytest.raises(CLEAN):
                kit.loaded(data[:length])


def test_truncated_says_what_pytorch_says(kit):
    data = kit.saved(1)
    message = "PytorchStreamReader failed reading zip archive: failed finding central directory"
    with pytest.raises(RuntimeError, match=message):
        kit.loaded(data[:300])


@pytest.mark.parametrize(
    "record, content, message",
    [
        ("data.pkl", None, r"failed locating file data\.pkl: file not found"),
        ("version", None, r'Expected hasRecord\("version"\) to be true'),
        ("version", b"99\n", "PyTorch file with version 99"),
        ("version", b"\xff", "PyTorch file with version"),
        ("version", b"9" * 10_000, "PyTorch file with version"),
    ],
)
def test_records_that_make_no_sense(kit, record, content, message):
    with pytest.raises(RuntimeError, match=message):
        kit.loaded(kit.changed(kit.saved(kit.tensor([1.0])), {record: lambda _: content}))


def test_unknown_byte_order(kit):
    with pytest.raises(ValueError, match="Unknown endianness type: odd"):
        kit.loaded(kit.changed(kit.saved(1), {"byteorder": lambda _: b"odd"}))


def test_compressed_archives(kit):
    data = kit.changed(kit.saved(kit.tensor([1.0, 2.0])), compression=zipfile.ZIP_DEFLATED)
    assert kit.loaded(data).tolist() == [1, 2]
    bomb = kit.changed(kit.saved(1), extra=[("archive/x", bytes(10**7))], compression=8)
    with pytest.raises(RuntimeError, match="claim to hold more than the file can"):
        kit.loaded(bomb)
    with pytest.raises(RuntimeError, match="unknown compression"):
        kit.loaded(kit.changed(kit.saved(1), compression=zipfile.ZIP_BZIP2))


def test_torchscript_archives(kit):
    data = kit.changed(kit.saved(1), extra=[("archive/constants.pkl", b"")])
    with pytest.raises(RuntimeError, match="TorchScript archives passed to"):
        kit.loaded(data)


def test_empty_and_flat_archives(kit):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("data.pkl", b"\x80\x02K\x01.")
    with pytest.raises(RuntimeError, match="file in archive is not in a subdirectory: data"):
        kit.loaded(out.getvalue())


def old_tar(members, kind=tarfile.REGTYPE):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size, member.type = len(data), kind
            if kind != tarfile.REGTYPE:
                member.linkname, member.size = "/etc/passwd", 0
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def test_tar_members_are_never_unpacked(kit, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parts = {"storages": pickle.dumps(0) + pickle.dumps([]), "tensors": pickle.dumps(0)}
    sound = parts | {"pickle": pickle.dumps("fine", 2)}
    evil = sound | {"../evil": b"x", "/tmp/evil-of-taper": b"x"}
    assert kit.loaded(old_tar(evil), weights_only=False) == "fine"
    assert not (tmp_path.parent / "evil").exists() and not os.path.exists("/tmp/evil-of-taper")
    assert os.listdir(tmp_path) == []
    with pytest.raises(RuntimeError, match="no regular file 'storages'"):
        kit.loaded(old_tar(sound, tarfile.SYMTYPE), weights_only=False)
    with pytest.raises(RuntimeError, match="no regular file 'storages'"):
        kit.loaded(old_tar({"x": b""}), weights_only=False)


def test_damaged_tar(kit):
    data = (kit.golden / "tar.pth").read_bytes()
    for length in (400, 600, 1100, 2100):
        with pytest.raises((*CLEAN, EOFError)):
            kit.loaded(data[:length], weights_only=False)


# ---------------------------------------------------------------- at random
def pickles(kit):
    for name in ("dtypes", "containers", "state", "marked", "views"):
        with zipfile.ZipFile(kit.golden / f"{name}.pth") as archive:
            records = {n.partition("/data/")[2]: archive.read(n) for n in archive.namelist()}
            yield archive.read(f"{name}/data.pkl"), {k: v for k, v in records.items() if k}


RANDOM = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.filterwarnings("ignore")
@RANDOM
@given(data=st.data())
def test_random_changes_to_a_pickle(kit, monkeypatch, data):
    ran = []
    for name in ("system", "popen", "execv"):
        monkeypatch.setattr(os, name, lambda *a: ran.append(a))
    content, records = data.draw(st.sampled_from(list(pickles(kit))))
    changed = bytearray(content)
    places = [place for _, _, place in pickletools.genops(content)]
    for _ in range(data.draw(st.integers(1, 4))):
        at = st.one_of(st.sampled_from(places), st.integers(0, len(changed) - 1))
        place = min(data.draw(at), len(changed) - 1)
        new = data.draw(st.one_of(st.sampled_from(sorted(OPERATIONS)), st.binary(max_size=3)))
        changed[place : place + data.draw(st.integers(0, 2))] = new
    with contextlib.suppress(CLEAN):
        kit.loaded(kit.pickled(bytes(changed), **records))
    assert not ran


@pytest.mark.filterwarnings("ignore")
@RANDOM
@given(codes=st.lists(st.sampled_from([*VALUES, *sorted(OPERATIONS)]), max_size=30))
def test_random_opcodes(kit, codes):
    with contextlib.suppress(CLEAN):
        kit.loaded(kit.pickled(b"\x80\x02" + b"".join(codes) + b".", _0=bytes(16)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["dtypes", "legacy"])
@RANDOM
@given(data=st.data())
def test_random_changes_to_a_file(kit, name, data):
    changed = bytearray((kit.golden / f"{name}.pth").read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        load(io.BytesIO(bytes(changed)))
    except (*CLEAN, ValueError) as error:
        assert not isinstance(error, ValueError) or "endianness" in str(error)

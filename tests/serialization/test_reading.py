"""Files that PyTorch wrote, read without it."""

from collections import Counter, OrderedDict

import numpy as np
import pytest

from taper import dtypes
from taper.devices import device
from taper.serialization import get_unsafe_globals_in_checkpoint, load
from taper.shapes import Size
from taper.tensor import strided

DTYPES = [d.name for d in dtypes.ALL]
LEGACY = [d for d in DTYPES if not d.startswith(("float8", "uint")) or d == "uint8"]


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("name, expected", [("dtypes", DTYPES), ("legacy", LEGACY)])
def test_every_dtype(kit, name, expected, weights_only):
    found = load(kit.golden / f"{name}.pth", weights_only=weights_only)
    assert isinstance(found, OrderedDict) and list(found) == expected
    for dtype, tensor in found.items():
        assert tensor.dtype is dtypes.by_name(dtype)
        assert kit.array(tensor).tobytes() == kit.numbers(dtype).tobytes(), dtype


@pytest.mark.parametrize(
    "name, options",
    [
        *(("views", {}), ("views", {"weights_only": False}), ("views", {"mmap": True})),
        *(("legacy_views", {}), ("legacy_views", {"weights_only": False})),
    ],
)
def test_views_keep_their_place_and_share(kit, name, options):
    found = load(kit.golden / f"{name}.pth", **options)
    base = np.arange(24, dtype=np.float32)
    grid = base.reshape(4, 6)
    expected = {
        "base": (base, (1,), 0),
        "grid": (grid, (6, 1), 0),
        "transposed": (grid.T, (1, 6), 0),
        "part": (grid[1:3, 2:5], (6, 1), 8),
        "row": (grid[2], (1,), 12),
        "tail": (base[20:], (1,), 20),
        "every other": (base[1::2], (2,), 1),
        "expanded": (np.ones((3, 4), np.float32), (1, 0), 0),
        "channels last": (base.reshape(1, 2, 3, 4), (24, 1, 8, 2), 0),
        "scalar": (np.float32(3.5), (), 0),
        "empty": (np.empty((0, 3), np.float32), (3, 1), 0),
        "tied": (grid, (6, 1), 0),
    }
    for key, (array, stride, offset) in expected.items():
        tensor = found[key]
        assert tensor.shape == array.shape and tensor.stride() == stride, key
        assert tensor.storage_offset() == offset
        np.testing.assert_array_equal(kit.array(tensor), array, err_msg=key)
        np.testing.assert_array_equal(tensor._array(), array, err_msg=key)
    assert found["tied"] is found["grid"]
    for key in ("grid", "transposed", "part", "row", "tail", "every other"):
        assert found[key]._storage is found["base"]._storage
    assert found["scalar"]._storage is not found["base"]._storage


def test_views_read_through_their_path(kit):
    from taper.tape import tape

    for key, tensor in load(kit.golden / "views.pth").items():
        with tape.lock:
            value = tape.pend(tensor._node())
            np.testing.assert_array_equal(tape.compute(value), kit.array(tensor), err_msg=key)


@pytest.mark.parametrize("weights_only", [True, False])
def test_containers(kit, weights_only):
    found = load(kit.golden / "containers.pth", weights_only=weights_only)
    assert found[:4] == [
        {"a": 1, 2: [3.5, None, True, False], (1, "x"): ()},
        (1, 2, 3, 4),
        "text é",
        b"bytes",
    ]
    assert found[4:12] == [
        bytearray(b"array"),
        1j,
        {1, 2},
        2**70,
        -1,
        -(2**40),
        300,
        Counter("aab"),
    ]
    assert found[12:] == [
        *(Size([1, 2]), device("cpu"), device("cuda:1"), dtypes.float16, OrderedDict(x=1)),
        strided,
    ]
    assert [type(v) for v in found[11:14]] == [Counter, Size, device]


def test_state_dict_keeps_its_metadata(kit):
    found = load(kit.golden / "state.pth")
    assert list(found)[:3] == ["0.weight", "0.bias", "1.weight"]
    assert found._metadata["1"] == {"version": 2}
    assert found["1.num_batches_tracked"].dtype is dtypes.int64
    assert kit.array(found["1.num_batches_tracked"]) == 1
    assert found["0.weight"].shape == (2, 1, 3, 3)


def test_optimizer_state(kit):
    found = load(kit.golden / "adam.pth")
    assert found["param_groups"][0]["lr"] == 0.01
    assert found["param_groups"][0]["params"] == [0, 1, 2, 3, 4, 5]
    assert kit.array(found["state"][0]["step"]) == 1
    assert found["state"][4]["exp_avg"].shape == (2, 8)


@pytest.mark.parametrize("weights_only", [True, False])
def test_parameters(kit, weights_only):
    from taper.nn.parameter import Parameter

    found = load(kit.golden / "marked.pth", weights_only=weights_only)
    assert type(found["parameter"]) is Parameter and not found["parameter"].requires_grad
    assert found["noted"].requires_grad and found["noted"].note == "kept"
    assert found["needs"].requires_grad and type(found["needs"]) is not Parameter
    assert found["twice"][0] is found["twice"][1] is found["needs"]


@pytest.mark.parametrize("weights_only", [True, False])
def test_unusual_tensors(kit, weights_only):
    found = load(kit.golden / "unusual.pth", weights_only=weights_only)
    assert kit.array(found["conj"]).tolist() == [1 - 2j, 3 + 4j]
    assert found["meta"].device == device("meta") and found["meta"].shape == (2, 3)
    assert found["buffer"]._is_buffer and found["buffer"].persistent
    assert found["storage"].nbytes() == 12


def test_the_other_byte_order(kit):
    found = load(kit.golden / "big_endian.pth")
    for dtype in ("int16", "float32", "complex64"):
        np.testing.assert_array_equal(kit.array(found[dtype]), kit.numbers(dtype))


def test_tar(kit):
    found = load(kit.golden / "tar.pth", weights_only=False)
    np.testing.assert_array_equal(kit.array(found["a"]), [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(kit.array(found["b"]), [3, 4])
    assert found["n"] == 5
    with pytest.raises(RuntimeError, match=r"Cannot use ``weights_only=True`` with files saved in"):
        load(kit.golden / "tar.pth")


def test_a_whole_module(kit):
    import taper as torch
    from taper import nn

    found = load(kit.golden / "module.pth", weights_only=False)
    assert type(found) is nn.Sequential
    assert [type(m) for m in found] == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.Flatten, nn.Linear]
    assert found(torch.ones(2, 1, 4, 4)).shape == (2, 2)
    name = r"torch.nn.modules.container.Sequential was not an allowed global by default"
    with pytest.raises(Exception, match=name):
        load(kit.golden / "module.pth")
    assert "torch.nn.modules.conv.Conv2d" in get_unsafe_globals_in_checkpoint(
        kit.golden / "module.pth"
    )

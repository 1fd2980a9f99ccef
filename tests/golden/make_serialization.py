"""Writes serialization/*.pth with PyTorch, for the tests of `taper.serialization`.

python tests/golden/make_serialization.py        (needs torch==2.13.0; run by hand)
"""

import io
import json
import pickle
import struct
import tarfile
import zipfile
from collections import Counter, OrderedDict
from pathlib import Path

import torch
from torch import nn

HERE = Path(__file__).parent / "serialization"
DTYPES = [
    *("bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
    *("float8_e4m3fn", "float8_e5m2"),
]


def numbers(name, shape=(2, 3)):
    x = torch.arange(6).remainder(5).reshape(shape).to(getattr(torch, name))
    return x * (1 + 2j) if x.is_complex() else x


def dtypes(names):
    return OrderedDict((name, numbers(name)) for name in names)


def views():
    base = torch.arange(24, dtype=torch.float32)
    grid = base.view(4, 6)
    return {
        "base": base,
        "grid": grid,
        "transposed": grid.t(),
        "part": grid[1:3, 2:5],
        "row": grid[2],
        "tail": base[20:],
        "every other": base[1::2],
        "expanded": torch.ones(3, 1).expand(3, 4),
        "channels last": torch.arange(24.0)
        .reshape(1, 2, 3, 4)
        .contiguous(memory_format=torch.channels_last),
        "scalar": torch.tensor(3.5),
        "empty": torch.empty(0, 3),
        "tied": grid,
    }


def containers():
    return [
        *({"a": 1, 2: [3.5, None, True, False], (1, "x"): ()}, (1, 2, 3, 4), "text é", b"bytes"),
        *(bytearray(b"array"), 1j, {1, 2}, 2**70, -1, -(2**40), 300, Counter("aab")),
        *(
            torch.Size([1, 2]),
            torch.device("cpu"),
            torch.device("cuda", 1),
            torch.float16,
            OrderedDict(x=1),
            torch.strided,
        ),
    ]


def net():
    torch.manual_seed(0)
    return nn.Sequential(
        *(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))
    )


def trained():
    model = net()
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    model(torch.ones(2, 1, 4, 4)).sum().backward()
    adam.step()
    return model, adam


def marked():
    parameter = nn.Parameter(torch.ones(2), requires_grad=False)
    noted = nn.Parameter(torch.zeros(3))
    noted.note = "kept"
    needs = torch.ones(2, requires_grad=True)
    return {"parameter": parameter, "noted": noted, "needs": needs, "twice": [needs, needs]}


def unusual():
    return {
        "conj": torch.tensor([1 + 2j, 3 - 4j]).conj(),
        "meta": torch.empty(2, 3, device="meta"),
        "buffer": nn.Buffer(torch.ones(2)),
        "storage": torch.arange(3.0).untyped_storage(),
    }


def swapped():
    """A file as a big-endian machine writes it."""
    data = io.BytesIO()
    torch.save(dtypes(["int16", "float32", "complex64"]), data)
    out = io.BytesIO()
    width = {"data/0": 2, "data/1": 4, "data/2": 4}
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content, short = old.read(name), name.partition("/")[2]
            if short in width:
                n = width[short]
                content = b"".join(content[i : i + n][::-1] for i in range(0, len(content), n))
            new.writestr(zipfile.ZipInfo(name), b"big" if short == "byteorder" else content)
    return out.getvalue()


def tar():
    """The oldest format, which PyTorch reads and no longer writes."""
    storages, tensors = io.BytesIO(), io.BytesIO()
    pickle.dump(1, storages, 2)
    pickle.dump(("7", "cpu", torch.FloatStorage), storages, 2)
    storages.write(struct.pack("<q6f", 6, *range(6)))
    pickle.dump([(9, "7", 2, 3)], storages, 2)
    pickle.dump(2, tensors, 2)
    pickle.dump((1, "7", torch.FloatTensor), tensors, 2)
    tensors.write(struct.pack("<ii2q2qq", 2, 0, 2, 3, 3, 1, 0))
    pickle.dump((2, 9, torch.FloatTensor), tensors, 2)
    tensors.write(struct.pack("<ii1q1qq", 1, 0, 2, 1, 1))

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj):
            return obj.key if isinstance(obj, Key) else None

    class Key:
        def __init__(self, key):
            self.key = key

    whole = io.BytesIO()
    Pickler(whole, 2).dump({"a": Key("1"), "b": Key("2"), "n": 5})
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in (("storages", storages), ("tensors", tensors), ("pickle", whole)):
            member = tarfile.TarInfo(name)
            member.size = len(data.getvalue())
            archive.addfile(member, io.BytesIO(data.getvalue()))
    return out.getvalue()


def homes():
    """Where PyTorch keeps its public classes."""
    found = {}
    for module in (nn, torch.optim, torch.optim.lr_scheduler):
        for name, value in vars(module).items():
            if isinstance(value, type) and not name.startswith("_"):
                found[f"{module.__name__}.{name}"] = f"{value.__module__}.{value.__qualname__}"
    return {k: v for k, v in sorted(found.items()) if v.startswith("torch.")}


def main():
    HERE.mkdir(exist_ok=True)
    model, adam = trained()
    old = [
        d for d in DTYPES if not d.startswith("float8") and d not in ("uint16", "uint32", "uint64")
    ]
    for name, value in {
        "dtypes": dtypes(DTYPES),
        "views": views(),
        "containers": containers(),
        "state": model.state_dict(),
        "adam": adam.state_dict(),
        "module": net(),
        "marked": marked(),
        "unusual": unusual(),
    }.items():
        torch.save(value, HERE / f"{name}.pth")
    torch.save(dtypes(old), HERE / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(views(), HERE / "legacy_views.pth", _use_new_zipfile_serialization=False)
    (HERE / "homes.json").write_text(json.dumps(homes(), indent=1) + "\n")
    (HERE / "big_endian.pth").write_bytes(swapped())
    (HERE / "tar.pth").write_bytes(tar())
    assert torch.equal(torch.load(HERE / "big_endian.pth")["int16"], numbers("int16"))
    found = torch.load(HERE / "tar.pth", weights_only=False)
    assert found["a"].tolist() == [[0, 1, 2], [3, 4, 5]] and found["b"].tolist() == [3, 4], found


if __name__ == "__main__":
    main()

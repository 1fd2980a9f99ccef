"""Writes data.json: PyTorch's orders, seeds and random draws in loading data.

python tests/golden/make_data.py        (needs torch==2.13.0; run by hand)

Models are built from Taper's own files on PyTorch's layers, which gives the numbers that
PyTorch's layers and initialisers draw in that order.
"""

import json
import math
import random
import sys
import types
from pathlib import Path

import numpy as np
import torch
from torch.utils import data

HERE = Path(__file__).parent
MODELS = HERE.parent.parent / "taper" / "vision" / "models"


class Rows(data.Dataset):
    def __len__(self):
        return 40

    def __getitem__(self, i):
        return i


class Seeds(data.Dataset):
    """What a worker's random numbers are."""

    def __len__(self):
        return 4

    def __getitem__(self, i):
        info = data.get_worker_info()
        return [info.seed, random.random(), float(np.random.rand()), torch.rand(1).item()]


def orders():
    def seeded(seed=5):
        return torch.Generator().manual_seed(seed)

    yield "shuffle", lambda: data.DataLoader(Rows(), batch_size=7, shuffle=True)
    yield (
        "shuffle by generator",
        lambda: data.DataLoader(Rows(), batch_size=7, shuffle=True, generator=seeded()),
    )
    yield "drop_last", lambda: data.DataLoader(Rows(), batch_size=7, shuffle=True, drop_last=True)
    yield "replacement", lambda: data.RandomSampler(Rows(), replacement=True, num_samples=70)
    yield "more than there are", lambda: data.RandomSampler(Rows(), num_samples=90)
    yield (
        "replacement by generator",
        lambda: data.RandomSampler(Rows(), replacement=True, num_samples=64, generator=seeded()),
    )
    yield "subset", lambda: data.SubsetRandomSampler(range(100, 130))
    yield "weighted", lambda: data.WeightedRandomSampler([0.1, 0.9, 0.4], 20)
    yield "weighted once", lambda: data.WeightedRandomSampler([0.1, 0.9, 0.4], 3, replacement=False)
    yield "split", lambda: [list(s.indices) for s in data.random_split(Rows(), [25, 15])]
    yield (
        "split by shares",
        lambda: [list(s.indices) for s in data.random_split(Rows(), [0.33, 0.33, 0.34], seeded())],
    )


def plain(item):
    return item.tolist() if isinstance(item, torch.Tensor) else item


def order(make):
    torch.manual_seed(42)
    made = make()
    passes = [[plain(item) for item in made] for _ in range(2)]
    return {"passes": passes, "next": torch.rand(1).item()}


def uniform(low, high):
    return torch.empty(1).uniform_(low, high).item()


def integer(low, high):
    return torch.randint(low, high, size=(1,)).item()


def resized_crop(width, height):
    logs = torch.log(torch.tensor((3.0 / 4.0, 4.0 / 3.0)))
    while True:
        area = width * height * torch.empty(1).uniform_(0.08, 1.0).item()
        aspect = torch.exp(torch.empty(1).uniform_(logs[0], logs[1])).item()
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            return [integer(0, height - h + 1), integer(0, width - w + 1), h, w]


def transforms():
    """The draws of torchvision's transforms, in its order, for an image of 40x30 pixels."""
    yield "RandomCrop", lambda: [integer(0, 30 - 8 + 1), integer(0, 40 - 9 + 1), 8, 9]
    yield "RandomResizedCrop", lambda: resized_crop(40, 30)
    yield "RandomRotation", lambda: uniform(-30.0, 30.0)
    yield (
        "RandomAffine",
        lambda: [
            uniform(-10.0, 10.0),
            [round(uniform(-4.0, 4.0)), round(uniform(-6.0, 6.0))],
            uniform(0.8, 1.2),
            [uniform(-5.0, 5.0), uniform(-3.0, 3.0)],
        ],
    )
    yield (
        "ColorJitter",
        lambda: [
            torch.randperm(4).tolist(),
            uniform(0.5, 1.5),
            uniform(0.7, 1.3),
            None,
            uniform(-0.1, 0.1),
        ],
    )
    yield "RandomHorizontalFlip", lambda: bool(torch.rand(1) < 0.5)


def model(file, name, **arguments):
    """A model of Taper's file on PyTorch's layers."""
    source = (MODELS / f"{file}.py").read_text()
    source = source.replace("from ... import nn", "from torch import nn")
    source = source.replace("from ...nn import", "from torch.nn import")
    source = source.replace("from ...tensor import", "from torch import")
    source = source.replace("from .weights import", "from _weights import")
    module = types.ModuleType(file)
    exec(compile(source, file, "exec"), module.__dict__)
    return getattr(module, name)(**arguments)


def parameters(made):
    table = {}
    for name, value in made.state_dict().items():
        flat = value.flatten().double()
        table[name] = [list(value.shape), flat[:2].tolist(), flat.abs().sum().item()]
    return table


def main():
    weights = types.ModuleType("_weights")
    weights.WeightsEnum = object
    weights.imagenet = lambda *names, **sizes: None
    weights.choose = lambda kind, wanted, options: None
    weights.fill = lambda made, wanted, progress: made
    sys.modules["_weights"] = weights
    found = {"orders": {name: order(make) for name, make in orders()}, "draws": {}, "models": {}}
    torch.manual_seed(7)
    loader = data.DataLoader(Seeds(), batch_size=None, num_workers=2, collate_fn=list)
    found["workers"] = list(loader)
    for name, draw in transforms():
        torch.manual_seed(3)
        found["draws"][name] = [draw() for _ in range(4)] + [torch.rand(1).item()]
    for file, name in (("lenet", "lenet"), ("resnet", "resnet18"), ("mobilenetv2", "mobilenet_v2")):
        torch.manual_seed(0)
        found["models"][name] = parameters(model(file, name, num_classes=10))
    (HERE / "data.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()

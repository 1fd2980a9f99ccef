"""Samplers: their orders are PyTorch's, number by number."""

import json
from pathlib import Path

import pytest

import taper
from taper.utils import data

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "data.json").read_text())


class Rows(data.Dataset):
    def __len__(self):
        return 40

    def __getitem__(self, i):
        return i


def seeded(seed=5):
    return taper.Generator().manual_seed(seed)


MAKERS = {
    "shuffle": lambda: data.DataLoader(Rows(), batch_size=7, shuffle=True),
    "shuffle by generator": lambda: data.DataLoader(
        Rows(), batch_size=7, shuffle=True, generator=seeded()
    ),
    "drop_last": lambda: data.DataLoader(Rows(), batch_size=7, shuffle=True, drop_last=True),
    "replacement": lambda: data.RandomSampler(Rows(), replacement=True, num_samples=70),
    "more than there are": lambda: data.RandomSampler(Rows(), num_samples=90),
    "replacement by generator": lambda: data.RandomSampler(
        Rows(), replacement=True, num_samples=64, generator=seeded()
    ),
    "subset": lambda: data.SubsetRandomSampler(range(100, 130)),
    "weighted": lambda: data.WeightedRandomSampler([0.1, 0.9, 0.4], 20),
    "weighted once": lambda: data.WeightedRandomSampler([0.1, 0.9, 0.4], 3, replacement=False),
    "split": lambda: [list(s.indices) for s in data.random_split(Rows(), [25, 15])],
    "split by shares": lambda: [
        list(s.indices) for s in data.random_split(Rows(), [0.33, 0.33, 0.34], seeded())
    ],
}


@pytest.mark.parametrize("name", MAKERS)
def test_order_is_that_of_pytorch(name):
    taper.manual_seed(42)
    made = MAKERS[name]()
    passes = [
        [item.tolist() if isinstance(item, taper.Tensor) else item for item in made]
        for _ in range(2)
    ]
    assert passes == GOLDEN["orders"][name]["passes"]
    assert taper.rand(1).item() == GOLDEN["orders"][name]["next"]


def test_the_golden_file_is_used_whole():
    assert set(MAKERS) == set(GOLDEN["orders"])


def test_sequential_and_batch_sampler():
    rows = data.SequentialSampler(range(10))
    assert list(rows) == list(range(10)) and len(rows) == 10
    batches = data.BatchSampler(rows, 4, False)
    assert list(batches) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]] and len(batches) == 3
    whole = data.BatchSampler(rows, 4, True)
    assert list(whole) == [[0, 1, 2, 3], [4, 5, 6, 7]] and len(whole) == 2


def test_bad_arguments():
    with pytest.raises(TypeError, match="replacement should be a boolean value"):
        data.RandomSampler(range(4), replacement=1)
    with pytest.raises(ValueError, match="num_samples should be a positive integer value"):
        data.RandomSampler(range(0))
    with pytest.raises(ValueError, match="but got num_samples=0"):
        data.WeightedRandomSampler([1.0], 0)
    with pytest.raises(ValueError, match="replacement should be a boolean value"):
        data.WeightedRandomSampler([1.0], 1, replacement="yes")
    with pytest.raises(ValueError, match=r"weights should be a 1d sequence .* shape \(1, 2\)"):
        data.WeightedRandomSampler([[1.0, 2.0]], 1)
    with pytest.raises(ValueError, match="batch_size should be a positive integer value"):
        data.BatchSampler(range(4), 0, False)
    with pytest.raises(ValueError, match="drop_last should be a boolean value"):
        data.BatchSampler(range(4), 2, None)
    with pytest.raises(NotImplementedError):
        iter(data.Sampler())

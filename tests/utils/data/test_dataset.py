"""Datasets made of tensors and of other datasets."""

import numpy as np
import pytest

import taper
from taper.utils import data


class Squares(data.Dataset):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        return i * i


class Batched(Squares):
    def __getitems__(self, indices):
        return [f"batch {i}" for i in indices]


class Stream(data.IterableDataset):
    def __init__(self, items):
        self.items = items

    def __iter__(self):
        return iter(self.items)

    def __len__(self):
        return len(self.items)


def test_dataset_is_abstract():
    with pytest.raises(NotImplementedError):
        data.Dataset()[0]


def test_tensor_dataset():
    x, y = taper.arange(12).reshape(6, 2), taper.arange(6)
    rows = data.TensorDataset(x, y)
    assert len(rows) == 6
    assert rows[2][0].tolist() == [4, 5] and rows[2][1].item() == 2
    assert rows[1:3][0].shape == (2, 2)
    with pytest.raises(AssertionError, match="Size mismatch between tensors"):
        data.TensorDataset(x, y[:4])


def test_concat_dataset():
    both = Squares(3) + Squares(4)
    assert both.cumulative_sizes == [3, 7] and len(both) == 7
    assert [both[i] for i in range(7)] == [0, 1, 4, 0, 1, 4, 9]
    assert both[-1] == 9 and both[-7] == 0
    with pytest.raises(ValueError, match="absolute value of index"):
        both[-8]
    with pytest.raises(AssertionError, match="should not be an empty iterable"):
        data.ConcatDataset([])
    with pytest.raises(AssertionError, match="does not support IterableDataset"):
        data.ConcatDataset([Stream([1])])
    with pytest.warns(FutureWarning, match="cumulative_sizes"):
        assert both.cummulative_sizes == [3, 7]


def test_chain_dataset():
    chain = Stream([1, 2]) + Stream([3])
    assert list(chain) == [1, 2, 3] and len(chain) == 3
    with pytest.raises(AssertionError, match="ChainDataset only supports IterableDataset"):
        list(data.ChainDataset([Squares(2)]))


def test_stack_dataset():
    pairs = data.StackDataset(Squares(3), Batched(3))
    assert pairs[2] == (4, 4)
    assert pairs.__getitems__([0, 2]) == [(0, "batch 0"), (4, "batch 2")]
    named = data.StackDataset(a=Squares(3), b=Squares(3))
    assert named[1] == {"a": 1, "b": 1}
    assert named.__getitems__([2]) == [{"a": 4, "b": 4}]
    with pytest.raises(ValueError, match="Size mismatch between datasets"):
        data.StackDataset(Squares(3), Squares(4))
    with pytest.raises(ValueError, match="At least one dataset"):
        data.StackDataset()
    with pytest.raises(ValueError, match="both types are given"):
        data.StackDataset(Squares(3), b=Squares(3))


def test_subset():
    some = data.Subset(Squares(10), [3, 5, 7])
    assert len(some) == 3 and some[1] == 25
    assert some.__getitems__([0, 2]) == [9, 49]
    assert data.Subset(Batched(10), [3, 5]).__getitems__([1]) == ["batch 5"]
    rows = data.Subset(np.arange(10) * 10, [3, 5, 7])
    assert rows[[0, 1]].tolist() == [30, 50]


def test_subset_whose_getitem_alone_is_overridden():
    class Half(data.Subset):
        def __getitem__(self, i):
            return super().__getitem__(i) / 2

    with pytest.raises(NotImplementedError, match="Half overrides __getitem__ but not"):
        Half(Squares(4), [0])


def test_random_split():
    parts = data.random_split(Squares(10), [7, 3])
    assert [len(part) for part in parts] == [7, 3]
    assert sorted(i for part in parts for i in part.indices) == list(range(10))
    shares = data.random_split(Squares(10), [0.33, 0.33, 0.34])
    assert [len(part) for part in shares] == [4, 3, 3]
    with pytest.raises(ValueError, match="Sum of input lengths does not equal"):
        data.random_split(Squares(10), [7, 4])
    with pytest.raises(ValueError, match="Fraction at index 0 is not between 0 and 1"):
        data.random_split(Squares(10), [1.5, -0.5])
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        data.random_split(Squares(1), [0.5, 0.5])

"""The DataLoader in one process, and the arguments it refuses."""

import pickle

import pytest

import taper
from taper.utils import data


class Rows(data.Dataset):
    def __init__(self, count=10):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        return taper.tensor([i, i * i]), i


class Stream(data.IterableDataset):
    def __init__(self, count, length=None):
        self.count, self.length = count, length

    def __iter__(self):
        return iter(range(self.count))

    def __len__(self):
        if self.length is None:
            raise TypeError("no length")
        return self.length


def test_batches():
    batches = list(data.DataLoader(Rows(), batch_size=4))
    assert [x.shape[0] for x, _ in batches] == [4, 4, 2]
    assert batches[1][0].tolist() == [[4, 16], [5, 25], [6, 36], [7, 49]]
    assert batches[1][1].tolist() == [4, 5, 6, 7]


@pytest.mark.parametrize("drop_last, length", [(False, 3), (True, 2)])
def test_length(drop_last, length):
    loader = data.DataLoader(Rows(), batch_size=4, drop_last=drop_last)
    assert len(loader) == len(list(loader)) == length == len(iter(loader))


def test_iterators_have_next():
    iterator = iter(data.DataLoader(Rows(), batch_size=5))
    assert iterator.next()[1].tolist() == [0, 1, 2, 3, 4]
    assert next(iterator)[1].tolist() == [5, 6, 7, 8, 9]
    with pytest.raises(StopIteration):
        iterator.next()
    with pytest.raises(NotImplementedError):
        pickle.dumps(iterator)


def test_single_samples():
    samples = list(data.DataLoader(Rows(3), batch_size=None))
    assert samples[2][0].tolist() == [2, 4] and samples[2][1] == 2


def test_custom_order_and_collation():
    loader = data.DataLoader(Rows(), sampler=[3, 1], batch_size=2, collate_fn=len)
    assert list(loader) == [2]
    loader = data.DataLoader(Rows(), batch_sampler=[[0], [2, 4]])
    assert [y.tolist() for _, y in loader] == [[0], [2, 4]] and len(loader) == 2


def test_a_batch_may_be_fetched_at_once():
    class Whole(Rows):
        def __getitems__(self, indices):
            return [sum(indices)] * len(indices)

    assert next(iter(data.DataLoader(Whole(), batch_size=4))).tolist() == [6, 6, 6, 6]


def test_iterable_dataset():
    assert [b.tolist() for b in data.DataLoader(Stream(5), batch_size=2)] == [[0, 1], [2, 3], [4]]
    whole = data.DataLoader(Stream(5), batch_size=2, drop_last=True)
    assert [b.tolist() for b in whole] == [[0, 1], [2, 3]]
    assert list(data.DataLoader(Stream(3), batch_size=None)) == [0, 1, 2]
    assert len(data.DataLoader(Stream(5, length=5), batch_size=2)) == 3
    assert len(data.DataLoader(Stream(5, length=5), batch_size=2, drop_last=True)) == 2
    with pytest.raises(TypeError, match="no length"):
        len(data.DataLoader(Stream(5)))


def test_iterable_dataset_longer_than_it_said():
    loader = data.DataLoader(Stream(3, length=2), batch_size=None)
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="was reported to be 2.*3 samples have been fetched"):
        assert len(list(loader)) == 3


def test_base_seed_is_drawn_once_for_each_pass():
    taper.manual_seed(1)
    numbers = taper.empty((), dtype=taper.int64).random_(), taper.rand(1)
    taper.manual_seed(1)
    iterator = iter(data.DataLoader(Rows()))
    assert iterator._base_seed == numbers[0].item()
    assert taper.rand(1).item() == numbers[1].item()


def test_attributes_are_fixed():
    loader = data.DataLoader(Rows())
    for name in ("batch_size", "sampler", "batch_sampler", "drop_last", "dataset"):
        with pytest.raises(ValueError, match=f"{name} attribute should not be set after DataL"):
            setattr(loader, name, None)
    loader.collate_fn = len
    assert next(iter(loader)) == 1


def test_pin_memory_warns_without_an_accelerator():
    try:
        taper.zeros(1, device="cuda")
    except RuntimeError:
        loader = data.DataLoader(Rows(), pin_memory=True)
        with pytest.warns(UserWarning, match="'pin_memory' argument is set as true but no accel"):
            next(iter(loader))


REFUSED = [
    ({"num_workers": -1}, "num_workers option should be non-negative"),
    ({"timeout": -1}, "timeout option should be non-negative"),
    ({"prefetch_factor": 2}, "prefetch_factor option could only be specified in multiproc"),
    ({"num_workers": 1, "prefetch_factor": -1}, "prefetch_factor option should be non-negative"),
    ({"persistent_workers": True}, "persistent_workers option needs num_workers > 0"),
    ({"sampler": [0], "shuffle": True}, "sampler option is mutually exclusive with shuffle"),
    ({"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler option is mutually exclusive with"),
    ({"batch_sampler": [[0]], "drop_last": True}, "batch_sampler option is mutually exclusive"),
    ({"batch_size": None, "drop_last": True}, "batch_size=None option disables auto-batching"),
    ({"batch_size": 0}, "batch_size should be a positive integer value, but got batch_size=0"),
    ({"multiprocessing_context": "fork"}, "can only be used with multi-process loading"),
    ({"num_workers": 1, "multiprocessing_context": "x"}, "should specify a valid start method in"),
]


@pytest.mark.parametrize("arguments, message", REFUSED, ids=[m[:40] for _, m in REFUSED])
def test_refused_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        data.DataLoader(Rows(), **arguments)


def test_refused_arguments_of_other_types():
    with pytest.raises(TypeError, match="should be a valid context object or a string"):
        data.DataLoader(Rows(), num_workers=1, multiprocessing_context=3)
    with pytest.raises(AssertionError, match="requires timeout == 0"):
        iter(data.DataLoader(Rows(), timeout=1))
    with pytest.raises(AssertionError, match="prefetch_factor must be greater than 0"):
        iter(data.DataLoader(Rows(), num_workers=1, prefetch_factor=0))


@pytest.mark.parametrize(
    "arguments",
    [{"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}],
    ids=["shuffle", "sampler", "batch_sampler"],
)
def test_iterable_dataset_has_its_own_order(arguments):
    name = next(iter(arguments))
    with pytest.raises(ValueError, match=f"expected unspecified {name} option, but got {name}="):
        data.DataLoader(Stream(3), **arguments)


def test_too_many_workers_are_warned_of():
    with pytest.warns(UserWarning, match="This DataLoader will create 5000 worker processes"):
        data.DataLoader(Rows(), num_workers=5000)

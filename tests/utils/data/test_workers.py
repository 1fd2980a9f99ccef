"""Worker processes: the same batches as without, and nothing left behind however they end."""

import gc
import json
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from functools import partial
from multiprocessing import active_children, resource_tracker
from pathlib import Path

import numpy as np
import pytest

import taper
from taper.utils import data

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "data.json").read_text())


class Rows(data.Dataset):
    def __init__(self, count=20):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        return taper.full((3, 50), i), np.full(40, i), i / 2, str(i)


class Misfortune(data.Dataset):
    """Meets with one at sample 5."""

    def __init__(self, what):
        self.what = what

    def __len__(self):
        return 12

    def __getitem__(self, i):
        if i == 5:
            self.what()
        return i


class Numbers(data.Dataset):
    """What a worker's random numbers are."""

    def __len__(self):
        return 4

    def __getitem__(self, i):
        seed = data.get_worker_info().seed
        return [seed, random.random(), float(np.random.rand()), taper.rand(1).item()]


class Shares(data.IterableDataset):
    """Each worker gives as many numbers as it is told."""

    def __init__(self, *counts):
        self.counts = counts

    def __iter__(self):
        info = data.get_worker_info()
        return iter(range(info.id * 100, info.id * 100 + self.counts[info.id]))


class Special(Exception):
    """Cannot be made of a text alone."""

    def __init__(self, one, two):
        super().__init__(f"{one} {two}")


def descriptors():
    return sorted(os.listdir("/proc/self/fd"))


@pytest.fixture(autouse=True)
def nothing_left():
    resource_tracker.ensure_running()  # Python's own process, which spawning starts
    gc.collect()
    files, segments = descriptors(), sorted(os.listdir("/dev/shm"))
    yield
    gc.collect()
    assert descriptors() == files
    assert sorted(os.listdir("/dev/shm")) == segments


def plain(batch):
    return [part.tolist() if isinstance(part, taper.Tensor) else list(part) for part in batch]


def failure(what, **options):
    with pytest.raises(Exception) as caught:
        list(data.DataLoader(Misfortune(what), batch_size=2, num_workers=2, **options))
    error = caught.value
    # What the traceback holds would keep the workers.
    del caught
    return type(error), str(error), str(error.__cause__)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_batches_are_those_of_one_process(workers):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that three workers may be more than processors
        batches = [plain(b) for b in data.DataLoader(Rows(), batch_size=6, num_workers=workers)]
    assert batches == [plain(batch) for batch in data.DataLoader(Rows(), batch_size=6)]


def test_order_does_not_depend_on_the_workers():
    def orders(workers):
        taper.manual_seed(3)
        loader = data.DataLoader(Rows(), batch_size=6, shuffle=True, num_workers=workers)
        return [plain(batch)[3] for batch in [*loader, *loader]], taper.rand(1).item()

    assert orders(2) == orders(0)


def test_tensors_of_every_kind_come_through():
    kinds = [taper.bfloat16, taper.float16, taper.bool, taper.complex64, taper.int8]
    rows = [taper.tensor([0, 1, 1]).to(kind) for kind in kinds]
    rows += [taper.zeros(0, 3), taper.arange(6).reshape(2, 3).T, taper.tensor(5.0)]
    rows.append(taper.ones(2, requires_grad=True))
    got = list(data.DataLoader(rows, batch_size=None, num_workers=1))
    for row, other in zip(rows, got):
        assert row.dtype == other.dtype and row.shape == other.shape
        assert row.requires_grad == other.requires_grad
        assert row.detach().tolist() == other.detach().tolist()


def test_batches_are_kept_apart():
    batches = list(data.DataLoader(Rows(), batch_size=2, num_workers=2))
    assert [batch[0][0, 0, 0].item() for batch in batches] == list(range(0, 20, 2))
    batches[0][0].zero_()
    assert batches[1][0].min().item() == 2.0


def test_batches_of_growing_size():
    rows = [taper.full((100 * 4**i,), float(i)) for i in range(7)]
    got = list(data.DataLoader(rows, batch_size=None, num_workers=1))
    assert [(len(row), row[-1].item()) for row in got] == [(100 * 4**i, float(i)) for i in range(7)]


def test_seeds_are_those_of_pytorch():
    taper.manual_seed(7)
    loader = data.DataLoader(Numbers(), batch_size=None, num_workers=2, collate_fn=list)
    assert list(loader) == GOLDEN["workers"]


def test_worker_info():
    assert data.get_worker_info() is None

    class Infos(data.Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            info = data.get_worker_info()
            return info.id, info.num_workers, info.dataset is self

    loader = data.DataLoader(Infos(), batch_size=None, num_workers=2)
    assert [tuple(item) for item in loader] == [(0, 2, True), (1, 2, True)] * 2


def test_worker_init_fn():
    def start(worker):
        random.marker = f"worker {worker}"

    class Marker(Rows):
        def __getitem__(self, i):
            return random.marker

    loader = data.DataLoader(Marker(2), batch_size=None, num_workers=2, worker_init_fn=start)
    assert list(loader) == ["worker 0", "worker 1"]


def test_worker_init_fn_that_fails():
    def start(worker):
        raise OSError("no such disk")

    with pytest.raises(OSError, match="Caught OSError in DataLoader worker process 0"):
        list(data.DataLoader(Rows(4), num_workers=1, worker_init_fn=start))


def test_iterable_dataset_with_unequal_shares():
    loader = data.DataLoader(Shares(5, 2), batch_size=2, num_workers=2)
    assert [batch.tolist() for batch in loader] == [[0, 1], [100, 101], [2, 3], [4]]
    nothing = data.DataLoader(Shares(0, 0), batch_size=2, num_workers=2)
    assert list(nothing) == []


@pytest.mark.parametrize("prefetch", [1, 4])
def test_prefetch_factor(prefetch):
    loader = data.DataLoader(Rows(), batch_size=3, num_workers=2, prefetch_factor=prefetch)
    iterator = iter(loader)
    assert len(iterator._tasks) == min(2 * prefetch, 7)
    assert [plain(batch)[3] for batch in iterator] == [
        plain(b)[3] for b in data.DataLoader(Rows(), batch_size=3)
    ]


def test_persistent_workers_stay():
    class Process(Rows):
        def __getitem__(self, i):
            return os.getpid()

    loader = data.DataLoader(Process(4), batch_size=None, num_workers=2, persistent_workers=True)
    first = list(loader)
    for _ in loader:
        break
    assert list(loader) == first and len(set(first)) == 2
    fresh = data.DataLoader(Process(4), batch_size=None, num_workers=2)
    assert set(fresh) != set(fresh)


def test_persistent_workers_of_an_iterable_dataset():
    loader = data.DataLoader(Shares(3, 1), batch_size=2, num_workers=2, persistent_workers=True)
    expected = [[0, 1], [100], [2]]
    for _ in range(3):
        assert [batch.tolist() for batch in loader] == expected


def test_out_of_order():
    class Slow(Rows):
        def __getitem__(self, i):
            time.sleep(0.3 if i == 0 else 0)
            return i

    loader = data.DataLoader(Slow(6), batch_size=None, num_workers=2, in_order=False)
    order = list(loader)
    assert sorted(order) == list(range(6)) and order[0] != 0


def test_spawned_workers():
    rows = [(taper.full((2,), float(i)), i) for i in range(4)]
    loader = data.DataLoader(rows, batch_size=2, num_workers=1, multiprocessing_context="spawn")
    assert [batch[0].tolist() for batch in loader] == [[[0, 0], [1, 1]], [[2, 2], [3, 3]]]


def test_an_exception_is_raised_again():
    def fail():
        raise ValueError("bad sample")

    kind, text, _ = failure(fail)
    assert kind is ValueError
    head = "Caught ValueError in DataLoader worker process 0.\nOriginal Traceback (most recent call"
    assert text.startswith(head)
    assert text.endswith("ValueError: bad sample\n") and "in __getitem__" in text


def test_the_loader_goes_on_after_an_exception():
    def fail():
        raise ValueError("bad sample")

    iterator = iter(data.DataLoader(Misfortune(fail), batch_size=2, num_workers=2))
    got = []
    for _ in range(6):
        try:
            got.append(next(iterator).tolist())
        except ValueError:
            got.append("failed")
    assert got == [[0, 1], [2, 3], "failed", [6, 7], [8, 9], [10, 11]]


def test_exceptions_that_are_hard_to_carry():
    class Local(Exception):
        pass

    def local():
        raise Local("here")

    def special():
        raise Special(1, 2)

    def key():
        raise KeyError("missing")

    assert failure(local)[0] is RuntimeError and "Local: here" in failure(local)[1]
    assert failure(special)[0] is RuntimeError and "Special: 1 2" in failure(special)[1]
    kind, text, _ = failure(key)
    assert kind is KeyError and "\n" in text and "KeyError: 'missing'" in text


def test_a_batch_that_cannot_be_sent():
    rows = [lambda: 0]
    with pytest.raises(Exception, match=r"(?s)in DataLoader worker process 0.*pickle"):
        list(data.DataLoader(rows, batch_size=None, num_workers=1))
    inner = [taper.ones(2, requires_grad=True) * 2]
    with pytest.raises(RuntimeError, match="Cowardly refusing to serialize non-leaf tensor"):
        list(data.DataLoader(inner, batch_size=None, num_workers=1))


def test_a_killed_worker():
    kind, text, cause = failure(lambda: os.kill(os.getpid(), signal.SIGKILL))
    assert kind is RuntimeError
    assert text.startswith("DataLoader worker (pid(s) ")
    assert text.endswith(" exited unexpectedly")
    assert cause.startswith("DataLoader worker (pid ") and "is killed by signal: Killed." in cause


def test_a_worker_that_exits():
    kind, text, cause = failure(lambda: os._exit(3))
    assert kind is RuntimeError and text.endswith(" exited unexpectedly")
    assert "exited unexpectedly with exit code 3. Details are lost due to multipro" in cause


def test_timeout():
    kind, text, _ = failure(lambda: time.sleep(1.5), timeout=0.3)
    assert kind is RuntimeError and text == "DataLoader timed out after 0.3 seconds"


def test_a_loop_that_breaks_ends_the_workers():
    for _ in data.DataLoader(Rows(), num_workers=2):
        break
    gc.collect()
    assert active_children() == []


def children(pid):
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


ENDLESS = """
import time
from taper.utils.data import DataLoader, Dataset
class Slow(Dataset):
    def __len__(self):
        return 10**6
    def __getitem__(self, i):
        time.sleep(0.01)
        return i
for batch in DataLoader(Slow(), num_workers=2):
    print("batch", flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_a_program_that_is_stopped_leaves_no_workers(how):
    program = subprocess.Popen(
        [sys.executable, "-c", ENDLESS],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # where the tests themselves run in the background, Ctrl-C is ignored and would be below
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert program.stdout.readline() == "batch\n"
    workers = children(program.pid)
    assert len(workers) == 2
    if how == signal.SIGINT:
        os.killpg(program.pid, how)  # as Ctrl-C in a terminal does
    else:
        program.send_signal(how)
    _, errors = program.communicate(timeout=30)
    if how == signal.SIGINT:
        assert errors.count("Traceback") == 1 and "KeyboardInterrupt" in errors
    deadline = time.monotonic() + 10
    while any(running(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(running(pid) for pid in workers)

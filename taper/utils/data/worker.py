"""Workers: the loop that a loader's worker process runs, and what it says of itself."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import traceback
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from ...functions.random import manual_seed
from ...settings import set_num_threads
from .dataset import Dataset, IterableDataset
from .fetch import Fetcher, make_fetcher
from .transport import Sender

CHECK_SECONDS = 5.0

# The loaders' ends of all connections: a forked worker closes its copies of them, so that no
# worker waits for a loader whose process is gone.
loader_ends: weakref.WeakSet[Connection] = weakref.WeakSet()


@dataclass(frozen=True)
class WorkerInfo:
    """Which worker this process is: its number, its seed, and its copy of the dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Dataset


@dataclass(frozen=True)
class WorkerPlan:
    """All that a worker is told when it starts."""

    dataset: Dataset
    collate_fn: Callable
    batched: bool
    drop_last: bool
    base_seed: int
    init_fn: Callable[[int], None] | None
    worker_id: int
    num_workers: int


@dataclass(frozen=True)
class Exhausted:
    """Sent instead of a batch when the worker's iterable dataset has no more."""


@dataclass(frozen=True)
class Resume:
    """Tells a persistent worker that another pass over the dataset begins."""


class _KeyErrorMessage(str):
    """A text that shows itself unquoted where KeyError would print its repr."""

    def __repr__(self) -> str:
        return str(self)


class WorkerFailure:
    """An exception of a worker, as it travels to the loader's process."""

    def __init__(self, error: BaseException, where: str) -> None:
        self.kind: type[BaseException] = type(error)
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self.text = f"Caught {self.kind.__name__} {where}.\nOriginal {text}"

    def reraise(self) -> None:
        """Raise an exception of the same type whose message holds the worker's traceback."""
        if self.kind is KeyError:
            raise self.kind(_KeyErrorMessage(self.text))
        try:
            error = self.kind(self.text)
        except Exception:
            raise RuntimeError(self.text) from None  # its constructor wants something else
        raise error


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """Which worker this process is; None in the loader's own process."""
    return _info


def _seed_everything(plan: WorkerPlan) -> int:
    """Seed the worker's random numbers of Python, numpy and tensors from the base seed."""
    seed = plan.base_seed + plan.worker_id
    random.seed(seed)
    manual_seed(seed)
    # numpy's generator is the same Mersenne Twister: an equal seed would repeat its numbers.
    words = [plan.worker_id, plan.base_seed & 0xFFFFFFFF, plan.base_seed >> 32, 0]
    np.random.seed(np.random.SeedSequence(words).generate_state(4))
    return seed


def _failure(error: BaseException, plan: WorkerPlan) -> WorkerFailure:
    return WorkerFailure(error, f"in DataLoader worker process {plan.worker_id}")


def _begin(plan: WorkerPlan, init_fn: Callable[[int], None] | None) -> Fetcher:
    """The fetcher of a new pass over the dataset; one that only fails if it cannot begin."""
    try:
        if init_fn is not None:
            init_fn(plan.worker_id)
        return make_fetcher(plan.dataset, plan.collate_fn, plan.batched, plan.drop_last)
    except Exception as error:
        failure = _failure(error, plan)
        return lambda indices: failure


def _fetch(fetcher: Fetcher, indices: Any, plan: WorkerPlan) -> Any:
    """The batch, or what stands for it: the end of the dataset, or the exception it raised."""
    try:
        return fetcher(indices)
    except Exception as error:
        if isinstance(error, StopIteration) and isinstance(plan.dataset, IterableDataset):
            return Exhausted()
        return _failure(error, plan)


def _reply(sender: Sender, plan: WorkerPlan, task: int | None, data: Any) -> None:
    """Send `data`; what cannot be sent is reported instead of it."""
    try:
        sender.send((task, data))
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        if isinstance(data, WorkerFailure):
            data.kind = RuntimeError  # its own type is one that the loader's process cannot find
        else:
            data = _failure(error, plan)
        sender.send((task, data))


def _serve(connection: Connection, plan: WorkerPlan) -> None:
    """Answer requests (task, indices, released slots) until the loader hangs up."""
    parent = os.getppid()
    sender = Sender(connection)
    fetcher = _begin(plan, plan.init_fn)
    ended = False
    while True:
        while not connection.poll(CHECK_SECONDS):
            if os.getppid() != parent:
                return
        task, indices, released = connection.recv()
        sender.released(released)
        if isinstance(indices, Resume):
            ended = False
            fetcher = _begin(plan, None)
            _reply(sender, plan, task, indices)
        elif not ended:
            data = _fetch(fetcher, indices, plan)
            ended = isinstance(data, Exhausted)
            _reply(sender, plan, task, data)


def run_worker(connection: Connection, plan: WorkerPlan) -> None:
    """The whole life of a worker process."""
    global _info
    # Ctrl-C reaches every process of the terminal; the loader's tells its workers when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for end in list(loader_ends):
        end.close()
    set_num_threads(1)
    _info = WorkerInfo(plan.worker_id, plan.num_workers, _seed_everything(plan), plan.dataset)
    # The loader hangs up when it needs no more.
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        _serve(connection, plan)
    sys.stdout.flush()

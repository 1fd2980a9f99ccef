"""Iterators: one pass over a DataLoader, in this process or with worker processes."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import sys
import time
import warnings
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, NoReturn

from ... import devices
from ...dtypes import int64
from ...functions.creation import empty
from .fetch import make_fetcher
from .transport import Receiver
from .worker import (
    CHECK_SECONDS,
    Exhausted,
    Resume,
    WorkerFailure,
    WorkerPlan,
    loader_ends,
    run_worker,
)

if TYPE_CHECKING:
    from .dataloader import DataLoader


def _has_accelerator() -> bool:
    try:
        devices.resolve("cuda")
    except RuntimeError:
        return False
    return True


class _BaseDataLoaderIter:
    """What both iterators share: the sampler's order, the base seed, and the count of batches."""

    def __init__(self, loader: DataLoader) -> None:
        self._dataset = loader.dataset
        self._collate_fn = loader.collate_fn
        self._auto_collation = loader._auto_collation
        self._drop_last = loader.drop_last
        self._num_workers = loader.num_workers
        self._timeout = loader.timeout
        self._index_sampler = loader._index_sampler
        if loader.pin_memory and not _has_accelerator():
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, "
                "then device pinned memory won't be used.",
                stacklevel=4,
            )
        self._begin(loader)
        # Drawn even where no worker needs it, so that the generator goes on from the same place.
        self._base_seed = empty((), dtype=int64).random_(generator=loader.generator).item()

    def _begin(self, loader: DataLoader) -> None:
        self._sampler_iter = iter(self._index_sampler)
        self._num_yielded = 0
        self._announced = loader._announced_length

    def __iter__(self) -> _BaseDataLoaderIter:
        return self

    def _next_data(self) -> Any:
        raise NotImplementedError

    def __next__(self) -> Any:
        data = self._next_data()
        self._num_yielded += 1
        if self._announced is not None and self._num_yielded > self._announced:
            self._warn_of_length()
        return data

    next = __next__

    def _warn_of_length(self) -> None:
        message = (
            f"Length of IterableDataset {self._dataset} was reported to be {self._announced}"
            f"(when accessing len(dataloader)), but {self._num_yielded} samples have been fetched. "
        )
        if self._num_workers > 0:
            message += (
                "For multiprocessing data-loading, this could be caused by not properly "
                "configuring the IterableDataset replica at each worker. Please see "
                "https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset "
                "for examples."
            )
        warnings.warn(message, stacklevel=3)

    def __len__(self) -> int:
        return len(self._index_sampler)

    def __getstate__(self) -> Any:
        raise NotImplementedError("{} cannot be pickled", type(self).__name__)


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """Makes each batch when it is asked for, in this process."""

    def __init__(self, loader: DataLoader) -> None:
        super().__init__(loader)
        if self._timeout != 0:
            raise AssertionError("_SingleProcessDataLoaderIter requires timeout == 0")
        self._fetch = make_fetcher(
            self._dataset, self._collate_fn, self._auto_collation, self._drop_last
        )

    def _next_data(self) -> Any:
        return self._fetch(next(self._sampler_iter))


def _default_context() -> Any:
    """The user's start method if one was set; else fork on Linux, where it is quick and safe."""
    if sys.platform == "linux" and multiprocessing.get_start_method(allow_none=True) is None:
        return multiprocessing.get_context("fork")
    return multiprocessing.get_context()


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """Keeps `prefetch_factor` tasks at each worker, and hands the batches out in order.

    Each worker has a connection of its own, over which tasks go in and batches come out in the
    same order: the next batch of all is therefore the next one of a worker that is known.
    """

    def __init__(self, loader: DataLoader) -> None:
        self._process = os.getpid()
        self._workers: list[Any] = []
        self._receivers: list[Receiver] = []
        super().__init__(loader)
        self._prefetch_factor = loader.prefetch_factor or 0
        self._in_order = loader.in_order
        self._persistent_workers = loader.persistent_workers
        if self._prefetch_factor <= 0:
            raise AssertionError(
                "prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter"
            )
        try:
            for worker_id in range(self._num_workers):
                self._start(loader, worker_id)
        except BaseException:
            self._shutdown_workers()
            raise
        self._prime()

    def _start(self, loader: DataLoader, worker_id: int) -> None:
        context = loader.multiprocessing_context or _default_context()
        ours, theirs = context.Pipe()
        loader_ends.add(ours)
        plan = WorkerPlan(
            self._dataset,
            self._collate_fn,
            self._auto_collation,
            self._drop_last,
            self._base_seed,
            loader.worker_init_fn,
            worker_id,
            self._num_workers,
        )
        worker = context.Process(target=run_worker, args=(theirs, plan), daemon=True)
        self._receivers.append(Receiver(ours))
        try:
            worker.start()
        finally:
            theirs.close()
        self._workers.append(worker)

    def _prime(self) -> None:
        """Give the workers the first tasks of a pass."""
        self._tasks: dict[int, int] = {}  # task -> its worker, in the order of the batches
        self._sent = 0
        self._active = [True] * self._num_workers
        self._load = [0] * self._num_workers
        self._turns = itertools.cycle(range(self._num_workers))
        for _ in range(self._prefetch_factor * self._num_workers):
            self._send_next()

    def _reset(self, loader: DataLoader) -> None:
        """Begin another pass with the same workers; what is left of the last one is dropped."""
        self._begin(loader)
        for worker in range(self._num_workers):
            self._send(worker, None, Resume())
        for worker in range(self._num_workers):
            while not isinstance(self._receive(worker)[1], Resume):
                pass
        self._prime()

    def _choose_worker(self) -> int | None:
        """Whose turn it is; when batches may overtake each other, the next that has room."""
        room = self._prefetch_factor * self._num_workers // max(1, sum(self._active))
        for _ in range(self._num_workers):
            worker = next(self._turns)
            if self._active[worker] and (self._in_order or self._load[worker] < room):
                return worker
        return None

    def _send_next(self) -> None:
        try:
            indices = next(self._sampler_iter)
        except StopIteration:
            return
        worker = self._choose_worker()
        if worker is None:
            return
        self._send(worker, self._sent, indices)
        self._tasks[self._sent] = worker
        self._load[worker] += 1
        self._sent += 1

    def _send(self, worker: int, task: int | None, indices: Any) -> None:
        receiver = self._receivers[worker]
        try:
            receiver.connection.send((task, indices, receiver.take_free()))
        except OSError:
            self._report_death(worker)

    def _receive(self, worker: int) -> tuple[int | None, Any]:
        """The next message of a worker. RuntimeError if it is late or dead."""
        receiver = self._receivers[worker]
        try:
            while not receiver.connection.poll(self._timeout or CHECK_SECONDS):
                if self._timeout:
                    raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds")
                if not self._workers[worker].is_alive():
                    raise EOFError
            return receiver.receive()
        except (EOFError, OSError):
            self._report_death(worker)

    def _report_death(self, worker: int) -> NoReturn:
        """Raise with what is known of a worker that hung up."""
        process = self._workers[worker]
        process.join(CHECK_SECONDS)
        code = process.exitcode
        text = f"DataLoader worker (pid {process.pid}) "
        if code is not None and code < 0:
            text += f"is killed by signal: {signal.strsignal(-code)}. "
        else:
            text += (
                f"exited unexpectedly with exit code {code}. Details are lost due to "
                "multiprocessing. Rerunning with num_workers=0 may give better error trace."
            )
        raise RuntimeError(
            f"DataLoader worker (pid(s) {process.pid}) exited unexpectedly"
        ) from RuntimeError(text)

    def _next_message(self) -> tuple[int, Any]:
        """The next task that is done, in order unless the loader does without."""
        if self._in_order:
            worker = self._tasks[next(iter(self._tasks))]
        else:
            lines: dict[Any, int] = {
                self._receivers[worker].connection: worker for worker in set(self._tasks.values())
            }
            ready = wait(list(lines), self._timeout or None)
            if not ready:
                raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds")
            worker = lines[ready[0]]
        task, data = self._receive(worker)
        assert task is not None
        return task, data

    def _next_data(self) -> Any:
        while self._tasks:
            task, data = self._next_message()
            worker = self._tasks.pop(task)
            self._load[worker] -= 1
            if isinstance(data, Exhausted):
                self._active[worker] = False
                self._tasks = {t: w for t, w in self._tasks.items() if w != worker}
                self._send_next()
                continue
            self._send_next()
            if isinstance(data, WorkerFailure):
                data.reraise()
            return data
        if not self._persistent_workers:
            self._shutdown_workers()
        raise StopIteration

    def _shutdown_workers(self) -> None:
        """Hang up, and wait for the workers to end; those that do not are terminated."""
        if self._process != os.getpid():
            return  # a forked copy, whose owner is another process
        for receiver in self._receivers:
            receiver.hang_up()
        patience = time.monotonic() + CHECK_SECONDS
        for worker in self._workers:
            worker.join(max(0.0, patience - time.monotonic()))
            if worker.is_alive():
                worker.terminate()
                worker.join(CHECK_SECONDS)
                if worker.is_alive():
                    worker.kill()
                    worker.join()
            worker.close()
        self._workers, self._receivers = [], []

    def __del__(self) -> None:
        if not sys.is_finalizing() and hasattr(self, "_receivers"):
            self._shutdown_workers()

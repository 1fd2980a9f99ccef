"""`torch.profiler`: clocks the parts that `record_function` names, by steps of a schedule, with
tables and traces.

Taper computes when somebody looks at a value, so a part that only records calls is quick, and the
part that looks holds the time of the computation.
"""

from __future__ import annotations

import enum
import json
import os
import platform
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .autograd import profiler as clock
from .autograd.profiler import EventList, record_function
from .files import replacing

__all__ = [
    "ProfilerAction",
    "ProfilerActivity",
    "profile",
    "record_function",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]


class ProfilerActivity(enum.Enum):
    """What could be clocked; only the CPU is."""

    CPU = 0
    XPU = 1
    CUDA = 2
    MTIA = 3
    HPU = 4
    PrivateUse1 = 5


class ProfilerAction(enum.Enum):
    """What a schedule asks for in one step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def supported_activities() -> set[ProfilerActivity]:
    """What can be clocked: the CPU."""
    return {ProfilerActivity.CPU}


def schedule(
    *,
    wait: int,
    warmup: int,
    active: int,
    repeat: int = 0,
    skip_first: int = 0,
    skip_first_wait: int = 0,
) -> Callable[[int], ProfilerAction]:
    """Cycles of `wait` steps that are left out, `warmup` steps, and `active` steps that are
    recorded.

    `repeat` cycles (0: for ever) after `skip_first` steps; `skip_first_wait` leaves the first
    `wait` out.
    """
    if min(wait, warmup, repeat, skip_first) < 0 or active < 1:
        raise AssertionError("Invalid profiler schedule arguments")
    length = wait + warmup + active

    def action(step: int) -> ProfilerAction:
        step -= skip_first
        if skip_first_wait:
            step += wait
        if step < 0 or (repeat and step >= repeat * length):
            return ProfilerAction.NONE
        place = step % length
        if place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if place < length - 1 else ProfilerAction.RECORD_AND_SAVE

    return action


class _Timed(EventList):
    """Events that know when they ended."""

    def append(self, event: Any) -> None:
        event.end = time.perf_counter()
        super().append(event)


class profile(clock.profile):
    """Context manager around steps: `step()` goes on in the schedule, `key_averages().table()`
    tells.

    `on_trace_ready(self)` is called at the end of each recorded cycle. The other arguments of
    PyTorch's are taken, and change nothing.
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[Any], Any] | None = None,
        **_: Any,
    ) -> None:
        super().__init__(True)
        self.schedule = schedule or (lambda step: ProfilerAction.RECORD)
        self.on_trace_ready, self.step_num = on_trace_ready, 0
        self.function_events = _Timed()

    @property
    def current_action(self) -> ProfilerAction:
        """What the schedule asks for in this step."""
        return self.schedule(self.step_num)

    def _recording(self) -> bool:
        return self.current_action in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:  # type: ignore[override]
        """Begin the first step."""
        self._begin()

    def _begin(self) -> None:
        self.running = self._recording()
        if self.running:
            clock._active.append(self)
            self.step_start = time.perf_counter()

    def _end(self) -> None:
        if self.running:
            clock._active.remove(self)
            taken = 1e6 * (time.perf_counter() - self.step_start)
            self.function_events.append(clock.Event(f"ProfilerStep#{self.step_num}", taken))
        self.running = False

    def step(self) -> None:
        """Go on to the next step of the schedule."""
        done = self.current_action
        self._end()
        if done is ProfilerAction.RECORD_AND_SAVE and self.on_trace_ready is not None:
            self.on_trace_ready(self)
        if done is ProfilerAction.RECORD_AND_SAVE:
            self.function_events = _Timed()
        self.step_num += 1
        self._begin()

    def stop(self) -> None:
        """End; a cycle that is being recorded is handed to `on_trace_ready`."""
        recorded = self.running
        self._end()
        if recorded and self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def events(self) -> EventList:
        """Each clocked part."""
        return self.function_events

    def export_chrome_trace(self, path: str | os.PathLike) -> None:
        """Write the parts as a JSON file that trace viewers read."""
        events = [
            {
                "name": e.key,
                "ph": "X",
                "ts": 1e6 * e.end - e.cpu_time_total,
                "dur": e.cpu_time_total,
                "pid": os.getpid(),
                "tid": 0,
            }
            for e in self.function_events
        ]
        with replacing(path, "w") as file:
            json.dump({"traceEvents": events}, file)


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[profile], None]:
    """For `on_trace_ready`: writes each cycle to `dir_name` as `WORKER.TIME.pt.trace.json`."""
    worker = worker_name or f"{platform.node()}_{os.getpid()}"

    def write(run: profile) -> None:
        folder = Path(dir_name)
        folder.mkdir(parents=True, exist_ok=True)
        run.export_chrome_trace(folder / f"{worker}.{time.time_ns()}.pt.trace.json")

    return write

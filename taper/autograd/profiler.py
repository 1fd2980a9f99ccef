"""A light profiler: how long the named parts of a program took by the clock."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

__all__ = ["emit_nvtx", "profile", "record_function"]

_active: list[profile] = []


class EventList(list):
    """Events; `key_averages` joins those of one name, `table` prints them."""

    def key_averages(self) -> EventList:
        """One event a name, with the sum of the times."""
        joined: dict[str, Event] = {}
        for event in self:
            found = joined.setdefault(event.key, Event(event.key, 0.0, 0))
            found.cpu_time_total += event.cpu_time_total
            found.count += event.count
        return EventList(joined.values())

    def total_average(self) -> Event:
        """All events as one."""
        return Event("Total", sum(e.cpu_time_total for e in self), sum(e.count for e in self))

    def table(self, sort_by: str | None = None, row_limit: int = 100, **_: Any) -> str:
        """The events as text, a line each."""
        rows = sorted(self, key=lambda e: -e.cpu_time_total) if sort_by else list(self)
        width = max([len(e.key) for e in rows] + [4])
        lines = [f"{'Name':<{width}}  {'CPU total':>12}  {'CPU time avg':>12}  # of Calls"]
        for e in rows[:row_limit]:
            lines.append(
                f"{e.key:<{width}}  {e.cpu_time_total:>10.3f}us  {e.cpu_time:>10.3f}us  "
                f"{e.count:>10}"
            )
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.table()


class Event:
    """A named part: times in microseconds."""

    def __init__(self, key: str, cpu_time_total: float, count: int = 1) -> None:
        self.key = self.name = key
        self.cpu_time_total, self.count = cpu_time_total, count

    @property
    def cpu_time(self) -> float:
        """The mean time of one call."""
        return self.cpu_time_total / max(self.count, 1)

    def __repr__(self) -> str:
        return f"<Event {self.key} {self.cpu_time_total:.3f}us x{self.count}>"


class profile:
    """Context manager that gathers the parts marked by `record_function`, and the whole."""

    def __init__(self, enabled: bool = True, **_: Any) -> None:
        self.enabled, self.function_events = enabled, EventList()

    def __enter__(self) -> profile:
        if self.enabled:
            self.start = time.perf_counter()
            _active.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        if self.enabled:
            _active.remove(self)
            self.function_events.append(Event("profile", 1e6 * (time.perf_counter() - self.start)))

    def key_averages(self, *_: Any, **__: Any) -> EventList:
        """Events joined by name."""
        return self.function_events.key_averages()

    def total_average(self) -> Event:
        """All events as one."""
        return self.function_events.total_average()

    def table(self, *args: Any, **kwargs: Any) -> str:
        """The events as text."""
        return self.function_events.table(*args, **kwargs)

    def step(self) -> None:
        """The next step of a schedule; there is none, so nothing happens."""


class record_function:
    """Context manager and decorator that names a part of the program."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name

    def __enter__(self) -> record_function:
        self.start = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        taken = 1e6 * (time.perf_counter() - self.start)
        for running in _active:
            running.function_events.append(Event(self.name, taken))

    def __call__(self, fn: Callable) -> Callable:
        @functools.wraps(fn)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name):
                return fn(*args, **kwargs)

        return wrapped


class emit_nvtx:
    """Taken for PyTorch's sake: there is no such tool to tell."""

    def __init__(self, enabled: bool = True, record_shapes: bool = False) -> None:
        self.enabled = enabled

    def __enter__(self) -> emit_nvtx:
        return self

    def __exit__(self, *_: object) -> None:
        pass

"""Times small statements: `Timer` runs one many times, `Measurement` says what one run took."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable
from typing import Any

from ..settings import get_num_threads, set_num_threads

__all__ = ["Measurement", "Timer", "timer"]

timer = timeit.default_timer
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


class Measurement:
    """The times of one statement in seconds: `times` for one run each, with `median`, `mean` and
    `iqr`."""

    def __init__(
        self, number_per_run: int, raw_times: list[float], title: str, setup: str, num_threads: int
    ) -> None:
        self.number_per_run, self.raw_times = number_per_run, raw_times
        self.title, self.setup, self.num_threads = title, setup, num_threads

    @property
    def times(self) -> list[float]:
        """Seconds of one run, in each repetition."""
        return [t / self.number_per_run for t in self.raw_times]

    @property
    def median(self) -> float:
        """The middle of the times."""
        return statistics.median(self.times)

    @property
    def mean(self) -> float:
        """The mean of the times."""
        return statistics.fmean(self.times)

    @property
    def iqr(self) -> float:
        """The distance between the quartiles."""
        if len(self.times) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.times, n=4, method="inclusive")
        return high - low

    def __repr__(self) -> str:
        one = len(self.raw_times) == 1
        scale, unit = next((u for u in _UNITS if self.median >= u[0]), _UNITS[-1])
        lines = [self.title]
        if self.setup and self.setup != "pass":
            lines.append(f"setup: {self.setup}")
        lines.append(f"  {'' if one else 'Median: '}{self.median / scale:.2f} {unit}")
        if not one:
            lines.append(f"  IQR:    {self.iqr / scale:.2f} {unit}")
        threads = f"{self.num_threads} thread{'s' if self.num_threads > 1 else ''}"
        count = f"{len(self.raw_times)} measurement{'' if one else 's'}"
        lines.append(
            f"  {count}, {self.number_per_run} runs {'' if one else 'per measurement'}, {threads}"
        )
        return "\n".join(lines)


class Timer:
    """Times a statement, as `timeit.Timer` does, with a number of threads and a name.

    Calls in Taper are recorded and computed when somebody looks: a statement that is to be timed
    should look at its result.
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: Any = "py",
    ) -> None:
        if not isinstance(stmt, str):
            raise ValueError("Currently only a `str` stmt is supported.")
        self.title = ": ".join(t for t in (label or stmt, sub_label) if t)
        self.setup, self.num_threads = setup, num_threads
        self._timer = timeit.Timer(stmt, setup, timer, dict(globals or {}))

    def _measured(self, number: int, runs: Callable[[], list[float]]) -> Measurement:
        before = get_num_threads()
        set_num_threads(self.num_threads)
        try:
            times = runs()
        finally:
            set_num_threads(before)
        return Measurement(number, times, self.title, self.setup, self.num_threads)

    def timeit(self, number: int = 1_000_000) -> Measurement:
        """The time of `number` runs, after a few to warm up."""
        self._timer.timeit(max(number // 100, 2))
        return self._measured(number, lambda: [self._timer.timeit(number)])

    def repeat(self, repeat: int = -1, number: int = -1) -> None:
        """NotImplementedError, as PyTorch's: see `blocked_autorange`."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def blocked_autorange(
        self, callback: Callable[[int, float], Any] | None = None, min_run_time: float = 0.2
    ) -> Measurement:
        """Repeated blocks of runs until `min_run_time` seconds have passed."""
        number = 1
        while self._timer.timeit(number) < min_run_time / 1000 and number < 10**8:
            number *= 10

        def runs() -> list[float]:
            times: list[float] = []
            while sum(times) < min_run_time:
                times.append(self._timer.timeit(number))
                if callback is not None:
                    callback(number, times[-1])
            return times

        return self._measured(number, runs)

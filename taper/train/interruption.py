"""Turns Ctrl-C and a termination signal into a request that is met between two steps."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Interruption:
    """Whether somebody asked the program to stop."""

    requested = False

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True


@contextlib.contextmanager
def interruption() -> Iterator[Interruption]:
    """Catch SIGINT and SIGTERM inside the block; a second one raises KeyboardInterrupt at once.

    Outside the main thread, where Python cannot catch signals, nothing changes.
    """
    asked = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {n: signal.signal(n, asked._ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

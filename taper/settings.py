"""The switches of Taper, from environment variables or `with taper.settings(...)`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Settings:
    """backend: `llvm` or `reference` (TAPER_BACKEND).
    threads: how many threads compute one program (TAPER_THREADS; 0 means one for each processor).
    debug: 0 to 5, how much the engine tells on stderr (TAPER_DEBUG).
    check: verify every graph after every pass (TAPER_CHECK).
    dump: folder for the text of graphs and kernels (TAPER_DUMP).
    cpu: force a lesser processor level, `sse2`, `avx2`, `avx512` (TAPER_CPU).
    cache: folder of compiled code (TAPER_CACHE)."""

    backend: str = "llvm"
    threads: int = 0
    debug: int = 0
    check: bool = False
    dump: str = ""
    cpu: str = ""
    cache: str = ""


_READ: dict[str, Callable[[str], Any]] = {
    "int": int,
    "bool": lambda t: t not in ("", "0"),
    "str": str,
}


def _from_environment() -> Settings:
    found = {}
    for field, kind in Settings.__annotations__.items():
        text = os.environ.get("TAPER_" + field.upper())
        if text is not None:
            found[field] = _READ[kind](text)
    return Settings(**found)


_current = _from_environment()


def current() -> Settings:
    """The switches as they stand."""
    return _current


@contextmanager
def settings(**changes: object) -> Iterator[Settings]:
    """Change switches inside a `with` block."""
    global _current
    before = _current
    _current = replace(before, **changes)  # type: ignore[arg-type]
    try:
        yield _current
    finally:
        _current = before


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def get_num_threads() -> int:
    """How many threads compute one program."""
    return _current.threads or _processors()


def set_num_threads(threads: int) -> None:
    """Set how many threads compute one program; RuntimeError unless it is a positive int."""
    global _current
    if not isinstance(threads, int) or isinstance(threads, bool):
        raise TypeError(f"set_num_threads expects an int, but got {type(threads).__name__}")
    if threads <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")
    _current = replace(_current, threads=threads)

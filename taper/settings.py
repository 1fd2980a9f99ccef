"""The switches of Taper, from environment variables or `with taper.settings(...)`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Settings:
    """backend: `llvm`, `reference` or `xla` (TAPER_BACKEND).
    debug: 0 to 5, how much the engine tells on stderr (TAPER_DEBUG).
    check: verify every graph after every pass (TAPER_CHECK).
    dump: folder for the text of graphs and kernels (TAPER_DUMP).
    cpu: force a lesser processor level, `sse2`, `avx2`, `avx512` (TAPER_CPU).
    cache: folder of compiled code (TAPER_CACHE)."""

    backend: str = "reference"
    debug: int = 0
    check: bool = False
    dump: str = ""
    cpu: str = ""
    cache: str = ""


def _from_environment() -> Settings:
    found = {}
    for field, kind in Settings.__annotations__.items():
        text = os.environ.get("TAPER_" + field.upper())
        if text is not None:
            found[field] = {"int": int, "bool": lambda t: t not in ("", "0"), "str": str}[kind](text)
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

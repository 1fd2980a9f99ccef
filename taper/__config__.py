"""`torch.__config__`: how this Taper was built and what it uses."""

from __future__ import annotations

import platform
from importlib import metadata

import numpy as np

from .backends.cpu import get_cpu_capability
from .settings import current, get_num_threads
from .version import __version__

__all__ = ["parallel_info", "show"]


def show() -> str:
    """A text for bug reports: versions, the backend and the processor."""
    facts = [
        f"Taper {__version__}",
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}",
        f"NumPy {np.__version__}",
        f"llvmlite {metadata.version('llvmlite')}",
        f"backend: {current().backend}",
        f"CPU capability usage: {get_cpu_capability()}",
    ]
    return "Taper built with:\n" + "".join(f"  - {fact}\n" for fact in facts)


def parallel_info() -> str:
    """How many threads compute one program."""
    return f"Taper's parallel loops:\n\tget_num_threads() : {get_num_threads()}\n"

"""What `taper info` says of versions, processor, settings and optional libraries."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import platform
from collections.abc import Iterator

from taper.settings import current

_NEEDED = ("numpy", "llvmlite", "ml_dtypes")
_EXTRAS = ("pillow", "matplotlib", "tqdm", "tensorboard", "scipy", "onnx", "jax")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def describe() -> Iterator[tuple[str, str]]:
    """Pairs of a name and what there is to say."""
    yield "taper", _version("taper") or "not installed as a package"
    yield "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    for name in _NEEDED:
        yield name, _version(name) or "missing"
    yield "cores", str(len(os.sched_getaffinity(0)))
    for name, value in dataclasses.asdict(current()).items():
        yield f"TAPER_{name.upper()}", str(value)
    for name in _EXTRAS:
        yield name, _version(name) or "not installed (optional)"

"""`torch.hub`: models from a folder with a `hubconf.py`, and files by their address.

Repositories on GitHub are not fetched: they are written for PyTorch's own releases, so a copy on
disk, loaded with `source="local"`, is asked for instead.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import posixpath
import re
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .files import replacing
from .serialization import load as load_file

__all__ = [
    "download_url_to_file",
    "get_dir",
    "help",
    "list",
    "load",
    "load_state_dict_from_url",
    "set_dir",
]

ENTRIES = "hubconf.py"
CHUNK = 1 << 20
TIMEOUT = 60.0
HASH = re.compile(r"-([a-f0-9]*)\.")

_folder: str | None = None


def get_dir() -> str:
    """The folder of downloads: what `set_dir` was told, else `hub` in $TORCH_HOME or the cache."""
    if _folder is not None:
        return _folder
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))
    return os.path.join(os.path.expanduser(home), "hub")


def set_dir(d: str | os.PathLike) -> None:
    """Set the folder of downloads."""
    global _folder
    _folder = os.path.expanduser(d)


# ---------------------------------------------------------------- models
def _found(repo_or_dir: str | os.PathLike) -> types.ModuleType:
    """The module of a folder's `hubconf.py`, with the folder first on the path while it loads."""
    folder = str(Path(repo_or_dir).expanduser())
    path = os.path.join(folder, ENTRIES)
    if not os.path.isdir(folder):
        raise RuntimeError(
            f"torch.hub: there is no folder {folder!r}. Taper fetches no repositories: clone it, "
            'and load it with source="local"'
        )
    if not os.path.exists(path):
        raise FileNotFoundError(2, "No such file or directory", path)
    spec: Any = importlib.util.spec_from_file_location(ENTRIES, path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    return module


def _check_dependencies(module: types.ModuleType) -> None:
    needed = getattr(module, "dependencies", None) or []
    missing = [
        name for name in needed if name not in sys.modules and not importlib.util.find_spec(name)
    ]
    if missing:
        raise RuntimeError(f"Missing dependencies: {', '.join(missing)}")


def _entry(module: types.ModuleType, name: str) -> Callable:
    if not isinstance(name, str):
        raise ValueError("Invalid input: model should be a string of function name")
    _check_dependencies(module)
    found = getattr(module, name, None)
    if not callable(found):
        raise RuntimeError(f"Cannot find callable {name} in hubconf")
    return found


def load(
    repo_or_dir: str | os.PathLike,
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: Any = "check",
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    **kwargs: Any,
) -> Any:
    """Call the function `model` of a folder's `hubconf.py`, and return what it makes.

    ValueError for an unknown source, RuntimeError for a repository that is not a folder here.
    """
    source = source.lower()
    if source not in ("github", "local"):
        raise ValueError(f'Unknown source: "{source}". Allowed values: "github" | "local".')
    return _entry(_found(repo_or_dir), model)(*args, **kwargs)


def list(
    github: str | os.PathLike,
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: Any = "check",
    verbose: bool = True,
) -> Any:
    """Names of the functions that a folder's `hubconf.py` offers."""
    module = _found(github)
    return [n for n, f in vars(module).items() if callable(f) and not n.startswith("_")]


def help(
    github: str | os.PathLike,
    model: str,
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: Any = "check",
) -> str | None:
    """The docstring of a function of a folder's `hubconf.py`."""
    return _entry(_found(github), model).__doc__


# ---------------------------------------------------------------- files
def download_url_to_file(
    url: str, dst: str | os.PathLike, hash_prefix: str | None = None, progress: bool = True
) -> None:
    """Write what `url` gives to `dst`, which appears only when it is whole.

    RuntimeError where its SHA-256 does not begin with `hash_prefix`.
    """
    import urllib.request  # slow to load, and few programs download

    request = urllib.request.Request(url, headers={"User-Agent": "taper"})
    digest = hashlib.sha256()
    target = Path(dst).expanduser()
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer, replacing(target) as file:
        while chunk := answer.read(CHUNK):
            file.write(chunk)
            digest.update(chunk)
        found = digest.hexdigest()
        if hash_prefix is not None and not found.startswith(hash_prefix):
            raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "{found}")')


def load_state_dict_from_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = True,
) -> dict[str, Any]:
    """Read a file of weights by its address, keeping it in `model_dir` (`checkpoints` in
    `get_dir()`).

    Only tensors and plain containers are read, unless `weights_only=False`. With `check_hash` the
    part of its name between `-` and `.` must begin its SHA-256.
    """
    folder = Path(model_dir or os.path.join(get_dir(), "checkpoints"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (file_name or posixpath.basename(url.partition("?")[0]))
    if not path.exists():
        if progress:
            sys.stderr.write(f'Downloading: "{url}" to {path}\n')
        named = HASH.search(path.name) if check_hash else None
        download_url_to_file(url, path, named.group(1) if named else None, progress)
    return load_file(path, map_location=map_location, weights_only=weights_only)

"""Makes `import torch` and `import torchvision` mean Taper in this process.

`install()` enters Taper's modules into `sys.modules` under PyTorch's names, as the same objects,
and a finder that does so for modules imported later. Nothing else of the process changes.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import sys
import types
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from taper.version import __version__

ROOTS = {"torch": "taper", "torchvision": "taper.vision"}
VERSIONS = {"torch": __version__, "torchvision": "0.28.0+taper"}


class AliasedModule(types.ModuleType):
    """A module of Taper that is also known by PyTorch's name, and names what stands near a miss."""

    def __getattr__(self, name: str) -> Any:
        message = f"module '{theirs(self.__name__)}' has no attribute '{name}'"
        if not name.startswith("__"):
            message += _nearest(name, [n for n in vars(self) if not n.startswith("_")])
        raise AttributeError(message, name=name)


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, known, n=3)
    return f"; nearest: {', '.join(map(repr, close))}" if close else ""


def ours(name: str) -> str | None:
    """The module of Taper that stands for PyTorch's module `name`; None for any other name."""
    root, _, rest = name.partition(".")
    if root not in ROOTS:
        return None
    return f"{ROOTS[root]}.{rest}" if rest else ROOTS[root]


def theirs(name: str) -> str:
    """The name PyTorch's programs use for the module `name` of Taper."""
    for root, here in sorted(ROOTS.items(), key=lambda pair: -len(pair[1])):
        if name == here or name.startswith(here + "."):
            return root + name[len(here) :]
    return name


class _Loader:
    """Hands out the module of Taper that an alias stands for."""

    def __init__(self, target: str) -> None:
        self.target = target

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        module = importlib.import_module(self.target)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        module.__spec__ = self.spec  # the import system has put the alias's in its place
        module.__class__ = AliasedModule


class _Distribution(importlib.metadata.Distribution):
    """What `importlib.metadata` is told about the stand-in."""

    def __init__(self, name: str) -> None:
        self.text = (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {VERSIONS[name]}\n"
            f"Summary: Taper standing in for {name}\n"
        )

    def read_text(self, filename: str) -> str | None:
        return self.text if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Path:
        return Path(__file__).parent / path


class _Finder:
    """Resolves imports of PyTorch's modules, and questions about its version."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        here = ours(name)
        if here is None:
            return None
        found = importlib.util.find_spec(here)
        if found is None:
            return None
        is_package = found.submodule_search_locations is not None
        loader: Any = _Loader(here)
        return importlib.machinery.ModuleSpec(name, loader, is_package=is_package)

    def find_distributions(
        self, context: importlib.metadata.DistributionFinder.Context
    ) -> Iterator[importlib.metadata.Distribution]:
        for name in VERSIONS:
            if context.name is None or context.name == name:
                yield _Distribution(name)


def install() -> None:
    """From here on, `import torch` and `import torchvision` import Taper.

    Calling it again does nothing. Raises RuntimeError where PyTorch itself is already imported.
    """
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    for name in ROOTS:
        module = sys.modules.get(name)
        if module is not None:
            version = getattr(module, "__version__", "of unknown version")
            raise RuntimeError(
                f"{name} {version} is already imported in this process "
                f"(from {getattr(module, '__file__', None)}): call taper.install() before that"
            )
    finder: Any = _Finder()
    sys.meta_path.insert(0, finder)
    for name, module in list(sys.modules.items()):
        if theirs(name) != name:
            sys.modules[theirs(name)] = module
            module.__class__ = AliasedModule

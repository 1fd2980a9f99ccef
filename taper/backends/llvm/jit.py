"""From LLVM IR text to machine code in memory, by way of objects kept on disk."""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any
from weakref import WeakValueDictionary

import llvmlite
import llvmlite.binding as llvm
from llvmlite.binding import ffi

from .cache import ObjectCache
from .target import Target

# Changes whenever the way to compile does, so that objects from before are not taken.
_RECIPE = "4"


class Code:
    """Loaded machine code; it stays in memory as long as this object does."""

    def __init__(self, tracker: llvm.ResourceTracker, names: Sequence[str]) -> None:
        self._tracker = tracker
        self.addresses = {name: tracker[name] for name in names}

    def function(self, name: str, *types: Any, result: Any = None) -> Callable:
        """A ctypes function to call (it releases the interpreter's lock meanwhile)."""
        call: Any = ctypes.CFUNCTYPE(result, *types)(self.addresses[name])
        call.code = self  # what can be called keeps its code in memory
        return call


class Jit:
    """Compiles for one target; safe to use from several threads."""

    def __init__(self, target: Target, cache: ObjectCache | None = None) -> None:
        self.target = target
        self.cache = cache
        self._loaded: WeakValueDictionary[str, Code] = WeakValueDictionary()
        self._lock = threading.Lock()

    def load(self, text: str, *names: str) -> Code:
        """Machine code of a module, from memory, disk or the compiler; `names`: its functions."""
        key = self.key(text)
        with self._lock:
            code = self._loaded.get(key)
        if code is None:
            code = _linker(self.target).link(self._object(key, text), names)
            with self._lock:
                code = self._loaded.setdefault(key, code)
        return code

    def load_all(self, modules: Sequence[tuple[str, str]], workers: int = 0) -> list[Code]:
        """`load` for several (text, name) at once, compiling in as many threads as processors."""
        workers = min(workers or _processors(), len(modules))
        if workers <= 1:
            return [self.load(text, name) for text, name in modules]
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(lambda m: self.load(*m), modules))

    def key(self, text: str) -> str:
        """What the object of a text is called: a hash of everything it depends on."""
        t = self.target
        versions = (llvmlite.__version__, ".".join(map(str, llvm.llvm_version_info)))
        about = "\0".join((_RECIPE, *versions, t.triple, t.cpu, t.features, text))
        return hashlib.sha256(about.encode()).hexdigest()

    def assembly(self, text: str) -> str:
        """The assembly a text compiles to, for reading."""
        machine = self.target.machine()
        return machine.emit_assembly(_parsed(text))

    def _object(self, key: str, text: str) -> bytes:
        found = self.cache.get(key) if self.cache else None
        if found is None:
            found = compile_object(text, self.target.machine())
            if self.cache:
                self.cache.put(key, found)
        return found


class _Linker:
    """Puts objects into memory, each a library of its own."""

    def __init__(self, target: Target) -> None:
        self._session = llvm.create_lljit_compiler(target.machine())
        self._lock = threading.Lock()
        self._numbers = itertools.count()

    def link(self, image: bytes, names: Sequence[str]) -> Code:
        """Load an object and find the addresses of its functions."""
        library = llvm.JITLibraryBuilder().add_object_img(image).add_current_process()
        for name in names:
            library.export_symbol(name)
        with self._lock:
            tracker = library.link(self._session, f"library{next(self._numbers)}")
        return Code(tracker, names)


@cache
def _linker(target: Target) -> _Linker:
    """One for the whole process: code must not outlive it."""
    return _Linker(target)


def compile_object(text: str, machine: llvm.TargetMachine) -> bytes:
    """An object file from LLVM IR text. Raises RuntimeError, naming the line, if it is wrong."""
    module = _parsed(text)
    # The two long calls run beside each other: each works on a context of its own, so llvmlite's
    # lock around the whole library is not needed for them.
    message = ctypes.c_char_p()
    emit = _unlocked("LLVMPY_TargetMachineEmitToMemory")
    buffer = emit(machine, module, 1, ctypes.byref(message))
    if not buffer:
        raise RuntimeError(f"code generation failed: {(message.value or b'').decode()}")
    start = ffi.lib.LLVMPY_GetBufferStart(buffer)
    size = ffi.lib.LLVMPY_GetBufferSize(buffer)
    try:
        return ctypes.string_at(start, size)
    finally:
        ffi.lib.LLVMPY_DisposeMemoryBuffer(buffer)


def _parsed(text: str) -> llvm.ModuleRef:
    """The module, verified. It is vectorised, unrolled and tiled already: passes before the code
    generator cost half again the time, and no kernel that was measured ran faster for them."""
    module = llvm.parse_assembly(text, llvm.create_context())
    module.verify()
    return module


def _unlocked(name: str) -> Callable:
    """The C function behind llvmlite's wrapper, or the wrapper if there is none behind it."""
    wrapper = getattr(ffi.lib, name)
    return getattr(wrapper, "_cfn", wrapper)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

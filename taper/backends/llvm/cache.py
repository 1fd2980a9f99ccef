"""Keeps compiled objects on disk, in a folder only its owner can write."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import threading
import time
import warnings
from pathlib import Path

_MAGIC = b"taper object 1\n"
_DAY = 86400.0


class ObjectCache:
    """Objects by key, each in a checksummed file of its own.

    Whatever looks wrong (cut short, altered, writable by others, somebody else's) counts as
    absent. A folder that cannot be used is reported once, and then nothing is kept. When the
    files exceed `limit` bytes, those unused for longest go.
    """

    def __init__(self, folder: str = "", limit: int = 512 << 20) -> None:
        self.folder = Path(folder or os.path.join("~", ".cache", "taper")).expanduser()
        self.limit = limit
        self._lock = threading.Lock()
        self._usable: bool | None = None
        self._size: int | None = None

    def get(self, key: str) -> bytes | None:
        """The object stored under a key, or None."""
        if not self._ready():
            return None
        try:
            handle = os.open(self._path(key), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except OSError:
            return None
        with open(handle, "rb") as file:
            about = os.fstat(handle)
            if not (stat.S_ISREG(about.st_mode) and _only_ours(about)):
                return None
            content = file.read()
        start = len(_MAGIC) + 32
        body = content[start:]
        if content[:start] != _MAGIC + hashlib.sha256(body).digest():
            return None
        if time.time() - about.st_mtime > _DAY:  # so that eviction spares what is in use
            with contextlib.suppress(OSError):
                os.utime(self._path(key))
        return body

    def put(self, key: str, body: bytes) -> None:
        """Store an object; the file appears whole or not at all."""
        if not self._ready():
            return
        passing = self.folder / f".{key[:16]}.{os.getpid()}.{threading.get_ident()}"
        try:
            handle = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(handle, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(body).digest() + body)
            os.replace(passing, self._path(key))
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(passing)
            self._give_up(str(error))
            return
        with self._lock:
            self._shrink(len(body))

    def _path(self, key: str) -> str:
        return os.path.join(self.folder, key + ".o")

    def _ready(self) -> bool:
        if self._usable is None:
            try:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                about = os.stat(self.folder)
                if not stat.S_ISDIR(about.st_mode):
                    self._give_up("not a folder")
                elif not _only_ours(about):
                    self._give_up("others may write there")
                elif not os.access(self.folder, os.W_OK | os.X_OK):
                    self._give_up("permission denied")
                else:
                    self._usable = True
            except OSError as error:
                self._give_up(str(error))
        return bool(self._usable)

    def _give_up(self, why: str) -> None:
        with self._lock:
            told, self._usable = self._usable is False, False
        if not told:
            warnings.warn(f"compiled code is not kept in {self.folder}: {why}")

    def _shrink(self, added: int) -> None:
        """Count what was added; past the limit, look at the folder and remove a quarter."""
        if self._size is not None:
            self._size += added
            if self._size <= self.limit:
                return
        files = []
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):  # another process may have removed it
                    about = entry.stat(follow_symlinks=False)
                    files.append((about.st_mtime, about.st_size, entry.path))
        self._size = sum(size for _, size, _ in files)
        if self._size <= self.limit:
            return
        for _, size, path in sorted(files):
            if self._size <= self.limit * 3 // 4:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
            self._size -= size


def _only_ours(about: os.stat_result) -> bool:
    if not hasattr(os, "geteuid"):
        return True
    return about.st_uid == os.geteuid() and not about.st_mode & 0o022

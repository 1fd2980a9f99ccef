"""The zip container of a .pth file: named records, stored as they are and aligned for mapping.

PyTorch's layout: every record lies under one folder, uncompressed, begins at a multiple of 64 (an
extra field called `FB` in the local header fills the gap), and is followed by a data descriptor.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO

import numpy as np

ALIGNMENT = 64
LOCAL, DESCRIPTOR, CENTRAL = b"PK\x03\x04", b"PK\x07\x08", b"PK\x01\x02"
END, END64, LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
LOCAL_SIZE = 30
FULL32, FULL16 = 0xFFFFFFFF, 0xFFFF
UTF8, DESCRIBED, ENCRYPTED = 0x800, 0x008, 0x001
ZIP64 = 45
VERSIONS = range(1, 11)
MAX_EXPANSION = 100  # a recompressed archive may hold this many times its own size, no more
CORRUPT = (
    "This is an internal miniz error. If you are seeing this error, there is a high likelihood "
    "that your checkpoint file is corrupted. This can happen if the checkpoint was not saved "
    "properly, was transferred incorrectly, or the file was modified after saving."
)


def failed(what: str, why: str) -> RuntimeError:
    """The error for a damaged archive, as PyTorch words it."""
    return RuntimeError(f"PytorchStreamReader failed {what}: {why}. {CORRUPT}")


def looks_like_zip(file: BinaryIO) -> bool:
    """Whether a zip archive begins where the file stands; the file does not move."""
    start = file.tell()
    found = file.read(len(LOCAL))
    file.seek(start)
    if not isinstance(found, bytes):
        raise TypeError(
            f"expected a file opened in binary mode, but reading it gives {type(found).__name__}"
        )
    return found == LOCAL


class Reader:
    """Read the records of an archive; every size and place is checked against the file first.

    With `mapped`, the whole file as an array, `array` gives parts of it instead of reading them.
    RuntimeError for anything that is not a sound archive."""

    def __init__(self, file: BinaryIO, mapped: np.ndarray | None = None) -> None:
        if file.tell():
            file = io.BytesIO(file.read())
        self._file, self._mapped = file, mapped
        self._size = file.seek(0, io.SEEK_END)
        entries = self._directory()
        if not entries:
            raise failed("reading zip archive", "the archive is empty")
        folder, slash, _ = entries[0].filename.partition("/")
        if not slash:
            raise failed(
                "reading zip archive",
                f"file in archive is not in a subdirectory: {entries[0].filename}",
            )
        self._records = {
            e.filename[len(folder) + 1 :]: e for e in entries if e.filename.startswith(folder + "/")
        }
        self._check_version()

    def _directory(self) -> list[zipfile.ZipInfo]:
        try:
            with zipfile.ZipFile(self._file) as archive:
                entries = archive.infolist()
        except OSError:
            raise
        except Exception as error:  # zipfile raises many kinds on a damaged directory
            raise failed("reading zip archive", "failed finding central directory") from error
        seen = set()
        for entry in entries:
            self._check_entry(entry)
            if entry.filename in seen:
                raise failed("reading zip archive", f"the record {entry.filename!r} occurs twice")
            seen.add(entry.filename)
        if sum(e.file_size for e in entries) > MAX_EXPANSION * self._size:
            raise failed("reading zip archive", "the records claim to hold more than the file can")
        return entries

    def _check_entry(self, entry: zipfile.ZipInfo) -> None:
        name, what = entry.orig_filename, "reading zip archive"
        if (
            name.startswith("/")
            or ".." in name.split("/")
            or any(c in name for c in "\\\0")
            or name[1:3] == ":/"
        ):
            raise failed(what, f"the record name {name!r} points outside the archive")
        if entry.flag_bits & ENCRYPTED or entry.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            raise failed(what, f"the record {name!r} is encrypted or of an unknown compression")
        if entry.compress_type == zipfile.ZIP_STORED and entry.compress_size != entry.file_size:
            raise failed(what, f"the record {name!r} has two different sizes")
        if min(entry.header_offset, entry.file_size, entry.compress_size) < 0:
            raise failed(what, f"the record {name!r} lies outside the file")
        if entry.header_offset + LOCAL_SIZE + entry.compress_size > self._size:
            raise failed(what, f"the record {name!r} lies outside the file")

    def _check_version(self) -> None:
        if "version" not in self._records:
            raise RuntimeError('Expected hasRecord("version") to be true, but got false.')
        text = self.read("version").strip()
        number = int(text) if text.isdigit() and len(text) < 10 else 0
        if number not in VERSIONS:
            raise RuntimeError(
                "Attempted to read a PyTorch file with version "
                f"{text[:20].decode('ascii', 'replace')}, but the supported versions for reading "
                f"are {VERSIONS[0]} to {VERSIONS[-1]}."
            )

    def __contains__(self, name: str) -> bool:
        return name in self._records

    def _locate(self, name: str) -> tuple[zipfile.ZipInfo, int]:
        entry = self._records.get(name)
        if entry is None:
            raise failed(f"locating file {name}", "file not found")
        self._file.seek(entry.header_offset)
        header = self._file.read(LOCAL_SIZE)
        if len(header) < LOCAL_SIZE or header[:4] != LOCAL:
            raise failed(f"reading file {name}", "invalid header")
        name_size, extra_size = struct.unpack("<HH", header[26:30])
        written = self._file.read(name_size)
        if written != entry.orig_filename.encode("utf-8" if entry.flag_bits & UTF8 else "cp437"):
            raise failed(
                f"reading file {name}", "its header and the directory disagree about its name"
            )
        start = entry.header_offset + LOCAL_SIZE + name_size + extra_size
        if start + entry.compress_size > self._size:
            raise failed(f"reading file {name}", "the record lies outside the file")
        return entry, start

    def size(self, name: str) -> int:
        """Bytes that the record holds."""
        if name not in self._records:
            raise failed(f"locating file {name}", "file not found")
        return self._records[name].file_size

    def read(self, name: str) -> bytes:
        """The record's bytes, checked against their CRC."""
        return self._checked(name).tobytes()

    def array(self, name: str) -> np.ndarray:
        """The record as an array of bytes: checked by its CRC when read, unchecked when mapped."""
        entry, start = self._locate(name)
        if self._mapped is not None and entry.compress_type == zipfile.ZIP_STORED:
            return self._mapped[start : start + entry.file_size]
        return self._checked(name)

    def _checked(self, name: str) -> np.ndarray:
        entry, start = self._locate(name)
        self._file.seek(start)
        data = np.empty(entry.compress_size, np.uint8)
        read_into(self._file, data)
        if entry.compress_type == zipfile.ZIP_DEFLATED:
            data = _inflate(name, data, entry.file_size)
        if zlib.crc32(data) != entry.CRC:  # type: ignore[arg-type]
            raise failed(f"reading file {name}", "CRC-32 check failed")
        return data


def _inflate(name: str, data: np.ndarray, size: int) -> np.ndarray:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = inflater.decompress(data.tobytes(), size + 1)
    except zlib.error as error:
        raise failed(f"reading file {name}", "decompression failed") from error
    if len(found) != size:
        raise failed(f"reading file {name}", "unexpected decompressed size")
    return np.frombuffer(bytearray(found), np.uint8)


def read_into(file: BinaryIO, data: np.ndarray) -> None:
    """Fill an array of bytes from the file; RuntimeError where the file ends first."""
    view, done = data.data, 0
    readinto = getattr(file, "readinto", None)
    while done < len(view):
        if readinto is not None:
            count = readinto(view[done:])
        else:
            part = file.read(min(len(view) - done, 1 << 24))
            count = len(part)
            view[done : done + count] = part
        if not count:
            raise RuntimeError(
                f"unexpected EOF, expected {len(view) - done} more bytes. The file might be "
                "corrupted."
            )
        done += count


class Writer:
    """Write an archive through `write`, record after record; nothing is ever sought back to."""

    def __init__(self, write: Callable[[bytes | memoryview], object], folder: str) -> None:
        self._write, self._folder = write, folder
        self._place = 0
        self._directory: list[bytes] = []
        self._names, self._contents = hashlib.sha256(), hashlib.sha256()

    def _put(self, data: bytes | memoryview) -> None:
        self._write(data)
        self._place += len(data)

    def add(self, name: str, data: bytes | np.ndarray) -> None:
        """Write one record. `data` is bytes, or a contiguous array of bytes."""
        view = memoryview(data) if isinstance(data, bytes) else data.data
        size, crc, place = len(view), zlib.crc32(view), self._place
        self._names.update(name.encode() + b"\0")
        self._contents.update(struct.pack("<IQ", crc, size))
        path = f"{self._folder}/{name}".encode()
        flags = UTF8 | (DESCRIBED if size else 0)
        big = size >= FULL32
        wide = (struct.pack("<QQ", 0, 0) if big else b"") + (
            struct.pack("<Q", place) if place >= FULL32 else b""
        )
        extra = struct.pack("<HH", 1, len(wide)) + wide if wide else b""
        filled = place + LOCAL_SIZE + len(path) + len(extra) + 4
        gap = -filled % ALIGNMENT
        extra += b"FB" + struct.pack("<H", gap) + b"Z" * gap
        self._put(
            struct.pack("<4sHHHHHIIIHH", LOCAL, 0, flags, 0, 0, 0, 0, 0, 0, len(path), len(extra))
        )
        self._put(path)
        self._put(extra)
        self._put(view)
        if size:
            self._put(struct.pack("<4sIQQ" if big else "<4sIII", DESCRIPTOR, crc, size, size))
        self._directory.append(_central(path, flags, crc, size, place))

    def close(self) -> None:
        """Write the last records and the directory."""
        self.add("version", b"3\n")
        names, contents = (int(h.hexdigest(), 16) % 10**20 for h in (self._names, self._contents))
        self.add(".data/serialization_id", f"{names:020d}{contents:020d}".encode())
        start, count = self._place, len(self._directory)
        directory = b"".join(self._directory)
        self._put(directory)
        size, end = len(directory), self._place
        self._put(
            struct.pack("<4sQHHIIQQQQ", END64, 44, 0x031E, ZIP64, 0, 0, count, count, size, start)
        )
        self._put(struct.pack("<4sIQI", LOCATOR64, 0, end, 1))
        few, small, near = min(count, FULL16), min(size, FULL32), min(start, FULL32)
        self._put(struct.pack("<4sHHHHIIH", END, 0, 0, few, few, small, near, 0))


def _central(path: bytes, flags: int, crc: int, size: int, place: int) -> bytes:
    wide = (struct.pack("<QQ", size, size) if size >= FULL32 else b"") + (
        struct.pack("<Q", place) if place >= FULL32 else b""
    )
    extra = struct.pack("<HH", 1, len(wide)) + wide if wide else b""
    small, near = min(size, FULL32), min(place, FULL32)
    fixed = (0, 0, flags, 0, 0, 0, crc, small, small, len(path), len(extra), 0, 0, 0, 0, near)
    return struct.pack("<4sHHHHHHIIIHHHHHII", CENTRAL, *fixed) + path + extra

"""Getting a dataset's files: download with checksum and retries, and safe unpacking."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
import posixpath
import shutil
import tarfile
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

from ...files import replacing

T = TypeVar("T", str, bytes)

ATTEMPTS = 3
TIMEOUT = 30.0
CHUNK = 1 << 18

_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")


def calculate_md5(fpath: str | os.PathLike, chunk_size: int = 1 << 20) -> str:
    """The MD5 of a file in hexadecimal."""
    digest = hashlib.md5(usedforsecurity=False)
    with open(fpath, "rb") as file:
        while chunk := file.read(chunk_size):
            digest.update(chunk)
    return digest.hexdigest()


def check_md5(fpath: str | os.PathLike, md5: str, **kwargs: Any) -> bool:
    """Whether a file has this MD5."""
    return md5 == calculate_md5(fpath, **kwargs)


def check_integrity(fpath: str | os.PathLike, md5: str | None = None) -> bool:
    """Whether a file is there and, when `md5` is given, has it."""
    return os.path.isfile(fpath) and (md5 is None or check_md5(fpath, md5))


@contextmanager
def _progress(total: int | None, name: str) -> Iterator[Callable[[int], Any]]:
    """A function to call with the bytes that came: a tqdm bar if tqdm is there."""
    try:
        from tqdm import tqdm
    except ImportError:
        yield lambda count: None
        return
    with tqdm(total=total, unit="B", unit_scale=True, unit_divisor=1024, desc=name) as bar:
        yield bar.update


def _fetch(url: str, file: IO[bytes], name: str) -> str:
    """Write what `url` gives to `file`; its MD5."""
    request = urllib.request.Request(url, headers={"User-Agent": "taper"})
    digest = hashlib.md5(usedforsecurity=False)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        length = answer.headers.get("Content-Length")
        total = int(length) if length else None
        got = 0
        with _progress(total, name) as advance:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                digest.update(chunk)
                got += len(chunk)
                advance(len(chunk))
    if total is not None and got != total:
        raise OSError(f"the connection ended after {got} of {total} bytes")
    return digest.hexdigest()


def _is_final(error: Exception) -> bool:
    """Whether asking again is of no use: the server knows no such file."""
    return isinstance(error, urllib.error.HTTPError) and 400 <= error.code < 500


def download_url(
    url: str,
    root: str | os.PathLike,
    filename: str | os.PathLike | None = None,
    md5: str | None = None,
    max_redirect_hops: int = 3,
) -> None:
    """Download a file into the folder `root`, unless it is there with the right MD5.

    The file appears under its name only when it is complete and its MD5 is right. Raises
    RuntimeError when it cannot be had, with the place where to put it by hand.
    """
    path = Path(root).expanduser() / (
        filename or posixpath.basename(urllib.parse.urlparse(url).path)
    )
    if check_integrity(path, md5):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    print(f"Downloading {url} to {path}")
    for attempt in range(ATTEMPTS):
        try:
            with replacing(path) as file:
                found = _fetch(url, file, path.name)
                if md5 is not None and found != md5:
                    raise RuntimeError(
                        f"File not found or corrupted. {url} has the MD5 {found} instead of {md5}"
                    )
            return
        except OSError as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            if attempt + 1 < ATTEMPTS and not _is_final(error):
                time.sleep(0.5 * 2**attempt)
                continue
            raise RuntimeError(_by_hand(url, path, md5, error)) from error


def _by_hand(url: str, path: Path, md5: str | None, error: Exception) -> str:
    checksum = f" (its MD5 is {md5})" if md5 else ""
    return (
        f"Error downloading {path.name}: {error}\n"
        f"Without a network, fetch {url} elsewhere and put it at {path.absolute()}{checksum}, "
        "then run this again."
    )


def _inside(folder: Path, name: str) -> Path:
    """The place of an archive's member, which must lie in `folder`."""
    target = (folder / name).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise RuntimeError(f"the archive holds {name!r}, which would lie outside {folder}")
    return target


def _unpack_tar(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        for member in tar:
            target = _inside(folder, member.name)
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
            elif member.isfile():
                target.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(member)
                assert content is not None
                with content, open(target, "wb") as file:
                    shutil.copyfileobj(content, file)
            else:
                raise RuntimeError(f"{archive} holds {member.name!r}, neither a file nor a folder")


def _unpack_zip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        for name in packed.namelist():
            _inside(folder, name)
        packed.extractall(folder)


def _unpack_file(archive: Path, folder: Path) -> None:
    opener = _OPENERS[archive.suffix]
    with opener(archive, "rb") as content, open(folder / archive.stem, "wb") as file:
        shutil.copyfileobj(content, file)


def extract_archive(
    from_path: str | os.PathLike,
    to_path: str | os.PathLike | None = None,
    remove_finished: bool = False,
) -> str:
    """Unpack a tar or zip archive, or one compressed file, into a folder; the folder's path.

    Everything is unpacked next to its place first and then moved, so a file that appears is whole.
    Raises RuntimeError for a kind that is not known, for a damaged archive, and for one whose
    members would lie outside the folder or are links.
    """
    archive = Path(from_path)
    folder = Path(to_path) if to_path is not None else archive.parent
    if archive.name.endswith(_TAR_ENDINGS):
        unpack = _unpack_tar
    elif archive.suffix == ".zip":
        unpack = _unpack_zip
    elif archive.suffix in _OPENERS:
        unpack = _unpack_file
    else:
        raise RuntimeError(
            f"Unknown compression or archive type: '{archive.suffix}'.\nKnown suffixes are: "
            f"'{sorted([*_TAR_ENDINGS, '.zip', *_OPENERS])}'."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unpacking-") as draft:
        try:
            unpack(archive, Path(draft))
        except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, lzma.LZMAError) as error:
            raise RuntimeError(f"{archive} is damaged: {error}") from error
        for file in sorted(Path(draft).rglob("*")):
            target = folder / file.relative_to(draft)
            if file.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            else:
                os.replace(file, target)
    if remove_finished:
        archive.unlink()
    return str(folder)


def download_and_extract_archive(
    url: str,
    download_root: str | os.PathLike,
    extract_root: str | os.PathLike | None = None,
    filename: str | os.PathLike | None = None,
    md5: str | None = None,
    remove_finished: bool = False,
) -> None:
    """`download_url`, then `extract_archive`; into `download_root` unless told otherwise."""
    folder = Path(download_root).expanduser()
    name = filename or posixpath.basename(urllib.parse.urlparse(url).path)
    download_url(url, folder, name, md5)
    print(f"Extracting {folder / name} to {extract_root or folder}")
    extract_archive(folder / name, extract_root or folder, remove_finished)


def verify_str_arg(
    value: Any,
    arg: str | None = None,
    valid_values: Iterable[str] | None = None,
    custom_msg: str | None = None,
) -> str:
    """`value`, if it is a string among those that are valid; ValueError if not."""
    if not isinstance(value, str):
        where = "" if arg is None else f" for argument {arg}"
        raise ValueError(f"Expected type str{where}, but got type {type(value)}.")
    if valid_values is not None and value not in list(valid_values):
        known = "{" + ", ".join(f"'{name}'" for name in valid_values) + "}"
        raise ValueError(
            custom_msg or f"Unknown value '{value}' for argument {arg}. Valid values are {known}."
        )
    return value

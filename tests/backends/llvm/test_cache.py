import os
import stat
import warnings

import pytest

from taper.backends.llvm.cache import ObjectCache

KEY = "0" * 64


def put(folder, body=b"machine code", key=KEY):
    cache = ObjectCache(str(folder))
    cache.put(key, body)
    return cache, folder / (key + ".o")


def test_what_is_put_comes_back(tmp_path):
    cache, path = put(tmp_path / "a" / "b")
    assert cache.get(KEY) == b"machine code"
    assert ObjectCache(str(tmp_path / "a" / "b")).get(KEY) == b"machine code"
    assert cache.get("1" * 64) is None
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(path.parent).st_mode) == 0o700


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw[:-1],
        lambda raw: raw[:10],
        lambda raw: b"",
        lambda raw: os.urandom(len(raw)),
        lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
        lambda raw: raw + b"x",
    ],
)
def test_a_spoilt_file_counts_as_absent_and_is_replaced(tmp_path, spoil):
    cache, path = put(tmp_path)
    path.write_bytes(spoil(path.read_bytes()))
    assert cache.get(KEY) is None
    cache.put(KEY, b"again")
    assert cache.get(KEY) == b"again"


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_others_can_write_counts_as_absent(tmp_path, mode):
    cache, path = put(tmp_path)
    path.chmod(mode)
    assert cache.get(KEY) is None


def test_somebody_elses_file_counts_as_absent(tmp_path, monkeypatch):
    cache, _ = put(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert cache.get(KEY) is None


def test_a_link_is_not_followed(tmp_path):
    cache, path = put(tmp_path)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert cache.get(KEY) is None


def test_a_folder_others_can_write_is_not_used(tmp_path):
    tmp_path.chmod(0o777)
    cache = ObjectCache(str(tmp_path))
    with pytest.warns(UserWarning, match="others may write there"):
        cache.put(KEY, b"x")
    assert list(tmp_path.iterdir()) == []


def test_an_unusable_folder_is_reported_once(tmp_path):
    (tmp_path / "file").write_text("")
    cache = ObjectCache(str(tmp_path / "file" / "cache"))
    with pytest.warns(UserWarning, match="compiled code is not kept in .*cache"):
        assert cache.get(KEY) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cache.put(KEY, b"x")
        assert cache.get(KEY) is None


def test_a_disk_that_fills_up_is_reported_once_and_leaves_nothing(tmp_path, monkeypatch):
    cache, path = put(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(UserWarning, match="No space left"):
        cache.put("1" * 64, b"x")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cache.put("2" * 64, b"x")
    assert list(tmp_path.iterdir()) == [path]


def test_the_oldest_files_go_first(tmp_path):
    cache = ObjectCache(str(tmp_path), limit=10_000)
    for n in range(12):
        cache.put(f"{n:064}", bytes(1000))
        path = tmp_path / f"{n:064}.o"
        if path.exists():
            os.utime(path, (n, n))
    left = sorted(int(p.stem) for p in tmp_path.iterdir())
    assert left == list(range(left[0], 12))
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 10_000

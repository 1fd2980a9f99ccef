"""Getting files: checksums, retries, and archives that do or do not deserve trust."""

import gzip
import hashlib
import http.server
import io
import tarfile
import threading
import zipfile

import pytest

from taper.vision.datasets import utils


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(utils.time, "sleep", lambda seconds: None)


def md5(content):
    return hashlib.md5(content).hexdigest()


@pytest.fixture
def server():
    """A server on this machine; `answers[path]` lists what it says, the last of it for ever."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            queue = self.server.answers[self.path]
            status, content, length = queue.pop(0) if len(queue) > 1 else queue[0]
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.answers = {}
    made.url = f"http://127.0.0.1:{made.server_port}"
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_checksums(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    assert utils.calculate_md5(path) == md5(b"content")
    assert utils.check_integrity(path) and utils.check_integrity(path, md5(b"content"))
    assert not utils.check_integrity(path, md5(b"other"))
    assert not utils.check_integrity(tmp_path / "missing")


def test_download(tmp_path, server, capsys):
    server.answers["/a/file.bin"] = [(200, b"content", 7)]
    utils.download_url(
        f"{server.url}/a/file.bin?key=1".split("?")[0], tmp_path, md5=md5(b"content")
    )
    assert (tmp_path / "file.bin").read_bytes() == b"content"
    assert "Downloading http://127.0.0.1" in capsys.readouterr().out
    server.answers.clear()
    utils.download_url(f"{server.url}/a/file.bin", tmp_path, md5=md5(b"content"))
    assert "Downloading" not in capsys.readouterr().out


def test_download_tries_again(tmp_path, server):
    server.answers["/file"] = [(503, b"", 0), (200, b"cont", 7), (200, b"content", 7)]
    utils.download_url(f"{server.url}/file", tmp_path, "named")
    assert (tmp_path / "named").read_bytes() == b"content"


def test_download_with_another_checksum(tmp_path, server):
    server.answers["/file"] = [(200, b"other", 5)]
    with pytest.raises(RuntimeError, match="File not found or corrupted.*instead of " + md5(b"c")):
        utils.download_url(f"{server.url}/file", tmp_path, md5=md5(b"c"))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_downloaded_again(tmp_path, server):
    (tmp_path / "file").write_bytes(b"conte")
    server.answers["/file"] = [(200, b"content", 7)]
    utils.download_url(f"{server.url}/file", tmp_path, md5=md5(b"content"))
    assert (tmp_path / "file").read_bytes() == b"content"


def test_download_that_cannot_be(tmp_path, server):
    server.answers["/file"] = [(404, b"", 0)]
    with pytest.raises(RuntimeError, match=r"Error downloading file: .*404") as caught:
        utils.download_url(f"{server.url}/file", tmp_path, md5=md5(b"c"))
    text = str(caught.value)
    assert f"put it at {tmp_path / 'file'}" in text and md5(b"c") in text
    server.answers["/short"] = [(200, b"cont", 7)]
    with pytest.raises(RuntimeError, match="the connection ended after 4 of 7 bytes"):
        utils.download_url(f"{server.url}/short", tmp_path)
    with pytest.raises(RuntimeError, match="Error downloading file"):
        utils.download_url("http://127.0.0.1:9/file", tmp_path)
    assert list(tmp_path.iterdir()) == []


def tar(path, mode, **members):
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = content
                archive.addfile(info)
    return path


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tgz", ".tar.xz"])
def test_extract_tar(tmp_path, ending):
    mode = "w:" + {".tar": "", ".tar.gz": "gz", ".tgz": "gz", ".tar.xz": "xz"}[ending]
    archive = tar(tmp_path / f"a{ending}", mode, **{"in/one": b"1", "in/deep/two": b"2"})
    (tmp_path / "out" / "in").mkdir(parents=True)
    (tmp_path / "out" / "in" / "old").write_bytes(b"stays")
    utils.extract_archive(archive, tmp_path / "out", remove_finished=True)
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert files == ["out/in/deep/two", "out/in/old", "out/in/one"]


def test_extract_zip_and_gz(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("in/one", b"1")
    utils.extract_archive(tmp_path / "a.zip")
    assert (tmp_path / "in" / "one").read_bytes() == b"1"
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"2"))
    utils.extract_archive(tmp_path / "b.txt.gz")
    assert (tmp_path / "b.txt").read_bytes() == b"2"


def test_extract_what_reaches_out(tmp_path):
    (tmp_path / "out").mkdir()
    evil = tar(tmp_path / "a.tar", "w:", **{"../evil": b"1"})
    with pytest.raises(RuntimeError, match=r"'../evil', which would lie outside"):
        utils.extract_archive(evil, tmp_path / "out")
    link = tar(tmp_path / "b.tar", "w:", link=(tarfile.SYMTYPE, "/etc"))
    with pytest.raises(RuntimeError, match="'link', neither a file nor a folder"):
        utils.extract_archive(link, tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("/tmp/../evil", b"1")
    with pytest.raises(RuntimeError, match="would lie outside"):
        utils.extract_archive(tmp_path / "c.zip", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == [] and not (tmp_path / "evil").exists()


def test_extract_what_is_damaged(tmp_path):
    whole = tar(tmp_path / "a.tar.gz", "w:gz", one=b"1" * 10000).read_bytes()
    (tmp_path / "b.tar.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "c.zip").write_bytes(b"no archive")
    (tmp_path / "d.gz").write_bytes(b"no archive")
    for name in ("b.tar.gz", "c.zip", "d.gz"):
        with pytest.raises(RuntimeError, match=f"{name} is damaged"):
            utils.extract_archive(tmp_path / name, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    with pytest.raises(RuntimeError, match=r"Unknown compression or archive type: '.rar'"):
        utils.extract_archive(tmp_path / "e.rar")


def test_verify_str_arg():
    assert utils.verify_str_arg("a", "letter", ("a", "b")) == "a"
    with pytest.raises(
        ValueError, match=r"Unknown value 'c' for argument letter. Valid values are"
    ):
        utils.verify_str_arg("c", "letter", ("a", "b"))
    with pytest.raises(ValueError, match="Expected type str for argument letter, but got type"):
        utils.verify_str_arg(1, "letter", ("a", "b"))

"""`torch.hub` loads models of a folder, and keeps files that it downloads only when they are
whole."""

import hashlib

import pytest

import taper as torch

HUBCONF = '''
dependencies = ["numpy"]
from helper import value


def model(scale=1):
    """A model."""
    return scale * value


_hidden = model
'''


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "hubconf.py").write_text(HUBCONF)
    (tmp_path / "helper.py").write_text("value = 21\n")
    return tmp_path


def test_local_models(folder):
    assert torch.hub.load(folder, "model", source="local", scale=2) == 42
    assert torch.hub.list(folder) == ["model"]
    assert torch.hub.help(folder, "model") == "A model."


def test_errors(folder, tmp_path):
    with pytest.raises(RuntimeError, match="Cannot find callable nothing in hubconf"):
        torch.hub.load(folder, "nothing", source="local")
    with pytest.raises(ValueError, match='Unknown source: "web"'):
        torch.hub.load(folder, "model", source="web")
    with pytest.raises(RuntimeError, match='source="local"'):
        torch.hub.load("pytorch/vision", "resnet18")
    (folder / "hubconf.py").write_text("dependencies = ['no_such_package_here']")
    with pytest.raises(RuntimeError, match="Missing dependencies: no_such_package_here"):
        torch.hub.load(folder, "model", source="local")


def test_weights_by_address(tmp_path):
    source = tmp_path / "weights.pth"
    torch.save({"w": torch.arange(3)}, source)
    name = f"w-{hashlib.sha256(source.read_bytes()).hexdigest()[:8]}.pth"
    (tmp_path / "cache").mkdir()
    kept = tmp_path / "cache" / name
    found = torch.hub.load_state_dict_from_url(
        source.as_uri(), str(kept.parent), check_hash=True, file_name=name, progress=False
    )
    assert found["w"].tolist() == [0, 1, 2] and kept.exists()
    with pytest.raises(RuntimeError, match="invalid hash value"):
        torch.hub.download_url_to_file(source.as_uri(), tmp_path / "bad", hash_prefix="zz")
    assert not (tmp_path / "bad").exists()


def test_folder_of_downloads(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert torch.hub.get_dir() == str(tmp_path / "hub")

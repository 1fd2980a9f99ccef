"""`taper.install()` makes PyTorch's names mean Taper, and says plainly what is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(code, *arguments, ok=True, cwd=None):
    """Run `code` in a fresh process and return what it prints (or its last error line)."""
    command = [sys.executable, *arguments] if arguments else [sys.executable, "-c", code]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env)
    assert (done.returncode == 0) == ok, done.stderr
    return done.stdout.strip() if ok else done.stderr.strip().splitlines()[-1]


def after_install(code, **kwargs):
    return run("import taper; taper.install()\n" + code, **kwargs)


def test_names_are_the_same_objects():
    checks = (
        "import torch, torch.nn as nn, torch.nn.functional as F, torch.optim as optim\n"
        "from torch.utils.data import DataLoader\n"
        "import torch.optim.lr_scheduler\n"
        "import taper.nn.functional, taper.utils.data\n"
        "print(torch is taper, nn is taper.nn, F is taper.nn.functional, optim is taper.optim,\n"
        "      DataLoader is taper.utils.data.DataLoader)"
    )
    assert after_install(checks) == "True True True True True"


def test_modules_imported_later_are_the_same_objects_too():
    checks = (
        "import torchvision.transforms as T, taper.vision.transforms\n"
        "import torchvision, taper.vision\n"
        "print(torchvision is taper.vision, T is taper.vision.transforms)\n"
        "print(taper.vision.__spec__.name, torchvision.__name__)"
    )
    assert after_install(checks).splitlines() == ["True True", "taper.vision taper.vision"]


def test_installing_twice_changes_nothing():
    code = "import sys; n = len(sys.meta_path); taper.install(); print(len(sys.meta_path) - n)"
    assert after_install(code) == "0"


def test_versions_are_answered_honestly():
    code = "from importlib.metadata import version\nprint(version('torch'), version('torchvision'))"
    assert after_install(code) == "2.13.0+taper 0.28.0+taper"


def test_other_packages_keep_their_versions():
    code = "from importlib.metadata import version\nimport numpy\n"
    code += "print(version('numpy') == numpy.__version__)"
    assert after_install(code) == "True"


def test_a_missing_name_is_named_with_its_neighbours():
    error = after_install("import torch\ntorch.sofmax", ok=False)
    begin = "AttributeError: module 'torch' has no attribute 'sofmax'; nearest: 'softmax'"
    assert error.startswith(begin)
    error = after_install("import torch.nn\ntorch.nn.Linaer", ok=False)
    assert error.startswith("AttributeError: module 'torch.nn' has no attribute 'Linaer'; nearest:")
    assert "'Linear'" in error


def test_hasattr_and_missing_modules_tell_the_truth():
    code = (
        "import torch, importlib.util\n"
        "print(hasattr(torch, 'relu'), hasattr(torch, 'no_such_name'), hasattr(torch, '__no__'))\n"
        "print(importlib.util.find_spec('torch.no_such_module'))\n"
        "import torch.no_such_module"
    )
    error = after_install(code, ok=False)
    assert error == "ModuleNotFoundError: No module named 'torch.no_such_module'"
    assert after_install(code.rsplit("\n", 1)[0]).splitlines() == ["True False False", "None"]


def test_builtins_stay_as_they_are():
    code = (
        "import builtins; before = dict(vars(builtins))\n"
        "import taper; taper.install()\n"
        "import torch\n"
        "print(dict(vars(builtins)) == before)"
    )
    assert run(code) == "True"


@pytest.mark.parametrize("name", ["torch", "torchvision"])
def test_refuses_where_pytorch_is_already_imported(name):
    code = (
        "import sys, types, taper\n"
        f"fake = sys.modules['{name}'] = types.ModuleType('{name}')\n"
        "fake.__version__, fake.__file__ = '2.13.0', '/site/x.py'\n"
        "taper.install()"
    )
    assert run(code, ok=False) == (
        f"RuntimeError: {name} 2.13.0 is already imported in this process (from /site/x.py): "
        "call taper.install() before that"
    )


def test_run_gives_a_script_its_arguments_and_its_folder(tmp_path):
    (tmp_path / "beside.py").write_text("value = 7\n")
    (tmp_path / "script.py").write_text(
        "import sys, torch, beside\n"
        "if __name__ == '__main__':\n"
        "    print(sys.argv[1:], beside.value, float(torch.ones(3).sum()), torch.__name__)\n"
    )
    out = run("", "-m", "taper", "run", str(tmp_path / "script.py"), "--lr", "0.1", cwd=ROOT)
    assert out == "['--lr', '0.1'] 7 3.0 taper"


def test_a_whole_model_defined_in_a_run_script_can_be_saved_and_loaded(tmp_path):
    (tmp_path / "script.py").write_text(
        "import torch\n"
        "class Net(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.fc = torch.nn.Linear(2, 1)\n"
        "    def forward(self, x):\n"
        "        return self.fc(x)\n"
        "net = Net()\n"
        "torch.save(net, 'net.pth')\n"
        "again = torch.load('net.pth', weights_only=False)\n"
        "print(torch.equal(again.fc.weight, net.fc.weight))\n"
    )
    out = run("", "-m", "taper", "run", "script.py", cwd=tmp_path)
    assert out == "True"

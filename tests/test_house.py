"""The rules of the house that a program can check."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "taper").rglob("*.py"))
LINES_OF_A_MODULE = 700
LINES_OF_A_FUNCTION = 80
NAMES = [path.relative_to(ROOT).as_posix() for path in MODULES]
TREES = dict(zip(NAMES, (ast.parse(path.read_text()) for path in MODULES)))


def functions(tree):
    return [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]


@pytest.mark.parametrize("name", NAMES)
def test_module_opens_with_a_sentence(name):
    opening = (ast.get_docstring(TREES[name]) or "").split("\n\n")[0]
    assert "." in opening, f"{name} does not open with a sentence"


def test_modules_are_short():
    sizes = {name: len((ROOT / name).read_text().splitlines()) for name in NAMES}
    assert {n: size for n, size in sizes.items() if size > LINES_OF_A_MODULE} == {}


def test_functions_are_short():
    sizes = {
        f"{name}:{f.lineno} {f.name}": f.end_lineno - f.lineno + 1
        for name in NAMES
        for f in functions(TREES[name])
    }
    assert {n: size for n, size in sizes.items() if size > LINES_OF_A_FUNCTION} == {}


def test_no_module_defines_getattr():
    magic = [n for n in NAMES for f in TREES[n].body if getattr(f, "name", "") == "__getattr__"]
    assert magic == []


def test_no_module_imports_pytorch():
    found = []
    for name in NAMES:
        for node in ast.walk(TREES[name]):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            found += [name for n in names if n.split(".")[0] in ("torch", "torchvision")]
    assert found == []


def test_import_loads_no_heavy_package():
    heavy = ["llvmlite", "jax", "PIL", "matplotlib", "scipy", "tqdm", "tensorboard", "torch"]
    probe = f"import sys, taper; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True)
    assert out.stdout.strip() == "[]", out.stderr

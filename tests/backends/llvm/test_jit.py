import ctypes
import gc

import pytest

from taper.backends.llvm import jit as jit_module
from taper.backends.llvm.cache import ObjectCache
from taper.backends.llvm.jit import Jit
from taper.backends.llvm.target import host_levels, target


def adding(n, name="f"):
    return f"define i64 @{name}(i64 %x) {{\n %y = add i64 %x, {n}\n ret i64 %y\n}}\n"


def call(code, x, name="f"):
    return code.function(name, ctypes.c_int64, result=ctypes.c_int64)(x)


def test_compiles_and_calls():
    jit = Jit(target())
    assert call(jit.load(adding(3), "f"), 4) == 7
    assert call(jit.load(adding(5), "f"), 4) == 9  # the same name in another module


def test_equal_text_is_loaded_once():
    jit = Jit(target())
    code = jit.load(adding(3), "f")
    assert jit.load(adding(3), "f") is code


def test_a_function_keeps_its_code():
    jit = Jit(target())
    f = jit.load(adding(8), "f").function("f", ctypes.c_int64, result=ctypes.c_int64)
    gc.collect()
    assert f(1) == 9


def test_many_at_once_in_threads():
    jit = Jit(target())
    modules = [(adding(n, f"f{n}"), f"f{n}") for n in range(20)]
    codes = jit.load_all(modules, workers=4)
    assert [call(c, 1, f"f{n}") for n, c in enumerate(codes)] == [n + 1 for n in range(20)]


def test_functions_of_the_c_library_are_found():
    text = "declare float @llvm.sin.f32(float)\ndefine float @f(float %x) {\n"
    text += " %y = call float @llvm.sin.f32(float %x)\n ret float %y\n}\n"
    f = Jit(target()).load(text, "f").function("f", ctypes.c_float, result=ctypes.c_float)
    assert abs(f(1.0) - 0.84147098) < 1e-6


def test_wrong_text_is_an_error():
    with pytest.raises(RuntimeError, match="expected"):
        Jit(target()).load("define nonsense", "f")


def test_a_second_process_would_not_compile(tmp_path, monkeypatch):
    Jit(target(), ObjectCache(str(tmp_path))).load(adding(3), "f")
    assert len(list(tmp_path.iterdir())) == 1

    def refuse(*_):
        raise AssertionError("compiled again")

    monkeypatch.setattr(jit_module, "compile_object", refuse)
    assert call(Jit(target(), ObjectCache(str(tmp_path))).load(adding(3), "f"), 4) == 7
    with pytest.raises(AssertionError, match="compiled again"):
        Jit(target(), ObjectCache(str(tmp_path))).load(adding(4), "f")


def test_a_spoilt_object_is_compiled_again(tmp_path):
    Jit(target(), ObjectCache(str(tmp_path))).load(adding(3), "f")
    (path,) = tmp_path.iterdir()
    good = path.read_bytes()
    path.write_bytes(good[:-5])
    assert call(Jit(target(), ObjectCache(str(tmp_path))).load(adding(3), "f"), 4) == 7
    assert path.read_bytes() == good


def test_the_key_depends_on_the_processor():
    keys = {Jit(target(level)).key(adding(1)) for level in host_levels()}
    assert len(keys) == len(host_levels())
    assert Jit(target()).key(adding(1)) != Jit(target()).key(adding(2))


def test_assembly_can_be_read():
    assert "f:" in Jit(target()).assembly(adding(3))

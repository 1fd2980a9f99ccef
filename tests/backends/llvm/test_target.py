import pytest

from taper.backends.llvm import target as module
from taper.backends.llvm.target import host_levels, target


def test_the_host_comes_first():
    assert host_levels()[0] == "native"
    assert target("") == target("native") == target()


@pytest.mark.parametrize("level", host_levels())
def test_each_level_makes_a_machine(level):
    t = target(level)
    assert t.machine().triple == t.triple
    assert t.lanes(32) == 2 * t.lanes(64) == t.vector_bytes // 4
    assert t.lanes(1) == t.lanes(8) == t.vector_bytes


def test_an_unknown_level_is_refused():
    with pytest.raises(ValueError, match="TAPER_CPU='avx9' is not available"):
        target("avx9")


def test_levels_of_a_processor_without_avx512(monkeypatch):
    old = dict.fromkeys(("avx2", "fma", "bmi", "bmi2", "f16c", "lzcnt", "movbe"), True)
    monkeypatch.setattr(module, "_host_features", lambda: old)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert host_levels() == ("native", "sse2", "avx2")


def test_other_processors_have_one_level(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert host_levels() == ("native",)

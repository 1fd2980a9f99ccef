"""`torch.compile` and `torch.jit` give programs back as they are."""

import pytest

import taper as torch
from taper import nn


def test_compile_is_the_identity():
    model = nn.Linear(2, 3)
    assert torch.compile(model) is model
    assert torch.compile(model, mode="max-autotune", fullgraph=True, dynamic=False) is model
    assert torch.compiler.disable(model) is model and not torch.compiler.is_compiling()

    @torch.compile(backend="inductor")
    def double(x):
        return 2 * x

    assert double(torch.ones(2)).tolist() == [2, 2]


def test_compile_refuses_what_pytorch_refuses():
    with pytest.raises(RuntimeError, match="Unrecognized mode=x"):
        torch.compile(len, mode="x")
    with pytest.raises(RuntimeError, match="Either mode or options"):
        torch.compile(len, mode="default", options={})
    with pytest.raises(AssertionError, match="A callable function is expected"):
        torch.compile(3)


def test_script_and_trace_warn():
    model = nn.Linear(2, 3)
    with pytest.warns(UserWarning, match="script gives its argument back"):
        assert torch.jit.script(model) is model
    with pytest.warns(UserWarning, match="trace gives its argument back"):
        assert torch.jit.trace(model, torch.ones(1, 2)) is model
    assert not torch.jit.is_scripting() and not torch.jit.is_tracing()
    with pytest.raises(RuntimeError, match="no TorchScript"):
        torch.jit.save(model, "x.pt")


def test_decorators_of_script():
    def f(x):
        return x

    assert torch.jit.ignore(f) is f and torch.jit.ignore(drop=True)(f) is f
    assert torch.jit.unused(f) is f and torch.jit.export(f) is f
    assert torch.jit.annotate(list, [1]) == [1] and torch.jit.isinstance([1], list)

"""Hooks of calls and of backward see and change what PyTorch's do, in the same order."""

import pytest

import taper as torch
from taper import nn
from taper.nn.modules import module as at


@pytest.fixture
def layer():
    made = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        made.weight.copy_(torch.tensor([[1.0, 2.0]]))
    return made


def test_pre_hooks_change_arguments_and_hooks_results(layer):
    layer.register_forward_pre_hook(lambda m, args: args[0] * 2)
    layer.register_forward_hook(lambda m, args, out: out + args[0].sum())
    assert layer(torch.ones(1, 2)).tolist() == [[10.0]]


def test_hooks_with_keyword_arguments():
    class Scaled(nn.Module):
        def forward(self, x, *, by=1):
            return x * by

    module, seen = Scaled(), []
    module.register_forward_pre_hook(
        lambda m, args, kwargs: (args, {"by": kwargs["by"] + 1}), with_kwargs=True
    )
    module.register_forward_hook(
        lambda m, args, kwargs, out: seen.append(kwargs["by"]), with_kwargs=True
    )
    assert module(torch.ones(1), by=2).item() == 3.0 and seen == [3]
    module.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match="must return None or a tuple of"):
        module(torch.ones(1), by=2)


def test_order_and_removal(layer):
    seen = []
    layer.register_forward_hook(lambda *_: seen.append("second"))
    first = layer.register_forward_hook(lambda *_: seen.append("first"), prepend=True)
    with at.register_module_forward_hook(lambda *_: seen.append("all")):
        layer(torch.ones(1, 2))
        assert seen == ["all", "first", "second"]
    first.remove()
    seen.clear()
    layer(torch.ones(1, 2))
    assert seen == ["second"]


def test_a_hook_that_is_always_called():
    class Broken(nn.Module):
        def forward(self, x):
            raise ValueError("broken")

    module, seen = Broken(), []
    module.register_forward_hook(lambda m, args, out: seen.append(out), always_call=True)
    module.register_forward_hook(lambda m, args, out: seen.append("never"))
    with pytest.raises(ValueError, match="broken"):
        module(torch.ones(1))
    assert seen == [None]

    def fails(*_):
        raise KeyError("inner")

    module.register_forward_hook(fails, always_call=True)
    with pytest.warns(UserWarning, match="silenced"), pytest.raises(ValueError, match="broken"):
        module(torch.ones(1))


def test_global_registration_hooks():
    seen = []
    handles = [
        at.register_module_parameter_registration_hook(lambda m, name, p: seen.append(name)),
        at.register_module_buffer_registration_hook(lambda m, name, b: seen.append(name)),
        at.register_module_module_registration_hook(lambda m, name, c: seen.append(name)),
    ]
    nn.Sequential(nn.BatchNorm1d(1))
    for handle in handles:
        handle.remove()
    nn.Linear(1, 1)
    assert seen[0] == "weight" and seen[-1] == "0" and "running_mean" in seen


def test_full_backward_hooks_see_and_replace_gradients(layer):
    seen = {}

    def pre(module, grad_output):
        seen["pre"] = grad_output[0].item()
        return (grad_output[0] * 3,)

    def hook(module, grad_input, grad_output):
        seen["hook"] = grad_input[0].tolist(), grad_output[0].item()
        return (grad_input[0] + 1,)

    layer.register_full_backward_pre_hook(pre)
    layer.register_full_backward_hook(hook)
    x = torch.ones(1, 2, requires_grad=True)
    layer(x).sum().backward()
    assert seen == {"pre": 1.0, "hook": ([[3.0, 6.0]], 3.0)}
    assert x.grad.tolist() == [[4.0, 7.0]]
    assert layer.weight.grad.tolist() == [[3.0, 3.0]]


def test_a_backward_hook_without_differentiable_inputs(layer):
    seen = []
    layer.register_full_backward_hook(lambda m, gi, go: seen.append((gi, go[0].item())))
    with pytest.warns(UserWarning, match="no inputs require gradients"):
        layer(torch.ones(1, 2)).sum().backward()
    assert seen == [((None,), 1.0)]


def test_the_wrong_number_of_gradients_is_refused(layer):
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0], gi[0]))
    x = torch.ones(1, 2, requires_grad=True)
    with pytest.raises(RuntimeError, match="got 2, but expected 1"):
        layer(x).sum().backward()


def test_full_and_old_hooks_do_not_mix(layer):
    layer.register_full_backward_hook(lambda *_: None)
    with pytest.raises(RuntimeError, match="Cannot use both regular backward hooks"):
        layer.register_backward_hook(lambda *_: None)


def test_hooks_of_all_modules_in_backward(layer):
    seen = []
    handle = at.register_module_full_backward_hook(lambda m, gi, go: seen.append(type(m).__name__))
    x = torch.ones(1, 2, requires_grad=True)
    nn.Sequential(layer, nn.ReLU())(x).sum().backward()
    handle.remove()
    assert seen == ["ReLU", "Linear", "Sequential"]

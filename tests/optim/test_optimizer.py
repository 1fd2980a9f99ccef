"""The Optimizer base: groups, state dictionaries, hooks, counters, copies."""

import copy
import pickle
import warnings

import pytest

import taper
from taper import optim
from taper.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
    required,
)


def leaf(*shape):
    p = taper.ones(*shape, requires_grad=True)
    p.grad = taper.ones(*shape)
    return p


def test_groups_take_defaults_and_keep_their_own():
    a, b = leaf(2), leaf(3)
    optimizer = optim.SGD([{"params": a}, {"params": [b], "lr": 0.5}], lr=0.1, momentum=0.9)
    assert [g["lr"] for g in optimizer.param_groups] == [0.1, 0.5]
    assert optimizer.param_groups[0]["params"] == [a]
    assert all(g["momentum"] == 0.9 for g in optimizer.param_groups)
    optimizer.step()
    assert a.tolist() == pytest.approx([0.9] * 2) and b.tolist() == [0.5] * 3


def test_add_param_group():
    optimizer = optim.SGD([leaf(2)], lr=0.1)
    b = leaf(2)
    optimizer.add_param_group({"params": b, "lr": 1.0})
    optimizer.step()
    assert b.tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="appear in more than one parameter group"):
        optimizer.add_param_group({"params": [b]})


def test_groups_print_in_order():
    a, b = leaf(2), leaf(2)
    text = repr(optim.Adadelta([{"params": [a]}, {"params": [b], "rho": 0.5}]))
    assert text.splitlines()[:4] == [
        "Adadelta (",
        "Parameter Group 0",
        "    capturable: False",
        "    differentiable: False",
    ]
    assert "    weight_decay: 0\n\nParameter Group 1\n" in text and "    rho: 0.5" in text


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        (lambda: leaf(1), TypeError, "but got torch.FloatTensor"),
        (list, ValueError, "optimizer got an empty parameter list"),
        (lambda: [3], TypeError, "but one of the params is int"),
        (lambda: [leaf(1) * 2], ValueError, "can't optimize a non-leaf Tensor"),
        (lambda: [{"params": {leaf(1)}}], TypeError, "Please use a list instead."),
        (lambda: [{"params": leaf(1)}, 3], TypeError, "param_group must be a dict, but got"),
        (lambda: [("a", leaf(1)), leaf(1)], ValueError, "Some param names are missing"),
        (
            lambda: [{"params": [("a", leaf(1))]}, {"params": [leaf(1)]}],
            ValueError,
            "cannot add param group without names to the optimizer",
        ),
    ],
)
def test_refused_parameters(params, error, message):
    with pytest.raises(error) as caught:
        optim.SGD(params())
    assert message in str(caught.value)


def test_duplicate_parameter_warns():
    p = leaf(1)
    with pytest.warns(UserWarning, match="parameter group with duplicate parameters"):
        optim.SGD([p, p])


def test_required_option():
    assert repr(required) == "<required parameter>"
    with pytest.raises(ValueError, match="required optimization parameter lr"):
        optim.Optimizer([leaf(1)], {"lr": required})


def test_named_parameters():
    optimizer = optim.SGD([("w", leaf(1)), ("b", leaf(1))])
    assert optimizer.param_groups[0]["param_names"] == ["w", "b"]
    saved = optimizer.state_dict()
    assert saved["param_groups"][0]["param_names"] == ["w", "b"]
    del saved["param_groups"][0]["param_names"]
    optimizer.load_state_dict(saved)
    assert optimizer.param_groups[0]["param_names"] == ["w", "b"]


def test_parameters_without_gradient_rest():
    a, b = leaf(2), leaf(2)
    b.grad = None
    optimizer = optim.Adam([a, b])
    optimizer.step()
    assert b.tolist() == [1.0, 1.0] and b not in optimizer.state and a in optimizer.state


def test_parameters_may_differ_in_their_step_count():
    """A parameter frozen for a while gets its own bias correction."""
    a, b, alone = leaf(1), leaf(1), leaf(1)
    optimizer, single = optim.Adam([a, b], lr=0.1), optim.Adam([alone], lr=0.1)
    b.grad = None
    for i in range(4):
        if i == 2:
            b.grad = taper.ones(1)
        optimizer.step()
    for _ in range(2):
        single.step()
    assert optimizer.state[a]["step"].item() == 4 and optimizer.state[b]["step"].item() == 2
    assert b.tolist() == alone.tolist()


def test_zero_grad():
    p = leaf(2)
    optimizer = optim.SGD([p])
    grad = p.grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is grad and grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None


def test_closure_runs_with_gradients_and_gives_the_result():
    p = leaf(2)
    optimizer = optim.SGD([p], lr=0.1)

    def closure():
        assert taper.is_grad_enabled()
        return "loss"

    with taper.no_grad():
        assert optimizer.step(closure) == "loss"
    assert optimizer.step() is None


def test_state_dict_refers_to_parameters_by_number():
    a, b = leaf(2), leaf(2)
    optimizer = optim.Adam([{"params": [a]}, {"params": [b]}])
    optimizer.step()
    saved = optimizer.state_dict()
    assert [g["params"] for g in saved["param_groups"]] == [[0], [1]]
    assert list(saved["state"]) == [0, 1]
    assert list(saved["state"][0]) == ["step", "exp_avg", "exp_avg_sq"]
    assert list(saved["param_groups"][0])[-1] == "params"


def test_load_state_dict_refuses_other_groups():
    optimizer = optim.SGD([leaf(1)])
    with pytest.raises(ValueError, match="different number of parameter groups"):
        optimizer.load_state_dict({"param_groups": [], "state": {}})
    with pytest.raises(ValueError, match="doesn't match the size of optimizer's group"):
        optimizer.load_state_dict(optim.SGD([leaf(1), leaf(1)]).state_dict())


def test_load_state_dict_casts_to_the_parameter_except_step():
    p, q = leaf(2), taper.ones(2, dtype=taper.float64, requires_grad=True)
    optimizer, other = optim.Adam([p]), optim.Adam([q])
    optimizer.step()
    other.load_state_dict(optimizer.state_dict())
    assert other.state[q]["exp_avg"].dtype == taper.float64
    assert other.state[q]["step"].dtype == taper.float32


def test_load_state_dict_of_an_older_optimizer():
    """Groups without newer options and a plain number for the step are completed."""
    p = leaf(2)
    optimizer = optim.Adam([p], lr=0.5)
    optimizer.step()
    saved = copy.deepcopy(optimizer.state_dict())
    for name in ("maximize", "foreach", "capturable", "differentiable", "fused", "amsgrad"):
        del saved["param_groups"][0][name]
    saved["state"][0]["step"] = 7
    optimizer.load_state_dict(saved)
    p.grad = taper.ones(2)
    optimizer.step()
    assert optimizer.param_groups[0]["amsgrad"] is False
    step = optimizer.state[p]["step"]
    assert step.dtype == taper.float32 and step.shape == () and step.item() == 8


def test_counters_follow_what_programs_do_with_them():
    p, q = leaf(2), leaf(2)
    optimizer = optim.Adam([p, q])
    optimizer.step()
    held = optimizer.state[p]["step"]
    optimizer.step()
    assert held.item() == 2 and optimizer.state[p]["step"] is held
    held.fill_(10)
    optimizer.step()
    assert held.item() == 11 and optimizer.state[q]["step"].item() == 3
    optimizer.state[p]["step"] = taper.tensor(20.0)
    optimizer.step()
    assert optimizer.state[p]["step"].item() == 21 and held.item() == 11
    copied = held.clone()
    optimizer.step()
    assert copied.item() == 11


def test_state_keeps_its_tensors():
    p = leaf(2)
    optimizer = optim.SGD([p], momentum=0.9)
    optimizer.step()
    held = optimizer.state[p]["momentum_buffer"]
    optimizer.step()
    assert optimizer.state[p]["momentum_buffer"] is held
    assert held.tolist() == pytest.approx([1.9, 1.9])


def test_step_bumps_the_version_of_parameters():
    p = leaf(2)
    before = p._version
    optim.SGD([p]).step()
    assert p._version > before


def test_step_hooks():
    p = leaf(1)
    optimizer, calls = optim.SGD([p], lr=0.1), []
    handles = [
        optimizer.register_step_pre_hook(lambda o, args, kwargs: calls.append("pre")),
        optimizer.register_step_post_hook(lambda o, args, kwargs: calls.append("post")),
        register_optimizer_step_pre_hook(lambda o, args, kwargs: calls.append("global pre")),
        register_optimizer_step_post_hook(lambda o, args, kwargs: calls.append("global post")),
    ]
    optimizer.step()
    assert calls == ["global pre", "pre", "post", "global post"]
    for handle in handles:
        handle.remove()
    optimizer.step()
    assert len(calls) == 4


def test_step_pre_hook_may_replace_the_arguments():
    optimizer = optim.SGD([leaf(1)])
    with optimizer.register_step_pre_hook(lambda o, args, kwargs: ((o, lambda: "new"), {})):
        assert optimizer.step(lambda: "old") == "new"
    optimizer.register_step_pre_hook(lambda o, args, kwargs: 3)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args"):
        optimizer.step()


def test_state_dict_hooks():
    optimizer, seen = optim.SGD([leaf(1)]), []
    optimizer.register_state_dict_pre_hook(lambda o: seen.append("pre"))
    optimizer.register_state_dict_post_hook(lambda o, d: {**d, "extra": 1})
    optimizer.register_state_dict_post_hook(lambda o, d: seen.append(len(d)), prepend=True)
    saved = optimizer.state_dict()
    assert saved["extra"] == 1 and seen == ["pre", 2]
    optimizer.register_load_state_dict_pre_hook(lambda o, d: {**saved, "state": {}})
    optimizer.register_load_state_dict_post_hook(lambda o: seen.append("loaded"))
    optimizer.load_state_dict({"param_groups": []})
    assert seen[-1] == "loaded"


class Plain(optim.Optimizer):
    """An optimizer as programs write their own."""

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    @taper.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                state["step"] = state.get("step", 0) + 1
                p.add_(p.grad, alpha=-group["lr"])


def test_own_optimizer():
    p, calls = leaf(2), []
    optimizer = Plain([p], lr=0.25)
    optimizer.register_step_post_hook(lambda o, args, kwargs: calls.append(1))
    optimizer.step()
    optimizer.step()
    assert p.tolist() == [0.5, 0.5] and optimizer.state[p]["step"] == 2 and calls == [1, 1]
    with pytest.raises(NotImplementedError):
        optim.Optimizer([p], {}).step()


class Louder(optim.SGD):
    def step(self, closure=None):
        return super().step(closure)


def test_hooks_run_once_for_a_step_that_calls_its_base():
    optimizer, calls = Louder([leaf(1)]), []
    optimizer.register_step_pre_hook(lambda o, args, kwargs: calls.append(1))
    optimizer.step()
    assert calls == [1]


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_copies_go_on_alone(copier):
    p = leaf(2)
    optimizer = optim.Adam([p], lr=0.1)
    optimizer.step()
    twin = copier(optimizer)
    (q,) = twin.param_groups[0]["params"]
    q.grad = taper.ones(2)
    twin.step()
    assert twin.state[q]["step"].item() == 2 and optimizer.state[p]["step"].item() == 1
    optimizer.step()
    assert q.tolist() == p.tolist()


def test_no_warning_in_a_plain_loop():
    p = leaf(2)
    optimizer = optim.SGD([p], lr=0.1, momentum=0.9)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            optimizer.step()
            scheduler.step()

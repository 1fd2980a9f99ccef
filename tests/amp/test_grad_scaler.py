"""GradScaler on the CPU."""

import pytest

import taper as torch


def setting(**options):
    p = torch.ones(1, requires_grad=True)
    return p, torch.optim.SGD([p], 0.1), torch.amp.GradScaler("cpu", **options)


def test_steps_and_growth():
    p, optimizer, scaler = setting(init_scale=4.0, growth_interval=2)
    for _ in range(2):
        optimizer.zero_grad()
        scaler.scale(p.sum()).backward()
        assert p.grad.item() == 4.0
        scaler.step(optimizer)
        scaler.update()
    assert p.item() == pytest.approx(0.8) and scaler.get_scale() == 8.0


def test_infinite_gradients_leave_the_step_out():
    p, optimizer, scaler = setting(init_scale=4.0)
    scaler.scale((p * float("inf")).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    assert p.item() == 1.0 and scaler.get_scale() == 2.0


def test_state_and_containers():
    _, _, scaler = setting(init_scale=2.0)
    one = torch.tensor(1.0)
    assert [x.item() for x in scaler.scale([one, one])] == [2.0, 2.0]
    state = scaler.state_dict()
    assert list(state) == [
        "scale",
        "growth_factor",
        "backoff_factor",
        "growth_interval",
        "_growth_tracker",
    ]
    other = torch.amp.GradScaler("cpu")
    other.load_state_dict(state)
    assert other.get_scale() == 2.0
    with pytest.raises(RuntimeError, match="source state dict is empty"):
        other.load_state_dict({})


def test_errors():
    p, optimizer, scaler = setting()
    with pytest.raises(AssertionError, match="Attempted step but _scale is None"):
        scaler.step(optimizer)
    scaler.scale(p.sum()).backward()
    scaler.unscale_(optimizer)
    assert p.grad.item() == 1.0
    with pytest.raises(RuntimeError, match="has already been called on this optimizer"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match="step\\(\\) has already been called"):
        scaler.step(optimizer)
    with pytest.raises(AssertionError, match="growth factor"):
        setting(growth_factor=0.5)


def test_disabled_without_cuda():
    with pytest.warns(UserWarning, match="CUDA is not available"):
        scaler = torch.amp.GradScaler()
    p, optimizer, _ = setting()
    scaler.scale(p.sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    assert p.item() == pytest.approx(0.9) and scaler.state_dict() == {} and not scaler.is_enabled()

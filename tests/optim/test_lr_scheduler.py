"""Schedules give PyTorch's rates, exactly, and warn where PyTorch warns."""

import json
import math
import warnings
from pathlib import Path

import pytest

import taper
from taper import optim
from taper.optim import lr_scheduler, swa_utils

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "optim.json").read_text())
ROWS = GOLDEN["schedules"]
IDS = [f"{row['spec'][0]} {row['spec'][1]} {'Adam' * row['adam']}" for row in ROWS]


def make_optimizer(adam=False, **options):
    a, b = (taper.zeros(2, requires_grad=True) for _ in range(2))
    groups = [{"params": [a]}, {"params": [b], "lr": 0.5}]
    if adam:
        return optim.Adam(groups, **{"lr": 0.1, **options})
    return optim.SGD(groups, **{"lr": 0.1, "momentum": 0.9, **options})


def build(optimizer, spec):
    name, options = spec
    options = dict(options)
    for key in ("lr_lambda", "scale_fn"):
        if key in options:
            options[key] = lambda epoch: 0.9**epoch
    if "schedulers" in options:
        options["schedulers"] = [build(optimizer, inner) for inner in options["schedulers"]]
    if name == "SWALR":
        return swa_utils.SWALR(optimizer, **options)
    if name == "ChainedScheduler":
        return lr_scheduler.ChainedScheduler(**options)
    return getattr(lr_scheduler, name)(optimizer, **options)


def plain(value):
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def advance(scheduler, row, epoch):
    scheduler.optimizer.step()
    if row["spec"][0] == "ReduceLROnPlateau":
        scheduler.step(row["metrics"][epoch])
    else:
        scheduler.step()


def momenta(optimizer, adam):
    return [g["betas"][0] if adam else g["momentum"] for g in optimizer.param_groups]


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_rates(row):
    optimizer = make_optimizer(row["adam"])
    scheduler = build(optimizer, row["spec"])
    for epoch in range(20):
        assert [g["lr"] for g in optimizer.param_groups] == row["rates"][epoch]
        assert momenta(optimizer, row["adam"]) == row["momenta"][epoch]
        if epoch < 19:
            advance(scheduler, row, epoch)
            assert scheduler.get_last_lr() == row["rates"][epoch + 1]
    assert plain(scheduler.state_dict()) == row["state"]


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_resume(row):
    """A schedule saved in the middle goes on elsewhere."""
    optimizer = make_optimizer(row["adam"])
    scheduler = build(optimizer, row["spec"])
    for epoch in range(7):
        advance(scheduler, row, epoch)
    other = make_optimizer(row["adam"])
    resumed = build(other, row["spec"])
    other.load_state_dict(optimizer.state_dict())
    resumed.load_state_dict(scheduler.state_dict())
    for epoch in range(7, 19):
        advance(resumed, row, epoch)
        assert resumed.get_last_lr() == row["rates"][epoch + 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda o: lr_scheduler.StepLR(o, 2),
        lambda o: lr_scheduler.CosineAnnealingLR(o, 9),
        lambda o: lr_scheduler.LinearLR(o),
        lambda o: lr_scheduler.SequentialLR(
            o, [lr_scheduler.ConstantLR(o), lr_scheduler.ExponentialLR(o, 0.9)], [3]
        ),
    ],
)
def test_tensor_rate_keeps_its_identity(make):
    rate = taper.tensor(0.1)
    optimizer, numbers = make_optimizer(lr=rate), make_optimizer()
    one, two = make(optimizer), make(numbers)
    for _ in range(8):
        for scheduler in (one, two):
            scheduler.optimizer.step()
            scheduler.step()
        assert optimizer.param_groups[0]["lr"] is rate
        assert rate.item() == pytest.approx(numbers.param_groups[0]["lr"], rel=1e-5)


class Power:
    def __init__(self, base):
        self.base = base

    def __call__(self, epoch):
        return self.base**epoch


def test_state_of_callable_objects_is_saved():
    scheduler = lr_scheduler.LambdaLR(make_optimizer(), [Power(0.5), lambda epoch: 1.0])
    saved = scheduler.state_dict()
    assert saved["lr_lambdas"] == [{"base": 0.5}, None]
    other = lr_scheduler.LambdaLR(make_optimizer(), [Power(0.9), lambda epoch: 1.0])
    other.load_state_dict(saved)
    assert other.lr_lambdas[0].base == 0.5


def test_warns_when_stepped_before_the_optimizer():
    scheduler = lr_scheduler.StepLR(make_optimizer(), 1)
    with pytest.warns(UserWarning, match=r"Detected call of `lr_scheduler.step\(\)` before"):
        scheduler.step()


def test_warns_when_step_was_replaced():
    optimizer = make_optimizer()
    scheduler = lr_scheduler.StepLR(optimizer, 1)
    optimizer.step = lambda: None
    with pytest.warns(UserWarning, match=r"`optimizer.step\(\)` has been overridden"):
        scheduler.step()


def test_warns_about_epoch_and_takes_the_closed_form():
    optimizer = make_optimizer()
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.9)
    optimizer.step()
    with pytest.warns(UserWarning, match="The epoch parameter in `scheduler.step"):
        scheduler.step(5)
    assert scheduler.get_last_lr() == [0.1 * 0.9**5, 0.5 * 0.9**5]


def test_warns_about_get_lr():
    scheduler = lr_scheduler.ExponentialLR(make_optimizer(), 0.9)
    with pytest.warns(UserWarning, match=r"please use `get_last_lr\(\)`"):
        scheduler.get_lr()


def test_restarts_take_fractions_of_epochs():
    optimizer = make_optimizer()
    scheduler = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 2, T_mult=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step(4.5)
    assert scheduler.T_i == 4 and scheduler.T_cur == 2.5 and scheduler.last_epoch == 4
    assert scheduler.get_last_lr()[0] == pytest.approx(0.1 * (1 + math.cos(math.pi * 2.5 / 4)) / 2)


def test_resumed_schedule_needs_initial_rates():
    with pytest.raises(KeyError, match="param 'initial_lr' is not specified in param_groups"):
        lr_scheduler.StepLR(make_optimizer(), 1, last_epoch=3)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: lr_scheduler.StepLR(3, 1), TypeError, "int is not an Optimizer"),
        (
            lambda o: lr_scheduler.LambdaLR(o, [abs]),
            ValueError,
            "Expected 2 lr_lambdas, but got 1",
        ),
        (
            lambda o: lr_scheduler.MultiplicativeLR(o, 3),
            TypeError,
            "lr_lambda should be a function, but got int",
        ),
        (
            lambda o: lr_scheduler.ConstantLR(o, 2.0),
            ValueError,
            "Constant multiplicative factor expected to be between 0 and 1.",
        ),
        (
            lambda o: lr_scheduler.LinearLR(o, 0.0),
            ValueError,
            "Starting multiplicative factor expected to be greater than 0",
        ),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(o, 1)], [1]),
            ValueError,
            "expects number of schedulers provided to be one more",
        ),
        (
            lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.ReduceLROnPlateau(o)]),
            ValueError,
            "does not support `ReduceLROnPlateau`",
        ),
        (
            lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(make_optimizer(), 1)], []),
            ValueError,
            "expects all schedulers to belong to the same optimizer",
        ),
        (
            lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1.0),
            ValueError,
            "Factor should be < 1.0.",
        ),
        (
            lambda o: lr_scheduler.ReduceLROnPlateau(o, mode="up"),
            ValueError,
            "mode up is unknown!",
        ),
        (
            lambda o: lr_scheduler.OneCycleLR(o, 1.0),
            ValueError,
            "You must define either total_steps OR",
        ),
        (
            lambda o: lr_scheduler.OneCycleLR(o, [1.0], 5),
            ValueError,
            "max_lr must have the same length as optimizer.param_groups. max_lr has 1 values",
        ),
        (
            lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 0),
            ValueError,
            "Expected positive integer T_0, but got 0",
        ),
        (
            lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.5, mode="x"),
            ValueError,
            "mode is invalid and scale_fn is None",
        ),
    ],
)
def test_refused(make, error, message):
    with pytest.raises(error) as caught:
        make(make_optimizer())
    assert message in str(caught.value)


def test_cyclic_momentum_needs_momentum():
    optimizer = optim.Adagrad([taper.zeros(1, requires_grad=True)])
    with pytest.raises(ValueError, match="optimizer must support momentum or beta1"):
        lr_scheduler.CyclicLR(optimizer, 0.1, 0.5)


def test_one_cycle_ends():
    optimizer = make_optimizer()
    scheduler = lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=2)
    for _ in range(2):
        optimizer.step()
        scheduler.step()
    with pytest.raises(ValueError, match="Tried to step 3 times"):
        scheduler.step()

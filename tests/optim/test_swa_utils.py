"""Averaged models and the statistics of their batch norms."""

import pytest

import taper
from taper import nn
from taper.optim import swa_utils


def model():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


def shift(net, by):
    with taper.no_grad():
        for p in net.parameters():
            p.add_(by)


def test_mean_of_all_models():
    net = model()
    averaged = swa_utils.AveragedModel(net)
    first = [p.detach().clone() for p in net.parameters()]
    for _ in range(3):
        averaged.update_parameters(net)
        shift(net, 1.0)
    assert averaged.n_averaged.item() == 3 and averaged.n_averaged.dtype == taper.int64
    for p, start in zip(averaged.parameters(), first):
        assert taper.allclose(p, start + 1.0, atol=1e-6)


@pytest.mark.parametrize("kind", ["avg_fn", "multi_avg_fn"])
def test_exponential_average(kind):
    make = swa_utils.get_ema_avg_fn if kind == "avg_fn" else swa_utils.get_ema_multi_avg_fn
    net = model()
    averaged = swa_utils.AveragedModel(net, **{kind: make(0.5)})
    first = [p.detach().clone() for p in net.parameters()]
    for _ in range(3):
        averaged.update_parameters(net)
        shift(net, 1.0)
    for p, start in zip(averaged.parameters(), first):
        assert taper.allclose(p, start + 1.25, atol=1e-6)


def test_buffers_are_copied_or_averaged():
    net = model()
    copies = swa_utils.AveragedModel(net)
    means = swa_utils.AveragedModel(net, use_buffers=True)
    for value in (1.0, 3.0):
        net[1].running_mean.fill_(value)
        copies.update_parameters(net)
        means.update_parameters(net)
    assert copies.module[1].running_mean.tolist() == [3.0] * 3
    assert means.module[1].running_mean.tolist() == [2.0] * 3


def test_state_dict_and_forward():
    net = model()
    averaged = swa_utils.AveragedModel(net)
    assert list(averaged.state_dict())[:2] == ["n_averaged", "module.0.weight"]
    x = taper.ones(4, 2)
    net.eval()
    averaged.eval()
    assert taper.equal(averaged(x), net(x))


def test_update_bn():
    net = model()
    batches = [taper.tensor([[0.0, 1.0], [2.0, 3.0]]), [taper.tensor([[4.0, 5.0], [6.0, 9.0]]), 0]]
    shift(net[1], 0.0)
    net[1].running_mean.fill_(100.0)
    net.eval()
    swa_utils.update_bn(batches, net)
    outs = [net[0](b[0] if isinstance(b, list) else b) for b in batches]
    want = sum(o.mean(0) for o in outs) / 2
    assert taper.allclose(net[1].running_mean, want, atol=1e-5)
    assert net[1].momentum == 0.1 and not net.training
    swa_utils.update_bn(batches, nn.Linear(2, 2))


def test_refusals():
    with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn"):
        swa_utils.AveragedModel(
            model(),
            avg_fn=swa_utils.get_swa_avg_fn(),
            multi_avg_fn=swa_utils.get_swa_multi_avg_fn(),
        )
    with pytest.raises(ValueError, match="Invalid decay value 2"):
        swa_utils.get_ema_avg_fn(2)
    optimizer = taper.optim.SGD([taper.zeros(1, requires_grad=True)])
    with pytest.raises(ValueError, match="anneal_epochs must be equal or greater than 0, got -1"):
        swa_utils.SWALR(optimizer, 0.1, anneal_epochs=-1)

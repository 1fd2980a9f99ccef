"""The tape: the second pass meets the first one's nodes and plan; looking flushes."""

import gc
import threading

import numpy as np
import pytest

import taper as torch
from taper import engine, nn
from taper import tape as recording
from taper.tape import tape


@pytest.fixture(autouse=True)
def begin():
    """Every test begins with an epoch of its own."""
    gc.collect()
    tape.flush()


def sizes():
    return len(tape.templates), len(engine._plans)


def test_the_second_pass_finds_everything():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 3))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    x, y = torch.randn(5, 4), torch.tensor([0, 1, 2, 0, 1])

    def turn():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    for _ in range(3):
        turn()
    before, memo = sizes(), len(tape.memo)
    losses = [turn() for _ in range(4)]
    assert sizes() == before
    assert len(tape.memo) == memo
    assert losses == sorted(losses, reverse=True)


def test_the_second_pass_makes_the_same_nodes():
    def turn(a, b):
        out = (a * b + 1).relu().sum()
        node = out._node()
        return node, out.item()

    x, y = torch.tensor([1.0, -2.0]), torch.tensor([3.0, 4.0])
    first, one = turn(x, y)
    second, two = turn(x, y)
    assert first is second
    assert one == two == 4.0


def test_numbers_are_bound_when_a_plan_runs():
    x = torch.tensor([1.0, 2.0])
    assert (x * 0.5).tolist() == [0.5, 1.0]
    before = sizes()
    assert [(x * k).tolist() for k in (0.25, 2.0, -1.0)] == [[0.25, 0.5], [2.0, 4.0], [-1.0, -2.0]]
    assert sizes() == before


def test_a_learning_rate_on_a_schedule_changes_no_plan():
    w = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=1.0, momentum=0.9)
    for i in range(6):
        optimizer.param_groups[0]["lr"] = 1.0 / (i + 1)
        optimizer.zero_grad()
        (w * w).sum().backward()
        optimizer.step()
        if i == 2:
            before = sizes()
    assert sizes() == before


def test_new_values_of_the_same_shape_need_no_new_plan():
    torch.tensor([1.0, 2.0]).exp().tolist()
    before = sizes()
    for k in range(3):
        torch.tensor([float(k), 1.0]).exp().tolist()
    assert sizes() == before


@pytest.mark.parametrize(
    "look",
    [
        lambda y: y.item(),
        lambda y: y.tolist(),
        lambda y: repr(y),
        lambda y: y.numpy(),
        bool,
        float,
        lambda y: f"{y:.2f}",
    ],
)
def test_looking_at_a_value_flushes(look):
    y = torch.tensor(1.5) + 1
    assert y._storage.value.buffer is None
    epoch = tape.epoch
    look(y)
    assert tape.epoch == epoch + 1
    assert y._storage.shared is not None or y._storage.value.buffer is not None


def test_shapes_and_graphs_do_not_flush():
    epoch = tape.epoch
    x = torch.ones(2, 3, requires_grad=True)
    y = (x @ x.t()).softmax(1).sum()
    y.backward()
    assert (x.grad.shape, y.dtype, y.grad_fn.name()) == ((2, 3), torch.float32, "SumBackward0")
    assert tape.epoch == epoch


def test_what_nobody_holds_is_not_computed():
    x = torch.tensor([1.0, 2.0])
    kept, dropped = x + 1, x * 3
    value = dropped._storage.value
    node = value.node
    del dropped, value
    seen = []
    run = engine.run
    try:
        engine.run = lambda roots, *rest: seen.append(roots) or run(roots, *rest)
        kept.tolist()
    finally:
        engine.run = run
    assert len(seen) == 1 and node not in seen[0]


def test_an_error_stays_with_its_value():
    x = torch.tensor([1.0, 2.0, 3.0])
    good, index = x * 2, torch.tensor([7])
    bad = x.index_select(0, index)
    also_bad = bad + 1
    with pytest.raises(IndexError):
        bad.tolist()
    assert good.tolist() == [2.0, 4.0, 6.0]
    for _ in range(2):
        with pytest.raises(IndexError):
            also_bad.tolist()
    with pytest.raises(IndexError):
        (bad * 2).tolist()
    assert (x + 1).tolist() == [2.0, 3.0, 4.0]


def test_a_loop_that_never_looks_is_flushed():
    x = torch.zeros(2)
    epoch = tape.epoch
    for _ in range(recording.PENDING_LIMIT + 10):
        x = x + 1
    assert tape.epoch > epoch
    assert len(tape.pending) <= recording.PENDING_LIMIT + 1
    assert x.tolist() == [recording.PENDING_LIMIT + 10.0] * 2


def test_the_tables_start_anew(monkeypatch):
    monkeypatch.setattr(recording, "MEMO_LIMIT", 1)
    x = torch.tensor([1.0, 2.0])
    y = x.exp().sum()
    assert y.item() == pytest.approx(np.exp([1, 2]).sum(), rel=1e-6)
    assert not tape.memo
    assert x.exp().sum().item() == y.item()


def test_threads_record_at_once():
    found, errors = {}, []

    def work(k):
        try:
            torch.set_grad_enabled(True)
            w = torch.full((4,), float(k), requires_grad=True)
            for _ in range(20):
                loss = (w * w).sum()
                (g,) = torch.autograd.grad(loss, w)
                assert g.tolist() == [2.0 * k] * 4
            found[k] = loss.item()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors
    assert found == {k: 4.0 * k * k for k in range(6)}


def test_modes_belong_to_their_thread():
    seen = []
    with torch.no_grad():
        t = threading.Thread(target=lambda: seen.append(torch.is_grad_enabled()))
        t.start()
        t.join()
        assert not torch.is_grad_enabled()
    assert seen == [True]


def test_integers_too_large_for_a_number():
    with pytest.raises(RuntimeError, match="Overflow"):
        torch.tensor([1]) + 2**70

"""Every optimizer takes PyTorch's steps, keeps its state, and refuses what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest

import taper

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "optim.json").read_text())
TOLERANCE = {"Muon": 2e-2, "LBFGS": 1e-6, "NAdam": 1e-6, "ASGD": 1e-6}  # bfloat16; float32 scalars
ROWS = GOLDEN["trajectories"]
IDS = [f"{row['name']} {row['options']}" for row in ROWS]


def tuples(options):
    return {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}


def plain(value):
    if isinstance(value, taper.Tensor):
        return value.detach().tolist()
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return value


def begin(row, cls=None):
    params = [taper.tensor(np.array(a), requires_grad=True) for a in row["start"]]
    cls = cls or getattr(taper.optim, row["name"])
    return params, cls(params, **tuples(row["options"]))


def closure_of(row, params):
    goals = [np.array(a) for a in row["goal"]]

    def closure():
        loss = 0.0
        for p, t in zip(params, goals):
            a = p.detach().numpy().copy()
            p.grad = taper.tensor(2 * (a - t) + 0.4 * a**3)
            if row["name"] == "SparseAdam":
                p.grad = (p.grad * taper.tensor(t > 0)).to_sparse()
            loss += ((a - t) ** 2).sum() + 0.1 * (a**4).sum()
        return taper.tensor(loss)

    return closure


def near(row, got, want):
    tolerance = TOLERANCE.get(row["name"], 1e-9)
    np.testing.assert_allclose(np.array(got), np.array(want), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_steps(row):
    params, optimizer = begin(row)
    closure = closure_of(row, params)
    for step in range(1, 13):
        optimizer.step(closure)
        for p, want in zip(params, row["params"].get(str(step), [])):
            near(row, p.tolist(), want)
    assert repr(optimizer) == row["repr"]
    if row["name"] == "LBFGS":
        return
    state = plain(optimizer.state_dict()["state"])
    assert state.keys() == row["state"].keys()
    for number, entries in state.items():
        assert list(entries) == list(row["state"][number])
        for key, value in entries.items():
            near(row, value, row["state"][number][key])
    for key, kind in row["kinds"].items():
        value = optimizer.state[params[0]][key]
        seen = str(value.dtype) if isinstance(value, taper.Tensor) else type(value).__name__
        assert seen.split(".")[-1] == kind.split(".")[-1]


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_resume_from_state_dict(row):
    """Saving after five steps and going on elsewhere leads to the same place."""
    params, optimizer = begin(row)
    closure = closure_of(row, params)
    for _ in range(5):
        optimizer.step(closure)
    others, resumed = begin(row)
    with taper.no_grad():
        for mine, theirs in zip(others, params):
            mine.copy_(theirs)
    resumed.load_state_dict(optimizer.state_dict())
    closure = closure_of(row, others)
    for _ in range(7):
        resumed.step(closure)
    for p, want in zip(others, row["params"]["12"]):
        near(row, p.tolist(), want)


@pytest.mark.parametrize(
    "row", GOLDEN["refusals"], ids=[f"{r['name']} {r['options']}" for r in GOLDEN["refusals"]]
)
def test_refused_options(row):
    with pytest.raises((ValueError, RuntimeError)) as caught:
        getattr(taper.optim, row["name"])(
            [taper.ones(2, 2, requires_grad=True)], **tuples(row["options"])
        )
    assert type(caught.value).__name__ == row["type"]
    assert str(caught.value) == row["message"]


@pytest.mark.parametrize("name", ["Adam", "RMSprop", "Adafactor", "NAdam", "Muon"])
def test_no_sparse_gradients(name):
    p = taper.ones(2, 2, requires_grad=True)
    p.grad = taper.ones(2, 2).to_sparse()
    with pytest.raises(RuntimeError, match="does not support sparse gradients"):
        getattr(taper.optim, name)([p]).step()


def test_sparse_adam_refuses_dense_gradients():
    p = taper.ones(2, 2, requires_grad=True)
    p.grad = taper.ones(2, 2)
    with pytest.raises(RuntimeError, match="please consider Adam instead"):
        taper.optim.SparseAdam([p]).step()


def test_sparse_adam_rests_where_there_is_no_gradient():
    p = taper.ones(4, 3, requires_grad=True)
    optimizer = taper.optim.SparseAdam([p], lr=0.1)
    p.grad = taper.sparse_coo_tensor(taper.tensor([[2, 0]]), taper.ones(2, 3), (4, 3))
    optimizer.step()
    moved = p.detach().numpy()
    assert (moved[[1, 3]] == 1).all() and (moved[[0, 2]] < 1).all()
    assert (optimizer.state[p]["exp_avg"].numpy()[[1, 3]] == 0).all()


@pytest.mark.parametrize("name", ["SGD", "Adagrad"])
def test_sparse_gradients_as_dense_ones(name):
    ends = []
    for sparse in (False, True):
        p = taper.tensor([1.0, 2.0, 3.0], requires_grad=True)
        optimizer = getattr(taper.optim, name)([p], lr=0.1)
        for _ in range(3):
            p.grad = taper.tensor([0.5, 0.0, -1.0])
            if sparse:
                p.grad = p.grad.to_sparse()
            optimizer.step()
        ends.append(p.tolist())
    assert ends[0] == ends[1]


def test_muon_takes_matrices_only():
    with pytest.raises(ValueError, match="Muon only supports 2D parameters"):
        taper.optim.Muon([taper.ones(3, requires_grad=True)])


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Rprop", "Adadelta"])
def test_complex_parameters_are_pairs_of_real_ones(name):
    options = {"momentum": 0.9} if name == "SGD" else {}
    values = np.array([1 + 2j, -0.5 + 0.25j])
    p = taper.tensor(values, requires_grad=True)
    q = taper.tensor(np.stack([values.real, values.imag], -1), requires_grad=True)
    one, two = (getattr(taper.optim, name)([t], **options) for t in (p, q))
    for step in range(4):
        p.grad = taper.tensor((1 - step / 2) * values + 0.1j)
        q.grad = taper.tensor(np.stack([p.grad.numpy().real, p.grad.numpy().imag], -1))
        one.step()
        two.step()
    got = p.detach().numpy()
    np.testing.assert_allclose(np.stack([got.real, got.imag], -1), q.detach().numpy(), rtol=1e-12)


def test_differentiable_step_passes_gradients_to_the_learning_rate():
    start = taper.tensor([1.0, -2.0])
    lr = taper.tensor(0.1, requires_grad=True)
    p = start.clone().requires_grad_() * 1.0
    optimizer = taper.optim.SGD([p], lr=lr, differentiable=True)
    p.grad = taper.tensor([3.0, 4.0])
    optimizer.step()
    p.sum().backward()
    assert lr.grad.item() == pytest.approx(-7.0)


def test_tensor_learning_rate():
    row = next(r for r in ROWS if r["name"] == "Adam" and not r["options"])
    params = [taper.tensor(np.array(a), requires_grad=True) for a in row["start"]]
    optimizer = taper.optim.Adam(params, lr=taper.tensor(0.001, dtype=taper.float64))
    closure = closure_of(row, params)
    for _ in range(12):
        optimizer.step(closure)
    for p, want in zip(params, row["params"]["12"]):
        near(row, p.tolist(), want)
    with pytest.raises(ValueError, match="lr as a Tensor is not supported"):
        taper.optim.Adam(params, lr=taper.tensor(0.1), foreach=True)
    with pytest.raises(ValueError, match="Tensor lr must be 1-element"):
        taper.optim.SGD(params, lr=taper.tensor([0.1, 0.2]))

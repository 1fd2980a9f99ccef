"""The file for readers does what it says."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

FILE = Path(__file__).resolve().parent.parent / "docs" / "mini_taper.py"


@pytest.fixture(scope="module")
def mini():
    spec = importlib.util.spec_from_file_location("mini_taper", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["mini_taper"] = module
    spec.loader.exec_module(module)
    return module


def test_it_learns_with_one_plan(mini):
    losses = mini.train()
    assert losses[0] > 0.3 and losses[-1] < 1e-4
    assert len(mini.PLANS) == 1


def test_nodes_are_interned(mini):
    x = mini.make("leaf", place=0, shape=(2,))
    assert mini.add(x, x) is mini.add(x, x)


@pytest.mark.parametrize("look_first", [False, True])
def test_gradients_agree_with_differences(mini, look_first):
    rng = np.random.default_rng(1)
    given = [rng.normal(size=s) for s in ((3, 2), (2, 4), (4,))]

    def loss(*arrays):
        x, w, b = parts = [mini.Tensor(a, True) for a in arrays]
        out = (x @ w + b).relu() * (x @ w + b)  # two inputs that are one node
        return (out * out * 0.5).mean(), parts

    value, parts = loss(*given)
    if look_first:
        value.item()
    value.backward()
    for k, p in enumerate(parts):
        line = rng.normal(size=given[k].shape)
        ends = []
        for sign in (1, -1):
            moved = [a + sign * 1e-2 * line if i == k else a for i, a in enumerate(given)]
            ends.append(loss(*moved)[0].item())
        assert np.sum(p.grad.numpy() * line) == pytest.approx(
            (ends[0] - ends[1]) / 2e-2, rel=2e-2, abs=2e-2
        )


def test_the_file_stays_short():
    lines = [
        line
        for line in FILE.read_text().splitlines()
        if line.strip() and not line.strip().startswith("#")
    ]
    assert len(lines) <= 260

"""Layers print, hold, draw, compute and refuse what PyTorch's do."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

import taper
from taper import nn

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "nn.json").read_text())


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def short(array):
    flat = np.asarray(array, dtype="float64").reshape(-1)
    return np.array([*flat[:8], *flat[-2:], (flat**2).sum()])


def near(found, wanted, loose=1e-5):
    np.testing.assert_allclose(short(found), wanted, rtol=loose, atol=loose)


def numbers(t):
    return np.array(t.detach().numpy())


@pytest.mark.parametrize("row", GOLDEN["built"], ids=lambda row: row["make"])
def test_a_new_layer(row):
    taper.manual_seed(42)
    layer = eval("nn." + row["make"], {"nn": nn, "zeros": taper.zeros})
    assert repr(layer) == row["repr"]
    assert [name for name, _ in layer.named_parameters()] == row["names"]
    state = layer.state_dict()
    assert list(state) == [key for key, _ in row["state"]]
    for key, shape in row["state"]:
        if shape is None:
            assert isinstance(state[key], nn.parameter.UninitializedTensorMixin)
        else:
            assert list(state[key].shape) == shape
    for key, values in row["draws"].items():
        near(numbers(state[key]), values)


def filled(layer):
    for i, (key, value) in enumerate(layer.state_dict().items()):
        if value.is_floating_point():
            start = np.cos(np.arange(value.numel()) * 0.37 + i).astype("float32") * 0.5
            if key.endswith("running_var"):
                start = np.abs(start) + 0.5
            value.copy_(taper.from_numpy(start.reshape(tuple(value.shape))))


def given(shapes):
    for j, text in enumerate(shapes.split()):
        shape = [int(n) for n in text.strip("ic").split("x")]
        count = np.arange(int(np.prod(shape)))
        if text.startswith("i"):
            yield taper.from_numpy((count * 7 % 3).reshape(shape))
        else:
            values = np.sin(count * 0.73 + 0.3 * j).astype("float32").reshape(shape)
            yield taper.tensor(values, requires_grad=not text.startswith("c"))


def tensors(found):
    if isinstance(found, taper.Tensor):
        return [found]
    return [t for part in found if part is not None for t in tensors(part)]


@pytest.mark.parametrize(
    "row", GOLDEN["called"], ids=lambda row: f"{row['make']} {row['inputs']} {row['training']}"
)
def test_a_call_and_its_gradients(row):
    layer = eval("nn." + row["make"], {"nn": nn})
    filled(layer)
    layer.train(row["training"])
    inputs = list(given(row["inputs"]))
    outs = tensors(layer(*inputs))
    assert [list(t.shape) for t in outs] == [shape for shape, _ in row["outs"]]
    for t, (_, values) in zip(outs, row["outs"]):
        near(numbers(t), values, 1e-4)
    total = sum(
        (t * taper.cos(taper.arange(t.numel()) + 0.5).reshape(t.shape)).sum()
        for t in outs
        if t.is_floating_point()
    )
    total.backward()
    floats = [x for x in inputs if x.requires_grad]
    for x, values in zip(floats, row["grads"]):
        if values is None:
            assert x.grad is None
        else:
            near(numbers(x.grad), values, 1e-4)
    found = {k: p.grad for k, p in layer.named_parameters() if p.grad is not None}
    assert set(found) == set(row["param_grads"])
    for key, values in row["param_grads"].items():
        near(numbers(found[key]), values, 1e-4)
    for key, buffer in layer.named_buffers():
        near(numbers(buffer), row["buffers"][key], 1e-4)


@pytest.mark.parametrize("row", GOLDEN["said"], ids=lambda row: row["do"])
def test_what_is_said(row):
    try:
        found = repr(eval(row["do"], {"nn": nn, "torch": taper, "z": taper.zeros}))
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    assert found.replace("taper.", "torch.") == row["said"]


@pytest.mark.parametrize("row", GOLDEN["drawn"], ids=lambda row: row["do"])
def test_initial_values(row):
    taper.manual_seed(42)
    t = taper.zeros(8, 6)
    assert eval("init." + row["do"], {"init": nn.init, "t": t}) is t
    near(numbers(t), row["values"])
    assert taper.rand(1).item() == pytest.approx(row["next"])

"""Arrays are printed exactly as PyTorch prints tensors."""

import base64
import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from taper import formatting

GOLDEN = json.loads((Path(__file__).parent / "golden" / "formatting.json").read_text())


@pytest.fixture(autouse=True)
def default_options():
    formatting.set_printoptions(profile="default")
    yield
    formatting.set_printoptions(profile="default")


def array_of(case):
    name = case["dtype"].removeprefix("torch.")
    dtype = np.dtype(getattr(ml_dtypes, name, None) or name)
    return np.frombuffer(base64.b64decode(case["data"]), dtype).reshape(case["shape"])


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_text_is_pytorchs(case):
    with formatting.printoptions(**case["options"]):
        text = formatting.describe_tensor(
            array_of(case),
            case["dtype"],
            requires_grad=case["requires_grad"],
            grad_fn_name=case["grad_fn_name"],
            default_dtype=case["default_dtype"],
        )
    assert text == case["text"]


def test_device_comes_first_among_the_suffixes():
    text = formatting.describe_tensor(
        np.array([1.0]), "torch.float64", device="cuda:0", requires_grad=True
    )
    assert text == "tensor([1.], device='cuda:0', dtype=torch.float64, requires_grad=True)"


def test_meta_tensors_show_no_numbers():
    text = formatting.describe_tensor(None, "torch.int64", shape=(2, 3), device="meta")
    assert text == "tensor(..., device='meta', size=(2, 3), dtype=torch.int64)"


def test_another_prefix_indents_the_rows():
    text = formatting.format_tensor(np.eye(2), prefix="Value(", suffixes=["kind=eye"])
    assert text == "Value([[1., 0.],\n       [0., 1.]], kind=eye)"


def test_long_suffixes_go_to_their_own_line():
    text = formatting.format_tensor(np.array([1.0]), suffixes=["a=" + "x" * 60, "b=" + "y" * 60])
    assert text.splitlines() == ["tensor([1.], a=" + "x" * 60 + ",", "       b=" + "y" * 60 + ")"]


def test_profile_then_single_option():
    formatting.set_printoptions(profile="short", precision=3)
    assert formatting.get_printoptions() == {
        "precision": 3,
        "threshold": 1000,
        "edgeitems": 2,
        "linewidth": 80,
        "sci_mode": None,
    }


def test_context_restores_the_options_after_an_error():
    before = formatting.get_printoptions()
    with pytest.raises(KeyError), formatting.printoptions(precision=1, sci_mode=True):
        raise KeyError
    assert formatting.get_printoptions() == before

"""`assert_close` tells what differs in PyTorch's words."""

import numpy as np
import pytest

import taper as torch
from taper.testing import assert_close, make_tensor

t = torch.tensor

TENSORS = """Tensor-likes are not close!

Mismatched elements: 1 / 3 (33.3%)
Greatest absolute difference: 0.5 at index (1,) (up to 1e-05 allowed)
Greatest relative difference: 0.20000000298023224 at index (1,) (up to 1.3e-06 allowed)"""
INTEGERS = """Tensor-likes are not equal!

Mismatched elements: 1 / 3 (33.3%)
Greatest absolute difference: 1 at index (2,)
Greatest relative difference: 0.25 at index (2,)"""
SCALARS = """Scalars are not close!

Expected 2.0 but got 1.0.
Absolute difference: 1.0 (up to 1e-07 allowed)
Relative difference: 0.5 (up to 1e-07 allowed)"""
NESTED = """Scalars are not equal!

Expected 4 but got 3.
Absolute difference: 1
Relative difference: 0.25

The failure occurred for item ['a'][1]"""
KEYS = """The keys of the mappings do not match:
Missing keys in the actual mapping: ['b']
Additional keys in the actual mapping: ['a']"""


@pytest.mark.parametrize(
    ("actual", "expected", "message"),
    [
        (t([1.0, 2.0, 3.0]), t([1.0, 2.5, 3.0]), TENSORS),
        (t([1, 2, 3]), t([1, 2, 4]), INTEGERS),
        (1.0, 2.0, SCALARS),
        ({"a": [t(1.0), 3]}, {"a": [t(1.0), 4]}, NESTED),
        ({"a": 1}, {"b": 1}, KEYS),
        ([1], [1, 2], "The length of the sequences mismatch: 1 != 2"),
        (True, False, "Booleans mismatch: True is not False"),
        (1, 1.5, "The (d)types do not match: <class 'int'> != <class 'float'>."),
        (None, 1, "None mismatch: None is not 1"),
        (
            t([1.0, 2.0]),
            t([1.0, 2.0, 3.0]),
            "The values for attribute 'shape' do not match: torch.Size([2]) != torch.Size([3]).",
        ),
        (
            t([1.0]),
            t([1.0]).double(),
            "The values for attribute 'dtype' do not match: torch.float32 != torch.float64.",
        ),
    ],
)
def test_messages(actual, expected, message):
    with pytest.raises(AssertionError) as error:
        assert_close(actual, expected)
    assert str(error.value) == message


def test_what_is_close():
    assert_close(t([1.0, 2.0]), t([1.0, 2.000001]))
    assert_close(t([float("nan")]), t([float("nan")]), equal_nan=True)
    assert_close([t(1.0), None, 3], (t(1.0), None, 3))
    assert_close(np.ones(2), np.ones(2))
    assert_close(t([1.0]), t([1.4]), rtol=0, atol=0.5)
    assert_close(t([1.0]), t([1.0]).double(), check_dtype=False)
    with pytest.raises(AssertionError):
        assert_close(t([float("nan")]), t([float("nan")]))


def test_arguments():
    with pytest.raises(ValueError, match="but got no atol"):
        assert_close(1.0, 1.0, rtol=0.1)
    with pytest.raises(TypeError, match="No comparison pair"):
        assert_close("a", "a")
    with pytest.raises(AssertionError, match=r"^hey$"):
        assert_close(1, 2, msg="hey")
    with pytest.raises(AssertionError, match=r"^hey Scalars"):
        assert_close(1, 2, msg=lambda m: "hey " + m)


def test_make_tensor():
    x = make_tensor(3, 4, dtype=torch.float64, device="cpu", low=1, high=2, requires_grad=True)
    assert x.shape == (3, 4) and x.requires_grad and x.is_leaf
    assert x.min().item() >= 1 and x.max().item() < 2
    y = make_tensor((50,), dtype=torch.int32, device="cpu", low=0, high=3, exclude_zero=True)
    assert y.dtype is torch.int32 and set(y.tolist()) <= {1, 2}
    z = make_tensor((3, 4), dtype=torch.complex64, device="cpu", noncontiguous=True)
    assert z.shape == (3, 4) and not z.is_contiguous()

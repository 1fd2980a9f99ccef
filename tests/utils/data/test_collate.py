"""Collation: what becomes of tensors, arrays, numbers, texts and nests of them."""

from collections import OrderedDict, namedtuple

import numpy as np
import pytest

import taper
from taper.utils.data import default_collate, default_convert

Point = namedtuple("Point", "x y")


class Box(list):
    """A list that knows more than its items."""

    colour = "grey"


def test_tensors():
    batch = default_collate([taper.tensor([1.0, 2.0]), taper.tensor([3.0, 4.0])])
    assert batch.tolist() == [[1.0, 2.0], [3.0, 4.0]] and batch.dtype == taper.float32


@pytest.mark.parametrize("kind", ["bfloat16", "float16", "bool", "uint8", "complex64"])
def test_tensors_of_every_kind(kind):
    kind = getattr(taper, kind)
    batch = default_collate([taper.ones(2).to(kind), taper.zeros(2).to(kind)])
    assert batch.dtype == kind and batch.shape == (2, 2)
    assert batch.to(taper.complex64).real.tolist() == [[1.0, 1.0], [0.0, 0.0]]


def test_scalar_tensors_and_gradients():
    leaves = [taper.tensor(float(i), requires_grad=True) for i in range(3)]
    batch = default_collate(leaves)
    assert batch.shape == (3,) and batch.requires_grad
    batch.sum().backward()
    assert leaves[1].grad.item() == 1.0


def test_tensors_of_two_types_are_promoted():
    assert default_collate([taper.tensor([1]), taper.tensor([1.5])]).dtype == taper.float32


def test_tensors_of_two_shapes():
    with pytest.raises(RuntimeError, match=r"stack expects each tensor to be equal size.*\[3\]"):
        default_collate([taper.zeros(3), taper.zeros(2)])


def test_a_batch_does_not_share_its_samples():
    row = taper.zeros(2)
    batch = default_collate([row, row])
    batch[0, 0] = 5
    assert row.tolist() == [0.0, 0.0] and batch[1, 0].item() == 0.0


def test_numbers():
    whole = default_collate([1, 2, 3])
    assert whole.dtype == taper.int64 and whole.tolist() == [1, 2, 3]
    assert default_collate([1.0, 2.0]).dtype == taper.float64
    assert default_collate([True, False]).dtype == taper.bool
    assert default_collate([np.float32(1), np.float32(2)]).dtype == taper.float32
    assert default_collate([np.int16(1), np.int16(2)]).dtype == taper.int16


def test_arrays():
    batch = default_collate([np.ones((2, 3), np.float32), np.zeros((2, 3), np.float32)])
    assert batch.shape == (2, 2, 3) and batch.dtype == taper.float32
    with pytest.raises(TypeError, match=r"default_collate: batch must contain tensors.*found <U1"):
        default_collate([np.array(["a"]), np.array(["b"])])


def test_texts_stay():
    assert default_collate(["a", "b"]) == ["a", "b"]
    assert default_collate([b"a", b"b"]) == [b"a", b"b"]


def test_nests():
    batch = default_collate([{"a": 1, "b": (2.0, "x")}, {"a": 3, "b": (4.0, "y")}])
    assert batch["a"].tolist() == [1, 3]
    assert batch["b"][0].tolist() == [2.0, 4.0] and batch["b"][1] == ("x", "y")
    points = default_collate([Point(1, 2.0), Point(3, 4.0)])
    assert type(points) is Point and points.x.tolist() == [1, 3]
    assert type(default_collate([(1, 2), (3, 4)])) is list
    assert type(default_collate([OrderedDict(a=1), OrderedDict(a=2)])) is OrderedDict
    boxes = default_collate([Box([1, 2]), Box([3, 4])])
    assert type(boxes) is Box and boxes[1].tolist() == [2, 4]


def test_errors():
    with pytest.raises(RuntimeError, match="each element in list of batch should be of equal size"):
        default_collate([[1, 2], [3]])
    with pytest.raises(TypeError, match="found <class 'object'>"):
        default_collate([object(), object()])
    with pytest.raises(TypeError, match="found <class 'NoneType'>"):
        default_collate([None, None])


def test_convert():
    assert default_convert(np.arange(3)).tolist() == [0, 1, 2]
    assert default_convert(np.float32(2)).dtype == taper.float32
    assert default_convert(5) == 5 and default_convert("text") == "text"
    texts = np.array(["a"])
    assert default_convert(texts) is texts
    nest = default_convert({"a": (np.arange(2), [np.arange(1)])})
    assert type(nest["a"]) is list and nest["a"][0].tolist() == [0, 1]
    assert default_convert(Point(np.arange(2), 1)).x.tolist() == [0, 1]

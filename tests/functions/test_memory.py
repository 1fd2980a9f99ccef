"""Addresses, DLPack both ways, and shapes changed in place."""

import numpy as np
import pytest

import taper


def test_dlpack_shares_memory_both_ways():
    x = taper.arange(6.0).reshape(2, 3)
    seen = np.from_dlpack(x)
    x[0, 0] = 9.0
    assert seen[0, 0] == 9.0
    array = np.ones(3, np.float32)
    y = taper.from_dlpack(array)
    array[1] = 5.0
    assert y.tolist() == [1.0, 5.0, 1.0]
    with pytest.raises(RuntimeError, match="require gradient"):
        np.from_dlpack(taper.ones(2, requires_grad=True))


def test_views_lie_at_their_offset():
    x = taper.zeros(4, 5)
    assert x[1].data_ptr() - x.data_ptr() == 5 * 4
    assert taper.empty(0).data_ptr() == 0


def test_shapes_change_in_place():
    x = taper.arange(6.0).reshape(2, 3)
    assert x.t_() is x and x.shape == (3, 2) and x[2, 1].item() == 5.0
    assert x.unsqueeze_(0).shape == (1, 3, 2)
    assert x.squeeze_(0).shape == (3, 2)
    assert x.transpose_(0, 1).tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


def test_gradients_pass_through_a_shape_changed_in_place():
    w = taper.ones(2, 3, requires_grad=True)
    y = (w * 2).t_()
    (y * taper.arange(6.0).reshape(3, 2)).sum().backward()
    assert w.grad.tolist() == [[0.0, 4.0, 8.0], [2.0, 6.0, 10.0]]

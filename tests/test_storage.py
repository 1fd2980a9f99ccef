"""Memory shared with numpy: writes are seen on both sides, and graphs keep what they read."""

import gc

import numpy as np
import pytest

import taper as torch
from taper.storage import Storage
from taper.tape import ready


def test_numpy_sees_what_torch_writes():
    x = torch.zeros(3)
    a = x.numpy()
    x.add_(1)
    x[0] = 5
    assert a.tolist() == [5.0, 1.0, 1.0]


def test_torch_sees_what_numpy_writes():
    a = np.zeros(3, np.float32)
    x = torch.from_numpy(a)
    a[1] = 7
    assert x.tolist() == [0.0, 7.0, 0.0]
    assert (x + 1).tolist() == [1.0, 8.0, 1.0]
    x.mul_(2)
    assert a.tolist() == [0.0, 14.0, 0.0]


def test_views_share_too():
    x = torch.zeros(2, 3)
    a = x[1].numpy()
    x.fill_(2)
    assert a.tolist() == [2.0, 2.0, 2.0]
    a[0] = 9
    assert x.tolist() == [[2.0, 2.0, 2.0], [9.0, 2.0, 2.0]]
    turned = x.t().numpy()
    assert turned.shape == (3, 2) and np.shares_memory(turned, a)


def test_a_numpy_view_keeps_the_memory_shared():
    x = torch.zeros(4)
    part = x.numpy()[1:3]
    gc.collect()
    part += 1
    assert x.tolist() == [0.0, 1.0, 1.0, 0.0]


def test_memory_is_private_again_when_nobody_else_holds_it():
    x = torch.zeros(4)
    a = x.numpy()
    a[0] = 3
    assert x._storage.shared is not None
    del a
    gc.collect()
    assert (x * 2).tolist() == [6.0, 0.0, 0.0, 0.0]
    assert x._storage.shared is None


def test_a_recorded_read_is_a_snapshot():
    a = np.ones(3, np.float32)
    x = torch.from_numpy(a)
    y = x * 2  # not computed yet
    a[:] = 100
    assert y.tolist() == [2.0, 2.0, 2.0]


def test_a_graph_keeps_the_values_it_read():
    a = np.array([1.0, 2.0], np.float32)
    x = torch.from_numpy(a)
    w = torch.ones(2, requires_grad=True)
    loss = (w * x).sum()
    a[:] = 50
    loss.backward()
    assert w.grad.tolist() == [1.0, 2.0]


def test_the_result_of_numpy_is_not_another_tensors_memory():
    x = torch.ones(3)
    y = x.clone()
    z = x.detach()
    a = x.numpy()
    a[0] = 4
    assert y.tolist() == [1.0, 1.0, 1.0]
    assert z.tolist() == [4.0, 1.0, 1.0]


def test_readers_of_one_value_do_not_share_what_is_written():
    x = torch.ones(3)
    y = torch.ones(3)
    y.copy_(x)
    x.add_(1)
    assert y.tolist() == [1.0, 1.0, 1.0]


def test_versions_count_writes():
    x = torch.zeros(3)
    assert x._version == 0
    x.add_(1)
    x[0] = 1
    assert x._version == 2
    x.data.add_(1)
    assert x._version == 2
    assert x.view(3)._version == x.detach()._version == 2


def test_values_are_never_written():
    array = np.zeros(3, np.float32)
    storage = Storage(ready(array))
    before = storage.value
    storage.write(ready(np.ones(3, np.float32)))
    assert before.buffer.tolist() == [0.0, 0.0, 0.0]
    assert storage.array().tolist() == [1.0, 1.0, 1.0]
    assert storage.version == 1


@pytest.mark.parametrize(
    "kind", [np.float64, np.int32, np.uint8, np.bool_, np.complex64, np.float16]
)
def test_every_kind_of_array_is_shared(kind):
    a = np.zeros(3, kind)
    x = torch.from_numpy(a)
    a[1] = 1
    assert x.tolist() == a.tolist()
    assert np.shares_memory(x.numpy(), a)


def test_a_copy_is_a_copy():
    a = np.zeros(3, np.float32)
    x = torch.tensor(a)
    a[0] = 1
    assert x.tolist() == [0.0, 0.0, 0.0]
    assert not np.shares_memory(x.numpy(), a)

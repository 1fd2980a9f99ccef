"""Parameters and buffers are tensors with a mark, and keep it through copies."""

import copy
import pickle

import pytest

import taper as torch
from taper import nn


def test_a_parameter_shares_memory_and_requires_a_gradient():
    t = torch.zeros(2)
    p = nn.Parameter(t)
    assert p.requires_grad and p.is_leaf and isinstance(p, torch.Tensor)
    t.add_(1)
    assert p.tolist() == [1.0, 1.0]
    assert not nn.Parameter(t, requires_grad=False).requires_grad
    assert type(p + 1) is torch.Tensor and type(p.data) is torch.Tensor
    assert nn.Parameter().shape == (0,)


def test_it_is_a_parameter_of_a_graph_and_not_its_result():
    x = torch.ones(2, requires_grad=True)
    p = nn.Parameter(x * 2)
    assert p.is_leaf
    (p * 3).sum().backward()
    assert p.grad.tolist() == [3.0, 3.0] and x.grad is None


def test_copies_and_pickles():
    p = nn.Parameter(torch.arange(3.0), requires_grad=False)
    for twice in (copy.deepcopy, lambda q: pickle.loads(pickle.dumps(q))):
        twin = twice(p)
        assert type(twin) is nn.Parameter and torch.equal(twin, p) and not twin.requires_grad
        p.data.add_(1)
        assert not torch.equal(twin, p)


def test_tied_parameters_stay_tied_in_a_copy():
    p = nn.Parameter(torch.zeros(1))
    a, b = copy.deepcopy([p, p])
    assert a is b


def test_buffers_are_marked_tensors():
    b = nn.Buffer(torch.zeros(2))
    assert isinstance(b, nn.Buffer) and type(b) is torch.Tensor and b.persistent
    assert not isinstance(torch.zeros(2), nn.Buffer)
    assert not isinstance(b, nn.Parameter) and not isinstance(nn.Parameter(b), nn.Buffer)


def test_integers_cannot_be_trained():
    with pytest.raises(RuntimeError, match="Only Tensors of floating point"):
        nn.Parameter(torch.zeros(2, dtype=torch.int64))
    assert nn.Parameter(torch.zeros(2, dtype=torch.int64), requires_grad=False).dtype == torch.int64

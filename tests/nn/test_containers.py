"""Containers hold, slice, join and print modules and parameters as PyTorch's do."""

from collections import OrderedDict

import pytest

import taper as torch
from taper import nn


def kinds(modules):
    return [type(m).__name__ for m in modules]


def test_sequential_runs_slices_and_joins():
    seq = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())
    x = torch.tensor([-1.0, 2.0])
    assert torch.equal(seq(x), torch.sigmoid(torch.tanh(torch.relu(x))))
    assert kinds(seq[1:]) == ["Tanh", "Sigmoid"] and list(seq[1:]._modules) == ["1", "2"]
    assert seq[-1] is seq[2] and len(seq) == 3
    del seq[0]
    assert list(seq._modules) == ["0", "1"] and kinds(seq) == ["Tanh", "Sigmoid"]
    seq[0] = nn.ELU()
    seq.insert(1, nn.GELU()).append(nn.ReLU()).extend([nn.CELU()])
    assert kinds(seq) == ["ELU", "GELU", "Sigmoid", "ReLU", "CELU"]
    assert type(seq.pop(-1)).__name__ == "CELU"
    assert kinds(seq + nn.Sequential(nn.Tanh())) == ["ELU", "GELU", "Sigmoid", "ReLU", "Tanh"]
    assert len(seq * 2) == 8 and len(2 * seq) == 8
    seq *= 2
    assert len(seq) == 8
    del seq[1:7]
    assert kinds(seq) == ["ELU", "ReLU"]


def test_sequential_by_name():
    seq = nn.Sequential(OrderedDict(a=nn.Linear(2, 3), b=nn.ReLU()))
    assert seq.a is seq[0] and list(seq.state_dict()) == ["a.weight", "a.bias"]


def test_module_list():
    held = nn.ModuleList([nn.ReLU(), nn.Tanh()])
    held.insert(1, nn.ELU())
    held += [nn.CELU()]
    assert kinds(held) == ["ReLU", "ELU", "Tanh", "CELU"]
    assert kinds(held[1:3]) == ["ELU", "Tanh"] and isinstance(held[1:3], nn.ModuleList)
    assert kinds(held + [nn.GELU()])[-1] == "GELU"
    held[-1] = nn.Sigmoid()
    assert type(held.pop(0)).__name__ == "ReLU" and len(held) == 3
    del held[:2]
    assert list(held._modules) == ["0"] and kinds(held) == ["Sigmoid"]
    with pytest.raises(IndexError, match="index 5 is out of range"):
        held[5]


def test_module_dict():
    held = nn.ModuleDict([("b", nn.ReLU()), ("a", nn.Tanh())])
    held.update({"c": nn.ELU()})
    held["d"] = nn.GELU()
    assert list(held) == ["b", "a", "c", "d"] and "a" in held and len(held) == 4
    assert type(held.pop("a")).__name__ == "Tanh"
    assert [k for k, _ in held.items()] == ["b", "c", "d"] == list(held.keys())
    assert kinds(held.values()) == ["ReLU", "ELU", "GELU"]
    held.clear()
    assert len(held) == 0
    with pytest.raises(KeyError):
        held["b"]


def test_parameter_list():
    held = nn.ParameterList([torch.zeros(2), 3])
    held.append(torch.ones(1)).extend([nn.Parameter(torch.zeros(3), requires_grad=False)])
    assert [type(v).__name__ for v in held] == ["Parameter", "int", "Parameter", "Parameter"]
    assert list(held.state_dict()) == ["0", "2", "3"] and len(held) == 4
    assert len(held[1:]) == 3 and held[-1].shape == (3,)
    held[0] = torch.ones(5)
    assert isinstance(held[0], nn.Parameter) and held[0].shape == (5,)


def test_parameter_dict():
    held = nn.ParameterDict({"b": torch.zeros(2), "a": torch.ones(1)})
    assert list(held) == ["a", "b"]  # a plain dict is taken by sorted name
    held["c"] = 3
    held.setdefault("d", torch.zeros(1))
    assert held.get("zz") is None and held.get("c", 5) == 3 and "d" in held
    assert list(held | nn.ParameterDict({"e": torch.zeros(1)})) == ["a", "b", "c", "d", "e"]
    assert held.popitem()[0] == "d" and held.pop("c") == 3 and len(held) == 2
    assert list(reversed(held)) == ["b", "a"]
    assert list(held.copy().state_dict()) == ["a", "b"]
    assert list(held.fromkeys(["x", "y"], torch.zeros(1)).keys()) == ["x", "y"]
    held.clear()
    assert list(held.parameters()) == []

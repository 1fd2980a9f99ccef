"""Copies of views, replaced parts and resizing."""

import pytest

import taper as torch


def test_copies_do_not_alias():
    x = torch.arange(6.0).reshape(2, 3)
    for made in (
        torch.view_copy(x, (3, 2)),
        torch.t_copy(x),
        torch.expand_copy(x, (2, 2, 3)),
        torch.narrow_copy(x, 1, 0, 2),
        torch.unbind_copy(x)[0],
        torch.split_copy(x, 1)[1],
        torch.alias_copy(x),
        torch.slice_copy(x, 1, 0, 3, 2),
    ):
        made.zero_()
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_replaced_parts_and_gradients():
    x = torch.zeros(3, 3, requires_grad=True)
    src = torch.tensor([1.0, 2, 3], requires_grad=True)
    made = torch.diagonal_scatter(x, src)
    assert made.tolist() == [[1, 0, 0], [0, 2, 0], [0, 0, 3]]
    (made * torch.arange(9.0).reshape(3, 3)).sum().backward()
    assert src.grad.tolist() == [0, 4, 8]
    assert x.grad.tolist() == [[0, 1, 2], [3, 0, 5], [6, 7, 0]]
    assert torch.select_scatter(x, src, 1, -1).tolist() == [[0, 0, 1], [0, 0, 2], [0, 0, 3]]
    assert x.slice_scatter(torch.ones(1, 3), 0, 1, 2).tolist() == [[0] * 3, [1] * 3, [0] * 3]
    strided = torch.as_strided_scatter(x, torch.ones(2), (2,), (4,), 1)
    assert strided.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]


def test_a_view_is_replaced_as_a_tensor_of_its_own():
    x = torch.arange(6).reshape(2, 3).t()
    assert torch.select_scatter(x, torch.tensor([9, 9]), 0, 0).tolist() == [[9, 9], [1, 4], [2, 5]]


def test_errors():
    x = torch.zeros(3, 4)
    with pytest.raises(RuntimeError, match=r"src size = \[3\], slice size = \[4\]"):
        torch.select_scatter(x, torch.zeros(3), 0, 0)
    with pytest.raises(RuntimeError, match="cannot resize variables that require grad"):
        torch.ones(3, requires_grad=True).resize_(4)


def test_resizing():
    x = torch.arange(6)
    assert x.resize_(2, 2).tolist() == [[0, 1], [2, 3]]
    assert torch.resize_as_(x, torch.zeros(3)).tolist() == [0, 1, 2]

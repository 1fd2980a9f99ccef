"""Places of elements, ranges of integers, grids, and products that meet zeros."""

import numpy as np
import pytest

import taper as torch


def test_unravel_index():
    places = torch.tensor([[1, 5], [0, 3]])
    rows, columns = torch.unravel_index(places, (2, 3))
    assert rows.tolist() == [[0, 1], [0, 1]] and columns.tolist() == [[1, 2], [0, 0]]
    with pytest.raises(TypeError, match="integer dtype"):
        torch.unravel_index(torch.ones(2), 3)
    with pytest.raises(ValueError, match="negative values"):
        torch.unravel_index(places, (-1, 3))


def test_nonzero_static():
    x = torch.tensor([[1, 0], [0, 2]])
    assert torch.nonzero_static(x, size=3).tolist() == [[0, 0], [1, 1], [-1, -1]]
    assert x.nonzero_static(size=1, fill_value=7).tolist() == [[0, 0]]
    with pytest.raises(RuntimeError, match="non-negative integer"):
        torch.nonzero_static(x, size=-1)


def test_ranges_of_integers():
    assert torch.arange(0, -8.1, -4, dtype=torch.int64).tolist() == [0, -4]
    assert torch.arange(0, -8.1, -4, dtype=torch.int32).tolist() == [0, -4, -8]
    assert torch.arange(0.5, 5.5, 1.5, dtype=torch.int64).tolist() == [0, 1, 2, 3, 4]
    assert torch.linspace(4.7, 0.5, 8, dtype=torch.int32).tolist() == [4, 3, 2, 2, 1, 1, 0, 0]
    with pytest.raises(TypeError, match="invalid combination of arguments"):
        torch.linspace(0, 3, 1.0)


def test_empty_permuted():
    assert torch.empty_permuted((2, 3, 4), (2, 0, 1)).stride() == (3, 1, 6)
    with pytest.raises(RuntimeError, match="Duplicate dim"):
        torch.empty_permuted((2, 3), (0, 0))


def test_grids():
    x, y = torch.tensor([1, 2, 3]), torch.tensor([4, 5])
    a, b = torch.meshgrid(x, y, indexing="xy")
    want = np.meshgrid(x.numpy(), y.numpy())
    assert a.tolist() == want[0].tolist() and b.tolist() == want[1].tolist()


def test_products_that_meet_zeros():
    x = torch.tensor([0.0, 13.0, 0.0], requires_grad=True)
    y = torch.tensor([0.0, 2.0, 0.0, 0.0], requires_grad=True)
    index = torch.tensor([0, 1, 1, 2])
    torch.scatter_reduce(x, 0, index, y, "prod").sum().backward()
    assert x.grad.tolist() == [0, 0, 0]
    assert y.grad.tolist() == [0, 0, 26, 0]

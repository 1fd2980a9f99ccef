"""Sparse tensors: what gradients of embeddings need of them."""

import pytest

import taper


def test_to_sparse_and_back():
    x = taper.tensor([[1.0, 0.0, 2.0], [0.0, 0.0, 0.0]])
    s = x.to_sparse()
    assert s.is_sparse and not x.is_sparse and s.layout == taper.sparse_coo
    assert s.shape == x.shape and s.coalesce().is_coalesced()
    assert s.indices().tolist() == [[0, 0], [0, 2]] and s.values().tolist() == [1.0, 2.0]
    assert taper.equal(s.to_dense(), x) and not s.to_dense().is_sparse
    assert (s.sparse_dim(), s.dense_dim(), s._nnz()) == (2, 0, 2)


def test_slices():
    s = taper.tensor([[1.0, 0.0, 2.0], [0.0, 0.0, 0.0]]).to_sparse(1)
    assert s.indices().tolist() == [[0]] and s.values().tolist() == [[1.0, 0.0, 2.0]]
    assert (s.sparse_dim(), s.dense_dim()) == (1, 1)


def test_repeated_coordinates_add_up():
    s = taper.sparse_coo_tensor([[0, 1, 1]], [1.0, 2.0, 3.0], (3,)).coalesce()
    assert s.to_dense().tolist() == [1.0, 5.0, 0.0] and s.indices().tolist() == [[0, 1]]
    assert taper.sparse_coo_tensor([[0, 4]], [1.0, 2.0]).shape == (5,)


def test_explicit_zeros_stay_present():
    s = taper.sparse_coo_tensor([[2, 0]], [[0.0, 0.0], [1.0, 1.0]], (4, 2)).coalesce()
    assert s.indices().tolist() == [[0, 2]] and s.values().tolist() == [[1.0, 1.0], [0.0, 0.0]]


def test_print():
    s = taper.tensor([[1.0, 0.0, 2.0], [0.0, 0.0, 0.0]]).to_sparse()
    assert repr(s) == (
        "tensor(indices=tensor([[0, 0],\n"
        "                       [0, 2]]),\n"
        "       values=tensor([1., 2.]),\n"
        "       size=(2, 3), nnz=2, layout=torch.sparse_coo)"
    )


def test_refusals():
    with pytest.raises(TypeError, match="can't convert Sparse layout tensor to numpy"):
        taper.ones(2).to_sparse().numpy()
    with pytest.raises(RuntimeError, match="size is inconsistent with indices: for dim 0"):
        taper.sparse_coo_tensor([[3]], [1.0], (2,))


def test_as_gradient():
    p = taper.zeros(3, requires_grad=True)
    p.grad = taper.tensor([0.0, 1.0, 0.0]).to_sparse()
    assert p.grad.is_sparse

"""Binds functions to Tensor, each by plain assignment."""

from __future__ import annotations

from .autograd import gradients
from .functions import creation, indexing, joining, products, pointwise, views
from .tensor import Tensor

# ---------------------------------------------------------------- creation
Tensor._legacy_new = staticmethod(creation.legacy_new)
Tensor.new = creation.new
Tensor.new_tensor, Tensor.new_full = creation.new_tensor, creation.new_full
Tensor.new_zeros, Tensor.new_ones = creation.new_zeros, creation.new_ones
Tensor.new_empty, Tensor.new_empty_strided = creation.new_empty, creation.new_empty_strided

# ---------------------------------------------------------------- autograd
Tensor.backward = gradients.tensor_backward

# ---------------------------------------------------------------- views
Tensor.view, Tensor.view_as = views.view, views.view_as
Tensor.reshape, Tensor.reshape_as = views.reshape, views.reshape_as
Tensor.flatten, Tensor.ravel, Tensor.unflatten = views.flatten, views.ravel, views.unflatten
Tensor.squeeze, Tensor.unsqueeze = views.squeeze, views.unsqueeze
Tensor.permute, Tensor.transpose, Tensor.t = views.permute, views.transpose, views.t
Tensor.swapaxes, Tensor.swapdims = views.swapaxes, views.swapdims
Tensor.movedim, Tensor.moveaxis = views.movedim, views.moveaxis
Tensor.T, Tensor.mT = property(views.numpy_T), property(views.matrix_T)
Tensor.H, Tensor.mH = property(views.matrix_H), property(views.adjoint)
Tensor.adjoint = views.adjoint
Tensor.narrow, Tensor.select, Tensor.unbind = views.narrow, views.select, views.unbind
Tensor.split, Tensor.split_with_sizes = views.split, views.split_with_sizes
Tensor.chunk, Tensor.tensor_split = views.chunk, views.tensor_split
Tensor.hsplit, Tensor.vsplit, Tensor.dsplit = views.hsplit, views.vsplit, views.dsplit
Tensor.expand, Tensor.expand_as = views.expand, views.expand_as
Tensor.broadcast_to, Tensor.as_strided = views.broadcast_to, views.as_strided
Tensor.diagonal, Tensor.unfold = views.diagonal, views.unfold
Tensor.real, Tensor.imag = property(views.real), property(views.imag)
Tensor.detach_ = views.detach_

# ---------------------------------------------------------------- indexing
Tensor.__getitem__, Tensor.__setitem__ = indexing.getitem, indexing.setitem
Tensor.index_put, Tensor.index_put_ = indexing.index_put, indexing.index_put_
Tensor.masked_fill, Tensor.masked_fill_ = indexing.masked_fill, indexing.masked_fill_
Tensor.masked_select = indexing.masked_select
Tensor.nonzero, Tensor.argwhere = indexing.nonzero, indexing.argwhere

# ---------------------------------------------------------------- pointwise
Tensor.add, Tensor.__add__, Tensor.__radd__ = pointwise.add, pointwise.add, pointwise.add

# ---------------------------------------------------------------- products
Tensor.matmul, Tensor.mm, Tensor.bmm = products.matmul, products.mm, products.bmm
Tensor.__matmul__, Tensor.__rmatmul__ = products.__matmul__, products.__rmatmul__
Tensor.mv, Tensor.dot, Tensor.outer, Tensor.ger = products.mv, products.dot, products.outer, products.ger
Tensor.addmm, Tensor.addmm_ = products.addmm, products.addmm_

"""Binds functions to Tensor, each by plain assignment."""

from __future__ import annotations

from .functions import pointwise
from .tensor import Tensor

Tensor.add, Tensor.__add__, Tensor.__radd__ = pointwise.add, pointwise.add, pointwise.add

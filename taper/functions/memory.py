"""A tensor's memory as others see it: addresses, DLPack, and shapes changed in place."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from . import views
from .creation import from_numpy

__all__ = ["from_dlpack"]


def data_ptr(self: Tensor) -> int:
    """The address of the first element; 0 for a tensor without elements."""
    return self._shared_array().__array_interface__["data"][0] if self.numel() else 0


def to_dlpack(self: Tensor, **options: Any) -> Any:
    """The memory as a DLPack capsule, shared. RuntimeError for a tensor that requires grad."""
    if self.requires_grad:
        raise RuntimeError(
            "Can't export tensors that require gradient, use tensor.detach() or tensor.data instead"
        )
    return self._shared_array().__dlpack__(**options)


def dlpack_device(self: Tensor) -> tuple[int, int]:
    """The DLPack device: (1, 0), the CPU."""
    return 1, 0


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor on the memory of another library's array."""
    found = from_numpy(np.from_dlpack(ext_tensor))
    return found.clone() if copy else found


def pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """The tensor itself: without a GPU no memory needs to be pinned."""
    return self


def is_pinned(self: Tensor, device: Any = None) -> bool:
    """Whether the memory is pinned for a GPU: never."""
    return False


def _become(self: Tensor, view: Tensor) -> Tensor:
    """Make a tensor the view of itself that was taken, graph node included."""
    self._path, self._size, self._offset = view._path, view._size, view._offset
    self._strides = view._strides
    if view._grad_fn is not None:
        self._grad_fn, self._place, self._requires_grad = view._grad_fn, view._place, True
    self._view_version = self._storage.version
    return self


def t_(self: Tensor) -> Tensor:
    """`t` in place."""
    return _become(self, views.t(self))


def transpose_(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """`transpose` in place."""
    return _become(self, views.transpose(self, dim0, dim1))


def squeeze_(self: Tensor, dim: Any = None) -> Tensor:
    """`squeeze` in place."""
    return _become(self, views.squeeze(self, dim))


def unsqueeze_(self: Tensor, dim: int) -> Tensor:
    """`unsqueeze` in place."""
    return _become(self, views.unsqueeze(self, dim))

"""`Variable`: PyTorch's old wrapper, today the tensor itself."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor


class _VariableMeta(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor)


class Variable(metaclass=_VariableMeta):
    """`Variable(tensor, requires_grad)` gives a tensor on the same storage."""

    def __new__(cls, data: Tensor, requires_grad: bool = False, volatile: bool = False) -> Tensor:  # type: ignore[misc]
        out = data.detach()
        return out.requires_grad_(True) if requires_grad else out

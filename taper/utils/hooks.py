"""Handles and backward hooks, at the address that PyTorch gives them."""

from ..nn.modules.hooks import BackwardHook, RemovableHandle

__all__ = ["BackwardHook", "RemovableHandle"]

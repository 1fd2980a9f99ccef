"""Gradients on demand: `backward`, `grad` and what stands around them."""

from ..modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from . import function
from .function import Function
from .gradients import backward, grad
from .variable import Variable

__all__ = [
    "Function",
    "Variable",
    "backward",
    "enable_grad",
    "function",
    "grad",
    "inference_mode",
    "no_grad",
    "set_grad_enabled",
]

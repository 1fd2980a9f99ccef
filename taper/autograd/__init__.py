"""Gradients on demand: `backward`, `grad` and what stands around them."""

from ..modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from .gradients import backward, grad
from .variable import Variable

__all__ = ["Variable", "backward", "enable_grad", "grad", "inference_mode", "no_grad", "set_grad_enabled"]

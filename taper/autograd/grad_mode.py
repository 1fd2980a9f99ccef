"""The modes of recording under the names that `torch.autograd.grad_mode` has."""

from ..modes import enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = ["enable_grad", "inference_mode", "no_grad", "set_grad_enabled"]

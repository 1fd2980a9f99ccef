"""Gradients of convolutions, with respect to the input or to the weight."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd import grad as gradient
from ..functions import creation
from ..modes import enable_grad
from ..tensor import Tensor
from . import functional as F


def _differentiate(
    convolve: Callable, input: Tensor, weight: Tensor, wanted: int, grad_output: Tensor,
    options: tuple,
) -> Tensor:  # fmt: skip
    """The gradient of `convolve(input, weight)` with respect to argument number `wanted`."""
    pair = [input.detach(), weight.detach()]
    pair[wanted].requires_grad_(True)
    with enable_grad():
        out = convolve(pair[0], pair[1], None, *options)
    (found,) = gradient(out, pair[wanted], grad_output)
    assert found is not None
    return found


def _of_input(
    convolve: Callable, size: Any, weight: Tensor, grad_output: Tensor, *options: Any
) -> Tensor:
    input = creation.zeros(tuple(size), dtype=grad_output.dtype, device=grad_output.device)
    return _differentiate(convolve, input, weight, 0, grad_output, options)


def _of_weight(
    convolve: Callable, input: Tensor, size: Any, grad_output: Tensor, *options: Any
) -> Tensor:
    weight = creation.zeros(tuple(size), dtype=grad_output.dtype, device=grad_output.device)
    return _differentiate(convolve, input, weight, 1, grad_output, options)


def conv1d_input(
    input_size: Any, weight: Tensor, grad_output: Tensor, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of conv1d with respect to its input."""
    return _of_input(F.conv1d, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv1d_weight(
    input: Tensor, weight_size: Any, grad_output: Tensor, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of conv1d with respect to its weight."""
    return _of_weight(F.conv1d, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv2d_input(
    input_size: Any, weight: Tensor, grad_output: Tensor, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of conv2d with respect to its input."""
    return _of_input(F.conv2d, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv2d_weight(
    input: Tensor, weight_size: Any, grad_output: Tensor, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of conv2d with respect to its weight."""
    return _of_weight(F.conv2d, input, weight_size, grad_output, stride, padding, dilation, groups)


def conv3d_input(
    input_size: Any, weight: Tensor, grad_output: Tensor, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of conv3d with respect to its input."""
    return _of_input(F.conv3d, input_size, weight, grad_output, stride, padding, dilation, groups)


def conv3d_weight(
    input: Tensor, weight_size: Any, grad_output: Tensor, stride: Any = 1, padding: Any = 0,
    dilation: Any = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """The gradient of conv3d with respect to its weight."""
    return _of_weight(F.conv3d, input, weight_size, grad_output, stride, padding, dilation, groups)

"""How a module's parameters and buffers change dtype, device or memory format, all together."""

from __future__ import annotations

import builtins
import warnings
from collections.abc import Callable
from typing import Any

from ...devices import device as Device
from ...dtypes import dtype as DType
from ...functions import creation
from ...modes import no_grad
from ...tensor import Tensor
from ..parameter import Parameter


def _shares_kind(a: Tensor, b: Tensor) -> bool:
    """Whether `a.data = b` can stand for a move: not between real tensors and shapes on "meta"."""
    return type(a.data) is type(b) and a.is_meta == b.is_meta


def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True):
    """Replace every parameter, gradient and buffer by `fn` of it.

    A parameter stays the same object where that is possible, so optimizers keep hold of it.
    """
    if recurse:
        for module in self.children():
            module._apply(fn)
    for name, param in self._parameters.items():
        if param is None:
            continue
        with no_grad():
            moved = fn(param)
        kept = param
        grad = param.grad
        if _shares_kind(param, moved):
            param.data = moved
        else:
            kept = Parameter(moved, param.requires_grad)
            self._parameters[name] = kept
        if grad is not None:
            with no_grad():
                moved_grad = fn(grad)
            if kept is param and _shares_kind(grad, moved_grad):
                grad.data = moved_grad
                kept.grad = grad
            else:
                kept.grad = moved_grad.requires_grad_(grad.requires_grad)
    for name, buffer in self._buffers.items():
        if buffer is not None:
            self._buffers[name] = fn(buffer)
    return self


def _target(args: tuple, kwargs: dict) -> tuple[Any, Any, bool, Any]:
    """(device, dtype, non_blocking, memory_format) from the ways `to` may be called."""
    given = list(args)
    known = {"device", "dtype", "tensor", "non_blocking", "copy", "memory_format"}
    device, dtype = kwargs.get("device"), kwargs.get("dtype")
    tensor = kwargs.get("tensor")
    if given and isinstance(given[0], Tensor):
        tensor = given.pop(0)
    elif given and isinstance(given[0], DType):
        dtype = given.pop(0)
    elif given and (given[0] is None or isinstance(given[0], (str, int, Device))):
        device = given.pop(0)
        if given and (given[0] is None or isinstance(given[0], DType)):
            dtype = given.pop(0)
    flags = [a for a in given if isinstance(a, builtins.bool)]
    if flags != given or len(given) > 2 or set(kwargs) - known:
        raise _bad_call(args, kwargs)
    if tensor is not None:
        device, dtype = tensor.device, tensor.dtype
    if device is not None:
        device = Device(device)
    non_blocking = flags[0] if flags else kwargs.get("non_blocking", False)
    return device, dtype, non_blocking, kwargs.get("memory_format")


def _bad_call(args: tuple, kwargs: dict) -> TypeError:
    got = [type(a).__name__ for a in args] + [f"{k}={type(v).__name__}" for k, v in kwargs.items()]
    return TypeError(
        f"to() received an invalid combination of arguments - got ({', '.join(got)}), "
        "but expected one of:\n"
        " * (torch.device device = None, torch.dtype dtype = None, bool non_blocking = False, "
        "bool copy = False, *, torch.memory_format memory_format = None)\n"
        " * (torch.dtype dtype, bool non_blocking = False, bool copy = False, *, "
        "torch.memory_format memory_format = None)\n"
        " * (Tensor tensor, bool non_blocking = False, bool copy = False, *, "
        "torch.memory_format memory_format = None)\n"
    )


def to(self, *args: Any, **kwargs: Any):
    """Move to a device, a floating or complex dtype, both, another tensor's, or a memory format.

    Integer parameters and buffers keep their dtype. Memory formats apply to 4-d and 5-d tensors.
    """
    device, dtype, non_blocking, memory_format = _target(args, kwargs)
    if dtype is not None:
        if not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, "
                f"but got desired dtype={dtype}"
            )
        if dtype.is_complex:
            warnings.warn(
                "Complex modules are a new feature under active development whose design may "
                "change, and some modules might not work as expected when using complex tensors "
                "as parameters or buffers. Please file an issue at "
                "https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml if a "
                "complex module does not work as expected.",
                stacklevel=2,
            )

    def convert(t: Tensor) -> Tensor:
        if t.is_meta and device is not None and device.type != "meta":
            raise NotImplementedError(
                "Cannot copy out of meta tensor; no data! Please use torch.nn.Module.to_empty() "
                "instead of torch.nn.Module.to() when moving module from meta to a different "
                "device."
            )
        kind = dtype if t.is_floating_point() or t.is_complex() else None
        if memory_format is not None and t.dim() in (4, 5):
            return t.to(device, kind, non_blocking, memory_format=memory_format)
        return t.to(device, kind, non_blocking)

    return self._apply(convert)


def to_empty(self, *, device: Any, recurse: bool = True):
    """Move to `device` without copying the values: what tensors hold afterwards is undefined."""
    return self._apply(lambda t: creation.empty_like(t, device=device), recurse=recurse)


def type_(self, dst_type: Any):
    """Cast every parameter and buffer to `dst_type`."""
    return self._apply(lambda t: t.type(dst_type))


def cpu(self):
    """Move to the processor's memory."""
    return self._apply(lambda t: t.cpu())


def cuda(self, device: Any = None):
    """Move to a GPU."""
    return self._apply(lambda t: t.cuda(device))


def float_(self):
    """Cast floating parameters and buffers to float32."""
    return self._apply(lambda t: t.float() if t.is_floating_point() else t)


def double(self):
    """Cast floating parameters and buffers to float64."""
    return self._apply(lambda t: t.double() if t.is_floating_point() else t)


def half(self):
    """Cast floating parameters and buffers to float16."""
    return self._apply(lambda t: t.half() if t.is_floating_point() else t)


def bfloat16(self):
    """Cast floating parameters and buffers to bfloat16."""
    return self._apply(lambda t: t.bfloat16() if t.is_floating_point() else t)


def share_memory(self):
    """Move parameters and buffers to memory that other processes can see."""
    return self._apply(lambda t: t.share_memory_())

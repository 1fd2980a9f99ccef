"""`Parameter` and `Buffer`: tensors that a module owns, and their forms without a shape yet."""

from __future__ import annotations

from typing import Any

from ..functions import creation
from ..serialization.tensors import reduce_parameter
from ..tensor import Tensor


def _of_class(cls: type, data: Tensor, requires_grad: bool) -> Any:
    """A tensor of class `cls` on the memory of `data`, outside of its graph."""
    if requires_grad and not (data.is_floating_point() or data.is_complex()):
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    made = data.detach()
    made.__class__ = cls
    made.requires_grad_(requires_grad)
    return made


class _ParameterMeta(type):
    """Lets tensors of other classes that are marked as parameters pass `isinstance`."""

    def __instancecheck__(self, instance: Any) -> bool:
        if super().__instancecheck__(instance):
            return True
        return (
            self is Parameter
            and isinstance(instance, Tensor)
            and getattr(instance, "_is_param", False)
        )


class Parameter(Tensor, metaclass=_ParameterMeta):
    """A tensor to be trained: assigned to a module it appears in `parameters()`.

    It shares memory with `data`. Requires a gradient unless told otherwise.
    """

    def __new__(cls, data: Any = None, requires_grad: bool = True):
        if data is None:
            data = creation.empty(0)
        if type(data) is Tensor or type(data) is Parameter:
            return _of_class(cls, data, requires_grad)
        t = data.detach().requires_grad_(requires_grad)
        if type(t) is not type(data):
            raise RuntimeError(
                f"Creating a Parameter from an instance of type {type(data).__name__} requires "
                "that detach() returns an instance of the same type, but return type "
                f"{type(t).__name__} was found instead. To use the type as a Parameter, please "
                "correct the detach() semantics defined by its __torch_dispatch__() implementation."
            )
        t._is_param = True
        return t

    def __deepcopy__(self, memo: dict) -> Parameter:
        if id(self) in memo:
            return memo[id(self)]
        copied = type(self)(self.data.clone(), self.requires_grad)
        memo[id(self)] = copied
        return copied

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return "Parameter containing:\n" + Tensor.__repr__(self)

    def __reduce_ex__(self, proto: Any):
        return reduce_parameter(self)


class _BufferMeta(type):
    """A buffer is an ordinary tensor with a mark, so `isinstance` looks for the mark."""

    def __instancecheck__(self, instance: Any) -> bool:
        if super().__instancecheck__(instance):
            return True
        return (
            self is Buffer
            and isinstance(instance, Tensor)
            and getattr(instance, "_is_buffer", False)
        )


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that a module keeps without training it: assigned, it appears in `buffers()`."""

    def __new__(cls, data: Any = None, *, persistent: bool = True):
        if data is None:
            data = creation.empty(0)
        t = data.detach().requires_grad_(data.requires_grad)
        t.persistent = persistent
        t._is_buffer = True
        return t


class UninitializedTensorMixin(Tensor):
    """What uninitialized parameters and buffers share: no shape until `materialize`."""

    cls_to_become: type

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Become an ordinary parameter or buffer of this shape, its values undefined."""
        device = self.data.device if device is None else device
        dtype = self.data.dtype if dtype is None else dtype
        self.data = creation.empty(shape, device=device, dtype=dtype)
        self.__class__ = self.cls_to_become

    @property
    def shape(self):
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually "
            "happens in `load_state_dict` when trying to load an uninitialized parameter into an "
            "initialized one. Call `forward` to initialize the parameters before accessing their "
            "attributes."
        )

    def share_memory_(self):
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to "
            "initialize the parameters before calling `module.share_memory()`."
        )

    def _refuse(self, name: str) -> ValueError:
        return ValueError(
            f"Attempted to use an uninitialized parameter in <method '{name}' of "
            "'torch._C.TensorBase' objects>. This error happens when you are using a `LazyModule` "
            "or explicitly manipulating `torch.nn.parameter."
            f"{type(self).__name__}` objects. When using LazyModules Call `forward` with a dummy "
            "batch to initialize the parameters before calling torch functions"
        )

    def numel(self) -> int:
        raise self._refuse("numel")

    def size(self, *args: Any):
        raise self._refuse("size")

    def __add__(self, other: Any):
        raise self._refuse("add")

    def __mul__(self, other: Any):
        raise self._refuse("mul")

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, proto: Any):
        return type(self), (self.requires_grad, self.data.device, self.data.dtype)


def is_lazy(param: Any) -> bool:
    """Whether a parameter or buffer has no shape yet."""
    return isinstance(param, UninitializedTensorMixin)


class UninitializedParameter(UninitializedTensorMixin, Parameter):  # type: ignore[misc]
    """A parameter whose shape its layer learns from the first input."""

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None):
        data = creation.empty(0, device=device, dtype=dtype)
        return _of_class(cls, data, requires_grad)

    def __deepcopy__(self, memo: dict):
        if id(self) in memo:
            return memo[id(self)]
        copied = type(self)(self.requires_grad, self.data.device, self.data.dtype)
        memo[id(self)] = copied
        return copied


class UninitializedBuffer(UninitializedTensorMixin):
    """A buffer whose shape its layer learns from the first input."""

    cls_to_become = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: Any = None,
        persistent: bool = True,
    ):  # fmt: skip
        data = creation.empty(0, device=device, dtype=dtype)
        made = _of_class(cls, data, requires_grad)
        made.persistent = persistent
        made._is_buffer = True
        return made


__all__ = [
    "Buffer",
    "Parameter",
    "UninitializedBuffer",
    "UninitializedParameter",
    "UninitializedTensorMixin",
    "is_lazy",
]

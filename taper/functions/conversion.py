"""Conversions: dtypes, devices, memory formats, copies, and what a tensor is."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import devices, dtypes, shapes
from ..calls import NUMBERS, apply, apply_
from ..devices import device
from ..dtypes import dtype
from ..ir.build import ops
from ..ir.node import Node
from ..ir.node import number as number_node
from ..moves import Permute
from ..tape import Value
from ..tensor import Tensor, formatting_name
from .common import check_fits, expand, result_dtype
from .creation import from_array

__all__ = ["channels_last", "channels_last_3d", "clone", "contiguous_format", "fill", "fill_"]
__all__ += ["get_device", "is_complex", "is_conj", "is_distributed", "is_floating_point"]
__all__ += ["is_inference", "is_neg", "is_nonzero", "is_same_size", "is_signed", "is_tensor"]
__all__ += ["memory_format", "numel", "preserve_format", "result_type", "typename", "zero_"]


# ---------------------------------------------------------------- memory formats
class memory_format:
    """The order in which the elements of 4-d and 5-d tensors lie in memory."""

    def __init__(self, name: str, rank: int = 0) -> None:
        self.name, self.rank = name, rank

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last", 4)
channels_last_3d = memory_format("channels_last_3d", 5)


def _strides_last(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides with the channels (dimension 1) innermost."""
    strides, step = [0] * len(shape), 1
    for axis in (1, *range(len(shape) - 1, 1, -1), 0):
        strides[axis] = step
        step *= max(shape[axis], 1)
    return tuple(strides)


def _lies_last(x: Tensor, form: memory_format) -> bool:
    """Whether the channels lie innermost; the strides of size-1 dimensions do not count."""
    if x.dim() != form.rank:
        return False
    pairs = zip(x._size, x.stride(), _strides_last(x._size))
    return 0 in x._size or all(n == 1 or a == b for n, a, b in pairs)


def is_contiguous(input: Tensor, memory_format: memory_format = contiguous_format) -> bool:
    """Whether the elements lie in row-major order, or in the order of a memory format."""
    if memory_format.rank:
        return _lies_last(input, memory_format)
    return input._strides is None or input._is_contiguous()


def _same(x: Node) -> Node:
    return x


def _to_last(x: Tensor, form: memory_format) -> None:
    """Lay a new tensor's elements out with the channels innermost."""
    n = form.rank
    if x.dim() != n:
        raise RuntimeError(f"required rank {n} tensor to use {form.name} format")
    with_last = apply(None, _channels_inside, (x,))
    x._storage = with_last._storage
    x._path = (Permute((0, n - 1, *range(1, n - 1))),)
    x._strides = _strides_last(x._size)


def _channels_inside(x: Node) -> Node:
    return ops.permute(x, dims=(0, *range(2, x.ndim), 1))


def _format_of(x: Tensor, form: memory_format | None) -> memory_format | None:
    """The channels-last format that a copy shall have, or None."""
    if form is None or form is preserve_format:
        if x._strides is None or is_contiguous(x):
            return None
        return next((f for f in (channels_last, channels_last_3d) if _lies_last(x, f)), None)
    return form if form.rank else None


def clone(input: Tensor, *, memory_format: memory_format | None = None) -> Tensor:
    """A copy through which gradients flow."""
    if not isinstance(input, Tensor):
        raise TypeError(
            f"clone(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}"
        )
    out = apply("CloneBackward0", _same, (input,))
    form = _format_of(input, memory_format)
    if form is not None:
        _to_last(out, form)
    return out


def contiguous(input: Tensor, memory_format: memory_format = contiguous_format) -> Tensor:
    """The tensor itself where its elements lie in order, else a copy in which they do."""
    if memory_format is preserve_format:
        raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
    if is_contiguous(input, memory_format):
        return input
    return clone(input, memory_format=memory_format)


# ---------------------------------------------------------------- dtypes and devices
def _cast(x: Node, kind: dtype) -> Node:
    return ops.cast(x, dtype=kind)


def _moved(x: Tensor, where: device) -> Tensor:
    """The tensor's contents on another device."""
    if x.device.type == "meta":
        raise NotImplementedError("Cannot copy out of meta tensor; no data!")
    if where.type == "meta":
        return Tensor._of(Value(None, 0, x._size, x._dtype), where)
    out = x.detach().clone()
    out._storage.device = where
    return out


def _converted(
    x: Tensor, where: device | None, kind: dtype | None, copy: bool, form: memory_format | None
) -> Tensor:
    """`x` itself where nothing changes, or a copy of the dtype, device and format asked for."""
    if where is not None and where != x.device:
        x, copy = _moved(x, where), False
    same = kind is None or kind is x._dtype
    form = _format_of(x, form)
    if form is not None and is_contiguous(x, form):
        if same and not copy:
            return x
    elif same and form is None and not copy:
        return x
    if same:
        out = apply("ToCopyBackward0", _same, (x,))
    else:
        out = apply("ToCopyBackward0", _cast, (x,), (kind,))
    if form is not None:
        _to_last(out, form)
    return out


_KEYWORDS = {"tensor", "device", "dtype", "non_blocking", "copy", "memory_format"}


def _targets(args: tuple, named: dict) -> tuple[Any, Any]:
    """Device and dtype from the ways `to` may be called; the rest is put into `named`."""
    first, rest = (args[0], list(args[1:])) if args else (named.pop("tensor", None), [])
    kind: Any = None
    where: Any = None
    if isinstance(first, Tensor):
        where, kind = first.device, first.dtype
    elif isinstance(first, dtype):
        kind = first
    elif first is None or (isinstance(first, (str, device, int)) and not isinstance(first, bool)):
        where = first
        kind = rest.pop(0) if rest and (rest[0] is None or isinstance(rest[0], dtype)) else None
    else:
        raise _wrong_call(args, named)
    for name in ("non_blocking", "copy"):
        if rest:
            if not isinstance(rest[0], bool) or name in named:
                raise _wrong_call(args, named)
            named[name] = rest.pop(0)
    if rest or not named.keys() <= _KEYWORDS:
        raise _wrong_call(args, named)
    return named.get("device", where), named.get("dtype", kind)


def _wrong_call(args: tuple, named: dict) -> TypeError:
    got = [_kind_name(a) for a in args] + [f"{k}={_kind_name(v)}" for k, v in named.items()]
    return TypeError(
        f"to() received an invalid combination of arguments - got ({', '.join(got)}), but expected "
        "one of:\n * (device, dtype, non_blocking, copy)\n * (dtype, non_blocking, copy)\n"
        " * (Tensor, non_blocking, copy)\n each with memory_format as a keyword"
    )


def _kind_name(value: Any) -> str:
    name = type(value).__name__
    return f"torch.{name}" if isinstance(value, (dtype, device)) else name


def to(self: Tensor, *args: Any, **named: Any) -> Tensor:
    """The tensor with another dtype, device or memory format; itself where nothing changes.

    `to(dtype)`, `to(device, dtype)` and `to(tensor)` take `non_blocking`, `copy`, `memory_format`.
    """
    if len(args) == 1 and not named and isinstance(args[0], dtype):
        kind = args[0]
        if kind is self._dtype:
            return self
        if self._strides is None:
            return apply("ToCopyBackward0", _cast, (self,), (kind,))
    where, kind = _targets(args, named)
    found = None if where is None else devices.resolve(where)
    return _converted(self, found, kind, named.get("copy", False), named.get("memory_format"))


def _as(self: Tensor, kind: dtype, form: memory_format | None) -> Tensor:
    return (
        self if kind is self._dtype and form is None else _converted(self, None, kind, False, form)
    )


def to_float(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
    """As float32."""
    return _as(self, dtypes.float32, memory_format)


def to_double(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
    """As float64."""
    return _as(self, dtypes.float64, memory_format)


def to_half(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
    """As float16."""
    return _as(self, dtypes.float16, memory_format)


def to_bfloat16(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
    """As bfloat16."""
    return _as(self, dtypes.bfloat16, memory_format)


def to_long(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
    """As int64."""
    return _as(self, dtypes.int64, memory_format)


def to_int(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
    """As int32."""
    return _as(self, dtypes.int32, memory_format)


def to_short(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
    """As int16."""
    return _as(self, dtypes.int16, memory_format)


def to_char(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
    """As int8."""
    return _as(self, dtypes.int8, memory_format)


def to_byte(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
    """As uint8."""
    return _as(self, dtypes.uint8, memory_format)


def to_bool(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
    """As booleans: what is not zero is true."""
    return _as(self, dtypes.bool_, memory_format)


def to_cfloat(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
    """As complex64."""
    return _as(self, dtypes.complex64, memory_format)


def to_cdouble(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
    """As complex128."""
    return _as(self, dtypes.complex128, memory_format)


_TYPES = {
    f"torch.{formatting_name(d)}Tensor": d for d in dtypes.ALL if d.itemsize > 1 or d.category < 2
}


def type_(
    self: Tensor, dtype: Any = None, non_blocking: bool = False, **named: Any
) -> Tensor | str:
    """The name of the tensor's type ("torch.FloatTensor"), or the tensor as another type."""
    if dtype is None:
        return f"torch.{formatting_name(self._dtype)}Tensor"
    kind = _TYPES.get(dtype) if isinstance(dtype, str) else getattr(dtype, "dtype", dtype)
    if not isinstance(kind, dtypes.dtype):
        raise ValueError(f"invalid type: '{getattr(dtype, '__name__', dtype)}'")
    return _as(self, kind, None)


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """The tensor in the dtype and on the device of another."""
    if not isinstance(other, Tensor):
        raise TypeError(
            f"type_as(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}"
        )
    return _converted(self, other.device, other._dtype, False, None)


def cpu(self: Tensor, memory_format: memory_format | None = None) -> Tensor:
    """The tensor in the memory of the CPU."""
    return _converted(self, devices.CPU, None, False, memory_format)


def cuda(
    self: Tensor,
    device: Any = None,
    non_blocking: bool = False,
    memory_format: memory_format | None = None,
) -> Tensor:
    """The tensor on an NVIDIA GPU; RuntimeError says what to install where there is none."""
    where = devices.resolve("cuda" if device is None else device)
    return _converted(self, where, None, False, memory_format)


# ---------------------------------------------------------------- writing
def _copied(x: Node, source: Node) -> Node:
    shape = shapes.broadcast(x.shape, source.shape)
    if shape != x.shape:
        raise RuntimeError(
            f"output with shape {list(x.shape)} doesn't match the broadcast shape {list(shape)}"
        )
    return expand(ops.cast(source, dtype=x.dtype), shape)


def copy_(self: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Write the elements of `src`, broadcast and converted, over this tensor."""
    if isinstance(src, Tensor):
        if src.device != self.device:
            src = _moved(src, self.device) if self.device.type != "meta" else self.detach()
    elif not isinstance(src, NUMBERS):
        raise TypeError(
            f"copy_(): argument 'other' (position 1) must be Tensor, not {type(src).__name__}"
        )
    return apply_("CopyBackwards", _copied, self, (src,))


def _filled(x: Node, value: Node) -> Node:
    if value.dtype.is_complex and not x.dtype.is_complex:
        name = {"float32": "float", "float64": "double"}.get(x.dtype.name, x.dtype.name + "_t")
        raise RuntimeError(f"value cannot be converted to type {name} without overflow")
    if value.shape:
        raise RuntimeError(
            "fill_ only supports 0-dimension value tensor but got tensor with "
            f"{value.ndim} dimensions."
        )
    return expand(ops.cast(value, dtype=x.dtype), x.shape)


def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like `input` in which every element is `value`, a number or 0-d tensor."""
    name = "FillBackward1" if isinstance(value, Tensor) else "FillBackward0"
    check_fits(value, input._dtype)
    return apply(name, _filled, (input, value))


def fill_(input: Tensor, value: Any) -> Tensor:
    """`fill` in place."""
    name = "FillBackward3" if isinstance(value, Tensor) else "FillBackward2"
    check_fits(value, input._dtype)
    return apply_(name, _filled, input, (value,))


def _zeroed(x: Node) -> Node:
    return ops.fill(x, 0)


def zero_(input: Tensor) -> Tensor:
    """Every element 0, in place."""
    return apply_("ZeroBackward0", _zeroed, input)


# ---------------------------------------------------------------- numpy and Python
def _each(name: str, call: Any, target: Tensor, *others: Tensor) -> Tensor:
    """Write what a Python function gives for each element (and those of other tensors)."""
    if target.requires_grad:
        raise RuntimeError(
            f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() "
            "instead."
        )
    columns = [t.detach().expand(target._size)._array().reshape(-1).tolist() for t in others]
    values = [call(*v) for v in zip(target._array().reshape(-1).tolist(), *columns)]
    array = np.array(values, target._dtype.array).reshape(target._size)
    return target.copy_(from_array(array))


def apply_each_(self: Tensor, callable: Any) -> Tensor:
    """Replace each element by `callable(element)`; slow, and without a gradient."""
    return _each("apply_", callable, self)


def map_(self: Tensor, tensor: Tensor, callable: Any) -> Tensor:
    """Replace each element by `callable(element, element of tensor)`; slow, without a gradient."""
    return _each("map_", callable, self, tensor)


def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Any) -> Tensor:
    """Replace each element by `callable(element, element of x, element of y)`; slow."""
    return _each("map2_", callable, self, x, y)


def array_wrap(
    self: Tensor, array: np.ndarray, context: Any = None, return_scalar: bool = False
) -> Tensor:
    """What numpy's functions make of tensors, as a tensor."""
    return from_array(np.ascontiguousarray(array).reshape(np.shape(array)))


def contains(self: Tensor, element: Any) -> bool:
    """Whether an element equals this; RuntimeError for what is neither tensor nor number."""
    if not isinstance(element, (Tensor, *NUMBERS)):
        raise RuntimeError(
            "Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
            f"{type(element)}."
        )
    return bool(self.eq(element).any())


def get_device(input: Tensor) -> int:
    """The index of the tensor's device; -1 on the CPU."""
    where = input.device
    return -1 if where.type in ("cpu", "meta") else where.index or 0


# ---------------------------------------------------------------- what a tensor is
def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype that an operation on both gives; each is a tensor or a number."""
    return result_dtype([_stand_in(x) for x in (tensor1, tensor2)])


def _stand_in(x: Any) -> Any:
    if isinstance(x, Tensor):
        return _Like(x._dtype, x._size)
    if not isinstance(x, NUMBERS):
        raise TypeError(f"result_type(): argument must be Tensor or Number, not {type(x).__name__}")
    return number_node(0, next(k for k in (bool, int, float, complex) if isinstance(x, k)))


class _Like:
    """What promotion looks at."""

    weak = False

    def __init__(self, kind: dtype, shape: tuple[int, ...]) -> None:
        self.dtype, self.shape = kind, shape


def is_tensor(obj: Any) -> bool:
    """Whether an object is a tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a floating one."""
    return input._dtype.is_floating_point


def is_complex(input: Tensor) -> bool:
    """Whether the dtype is complex."""
    return input._dtype.is_complex


def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative numbers."""
    return input._dtype.is_signed


def is_nonzero(input: Tensor) -> bool:
    """Whether the one element is not zero."""
    return bool(input)


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape."""
    return input._size == other._size


def is_conj(input: Tensor) -> bool:
    """Whether conjugation is pending; Taper conjugates at once."""
    return False


def is_neg(input: Tensor) -> bool:
    """Whether negation is pending; Taper negates at once."""
    return False


def is_inference(input: Tensor) -> bool:
    """Whether the tensor was made in inference mode."""
    return input._inference


def is_distributed(input: Tensor) -> bool:
    """Whether the tensor is spread over processes: never."""
    return False


def never(self: Tensor) -> bool:
    """False: what tells kinds of tensors apart that Taper does not have."""
    return False


def on_cpu(self: Tensor) -> bool:
    """Whether the tensor lives on the CPU."""
    return self.device.type == "cpu"


def on_cuda(self: Tensor) -> bool:
    """Whether the tensor lives on an NVIDIA GPU."""
    return self.device.type == "cuda"


def on_meta(self: Tensor) -> bool:
    """Whether the tensor has a shape and a dtype only."""
    return self.device.type == "meta"


def numel(input: Tensor) -> int:
    """Number of elements."""
    return input.numel()


def typename(obj: Any) -> str:
    """The name of an object's type; of a tensor such as "torch.FloatTensor"."""
    if isinstance(obj, Tensor):
        return type_(obj)  # type: ignore[return-value]
    cls = obj if isinstance(obj, type) else type(obj)
    module = "" if cls.__module__ in ("builtins", "__builtin__", None) else cls.__module__ + "."
    return module + cls.__qualname__

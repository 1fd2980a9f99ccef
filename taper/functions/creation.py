"""New tensors: from Python data, from numpy, and filled by rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import devices, dtypes
from ..calls import apply, write_out
from ..devices import CPU, META, device
from ..dtypes import dtype
from ..ir.build import ops
from ..ir.node import Node
from ..moves import Strided
from ..shapes import Size
from ..storage import Storage
from ..tape import Value, ready
from ..tensor import Tensor
from .common import sizes

__all__ = ["as_tensor", "asarray", "empty", "empty_like", "empty_strided"]
__all__ += ["from_numpy", "frombuffer", "full", "full_like", "ones"]
__all__ += ["ones_like", "scalar_tensor", "tensor", "zeros", "zeros_like"]


# ---------------------------------------------------------------- from arrays
def from_array(array: np.ndarray, where: device = CPU) -> Tensor:
    """A tensor of an array that nobody else will write to."""
    if array.base is not None or not array.flags.c_contiguous:
        array = array.copy()
    return Tensor._of(ready(array), where)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares the array's memory, both ways.

    Raises TypeError for what is no array or has a dtype PyTorch lacks, ValueError for negative
    strides.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    kind = dtypes.of_array(ndarray.dtype)
    if ndarray.dtype.byteorder not in ("=", "|", "<"):
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion "
            "between byte orders is currently not supported."
        )
    if any(s < 0 for s in ndarray.strides):
        raise ValueError(
            "At least one of the strides in the given numpy array is negative, and tensors with "
            "negative strides are not currently supported. (You can probably work around this by "
            "making a copy of your array  with array.copy().) "
        )
    if ndarray.flags.c_contiguous:
        return _over(ndarray.reshape(-1), ndarray.shape, kind)
    if any(s % ndarray.itemsize for s in ndarray.strides):
        raise ValueError(
            "given numpy array strides not a multiple of the element byte size. Copy the numpy "
            "array to reallocate the memory."
        )
    steps = tuple(s // ndarray.itemsize for s in ndarray.strides)
    span = sum((n - 1) * s for n, s in zip(ndarray.shape, steps)) + 1
    flat = np.lib.stride_tricks.as_strided(ndarray, (span,), (ndarray.itemsize,))
    out = _over(flat, (span,), kind)
    out._path, out._size, out._strides = (
        (Strided(ndarray.shape, steps, 0),),
        Size(ndarray.shape),
        steps,
    )
    return out


def _over(flat: np.ndarray, shape: Sequence[int], kind: dtype) -> Tensor:
    storage = Storage.over(flat, tuple(shape), kind)
    out = object.__new__(Tensor)
    out._storage, out._size, out._dtype = storage, Size(shape), kind
    return out


def frombuffer(
    buffer: Any, *, dtype: dtype, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """A 1-D tensor over the memory of a bytes-like object."""
    if len(buffer) == 0:
        raise ValueError(f"both buffer length ({len(buffer)}) and count ({count}) must not be 0")
    array = np.frombuffer(buffer, dtype.array, count, offset)
    return from_numpy(array).requires_grad_(requires_grad)


# ---------------------------------------------------------------- from Python data
def _ragged(data: Sequence, depth: int, shape: list[int]) -> None:
    """Raise PyTorch's error for the first nested sequence whose length differs."""
    if depth == len(shape):
        return
    for row in data:
        if not isinstance(row, (list, tuple)):
            raise TypeError(f"not a sequence: {type(row).__name__}" if depth < len(shape) else "")
        if len(row) != shape[depth]:
            raise ValueError(
                f"expected sequence of length {shape[depth]} at dim {depth} (got {len(row)})"
            )
        _ragged(row, depth + 1, shape)


def _plain(data: Any) -> Any:
    """Nested sequences with tensors inside as nested lists of numbers and arrays."""
    if isinstance(data, Tensor):
        return data.detach()._array()
    if isinstance(data, (list, tuple)):
        return [_plain(v) for v in data]
    return data


_NOT_NUMBERS = "OUSVMm"


def to_array(data: Any, kind: dtype | None = None) -> np.ndarray:
    """Python data as a fresh numpy array of PyTorch's choice of dtype."""
    if isinstance(data, Tensor):
        array = data.detach()._array()
    elif isinstance(data, np.ndarray):
        array = data
        dtypes.of_array(array.dtype)
    else:
        array = _parsed(data)
    if kind is None:
        kind = _inferred(data, array)
    if array.dtype.kind == "c" and not kind.is_complex:
        raise RuntimeError("value cannot be converted to type without overflow")
    if array.dtype.kind == "i" and kind.category == dtypes.INT and not isinstance(data, np.ndarray):
        _check_overflow(array, kind)
    with np.errstate(all="ignore"):
        return np.array(array, dtype=kind.array, order="C")


def _check_overflow(array: np.ndarray, kind: dtype) -> None:
    info = np.iinfo(kind.array)
    if array.size and array.ndim == 0 and not info.min <= int(array) <= info.max:
        if kind.is_signed:
            raise RuntimeError(
                f"value cannot be converted to type {kind.array.name}_t without overflow"
            )


def _parsed(data: Any) -> np.ndarray:
    if hasattr(data, "__array__") and not isinstance(data, (list, tuple)):
        return np.asarray(data)
    plain = _plain(data)
    try:
        array = np.array(plain)
    except ValueError:
        shape: list[int] = []
        row = plain
        while isinstance(row, list):
            shape.append(len(row))
            row = row[0] if row else None
        _ragged(plain, 1, shape)
        raise
    except OverflowError:
        raise RuntimeError("Overflow when unpacking long") from None
    if array.dtype.kind in _NOT_NUMBERS:
        found = next((v for v in np.ravel(array) if not isinstance(v, (int, float, complex))), None)
        if found is None:
            raise RuntimeError("Overflow when unpacking long long")
        if array.dtype.kind in "US" or isinstance(found, (str, bytes)):
            name = type(
                plain if not isinstance(plain, list) else np.ravel(array)[0].item()
            ).__name__
            raise TypeError(f"new(): invalid data type '{name}'")
        raise RuntimeError(f"Could not infer dtype of {type(found).__name__}")
    return array


def _inferred(data: Any, array: np.ndarray) -> dtype:
    if isinstance(data, (Tensor, np.ndarray, np.generic)) or (
        hasattr(data, "__array__") and not isinstance(data, (list, tuple))
    ):
        return dtypes.of_array(array.dtype)
    if isinstance(data, (list, tuple)) and array.size == 0:
        return dtypes.get_default()
    if array.dtype.kind == "f":
        return dtypes.of_array(array.dtype) if _holds_arrays(data) else dtypes.get_default()
    if array.dtype.kind == "c":
        return dtypes.get_default().to_complex()
    return dtypes.bool_ if array.dtype.kind == "b" else _integer(data, array)


def _holds_arrays(data: Any) -> bool:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (Tensor, np.ndarray, np.generic))


def _integer(data: Any, array: np.ndarray) -> dtype:
    if array.dtype == np.uint64:
        raise RuntimeError("Overflow when unpacking long long")
    return dtypes.of_array(array.dtype) if _holds_arrays(data) else dtypes.int64


def tensor(
    data: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new tensor with a copy of `data`: a number, nested sequences, a numpy array or a tensor."""
    out = from_array(to_array(data, dtype), devices.resolve(device))
    return out.requires_grad_(True) if requires_grad else out


def as_tensor(data: Any, dtype: dtype | None = None, device: Any = None) -> Tensor:
    """`data` as a tensor, without a copy where dtype and device allow."""
    if isinstance(data, Tensor):
        where = data.device if device is None else devices.resolve(device)
        return data.to(device=where, dtype=dtype or data.dtype)
    if isinstance(data, np.ndarray) and (dtype is None or dtypes.of_array(data.dtype) is dtype):
        return from_numpy(data)
    return tensor(data, dtype=dtype, device=device)


def asarray(
    obj: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """`obj` as a tensor; `copy` True always copies, False refuses to."""
    if isinstance(obj, (bytes, bytearray, memoryview)):
        out = frombuffer(obj, dtype=dtype or dtypes.get_default())
    elif copy:
        source = obj.detach() if isinstance(obj, Tensor) else obj
        out = tensor(source, dtype=dtype, device=device)
    else:
        out = as_tensor(obj, dtype=dtype, device=device)
    return out.requires_grad_(True) if requires_grad and not out.requires_grad else out


def scalar_tensor(s: Any, *, dtype: dtype | None = None, device: Any = None, **_: Any) -> Tensor:
    """A 0-d tensor of a number; floating by default whatever the number."""
    return tensor(s, dtype=dtype or dtypes.get_default(), device=device)


# ---------------------------------------------------------------- filled
def _constant(value: Any, shape: tuple, kind: dtype) -> Node:
    return ops.full(shape, value, kind)


def _filled(value: Node, shape: tuple, kind: dtype) -> Node:
    scalar = ops.cast(value, dtype=kind)
    return ops.expand(ops.reshape(scalar, shape=(1,) * len(shape)), shape=shape)


def _made(
    fn: Any,
    inputs: tuple,
    static: tuple,
    where: device,
    requires_grad: bool,
    out: Tensor | None = None,
) -> Tensor:
    found = apply(None, fn, inputs, static)
    if where is META or where.type == "meta":
        node = found._storage.value.node
        found = Tensor._of(Value(node, 0, node.shape, node.dtype), where)
    elif where != CPU:
        found._storage.device = where
    if out is not None:
        return write_out(out, found)
    return found.requires_grad_(True) if requires_grad else found


def _valid(shape: tuple[int, ...]) -> tuple[int, ...]:
    for n in shape:
        if not isinstance(n, (int, np.integer)):
            raise TypeError(
                "empty(): argument 'size' (position 1) must be tuple of ints, but found element "
                f"of type {type(n).__name__}"
            )
        if n < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {n}: {list(shape)}"
            )
    return tuple(int(n) for n in shape)


def _zeros_of(
    size: tuple,
    value: Any,
    out: Tensor | None,
    dtype: dtype | None,
    device: Any,
    requires_grad: bool,
) -> Tensor:
    kind = dtype or (out.dtype if out is not None else dtypes.get_default())
    shape = _valid(sizes(size))
    return _made(_constant, (), (value, shape, kind), devices.resolve(device), requires_grad, out)


def zeros(
    *size: Any,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of zeros; `size` is ints or one sequence of them."""
    return _zeros_of(size, 0, out, dtype, device, requires_grad)


def ones(
    *size: Any,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of ones; `size` is ints or one sequence of them."""
    return _zeros_of(size, 1, out, dtype, device, requires_grad)


def empty(
    *size: Any,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor whose contents do not matter (zeros)."""
    return _zeros_of(size, 0, out, dtype, device, requires_grad)


def empty_strided(
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype: dtype | None = None,
    device: Any = None,
    layout: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """An uninitialised tensor of given strides."""
    span = 1 + sum((n - 1) * s for n, s in zip(size, stride)) if all(size) else 0
    flat = empty(span, dtype=dtype, device=device)
    return flat.as_strided(size, stride).requires_grad_(requires_grad)


def full(
    size: Any,
    fill_value: Any,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor filled with one value, which also decides the dtype unless one is given."""
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    kind = dtype or (out.dtype if out is not None else dtypes.of_number(fill_value))
    shape = _valid(sizes((size,)))
    return _made(_filled, (fill_value,), (shape, kind), devices.resolve(device), requires_grad, out)


def _like(input: Tensor, dtype: dtype | None, device: Any) -> tuple[dtype, device]:
    return dtype or input.dtype, input.device if device is None else devices.resolve(device)


def zeros_like(
    input: Tensor,
    *,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """Zeros of the shape, dtype and device of `input`."""
    kind, where = _like(input, dtype, device)
    return _made(_constant, (), (0, input.shape, kind), where, requires_grad)


def ones_like(
    input: Tensor,
    *,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """Ones of the shape, dtype and device of `input`."""
    kind, where = _like(input, dtype, device)
    return _made(_constant, (), (1, input.shape, kind), where, requires_grad)


def empty_like(
    input: Tensor,
    *,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """A tensor of the shape, dtype and device of `input` whose contents do not matter (zeros)."""
    kind, where = _like(input, dtype, device)
    return _made(_constant, (), (0, input.shape, kind), where, requires_grad)


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """One value in the shape, dtype and device of `input`."""
    kind, where = _like(input, dtype, device)
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    return _made(_filled, (fill_value,), (input.shape, kind), where, requires_grad)


def new_zeros(
    self: Tensor,
    *size: Any,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """Zeros with this tensor's dtype and device."""
    kind, where = _like(self, dtype, device)
    return zeros(*size, dtype=kind, device=where, requires_grad=requires_grad)


def new_ones(
    self: Tensor,
    *size: Any,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """Ones with this tensor's dtype and device."""
    kind, where = _like(self, dtype, device)
    return ones(*size, dtype=kind, device=where, requires_grad=requires_grad)


def new_empty(
    self: Tensor,
    *size: Any,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """An uninitialised tensor with this tensor's dtype and device."""
    return new_zeros(self, *size, dtype=dtype, device=device, requires_grad=requires_grad)


def new_full(
    self: Tensor,
    size: Any,
    fill_value: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """One value with this tensor's dtype and device."""
    kind, where = _like(self, dtype, device)
    return full(size, fill_value, dtype=kind, device=where, requires_grad=requires_grad)


def new_tensor(
    self: Tensor,
    data: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """A copy of `data` with this tensor's dtype and device."""
    kind, where = _like(self, dtype, device)
    return tensor(data, dtype=kind, device=where, requires_grad=requires_grad)


def new_empty_strided(
    self: Tensor,
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """An uninitialised tensor of given strides with this tensor's dtype and device."""
    kind, where = _like(self, dtype, device)
    return empty_strided(size, stride, dtype=kind, device=where, requires_grad=requires_grad)


# ---------------------------------------------------------------- PyTorch's old constructors
def legacy_new(*args: Any, kind: dtype | None = None, device: Any = None) -> Tensor:
    """`Tensor()`, `Tensor(2, 3)`, `Tensor([1, 2])`, `Tensor(tensor)`: always of one dtype."""
    kind = kind or dtypes.get_default()
    if not args:
        return empty(0, dtype=kind, device=device)
    first = args[0]
    if (len(args) == 1 and not isinstance(first, (int, np.integer))) or isinstance(first, (Size,)):
        if isinstance(first, Size):
            return empty(first, dtype=kind, device=device)
        if isinstance(first, Tensor):
            if first.dtype is not kind:
                raise TypeError(f"expected {kind} (got {first.dtype})")
            return first.detach()
        if isinstance(first, Storage):
            return Tensor._of(first.current())
        if isinstance(first, (list, tuple, np.ndarray)) or hasattr(first, "__len__"):
            return tensor(first, dtype=kind, device=device)
        raise TypeError(f"new(): data must be a sequence (got {type(first).__name__})")
    return empty(*args, dtype=kind, device=device)


class _OldType(type):
    """`torch.FloatTensor`: makes tensors of its dtype, and recognises them."""

    kind: dtype

    def __call__(cls, *args: Any, **kwargs: Any) -> Tensor:
        return legacy_new(*args, kind=cls.kind, **kwargs)

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, Tensor) and value.dtype is cls.kind

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


def _old(name: str, kind: dtype) -> _OldType:
    return _OldType(name, (), {"kind": kind, "dtype": kind, "__module__": "torch"})


FloatTensor, DoubleTensor = (
    _old("FloatTensor", dtypes.float32),
    _old("DoubleTensor", dtypes.float64),
)
HalfTensor, BFloat16Tensor = (
    _old("HalfTensor", dtypes.float16),
    _old("BFloat16Tensor", dtypes.bfloat16),
)
LongTensor, IntTensor = _old("LongTensor", dtypes.int64), _old("IntTensor", dtypes.int32)
ShortTensor, CharTensor = _old("ShortTensor", dtypes.int16), _old("CharTensor", dtypes.int8)
ByteTensor, BoolTensor = _old("ByteTensor", dtypes.uint8), _old("BoolTensor", dtypes.bool_)
OLD_TYPES = (
    *(FloatTensor, DoubleTensor, HalfTensor, BFloat16Tensor, LongTensor, IntTensor, ShortTensor),
    *(CharTensor, ByteTensor, BoolTensor),
)
__all__ += [t.__name__ for t in OLD_TYPES]


def new(self: Tensor, *args: Any, device: Any = None) -> Tensor:
    """PyTorch's old `x.new(...)`: the legacy constructor with this tensor's dtype."""
    return legacy_new(*args, kind=self.dtype, device=device)

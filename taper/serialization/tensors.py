"""Tensors to and from what a file holds: the one part of serialization that knows their insides."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from math import prod
from pickle import UnpicklingError
from typing import Any

import numpy as np

from ..devices import CPU, META, device, resolve
from ..dtypes import dtype
from ..moves import Path, Permute, Reshape, Slice, Strided
from ..shapes import Size, contiguous_strides, is_contiguous, show
from ..storage import Storage
from ..tape import Value, ready
from ..tensor import Tensor, layout, sparse_coo, sparse_csr, strided

MAX_COUNT = 2**63 - 1
LAYOUTS = {repr(known): known for known in (strided, sparse_coo, sparse_csr)}


# ---------------------------------------------------------------- out of tensors
class Pointer:
    """What stands for a tensor's storage in a pickle: the storage, and the dtype it is seen as."""

    __slots__ = ("kind", "storage")

    def __init__(self, storage: Storage, kind: dtype) -> None:
        self.storage, self.kind = storage, kind

    def __len__(self) -> int:
        return self.storage.nbytes() // self.kind.itemsize


def contents(storage: Storage) -> np.ndarray:
    """The bytes of a storage, as a flat array."""
    return np.ascontiguousarray(storage.array()).reshape(-1).view(np.uint8)


def attributes(tensor: Tensor) -> dict[str, Any]:
    """What the user has set on a tensor besides its own fields."""
    own = Tensor.__annotations__
    return {k: v for k, v in tensor.__dict__.items() if not hasattr(Tensor, k) and k not in own}


def view(tensor: Tensor) -> tuple[int, tuple[int, ...], tuple[int, ...], bool]:
    """Offset, sizes, strides and requires_grad."""
    return (
        tensor.storage_offset(),
        tuple(tensor.shape),
        tuple(tensor.stride()),
        tensor.requires_grad,
    )


def reduce_tensor(tensor: Tensor, typed: bool) -> tuple:
    """A tensor as PyTorch's files hold it. `typed`: PyTorch has a storage class for its dtype."""
    kind, state = tensor.dtype, attributes(tensor)
    rebuild: Callable
    parts: tuple
    if tensor.device.type == "meta":
        _, size, stride, requires_grad = view(tensor)
        rebuild, parts = rebuild_meta_tensor, (kind, size, stride, requires_grad)
    else:
        parts = (Pointer(tensor._storage, kind), *view(tensor), OrderedDict())
        rebuild = rebuild_tensor_v2 if typed else rebuild_tensor_v3
        parts = parts if typed else (*parts, kind)
    if type(tensor) is Tensor and not state:
        return rebuild, parts
    return rebuild_from_type, (rebuild, type(tensor), parts, state or None)


def reduce_plainly(tensor: Tensor, protocol: Any) -> tuple:
    """A tensor as `pickle.dumps` and other processes get it: `Tensor.__reduce_ex__`."""
    kind, state = tensor.dtype, attributes(tensor)
    parts: tuple = (tensor._storage, *view(tensor), OrderedDict(), kind)
    if type(tensor) is Tensor and not state:
        return rebuild_tensor_v3, parts
    return rebuild_from_type, (rebuild_tensor_v3, type(tensor), parts, state or None)


def reduce_parameter(parameter: Tensor) -> tuple:
    """A parameter, in a file or for `pickle.dumps`: `Parameter.__reduce_ex__`."""
    state = attributes(parameter)
    parts: tuple = (parameter.data, parameter.requires_grad, OrderedDict())
    return (rebuild_parameter_with_state, (*parts, state)) if state else (rebuild_parameter, parts)


def reduce_storage(storage: Storage, protocol: Any) -> tuple:
    """A storage as `pickle.dumps` gets it: `Storage.__reduce_ex__`."""
    if storage.device.type == "meta":
        return Stored, (None, storage.value.dtype, storage.device, storage.nbytes())
    return Stored, (contents(storage), storage.value.dtype, storage.device)


# ---------------------------------------------------------------- and back
class Stored:
    """A storage out of a file, from which tensors are made; those of one dtype share their memory.

    A `map_location` function is given this too. `swapped`: the bytes have the other order."""

    def __init__(
        self,
        flat: np.ndarray | None,
        kind: dtype | None,
        where: device = CPU,
        nbytes: int | None = None,
        swapped: bool = False,
    ) -> None:
        self.flat, self.dtype, self.device, self._swapped = flat, kind, where, swapped
        self._nbytes = flat.size if flat is not None else nbytes or 0
        self._opened: dict[dtype, Storage] = {}

    def nbytes(self) -> int:
        """Size in bytes."""
        return self._nbytes

    def size(self) -> int:
        """Length in elements."""
        return self._nbytes // (self.dtype.itemsize if self.dtype else 1)

    __len__ = size

    def to(self, where: str | device) -> Stored:
        """The same contents on another device."""
        return Stored(self.flat, self.dtype, resolve(where), self._nbytes, self._swapped)

    def cpu(self) -> Stored:
        """The same contents on the CPU."""
        return self.to(CPU)

    def cuda(self, index: int | None = None) -> Stored:
        """The same contents on a GPU; RuntimeError where there is none."""
        return self.to(device("cuda", index))

    def open(self, kind: dtype, shape: tuple[int, ...]) -> Storage:
        """The storage that tensors of this dtype share; `shape` is how the first one sees it."""
        found = self._opened.get(kind)
        if found is None:
            found = self._opened[kind] = Storage(self._value(kind, shape), self.device)
        return found

    def _value(self, kind: dtype, shape: tuple[int, ...]) -> Value:
        if self.flat is None or self.device.type == "meta":
            return Value(None, 0, Size(shape), kind)
        flat = np.asarray(self.flat)
        if self._swapped:
            unit = kind.itemsize // 2 if kind.is_complex else kind.itemsize
            flat = flat.view(f"u{unit}").byteswap().view(np.uint8)
        array = flat.view(kind.array)
        if not array.flags.aligned:
            array = array.copy()
        return ready(array.reshape(shape), kind)


def _integers(what: str, values: object) -> tuple[int, ...]:
    if not isinstance(values, (tuple, list)) or any(type(n) is not int for n in values):
        raise UnpicklingError(
            f"{what} of a tensor must be a tuple of integers, but got {type(values)}"
        )
    return tuple(values)


def _check_view(
    length: int, itemsize: int, offset: int, size: Sequence[int], stride: Sequence[int]
) -> None:
    if len(size) != len(stride):
        raise RuntimeError(
            f"mismatch in length of strides and shape: sizes {show(size)}, strides {show(stride)}"
        )
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    for n in size:
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {show(size)}")
    if any(s < 0 for s in stride):
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got strides: "
            f"{show(stride)}"
        )
    if prod(n for n in size if n) > MAX_COUNT or max(offset, *stride, 0) > MAX_COUNT:
        raise RuntimeError("numel: integer multiplication overflow")
    needed = 0 if 0 in size else offset + sum((n - 1) * s for n, s in zip(size, stride)) + 1
    if needed > length:
        raise RuntimeError(
            f"setStorage: sizes {show(size)}, strides {show(stride)}, storage offset {offset}, and "
            f"itemsize {itemsize} requiring a storage size of {needed * itemsize} are out of "
            f"bounds for storage of size {length * itemsize}"
        )


def _order(size: tuple[int, ...], stride: tuple[int, ...]) -> tuple[int, ...]:
    """The dimensions from the widest step in memory to the narrowest."""
    if is_contiguous(size, stride):
        return tuple(range(len(size)))
    return tuple(sorted(range(len(size)), key=lambda d: (-stride[d], size[d] == 1)))


def _rebuild(
    stored: object,
    kind: object,
    offset: object,
    size: object,
    stride: object,
    requires_grad: object,
) -> Tensor:
    """A tensor over a storage; every operand is checked, since it comes from a file."""
    if not isinstance(stored, Stored) or not isinstance(kind, dtype):
        raise UnpicklingError(
            f"a tensor needs a storage and a dtype, but got {type(stored)}, {type(kind)}"
        )
    if type(offset) is not int or type(requires_grad) is not bool:
        raise UnpicklingError("a tensor needs an integer offset and a bool requires_grad")
    size, stride = _integers("the size", size), _integers("the stride", stride)
    if stored.nbytes() % kind.itemsize:
        raise RuntimeError(f"{stored.nbytes()} bytes are not a whole number of {kind}")
    length = stored.nbytes() // kind.itemsize
    _check_view(length, kind.itemsize, offset, size, stride)
    order = _order(size, stride)
    laid = tuple(size[d] for d in order)
    dense = is_contiguous(laid, [stride[d] for d in order])
    whole = dense and offset == 0 and prod(size) == length
    storage = stored.open(kind, laid if whole else (length,))
    tensor = Tensor._of(storage.value, stored.device)
    tensor._storage, tensor._size, tensor._offset = storage, Size(size), offset
    tensor._strides = None if stride == contiguous_strides(size) else stride
    if not whole and not dense:
        tensor._path = (Strided(size, stride, offset),)
    else:
        start = min(offset, length)
        tensor._path = _dense_path(tuple(storage.value.shape), laid, order, start, length)
    return tensor.requires_grad_(requires_grad)


def _dense_path(
    shape: tuple[int, ...], laid: tuple[int, ...], order: tuple[int, ...], start: int, length: int
) -> Path:
    """The moves from a storage of `shape` to elements without gaps that begin at `start`."""
    path: list = []
    stop = start + prod(laid)
    if (start, stop) != (0, length):
        path += [Reshape((length,))] if shape != (length,) else []
        path += [Slice((start,), (stop,), (1,))]
        shape = (stop - start,)
    if shape != laid:
        path.append(Reshape(laid))
    if order != tuple(range(len(order))):
        path.append(Permute(tuple(order.index(d) for d in range(len(order)))))
    return tuple(path)


def _conjugated(tensor: Tensor, metadata: object) -> Tensor:
    """PyTorch marks tensors as conjugated or negated without computing it; here it is computed."""
    if not metadata:
        return tensor
    if type(metadata) is not dict or not set(map(str, metadata)) <= {"conj", "neg"}:
        raise UnpicklingError(f"unknown metadata of a tensor: {metadata!r}")
    array = tensor._array()
    array = np.conj(array) if metadata.get("conj") else array
    array = -array if metadata.get("neg") else array
    made = Tensor._of(ready(np.array(array, order="C"), tensor.dtype), tensor.device)
    return made.requires_grad_(tensor.requires_grad)


def rebuild_tensor(storage: Any, offset: Any, size: Any, stride: Any) -> Tensor:
    """PyTorch's `_rebuild_tensor`, of its oldest files."""
    return _rebuild(storage, getattr(storage, "dtype", None), offset, size, stride, False)


def rebuild_tensor_v2(
    storage: Any,
    offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any,
    hooks: Any,
    metadata: Any = None,
) -> Tensor:
    """PyTorch's `_rebuild_tensor_v2`: a tensor of its storage's dtype."""
    made = _rebuild(storage, getattr(storage, "dtype", None), offset, size, stride, requires_grad)
    return _conjugated(made, metadata)


def rebuild_tensor_v3(
    storage: Any,
    offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any,
    hooks: Any,
    kind: Any,
    metadata: Any = None,
) -> Tensor:
    """PyTorch's `_rebuild_tensor_v3`: a tensor of any dtype over bytes."""
    return _conjugated(_rebuild(storage, kind, offset, size, stride, requires_grad), metadata)


def rebuild_meta_tensor(kind: Any, size: Any, stride: Any, requires_grad: Any) -> Tensor:
    """PyTorch's `_rebuild_meta_tensor_no_storage`: a tensor without data."""
    size, stride = _integers("the size", size), _integers("the stride", stride)
    _check_view(MAX_COUNT, 1, 0, size, stride)
    last = 0 if 0 in size else sum((n - 1) * s for n, s in zip(size, stride)) + 1
    itemsize = kind.itemsize if isinstance(kind, dtype) else 1
    return _rebuild(Stored(None, None, META, last * itemsize), kind, 0, size, stride, requires_grad)


def rebuild_parameter(data: Any, requires_grad: Any, hooks: Any) -> Tensor:
    """PyTorch's `_rebuild_parameter`."""
    if not isinstance(data, Tensor) or type(requires_grad) is not bool:
        raise UnpicklingError(f"a parameter needs a tensor and a bool, but got {type(data)}")
    home = importlib.import_module(
        f"{__name__.partition('.')[0]}.nn.parameter"
    )  # a layer above this
    return home.Parameter(data, requires_grad)


def rebuild_from_type(rebuild: Any, kind: Any, parts: Any, state: Any) -> Tensor:
    """PyTorch's `_rebuild_from_type_v2`: a tensor of a subclass, or with attributes of the
    user's."""
    made = rebuild(*parts)
    if type(made) is not kind:
        made = made.as_subclass(kind)
    return set_state(made, state)


def rebuild_parameter_with_state(data: Any, requires_grad: Any, hooks: Any, state: Any) -> Tensor:
    """PyTorch's `_rebuild_parameter_with_state`: a parameter with attributes of the user's."""
    return set_state(rebuild_parameter(data, requires_grad, hooks), state)


def get_layout(name: Any) -> layout:
    """PyTorch's `_get_layout`: the layout that prints as `name`."""
    if type(name) is not str or name not in LAYOUTS:
        raise UnpicklingError(f"unknown layout {name!r}")
    return LAYOUTS[name]


def set_state(tensor: Tensor, state: Any) -> Tensor:
    """Give a tensor its attributes: a dict, or a pair of the dict and the slots' dict."""
    if hasattr(tensor, "__setstate__"):
        tensor.__setstate__(state)
        return tensor
    for part in state if isinstance(state, tuple) else (state,):
        for name, value in (part or {}).items():
            setattr(tensor, name, value)
    return tensor


Tensor.__reduce_ex__ = reduce_plainly  # type: ignore[method-assign,assignment]
Storage.__reduce_ex__ = reduce_storage  # type: ignore[method-assign,assignment]

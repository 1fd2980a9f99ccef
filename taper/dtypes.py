"""Data types of tensors, and PyTorch's rules for combining them."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

BOOL, INT, FLOAT, COMPLEX = range(4)


class dtype:
    """A tensor's element type. `array` is the numpy dtype that stores it, `category` its rank in
    promotion."""

    def __init__(self, name: str, array: Any, category: int, alias: str | None = None) -> None:
        self.name, self.array, self.category, self.alias = name, np.dtype(array), category, alias
        self.itemsize = self.array.itemsize
        self.is_floating_point = category == FLOAT
        self.is_complex = category == COMPLEX
        self.is_signed = category >= FLOAT or self.array.kind == "i"
        self.is_half = category == FLOAT and self.itemsize < 4
        self.inexact = category >= FLOAT

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple:
        return by_name, (self.name,)

    def __deepcopy__(self, memo: dict) -> dtype:
        return self

    def __copy__(self) -> dtype:
        return self

    def to_real(self) -> dtype:
        """The floating dtype of this complex dtype's parts, or the dtype itself."""
        return {complex64: float32, complex128: float64}.get(self, self)

    def to_complex(self) -> dtype:
        """The complex dtype with parts of this dtype."""
        return {float64: complex128, complex128: complex128}.get(self, complex64)


bool_ = dtype("bool", np.bool_, BOOL)
uint8 = dtype("uint8", np.uint8, INT)
int8 = dtype("int8", np.int8, INT)
int16 = dtype("int16", np.int16, INT, "short")
int32 = dtype("int32", np.int32, INT, "int")
int64 = dtype("int64", np.int64, INT, "long")
uint16 = dtype("uint16", np.uint16, INT)
uint32 = dtype("uint32", np.uint32, INT)
uint64 = dtype("uint64", np.uint64, INT)
float16 = dtype("float16", np.float16, FLOAT, "half")
bfloat16 = dtype("bfloat16", ml_dtypes.bfloat16, FLOAT)
float32 = dtype("float32", np.float32, FLOAT, "float")
float64 = dtype("float64", np.float64, FLOAT, "double")
complex64 = dtype("complex64", np.complex64, COMPLEX, "cfloat")
complex128 = dtype("complex128", np.complex128, COMPLEX, "cdouble")
float8_e4m3fn = dtype("float8_e4m3fn", ml_dtypes.float8_e4m3fn, FLOAT)
float8_e5m2 = dtype("float8_e5m2", ml_dtypes.float8_e5m2, FLOAT)

ALL = (
    *(bool_, uint8, int8, int16, int32, int64, uint16, uint32, uint64),
    *(float16, bfloat16, float32, float64, complex64, complex128, float8_e4m3fn, float8_e5m2),
)
_BY_NAME = {d.name: d for d in ALL} | {d.alias: d for d in ALL if d.alias}
_BY_ARRAY = {d.array: d for d in ALL}

_default = float32


def by_name(name: str) -> dtype:
    """The dtype called `name` (`float32`, `long`, ...)."""
    return _BY_NAME[name]


def of_array(array_dtype: np.dtype) -> dtype:
    """The dtype that stores a numpy dtype; TypeError where there is none."""
    try:
        return _BY_ARRAY[np.dtype(array_dtype).newbyteorder("=")]
    except (KeyError, TypeError):
        raise TypeError(
            f"can't convert np.ndarray of type {array_dtype}. The only supported types are: "
            "float64, float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, "
            "uint32, uint16, uint8, and bool."
        ) from None


def get_default() -> dtype:
    """The dtype of new floating tensors."""
    return _default


def set_default(d: dtype) -> None:
    """Set the dtype of new floating tensors; TypeError unless it is a floating dtype."""
    global _default
    if not (isinstance(d, dtype) and d.is_floating_point):
        raise TypeError(f"only floating-point types are supported as the default type, got {d}")
    _default = d


def _promote_ints(a: dtype, b: dtype) -> dtype:
    wide = np.promote_types(a.array, b.array)
    return _BY_ARRAY[wide] if wide.kind in "iu" else int64


def promote_types(a: dtype, b: dtype) -> dtype:
    """The smallest dtype that holds both, by PyTorch's table."""
    if a is b:
        return a
    if a.category != b.category:
        low, high = (a, b) if a.category < b.category else (b, a)
        if high.is_complex and low is float64:
            return complex128
        return high
    if a.category == INT:
        return _promote_ints(a, b)
    if a.category == FLOAT and a.itemsize == b.itemsize:
        return float32
    return a if a.itemsize > b.itemsize else b


def of_number(value: object) -> dtype:
    """The dtype that a Python number stands for on its own."""
    if isinstance(value, (bool, np.bool_)):
        return bool_
    if isinstance(value, (int, np.integer)):
        return int64
    if isinstance(value, complex):
        return _default.to_complex()
    return _default


def can_cast(source: dtype, target: dtype) -> bool:
    """Whether PyTorch allows storing `source` results in a `target` tensor (the category may not
    shrink)."""
    if source.category == INT and target.category == INT:
        return (
            source.is_signed == target.is_signed
            or source is uint8
            or not source.is_signed
            or target.is_signed
        )
    return source.category <= target.category


class finfo:
    """Limits of a floating dtype: bits, eps, max, min, tiny, smallest_normal, resolution."""

    def __init__(self, type: dtype | None = None) -> None:
        kind = type or _default
        if not kind.inexact:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle "
                f"'{kind.name}'"
            )
        info = ml_dtypes.finfo(kind.to_real().array)
        self.bits, self.dtype = int(info.bits), kind.to_real().name
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.smallest_normal)
        self.resolution = float(info.resolution)

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, "
            f"eps={self.eps:g}, smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, "
            f"dtype={self.dtype})"
        )


class iinfo:
    """Limits of an integer dtype: bits, max, min."""

    def __init__(self, type: dtype) -> None:
        if type.category != INT:
            raise TypeError(
                "torch.iinfo() requires an integer input type. Use torch.finfo to handle "
                f"'{type.name}'"
            )
        info = np.iinfo(type.array)
        self.bits, self.max, self.min, self.dtype = (
            info.bits,
            int(info.max),
            int(info.min),
            type.name,
        )

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"

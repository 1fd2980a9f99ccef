"""Tensors by rule: ranges of numbers, evenly spaced points, the identity, orders in memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import devices, dtypes
from ..calls import write_out
from ..dtypes import dtype
from ..tensor import Tensor
from .creation import empty_strided, from_array

__all__ = ["arange", "empty_permuted", "eye", "linspace", "logspace", "range"]


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, Tensor) else value


def _placed(array: np.ndarray, device: Any, requires_grad: bool, out: Tensor | None) -> Tensor:
    found = from_array(array, devices.resolve(device))
    if out is not None:
        return write_out(out, found)
    return found.requires_grad_(True) if requires_grad else found


def arange(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """`start, start + step, ...` below `end`; int64 where all three are integers."""
    start, end, step = _number(start), _number(end), _number(step)
    if end is None:
        start, end = 0, start
    whole = all(isinstance(v, (int, np.integer)) for v in (start, end, step))
    kind = dtype or (
        out.dtype if out is not None else dtypes.int64 if whole else dtypes.get_default()
    )
    if step == 0:
        raise RuntimeError("step must be nonzero")
    for value in (start, end):
        if not math.isfinite(value):
            raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if kind is dtypes.int64:  # PyTorch counts in int64, and in floats for all other dtypes
        start, end, step, whole = int(start), int(end), int(step), True
        if step == 0:
            raise ValueError("step must be nonzero")
    count = -(-(end - start) // step) if whole else math.ceil((end - start) / step)
    if not kind.inexact:
        start, step = int(start), int(step)
    array = (start + np.arange(int(count)) * step).astype(kind.array)
    return _placed(array, device, requires_grad, out)


def range(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """As `arange`, with `end` included (deprecated in PyTorch)."""
    if end is None:
        start, end = 0, start
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    kind = dtype or dtypes.get_default()
    array = (start + np.arange(int((end - start) / step) + 1) * step).astype(kind.array)
    return _placed(array, device, requires_grad, out)


def _ends(name: str, start: Any, end: Any, steps: Any) -> tuple[Any, Any, int]:
    """The numbers at the ends, and how many points there are to be."""
    if not isinstance(steps, (int, np.integer)):
        given = ", ".join(type(v).__name__ for v in (start, end, steps))
        raise TypeError(f"{name}() received an invalid combination of arguments - got ({given})")
    for value in (start, end):
        if isinstance(value, Tensor) and value.dim():
            raise RuntimeError(f"{name} only supports 0-dimensional start and end tensors")
    return _number(start), _number(end), int(steps)


def _points(start: float, end: float, steps: int, kind: dtype) -> np.ndarray:
    """Evenly spaced points, counted from the nearer end as PyTorch does."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    wide = np.dtype(np.float64) if kind.category < dtypes.FLOAT or kind.is_half else kind.array
    scalar = wide.type
    if steps == 1:
        return np.array([start], wide)
    place = np.arange(steps)
    step = (scalar(end) - scalar(start)) / scalar(max(steps - 1, 1))
    low = scalar(start) + step * place.astype(wide)
    high = scalar(end) - step * (steps - 1 - place).astype(wide)
    return np.where(place < steps // 2, low, high)


def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """`steps` evenly spaced points from `start` to `end`, both included."""
    start, end, steps = _ends("linspace", start, end, steps)
    complex_ = isinstance(start, complex) or isinstance(end, complex)
    kind = dtype or (dtypes.get_default().to_complex() if complex_ else dtypes.get_default())
    if not kind.inexact:
        start, end = int(start), int(end)
    array = _points(start, end, steps, kind).astype(kind.array)
    return _placed(array, device, requires_grad, out)


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """`base` to the power of evenly spaced exponents."""
    kind = dtype or dtypes.get_default()
    exponents = _points(*_ends("logspace", start, end, steps), kind)
    return _placed(np.power(base, exponents).astype(kind.array), device, requires_grad, out)


def eye(
    n: int,
    m: int | None = None,
    *,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Ones on the diagonal of an n x m matrix of zeros."""
    for name, value in (("n", n), ("m", m)):
        if value is not None and value < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {value}")
    kind = dtype or (out.dtype if out is not None else dtypes.get_default())
    return _placed(np.eye(n, m, dtype=kind.array), device, requires_grad, out)


# ---------------------------------------------------------------- orders in memory
def empty_permuted(
    size: Sequence[int],
    physical_layout: Sequence[int],
    *,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """An uninitialised tensor whose dimensions lie in memory in the order of `physical_layout`."""
    n = len(size)
    if len(physical_layout) != n:
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. "
            f"len(size) = {n} is not equal to len(physical_layout) = {len(physical_layout)}"
        )
    strides, step, seen = [0] * n, 1, set()
    for i, d in enumerate(physical_layout):
        if not 0 <= d < n:
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {n - 1}, but got {d} at "
                f"index {i}).  NB: negative dims not currently supported; file an issue if you "
                "want it."
            )
        if d in seen:
            raise RuntimeError("Duplicate dim not allowed")
        seen.add(d)
    for d in reversed(physical_layout):
        strides[d], step = step, step * max(size[d], 1)
    return empty_strided(size, strides, dtype=dtype, device=device, requires_grad=requires_grad)

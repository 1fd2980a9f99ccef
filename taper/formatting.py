"""Writes arrays as text exactly as PyTorch 2.13 prints tensors.

One `NumberFormat` is chosen from all the numbers that will be shown, so that columns line up; rows
are broken at the line width, large arrays are cut to their edges, and what the numbers do not say
(device, size, dtype, gradient) follows as suffixes.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

_CUT = "..."
_PROFILES: dict[str, dict[str, float]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}


@dataclass(frozen=True)
class PrintOptions:
    """How tensors are printed.

    `precision` digits after the point; arrays of more than `threshold` elements show `edgeitems` at
    each end of a dimension; lines break at `linewidth`; `sci_mode` forces or forbids scientific
    notation.
    """

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors are printed from here on.

    `profile` ("default", "short" or "full") sets the first four, which single arguments then
    override. What is not given stays, except `sci_mode`, which returns to the automatic choice.
    """
    global _options
    chosen: dict[str, Any] = dict(_PROFILES.get(profile, {})) if profile is not None else {}
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    chosen.update({name: value for name, value in given.items() if value is not None})
    _options = replace(_options, **chosen, sci_mode=sci_mode)


def get_printoptions() -> dict[str, Any]:
    """The present options, as a dictionary that `set_printoptions` takes back."""
    return asdict(_options)


@contextlib.contextmanager
def printoptions(**changes: Any) -> Iterator[None]:
    """Print with other options inside a `with` block; takes what `set_printoptions` takes."""
    global _options
    before = _options
    try:
        set_printoptions(**changes)
        yield
    finally:
        _options = before


# ---------------------------------------------------------------- numbers
@dataclass(frozen=True)
class NumberFormat:
    """The notation and width that all numbers of one array share."""

    write: Callable[[Any], str]
    width: int

    def __call__(self, value: Any) -> str:
        return self.write(value).rjust(self.width)


def _number_format(values: np.ndarray, options: PrintOptions) -> NumberFormat:
    """Choose the format for real numbers (float64, integers or booleans, one dimension)."""
    if values.dtype.kind != "f":
        return NumberFormat(str, max((len(str(v)) for v in values.tolist()), default=1))
    plain = values[np.isfinite(values) & (values != 0)]
    if plain.size == 0:
        return NumberFormat(_write_integral, 1)
    integral = bool(np.all(plain == np.ceil(plain)))
    scientific = options.sci_mode
    if scientific is None:
        scientific = _spreads_wide(np.abs(plain))
    write: Callable[[Any], str]
    if scientific:
        write = f"{{:.{options.precision}e}}".format
    elif integral:
        write = _write_integral
    else:
        write = f"{{:.{options.precision}f}}".format
    return NumberFormat(write, max(len(write(v)) for v in plain.tolist()))


def _write_integral(value: float) -> str:
    return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"


def _spreads_wide(magnitudes: np.ndarray) -> bool:
    """Whether fixed notation would waste columns or lose digits."""
    least, most = float(magnitudes.min()), float(magnitudes.max())
    return most / least > 1000.0 or most > 1.0e8 or least < 1.0e-4


@dataclass(frozen=True)
class ComplexFormat:
    """Formats for the real and the imaginary part of complex numbers."""

    real: NumberFormat
    imag: NumberFormat

    @property
    def width(self) -> int:
        return self.real.width + self.imag.width + 1

    def __call__(self, value: complex) -> str:
        imag = self.imag(value.imag).lstrip() + "j"
        return self.real(value.real) + ("" if imag.startswith("-") else "+") + imag


Format = NumberFormat | ComplexFormat


def _format_for(shown: np.ndarray, options: PrintOptions) -> Format:
    flat = shown.reshape(-1)
    if flat.dtype.kind == "c":
        return ComplexFormat(_number_format(flat.real, options), _number_format(flat.imag, options))
    return _number_format(flat, options)


# ---------------------------------------------------------------- rows and blocks
def _edges(array: np.ndarray, keep: int) -> np.ndarray:
    """The elements that a cut array shows: the first and last `keep` of each dimension."""
    for axis, size in enumerate(array.shape):
        if size > 2 * keep:
            index = np.r_[:keep, size - keep : size]
            array = np.take(array, index, axis)
    return array


def _row(row: np.ndarray, form: Format, indent: int, cut: bool, options: PrintOptions) -> str:
    keep = options.edgeitems
    if cut and not keep:
        words = [_CUT]
    elif cut and row.size > 2 * keep:
        head, tail = row[:keep].tolist(), row[-keep:].tolist()
        words = [*map(form, head), " " + _CUT, *map(form, tail)]
    else:
        words = [form(value) for value in row.tolist()]
    per_line = max(1, int((options.linewidth - indent) / (form.width + 2)))
    lines = [", ".join(words[i : i + per_line]) for i in range(0, len(words), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _block(array: np.ndarray, form: Format, indent: int, cut: bool, options: PrintOptions) -> str:
    """The bracketed text of `array`, whose lines after the first start at column `indent`."""
    if array.ndim == 0:
        return form(array.item())
    if array.ndim == 1:
        return _row(array, form, indent, cut, options)
    keep, size = options.edgeitems, len(array)

    def inner(index: int) -> str:
        return _block(array[index], form, indent + 1, cut, options)

    if cut and size > 2 * keep:
        parts = [*map(inner, range(keep)), _CUT, *map(inner, range(size - keep, size))]
    else:
        parts = [inner(i) for i in range(size)]
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"


def _plain(array: np.ndarray) -> np.ndarray:
    """The same numbers in the dtype they are written from: float64, complex128, or as they are."""
    if array.dtype.kind in "biu":
        return array
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def format_values(array: np.ndarray, indent: int = 0) -> str:
    """The numbers of `array` in brackets, lines after the first indented by `indent` columns."""
    if array.size == 0:
        return "[]"
    options = _options
    cut = array.size > options.threshold
    shown = _plain(_edges(array, options.edgeitems) if cut else array)
    form = _format_for(shown, options)
    return _block(array if cut else shown, form, indent, cut, options)


# ---------------------------------------------------------------- the whole text
def _with_suffixes(text: str, suffixes: Sequence[str], indent: int) -> str:
    column = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if column + len(suffix) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + suffix
            column = indent + len(suffix)
        else:
            text += ", " + suffix
            column += len(suffix) + 2
    return text + ")"


def format_tensor(array: np.ndarray, prefix: str = "tensor(", suffixes: Sequence[str] = ()) -> str:
    """`prefix`, the numbers of `array`, `suffixes` (each "name=value") and a closing bracket."""
    indent = len(prefix)
    return _with_suffixes(prefix + format_values(array, indent), suffixes, indent)


def describe_tensor(
    array: np.ndarray | None,
    dtype: str,
    *,
    shape: Sequence[int] | None = None,
    device: str = "cpu",
    requires_grad: bool = False,
    grad_fn_name: str | None = None,
    default_dtype: str = "torch.float32",
    prefix: str = "tensor(",
) -> str:
    """The text `repr(tensor)` gives, from the tensor's contents and what is known about it.

    `dtype` and `default_dtype` are names such as "torch.float64". `array` is None for a tensor on
    the meta device, whose `shape` must then be given.
    """
    suffixes = [] if device == "cpu" else [f"device='{device}'"]
    sizes = tuple(array.shape if array is not None else shape or ())
    unsaid: tuple[str, ...] = (default_dtype,)
    if array is None or array.size == 0:
        size_unclear = array is None or array.ndim != 1
    else:
        size_unclear = _options.edgeitems == 0
        unsaid += (_complex_of(default_dtype), "torch.int64", "torch.bool")
    if size_unclear:
        suffixes.append(f"size={sizes}")
    if dtype not in unsaid:
        suffixes.append(f"dtype={dtype}")
    if grad_fn_name is not None:
        suffixes.append(f"grad_fn=<{grad_fn_name}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    if array is None:
        return _with_suffixes(prefix + _CUT, suffixes, len(prefix))
    return format_tensor(array, prefix, suffixes)


def _complex_of(default_dtype: str) -> str:
    return "torch.complex128" if default_dtype == "torch.float64" else "torch.complex64"

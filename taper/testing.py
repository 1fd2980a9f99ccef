"""`torch.testing`: `assert_close`, which says where and by how much tensors differ, and
`make_tensor`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from . import dtypes
from .devices import device as device_type
from .dtypes import dtype as dtype_type
from .functions.comparison import isclose
from .functions.conversion import memory_format as format_type
from .functions.creation import as_tensor, from_array
from .functions.random import rand, randint
from .tensor import Tensor

__all__ = ["assert_close", "make_tensor"]

_SMALL = (1.3e-6, 1e-5)
_TOLERANCES = {
    dtypes.float16: (1e-3, 1e-5),
    dtypes.bfloat16: (1.6e-2, 1e-5),
    dtypes.float32: _SMALL,
    dtypes.complex64: _SMALL,
    dtypes.float64: (1e-7, 1e-7),
    dtypes.complex128: (1e-7, 1e-7),
}
_NUMBER_KINDS = {float: dtypes.float64, complex: dtypes.complex128}
_NUMBERS = (int, float, complex, np.number)
_BOOLS = (bool, np.bool_)


class _Rules:
    """What `assert_close` was asked to look at."""

    def __init__(self, rtol: float | None, atol: float | None, **asked: Any) -> None:
        if (rtol is None) != (atol is None):
            missing = "rtol" if rtol is None else "atol"
            raise ValueError(
                f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}."
            )
        self.rtol, self.atol = rtol, atol
        self.equal_nan = asked["equal_nan"]
        self.device, self.dtype = asked["check_device"], asked["check_dtype"]
        self.layout, self.stride = asked["check_layout"], asked["check_stride"]
        self.subclasses = asked["allow_subclasses"]

    def tolerances(self, *kinds: Any) -> tuple[float, float]:
        """(rtol, atol): the given ones, else the widest of the dtypes'."""
        if self.rtol is not None and self.atol is not None:
            return self.rtol, self.atol
        pairs = [_TOLERANCES.get(k, (0.0, 0.0)) for k in kinds]
        return max(p[0] for p in pairs), max(p[1] for p in pairs)


# ---------------------------------------------------------------- walking the structure
def _unhandled(actual: Any, expected: Any) -> TypeError:
    return TypeError(
        f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}."
    )


def _is_sequence(x: Any) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, (str, bytes))


def _pairs(actual: Any, expected: Any, place: str) -> Iterator[tuple[Any, Any, str]]:
    """The leaves of two equal structures, with the place of each."""
    if _is_sequence(actual) and _is_sequence(expected):
        if len(actual) != len(expected):
            raise AssertionError(
                f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
                + _at(place)
            )
        for i, (a, e) in enumerate(zip(actual, expected)):
            yield from _pairs(a, e, f"{place}[{i}]")
    elif isinstance(actual, Mapping) and isinstance(expected, Mapping):
        missing, more = set(expected) - set(actual), set(actual) - set(expected)
        if missing or more:
            raise AssertionError(
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {sorted(missing)}\n"
                f"Additional keys in the actual mapping: {sorted(more)}" + _at(place)
            )
        for key in actual:
            yield from _pairs(actual[key], expected[key], f"{place}[{key!r}]")
    else:
        yield actual, expected, place


def _at(place: str) -> str:
    return f"\n\nThe failure occurred for item {place}" if place else ""


# ---------------------------------------------------------------- one pair
def _compare(actual: Any, expected: Any, rules: _Rules) -> str | None:
    """What is wrong with a pair of leaves; None where nothing is."""
    if actual is None or expected is None:
        return None if actual is expected else f"None mismatch: {actual} is not {expected}"
    if isinstance(actual, _BOOLS) and isinstance(expected, _BOOLS):
        return (
            None
            if bool(actual) == bool(expected)
            else f"Booleans mismatch: {actual} is not {expected}"
        )
    if isinstance(actual, _NUMBERS) and isinstance(expected, _NUMBERS):
        return _compare_numbers(actual, expected, rules)
    return _compare_tensors(*_as_tensors(actual, expected, rules), rules)


def _as_tensors(actual: Any, expected: Any, rules: _Rules) -> tuple[Tensor, Tensor]:
    related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    known = isinstance(actual, (Tensor, np.ndarray)) and isinstance(expected, (Tensor, np.ndarray))
    if not known or not related or (not rules.subclasses and type(actual) is not type(expected)):
        raise _unhandled(actual, expected)
    return as_tensor(actual).detach(), as_tensor(expected).detach()


def _compare_numbers(actual: Any, expected: Any, rules: _Rules) -> str | None:
    actual, expected = (x.item() if isinstance(x, np.generic) else x for x in (actual, expected))
    if rules.dtype and type(actual) is not type(expected):
        return f"The (d)types do not match: {type(actual)} != {type(expected)}."
    kinds = [_NUMBER_KINDS.get(type(x), dtypes.int64) for x in (actual, expected)]
    rtol, atol = rules.tolerances(*kinds)
    if actual == expected or (rules.equal_nan and actual != actual and expected != expected):
        return None
    gap = abs(actual - expected)
    if gap <= atol + rtol * abs(expected) and gap != float("inf"):
        return None
    return _scalars(actual, expected, rtol, atol)


def _compare_tensors(actual: Tensor, expected: Tensor, rules: _Rules) -> str | None:
    wrong = _attributes(actual, expected, rules)
    if wrong:
        return wrong
    rtol, atol = rules.tolerances(actual.dtype, expected.dtype)
    if actual.device.type == "meta":
        return None
    kind = dtypes.promote_types(actual.dtype, expected.dtype)
    a, e = actual.cpu().to(kind), expected.cpu().to(kind)
    close = isclose(a, e, rtol, atol, equal_nan=rules.equal_nan).numpy()
    if close.all():
        return None
    if a.dim() == 0:
        return _scalars(a.item(), e.item(), rtol, atol)
    return _elements(a, e, close, rtol, atol)


def _attributes(actual: Tensor, expected: Tensor, rules: _Rules) -> str | None:
    """The first attribute that differs."""
    asked = [
        (True, "shape", actual.shape, expected.shape),
        (rules.device, "device", actual.device, expected.device),
        (rules.layout, "layout", actual.layout, expected.layout),
        (rules.stride, "stride()", actual.stride(), expected.stride()),
        (rules.dtype, "dtype", actual.dtype, expected.dtype),
    ]
    for asked_for, name, a, e in asked:
        if asked_for and a != e:
            return f"The values for attribute '{name}' do not match: {a} != {e}."
    return None


# ---------------------------------------------------------------- messages
def _title(what: str, rtol: float, atol: float) -> str:
    return f"{what} are not {'equal' if rtol == atol == 0 else 'close'}!\n\n"


def _allowed(tolerance: float, rtol: float, atol: float) -> str:
    return "" if rtol == atol == 0 else f" (up to {tolerance} allowed)"


def _scalars(actual: Any, expected: Any, rtol: float, atol: float) -> str:
    gap = abs(actual - expected)
    relative = float("inf") if expected == 0 else gap / abs(expected)
    return (
        _title("Scalars", rtol, atol)
        + f"Expected {expected} but got {actual}.\n"
        + f"Absolute difference: {gap}{_allowed(atol, rtol, atol)}\n"
        + f"Relative difference: {relative}{_allowed(rtol, rtol, atol)}"
    )


def _elements(actual: Tensor, expected: Tensor, close: np.ndarray, rtol: float, atol: float) -> str:
    """The message of tensors: how many elements differ, and where the most."""
    if not actual.dtype.inexact:
        actual, expected = actual.to(dtypes.int64), expected.to(dtypes.int64)
    far = from_array(~close)
    gap = (actual - expected).abs()
    relative = gap / expected.abs()
    worst = [
        _greatest(values * far if not values.dtype.inexact else values.masked_fill(~far, 0))
        for values in (gap, relative)
    ]
    wrong, total = int((~close).sum()), close.size
    return (
        _title("Tensor-likes", rtol, atol)
        + f"Mismatched elements: {wrong} / {total} ({wrong / total:.1%})\n"
        + f"Greatest absolute difference: {worst[0]}{_allowed(atol, rtol, atol)}\n"
        + f"Greatest relative difference: {worst[1]}{_allowed(rtol, rtol, atol)}"
    )


def _greatest(values: Tensor) -> str:
    place = int(np.argmax(values.to(dtypes.float64).numpy()))
    index = tuple(int(i) for i in np.unravel_index(place, values.shape))
    return f"{values[index].item()} at index {index}"


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Assert |actual - expected| <= atol + rtol |expected| for tensors, numbers, and containers of
    them.

    Without tolerances those of the dtypes count (float32: rtol 1.3e-6, atol 1e-5; integers must be
    equal). AssertionError tells the first difference, as `msg` where given; TypeError for what
    cannot be compared.
    """
    rules = _Rules(
        rtol,
        atol,
        allow_subclasses=allow_subclasses,
        equal_nan=equal_nan,
        check_device=check_device,
        check_dtype=check_dtype,
        check_layout=check_layout,
        check_stride=check_stride,
    )
    for a, e, place in list(_pairs(actual, expected, "")):
        wrong = _compare(a, e, rules)
        if wrong is not None:
            text = wrong + _at(place)
            raise AssertionError(text if msg is None else msg(text) if callable(msg) else msg)


def make_tensor(
    *shape: Any,
    dtype: dtype_type,
    device: str | device_type,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: format_type | None = None,
) -> Tensor:
    """A tensor of numbers drawn evenly from [low, high): by default -9 to 9, 0 to 9 for uint8, 0 to
    2 for bool."""
    size = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape
    whole = (*size[:-1], 2 * size[-1]) if noncontiguous and size else size
    least: float
    most: float
    least, most = {dtypes.bool_: (0, 2), dtypes.uint8: (0, 10)}.get(
        dtype, (-9, 9) if dtype.inexact else (-9, 10)
    )
    least, most = least if low is None else low, most if high is None else high
    if least >= most:
        raise ValueError(f"`low` must be less than `high`, but got {least} >= {most}")
    if dtype.inexact:
        made = _uniform(whole, dtype, least, most)
    else:
        made = randint(int(least), int(most), whole).to(dtype)
    made = made.to(device)
    if exclude_zero:
        made = made.masked_fill(made == 0, 1)
    if whole != size:
        made = made[..., ::2]
    if memory_format is not None:
        made = made.contiguous(memory_format=memory_format)
    return made.detach().requires_grad_(requires_grad)


def _uniform(size: tuple, kind: dtype_type, low: float, high: float) -> Tensor:
    drawn = rand(size, dtype=dtypes.float64) * (high - low) + low
    if kind.is_complex:
        drawn = drawn + 1j * (rand(size, dtype=dtypes.float64) * (high - low) + low)
    return drawn.to(kind)

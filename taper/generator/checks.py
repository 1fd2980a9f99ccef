"""What may be asked of a distribution: the ranges of each dtype, and PyTorch's error messages."""

import numpy as np

_C_NAMES = {
    "bool": "bool", "uint8": "unsigned char", "int8": "signed char", "int16": "short",
    "int32": "int", "int64": "long", "uint16": "unsigned short", "uint32": "unsigned int",
    "uint64": "unsigned long", "float16": "c10::Half", "bfloat16": "c10::BFloat16",
    "float32": "float", "float64": "double",
}  # fmt: skip
_FLOAT_MAX = {
    "float16": 65504.0,
    "bfloat16": float.fromhex("0x1.fep127"),
    "float32": float.fromhex("0x1.fffffep127"),
    "float64": float.fromhex("0x1.fffffffffffffp1023"),
}
_DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}


def largest_whole(dtype: np.dtype) -> int:
    """The largest number of an integer dtype; for floats, up to where they hold every integer."""
    if dtype.name in _DIGITS:
        return 1 << _DIGITS[dtype.name]
    return 1 if dtype == np.bool_ else int(np.iinfo(dtype).max)


def has_random(dtype: np.dtype) -> None:
    """NotImplementedError for the dtypes that `random_` without bounds does not know."""
    if dtype.kind == "u" and dtype.itemsize > 1:
        name = f"UInt{8 * dtype.itemsize}"
        raise NotImplementedError(f"\"random_kernel_cpu\" not implemented for '{name}'")


def bounds(low: float, high: float, dtype: np.dtype) -> None:
    """RuntimeError unless [low, high) is a range that `uniform` can fill in this dtype."""
    limit = _FLOAT_MAX[dtype.name]
    for name, value in (("from", low), ("to", high)):
        if not abs(value) <= limit:
            raise RuntimeError(f"{name} is out of bounds for {_C_NAMES[dtype.name]}")
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}"
        )
    if high - low > limit:
        kind = {"float32": "Float", "float64": "Double", "float16": "Half"}.get(
            dtype.name, "BFloat16"
        )
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{kind}>::max(), but found "
            f"to={high:g} and from={low:g} which result in to-from to exceed the limit"
        )


def whole_range(low: int, high: int, dtype: np.dtype) -> None:
    """RuntimeError unless [low, high) is a range of whole numbers within the dtype."""
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    if dtype.name in _FLOAT_MAX:
        most = _FLOAT_MAX[dtype.name]
        least = -most
    else:
        most, least = largest_whole(dtype), 0 if dtype == np.bool_ else np.iinfo(dtype).min
    for name, value in (("from", low), ("to - 1", high - 1)):
        if not least <= value <= most:
            raise RuntimeError(f"{name} is out of bounds for {_C_NAMES[dtype.name]}")


def probabilities(probs: np.ndarray, invert: bool) -> None:
    """RuntimeError unless `multinomial` can sample the rows; `invert` by cumulating them."""
    if not invert:
        if not ((probs >= 0) & (probs < np.inf)).all():
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    elif not (probs >= 0).all():
        raise RuntimeError("invalid multinomial distribution (encountering probability entry < 0)")
    elif not np.isfinite(probs).all():
        raise RuntimeError(
            "invalid multinomial distribution (encountering probability entry = infinity or NaN)"
        )
    if not (probs.astype(np.float64).sum(-1) > 0).all():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")

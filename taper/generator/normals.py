"""Normal numbers from uniform ones, with the roundings of PyTorch's vector code.

Box and Muller (1958): a radius sqrt(-2 log u) and an angle 2 pi u' give two independent normals.
"""

import numpy as np


def float32s(*values: float) -> np.ndarray:
    """float32 constants, held in float64."""
    return np.array(values, np.float32).astype(np.float64)


_LN2_HIGH, _LN2_LOW = float32s(0.693359375, -2.12194440e-4)
_SQRT_HALF = np.float32(0.707106781186547524)
# fmt: off
_LOG = float32s(
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
    -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)
# fmt: on
_FOUR_BY_PI = float32s(1.27323954473516)[0]
_QUARTER_PI = float32s(-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)
_SIN_COS = np.stack(
    [
        float32s(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1),
        float32s(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2),
    ],
    axis=1,
)
# By octant / 2 of the angle: which polynomial gives the sine (the cosine takes the other), signs.
_SINE_FROM = np.array([0, 1, 0, 1, 0])
_SINE_SIGN = np.array([1.0, 1.0, -1.0, -1.0, 1.0])
_COSINE_SIGN = np.array([1.0, -1.0, -1.0, 1.0, 1.0])


def fused(x: np.ndarray, scale: float, shift: float) -> np.ndarray:
    """x * scale + shift in float64 with one rounding, as a fused multiply-add gives it.

    The products' and sums' errors are computed exactly (Dekker 1971) and added back.
    """
    if shift == 0 or scale == 1:
        return x * scale + shift
    with np.errstate(over="ignore", invalid="ignore"):
        product = x * scale
        x_high, x_low = _halves(x)
        s_high, s_low = _halves(np.float64(scale))
        lost = ((x_high * s_high - product) + x_high * s_low + x_low * s_high) + x_low * s_low
        total = product + shift
        back = total - product
        lost += (product - (total - back)) + (shift - back)
        result = total + lost
    return np.where(np.isfinite(result), result, total)


def _halves(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A float64 as the sum of two with 26 bits each, whose products are exact."""
    spread = x * 134217729.0
    high = spread - (spread - x)
    return high, x - high


def box_muller64(unit: np.ndarray, mean: float, std: float) -> np.ndarray:
    """Normals from blocks of 16 float64 uniforms: eight for the radius, eight for the angle."""
    unit = unit.reshape(-1, 2, 8)
    radius = np.sqrt(-2.0 * np.log(1.0 - unit[:, 0]))
    angle = (2.0 * np.pi) * unit[:, 1]
    values = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return fused(values.reshape(-1), std, mean)


def box_muller32(unit: np.ndarray, mean: float, std: float) -> np.ndarray:
    """The same in float32, each step rounded as in vector code with fused multiply-add.

    log, sin and cos are the polynomials of the Cephes library (Moshier 1989). A step is done in
    float64, where the product is exact, and rounded to float32 at its end.
    """
    unit = unit.reshape(-1, 2, 8)
    radius = _round32(np.sqrt(-2.0 * _log32(np.float32(1) - unit[:, 0])))
    sine, cosine = _sincos32(np.float32(2 * np.pi) * unit[:, 1])
    values = np.empty((len(unit), 2, 8))
    np.multiply(radius, cosine, out=values[:, 0])
    np.multiply(radius, sine, out=values[:, 1])
    if mean != 0 or std != 1:
        _round32(values)
        values *= np.float64(np.float32(std))
        values += np.float64(np.float32(mean))
    return values.reshape(-1)


def _round32(x: np.ndarray) -> np.ndarray:
    """Round float64 numbers, in place, to what float32 can hold."""
    x[...] = x.astype(np.float32)
    return x


def _fused32(x: np.ndarray, y: np.ndarray, z: np.ndarray | float) -> np.ndarray:
    """x * y + z, rounded once."""
    x = x * y
    x += z
    return _round32(x)


def _log32(x: np.ndarray) -> np.ndarray:
    """log of float32 numbers in (0, 1], as float32 numbers held in float64."""
    bits = x.view(np.int32)
    mantissa = ((bits & 0x7FFFFF) | 0x3F000000).view(np.float32)  # in [1/2, 1)
    small = mantissa < _SQRT_HALF
    exponent = ((bits >> 23) - 126 - small).astype(np.float64)
    m = mantissa.astype(np.float64)
    x64 = _round32(m - 1.0 + m * small)
    square = _round32(x64 * x64)
    y = _fused32(_LOG[0], x64, _LOG[1])
    for coefficient in _LOG[2:]:
        y = _fused32(y, x64, coefficient)
    y = _fused32(_round32(y * x64), square, _round32(exponent * _LN2_LOW))
    y -= 0.5 * square
    _round32(y)
    y += x64
    return _fused32(exponent, _LN2_HIGH, _round32(y))


def _sincos32(angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sine and cosine of float32 angles in [0, 2 pi], as float32 numbers held in float64."""
    x = angle.astype(np.float64)
    octant = (_round32(x * _FOUR_BY_PI).astype(np.int32) + 1) >> 1
    near = octant * 2.0
    for part in _QUARTER_PI:
        x = _fused32(near, part, x)
    square = _round32(x * x)
    first, second, third = _SIN_COS.reshape(3, 2, *[1] * x.ndim)
    both = _fused32(_fused32(first, square, second), square, third)
    both = _round32(both * square)
    sine = _fused32(both[0], x, x)
    cosine = _fused32(both[1], square, square * -0.5)
    cosine += 1.0
    _round32(cosine)
    swapped = _SINE_FROM.take(octant) == 1
    return (
        np.where(swapped, cosine, sine) * _SINE_SIGN.take(octant),
        np.where(swapped, sine, cosine) * _COSINE_SIGN.take(octant),
    )

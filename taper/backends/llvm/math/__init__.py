"""Functions of one or two float32 or float64 values, scalar or vector, as code without calls."""

from .exponential import (
    acosh,
    asinh,
    atanh,
    cosh,
    exp,
    exp2,
    expm1,
    log,
    log1p,
    log2,
    log10,
    rsqrt,
    sigmoid,
    sinh,
    tanh,
)
from .power import pow
from .special import digamma, erf, erfc, erfinv, lgamma
from .trigonometric import acos, asin, atan, atan2, cos, sin, tan

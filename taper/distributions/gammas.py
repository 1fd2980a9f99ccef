"""Standard gamma draws, with the gradient of a draw by its concentration.

Marsaglia, Tsang: A Simple Method for Generating Gamma Variables (2000). Figurnov, Mohamed, Mnih:
Implicit Reparameterization Gradients (2018): dx/da = -(dF(x; a)/da) / p(x; a).
"""

from __future__ import annotations

import numpy as np

from ..dtypes import float64
from ..functions.creation import from_array
from ..functions.random import rand, randn
from ..functions.special import gammainc
from ..modes import no_grad
from ..tensor import Tensor

__all__ = ["standard_gamma"]


def _uniform(n: int) -> np.ndarray:
    return rand((n,), dtype=float64).numpy()


def _drawn(a: np.ndarray) -> np.ndarray:
    """One draw for each concentration in a flat array; below 1 that of a + 1 times u^(1/a)."""
    low = a < 1
    d = np.where(low, a + 1, a) - 1 / 3
    c = 1 / np.sqrt(9 * d)
    out, waiting = np.empty_like(a), np.arange(a.size)
    while waiting.size:
        z = randn((waiting.size,), dtype=float64).numpy()
        v = (1 + c[waiting] * z) ** 3
        with np.errstate(invalid="ignore", divide="ignore"):
            bound = z * z / 2 + d[waiting] * (1 - v + np.log(v))
            good = (v > 0) & (np.log(1 - _uniform(waiting.size)) < bound)
        out[waiting[good]] = (d[waiting] * v)[good]
        waiting = waiting[~good]
    if low.any():
        u = 1 - _uniform(int(low.sum()))
        out[low] *= u ** (1 / a[low])
    return out


def _slope(a: Tensor, x: Tensor) -> Tensor:
    """dx/da, the derivative of the distribution function by central differences in float64."""
    a, x = a.detach().to(float64), x.to(float64)
    h = 1e-5 * a
    rise = (gammainc(a + h, x) - gammainc(a - h, x)) / (2 * h)
    density = ((a - 1) * x.log() - x - a.lgamma()).exp()
    return -rise / density


def standard_gamma(concentration: Tensor) -> Tensor:
    """Draws of the gamma distribution with rate 1, one for each concentration."""
    a = concentration.detach().to(float64).numpy()
    kind = concentration.dtype
    drawn = from_array(np.maximum(_drawn(a.reshape(-1)).reshape(a.shape), 1e-300)).to(kind)
    drawn = drawn.clamp(min=1e-30).to(concentration.device)
    if not concentration.requires_grad:
        return drawn
    with no_grad():
        slope = _slope(concentration, drawn).to(kind)
    return drawn + (concentration - concentration.detach()) * slope

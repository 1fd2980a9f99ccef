"""One primitive for the special functions that few programs use: each by its name, by numpy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import bessel, incomplete, polynomials, special
from .kinds import Elementwise, same_dtype


def _spherical_j0(x: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        out = np.where(x == 0, 1, np.sin(x) / np.where(x == 0, 1, x))
    return np.where(np.isinf(x), 0, out)


FUNCTIONS: dict[str, Callable[..., np.ndarray]] = {
    "airy_ai": bessel.airy_ai,
    "bessel_j0": lambda x: bessel.bessel_j(0, x),
    "bessel_j1": lambda x: bessel.bessel_j(1, x),
    "bessel_y0": lambda x: bessel.bessel_y(0, x),
    "bessel_y1": lambda x: bessel.bessel_y(1, x),
    "i0": lambda x: bessel.bessel_i(0, x),
    "i1": lambda x: bessel.bessel_i(1, x),
    "i0e": lambda x: bessel.bessel_ie(0, x),
    "i1e": lambda x: bessel.bessel_ie(1, x),
    "k0": lambda x: bessel.bessel_k(0, x),
    "k1": lambda x: bessel.bessel_k(1, x),
    "k0e": lambda x: bessel.bessel_ke(0, x),
    "k1e": lambda x: bessel.bessel_ke(1, x),
    "erfcx": incomplete.erfcx,
    "ndtri": incomplete.ndtri,
    "gammainc": incomplete.gammainc,
    "gammaincc": incomplete.gammaincc,
    "spherical_bessel_j0": _spherical_j0,
    "zeta": special.zeta,
    "chebyshev_t": polynomials.chebyshev_t,
    "chebyshev_u": polynomials.chebyshev_u,
    "chebyshev_v": polynomials.chebyshev_v,
    "chebyshev_w": polynomials.chebyshev_w,
    "hermite_h": polynomials.hermite_h,
    "hermite_he": polynomials.hermite_he,
    "laguerre_l": polynomials.laguerre_l,
    "legendre_p": polynomials.legendre_p,
}


# ---------------------------------------------------------------- slopes
def _i1_slope(ops: Any, out: Any, x: Any) -> Any:
    """I1' = I0 - I1 / x."""
    zero = ops.eq(x, ops.fill(x, 0))
    ratio = ops.div(out, ops.where(zero, ops.fill(x, 1), x))
    return ops.where(zero, ops.fill(x, 0.5), ops.sub(ops.rare(x, name="i0"), ratio))


def _i1e_slope(ops: Any, out: Any, x: Any) -> Any:
    zero = ops.eq(x, ops.fill(x, 0))
    safe = ops.where(zero, ops.fill(x, 1), x)
    rest = ops.mul(out, ops.add(ops.sign(x), ops.div(ops.fill(x, 1), safe)))
    return ops.where(zero, ops.fill(x, 0.5), ops.sub(ops.rare(x, name="i0e"), rest))


def _i0e_slope(ops: Any, out: Any, x: Any) -> Any:
    return ops.sub(ops.rare(x, name="i1e"), ops.mul(ops.sign(x), out))


def _erfcx_slope(ops: Any, out: Any, x: Any) -> Any:
    twice = ops.mul(ops.add(x, x), out)
    return ops.sub(twice, ops.fill(x, 2 / math.sqrt(math.pi)))


def _ndtri_slope(ops: Any, out: Any, x: Any) -> Any:
    density = ops.exp(ops.mul(ops.mul(out, out), ops.fill(x, 0.5)))
    return ops.mul(density, ops.fill(x, math.sqrt(2 * math.pi)))


def _zeta_slope(ops: Any, out: Any, s: Any, q: Any) -> Any:
    return ops.neg(ops.mul(s, ops.rare(ops.add(s, ops.fill(s, 1)), q, name="zeta")))


def _gammainc_slope(ops: Any, out: Any, a: Any, x: Any) -> Any:
    power = ops.mul(ops.sub(a, ops.fill(a, 1)), ops.log(x))
    return ops.exp(ops.sub(ops.sub(power, x), ops.lgamma(a)))


def _gammaincc_slope(ops: Any, out: Any, a: Any, x: Any) -> Any:
    return ops.neg(_gammainc_slope(ops, out, a, x))


# Derivatives by the last argument; the other functions have none, as in PyTorch.
SLOPES: dict[str, Callable[..., Any]] = {
    "i0": lambda ops, out, x: ops.rare(x, name="i1"),
    "i1": _i1_slope,
    "i0e": _i0e_slope,
    "i1e": _i1e_slope,
    "erfcx": _erfcx_slope,
    "ndtri": _ndtri_slope,
    "zeta": _zeta_slope,
    "gammainc": _gammainc_slope,
    "gammaincc": _gammaincc_slope,
}


def _vjp(ops: Any, g: Any, out: Any, *xs: Any, name: str) -> tuple:
    if name not in SLOPES:
        return (None,) * len(xs)
    return (*(None,) * (len(xs) - 1), ops.mul(g, SLOPES[name](ops, out, *xs)))


def _samples(rng: np.random.Generator) -> Iterator[tuple[list, dict]]:
    for name in ("i0", "i1", "i0e", "i1e", "erfcx", "ndtri"):
        yield [rng.uniform(0.1, 0.9, (3, 4)).astype(np.float32)], {"name": name}


def _ref(*xs: np.ndarray, name: str) -> np.ndarray:
    return np.asarray(FUNCTIONS[name](*xs)).astype(xs[0].dtype, copy=False)


rare = Elementwise("rare", _ref, _vjp, _samples, lambda *kinds, name: same_dtype(*kinds))

"""The error function, the gamma function and its logarithmic derivatives, and Bessel's I0."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from ..calls import apply, apply_
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor
from .common import in_place, scalar, store, tensors_only, to_float, unsupported, wide

__all__ = ["digamma", "erf", "erf_", "erfc", "erfc_", "erfinv", "i0", "i0_", "lgamma", "mvlgamma"]
__all__ += ["polygamma"]


def _function(x: Node, name: str) -> Node:
    """The primitive called `name` of a real tensor; integers become floating."""
    tensors_only(name, x)
    if x.dtype.is_complex:
        unsupported(f"{name}_vml_cpu" if name.startswith("erf") else name, x.dtype)
    return getattr(ops, name)(to_float(x))


# ---------------------------------------------------------------- the error function
def erf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """2/sqrt(pi) times the integral of exp(-t^2) from 0 to each element."""
    return store(out, apply("ErfBackward0", _function, (input,), ("erf",)))


def erfc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """1 - erf, without cancellation."""
    return store(out, apply("ErfcBackward0", _function, (input,), ("erfc",)))


def erfinv(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of erf, on (-1, 1)."""
    return store(out, apply("ErfinvBackward0", _function, (input,), ("erfinv",)))


erf_ = in_place("erf_", "ErfBackward0", _function, "erf")
erfc_ = in_place("erfc_", "ErfcBackward0", _function, "erfc")
erfinv_ = in_place("erfinv_", "ErfinvBackward0", _function, "erfinv")


# ---------------------------------------------------------------- the gamma function
def lgamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the absolute value of the gamma function."""
    return store(out, apply("LgammaBackward0", _function, (input,), ("lgamma",)))


def digamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The derivative of lgamma."""
    return store(out, apply("DigammaBackward0", _function, (input,), ("digamma",)))


lgamma_ = in_place("lgamma_", "LgammaBackward0", _function, "lgamma")
digamma_ = in_place("digamma_", "DigammaBackward0", _function, "digamma")


def _polygamma(x: Node, n: int) -> Node:
    tensors_only("polygamma", x)
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    if x.dtype.is_complex:
        unsupported("polygamma", x.dtype)
    x = to_float(x)
    return ops.digamma(x) if n == 0 else ops.polygamma(x, n=n)


def polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The n-th derivative of digamma."""
    return store(out, apply("PolygammaBackward0", _polygamma, (input,), (n,)))


def polygamma_method(self: Tensor, n: int) -> Tensor:
    """The n-th derivative of digamma."""
    return apply("PolygammaBackward0", _polygamma, (self,), (n,))


def polygamma_(self: Tensor, n: int) -> Tensor:
    """`polygamma` in place."""
    return apply_("PolygammaBackward1", _polygamma, self, (), (n,))


def _mvlgamma(x: Node, p: int) -> Node:
    """log of pi^(p(p-1)/4) times the product of gamma(x - j/2), j below p."""
    tensors_only("mvlgamma", x)
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    if x.dtype.is_complex:
        unsupported("mvlgamma", x.dtype)
    kind = to_float(x).dtype
    x = ops.cast(x, dtype=wide(kind))
    total = scalar(p * (p - 1) / 4 * math.log(math.pi), x)
    for j in range(p):
        total = ops.add(total, ops.lgamma(ops.sub(x, scalar(j / 2, x))))
    return ops.cast(total, dtype=kind)


def mvlgamma(input: Tensor, p: int, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension p, above (p - 1) / 2."""
    return store(out, apply("MvlgammaBackward0", _mvlgamma, (input,), (p,)))


def mvlgamma_(input: Tensor, p: int) -> Tensor:
    """`mvlgamma` in place."""
    return apply_("MvlgammaBackward0", _mvlgamma, input, (), (p,))


# ---------------------------------------------------------------- the Bessel function
_NEAR, _FAR = 30, 25  # terms of the two series


@cache
def _series(far: bool) -> tuple[float, ...]:
    """Chebyshev coefficients of exp(-x) I0(x) on [0, 8], or of it times sqrt(x) beyond.

    Values come from the integral of exp(x (cos t - 1)) over [0, pi], over pi (Abramowitz and Stegun
    9.6.16), by the trapezoidal rule, which converges geometrically for periodic functions.
    """
    count = _FAR if far else _NEAR
    angles = np.pi * (np.arange(64) + 0.5) / 64
    x = 16 / (np.cos(angles) + 1) if far else 4 * (np.cos(angles) + 1)
    turns = np.linspace(0, np.pi, 8193)
    heights = np.exp(-2 * np.sin(turns / 2) ** 2 * x[:, None])
    values = (heights.sum(1) - (heights[:, 0] + heights[:, -1]) / 2) / 8192
    values = values * np.sqrt(x) if far else values
    found = [2 / 64 * float(np.sum(values * np.cos(k * angles))) for k in range(count)]
    return (found[0] / 2, *found[1:])


def _clenshaw(t: Node, coefficients: tuple[float, ...]) -> Node:
    """The Chebyshev series at t in [-1, 1], by Clenshaw's recurrence."""
    double = ops.add(t, t)
    b1 = b2 = scalar(0, t)
    for c in reversed(coefficients[1:]):
        b1, b2 = ops.add(ops.sub(ops.mul(double, b1), b2), scalar(c, t)), b1
    return ops.add(ops.sub(ops.mul(t, b1), b2), scalar(coefficients[0], t))


def _i0(x: Node) -> Node:
    tensors_only("i0", x)
    if x.dtype.is_complex:
        unsupported("i0_cpu", x.dtype)
    kind = to_float(x).dtype
    size = ops.abs(ops.cast(x, dtype=wide(kind)))
    eight = scalar(8, size)
    near = ops.le(size, eight)
    low, high = ops.where(near, size, eight), ops.where(near, eight, size)
    one = scalar(1, size)
    inner = _clenshaw(ops.sub(ops.mul(low, scalar(0.25, low)), one), _series(False))
    outer = _clenshaw(ops.sub(ops.div(scalar(16, high), high), one), _series(True))
    found = ops.where(near, inner, ops.div(outer, ops.sqrt(high)))
    return ops.cast(ops.mul(ops.exp(size), found), dtype=kind)


def i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind and order zero."""
    return store(out, apply("I0Backward0", _i0, (input,)))


i0_ = in_place("i0_", "I0Backward0", _i0)

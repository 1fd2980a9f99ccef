"""Special functions that few programs use: Bessel functions, polynomials, zeta, normal tails."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor
from .common import promote, scalar, some_tensor, store, tensors_only, to_float, unsupported

__all__ = ["igamma", "igammac"]


# ---------------------------------------------------------------- by name
def _one(x: Node, name: str, kernel: str) -> Node:
    tensors_only(kernel, x)
    if x.dtype.is_complex or (name not in _HALF and x.dtype.is_half):
        unsupported(kernel, x.dtype)
    return ops.rare(to_float(x), name=name)


_HALF = ("erfcx", "i0e", "i1", "i1e", "ndtri")
_SMOOTH = {"erfcx": "Erfcx", "i0e": "I0E", "i1": "I1", "i1e": "I1E", "ndtri": "Ndtri"}


def _single(name: str, inner: str, summary: str) -> Callable[..., Tensor]:
    """A public function of one tensor by the primitive's function `inner`."""
    node = f"Special{_SMOOTH[inner]}Backward0" if inner in _SMOOTH else None

    def call(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        return store(out, apply(node, _one, (input,), (inner, f"{name}_cpu")))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = summary
    return call


airy_ai = _single("airy_ai", "airy_ai", "Airy's function Ai.")
bessel_j0 = _single("bessel_j0", "bessel_j0", "The Bessel function J of order 0.")
bessel_j1 = _single("bessel_j1", "bessel_j1", "The Bessel function J of order 1.")
bessel_y0 = _single("bessel_y0", "bessel_y0", "The Bessel function Y of order 0.")
bessel_y1 = _single("bessel_y1", "bessel_y1", "The Bessel function Y of order 1.")
modified_bessel_i0 = _single("modified_bessel_i0", "i0", "The modified Bessel function I, order 0.")
modified_bessel_i1 = _single("modified_bessel_i1", "i1", "The modified Bessel function I, order 1.")
modified_bessel_k0 = _single("modified_bessel_k0", "k0", "The modified Bessel function K, order 0.")
modified_bessel_k1 = _single("modified_bessel_k1", "k1", "The modified Bessel function K, order 1.")
scaled_modified_bessel_k0 = _single("scaled_modified_bessel_k0", "k0e", "exp(x) K of order 0.")
scaled_modified_bessel_k1 = _single("scaled_modified_bessel_k1", "k1e", "exp(x) K of order 1.")
spherical_bessel_j0 = _single("spherical_bessel_j0", "spherical_bessel_j0", "sin(x) / x.")
i0e = _single("i0e", "i0e", "exp(-|x|) I of order 0.")
i1 = _single("i1", "i1", "The modified Bessel function I of order 1.")
i1e = _single("i1e", "i1e", "exp(-|x|) I of order 1.")
erfcx = _single("erfcx", "erfcx", "exp(x^2) erfc(x), which does not underflow.")
ndtri = _single("ndtri", "ndtri", "The inverse of the normal distribution function.")


# ---------------------------------------------------------------- polynomials
def _polynomial(x: Node, n: Node, name: str, kernel: str, shifted: bool) -> Node:
    some_tensor(kernel, x, n)
    x, n = promote(x, n)
    if x.dtype.is_complex or x.dtype.is_half:
        unsupported(f"{kernel}_cpu", x.dtype)
    x, n = to_float(x), to_float(n)
    if shifted:
        x = ops.sub(ops.add(x, x), scalar(1, x))
    return ops.rare(x, n, name=name)


def _family(name: str, inner: str, summary: str, shifted: bool = False) -> Callable[..., Tensor]:
    """A public polynomial of degree n at x, each a tensor or a number."""

    def call(input: Any, n: Any, *, out: Tensor | None = None) -> Tensor:
        return store(out, apply(None, _polynomial, (input, n), (inner, name, shifted)))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = summary
    return call


def _chebyshev(letter: str, shifted: bool) -> Callable[..., Tensor]:
    name = f"{'shifted_' * shifted}chebyshev_polynomial_{letter}"
    at = "2 x - 1" if shifted else "x"
    summary = f"Chebyshev's polynomial {letter.upper()} of degree n at {at}."
    return _family(name, f"chebyshev_{letter}", summary, shifted)


chebyshev_polynomial_t, shifted_chebyshev_polynomial_t = (_chebyshev("t", s) for s in (False, True))
chebyshev_polynomial_u, shifted_chebyshev_polynomial_u = (_chebyshev("u", s) for s in (False, True))
chebyshev_polynomial_v, shifted_chebyshev_polynomial_v = (_chebyshev("v", s) for s in (False, True))
chebyshev_polynomial_w, shifted_chebyshev_polynomial_w = (_chebyshev("w", s) for s in (False, True))
hermite_polynomial_h = _family(
    "hermite_polynomial_h", "hermite_h", "The physicists' Hermite polynomial of degree n at x."
)
hermite_polynomial_he = _family(
    "hermite_polynomial_he", "hermite_he", "The probabilists' Hermite polynomial of degree n at x."
)
laguerre_polynomial_l = _family(
    "laguerre_polynomial_l", "laguerre_l", "Laguerre's polynomial of degree n at x."
)
legendre_polynomial_p = _family(
    "legendre_polynomial_p", "legendre_p", "Legendre's polynomial of degree n at x."
)


# ---------------------------------------------------------------- zeta and incomplete gamma
def _zeta(s: Node, q: Node) -> Node:
    some_tensor("special_zeta", s, q)
    s, q = promote(s, q)
    if s.dtype.is_complex or s.dtype.is_half:
        unsupported("zeta", s.dtype)
    return ops.rare(to_float(s), to_float(q), name="zeta")


def zeta(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """Hurwitz's zeta function: the sum of (k + other)^-input; differentiable by `other`."""
    return store(out, apply("SpecialZetaBackward0", _zeta, (input, other)))


def _incomplete(a: Node, x: Node, name: str) -> Node:
    kernel = "igamma" if name == "gammainc" else "igammac"
    tensors_only(kernel, a, x)
    a, x = promote(a, x)
    if not a.dtype.is_floating_point:
        unsupported(f"{kernel}_cpu", a.dtype)
    return ops.rare(a, x, name=name)


def igamma(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The regularized lower incomplete gamma function of a = input, x = other, for floats.

    Differentiable by `other`. NaN where either is negative.
    """
    return store(out, apply("IgammaBackward0", _incomplete, (input, other), ("gammainc",)))


def igammac(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """1 - `igamma`, without cancellation."""
    return store(out, apply("IgammacBackward0", _incomplete, (input, other), ("gammaincc",)))


gammainc, gammaincc = igamma, igammac


# ---------------------------------------------------------------- entropy and normal tails
def _xlog1py(x: Node, y: Node) -> Node:
    """x log(1 + y); 0 where x is 0, unless y is NaN."""
    some_tensor("special_xlog1py", x, y)
    x, y = promote(x, y)
    if x.dtype.is_complex:
        unsupported("xlog1py_cpu", x.dtype)
    x, y = to_float(x), to_float(y)
    zero = scalar(0, x)
    empty = ops.bitand(ops.eq(x, zero), ops.eq(y, y))
    return ops.mul(x, ops.log1p(ops.where(empty, zero, y)))


def xlog1py(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """input log(1 + other), which is 0 where `input` is 0."""
    return store(out, apply("SpecialXlog1PyBackward0", _xlog1py, (input, other)))


def _entr(x: Node) -> Node:
    tensors_only("special_entr", x)
    if x.dtype.is_complex:
        unsupported("entr", x.dtype)
    x = to_float(x)
    zero, one = scalar(0, x), scalar(1, x)
    found = ops.neg(ops.mul(x, ops.log(ops.where(ops.lt(zero, x), x, one))))
    below = scalar(-math.inf, x)
    found = ops.where(ops.lt(x, zero), below, found)
    return ops.where(ops.eq(x, x), found, x)


def entr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """-x log(x): 0 at 0, -inf below."""
    return store(out, apply("SpecialEntrBackward0", _entr, (input,)))


def _ndtr(x: Node) -> Node:
    tensors_only("special_ndtr", x)
    if x.dtype.is_complex:
        unsupported("ndtr_cpu", x.dtype)
    x = to_float(x)
    half = scalar(0.5, x)
    return ops.mul(half, ops.erfc(ops.mul(x, scalar(-math.sqrt(0.5), x))))


def ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The normal distribution function: the area under the bell curve left of x."""
    return store(out, apply("MulBackward0", _ndtr, (input,)))


def _log_ndtr(x: Node) -> Node:
    """log(erfcx(-x / sqrt 2) / 2) - x^2 / 2 for x < -1, log1p(-erfc(x / sqrt 2) / 2) above."""
    tensors_only("special_log_ndtr", x)
    if x.dtype.is_complex or x.dtype is dtypes.bfloat16:
        unsupported("log_ndtr_cpu", x.dtype)
    x = to_float(x)
    half, edge = scalar(0.5, x), scalar(-1, x)
    low = ops.lt(x, edge)
    left, right = ops.where(low, x, edge), ops.where(low, edge, x)
    root = scalar(math.sqrt(0.5), x)
    tail = ops.rare(ops.neg(ops.mul(left, root)), name="erfcx")
    below = ops.sub(ops.log(ops.mul(tail, half)), ops.mul(ops.mul(left, left), half))
    above = ops.log1p(ops.neg(ops.mul(ops.erfc(ops.mul(right, root)), half)))
    return ops.where(low, below, above)


def log_ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of `ndtr`, precise far to the left."""
    return store(out, apply("SpecialLogNdtrBackward0", _log_ndtr, (input,)))

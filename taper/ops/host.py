"""Host primitives: linear algebra and Fourier transforms, by numpy on every CPU backend."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kinds import Host
from .samples import given

pick = Host(
    "pick",
    lambda xs, place: xs[place],
    lambda ops, g, out, xs, place: ({place: g},),
    lambda rng: iter(()),
    lambda shapes, place: shapes[place],
    lambda kinds, place: kinds[place],
)


def _inverse_vjp(ops: Any, g: Any, out: Any, x: Any) -> tuple:
    n = len(out.shape)
    turned = ops.conj(ops.permute(out, dims=(*range(n - 2), n - 1, n - 2)))
    return (ops.neg(ops.dot(turned, ops.dot(g, turned))),)


inverse = Host(
    "inverse",
    np.linalg.inv,
    _inverse_vjp,
    given(([(3, 3)], {}), ([(2, 4, 4)], {})),
    lambda s: s,
    lambda k: k,
)


def _turned(ops: Any, x: Any) -> Any:
    n = len(x.shape)
    return ops.conj(ops.permute(x, dims=(*range(n - 2), n - 1, n - 2)))


def _triangle(ops: Any, like: Any, strict: bool) -> Any:
    """Ones below the diagonal of the last two dimensions (on it too, unless strict)."""
    *lead, n, m = like.shape
    rows = ops.expand(ops.reshape(ops.iota(size=n), shape=(n, 1)), shape=(n, m))
    columns = ops.expand(ops.reshape(ops.iota(size=m), shape=(1, m)), shape=(n, m))
    below = ops.lt(columns, rows) if strict else ops.le(columns, rows)
    return ops.expand(
        ops.reshape(ops.cast(below, dtype=like.dtype), shape=(*(1,) * len(lead), n, m)),
        shape=like.shape,
    )


def _qr_vjp(ops: Any, g: Any, out: Any, x: Any, mode: str) -> tuple:
    """Walter and Lehmann, "On algorithmic differentiation of the QR decomposition" (2010)."""
    q, r = ops.pick(out, place=0), ops.pick(out, place=1)
    rows, columns = x.shape[-2:]
    if mode == "complete" and rows > columns:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols"
        )
    gq = g[0] if g[0] is not None else ops.fill(q, 0)
    gr = g[1] if g[1] is not None else ops.fill(r, 0)
    if rows >= columns:
        return (_qr_slope(ops, q, r, gq, gr),)
    # x = [a b] with a = q r1 and r = [r1 q^H b]
    r1, gr1 = _columns(ops, r, 0, rows), _columns(ops, gr, 0, rows)
    b, gr2 = _columns(ops, x, rows, columns), _columns(ops, gr, rows, columns)
    gq = ops.add(gq, ops.dot(b, _turned(ops, gr2)))
    return (ops.concat(_qr_slope(ops, q, r1, gq, gr1), ops.dot(q, gr2), axis=len(x.shape) - 1),)


def _columns(ops: Any, x: Any, start: int, stop: int) -> Any:
    lead = x.shape[:-1]
    return ops.slice(
        x, start=(*(0,) * len(lead), start), stop=(*lead, stop), step=(1,) * len(x.shape)
    )


def _qr_slope(ops: Any, q: Any, r: Any, gq: Any, gr: Any) -> Any:
    m = ops.sub(ops.dot(r, _turned(ops, gr)), ops.dot(_turned(ops, gq), q))
    low = ops.mul(m, _triangle(ops, m, strict=True))
    whole = ops.mul(m, _triangle(ops, m, strict=False))
    both = ops.add(whole, _turned(ops, low))
    return ops.dot(ops.add(gq, ops.dot(q, both)), _turned(ops, ops.inverse(r)))


def _qr_shape(s: tuple, mode: str) -> tuple:
    *lead, m, n = s
    k = m if mode == "complete" else min(m, n)
    return (*lead, m, k), (*lead, k, n)


qr = Host(
    "qr",
    lambda x, mode: tuple(np.linalg.qr(x, mode)),
    _qr_vjp,
    given(([(4, 3)], {"mode": "reduced"}), ([(2, 3, 3)], {"mode": "reduced"})),
    _qr_shape,
    lambda k, mode: (k, k),
)

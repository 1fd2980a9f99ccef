"""Host primitives of linear algebra: factorizations and solutions by numpy, with their gradients.

Gradients follow Giles, "Collected matrix derivative results" (2008), with complex matrices in the
convention that a cotangent is the conjugate of the derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from .. import dtypes
from .kinds import Host
from .samples import given

Shape = tuple[int, ...]


# ---------------------------------------------------------------- helpers of the rules
def _h(ops: Any, x: Any) -> Any:
    """The conjugate transpose."""
    n = len(x.shape)
    return ops.conj(ops.permute(x, dims=(*range(n - 2), n - 1, n - 2)))


def _dot(ops: Any, *xs: Any) -> Any:
    out = xs[0]
    for x in xs[1:]:
        out = ops.dot(out, x)
    return out


def _column(ops: Any, v: Any, like: Any) -> Any:
    """A vector [*, k] times the rows of [*, k, n], as a matrix of the dtype of `like`."""
    shape = like.shape
    v = v if v.dtype is like.dtype else ops.cast(v, dtype=like.dtype)
    return ops.expand(ops.reshape(v, shape=(*v.shape, 1)), shape=(*shape[:-1], shape[-1]))


def _row(ops: Any, v: Any, like: Any) -> Any:
    """A vector [*, k] over the columns of [*, n, k]."""
    v = v if v.dtype is like.dtype else ops.cast(v, dtype=like.dtype)
    return ops.expand(ops.reshape(v, shape=(*v.shape[:-1], 1, v.shape[-1])), shape=like.shape)


def _mask(ops: Any, like: Any, compare: str) -> Any:
    """Where the last two dimensions' column and row compare: "lt" is below the diagonal."""
    *lead, n, m = like.shape
    rows = ops.expand(ops.reshape(ops.iota(size=n), shape=(n, 1)), shape=(n, m))
    columns = ops.expand(ops.reshape(ops.iota(size=m), shape=(1, m)), shape=(n, m))
    test = getattr(ops, compare)(columns, rows)
    return ops.expand(ops.reshape(test, shape=(*(1,) * len(lead), n, m)), shape=like.shape)


def low(ops: Any, x: Any, compare: str) -> Any:
    """x where columns compare with rows, else 0: "lt", "le" keep lower triangles, "eq"
    diagonals."""
    return ops.where(_mask(ops, x, compare), x, ops.fill(x, 0))


def high(ops: Any, x: Any, strict: bool = False) -> Any:
    """The upper triangle of x."""
    return ops.where(_mask(ops, x, "le" if strict else "lt"), ops.fill(x, 0), x)


def _eye(ops: Any, like: Any) -> Any:
    return low(ops, ops.fill(like, 1), "eq")


def _each(call: Callable, results: int) -> Callable:
    """A function of one matrix as one of batches."""

    def batched(*xs: np.ndarray, **attrs: Any) -> Any:
        lead = xs[0].shape[:-2]
        flat = [x.reshape((prod(lead), *x.shape[len(lead) :])) for x in xs]
        rows = [call(*row, **attrs) for row in zip(*flat)]
        if not rows:
            zero = [np.zeros(x.shape[1:], x.dtype) for x in flat]
            rows = [call(*zero, **attrs)]
            return tuple(np.zeros((*lead, *np.shape(r)), np.asarray(r).dtype) for r in rows[0])
        stacked = tuple(np.stack([row[i] for row in rows]) for i in range(results))
        return tuple(s.reshape((*lead, *s.shape[1:])) for s in stacked)

    return batched


_SQUARE = given(([(3, 3)], {}), ([(2, 4, 4)], {}))


# ---------------------------------------------------------------- solve
def _solve_ref(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if 0 in b.shape or 0 in a.shape:
        return np.zeros(b.shape, b.dtype)
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        (out,) = _each(_solve_one, 1)(a, b)
        return out


def _solve_one(a: np.ndarray, b: np.ndarray) -> tuple:
    try:
        return (np.linalg.solve(a, b),)
    except np.linalg.LinAlgError:
        return (np.full(b.shape, np.inf, b.dtype),)


def _solve_vjp(ops: Any, g: Any, out: Any, a: Any, b: Any) -> tuple:
    gb = ops.solve(_h(ops, a), g)
    return ops.neg(ops.dot(gb, _h(ops, out))), gb


solve = Host(
    "solve",
    _solve_ref,
    _solve_vjp,
    given(([(3, 3), (3, 2)], {}), ([(2, 4, 4), (2, 4, 1)], {})),
    lambda a, b: b,
    lambda a, b: a,
)


# ---------------------------------------------------------------- LU with row exchanges
def _lu_one(x: np.ndarray) -> tuple:
    """Elimination with partial pivots: packed factors, exchanges (from 1), a zero pivot's
    number."""
    a, (m, n) = x.copy(), x.shape
    k = min(m, n)
    swaps, info = np.zeros(k, np.int32), 0
    for i in range(k):
        p = i + int(np.argmax(np.abs(a[i:, i].real) + np.abs(a[i:, i].imag)))  # LAPACK's size
        swaps[i] = p + 1
        if p != i:
            a[[i, p]] = a[[p, i]]
        if a[i, i] == 0:
            info = info or i + 1
            continue
        a[i + 1 :, i] /= a[i, i]
        a[i + 1 :, i + 1 :] -= np.outer(a[i + 1 :, i], a[i, i + 1 :])
    return a, swaps, np.int32(info)


def _unpivoted_one(x: np.ndarray) -> tuple:
    a, k, info = x.copy(), min(x.shape), 0
    for i in range(k):
        if a[i, i] == 0:
            info = info or i + 1
            continue
        a[i + 1 :, i] /= a[i, i]
        a[i + 1 :, i + 1 :] -= np.outer(a[i + 1 :, i], a[i, i + 1 :])
    return a, np.arange(1, k + 1, dtype=np.int32), np.int32(info)


def _part(ops: Any, x: Any, rows: tuple[int, int], columns: tuple[int, int]) -> Any:
    lead = x.shape[:-2]
    start = (*(0,) * len(lead), rows[0], columns[0])
    stop = (*lead, rows[1], columns[1])
    return ops.slice(x, start=start, stop=stop, step=(1,) * len(stop))


def _lu_vjp(ops: Any, g: Any, out: Any, x: Any, pivot: bool) -> tuple:
    """Square part: P L^-H (tril_(L^H gL) + triu(gU U^H)) U^-H; the rest from L U = P^T A."""
    packed, swaps = ops.pick(out, place=0), ops.pick(out, place=1)
    g = g[0] if g[0] is not None else ops.fill(packed, 0)
    m, n = x.shape[-2:]
    k = min(m, n)
    square = _part(ops, packed, (0, k), (0, k))
    lower = ops.add(low(ops, square, "lt"), _eye(ops, square))
    upper = high(ops, square)
    g1 = _part(ops, g, (0, k), (0, k))
    gl, gu = low(ops, g1, "lt"), high(ops, g1)
    rest = None
    if n > k:
        gx = ops.solve(_h(ops, lower), _part(ops, g, (0, k), (k, n)))
        gl = ops.sub(gl, ops.dot(gx, _h(ops, _part(ops, packed, (0, k), (k, n)))))
        rest = gx
    elif m > k:
        below = _part(ops, g, (k, m), (0, k))
        gx = _h(ops, ops.solve(upper, _h(ops, below)))
        gu = ops.sub(gu, ops.dot(_h(ops, _part(ops, packed, (k, m), (0, k))), gx))
        rest = gx
    inner = ops.add(
        low(ops, ops.dot(_h(ops, lower), gl), "lt"), high(ops, ops.dot(gu, _h(ops, upper)))
    )
    found = ops.solve(_h(ops, lower), _h(ops, ops.solve(upper, _h(ops, inner))))
    if rest is not None:
        found = ops.concat(found, rest, axis=len(x.shape) - (1 if n > k else 2))
    return (ops.dot(permutation(ops, swaps, m, x.dtype), found),) if pivot else (found,)


def permutation(ops: Any, swaps: Any, rows: int, kind: Any) -> Any:
    """The matrix P of A = P L U from row exchanges."""
    order = ops.reordered(swaps, rows=rows)
    shape = (*order.shape, rows)
    columns = ops.expand(ops.reshape(order, shape=(*order.shape, 1)), shape=shape)
    numbers = ops.reshape(ops.iota(size=rows), shape=(*(1,) * len(order.shape), rows))
    ones = ops.cast(ops.eq(columns, ops.expand(numbers, shape=shape)), dtype=kind)
    n = len(shape)  # row i of P^T has its one in column order[i]
    return ops.permute(ones, dims=(*range(n - 2), n - 1, n - 2))


def _reordered_ref(swaps: np.ndarray, rows: int) -> np.ndarray:
    """The order of the rows after the exchanges."""
    lead = swaps.shape[:-1]
    out = np.broadcast_to(np.arange(rows), (*lead, rows)).reshape(prod(lead), rows).copy()
    for order, steps in zip(out, swaps.reshape(prod(lead), swaps.shape[-1])):
        for i, p in enumerate(steps):
            order[[i, p - 1]] = order[[p - 1, i]]
    return out.reshape((*lead, rows))


reordered = Host(
    "reordered",
    _reordered_ref,
    lambda ops, g, out, swaps, rows: (None,),
    lambda rng: iter([([np.array([3, 2, 3])], {"rows": 3})]),
    lambda s, rows: (*s[:-1], rows),
    lambda k, rows: dtypes.int64,
)


def _lu_ref(x: np.ndarray, pivot: bool) -> tuple:
    return _each(_lu_one if pivot else _unpivoted_one, 3)(x)


lu = Host(
    "lu",
    _lu_ref,
    _lu_vjp,
    given(([(3, 3)], {"pivot": True}), ([(2, 4, 3)], {"pivot": True}), ([(2, 5)], {"pivot": True})),
    lambda s, pivot: (s, (*s[:-2], min(s[-2:])), s[:-2]),
    lambda k, pivot: (k, dtypes.int32, dtypes.int32),
)


# ---------------------------------------------------------------- Cholesky
def _cholesky_one(x: np.ndarray) -> tuple:
    try:
        return np.linalg.cholesky(x), np.int32(0)
    except np.linalg.LinAlgError:
        n = len(x)
        for k in range(1, n + 1):
            try:
                np.linalg.cholesky(x[:k, :k])
            except np.linalg.LinAlgError:
                return np.tril(x), np.int32(k)
        return np.full_like(x, np.nan), np.int32(n)


def _cholesky_ref(x: np.ndarray) -> tuple:
    try:
        return np.linalg.cholesky(x), np.zeros(x.shape[:-2], np.int32)
    except np.linalg.LinAlgError:
        return _each(_cholesky_one, 2)(x)


def _cholesky_vjp(ops: Any, g: Any, out: Any, x: Any) -> tuple:
    """Murray, "Differentiation of the Cholesky decomposition" (2016)."""
    factor = ops.pick(out, place=0)
    g = g[0] if g[0] is not None else ops.fill(factor, 0)
    m = low(ops, ops.dot(_h(ops, factor), g), "le")
    half = ops.mul(ops.add(m, _h(ops, low(ops, m, "lt"))), ops.fill(m, 0.5))
    diagonal = low(ops, half, "eq")
    if m.dtype.is_complex:  # the diagonal of the factor is real
        real = ops.complex(ops.real(diagonal), ops.fill(ops.real(diagonal), 0))
        half = ops.add(ops.sub(half, diagonal), real)
    inner = ops.solve(_h(ops, factor), half)
    return (_h(ops, ops.solve(_h(ops, factor), _h(ops, inner))),)


def _positive(rng: np.random.Generator) -> Any:
    for shape in [(3, 3), (2, 4, 4)]:
        x = rng.standard_normal(shape).astype(np.float32)
        yield [x @ np.swapaxes(x, -1, -2) + np.eye(shape[-1], dtype=np.float32)], {}


cholesky = Host(
    "cholesky",
    _cholesky_ref,
    _cholesky_vjp,
    _positive,
    lambda s: (s, s[:-2]),
    lambda k: (k, dtypes.int32),
)


# ---------------------------------------------------------------- eigenvalues
def _gaps(ops: Any, v: Any, like: Any) -> Any:
    """v_j - v_i, with ones on the diagonal."""
    gap = ops.sub(_row(ops, v, like), _column(ops, v, like))
    return ops.where(_mask(ops, like, "eq"), ops.fill(gap, 1), gap)


def _eigh_vjp(ops: Any, g: Any, out: Any, x: Any) -> tuple:
    w, v = ops.pick(out, place=0), ops.pick(out, place=1)
    if g[1] is None:
        return (_dot(ops, ops.mul(v, _row(ops, g[0], v)), _h(ops, v)),)
    inner = ops.dot(_h(ops, v), g[1])
    inner = ops.div(inner, _gaps(ops, w, inner))
    inner = ops.where(_mask(ops, inner, "eq"), ops.fill(inner, 0), inner)
    if g[0] is not None:
        inner = ops.add(inner, low(ops, _row(ops, g[0], inner), "eq"))
    return (_dot(ops, v, inner, _h(ops, v)),)


eigh = Host(
    "eigh",
    lambda x: tuple(np.linalg.eigh(x)),
    _eigh_vjp,
    _positive,
    lambda s: (s[:-1], s),
    lambda k: (k.to_real(), k),
)


def _eig_ref(x: np.ndarray) -> tuple:
    kind = np.result_type(x.dtype, np.complex64)
    if 0 in x.shape:
        return np.zeros(x.shape[:-1], kind), np.zeros(x.shape, kind)
    w, v = np.linalg.eig(x)
    return w.astype(kind), v.astype(kind)


def _eig_vjp(ops: Any, g: Any, out: Any, x: Any) -> tuple:
    """As for Hermitian matrices, with V^-H for V, and eigenvectors of length 1."""
    w, v = ops.pick(out, place=0), ops.pick(out, place=1)
    vh = _h(ops, v)
    inner = None
    if g[1] is not None:
        inner = ops.dot(vh, g[1])
        length = ops.real(low(ops, inner, "eq"))
        length = ops.sum(length, axes=(len(length.shape) - 2,))
        inner = ops.sub(inner, ops.mul(ops.dot(vh, v), _row(ops, length, inner)))
        inner = ops.div(inner, ops.conj(_gaps(ops, w, inner)))
        inner = ops.where(_mask(ops, inner, "eq"), ops.fill(inner, 0), inner)
    if g[0] is not None:
        spread = low(ops, _row(ops, g[0], v), "eq")
        inner = spread if inner is None else ops.add(inner, spread)
    found = ops.solve(vh, ops.dot(inner, vh))
    return (found if x.dtype.is_complex else ops.real(found),)


eig = Host(
    "eig",
    _eig_ref,
    _eig_vjp,
    _SQUARE,
    lambda s: (s[:-1], s),
    lambda k: (k.to_complex(), k.to_complex()),
)


# ---------------------------------------------------------------- singular values
def _svd_ref(x: np.ndarray, full: bool) -> tuple:
    u, s, vh = np.linalg.svd(x, full_matrices=full)
    return u, s, vh


def _skewed(ops: Any, u: Any, g: Any, values: Any) -> Any:
    """(U^H gU - its own conjugate transpose) / (s_j^2 - s_i^2), 0 on the diagonal."""
    inner = ops.dot(_h(ops, u), g)
    inner = ops.sub(inner, _h(ops, inner))
    off = ops.div(inner, _gaps(ops, ops.mul(values, values), inner))
    return ops.where(_mask(ops, inner, "eq"), ops.fill(off, 0), off), inner


def _svd_vjp(ops: Any, g: Any, out: Any, x: Any, full: bool) -> tuple:
    k = min(x.shape[-2:])
    u, values = ops.pick(out, place=0), ops.pick(out, place=1)
    vh = ops.pick(out, place=2)
    gu, gs, gvh = (g[i] for i in range(3))
    if full:
        m, n = x.shape[-2:]
        u, vh = _part(ops, u, (0, m), (0, k)), _part(ops, vh, (0, k), (0, n))
        gu = None if gu is None else _part(ops, gu, (0, m), (0, k))
        gvh = None if gvh is None else _part(ops, gvh, (0, k), (0, n))
    v = _h(ops, vh)
    total = ops.fill(ops.dot(_h(ops, u), u), 0)
    if gs is not None:
        total = ops.add(total, low(ops, _row(ops, gs, total), "eq"))
    if gu is not None:
        off, inner = _skewed(ops, u, gu, values)
        total = ops.add(total, ops.mul(off, _row(ops, values, off)))
        if x.dtype.is_complex:
            two = ops.mul(_row(ops, values, inner), ops.fill(inner, 2))
            total = ops.add(total, low(ops, ops.div(inner, two), "eq"))
    if gvh is not None:
        off, _ = _skewed(ops, v, _h(ops, gvh), values)
        total = ops.add(total, ops.mul(_column(ops, values, off), off))
    found = _dot(ops, u, total, vh)
    if gu is not None and x.shape[-2] > k:
        over = ops.div(gu, _row(ops, values, gu))
        over = ops.sub(over, _dot(ops, u, _h(ops, u), over))
        found = ops.add(found, ops.dot(over, vh))
    if gvh is not None and x.shape[-1] > k:
        over = ops.div(gvh, _column(ops, values, gvh))
        over = ops.sub(over, _dot(ops, over, v, vh))
        found = ops.add(found, ops.dot(u, over))
    return (found,)


def _svd_shape(s: Shape, full: bool) -> tuple:
    *lead, m, n = s
    k = min(m, n)
    return (*lead, m, m if full else k), (*lead, k), (*lead, n if full else k, n)


svd = Host(
    "svd",
    _svd_ref,
    _svd_vjp,
    given(([(3, 3)], {"full": False}), ([(2, 4, 3)], {"full": False})),
    _svd_shape,
    lambda k, full: (k, k.to_real(), k),
)


# ---------------------------------------------------------------- determinants
def _adjugate_h(ops: Any, x: Any) -> Any:
    """The conjugate transpose of the adjugate, also of singular matrices: by singular values."""
    found = ops.svd(x, full=False)
    u, s, vh = (ops.pick(found, place=i) for i in range(3))
    n = x.shape[-1]
    shape = (*s.shape, n)
    others = ops.expand(ops.reshape(s, shape=(*s.shape[:-1], 1, n)), shape=shape)
    others = ops.where(_mask(ops, others, "eq"), ops.fill(others, 1), others)
    others = ops.prod(others, axes=(len(shape) - 1,))
    sign = ops.conj(ops.mul(ops.det(u), ops.det(vh)))
    turned = ops.dot(ops.mul(u, _row(ops, others, u)), vh)
    both = ops.reshape(sign, shape=(*sign.shape, 1, 1))
    return ops.mul(ops.expand(both, shape=turned.shape), turned)


def _det_vjp(ops: Any, g: Any, out: Any, x: Any) -> tuple:
    part = _adjugate_h(ops, x)
    return (ops.mul(ops.expand(ops.reshape(g, shape=(*g.shape, 1, 1)), shape=x.shape), part),)


det = Host(
    "det",
    lambda x: np.asarray(np.linalg.det(x), x.dtype),
    _det_vjp,
    _SQUARE,
    lambda s: s[:-2],
    lambda k: k,
)


def _slogdet_vjp(ops: Any, g: Any, out: Any, x: Any) -> tuple:
    sign = ops.pick(out, place=0)
    factor = g[1]
    if x.dtype.is_complex:
        zero = ops.fill(ops.real(sign), 0)
        turn = zero if g[0] is None else ops.imag(ops.mul(g[0], ops.conj(sign)))
        factor = ops.complex(zero if g[1] is None else g[1], turn)
    if factor is None:
        return (None,)
    spread = ops.expand(ops.reshape(factor, shape=(*factor.shape, 1, 1)), shape=x.shape)
    eye = _eye(ops, x)
    return (ops.solve(_h(ops, x), ops.mul(spread, eye)),)


def _slogdet_ref(x: np.ndarray) -> tuple:
    sign, size = np.linalg.slogdet(x)
    return np.asarray(sign, x.dtype), np.asarray(size, x.real.dtype)


slogdet = Host(
    "slogdet",
    _slogdet_ref,
    _slogdet_vjp,
    _SQUARE,
    lambda s: (s[:-2], s[:-2]),
    lambda k: (k, k.to_real()),
)


# ---------------------------------------------------------------- exponential
def _exp_ref(x: np.ndarray) -> np.ndarray:
    """Scaling and squaring of a Taylor polynomial of degree 18 (Bader, Blanes and Casas, 2019)."""
    if 0 in x.shape:
        return np.zeros(x.shape, x.dtype)
    kind = np.result_type(x.dtype, np.float64)
    a = x.astype(kind)
    size = np.abs(a).sum(-2).max(-1)
    finite = size[np.isfinite(size)]
    largest = float(finite.max()) if finite.size else 0.0
    times = max(0, int(np.ceil(np.log2(max(largest, 1e-300)))) + 1)
    a = a / 2.0**times
    term = out = np.broadcast_to(np.eye(x.shape[-1], dtype=kind), x.shape)
    for i in range(1, 19):
        term = term @ a / i
        out = out + term
    for _ in range(times):
        out = out @ out
    return out.astype(x.dtype)


def _exp_vjp(ops: Any, g: Any, out: Any, x: Any) -> tuple:
    """The upper right block of exp([[A^H, g], [0, A^H]]) (Mathias, 1996)."""
    n, axis, turned = x.shape[-1], len(x.shape) - 1, _h(ops, x)
    top = ops.concat(turned, g, axis=axis)
    bottom = ops.concat(ops.fill(x, 0), turned, axis=axis)
    whole = ops.matrix_exp(ops.concat(top, bottom, axis=axis - 1))
    return (_part(ops, whole, (0, n), (n, 2 * n)),)


matrix_exp = Host("matrix_exp", _exp_ref, _exp_vjp, _SQUARE, lambda s: s, lambda k: k)


# ---------------------------------------------------------------- pseudo-inverses and least squares
def _pinv_ref(x: np.ndarray, atol: np.ndarray, rtol: np.ndarray, hermitian: bool) -> np.ndarray:
    if 0 in x.shape:
        return np.zeros((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)
    if hermitian:
        s, u = np.linalg.eigh(x)
        vh = np.swapaxes(u, -1, -2).conj()
    else:
        u, s, vh = np.linalg.svd(x, full_matrices=False)
    least = np.maximum(atol, rtol * np.abs(s).max(-1))[..., None]
    kept = np.abs(s) > least
    inverse = np.where(kept, 1 / np.where(kept, s, 1), 0).astype(x.real.dtype)
    turned = np.swapaxes(vh, -1, -2).conj() * inverse[..., None, :]
    return turned @ np.swapaxes(u, -1, -2).conj()


def pinv_slope(ops: Any, g: Any, p: Any, x: Any) -> Any:
    """Golub and Pereyra, "The differentiation of pseudo-inverses" (1973)."""
    ph, gh = _h(ops, p), _h(ops, g)
    first = _dot(ops, ph, g, ph)
    left = _dot(ops, gh, p, ph)
    left = ops.sub(left, _dot(ops, x, p, left))
    right = _dot(ops, ph, p, gh)
    right = ops.sub(right, _dot(ops, right, p, x))
    return ops.add(ops.sub(left, first), right)


pinv = Host(
    "pinv",
    _pinv_ref,
    lambda ops, g, out, x, atol, rtol, hermitian: (pinv_slope(ops, g, out, x), None, None),
    lambda rng: iter(
        [([rng.uniform(-2, 2, (3, 2)), np.zeros(()), np.zeros(())], {"hermitian": False})]
    ),
    lambda x, atol, rtol, hermitian: (*x[:-2], x[-1], x[-2]),
    lambda x, atol, rtol, hermitian: x,
)


def _lstsq_one(a: np.ndarray, b: np.ndarray, rcond: float) -> tuple:
    x, _, rank, s = np.linalg.lstsq(a, b, rcond=rcond)
    return x, np.int64(rank), s


def _lstsq_ref(a: np.ndarray, b: np.ndarray, rcond: float) -> tuple:
    return _each(_lstsq_one, 3)(a, b, rcond=rcond)


def _lstsq_vjp(ops: Any, g: Any, out: Any, a: Any, b: Any, rcond: float) -> tuple:
    if g[0] is None:
        return None, None
    none = ops.const(0.0, a.dtype.to_real())
    p = ops.pinv(a, none, ops.const(rcond, a.dtype.to_real()), hermitian=False)
    slope = pinv_slope(ops, ops.dot(g[0], _h(ops, b)), p, a)
    return slope, ops.dot(_h(ops, p), g[0])


lstsq = Host(
    "lstsq",
    _lstsq_ref,
    _lstsq_vjp,
    given(([(4, 2), (4, 3)], {"rcond": 1e-6})),
    lambda a, b, rcond: ((*a[:-2], a[-1], b[-1]), a[:-2], (*a[:-2], min(a[-2:]))),
    lambda a, b, rcond: (a, dtypes.int64, a.to_real()),
)


# ---------------------------------------------------------------- reflectors
def _geqrf_ref(x: np.ndarray) -> tuple:
    if 0 in x.shape:
        return x.copy(), np.zeros((*x.shape[:-2], min(x.shape[-2:])), x.dtype)
    h, tau = np.linalg.qr(x, mode="raw")
    return np.swapaxes(h, -1, -2).astype(x.dtype), tau.astype(x.dtype)


def _no_gradient(*args: Any, **attrs: Any) -> tuple:
    raise NotImplementedError("the derivative for 'geqrf' is not implemented.")


geqrf = Host(
    "geqrf",
    _geqrf_ref,
    _no_gradient,
    lambda rng: iter(()),
    lambda s: (s, (*s[:-2], min(s[-2:]))),
    lambda k: (k, k),
)

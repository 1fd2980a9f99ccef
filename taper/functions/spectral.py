"""Eigenvalues, singular values, and what is made of them: pseudo-inverses, ranks, least squares."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from .. import dtypes
from ..calls import apply
from ..errors import LinAlgError, MissingExtraError
from ..ir.build import ops
from ..ir.node import Node
from ..ops import matrices
from ..tensor import Tensor
from . import return_types
from .common import expand, store
from .creation import from_array
from .linalg import _into, _is_vector, _matrices, _picked, adjoint, qr
from .random import randn


# ---------------------------------------------------------------- singular values
def _svd(x: Node, full: bool) -> tuple[Node, Node, Node]:
    _matrices(x, "linalg.svd", square=False)
    return _picked(ops.svd(x, full=full), 3)  # type: ignore[return-value]


def svd(
    A: Tensor, full_matrices: bool = True, *, driver: str | None = None, out: Any = None
) -> return_types.linalg_svd:
    """A = U diag(S) Vh with orthonormal U and V, the singular values falling."""
    if driver is not None:
        raise RuntimeError(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with "
            "cuSOLVER backend."
        )
    found = apply("LinalgSvdBackward0", _svd, (A,), (full_matrices,))
    return return_types.linalg_svd(_into(out, found))


def _svd_old(x: Node, some: bool) -> tuple[Node, Node, Node]:
    u, s, vh = _svd(x, not some)
    return u, s, adjoint(vh)


def svd_old(
    input: Tensor, some: bool = True, compute_uv: bool = True, *, out: Any = None
) -> return_types.svd:
    """`torch.svd`: U, S and V (not its adjoint)."""
    u, s, v = apply("LinalgSvdBackward0", _svd_old, (input,), (some,))
    if not compute_uv:
        u, v = (
            x.new_zeros((*x.shape[:-2], n, n))
            for x, n in ((u, input.shape[-2]), (v, input.shape[-1]))
        )
    return return_types.svd(_into(out, (u, s, v)))


def _svdvals(x: Node) -> Node:
    _matrices(x, "linalg.svdvals", square=False)
    return ops.pick(ops.svd(x, full=False), place=1)


def svdvals(A: Tensor, *, driver: str | None = None, out: Tensor | None = None) -> Tensor:
    """The singular values, falling."""
    return store(out, apply("LinalgSvdBackward0", _svdvals, (A,)))


# ---------------------------------------------------------------- eigenvalues
def _whole(x: Node, upper: bool) -> Node:
    """The Hermitian matrix that one triangle stands for."""
    if upper:
        return ops.add(matrices.high(ops, x), adjoint(matrices.high(ops, x, True)))
    return ops.add(matrices.low(ops, x, "le"), adjoint(matrices.low(ops, x, "lt")))


def _eigh(x: Node, upper: bool) -> tuple[Node, Node]:
    _matrices(x, "linalg.eigh")
    still = ops.sub(_whole(x, upper), x)  # the gradient is that of a Hermitian matrix
    return _picked(ops.eigh(ops.add(x, ops.bitcast(still, dtype=x.dtype))), 2)  # type: ignore[return-value]


def _upper(UPLO: str) -> bool:
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return UPLO.upper() == "U"


def eigh(A: Tensor, UPLO: str = "L", *, out: Any = None) -> return_types.linalg_eigh:
    """Eigenvalues, rising, and eigenvectors of Hermitian matrices given by one triangle."""
    found = apply("LinalgEighBackward0", _eigh, (A,), (_upper(UPLO),))
    return return_types.linalg_eigh(_into(out, found))


def _eigvalsh(x: Node, upper: bool) -> Node:
    return _eigh(x, upper)[0]


def eigvalsh(A: Tensor, UPLO: str = "L", *, out: Tensor | None = None) -> Tensor:
    """The eigenvalues of Hermitian matrices, rising."""
    return store(out, apply("LinalgEighBackward0", _eigvalsh, (A,), (_upper(UPLO),)))


def _eig(x: Node) -> tuple[Node, Node]:
    _matrices(x, "linalg.eig")
    return _picked(ops.eig(x), 2)  # type: ignore[return-value]


def eig(A: Tensor, *, out: Any = None) -> return_types.linalg_eig:
    """Eigenvalues and eigenvectors of any square matrices, complex."""
    _check_finite(A)
    return return_types.linalg_eig(_into(out, apply("LinalgEigBackward0", _eig, (A,))))


def _check_finite(A: Tensor) -> None:
    if A.dim() >= 2 and A.dtype.inexact and not np.isfinite(A.detach()._array()).all():
        raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.")


def _eigvals(x: Node) -> Node:
    return _eig(x)[0]


def eigvals(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The eigenvalues of any square matrices, complex."""
    return store(out, apply("LinalgEigBackward0", _eigvals, (A,)))


# ---------------------------------------------------------------- pseudo-inverses
def _tolerances(A: Tensor, atol: Any, rtol: Any, name: str) -> tuple[Tensor, Tensor]:
    """Both as tensors of A's real dtype; the relative one is eps max(m, n) unless atol is given."""
    kind = A.dtype.to_real() if A.dtype.inexact else dtypes.get_default()
    for t, what in ((atol, "atol"), (rtol, "rtol")):
        if isinstance(t, Tensor) and t.is_complex():
            raise RuntimeError(
                f"torch.linalg.{name}: {what} tensor of complex type is not supported."
            )
    if rtol is None:
        rtol = 0.0
        if atol is None or (not isinstance(atol, Tensor) and atol == 0):
            rtol = dtypes.finfo(kind).eps * max(A.shape[-2:])
    found = []
    for t in (0.0 if atol is None else atol, rtol):
        t = t if isinstance(t, Tensor) else from_array(np.asarray(t, kind.array), A.device)
        found.append(t.detach().to(kind))
    return found[0], found[1]


def _pinv(x: Node, atol: Node, rtol: Node, hermitian: bool) -> Node:
    _matrices(x, "linalg.pinv", square=hermitian)
    lead = x.shape[:-2]
    return ops.pinv(x, expand(atol, lead), expand(rtol, lead), hermitian=hermitian)


def pinv(
    A: Tensor,
    rcond: Any = None,
    hermitian: bool = False,
    *,
    atol: Any = None,
    rtol: Any = None,
    out: Tensor | None = None,
) -> Tensor:
    """The Moore-Penrose inverse; singular values below max(atol, rtol * largest) count as zero."""
    if A.dim() >= 2:
        absolute, relative = _tolerances(A, atol, rcond if rtol is None else rtol, "pinv")
    else:
        absolute = relative = from_array(np.zeros((), A.dtype.array), A.device)
    return store(out, apply("LinalgPinvBackward0", _pinv, (A, absolute, relative), (hermitian,)))


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """`pinv` with a relative tolerance."""
    return pinv(input, rcond)


def _rank(x: Node, atol: Node, rtol: Node, hermitian: bool) -> Node:
    _matrices(x, "linalg.matrix_rank", square=hermitian)
    if 0 in x.shape[-2:]:
        return ops.full(x.shape[:-2], 0, dtypes.int64)
    s = ops.abs(_eigvalsh(x, False)) if hermitian else _svdvals(x)
    largest = ops.max(s, axes=(len(s.shape) - 1,))
    lead = x.shape[:-2]
    least = ops.maximum(expand(atol, lead), ops.mul(expand(rtol, lead), largest))
    spread = expand(ops.reshape(least, shape=(*lead, 1)), s.shape)
    return ops.sum(ops.cast(ops.lt(spread, s), dtype=dtypes.int64), axes=(len(s.shape) - 1,))


def matrix_rank(
    A: Tensor,
    tol: Any = None,
    hermitian: bool = False,
    *,
    atol: Any = None,
    rtol: Any = None,
    out: Tensor | None = None,
) -> Tensor:
    """How many singular values exceed max(atol, rtol * largest)."""
    if A.dim() < 2:
        raise RuntimeError(
            "linalg.matrix_rank: The input tensor input must have at least 2 dimensions."
        )
    if tol is not None:
        atol, rtol = tol, 0.0
    given = _tolerances(A, atol, rtol, "matrix_rank")
    return store(out, apply(None, _rank, (A, *given), (hermitian,)))


# ---------------------------------------------------------------- least squares
def _lstsq(a: Node, b: Node, rcond: float) -> tuple[Node, Node, Node, Node]:
    _matrices(a, "torch.linalg.lstsq", square=False)
    vector = _is_vector(a, b)
    if vector:
        b = ops.reshape(b, shape=(*b.shape, 1))
    if a.dtype is not b.dtype:
        raise RuntimeError("torch.linalg.lstsq: Expected input and other to have the same dtype")
    if a.shape[-2] != b.shape[-2]:
        raise RuntimeError("torch.linalg.lstsq: input.size(-2) should match other.size(-2)")
    if a.shape[:-2] != b.shape[:-2]:
        raise RuntimeError(
            "torch.linalg.lstsq: input.shape[:-2] and other.shape[:-2] should be the same"
        )
    x, rank, values = _picked(ops.lstsq(a, b, rcond=rcond), 3)
    gap = ops.sub(b, ops.dot(a, x))
    size = ops.abs(gap)
    left = ops.sum(ops.mul(size, size), axes=(len(size.shape) - 2,))
    if vector:
        x = ops.reshape(x, shape=x.shape[:-1])
    return x, left, rank, values


def lstsq(
    A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None
) -> return_types.linalg_lstsq:
    """The X of least |A X - B|: solution, squared residuals, rank and singular values.

    Drivers "gelsd" and "gelss" give singular values, "gelsy" a rank; "gels" takes A of full rank.
    """
    if driver is not None and driver not in ("gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError(
            "torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)"
        )
    if B.dim() < 1:
        raise RuntimeError("torch.linalg.lstsq: other must have at least 1 dimension.")
    if A.dim() < 2:
        raise RuntimeError("torch.linalg.lstsq: input must have at least 2 dimensions.")
    kind = driver or "gelsy"
    if rcond is None:
        rcond = dtypes.finfo(A.dtype).eps * max(A.shape[-2:]) if A.dtype.inexact else 0.0
    x, left, rank, values = apply("LinalgLstsqBackward0", _lstsq, (A, B), (float(rcond),))
    m, n = A.shape[-2:]
    none = A.new_empty((0,))
    over = m > n and kind != "gelsy"
    if over and kind != "gels":
        over = bool((rank._array() == n).all())
    return return_types.linalg_lstsq(
        (
            x,
            left if over else left.reshape(-1)[:0],
            rank if kind != "gels" else none.to(dtypes.int64),
            values.detach() if kind in ("gelsd", "gelss") else none.to(A.dtype.to_real()),
        )
    )


# ---------------------------------------------------------------- L D L^H, by LAPACK
def _lapack(name: str, like: np.ndarray) -> Any:
    try:
        from scipy.linalg import get_lapack_funcs
    except ImportError:
        raise MissingExtraError(f"linalg.{name}", "scipy", "scipy") from None
    return get_lapack_funcs((name,), (like,))[0]


def _check_ldl(A: Tensor, name: str) -> np.ndarray:
    if A.dim() < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if A.shape[-1] != A.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {A.shape[-2]} by "
            f"{A.shape[-1]} matrices"
        )
    return A.detach()._array()


def ldl_factor_ex(
    A: Tensor, *, hermitian: bool = False, check_errors: bool = False, out: Any = None
) -> return_types.linalg_ldl_factor_ex:
    """L and D of L D L^T = A as LAPACK packs them, pivots and codes; needs scipy."""
    array = _check_ldl(A, "torch.linalg.ldl_factor_ex")
    lead = array.shape[:-2]
    n = array.shape[-1]
    name = "hetrf" if hermitian and array.dtype.kind == "c" else "sytrf"
    rows = []
    for x in array.reshape(prod(lead), n, n):
        packed, pivots, info = _lapack(name, array)(x, lower=1)
        rows.append((np.tril(packed), pivots, info))
    packed = np.array([r[0] for r in rows], array.dtype).reshape(array.shape)
    pivots = np.array([r[1] for r in rows], np.int32).reshape((*lead, n))
    info = np.array([r[2] for r in rows], np.int32).reshape(lead)
    if check_errors and info.any():
        raise LinAlgError(f"torch.linalg.ldl_factor_ex: The diagonal element {info.max()} is zero")
    found = tuple(from_array(a, A.device) for a in (packed, pivots, info))
    return return_types.linalg_ldl_factor_ex(_into(out, found))


def ldl_factor(
    A: Tensor, *, hermitian: bool = False, out: Any = None
) -> return_types.linalg_ldl_factor:
    """`ldl_factor_ex` without the codes."""
    found = ldl_factor_ex(A, hermitian=hermitian, check_errors=True)
    return return_types.linalg_ldl_factor(_into(out, tuple(found[:2])))


def ldl_solve(
    LD: Tensor,
    pivots: Tensor,
    B: Tensor,
    *,
    hermitian: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """The solution of A X = B from the factors of `ldl_factor`; needs scipy."""
    packed = _check_ldl(LD, "torch.linalg.ldl_solve")
    if B.dim() < 2:
        raise RuntimeError("torch.linalg.ldl_solve: Expected B to have at least 2 dimensions")
    if B.shape[-2] != LD.shape[-1]:
        raise RuntimeError(
            "torch.linalg.ldl_solve: Incompatible matrix sizes: each LD matrix is "
            f"{LD.shape[-1]} by {LD.shape[-1]} but each B matrix is {B.shape[-2]} by {B.shape[-1]}"
        )
    name = "hetrs" if hermitian and packed.dtype.kind == "c" else "sytrs"
    b, swaps = B.detach()._array(), pivots._array()
    lead = np.broadcast_shapes(packed.shape[:-2], b.shape[:-2])
    n, k = b.shape[-2:]
    flat = [
        np.broadcast_to(a, (*lead, *s)).reshape(prod(lead), *s)
        for a, s in ((packed, (n, n)), (swaps, (n,)), (b, (n, k)))
    ]
    found = np.empty(flat[2].shape, b.dtype)
    for i, (f, p, rhs) in enumerate(zip(*flat)):
        if found[i].size:
            found[i] = _lapack(name, packed)(f, p, rhs, lower=1)[0]
    return store(out, from_array(found.reshape(*lead, n, k), B.device))


# ---------------------------------------------------------------- low rank
def svd_lowrank(
    A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """The q largest singular values and vectors of A - M (Halko, Martinsson and Tropp, 2009)."""
    q = 6 if q is None else q
    wide = A.shape[-2] < A.shape[-1]
    x = A if M is None else A - M.expand_as(A)
    x = x.mH if wide else x
    drawn = randn(*x.shape[:-2], x.shape[-1], q, dtype=A.dtype, device=A.device)
    basis = qr(x @ drawn)[0]
    for _ in range(niter or 0):
        basis = qr(x @ qr(x.mH @ basis)[0])[0]
    u, s, vh = svd(basis.mH @ x, full_matrices=False)
    u, v = basis @ u, vh.mH
    return (v, s, u) if wide else (u, s, v)


def pca_lowrank(
    A: Tensor, q: int | None = None, center: bool = True, niter: int = 2
) -> tuple[Tensor, Tensor, Tensor]:
    """Principal components of the rows of A by `svd_lowrank`."""
    m, n = A.shape[-2:]
    q = min(6, m, n) if q is None else q
    if not 0 <= q <= min(m, n):
        raise ValueError(
            f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}"
        )
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    if center:
        A = A - A.mean(dim=-2, keepdim=True)
    return svd_lowrank(A, q, niter=niter)

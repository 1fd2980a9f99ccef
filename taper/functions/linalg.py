"""Linear algebra: factorizations, solutions and inverses of batches of matrices."""

from __future__ import annotations

from math import prod
from typing import Any

from .. import dtypes
from ..calls import apply
from ..errors import LinAlgError
from ..ir.build import ops
from ..ir.node import Node
from ..ops import matrices
from ..shapes import broadcast as broadcast_shapes
from ..shapes import show, wrap_dim
from ..tensor import Tensor, formatting_name
from . import return_types, views
from .common import expand, scalar, store
from .products import eye


# ---------------------------------------------------------------- checks
def _matrices(x: Node, name: str, square: bool = True, argument: str = "A") -> None:
    """Refuse what is not a batch of (square) floating or complex matrices."""
    if len(x.shape) < 2:
        raise RuntimeError(f"{name}: The input tensor {argument} must have at least 2 dimensions.")
    if square and x.shape[-1] != x.shape[-2]:
        raise RuntimeError(
            f"{name}: {argument} must be batches of square matrices, but they are {x.shape[-2]} "
            f"by {x.shape[-1]} matrices"
        )
    _inexact(x, name)


def _inexact(x: Node, name: str) -> None:
    if not x.dtype.inexact:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got "
            f"{formatting_name(x.dtype)}"
        )
    if x.dtype.is_half:
        raise RuntimeError(
            f"{name}: Low precision dtypes not supported. Got {formatting_name(x.dtype)}"
        )


def _alike(a: Node, b: Node, name: str) -> None:
    if a.dtype is not b.dtype:
        raise RuntimeError(
            f"{name}: Expected A and B to have the same dtype, but found A of type "
            f"{formatting_name(a.dtype)} and B of type {formatting_name(b.dtype)} instead"
        )


def _succeeded(info: Tensor, what: str) -> None:
    """Raise for the first matrix that could not be handled; `what` has a place for the number."""
    codes = info._array()
    if codes.any():
        flat = codes.reshape(-1)
        place = int(flat.nonzero()[0][0])
        name, _, rest = what.partition(": ")
        batch = f"(Batch element {place}): " if codes.ndim else ""
        raise LinAlgError(f"{name}: {batch}{rest.format(int(flat[place]))}")


# ---------------------------------------------------------------- node helpers
def adjoint(x: Node) -> Node:
    """The conjugate transpose."""
    n = len(x.shape)
    return ops.conj(ops.permute(x, dims=(*range(n - 2), n - 1, n - 2)))


def _transposed(x: Node) -> Node:
    n = len(x.shape)
    return ops.permute(x, dims=(*range(n - 2), n - 1, n - 2))


def _picked(found: Node, count: int) -> tuple[Node, ...]:
    return tuple(ops.pick(found, place=i) for i in range(count))


def _batched(a: Node, b: Node) -> tuple[Node, Node]:
    """Both with the common batch dimensions."""
    lead = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return expand(a, (*lead, *a.shape[-2:])), expand(b, (*lead, *b.shape[-2:]))


def _is_vector(a: Node, b: Node) -> bool:
    """Whether b is a batch of vectors to solve for."""
    return len(b.shape) == 1 or (
        len(a.shape) - 1 == len(b.shape) and b.shape == a.shape[: len(b.shape)]
    )


def _unit(x: Node) -> Node:
    return eye(x.shape[-1], x.dtype, tuple(x.shape[:-2]))


def _triangle(x: Node, upper: bool, unit: bool) -> Node:
    if unit:
        part = matrices.high(ops, x, True) if upper else matrices.low(ops, x, "lt")
        return ops.add(part, _unit(x))
    return matrices.high(ops, x) if upper else matrices.low(ops, x, "le")


# ---------------------------------------------------------------- inverses and solutions
def _inverted(x: Node) -> tuple[Node, Node]:
    _matrices(x, "linalg.inv")
    return ops.inverse(x), _picked(ops.lu(_still(x), pivot=True), 3)[2]


def _still(x: Node) -> Node:
    return ops.bitcast(x, dtype=x.dtype)


_SINGULAR = (
    "The diagonal element {} is zero, the inversion could not be completed because the input "
    "matrix is singular."
)


def inv_ex(A: Tensor, *, check_errors: bool = False, out: Any = None) -> return_types.linalg_inv_ex:
    """Inverses [*, n, n], and for each matrix 0 or the number of a zero pivot."""
    found, info = apply("LinalgInvExBackward0", _inverted, (A,))
    if check_errors:
        _succeeded(info, f"linalg.inv: {_SINGULAR}")
    return return_types.linalg_inv_ex(_into(out, (found, info)))


def _into(out: Any, found: tuple) -> tuple:
    return found if out is None else tuple(store(o, f) for o, f in zip(out, found))


def inv(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverses of square matrices [*, n, n]; LinAlgError for a singular one."""
    return store(out, inv_ex(A, check_errors=True)[0])


def _solved(a: Node, b: Node, left: bool) -> tuple[Node, Node]:
    _matrices(a, "linalg.solve")
    _alike(a, b, "linalg.solve")
    vector = _is_vector(a, b)
    if vector and not left:
        raise RuntimeError(
            "linalg.solve: Vector broadcasting of the left hand side is not supported for "
            "left=False. In this case linalg.solve is equivalent to B / A.squeeze(-1)"
        )
    if vector:
        b = ops.reshape(b, shape=(*b.shape, 1))
    if not left:
        a, b = _transposed(a), _transposed(b)
    if a.shape[-1] != b.shape[-2]:
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation "
            f"{'AX = B' if left else 'XA = B'} ({a.shape[-2]}x{a.shape[-1]} and "
            f"{b.shape[-2]}x{b.shape[-1]})"
        )
    info = _picked(ops.lu(_still(a), pivot=True), 3)[2]
    x = ops.solve(*_batched(a, b))
    if not left:
        x = _transposed(x)
    return (ops.reshape(x, shape=x.shape[:-1]) if vector else x), info


def solve_ex(
    A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False, out: Any = None
) -> return_types.linalg_solve_ex:
    """The solutions of A X = B (or X A = B), and for each matrix 0 or the number of a zero
    pivot."""
    found, info = apply("LinalgSolveExBackward0", _solved, (A, B), (left,))
    if check_errors:
        _succeeded(
            info,
            "torch.linalg.solve: The solver failed because the input matrix is singular.",
        )
    return return_types.linalg_solve_ex(_into(out, (found, info)))


def solve(A: Tensor, B: Tensor, *, left: bool = True, out: Tensor | None = None) -> Tensor:
    """The solution X of A X = B; LinAlgError where A is singular."""
    return store(out, solve_ex(A, B, left=left, check_errors=True)[0])


def _solved_triangular(a: Node, b: Node, upper: bool, left: bool, unit: bool) -> Node:
    _matrices(a, "linalg.solve_triangular")
    if len(b.shape) < 2:
        raise RuntimeError(
            "linalg.solve_triangular: The input tensor B must have at least 2 dimensions."
        )
    _alike(a, b, "linalg.solve_triangular")
    fits = a.shape[-1] == b.shape[-2 if left else -1]
    if not fits:
        raise RuntimeError(
            "linalg.solve_triangular: Incompatible shapes of A and B for the equation "
            f"{'AX = B' if left else 'XA = B'} ({a.shape[-2]}x{a.shape[-1]} and "
            f"{b.shape[-2]}x{b.shape[-1]})"
        )
    part = _triangle(a, upper, unit)
    if left:
        return ops.solve(*_batched(part, b))
    return _transposed(ops.solve(*_batched(_transposed(part), _transposed(b))))


def solve_triangular(
    A: Tensor,
    B: Tensor,
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """The solution of A X = B (or X A = B) with the upper or lower triangle of A."""
    static = (upper, left, unitriangular)
    return store(out, apply("LinalgSolveTriangularBackward0", _solved_triangular, (A, B), static))


def _triangular_solved(b: Node, a: Node, upper: bool, turned: bool, unit: bool) -> tuple:
    if len(b.shape) < 2 or len(a.shape) < 2:
        which, n = ("b", b) if len(b.shape) < 2 else ("A", a)
        raise RuntimeError(
            f"torch.triangular_solve: Expected {which} to have at least 2 dimensions, but it has "
            f"{len(n.shape)} dimensions instead"
        )
    _matrices(a, "triangular_solve")
    part = _triangle(a, upper, unit)
    part, b = _batched(_transposed(part) if turned else part, b)
    return ops.solve(part, b), expand(a, part.shape)


def triangular_solve(
    input: Tensor,
    A: Tensor,
    upper: bool = True,
    transpose: bool = False,
    unitriangular: bool = False,
    *,
    out: Any = None,
) -> return_types.triangular_solve:
    """The solution X of A X = input with a triangle of A, and a copy of A."""
    found = apply(
        "TriangularSolveBackward0",
        _triangular_solved,
        (input, A),
        (upper, transpose, unitriangular),
    )
    return return_types.triangular_solve(_into(out, found))


# ---------------------------------------------------------------- LU
def _factored(x: Node, pivot: bool) -> tuple[Node, Node, Node]:
    _matrices(x, "torch.linalg.lu_factor", square=False)
    return _picked(ops.lu(x, pivot=pivot), 3)  # type: ignore[return-value]


def lu_factor_ex(
    A: Tensor, *, pivot: bool = True, check_errors: bool = False, out: Any = None
) -> return_types.linalg_lu_factor_ex:
    """Packed L and U, row exchanges from 1, and 0 or the number of a zero pivot."""
    found = apply("LinalgLuFactorExBackward0", _factored, (A,), (pivot,))
    if check_errors:
        _succeeded(
            found[2],
            "torch.linalg.lu_factor_ex: U[{0},{0}] is zero and using it on lu_solve would result "
            "in a division by zero. If you still want to perform the factorization, consider "
            "calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)",
        )
    return return_types.linalg_lu_factor_ex(_into(out, found))


def lu_factor(A: Tensor, *, pivot: bool = True, out: Any = None) -> return_types.linalg_lu_factor:
    """Packed L and U of P L U = A, and the row exchanges."""
    found = lu_factor_ex(A, pivot=pivot, check_errors=True)
    return return_types.linalg_lu_factor(_into(out, tuple(found[:2])))


def lu_old(
    A: Tensor, pivot: bool = True, get_infos: bool = False, out: Any = None
) -> tuple[Tensor, ...]:
    """`torch.lu`: packed L and U, row exchanges, and error codes if asked."""
    found = lu_factor_ex(A, pivot=pivot, check_errors=not get_infos)
    return _into(out, tuple(found) if get_infos else tuple(found[:2]))


def _factors(packed: Node) -> tuple[Node, Node]:
    """Unit lower L and upper U."""
    m, n = packed.shape[-2:]
    k, lead, d = min(m, n), packed.shape[:-2], len(packed.shape)
    none, one = (0,) * d, (1,) * d
    first = ops.slice(packed, start=none, stop=(*lead, m, k), step=one)
    ones = matrices.low(ops, ops.fill(first, 1), "eq")
    lower = ops.add(matrices.low(ops, first, "lt"), ones)
    second = ops.slice(packed, start=none, stop=(*lead, k, n), step=one)
    return lower, matrices.high(ops, second)


def _order(packed: Node, swaps: Node) -> Node:
    return matrices.permutation(ops, swaps, packed.shape[-2], packed.dtype)


def lu_unpack(
    LU_data: Tensor,
    LU_pivots: Tensor,
    unpack_data: bool = True,
    unpack_pivots: bool = True,
    *,
    out: Any = None,
) -> return_types.lu_unpack:
    """P, L and U from what `lu_factor` packs."""
    if unpack_pivots and LU_pivots.dtype is not dtypes.int32:
        raise RuntimeError(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 "
            "dtype.\nNote: this function is intended to be used with the output produced by "
            "torch.linalg.lu_factor"
        )
    none = LU_data.new_empty((0,))
    lower, upper = apply("LuUnpackBackward0", _factors, (LU_data,)) if unpack_data else (none, none)
    order = apply(None, _order, (LU_data, LU_pivots)) if unpack_pivots else none
    return return_types.lu_unpack(_into(out, (order, lower, upper)))


def lu(A: Tensor, *, pivot: bool = True, out: Any = None) -> return_types.linalg_lu:
    """P L U = A with unit lower L and upper U."""
    packed, swaps, _ = apply("LinalgLuBackward0", _factored, (A,), (pivot,))
    return return_types.linalg_lu(_into(out, tuple(lu_unpack(packed, swaps, unpack_pivots=pivot))))


def _lu_solved(packed: Node, swaps: Node, b: Node, left: bool, adjoined: bool) -> Node:
    _matrices(packed, "torch.linalg.lu_solve", argument="LU")
    if len(b.shape) < 2:
        raise RuntimeError("linalg.lu_solve: The input tensor B must have at least 2 dimensions.")
    _alike(packed, b, "linalg.lu_solve")
    if packed.shape[-1] != b.shape[-2 if left else -1]:
        raise RuntimeError(
            "linalg.lu_solve: Incompatible shapes of A and B for the equation "
            f"{'AX = B' if left else 'XA = B'} ({packed.shape[-2]}x{packed.shape[-1]} and "
            f"{b.shape[-2]}x{b.shape[-1]})"
        )
    lower, upper = _factors(packed)
    whole = ops.dot(ops.dot(_order(packed, swaps), lower), upper)
    if adjoined:
        whole = adjoint(whole)
    if left:
        return ops.solve(*_batched(whole, b))
    return _transposed(ops.solve(*_batched(_transposed(whole), _transposed(b))))


def lu_solve(
    LU: Tensor,
    pivots: Tensor,
    B: Tensor,
    *,
    left: bool = True,
    adjoint: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """The solution of A X = B from the factors of A."""
    found = apply("LinalgLuSolveBackward0", _lu_solved, (LU, pivots, B), (left, adjoint))
    return store(out, found)


def lu_solve_old(
    b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None = None
) -> Tensor:
    """`torch.lu_solve`: the right-hand side comes first."""
    return lu_solve(LU_data, LU_pivots, b, out=out)


# ---------------------------------------------------------------- Cholesky
def _cholesky(x: Node, upper: bool) -> tuple[Node, Node]:
    _matrices(x, "linalg.cholesky")
    factor, info = _picked(ops.cholesky(adjoint(x) if upper else x), 2)
    return (adjoint(factor) if upper else factor), info


def cholesky_ex(
    A: Tensor, *, upper: bool = False, check_errors: bool = False, out: Any = None
) -> return_types.linalg_cholesky_ex:
    """L of L L^H = A, and 0 or the order of a minor that is not positive-definite."""
    found = apply("LinalgCholeskyExBackward0", _cholesky, (A,), (upper,))
    if check_errors:
        _succeeded(
            found[1],
            "linalg.cholesky: The factorization could not be completed because the input is not "
            "positive-definite (the leading minor of order {} is not positive-definite).",
        )
    return return_types.linalg_cholesky_ex(_into(out, found))


def cholesky(A: Tensor, *, upper: bool = False, out: Tensor | None = None) -> Tensor:
    """L of L L^H = A; LinAlgError where A is not positive-definite."""
    return store(out, cholesky_ex(A, upper=upper, check_errors=True)[0])


def cholesky_old(input: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """`torch.cholesky`."""
    return cholesky(input, upper=upper, out=out)


def _cholesky_solved(b: Node, factor: Node, upper: bool) -> Node:
    for n, name in ((b, "b"), (factor, "u")):
        if len(n.shape) < 2:
            raise RuntimeError(
                f"{name} should have at least 2 dimensions, but has {len(n.shape)} dimensions "
                "instead"
            )
    if factor.shape[-1] != factor.shape[-2]:
        raise RuntimeError(
            "cholesky_solve: A must be batches of square matrices, but they are "
            f"{factor.shape[-2]} by {factor.shape[-1]} matrices"
        )
    if factor.shape[-1] != b.shape[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {factor.shape[-1]} by "
            f"{factor.shape[-1]} but each b matrix is {b.shape[-2]} by {b.shape[-1]}"
        )
    _alike(factor, b, "cholesky_solve")
    beyond = ops.sub(_triangle(factor, upper, False), factor)
    part = ops.add(factor, _still(beyond))  # PyTorch's gradient does not know that it is a triangle
    first, second = (adjoint(part), part) if upper else (part, adjoint(part))
    first, b = _batched(first, b)
    return ops.solve(expand(second, first.shape), ops.solve(first, b))


def cholesky_solve(
    input: Tensor, input2: Tensor, upper: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """The solution X of A X = input, given the Cholesky factor of A."""
    found = apply("CholeskySolveBackward0", _cholesky_solved, (input, input2), (upper,))
    return store(out, found)


def _cholesky_inverted(factor: Node, upper: bool) -> Node:
    _matrices(factor, "cholesky_inverse")
    return _cholesky_solved(_unit(factor), factor, upper)


def cholesky_inverse(input: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The inverse of A, given its Cholesky factor."""
    return store(out, apply("CholeskyInverseBackward0", _cholesky_inverted, (input,), (upper,)))


# ---------------------------------------------------------------- QR and reflectors
def _qr(x: Node, mode: str) -> tuple[Node, Node]:
    _matrices(x, "linalg.qr", square=False)
    if mode == "r":
        r = ops.pick(ops.qr(x, mode="reduced"), place=1)
        return ops.full((0,), 0, x.dtype), r
    return _picked(ops.qr(x, mode=mode), 2)  # type: ignore[return-value]


def qr(A: Tensor, mode: str = "reduced", *, out: Any = None) -> return_types.linalg_qr:
    """A = Q R with orthonormal Q and upper triangular R; mode "reduced", "complete" or "r"."""
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', "
            "or 'complete'"
        )
    return return_types.linalg_qr(_into(out, apply("LinalgQrBackward0", _qr, (A,), (mode,))))


def qr_old(input: Tensor, some: bool = True, *, out: Any = None) -> return_types.qr:
    """`torch.qr`: reduced factors, or complete ones where `some` is False."""
    return return_types.qr(_into(out, tuple(qr(input, "reduced" if some else "complete"))))


def _geqrf(x: Node) -> tuple[Node, Node]:
    _matrices(x, "torch.geqrf", square=False, argument="input")
    return _picked(ops.geqrf(x), 2)  # type: ignore[return-value]


def geqrf(input: Tensor, *, out: Any = None) -> return_types.geqrf:
    """R over the reflectors of Q, as LAPACK packs them, and the reflectors' factors."""
    return return_types.geqrf(_into(out, apply("GeqrfBackward0", _geqrf, (input,))))


def _reflectors(x: Node, tau: Node, name: str) -> None:
    if len(x.shape) < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if x.shape[-2] < x.shape[-1]:
        raise RuntimeError(
            f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]"
        )
    if x.shape[-1] < tau.shape[-1]:
        raise RuntimeError(
            f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]"
        )
    if len(x.shape) - len(tau.shape) != 1 or x.shape[:-2] != tau.shape[:-1]:
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal "
            f"to {len(tau.shape)} and input.ndim is equal to {len(x.shape)}"
            if len(x.shape) - len(tau.shape) != 1
            else f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but "
            f"got {show(tau.shape[:-1])}"
        )
    if x.dtype is not tau.dtype:
        raise RuntimeError(
            f"{name}: tau dtype {formatting_name(tau.dtype)} does not match input dtype "
            f"{formatting_name(x.dtype)}"
        )
    _inexact(x, name)


def _reflected(x: Node, tau: Node, on: Node, forward: bool, conjugate: bool) -> Node:
    """H_1 ... H_k (or H_k ... H_1) applied to the rows of `on`, with H = I - tau v v^H."""
    m, k = x.shape[-2], tau.shape[-1]
    lead = x.shape[:-2]
    part = matrices.low(ops, x, "lt")
    part = ops.add(part, matrices.low(ops, ops.fill(x, 1), "eq"))
    none = (0,) * len(lead)
    for i in reversed(range(k)) if forward else range(k):
        v = ops.slice(part, start=(*none, 0, i), stop=(*lead, m, i + 1), step=(1,) * len(x.shape))
        t = ops.slice(tau, start=(*none, i), stop=(*lead, i + 1), step=(1,) * len(tau.shape))
        t = ops.conj(t) if conjugate else t
        inner = ops.dot(adjoint(v), on)
        inner = ops.mul(inner, expand(ops.reshape(t, shape=(*t.shape, 1)), inner.shape))
        on = ops.sub(on, ops.dot(v, inner))
    return on


def _householder(x: Node, tau: Node) -> Node:
    _reflectors(x, tau, "torch.linalg.householder_product")
    first = matrices.low(ops, ops.fill(x, 1), "eq")
    return _reflected(x, tau, first, True, False)


def householder_product(A: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The first columns of H_1 H_2 ... H_k with H_i = I - tau_i v_i v_i^H, v_i below the diagonal
    of A."""
    return store(out, apply("LinalgHouseholderProductBackward0", _householder, (A, tau)))


def _ormqr(x: Node, tau: Node, other: Node, left: bool, turned: bool) -> Node:
    _reflectors_of(x, tau, other, left)
    if not left:  # C Q = (Q^H C^H)^H
        return adjoint(_reflected(x, tau, adjoint(other), turned, not turned))
    return _reflected(x, tau, other, not turned, turned)


def _reflectors_of(x: Node, tau: Node, other: Node, left: bool) -> None:
    name = "torch.ormqr"
    for n, what in ((x, "input"), (other, "other")):
        if len(n.shape) < 2:
            raise RuntimeError(f"{name}: {what} must have at least 2 dimensions.")
    side = -2 if left else -1
    if other.shape[side] < tau.shape[-1]:
        raise RuntimeError(
            f"{name}: other.shape[{side}] must be greater than or equal to tau.shape[-1]"
        )
    if other.shape[side] != x.shape[-2]:
        raise RuntimeError(f"{name}: other.shape[{side}] must be equal to input.shape[-2]")
    if tau.shape[-1] > x.shape[-1]:
        raise RuntimeError(f"{name}: tau.shape[-1] must be less than or equal to input.shape[-1]")
    if len(x.shape) - len(tau.shape) != 1 or len(x.shape) != len(other.shape):
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input, and other to have as "
            f"many dimensions, but got {len(tau.shape)}, {len(x.shape)} and {len(other.shape)}"
        )
    if x.shape[:-2] != tau.shape[:-1] or x.shape[:-2] != other.shape[:-2]:
        raise RuntimeError(
            f"{name}: Expected batch dimensions of tau and other to be equal to input.shape[:-2]"
        )
    if x.dtype is not tau.dtype or x.dtype is not other.dtype:
        raise RuntimeError(f"{name}: Expected input, tau and other to have the same dtype")


def ormqr(
    input: Tensor,
    tau: Tensor,
    other: Tensor,
    left: bool = True,
    transpose: bool = False,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """Q @ other (or other @ Q, with Q^H if `transpose`) for the reflectors of `geqrf`."""
    found = apply("OrmqrBackward0", _ormqr, (input, tau, other), (left, transpose))
    return store(out, found)


# ---------------------------------------------------------------- determinants and exponentials
def _det(x: Node) -> Node:
    _matrices(x, "linalg.det")
    return ops.det(x)


def det(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Determinants of [*, n, n]."""
    return store(out, apply("LinalgDetBackward0", _det, (A,)))


def _slogdet(x: Node) -> tuple[Node, Node]:
    _matrices(x, "linalg.slogdet")
    return _picked(ops.slogdet(x), 2)  # type: ignore[return-value]


def slogdet(A: Tensor, *, out: Any = None) -> return_types.linalg_slogdet:
    """The determinant's sign (or phase) and the logarithm of its size."""
    return return_types.linalg_slogdet(_into(out, apply("LinalgSlogdetBackward0", _slogdet, (A,))))


def slogdet_old(input: Tensor) -> return_types.slogdet:
    """`torch.slogdet`."""
    return return_types.slogdet(apply("LinalgSlogdetBackward0", _slogdet, (input,)))


def _logdet(x: Node) -> Node:
    _matrices(x, "logdet")
    sign, size = _picked(ops.slogdet(x), 2)
    if x.dtype.is_complex:
        angle = ops.atan2(ops.imag(sign), ops.real(sign))
        return ops.complex(size, angle)
    return ops.where(ops.lt(sign, scalar(0, sign)), scalar(float("nan"), size), size)


def logdet(input: Tensor) -> Tensor:
    """log det; NaN where the determinant is negative."""
    return apply("AddBackward0" if input.is_complex() else "WhereBackward0", _logdet, (input,))


def _exponential(x: Node) -> Node:
    if x.dtype.is_half:
        return ops.cast(_exponential(ops.cast(x, dtype=dtypes.float32)), dtype=x.dtype)
    _matrices(x, "linalg.matrix_exp")
    return ops.matrix_exp(x)


def matrix_exp(A: Tensor) -> Tensor:
    """The sum of A^k / k!."""
    return apply("LinalgMatrixExpBackward0", _exponential, (A,))


# ---------------------------------------------------------------- shapes of equations
def tensorinv(A: Tensor, ind: int = 2, *, out: Tensor | None = None) -> Tensor:
    """The inverse of `tensordot` with A over its first `ind` dimensions."""
    if ind <= 0:
        raise RuntimeError("Expected a strictly positive integer for 'ind'")
    lead, rest = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    if prod(lead) != prod(rest):
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == "
            f"prod(self.shape[:ind]), but got {prod(rest)} != {prod(lead)}"
        )
    n = prod(rest)
    return store(out, inv(A.reshape(n, n)).reshape(*rest, *lead))


def tensorsolve(A: Tensor, B: Tensor, dims: Any = None, *, out: Tensor | None = None) -> Tensor:
    """X with tensordot(A, X, X.ndim) = B."""
    if dims is not None:
        moved = [wrap_dim(d, A.dim()) for d in dims]
        order = [d for d in range(A.dim()) if d not in moved] + moved
        A = A.permute(order)
    size = tuple(A.shape[B.dim() :])
    if prod(size) != prod(A.shape[: B.dim()]):
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {prod(size)} != {prod(A.shape[: B.dim()])}"
        )
    n = prod(size)
    return store(out, solve(A.reshape(n, n), B.reshape(-1)).reshape(size))


def _vander(x: Node, n: int) -> Node:
    columns, power = [], ops.fill(x, 1)
    for _ in range(n):
        columns.append(ops.reshape(power, shape=(*x.shape, 1)))
        power = ops.mul(power, x)
    return ops.concat(*columns, axis=len(x.shape))


def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Rows 1, x, x^2, ..., x^(N - 1) of each element."""
    if N is not None and N <= 1:
        raise RuntimeError("N must be greater than 1.")
    x = x if x.dim() else x.reshape(1)
    kind = x.to(dtypes.int64) if x.dtype is dtypes.bool_ else x
    return apply("CumprodBackward0", _vander, (kind,), (x.shape[-1] if N is None else N,))


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonal of two dimensions, the last ones by default, as a last dimension."""
    return views.diagonal(A, offset, dim1, dim2)

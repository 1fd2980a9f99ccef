"""Linear algebra: identities that hold for any matrix, and gradients by differences."""

import numpy as np
import pytest

import taper as torch

rng = np.random.default_rng(0)


def real(*shape):
    return torch.tensor(rng.standard_normal(shape))


def both(*shape):
    return torch.tensor(rng.standard_normal(shape) + 1j * rng.standard_normal(shape))


def positive(n):
    x = rng.standard_normal((n, n))
    return torch.tensor(x @ x.T + n * np.eye(n))


def close(a, b, tol=1e-9):
    return np.allclose(a.detach().numpy(), b.detach().numpy(), atol=tol)


def slope(fn, x, step=1e-6):
    """The gradient of the sum of fn(x) by central differences."""
    base = x.detach().numpy()
    out = np.zeros_like(base)
    for i in np.ndindex(*base.shape):
        for sign in (1, -1):
            moved = base.copy()
            moved[i] += sign * step
            out[i] += sign * fn(torch.tensor(moved)).sum().item() / (2 * step)
    return out


CASES = {
    "inv": lambda x: torch.linalg.inv(x),
    "det": torch.linalg.det,
    "slogdet": lambda x: torch.linalg.slogdet(x)[1],
    "cholesky": lambda x: torch.linalg.cholesky(x @ x.mT + 4 * torch.eye(3, dtype=x.dtype)),
    "qr": lambda x: torch.linalg.qr(x)[1].abs(),
    "wide qr": lambda x: torch.linalg.qr(torch.cat([x, 2 * x + x @ x], -1))[1].abs(),
    "lu": lambda x: torch.linalg.lu(x)[2],
    "tall lu": lambda x: torch.linalg.lu(torch.cat([x, x @ x]))[1],
    "svdvals": torch.linalg.svdvals,
    "eigvalsh": lambda x: torch.linalg.eigvalsh(x + x.mT),
    "eigh": lambda x: torch.linalg.eigh(x + x.mT)[1].abs(),
    "eig": lambda x: torch.linalg.eig(x)[1].abs(),
    "pinv": lambda x: torch.linalg.pinv(x[:, :2]),
    "matrix_exp": torch.matrix_exp,
    "nuc": lambda x: torch.linalg.matrix_norm(x, "nuc"),
    "solve": lambda x: torch.linalg.solve(x, x @ x + 1),
    "lstsq": lambda x: torch.linalg.lstsq(x[:, :2], x[:, 2:]).solution,
    "triangular": lambda x: torch.linalg.solve_triangular(x, x + 1, upper=True),
    "power": lambda x: torch.matrix_power(x, -2),
    "multi_dot": lambda x: torch.linalg.multi_dot([x[0], x, x, x[:, 1]]),
    "einsum": lambda x: torch.einsum("ij,jk,kl->il", x, x, x),
}


@pytest.mark.parametrize("name", list(CASES))
def test_gradient(name):
    fn = CASES[name]
    x = torch.tensor(np.random.default_rng(3).standard_normal((3, 3)), requires_grad=True)
    fn(x).sum().backward()
    assert np.allclose(x.grad.numpy(), slope(fn, x), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("make", [real, both])
@pytest.mark.parametrize("shape", [(4, 4), (2, 5, 3), (3, 5)])
def test_factors_multiply_to_the_matrix(make, shape):
    x = make(*shape)
    q, r = torch.linalg.qr(x)
    assert close(q @ r, x)
    u, s, vh = torch.linalg.svd(x, full_matrices=False)
    assert close((u * s.unsqueeze(-2)) @ vh, x)
    p, lower, upper = torch.linalg.lu(x)
    assert close(p.to(x.dtype) @ lower @ upper, x)


def test_cholesky_and_what_is_solved_by_it():
    a, b = positive(4), real(4, 2)
    factor = torch.linalg.cholesky(a)
    assert close(factor @ factor.mT, a)
    assert close(a @ torch.cholesky_solve(b, factor), b)
    assert close(torch.cholesky_inverse(factor) @ a, torch.eye(4, dtype=a.dtype))
    with pytest.raises(torch.linalg.LinAlgError, match="minor of order 1 is not positive-definite"):
        torch.linalg.cholesky(-a)


def test_solutions():
    a, b = real(2, 4, 4), real(2, 4, 3)
    assert close(a @ torch.linalg.solve(a, b), b)
    assert close(torch.linalg.solve(a, b.mT, left=False) @ a, b.mT)
    packed, pivots = torch.linalg.lu_factor(a)
    assert close(a @ torch.linalg.lu_solve(packed, pivots, b), b)
    with pytest.raises(torch.linalg.LinAlgError, match="singular"):
        torch.linalg.inv(torch.zeros(2, 2))


def test_reflectors_make_q():
    x = real(5, 3)
    h, tau = torch.geqrf(x)
    q = torch.linalg.householder_product(h, tau)
    assert close(q @ h[:3].triu(), x)
    other = real(5, 2)
    full = torch.ormqr(h, tau, torch.eye(5, dtype=x.dtype))
    assert close(torch.ormqr(h, tau, other, transpose=True), full.mT @ other)


def test_rank_norms_and_condition():
    x = real(4, 2) @ real(2, 4)
    assert torch.linalg.matrix_rank(x).item() == 2
    y = real(3, 3)
    for order in ("fro", "nuc", 1, 2, -1, -2, np.inf, -np.inf):
        wanted = np.linalg.norm(y.numpy(), order)
        assert abs(torch.linalg.matrix_norm(y, order).item() - wanted) < 1e-9
    assert abs(torch.linalg.cond(y).item() - np.linalg.cond(y.numpy())) < 1e-6


def test_complex_eigenvalues():
    x = both(4, 4)
    w, v = torch.linalg.eig(x)
    assert close(x @ v, v * w)
    turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    assert sorted(torch.linalg.eigvals(turn).numpy().imag.tolist()) == [-1.0, 1.0]


@pytest.mark.parametrize(
    "equation",
    ["ij,jk->ik", "ii->i", "ij,ij", "...ij,...jk->...ik", "bij,bjk,k->b", "ij->ji", "ii"],
)
def test_einsum_as_numpy(equation):
    sizes = {"i": 3, "j": 3, "k": 3, "b": 2}
    parts = equation.split("->")[0].split(",")
    xs = [
        rng.standard_normal([2] * p.startswith("...") + [sizes[c] for c in p if c != "."])
        for p in parts
    ]
    found = torch.einsum(equation, *map(torch.tensor, xs))
    assert np.allclose(found.numpy(), np.einsum(equation, *xs))


def test_einsum_lists_and_refusals():
    x, y = real(2, 3), real(3, 4)
    assert close(torch.einsum(x, [0, 1], y, [1, 2], [0, 2]), x @ y)
    with pytest.raises(RuntimeError, match="does not broadcast with previously seen size 3"):
        torch.einsum("ij,jk->ik", x, x)


def test_products():
    a, b, c = real(2, 3, 4), real(2, 4, 5), real(3, 5)
    assert close(torch.baddbmm(c, a, b, beta=2, alpha=3), 2 * c + 3 * (a @ b))
    assert close(torch.addbmm(c, a, b), c + (a @ b).sum(0))
    assert close(torch.addmv(real(1) * 0, a[0], b[0, :, 0]), a[0] @ b[0, :, 0])
    spoiled = c * float("nan")
    assert close(torch.addmm(spoiled, a[0], b[0], beta=0), a[0] @ b[0])
    assert np.allclose(torch.kron(c, a[0]).numpy(), np.kron(c.numpy(), a[0].numpy()))
    assert np.allclose(
        torch.tensordot(a, b, ([2], [1])).numpy(), np.tensordot(a.numpy(), b.numpy(), ([2], [1]))
    )
    x, y = real(4, 3), real(4, 3)
    assert np.allclose(torch.linalg.cross(x, y).numpy(), np.cross(x.numpy(), y.numpy()))


def test_shapes_are_refused():
    with pytest.raises(RuntimeError, match="batches of square matrices, but they are 3 by 4"):
        torch.linalg.inv(real(3, 4))
    with pytest.raises(RuntimeError, match="must have at least 2 dimensions"):
        torch.linalg.det(real(3))
    with pytest.raises(RuntimeError, match="tensors 0 and 1 with shapes"):
        torch.linalg.multi_dot([real(2, 3), real(2, 3)])

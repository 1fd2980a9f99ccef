"""jacobian, hessian and their products, and the checks of gradients."""

import numpy as np
import pytest

import taper as torch
from taper.autograd import Function, GradcheckError, functional, gradcheck, gradgradcheck

X, Y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 1.0, 0.5])
W = torch.arange(6.0).view(2, 3)


def rows(x):
    return (x**2 * W).sum(1)


def cubes(x):
    return (x**3).sum()


def mixed(x, y):
    return (x**2 * y).sum()


JACOBIAN = [[0.0, 4.0, 12.0], [6.0, 16.0, 30.0]]


@pytest.mark.parametrize(
    "options", [{}, {"vectorize": True}, {"vectorize": True, "strategy": "forward-mode"}]
)
def test_jacobian(options):
    found = functional.jacobian(rows, X, **options)
    assert found.tolist() == JACOBIAN and not found.requires_grad


def test_jacobian_of_several():
    (a, b), (c, d) = functional.jacobian(lambda x, y: (x * y, (x + y).sum()), (X, Y))
    assert a.tolist() == Y.diag().tolist() and b.tolist() == X.diag().tolist()
    assert c.tolist() == d.tolist() == [1.0] * 3
    assert functional.jacobian(rows, X, create_graph=True).requires_grad
    assert functional.jacobian(lambda x: x[:0], X).shape == (0, 3)


def test_hessian():
    assert functional.hessian(cubes, X).tolist() == (6 * X).diag().tolist()
    (a, b), (c, d) = functional.hessian(mixed, (X, Y))
    assert a.tolist() == (2 * Y).diag().tolist() and d.tolist() == [[0.0] * 3] * 3
    assert b.tolist() == c.tolist() == (2 * X).diag().tolist()


def test_products():
    out, found = functional.vjp(rows, X, torch.ones(2))
    assert out.tolist() == [22.0, 64.0] and found.tolist() == [6.0, 20.0, 42.0]
    assert functional.jvp(rows, X, torch.ones(3))[1].tolist() == [16.0, 52.0]
    assert functional.hvp(cubes, X, torch.ones(3))[1].tolist() == [6.0, 12.0, 18.0]
    assert functional.vhp(cubes, X, torch.ones(3))[1].tolist() == [6.0, 12.0, 18.0]
    a, b = functional.hvp(mixed, (X, Y), (X, Y))[1]
    assert a.tolist() == [8.0, 8.0, 6.0] and b.tolist() == [2.0, 8.0, 18.0]


@pytest.mark.parametrize(
    "call, kind, match",
    [
        (
            lambda: functional.vjp(rows, X),
            RuntimeError,
            "can only be None if the user-provided function returns a single",
        ),
        (
            lambda: functional.vjp(rows, X, torch.ones(3)),
            RuntimeError,
            r"v has invalid size: should be torch.Size\(\[2\]\)",
        ),
        (
            lambda: functional.jvp(rows, X),
            RuntimeError,
            "can only be None if the input to the user-provided function",
        ),
        (
            lambda: functional.hessian(rows, X),
            RuntimeError,
            "given to hessian should contain a single element",
        ),
        (
            lambda: functional.jacobian(lambda x: 3, X),
            TypeError,
            "The outputs of the user-provided function given to jacobian",
        ),
        (
            lambda: functional.jacobian(rows, 3),
            TypeError,
            "The inputs given to jacobian must be either a Tensor",
        ),
        (
            lambda: functional.jacobian(lambda x: x.detach(), X, strict=True),
            RuntimeError,
            "Output 0 of the user-provided function does not",
        ),
        (
            lambda: functional.hessian(lambda x: x.sum(), X, strict=True),
            RuntimeError,
            "is independent of the input",
        ),
    ],
)
def test_what_is_refused(call, kind, match):
    with pytest.raises(kind, match=match):
        call()


# ---------------------------------------------------------------- gradcheck
def double(*values, dtype=torch.float64):
    return torch.tensor(values, dtype=dtype, requires_grad=True)


class Wrong(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 3


def test_right_gradients_pass():
    x, y, z = double(1.0, 2.0), double(2.0, 0.5), double(1 + 2j, 3 - 1j, dtype=torch.complex128)
    assert gradcheck(lambda a, b: a * b / (a + b), (x, y), check_batched_grad=True)
    assert gradcheck(lambda a: (a * a, a.exp().sum()), x)
    assert (
        gradcheck(lambda a: a * a, z)
        and gradcheck(torch.abs, z)
        and gradcheck(lambda a: a.real * a.imag, z)
    )
    assert gradgradcheck(lambda a, b: (a * b).sin(), (x, y))
    assert x.tolist() == [1.0, 2.0]


def test_wrong_gradients_fail():
    x = double(1.0, 2.0)
    with pytest.raises(GradcheckError) as caught:
        gradcheck(Wrong.apply, x)
    assert str(caught.value) == (
        "Jacobian mismatch for output 0 with respect to input 0,\n"
        "numerical:tensor([[2.0000, 0.0000],\n        [0.0000, 2.0000]], dtype=torch.float64)\n"
        "analytical:tensor([[3., 0.],\n        [0., 3.]], dtype=torch.float64)\n"
    )
    assert gradcheck(Wrong.apply, x, raise_exception=False) is False
    with pytest.raises(GradcheckError, match="Numerical gradient for function expected to be zero"):
        gradcheck(lambda a: a.detach() * 2, x)


def test_second_order_is_checked():
    class Half(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g * 2 * ctx.saved_tensors[0].detach()

    x = double(1.0, 2.0)
    assert gradcheck(Half.apply, x)
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradgradcheck(Half.apply, x)


def test_inputs_of_gradcheck():
    with pytest.raises(ValueError, match="expects at least one input tensor to require gradient"):
        gradcheck(torch.exp, torch.ones(2))
    with pytest.raises(RuntimeError, match="The 0th input has a dimension with stride 0"):
        gradcheck(torch.sum, torch.ones(1, dtype=torch.float64).expand(3).requires_grad_())
    with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double"):
        gradcheck(torch.exp, torch.tensor([1.0], requires_grad=True), eps=1e-2, atol=1e-2)


def test_gradients_that_change_from_run_to_run():
    rng = np.random.default_rng(0)

    class Noisy(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2 + float(rng.random()) * 1e-7

    with pytest.raises(GradcheckError, match="Backward is not reentrant"):
        gradcheck(Noisy.apply, double(1.0), check_undefined_grad=False)

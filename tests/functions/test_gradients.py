"""Gradients of the functions of one, two and three tensors, against central differences."""

import numpy as np
import pytest

import taper as torch

UNARY = {
    **dict.fromkeys(
        ("exp", "exp2", "expm1", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh"), 0.0
    ),
    **dict.fromkeys(
        ("asinh", "sigmoid", "erf", "erfc", "sinc", "abs", "neg", "square", "positive"), 0.0
    ),
    **dict.fromkeys(
        ("sum", "mean", "prod", "var", "std", "norm", "max", "min", "amax", "median"), 0.0
    ),
    **dict.fromkeys(("nansum", "nanmean", "deg2rad", "rad2deg", "i0", "nan_to_num", "frac"), 0.0),
    **dict.fromkeys(("log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal"), 2.0),
    **dict.fromkeys(("lgamma", "digamma", "diff"), 2.0),
    "acosh": 3.0,
}
NARROW = ("asin", "acos", "atanh", "erfinv")
BINARY = {
    **dict.fromkeys(("add", "sub", "mul", "maximum", "minimum", "fmax", "fmin", "hypot"), 0.0),
    **dict.fromkeys(("logaddexp", "logaddexp2", "copysign", "dist"), 0.0),
    **dict.fromkeys(
        ("div", "atan2", "pow", "xlogy", "ldexp", "remainder", "fmod", "float_power"), 2.0
    ),
}


def check(fn, *arrays, tolerance=1e-5):
    """Compare autograd's gradient of a weighted sum of `fn` with central differences."""
    weights = None

    def value(parts):
        nonlocal weights
        out = fn(*parts)
        if weights is None:
            weights = torch.tensor(np.cos(np.arange(out.numel()) + 0.5).reshape(tuple(out.shape)))
        return (out * weights).sum()

    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    value(tensors).backward()
    for k, array in enumerate(arrays):
        slope = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = [a.copy() for a in arrays]
                moved[k][place] += step
                ends.append(value([torch.tensor(a) for a in moved]).item())
            slope[place] = (ends[0] - ends[1]) / 2e-6
        found = np.zeros_like(array) if tensors[k].grad is None else tensors[k].grad.numpy()
        np.testing.assert_allclose(found, slope, rtol=tolerance, atol=tolerance)


def numbers(*shape, shift=0.0, scale=1.0):
    drawn = np.random.default_rng(3).uniform(-1.4, 1.4, shape)
    return drawn * scale + shift


@pytest.fixture(autouse=True)
def reference():
    with torch.settings(backend="reference"):
        yield


@pytest.mark.parametrize("name", UNARY)
def test_one_tensor(name):
    check(getattr(torch, name), numbers(2, 3, shift=UNARY[name]))


@pytest.mark.parametrize("name", NARROW)
def test_one_tensor_near_zero(name):
    check(getattr(torch, name), numbers(2, 3, scale=0.6))


@pytest.mark.parametrize("name", BINARY)
def test_two_tensors_broadcast(name):
    first = numbers(2, 3, shift=BINARY[name])
    check(getattr(torch, name), first, np.abs(numbers(3)) + 0.3)


@pytest.mark.parametrize(
    "fn",
    [
        lambda x: x.sum(0, keepdim=True),
        lambda x: x.mean((0, 2)),
        lambda x: x.prod(1),
        lambda x: x.max(1).values,
        lambda x: x.min(2, keepdim=True)[0],
        lambda x: x.amin((1, 2)),
        lambda x: x.aminmax(dim=1).max,
        lambda x: x.var(1, correction=0),
        lambda x: x.std((0, 1)),
        lambda x: torch.var_mean(x, 2)[1],
        lambda x: x.norm(1, 2),
        lambda x: x.norm(3, (0, 1)),
        lambda x: x.norm(float("inf"), 1),
        lambda x: x.logsumexp((0, 2)),
        lambda x: x.cumsum(1),
        lambda x: x.cumprod(2),
        lambda x: x.logcumsumexp(1),
        lambda x: x.cummax(2).values,
        lambda x: x.median(1).values,
        lambda x: x.kthvalue(2, 1).values,
        lambda x: x.quantile(0.3, 2),
        lambda x: x.quantile(torch.tensor([0.1, 0.9], dtype=torch.float64)),
        lambda x: x[0].cov(),
        lambda x: x[0].corrcoef(),
        lambda x: torch.trapezoid(x, dim=1),
        lambda x: torch.cumulative_trapezoid(x, dx=0.3),
        lambda x: torch.gradient(x, dim=2, edge_order=2)[0],
        lambda x: x.renorm(2, 1, 0.5),
        lambda x: x.clamp(-0.5, 0.6),
        lambda x: torch.where(x > 0, x * 2, x**2),
        lambda x: x.lerp(x * 3, 0.7),
        lambda x: x.addcmul(x, x, value=2.0),
        lambda x: (x + 3).addcdiv(x, x + 5, value=0.5),
        lambda x: 2**x + x**3 + (x + 2) ** 0.5 + (x + 2) ** -2 + 3 / (x + 2) + (1 - x),
        lambda x: (x + 2).logit(0.1) + (x / 4 + 0.5).logit(),
        lambda x: torch.polygamma(1, x + 3) + (x + 3).mvlgamma(3),
        lambda x: x.frexp().mantissa,
        lambda x: x.to(torch.complex128).abs() + torch.complex(x, x * 2).angle(),
        lambda x: torch.polar(x + 2, x).real,
        lambda x: x.sum_to_size(1, 3, 1),
    ],
)
def test_shapes_of_gradients(fn):
    check(fn, numbers(2, 3, 4))


def test_gradient_is_shared_between_equals_or_goes_to_one():
    def gradient(fn):
        x = torch.tensor([1.0, 2.0, 2.0], requires_grad=True)
        fn(x).backward()
        return x.grad.tolist()

    assert gradient(torch.max) == [0.0, 0.5, 0.5]
    assert gradient(torch.amax) == [0.0, 0.5, 0.5]
    assert gradient(lambda x: x.max(0).values) == [0.0, 1.0, 0.0]
    assert gradient(torch.median) == [0.0, 0.5, 0.5]
    assert gradient(lambda x: torch.maximum(x, torch.tensor(2.0)).sum()) == [0.0, 0.5, 0.5]
    assert gradient(lambda x: x.clamp(1.0, 2.0).sum()) == [1.0, 1.0, 1.0]


def test_gradients_at_zero_are_zero():
    for fn in (lambda x: x.norm(), lambda x: x.norm(3), lambda x: x.std(), lambda x: x.abs().sum()):
        x = torch.zeros(3, requires_grad=True)
        fn(x).backward()
        assert x.grad.tolist() == [0.0, 0.0, 0.0]


def test_second_derivatives():
    x = torch.tensor([0.3, 0.7], dtype=torch.float64, requires_grad=True)
    (first,) = torch.autograd.grad(torch.sin(x).sum() + (x**3).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    expected = -np.sin([0.3, 0.7]) + 6 * np.array([0.3, 0.7])
    np.testing.assert_allclose(second.numpy(), expected, rtol=1e-12)


def test_products_with_zeros():
    x = torch.tensor([2.0, 0.0, 3.0], requires_grad=True)
    x.prod().backward()
    assert x.grad.tolist() == [0.0, 6.0, 0.0]
    y = torch.tensor([2.0, 0.0, 0.0], requires_grad=True)
    y.cumprod(0).sum().backward()
    assert y.grad.tolist() == [1.0, 2.0, 0.0]

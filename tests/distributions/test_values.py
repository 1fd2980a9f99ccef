"""Densities, entropies, divergences and draws against PyTorch's values."""

import pytest

import taper as torch
from taper.distributions import (
    AffineTransform,
    Bernoulli,
    Beta,
    Categorical,
    Dirichlet,
    Distribution,
    Exponential,
    Gamma,
    Independent,
    Laplace,
    LogNormal,
    Multinomial,
    MultivariateNormal,
    Normal,
    OneHotCategorical,
    Poisson,
    StudentT,
    TanhTransform,
    TransformedDistribution,
    Uniform,
    kl_divergence,
)

t = torch.tensor
COV = t([[2.0, 0.5], [0.5, 1.0]])


@pytest.mark.parametrize(
    ("made", "value", "expected"),
    [
        (lambda: Normal(t([0.0, 1.0]), t([1.0, 2.0])), [0.5, 0.3], [-1.0439, -1.6733]),
        (lambda: Bernoulli(logits=t([0.3, -2.0])), [1.0, 0.0], [-0.5544, -0.1269]),
        (lambda: Categorical(t([0.2, 0.8])), [0, 1, 1], [-1.6094, -0.2231, -0.2231]),
        (lambda: Uniform(0.0, 4.0), 2.0, -1.3863),
        (
            lambda: MultivariateNormal(torch.zeros(2), COV),
            [[1.0, 2.0], [0.0, 1.0]],
            [-4.1177, -2.6891],
        ),
        (lambda: Independent(Normal(torch.zeros(2), torch.ones(2)), 1), [1.0, 2.0], -4.3379),
        (lambda: Gamma(1.5, 2.0), 0.7, -0.4178),
        (lambda: Dirichlet(t([1.0, 2.0, 3.0])), [0.2, 0.3, 0.5], 1.5041),
        (lambda: Beta(1.5, 2.0), 0.3, 0.3631),
        (lambda: StudentT(3.0), 0.4, -1.1048),
        (lambda: LogNormal(0.0, 1.0), 2.0, -1.8523),
        (lambda: Laplace(0.0, 1.0), 2.0, -2.6931),
        (lambda: Exponential(2.0), 2.0, -3.3069),
        (lambda: Poisson(2.0), 3.0, -1.7123),
        (lambda: Multinomial(3, torch.ones(2)), [1.0, 2.0], -0.9808),
        (lambda: OneHotCategorical(t([0.2, 0.8])), [0.0, 1.0], -0.2231),
        (
            lambda: TransformedDistribution(
                Normal(0.0, 1.0), [AffineTransform(1.0, 2.0), TanhTransform()]
            ),
            0.3,
            -1.5774,
        ),
    ],
)
def test_log_prob(made, value, expected):
    assert torch.allclose(made().log_prob(t(value)), t(expected), atol=1e-4)


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        (lambda: Normal(0.0, 1.0), lambda: Normal(1.0, 2.0), 0.4431),
        (lambda: Categorical(t([0.2, 0.8])), lambda: Categorical(t([0.4, 0.6])), 0.0915),
        (lambda: Bernoulli(0.2), lambda: Bernoulli(0.4), 0.0915),
        (lambda: Gamma(1.0, 2.0), lambda: Gamma(2.0, 3.0), 0.2663),
        (lambda: Beta(1.0, 2.0), lambda: Beta(2.0, 3.0), 0.2082),
        (lambda: Laplace(0.0, 1.0), lambda: Laplace(1.0, 2.0), 0.3771),
        (
            lambda: MultivariateNormal(torch.zeros(2), torch.eye(2)),
            lambda: MultivariateNormal(torch.ones(2), 2 * torch.eye(2)),
            0.6931,
        ),
    ],
)
def test_kl_divergence(p, q, expected):
    assert kl_divergence(p(), q()).item() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(
    ("made", "entropy"),
    [
        (lambda: Gamma(1.5, 2.0), 0.6678),
        (lambda: Dirichlet(t([1.0, 2.0, 3.0])), -1.2443),
        (lambda: StudentT(3.0), 1.7735),
        (lambda: MultivariateNormal(torch.zeros(2), precision_matrix=COV), 2.5581),
        (lambda: Categorical(t([0.2, 0.8])), 0.5004),
    ],
)
def test_entropy(made, entropy):
    assert made().entropy().item() == pytest.approx(entropy, abs=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Normal(t(0.0), t(-1.0)), r"constraint GreaterThan\(lower_bound=0.0\), but found"),
        (lambda: Bernoulli(t(2.0)), r"of distribution Bernoulli\(probs: 2.0\) to satisfy"),
        (lambda: Bernoulli(), "Either `probs` or `logits` must be specified"),
        (lambda: Uniform(1.0, 0.0), r"LessThan\(upper_bound=0.0\)"),
        (lambda: Categorical(logits=t(1.0)), "must be at least one-dimensional"),
        (
            lambda: Categorical(t([0.2, 0.8])).log_prob(t(3)),
            r"IntegerInterval\(lower_bound=0, upper_b",
        ),
        (lambda: Normal(0.0, 1.0).log_prob(1.0), "value argument to log_prob must be a Tensor"),
        (lambda: Normal(torch.zeros(2), 1.0).log_prob(torch.ones(3)), "Value is not broadcastable"),
        (lambda: MultivariateNormal(torch.zeros(2), -torch.eye(2)), r"PositiveDefinite\(\)"),
        (lambda: Beta(-1.0, 1.0), "Expected parameter concentration1"),
    ],
)
def test_validation(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_draws_are_those_of_pytorch():
    torch.manual_seed(0)
    drawn = Normal(t([0.0, 1.0]), t([1.0, 2.0])).sample((2,))
    assert torch.allclose(drawn, t([[1.5410, 0.4131], [-2.1788, 2.1369]]), atol=1e-4)
    torch.manual_seed(0)
    assert torch.allclose(Uniform(0.0, 2.0).rsample((3,)), t([0.9925, 1.5364, 0.1770]), atol=1e-4)


@pytest.mark.parametrize(
    "made",
    [
        lambda: Gamma(t([0.5, 3.0]), 2.0),
        lambda: Beta(t([2.0, 0.7]), 3.0),
        lambda: Laplace(t([1.0, 2.0]), 0.5),
        lambda: Exponential(t([1.0, 2.0])),
        lambda: Dirichlet(t([1.0, 2.0, 3.0])),
        lambda: Poisson(t([1.0, 4.0])),
        lambda: Multinomial(5, t([0.2, 0.3, 0.5])),
        lambda: LogNormal(t([0.0, 0.1]), 0.3),
    ],
)
def test_draws_have_the_mean_and_variance(made):
    torch.manual_seed(1)
    made = made()
    drawn = made.sample((20000,))
    assert torch.allclose(drawn.mean(0), made.mean, rtol=0.05)
    assert torch.allclose(drawn.var(0), made.variance, rtol=0.1)


def test_gradients_flow_through_draws():
    a = t([0.5, 3.0], dtype=torch.float64, requires_grad=True)
    torch.manual_seed(2)
    Gamma(a, t(1.0).double()).rsample((20000,)).mean(0).sum().backward()
    assert torch.allclose(a.grad, torch.ones(2).double(), rtol=0.05)
    loc = t(1.0, requires_grad=True)
    Normal(loc, 2.0).rsample().backward()
    assert loc.grad.item() == 1.0


def test_shapes_and_text():
    made = Normal(torch.zeros(2), 1.0).expand((3, 2))
    assert made.batch_shape == (3, 2) and made.sample((4,)).shape == (4, 3, 2)
    assert repr(Gamma(1.0, 2.0)) == "Gamma(concentration: 1.0, rate: 2.0)"
    with pytest.raises(NotImplementedError):
        Poisson(3.0).rsample()
    with pytest.raises(NotImplementedError):
        kl_divergence(Normal(0.0, 1.0), Poisson(1.0))
    assert isinstance(made, Distribution)

"""`kl_divergence`: how far one distribution is from another, in a table of pairs that `register_kl`
extends."""

from __future__ import annotations

from collections.abc import Callable

from ..functions.linalg import solve_triangular
from ..tensor import Tensor
from .composed import Independent
from .continuous import Exponential, Gamma, Laplace, Normal, Uniform
from .discrete import Bernoulli, Categorical, OneHotCategorical, Poisson
from .distribution import Distribution
from .vectors import Beta, Dirichlet, MultivariateNormal

__all__ = ["kl_divergence", "register_kl"]


def _normal(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ratio.log())


def _bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    yes = p.probs.xlogy(p.probs) - p.probs.xlogy(q.probs)
    return yes + (1 - p.probs).xlogy(1 - p.probs) - (1 - p.probs).xlogy(1 - q.probs)


def _categorical(p: Categorical, q: Categorical) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    return terms.masked_fill(q.probs == 0, float("inf")).masked_fill(p.probs == 0, 0).sum(-1)


def _one_hot(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return _categorical(p._categorical, q._categorical)


def _uniform(p: Uniform, q: Uniform) -> Tensor:
    found = ((q.high - q.low) / (p.high - p.low)).log()
    return found.masked_fill((q.low > p.low) | (q.high < p.high), float("inf"))


def _laplace(p: Laplace, q: Laplace) -> Tensor:
    ratio, gap = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + gap / q.scale + ratio * (-gap / p.scale).exp() - 1


def _exponential(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return ratio - ratio.log() - 1


def _gamma(p: Gamma, q: Gamma) -> Tensor:
    a, b = p.concentration, q.concentration
    scale = b * (p.rate / q.rate).log() + (b.lgamma() - a.lgamma())
    return scale + (a - b) * a.digamma() + (q.rate - p.rate) * (a / p.rate)


def _poisson(p: Poisson, q: Poisson) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


def _dirichlet(p: Dirichlet, q: Dirichlet) -> Tensor:
    a, b = p.concentration, q.concentration
    norms = a.sum(-1).lgamma() - b.sum(-1).lgamma() - (a.lgamma() - b.lgamma()).sum(-1)
    return norms + ((a - b) * (a.digamma() - a.sum(-1, True).digamma())).sum(-1)


def _beta(p: Beta, q: Beta) -> Tensor:
    return _dirichlet(p._dirichlet, q._dirichlet)


def _multivariate(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two Multivariate Normals with different event shapes cannot be "
            "computed"
        )
    gap = (q.loc - p.loc).unsqueeze(-1)
    spread = solve_triangular(q.scale_tril, p.scale_tril, upper=False).square().sum((-2, -1))
    far = solve_triangular(q.scale_tril, gap, upper=False).square().sum((-2, -1))
    return q._half_log_det() - p._half_log_det() + 0.5 * (spread + far - p.event_shape[0])


def _independent(p: Independent, q: Independent) -> Tensor:
    n = p.reinterpreted_batch_ndims
    if n != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    found = kl_divergence(p.base_dist, q.base_dist)
    return found.flatten(-n).sum(-1) if n else found


_table: dict[tuple[type, type], Callable] = {
    (Bernoulli, Bernoulli): _bernoulli,
    (Beta, Beta): _beta,
    (Categorical, Categorical): _categorical,
    (Dirichlet, Dirichlet): _dirichlet,
    (Exponential, Exponential): _exponential,
    (Gamma, Gamma): _gamma,
    (Independent, Independent): _independent,
    (Laplace, Laplace): _laplace,
    (MultivariateNormal, MultivariateNormal): _multivariate,
    (Normal, Normal): _normal,
    (OneHotCategorical, OneHotCategorical): _one_hot,
    (Poisson, Poisson): _poisson,
    (Uniform, Uniform): _uniform,
}


def register_kl(type_p: type, type_q: type) -> Callable[[Callable], Callable]:
    """Decorator: the function computes the divergence of this pair of classes."""

    def keep(fn: Callable) -> Callable:
        _table[type_p, type_q] = fn
        return fn

    return keep


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The integral of p log(p / q); NotImplementedError for pairs that the table lacks."""
    for a in type(p).__mro__:
        for b in type(q).__mro__:
            if (a, b) in _table:
                return _table[a, b](p, q)
    raise NotImplementedError(
        f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
    )

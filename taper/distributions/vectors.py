"""Distributions of vectors, and Beta: Dirichlet and MultivariateNormal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..functions.joining import stack
from ..functions.linalg import cholesky, solve_triangular
from ..functions.random import randn
from ..shapes import broadcast
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution, broadcast_all
from .gammas import standard_gamma

__all__ = ["Beta", "Dirichlet", "MultivariateNormal"]


class Dirichlet(Distribution):
    """Vectors of positive numbers that sum to one."""

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args)

    @property
    def mean(self) -> Tensor:
        """concentration over its sum."""
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def variance(self) -> Tensor:
        """m (1 - m) / (sum + 1), where m is the mean."""
        return self.mean * (1 - self.mean) / (self.concentration.sum(-1, True) + 1)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Gamma draws over their sum."""
        drawn = standard_gamma(self.concentration.expand(self._extended_shape(sample_shape)))
        return drawn / drawn.sum(-1, True)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        a = self.concentration
        norm = a.sum(-1).lgamma() - a.lgamma().sum(-1)
        return (a - 1).xlogy(self._checked(value)).sum(-1) + norm

    def entropy(self) -> Tensor:
        """The expected value of minus `log_prob`."""
        a, total = self.concentration, self.concentration.sum(-1)
        norm = a.lgamma().sum(-1) - total.lgamma()
        return norm - (a.shape[-1] - total) * total.digamma() - ((a - 1) * a.digamma()).sum(-1)


class Beta(Distribution):
    """Density proportional to x^(a - 1) (1 - x)^(b - 1) on [0, 1]."""

    arg_constraints = {
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
    }
    support = constraints.unit_interval
    has_rsample = True
    _named = ()

    def __init__(
        self, concentration1: Any, concentration0: Any, validate_args: bool | None = None
    ) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        super().__init__(self.concentration1.shape, validate_args=validate_args)
        if self._validate_args:
            for name, constraint in self.arg_constraints.items():
                self._check_parameter(name, self.__dict__[name], constraint)

    @property
    def _dirichlet(self) -> Dirichlet:
        return Dirichlet(stack([self.concentration1, self.concentration0], -1), False)

    @property
    def mean(self) -> Tensor:
        """a / (a + b)."""
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def variance(self) -> Tensor:
        """a b / ((a + b)^2 (a + b + 1))."""
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total**2 * (total + 1))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """The first number of a Dirichlet draw."""
        return self._dirichlet.rsample(sample_shape).select(-1, 0)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        value = self._checked(value)
        return self._dirichlet.log_prob(stack([value, 1 - value], -1))

    def entropy(self) -> Tensor:
        """The expected value of minus `log_prob`."""
        return self._dirichlet.entropy()


class MultivariateNormal(Distribution):
    """Normal vectors with mean `loc`, and one of: a covariance, its inverse, its lower Cholesky
    factor."""

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True
    covariance_matrix: Tensor
    precision_matrix: Tensor
    scale_tril: Tensor

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        found = [(name, m) for name, m in given.items() if m is not None]
        if len(found) != 1:
            raise ValueError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be "
                "specified."
            )
        ((name, matrix),) = found
        if matrix.dim() < 2:
            raise ValueError(
                f"{name} must be at least two-dimensional, with optional leading batch dimensions"
            )
        batch, n = broadcast(matrix.shape[:-2], loc.shape[:-1]), loc.shape[-1]
        self.loc = loc.expand(*batch, n)
        self.__dict__[name] = matrix.expand(*batch, n, n)
        self._named = ("loc", name)
        super().__init__(batch, (n,), validate_args)
        if name == "covariance_matrix":
            self.scale_tril = cholesky(self.covariance_matrix)
        elif name == "precision_matrix":
            self.scale_tril = cholesky(self.precision_matrix.inverse())
        if name != "covariance_matrix":
            self.covariance_matrix = self.scale_tril @ self.scale_tril.mT

    mean = property(lambda self: self.loc)
    mode = property(lambda self: self.loc)
    variance = property(lambda self: (self.scale_tril**2).sum(-1))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """loc + scale_tril times standard normal draws."""
        z = randn(tuple(self._extended_shape(sample_shape)), dtype=self.loc.dtype)
        return self.loc + (self.scale_tril @ z.unsqueeze(-1)).squeeze(-1)

    def _half_log_det(self) -> Tensor:
        return self.scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """-(n log 2 pi + |L^-1 (x - loc)|^2) / 2 - log det L."""
        gap = (self._checked(value) - self.loc).unsqueeze(-1)
        batch = broadcast(gap.shape[:-2], self.scale_tril.shape[:-2])
        factor = self.scale_tril.expand(*batch, *self.scale_tril.shape[-2:])
        z = solve_triangular(factor, gap.expand(*batch, *gap.shape[-2:]), upper=False)
        n = self.event_shape[0]
        return -0.5 * (n * math.log(2 * math.pi) + z.square().sum((-2, -1))) - self._half_log_det()

    def entropy(self) -> Tensor:
        """n (1 + log 2 pi) / 2 + log det L."""
        return 0.5 * self.event_shape[0] * (1 + math.log(2 * math.pi)) + self._half_log_det()

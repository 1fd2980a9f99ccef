"""Constraints: which values a parameter or a draw may have."""

from __future__ import annotations

from typing import Any

from ..functions.linalg import cholesky_ex
from ..tensor import Tensor

__all__ = ["Constraint", "boolean", "dependent", "greater_than", "greater_than_eq"]
__all__ += ["half_open_interval", "independent", "integer_interval", "interval", "is_dependent"]
__all__ += ["less_than", "lower_cholesky", "multinomial", "nonnegative", "nonnegative_integer"]
__all__ += ["one_hot", "positive", "positive_definite", "positive_integer", "real", "real_vector"]
__all__ += ["simplex", "unit_interval"]


class Constraint:
    """A set of values; `check(value)` tells which are in it.

    One answer for each event of `event_dim` dimensions.
    """

    is_discrete = False
    event_dim = 0

    def check(self, value: Tensor) -> Tensor:
        """Whether values are in the set."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return type(self).__name__.lstrip("_") + "()"


class _Dependent(Constraint):
    """A constraint that depends on other parameters; nothing is checked."""

    def check(self, value: Tensor) -> Tensor:
        raise ValueError("Cannot determine validity of dependent constraint")


class _Real(Constraint):
    def check(self, value: Tensor) -> Tensor:
        return value == value


class _Boolean(Constraint):
    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        return (value == 0) | (value == 1)


class _OneHot(Constraint):
    is_discrete, event_dim = True, 1

    def check(self, value: Tensor) -> Tensor:
        return ((value == 0) | (value == 1)).all(-1) & value.sum(-1).eq(1)


class _Simplex(Constraint):
    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class _LowerCholesky(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Tensor:
        lower = (value.tril() == value).flatten(-2).all(-1)
        return lower & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


class _PositiveDefinite(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Tensor:
        even = (value - value.mT).abs().le(1e-6).flatten(-2).all(-1)
        return even & cholesky_ex(value).info.eq(0)


class _Bounded(Constraint):
    """A bound on one or both sides."""

    names: tuple[str, ...] = ()
    lower_bound: Any
    upper_bound: Any

    def __init__(self, *bounds: Any) -> None:
        for name, bound in zip(self.names, bounds):
            setattr(self, name, bound)

    def __repr__(self) -> str:
        parts = []
        for name in self.names:
            bound = getattr(self, name)
            parts.append(f"{name}={bound}")
        return f"{type(self).__name__.lstrip('_')}({', '.join(parts)})"


class _GreaterThan(_Bounded):
    names = ("lower_bound",)

    def check(self, value: Tensor) -> Tensor:
        return self.lower_bound < value


class _GreaterThanEq(_Bounded):
    names = ("lower_bound",)

    def check(self, value: Tensor) -> Tensor:
        return self.lower_bound <= value


class _LessThan(_Bounded):
    names = ("upper_bound",)

    def check(self, value: Tensor) -> Tensor:
        return value < self.upper_bound


class _Interval(_Bounded):
    names = ("lower_bound", "upper_bound")

    def check(self, value: Tensor) -> Tensor:
        return (self.lower_bound <= value) & (value <= self.upper_bound)


class _HalfOpenInterval(_Bounded):
    names = ("lower_bound", "upper_bound")

    def check(self, value: Tensor) -> Tensor:
        return (self.lower_bound <= value) & (value < self.upper_bound)


class _IntegerInterval(_Bounded):
    names, is_discrete = ("lower_bound", "upper_bound"), True

    def check(self, value: Tensor) -> Tensor:
        return (value % 1 == 0) & (self.lower_bound <= value) & (value <= self.upper_bound)


class _IntegerGreaterThan(_Bounded):
    names, is_discrete = ("lower_bound",), True

    def check(self, value: Tensor) -> Tensor:
        return (value % 1 == 0) & (value >= self.lower_bound)


class _Multinomial(_Bounded):
    names, is_discrete, event_dim = ("upper_bound",), True, 1

    def check(self, value: Tensor) -> Tensor:
        return (value >= 0).all(-1) & (value.sum(-1) <= self.upper_bound)


class _IndependentConstraint(Constraint):
    """A constraint whose last dimensions are one event."""

    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int) -> None:
        self.base_constraint = base_constraint
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        self.is_discrete = base_constraint.is_discrete
        self.event_dim = base_constraint.event_dim + reinterpreted_batch_ndims

    def check(self, value: Tensor) -> Tensor:
        found = self.base_constraint.check(value)
        n = self.reinterpreted_batch_ndims
        return found.reshape(*found.shape[: found.dim() - n], -1).all(-1)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__[1:]}({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"
        )


def is_dependent(constraint: Constraint) -> bool:
    """Whether a constraint cannot be checked by itself."""
    return isinstance(constraint, _Dependent)


dependent, real, boolean, one_hot, simplex = (
    _Dependent(),
    _Real(),
    _Boolean(),
    _OneHot(),
    _Simplex(),
)
lower_cholesky, positive_definite = _LowerCholesky(), _PositiveDefinite()
greater_than, greater_than_eq, less_than = _GreaterThan, _GreaterThanEq, _LessThan
interval, half_open_interval, integer_interval = _Interval, _HalfOpenInterval, _IntegerInterval
multinomial, independent = _Multinomial, _IndependentConstraint
positive, nonnegative, unit_interval = greater_than(0.0), greater_than_eq(0.0), interval(0.0, 1.0)
nonnegative_integer, positive_integer = _IntegerGreaterThan(0), _IntegerGreaterThan(1)
real_vector = independent(real, 1)

"""Distribution: the shapes, checks and draws that all distributions share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..functions.creation import as_tensor
from ..functions.joining import broadcast_tensors
from ..modes import no_grad
from ..shapes import Size
from ..tensor import Tensor
from .constraints import Constraint, is_dependent

__all__ = ["Distribution", "broadcast_all"]


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Tensors and numbers as tensors of one shape; ValueError for anything else."""
    if not all(isinstance(v, (int, float, Tensor)) for v in values):
        raise ValueError(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing "
            "__torch_function__."
        )
    like = next((v for v in values if isinstance(v, Tensor)), None)
    if like is None:
        tensors = [as_tensor(float(v)) for v in values]
    else:
        tensors = [
            v if isinstance(v, Tensor) else as_tensor(v, dtype=like.dtype, device=like.device)
            for v in values
        ]
    return tuple(broadcast_tensors(*tensors))


class Distribution:
    """A distribution of events of `event_shape`, one for each place of `batch_shape`.

    Subclasses name the constraints of their parameters in `arg_constraints`, which are tensors kept
    as attributes; ValueError where a parameter or a value breaks one.
    """

    has_rsample = False
    arg_constraints: dict[str, Constraint] = {}
    support: Any  # a Constraint, or a property that gives one
    _validate_args = __debug__
    _named: tuple[str, ...] | None = (
        None  # the parameters that were given, where others follow from them
    )

    def __init__(
        self,
        batch_shape: Sequence[int] = (),
        event_shape: Sequence[int] = (),
        validate_args: bool | None = None,
    ) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            for name, constraint in self.arg_constraints.items():
                if name in self._given() and not is_dependent(constraint):
                    self._check_parameter(name, self.__dict__[name], constraint)

    def _given(self) -> list[str]:
        names = self.arg_constraints if self._named is None else self._named
        return [name for name in names if name in self.__dict__]

    def _check_parameter(self, name: str, value: Tensor, constraint: Constraint) -> None:
        if not bool(constraint.check(value).all()):
            raise ValueError(
                f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) "
                f"of distribution {self!r} to satisfy the constraint {constraint!r}, but found "
                f"invalid values:\n{value}"
            )

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions check by default."""
        if value not in (True, False):
            raise ValueError
        Distribution._validate_args = value

    @property
    def batch_shape(self) -> Size:
        """The shape of independent, differently distributed events."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one event."""
        return self._event_shape

    @property
    def mean(self) -> Tensor:
        """The expected value."""
        raise NotImplementedError

    @property
    def mode(self) -> Tensor:
        """The likeliest value."""
        raise NotImplementedError(f"{type(self)} does not implement mode")

    @property
    def variance(self) -> Tensor:
        """The expected square of the distance to the mean."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The root of the variance."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draws of shape `sample_shape + batch_shape + event_shape`, without a graph."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draws through which gradients flow to the parameters."""
        raise NotImplementedError

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density or probability at a value."""
        raise NotImplementedError

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most this value."""
        raise NotImplementedError

    def icdf(self, value: Tensor) -> Tensor:
        """The value with this probability below it."""
        raise NotImplementedError

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values, along a new first dimension."""
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """The expected value of minus `log_prob`."""
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        """exp of the entropy."""
        return self.entropy().exp()

    def expand(self, batch_shape: Sequence[int], _instance: Any = None) -> Any:
        """The same distribution with a larger batch shape."""
        made = object.__new__(type(self))
        before, size = len(self._batch_shape), Size(batch_shape)
        for name, value in self.__dict__.items():
            if isinstance(value, Tensor) and name in self.arg_constraints:
                value = value.expand((*size, *value.shape[before:]))
            made.__dict__[name] = value
        made._batch_shape = size
        return made

    def _extended_shape(self, sample_shape: Sequence[int] = ()) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def _validate_sample(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        n = len(self._event_shape)
        if n and value.shape[len(value.shape) - n :] != self._event_shape:
            raise ValueError(
                "The right-most size of value must match event_shape: "
                f"{value.shape} vs {self._event_shape}."
            )
        expected = (*self._batch_shape, *self._event_shape)
        for i, j in zip(reversed(value.shape), reversed(expected)):
            if i != 1 and j != 1 and i != j:
                raise ValueError(
                    "Value is not broadcastable with batch_shape+event_shape: "
                    f"{value.shape} vs {Size(expected)}."
                )
        if not bool(self.support.check(value).all()):
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) "
                f"to be within the support ({self.support!r}) of the distribution {self!r}, but "
                f"found invalid values:\n{value}"
            )

    def _checked(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        return value

    def __repr__(self) -> str:
        parts = [
            f"{k}: {v if v.numel() == 1 else v.size()}"
            for k, v in ((k, self.__dict__.get(k)) for k in self._given())
            if v is not None
        ]
        return f"{type(self).__name__}({', '.join(parts)})"

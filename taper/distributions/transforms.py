"""Invertible maps of values, with the logarithm of how they stretch volumes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..functions.creation import as_tensor
from ..functions.elementary import log
from ..nn.functional import softplus
from ..tensor import Tensor

__all__ = ["AffineTransform", "ComposeTransform", "ExpTransform", "PowerTransform"]
__all__ += ["SigmoidTransform", "TanhTransform", "Transform", "identity_transform"]


class Transform:
    """`transform(x)`, its inverse `inv`, and `log_abs_det_jacobian(x, y)`."""

    event_dim = 0

    def __init__(self, cache_size: int = 0) -> None:
        self._cache_size = cache_size

    def __call__(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def inverse(self, y: Tensor) -> Tensor:
        """The value that is mapped to y."""
        raise NotImplementedError

    @property
    def inv(self) -> Transform:
        """The inverse map."""
        return _Inverse(self)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """log |dy / dx|."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class _Inverse(Transform):
    def __init__(self, base: Transform) -> None:
        super().__init__()
        self.base = base

    def __call__(self, x: Tensor) -> Tensor:
        return self.base.inverse(x)

    def inverse(self, y: Tensor) -> Tensor:
        return self.base(y)

    @property
    def inv(self) -> Transform:
        return self.base

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -self.base.log_abs_det_jacobian(y, x)


class ComposeTransform(Transform):
    """Several maps one after another."""

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.parts = list(parts)

    def __call__(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x

    def inverse(self, y: Tensor) -> Tensor:
        for part in reversed(self.parts):
            y = part.inverse(y)
        return y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        total = x * 0
        for part in self.parts:
            y = part(x)
            total, x = total + part.log_abs_det_jacobian(x, y), y
        return total


class ExpTransform(Transform):
    """y = exp x."""

    def __call__(self, x: Tensor) -> Tensor:
        return x.exp()

    def inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x


class PowerTransform(Transform):
    """y = x^exponent for positive x."""

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.exponent = as_tensor(exponent)

    def __call__(self, x: Tensor) -> Tensor:
        return x.pow(self.exponent)

    def inverse(self, y: Tensor) -> Tensor:
        return y.pow(1 / self.exponent)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return (self.exponent * y / x).abs().log()


class SigmoidTransform(Transform):
    """y = 1 / (1 + exp(-x))."""

    def __call__(self, x: Tensor) -> Tensor:
        return x.sigmoid().clamp(1e-38, 1 - 1e-7)

    def inverse(self, y: Tensor) -> Tensor:
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -softplus(-x) - softplus(x)


class TanhTransform(Transform):
    """y = tanh x."""

    def __call__(self, x: Tensor) -> Tensor:
        return x.tanh()

    def inverse(self, y: Tensor) -> Tensor:
        return y.atanh()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return 2 * (math.log(2) - x - softplus(-2 * x))


class AffineTransform(Transform):
    """y = loc + scale x."""

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.loc, self.scale, self.event_dim = loc, scale, event_dim

    def __call__(self, x: Tensor) -> Tensor:
        return self.loc + self.scale * x

    def inverse(self, y: Tensor) -> Tensor:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        scale = as_tensor(self.scale, dtype=x.dtype)
        found = log(scale.abs()).expand(x.shape)
        return found.flatten(-self.event_dim).sum(-1) if self.event_dim else found


identity_transform = ComposeTransform([])

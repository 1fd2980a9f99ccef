"""Dropout: elements or whole channels set to zero at random, with the rest scaled up."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np

from ..calls import apply, apply_
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import broadcast
from ..tensor import Tensor, formatting_name
from .common import expand, scalar, unsupported
from .creation import from_array
from .random import default_generator

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d"]
__all__ += ["feature_alpha_dropout"]


def dropout_mask(x: Tensor, shape: tuple[int, ...], p: float) -> Tensor:
    """What dropout multiplies by: 0, or 1 / (1 - p), drawn from the default stream."""
    kind = x._dtype
    if kind.is_complex:
        unsupported("bernoulli_scalar_cpu_", kind)
    if not kind.is_floating_point:
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {formatting_name(kind)}"
        )
    if p == 1:
        return from_array(np.zeros(shape, kind.array), x.device)
    stream = default_generator.stream
    if shape == x._size:
        return _as_it_lies(x, lambda size: stream.dropout_mask(size, p, kind.array))
    return from_array(stream.dropout_mask(shape, p, kind.array), x.device)


def _as_it_lies(x: Tensor, draw: Callable[[tuple[int, ...]], np.ndarray]) -> Tensor:
    """Numbers of x's shape, drawn in the order in which x lies in memory, as PyTorch fills them."""
    strides = x.stride()
    order = list(range(x.dim()))
    if 0 not in strides:
        order.sort(key=lambda d: -strides[d])
    drawn = draw(tuple(x._size[d] for d in order))
    return from_array(drawn.transpose(np.argsort(order)), x.device)


def _mul(x: Node, mask: Node) -> Node:
    return ops.mul(x, expand(mask, broadcast(x.shape, mask.shape)))


def _masked(x: Tensor, mask: Tensor, inplace: bool) -> Tensor:
    if inplace:
        return apply_("MulBackward0", _mul, x, (mask,))
    return apply("MulBackward0", _mul, (x, mask))


def _check(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Elements set to 0 with probability p, the others divided by 1 - p (Srivastava et al., 2014).

    The input itself outside of training.
    """
    _check(p)
    if not training or p == 0 or input.numel() == 0:
        return input
    return _masked(input, dropout_mask(input, input._size, p), inplace)


def _kept(x: Node, kept: Node, scale: float) -> tuple[Node, Node]:
    found = ops.mul(x, ops.cast(kept, dtype=x.dtype))
    return ops.mul(found, scalar(scale, x)), kept


def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """`dropout`, and where elements were kept."""
    if train is False or not input.numel():
        return input, from_array(np.ones(input._size, bool), input.device)
    stream = default_generator.stream
    kept = _as_it_lies(input, lambda size: stream.bernoulli(1.0 - p, size, np.bool_))
    scale = 0.0 if p == 1 else 1.0 / (1.0 - p)
    return apply("NativeDropoutBackward0", _kept, (input, kept), (scale,))


# ---------------------------------------------------------------- whole channels
def _channels(size: tuple[int, ...]) -> tuple[int, ...]:
    return (*size[:2], *(1 for _ in size[2:]))


def feature_dropout(input: Tensor, p: float, training: bool, inplace: bool = False) -> Tensor:
    """`dropout` of whole channels of [N, C, *]."""
    if input.dim() < 2 and training and p != 0:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    if not training or p == 0 or input.numel() == 0:
        return input
    return _masked(input, dropout_mask(input, _channels(input._size), p), inplace)


def _unbatched(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    """Channels of an input without a batch dimension."""
    if not training or p == 0 or input.numel() == 0:
        return input
    shape = (input._size[0], *(1 for _ in input._size[1:]))
    return _masked(input, dropout_mask(input, shape, p), inplace)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels of [N, C, L] or [C, L] set to 0 with probability p."""
    _check(p)
    n = input.dim()
    if n not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {n}D input. Note that dropout1d "
            "exists to provide channel-wise dropout on inputs with 1 spatial dimension, a channel "
            "dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    run = feature_dropout if n == 3 else _unbatched
    return run(input, p, training, inplace)


def _odd(name: str, n: int, spatial: int) -> None:
    warnings.warn(
        f"{name}: Received a {n}-D input to {name}, which is deprecated and will result in an "
        "error in a future release. To retain the behavior and silence this warning, please use "
        f"dropout instead. Note that {name} exists to provide channel-wise dropout on inputs with "
        f"{spatial} spatial dimensions, a channel dimension, and an optional batch dimension (i.e. "
        f"{spatial + 1}D or {spatial + 2}D inputs).",
        stacklevel=3,
    )


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels of [N, C, H, W] set to 0 with probability p; 3-d inputs are [N, C, L]."""
    _check(p)
    n = input.dim()
    if n not in (3, 4):
        _odd("dropout2d", n, 2)
    if n == 3:
        warnings.warn(
            "dropout2d: Received a 3-D input to dropout2d and assuming that channel-wise 1-D "
            "dropout behavior is desired - input is interpreted as shape (N, C, L), where C is the "
            "channel dim. This behavior will change in a future release to interpret the input as "
            "one without a batch dimension, i.e. shape (C, H, W). To maintain the 1-D channel-wise "
            "dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    return feature_dropout(input, p, training, inplace)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Whole channels of [N, C, D, H, W] or [C, D, H, W] set to 0 with probability p."""
    _check(p)
    n = input.dim()
    if n not in (4, 5):
        _odd("dropout3d", n, 3)
    run = feature_dropout if n == 5 else _unbatched
    return run(input, p, training, inplace)


# ---------------------------------------------------------------- for self-normalizing networks
_ALPHA = 1.7580993408473766


def _alpha(x: Node, kept: Node, p: float) -> Node:
    """Dropped elements take the value that selu has at minus infinity; then mean 0, variance 1."""
    a = 1 / math.sqrt((_ALPHA * _ALPHA * p + 1) * (1 - p))
    shift = ops.mul(ops.sub(kept, scalar(1, kept)), scalar(_ALPHA * a, kept))
    shift = ops.add(shift, scalar(_ALPHA * a * p, kept))
    out = ops.mul(x, expand(ops.mul(kept, scalar(a, kept)), x.shape))
    return ops.add(out, expand(shift, x.shape))


def _alpha_dropout(
    input: Tensor, p: float, training: bool, inplace: bool, shape: tuple[int, ...]
) -> Tensor:
    if not training or p == 0 or input.numel() == 0:
        return input
    if p == 1 or not input._dtype.is_floating_point:
        return _masked(input, dropout_mask(input, shape, 1), inplace)
    stream, kind = default_generator.stream, input._dtype.array
    if shape == input._size:
        kept = _as_it_lies(input, lambda size: stream.bernoulli(1.0 - p, size, kind))
    else:
        kept = from_array(stream.bernoulli(1.0 - p, shape, kind), input.device)
    if inplace:
        return apply_("AddBackward0", _alpha, input, (kept,), (p,))
    return apply("AddBackward0", _alpha, (input, kept), (p,))


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Dropout that keeps mean 0 and variance 1 after `selu` (Klambauer et al., 2017)."""
    _check(p)
    return _alpha_dropout(input, p, training, inplace, input._size)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """`alpha_dropout` of whole channels of [N, C, *]."""
    _check(p)
    if input.dim() < 2 and training and p != 0:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    return _alpha_dropout(input, p, training, inplace, _channels(input._size))

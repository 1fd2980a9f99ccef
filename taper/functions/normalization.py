"""Normalization: by batch, layer, group, instance and neighbourhood, and to unit norm.

A variance is computed about a shift c that carries no gradient and equals the mean m:
var = mean((x - c)^2) - (m - c)^2. The value is that of mean((x - m)^2), and since the expression
does not depend on c, gradients of every order are right; the first needs two sums instead of four.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from .. import dtypes
from ..calls import apply, write_node
from ..dtypes import dtype, finfo
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show, wrap_dim
from ..tape import tape
from ..tensor import Tensor
from .common import expand, keep, scalar, spread, still, store, tensors_only, unsupported, wide
from .distance import norm_node

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm"]
__all__ += ["normalize", "rms_norm"]


# ---------------------------------------------------------------- moments
class _Moments:
    """Deviations of x from its mean over axes, and what is needed to normalize by them."""

    def __init__(self, x: Node, axes: tuple[int, ...]) -> None:
        self.count = prod(x.shape[i] for i in axes)
        total = ops.sum(x, axes=axes)
        mean = ops.div(total, scalar(self.count, total))
        shift = still(mean)
        self.mean = mean
        self.off = ops.sub(mean, shift)  # 0, with the gradient of the mean
        self.deviation = ops.sub(x, spread(shift, x, axes))
        square = ops.sum(ops.mul(self.deviation, self.deviation), axes=axes)
        square = ops.div(square, scalar(self.count, square))
        self.var = ops.sub(square, ops.mul(self.off, self.off))

    def rstd(self, eps: float) -> Node:
        """1 / sqrt(var + eps)."""
        return ops.rsqrt(ops.add(self.var, scalar(eps, self.var)))

    def unbiased(self) -> Node:
        """The variance with one less in the denominator."""
        factor = self.count / (self.count - 1) if self.count > 1 else float("nan")
        return ops.mul(self.var, scalar(factor, self.var))


def _floats(x: Node, kernel: str, complex_too: bool = False) -> Node:
    tensors_only(kernel, x)
    if not (x.dtype.is_floating_point or (complex_too and x.dtype.is_complex)):
        unsupported(kernel, x.dtype)
    return ops.cast(x, dtype=wide(x.dtype))


def _cast(x: Node | None, kind: dtype) -> Node | None:
    return None if x is None else ops.cast(x, dtype=kind)


def _scaled(m: _Moments, scale: Node, bias: Node | None, like: Node, axes: tuple) -> Node:
    """(x - mean) * scale + bias, with scale and bias for each kept place."""
    moved = ops.mul(m.off, scale)
    shift = ops.neg(moved) if bias is None else ops.sub(bias, moved)
    return ops.add(ops.mul(m.deviation, spread(scale, like, axes)), spread(shift, like, axes))


def _write(target: Tensor, value: Tensor) -> None:
    """New contents for a running statistic, which do not count as a version."""
    storage = target._storage
    version = storage.version
    with tape.lock:
        write_node(target, value._node())
    storage.version = version


def _stats(m: _Moments, eps: float, kind: dtype, like: Node | None) -> tuple[Node, Node]:
    """The mean and 1 / std, in the parameters' dtype where there are any."""
    kind = kind if like is None else like.dtype
    return ops.cast(m.mean, dtype=kind), ops.cast(m.rstd(eps), dtype=kind)


def _mixed(old: Node, new: Node, momentum: Node) -> Node:
    """The running statistic moved towards the batch's."""
    kind = old.dtype
    rate = expand(ops.cast(momentum, dtype=kind), old.shape)
    left = ops.mul(old, ops.sub(scalar(1, old), rate))
    return ops.add(left, ops.mul(ops.cast(new, dtype=kind), rate))


# ---------------------------------------------------------------- batch
def _channel_axes(x: Node) -> tuple[int, ...]:
    return tuple(i for i in range(len(x.shape)) if i != 1)


def _check_channels(x: Node, *given: tuple[str, Node | None]) -> None:
    channels = x.shape[1] if len(x.shape) > 1 else 0
    for what, node in given:
        if node is not None and node.shape.numel() != channels:
            raise RuntimeError(
                f"{what} should contain {channels} elements not {node.shape.numel()}"
            )


def _empty_batch(x: Node, weight: Node | None, bias: Node | None) -> Node:
    """Nothing, with the right shape and edges."""
    _check_channels(x, ("weight", weight), ("bias", bias))
    for node in (weight, bias):
        if node is not None:
            first = ops.cast(ops.sum(node, axes=(0,)), dtype=x.dtype)
            x = ops.mul(x, expand(first, x.shape))
    return x


def _batch_train(
    x: Node, weight: Node | None, bias: Node | None, mean: Node | None, var: Node | None,
    momentum: Node | None, eps: float, saved: bool = False,
) -> Any:  # fmt: skip
    """The result, with `saved` the mean and 1 / std, and the running statistics there are."""
    axes, kind = _channel_axes(x), x.dtype
    _check_channels(x, ("running_mean", mean), ("running_var", var))
    _check_channels(x, ("weight", weight), ("bias", bias))
    x = _floats(x, "batch_norm")
    m = _Moments(x, axes)
    scale = m.rstd(eps)
    if weight is not None:
        scale = ops.mul(scale, ops.cast(weight, dtype=x.dtype))
    out = ops.cast(_scaled(m, scale, _cast(bias, x.dtype), x, axes), dtype=kind)
    given = mean if weight is None else weight
    found = [out, *_stats(m, eps, kind, given)] if saved else [out]
    if mean is not None:
        found.append(_mixed(mean, m.mean, momentum))  # type: ignore[arg-type]
    if var is not None:
        found.append(_mixed(var, m.unbiased(), momentum))  # type: ignore[arg-type]
    return tuple(found) if len(found) > 1 else out


def _batch_eval(
    x: Node, weight: Node | None, bias: Node | None, mean: Node, var: Node, eps: float
) -> Node:
    kind = x.dtype
    _check_channels(x, ("running_mean", mean), ("running_var", var))
    _check_channels(x, ("weight", weight), ("bias", bias))
    x = _floats(x, "batch_norm")
    mean, var = ops.cast(mean, dtype=x.dtype), ops.cast(var, dtype=x.dtype)
    scale = ops.rsqrt(ops.add(var, scalar(eps, var)))
    if weight is not None:
        scale = ops.mul(scale, ops.cast(weight, dtype=x.dtype))
    out = ops.mul(ops.sub(x, _line(mean, x)), _line(scale, x))
    if bias is not None:
        out = ops.add(out, _line(ops.cast(bias, dtype=x.dtype), x))
    return ops.cast(out, dtype=kind)


def _line(x: Node, like: Node) -> Node:
    """One value a channel, over the whole shape."""
    shape = tuple(n if i == 1 else 1 for i, n in enumerate(like.shape))
    return expand(ops.reshape(x, shape=shape), like.shape)


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Tensor:
    """Each channel (dimension 1) brought to mean 0 and variance 1 (Ioffe and Szegedy, 2015).

    With `training` by the statistics of the batch, towards which the running ones are moved in
    place; otherwise by the running ones.
    """
    if training:
        _check_batch(input._size)
    return batch_norm_over(input, weight, bias, running_mean, running_var, training, momentum, eps)


def batch_norm_over(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None,
    running_var: Tensor | None, training: bool, momentum: float, eps: float,
) -> Tensor:  # fmt: skip
    """`batch_norm` without the check that a batch has more than one value a channel."""
    name = "NativeBatchNormBackward0"
    if input.numel() == 0:
        return apply(name, _empty_batch, (input, weight, bias))
    if not training:
        for what, stat in (("running_mean", running_mean), ("running_var", running_var)):
            if stat is None:
                raise RuntimeError(f"{what} must be defined in evaluation mode")
        return apply(name, _batch_eval, (input, weight, bias, running_mean, running_var), (eps,))
    if running_mean is None and running_var is None:
        return apply(name, _batch_train, (input, weight, bias, None, None, None), (eps,))
    inputs = (input, weight, bias, running_mean, running_var, float(momentum))
    out, *stats = apply(name, _batch_train, inputs, (eps,))
    for target, value in zip([s for s in (running_mean, running_var) if s is not None], stats):
        _write(target, value)
    return out


def native_batch_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None,
    running_var: Tensor | None, training: bool, momentum: float, eps: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """`batch_norm` with the mean and 1 / std of the batch, both empty outside of training."""
    if not training:
        out = batch_norm_over(input, weight, bias, running_mean, running_var, False, momentum, eps)
        like = input if running_mean is None else running_mean
        return out, like.new_zeros((0,)), like.new_zeros((0,))
    inputs = (input, weight, bias, running_mean, running_var, float(momentum))
    name = "NativeBatchNormBackward0"
    out, mean, rstd, *stats = apply(name, _batch_train, inputs, (eps, True))
    for target, value in zip([s for s in (running_mean, running_var) if s is not None], stats):
        _write(target, value)
    return out, mean.detach(), rstd.detach()


def _check_batch(size: Sequence[int]) -> None:
    if prod((size[0], *size[2:])) == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {size}"
        )


# ---------------------------------------------------------------- instance
def _instance_train(
    x: Node, weight: Node | None, bias: Node | None, mean: Node | None, var: Node | None,
    momentum: Node | None, eps: float,
) -> Any:  # fmt: skip
    axes, kind = tuple(range(2, len(x.shape))), x.dtype
    _check_channels(x, ("weight", weight), ("bias", bias))
    x = _floats(x, "batch_norm")
    m = _Moments(x, axes)
    scale, shift = m.rstd(eps), None
    if weight is not None:
        scale = ops.mul(scale, expand(ops.cast(weight, dtype=x.dtype), scale.shape))
    if bias is not None:
        shift = expand(ops.cast(bias, dtype=x.dtype), scale.shape)
    out = ops.cast(_scaled(m, scale, shift, x, axes), dtype=kind)
    found = [out]
    if mean is not None:
        found.append(_mixed(mean, _batch_mean(m.mean), momentum))  # type: ignore[arg-type]
    if var is not None:
        found.append(_mixed(var, _batch_mean(m.unbiased()), momentum))  # type: ignore[arg-type]
    return tuple(found) if len(found) > 1 else out


def _batch_mean(x: Node) -> Node:
    total = ops.sum(x, axes=(0,))
    return ops.div(total, scalar(x.shape[0], total))


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Tensor:
    """Each channel of each sample brought to mean 0 and variance 1 (Ulyanov et al., 2017).

    With `use_input_stats=False` by the running statistics.
    """
    if use_input_stats:
        if prod(input._size[2:]) == 1:
            raise ValueError(
                f"Expected more than 1 spatial element when training, got input size {input._size}"
            )
    return instance_norm_over(
        input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps
    )


def instance_norm_over(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None,
    running_var: Tensor | None, use_input_stats: bool, momentum: float, eps: float,
) -> Tensor:  # fmt: skip
    """`instance_norm` without the check of the spatial size."""
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError(
                "Expected running_mean and running_var to be defined when use_input_stats is false"
            )
        return batch_norm_over(input, weight, bias, running_mean, running_var, False, momentum, eps)
    name = "ViewBackward0"
    if running_mean is None and running_var is None:
        return apply(name, _instance_train, (input, weight, bias, None, None, None), (eps,))
    inputs = (input, weight, bias, running_mean, running_var, float(momentum))
    out, *stats = apply(name, _instance_train, inputs, (eps,))
    for target, value in zip([s for s in (running_mean, running_var) if s is not None], stats):
        _write(target, value)
    return out


# ---------------------------------------------------------------- layer
def _last_axes(
    x: Node, shape: tuple[int, ...], *given: tuple[str, Node | None], comma: str = ", "
) -> tuple[int, ...]:
    """The axes of `normalized_shape`; RuntimeError where it does not end x's shape."""
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            f"element, but got normalized_shape = {show(shape)}"
        )
    for what, node in given:
        if node is not None and node.shape != shape:
            raise RuntimeError(
                f"Expected {what} to be of same shape as normalized_shape, but got {what} of shape "
                f"{show(node.shape)} and normalized_shape = {show(shape)}"
            )
    first = len(x.shape) - len(shape)
    if first < 0 or x.shape[first:] != shape:
        raise RuntimeError(
            f"Given normalized_shape={show(shape)}, expected input with shape "
            f"[*{comma}{', '.join(map(str, shape))}], but got input of size{show(x.shape)}"
        )
    return tuple(range(first, len(x.shape)))


def _affine(x: Node, weight: Node | None, bias: Node | None) -> Node:
    """x * weight + bias, both of the last dimensions' shape."""
    if weight is not None:
        x = ops.mul(x, expand(ops.cast(weight, dtype=x.dtype), x.shape))
    return x if bias is None else ops.add(x, expand(ops.cast(bias, dtype=x.dtype), x.shape))


def _layer_norm(
    x: Node, weight: Node | None, bias: Node | None, shape: tuple[int, ...], eps: float,
    saved: bool = False,
) -> Any:  # fmt: skip
    axes, kind = _last_axes(x, shape, ("weight", weight), ("bias", bias)), x.dtype
    x = _floats(x, "LayerNormKernelImpl")
    m = _Moments(x, axes)
    scale = m.rstd(eps)
    out = ops.cast(_affine(_scaled(m, scale, None, x, axes), weight, bias), dtype=kind)
    if not saved:
        return out
    return out, *(keep(n, x, axes) for n in _stats(m, eps, kind, weight))


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-05,
) -> Tensor:
    """The last dimensions, of shape `normalized_shape`, brought to mean 0 and variance 1.

    Then scaled and shifted elementwise (Ba et al., 2016).
    """
    static = (tuple(normalized_shape), eps)
    return apply("NativeLayerNormBackward0", _layer_norm, (input, weight, bias), static)


def native_layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """`layer_norm` with the means and 1 / stds."""
    static = (tuple(normalized_shape), eps, True)
    out, mean, rstd = apply("NativeLayerNormBackward0", _layer_norm, (input, weight, bias), static)
    return out, mean.detach(), rstd.detach()


def _rms_norm(x: Node, weight: Node | None, shape: tuple[int, ...], eps: float | None) -> Node:
    axes, kind = _last_axes(x, shape, ("weight", weight), comma=""), x.dtype
    x = _floats(x, "rms_norm", True)
    if eps is None:
        eps = finfo(x.dtype).eps
    square = ops.sum(ops.mul(x, x), axes=axes)
    count = prod(x.shape[i] for i in axes)
    mean = ops.div(square, scalar(count, square))
    out = ops.mul(x, spread(ops.rsqrt(ops.add(mean, scalar(eps, mean))), x, axes))
    return ops.cast(_affine(out, weight, None), dtype=kind)


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """The last dimensions divided by the root of their mean square (Zhang and Sennrich, 2019).

    `eps` None is the dtype's machine epsilon.
    """
    static = (tuple(normalized_shape), eps)
    return apply("MulBackward0", _rms_norm, (input, weight), static)


# ---------------------------------------------------------------- group
def _group_norm(
    x: Node, weight: Node | None, bias: Node | None, groups: int, eps: float,
    saved: bool = False,
) -> Any:  # fmt: skip
    kind, shape = x.dtype, x.shape
    if groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {groups}")
    if shape[1] % groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {show(shape)} and num_groups={groups}"
        )
    for what, node in (("weight", weight), ("bias", bias)):
        if node is not None and node.shape != (shape[1],):
            raise RuntimeError(
                f"Expected {what} to be a vector of size equal to the number of channels in input, "
                f"but got {what} of shape {show(node.shape)} and input of shape {show(shape)}"
            )
    x = _floats(x, "GroupNormKernelImpl")
    flat = ops.reshape(x, shape=(shape[0], groups, shape[1] // groups, prod(shape[2:])))
    m = _Moments(flat, (2, 3))
    lines = (shape[0], groups, shape[1] // groups)
    scale, off = (expand(_column(n), lines) for n in (m.rstd(eps), m.off))
    if weight is not None:
        by_group = ops.reshape(ops.cast(weight, dtype=x.dtype), shape=(1, *lines[1:]))
        scale = ops.mul(scale, expand(by_group, lines))
    shift = ops.neg(ops.mul(off, scale))
    if bias is not None:
        bias = ops.reshape(ops.cast(bias, dtype=x.dtype), shape=(1, *lines[1:]))
        shift = ops.add(expand(bias, lines), shift)
    out = ops.mul(m.deviation, spread(scale, flat, (3,)))
    out = ops.add(out, spread(shift, flat, (3,)))
    out = ops.cast(ops.reshape(out, shape=shape), dtype=kind)
    return (out, *_stats(m, eps, kind, weight)) if saved else out


def _column(x: Node) -> Node:
    return ops.reshape(x, shape=(*x.shape, 1))


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-05,
) -> Tensor:
    """Groups of channels brought to mean 0 and variance 1, in each sample (Wu and He, 2018)."""
    if input.dim() < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {input.dim()}"
        )
    size = input._size
    if num_groups > 0:
        _check_batch([size[0] * size[1] // num_groups, num_groups, *size[2:]])
    return group_norm_over(input, num_groups, weight, bias, eps)


def group_norm_over(
    input: Tensor, num_groups: int, weight: Tensor | None, bias: Tensor | None, eps: float
) -> Tensor:
    """`group_norm` without the checks of the input's size."""
    static = (num_groups, eps)
    return apply("NativeGroupNormBackward0", _group_norm, (input, weight, bias), static)


def native_group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int,
    group: int, eps: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """`group_norm` with the means and 1 / stds; the sizes repeat what the input's shape says."""
    static = (group, eps, True)
    return apply("NativeGroupNormBackward0", _group_norm, (input, weight, bias), static)


# ---------------------------------------------------------------- neighbourhood and unit norm
def _local_response(x: Node, size: int, alpha: float, beta: float, k: float) -> Node:
    tensors_only("local_response_norm", x)
    kind = x.dtype
    x = ops.cast(x, dtype=wide(kind))
    low = tuple(size // 2 if i == 1 else 0 for i in range(len(x.shape)))
    high = tuple((size - 1) // 2 if i == 1 else 0 for i in range(len(x.shape)))
    square = ops.pad(ops.mul(x, x), low=low, high=high, interior=(0,) * len(x.shape), value=0)
    seen = ops.windows(square, axes=(1,), size=(size,), step=(1,), dilation=(1,))
    total = ops.sum(seen, axes=(len(x.shape),))
    if not kind.inexact:  # PyTorch's pooling of integers rounds down
        total = ops.mul(ops.floordiv(total, scalar(size, total)), scalar(size, total))
        kind = dtypes.get_default()
        x, total = ops.cast(x, dtype=kind), ops.cast(total, dtype=kind)
    mean = ops.mul(total, scalar(alpha / size, total))
    scale = ops.pow(ops.add(mean, scalar(k, mean)), scalar(beta, mean))
    return ops.cast(ops.div(x, scale), dtype=kind)


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """x / (k + alpha * mean of x^2 over `size` neighbouring channels)^beta (Krizhevsky, 2012)."""
    if input.dim() < 3:
        raise ValueError(
            "Expected 3D or higher dimensionality                          input "
            f"(got {input.dim()} dimensions)"
        )
    if input.numel() == 0:
        return input
    return apply("DivBackward0", _local_response, (input,), (size, alpha, beta, k))


def _normalize(x: Node, p: float, dims: tuple[int, ...], eps: float) -> Node:
    axes = tuple(sorted(wrap_dim(d, len(x.shape)) for d in dims)) if x.shape else ()
    size = norm_node(x, p, axes)
    least = scalar(eps, size)
    size = ops.where(ops.lt(size, least), least, size)
    return ops.div(x, expand(ops.cast(keep(size, x, axes), dtype=x.dtype), x.shape))


def normalize(
    input: Tensor,
    p: float = 2.0,
    dim: int | tuple[int, ...] = 1,
    eps: float = 1e-12,
    out: Tensor | None = None,
) -> Tensor:
    """x divided by its p-norm along a dimension, or by `eps` where that is larger."""
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    return store(out, apply("DivBackward0", _normalize, (input,), (p, dims, eps)))

"""Activations: the nonlinear functions of networks, and the softmax family."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..calls import apply, apply_
from ..dtypes import dtype
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import wrap_dim
from ..tensor import Tensor, formatting_name
from .common import expand, scalar, spread, still, tensors_only, unsupported, wide
from .creation import from_array
from .random import default_generator

__all__ = ["celu", "celu_", "elu", "elu_", "gelu", "glu", "gumbel_softmax", "hardshrink"]
__all__ += ["hardsigmoid", "hardswish", "hardtanh", "hardtanh_", "leaky_relu", "leaky_relu_"]
__all__ += ["log_softmax", "logsigmoid", "mish", "prelu", "relu", "relu6", "relu_", "rrelu"]
__all__ += ["rrelu_", "selu", "selu_", "silu", "softmax", "softmin", "softplus", "softshrink"]
__all__ += ["softsign", "tanhshrink", "threshold", "threshold_"]


# ---------------------------------------------------------------- nodes that others share
def relu_node(x: Node) -> Node:
    """max(x, 0), NaN kept; the gradient at 0 is 0."""
    tensors_only("relu", x)
    if x.dtype is dtypes.bool_:
        raise RuntimeError("Boolean inputs not supported for relu")
    if x.dtype.is_complex:
        raise NotImplementedError("clamp is not supported for complex types")
    zero = scalar(0, x)
    return ops.where(ops.le(x, zero), zero, x)


def softmax_node(x: Node, dim: int) -> Node:
    """exp(x - max) over its sum along one dimension."""
    if not x.shape:
        return scalar(1, x)
    axes = (wrap_dim(dim, len(x.shape)),)
    if 0 in x.shape:
        return x
    top = spread(still(ops.max(x, axes=axes)), x, axes)
    weight = ops.exp(ops.sub(x, top))
    total = ops.sum(weight, axes=axes)
    return ops.mul(weight, spread(ops.div(scalar(1, total), total), x, axes))


def log_softmax_node(x: Node, dim: int) -> Node:
    """x - max - log(sum(exp(x - max))) along one dimension."""
    if not x.shape:
        return scalar(0, x)
    axes = (wrap_dim(dim, len(x.shape)),)
    if 0 in x.shape:
        return x
    low = ops.sub(x, spread(still(ops.max(x, axes=axes)), x, axes))
    return ops.sub(low, spread(ops.log(ops.sum(ops.exp(low), axes=axes)), x, axes))


def log_sigmoid_node(x: Node) -> Node:
    """-log(1 + exp(-x)), without overflow."""
    zero = scalar(0, x)
    below = ops.lt(x, zero)
    tail = ops.log1p(ops.exp(ops.where(below, x, ops.neg(x))))
    return ops.sub(ops.where(below, x, zero), tail)


def _softplus_node(x: Node) -> Node:
    return ops.neg(log_sigmoid_node(ops.neg(x)))


# ---------------------------------------------------------------- how they are called
def _floats(x: Node, kernel: str, complex_too: bool = False) -> Node:
    """The input in the dtype that is computed in; NotImplementedError for other kinds."""
    tensors_only(kernel, x)
    if not (x.dtype.is_floating_point or (complex_too and x.dtype.is_complex)):
        unsupported(kernel, x.dtype)
    return ops.cast(x, dtype=wide(x.dtype))


def _rounded(fn: Callable[..., Node]) -> Callable[..., Node]:
    """A function of nodes that computes in float32 and gives what it was given."""

    def run(x: Node, *rest: Any) -> Node:
        return ops.cast(fn(x, *rest), dtype=x.dtype)

    run.__name__ = run.__qualname__ = fn.__name__
    return run


def _call(
    name: str, fn: Callable, input: Tensor, static: tuple = (), inplace: bool = False
) -> Tensor:
    if inplace:
        return apply_(name.replace("0", "1") if name in _OWN else name, fn, input, (), static)
    return apply(name, fn, (input,), static)


# In-place forms whose gradients PyTorch computes from the result, under another name.
_OWN = {
    *("CeluBackward0", "EluBackward0", "LeakyReluBackward0", "RreluWithNoiseBackward0"),
    "ThresholdBackward0",
}


def _scaled(x: Node, k: float) -> Node:
    return ops.mul(x, scalar(k, x))


def _negative_part(x: Node) -> Node:
    """x where it is not positive, else 0: what may safely go into exp."""
    zero = scalar(0, x)
    return ops.where(ops.lt(zero, x), zero, x)


# ---------------------------------------------------------------- relu and its relatives
def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(0, x)."""
    return _call("ReluBackward0", relu_node, input, (), inplace)


def relu_(input: Tensor) -> Tensor:
    """`relu` in place."""
    return apply_("ReluBackward0", relu_node, input)


def _hardtanh(x: Node, low: float, high: float) -> Node:
    tensors_only("hardtanh", x)
    if x.dtype is dtypes.bool_:
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if x.dtype.is_complex:
        raise NotImplementedError("clamp is not supported for complex types")
    if low < 0 and x.dtype.category == dtypes.INT and not x.dtype.is_signed:
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    least, most = scalar(low, x), scalar(high, x)
    x = ops.where(ops.le(x, least), least, x)
    return ops.where(ops.le(most, x), most, x)


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """x held within [min_val, max_val]; the gradient is 0 at the bounds."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return _call("HardtanhBackward0", _hardtanh, input, (min_val, max_val), inplace)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """`hardtanh` in place."""
    return _call("HardtanhBackward0", _hardtanh, input, (min_val, max_val), True)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(0, x), 6)."""
    return _call("HardtanhBackward0", _hardtanh, input, (0.0, 6.0), inplace)


def _threshold(x: Node, edge: float, value: float) -> Node:
    tensors_only("threshold", x)
    if x.dtype is dtypes.bool_ or x.dtype.is_complex:
        unsupported("threshold_cpu", x.dtype)
    return ops.where(ops.le(x, scalar(edge, x)), scalar(value, x), x)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where it exceeds the threshold, `value` elsewhere."""
    return _call("ThresholdBackward0", _threshold, input, (threshold, value), inplace)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """`threshold` in place."""
    return _call("ThresholdBackward0", _threshold, input, (threshold, value), True)


@_rounded
def _leaky_relu(x: Node, slope: float) -> Node:
    x = _floats(x, "leaky_relu_cpu")
    return ops.where(ops.lt(scalar(0, x), x), x, _scaled(x, slope))


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x above 0, `negative_slope` * x below."""
    return _call("LeakyReluBackward0", _leaky_relu, input, (negative_slope,), inplace)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """`leaky_relu` in place."""
    return _call("LeakyReluBackward0", _leaky_relu, input, (negative_slope,), True)


def _prelu(x: Node, weight: Node) -> Node:
    tensors_only("prelu", x, weight)
    if x.dtype is not weight.dtype:
        raise RuntimeError(
            f"prelu: Type promoting not supported. Got {formatting_name(x.dtype)} and "
            f"{formatting_name(weight.dtype)}"
        )
    count = weight.shape.numel()
    if count != 1:
        if not x.shape:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = x.shape[1] if len(x.shape) > 1 else 1
        if channels != count:
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{count} and channel size = {channels}."
            )
    if len(weight.shape) > 1:
        raise RuntimeError(
            "prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = "
            f"{len(weight.shape)}"
        )
    line = tuple(count if i == 1 else 1 for i in range(len(x.shape)))
    slope = expand(ops.reshape(weight, shape=line), x.shape)
    return ops.where(ops.lt(scalar(0, x), x), x, ops.mul(x, slope))


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x above 0, `weight` * x below: one weight, or one for each channel (dimension 1)."""
    return apply("PreluKernelBackward0", _prelu, (input, weight))


def _rrelu(x: Node, slopes: Node) -> Node:
    return ops.where(ops.lt(scalar(0, x), x), x, ops.mul(x, slopes))


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """`leaky_relu` with a slope drawn from [lower, upper) for each element that needs one.

    Outside of training the slope is (lower + upper) / 2. The number of draws depends on the values.
    """
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    if not training:
        name, static = "RreluWithNoiseBackward0", ((lower + upper) / 2,)
        return _call(name, _leaky_relu, input, static, inplace)
    if not input._dtype.is_floating_point:
        unsupported("rrelu_with_noise_out_cpu", input._dtype)
    needed = np.asarray(input.detach()._array() <= 0).reshape(-1)
    slopes = needed.astype(input._dtype.array)
    drawn = default_generator.stream.uniform((int(needed.sum()),), lower, upper, "float64")
    slopes[needed] = drawn.astype(slopes.dtype)
    others = from_array(slopes.reshape(input._size), input.device)
    if inplace:
        return apply_("RreluWithNoiseBackward1", _rrelu, input, (others,))
    return apply("RreluWithNoiseBackward0", _rrelu, (input, others))


def rrelu_(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False
) -> Tensor:
    """`rrelu` in place."""
    return rrelu(input, lower, upper, training, True)


# ---------------------------------------------------------------- exponential units
@_rounded
def _elu(x: Node, alpha: float, scale: float, input_scale: float) -> Node:
    x = _floats(x, "elu_cpu")
    curve = _scaled(ops.expm1(_scaled(_negative_part(x), input_scale)), alpha * scale)
    return ops.where(ops.le(x, scalar(0, x)), curve, _scaled(x, scale))


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above 0, alpha (exp(x) - 1) below (Clevert et al., 2016)."""
    return _call("EluBackward0", _elu, input, (alpha, 1.0, 1.0), inplace)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`elu` in place."""
    return _call("EluBackward0", _elu, input, (alpha, 1.0, 1.0), True)


_SELU = (1.6732632423543772848170429916717, 1.0507009873554804934193349852946, 1.0)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`elu` with the scales that keep mean 0 and variance 1 (Klambauer et al., 2017)."""
    return _call("EluBackward0", _elu, input, _SELU, inplace)


def selu_(input: Tensor) -> Tensor:
    """`selu` in place."""
    return _call("EluBackward0", _elu, input, _SELU, True)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x above 0, alpha (exp(x / alpha) - 1) below (Barron, 2017)."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _call("CeluBackward0", _elu, input, (alpha, 1.0, 1.0 / alpha), inplace)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu` in place."""
    return celu(input, alpha, True)


# ---------------------------------------------------------------- smooth units
@_rounded
def _gelu(x: Node, approximate: str) -> Node:
    x = _floats(x, "GeluKernelImpl")
    if approximate == "none":
        inner = ops.erf(_scaled(x, math.sqrt(0.5)))
    else:
        cube = ops.mul(ops.mul(x, x), x)
        inner = _scaled(ops.add(x, _scaled(cube, 0.044715)), math.sqrt(2 / math.pi))
        inner = ops.tanh(inner)
    return ops.mul(_scaled(x, 0.5), ops.add(inner, scalar(1, x)))


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x times the normal distribution function of x, or its approximation by "tanh"."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    return apply("GeluBackward0", _gelu, (input,), (approximate,))


@_rounded
def _silu(x: Node) -> Node:
    x = _floats(x, "silu_cpu", True)
    return ops.mul(x, ops.sigmoid(x))


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x)."""
    return _call("SiluBackward0", _silu, input, (), inplace)


@_rounded
def _mish(x: Node) -> Node:
    x = _floats(x, "mish_cpu")
    return ops.mul(x, ops.tanh(_softplus_node(x)))


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(softplus(x)) (Misra, 2019)."""
    return _call("MishBackward0", _mish, input, (), inplace)


@_rounded
def _softplus(x: Node, beta: float, edge: float) -> Node:
    x = _floats(x, "softplus_cpu")
    inner = _scaled(x, beta)
    linear = ops.lt(scalar(edge, x), inner)
    safe = ops.where(linear, scalar(0, x), inner)
    curve = ops.div(ops.log1p(ops.exp(safe)), scalar(beta, x))
    return ops.where(linear, x, curve)


def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + exp(beta x)) / beta; x itself where beta x exceeds the threshold."""
    return apply("SoftplusBackward0", _softplus, (input,), (beta, threshold))


@_rounded
def _log_sigmoid(x: Node) -> Node:
    return log_sigmoid_node(_floats(x, "log_sigmoid_cpu"))


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), without overflow."""
    return apply("LogSigmoidBackward0", _log_sigmoid, (input,))


@_rounded
def _glu(x: Node, dim: int) -> Node:
    if not x.shape:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    dim = wrap_dim(dim, len(x.shape))
    size = x.shape[dim]
    if size % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {size}")
    x = _floats(x, "glu_cpu")
    start, middle, stop = [0] * len(x.shape), list(x.shape), x.shape
    middle[dim] = size // 2
    step = (1,) * len(x.shape)
    left = ops.slice(x, start=tuple(start), stop=tuple(middle), step=step)
    start[dim] = size // 2
    right = ops.slice(x, start=tuple(start), stop=stop, step=step)
    return ops.mul(left, ops.sigmoid(right))


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half of a dimension times the sigmoid of the second (Dauphin et al., 2017)."""
    return apply("GluBackward0", _glu, (input,), (dim,))


def _no_boolean(x: Node, kernel: str | None) -> Node:
    if x.dtype is dtypes.bool_:
        if kernel is not None:
            unsupported(kernel, x.dtype)
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying "
            "to invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return x if x.dtype.inexact else ops.cast(x, dtype=dtypes.get_default())


def _softsign(x: Node) -> Node:
    x = _no_boolean(x, "abs_cpu")
    size = ops.abs(x)
    return ops.div(x, ops.cast(ops.add(size, scalar(1, size)), dtype=x.dtype))


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    return apply("DivBackward0", _softsign, (input,))


def _tanhshrink(x: Node) -> Node:
    x = _no_boolean(x, None)
    return ops.sub(x, ops.tanh(x))


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x)."""
    return apply("SubBackward0", _tanhshrink, (input,))


# ---------------------------------------------------------------- piecewise linear units
@_rounded
def _hardsigmoid(x: Node) -> Node:
    x = _floats(x, "hardsigmoid_cpu")
    inner = ops.add(_scaled(x, 1 / 6), scalar(0.5, x))
    low, high = ops.le(x, scalar(-3, x)), ops.le(scalar(3, x), x)
    return ops.where(low, scalar(0, x), ops.where(high, scalar(1, x), inner))


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """x / 6 + 1/2 held within [0, 1]."""
    return _call("HardsigmoidBackward0", _hardsigmoid, input, (), inplace)


@_rounded
def _hardswish(x: Node) -> Node:
    x = _floats(x, "hardswish_cpu")
    inner = _scaled(ops.mul(x, ops.add(x, scalar(3, x))), 1 / 6)
    low, high = ops.le(x, scalar(-3, x)), ops.le(scalar(3, x), x)
    return ops.where(low, _scaled(x, 0.0), ops.where(high, x, inner))


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x times `hardsigmoid` of x (Howard et al., 2019)."""
    return _call("HardswishBackward0", _hardswish, input, (), inplace)


def _hardshrink(x: Node, size: float) -> Node:
    _floats(x, "hardshrink_cpu")
    inside = ops.bitand(ops.le(scalar(-size, x), x), ops.le(x, scalar(size, x)))
    return ops.where(inside, scalar(0, x), x)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x outside of [-lambd, lambd], 0 inside."""
    return apply("HardshrinkBackward0", _hardshrink, (input,), (lambd,))


@_rounded
def _softshrink(x: Node, size: float) -> Node:
    if not x.dtype.is_floating_point:
        unsupported("softshrink_check", x.dtype)
    most = dtypes.finfo(x.dtype).max
    if not 0 <= size <= most:
        raise RuntimeError(
            f"lambda must be in range [0, {most:g}] for input dtype {formatting_name(x.dtype)}, "
            f"but found {size:g}"
        )
    x = _floats(x, "softshrink_check")
    above = ops.lt(scalar(size, x), x)
    below = ops.lt(x, scalar(-size, x))
    inside = _scaled(x, 0.0)  # NaN stays NaN
    low = ops.where(below, ops.add(x, scalar(size, x)), inside)
    return ops.where(above, ops.sub(x, scalar(size, x)), low)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved by `lambd` towards 0, and 0 where that passes it."""
    return apply("SoftshrinkBackward0", _softshrink, (input,), (lambd,))


# ---------------------------------------------------------------- softmax
def _over_lines(x: Node, dim: int, kind: dtype | None, name: str, negate: bool = False) -> Node:
    """Softmax or its logarithm, in float32 for half precision."""
    tensors_only(name, x)
    last = wrap_dim(dim, len(x.shape)) == max(len(x.shape) - 1, 0)
    x = ops.neg(x) if negate else x
    if kind is not None:
        x = ops.cast(x, dtype=kind)
    if not x.dtype.is_floating_point:
        unsupported(f"{name}_{'lastdim_' if last else ''}kernel_impl", x.dtype)
    inner = ops.cast(x, dtype=wide(x.dtype))
    found = (softmax_node if name == "softmax" else log_softmax_node)(inner, dim)
    return ops.cast(found, dtype=x.dtype)


def softmax_over(input: Tensor, dim: int, kind: dtype | None = None) -> Tensor:
    """exp(x) / sum(exp(x)) along a dimension, of the input cast to `kind`."""
    return apply("SoftmaxBackward0", _over_lines, (input,), (dim, kind, "softmax"))


def log_softmax_over(input: Tensor, dim: int, kind: dtype | None = None) -> Tensor:
    """log(softmax(x)) along a dimension, of the input cast to `kind`."""
    return apply("LogSoftmaxBackward0", _over_lines, (input,), (dim, kind, "log_softmax"))


def _implied(name: str, dim: int | None, x: Tensor, level: int) -> int:
    """The dimension of a softmax called without one (PyTorch's old rule), with its warning."""
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.",
        stacklevel=level + 1,
    )
    return 0 if x.dim() in (0, 1, 3) else 1


def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtype | None = None
) -> Tensor:
    """exp(x) / sum(exp(x)) along a dimension."""
    return softmax_over(input, _implied("softmax", dim, input, _stacklevel), dtype)


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtype | None = None
) -> Tensor:
    """log(softmax(x)) along a dimension, without overflow."""
    return log_softmax_over(input, _implied("log_softmax", dim, input, _stacklevel), dtype)


def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: dtype | None = None
) -> Tensor:
    """`softmax` of -x."""
    dim = _implied("softmin", dim, input, _stacklevel)
    return apply("SoftmaxBackward0", _over_lines, (input,), (dim, dtype, "softmax", True))


def _gumbel(logits: Node, noise: Node, tau: Node, dim: int, hard: bool) -> Node:
    shifted = ops.sub(logits, ops.log(noise))
    rate = expand(ops.cast(tau, dtype=logits.dtype), logits.shape)
    soft = softmax_node(ops.div(shifted, rate), dim)
    if not hard:
        return soft
    axis = wrap_dim(dim, len(soft.shape))
    best = spread(ops.argmax(soft, axes=(axis,)), soft, (axis,))
    line = tuple(n if i == axis else 1 for i, n in enumerate(soft.shape))
    places = expand(ops.reshape(ops.iota(size=soft.shape[axis]), shape=line), soft.shape)
    chosen = ops.cast(ops.eq(places, best), dtype=soft.dtype)
    return ops.add(ops.sub(chosen, still(soft)), soft)


def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """Samples of the Gumbel-softmax distribution (Jang et al., 2017; Maddison et al., 2017).

    With `hard` one-hot samples, whose gradient is that of the soft ones.
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    if not logits._dtype.is_floating_point:
        raise RuntimeError(
            "Exponential distribution is a continuous probability distribution. dtype must be a "
            f"floating point but you specified {formatting_name(logits._dtype)}"
        )
    drawn = default_generator.stream.exponential(logits._size, 1.0, logits._dtype.array)
    noise = from_array(drawn, logits.device)
    name = "AddBackward0" if hard else "SoftmaxBackward0"
    return apply(name, _gumbel, (logits, noise, tau), (dim, hard))

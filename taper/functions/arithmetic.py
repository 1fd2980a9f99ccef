"""Arithmetic: the operators `+ - * / // % **`, their relatives and their in-place forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..calls import NUMBERS, apply, apply_
from ..ir.build import ops
from ..ir.node import Node, number
from ..tensor import Tensor, formatting_name
from .common import (
    Number,
    broadcast,
    computed,
    in_place,
    operator,
    promote,
    result_dtype,
    some_tensor,
    store,
    store_found,
    tensors_only,
    to_float,
    unsupported,
    wide,
)

__all__ = ["abs", "absolute", "add", "addcdiv", "addcmul", "div", "divide", "float_power"]
__all__ += ["floor_divide", "fmod", "lerp", "mul", "multiply", "neg", "negative", "positive", "pow"]
__all__ += ["abs_", "reciprocal", "remainder", "rsub", "square", "sub", "subtract", "true_divide"]
__all__ += ["neg_", "negative_", "reciprocal_", "square_"]


# ---------------------------------------------------------------- sums and products
def _combined(build: Callable, x: Node, y: Node) -> Node:
    """Promote, broadcast and combine. Half precision meets scalars of another dtype in float32."""
    kind = result_dtype((x, y))
    if x.dtype is kind and y.dtype is kind:
        return build(*broadcast(ops.cast(x, dtype=kind), ops.cast(y, dtype=kind)))
    return ops.cast(build(*computed(kind, x, y)), dtype=kind)


def _add(x: Node, y: Node) -> Node:
    return _combined(ops.add, x, y)


def _check_alpha(alpha: Node, *operands: Node) -> None:
    kind = result_dtype(operands)
    if alpha.dtype is dtypes.bool_ and kind is not dtypes.bool_:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if alpha.dtype.inexact and not kind.inexact:
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )
    if alpha.dtype.is_complex and not kind.is_complex:
        raise RuntimeError(
            "For non-complex input tensors, argument alpha must not be a complex number."
        )


def _add_scaled(x: Node, y: Node, alpha: Node) -> Node:
    _check_alpha(alpha, x, y)
    kind = result_dtype((x, y))
    x, y, alpha = computed(kind, x, y, alpha)
    return ops.cast(ops.add(x, ops.mul(alpha, y)), dtype=kind)


def _check_sub(x: Node, y: Node) -> None:
    if x is None or y is None:
        raise TypeError("sub() expects tensors and numbers, but got None")
    if x.dtype is dtypes.bool_ and y.dtype is dtypes.bool_:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or "
            "`logical_xor()` operator instead."
        )
    if dtypes.bool_ in (x.dtype, y.dtype):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying "
            "to invert a mask, use the `~` or `logical_not()` operator instead."
        )


def _sub(x: Node, y: Node) -> Node:
    _check_sub(x, y)
    return _combined(ops.sub, x, y)


def _sub_scaled(x: Node, y: Node, alpha: Node) -> Node:
    _check_sub(x, y)
    _check_alpha(alpha, x, y)
    kind = result_dtype((x, y))
    x, y, alpha = computed(kind, x, y, alpha)
    return ops.cast(ops.sub(x, ops.mul(alpha, y)), dtype=kind)


def _mul(x: Node, y: Node) -> Node:
    return _combined(ops.mul, x, y)


def add(input: Any, other: Any, *, alpha: Number = 1, out: Tensor | None = None) -> Tensor:
    """`input + alpha * other`, broadcast and promoted."""
    if alpha == 1:
        return store(out, apply("AddBackward0", _add, (input, other)))
    return store(out, apply("AddBackward0", _add_scaled, (input, other, alpha)))


def add_(input: Tensor, other: Any, *, alpha: Number = 1) -> Tensor:
    """`add` in place."""
    if alpha == 1:
        return apply_("AddBackward0", _add, input, (other,))
    return apply_("AddBackward0", _add_scaled, input, (other, alpha))


def sub(input: Any, other: Any, *, alpha: Number = 1, out: Tensor | None = None) -> Tensor:
    """`input - alpha * other`, broadcast and promoted."""
    if alpha == 1:
        return store(out, apply("SubBackward0", _sub, (input, other)))
    return store(out, apply("SubBackward0", _sub_scaled, (input, other, alpha)))


def sub_(input: Tensor, other: Any, *, alpha: Number = 1) -> Tensor:
    """`sub` in place."""
    if alpha == 1:
        return apply_("SubBackward0", _sub, input, (other,))
    return apply_("SubBackward0", _sub_scaled, input, (other, alpha))


def rsub(input: Tensor, other: Any, *, alpha: Number = 1) -> Tensor:
    """`other - alpha * input`."""
    if not isinstance(input, Tensor):
        raise TypeError(
            f"rsub(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}"
        )
    name = "RsubBackward0" if isinstance(other, Tensor) else "RsubBackward1"
    if alpha == 1:
        return apply(name, _sub, (other, input))
    return apply(name, _sub_scaled, (other, input, alpha))


def mul(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """`input * other`, broadcast and promoted."""
    return store(out, apply("MulBackward0", _mul, (input, other)))


def mul_(input: Tensor, other: Any) -> Tensor:
    """`mul` in place."""
    return apply_("MulBackward0", _mul, input, (other,))


subtract, subtract_, multiply, multiply_ = sub, sub_, mul, mul_


# ---------------------------------------------------------------- division
def _div(x: Node, y: Node) -> Node:
    if result_dtype((x, y)).inexact:
        return _combined(ops.div, x, y)
    x, y = promote(x, y)
    return ops.div(to_float(x), to_float(y))


def _div_floor(x: Node, y: Node) -> Node:
    kind = result_dtype((x, y))
    if kind is dtypes.bool_ or kind.is_complex:
        unsupported("div_floor_cpu", kind)
    return _combined(ops.floordiv, x, y)


def _truncated(x: Node, y: Node) -> Node:
    if x.dtype.inexact:
        return ops.trunc(ops.div(x, y))
    down, zero = ops.floordiv(x, y), ops.fill(x, 0)
    inexact = ops.ne(ops.mul(down, y), x)
    below = ops.bitand(inexact, ops.ne(ops.lt(x, zero), ops.lt(y, zero)))
    return ops.where(below, ops.add(down, ops.fill(x, 1)), down)


def _div_trunc(x: Node, y: Node) -> Node:
    kind = result_dtype((x, y))
    if kind is dtypes.bool_ or kind.is_complex:
        unsupported("div_trunc_cpu", kind)
    return _combined(_truncated, x, y)


def _rounded(rounding_mode: str | None) -> tuple[str, Callable]:
    if rounding_mode is None:
        return "DivBackward0", _div
    if rounding_mode == "floor":
        return "DivBackward2", _div_floor
    if rounding_mode == "trunc":
        return "DivBackward2", _div_trunc
    raise RuntimeError(
        "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
        f"'{rounding_mode}'"
    )


def div(
    input: Any, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None
) -> Tensor:
    """`input / other`: true division, or rounded towards zero ("trunc") or down ("floor")."""
    if rounding_mode is None:
        return store(out, apply("DivBackward0", _div, (input, other)))
    return store(out, apply(*_rounded(rounding_mode), (input, other)))


def div_(input: Tensor, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """`div` in place."""
    return apply_(*_rounded(rounding_mode), input, (other,))


def true_divide(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """`input / other` in a floating or complex dtype."""
    return div(input, other, out=out)


def true_divide_(input: Tensor, other: Any) -> Tensor:
    """`true_divide` in place."""
    return div_(input, other)


divide, divide_ = div, div_


def floor_divide(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """`input / other` rounded down; it has no gradient."""
    return store(out, apply(None, _div_floor, (input, other)))


def floor_divide_(input: Tensor, other: Any) -> Tensor:
    """`floor_divide` in place."""
    return apply_(None, _div_floor, input, (other,))


def _remainder(x: Node, y: Node) -> Node:
    some_tensor("remainder", x, y)
    kind = result_dtype((x, y))
    if kind is dtypes.bool_ or kind.is_complex:
        unsupported("remainder_cpu", kind)
    return _combined(ops.mod, x, y)


def _division_name(name: str, input: Any, other: Any) -> str | None:
    if not isinstance(input, Tensor):
        return None
    return f"{name}Backward1" if isinstance(other, Tensor) else f"{name}Backward0"


def remainder(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
    """What floor division leaves over, with the sign of `other`."""
    return store(out, apply(_division_name("Remainder", input, other), _remainder, (input, other)))


def remainder_(input: Tensor, other: Any) -> Tensor:
    """`remainder` in place."""
    return apply_(_division_name("Remainder", input, other), _remainder, input, (other,))


def _fmod(x: Node, y: Node) -> Node:
    tensors_only("fmod", x)
    kind = result_dtype((x, y))
    if kind is dtypes.bool_ or kind.is_complex:
        unsupported("fmod_cpu", kind)
    return _combined(ops.fmod, x, y)


def fmod(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """What division rounded towards zero leaves over, with the sign of `input`."""
    return store(out, apply(_division_name("Fmod", input, other), _fmod, (input, other)))


def fmod_(input: Tensor, other: Any) -> Tensor:
    """`fmod` in place."""
    return apply_(_division_name("Fmod", input, other), _fmod, input, (other,))


def _reciprocal(x: Node) -> Node:
    tensors_only("reciprocal", x)
    x = to_float(x)
    return ops.div(ops.fill(x, 1), x)


def reciprocal(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """1 / `input`."""
    return store(out, apply("ReciprocalBackward0", _reciprocal, (input,)))


reciprocal_ = in_place("reciprocal_", "ReciprocalBackward0", _reciprocal)


# ---------------------------------------------------------------- powers
def _pow(x: Node, y: Node) -> Node:
    kind = result_dtype((x, y))
    if kind is dtypes.bool_:
        unsupported("pow", kind)
    return _combined(ops.pow, x, y)


def _power(x: Node, exponent: Number) -> Node:
    """x to one of the exponents of `_SPECIAL`."""
    if exponent == 0.5:
        return ops.sqrt(x)
    if exponent == -0.5:
        return ops.div(ops.fill(x, 1), ops.sqrt(x))
    size = int(exponent.real)
    product = x
    for _ in range(1, size if size > 0 else -size):
        product = ops.mul(product, x)
    return product if size > 0 else ops.div(ops.fill(x, 1), product)


_SPECIAL = frozenset((1, 2, 3, 0.5, -0.5, -1, -2))


def _pow_special(x: Node, exponent: Number, kind: type) -> Node:
    found = result_dtype((x, number(0, kind)))
    return ops.cast(_power(ops.cast(x, dtype=wide(found)), exponent), dtype=found)


def _square(x: Node) -> Node:
    tensors_only("square", x)
    return _pow_special(x, 2, int)


def _scalar_power(input: Tensor, exponent: Any) -> tuple[Callable, tuple, tuple]:
    """The function, operands and static arguments of a power whose exponent is a number."""
    if exponent in _SPECIAL and not isinstance(exponent, complex):
        kind = bool if isinstance(exponent, bool) else int if exponent == int(exponent) else float
        kind = float if isinstance(exponent, float) else kind
        if kind is not float and exponent < 0 and not input.dtype.inexact:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        return _pow_special, (), (exponent, kind)
    if not input.dtype.inexact and not isinstance(exponent, (float, complex)) and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    return _pow, (exponent,), ()


def pow(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """`input` to the power `exponent`; one of the two may be a number."""
    if isinstance(exponent, Tensor):
        name = "PowBackward1" if isinstance(input, Tensor) else "PowBackward2"
        return store(out, apply(name, _pow, (input, exponent)))
    if not isinstance(exponent, NUMBERS):
        raise TypeError(f"pow(): argument 'exponent' must be Number, not {type(exponent).__name__}")
    if not isinstance(input, Tensor):
        raise TypeError(f"pow(): argument 'input' must be Tensor, not {type(input).__name__}")
    fn, operands, static = _scalar_power(input, exponent)
    return store(out, apply("PowBackward0", fn, (input, *operands), static))


def pow_(input: Tensor, exponent: Any) -> Tensor:
    """`pow` in place."""
    if isinstance(exponent, Tensor):
        return apply_("PowBackward1", _pow, input, (exponent,))
    if not isinstance(exponent, NUMBERS):
        raise TypeError(f"pow(): argument 'exponent' must be Number, not {type(exponent).__name__}")
    fn, operands, static = _scalar_power(input, exponent)
    return apply_("PowBackward0", fn, input, operands, static)


def _float_pow(x: Node, y: Node) -> Node:
    some_tensor("float_power", x, y)
    kinds = x.dtype.is_complex or y.dtype.is_complex
    kind = dtypes.complex128 if kinds else dtypes.float64
    x, y = broadcast(ops.cast(x, dtype=kind), ops.cast(y, dtype=kind))
    return ops.pow(x, y)


def _power_name(input: Any, exponent: Any) -> str:
    if not isinstance(exponent, Tensor):
        return "PowBackward0"
    return "PowBackward1" if isinstance(input, Tensor) else "PowBackward2"


def float_power(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """`pow` in double precision (float64, or complex128 where an operand is complex)."""
    result = apply(_power_name(input, exponent), _float_pow, (input, exponent))
    if out is not None and out.dtype is not result.dtype:
        raise RuntimeError(
            "the output given to float_power has dtype "
            f"{formatting_name(out.dtype)} but the operation's result requires dtype "
            f"{formatting_name(result.dtype)}"
        )
    return store(out, result)


def float_power_(input: Tensor, exponent: Any) -> Tensor:
    """`float_power` in place; the tensor must have the double dtype of the result."""
    kinds = input.dtype.is_complex or isinstance(exponent, complex)
    kinds = kinds or (isinstance(exponent, Tensor) and exponent.dtype.is_complex)
    needed = dtypes.complex128 if kinds else dtypes.float64
    if input.dtype is not needed:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {formatting_name(input.dtype)} but the "
            f"operation's result requires dtype {'ComplexDouble' if kinds else 'Double'}"
        )
    return apply_(_power_name(input, exponent), _float_pow, input, (exponent,))


def square(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The square of each element."""
    return store(out, apply("PowBackward0", _square, (input,)))


square_ = in_place("square_", "PowBackward0", _square)


# ---------------------------------------------------------------- sign
def _neg(x: Node) -> Node:
    tensors_only("neg", x)
    if x.dtype is dtypes.bool_:
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to "
            "invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return ops.neg(x)


def neg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`-input`."""
    return store_found(out, apply("NegBackward0", _neg, (input,)))


neg_ = in_place("neg_", "NegBackward0", _neg)
negative, negative_ = neg, neg_


def positive(input: Tensor) -> Tensor:
    """`+input`: the tensor itself. RuntimeError for booleans."""
    if input.dtype is dtypes.bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


def _abs(x: Node) -> Node:
    tensors_only("abs", x)
    if x.dtype is dtypes.bool_:
        unsupported("abs_cpu", x.dtype)
    return ops.abs(x)


def abs(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The absolute value; of complex numbers the modulus, in a real dtype."""
    return store_found(out, apply("AbsBackward0", _abs, (input,)))


def abs_(input: Tensor) -> Tensor:
    """`abs` in place; RuntimeError for complex tensors, whose modulus is real."""
    if input.dtype.is_complex:
        raise RuntimeError("In-place abs is not supported for complex tensors.")
    return apply_("AbsBackward0", _abs, input)


absolute, absolute_ = abs, abs_


# ---------------------------------------------------------------- three operands
def _three(name: str, *nodes: Node) -> tuple[dtypes.dtype, tuple[Node, ...]]:
    """The common dtype of three tensors, and they and a number in the dtype to compute in."""
    tensors_only(name, *nodes[:3])
    kind = result_dtype(nodes[:3])
    return kind, computed(kind, *nodes)


def _addcmul(x: Node, a: Node, b: Node, value: Node) -> Node:
    kind, (x, a, b, value) = _three("addcmul", x, a, b, value)
    return ops.cast(ops.add(x, ops.mul(ops.mul(value, a), b)), dtype=kind)


def _addcdiv(x: Node, a: Node, b: Node, value: Node) -> Node:
    kind, (x, a, b, value) = _three("addcdiv", x, a, b, value)
    if not a.dtype.inexact and not b.dtype.inexact:
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release "
            "addcdiv will perform a true division of tensor1 and tensor2. The historic addcdiv "
            "behavior can be implemented as "
            "(input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs "
            "and as (input + value * tensor1 / tensor2) for float inputs. The future addcdiv "
            "behavior is just the latter implementation: "
            "(input + value * tensor1 / tensor2), for all dtypes."
        )
    return ops.cast(ops.add(x, ops.div(ops.mul(value, a), b)), dtype=kind)


def addcmul(
    input: Tensor,
    tensor1: Tensor,
    tensor2: Tensor,
    *,
    value: Number = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`input + value * tensor1 * tensor2`."""
    return store(out, apply("AddcmulBackward0", _addcmul, (input, tensor1, tensor2, value)))


def addcmul_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """`addcmul` in place."""
    return apply_("AddcmulBackward0", _addcmul, input, (tensor1, tensor2, value))


def addcdiv(
    input: Tensor,
    tensor1: Tensor,
    tensor2: Tensor,
    *,
    value: Number = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`input + value * tensor1 / tensor2`; RuntimeError where both are of integers."""
    return store(out, apply("AddcdivBackward0", _addcdiv, (input, tensor1, tensor2, value)))


def addcdiv_(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """`addcdiv` in place."""
    return apply_("AddcdivBackward0", _addcdiv, input, (tensor1, tensor2, value))


def _lerp(x: Node, end: Node, weight: Node) -> Node:
    tensors_only("lerp", x, end)
    for what, n in (("end", end), ("weight", weight)):
        if n.dtype is not x.dtype and not n.weak and not (what == "weight" and not n.shape):
            raise RuntimeError(
                f"expected dtype {_plain(x.dtype)} for `{what}` but got dtype {_plain(n.dtype)}"
            )
    kind = x.dtype
    if not kind.inexact:
        unsupported("lerp_kernel_scalar", kind)
    x, end, weight = computed(kind, x, end, weight)
    size = ops.abs(weight)
    near = ops.lt(size, ops.fill(size, 0.5))
    way = ops.sub(end, x)
    from_start = ops.add(x, ops.mul(weight, way))
    from_end = ops.sub(end, ops.mul(way, ops.sub(ops.fill(weight, 1), weight)))
    return ops.cast(ops.where(near, from_start, from_end), dtype=kind)


def _plain(kind: dtypes.dtype) -> str:
    """A dtype as lerp's messages write it."""
    return {"float32": "float", "float64": "double", "int64": "long int", "int32": "int"}.get(
        kind.name, kind.name
    )


def lerp(
    input: Tensor, end: Tensor, weight: Tensor | Number, *, out: Tensor | None = None
) -> Tensor:
    """`input + weight * (end - input)`, computed from the nearer end."""
    name = "LerpBackward1" if isinstance(weight, Tensor) else "LerpBackward0"
    return store_found(out, apply(name, _lerp, (input, end, weight)))


def lerp_(input: Tensor, end: Tensor, weight: Tensor | Number) -> Tensor:
    """`lerp` in place."""
    name = "LerpBackward1" if isinstance(weight, Tensor) else "LerpBackward0"
    return apply_(name, _lerp, input, (end, weight))


# ---------------------------------------------------------------- Python's operators
def _divided_by(x: Node, y: Node) -> Node:
    """`y / x` the way PyTorch computes it: the reciprocal, then a product."""
    return _mul(_reciprocal(x), y)


def _rdiv(input: Tensor, other: Any) -> Tensor:
    return apply("MulBackward0", _divided_by, (input, other))


def _rpow(input: Tensor, base: Any) -> Tensor:
    return apply(_power_name(base, input), _pow, (base, input))


plus, plus_ = operator("__add__", add), operator("__iadd__", add_)
minus, minus_, rminus = (
    operator("__sub__", sub),
    operator("__isub__", sub_),
    operator("__rsub__", rsub),
)
times, times_ = operator("__mul__", mul), operator("__imul__", mul_)
over, over_, rover = (
    operator("__truediv__", div),
    operator("__itruediv__", div_),
    operator("__rtruediv__", _rdiv),
)
floor_over, floor_over_, rfloor_over = (
    operator("__floordiv__", floor_divide),
    operator("__ifloordiv__", floor_divide_),
    operator("__rfloordiv__", lambda input, other: floor_divide(other, input)),
)
modulo, modulo_, rmodulo = (
    operator("__mod__", remainder),
    operator("__imod__", remainder_),
    operator("__rmod__", lambda input, other: remainder(other, input)),
)
power, power_, rpower = (
    operator("__pow__", pow),
    operator("__ipow__", pow_),
    operator("__rpow__", _rpow),
)

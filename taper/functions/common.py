"""What the families share: promotion and broadcasting of nodes, and reading of arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from .. import dtypes, shapes
from ..calls import NUMBERS, apply_, write_out
from ..dtypes import dtype
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor, formatting_name

Number = bool | int | float | complex
Dims = int | Sequence[int] | None


# ---------------------------------------------------------------- nodes
def result_dtype(nodes: Sequence[Node]) -> dtype:
    """PyTorch's promotion: tensors with dimensions first, then 0-d tensors, then Python numbers."""
    ranks: list[dtype | None] = [None, None, None]
    for n in nodes:
        if n is None:
            raise TypeError("expected a Tensor or a number as argument, but got None")
        kind = n.dtype
        if n.weak:
            rank = 2
            if kind.category == dtypes.FLOAT:
                kind = dtypes.get_default()
            elif kind.category == dtypes.COMPLEX:
                kind = dtypes.get_default().to_complex()
        else:
            rank = 0 if n.shape else 1
        seen = ranks[rank]
        ranks[rank] = kind if seen is None else dtypes.promote_types(seen, kind)
    best: dtype | None = None
    for found in ranks:
        if found is None:
            continue
        if best is None:
            best = found
        elif found.category > best.category:
            best = _joined(best, found)
    return best  # type: ignore[return-value]


def _joined(strong: dtype, weak: dtype) -> dtype:
    """A lesser operand of a higher category raises the category, not the width."""
    if weak.is_complex and strong.is_floating_point:
        return dtypes.complex128 if strong is dtypes.float64 else dtypes.complex64
    return weak


def to_float(x: Node) -> Node:
    """Integers and booleans as the default floating dtype."""
    if x.weak or not x.dtype.inexact:
        kind = dtypes.get_default()
        return ops.cast(x, dtype=kind.to_complex() if x.dtype.is_complex else kind)
    return x


def expand(x: Node, shape: Sequence[int]) -> Node:
    """Broadcast to a shape."""
    shape = tuple(shape)
    if x.shape == shape:
        return x
    lead = (1,) * (len(shape) - len(x.shape))
    return ops.expand(ops.reshape(x, shape=(*lead, *x.shape)), shape=shape)


def broadcast(*nodes: Node) -> tuple[Node, ...]:
    """Nodes expanded to their common shape."""
    shape = shapes.broadcast(*[n.shape for n in nodes])
    return tuple(expand(n, shape) for n in nodes)


def promote(*nodes: Node) -> tuple[Node, ...]:
    """Nodes of the common dtype and shape, as binary operators need them."""
    kind = result_dtype(nodes)
    return broadcast(*[ops.cast(n, dtype=kind) for n in nodes])


def spread(reduced: Node, like: Node, axes: tuple[int, ...]) -> Node:
    """A reduction's result over the shape it came from."""
    kept = tuple(1 if i in axes else n for i, n in enumerate(like.shape))
    return expand(ops.reshape(reduced, shape=kept), like.shape)


def keep(reduced: Node, like: Node, axes: tuple[int, ...]) -> Node:
    """A reduction's result with the reduced dimensions of size 1."""
    kept = tuple(1 if i in axes else n for i, n in enumerate(like.shape))
    return ops.reshape(reduced, shape=kept)


def scalar(value: Any, like: Node) -> Node:
    """A constant of the shape and dtype of a node."""
    return ops.fill(like, value)


def in_axes(reduced: Node, like: Node, axes: tuple[int, ...], keepdim: bool) -> Node:
    """A reduction's result, with the reduced dimensions kept at size 1 or dropped."""
    if keepdim:
        return keep(reduced, like, axes)
    return ops.reshape(reduced, shape=tuple(n for i, n in enumerate(like.shape) if i not in axes))


def stop_gradient(x: Node) -> Node:
    """The same numbers, through which no gradient flows."""
    return ops.bitcast(x, dtype=x.dtype)


def still(x: Node) -> Node:
    """The same values, through which no gradient flows."""
    return ops.bitcast(x, dtype=x.dtype)


def wide(kind: dtype) -> dtype:
    """The dtype that PyTorch's kernels compute in: float32 for half precision."""
    return dtypes.float32 if kind.is_half else kind


def computed(kind: dtype, *nodes: Node) -> tuple[Node, ...]:
    """Nodes broadcast, rounded to `kind`, in the dtype to compute in; numbers are not rounded."""
    shape = shapes.broadcast(*[n.shape for n in nodes])
    inner, found = wide(kind), []
    for n in nodes:
        if n.shape and inner is not kind:
            n = ops.cast(n, dtype=kind)
        found.append(ops.cast(expand(n, shape), dtype=inner))
    return tuple(found)


def tensors_only(name: str, *nodes: Node) -> None:
    """Refuse Python numbers where a function takes tensors alone."""
    for i, n in enumerate(nodes):
        if n is None or n.weak:
            place = ("input", "other")[i] if i < 2 else "tensor"
            number = {dtypes.BOOL: "bool", dtypes.INT: "int", dtypes.FLOAT: "float"}
            got = "NoneType" if n is None else number.get(n.dtype.category, "complex")
            raise TypeError(
                f"{name}(): argument '{place}' (position {i + 1}) must be Tensor, not {got}"
            )


def some_tensor(name: str, *nodes: Node) -> None:
    """Refuse calls on Python numbers alone."""
    if all(n is not None and n.weak for n in nodes):
        raise TypeError(f"{name}() received numbers only, but expected at least one Tensor")


def unsupported(kernel: str, kind: dtype) -> NoReturn:
    """What PyTorch says of a function that has no kernel for a dtype."""
    raise NotImplementedError(f"\"{kernel}\" not implemented for '{formatting_name(kind)}'")


def check_fits(value: Any, kind: dtype) -> None:
    """Refuse numbers that a dtype cannot hold; small negative ones wrap in unsigned dtypes."""
    if isinstance(value, (complex, Tensor)) or -128 <= value <= 127 or kind is dtypes.bool_:
        return
    if not kind.inexact:
        limits = dtypes.iinfo(kind)
        low = limits.min if kind.is_signed else -limits.max - 1
        if low <= value <= limits.max:
            return
        name = {"int32": "int"}.get(kind.name, kind.name + "_t")
    elif value != value or abs(value) == float("inf") or abs(value) <= dtypes.finfo(kind).max:
        return
    else:
        name = _C_NAMES.get(kind.name, kind.name)
    raise RuntimeError(f"value cannot be converted to type {name} without overflow")


# ---------------------------------------------------------------- results
def store(out: Tensor | None, result: Tensor) -> Tensor:
    """The result, or `out=` with the result written into it."""
    return result if out is None else write_out(out, result)


_C_NAMES = {"int64": "long int", "int32": "int", "int16": "short", "int8": "signed char"}
_C_NAMES |= {"uint8": "unsigned char", "float32": "float", "float64": "double", "bool": "bool"}
_C_NAMES |= {"float16": "c10::Half", "bfloat16": "c10::BFloat16"}


def store_found(out: Tensor | None, result: Tensor) -> Tensor:
    """`store` where `out=` must have the result's dtype, in the words of elementwise functions."""
    if out is not None and out._dtype is not result._dtype:
        raise RuntimeError(
            f"Found dtype {formatting_name(out._dtype)} but expected "
            f"{formatting_name(result._dtype)}"
        )
    return store(out, result)


def store_same(out: Tensor | None, result: Tensor) -> Tensor:
    """`store` where `out=` must have the result's dtype, in the words of reductions."""
    if out is not None and out._dtype is not result._dtype:
        wanted, got = (_C_NAMES.get(d.name, d.name) for d in (result._dtype, out._dtype))
        raise RuntimeError(f"Expected out tensor to have dtype {wanted}, but got {got} instead")
    return store(out, result)


def in_place(
    method: str, name: str | None, fn: Callable, *static: Any
) -> Callable[[Tensor], Tensor]:
    """The in-place form of a function of one tensor."""

    def write(input: Tensor) -> Tensor:
        return apply_(name, fn, input, (), static)

    write.__name__ = write.__qualname__ = method
    write.__doc__ = f"`{method[:-1]}` in place."
    return write


def operator(method: str, call: Callable[[Tensor, Any], Tensor]) -> Callable[[Tensor, Any], Tensor]:
    """A function as a Python operator, which leaves operands it does not know to the other side."""

    def operate(self: Tensor, other: Any) -> Tensor:
        if self.__class__ is not Tensor and not isinstance(self, Tensor):
            raise TypeError(f"{method} needs a Tensor, not {type(self).__name__}")
        try:
            return call(self, other)
        except TypeError:
            if isinstance(other, (Tensor, *NUMBERS)):
                raise
            return NotImplemented

    operate.__name__ = operate.__qualname__ = method
    operate.__doc__ = call.__doc__
    return operate


# ---------------------------------------------------------------- arguments
def hashable(dim: Dims) -> Dims:
    """Dimensions as a static argument."""
    return tuple(dim) if isinstance(dim, list) else dim


def numpy_names(name: str, named: dict, dim: Any, keepdim: bool) -> tuple[Any, bool]:
    """`axis` and `keepdims`, which PyTorch accepts for `dim` and `keepdim`."""
    dim = named.pop("axis", dim)
    keepdim = named.pop("keepdims", keepdim)
    if named:
        raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(named))}'")
    return dim, keepdim


def sizes(args: tuple[Any, ...]) -> tuple[int, ...]:
    """`f(2, 3)`, `f((2, 3))` and `f(torch.Size([2, 3]))` alike."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = tuple(args[0])
    return tuple(int(n) if isinstance(n, Tensor) else n for n in args)


def pair(value: Any, count: int, what: str = "argument") -> tuple[int, ...]:
    """An int, or one int a dimension, as a tuple of `count`."""
    if isinstance(value, (tuple, list)):
        found = tuple(int(v) for v in value)
        if len(found) == 1:
            return found * count
        if len(found) != count:
            raise RuntimeError(f"{what} must be an int or a tuple of {count} ints, but got {value}")
        return found
    return (int(value),) * count

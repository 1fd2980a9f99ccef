"""Derivatives of functions: jacobian, hessian, and their products with vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..functions.creation import zeros, zeros_like
from ..functions.joining import stack
from ..modes import enable_grad, is_grad_enabled, set_grad_enabled
from ..tensor import Tensor
from .gradients import grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

_DEPENDS = "This is not allowed in strict mode."


def _tuple(value: Any, what: str, name: str) -> tuple[bool, tuple[Tensor, ...]]:
    """Whether the value was a tuple, and the value as one."""
    several = isinstance(value, tuple)
    found = value if several else (value,)
    of = "of the user-provided function " if what == "outputs" else ""
    for i, x in enumerate(found):
        if not isinstance(x, Tensor):
            if several:
                raise TypeError(
                    f"The {what} {of}given to {name} must be either a Tensor or a tuple of Tensors "
                    f"but the value at index {i} has type {type(x)}."
                )
            verb = (
                "the given outputs of the user-provided function has"
                if of
                else f"the given {what} has"
            )
            raise TypeError(
                f"The {what} {of}given to {name} must be either a Tensor or a tuple of Tensors but "
                f"{verb} type {type(x)}."
            )
    return several, found


def _started(inputs: tuple, create_graph: bool) -> tuple[Tensor, ...]:
    """Inputs to differentiate by: views in the caller's graph, or leaves of their own."""
    if create_graph:
        return tuple(
            x.view_as(x) if x.requires_grad else x.detach().requires_grad_() for x in inputs
        )
    return tuple(x.detach().requires_grad_() for x in inputs)


def _finished(values: Any, create_graph: bool) -> Any:
    if isinstance(values, tuple):
        return tuple(_finished(v, create_graph) for v in values)
    return values if create_graph else values.detach()


def _called(
    func: Callable, inputs: tuple, name: str, strict: bool
) -> tuple[bool, tuple[Tensor, ...]]:
    several, outputs = _tuple(func(*inputs), "outputs", name)
    if strict:
        for i, y in enumerate(outputs):
            if not y.requires_grad:
                raise RuntimeError(
                    f"Output {i} of the user-provided function does not require gradients. The "
                    "outputs must be computed in a differentiable manner from the input when "
                    "running in strict mode."
                )
    return several, outputs


def _vector(v: Any, like: tuple[Tensor, ...], name: str, why: str) -> tuple[Tensor, ...]:
    """The vector `v` checked against what it multiplies; ones where it may be None."""
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(why)
        return tuple(x.detach().new_ones(x.shape) for x in like)
    several, found = _tuple(v, "v", name)
    if len(found) != len(like):
        if several:
            raise RuntimeError(
                f"v is a tuple of invalid length: should be {len(like)} but got {len(found)}."
            )
        raise RuntimeError("The given v should contain a single Tensor.")
    for i, (a, x) in enumerate(zip(found, like)):
        if a.shape != x.shape:
            entry = f"Entry {i} in " if several and len(found) > 1 else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {x.shape} but got {a.shape}.")
    return tuple(a if a.requires_grad else a.detach() for a in found)


_OF_OUTPUT = (
    "The vector v can only be None if the user-provided function returns a single Tensor with a "
    "single element."
)
_OF_INPUT = (
    "The vector v can only be None if the input to the user-provided function is a single Tensor "
    "with a single element."
)


def _grad(
    outputs: tuple,
    inputs: tuple,
    vectors: tuple | None,
    create_graph: bool,
    keep: bool | None = None,
) -> tuple[Tensor | None, ...]:
    """As `grad`, where outputs without a graph count as constants."""
    vectors = vectors or (None,) * len(outputs)
    pairs = [(y, v) for y, v in zip(outputs, vectors) if y is not None and y.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    return grad(
        [y for y, _ in pairs], inputs, [v for _, v in pairs], keep, create_graph, allow_unused=True
    )


def _filled(
    grads: tuple, like: tuple, strict: bool, message: Callable[[int], str]
) -> tuple[Tensor, ...]:
    """Zeros for missing gradients; an error where strict."""
    for i, g in enumerate(grads):
        if strict and g is None:
            raise RuntimeError(message(i))
    return tuple(zeros_like(x).detach() if g is None else g for g, x in zip(grads, like))


def _must_depend(grads: tuple, what: str, strict: bool) -> None:
    for i, g in enumerate(grads):
        if strict and not g.requires_grad:
            raise RuntimeError(
                f"{what} with respect to input {i} is independent of the input. This is not "
                "allowed in strict mode." + _TWICE
            )


_TWICE = (
    " You should ensure that your function is twice differentiable and that the jacobian depends "
    "on the inputs (this would be violated by a linear function for example)."
)


def _untuple(values: tuple, several: bool) -> Any:
    return values if several else values[0]


def vjp(
    func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs of `func`, and the product of `v` with its jacobian."""
    with enable_grad():
        many, xs = _tuple(inputs, "inputs", "vjp")
        xs = _started(xs, create_graph)
        several, ys = _called(func, xs, "vjp", strict)
        vs = _vector(v, ys, "vjp", _OF_OUTPUT)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        found = _grad(ys, xs, vs, create_graph)
        found = _filled(
            found,
            xs,
            strict,
            lambda i: (
                f"The output of the user-provided function is independent of input {i}. {_DEPENDS}"
            ),
        )
    return _finished(_untuple(ys, several), create_graph), _finished(
        _untuple(found, many), create_graph
    )


def _pushed(ys: tuple, xs: tuple, vs: tuple, create_graph: bool) -> tuple[Tensor | None, ...]:
    """The jacobian of ys by xs times vs: the gradient, by a cotangent that is itself a variable, of
    a gradient."""
    us = tuple(zeros_like(y).detach().requires_grad_() for y in ys)
    back = _grad(ys, xs, us, True)
    used = tuple((g, v) for g, v in zip(back, vs) if g is not None)
    return _grad(tuple(g for g, _ in used), us, tuple(v for _, v in used), create_graph)


def jvp(
    func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The outputs of `func`, and the product of its jacobian with `v` (two backward passes)."""
    with enable_grad():
        _, xs = _tuple(inputs, "inputs", "jvp")
        xs = _started(xs, create_graph)
        vs = _vector(v, xs, "jvp", _OF_INPUT)
        several, ys = _called(func, xs, "jvp", strict)
        found = _pushed(ys, xs, vs, create_graph)
        found = _filled(
            found,
            ys,
            strict,
            lambda i: (
                f"The output {i} of the user-provided function is independent of the input. "
                f"{_DEPENDS}"
            ),
        )
    return _finished(_untuple(ys, several), create_graph), _finished(
        _untuple(found, several), create_graph
    )


def jacobian(
    func: Callable,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The jacobian of `func`: for each output and input a tensor of the shape of both, joined.

    `vectorize` and `strategy` are taken for PyTorch's sake: rows are always computed one backward
    each.
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your '
            'function has more outputs than inputs, "forward-mode" tends to be more performant. '
            'Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode":
        if create_graph:
            raise NotImplementedError(
                "torch.autograd.functional.jacobian: `create_graph=True` and "
                '`strategy="forward-mode"` are not supported together (yet). Please either set '
                '`create_graph=False` or `strategy="reverse-mode"`.'
            )
        if strict:
            raise RuntimeError(
                'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` '
                "are not supported together (yet). Please either set `strict=False` or "
                '`strategy="reverse-mode"`.'
            )
        if not vectorize:
            raise NotImplementedError(
                'torch.autograd.functional.jacobian: `strategy="forward-mode"` is only supported '
                'with `vectorize=True`. Please set `vectorize=True` or `strategy="reverse-mode"`.'
            )
    with enable_grad():
        many, xs = _tuple(inputs, "inputs", "jacobian")
        xs = _started(xs, create_graph)
        several, ys = _called(func, xs, "jacobian", strict)
        rows = tuple(_rows(i, y, xs, create_graph, strict) for i, y in enumerate(ys))
    rows = _finished(rows, create_graph)
    return _untuple(tuple(_untuple(row, many) for row in rows), several)


def _rows(place: int, y: Tensor, xs: tuple, create_graph: bool, strict: bool) -> tuple[Tensor, ...]:
    """The jacobian of one output by every input."""
    lines: list[tuple[Tensor, ...]] = []
    for element in y.reshape(-1).unbind() if y.numel() else ():
        line = _grad((element,), xs, None, create_graph, keep=True)
        for i, g in enumerate(line):
            if strict and g is None:
                raise RuntimeError(
                    f"Output {place} of the user-provided function is independent of input {i}. "
                    f"{_DEPENDS}"
                )
            if strict and create_graph and not g.requires_grad:  # type: ignore[union-attr]
                raise RuntimeError(
                    f"The jacobian of the user-provided function is independent of input {i}. This "
                    "is not allowed in strict mode when create_graph=True."
                )
        lines.append(_filled(line, xs, False, str))
    if not lines:
        return tuple(zeros((*y.shape, *x.shape), dtype=y.dtype, device=y.device) for x in xs)
    return tuple(
        stack(list(column)).reshape((*y.shape, *x.shape)) for column, x in zip(zip(*lines), xs)
    )


def _single(outputs: tuple, several: bool, name: str) -> Tensor:
    if several:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    (y,) = outputs
    if y.numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a single element"
        )
    return y.squeeze()


def hessian(
    func: Callable,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The hessian of a function with one number as its result."""
    many, xs = _tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def slope(*ys: Tensor) -> tuple[Tensor, ...]:
        if outer_jacobian_strategy == "forward-mode":
            ys = tuple(y.requires_grad_() for y in ys)
        several, outs = _called(func, ys, "hessian", strict)
        y = _single(outs, several, "hessian")
        found = _filled(
            _grad((y,), ys, None, True),
            ys,
            strict,
            lambda i: (
                f"Output 0 of the user-provided function is independent of input {i}. {_DEPENDS}"
            ),
        )
        _must_depend(
            found,
            "While computing the hessian, found that the jacobian of the user-provided function",
            strict,
        )
        return found

    found = jacobian(slope, xs, create_graph, strict)
    return _untuple(tuple(_untuple(row, many) for row in found), many)


def vhp(
    func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func`, and the product of `v` with its hessian."""
    with enable_grad():
        many, xs = _tuple(inputs, "inputs", "vhp")
        xs = _started(xs, create_graph)
        vs = _vector(v, xs, "vhp", _OF_INPUT)
        several, ys = _called(func, xs, "vhp", strict)
        y = _single(ys, several, "vhp")
        slopes = _first_order(y, xs, strict)
        found = _filled(
            _grad(slopes, xs, vs, create_graph),
            xs,
            strict,
            lambda i: (
                f"The output of the user-provided function is independent of input {i}. {_DEPENDS}"
            ),
        )
    return _finished(_untuple(ys, several), create_graph), _finished(
        _untuple(found, many), create_graph
    )


def hvp(
    func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """The value of `func`, and the product of its hessian with `v`."""
    with enable_grad():
        many, xs = _tuple(inputs, "inputs", "hvp")
        xs = _started(xs, create_graph)
        vs = _vector(v, xs, "hvp", _OF_INPUT)
        several, ys = _called(func, xs, "hvp", strict)
        y = _single(ys, several, "hvp")
        slopes = _first_order(y, xs, strict)
        found = _filled(
            _pushed(slopes, xs, vs, create_graph),
            xs,
            strict,
            lambda i: (
                f"The output {i} of the user-provided function is independent of the input. "
                f"{_DEPENDS}"
            ),
        )
    return _finished(_untuple(ys, several), create_graph), _finished(
        _untuple(found, many), create_graph
    )


def _first_order(y: Tensor, xs: tuple, strict: bool) -> tuple[Tensor, ...]:
    slopes = _filled(
        _grad((y,), xs, None, True),
        xs,
        strict,
        lambda i: f"Output 0 of the user-provided function is independent of input {i}. {_DEPENDS}",
    )
    _must_depend(slopes, "The jacobian of the user-provided function", strict)
    return slopes

"""gradcheck and gradgradcheck: gradients compared with central differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..dtypes import complex128, float64
from ..functions.creation import from_array, zeros_like
from ..functions.joining import stack
from ..functions.random import rand, randn
from ..modes import no_grad
from ..tensor import Tensor
from .function import PyGradFn
from .gradients import grad

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

_NONDETERMINISTIC = """

NOTE: Some operations add in an order that changes from run to run; for those this failure may be
expected. Pass `nondet_tol=<tol>` to allow differences up to that tolerance.
"""


class GradcheckError(RuntimeError):
    """A gradient that differs from the numerical one, or that breaks another rule of gradients."""


def _listed(value: Any) -> tuple:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def _outputs(found: Any) -> list[Tensor]:
    return [y for y in _listed(found) if isinstance(y, Tensor) and y.requires_grad]


def _parts(y: Tensor) -> list[tuple[str, Callable[[Tensor], Tensor]]]:
    """The real functions that an output stands for, named for messages."""
    if not y.is_complex():
        return [("", lambda t: t)]
    return [
        ("While considering the imag part of complex outputs only, ", lambda t: t.imag),
        ("While considering the real part of complex outputs only, ", lambda t: t.real),
    ]


def _check_inputs(inputs: Sequence[Any]) -> None:
    any_needs = False
    for i, x in enumerate(inputs):
        if not (isinstance(x, Tensor) and x.requires_grad):
            continue
        any_needs = True
        if x.dtype not in (float64, complex128):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double "
                "precision floating point or complex. "
            )
        if any(s == 0 and n > 1 for s, n in zip(x.stride(), x.shape)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs "
                "that are non-overlapping to be able to compute the numerical gradients "
                "correctly. You should call .contiguous on the input before passing it to "
                "gradcheck."
            )
    if not any_needs:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True."
        )


def _numerical(fn: Callable[[], Tensor], x: Tensor, eps: float) -> np.ndarray:
    """The jacobian of a real function by central differences: rows are x's elements (their
    conjugate slope if complex)."""
    start = x.detach().clone()
    held = start._array().copy()
    rows = []
    try:
        for at in np.ndindex(held.shape):
            steps = [eps, 1j * eps] if x.is_complex() else [eps]
            row = 0
            for unit, step in zip((1, 1j), steps):
                ends = []
                for sign in (1, -1):
                    moved = held.copy()
                    moved[at] += sign * step
                    with no_grad():
                        x.data.copy_(from_array(moved))
                    ends.append(fn().detach().clone())
                row = row + unit * ((ends[0] - ends[1]) / (2 * eps))._array().reshape(-1)
            rows.append(row)
    finally:
        with no_grad():
            x.data.copy_(start)
    return np.stack(rows) if rows else np.zeros((0, fn().numel()))


def _nth(listed: Callable, func: Callable, inputs: tuple, j: int, part: Any = None) -> Tensor:
    """Output j of `func` at its inputs as they are now, or a part of it."""
    y = listed(func(*inputs))[j]
    return y if part is None else part(y)


def _analytical(y: Tensor, xs: Sequence[Tensor]) -> tuple[list[np.ndarray], list[Any]]:
    """Jacobians by backward, one for each x, and the gradients of the last row."""
    columns: list[list[np.ndarray]] = [[] for _ in xs]
    last: tuple = ()
    for k in range(y.numel()):
        one = np.zeros(y.shape, y.dtype.array)
        one.reshape(-1)[k] = 1
        last = grad(y, xs, from_array(one), retain_graph=True, allow_unused=True)
        for column, x, g in zip(columns, xs, last):
            kept = np.zeros(x.shape, x.dtype.array) if g is None else g.detach()._array()
            if g is not None and g.shape != x.shape:
                raise GradcheckError("Analytical gradient has incorrect size")
            column.append(kept.reshape(-1).copy())
    empty = [np.zeros((x.numel(), 0)) for x in xs]
    return [np.stack(c, 1) if c else e for c, e in zip(columns, empty)], list(last)


def _mismatch(prefix: str, i: int, j: int, numerical: np.ndarray, analytical: np.ndarray) -> str:
    return (
        f"{prefix}Jacobian mismatch for output {j} with respect to input {i},\n"
        f"numerical:{from_array(numerical)}\nanalytical:{from_array(analytical)}\n"
    )


def _compare(func: Callable, inputs: tuple, found: list[Tensor], o: dict) -> None:
    """Every output's jacobian by every input, against differences."""
    places = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    xs = [inputs[i] for i in places]
    for j, y in enumerate(found):
        for prefix, part in _parts(y):
            jacobians, last = _analytical(part(y), xs)
            for i, x, analytical, g in zip(places, xs, jacobians, last or [None] * len(xs)):
                fn = partial(_nth, _outputs, func, inputs, j, part)
                numerical = _numerical(fn, x, o["eps"])
                numerical = numerical.astype(analytical.dtype)
                if not np.allclose(analytical, numerical, o["rtol"], o["atol"], equal_nan=True):
                    raise GradcheckError(_mismatch(prefix, i, j, numerical, analytical))
                if o["check_grad_dtypes"] and g is not None and g.dtype is not x.dtype:
                    raise GradcheckError("Gradient has dtype mismatch")
            again, _ = _analytical(part(y), xs)
            if any(
                a.size and np.abs(a - b).max() > o["nondet_tol"] for a, b in zip(jacobians, again)
            ):
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and "
                    "grad_output multiple times gives different values, although analytical "
                    "gradient matches numerical gradient.The tolerance for nondeterminism was "
                    f"{o['nondet_tol']}.{_NONDETERMINISTIC}"
                )


def _check_constant(func: Callable, inputs: tuple, eps: float) -> None:
    """A function without differentiable outputs must be flat."""
    for x in inputs:
        if not (isinstance(x, Tensor) and x.requires_grad):
            continue
        for j, y in enumerate(_listed(func(*inputs))):
            if not isinstance(y, Tensor):
                continue
            slopes = _numerical(partial(_nth, _listed, func, inputs, j), x, eps)
            if np.any(slopes != 0):
                raise GradcheckError("Numerical gradient for function expected to be zero")


def _check_scaling(func: Callable, inputs: tuple) -> None:
    """Zero cotangents give zero gradients."""
    found = _outputs(func(*inputs))
    xs = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    for g in grad(found, xs, [zeros_like(y) for y in found], allow_unused=True):
        if g is not None and not bool((g == 0).all()):
            raise GradcheckError("backward not multiplied by grad_output")


def _check_undefined(func: Callable, inputs: tuple) -> None:
    """A custom function must take missing cotangents, and give zeros or None for them."""
    for y in _outputs(func(*inputs)):
        if not isinstance(y.grad_fn, PyGradFn):
            continue
        for g in y.grad_fn.gradients([None] * y.grad_fn.count):
            if g is not None and not bool((g == 0).all()):
                raise GradcheckError(
                    "Expected all input grads to be undefined or zero when all output grads are "
                    "undefined or zero."
                )


def _check_batched(func: Callable, inputs: tuple) -> None:
    """Gradients of a batch of cotangents are those of its rows."""
    xs = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    for y in _outputs(func(*inputs)):
        rows = [rand(y.shape, dtype=y.dtype) for _ in range(2)]
        each: list[Any] = [grad(y, xs, row, retain_graph=True, allow_unused=True) for row in rows]
        joined = grad(
            y, xs, stack(rows), retain_graph=True, allow_unused=True, is_grads_batched=True
        )
        for k, g in enumerate(joined):
            if g is not None and not bool((g == stack([e[k] for e in each])).all()):
                raise GradcheckError(
                    "While computing batched gradients, got other values than one by one"
                )


def gradcheck(
    func: Callable,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of `func` agree with central differences of step `eps`, within atol +
    rtol * |numerical|.

    Raises GradcheckError where they do not, unless `raise_exception` is false. The inputs should be
    float64;
    `fast_mode` checks the whole jacobian too.
    """
    given = _listed(inputs)
    options = {"eps": eps, "atol": atol, "rtol": rtol, "nondet_tol": nondet_tol}
    options["check_grad_dtypes"] = check_grad_dtypes
    try:
        _check_inputs(given)
        found = _outputs(func(*given))
        if not found:
            _check_constant(func, given, eps)
            return True
        if not check_backward_ad:
            return True
        _compare(func, given, found, options)
        if check_batched_grad:
            _check_batched(func, given)
        _check_scaling(func, given)
        if check_undefined_grad:
            _check_undefined(func, given)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """As `gradcheck`, of the gradient of `func` as a function of its inputs and of the
    cotangents."""
    given = _listed(inputs)
    outs = _outputs(func(*given))
    if grad_outputs is None:
        sent = tuple(
            randn(y.shape, dtype=y.dtype if y.dtype is float64 or y.is_complex() else float64)
            .to(y.dtype)
            .requires_grad_()
            for y in outs
        )
    else:
        sent = _listed(grad_outputs)

    def slope(*args: Any) -> tuple[Tensor, ...]:
        own, vs = args[: len(given)], args[len(given) :]
        xs = [x for x in own if isinstance(x, Tensor) and x.requires_grad]
        found = grad(_outputs(func(*own)), xs, list(vs), create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        slope,
        (*given, *sent),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )

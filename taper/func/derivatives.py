"""Functions that make functions of derivatives: grad, vjp, jvp, jacobians and hessians, nested as
one likes.

An argument is differentiated by a variable of its own that stands for it inside the call. Results
keep a graph only where they depend on variables of outside, as those of an enclosing transform.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakValueDictionary

from ..autograd import grad as gradient
from ..functions.creation import zeros, zeros_like
from ..functions.joining import stack
from ..modes import enable_grad
from ..tensor import Tensor
from .trees import flatten, leaves, tree_map

__all__ = ["grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "vjp"]


_cotangents: WeakValueDictionary[int, Tensor] = WeakValueDictionary()
# Variables that stand for a cotangent: what is linear in one keeps it in its graph without
# depending on it.


# ---------------------------------------------------------------- variables
def _own(x: Any) -> Tensor:
    """A variable that stands for `x`: connected to it where it has a graph."""
    if not isinstance(x, Tensor):
        raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")
    return x.view_as(x) if x.requires_grad else x.detach().requires_grad_()


def _chosen(args: tuple, argnums: Any) -> tuple[int, ...]:
    """The places of the arguments that are differentiated."""
    if not isinstance(argnums, (int, tuple)) or isinstance(argnums, bool):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    places = argnums if isinstance(argnums, tuple) else (argnums,)
    for place in places:
        if not -len(args) <= place < len(args):
            raise RuntimeError(f"Got argnum={place}, but only {len(args)} positional inputs")
    found = tuple(place % len(args) for place in places)
    if len(set(found)) != len(found):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")
    return found


def _with_own(args: tuple, argnums: Any) -> tuple[list[Any], Any]:
    """The arguments with variables in the chosen places, and what stands there."""
    places, given = _chosen(args, argnums), list(args)
    for place in places:
        given[place] = tree_map(_own, given[place])
    picked = tuple(given[place] for place in places)
    return given, picked if isinstance(argnums, tuple) else picked[0]


def _leaves_below(roots: Sequence[Tensor]) -> set[int]:
    """Ids of the leaf variables that results depend on."""
    found = {id(y) for y in roots if y.requires_grad and y.grad_fn is None}
    waiting = [y.grad_fn for y in roots if y.grad_fn is not None]
    seen = set(waiting)
    while waiting:
        for fn, _ in waiting.pop().next_functions:
            if fn is not None and fn not in seen:
                seen.add(fn)
                waiting.append(fn)
                if hasattr(fn, "variable"):
                    found.add(id(fn.variable))
    return found


def _outside(roots: Sequence[Tensor], own: Sequence[Tensor]) -> bool:
    """Whether results depend on variables of outside."""
    inside = {id(x) for x in own if x.grad_fn is None}
    return any(i not in inside and i not in _cotangents for i in _leaves_below(roots))


def _settled(tree: Any, keep: bool) -> Any:
    return tree_map(lambda x: x.detach() if isinstance(x, Tensor) and not keep else x, tree)


def _pulled(
    ys: Sequence[Tensor],
    xs: Sequence[Tensor],
    gs: Sequence[Tensor | None],
    keep: bool,
    again: bool = False,
) -> list[Tensor]:
    """Gradients of ys by xs, zeros where there is none."""
    pairs = [(y, g) for y, g in zip(ys, gs) if y.requires_grad]
    if not pairs:
        return [zeros_like(x).detach() for x in xs]
    found = gradient(
        [y for y, _ in pairs],
        list(xs),
        [g for _, g in pairs],
        retain_graph=keep or again,
        create_graph=keep,
        allow_unused=True,
    )
    return [zeros_like(x).detach() if g is None else g for x, g in zip(xs, found)]


def _split(outcome: Any, has_aux: bool, name: str) -> tuple[Any, Any]:
    if not has_aux:
        return outcome, None
    if not isinstance(outcome, tuple) or len(outcome) != 2:
        raise RuntimeError(
            f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True"
        )
    return outcome


# ---------------------------------------------------------------- gradients
def grad_and_value(func: Callable, argnums: Any = 0, has_aux: bool = False) -> Callable:
    """A function of `func`'s arguments that gives (gradient, value), or (gradient, (value, aux)).

    RuntimeError where `func` gives anything but a tensor with one element and no dimension.
    """

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with enable_grad():
            given, chosen = _with_own(args, argnums)
            what = "grad_and_value(f)(*args)"
            y, aux = _split(func(*given, **kwargs), has_aux, what)
            if not isinstance(y, Tensor):
                raise RuntimeError(f"{what}: Expected f(*args) to return a Tensor, got {type(y)}")
            if y.dim() != 0:
                raise RuntimeError(
                    f"{what}: Expected f(*args) to return a scalar Tensor, got tensor with "
                    f"{y.dim()} dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
                )
            xs, build = flatten(chosen)
            keep = _outside([y], xs)
            found = build(iter(_settled(_pulled([y], xs, [None], keep), keep)))
            y, aux = _settled((y, aux), keep)
        return found, ((y, aux) if has_aux else y)

    return wrapped


def grad(func: Callable, argnums: Any = 0, has_aux: bool = False) -> Callable:
    """A function of `func`'s arguments that gives the gradient by those in `argnums`, or (gradient,
    aux)."""
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return wrapped


def _tensors(tree: Any, what: str) -> list[Tensor]:
    found = list(leaves(tree))
    for y in found:
        if not isinstance(y, Tensor):
            raise RuntimeError(f"{what} to return only tensors, got unsupported type {type(y)}")
    return found


def vjp(func: Callable, *primals: Any, has_aux: bool = False) -> Any:
    """(output, f) or (output, f, aux), where f(cotangents) is the product of cotangents with the
    jacobian."""
    with enable_grad():
        given = tree_map(_own, primals)
        out, aux = _split(func(*given), has_aux, "vjp(f, *primals)")
        ys = _tensors(out, "vjp(f, *primals): expected f(*primals)")
    xs, build = flatten(given)
    keep = _outside(ys, xs)

    def pull(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        gs = list(leaves(cotangents))
        for i, (g, y) in enumerate(zip(gs, ys)):
            if g.shape != y.shape:
                raise RuntimeError(
                    f"Mismatch in shape: grad_output[{i}] has a shape of {g.shape} and output[{i}] "
                    f"has a shape of {y.shape}."
                )
        record = keep or any(g.requires_grad for g in gs)
        with enable_grad():
            found = build(iter(_settled(_pulled(ys, xs, gs, record, again=True), record)))
        return found

    out, aux = _settled((out, aux), keep)
    return (out, pull, aux) if has_aux else (out, pull)


# ---------------------------------------------------------------- forward
class _Linear:
    """`func` at `primals`, and its derivative as a linear function: the gradient of a gradient."""

    def __init__(self, func: Callable, primals: tuple, has_aux: bool = False) -> None:
        given = tree_map(_own, primals)
        what = "jvp(f, primals, tangents)"
        self.out, self.aux = _split(func(*given), has_aux, what)
        self.ys = _tensors(self.out, f"{what}: expected f(*primals)")
        self.xs = list(leaves(given))
        self.keep = _outside(self.ys, self.xs)
        self.us = [zeros_like(y).detach().requires_grad_() for y in self.ys]
        _cotangents.update((id(u), u) for u in self.us)
        self.back = _pulled(self.ys, self.xs, self.us, True)

    def push(self, tangents: Sequence[Tensor]) -> list[Tensor]:
        """The jacobian times the tangents."""
        keep = self.keep or any(v.requires_grad for v in tangents)
        found = _pulled(self.back, self.us, tangents, keep, again=True)
        return [_settled(v, keep) for v in found]

    def build(self, found: Sequence[Tensor]) -> Any:
        """Results in the form of the output."""
        return flatten(self.out)[1](iter(found))


def jvp(
    func: Callable, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False
) -> Any:
    """(output, jacobian times `tangents`), and aux where asked for; by two backward passes."""
    for name, value in (("primals", primals), ("tangents", tangents)):
        if not isinstance(value, tuple):
            raise RuntimeError(
                f"jvp(f, primals, tangents): Expected {name} to be a tuple. E.g. it should be "
                "valid to call f(*primals)."
            )
    vs, xs = list(leaves(tangents)), list(leaves(primals))
    if len(vs) != len(xs):
        raise RuntimeError(
            "jvp(f, primals, tangents): Expected primals and tangents to have the same python "
            "structure."
        )
    for v, x in zip(vs, xs):
        if v.shape != x.shape:
            raise RuntimeError(
                "Trying to set a forward gradient that has a different size than that of the "
                f"original Tensor, this is not supported. Tensor is of size {list(x.shape)} while "
                f"the given forward gradient is of size {list(v.shape)}."
            )
    with enable_grad():
        line = _Linear(func, primals, has_aux)
        pushed = line.build(line.push(vs))
    out, aux = _settled((line.out, line.aux), line.keep)
    return (out, pushed, aux) if has_aux else (out, pushed)


def linearize(func: Callable, *primals: Any) -> tuple[Any, Callable]:
    """(output, f), where f(*tangents) is the jacobian at `primals` times the tangents."""
    with enable_grad():
        line = _Linear(func, primals)

    def push(*tangents: Any) -> Any:
        with enable_grad():
            return line.build(line.push(list(leaves(tangents))))

    return _settled(line.out, line.keep), push


# ---------------------------------------------------------------- jacobians
def _units(x: Tensor) -> list[Tensor]:
    """The tensors of x's shape with one 1 and zeros."""
    rows = []
    for i in range(x.numel()):
        row = zeros(x.numel(), dtype=x.dtype, device=x.device)
        row[i] = 1
        rows.append(row.reshape(x.shape))
    return rows


def _stacked(rows: list[Tensor], size: tuple, like: Tensor) -> Tensor:
    return stack(rows).reshape(size) if rows else zeros(size, dtype=like.dtype, device=like.device)


def jacrev(
    func: Callable, argnums: Any = 0, *, has_aux: bool = False, chunk_size: int | None = None
) -> Callable:
    """A function that gives the jacobian, a backward pass for each element of the output."""

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with enable_grad():
            given, chosen = _with_own(args, argnums)
            out, aux = _split(func(*given, **kwargs), has_aux, "jacrev")
            ys = _tensors(out, "vjp(f, *primals): expected f(*primals)")
            xs, build = flatten(chosen)
            keep = _outside(ys, xs)
            blocks = []
            for y in ys:
                rows = [_pulled([y], xs, [u], keep, again=True) for u in _units(y)]
                columns = list(zip(*rows)) or [()] * len(xs)
                made = [_stacked(list(c), (*y.shape, *x.shape), x) for c, x in zip(columns, xs)]
                blocks.append(build(iter(_settled(made, keep))))
            found = flatten(out)[1](iter(blocks))
            aux = _settled(aux, keep)
        return (found, aux) if has_aux else found

    return wrapped


def jacfwd(
    func: Callable, argnums: Any = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable:
    """A function that gives the jacobian, a product with a tangent for each element of the
    arguments."""

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        places = _chosen(args, argnums)

        def restricted(*values: Any) -> Any:
            given = list(args)
            for place, value in zip(places, values):
                given[place] = value
            return func(*given, **kwargs)

        with enable_grad():
            line = _Linear(restricted, tuple(args[p] for p in places), has_aux)
            columns: list[list[Tensor]] = []  # for each argument, the blocks of all outputs
            for i, x in enumerate(line.xs):
                zero = [zeros_like(v).detach() for v in line.xs]
                pushed = [line.push([*zero[:i], unit, *zero[i + 1 :]]) for unit in _units(x)]
                columns.append([
                    _stacked([p[j] for p in pushed], (x.numel(), *y.shape), y)
                    .movedim(0, -1)
                    .reshape((*y.shape, *x.shape))
                    for j, y in enumerate(line.ys)
                ])  # fmt: skip
        chosen = tuple(args[p] for p in places)
        _, build = flatten(chosen if isinstance(argnums, tuple) else chosen[0])
        blocks = [build(iter([c[j] for c in columns])) for j in range(len(line.ys))]
        found = flatten(line.out)[1](iter(blocks))
        return (found, _settled(line.aux, line.keep)) if has_aux else found

    return wrapped


def hessian(func: Callable, argnums: Any = 0) -> Callable:
    """A function that gives the second derivatives: the jacobian of the jacobian."""
    return jacrev(jacrev(func, argnums), argnums)

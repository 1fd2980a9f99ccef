"""Contractions over named or chosen dimensions: einsum and tensordot."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor
from .common import expand, store
from .products import same_dtype

__all__ = ["einsum", "tensordot"]

# ---------------------------------------------------------------- einsum: reading
Labels = tuple[Any, ...]  # letters or numbers; negative numbers stand for the ellipsis' dimensions
_DOTS: Any = "..."


def _letters(text: str, what: str, offset: int) -> list[Any]:
    """The subscripts of one operand, with `_DOTS` for an ellipsis."""
    found: list[Any] = []
    i = 0
    while i < len(text):
        c = text[i]
        if c == " ":
            i += 1
        elif c == ".":
            if _DOTS in found:
                raise RuntimeError(
                    f"einsum(): found '.' for {what} for which an ellipsis was already found"
                )
            if text[i : i + 3] != _DOTS:
                raise RuntimeError(
                    f"einsum(): found '.' for {what} that is not part of any ellipsis"
                )
            found.append(_DOTS)
            i += 3
        elif c.isascii() and c.isalpha():
            found.append(c)
            i += 1
        else:
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {offset + i} in the equation string, "
                "subscripts must be in [a-zA-Z]"
            )
    return found


def _read(equation: str) -> tuple[list[list[Any]], list[Any] | None]:
    left, arrow, right = equation.partition("->")
    parts, offset = [], 0
    for i, text in enumerate(left.split(",")):
        parts.append(_letters(text, f"operand {i}", offset))
        offset += len(text) + 1
    return parts, _letters(right, "the output", len(left) + 2) if arrow else None


def _sublists(operands: tuple) -> tuple[list[list[Any]], list[Any] | None, list[Tensor]]:
    """`einsum(x, [0, 1], y, [1, 2], [0, 2])`."""
    given = list(operands)
    out = given.pop() if len(given) % 2 else None
    parts = [[_DOTS if k is Ellipsis else int(k) for k in part] for part in given[1::2]]
    for k in (k for part in parts for k in part if k is not _DOTS and not 0 <= k < 52):
        raise RuntimeError(f"einsum(): expected subscripts to be within range [0, 52), but got {k}")
    wanted = None if out is None else [_DOTS if k is Ellipsis else int(k) for k in out]
    return parts, wanted, given[0::2]


def _labelled(part: list[Any], ndim: int, i: int) -> Labels:
    """One label a dimension: the ellipsis' are numbered from its end, -1, -2, ..."""
    named = len(part) - (_DOTS in part)
    if _DOTS not in part and named != ndim:
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({named}) does not match the "
            f"number of dimensions ({ndim}) for operand {i} and no ellipsis was given"
        )
    if named > ndim:
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({named}) is more than the number "
            f"of dimensions ({ndim}) for operand {i}"
        )
    hidden = tuple(("...", k) for k in range(named - ndim, 0))
    found: list[Any] = []
    for k in part:
        found += hidden if k is _DOTS else (k,)
    return tuple(found)


def _result(parts: list[Labels], out: list[Any] | None) -> Labels:
    everything = [k for part in parts for k in part]
    dots = sorted({k for k in everything if isinstance(k, tuple)}, key=lambda k: k[1])
    if out is None:
        once = [k for k in everything if not isinstance(k, tuple) and everything.count(k) == 1]
        return (*dots, *sorted(once, key=_order))
    found: list[Any] = []
    for k in out:
        if k is _DOTS:
            found += dots
            continue
        if k in found:
            raise RuntimeError(
                f"einsum(): output subscript {_shown(k)} appears more than once in the output"
            )
        if k not in everything:
            raise RuntimeError(
                f"einsum(): output subscript {_shown(k)} does not appear in the equation for any "
                "input operand"
            )
        found.append(k)
    return tuple(found)


def _order(k: Any) -> Any:
    return (k.islower(), k) if isinstance(k, str) else k


def _shown(k: Any) -> str:
    if isinstance(k, int):
        return chr(ord("A") + k) if k < 26 else chr(ord("a") + k - 26)
    return str(k)


# ---------------------------------------------------------------- einsum: nodes
def _diagonals(x: Node, labels: Labels, i: int) -> tuple[Node, Labels]:
    """Repeated labels of one operand made one dimension."""
    labels_ = list(labels)
    for k in dict.fromkeys(labels):
        while labels_.count(k) > 1:
            a = labels_.index(k)
            b = labels_.index(k, a + 1)
            n, m = x.shape[a], x.shape[b]
            if n != m:
                raise RuntimeError(
                    f"einsum(): subscript {_shown(k)} is repeated for operand {i} but the sizes "
                    f"don't match, {m} != {n}"
                )
            rest = [d for d in range(len(x.shape)) if d not in (a, b)]
            shape = tuple(x.shape[d] for d in rest)
            x = ops.reshape(ops.permute(x, dims=(*rest, a, b)), shape=(*shape, n * n))
            if n:
                ends = (*(0,) * len(shape), 0), (*shape, n * n), (*(1,) * len(shape), n + 1)
                x = ops.slice(x, start=ends[0], stop=ends[1], step=ends[2])
            labels_ = [labels_[d] for d in rest] + [k]
    return x, tuple(labels_)


def _summed(x: Node, labels: Labels, needed: set) -> tuple[Node, Labels]:
    """Dimensions that nobody else names summed away."""
    gone = tuple(d for d, k in enumerate(labels) if k not in needed)
    return ops.sum(x, axes=gone), tuple(k for k in labels if k in needed)


def _arranged(x: Node, labels: Labels, order: Sequence[Any], sizes: dict) -> Node:
    """x with its dimensions in an order, of size 1 where it has none."""
    have = [k for k in order if k in labels]
    x = ops.permute(x, dims=tuple(labels.index(k) for k in have))
    places = dict(zip(have, x.shape))
    return ops.reshape(x, shape=tuple(places.get(k, 1) for k in order))


def _pair(x: Node, a: Labels, y: Node, b: Labels, needed: set, sizes: dict) -> tuple[Node, Labels]:
    """The product of two operands, summed over what is needed no more."""
    x, a = _summed(x, a, needed | set(b))
    y, b = _summed(y, b, needed | set(a))
    both = [k for k in a if k in b]
    kept = [k for k in both if k in needed]
    inner = [k for k in both if k not in needed]
    left, right = [k for k in a if k not in b], [k for k in b if k not in a]
    labels = (*kept, *left, *right)
    if not inner:
        shape = tuple(sizes[k] for k in labels)
        parts = (expand(_arranged(z, c, labels, sizes), shape) for z, c in ((x, a), (y, b)))
        return ops.mul(*parts), labels
    size = {
        key: prod(sizes[k] for k in part) for key, part in zip("bmnk", (kept, left, right, inner))
    }
    first, second = (*kept, *left, *inner), (*kept, *inner, *right)
    x = expand(_arranged(x, a, first, sizes), tuple(sizes[k] for k in first))
    y = expand(_arranged(y, b, second, sizes), tuple(sizes[k] for k in second))
    x = ops.reshape(x, shape=(size["b"], size["m"], size["k"]))
    y = ops.reshape(y, shape=(size["b"], size["k"], size["n"]))
    if not kept:
        x, y = ops.reshape(x, shape=x.shape[1:]), ops.reshape(y, shape=y.shape[1:])
    return ops.reshape(ops.dot(x, y), shape=tuple(sizes[k] for k in labels)), labels


def _einsum(*given: Any) -> Node:
    *operands, parts, out = given
    sizes: dict[Any, int] = {}
    terms = []
    for i, (x, labels) in enumerate(zip(operands, parts)):
        same_dtype(operands[0], x)
        x, labels = _diagonals(x, labels, i)
        for k, n in zip(labels, x.shape):
            seen = sizes.get(k, 1)
            if n != seen and n != 1 and seen != 1:
                raise RuntimeError(
                    f"einsum(): subscript {_shown(k)} has size {n} for operand {i} which does not "
                    f"broadcast with previously seen size {seen}"
                )
            sizes[k] = n if seen == 1 else seen
        terms.append((x, labels))
    x, labels = terms[0]
    for i in range(1, len(terms)):
        needed = set(out).union(*(c for _, c in terms[i + 1 :]))
        x, labels = _pair(x, labels, *terms[i], needed, sizes)
    x, labels = _summed(x, labels, set(out))
    return expand(_arranged(x, labels, out, sizes), tuple(sizes[k] for k in out))


def einsum(*args: Any) -> Tensor:
    """Sums of products by Einstein's convention: `einsum("ij,jk->ik", x, y)`, or with lists of
    numbers."""
    if not args or (isinstance(args[0], str) and len(args) < 2) or len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one "
            "operand and its subscripts list"
        )
    if isinstance(args[0], str):
        parts, out = _read(args[0])
        operands = list(args[1:])
        if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
            operands = list(operands[0])
    else:
        parts, out, operands = _sublists(args)
    if len(parts) != len(operands):
        few = "fewer" if len(operands) < len(parts) else "more"
        raise RuntimeError(f"einsum(): {few} operands were provided than specified in the equation")
    labelled = [_labelled(p, x.dim(), i) for i, (p, x) in enumerate(zip(parts, operands))]
    static = (tuple(labelled), _result(labelled, out))
    name = "BmmBackward0" if len(operands) > 1 else "PermuteBackward0"
    return apply(name, _einsum, tuple(operands), static)


# ---------------------------------------------------------------- tensordot
def _tensordot(x: Node, y: Node, left: tuple[int, ...], right: tuple[int, ...]) -> Node:
    for i, j in zip(left, right):
        if x.shape[i] != y.shape[j] and 1 not in (x.shape[i], y.shape[j]):
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {x.shape[i]} in dim "
                f"{i} and second has size {y.shape[j]} in dim {j}"
            )
    same_dtype(x, y, "both inputs")
    for i, j in zip(left, right):  # a dimension of size 1 stands for the sum over the other's
        if x.shape[i] == 1 != y.shape[j]:
            y = _line_sum(y, j)
        elif y.shape[j] == 1 != x.shape[i]:
            x = _line_sum(x, i)
    left = tuple(i % len(x.shape) for i in left)
    right = tuple(j % len(y.shape) for j in right)
    rows = [i for i in range(len(x.shape)) if i not in left]
    columns = [j for j in range(len(y.shape)) if j not in right]
    inner = prod(x.shape[i] for i in left)
    shape = (*(x.shape[i] for i in rows), *(y.shape[j] for j in columns))
    x = ops.permute(x, dims=(*rows, *left))
    y = ops.permute(y, dims=(*right, *columns))
    x = ops.reshape(x, shape=(prod(x.shape[: len(rows)]), inner))
    y = ops.reshape(y, shape=(inner, prod(y.shape[len(right) :])))
    return ops.reshape(ops.dot(x, y), shape=shape)


def _line_sum(x: Node, axis: int) -> Node:
    axis %= len(x.shape)
    shape = tuple(1 if i == axis else n for i, n in enumerate(x.shape))
    return ops.reshape(ops.sum(x, axes=(axis,)), shape=shape)


def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Tensor | None = None) -> Tensor:
    """Products summed over the last `dims` dimensions of a and the first of b, or over two lists of
    them."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.dim(), b.dim()):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        left, right = list(range(-dims, 0)), list(range(dims))
    else:
        left, right = ([d] if isinstance(d, int) else list(d) for d in dims)
    if len(left) != len(right):
        raise RuntimeError("both dimension lists should have same length")
    static = (tuple(map(int, left)), tuple(map(int, right)))
    return store(out, apply("ViewBackward0", _tensordot, (a, b), static))

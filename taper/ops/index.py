"""Primitives whose places are decided by data: gather, scatter, sort and search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from ..dtypes import dtype, int64
from .kinds import Index, Shape


def _check(index: np.ndarray, size: int, axis: int) -> None:
    if index.size:
        low, high = index.min(), index.max()
        if low < 0 or high >= size:
            raise IndexError(
                f"index {low if low < 0 else high} is out of bounds for dimension {axis} with size "
                f"{size}"
            )


def _take_ref(x: np.ndarray, index: np.ndarray, axis: int) -> np.ndarray:
    _check(index, x.shape[axis], axis)
    return np.take(x, index, axis)


def _take_shape(x: Shape, index: Shape, axis: int) -> Shape:
    return (*x[:axis], *index, *x[axis + 1 :])


def _fill_zero(ops: Any, x: Any) -> Any:
    return ops.fill(x, 0)


def _region(index: np.ndarray, axis: int) -> tuple:
    return (slice(None),) * axis + (index,)


def _lines(x: np.ndarray, index: np.ndarray, axis: int) -> tuple:
    """Index arrays that address `x` along one axis and keep the other places of `index`."""
    grid = np.ogrid[tuple(map(slice, index.shape))] if index.ndim else []
    places = list(grid)
    if index.ndim:
        places[axis] = index
    return tuple(places) if index.ndim else (index,)


def _gather_ref(x: np.ndarray, index: np.ndarray, axis: int) -> np.ndarray:
    _check(index, x.shape[axis] if x.ndim else 1, axis)
    if x.ndim == 0:
        return x.reshape(1)[index]
    return x[_lines(x, index, axis)]


def _index_add_ref(base: np.ndarray, index: np.ndarray, src: np.ndarray, axis: int) -> np.ndarray:
    _check(index, base.shape[axis], axis)
    out = base.copy()
    np.add.at(out, _region(index, axis), src)
    return out


def _index_set_ref(base: np.ndarray, index: np.ndarray, src: np.ndarray, axis: int) -> np.ndarray:
    _check(index, base.shape[axis], axis)
    out = base.copy()
    out[_region(index, axis)] = src
    return out


def _within(src: np.ndarray, index: np.ndarray) -> np.ndarray:
    return src[tuple(map(slice, index.shape))]


def _scatter_ref(base: np.ndarray, index: np.ndarray, src: np.ndarray, axis: int) -> np.ndarray:
    _check(index, base.shape[axis], axis)
    out = base.copy()
    out[_lines(base, index, axis)] = _within(src, index)
    return out


def _scatter_add_ref(base: np.ndarray, index: np.ndarray, src: np.ndarray, axis: int) -> np.ndarray:
    _check(index, base.shape[axis], axis)
    out = base.copy()
    np.add.at(out, _lines(base, index, axis), _within(src, index))
    return out


def _spread(ops: Any, g: Any, index: Any, src: Any, axis: int) -> Any:
    """The cotangent of `src`, which may be larger than `index`."""
    part = ops.gather(g, index, axis=axis)
    if part.shape == src.shape:
        return part
    low = (0,) * len(src.shape)
    high = tuple(a - b for a, b in zip(src.shape, index.shape))
    return ops.pad(part, low=low, high=high, interior=low, value=0)


def _indexed(rng: np.random.Generator) -> Iterator[tuple[list, dict]]:
    for shape, index, axis in [
        ((5, 3), (4,), 0),
        ((2, 6), (2, 3), 1),
        ((4,), (), 0),
        ((3, 2), (0,), 0),
    ]:
        yield [rng.standard_normal(shape), rng.integers(0, shape[axis], index)], {"axis": axis}


def _lined(rng: np.random.Generator) -> Iterator[tuple[list, dict]]:
    for shape, index, axis in [((5, 3), (4, 3), 0), ((2, 6), (2, 9), 1), ((3, 4), (2, 2), 1)]:
        yield [rng.standard_normal(shape), rng.integers(0, shape[axis], index)], {"axis": axis}


def _with_source(samples: Any, whole: bool, unique: bool) -> Any:
    def made(rng: np.random.Generator) -> Iterator[tuple[list, dict]]:
        for (x, index), attrs in samples(rng):
            axis = attrs["axis"]
            if unique:  # the order of writes to one place is not defined
                at = 0 if whole else axis
                if index.ndim != (1 if whole else x.ndim) or index.shape[at] > x.shape[axis]:
                    continue
                order = np.argsort(
                    rng.random((*index.shape[:at], x.shape[axis], *index.shape[at + 1 :])), at
                )
                index = np.take(order, np.arange(index.shape[at]), at)
            shape = index.shape if not whole else _take_shape(x.shape, index.shape, axis)
            yield [x, index, rng.standard_normal(shape)], attrs

    return made


def _gather_vjp(ops: Any, g: Any, out: Any, x: Any, index: Any, axis: int) -> tuple:
    if (
        not x.shape
        or index.shape[axis] != 1
        or _without(x.shape, axis) != _without(index.shape, axis)
    ):
        return ops.scatter_add(_fill_zero(ops, x), index, g, axis=axis), None
    # one element a line: a comparison instead of a scatter
    line = tuple(n if i == axis else 1 for i, n in enumerate(x.shape))
    places = ops.expand(ops.reshape(ops.iota(size=x.shape[axis]), shape=line), shape=x.shape)
    hit = ops.eq(places, ops.expand(index, shape=x.shape))
    return ops.where(hit, ops.expand(g, shape=x.shape), _fill_zero(ops, x)), None


def _without(shape: Shape, axis: int) -> Shape:
    return shape[:axis] + shape[axis + 1 :]


def _first(*kinds: dtype, **attrs: Any) -> dtype:
    return kinds[0]


def _long(*kinds: dtype, **attrs: Any) -> dtype:
    return int64


take = Index(
    "take",
    _take_ref,
    lambda ops, g, out, x, index, axis: (
        ops.index_add(_fill_zero(ops, x), index, g, axis=axis),
        None,
    ),
    _indexed,
    _take_shape,
    _first,
)
index_add = Index(
    "index_add",
    _index_add_ref,
    lambda ops, g, out, base, index, src, axis: (g, None, ops.take(g, index, axis=axis)),
    _with_source(_indexed, True, False),
    lambda base, index, src, axis: base,
    _first,
)
index_set = Index(
    "index_set",
    _index_set_ref,
    lambda ops, g, out, base, index, src, axis: (
        ops.index_set(g, index, _fill_zero(ops, src), axis=axis),
        None,
        ops.take(g, index, axis=axis),
    ),
    _with_source(_indexed, True, True),
    lambda base, index, src, axis: base,
    _first,
)
gather = Index(
    "gather",
    _gather_ref,
    _gather_vjp,
    _lined,
    lambda x, index, axis: index,
    _first,
)
scatter_add = Index(
    "scatter_add",
    _scatter_add_ref,
    lambda ops, g, out, base, index, src, axis: (g, None, _spread(ops, g, index, src, axis)),
    _with_source(_lined, False, False),
    lambda base, index, src, axis: base,
    _first,
)
scatter = Index(
    "scatter",
    _scatter_ref,
    lambda ops, g, out, base, index, src, axis: (
        ops.scatter(g, index, _fill_zero(ops, src), axis=axis),
        None,
        _spread(ops, g, index, src, axis),
    ),
    _with_source(_lined, False, True),
    lambda base, index, src, axis: base,
    _first,
)


_COMBINE = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}


def _scatter_reduce_ref(
    base: np.ndarray, index: np.ndarray, src: np.ndarray, axis: int, how: str
) -> np.ndarray:
    _check(index, base.shape[axis], axis)
    out = base.copy()
    _COMBINE[how].at(out, _lines(base, index, axis), _within(src, index))
    return out


def _factors_vjp(ops: Any, g: Any, out: Any, base: Any, index: Any, part: Any, axis: int) -> tuple:
    """The product of the other factors: of a factor 0 by multiplying them, else by dividing.

    Two zeros among the scattered factors of one place leave no gradient to either.
    """
    one, none = ops.fill(part, 1), ops.fill(part, 0)
    safe = ops.where(ops.eq(base, ops.fill(base, 0)), ops.fill(base, 1), base)
    rest = ops.scatter_reduce(safe, index, part, axis=axis, how="prod")
    zero = ops.eq(part, none)
    marks = ops.where(zero, one, none)
    count = ops.scatter_add(ops.fill(base, 0), index, marks, axis=axis)
    alone = ops.bitand(zero, ops.eq(ops.gather(count, index, axis=axis), one))
    without = ops.where(alone, one, part)
    lonely = ops.scatter_reduce(base, index, without, axis=axis, how="prod")
    divided = ops.div(ops.gather(ops.mul(g, out), index, axis=axis), ops.where(zero, one, part))
    gsrc = ops.where(alone, ops.gather(ops.mul(g, lonely), index, axis=axis), divided)
    return ops.div(ops.mul(g, rest), safe), gsrc


def _scatter_reduce_vjp(
    ops: Any, g: Any, out: Any, base: Any, index: Any, src: Any, axis: int, how: str
) -> tuple:
    """Products divide out the factor; extremes share the cotangent among all that reach them."""
    part = ops.slice(src, start=(0,) * len(src.shape), stop=index.shape, step=(1,) * len(src.shape))
    if how == "prod":
        gbase, gsrc = _factors_vjp(ops, g, out, base, index, part, axis)
    else:
        hit_base = ops.cast(ops.eq(base, out), dtype=g.dtype)
        hit = ops.cast(ops.eq(part, ops.gather(out, index, axis=axis)), dtype=g.dtype)
        count = ops.scatter_add(hit_base, index, hit, axis=axis)
        share = ops.div(g, count)
        gbase = ops.mul(share, hit_base)
        gsrc = ops.mul(ops.gather(share, index, axis=axis), hit)
    if gsrc.shape != src.shape:
        low = (0,) * len(src.shape)
        high = tuple(a - b for a, b in zip(src.shape, index.shape))
        gsrc = ops.pad(gsrc, low=low, high=high, interior=low, value=0)
    return gbase, None, gsrc


def _reducing(rng: np.random.Generator) -> Iterator[tuple[list, dict]]:
    for how in _COMBINE:
        for (base, index, src), attrs in _with_source(_lined, False, False)(rng):
            yield [np.abs(base) + 0.5, index, np.abs(src) + 0.5], {**attrs, "how": how}


scatter_reduce = Index(
    "scatter_reduce",
    _scatter_reduce_ref,
    _scatter_reduce_vjp,
    _reducing,
    lambda base, index, src, axis, how: base,
    _first,
)


def _argsort_ref(x: np.ndarray, axis: int, descending: bool) -> np.ndarray:
    if not descending:
        return np.argsort(x, axis=axis, kind="stable")
    back = np.flip(x, axis)
    found = np.flip(np.argsort(back, axis=axis, kind="stable"), axis)
    return x.shape[axis] - 1 - found


argsort = Index(
    "argsort",
    _argsort_ref,
    lambda ops, g, out, x, **attrs: (None,),
    lambda rng: iter(
        [
            ([rng.integers(0, 5, (4, 7)).astype(np.float32)], {"axis": a, "descending": d})
            for a in (0, 1)
            for d in (False, True)
        ]
    ),
    lambda x, axis, descending: x,
    _long,
)


def _search_ref(edges: np.ndarray, values: np.ndarray, right: bool) -> np.ndarray:
    side: Literal["left", "right"] = "right" if right else "left"
    if edges.ndim == 1:
        return np.searchsorted(edges, values, side).astype(np.int64)
    rows, queries = edges.reshape(-1, edges.shape[-1]), values.reshape(-1, values.shape[-1])
    found = [np.searchsorted(e, v, side) for e, v in zip(rows, queries)]
    return np.array(found, np.int64).reshape(values.shape)


search = Index(
    "search",
    _search_ref,
    lambda ops, g, out, edges, values, **attrs: (None, None),
    lambda rng: iter(
        [
            ([np.sort(rng.standard_normal(9)), rng.standard_normal((3, 4))], {"right": r})
            for r in (False, True)
        ]
    ),
    lambda edges, values, right: values,
    _long,
)

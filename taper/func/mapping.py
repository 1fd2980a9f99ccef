"""`vmap`: maps a function over a dimension of its arguments, by calling it for each slice and
stacking.

PyTorch's runs batched kernels instead. Here the calls are recorded one after another and compiled
as one program when somebody looks; functions that look at values work too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..functions.creation import empty
from ..functions.joining import stack
from ..random import get_rng_state, set_rng_state
from ..tensor import Tensor
from .trees import flatten, leaves, spread

__all__ = ["vmap"]

_RANDOM = (
    "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
    "'different' randomness flags on vmap or perform the randomness operation out of vmap"
)


def _name(fn: Callable) -> str:
    return getattr(fn, "__name__", repr(fn))


def _dimensions(func: Callable, in_dims: Any, args: tuple) -> tuple[list[int | None], int]:
    """The mapped dimension of each leaf of the arguments, and its size."""
    call = f"vmap({_name(func)}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple, list)):
        raise ValueError(
            f"{call}: expected `in_dims` to be int or a (potentially nested) tuple matching the "
            f"structure of inputs, got: {type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({_name(func)})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you "
            "are trying to vmap over a function with no inputs. The latter is unsupported."
        )
    dims = spread(tuple(in_dims) if isinstance(in_dims, list) else in_dims, args)
    if dims is None:
        raise ValueError(f"{call}: in_dims is not compatible with the structure of `inputs`.")
    sizes = []
    for i, (x, dim) in enumerate(zip(leaves(args), dims)):
        if dim is None:
            continue
        if not isinstance(dim, int):
            raise ValueError(
                f"{call}: Got in_dim={dim} for an input but in_dim must be either an integer "
                "dimension or None."
            )
        if not isinstance(x, Tensor):
            raise ValueError(
                f"{call}: Got in_dim={dim} for an input but the input is of type {type(x)}. We "
                "cannot vmap over non-Tensor arguments, please use None as the respective in_dim"
            )
        if not -x.dim() <= dim < x.dim():
            raise ValueError(
                f"{call}: Got in_dim={dim} for some input, but that input is a Tensor of "
                f"dimensionality {x.dim()} so expected in_dim to satisfy -{x.dim()} <= in_dim < "
                f"{x.dim()}."
            )
        dims[i] = dim % x.dim()
        sizes.append(x.shape[dim])
    if not sizes:
        raise ValueError("vmap: Expected at least one Tensor to vmap over")
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return dims, sizes[0]


def _called(func: Callable, slices: list[tuple], kwargs: dict, randomness: str) -> list[Any]:
    """The results for all slices."""
    if randomness == "different":
        return [func(*args, **kwargs) for args in slices]
    before = get_rng_state()
    found = []
    for args in slices:
        if randomness == "same":
            set_rng_state(before)
        found.append(func(*args, **kwargs))
    if randomness == "error" and not before.equal(get_rng_state()):
        raise RuntimeError(_RANDOM)
    return found


def _joined(func: Callable, results: list[Any], out_dims: Any, size: int) -> Any:
    """The results stacked along their dimensions; where there are no slices, one stands for the
    form."""
    first, build = flatten(results[0])
    dims = spread(out_dims, results[0])
    if dims is None:
        raise ValueError(
            f"vmap({_name(func)}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible "
            "with the structure of `outputs`."
        )
    columns = list(zip(*(leaves(r) for r in results)))
    made = []
    for example, column, dim in zip(first, columns, dims):
        if dim is None:
            made.append(example)
            continue
        if not isinstance(example, Tensor):
            raise ValueError(
                f"vmap({_name(func)}, ...): `{_name(func)}` must only return Tensors, got type "
                f"{type(example)}. Did you mean to set out_dims= to None for output?"
            )
        if size:
            made.append(stack(list(column), dim))
        else:
            shape = list(example.shape)
            shape.insert(dim % (example.dim() + 1), 0)
            made.append(empty(shape, dtype=example.dtype, device=example.device))
    return build(iter(made))


def vmap(
    func: Callable,
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable:
    """A function that calls `func` for each slice of its arguments and stacks the results.

    `in_dims` and `out_dims`: an int or None, or containers of them in the form of the arguments or
    results. `randomness`: "error" refuses random draws, "different" draws for each slice, "same"
    repeats the first's. `chunk_size` is taken for PyTorch's sake.
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(
            "Only allowed values for randomness are 'error', 'different', or 'same'. Got "
            f"{randomness}"
        )
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        dims, size = _dimensions(func, in_dims, args)
        flat, build = flatten(args)
        parts = [
            [x] * max(size, 1) if dim is None else _slices(x, dim, size)
            for x, dim in zip(flat, dims)
        ]
        slices = [build(iter(column)) for column in zip(*parts)]
        return _joined(func, _called(func, slices, kwargs, randomness), out_dims, size)

    return wrapped


def _slices(x: Tensor, dim: int, size: int) -> list[Tensor]:
    if size:
        return list(x.unbind(dim))
    return [x.new_zeros([n for i, n in enumerate(x.shape) if i != dim])]

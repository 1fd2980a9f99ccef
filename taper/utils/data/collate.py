"""Collation: how a list of samples becomes a batch."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from ...dtypes import float64
from ...functions.creation import as_tensor, from_array, tensor
from ...functions.joining import stack
from ...tensor import Tensor

_UNKNOWN = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)


def _is_text(array: np.ndarray) -> bool:
    """Whether an array holds strings or objects, which no tensor can."""
    return array.dtype.kind in "SUO"


def _like(original: Any, pairs: list[tuple]) -> Any:
    """A mapping or sequence of the type of `original` with the values of `pairs` (key, value).

    A copy is filled where the type can be changed, so that a subclass keeps its other fields; a
    type that cannot be built this way becomes a plain dict or list.
    """
    is_mapping = isinstance(original, Mapping)
    try:
        if isinstance(original, (MutableMapping, MutableSequence)):
            clone = copy.copy(original)
            for key, value in pairs:
                clone[key] = value
            return clone
        return type(original)(dict(pairs) if is_mapping else [value for _, value in pairs])
    except TypeError:
        return dict(pairs) if is_mapping else [value for _, value in pairs]


def default_convert(data: Any) -> Any:
    """Turn the numpy arrays and scalars in `data` into tensors; everything else stays."""
    if isinstance(data, Tensor):
        return data
    if isinstance(data, (np.ndarray, np.generic)) and not isinstance(data, (np.str_, np.bytes_)):
        return data if isinstance(data, np.ndarray) and _is_text(data) else as_tensor(data)
    if isinstance(data, Mapping):
        return _like(data, [(key, default_convert(data[key])) for key in data])
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, tuple):
        return [default_convert(item) for item in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like(data, [(i, default_convert(item)) for i, item in enumerate(data)])
    return data


def _tensors(batch: Sequence[Tensor], collate_fn_map: dict | None = None) -> Tensor:
    """Stack tensors; by numpy where it can tell nobody, as it is quickest for many small ones."""
    first = batch[0]
    plain = all(
        type(item) is Tensor
        and item.dtype is first.dtype
        and item.shape == first.shape
        and not item.requires_grad
        and item.device.type == "cpu"
        for item in batch
    )
    if not plain:
        return stack(batch, 0)
    return from_array(np.stack([item._array() for item in batch]))


def _arrays(batch: Sequence[np.ndarray], collate_fn_map: dict | None = None) -> Tensor:
    if _is_text(batch[0]):
        raise TypeError(_UNKNOWN.format(batch[0].dtype))
    return collate([as_tensor(item) for item in batch], collate_fn_map=collate_fn_map)


def _scalars(batch: Sequence[np.generic], collate_fn_map: dict | None = None) -> Tensor:
    return as_tensor(batch)


def _floats(batch: Sequence[float], collate_fn_map: dict | None = None) -> Tensor:
    return tensor(batch, dtype=float64)


def _integers(batch: Sequence[int], collate_fn_map: dict | None = None) -> Tensor:
    return tensor(batch)


def _as_is(batch: Sequence, collate_fn_map: dict | None = None) -> Sequence:
    return batch


default_collate_fn_map: dict[Any, Callable] = {
    Tensor: _tensors,
    np.ndarray: _arrays,
    (np.bool_, np.number, np.object_): _scalars,
    float: _floats,
    int: _integers,
    str: _as_is,
    bytes: _as_is,
}


def collate(batch: Sequence, *, collate_fn_map: dict[Any, Callable] | None = None) -> Any:
    """Collate by a table from type (or tuple of types) to `fn(batch, collate_fn_map=table)`.

    The exact type of the first sample is looked for first, then the types it is an instance of;
    mappings, named tuples and sequences are collated field by field. Raises TypeError for a type
    that is none of these, RuntimeError when sequences differ in length.
    """
    first = batch[0]
    kind = type(first)
    table = collate_fn_map or {}
    if kind in table:
        return table[kind](batch, collate_fn_map=collate_fn_map)
    for known, collate_these in table.items():
        if isinstance(first, known):
            return collate_these(batch, collate_fn_map=collate_fn_map)

    def together(samples: Sequence) -> Any:
        return collate(samples, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _like(first, [(key, together([item[key] for item in batch])) for key in first])
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return kind(*map(together, zip(*batch)))
    if not isinstance(first, Sequence):
        raise TypeError(_UNKNOWN.format(kind))
    if any(len(item) != len(first) for item in batch):
        raise RuntimeError("each element in list of batch should be of equal size")
    fields = [together(samples) for samples in zip(*batch)]
    return fields if isinstance(first, tuple) else _like(first, list(enumerate(fields)))


def default_collate(batch: Sequence) -> Any:
    """Turn a list of samples into a batch with one more dimension in front.

    Tensors and arrays are stacked, Python numbers become an int64 or float64 tensor, strings stay
    a list, and mappings, tuples and sequences are collated field by field.
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)

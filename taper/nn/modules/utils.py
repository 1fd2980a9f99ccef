"""Helpers of layers: sizes given as one number or one per dimension, state-dict prefixes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import repeat
from typing import Any


def _ntuple(n: int, name: str = "parse"):
    """A function that turns one value into `n` equal ones and an iterable into a tuple."""

    def parse(x: Any) -> tuple:
        return tuple(x) if isinstance(x, Iterable) else tuple(repeat(x, n))

    parse.__name__ = name
    return parse


_single = _ntuple(1, "_single")
_pair = _ntuple(2, "_pair")
_triple = _ntuple(3, "_triple")
_quadruple = _ntuple(4, "_quadruple")


def _reverse_repeat_tuple(t: Iterable, n: int) -> tuple:
    """`(a, b)` becomes `(b, b, a, a)` for n=2: the order in which `F.pad` takes sizes."""
    return tuple(x for x in reversed(tuple(t)) for _ in range(n))


def _list_with_default(out_size: Any, defaults: Any) -> Any:
    """`out_size`, each None in it replaced by the matching trailing entry of `defaults`."""
    if isinstance(out_size, int):
        return out_size
    if len(defaults) <= len(out_size):
        raise ValueError(f"Input dimension should be at least {len(out_size) + 1}")
    tail = defaults[-len(out_size) :]
    return [d if v is None else v for v, d in zip(out_size, tail)]


def consume_prefix_in_state_dict_if_present(state_dict: dict[str, Any], prefix: str) -> None:
    """Remove `prefix` from the keys of `state_dict` and of its `_metadata`, in place."""
    for key in list(state_dict.keys()):
        if key.startswith(prefix):
            state_dict[key[len(prefix) :]] = state_dict.pop(key)
    metadata = getattr(state_dict, "_metadata", None)
    if metadata is None:
        return
    for key in list(metadata.keys()):
        if key == prefix.rstrip(".") or key.startswith(prefix):
            metadata[key[len(prefix) :]] = metadata.pop(key)


def typename(obj: Any) -> str:
    """An object's type as error messages spell it ("torch.FloatTensor", "int")."""
    if hasattr(obj, "storage_offset") and callable(getattr(obj, "type", None)):
        return obj.type()
    kind = obj if isinstance(obj, type) or hasattr(obj, "__qualname__") else type(obj)
    module = getattr(kind, "__module__", "") or ""
    if module in ("", "builtins", "__builtin__"):
        return kind.__qualname__
    return f"{module}.{kind.__qualname__}"

"""`functional_call`: calls a module with other parameters and buffers than its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..modules.module import Module
from .stateless import _functional_call


def functional_call(
    module: Module, parameter_and_buffer_dicts: Any, args: Any = None,
    kwargs: dict[str, Any] | None = None, *, tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """`module(*args, **kwargs)` with tensors by dotted name in place of the module's own.

    Takes a dict or a sequence of dicts without names in common. `strict` refuses names that are
    missing or that the module does not have; `tie_weights` replaces tied tensors together.
    """
    given = parameter_and_buffer_dicts
    if isinstance(given, Mapping):
        named = dict(given)
    elif isinstance(given, Sequence):
        for part in given:
            if not isinstance(part, Mapping):
                raise ValueError(
                    "Expected all elements of parameter_and_buffer_dicts to be dictionaries"
                )
        keys = [key for part in given for key in part]
        twice = sorted({key for key in keys if keys.count(key) > 1}, key=keys.index)
        if twice:
            raise ValueError(
                f"{twice} appeared in multiple dictionaries; behavior of functional call is "
                "ambiguous"
            )
        named = {key: value for part in given for key, value in part.items()}
    else:
        raise ValueError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, "
            f"but got {type(given)}"
        )
    return _functional_call(module, named, args, kwargs, tie_weights=tie_weights, strict=strict)

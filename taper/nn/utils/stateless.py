"""Puts other tensors in the places of a module's parameters and buffers for one call."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

from ...tensor import Tensor
from ..modules.module import Module


def _named_tensors(module: Module) -> dict[str, Tensor]:
    """Every parameter and buffer under every name it has."""
    found: dict[str, Tensor] = dict(module.named_parameters(remove_duplicate=False))
    found.update(module.named_buffers(remove_duplicate=False))
    return found


def _with_tied(module: Module, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """`given`, with the names added that are tied to its names in the module."""
    names: dict[int, list[str]] = {}
    held = _named_tensors(module)
    for name, tensor in held.items():
        names.setdefault(id(tensor), []).append(name)
    out = dict(given)
    for name, tensor in given.items():
        if name not in held:
            continue
        tied = names[id(held[name])]
        rivals = [n for n in tied if n in given and given[n] is not tensor]
        if rivals:
            both = sorted(n for n in tied if n in given)
            raise ValueError(
                f"functional_call got multiple values for keys {both}, which are tied. "
                "Consider using tie_weights=False"
            )
        out.update(dict.fromkeys(tied, tensor))
    return out


def _check_names(module: Module, given: dict[str, Tensor], complete: dict[str, Tensor]) -> None:
    held = _named_tensors(module)
    unexpected = [name for name in given if name not in held]
    missing = [name for name in held if name not in complete]
    errors = []
    if unexpected:
        errors.append("Unexpected key(s): " + ", ".join(map(repr, unexpected)) + ".")
    if missing:
        errors.append("Missing key(s): " + ", ".join(map(repr, missing)) + ".")
    if errors:
        raise RuntimeError(
            f"Error(s) in reparametrizing for {module._get_name()}:\n\t" + "\n\t".join(errors)
        )


@contextlib.contextmanager
def _reparametrize_module(
    module: Module, parameters_and_buffers: dict[str, Tensor], tie_weights: bool = False,
    strict: bool = False,
) -> Iterator[None]:  # fmt: skip
    """Inside, the module holds the given tensors."""
    given = dict(parameters_and_buffers)
    complete = _with_tied(module, given) if tie_weights else given
    if strict:
        _check_names(module, given, complete)
    undo = []
    try:
        for path, tensor in complete.items():
            prefix, _, name = path.rpartition(".")
            owner = module.get_submodule(prefix)
            place = next(
                (p for p in (owner._parameters, owner._buffers) if name in p), owner.__dict__
            )
            undo.append((place, name, name in place, place.get(name)))
            place[name] = tensor
        yield
    finally:
        for place, name, there, tensor in reversed(undo):
            if there:
                place[name] = tensor
            else:
                place.pop(name, None)


def functional_call(
    module: Module, parameters_and_buffers: dict[str, Tensor], args: Any = None,
    kwargs: dict[str, Any] | None = None, *, tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """The old address of `func.functional_call`."""
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be "
        "removed in a future version of PyTorch. Please use `torch.func.functional_call` instead "
        "which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return _functional_call(
        module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict
    )


def _functional_call(
    module: Module, parameters_and_buffers: dict[str, Tensor], args: Any = None,
    kwargs: dict[str, Any] | None = None, *, tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with _reparametrize_module(module, parameters_and_buffers, tie_weights, strict):
        return module(*args, **(kwargs or {}))

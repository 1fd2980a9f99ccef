"""Modules as functions: the state of several stacked, and batch norms without running
statistics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..functions.joining import stack
from ..nn import Module
from ..tensor import Tensor

__all__ = ["functionalize", "replace_all_batch_norm_modules_", "stack_module_state"]


def stack_module_state(
    models: Sequence[Module] | Any,
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """(parameters, buffers) by name, those of all models stacked along a new first dimension.

    RuntimeError unless the models are of one class and mode, and at least one.
    """
    found = list(models)
    if not found:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if any(m.training != found[0].training for m in found):
        raise RuntimeError(
            "stack_module_state: Expected all models to have the same training/eval mode."
        )
    if any(type(m) is not type(found[0]) for m in found):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")

    def joined(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        return {
            name: stack([s[name] for s in states]).detach().requires_grad_(like.requires_grad)
            for name, like in states[0].items()
        }

    params = joined([dict(m.named_parameters()) for m in found])
    return params, joined([dict(m.named_buffers()) for m in found])


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Make the batch norms of a module use each batch's own statistics; returns the module."""
    for module in root.modules():
        if "BatchNorm" in type(module).__name__ and hasattr(module, "track_running_stats"):
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root


def functionalize(func: Callable, *, remove: str = "mutations") -> Callable:
    """The function itself: values never change in Taper, so writes in place are functional
    already."""
    return func

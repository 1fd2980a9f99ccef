"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from ...functions import joining
from ...tensor import Tensor


def _one_device(param: Tensor, seen: str | None) -> str:
    """The device of the parameters so far; TypeError when this one is elsewhere."""
    here = str(param.device)
    if seen is not None and here != seen:
        raise TypeError(
            "Found two parameters on different devices, this is currently not supported."
        )
    return here


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The values of all parameters, one after the other."""
    device, parts = None, []
    for param in parameters:
        device = _one_device(param, device)
        parts.append(param.reshape(-1))
    return joining.cat(parts)


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Make slices of a vector the data of the parameters."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    device, at = None, 0
    for param in parameters:
        device = _one_device(param, device)
        count = param.numel()
        param.data = vec[at : at + count].view(param.shape).data
        at += count

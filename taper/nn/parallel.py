"""`DataParallel`: a wrapper that keeps programs written for several GPUs running on one device."""

from __future__ import annotations

from typing import Any

from .modules.module import Module


class DataParallel(Module):
    """Calls the wrapped module, which is the child `module`, on the whole batch.

    PyTorch does the same where it sees no GPU. The state dict's keys begin with "module.".
    """

    def __init__(
        self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.module = module
        self.device_ids = list(device_ids) if device_ids is not None else []
        self.output_device = output_device
        self.dim = dim

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module, inputs: Any, device_ids: Any = None, output_device: Any = None, dim: int = 0,
    module_kwargs: dict | None = None,
) -> Any:  # fmt: skip
    """`module(*inputs, **module_kwargs)`, on the whole batch."""
    inputs = inputs if isinstance(inputs, tuple) else (inputs,)
    return module(*inputs, **(module_kwargs or {}))

"""`torch.backends.cuda`: PyTorch's switches of GPU kernels, kept for programs that set them; they
change nothing."""

from __future__ import annotations

from types import SimpleNamespace

__all__ = [
    "enable_flash_sdp",
    "enable_math_sdp",
    "enable_mem_efficient_sdp",
    "flash_sdp_enabled",
    "is_built",
    "math_sdp_enabled",
    "matmul",
    "mem_efficient_sdp_enabled",
]

matmul = SimpleNamespace(
    allow_tf32=False,
    allow_fp16_reduced_precision_reduction=True,
    allow_bf16_reduced_precision_reduction=True,
    allow_fp16_accumulation=False,
)
"""How PyTorch multiplies matrices on a GPU; Taper never lowers the precision of a product."""

_attention = {"flash": True, "math": True, "mem_efficient": True}


def is_built() -> bool:
    """Whether this build knows GPUs without an extra: False."""
    return False


def flash_sdp_enabled() -> bool:
    """What `enable_flash_sdp` was last told."""
    return _attention["flash"]


def math_sdp_enabled() -> bool:
    """What `enable_math_sdp` was last told."""
    return _attention["math"]


def mem_efficient_sdp_enabled() -> bool:
    """What `enable_mem_efficient_sdp` was last told."""
    return _attention["mem_efficient"]


def enable_flash_sdp(enabled: bool) -> None:
    """Remembered; attention has one form, which the compiler fuses."""
    _attention["flash"] = enabled


def enable_math_sdp(enabled: bool) -> None:
    """Remembered; attention has one form, which the compiler fuses."""
    _attention["math"] = enabled


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Remembered; attention has one form, which the compiler fuses."""
    _attention["mem_efficient"] = enabled

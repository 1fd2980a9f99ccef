"""`autocast`: inside it matrix products and convolutions run in half precision, and losses in
float32.

Micikevicius et al.: Mixed Precision Training (2018). The lists are those of PyTorch's CPU autocast.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from ..devices import device, resolve
from ..dtypes import bfloat16, dtype, float16, float32, float64
from ..functions import (
    attention,
    class_losses,
    contraction,
    convolution,
    ctc,
    distance,
    losses,
    margins,
    multihead,
    products,
    recurrent,
    reduction,
)
from ..modes import state
from ..tensor import Tensor

__all__ = [
    "autocast",
    "clear_autocast_cache",
    "custom_bwd",
    "custom_fwd",
    "get_autocast_cpu_dtype",
    "get_autocast_dtype",
    "get_autocast_gpu_dtype",
    "is_autocast_available",
    "is_autocast_cache_enabled",
    "is_autocast_cpu_enabled",
    "is_autocast_enabled",
    "set_autocast_dtype",
    "set_autocast_enabled",
]

_LOWER = frozenset(
    (
        products._matmul,
        products._mm,
        products._bmm,
        products._linear,
        products._addmm,
        products._addbmm,
        products._baddbmm,
        products._vecdot,
        products._multi_dot,
        contraction._einsum,
        contraction._tensordot,
        convolution._conv,
        convolution._transposed,
        attention._attend,
        multihead._forward,
        recurrent._network,
    )
)
"""Functions whose float32 operands become half precision."""

_FLOAT32 = frozenset(
    (
        losses._mse,
        losses._l1,
        losses._huber,
        losses._smooth_l1,
        losses._bce,
        losses._bce_logits,
        losses._kl,
        losses._poisson,
        class_losses._cross_entropy,
        class_losses._nll,
        margins._hinge,
        margins._cosine_embedding,
        margins._soft_margin,
        ctc._ctc,
        distance._cdist,
        reduction._prod,
    )
)
"""Functions whose operands in half precision become float32."""

_HALVES = (bfloat16, float16)
_DEFAULTS = {"cpu": bfloat16, "cuda": float16}


class _Casts:
    """What `autocast` does to the operands of a call: a function for `modes.state.autocast`."""

    def __init__(
        self, kind: dtype, cache: bool, weights: dict[int, tuple[Any, int, Tensor]]
    ) -> None:
        self.kind, self.cache, self.weights = kind, cache, weights

    def __call__(self, fn: Callable, inputs: Sequence[Any], static: tuple) -> Sequence[Any]:
        """The operands of `fn` in the precision it is to run in."""
        if fn in _LOWER and not _is_gru(fn, static):
            return tuple(self._lowered(x) if isinstance(x, Tensor) else x for x in inputs)
        if fn in _FLOAT32:
            return tuple(
                x.to(float32) if isinstance(x, Tensor) and x.dtype in _HALVES else x for x in inputs
            )
        return inputs

    def _lowered(self, x: Tensor) -> Tensor:
        if not x.dtype.is_floating_point or x.dtype in (float64, self.kind):
            return x
        if not (self.cache and x.requires_grad and x.is_leaf and state.grad):
            return x.to(self.kind)
        found = self.weights.get(id(x))
        if found is None or found[1] != x._version:
            found = self.weights[id(x)] = (x, x._version, x.to(self.kind))
        return found[2]


def _is_gru(fn: Callable, static: tuple) -> bool:
    """GRUs stay as they are, as PyTorch leaves them on the CPU."""
    return fn is recurrent._network and static[0] == "GRU"


# ---------------------------------------------------------------- state
_dtypes = dict(_DEFAULTS)
_cached: dict[int, tuple[Any, int, Tensor]] = {}
_cache_enabled = True


def is_here(device_type: str) -> bool:
    """Whether there is a device of this kind."""
    try:
        resolve(device_type)
    except RuntimeError:
        return False
    return True


def is_autocast_available(device_type: str) -> bool:
    """Whether autocast knows this kind of device."""
    return device(device_type).type in _DEFAULTS


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether calls are cast now. Without an argument it asks for CUDA, as PyTorch's does."""
    return device_type == "cpu" and state.autocast is not None


def is_autocast_cpu_enabled() -> bool:
    """Whether calls on the CPU are cast now."""
    return state.autocast is not None


def set_autocast_enabled(device_type: str, enabled: bool) -> None:
    """Turn the casts on or off without a `with` block."""
    on = enabled and device_type == "cpu"
    state.autocast = _Casts(_dtypes["cpu"], _cache_enabled, _cached) if on else None


def get_autocast_dtype(device_type: str) -> dtype:
    """The dtype that products are cast to: bfloat16 on the CPU, float16 on CUDA."""
    if device_type == "cpu" and state.autocast is not None:
        return state.autocast.kind  # type: ignore[attr-defined]
    if device_type not in _dtypes:
        raise RuntimeError(f"unknown device type for autocast in get_autocast_dtype: {device_type}")
    return _dtypes[device_type]


def set_autocast_dtype(device_type: str, dtype: dtype) -> None:
    """Set the dtype that products are cast to where `autocast` names none."""
    _dtypes[device_type] = dtype


def get_autocast_cpu_dtype() -> dtype:
    """As `get_autocast_dtype("cpu")`."""
    return get_autocast_dtype("cpu")


def get_autocast_gpu_dtype() -> dtype:
    """As `get_autocast_dtype("cuda")`."""
    return get_autocast_dtype("cuda")


def is_autocast_cache_enabled() -> bool:
    """Whether a weight is cast once in a block."""
    return _cache_enabled


def clear_autocast_cache() -> None:
    """Forget weights that were cast."""
    _cached.clear()


class autocast:
    """Context manager and decorator: products inside run in `dtype` (bfloat16), losses in float32.

    A weight is cast once in a block (`cache_enabled`). Other devices and dtypes than bfloat16 and
    float16 disable it with a warning, as PyTorch does.
    """

    def __init__(
        self,
        device_type: str,
        dtype: dtype | None = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.device = device(device_type).type
        if self.device not in _DEFAULTS:
            raise RuntimeError(
                f"User specified an unsupported autocast device_type '{self.device}'"
            )
        self.fast_dtype = dtype if dtype is not None else get_autocast_dtype(self.device)
        self._cache_enabled = _cache_enabled if cache_enabled is None else cache_enabled
        if enabled and not is_here(self.device):
            warnings.warn(
                "CUDA is not available or torch_xla is imported. Disabling autocast.", stacklevel=2
            )
            enabled = False
        if enabled and self.device == "cpu" and self.fast_dtype not in _HALVES:
            warnings.warn(
                "In CPU autocast, but the target dtype is not supported. Disabling autocast.\n"
                "CPU Autocast only supports dtypes of torch.bfloat16, torch.float16 currently.",
                stacklevel=2,
            )
            enabled = False
        self._enabled = enabled
        self._before: list[Any] = []

    def __enter__(self) -> autocast:
        self._before.append(state.autocast)
        if self.device == "cpu":
            on = self._enabled
            state.autocast = _Casts(self.fast_dtype, self._cache_enabled, _cached) if on else None
        return self

    def __exit__(self, *_: object) -> None:
        state.autocast = self._before.pop()
        if state.autocast is None:
            _cached.clear()

    def __call__(self, func: Callable) -> Callable:
        @functools.wraps(func)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self:
                return func(*args, **kwargs)

        return wrapped


# ---------------------------------------------------------------- custom functions
def _cast(value: Any, kind: dtype) -> Any:
    if isinstance(value, Tensor):
        floats = value.dtype.is_floating_point and value.dtype is not float64
        return value.to(kind) if floats else value
    if isinstance(value, dict):
        return {k: _cast(v, kind) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(v, kind) for v in value)
    return value


def custom_fwd(
    fwd: Callable | None = None, *, device_type: str = "cuda", cast_inputs: dtype | None = None
) -> Callable:
    """Decorator for `forward` of a custom Function: its backward runs under the same casts.

    With `cast_inputs` an enabled autocast casts the arguments to it, and is off inside.
    """
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        before = args[0]._casts = state.autocast
        if cast_inputs is None or before is None:
            return fwd(*args, **kwargs)
        args[0]._casts = state.autocast = None
        try:
            return fwd(*_cast(args, cast_inputs), **_cast(kwargs, cast_inputs))
        finally:
            state.autocast = before

    return wrapped


def custom_bwd(bwd: Callable | None = None, *, device_type: str = "cuda") -> Callable:
    """Decorator for `backward` of a custom Function whose `forward` has `custom_fwd`."""
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        before, state.autocast = state.autocast, args[0]._casts
        try:
            return bwd(*args, **kwargs)
        finally:
            state.autocast = before

    return wrapped

"""`torch.jit`: the names of TorchScript, where scripting gives the program back as it is, with a
warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

__all__ = [
    "Attribute",
    "Final",
    "annotate",
    "export",
    "freeze",
    "ignore",
    "interface",
    "is_scripting",
    "is_tracing",
    "isinstance",
    "load",
    "optimize_for_inference",
    "save",
    "script",
    "script_if_tracing",
    "trace",
    "trace_module",
    "unused",
]

T = TypeVar("T")
F = TypeVar("F", bound=Callable)
_is_a = isinstance


class Attribute(NamedTuple):
    """A value and the type TorchScript would give it."""

    value: Any
    type: Any


def _warn(name: str) -> None:
    warnings.warn(
        f"torch.jit.{name} gives its argument back unchanged: Taper has no TorchScript, and "
        "compiles every program while it runs.",
        stacklevel=3,
    )


def script(obj: T, *_: Any, **__: Any) -> T:
    """The function, class or module itself, with a warning: there is no TorchScript."""
    _warn("script")
    return obj


def trace(func: T, example_inputs: Any = None, *_: Any, **__: Any) -> T:
    """The function or module itself, with a warning; it is not called on the example."""
    _warn("trace")
    return func


def trace_module(mod: T, inputs: dict[str, Any], *_: Any, **__: Any) -> T:
    """The module itself, with a warning."""
    _warn("trace_module")
    return mod


def script_if_tracing(fn: F) -> F:
    """The function itself: nothing traces."""
    return fn


def freeze(mod: T, *_: Any, **__: Any) -> T:
    """The module itself."""
    return mod


def optimize_for_inference(mod: T, *_: Any, **__: Any) -> T:
    """The module itself."""
    return mod


def ignore(drop: Any = False, **_: Any) -> Any:
    """Decorator, with or without parentheses: the function itself."""
    return drop if callable(drop) else lambda fn: fn


def unused(fn: F) -> F:
    """The function itself."""
    return fn


def export(fn: F) -> F:
    """The function itself."""
    return fn


def interface(obj: T) -> T:
    """The class itself."""
    return obj


def is_scripting() -> bool:
    """Whether TorchScript runs this line: False."""
    return False


def is_tracing() -> bool:
    """Whether a trace is being taken: False."""
    return False


def annotate(the_type: Any, the_value: T) -> T:
    """The value; its type was meant for TorchScript."""
    return the_value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Python's `isinstance`, for a plain type or a tuple of them."""
    return _is_a(obj, target_type)


def save(m: Any, f: Any, *_: Any, **__: Any) -> None:
    """RuntimeError: a program of TorchScript cannot be written; a state dict can."""
    raise RuntimeError(
        "torch.jit.save: Taper has no TorchScript; save the weights with "
        "torch.save(model.state_dict(), path)"
    )


def load(f: Any, *_: Any, **__: Any) -> Any:
    """RuntimeError: a program of TorchScript cannot be read; a state dict can."""
    raise RuntimeError(
        "torch.jit.load: Taper has no TorchScript; build the model in Python and load its weights "
        "with model.load_state_dict(torch.load(path))"
    )

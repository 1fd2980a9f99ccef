"""Modes that decide whether calls are recorded for gradients."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from threading import local
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable)


class _State(local):
    grad = True
    inference = False
    saving: Callable | None = None  # called with each new graph node, to change how it keeps values
    # given a call's function and inputs, the inputs in another precision
    autocast: Callable | None = None
    anomaly = False
    check_nan = True


state = _State()


class _Mode:
    """A context manager that is a decorator too."""

    before: tuple[bool, bool]

    def __call__(self, fn: F) -> F:
        if inspect.isgeneratorfunction(fn):
            return self._stepped(fn)

        @functools.wraps(fn)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return fn(*args, **kwargs)

        return wrapped  # type: ignore[return-value]

    def _stepped(self, fn: F) -> F:
        """A generator function whose body runs in the mode, and whose caller does not."""

        @functools.wraps(fn)
        def wrapped(*args: Any, **kwargs: Any) -> Iterator[Any]:
            body, step, sent = fn(*args, **kwargs), "send", None
            while True:
                try:
                    with self._again():
                        found = getattr(body, step)(sent)
                except StopIteration as end:
                    return end.value
                try:
                    step, sent = "send", (yield found)
                except GeneratorExit:
                    with self._again():
                        body.close()
                    raise
                except BaseException as error:
                    step, sent = "throw", error

        return wrapped  # type: ignore[return-value]

    def _again(self) -> Any:
        return type(self)()

    def __enter__(self) -> None:
        raise NotImplementedError

    def __exit__(self, *_: object) -> None:
        state.grad, state.inference = self.before


class _Bare(type):
    """Lets `@no_grad` stand without parentheses."""

    def __call__(cls, fn: Any = None, *args: Any) -> Any:
        mode = super().__call__(*(() if callable(fn) or fn is None else (fn, *args)))
        return mode(fn) if callable(fn) else mode


class no_grad(_Mode, metaclass=_Bare):
    """Calls inside record no gradients. Context manager and decorator."""

    def __enter__(self) -> None:
        self.before = state.grad, state.inference
        state.grad = False


class enable_grad(_Mode, metaclass=_Bare):
    """Calls inside record gradients again. Context manager and decorator."""

    def __enter__(self) -> None:
        self.before = state.grad, state.inference
        state.grad = True


class set_grad_enabled(_Mode):
    """Turns recording on or off at once, and back again where used as a context manager or
    decorator."""

    def __init__(self, mode: bool) -> None:
        self.mode, self.before = bool(mode), (state.grad, state.inference)
        state.grad = self.mode

    def __call__(self, fn: F) -> F:
        state.grad = self.before[0]
        return super().__call__(fn)

    def _again(self) -> Any:
        return type(self)(self.mode)

    def __enter__(self) -> None:
        state.grad = self.mode


class inference_mode(_Mode):
    """As `no_grad`, and the tensors made inside may never take part in gradients."""

    def __new__(cls, mode: Any = True) -> Any:
        made = super().__new__(cls)
        if callable(mode):
            cls.__init__(made, True)
            return made(mode)
        return made

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode

    def _again(self) -> Any:
        return type(self)(self.mode)

    def __enter__(self) -> None:
        self.before = state.grad, state.inference
        state.grad, state.inference = not self.mode and state.grad, self.mode


def is_grad_enabled() -> bool:
    """Whether calls record gradients now."""
    return state.grad


def is_inference_mode_enabled() -> bool:
    """Whether inference mode is on."""
    return state.inference

"""What a file may name and call when only weights are loaded: a fixed list and the user's own."""

from __future__ import annotations

import codecs
import inspect
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any

from ..devices import device
from ..shapes import Size
from ..tensor import Tensor
from . import names, tensors

MAX_KEY = 1000
LATIN = ("latin1", "latin-1")

User = Any  # a class or function, or a tuple of one with the name files give it
_users: list[User] = []


def add_safe_globals(safe_globals: list[User]) -> None:
    """Let `load(weights_only=True)` use these classes and functions.

    An entry may be `(class, "full.name")` where files know the class by another name."""
    for entry in safe_globals:
        if isinstance(entry, tuple):
            if len(entry) != 2 or not isinstance(entry[1], str):
                raise ValueError(
                    f"Expected tuple of (global, str of callable full path), but got {entry}"
                )
        elif not callable(entry):
            raise TypeError(f"Expected a class or a function, but got {entry!r}")
        if entry not in _users:
            _users.append(entry)


def get_safe_globals() -> list[User]:
    """What was added with `add_safe_globals`."""
    return list(_users)


def clear_safe_globals() -> None:
    """Forget what was added with `add_safe_globals`."""
    _users.clear()


class safe_globals:
    """A context in which `load(weights_only=True)` may use these classes and functions."""

    def __init__(self, safe_globals: list[User]) -> None:
        self.safe_globals = safe_globals

    def __enter__(self) -> None:
        self._before = get_safe_globals()
        add_safe_globals(self.safe_globals)

    def __exit__(self, *_: object) -> None:
        _users[:] = self._before


def _users_named() -> dict[str, object]:
    found: dict[str, object] = {}
    for entry in _users:
        if isinstance(entry, tuple):
            found[entry[1]] = entry[0]
        else:
            found.update(dict.fromkeys(names.names_of(entry), entry))
    return found


def find(path: str) -> object | None:
    """The object a file may use under this name, or None."""
    known = names.KNOWN.get(path)
    if known is None:
        known = BUILTINS.get(path)
    if known is None and _users:
        known = _users_named().get(path)
    return known


def is_users(value: object) -> bool:
    """Whether the user allowed this very class or function."""
    return any((entry[0] if isinstance(entry, tuple) else entry) is value for entry in _users)


def builder(function: object) -> Callable | None:
    """What to call when a file calls `function`; None where it may not."""
    known = BUILDERS.get(id(function))
    if known is None and callable(function) and is_users(function):
        return function
    return known


def set_attributes(target: object, state: object) -> None:
    """Give an object the attributes in `state`, none of which may hide what its class defines."""
    if type(state) not in (dict, OrderedDict):
        raise UnpicklingError(f"the state of {type(target)} must be a dict, but got {type(state)}")
    for name, value in state.items():  # type: ignore[attr-defined]
        if type(name) is not str or name.startswith("__") or hasattr(type(target), name):
            raise UnpicklingError(f"the state of {type(target)} may not set {name!r}")
        target.__dict__[name] = value


def set_state(target: Any, state: Any) -> None:
    """Restore an object of a class that the user allowed, as pickle does."""
    if hasattr(target, "__setstate__"):
        target.__setstate__(state)
        return
    attributes, slots = state if type(state) is tuple and len(state) == 2 else (state, None)
    for part in (attributes, slots):
        if part is not None and type(part) is not dict:
            raise UnpicklingError(
                f"the state of {type(target)} must be a dict, but got {type(part)}"
            )
    if attributes:
        vars(target).update(attributes)
    for name, value in (slots or {}).items():
        setattr(target, name, value)


def check_key(key: object) -> None:
    """Refuse a dict key or set member without a hash, or whose hash takes long or recurses deep."""
    left, budget = [key], MAX_KEY
    while left:
        part = left.pop()
        budget -= 1
        if budget < 0:
            raise UnpicklingError(f"a key of more than {MAX_KEY} parts")
        if isinstance(part, tuple):
            left.extend(part[: budget + 1])
            continue
        try:
            hash(part)
        except TypeError as error:
            raise UnpicklingError(str(error)) from None


def _refused(name: str, arguments: tuple) -> UnpicklingError:
    kinds = ", ".join(type(a).__name__ for a in arguments)
    return UnpicklingError(f"{name} cannot be called with arguments of type ({kinds})")


def _ordered_dict(*arguments: Any) -> OrderedDict:
    made: OrderedDict = OrderedDict()
    if not arguments:
        return made
    if len(arguments) != 1 or type(arguments[0]) is not list:
        raise _refused("OrderedDict", arguments)
    for pair in arguments[0]:
        if type(pair) not in (list, tuple) or len(pair) != 2:
            raise UnpicklingError("OrderedDict needs a list of pairs")
        check_key(pair[0])
        made[pair[0]] = pair[1]
    return made


def _counter(*arguments: Any) -> Counter:
    if arguments and (len(arguments) != 1 or type(arguments[0]) is not dict):
        raise _refused("Counter", arguments)
    return Counter(*arguments)


def _set(*arguments: Any) -> set:
    if len(arguments) != 1 or type(arguments[0]) is not list:
        raise _refused("set", arguments)
    for member in arguments[0]:
        check_key(member)
    return set(arguments[0])


def _complex(*arguments: Any) -> complex:
    if not 1 <= len(arguments) <= 2 or any(type(a) not in (float, int) for a in arguments):
        raise _refused("complex", arguments)
    try:
        return complex(*arguments)
    except OverflowError as error:
        raise UnpicklingError(str(error)) from None


def _encode(*arguments: Any) -> bytes:
    if tuple(map(type, arguments)) != (str, str) or arguments[1] not in LATIN:
        raise _refused("_codecs.encode", arguments)
    try:
        return arguments[0].encode("latin1")
    except UnicodeEncodeError as error:
        raise UnpicklingError(str(error)) from None


def _bytearray(*arguments: Any) -> bytearray:
    if not arguments or (len(arguments) == 1 and type(arguments[0]) is bytes):
        return bytearray(*arguments)
    return bytearray(_encode(*arguments))


def _size(*arguments: Any) -> Size:
    if len(arguments) > 1 or any(type(a) not in (tuple, list) for a in arguments):
        raise _refused("torch.Size", arguments)
    if any(type(n) is not int for a in arguments for n in a):
        raise UnpicklingError("torch.Size needs integers")
    return Size(*arguments)


def _device(*arguments: Any) -> device:
    kinds = tuple(map(type, arguments))
    if kinds not in ((str,), (str, int)):
        raise _refused("torch.device", arguments)
    return device(*arguments)


def _counted(rebuild: Callable) -> Callable:
    """A function that refuses a number of arguments that the other does not take."""
    needs = inspect.signature(rebuild).parameters.values()
    least, most = sum(p.default is p.empty for p in needs), len(needs)

    def build(*arguments: Any) -> Tensor:
        if not least <= len(arguments) <= most:
            raise _refused(rebuild.__name__, arguments)
        return rebuild(*arguments)

    return build


def _with_state(tensor: Tensor, state: object) -> Tensor:
    for part in state if type(state) is tuple else (state,):
        if part is not None:
            set_attributes(tensor, part)
    return tensor


def _tensor_of_type(*arguments: Any) -> Tensor:
    if len(arguments) != 4 or type(arguments[2]) is not tuple:
        raise _refused("_rebuild_from_type_v2", arguments)
    rebuild, kind, parts, state = arguments
    known = any(rebuild is r for r in names.REBUILDERS.values())
    if not known or rebuild in (tensors.rebuild_from_type, tensors.get_layout):
        raise UnpicklingError(f"Trying to rebuild a tensor with {type(rebuild)}")
    made = BUILDERS[id(rebuild)](*parts)
    if kind is not Tensor and kind is not type(made):
        if not (isinstance(kind, type) and issubclass(kind, Tensor) and is_users(kind)):
            raise _refused("_rebuild_from_type_v2", arguments)
        return tensors.set_state(made.as_subclass(kind), state)
    return _with_state(made, state)


def _parameter_with_state(*arguments: Any) -> Tensor:
    if len(arguments) != 4:
        raise _refused("_rebuild_parameter_with_state", arguments)
    return _with_state(tensors.rebuild_parameter(*arguments[:3]), arguments[3])


BUILTINS: dict[str, object] = {
    "collections.OrderedDict": OrderedDict,
    "collections.Counter": Counter,
    "builtins.set": set,
    "builtins.complex": complex,
    "builtins.bytearray": bytearray,
    "_codecs.encode": codecs.encode,
}
BUILDERS: dict[int, Callable] = {
    id(OrderedDict): _ordered_dict,
    id(Counter): _counter,
    id(set): _set,
    id(complex): _complex,
    id(bytearray): _bytearray,
    id(codecs.encode): _encode,
    id(Size): _size,
    id(device): _device,
    **{id(rebuild): _counted(rebuild) for rebuild in names.REBUILDERS.values()},
    id(tensors.rebuild_from_type): _tensor_of_type,
    id(tensors.rebuild_parameter_with_state): _parameter_with_state,
}

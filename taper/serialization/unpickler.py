"""Read a pickle that may come from anybody: an interpreter for the few opcodes that weights need.

It knows the opcodes PyTorch reads with `weights_only=True`, checks the operands of each, calls
nothing but what `allowed` lists, and limits nesting and keys, so that a hostile file ends in an
UnpicklingError (or, for a tensor that does not fit its storage, a RuntimeError).
"""

from __future__ import annotations

import io
import struct
import warnings
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from pickle import UnpicklingError
from typing import BinaryIO

from . import allowed

MAX_NESTING = 1000
MAX_NAME = 1000
CONTAINERS = (tuple, list, dict, OrderedDict, Counter, set)
DICTS = (dict, OrderedDict, Counter)
BLOCKED = ("sys", "os", "posix", "nt")


def modern_name(module: str, name: str) -> tuple[str, str]:
    """The name in Python 3 of a global that protocol 2 names as Python 2 did: `__builtin__ set`."""
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name


class Stream:
    """The bytes of a pickle in a seekable file; UnpicklingError where there are not enough."""

    def __init__(self, file: BinaryIO) -> None:
        start = file.tell()
        self._left = file.seek(0, io.SEEK_END) - start
        file.seek(start)
        self._file = file

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes."""
        self._left -= count
        found = self._file.read(count) if self._left >= 0 else b""
        if len(found) < count:
            raise UnpicklingError("pickle data was truncated")
        return found

    def line(self) -> str:
        """A line of text, without its end."""
        found = self._file.readline(min(MAX_NAME, max(self._left, 0)))
        self._left -= len(found)
        if not found.endswith(b"\n"):
            raise UnpicklingError("pickle data was truncated")
        try:
            return found[:-1].decode()
        except UnicodeDecodeError:
            raise UnpicklingError(f"the name of a global is not text: {found[:-1]!r}") from None


class WeightsUnpickler:
    """Rebuild the object a pickle describes. `persistent_load` gives the storage of a persistent
    id, and `encoding` reads strings of Python 2 (`"bytes"` leaves them)."""

    def __init__(
        self, file: BinaryIO, persistent_load: Callable[[tuple], object], encoding: str = "utf-8"
    ) -> None:
        self._stream = Stream(file)
        self._persistent_load, self._encoding = persistent_load, encoding
        self._stack: list = []
        self._marked: list[list] = []
        self._memo: dict[int, object] = {}
        self._depths: dict[int, int] = {}  # of every container made so far, by id

    def load(self) -> object:
        """Run the pickle up to its STOP."""
        read = self._stream.read
        while True:
            code = read(1)
            if code == b".":
                return self._pop()
            operation = OPERATIONS.get(code)
            if operation is None:
                raise UnpicklingError(f"Unsupported operand {code[0]}")
            operation(self)

    def _unpack(self, form: str) -> int | float:
        return struct.unpack(form, self._stream.read(struct.calcsize(form)))[0]

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _pop(self) -> object:
        if not self._stack:
            raise UnpicklingError("unexpected end of the stack")
        return self._stack.pop()

    def _top(self) -> object:
        if not self._stack:
            raise UnpicklingError("unexpected end of the stack")
        return self._stack[-1]

    def _pop_mark(self) -> list:
        if not self._marked:
            raise UnpicklingError("could not find MARK")
        items, self._stack = self._stack, self._marked.pop()
        return items

    def _mark(self) -> None:
        if len(self._marked) >= MAX_NESTING:
            raise UnpicklingError(f"more than {MAX_NESTING} levels of MARK")
        self._marked.append(self._stack)
        self._stack = []

    def _deepen(self, holder: object, items: Iterable[object]) -> None:
        depths = self._depths
        inner = max((depths.get(id(i), 0) for i in items if type(i) in CONTAINERS), default=0)
        depth = max(depths.get(id(holder), 0), inner + 1)
        if depth > MAX_NESTING:
            raise UnpicklingError(f"more than {MAX_NESTING} levels of containers")
        depths[id(holder)] = depth

    def _push_container(self, made: object, items: Iterable[object] = ()) -> None:
        self._depths.pop(id(made), None)
        self._deepen(made, items)
        self._push(made)

    def _tuple(self, items: list) -> None:
        self._push_container(tuple(items), items)

    def _small_tuple(self, count: int) -> None:
        self._tuple([self._pop() for _ in range(count)][::-1])

    def _global(self) -> None:
        module, name = modern_name(self._stream.line(), self._stream.line())
        path = f"{module}.{name}"
        if module in BLOCKED:
            raise UnpicklingError(
                f"Trying to load unsupported GLOBAL {path} whose module {module} is blocked."
            )
        found = allowed.find(path)
        if found is None:
            path = path.removeprefix("builtins.")
            raise UnpicklingError(
                f"Unsupported global: GLOBAL {path} was not an allowed global by default. Please "
                f"use `torch.serialization.add_safe_globals([{path}])` or the "
                f"`torch.serialization.safe_globals([{path}])` context manager to allowlist this "
                "global if you trust this class/function."
            )
        self._push(found)

    def _reduce(self) -> None:
        arguments, function = self._pop(), self._pop()
        build = allowed.builder(function)
        if build is None:
            named = callable(function)
            shown = function if named else f"an object of {type(function)}"
            raise UnpicklingError(f"Trying to call reduce for unrecognized function {shown}")
        if type(arguments) is not tuple:
            raise UnpicklingError(
                f"the arguments of reduce must be a tuple, but got {type(arguments)}"
            )
        self._push_container(build(*arguments), arguments)

    def _new_object(self) -> None:
        arguments, kind = self._pop(), self._pop()
        if not (allowed.is_users(kind) and isinstance(kind, type)):
            shown = kind if isinstance(kind, type) else type(kind)
            raise UnpicklingError(
                "Can only create new object for nn.Parameter or classes allowlisted via "
                f"`add_safe_globals` but got {shown}"
            )
        if type(arguments) is not tuple:
            raise UnpicklingError(
                f"the arguments of a new object must be a tuple, but got {type(arguments)}"
            )
        self._push_container(kind.__new__(kind, *arguments), arguments)

    def _build(self) -> None:
        state, target = self._pop(), self._top()
        if type(target) is OrderedDict:
            allowed.set_attributes(target, state)
        elif allowed.is_users(type(target)):
            allowed.set_state(target, state)
        else:
            raise UnpicklingError(
                "Can only build Tensor, Parameter, OrderedDict or types allowlisted via "
                f"`add_safe_globals`, but got {type(target)}"
            )
        self._deepen(target, (state,))

    def _extend(self, items: list, verb: str) -> None:
        target = self._top()
        if type(target) is not list:
            raise UnpicklingError(f"Can only {verb} lists, but got {type(target)}")
        self._deepen(target, items)
        target.extend(items)

    def _set_items(self, items: list, operation: str) -> None:
        target = self._top()
        if type(target) not in DICTS:
            raise UnpicklingError(
                f"Can only {operation} for dict, collections.OrderedDict, collections.Counter, but "
                f"got {type(target)}"
            )
        if len(items) % 2:
            raise UnpicklingError(f"odd number of items for {operation}")
        self._deepen(target, items)
        for key, value in zip(items[::2], items[1::2]):
            allowed.check_key(key)
            target[key] = value  # type: ignore[index]

    def _set_item(self) -> None:
        value, key = self._pop(), self._pop()
        self._set_items([key, value], "SETITEM")

    def _text(self) -> None:
        data = self._stream.read(int(self._unpack("<I")))
        try:
            self._push(data.decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError as error:
            raise UnpicklingError(str(error)) from None

    def _old_text(self) -> None:
        data = self._stream.read(self._stream.read(1)[0])
        try:
            self._push(data if self._encoding == "bytes" else data.decode(self._encoding))
        except UnicodeDecodeError as error:
            raise UnpicklingError(str(error)) from None

    def _long(self) -> None:
        data = self._stream.read(self._stream.read(1)[0])
        self._push(int.from_bytes(data, "little", signed=True))

    def _persistent(self) -> None:
        key = self._pop()
        if type(key) is not tuple:
            raise UnpicklingError(f"persistent_load id must be tuple or int, but got {type(key)}")
        if not key or type(key[0]) not in (str, bytes) or key[0] not in ("storage", b"storage"):
            kind = type(key[0]) if key else None
            raise UnpicklingError(f"Only persistent_load of storage is allowed, but got {kind}")
        self._push(self._persistent_load(key))

    def _put(self, form: str) -> None:
        self._memo[int(self._unpack(form))] = self._top()

    def _get(self, form: str) -> None:
        place = int(self._unpack(form))
        if place not in self._memo:
            raise UnpicklingError(f"Memo value not found at index {place}")
        self._push(self._memo[place])

    def _protocol(self) -> None:
        protocol = self._stream.read(1)[0]
        if protocol != 2:
            warnings.warn(
                f"Detected pickle protocol {protocol} in the checkpoint, which was not the default "
                "pickle protocol used by `torch.load` (2). The weights_only Unpickler might not "
                "support all instructions implemented by this protocol."
            )


OPERATIONS: dict[bytes, Callable[[WeightsUnpickler], None]] = {
    b"\x80": WeightsUnpickler._protocol,
    b"c": WeightsUnpickler._global,
    b"R": WeightsUnpickler._reduce,
    b"\x81": WeightsUnpickler._new_object,
    b"b": WeightsUnpickler._build,
    b"Q": WeightsUnpickler._persistent,
    b"(": WeightsUnpickler._mark,
    b"a": lambda s: s._extend([s._pop()], "append to"),
    b"e": lambda s: s._extend(s._pop_mark(), "extend"),
    b"s": WeightsUnpickler._set_item,
    b"u": lambda s: s._set_items(s._pop_mark(), "SETITEMS"),
    b"t": lambda s: s._tuple(s._pop_mark()),
    b"\x85": lambda s: s._small_tuple(1),
    b"\x86": lambda s: s._small_tuple(2),
    b"\x87": lambda s: s._small_tuple(3),
    b")": lambda s: s._push_container(()),
    b"]": lambda s: s._push_container([]),
    b"}": lambda s: s._push_container({}),
    b"\x8f": lambda s: s._push_container(set()),
    b"N": lambda s: s._push(None),
    b"\x88": lambda s: s._push(True),
    b"\x89": lambda s: s._push(False),
    b"J": lambda s: s._push(s._unpack("<i")),
    b"K": lambda s: s._push(s._unpack("<B")),
    b"M": lambda s: s._push(s._unpack("<H")),
    b"G": lambda s: s._push(s._unpack(">d")),
    b"\x8a": WeightsUnpickler._long,
    b"X": WeightsUnpickler._text,
    b"U": WeightsUnpickler._old_text,
    b"h": lambda s: s._get("<B"),
    b"j": lambda s: s._get("<I"),
    b"q": lambda s: s._put("<B"),
    b"r": lambda s: s._put("<I"),
}

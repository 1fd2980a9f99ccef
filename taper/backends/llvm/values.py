"""LLVM types and typed operands, and how constants are spelt."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache


@dataclass(frozen=True, eq=False)
class Type:
    """An LLVM type; `kind` is float, int, pointer or void, and a scalar has one lane."""

    name: str
    kind: str
    bits: int
    lanes: int = 1

    @property
    def scalar(self) -> Type:
        """The type of one lane."""
        return _SCALARS[self.kind, self.name.rsplit(" ", 1)[-1].rstrip(">")]

    def by(self, lanes: int) -> Type:
        """This element `lanes` times; one lane is the scalar."""
        return _vector(self.scalar, lanes)

    @property
    def code(self) -> str:
        """The spelling inside an intrinsic's name: `v16f32`, `i64`, `p0`."""
        letter = {"float": "bf" if "bfloat" in self.name else "f", "int": "i"}.get(self.kind)
        one = "p0" if letter is None else f"{letter}{self.bits}"
        return one if self.lanes == 1 else f"v{self.lanes}{one}"

    def __str__(self) -> str:
        return self.name


@cache
def _vector(element: Type, lanes: int) -> Type:
    if lanes == 1:
        return element
    return Type(f"<{lanes} x {element.name}>", element.kind, element.bits, lanes)


VOID = Type("void", "void", 0)
PTR = Type("ptr", "pointer", 64)
I1, I8, I16, I32, I64, I128 = (Type(f"i{n}", "int", n) for n in (1, 8, 16, 32, 64, 128))
F16, BF16 = Type("half", "float", 16), Type("bfloat", "float", 16)
F32, F64 = Type("float", "float", 32), Type("double", "float", 64)
_SCALARS = {
    (t.kind, t.name): t for t in (VOID, PTR, I1, I8, I16, I32, I64, I128, F16, BF16, F32, F64)
}


class Value:
    """A typed operand: the name of a result, an argument, or a constant (then `number` is set)."""

    __slots__ = ("number", "text", "type")

    def __init__(self, type: Type, text: str, number: int | float | None = None) -> None:
        self.type, self.text, self.number = type, text, number

    @property
    def whole(self) -> int | None:
        """The number of an integer constant."""
        return self.number if isinstance(self.number, int) else None

    def __str__(self) -> str:
        return f"{self.type.name} {self.text}"

    __repr__ = __str__


Operand = Value | int | float


def literal(type: Type, number: int | float) -> str:
    if type.kind == "pointer":
        return "null"
    if type.kind == "int":
        return str(int(number))
    if type is F16:
        return "0xH" + struct.pack(">e", number).hex()
    if type is BF16:
        return "0xR" + struct.pack(">f", number)[:2].hex()
    if type is F32:
        number = struct.unpack("<f", struct.pack("<f", number))[0]
    return "0x" + struct.pack(">d", number).hex()


@lru_cache(maxsize=4096)
def _constant_text(type: Type, number: int | float, sign: str) -> str:
    text = literal(type.scalar, number)
    return text if type.lanes == 1 else f"splat ({type.scalar.name} {text})"


def constant(type: Type, number: int | float) -> Value:
    """A number as a constant, repeated in every lane of a vector type."""
    sign = "-" if str(number).startswith("-") else ""  # 0.0 and -0.0 are equal keys otherwise
    return Value(type, _constant_text(type, number, sign), number)


def constants(type: Type, numbers: Sequence[int | float]) -> Value:
    """A vector constant with one number a lane."""
    element = type.scalar
    inside = ", ".join(f"{element.name} {literal(element, n)}" for n in numbers)
    return Value(element.by(len(numbers)), f"<{inside}>")

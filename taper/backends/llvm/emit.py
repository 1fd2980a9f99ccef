"""Writes LLVM IR text: typed values, arithmetic, memory, loops with carried values.

The text is assembled directly rather than through an object model: a warm start finds its machine
code by the text, so writing it must be quick. Nothing carries fast-math flags; where a product and
a sum become one rounding, somebody called `fma`. The same calls therefore give the same bits in a
vector, in its masked tail and in a scalar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import half
from .target import Target
from .values import (
    BF16,
    F16,
    F32,
    F64,
    I1,
    I16,
    I32,
    I64,
    PTR,
    VOID,
    Operand,
    Type,
    Value,
    constant,
    constants,
    literal,
)


class Unit:
    """One module of LLVM IR: functions, constant tables and what they call."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._functions: list[Emitter] = []
        self._declarations: dict[str, str] = {}
        self._tables: dict[str, str] = {}

    def function(
        self, name: str, parameters: Sequence[Type], result: Type = VOID, exported: bool = True
    ) -> Emitter:
        """Begin a function; finish it with `ret`."""
        emitter = Emitter(self, name, tuple(parameters), result, exported)
        self._functions.append(emitter)
        return emitter

    def helper(
        self, name: str, parameters: Sequence[Type], write: Callable[[Emitter], None]
    ) -> Emitter:
        """A function without result that `write` emits when it is first asked for."""
        for known in self._functions:
            if known.name == name:
                return known
        emitter = self.function(name, parameters, exported=False)
        write(emitter)
        return emitter

    def declare(self, name: str, parameters: Sequence[Type], result: Type) -> None:
        """Make an intrinsic or an outside function known."""
        if name not in self._declarations:
            inside = ", ".join(p.name for p in parameters)
            self._declarations[name] = f"declare {result.name} @{name}({inside})"

    def table(self, type: Type, numbers: Sequence[int | float]) -> Value:
        """A constant array in memory; equal arrays are one."""
        inside = ", ".join(f"{type.name} {literal(type, n)}" for n in numbers)
        body = f"private unnamed_addr constant [{len(numbers)} x {type.name}] [{inside}], align 64"
        name = self._tables.setdefault(body, f"@table{len(self._tables)}")
        return Value(PTR, name)

    def text(self) -> str:
        """The whole module."""
        parts = [f'target triple = "{self.target.triple}"']
        parts += [f"{name} = {body}" for body, name in self._tables.items()]
        parts += self._declarations.values()
        parts += [f.text() for f in self._functions]
        parts.append("attributes #0 = { nounwind }\n")
        return "\n".join(parts)


Body = Callable[..., "Value | Sequence[Value] | None"]


def _values(result: Value | Sequence[Value] | None) -> list[Value]:
    if result is None:
        return []
    return [result] if isinstance(result, Value) else list(result)


class Emitter:
    """Writes one function, instruction by instruction; `args` are its parameters.

    Operands may be Python numbers beside a Value, and take its type.
    """

    def __init__(
        self, unit: Unit, name: str, parameters: tuple[Type, ...], result: Type, exported: bool
    ) -> None:
        self.unit, self.target, self.name, self.result = unit, unit.target, name, result
        self.args = [Value(t, f"%a{i}") for i, t in enumerate(parameters)]
        linkage = "" if exported else "internal "
        inside = ", ".join(map(str, self.args))
        self._head = f"define {linkage}{result.name} @{name}({inside}) #0 {{"
        self._lines: list[str] = []
        self._room: list[str] = []
        self._count = 0
        self._block = "entry"

    def text(self) -> str:
        """The function's definition."""
        return "\n".join([self._head, "entry:", *self._room, *self._lines, "}\n"])

    # ------------------------------------------------------------ plumbing
    def const(self, like: Type | Value, number: int | float) -> Value:
        """A number as a constant of a type, or of another value's type."""
        return constant(like.type if isinstance(like, Value) else like, number)

    def _new(self, type: Type, text: str) -> Value:
        self._count += 1
        name = f"%v{self._count}"
        self._lines.append(f"  {name} = {text}")
        return Value(type, name)

    def _do(self, text: str) -> None:
        self._lines.append("  " + text)

    def _pair(self, x: Operand, y: Operand) -> tuple[Value, Value]:
        if not isinstance(x, Value):
            assert isinstance(y, Value), "one operand must be a Value"
            return constant(y.type, x), y
        if not isinstance(y, Value):
            return x, constant(x.type, y)
        if x.type is not y.type:
            raise TypeError(f"operands of {x.type} and {y.type}")
        return x, y

    def _binary(self, op: str, x: Operand, y: Operand) -> Value:
        x, y = self._pair(x, y)
        return self._new(x.type, f"{op} {x.type.name} {x.text}, {y.text}")

    def call(self, name: str, result: Type, *args: Value) -> Value:
        """Call an intrinsic or a function by name."""
        self.unit.declare(name, [a.type for a in args], result)
        return self._call("@" + name, result, args)

    def invoke(self, function: Emitter, *args: Value) -> Value:
        """Call a function of this unit."""
        return self._call("@" + function.name, function.result, args)

    def call_at(self, address: Value, *args: Value) -> None:
        """Call a function without result by its address."""
        self._call(address.text, VOID, args)

    def _call(self, name: str, result: Type, args: Sequence[Value]) -> Value:
        text = f"call {result.name} {name}({', '.join(map(str, args))})"
        if result is VOID:
            self._do(text)
            return Value(VOID, "")
        return self._new(result, text)

    def _intrinsic(self, name: str, x: Value, *rest: Value) -> Value:
        return self.call(f"llvm.{name}.{x.type.code}", x.type, x, *rest)

    # ---------------------------------------------------------- arithmetic
    def add(self, x: Operand, y: Operand) -> Value:
        """x + y"""
        x, y = self._pair(x, y)
        if x.type.kind == "float":
            return self._binary("fadd", x, y)
        m, n = x.whole, y.whole
        if m == 0:
            return y
        if n == 0:
            return x
        if m is not None and n is not None:
            return constant(x.type, m + n)
        return self._binary("add", x, y)

    def sub(self, x: Operand, y: Operand) -> Value:
        """x - y"""
        x, y = self._pair(x, y)
        if x.type.kind == "float":
            return self._binary("fsub", x, y)
        m, n = x.whole, y.whole
        if n == 0:
            return x
        if m is not None and n is not None:
            return constant(x.type, m - n)
        return self._binary("sub", x, y)

    def mul(self, x: Operand, y: Operand) -> Value:
        """x * y"""
        x, y = self._pair(x, y)
        if x.type.kind == "float":
            return self._binary("fmul", x, y)
        m, n = x.whole, y.whole
        if m is not None and n is not None:
            return constant(x.type, m * n)
        if m == 1:
            return y
        if n == 1:
            return x
        return constant(x.type, 0) if m == 0 or n == 0 else self._binary("mul", x, y)

    def div(self, x: Operand, y: Operand, signed: bool = True) -> Value:
        """x / y; integers are truncated."""
        x, y = self._pair(x, y)
        if x.type.kind == "int":
            m, n = x.whole, y.whole
            if n == 1:
                return x
            if m is not None and n and m >= 0 and n > 0:
                return constant(x.type, m // n)
        op = "fdiv" if x.type.kind == "float" else "sdiv" if signed else "udiv"
        return self._binary(op, x, y)

    def rem(self, x: Operand, y: Operand, signed: bool = True) -> Value:
        """The remainder that truncating division leaves (C's `fmod` and `%`)."""
        x, y = self._pair(x, y)
        if x.type.kind == "int":
            m, n = x.whole, y.whole
            if n == 1:
                return constant(x.type, 0)
            if m is not None and n and m >= 0 and n > 0:
                return constant(x.type, m % n)
        op = "frem" if x.type.kind == "float" else "srem" if signed else "urem"
        return self._binary(op, x, y)

    def neg(self, x: Value) -> Value:
        """-x; a float only changes its sign bit."""
        if x.type.kind == "float":
            return self._new(x.type, f"fneg {x}")
        return self.sub(constant(x.type, 0), x)

    def fma(self, x: Operand, y: Operand, z: Operand) -> Value:
        """x*y + z, rounded once where the processor can, else twice."""
        first = next(v for v in (x, y, z) if isinstance(v, Value))
        x, y, z = (self._pair(first, v)[1] for v in (x, y, z))
        if self.target.fma:
            return self._intrinsic("fma", x, y, z)
        return self.add(self.mul(x, y), z)

    def abs(self, x: Value) -> Value:
        """|x|"""
        if x.type.kind == "float":
            return self._intrinsic("fabs", x)
        return self.call(f"llvm.abs.{x.type.code}", x.type, x, constant(I1, 0))

    def sqrt(self, x: Value) -> Value:
        """The correctly rounded square root."""
        return self._intrinsic("sqrt", x)

    def floor(self, x: Value) -> Value:
        """Towards minus infinity."""
        return self._intrinsic("floor", x)

    def ceil(self, x: Value) -> Value:
        """Towards plus infinity."""
        return self._intrinsic("ceil", x)

    def trunc(self, x: Value) -> Value:
        """Towards zero."""
        return self._intrinsic("trunc", x)

    def rint(self, x: Value) -> Value:
        """To the nearest whole number, halves to the even one."""
        return self._intrinsic("rint", x)

    def copysign(self, x: Value, sign: Operand) -> Value:
        """|x| with the sign of the other operand."""
        return self._intrinsic("copysign", *self._pair(x, sign))

    def maximum(self, x: Operand, y: Operand, signed: bool = True) -> Value:
        """The larger operand; NaN if one is NaN."""
        x, y = self._pair(x, y)
        if x.type.kind == "int":
            return self._intrinsic("smax" if signed else "umax", x, y)
        return self.select(self.either(self.gt(x, y), self.is_nan(x)), x, y)

    def minimum(self, x: Operand, y: Operand, signed: bool = True) -> Value:
        """The smaller operand; NaN if one is NaN."""
        x, y = self._pair(x, y)
        if x.type.kind == "int":
            return self._intrinsic("smin" if signed else "umin", x, y)
        return self.select(self.either(self.lt(x, y), self.is_nan(x)), x, y)

    # ------------------------------------------------ comparison and choice
    def _compare(self, op: str, x: Operand, y: Operand, signed: bool = True) -> Value:
        x, y = self._pair(x, y)
        if x.type.kind == "float":
            word = "fcmp " + ("une" if op == "ne" else "o" + op)
        else:
            word = "icmp " + (op if op in ("eq", "ne") else ("s" if signed else "u") + op)
        return self._new(I1.by(x.type.lanes), f"{word} {x.type.name} {x.text}, {y.text}")

    def lt(self, x: Operand, y: Operand, signed: bool = True) -> Value:
        """x < y"""
        return self._compare("lt", x, y, signed)

    def le(self, x: Operand, y: Operand, signed: bool = True) -> Value:
        """x <= y"""
        return self._compare("le", x, y, signed)

    def gt(self, x: Operand, y: Operand, signed: bool = True) -> Value:
        """x > y"""
        return self._compare("gt", x, y, signed)

    def ge(self, x: Operand, y: Operand, signed: bool = True) -> Value:
        """x >= y"""
        return self._compare("ge", x, y, signed)

    def eq(self, x: Operand, y: Operand) -> Value:
        """x == y; false for NaN."""
        return self._compare("eq", x, y)

    def ne(self, x: Operand, y: Operand) -> Value:
        """x != y; true for NaN."""
        return self._compare("ne", x, y)

    def is_nan(self, x: Value) -> Value:
        """True where x is not a number."""
        return self.ne(x, x)

    def select(self, condition: Value, x: Operand, y: Operand) -> Value:
        """x where the condition holds, else y, lane by lane."""
        x, y = self._pair(x, y)
        return self._new(x.type, f"select {condition}, {x}, {y}")

    def both(self, x: Value, y: Operand) -> Value:
        """Bitwise and."""
        return self._binary("and", x, y)

    def either(self, x: Value, y: Operand) -> Value:
        """Bitwise or."""
        return self._binary("or", x, y)

    def xor(self, x: Value, y: Operand) -> Value:
        """Bitwise exclusive or."""
        return self._binary("xor", x, y)

    def invert(self, x: Value) -> Value:
        """Every bit flipped; the negation of a bool."""
        return self._binary("xor", x, -1)

    def shl(self, x: Value, n: Operand) -> Value:
        """Shift left."""
        return self._binary("shl", x, n)

    def shr(self, x: Value, n: Operand, signed: bool = True) -> Value:
        """Shift right, bringing in the sign bit or (unsigned) zeros."""
        return self._binary("ashr" if signed else "lshr", x, n)

    def any(self, mask: Value) -> Value:
        """Whether one lane of a mask is set, as a scalar."""
        if mask.type.lanes == 1:
            return mask
        return self.call(f"llvm.vector.reduce.or.{mask.type.code}", I1, mask)

    def leading_zeros(self, x: Value) -> Value:
        """The number of zero bits above the highest set one."""
        return self.call(f"llvm.ctlz.{x.type.code}", x.type, x, constant(I1, 0))

    # ---------------------------------------------------------- conversion
    def bits(self, x: Value, element: Type | None = None) -> Value:
        """The same bits as another element type of that size (default: integer and float swap)."""
        if element is None:
            if x.type.kind == "float":
                element = {16: I16, 32: I32, 64: I64}[x.type.bits]
            else:
                element = {16: F16, 32: F32, 64: F64}[x.type.bits]
        to = element.by(x.type.lanes)
        return x if to is x.type else self._new(to, f"bitcast {x} to {to.name}")

    def convert(self, x: Value, element: Type, signed: bool = True) -> Value:
        """The number as another element type. A float outside an integer's range has no meaning."""
        to, kinds = element.by(x.type.lanes), (x.type.kind, element.kind)
        if to is x.type:
            return x
        if kinds == ("int", "int") and x.whole is not None:
            return constant(to, x.whole)
        grows = to.bits > x.type.bits
        if kinds == ("float", "float"):
            if to.bits == x.type.bits:  # half and bfloat16
                return self.convert(self.convert(x, F32), element)
            if x.type.scalar is BF16:
                return self.convert(half.from_bfloat(self, x), element)
            if element is BF16:
                return half.to_bfloat(self, self.convert(x, F32))
            if not self.target.fma and x.type.scalar is F16:  # no instructions for half precision
                return self.convert(half.from_half(self, x), element)
            if not self.target.fma and element is F16:
                return half.to_half(self, self.convert(x, F32))
            word = "fpext" if grows else "fptrunc"
        elif kinds == ("int", "int"):
            word = ("sext" if signed else "zext") if grows else "trunc"
        elif kinds == ("int", "float"):
            word = "sitofp" if signed else "uitofp"
        else:
            word = "fptosi" if signed else "fptoui"
        return self._new(to, f"{word} {x} to {to.name}")

    # --------------------------------------------------------------- lanes
    def broadcast(self, x: Value, lanes: int) -> Value:
        """A scalar in every lane."""
        if lanes == 1:
            return x
        to = x.type.by(lanes)
        if x.number is not None:
            return constant(to, x.number)
        one = self._new(to, f"insertelement {to.name} poison, {x}, i64 0")
        zeros = f"<{lanes} x i32> zeroinitializer"
        return self._new(to, f"shufflevector {one}, {to.name} poison, {zeros}")

    def shuffle(self, x: Value, y: Value | None, lanes: Sequence[int]) -> Value:
        """Lanes picked by number from x, then y."""
        inside = ", ".join(f"i32 {n}" if n >= 0 else "i32 poison" for n in lanes)
        other = f"{x.type.name} poison" if y is None else str(y)
        to = x.type.by(len(lanes))
        return self._new(to, f"shufflevector {x}, {other}, <{len(lanes)} x i32> <{inside}>")

    def extract(self, x: Value, lane: int) -> Value:
        """One lane of a vector."""
        if x.type.lanes == 1:
            return x
        return self._new(x.type.scalar, f"extractelement {x}, i64 {lane}")

    def insert(self, x: Value, y: Value, lane: int) -> Value:
        """x with one lane replaced."""
        return self._new(x.type, f"insertelement {x}, {y}, i64 {lane}")

    def fold(self, x: Value, combine: Callable[[Value, Value], Value]) -> Value:
        """All lanes combined to a scalar, halves with halves: an order fixed by the width alone."""
        while x.type.lanes > 1:
            half = x.type.lanes // 2
            low = self.shuffle(x, None, range(half)) if half > 1 else self.extract(x, 0)
            high = self.shuffle(x, None, range(half, 2 * half)) if half > 1 else self.extract(x, 1)
            x = combine(low, high)
        return x

    def iota(self, type: Type) -> Value:
        """0, 1, 2, ... along the lanes."""
        return constants(type, range(type.lanes)) if type.lanes > 1 else constant(type, 0)

    def lanes_below(self, count: Operand, lanes: int) -> Value:
        """The mask of the lanes whose number is below a count (i64)."""
        if not isinstance(count, Value):
            return constants(I1, [int(i < count) for i in range(lanes)])
        limit = self._intrinsic("smin", count, constant(I64, lanes))
        limit = self.broadcast(self.convert(limit, I32), lanes)
        return self.lt(self.iota(I32.by(lanes)), limit)

    # -------------------------------------------------------------- memory
    def at(self, pointer: Value, index: Operand, element: Type) -> Value:
        """The address of element `index` behind a pointer."""
        if not isinstance(index, Value):
            index = constant(I64, index)
        if index.number == 0:
            return pointer
        return self._new(PTR, f"getelementptr {element.scalar.name}, {pointer}, {index}")

    def load(
        self, type: Type, pointer: Value, index: Operand = 0, mask: Value | None = None,
        align: int | None = None,
    ) -> Value:  # fmt: skip
        """Read a scalar or a vector at an element index; lanes outside the mask are zero."""
        if type.scalar is BF16:  # LLVM has no masked access to it on some processors
            return self.bits(self.load(I16.by(type.lanes), pointer, index, mask, align), BF16)
        where = self.at(pointer, index, type)
        size = align or type.bits // 8
        if mask is None:
            return self._new(type, f"load {type.name}, {where}, align {size}")
        name = f"llvm.masked.load.{type.code}.p0"
        return self.call(name, type, where, constant(I32, size), mask, constant(type, 0))

    def store(
        self, x: Value, pointer: Value, index: Operand = 0, mask: Value | None = None,
        align: int | None = None,
    ) -> None:  # fmt: skip
        """Write a scalar or a vector at an element index; only the lanes of the mask."""
        if x.type.scalar is BF16:
            x = self.bits(x, I16)
        where = self.at(pointer, index, x.type)
        size = align or x.type.bits // 8
        if mask is None:
            self._do(f"store {x}, {where}, align {size}")
            return
        self.call(f"llvm.masked.store.{x.type.code}.p0", VOID, x, where, constant(I32, size), mask)

    def gather(self, type: Type, pointer: Value, index: Value, mask: Value | None = None) -> Value:
        """Read one element for each lane of a vector of indices; zero outside the mask."""
        lanes = type.lanes
        if lanes == 1:
            return self.load(type, pointer, index)
        if type.scalar is BF16:
            return self.bits(self.gather(I16.by(lanes), pointer, index, mask), BF16)
        where = self._new(PTR.by(lanes), f"getelementptr {type.scalar.name}, {pointer}, {index}")
        mask = mask or constant(I1.by(lanes), 1)
        size = constant(I32, type.bits // 8)
        name = f"llvm.masked.gather.{type.code}.{where.type.code}"
        return self.call(name, type, where, size, mask, constant(type, 0))

    def prefetch(self, pointer: Value, write: bool = False, locality: int = 3) -> None:
        """Ask for a cache line early."""
        how = (constant(I32, int(write)), constant(I32, locality), constant(I32, 1))
        self.call("llvm.prefetch.p0", VOID, pointer, *how)

    def stack(self, type: Type, count: int = 1, align: int = 64) -> Value:
        """Room for `count` elements that lives as long as the call."""
        self._count += 1
        name = f"%v{self._count}"
        self._room.append(f"  {name} = alloca [{count} x {type.name}], align {align}")
        return Value(PTR, name)

    # ------------------------------------------- memory shared by threads
    def atomic_load(self, type: Type, pointer: Value, index: Operand = 0) -> Value:
        """Read what other threads write, in one order that all of them see."""
        where = self.at(pointer, index, type)
        return self._new(type, f"load atomic {type.name}, {where} seq_cst, align {type.bits // 8}")

    def atomic_add(self, pointer: Value, index: Operand, x: Value) -> Value:
        """Add to an integer in one step; returns what it was."""
        where = self.at(pointer, index, x.type)
        return self._new(x.type, f"atomicrmw add {where}, {x} seq_cst")

    def compare_exchange(self, pointer: Value, index: Operand, old: Value, new: Value) -> Value:
        """Put `new` in the place of `old` in one step; whether `old` was there."""
        where = self.at(pointer, index, old.type)
        pair = f"{{ {old.type.name}, i1 }}"
        found = self._new(VOID, f"cmpxchg {where}, {old}, {new} seq_cst seq_cst")
        return self._new(I1, f"extractvalue {pair} {found.text}, 1")

    def pause(self) -> None:
        """Wait a moment inside a loop that waits for another thread."""
        if self.target.triple.startswith(("aarch64", "arm64")):
            self.call("llvm.aarch64.isb", VOID, constant(I32, 15))
        else:
            self.call("llvm.x86.sse2.pause", VOID)

    # ------------------------------------------------------------- control
    def _label(self) -> str:
        self._count += 1
        return f"b{self._count}"

    def _begin(self, label: str) -> None:
        self._lines.append(label + ":")
        self._block = label

    def _jump(self, label: str) -> None:
        self._do(f"br label %{label}")

    def _branch(self, condition: Value, then: str, otherwise: str) -> None:
        self._do(f"br {condition}, label %{then}, label %{otherwise}")

    def _phi(self, type: Type) -> tuple[Value, int]:
        value = self._new(type, "")
        return value, len(self._lines) - 1

    def _join(self, phi: tuple[Value, int], *incoming: tuple[Value, str]) -> Value:
        value, line = phi
        inside = ", ".join(f"[ {v.text}, %{block} ]" for v, block in incoming)
        self._lines[line] = f"  {value.text} = phi {value.type.name} {inside}"
        return value

    def loop(
        self, stop: Operand, body: Body, *carried: Value, start: Operand = 0, step: int = 1
    ) -> list[Value]:
        """`for i in range(start, stop, step)` with an i64 counter.

        `body(i, *carried)` returns the carried values of the next turn; so does the loop at its
        end. A loop known to turn once is written without one.
        """
        first = start if isinstance(start, Value) else constant(I64, start)
        last = stop if isinstance(stop, Value) else constant(I64, stop)
        known = first.whole is not None and last.whole is not None
        if first.whole is not None and last.whole is not None:
            if first.whole >= last.whole:
                return list(carried)
            if first.whole + step >= last.whole:
                return _values(body(first, *carried))
        before, head, after = self._block, self._label(), self._label()
        if known:
            self._jump(head)
        else:
            self._branch(self.lt(first, last), head, after)
        self._begin(head)
        counter = self._phi(I64)
        phis = [self._phi(v.type) for v in carried]
        ends = _values(body(counter[0], *(phi[0] for phi in phis)))
        after_body = self._new(I64, f"add nuw nsw {counter[0]}, {step}")
        self._branch(self.lt(after_body, last), head, after)
        end = self._block
        self._join(counter, (first, before), (after_body, end))
        for phi, begun, ended in zip(phis, carried, ends, strict=True):
            self._join(phi, (begun, before), (ended, end))
        self._begin(after)
        if known:
            return ends
        outs = [self._phi(v.type) for v in carried]
        return [
            self._join(out, (begun, before), (ended, end))
            for out, begun, ended in zip(outs, carried, ends)
        ]

    def repeat(self, go_on: Callable[..., Value], body: Body, *carried: Value) -> list[Value]:
        """`while go_on(*carried): carried = body(*carried)`"""
        before, head, inside, after = self._block, self._label(), self._label(), self._label()
        self._jump(head)
        self._begin(head)
        phis = [self._phi(v.type) for v in carried]
        now = [phi[0] for phi in phis]
        self._branch(go_on(*now), inside, after)
        self._begin(inside)
        ends = _values(body(*now))
        self._jump(head)
        for phi, begun, ended in zip(phis, carried, ends, strict=True):
            self._join(phi, (begun, before), (ended, self._block))
        self._begin(after)
        return now

    def when(self, condition: Value, then: Body, otherwise: Body | None = None) -> list[Value]:
        """Run `then()` where a scalar condition holds, else `otherwise()`; equally many values."""
        yes, no, after = self._label(), self._label(), self._label()
        self._branch(condition, yes, no if otherwise else after)
        self._begin(yes)
        taken = _values(then())
        yes_end = self._block
        self._jump(after)
        if otherwise is None:
            self._begin(after)
            return []
        self._begin(no)
        other = _values(otherwise())
        no_end = self._block
        self._jump(after)
        self._begin(after)
        phis = [self._phi(v.type) for v in taken]
        return [
            self._join(phi, (x, yes_end), (y, no_end))
            for phi, x, y in zip(phis, taken, other, strict=True)
        ]

    def ret(self, x: Value | None = None) -> None:
        """Return from the function."""
        self._do("ret void" if x is None else f"ret {x}")

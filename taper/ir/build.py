"""`ops`: functions that build nodes, one a primitive, with the identities that cost nothing to
see."""

from __future__ import annotations

from typing import Any

from ..dtypes import dtype
from ..ops import TABLE
from .node import Node, constant, make


class Build:
    """One method a primitive (bound below from the table), and the shorthands that vjp rules
    use."""

    add: Any
    sub: Any
    mul: Any

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no primitive {name!r}")

    @staticmethod
    def const(value: Any, kind: dtype) -> Node:
        """A scalar constant."""
        return constant(value, kind)

    def full(self, shape: tuple[int, ...], value: Any, kind: dtype) -> Node:
        """A constant of any shape."""
        return self.expand(
            self.reshape(constant(value, kind), shape=(1,) * len(shape)), shape=tuple(shape)
        )

    def fill(self, like: Node, value: Any) -> Node:
        """A constant with the shape and dtype of another node."""
        return self.full(like.shape, value, like.dtype)

    def cast(self, x: Node, *, dtype: dtype) -> Node:
        return x if x.dtype is dtype and not x.weak else make(TABLE["cast"], (x,), {"dtype": dtype})

    def conj(self, x: Node) -> Node:
        return make(TABLE["conj"], (x,), {}) if x.dtype.is_complex else x

    def real(self, x: Node) -> Node:
        return make(TABLE["real"], (x,), {}) if x.dtype.is_complex else x

    def reshape(self, x: Node, *, shape: tuple[int, ...]) -> Node:
        if x.op.name == "reshape":
            x = x.inputs[0]
        return x if x.shape == shape else make(TABLE["reshape"], (x,), {"shape": tuple(shape)})

    def expand(self, x: Node, *, shape: tuple[int, ...]) -> Node:
        return x if x.shape == shape else make(TABLE["expand"], (x,), {"shape": tuple(shape)})

    def permute(self, x: Node, *, dims: tuple[int, ...]) -> Node:
        same = tuple(dims) == tuple(range(len(x.shape)))
        return x if same else make(TABLE["permute"], (x,), {"dims": tuple(dims)})

    def slice(self, x: Node, *, start: tuple, stop: tuple, step: tuple) -> Node:
        whole = not any(start) and stop == x.shape and all(s == 1 for s in step)
        attrs = {"start": tuple(start), "stop": tuple(stop), "step": tuple(step)}
        return x if whole else make(TABLE["slice"], (x,), attrs)

    def sum(self, x: Node, *, axes: tuple[int, ...]) -> Node:
        return make(TABLE["sum"], (x,), {"axes": tuple(axes)}) if axes else x


def _plain(name: str) -> Any:
    op = TABLE[name]

    def build(self: Build, *xs: Node, **attrs: Any) -> Node:
        return make(op, xs, attrs)

    build.__name__ = name
    return build


for _name in TABLE:
    if _name not in Build.__dict__ and _name not in ("leaf", "number", "variable"):
        setattr(Build, _name, _plain(_name))

ops = Build()

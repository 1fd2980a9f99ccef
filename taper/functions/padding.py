"""Padding: constant, reflected, repeated and circular borders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..shapes import show
from ..tensor import Tensor
from .common import wide

__all__ = ["constant_pad_nd", "pad"]


# ---------------------------------------------------------------- nodes
def part(x: Node, axis: int, start: int, stop: int) -> Node:
    """Elements start to stop along one axis."""
    begin = tuple(start if i == axis else 0 for i in range(len(x.shape)))
    end = tuple(stop if i == axis else n for i, n in enumerate(x.shape))
    return ops.slice(x, start=begin, stop=end, step=(1,) * len(begin))


def _cut(x: Node, pads: tuple[int, ...]) -> tuple[Node, tuple[int, ...]]:
    """Negative pads taken off, and the pads that are left."""
    for i in range(len(pads) // 2):
        axis = len(x.shape) - 1 - i
        low, high = min(pads[2 * i], 0), min(pads[2 * i + 1], 0)
        if low or high:
            x = part(x, axis, -low, max(x.shape[axis] + high, -low))
    return x, tuple(max(p, 0) for p in pads)


def _constant(x: Node, pads: tuple[int, ...], value: Any) -> Node:
    if len(pads) > 2 * len(x.shape):
        raise RuntimeError(
            "Length of pad should be no more than twice the number of dimensions of the input. "
            f"Pad length is {len(pads)} while the input has {len(x.shape)} dimensions."
        )
    for i in range(len(pads) // 2):
        axis = len(x.shape) - 1 - i
        size = x.shape[axis] + pads[2 * i] + pads[2 * i + 1]
        if size < 0:
            raise RuntimeError(
                f"The input size {x.shape[axis]}, plus negative padding {pads[2 * i]} and "
                f"{pads[2 * i + 1]} resulted in a negative output size, which is invalid. Check "
                f"dimension {axis} of your input."
            )
    x, pads = _cut(x, pads)
    if not any(pads):
        return x
    lead = (0,) * (len(x.shape) - len(pads) // 2)
    low, high = (*lead, *pads[-2::-2]), (*lead, *pads[::-2])
    return ops.pad(x, low=low, high=high, interior=(0,) * len(x.shape), value=value)


def bordered(x: Node, pads: tuple[int, ...], mode: str) -> Node:
    """A border made of the input's own elements, axis by axis."""
    for i in range(len(pads) // 2):
        axis, (low, high) = len(x.shape) - 1 - i, pads[2 * i : 2 * i + 2]
        n = x.shape[axis]
        pieces = [x]
        if low:
            pieces.insert(0, _before(x, axis, low, mode))
        if high:
            after = {"reflect": (n - 1 - high, n - 1), "circular": (0, high)}
            if mode == "replicate":
                pieces.append(_repeated(part(x, axis, n - 1, n), axis, high))
            else:
                piece = part(x, axis, *after[mode])
                pieces.append(ops.flip(piece, axes=(axis,)) if mode == "reflect" else piece)
        if len(pieces) > 1:
            x = ops.concat(*pieces, axis=axis)
    return x


def _before(x: Node, axis: int, low: int, mode: str) -> Node:
    if mode == "replicate":
        return _repeated(part(x, axis, 0, 1), axis, low)
    if mode == "reflect":
        return ops.flip(part(x, axis, 1, low + 1), axes=(axis,))
    return part(x, axis, x.shape[axis] - low, x.shape[axis])


def _repeated(x: Node, axis: int, times: int) -> Node:
    return ops.expand(x, shape=tuple(times if i == axis else n for i, n in enumerate(x.shape)))


def _mirror(x: Node, pads: tuple[int, ...], mode: str) -> Node:
    n = len(pads) // 2
    inner = x.shape[1:] if len(x.shape) == n + 2 else x.shape
    if 0 in inner:
        raise RuntimeError(
            f"Expected {n + 1}D or {n + 2}D (batch mode) tensor with possibly 0 batch size and "
            f"other non-zero dimensions for input, but got: {show(x.shape)}"
        )
    _check_borders(x, pads, mode)
    kind = x.dtype
    x = ops.cast(x, dtype=wide(kind))  # for the gradient's sums
    if mode == "circular":
        return ops.cast(bordered(*_cut(x, pads), mode), dtype=kind)
    whole = bordered(x, tuple(max(p, 0) for p in pads), mode)
    return ops.cast(_cut(whole, tuple(min(p, 0) for p in pads))[0], dtype=kind)


def _check_borders(x: Node, pads: tuple[int, ...], mode: str) -> None:
    for i in range(len(pads) // 2):
        axis, (low, high) = len(x.shape) - 1 - i, pads[2 * i : 2 * i + 2]
        n = x.shape[axis]
        if mode == "reflect" and (low >= n or high >= n):
            raise RuntimeError(
                "Argument #4: Padding size should be less than the corresponding input dimension, "
                f"but got: padding ({low}, {high}) at dimension {axis} of input {show(x.shape)}"
            )
        if mode == "circular" and (low > n or high > n):
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if mode == "circular" and n + low + high < 0:
            raise RuntimeError("Negative padding value is resulting in an empty dimension")
        if n + low + high < 1 and mode != "circular":
            raise RuntimeError(
                f"input ({_plane(x, len(pads) // 2)}) is too small. Calculated output "
                f"{'W' if not i else 'HD'[i - 1]}: {n + low + high}"
            )


def _plane(x: Node, n: int) -> str:
    names = "DHW"[-n:]
    return " ".join(f"{k}: {v}" for k, v in zip(names, x.shape[-n:]))


# ---------------------------------------------------------------- public
def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: Any = None) -> Tensor:
    """Borders around the last dimensions: `pad` is (left, right, top, bottom, ...).

    Modes: "constant" (with `value`, 0 if None), "reflect" (without the edge itself), "replicate"
    (of the edge) and "circular". Negative pads cut.
    """
    pads = tuple(int(p) for p in pad)
    if len(pads) % 2:
        raise RuntimeError(
            f"Padding length must be divisible by 2, but got {len(pads)}"
            if mode == "constant"
            else "Padding length must be divisible by 2"
        )
    if mode == "constant":
        return constant_pad_nd(input, pads, 0 if value is None else value)
    if value is not None and value != 0:
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    n = len(pads) // 2
    if not 1 <= n <= 3 or input.dim() not in (n + 1, n + 2):
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"
        )
    names = {"reflect": f"ReflectionPad{n}DBackward0", "replicate": f"ReplicationPad{n}DBackward0"}
    return apply(names.get(mode, "CopySlices"), _mirror, (input,), (pads, mode))


def constant_pad_nd(input: Tensor, pad: Sequence[int], value: Any = 0) -> Tensor:
    """`pad` with a constant."""
    pads = tuple(int(p) for p in pad)
    if len(pads) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(pads)}")
    return apply("ConstantPadNdBackward0", _constant, (input,), (pads, value))

"""Linear algebra: decompositions, solutions and what is made of them."""

from __future__ import annotations

from collections import namedtuple

from ..calls import apply
from ..ir.build import ops
from ..ir.node import Node
from ..tensor import Tensor

QR = namedtuple("QR", ["Q", "R"])


def _qr(x: Node, mode: str) -> tuple[Node, Node]:
    found = ops.qr(x, mode=mode)
    return ops.pick(found, place=0), ops.pick(found, place=1)


def qr(A: Tensor, mode: str = "reduced") -> QR:
    """A = Q R with orthonormal Q and upper triangular R."""
    return QR(*apply("LinalgQrBackward0", _qr, (A,), (mode,)))

"""One primitive by numpy: what the reference backend does everywhere, and the others where they
have no kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..dtypes import float32
from ..ir.node import Node
from ..ops.kinds import Movement

_EXACT = ("cast", "bitcast", "nextafter")


def _array(found: Any) -> Any:
    """Numpy's scalars as arrays without dimensions."""
    return found if isinstance(found, (np.ndarray, tuple)) else np.asarray(found)


def call(node: Node) -> Callable[..., Any]:
    """The node's numpy function; half precision is computed in float32 and rounded once."""
    ref, attrs = node.op.ref, node.attrs
    halves = [i for i, x in enumerate(node.inputs) if getattr(x.dtype, "is_half", False)]
    if not halves or isinstance(node.op, Movement) or node.op.name in _EXACT:
        return lambda *xs: _array(ref(*xs, **attrs))
    target = node.dtype.array if not isinstance(node.dtype, tuple) else None

    def run(*xs: np.ndarray) -> Any:
        wide = [x.astype(float32.array) if i in halves else x for i, x in enumerate(xs)]
        out = ref(*wide, **attrs)
        return out if target is None else np.asarray(out).astype(target)

    return run

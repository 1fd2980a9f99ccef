"""Primitives that start a graph: constants, counters and leaves."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from .kinds import Create, Shape
from .samples import none


def _nothing(ops: Any, g: Any, out: Any, **attrs: Any) -> tuple:
    return ()


def _unbound(**attrs: Any) -> np.ndarray:
    raise AssertionError("a leaf is bound by the plan, never computed")


def _given_shape(shape: Shape = (), **attrs: Any) -> Shape:
    return shape


def _given_dtype(dtype: dtypes.dtype, **attrs: Any) -> dtypes.dtype:
    return dtype


const = Create(
    "const",
    lambda bits, dtype, weak=False: np.frombuffer(bits, dtype.array)[0].reshape(()),
    _nothing,
    lambda rng: iter([([], {"bits": np.float32(2.5).tobytes(), "dtype": dtypes.float32})]),
    lambda **attrs: (),
    _given_dtype,
)
iota = Create(
    "iota",
    lambda size: np.arange(size, dtype=np.int64),
    _nothing,
    lambda rng: iter([([], {"size": 5}), ([], {"size": 0})]),
    lambda size: (size,),
    lambda size: dtypes.int64,
)
leaf = Create("leaf", _unbound, _nothing, none, _given_shape, _given_dtype)
number = Create("number", _unbound, _nothing, none, _given_shape, _given_dtype)
variable = Create("variable", _unbound, _nothing, none, _given_shape, _given_dtype)

"""Host primitives: linear algebra and Fourier transforms, by numpy on every CPU backend."""

from __future__ import annotations

from typing import Any

import numpy as np

from .kinds import Host
from .samples import given

pick = Host(
    "pick",
    lambda xs, place: xs[place],
    lambda ops, g, out, xs, place: ({place: g},),
    lambda rng: iter(()),
    lambda shapes, place: shapes[place],
    lambda kinds, place: kinds[place],
)


def _inverse_vjp(ops: Any, g: Any, out: Any, x: Any) -> tuple:
    n = len(out.shape)
    turned = ops.conj(ops.permute(out, dims=(*range(n - 2), n - 1, n - 2)))
    return (ops.neg(ops.dot(turned, ops.dot(g, turned))),)


inverse = Host(
    "inverse",
    np.linalg.inv,
    _inverse_vjp,
    given(([(3, 3)], {}), ([(2, 4, 4)], {})),
    lambda s: s,
    lambda k: k,
)

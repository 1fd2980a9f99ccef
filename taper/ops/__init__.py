"""The table of primitives: importing this package fills `Op.TABLE`."""

from . import (
    contract,
    create,
    elementwise,
    fourier,
    host,
    index,
    matrices,
    movement,
    rare,
    reduce,
    window,
)
from .kinds import Op

TABLE = Op.TABLE
__all__ = [
    *("TABLE", "Op", "contract", "create", "elementwise", "fourier", "host", "index", "matrices"),
    *("movement", "rare", "reduce", "window"),
]

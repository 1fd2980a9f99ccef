"""Makes matplotlib figures without a window or pyplot's global state, and writes them as PNG."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from taper.files import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of `width` by `height` inches; ImportError says how to get matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        message = "pictures need matplotlib: pip install 'taper[plot]'"
        raise ImportError(message, name="matplotlib") from error
    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Figure, path: str | os.PathLike[str], dpi: int = 120) -> None:
    """Write `figure` to `path` as PNG, whole or not at all."""
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=dpi)

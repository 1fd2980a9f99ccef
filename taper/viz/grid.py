"""Draws images in a grid with their true and predicted classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from taper.viz.figure import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_images(
    images: np.ndarray,
    truths: Sequence[str],
    predictions: Sequence[str],
    columns: int = 8,
    title: str = "",
) -> Figure:
    """Show `images` (N, C, H, W), C 1 or 3, values 0 to 1; wrong predictions stand in red."""
    pictures = np.asarray(images, float)
    if pictures.ndim != 4 or pictures.shape[1] not in (1, 3):
        raise ValueError(f"images must have shape (N, 1 or 3, H, W), got {pictures.shape}")
    if not len(pictures) == len(truths) == len(predictions):
        raise ValueError(
            f"{len(pictures)} images, {len(truths)} truths and {len(predictions)} predictions"
        )
    rows = max(1, math.ceil(len(pictures) / columns))
    figure = new_figure(1.3 * columns, 1.6 * rows + 0.4)
    figure.suptitle(title)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.axis("off")
    for axes, picture, truth, predicted in zip(grid, pictures, truths, predictions):
        axes.imshow(picture.transpose(1, 2, 0).clip(0, 1), cmap="gray", vmin=0, vmax=1)
        right = truth == predicted
        text = str(truth) if right else f"{truth}, not {predicted}"
        axes.set_title(text, fontsize=8, color="black" if right else "tab:red")
    return figure

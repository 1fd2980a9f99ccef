"""Counts and draws which classes a classifier takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from taper.viz.figure import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_WITH_NUMBERS = 20


def confusion_matrix(
    truths: Sequence[int] | np.ndarray, predictions: Sequence[int] | np.ndarray, classes: int
) -> np.ndarray:
    """Count pairs: entry (t, p) is how many examples of class t were predicted as p, int64."""
    truth, predicted = np.asarray(truths, np.int64), np.asarray(predictions, np.int64)
    if truth.shape != predicted.shape or truth.ndim != 1:
        raise ValueError(
            f"truths and predictions must be two equally long rows, got {truth.shape} "
            f"and {predicted.shape}"
        )
    for name, row in (("truths", truth), ("predictions", predicted)):
        if row.size and not 0 <= row.min() <= row.max() < classes:
            raise ValueError(f"{name} must lie in [0, {classes}), got {row.min()} to {row.max()}")
    counts = np.bincount(truth * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes)


def draw_confusion(matrix: np.ndarray, names: Sequence[str], title: str = "") -> Figure:
    """A heat map of the shares of each row, with the counts written in where there is room."""
    matrix = np.asarray(matrix)
    count = len(matrix)
    side = min(12.0, 2.5 + 0.5 * count)
    figure = new_figure(side, side)
    axes = figure.add_subplot()
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="prediction", ylabel="truth", title=title)
    axes.set_xticks(range(count), names, rotation=45, ha="right")
    axes.set_yticks(range(count), names)
    if count <= _MOST_WITH_NUMBERS:
        for (row, column), number in np.ndenumerate(matrix):
            if number:
                color = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, str(number), ha="center", va="center", color=color)
    return figure

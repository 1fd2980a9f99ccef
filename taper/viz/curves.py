"""Draws how loss and accuracy went over the steps of a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from taper.viz.figure import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_POINTS = 200


def smoothed(values: np.ndarray, window: int) -> np.ndarray:
    """The mean over each `window` neighbours; shape (len(values) - window + 1,)."""
    total = np.cumsum(np.concatenate([[0.0], values]))
    return (total[window:] - total[:-window]) / window


def draw_curves(
    losses: Sequence[float],
    test_steps: Sequence[int] = (),
    test_accuracies: Sequence[float] = (),
    title: str = "",
) -> Figure:
    """Training loss of every step, its running mean, and test accuracy (0 to 1) on a second axis.

    `test_accuracies[i]` was measured after `test_steps[i]` steps.
    """
    figure = new_figure(7, 4)
    axes = figure.add_subplot()
    values = np.asarray(losses, float)
    steps = np.arange(1, len(values) + 1)
    axes.plot(steps, values, color="tab:blue", alpha=0.25, linewidth=0.8)
    window = max(1, len(values) // _POINTS)
    if len(values):
        mean = smoothed(values, window)
        axes.plot(steps[window - 1 :], mean, color="tab:blue", label="training loss")
    axes.set(xlabel="step", ylabel="loss", title=title)
    axes.set_ylim(bottom=0)
    if len(test_steps):
        right = axes.twinx()
        percent = 100 * np.asarray(test_accuracies, float)
        right.plot(test_steps, percent, color="tab:orange", marker=".", label="test accuracy")
        right.set_ylabel("accuracy (%)")
        right.set_ylim(top=101)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure

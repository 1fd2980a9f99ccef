"""What a training leaves beside the weights: metrics, pictures, TensorBoard events."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from taper import viz
from taper.files import replacing
from taper.train.evaluation import Evaluation
from taper.train.model import Card
from taper.utils.data import Dataset
from taper.utils.tensorboard import SummaryWriter

_PICTURED = 32


def write_metrics(path: Path, history: Sequence[dict[str, float]]) -> None:
    """One row for each epoch; the columns are the keys of the rows."""
    with replacing(path, "w") as file:
        writer = csv.DictWriter(file, list(history[0]) if history else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)


def write_pictures(
    folder: Path,
    card: Card,
    losses: Sequence[float],
    history: Sequence[dict[str, float]],
    evaluation: Evaluation,
    data: Dataset,
) -> list[str]:
    """Write loss.png, confusion.png and predictions.png; ImportError without matplotlib."""
    steps = [int(row["step"]) for row in history]
    accuracies = [row["test_accuracy"] for row in history]
    matrix = viz.confusion_matrix(evaluation.truths, evaluation.predictions, len(card.classes))
    shown = _worth_showing(evaluation)
    figures = {
        "loss.png": viz.draw_curves(losses, steps, accuracies, card.dataset),
        "confusion.png": viz.draw_confusion(matrix, card.classes, card.dataset),
        "predictions.png": viz.draw_images(
            np.stack([_pixels(data[i][0].numpy(), card) for i in shown]),
            [card.classes[evaluation.truths[i]] for i in shown],
            [card.classes[evaluation.predictions[i]] for i in shown],
            title=f"{card.dataset}: truth, and what was taken for it",
        ),
    }
    for name, figure in figures.items():
        viz.save(figure, folder / name)
    return list(figures)


def _worth_showing(evaluation: Evaluation) -> list[int]:
    """Half of the pictured examples are wrong ones, where there are so many; in dataset order."""
    wrong = np.flatnonzero(evaluation.truths != evaluation.predictions)[: _PICTURED // 2]
    right = np.flatnonzero(evaluation.truths == evaluation.predictions)[: _PICTURED - len(wrong)]
    return sorted([*wrong.tolist(), *right.tolist()])


def _pixels(image: np.ndarray, card: Card) -> np.ndarray:
    """A normalised image (C, H, W) with its values back in [0, 1]."""
    shape = (card.channels, 1, 1)
    return image * np.reshape(card.std, shape) + np.reshape(card.mean, shape)


class EventLog:
    """Scalars for TensorBoard; writes nothing where tensorboard is not installed."""

    def __init__(self, folder: Path) -> None:
        self.writer: SummaryWriter | None = None
        with contextlib.suppress(ImportError):
            self.writer = SummaryWriter(folder)

    def scalars(self, step: int, **values: float) -> None:
        """Record `values` by name after `step` steps."""
        if self.writer is not None:
            for name, value in values.items():
                self.writer.add_scalar(name, value, step)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()

"""How well a classifier does on a dataset, in total and for each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import taper
from taper import nn
from taper.nn import functional as F
from taper.utils.data import DataLoader, Dataset


@dataclass(frozen=True)
class Evaluation:
    """The true and predicted class of every example, int64 of shape (N,), and the mean loss."""

    truths: np.ndarray
    predictions: np.ndarray
    loss: float

    @property
    def accuracy(self) -> float:
        """The share of right predictions, 0 to 1; nan of no examples."""
        return float((self.truths == self.predictions).mean()) if self.truths.size else np.nan

    def of_class(self, index: int) -> float:
        """The share of right predictions among the examples of class `index`; nan of none."""
        chosen = self.truths == index
        return float((self.predictions[chosen] == index).mean()) if chosen.any() else np.nan


def evaluate(model: nn.Module, data: Dataset, batch_size: int = 200) -> Evaluation:
    """Predict every example of `data` (pairs of image and class index), in evaluation mode."""
    truths, predictions, total = [], [], 0.0
    was_training = model.training
    model.eval()
    with taper.no_grad():
        for images, labels in DataLoader(data, batch_size=batch_size):
            outputs = model(images)
            total += F.cross_entropy(outputs, labels, reduction="sum").item()
            truths.append(labels.numpy())
            predictions.append(outputs.argmax(1).numpy())
    model.train(was_training)
    if not truths:
        raise ValueError("there are no examples to evaluate on")
    truth = np.concatenate(truths)
    return Evaluation(truth, np.concatenate(predictions), total / len(truth))

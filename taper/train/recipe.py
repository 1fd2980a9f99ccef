"""What decides the outcome of a training, down to the last bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """Two trainings with equal recipes on equal data end at equal weights.

    `dataset` is one of `DATASETS`; `path` is the folder of images for "folder".
    """

    dataset: str
    path: str = ""
    epochs: int = 10
    batch_size: int = 32
    lr: float = 2e-3
    seed: int = 0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        if self.dataset not in DATASETS:
            raise ValueError(f"unknown dataset {self.dataset!r}: choose from {', '.join(DATASETS)}")
        if (self.dataset == "folder") != bool(self.path):
            raise ValueError(f"a path belongs to the dataset 'folder', got {self.path!r}")
        for name in ("epochs", "batch_size", "lr"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")


_REGULAR = {"weight_decay": 0.1, "label_smoothing": 0.1}
DATASETS: dict[str, dict[str, Any]] = {
    "digits": {"epochs": 40, "batch_size": 32, "lr": 3e-3, **_REGULAR},
    "mnist": {"epochs": 3, "batch_size": 64, "lr": 2e-3},
    "cifar10": {"epochs": 10, "batch_size": 64, "lr": 2e-3},
    "folder": {"epochs": 20, "batch_size": 32, "lr": 2e-3},
}


def default_recipe(dataset: str, **changes: Any) -> Recipe:
    """The dataset's usual recipe, with every change that is not None."""
    if dataset not in DATASETS:
        raise ValueError(f"unknown dataset {dataset!r}: choose from {', '.join(DATASETS)}")
    given = {name: value for name, value in changes.items() if value is not None}
    return Recipe(dataset, **{**DATASETS[dataset], **given})


def check_agrees(recipe: Recipe, **wanted: Any) -> None:
    """Raise ValueError where a wanted value that is not None differs from the recipe's."""
    wrong = [
        f"{name} {getattr(recipe, name)!r}, not {value!r}"
        for name, value in wanted.items()
        if value is not None and getattr(recipe, name) != value
    ]
    if wrong:
        raise ValueError(f"the run to resume has {', '.join(wrong)}: start a new run for that")

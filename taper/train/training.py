"""A training in progress, which can be written down after any step and taken up exactly there."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import taper
from taper import nn, optim
from taper.files import replacing
from taper.train.recipe import Recipe
from taper.utils.data import DataLoader, Dataset

_SEED_STRIDE = 1_000_003  # epochs of neighbouring seeds must not share an order


class Diverged(ArithmeticError):
    """Loss or weights are no longer finite numbers after `step` steps."""

    def __init__(self, step: int, what: str) -> None:
        super().__init__(f"training diverged at step {step}: {what}")
        self.step = step


class EpochBatches:
    """The index lists of one epoch, whose order depends on seed and epoch alone.

    `start` leaves out the first batches, without loading them. A last batch that is not full is
    left out where there is a full one.
    """

    def __init__(self, count: int, recipe: Recipe, epoch: int, start: int) -> None:
        self.size = min(recipe.batch_size, count)
        self.first, self.end = start, count // self.size
        self.generator = taper.Generator().manual_seed(recipe.seed * _SEED_STRIDE + epoch)
        self.order = taper.randperm(count, generator=self.generator).tolist()

    def __len__(self) -> int:
        return self.end - self.first

    def __iter__(self) -> Iterator[list[int]]:
        for i in range(self.first, self.end):
            yield self.order[i * self.size : (i + 1) * self.size]


class Training:
    """Model, optimizer, schedule, random state and position: all that the next step depends on."""

    def __init__(self, model: nn.Module, data: Dataset, recipe: Recipe) -> None:
        if len(data) == 0:  # type: ignore[arg-type]
            raise ValueError(f"the training set of {recipe.dataset!r} is empty")
        self.model, self.data, self.recipe = model, data, recipe
        self.optimizer = optim.AdamW(
            model.parameters(), lr=recipe.lr, weight_decay=recipe.weight_decay
        )
        self.scheduler = optim.lr_scheduler.CosineAnnealingLR(
            self.optimizer, recipe.epochs * self.steps_per_epoch
        )
        self.criterion = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
        self.losses: list[float] = []
        self.history: list[dict[str, float]] = []

    @property
    def count(self) -> int:
        return len(self.data)  # type: ignore[arg-type]

    @property
    def steps_per_epoch(self) -> int:
        return self.count // min(self.recipe.batch_size, self.count)

    @property
    def step(self) -> int:
        """How many steps have been made."""
        return len(self.losses)

    @property
    def epoch(self) -> int:
        """How many epochs have been completed and entered in the history."""
        return len(self.history)

    @property
    def step_in_epoch(self) -> int:
        return self.step - self.epoch * self.steps_per_epoch

    def steps(self) -> Iterator[float]:
        """Make the steps that the present epoch still lacks; yields the loss after each.

        Raises Diverged after a step whose loss is not finite.
        """
        batches = EpochBatches(self.count, self.recipe, self.epoch, self.step_in_epoch)
        loader = DataLoader(self.data, batch_sampler=batches, generator=batches.generator)
        self.model.train()
        for images, labels in loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(images), labels)
            loss.backward()
            self.optimizer.step()
            self.scheduler.step()
            self.losses.append(loss.item())
            if not math.isfinite(self.losses[-1]):
                raise Diverged(self.step, f"the loss is {self.losses[-1]}")
            yield self.losses[-1]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to `path`, whole or not at all; Diverged rather than keep bad weights."""
        for name, parameter in self.model.named_parameters():
            if not taper.isfinite(parameter).all():
                raise Diverged(self.step, f"{name} holds numbers that are not finite")
        state = {
            "recipe": asdict(self.recipe),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "random": taper.get_rng_state(),
            "losses": taper.tensor(self.losses, dtype=taper.float64),
            "history": self.history,
        }
        with replacing(path) as file:
            taper.save(state, file)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Take up what `save` wrote to `path`."""
        state: Any = taper.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        taper.set_rng_state(state["random"])
        self.losses = state["losses"].tolist()
        self.history = state["history"]


def recipe_of(path: str | os.PathLike[str]) -> Recipe:
    """The recipe of the training that `path` holds."""
    state: Any = taper.load(path, weights_only=True)
    return Recipe(**state["recipe"])

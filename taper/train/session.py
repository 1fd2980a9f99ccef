"""Runs a training from its recipe to the files in its folder, and takes up an interrupted one."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import taper
from taper.train.evaluation import Evaluation, evaluate
from taper.train.interruption import interruption
from taper.train.model import save_model
from taper.train.progress import Progress
from taper.train.recipe import Recipe
from taper.train.report import EventLog, write_metrics, write_pictures
from taper.train.tasks import Task
from taper.train.training import Training

CHECKPOINT = "checkpoint.pth"
MODEL = "model.pth"
METRICS = "metrics.csv"
EVENTS = "events"
SECONDS_BETWEEN_CHECKPOINTS = 30.0

Say = Callable[[str], None]


class Stopped(Exception):
    """The training was asked to stop, and has written down where it was."""

    def __init__(self, step: int) -> None:
        super().__init__(f"stopped after step {step}")
        self.step = step


class Session:
    """One training, its folder, and when it was last written down."""

    def __init__(self, task: Task, recipe: Recipe, folder: Path) -> None:
        taper.manual_seed(recipe.seed)
        self.task, self.recipe, self.folder = task, recipe, folder
        self.model = task.card.build()
        self.training = Training(self.model, task.train, recipe)
        self.saved_at = time.monotonic()

    def checkpoint(self) -> None:
        self.training.save(self.folder / CHECKPOINT)
        self.saved_at = time.monotonic()

    def train(self, progress: Progress, say: Say) -> None:
        """Make all remaining epochs."""
        with contextlib.closing(EventLog(self.folder / EVENTS)) as log, interruption() as asked:
            training = self.training
            while training.epoch < self.recipe.epochs:
                begun = time.monotonic()
                title = f"epoch {training.epoch + 1}/{self.recipe.epochs}"
                for loss in progress(training, title):
                    log.scalars(training.step, loss=loss)
                    if asked.requested:
                        self.checkpoint()
                        raise Stopped(training.step)
                    if time.monotonic() - self.saved_at > SECONDS_BETWEEN_CHECKPOINTS:
                        self.checkpoint()
                self._finish_epoch(log, time.monotonic() - begun, say)

    def _finish_epoch(self, log: EventLog, seconds: float, say: Say) -> None:
        training = self.training
        test = evaluate(self.model, self.task.test)
        recent = training.losses[-training.steps_per_epoch :]
        row = {
            "epoch": training.epoch + 1,
            "step": training.step,
            "train_loss": sum(recent) / len(recent),
            "test_loss": test.loss,
            "test_accuracy": test.accuracy,
            "seconds": round(seconds, 3),
        }
        training.history.append(row)
        log.scalars(training.step, test_loss=test.loss, test_accuracy=test.accuracy)
        self.checkpoint()
        write_metrics(self.folder / METRICS, training.history)
        say(
            f"epoch {row['epoch']}/{self.recipe.epochs}: loss {row['train_loss']:.4f}, "
            f"test accuracy {100 * test.accuracy:.1f} %, {seconds:.1f} s"
        )

    def finish(self, say: Say) -> Evaluation:
        """Write model, metrics and pictures; returns how the model does on the test set."""
        evaluation = evaluate(self.model, self.task.test)
        card, training = self.task.card, self.training
        save_model(self.folder / MODEL, self.model, card)
        write_metrics(self.folder / METRICS, training.history)
        written = [MODEL, METRICS]
        try:
            written += write_pictures(
                self.folder, card, training.losses, training.history, evaluation, self.task.test
            )
        except ImportError as error:
            say(str(error))
        say(f"wrote {self.folder}: {', '.join(written)}")
        return evaluation


def train(
    task: Task, recipe: Recipe, folder: Path, resume: bool, progress: Progress, say: Say
) -> Evaluation:
    """Train to the end of the recipe and write everything to `folder`.

    With `resume`, the checkpoint in `folder` is taken up where it stands. Raises Stopped when a
    signal asks for it, and Diverged when the numbers do; the last good checkpoint then remains.
    """
    folder.mkdir(parents=True, exist_ok=True)
    session = Session(task, recipe, folder)
    if resume:
        session.training.load(folder / CHECKPOINT)
    else:
        for stale in (folder / EVENTS).glob("events.out.tfevents.*"):
            stale.unlink()
        session.checkpoint()
    session.train(progress, say)
    return session.finish(say)

"""Shows how far an epoch has come: a tqdm bar where tqdm is installed, else nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from taper.train.training import Training

Progress = Callable[[Training, str], Iterator[float]]


def silent(training: Training, title: str) -> Iterator[float]:
    """The losses of the present epoch's steps, without showing anything."""
    return training.steps()


def bar(training: Training, title: str) -> Iterator[float]:
    """The losses of the present epoch's steps, with a progress bar on standard error."""
    try:
        from tqdm import tqdm
    except ImportError:
        yield from silent(training, title)
        return
    with tqdm(
        desc=title,
        initial=training.step_in_epoch,
        total=training.steps_per_epoch,
        unit="step",
        leave=False,
        disable=None,  # nothing where standard error is no terminal
    ) as shown:
        for loss in training.steps():
            shown.set_postfix(loss=f"{loss:.3f}", refresh=False)
            shown.update()
            yield loss

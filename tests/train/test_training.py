"""A training arrives at the same weights however often it is interrupted, and stops at NaN."""

import csv
import math
import os
import signal

import numpy as np
import pytest

import taper
from taper import train as training
from taper.train.training import EpochBatches, Training
from taper.utils.data import TensorDataset

CARD = training.Card("digits", tuple("0123"), 1, 8, (8, 16), (0.5,), (0.5,))
RECIPE = training.default_recipe("digits", epochs=3, batch_size=8, lr=0.01)


def examples(count, seed):
    """Noisy copies of four patterns, and which pattern each is."""
    rng = np.random.default_rng(seed)
    patterns = np.random.default_rng(0).standard_normal((4, 1, 8, 8))
    labels = rng.integers(0, 4, count)
    images = patterns[labels] + 0.3 * rng.standard_normal((count, 1, 8, 8))
    return TensorDataset(taper.tensor(images.astype("float32")), taper.tensor(labels))


@pytest.fixture
def task():
    return training.Task(CARD, examples(70, 1), examples(20, 2))


def quiet(text):
    """Says nothing."""


def weights(folder):
    model, _ = training.load_model(folder / "model.pth")
    return {name: value.numpy() for name, value in model.state_dict().items()}


def test_batches_of_an_epoch_hold_each_example_once_and_do_not_depend_on_the_start():
    whole = list(EpochBatches(70, RECIPE, 1, 0))
    assert [len(batch) for batch in whole] == [8] * 8
    assert len({i for batch in whole for i in batch}) == 64
    assert list(EpochBatches(70, RECIPE, 1, 5)) == whole[5:]
    assert list(EpochBatches(70, RECIPE, 2, 0)) != whole


def test_a_set_smaller_than_a_batch_is_one_batch():
    assert [sorted(batch) for batch in EpochBatches(3, RECIPE, 0, 0)] == [[0, 1, 2]]


def test_training_learns_and_leaves_its_files(task, tmp_path):
    result = training.train(task, RECIPE, tmp_path, False, training.silent, quiet)
    assert result.accuracy > 0.8
    rows = list(csv.DictReader((tmp_path / "metrics.csv").read_text().splitlines()))
    assert [row["step"] for row in rows] == ["8", "16", "24"]
    assert float(rows[-1]["test_accuracy"]) == result.accuracy
    assert float(rows[-1]["train_loss"]) < float(rows[0]["train_loss"])
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("stops", [(1,), (8,), (3, 9, 23)])
def test_interrupted_training_ends_at_the_same_bits(task, tmp_path, stops):
    """Signals after the steps `stops`; among them one at the end of an epoch."""
    training.train(task, RECIPE, tmp_path / "whole", False, training.silent, quiet)
    made = [0]

    def interrupted(state, title):
        for loss in state.steps():
            made[0] += 1
            if made[0] in stops:
                os.kill(os.getpid(), signal.SIGTERM if made[0] % 2 else signal.SIGINT)
            yield loss

    for resume in [False] + [True] * (len(stops) - 1):
        with pytest.raises(training.Stopped):
            training.train(task, RECIPE, tmp_path / "parts", resume, interrupted, quiet)
        taper.manual_seed(12345)
    training.train(task, RECIPE, tmp_path / "parts", True, interrupted, quiet)
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)
    assert made[0] == 24


def test_resuming_a_finished_run_changes_nothing(task, tmp_path):
    training.train(task, RECIPE, tmp_path, False, training.silent, quiet)
    before = weights(tmp_path)
    training.train(task, RECIPE, tmp_path, True, training.silent, quiet)
    after = weights(tmp_path)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_nan_stops_at_its_step_and_the_good_checkpoint_stays(task, tmp_path):
    def poisoned(state, title):
        for loss in state.steps():
            if state.step == 11:
                with taper.no_grad():
                    state.model.fc3.weight.fill_(math.nan)
            yield loss

    with pytest.raises(training.Diverged, match=r"diverged at step 12: the loss is nan") as caught:
        training.train(task, RECIPE, tmp_path, False, poisoned, quiet)
    assert caught.value.step == 12
    again = Training(CARD.build(), task.train, RECIPE)
    again.load(tmp_path / "checkpoint.pth")
    assert again.step == 8
    assert all(taper.isfinite(p).all() for p in again.model.parameters())


def test_weights_that_are_not_finite_are_never_kept(task, tmp_path):
    state = Training(CARD.build(), task.train, RECIPE)
    with taper.no_grad():
        state.model.fc3.bias[0] = math.inf
    with pytest.raises(training.Diverged, match=r"fc3.bias holds numbers that are not finite"):
        state.save(tmp_path / "checkpoint.pth")
    assert list(tmp_path.iterdir()) == []


def test_evaluation_counts_by_class():
    result = training.Evaluation(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 0.5)
    assert (result.accuracy, result.of_class(0), result.of_class(1)) == (0.75, 0.5, 1.0)
    assert math.isnan(result.of_class(2))


def test_evaluating_keeps_the_mode_of_the_model(task):
    model = CARD.build().train()
    result = training.evaluate(model, task.test)
    assert model.training
    assert result.truths.shape == result.predictions.shape == (20,)


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"dataset": "mnits"}, r"unknown dataset 'mnits'"),
        ({"dataset": "digits", "epochs": 0}, r"epochs must be positive, got 0"),
        ({"dataset": "digits", "lr": -1.0}, r"lr must be positive, got -1.0"),
        ({"dataset": "folder"}, r"a path belongs to the dataset 'folder', got ''"),
        ({"dataset": "digits", "path": "x"}, r"a path belongs to the dataset 'folder', got 'x'"),
    ],
)
def test_recipes_are_checked(wrong, message):
    with pytest.raises(ValueError, match=message):
        training.default_recipe(**wrong)


def test_resuming_with_another_recipe_is_refused():
    training.check_agrees(RECIPE, epochs=3, lr=None)
    with pytest.raises(ValueError, match=r"epochs 3, not 5"):
        training.check_agrees(RECIPE, epochs=5)


@pytest.mark.parametrize("size", [8, 12, 20, 28, 32])
def test_lenet_fits_every_size(size):
    model = training.LeNet(1, size, 10)
    assert model(taper.zeros(2, 1, size, size)).shape == (2, 10)


def test_a_file_that_is_no_model_is_refused(tmp_path):
    taper.save({"weights": taper.ones(1)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other.pth holds no model written by taper train"):
        training.load_model(tmp_path / "other.pth")


def test_tensorboard_sees_every_loss(task, tmp_path):
    reading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    training.train(task, RECIPE, tmp_path, False, training.silent, quiet)
    events = reading.EventAccumulator(str(tmp_path / "events"), {"scalars": 0}).Reload()
    assert [point.step for point in events.Scalars("loss")] == list(range(1, 25))
    assert [point.step for point in events.Scalars("test_accuracy")] == [8, 16, 24]

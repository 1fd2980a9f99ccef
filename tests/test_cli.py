"""The command line trains, resumes after a kill, evaluates, predicts, and refuses clearly."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from taper import cli
from taper.train import load_model

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, "-m", "taper", "train", "digits", "--epochs", "3"]
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a short training on the digits, and what was printed."""
    place = tmp_path_factory.mktemp("trained")
    done = subprocess.run([*COMMAND], cwd=place, env=ENV, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return place / "runs" / "digits", done.stdout


def weights(path):
    return {k: v.numpy() for k, v in load_model(path)[0].state_dict().items()}


def test_training_prints_accuracy_in_total_and_by_class(trained):
    _, printed = trained
    total = re.search(r"Accuracy on the \d+ test images: ([\d.]+) %", printed)
    assert float(total[1]) > 70
    assert len(re.findall(r"^  Accuracy of \d : [\d.]+ %$", printed, re.M)) == 10


def test_training_leaves_model_metrics_and_pictures(trained):
    folder, _ = trained
    names = {path.name for path in folder.iterdir()}
    assert {"model.pth", "metrics.csv", "checkpoint.pth"} <= names
    pytest.importorskip("matplotlib")
    assert {"loss.png", "confusion.png", "predictions.png"} <= names


def test_killed_training_resumes_to_the_same_bits(trained, tmp_path):
    child = subprocess.Popen(COMMAND, cwd=tmp_path, env=ENV, stdout=subprocess.PIPE, text=True)
    for line in child.stdout:
        if line.startswith("epoch 1/"):
            break
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert not (tmp_path / "runs" / "digits" / "model.pth").exists()
    subprocess.run([*COMMAND, "--resume"], cwd=tmp_path, env=ENV, check=True, capture_output=True)
    whole = weights(trained[0] / "model.pth")
    parts = weights(tmp_path / "runs" / "digits" / "model.pth")
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)


def test_evaluate_prints_what_training_printed(trained, capsys):
    folder, printed = trained
    assert cli.main(["evaluate", str(folder / "model.pth")]) == 0
    assert capsys.readouterr().out == printed[printed.index("Accuracy on") :]


def test_predict_names_the_likeliest_class_of_each_image(trained, tmp_path, capsys):
    image = pytest.importorskip("PIL.Image")
    ring = np.zeros((8, 8), "uint8")
    ring[1:7, 2:6] = 255
    ring[2:6, 3:5] = 0
    image.fromarray(ring).resize((64, 64)).save(tmp_path / "zero.png")
    arguments = ["predict", str(trained[0] / "model.pth"), str(tmp_path / "zero.png")]
    assert cli.main(arguments) == 0
    assert re.match(rf"{tmp_path}/zero.png: 0 [\d.]+ % \(", capsys.readouterr().out)


def test_folder_of_images_is_trained_on(tmp_path, capsys):
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    for split, count in (("train", 24), ("test", 6)):
        for name, level in (("dark", 40), ("light", 200)):
            (tmp_path / split / name).mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(level - 30, level + 30, (20, 24, 3)).astype("uint8")
                image.fromarray(pixels).save(tmp_path / split / name / f"{i}.png")
    arguments = ["train", "folder", str(tmp_path), "--epochs", "4", "--batch-size", "8"]
    assert cli.main([*arguments, "--runs", str(tmp_path / "runs"), "--fail-under", "99"]) == 0
    assert "Accuracy of light : 100.0 %" in capsys.readouterr().out


def test_accuracy_under_the_bar_is_a_failure(trained, tmp_path):
    arguments = ["train", "digits", "--epochs", "1", "--runs", str(tmp_path)]
    assert cli.main([*arguments, "--fail-under", "100.1"]) == 1


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["train", "digits", "--resume"], "nothing to resume: there is no"),
        (["train", "digits", "--lr", "-1"], "lr must be positive, got -1.0"),
        (["train", "digits", "somewhere"], "a path belongs to the dataset 'folder'"),
        (["train", "folder", "no/such/place"], "there is no folder no/such/place"),
        (["evaluate", "no_such.pth"], "no_such.pth"),
        (["run", "no_such.py"], "there is no file no_such.py"),
    ],
)
def test_bad_requests_are_refused_in_one_line(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("taper: ") and message in error
    assert error.count("\n") == 1


def test_resuming_with_other_settings_is_refused(trained, capsys):
    arguments = ["train", "digits", "--resume", "--epochs", "9"]
    assert cli.main([*arguments, "--runs", str(trained[0].parent)]) == 2
    assert "epochs 3, not 9" in capsys.readouterr().err


def test_info_names_versions_and_settings(capsys):
    assert cli.main(["info"]) == 0
    printed = capsys.readouterr().out
    assert f"numpy          {np.__version__}" in printed
    assert "TAPER_BACKEND" in printed

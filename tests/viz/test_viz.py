"""Figures show what they were given, and reach the disk whole."""

import sys

import numpy as np
import pytest

from taper import viz

matplotlib = pytest.importorskip("matplotlib")
PNG = b"\x89PNG\r\n\x1a\n"


def test_confusion_matrix_counts_pairs():
    matrix = viz.confusion_matrix([0, 0, 1, 2, 2], [0, 1, 1, 2, 2], 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 2]]
    assert matrix.dtype == np.int64


@pytest.mark.parametrize("truths, predictions", [([0, 3], [0, 1]), ([0, 1], [-1, 1])])
def test_confusion_matrix_refuses_unknown_classes(truths, predictions):
    with pytest.raises(ValueError, match=r"must lie in \[0, 3\)"):
        viz.confusion_matrix(truths, predictions, 3)


def test_confusion_matrix_refuses_rows_of_unlike_length():
    with pytest.raises(ValueError, match=r"\(2,\) and \(1,\)"):
        viz.confusion_matrix([0, 1], [0], 2)


def test_confusion_figure_names_classes_and_writes_counts():
    figure = viz.draw_confusion(np.array([[5, 1], [0, 7]]), ["cat", "dog"])
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog"]
    assert sorted(text.get_text() for text in axes.texts) == ["1", "5", "7"]


def test_curves_plot_every_loss_and_the_accuracies():
    figure = viz.draw_curves([3.0, 2.0, 1.0], [3], [0.5])
    left, right = figure.axes
    assert left.lines[0].get_ydata().tolist() == [3.0, 2.0, 1.0]
    assert right.lines[0].get_ydata().tolist() == [50.0]


def test_running_mean_of_a_long_curve_is_right():
    losses = np.arange(1000.0)
    mean = viz.draw_curves(losses).axes[0].lines[1]
    assert np.allclose(mean.get_ydata(), losses[4:] - 2)
    assert mean.get_xdata()[0] == 5


def test_images_show_wrong_predictions_in_red():
    figure = viz.draw_images(np.zeros((2, 1, 8, 8)), ["3", "5"], ["3", "6"], columns=2)
    right, wrong = figure.axes
    assert (right.get_title(), right.title.get_color()) == ("3", "black")
    assert (wrong.get_title(), wrong.title.get_color()) == ("5, not 6", "tab:red")


def test_images_refuse_another_layout():
    with pytest.raises(ValueError, match=r"got \(2, 8, 8\)"):
        viz.draw_images(np.zeros((2, 8, 8)), ["a", "b"], ["a", "b"])


def test_save_writes_png_and_leaves_nothing_else(tmp_path):
    viz.save(viz.draw_curves([1.0]), tmp_path / "loss.png")
    assert (tmp_path / "loss.png").read_bytes().startswith(PNG)
    assert [p.name for p in tmp_path.iterdir()] == ["loss.png"]


def test_a_failed_save_keeps_the_old_file(tmp_path):
    class Broken:
        def savefig(self, file, **_):
            file.write(b"half")
            raise OSError("disk full")

    (tmp_path / "loss.png").write_bytes(b"old")
    with pytest.raises(OSError, match="disk full"):
        viz.save(Broken(), tmp_path / "loss.png")
    assert (tmp_path / "loss.png").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["loss.png"]


def test_missing_matplotlib_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"taper\[plot\]"):
        viz.draw_curves([1.0])

"""`SummaryWriter` writes what TensorBoard reads, and says what is missing."""

import sys

import numpy as np
import pytest

import taper as torch
from taper.utils.tensorboard import SummaryWriter


def test_message_without_tensorboard(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto", None)
    with pytest.raises(ImportError, match=r"pip install 'taper\[tensorboard\]'"):
        SummaryWriter(tmp_path)


def test_events(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    with SummaryWriter(tmp_path) as writer:
        writer.add_scalar("loss", torch.tensor(0.5), 3)
        writer.add_histogram("weights", torch.arange(10.0), 1)
        writer.add_image("image", torch.rand(3, 4, 5), 1)
        writer.add_images("images", np.zeros((9, 1, 4, 5), np.uint8))
        writer.add_text("note", "hello")
        writer.add_scalars("both", {"a": 1, "b": 2}, 0)
    (path,) = tmp_path.glob("events*")
    values = [(e.step, v) for e in EventFileLoader(str(path)).Load() for v in e.summary.value]
    tags = [v.tag for _, v in values]
    assert tags == ["loss", "weights", "image", "images", "note/text_summary"]
    assert values[0][0] == 3
    assert len(list(tmp_path.glob("both_*/events*"))) == 2


def test_an_empty_histogram_is_refused(tmp_path):
    pytest.importorskip("tensorboard")
    with SummaryWriter(tmp_path) as writer, pytest.raises(ValueError, match="no element"):
        writer.add_histogram("x", torch.zeros(0))

"""Pictures of batches: grids, boxes, files."""

import io

import numpy as np
import pytest

import taper
from taper.vision import utils


def test_grid_layout():
    images = taper.arange(5.0).reshape(5, 1, 1, 1).expand(5, 3, 2, 3)
    grid = utils.make_grid(images, nrow=3, padding=1, pad_value=9.0)
    assert grid.shape == (3, 7, 13)
    rows = grid[0].int().tolist()
    assert rows[0] == [9] * 13
    assert rows[1] == rows[2] == [9, 0, 0, 0, 9, 1, 1, 1, 9, 2, 2, 2, 9]
    assert rows[4] == [9, 3, 3, 3, 9, 4, 4, 4, 9, 9, 9, 9, 9]


def test_grid_of_one_and_of_lists():
    one = taper.rand(3, 4, 5)
    assert taper.equal(utils.make_grid(one), one)
    assert utils.make_grid(taper.rand(4, 5)).shape == (3, 4, 5)
    assert utils.make_grid([one, one]).shape == (3, 8, 16)
    assert utils.make_grid(taper.rand(4, 1, 5, 5), nrow=2).shape == (3, 16, 16)
    with pytest.raises(TypeError, match="tensor or list of tensors expected, got"):
        utils.make_grid([1, 2])


def test_grid_normalized():
    images = taper.tensor([[-1.0, 1.0], [0.0, 10.0]]).reshape(2, 1, 1, 2)
    together = utils.make_grid(images, padding=0, normalize=True)[0]
    assert np.allclose(together.numpy(), [[0, 2 / 11, 1 / 11, 1]])
    apart = utils.make_grid(images, padding=0, normalize=True, scale_each=True)[0]
    assert np.allclose(apart.numpy(), [[0, 1, 0, 1]])
    fixed = utils.make_grid(images, padding=0, normalize=True, value_range=(0, 5))[0]
    assert np.allclose(fixed.numpy(), [[0, 0.2, 0, 1]])
    assert images.flatten().tolist() == [-1.0, 1.0, 0.0, 10.0]


def test_save_image(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    picture = taper.tensor([0.0, 0.5, 1.0, 2.0]).reshape(1, 2, 2)
    utils.save_image(picture, tmp_path / "a.png")
    assert np.asarray(Image.open(tmp_path / "a.png"))[..., 0].tolist() == [[0, 128], [255, 255]]
    held = io.BytesIO()
    utils.save_image([picture, picture], held, format="png", padding=0)
    assert Image.open(held).size == (4, 2)


def test_boxes():
    pytest.importorskip("PIL.Image")
    picture = taper.zeros(3, 20, 20, dtype=taper.uint8)
    boxes = taper.tensor([[2, 3, 10, 12]])
    drawn = utils.draw_bounding_boxes(picture, boxes, colors="red")
    assert drawn.dtype == taper.uint8 and drawn[:, 3, 5].tolist() == [255, 0, 0]
    assert drawn[:, 5, 5].tolist() == [0, 0, 0] and picture.max().item() == 0
    filled = utils.draw_bounding_boxes(picture, boxes, ["cat"], [(0, 255, 0)], fill=True)
    assert filled[1, 11, 9].item() > 50
    real = utils.draw_bounding_boxes(taper.zeros(1, 20, 20), boxes, colors="white")
    assert real.shape == (3, 20, 20) and real.max().item() == 1.0
    with pytest.raises(ValueError, match=r"Boxes need to be in \(xmin, ymin, xmax, ymax\)"):
        utils.draw_bounding_boxes(picture, taper.tensor([[5, 5, 1, 1]]))
    with pytest.raises(ValueError, match="Pass individual images, not batches"):
        utils.draw_bounding_boxes(picture[None], boxes)
    with pytest.raises(ValueError, match=r"number of boxes \(1\) and labels \(2\) mismatch"):
        utils.draw_bounding_boxes(picture, boxes, ["a", "b"])

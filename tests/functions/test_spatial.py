"""Pools, padding, resizing, sampling and folding against values worked out by hand."""

import numpy as np
import pytest

import taper as torch
import taper.nn.functional as F


def grid(*shape):
    return torch.arange(float(np.prod(shape))).reshape(*shape)


def test_avg_pool_counts_the_border_or_not():
    x = torch.ones(1, 1, 2, 2)
    assert F.avg_pool2d(x, 2, 1, 1).tolist()[0][0][0] == [0.25, 0.5, 0.25]
    assert F.avg_pool2d(x, 2, 1, 1, count_include_pad=False).flatten().tolist() == [1.0] * 9
    assert F.avg_pool2d(x, 2, divisor_override=1).item() == 4.0


def test_avg_pool_ceil_mode_divides_by_what_lies_inside():
    x = grid(1, 1, 5)
    assert F.avg_pool1d(x, 2, ceil_mode=True).tolist() == [[[0.5, 2.5, 4.0]]]


def test_adaptive_pools():
    x = grid(1, 1, 7)
    assert F.adaptive_avg_pool1d(x, 3).tolist() == [[[1.0, 3.0, 5.0]]]
    assert F.adaptive_avg_pool1d(x, 1).item() == 3.0
    values, places = F.adaptive_max_pool1d(-x, 2, return_indices=True)
    assert values.tolist() == [[[0.0, -3.0]]] and places.tolist() == [[[0, 3]]]
    ragged = F.adaptive_avg_pool1d(grid(1, 1, 5), 2)
    assert ragged.tolist() == [[[1.0, 3.0]]]


def test_adaptive_pool_gradient_shares_evenly():
    x = torch.zeros(1, 2, 4, 4, requires_grad=True)
    F.adaptive_avg_pool2d(x, (1, None)).sum().backward()
    assert np.allclose(x.grad.numpy(), 0.25)


def test_max_pool_and_unpool():
    x = grid(1, 1, 4, 4)
    values, places = F.max_pool2d(x, 2, return_indices=True)
    assert places.flatten().tolist() == [5, 7, 13, 15]
    back = F.max_unpool2d(values, places, 2)
    assert back.sum().item() == values.sum().item() and back[0, 0, 3, 3].item() == 15.0
    with pytest.raises(RuntimeError, match="Found an invalid max index: 99"):
        F.max_unpool2d(values, places * 0 + 99, 2)


def test_pools_refuse():
    with pytest.raises(RuntimeError, match="divisor must be not zero"):
        F.avg_pool2d(torch.ones(1, 1, 2, 2), 2, divisor_override=0)
    with pytest.raises(RuntimeError, match="Output size is too small"):
        F.max_pool2d(torch.ones(1, 1, 2, 2), 3)
    with pytest.raises(ValueError, match="Input dimension should be at least 3"):
        F.adaptive_avg_pool2d(torch.ones(2, 2), 1)


def test_fractional_pool_windows_lie_inside():
    x = grid(1, 1, 6, 6)
    values, places = F.fractional_max_pool2d(x, 2, 3, return_indices=True)
    assert values.shape == (1, 1, 3, 3)
    assert values.flatten().tolist() == x.flatten()[places.flatten()].tolist()


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("constant", [0, 0, 0, 1, 2, 0]),
        ("reflect", [2, 1, 0, 1, 2, 1]),
        ("replicate", [0, 0, 0, 1, 2, 2]),
        ("circular", [1, 2, 0, 1, 2, 0]),
    ],
)
def test_padding(mode, wanted):
    assert F.pad(grid(1, 1, 3), (2, 1), mode=mode).flatten().tolist() == wanted


def test_negative_padding_cuts_and_constant_fills():
    assert F.pad(grid(4), (-1, 2), value=9).tolist() == [1, 2, 3, 9, 9]
    with pytest.raises(RuntimeError, match="Padding size should be less"):
        F.pad(grid(1, 1, 3), (3, 0), mode="reflect")


def test_interpolate_nearest_and_linear():
    x = grid(1, 1, 2)
    assert F.interpolate(x, scale_factor=2).flatten().tolist() == [0, 0, 1, 1]
    assert F.interpolate(x, scale_factor=2, mode="linear").flatten().tolist() == [0, 0.25, 0.75, 1]
    aligned = F.interpolate(x, size=3, mode="linear", align_corners=True)
    assert aligned.flatten().tolist() == [0, 0.5, 1]
    assert F.interpolate(grid(1, 1, 4), size=2).flatten().tolist() == [0, 2]


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_phases_agree_with_taps(mode):
    x = torch.tensor(np.random.default_rng(0).standard_normal((2, 3, 5, 4)), dtype=torch.float64)
    whole = F.interpolate(x, scale_factor=2, mode=mode)
    # a factor that is a little off takes the general way
    other = (
        F.interpolate(x, size=(10, 8), mode=mode, antialias=True) if mode == "bilinear" else None
    )
    if other is not None:
        assert np.allclose(whole.numpy(), other.numpy())
    assert np.allclose(F.interpolate(x * 0 + 3, size=(7, 9), mode=mode).numpy(), 3)


def test_interpolate_gradient_sums_to_one_a_pixel():
    x = torch.zeros(1, 1, 3, 3, requires_grad=True)
    F.interpolate(x, scale_factor=2, mode="bilinear").sum().backward()
    assert np.allclose(x.grad.numpy(), 4.0)


def test_interpolate_refuses():
    with pytest.raises(ValueError, match="either size or scale_factor"):
        F.interpolate(grid(1, 1, 2))
    with pytest.raises(NotImplementedError, match="Got 3D input, but bilinear mode needs 4D"):
        F.interpolate(grid(1, 1, 2), size=2, mode="bilinear")


def test_identity_grid_gives_the_image():
    x = grid(1, 2, 3, 4)
    theta = torch.tensor([[[1.0, 0, 0], [0, 1, 0]]])
    for align in (False, True):
        places = F.affine_grid(theta, (1, 2, 3, 4), align_corners=align)
        assert np.allclose(
            F.grid_sample(x, places, align_corners=align).numpy(), x.numpy(), atol=1e-5
        )


def test_grid_sample_outside():
    x = grid(1, 1, 2, 2) + 1
    far = torch.full((1, 1, 1, 2), 3.0)
    assert F.grid_sample(x, far, align_corners=True).item() == 0.0
    assert F.grid_sample(x, far, padding_mode="border", align_corners=True).item() == 4.0
    assert F.grid_sample(x, far, padding_mode="reflection", align_corners=True).item() == 1.0


def test_unfold_and_fold():
    x = grid(1, 1, 3, 3)
    columns = F.unfold(x, 2)
    assert columns[0, :, 0].tolist() == [0, 1, 3, 4]
    counts = F.fold(F.unfold(torch.ones(1, 1, 3, 3), 2), (3, 3), 2)
    assert counts.flatten().tolist() == [1, 2, 1, 2, 4, 2, 1, 2, 1]


def test_shuffles_undo_each_other():
    x = grid(2, 8, 2, 3)
    assert torch.equal(F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2), x)
    assert F.channel_shuffle(grid(1, 4, 1, 1), 2).flatten().tolist() == [0, 2, 1, 3]
    with pytest.raises(RuntimeError, match="divisible by the square of upscale_factor"):
        F.pixel_shuffle(x, 3)


def test_transposed_convolution_is_the_adjoint():
    rng = np.random.default_rng(1)
    w = torch.tensor(rng.standard_normal((4, 3, 3, 3)))
    x = torch.tensor(rng.standard_normal((2, 3, 8, 8)))
    y = F.conv2d(x, w, stride=2, padding=1)
    g = torch.tensor(rng.standard_normal(tuple(y.shape)))
    back = F.conv_transpose2d(g, w, stride=2, padding=1, output_padding=1)
    assert abs((y * g).sum().item() - (x * back).sum().item()) < 1e-9


def test_gradient_of_transposed_convolution_with_border():
    x = torch.ones(1, 1, 3, 3, requires_grad=True)
    w = torch.ones(1, 1, 2, 2)
    F.conv_transpose2d(x, w, stride=2, dilation=3, output_padding=2).sum().backward()
    assert x.grad.shape == x.shape and np.allclose(x.grad.numpy(), 4)

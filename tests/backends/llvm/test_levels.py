"""Every processor level that this machine can run gives the reference's numbers."""

import numpy as np
import pytest

import taper
from taper.backends.llvm.target import host_levels


def _step() -> list[np.ndarray]:
    """Guarded loads, tiles, tails and reductions: a padded grouped convolution and its
    gradients."""
    rng = np.random.default_rng(0)
    x = taper.tensor(rng.standard_normal((1, 3, 6, 6)), dtype=taper.float32, requires_grad=True)
    w = taper.tensor(rng.standard_normal((3, 1, 5, 5)), dtype=taper.float32, requires_grad=True)
    out = taper.nn.functional.conv2d(x, w, padding=2, groups=3)
    out.square().mean().backward()
    return [t.detach().numpy() for t in (out, x.grad, w.grad)]


@pytest.mark.parametrize("level", host_levels())
def test_a_level_agrees_with_the_reference(level):
    with taper.settings(backend="reference"):
        expected = _step()
    with taper.settings(backend="llvm", cpu=level):
        found = _step()
    for want, got in zip(expected, found, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)

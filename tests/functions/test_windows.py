"""Window functions."""

import numpy as np
import pytest

import taper as torch
from taper.signal import windows


def test_against_numpy():
    for n in (1, 2, 7, 8):
        for ours, theirs in (
            (windows.hann, np.hanning),
            (windows.hamming, np.hamming),
            (windows.blackman, np.blackman),
            (windows.bartlett, np.bartlett),
        ):
            found = ours(n, dtype=torch.float64).numpy()
            np.testing.assert_allclose(found, theirs(n), atol=1e-14)
        np.testing.assert_allclose(
            windows.kaiser(n, beta=5.0, dtype=torch.float64).numpy(), np.kaiser(n, 5.0), atol=1e-8
        )


def test_periodic_windows_leave_out_the_last_point():
    for name in ("hann", "hamming", "blackman", "bartlett", "kaiser"):
        whole = getattr(windows, name)(6)
        periodic = getattr(windows, name)(5, sym=False)
        assert torch.equal(periodic, whole[:5])
        assert torch.equal(getattr(torch, name + "_window")(5), whole[:5])
        assert torch.equal(getattr(torch, name + "_window")(6, False), whole)


def test_bells():
    np.testing.assert_allclose(
        windows.gaussian(3, std=2.0).numpy(), [np.exp(-1 / 8), 1, np.exp(-1 / 8)]
    )
    found = windows.exponential(3, tau=2.0, center=0, sym=False).numpy()
    np.testing.assert_allclose(found, np.exp([0, -0.5, -1]), rtol=1e-6)
    np.testing.assert_allclose(windows.cosine(2).numpy(), [np.sqrt(0.5)] * 2, rtol=1e-6)
    assert windows.nuttall(0).shape == (0,)
    assert windows.hann(4, requires_grad=True).requires_grad


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: windows.hann(-1), "requires non-negative window length, got M=-1"),
        (lambda: windows.hann(5, dtype=torch.int64), "expects float32 or float64 dtypes"),
        (lambda: windows.exponential(5, center=1.0), "Center must be None for symmetric windows"),
        (lambda: windows.gaussian(5, std=-1.0), "Standard deviation must be positive"),
        (lambda: windows.general_cosine(5, a=[]), "Coefficients cannot be empty"),
    ],
)
def test_errors(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_errors_of_the_old_names():
    with pytest.raises(RuntimeError, match="requires non-negative window_length"):
        torch.hann_window(-1)
    with pytest.raises(RuntimeError, match="expects floating point dtypes"):
        torch.hann_window(3, dtype=torch.int64)

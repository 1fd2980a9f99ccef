"""Short-time Fourier transforms."""

import numpy as np
import pytest

import taper as torch

SIGNAL = np.random.default_rng(2).standard_normal((2, 50))


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("normalized", [True, False])
def test_frames_are_transforms_of_windows(center, normalized):
    window = torch.hann_window(8, dtype=torch.float64)
    found = torch.stft(
        torch.tensor(SIGNAL),
        10,
        3,
        8,
        window,
        center=center,
        normalized=normalized,
        return_complex=True,
    ).numpy()
    padded = np.pad(SIGNAL, ((0, 0), (5, 5)), "reflect") if center else SIGNAL
    bell = np.pad(window.numpy(), 1)
    count = (padded.shape[1] - 10) // 3 + 1
    assert found.shape == (2, 6, count)
    for k in range(count):
        want = np.fft.rfft(padded[:, 3 * k : 3 * k + 10] * bell)
        np.testing.assert_allclose(found[:, :, k], want / np.sqrt(10) ** normalized, atol=1e-12)


@pytest.mark.parametrize("onesided", [True, False])
def test_inverse(onesided):
    x = torch.tensor(SIGNAL[0])
    window = torch.hamming_window(16, dtype=torch.float64)
    there = torch.stft(x, 16, window=window, onesided=onesided, return_complex=True)
    back = torch.istft(there, 16, window=window, onesided=onesided, length=50)
    np.testing.assert_allclose(back[:48].numpy(), SIGNAL[0][:48], atol=1e-12)


def test_gradient():
    x = torch.tensor(SIGNAL[0], requires_grad=True)
    energy = (torch.stft(x, 8, return_complex=True, onesided=False).abs() ** 2).sum()
    energy.backward()  # a quadratic form: its gradient times x is twice its value
    assert abs(float((x.grad * x.detach()).sum()) / (2 * float(energy)) - 1) < 1e-12


def test_errors():
    x = torch.ones(20)
    with pytest.raises(RuntimeError, match="requires the return_complex parameter"):
        torch.stft(x, 8)
    with pytest.raises(RuntimeError, match="expected hop_length > 0, but got hop_length=0"):
        torch.stft(x, 8, 0, return_complex=True)
    with pytest.raises(
        RuntimeError, match="expected a 1D window tensor of size equal to win_length=8"
    ):
        torch.stft(x, 8, window=torch.ones(7), return_complex=True)
    with pytest.raises(RuntimeError, match="requires a complex-valued input"):
        torch.istft(torch.ones(5, 3), 8)
    there = torch.stft(x, 8, return_complex=True)
    with pytest.raises(RuntimeError, match="window overlap add min"):
        torch.istft(there, 8, window=torch.zeros(8))

"""Fourier transforms against numpy's, their gradients against differences, and their errors."""

import numpy as np
import pytest

import taper as torch

rng = np.random.default_rng(3)
REAL = rng.standard_normal((3, 4, 5))
COMPLEX = REAL + 1j * rng.standard_normal((3, 4, 5))


@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
@pytest.mark.parametrize("n", [None, 4, 7])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_one_dimension(name, n, norm):
    x = REAL if name in ("rfft", "ihfft") else COMPLEX
    found = getattr(torch.fft, name)(torch.tensor(x), n, 1, norm).numpy()
    np.testing.assert_allclose(found, getattr(np.fft, name)(x, n, 1, norm), atol=1e-12)


@pytest.mark.parametrize(
    "name", ["fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2"]
)
def test_several_dimensions(name):
    x = REAL if name.startswith("r") else COMPLEX
    found = getattr(torch.fft, name)(torch.tensor(x)).numpy()
    np.testing.assert_allclose(found, getattr(np.fft, name)(x), atol=1e-12)


def test_hermitian_in_several_dimensions_inverts():
    x = torch.tensor(rng.standard_normal((3, 4, 6)))
    back = torch.fft.hfftn(torch.fft.ihfftn(x), s=x.shape, dim=(0, 1, 2))
    np.testing.assert_allclose(back.numpy(), x.numpy(), atol=1e-12)


def test_gradients():
    x = torch.tensor(REAL, requires_grad=True)
    weights = torch.tensor(rng.standard_normal((3, 4, 3)))
    loss = (torch.fft.rfft(x).abs() * weights).sum()
    loss.backward()
    shift = rng.standard_normal(REAL.shape)
    e = 1e-6
    high, low = (
        float((torch.fft.rfft(torch.tensor(REAL + s * shift)).abs() * weights).sum())
        for s in (e, -e)
    )
    assert abs((high - low) / (2 * e) - float((x.grad.numpy() * shift).sum())) < 1e-6


def test_real_input_gives_complex_of_its_width():
    assert torch.fft.fft(torch.ones(3)).dtype is torch.complex64
    assert torch.fft.fft(torch.arange(3)).dtype is torch.complex64
    assert torch.fft.irfft(torch.ones(3, dtype=torch.float64)).dtype is torch.float64


def test_frequencies_and_shifts():
    np.testing.assert_allclose(torch.fft.fftfreq(5, 0.5).numpy(), np.fft.fftfreq(5, 0.5), atol=1e-7)
    np.testing.assert_allclose(torch.fft.rfftfreq(6, 2).numpy(), np.fft.rfftfreq(6, 2), atol=1e-7)
    x = np.arange(15.0).reshape(3, 5)
    assert (torch.fft.fftshift(torch.tensor(x)).numpy() == np.fft.fftshift(x)).all()
    assert (torch.fft.ifftshift(torch.tensor(x), 1).numpy() == np.fft.ifftshift(x, 1)).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: torch.fft.fft(torch.ones(3), 0), r"Invalid number of data points \(0\)"),
        (lambda: torch.fft.fft(torch.ones(3), norm="x"), 'Invalid normalization mode: "x"'),
        (lambda: torch.fft.rfft(torch.ones(3) + 1j), "rfft expects a real input tensor"),
        (lambda: torch.fft.fftn(torch.ones(3, 3), dim=(0, 0)), "FFT dims must be unique"),
        (lambda: torch.fft.fftn(torch.ones(3, 3), (2,), (0, 1)), "must have the same length"),
        (lambda: torch.fft.rfftn(torch.ones(3), dim=()), "must transform at least one axis"),
        (lambda: torch.fft.fft(torch.ones(3).half()), "Unsupported dtype Half"),
    ],
)
def test_errors(call, words):
    with pytest.raises(RuntimeError, match=words):
        call()

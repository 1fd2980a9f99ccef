"""Rare special functions against published values and identities."""

import math

import numpy as np
import pytest

import taper as torch

# Abramowitz and Stegun, tables 9.1, 9.8, 10.11; SciPy's documentation for the tails.
TABLE = {
    "bessel_j0": (2.5, -0.048383776468198),
    "bessel_j1": (2.5, 0.497094102464274),
    "bessel_y0": (2.5, 0.498070359615232),
    "bessel_y1": (2.5, 0.145918137966786),
    "modified_bessel_i0": (2.5, 3.289839144050123),
    "modified_bessel_i1": (2.5, 2.516716245288698),
    "modified_bessel_k0": (2.5, 0.062347553200366),
    "modified_bessel_k1": (2.5, 0.073890816347747),
    "airy_ai": (1.0, 0.135292416312881),
    "ndtr": (1.0, 0.841344746068543),
    "ndtri": (0.975, 1.959963984540054),
    "log_ndtr": (-40.0, -804.608442013754),
    "erfcx": (30.0, 0.018795888861416751),
}


def double(*values, **options):
    return torch.tensor(values, dtype=torch.float64, **options)


@pytest.mark.parametrize("name", TABLE)
def test_published_values(name):
    x, value = TABLE[name]
    assert abs(float(getattr(torch.special, name)(double(x))) / value - 1) < 1e-12


@pytest.mark.parametrize("x", [0.3, 4.0, 24.0, 26.0, 80.0])
def test_wronskians(x):
    s, x = torch.special, double(x)
    cross = s.bessel_j1(x) * s.bessel_y0(x) - s.bessel_j0(x) * s.bessel_y1(x)
    np.testing.assert_allclose(cross.numpy(), 2 / (math.pi * x.numpy()), rtol=1e-10)
    cross = s.i0e(x) * s.scaled_modified_bessel_k1(x) + s.i1e(x) * s.scaled_modified_bessel_k0(x)
    np.testing.assert_allclose(cross.numpy(), 1 / x.numpy(), rtol=1e-12)


def test_chebyshev_polynomials_are_waves():
    t = np.linspace(0.1, 3, 7)
    x, n = torch.tensor(np.cos(t)), torch.arange(0, 12).reshape(-1, 1)
    k = n.numpy()
    for name, wave in {
        "t": np.cos(k * t),
        "u": np.sin((k + 1) * t) / np.sin(t),
        "v": np.cos((k + 0.5) * t) / np.cos(t / 2),
        "w": np.sin((k + 0.5) * t) / np.sin(t / 2),
    }.items():
        plain = getattr(torch.special, f"chebyshev_polynomial_{name}")(x, n)
        np.testing.assert_allclose(plain.numpy(), wave, atol=1e-11)
        shifted = getattr(torch.special, f"shifted_chebyshev_polynomial_{name}")((x + 1) / 2, n)
        np.testing.assert_allclose(shifted.numpy(), wave, atol=1e-11)


def test_other_polynomials():
    x = double(-1.5, 0.25, 2.0)
    v = x.numpy()
    s = torch.special
    np.testing.assert_allclose(s.hermite_polynomial_h(x, 3).numpy(), 8 * v**3 - 12 * v)
    np.testing.assert_allclose(s.hermite_polynomial_he(x, 3).numpy(), v**3 - 3 * v)
    np.testing.assert_allclose(s.laguerre_polynomial_l(x, 2).numpy(), (v * v - 4 * v + 2) / 2)
    np.testing.assert_allclose(s.legendre_polynomial_p(x, 3).numpy(), (5 * v**3 - 3 * v) / 2)


def test_incomplete_gamma():
    a, x = double(0.5, 1.0, 3.0, 50.0), double(2.0, 0.7, 9.0, 40.0)
    low, high = torch.igamma(a, x), torch.special.gammaincc(a, x)
    np.testing.assert_allclose((low + high).numpy(), 1, rtol=1e-14)
    np.testing.assert_allclose(
        low[:2].numpy(), [math.erf(math.sqrt(2)), -math.expm1(-0.7)], rtol=1e-13
    )
    assert torch.igamma(double(-1.0), double(1.0)).isnan().all()


def test_zeta():
    s = torch.special
    np.testing.assert_allclose(
        s.zeta(double(2.0, 4.0), 1).numpy(), [math.pi**2 / 6, math.pi**4 / 90]
    )


@pytest.mark.parametrize("name", ["i0e", "i1", "i1e", "erfcx", "ndtri", "entr", "ndtr", "log_ndtr"])
def test_gradients(name):
    call, e = getattr(torch.special, name), 1e-6
    x = double(0.2, 0.45, 0.8, requires_grad=True)
    call(x).sum().backward()
    v = x.detach()
    slope = (call(v + e) - call(v - e)) / (2 * e)
    np.testing.assert_allclose(x.grad.numpy(), slope.numpy(), rtol=1e-7)


def test_edges():
    s = torch.special
    assert s.entr(double(0.0, -1.0)).tolist() == [0.0, -math.inf]
    assert s.xlog1py(double(0.0), double(-1.0)).tolist() == [0.0]
    assert s.bessel_y0(double(0.0)).tolist() == [-math.inf]
    assert s.ndtri(double(0.0, 1.0)).tolist() == [-math.inf, math.inf]
    assert s.i0e(torch.tensor([1])).dtype is torch.float32
    assert s.expit is torch.sigmoid

"""Views read and write one storage, through any chain of moves, with numpy as the judge."""

import numpy as np
import pytest

import taper as torch

CHAINS = {
    "slice": (lambda t: t[1:, ::2], lambda a: a[1:, ::2]),
    "row": (lambda t: t[2], lambda a: a[2]),
    "column": (lambda t: t[:, -1], lambda a: a[:, -1]),
    "transpose": (lambda t: t.t(), lambda a: a.T),
    "part of a transpose": (lambda t: t.t()[1:3, ::3], lambda a: a.T[1:3, ::3]),
    "flat": (lambda t: t.view(-1)[3:11:2], lambda a: a.reshape(-1)[3:11:2]),
    "reshaped part": (
        lambda t: t[:2].view(2, 2, 3).permute(2, 0, 1)[1],
        lambda a: a[:2].reshape(2, 2, 3).transpose(2, 0, 1)[1],
    ),
    "diagonal": (
        lambda t: t.diagonal(),
        lambda a: np.lib.stride_tricks.as_strided(a, (4,), (a.itemsize * 7,)),
    ),
    "strided": (
        lambda t: t.as_strided((2, 3), (7, 2), 1),
        lambda a: np.lib.stride_tricks.as_strided(
            a.reshape(-1)[1:], (2, 3), (a.itemsize * 7, a.itemsize * 2)
        ),
    ),
    "narrow": (lambda t: t.narrow(1, 2, 3).select(0, 1), lambda a: a[1, 2:5]),
    "unsqueezed": (lambda t: t.unsqueeze(1)[:, :, 1:2].squeeze(), lambda a: a[:, 1]),
    "chunk": (lambda t: t.chunk(2, 1)[1], lambda a: a[:, 3:]),
    "unfold": (
        lambda t: t.unfold(1, 2, 3),
        lambda a: np.lib.stride_tricks.as_strided(
            a, (4, 2, 2), (a.itemsize * 6, a.itemsize * 3, a.itemsize)
        ),
    ),
    "movedim": (
        lambda t: t.view(2, 2, 6).movedim(2, 0)[::2],
        lambda a: np.moveaxis(a.reshape(2, 2, 6), 2, 0)[::2],
    ),
    "empty": (lambda t: t[2:2], lambda a: a[2:2]),
}


def pair():
    a = np.arange(24, dtype=np.float32).reshape(4, 6)
    return torch.tensor(a), a.copy()


@pytest.mark.parametrize("name", CHAINS)
def test_a_view_reads(name):
    (view, mirror), (t, a) = CHAINS[name], pair()
    assert view(t).tolist() == mirror(a).tolist()
    t.mul_(-1)
    a *= -1
    assert view(t).tolist() == mirror(a).tolist()


@pytest.mark.parametrize("name", CHAINS)
def test_a_write_through_a_view_reaches_the_base(name):
    (view, mirror), (t, a) = CHAINS[name], pair()
    v, m = view(t), mirror(a)
    v.mul_(3).add_(1)
    m *= 3
    m += 1
    assert t.tolist() == a.tolist()
    t[0, 0] = 99
    a[0, 0] = 99
    assert v.tolist() == m.tolist()


@pytest.mark.parametrize("name", CHAINS)
def test_strides_and_offsets_are_numpys(name):
    (view, mirror), (t, a) = CHAINS[name], pair()
    v, m = view(t), mirror(a)
    assert tuple(v.shape) == m.shape
    if m.size:
        assert tuple(s * 4 for s in v.stride()) == m.strides
        start = m.__array_interface__["data"][0] - a.__array_interface__["data"][0]
        assert v.storage_offset() * 4 == start


@pytest.mark.parametrize("name", [n for n in CHAINS if n != "unfold"])
def test_the_gradient_of_a_view(name):
    (view, mirror), (t, a) = CHAINS[name], pair()
    t.requires_grad_()
    v = view(t)
    (v * v).sum().backward()
    expected = np.zeros_like(a)
    mirror(expected)[...] = 2 * mirror(a)
    assert t.grad.tolist() == expected.tolist()


@pytest.mark.parametrize("name", CHAINS)
def test_the_gradient_of_a_write_through_a_view(name):
    (view, mirror), (t, a) = CHAINS[name], pair()
    t.requires_grad_()
    base = t * 1
    with torch.no_grad():
        shape = view(base).shape
    v = view(base) if name != "chunk" else base[:, 3:]
    new = torch.ones(shape, requires_grad=True)
    v.mul_(5)
    v += new
    (base * base).sum().backward()
    end, slope = a.copy(), np.zeros_like(a)
    mirror(end)[...] = mirror(a) * 5 + 1
    slope[...] = 2 * end
    assert new.grad.tolist() == mirror(slope.copy()).tolist()
    mirror(slope)[...] = 10 * mirror(end)
    assert t.grad.tolist() == slope.tolist()


def test_random_chains_of_views():
    rng = np.random.default_rng(0)
    for _ in range(60):
        a = rng.integers(0, 100, (4, 6)).astype(np.float32)
        t, a = torch.tensor(a), a.copy()
        v, m = t, a
        for _ in range(rng.integers(1, 5)):
            kind = rng.integers(4)
            if kind == 0 and m.ndim > 1:
                order = tuple(int(i) for i in rng.permutation(m.ndim))
                v, m = v.permute(order), m.transpose(order)
            elif kind == 1 and m.ndim:
                d = int(rng.integers(m.ndim))
                where = (slice(None),) * d + (
                    slice(int(rng.integers(2)), None, int(rng.integers(1, 3))),
                )
                v, m = v[where], m[where]
            elif kind == 2 and m.ndim > 1 and m.shape[0]:
                k = int(rng.integers(m.shape[0]))
                v, m = v[k], m[k]
            else:
                v, m = v.unsqueeze(-1), m[..., None]
            v.add_(1)
            m += 1
        assert v.tolist() == m.tolist()
        assert t.tolist() == a.tolist()


def test_views_of_other_dtypes():
    t = torch.tensor([1.0, -2.0])
    bits = t.view(torch.int32)
    assert bits.tolist() == np.array([1.0, -2.0], np.float32).view(np.int32).tolist()
    bits[0] = 0
    assert t.tolist() == [0.0, -2.0]
    z = torch.tensor([1 + 2j, 3 - 1j])
    torch.view_as_real(z)[1, 0] = 7
    z.imag.mul_(10)
    assert z.tolist() == [1 + 20j, 7 - 10j]


def test_expanded_memory_is_not_written():
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        torch.zeros(1, 3).expand(4, 3).add_(1)
    t = torch.zeros(3)
    e = t.expand(2, 3)
    t[1] = 4
    assert e.tolist() == [[0.0, 4.0, 0.0]] * 2


def test_a_write_that_overlaps_what_it_reads():
    t = torch.arange(6.0)
    t[1:] = t[:-1]
    assert t.tolist() == [0.0, 0.0, 1.0, 2.0, 3.0, 4.0]
    t[:] = t.flip(0)
    assert t.tolist() == [4.0, 3.0, 2.0, 1.0, 0.0, 0.0]

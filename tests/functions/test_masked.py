"""Reductions under a mask against numpy's masked arrays."""

import numpy as np
import pytest

import taper as torch

rng = np.random.default_rng(5)
X = rng.standard_normal((4, 6))
KEEP = rng.random((4, 6)) < 0.6
KEEP[:, 0] = True
REF = np.ma.array(X, mask=~KEEP)


@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.parametrize("name", ["sum", "prod", "mean", "amax", "amin", "var", "std"])
def test_reductions(name, dim):
    options = {"correction": 0} if name in ("var", "std") else {}
    found = getattr(torch.masked, name)(torch.tensor(X), dim, mask=torch.tensor(KEEP), **options)
    want = getattr(REF, {"amax": "max", "amin": "min"}.get(name, name))(dim)
    np.testing.assert_allclose(found.numpy(), np.asarray(want))


def test_median_takes_the_lower_middle():
    found = torch.masked.median(
        torch.tensor([3.0, 1.0, 2.0, 9.0]), 0, mask=torch.tensor([1, 1, 0, 1])
    )
    assert float(found) == 3.0


def test_fully_masked_rows():
    x, mask = torch.tensor([[1.0, 2.0]]), torch.tensor([[False, False]])
    assert torch.masked.sum(x, 1, mask=mask).tolist() == [0]
    assert torch.masked.prod(x, 1, mask=mask).tolist() == [1]
    assert torch.masked.amax(x, 1, mask=mask).tolist() == [-float("inf")]
    assert torch.masked.mean(x, 1, mask=mask).isnan().all()


def test_softmax_and_its_gradient_ignore_masked_elements():
    x = torch.tensor([1.0, 5.0, 2.0], requires_grad=True)
    mask = torch.tensor([True, False, True])
    found = torch.masked.softmax(x, 0, mask=mask)
    e = np.exp([1.0, 2.0])
    np.testing.assert_allclose(found.detach().numpy()[[0, 2]], e / e.sum(), rtol=1e-6)
    (found * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert float(found[1]) == 0 and float(x.grad[1]) == 0 and float(x.grad[0]) != 0


def test_scans_and_norms():
    x, mask = torch.tensor([3.0, 7.0, 4.0]), torch.tensor([True, False, True])
    assert torch.masked.cumsum(x, 0, mask=mask).tolist() == [3, 3, 7]
    assert torch.masked.cumprod(x, 0, mask=mask).tolist() == [3, 3, 12]
    assert float(torch.masked.norm(x, 2, 0, mask=mask)) == 5
    np.testing.assert_allclose(torch.masked.normalize(x, 2, 0, mask=mask).tolist(), [0.6, 0, 0.8])


def test_errors():
    with pytest.raises(ValueError, match="Could not infer output dtype"):
        torch.masked.mean(torch.arange(3))
    with pytest.raises(ValueError, match="no fully masked out rows"):
        torch.masked.median(torch.arange(3), 0, mask=torch.tensor([False] * 3))

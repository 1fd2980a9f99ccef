"""Writes generator.npz: PyTorch's random draws, each from a fresh seed.

python tests/golden/make_generator.py        (needs torch==2.13.0; run by hand)

Every case is drawn twice in a row and followed by `rand(1)`, which shows where the stream stands.
Cases whose name ends in "crc" keep only a checksum. bfloat16 is stored as its bits.
"""

import io
import zlib
from pathlib import Path

import numpy as np
import torch

SEED = 42
FLOATS = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64", "bool")


def fresh(n, dtype):
    return torch.empty(n, dtype=getattr(torch, dtype))


def float_cases(dtype):
    """(name, draw) for one float dtype."""
    for n in (1, 5, 15, 16, 17, 40):
        yield f"randn {n}", lambda n=n: fresh(n, dtype).normal_()
    yield "normal", lambda: fresh(35, dtype).normal_(0.3, 1.7)
    yield "normal few", lambda: fresh(3, dtype).normal_(0.3, 1.7)
    yield "normal strided", lambda: fresh((19, 2), dtype)[:, 0].normal_(0.3, 1.7)
    yield "rand", lambda: fresh(33, dtype).uniform_()
    yield "uniform", lambda: fresh(33, dtype).uniform_(-0.3, 1.1)
    yield "bernoulli", lambda: fresh(33, dtype).bernoulli_(0.3)
    yield "bernoulli each", lambda: torch.bernoulli(torch.linspace(0, 1, 33).to(fresh(0, dtype)))
    yield "dropout", lambda: torch.nn.functional.dropout(torch.ones_like(fresh(33, dtype)), 0.4)
    yield "exponential", lambda: fresh(21, dtype).exponential_(1.7)
    yield "geometric", lambda: fresh(21, dtype).geometric_(0.3)
    yield "cauchy", lambda: fresh(21, dtype).cauchy_(0.4, 2.3)
    yield "log_normal", lambda: fresh(21, dtype).log_normal_(0.3, 0.7)
    yield "random", lambda: fresh(21, dtype).random_()
    yield "random range", lambda: fresh(21, dtype).random_(-3, 100)
    weights = ((torch.arange(12) * 5 % 7).view(2, 6) + 0.5).to(fresh(0, dtype))
    for n, replacement in ((1, True), (3, False), (9, True)):
        name = f"multinomial {n} {'with' if replacement else 'without'} replacement"
        yield name, lambda n=n, r=replacement: torch.multinomial(weights, n, r)
    rates = ((torch.arange(30) % 11) * 3.5).to(fresh(0, dtype))
    yield "poisson", lambda: torch.poisson(rates)
    if dtype in ("float32", "float64"):
        alpha = ((torch.arange(30) % 7 + 0.25) * 0.375).view(3, 10).to(fresh(0, dtype))
        yield "gamma", lambda: torch._standard_gamma(alpha)
        yield "dirichlet", lambda: torch._sample_dirichlet(alpha)
        counts = (torch.arange(60) % 9 * 12).to(fresh(0, dtype))
        shares = (torch.arange(60) % 11 / 10).to(fresh(0, dtype))
        yield "binomial", lambda: torch.binomial(counts, shares)


def integer_cases():
    """(name, draw) for the integer dtypes."""
    for dtype in INTEGERS:
        yield f"random {dtype}", lambda d=dtype: fresh(21, d).random_()
        yield f"random 0 2 {dtype}", lambda d=dtype: fresh(21, d).random_(0, 2)
    for low, high in ((0, 10), (-5, 2**28 - 6), (-5, 2**28 - 5), (-5, 2**40), (-(2**63), None)):
        yield f"random {low} {high}", lambda a=low, b=high: fresh(21, "int64").random_(a, b)
    for n in (0, 1, 2, 3, 10, 100):
        yield f"randperm {n}", lambda n=n: torch.randperm(n)
    yield "randperm 50000 crc", lambda: torch.randperm(50000)


def all_cases():
    """(name, draw) of every case."""
    for dtype in FLOATS:
        yield from ((f"{name} {dtype}", draw) for name, draw in float_cases(dtype))
    yield from integer_cases()
    yield "randn 40001 crc", lambda: torch.randn(40001)
    yield "normal 40001 crc", lambda: torch.empty(40001).normal_(0.1, 0.02)
    yield "uniform 40001 crc", lambda: torch.empty(40001).uniform_(-0.3, 1.1)
    yield "randint 40001 crc", lambda: torch.randint(0, 1000, (40001,))
    yield "bernoulli 40001 crc", lambda: torch.empty(40001).bernoulli_(0.3)


def numbers(tensor):
    """A tensor as a flat numpy array."""
    bits = tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor
    return bits.contiguous().numpy().reshape(-1)


def main():
    """Draw every case and write the file."""
    golden, after = {}, []
    for name, draw in all_cases():
        torch.manual_seed(SEED)
        drawn = np.concatenate([numbers(draw()), numbers(draw())])
        golden[name] = np.uint32(zlib.crc32(drawn.tobytes())) if name.endswith("crc") else drawn
        after.append(torch.rand(1).item())
    golden["after"] = np.array(after, np.float32)
    torch.manual_seed(-3)
    golden["state fresh"] = torch.get_rng_state().numpy()
    torch.rand(700)
    golden["state kept"] = (torch.randn(3), torch.get_rng_state().numpy())[1]
    golden["continued"] = torch.randn(1300).numpy()
    torch.rand(int(torch.get_rng_state()[8:12].view(torch.int32)) - 1)  # to the block's last word
    golden["state at the end of a block"] = torch.get_rng_state().numpy()
    file = io.BytesIO()
    np.savez_compressed(file, **golden)
    Path(__file__).with_name("generator.npz").write_bytes(file.getvalue())


if __name__ == "__main__":
    main()

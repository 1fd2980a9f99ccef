"""The random stream against golden draws of PyTorch, and against plain definitions."""

import math
import zlib
from fractions import Fraction
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from taper.generator import DEFAULT_SEED, Stream, normals, rejection, stream
from taper.generator.permutation import exchange

SEED = 42
with np.load(Path(__file__).parent / "golden" / "generator.npz") as file:
    GOLDEN = dict(file)
CASE_NAMES = [name for name in GOLDEN if not name.startswith(("after", "state", "continued"))]
AFTER = dict(zip(CASE_NAMES, GOLDEN["after"]))
DTYPES = {name: np.dtype(name) for name in ("float32", "float64", "float16")}
DTYPES["bfloat16"] = np.dtype(ml_dtypes.bfloat16)


def float_cases(dtype):
    """name -> draw from a stream, as golden/make_generator.py has them for PyTorch."""
    cases = {f"randn {n}": lambda g, n=n: g.normal(n, dtype=dtype) for n in (1, 5, 15, 16, 17, 40)}
    weights = ((np.arange(12) * 5 % 7).reshape(2, 6) + 0.5).astype(dtype)
    rates = ((np.arange(30) % 11) * 3.5).astype(dtype)
    alpha = ((np.arange(30) % 7 + 0.25) * 0.375).reshape(3, 10).astype(dtype)
    counts = (np.arange(60) % 9 * 12).astype(dtype)
    shares = (np.arange(60) % 11 / 10).astype(np.float32).astype(dtype)
    level = GOLDEN_LEVELS.astype(dtype)
    return {
        **cases,
        "normal": lambda g: g.normal(35, 0.3, 1.7, dtype),
        "normal few": lambda g: g.normal((3,), 0.3, 1.7, dtype),
        "normal strided": lambda g: g.normal(19, 0.3, 1.7, dtype, contiguous=False),
        "rand": lambda g: g.uniform((11, 3), dtype=dtype),
        "uniform": lambda g: g.uniform(33, -0.3, 1.1, dtype),
        "bernoulli": lambda g: g.bernoulli(0.3, 33, dtype),
        "bernoulli each": lambda g: g.bernoulli(level, dtype=dtype),
        "dropout": lambda g: g.dropout_mask(33, 0.4, dtype),
        "exponential": lambda g: g.exponential(21, 1.7, dtype),
        "geometric": lambda g: g.geometric(21, 0.3, dtype),
        "cauchy": lambda g: g.cauchy(21, 0.4, 2.3, dtype),
        "log_normal": lambda g: g.log_normal(21, 0.3, 0.7, dtype),
        "random": lambda g: g.random(21, dtype=dtype),
        "random range": lambda g: g.random(21, -3, 100, dtype),
        "multinomial 1 with replacement": lambda g: g.multinomial(weights, 1, True),
        "multinomial 3 without replacement": lambda g: g.multinomial(weights, 3),
        "multinomial 9 with replacement": lambda g: g.multinomial(weights, 9, True),
        "poisson": lambda g: g.poisson(rates),
        "gamma": lambda g: g.standard_gamma(alpha),
        "dirichlet": lambda g: g.dirichlet(alpha),
        "binomial": lambda g: g.binomial(counts, shares),
    }


GOLDEN_LEVELS = np.arange(33) / 32


def integer_cases():
    cases = {}
    for name in ("uint8", "int8", "int16", "int32", "int64", "bool"):
        cases[f"random {name}"] = lambda g, d=name: g.random(21, dtype=d)
        cases[f"random 0 2 {name}"] = lambda g, d=name: g.random(21, 0, 2, d)
    for low, high in ((0, 10), (-5, 2**28 - 6), (-5, 2**28 - 5), (-5, 2**40), (-(2**63), None)):
        cases[f"random {low} {high}"] = lambda g, a=low, b=high: g.random((3, 7), a, b)
    for n in (0, 1, 2, 3, 10, 100):
        cases[f"randperm {n}"] = lambda g, n=n: g.randperm(n)
    return cases


CASES = {f"{n} {d}": draw for d, dtype in DTYPES.items() for n, draw in float_cases(dtype).items()}
CASES.update(integer_cases())
CASES["randperm 50000 crc"] = lambda g: g.randperm(50000)
CASES["randn 40001 crc"] = lambda g: g.normal(40001)
CASES["normal 40001 crc"] = lambda g: g.normal(40001, 0.1, 0.02)
CASES["uniform 40001 crc"] = lambda g: g.uniform(40001, -0.3, 1.1)
CASES["randint 40001 crc"] = lambda g: g.randint(0, 1000, 40001)
CASES["bernoulli 40001 crc"] = lambda g: g.bernoulli(0.3, 40001)
ROUNDED = ("exponential", "cauchy", "log_normal", "gamma", "dirichlet", "normal few", "strided")


@pytest.mark.parametrize("name", CASE_NAMES)
def test_draws_are_pytorchs(name):
    g = Stream(SEED)
    first, second = CASES[name](g), CASES[name](g)
    drawn = np.concatenate([first.reshape(-1), second.reshape(-1)])
    want = GOLDEN[name]
    if drawn.dtype == ml_dtypes.bfloat16:
        drawn = drawn.view(np.int16)
    assert g.uniform(1)[0] == AFTER[name]  # the stream has moved as far
    if name.endswith("crc"):
        assert zlib.crc32(drawn.tobytes()) == want
        return
    assert drawn.dtype == want.dtype
    if drawn.dtype == np.float64 and "poisson" not in name:
        np.testing.assert_allclose(drawn, want, rtol=1e-14, atol=1e-15)
    elif drawn.dtype == np.float32 and (any(w in name for w in ROUNDED) or "randn " in name):
        np.testing.assert_array_max_ulp(drawn, want, 1)
    else:
        np.testing.assert_array_equal(drawn, want)


def test_blocks_of_float32_normals_are_exact():
    for name in ("randn 16 float32", "randn 17 float32", "randn 40 float32", "normal float32"):
        g = Stream(SEED)
        drawn = np.concatenate([CASES[name](g), CASES[name](g)])
        np.testing.assert_array_equal(drawn, GOLDEN[name])


# -- seed and state


def test_seed():
    assert Stream().initial_seed() == DEFAULT_SEED == 67280421310721
    assert Stream(-3).initial_seed() == 2**64 - 3
    np.testing.assert_array_equal(Stream(5).random32(20), Stream(5 + 2**32).random32(20))
    g = Stream(5)
    first = g.normal(3)
    g.seed(5)
    np.testing.assert_array_equal(g.normal(3), first)
    for seed in (2**64, -(2**63) - 1):
        with pytest.raises(ValueError, match="Overflow when unpacking long long"):
            g.seed(seed)


def test_state_is_pytorchs():
    g = Stream(-3)
    np.testing.assert_array_equal(g.get_state(), GOLDEN["state fresh"])
    g.uniform(700)
    g.normal(3)
    kept = GOLDEN["state kept"]
    state = g.get_state()
    assert state.shape == (5056,) and state.dtype == np.uint8 and state.flags.writeable
    normal = slice(5024, 5032)  # the kept sine, which may differ in the last place
    assert (np.delete(state, normal) == np.delete(kept, normal)).all()
    assert math.isclose(state[normal].view("<f8")[0], kept[normal].view("<f8")[0], rel_tol=1e-14)


def test_a_state_of_pytorch_is_continued():
    g = Stream()
    g.set_state(GOLDEN["state kept"])
    assert g.initial_seed() == 2**64 - 3
    np.testing.assert_array_equal(g.get_state(), GOLDEN["state kept"])
    np.testing.assert_array_equal(g.normal(1300), GOLDEN["continued"])
    end = GOLDEN["state at the end of a block"]
    g.random32(int(g.get_state()[8:12].view("<i4")[0]) - 1)
    np.testing.assert_array_equal(g.get_state(), end)
    other = Stream()
    other.set_state(end)
    np.testing.assert_array_equal(other.random32(5), g.random32(5))


def test_the_kept_float_normal_survives():
    state = Stream(1).get_state()
    state[5048:5052] = np.frombuffer(np.float32(0.5).tobytes(), np.uint8)
    state[5052] = 1
    g = Stream()
    g.set_state(state)
    np.testing.assert_array_equal(g.get_state(), state)


def test_bad_states_are_refused():
    g = Stream(0)
    before = g.get_state()
    with pytest.raises(TypeError, match=r"RNG state must be a torch\.ByteTensor"):
        g.set_state(np.zeros(5056))
    with pytest.raises(RuntimeError, match=r"of size 5056 but found .* to be 5$"):
        g.set_state(np.zeros(5, np.uint8))
    with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
        g.set_state(np.zeros(5056, np.uint8))
    np.testing.assert_array_equal(g.get_state(), before)


def test_raw_words_do_not_depend_on_how_many_are_asked_for():
    words = Stream(7).random32(3000)
    g = Stream(7)
    parts = [g.random32(n) for n in (1, 15, 16, 17, 624, 0, 2327)]
    np.testing.assert_array_equal(np.concatenate(parts), words)
    g = Stream(7)
    pairs = np.concatenate([g.random64(n) for n in (1, 15, 16, 1468)])
    np.testing.assert_array_equal(
        pairs, words[::2].astype(np.uint64) << np.uint64(32) | words[1::2]
    )


# -- what the draws rest on


def test_exchange_is_a_loop_of_exchanges():
    rng = np.random.default_rng(0)
    for n in (*range(2, 12), 50, 333):
        target = np.array([rng.integers(i, n) for i in range(n - 1)], np.int64)
        want = list(range(n))
        for i, j in enumerate(target):
            want[i], want[j] = want[j], want[i]
        np.testing.assert_array_equal(exchange(target), want)


def test_large_permutations(monkeypatch):
    monkeypatch.setattr(stream, "_LARGE", 10)
    for n in (10, 11, 200):
        want = list(range(n))
        for i, word in enumerate(Stream(3).random64(n)):
            j = int(word) % (i + 1)
            want[i], want[j] = want[j], want[i]
        g = Stream(3)
        np.testing.assert_array_equal(g.randperm(n), want)
        other = Stream(3)
        other.random64(n)
        assert g.random32(1) == other.random32(1)


def test_fused_rounds_once():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(200)
    for scale, shift in ((1.7, -0.3), (0.1, 5.0), (3.0, 1e-9)):
        want = [float(Fraction(v) * Fraction(scale) + Fraction(shift)) for v in x]
        np.testing.assert_array_equal(normals.fused(x, scale, shift), want)
    assert np.isfinite(normals.fused(x, 1e303, -1e300)).all()


def test_float32_logarithm_and_sines():
    unit = Stream(0).uniform(16000)
    log = normals._log32(np.float32(1) - unit)
    np.testing.assert_allclose(log, np.log(1.0 - unit.astype(float)), rtol=2e-7)
    angle = np.float32(2 * np.pi) * unit
    sine, cosine = normals._sincos32(angle)
    np.testing.assert_allclose(sine, np.sin(angle.astype(float)), atol=1.2e-7)
    np.testing.assert_allclose(cosine, np.cos(angle.astype(float)), atol=1.2e-7)


def test_draws_by_rejection_have_the_right_moments():
    g = Stream(0)
    for rate in (0.5, 4.0, 30.0):
        x = g.poisson(np.full(4000, rate))
        assert abs(x.mean() - rate) < 5 * math.sqrt(rate / 4000)
    for alpha in (0.3, 2.5):
        x = g.standard_gamma(np.full(4000, alpha))
        assert abs(x.mean() - alpha) < 5 * math.sqrt(alpha / 4000)
    for count, p in ((20.0, 0.2), (200.0, 0.7), (1000.0, 0.03)):
        x = g.binomial(np.full(4000, count), p)
        assert abs(x.mean() - count * p) < 5 * math.sqrt(count * p * (1 - p) / 4000)
        assert 0 <= x.min() and x.max() <= count
    np.testing.assert_allclose(g.dirichlet(np.ones((5, 4))).sum(-1), 1)


def test_binomial_at_the_ends():
    never = None  # no uniform is drawn for these
    assert rejection.binomial(10, 0, never) == rejection.binomial(-1, 0.5, never) == 0
    assert rejection.binomial(10, 1.0, never) == 10
    assert math.isnan(rejection.binomial(10, math.nan, never))
    assert rejection._stirling(0) == pytest.approx(1 - 0.5 * math.log(2 * math.pi))


def test_half_precision_never_reaches_the_upper_end():
    for dtype in (np.float16, ml_dtypes.bfloat16):
        x = Stream(0).uniform(20000, -3, -1.7, dtype).astype(float)
        assert x.min() == -3 and x.max() < float(np.asarray(-1.7).astype(dtype))
    assert (Stream(0).uniform(50, 5, 5) == 5).all()


def test_coins_at_the_ends():
    g = Stream(0)
    assert g.bernoulli(0, 50).sum() == 0 and g.bernoulli(1.0, 50).sum() == 50
    mask = g.dropout_mask((64, 64), 0.25)
    assert set(np.unique(mask)) == {np.float32(0), np.float32(1) / np.float32(0.75)}


def test_empty_draws_leave_the_stream_alone():
    g = Stream(9)
    g.normal(3)
    state = g.get_state()
    for x in (
        g.normal((0, 4)),
        g.uniform(0),
        g.log_normal(0),
        g.random((2, 0)),
        g.bernoulli(0.5, 0),
    ):
        assert x.size == 0
    assert g.multinomial(np.ones((0, 3)), 2, True).shape == (0, 2)
    np.testing.assert_array_equal(g.get_state(), state)


# -- errors, in PyTorch's words

ERRORS = [
    (lambda g: g.uniform(3, 3, 1), "a [from, to) range, but found from=3 > to=1"),
    (lambda g: g.uniform(3, 0, math.inf), "to is out of bounds for float"),
    (lambda g: g.uniform(3, math.nan, 1), "from is out of bounds for float"),
    (lambda g: g.uniform(3, 0, 7e4, np.float16), "to is out of bounds for c10::Half"),
    (lambda g: g.uniform(3, -3e38, 3e38), "numeric_limits<Float>::max(), but found to=3e+38 and"),
    (lambda g: g.normal(3, 0, -1), "normal expects std >= 0.0, but found std -1"),
    (lambda g: g.bernoulli(1.5, 3), "bernoulli_ expects p to be in [0, 1], but got p=1.5"),
    (lambda g: g.bernoulli(np.array([2.0])), "Expected p_in >= 0 && p_in <= 1 to be true"),
    (lambda g: g.exponential(3, 0), "exponential_ expects lambda > 0.0, but found lambda=0"),
    (lambda g: g.geometric(3, 1), "geometric_ expects p to be in (0, 1), but got p=1"),
    (lambda g: g.cauchy(3, 0, -1), "cauchy_ expects sigma > 0.0, but found sigma=-1"),
    (lambda g: g.log_normal(3, 0, 0), "log_normal_ expects std > 0.0, but found std=0"),
    (lambda g: g.randint(5, 3, 3), "'from' to be less than 'to', but got from=5 >= to=3"),
    (lambda g: g.random(3, 0, 300, np.uint8), "to - 1 is out of bounds for unsigned char"),
    (lambda g: g.random(3, -1, 3, np.uint8), "from is out of bounds for unsigned char"),
    (lambda g: g.random(3, 0, 3, np.bool_), "to - 1 is out of bounds for bool"),
    (lambda g: g.random(3, 0, 70000, np.float16), "to - 1 is out of bounds for c10::Half"),
    (lambda g: g.random(3, dtype=np.uint32), "\"random_kernel_cpu\" not implemented for 'UInt32'"),
    (lambda g: g.randperm(-1), "Trying to create tensor with negative dimension -1: [-1]"),
    (lambda g: g.multinomial(np.ones(2), 3), "cannot sample n_sample > prob_dist.size(-1) samples"),
    (lambda g: g.multinomial(np.ones(2), 0), "cannot sample n_sample <= 0 samples"),
    (lambda g: g.multinomial(np.ones((2, 2, 2)), 1), "prob_dist must be 1 or 2 dim"),
    (lambda g: g.multinomial(np.array([1.0, -2]), 1), "either `inf`, `nan` or element < 0"),
    (lambda g: g.multinomial(np.array([1.0, -2]), 3, True), "(encountering probability entry < 0)"),
    (
        lambda g: g.multinomial(np.array([1, np.inf]), 3, True),
        "probability entry = infinity or NaN",
    ),
    (lambda g: g.multinomial(np.zeros(2), 3, True), "(sum of probabilities <= 0)"),
    (
        lambda g: g.poisson(np.array([-1.0])),
        "invalid Poisson rate, expected rate to be non-negativ",
    ),
]


@pytest.mark.parametrize("call, message", ERRORS, ids=[message for _, message in ERRORS])
def test_errors(call, message):
    g = Stream(0)
    with pytest.raises((RuntimeError, NotImplementedError)) as error:
        call(g)
    assert message in str(error.value)
    np.testing.assert_array_equal(g.get_state(), Stream(0).get_state())

"""Sweeps over the float32 numbers, and over float64 samples, against wider arithmetic."""

import ctypes
import math as python_math

import numpy as np
import pytest

from taper.backends.llvm import math
from taper.backends.llvm.emit import Unit
from taper.backends.llvm.jit import Jit
from taper.backends.llvm.target import host_levels, target
from taper.backends.llvm.values import F32, F64, I64, PTR

WIDE = np.longdouble
P, N = ctypes.c_void_p, ctypes.c_int64
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, np.inf, -np.inf, np.nan, 2.5]


def compiled(name, element, level="native", inputs=1):
    t = target(level)
    lanes = t.lanes(element.bits)
    unit = Unit(t)
    b = unit.function("f", [PTR] * (inputs + 1) + [I64])

    def turn(i):
        xs = [b.load(element.by(lanes), p, i) for p in b.args[:inputs]]
        b.store(getattr(math, name)(b, *xs), b.args[inputs], i)

    b.loop(b.args[-1], turn, step=lanes)
    b.ret()
    f = Jit(t).load(unit.text(), "f").function("f", *[P] * (inputs + 1), N)

    def call(*xs):
        count = len(xs[0])
        padded = [np.resize(x, count + -count % lanes) for x in xs]
        y = np.empty_like(padded[0])
        f(*(x.ctypes.data for x in padded), y.ctypes.data, len(y))
        return y[:count]

    return call


def errors(got, want):
    """Distance in units in the last place of `got`'s type; infinite where the kind differs."""
    about = np.finfo(got.dtype)
    with np.errstate(all="ignore"):
        rounded = want.astype(got.dtype)
        _, exponent = np.frexp(want)
        floor = about.minexp - about.nmant
        unit = np.ldexp(np.ones_like(want), np.maximum(exponent - 1 - about.nmant, floor))
        error = (np.abs(got.astype(want.dtype) - want) / unit).astype(float)
        error[~np.isfinite(want)] = np.inf
        error[(got == rounded) & ~np.isfinite(error)] = 0
        error[np.isnan(got) & np.isnan(rounded)] = 0
        error[np.isnan(error)] = np.inf
        error[(got == 0) & (rounded == 0) & (np.signbit(got) != np.signbit(rounded))] = np.inf
    return error


def check(call, reference, xs, limit, name):
    with np.errstate(all="ignore"):
        error = errors(call(*xs), reference(*(x.astype(WIDE) for x in xs)))
    worst = int(np.argmax(error))
    assert error[worst] <= limit, f"{name}{tuple(x[worst] for x in xs)} is {error[worst]:.3g} off"


def every_float32(stride):
    """Each `stride`-th bit pattern: all signs, exponents, subnormals, NaN."""
    bits = np.arange(0, 2**32, stride, dtype=np.uint64).astype(np.uint32)
    return np.concatenate([np.array(SPECIAL, "float32"), bits.view("float32")])


def float64_samples():
    rng = np.random.default_rng(1)
    n = 20_000
    return np.concatenate(
        [
            SPECIAL,
            [5e-324, -5e-324, 1.7976931348623157e308, 709.0, -745.0, 1e22, 2.0**60],
            rng.integers(0, 2**64, n, dtype=np.uint64).view("float64"),
            rng.normal(size=n) * 3,
            rng.uniform(-1.1, 1.1, n),
            rng.uniform(-750, 750, n),
            rng.uniform(-2e6, 2e6, n),
            10 ** rng.uniform(-20, 10, n),
            1 + rng.normal(size=n) * 1e-3,
        ]
    )


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


# name: what it means, the limit in float32 and in float64
NUMPY = {
    "exp": (np.exp, 1, 1),
    "exp2": (np.exp2, 1, 1.1),
    "expm1": (np.expm1, 1.1, 1.2),
    "log": (np.log, 1, 1),
    "log2": (np.log2, 0.6, 1),
    "log10": (np.log10, 0.6, 1),
    "log1p": (np.log1p, 1, 1),
    "sigmoid": (sigmoid, 2, 2.1),
    "tanh": (np.tanh, 1.5, 2.5),
    "sinh": (np.sinh, 0.6, 2.2),
    "cosh": (np.cosh, 0.6, 1.5),
    "asinh": (np.arcsinh, 0.6, 2),
    "acosh": (np.arccosh, 0.6, 2.2),
    "atanh": (np.arctanh, 0.6, 2),
    "sin": (np.sin, 1.6, 1.4),
    "cos": (np.cos, 1.6, 1.4),
    "tan": (np.tan, 0.6, 2.6),
    "asin": (np.arcsin, 0.6, 2),
    "acos": (np.arccos, 0.6, 1.2),
    "atan": (np.arctan, 0.6, 2),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 1.5, 1.5),
}


@pytest.mark.parametrize("name", NUMPY)
def test_float32_over_the_whole_range(name):
    reference, limit, _ = NUMPY[name]
    double = lambda x: reference(x.astype("float64"))
    check(compiled(name, F32), double, [every_float32(2003)], limit, name)


@pytest.mark.parametrize("level", host_levels()[1:])
@pytest.mark.parametrize("name", NUMPY)
def test_float32_on_lesser_processors(name, level):
    reference, limit, _ = NUMPY[name]
    double = lambda x: reference(x.astype("float64"))
    check(compiled(name, F32, level), double, [every_float32(100_003)], limit, name)


@pytest.mark.skipif(np.finfo(WIDE).nmant <= 52, reason="needs a long double wider than a double")
@pytest.mark.parametrize(
    "level", ["native", host_levels()[-1], host_levels()[len(host_levels()) > 1]]
)
@pytest.mark.parametrize("name", NUMPY)
def test_float64(name, level):
    reference, _, limit = NUMPY[name]
    check(compiled(name, F64, level), reference, [float64_samples()], limit, name)


def pairs(element, count):
    rng = np.random.default_rng(2)
    x, y = (a.ravel() for a in np.meshgrid(SPECIAL, [*SPECIAL, 1e30, -1e30, 16777217.0]))
    bases = np.concatenate([np.exp(rng.normal(size=count) * s) for s in (8, 0.1, 0.001)])
    bases[::5] *= -1
    powers = np.concatenate([rng.normal(size=count) * s for s in (20, 2000, 200_000)])
    powers[::3] = np.round(powers[::3])
    return [np.concatenate(v).astype(element) for v in ((x, bases), (y, powers))]


@pytest.mark.parametrize("level", host_levels())
@pytest.mark.parametrize("name, reference", [("pow", np.power), ("atan2", np.arctan2)])
def test_two_arguments(name, reference, level):
    double = lambda x, y: reference(x.astype("float64"), y.astype("float64"))
    check(compiled(name, F32, level, 2), double, pairs("float32", 50_000), 0.6, name)
    limit = 1 if name == "pow" else 2
    if np.finfo(WIDE).nmant > 52:
        check(compiled(name, F64, level, 2), reference, pairs("float64", 50_000), limit, name)


def psi(x):
    """The digamma function in the widest floats: shifted past 40, then its asymptotic series."""
    positive = np.where(x > 0, x, 1 - x)
    shift = np.zeros_like(positive)
    y = positive.copy()
    for _ in range(40):
        shift += np.where(y < 40, 1 / y, 0)
        y = np.where(y < 40, y + 1, y)
    z = 1 / (y * y)
    series = z * (1 / WIDE(12) - z * (1 / WIDE(120) - z * (1 / WIDE(252) - z / WIDE(240))))
    value = np.log(y) - 1 / (2 * y) - series - shift
    pi = 4 * np.arctan(WIDE(1))
    return np.where(x > 0, value, value - pi / np.tan(pi * (x - np.round(x))))


def each(function):
    return lambda x: np.array([function(float(v)) for v in x])


ERROR_RANGE = {"erf": (-6, 6), "erfc": (-6, 27)}


@pytest.mark.parametrize("level", host_levels())
@pytest.mark.parametrize("name", ["erf", "erfc"])
def test_error_functions(name, level):
    reference = each(getattr(python_math, name))
    rng = np.random.default_rng(3)
    x = np.concatenate([SPECIAL, rng.uniform(*ERROR_RANGE[name], 20_000), rng.normal(size=5000)])
    x = np.concatenate([x, 10 ** rng.uniform(-300, 2, 5000)])
    check(compiled(name, F32, level), reference, [x.astype("float32")], 1.1, name)
    check(compiled(name, F64, level), reference, [x], 4, name)  # of which 1 is the C library's


@pytest.mark.parametrize("level", host_levels())
def test_erfinv_inverts(level):
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.uniform(-1, 1, 5000), 1 - 10 ** rng.uniform(-15, -1, 2000)])
    x = np.concatenate([x, 10 ** rng.uniform(-200, 0, 2000)])
    y = compiled("erfinv", F64, level)(x)
    left = [
        python_math.erf(b) - a
        if abs(a) < 0.5
        else np.sign(a) * (1 - abs(a) - python_math.erfc(abs(b)))
        for a, b in zip(x, y)
    ]
    slope = np.exp(-y * y) * 2 / np.sqrt(np.pi)
    assert np.max(np.abs(left / slope) / np.spacing(np.abs(y))) < 4
    single = compiled("erfinv", F32, level)(x.astype("float32"))
    wide = compiled("erfinv", F64, level)(x.astype("float32").astype("float64"))
    assert np.array_equal(single, wide.astype("float32"))
    ends = compiled("erfinv", F32, level)(np.array([1, -1, 1.5, np.nan, -0.0], "float32"))
    assert np.array_equal(
        ends, np.array([np.inf, -np.inf, np.nan, np.nan, 0], "float32"), equal_nan=True
    )
    assert np.signbit(ends[-1])


def log_gamma(x):
    if np.isinf(x):
        return np.inf
    return np.inf if x <= 0 and x == np.floor(x) else python_math.lgamma(x)


@pytest.mark.parametrize("level", host_levels())
def test_lgamma(level):
    rng = np.random.default_rng(5)
    x = np.concatenate([SPECIAL, rng.uniform(-20, 40, 20_000), 10 ** rng.uniform(-30, 30, 5000)])
    check(compiled("lgamma", F32, level), each(log_gamma), [x.astype("float32")], 0.7, "lgamma")
    want = each(log_gamma)(x)
    finite = np.isfinite(want)
    got = compiled("lgamma", F64, level)(x)
    assert np.array_equal(got[~finite], want[~finite], equal_nan=True)
    size = np.maximum(np.abs(want), 1)[finite]
    assert np.max(np.abs(got[finite] - want[finite]) / size) < 2e-15


@pytest.mark.skipif(np.finfo(WIDE).nmant <= 52, reason="needs a long double wider than a double")
@pytest.mark.parametrize("level", host_levels())
def test_digamma(level):
    rng = np.random.default_rng(6)
    x = np.concatenate([rng.uniform(-20, 40, 20_000), 10 ** rng.uniform(-30, 30, 5000)])
    single = x.astype("float32")
    single = single[single != np.round(single)]
    check(compiled("digamma", F32, level), psi, [single], 0.7, "digamma")
    x = x[x != np.round(x)]
    want, got = psi(x.astype(WIDE)), compiled("digamma", F64, level)(x)
    assert np.max(np.abs(got - want) / np.maximum(np.abs(want), 1)) < 1e-13
    ends = compiled("digamma", F32, level)(np.array([0.0, -0.0, -1, np.inf, -np.inf, np.nan], "f4"))
    expected = [-np.inf, np.inf, np.nan, np.inf, np.nan, np.nan]
    assert np.array_equal(ends, np.array(expected, "f4"), equal_nan=True)


@pytest.mark.parametrize("element, dtype", [(F32, "float32"), (F64, "float64")])
@pytest.mark.parametrize("name", ["exp", "log", "tanh", "sin", "erf", "pow"])
def test_scalars_and_vectors_give_the_same_bits(name, element, dtype):
    t = target()
    lanes, inputs = t.lanes(element.bits), 2 if name == "pow" else 1
    unit = Unit(t)
    b = unit.function("f", [PTR] * 3)
    for n, at in ((lanes, 0), (1, lanes)):
        xs = [b.load(element.by(n), p) for p in b.args[:inputs]]
        b.store(getattr(math, name)(b, *xs), b.args[2], at)
    b.ret()
    f = Jit(t).load(unit.text(), "f").function("f", P, P, P)
    rng = np.random.default_rng(7)
    for scale in (0.3, 3, 1e7):
        x, y = np.abs(rng.normal(size=(2, lanes)) * scale).astype(dtype)
        out = np.empty(lanes + 1, dtype)
        f(x.ctypes.data, y.ctypes.data, out.ctypes.data)
        assert out[0].tobytes() == out[lanes].tobytes()

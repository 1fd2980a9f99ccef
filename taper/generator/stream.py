"""A position in PyTorch's random sequence, and the draws that move it on.

A `Stream` seeded like PyTorch gives PyTorch's numbers in PyTorch's order, so that a program starts
from the same weights and sees the same batches. The 32-bit words come from numpy's mt19937, which
runs the same recurrence (Matsumoto and Nishimura 1998) from the same `init_genrand` seeding; what
this module adds is how many words each kind of draw takes, and the arithmetic that follows.

Integers, uniforms and float32 normals come out bit for bit, since they rest on additions and
products alone. Whatever needs a logarithm or a sine in float64 takes numpy's, which may differ
from another mathematics library in the last place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike

from . import checks, rejection
from .normals import box_muller32, box_muller64, fused
from .permutation import exchange

DEFAULT_SEED = 67280421310721

Shape = int | Sequence[int]

_CHUNK = 16384  # elements handled at a time, so that the intermediate arrays stay in the cache
_WORDS = 624
_WIDE = 1 << 28  # integer ranges from here on take 64 bits a draw, which keeps `%` unbiased
_LARGE = ((1 << 32) - 1) // 20  # permutations from here on take 64 bits a draw
_MASK24 = np.uint32((1 << 24) - 1)
_MASK53 = np.uint64((1 << 53) - 1)
_UNIT24 = np.float32(2.0**-24)
_UNIT53 = 2.0**-53

_STATE = np.dtype(
    [
        ("seed", "<u8"),
        ("left", "<i4"),
        ("seeded", "<i4"),
        ("next", "<u8"),
        ("words", "<u8", _WORDS),
        ("normal_x", "<f8"),
        ("normal", "<f8"),
        ("normal_rho", "<f8"),
        ("has_normal", "<i4"),
        ("gap", "<i4"),
        ("float_normal", "<f4"),
        ("has_float_normal", "u1"),
        ("end", "u1", 3),
    ]
)
assert _STATE.itemsize == 5056


class Stream:
    """One generator: a position in an mt19937 sequence, and the draws that move it on.

    Every draw returns a fresh, C-contiguous numpy array. Shapes are an int or a sequence of ints;
    dtypes are anything `np.dtype` accepts, with bfloat16 as ml_dtypes registers it.
    """

    def __init__(self, seed: int = DEFAULT_SEED) -> None:
        self._bits = np.random.MT19937(0)
        self._source = np.random.RandomState(self._bits)
        self.seed(seed)

    # -- seed and state

    def seed(self, seed: int) -> None:
        """Start again from `seed`, of which the low 32 bits decide the numbers.

        Negative seeds count from 2**64 down. ValueError outside [-2**63, 2**64).
        """
        if not -(1 << 63) <= seed < 1 << 64:
            raise ValueError("Overflow when unpacking long long")
        self._seed = int(seed) & 0xFFFFFFFFFFFFFFFF
        self._source.seed(self._seed & 0xFFFFFFFF)
        self._normal: float | None = None
        self._float_normal: float | None = None

    def initial_seed(self) -> int:
        """The seed the stream was started from, as a number in [0, 2**64)."""
        return self._seed

    def get_state(self) -> np.ndarray:
        """The position as 5056 bytes (uint8), laid out like PyTorch's CPU generator state."""
        inner = self._bits.state["state"]
        words, position = inner["key"], int(inner["pos"])
        state = np.zeros((), _STATE)
        state["seed"] = self._seed
        state["seeded"] = 1
        state["words"] = words
        if position == _WORDS:
            fresh = np.random.RandomState(self._seed & 0xFFFFFFFF).get_state(legacy=False)
            started = not np.array_equal(words, fresh["state"]["key"])
            state["left"], state["next"] = 1, _WORDS if started else 0
        else:
            state["left"], state["next"] = _WORDS + 1 - position, position
        if self._normal is not None:
            state["normal"], state["has_normal"] = self._normal, 1
        if self._float_normal is not None:
            state["float_normal"], state["has_float_normal"] = self._float_normal, 1
        return np.frombuffer(bytearray(state.tobytes()), np.uint8)

    def set_state(self, state: ArrayLike) -> None:
        """Continue from `state`, the bytes of `get_state` or of PyTorch's `get_rng_state`.

        TypeError unless it is uint8; RuntimeError for a wrong size or contents.
        """
        data = np.asarray(state)
        if data.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if data.size != _STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {_STATE.itemsize} "
                f"but found the input RNG state size to be {data.size}"
            )
        given = np.frombuffer(data.tobytes(), _STATE)[0]
        left, position = int(given["left"]), int(given["next"])
        if not given["seeded"] or not 0 < left <= _WORDS or position > _WORDS:
            raise RuntimeError("Invalid mt19937 state")
        self._seed = int(given["seed"])
        words = given["words"].astype(np.uint32)
        position = _WORDS if left == 1 else position
        self._bits.state = {
            "bit_generator": "MT19937",
            "state": {"key": words, "pos": position},
        }
        self._normal = float(given["normal"]) if given["has_normal"] else None
        self._float_normal = float(given["float_normal"]) if given["has_float_normal"] else None

    # -- raw draws

    def random32(self, n: int) -> np.ndarray:
        """The next `n` words, as uint32."""
        if n < 16:  # the general call costs more than these few words do
            return self._bits.random_raw(n).astype(np.uint32)
        return self._source.randint(0, 1 << 32, n, np.uint32)

    def random64(self, n: int) -> np.ndarray:
        """The next 2n words as `n` numbers in uint64, the earlier word of each pair on top."""
        if n < 16:
            words = self._bits.random_raw(2 * n).reshape(n, 2)
            return words[:, 0] << np.uint64(32) | words[:, 1]
        return self._source.randint(0, 1 << 64, n, np.uint64)

    def _unit32(self, n: int) -> np.ndarray:
        """`n` float32 in [0, 1): the low 24 bits of one word each."""
        words = self.random32(n)
        words &= _MASK24
        unit = words.view(np.int32).astype(np.float32)
        unit *= _UNIT24
        return unit

    def _unit64(self, n: int) -> np.ndarray:
        """`n` float64 in [0, 1): the low 53 bits of two words each."""
        words = self.random64(n)
        words &= _MASK53
        unit = words.view(np.int64).astype(np.float64)
        unit *= _UNIT53
        return unit

    def _scalar(self) -> float:
        """One number of `_unit64`, for the draws whose count depends on what comes out."""
        raw = self._bits.random_raw
        high = raw()
        return ((high << 32 | raw()) & 0x1FFFFFFFFFFFFF) * _UNIT53

    def _from_unit64(
        self, shape: Shape, dtype: DTypeLike, transform: Callable[[np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """`transform` of one float64 uniform for each element."""
        out = np.empty(shape, dtype)
        flat = out.reshape(-1)
        for part in _chunks(flat.size):
            _store(flat[part], transform(self._unit64(part.stop - part.start)))
        return out

    # -- uniform and normal

    def uniform(
        self, shape: Shape, low: float = 0.0, high: float = 1.0, dtype: DTypeLike = np.float32
    ) -> np.ndarray:
        """Numbers from [low, high): 24 random bits each, or 53 in float64.

        Half precision rounds the float32 number; one that reaches `high` by rounding becomes `low`.
        RuntimeError if `low` exceeds `high`, or they do not fit the dtype.
        """
        dtype = np.dtype(dtype)
        checks.bounds(low, high, dtype)
        out = np.empty(shape, dtype)
        flat = out.reshape(-1)
        wide = dtype.itemsize == 8
        draw, exact = (self._unit64, np.float64) if wide else (self._unit32, np.float32)
        bottom, top = exact(low), exact(high)
        start, width = float(bottom), float(top - bottom)
        bottom, top = bottom.astype(dtype), top.astype(dtype)
        standard = start == 0 and width == 1
        for part in _chunks(flat.size):
            here = flat[part]
            unit = draw(here.size)
            if wide:
                unit = fused(unit, width, start)
            elif not standard:
                unit = unit.astype(np.float64) * width + start
            _store(here, unit)
            if not standard or dtype.itemsize == 2:  # else no rounding reaches 1
                here[here >= top] = bottom
        return out

    def normal(
        self,
        shape: Shape,
        mean: float = 0.0,
        std: float = 1.0,
        dtype: DTypeLike = np.float32,
        contiguous: bool = True,
    ) -> np.ndarray:
        """Normal numbers by Box and Muller (1958).

        From 16 elements on they are made in blocks of 16, eight radii with eight angles, and a last
        block covers what is left over by replacing the final 16. Fewer elements, and the elements
        of a tensor that is not `contiguous`, are made one by one in float64: every second one is
        the sine kept from the one before, also from call to call. RuntimeError if `std` < 0.
        """
        if not std >= 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
        dtype = np.dtype(dtype)
        out = np.empty(shape, dtype)
        flat = out.reshape(-1)
        n = flat.size
        if n < 16 or not contiguous:
            _store(flat, fused(self._normals(n), std, mean))
            return out
        blocks, rest = divmod(n, 16)
        draw, convert = self._unit32, box_muller32
        if dtype.itemsize == 8:
            draw, convert = self._unit64, box_muller64
        for part in _chunks(blocks * 16):
            _store(flat[part], convert(draw(part.stop - part.start), mean, std))
        if rest:
            if dtype.itemsize != 2:  # half precision draws none for the elements left over
                draw(rest)
            _store(flat[-16:], convert(draw(16), mean, std))
        return out

    def _normals(self, n: int) -> np.ndarray:
        """`n` standard normals in float64, in pairs, of which the odd one out is kept for later."""
        kept = [] if self._normal is None or n == 0 else [self._normal]
        pairs = (n - len(kept) + 1) // 2
        unit = self._unit64(2 * pairs).reshape(pairs, 2)
        radius = np.sqrt(-2.0 * np.log1p(-unit[:, 1]))
        angle = (2.0 * np.pi) * unit[:, 0]
        made = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)
        values = np.concatenate([kept, made])
        if n:
            self._normal = float(values[n]) if values.size > n else None
        return values[:n]

    def _one_normal(self) -> float:
        """The next number of `_normals`."""
        if self._normal is not None:
            value, self._normal = self._normal, None
            return value
        angle = 2.0 * math.pi * self._scalar()
        radius = math.sqrt(-2.0 * math.log1p(-self._scalar()))
        self._normal = radius * math.sin(angle)
        return radius * math.cos(angle)

    def log_normal(
        self, shape: Shape, mean: float = 1.0, std: float = 2.0, dtype: DTypeLike = np.float32
    ) -> np.ndarray:
        """exp of normals with `mean` and `std`, made one by one. RuntimeError unless `std` > 0."""
        if not std > 0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
        out = np.empty(shape, dtype)
        with np.errstate(over="ignore"):
            _store(out.reshape(-1), np.exp(fused(self._normals(out.size), std, mean)))
        return out

    # -- integers

    def random(
        self,
        shape: Shape,
        low: int | None = None,
        high: int | None = None,
        dtype: DTypeLike = np.int64,
    ) -> np.ndarray:
        """Whole numbers from [low, high), as `random_`, `randint` draw them.

        Without `high`, up to the largest number of the dtype (for floats: up to where whole numbers
        stop being exact). RuntimeError for an empty range, or one outside the dtype.
        """
        dtype = np.dtype(dtype)
        largest = checks.largest_whole(dtype)
        if high is None and low is None:
            checks.has_random(dtype)
            low, high, wide = 0, largest + 1, dtype.itemsize == 8
        else:
            low = 0 if low is None else low
            high = largest + 1 if high is None else high
            checks.whole_range(low, high, dtype)
            wide = high - low >= _WIDE
        out = np.empty(shape, dtype)
        flat = out.reshape(-1)
        span = high - low
        for part in _chunks(flat.size):
            here = flat[part]
            drawn = self.random64(here.size) if wide else self.random32(here.size)
            if span < 1 << 64:
                drawn -= drawn // drawn.dtype.type(span) * drawn.dtype.type(span)
                drawn = drawn.view(np.int64) if wide else drawn.astype(np.int64)
                drawn += low
            _store(here, drawn)
        return out

    def randint(self, low: int, high: int, shape: Shape, dtype: DTypeLike = np.int64) -> np.ndarray:
        """Whole numbers from [low, high)."""
        return self.random(shape, low, high, dtype)

    def randperm(self, n: int, dtype: DTypeLike = np.int64) -> np.ndarray:
        """The numbers 0 to n - 1 in random order, by the exchanges of Fisher and Yates."""
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
        if n < 2:
            return np.arange(n, dtype=dtype)
        if n >= _LARGE:
            return self._large_permutation(n).astype(dtype)
        steps = np.arange(n - 1)
        target = steps + self.random32(n - 1) % (n - steps).astype(np.uint32)
        return exchange(target).astype(dtype)

    def _large_permutation(self, n: int) -> np.ndarray:
        """The same with 64 bits a draw, and each place exchanged with one before it.

        The exchanges run backwards give the inverse permutation, and counting places from the end
        turns them into exchanges with a later place.
        """
        other = self.random64(n) % np.arange(1, n + 1, dtype=np.uint64)
        mirrored = exchange(n - 1 - other[:0:-1].astype(np.int64))
        order = np.empty(n, np.int64)
        order[n - 1 - mirrored[::-1]] = np.arange(n)
        return order

    # -- coins

    def bernoulli(
        self, p: ArrayLike, shape: Shape | None = None, dtype: DTypeLike = np.float32
    ) -> np.ndarray:
        """1 with probability `p`, else 0.

        A scalar `p` with a `shape` takes two words an element; an array `p` (whose shape counts)
        takes one, or two in float64. RuntimeError for a `p` outside [0, 1].
        """
        if shape is None:
            return self._bernoulli_each(np.asarray(p), dtype)
        p = float(p)  # type: ignore[arg-type]
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        out = np.empty(shape, dtype)
        flat = out.reshape(-1)
        limit = np.uint64(math.ceil(p * 2.0**53))
        for part in _chunks(flat.size):
            words = self.random64(part.stop - part.start)
            words &= _MASK53
            flat[part] = words < limit
        return out

    def _bernoulli_each(self, p: np.ndarray, dtype: DTypeLike) -> np.ndarray:
        if not ((p >= 0) & (p <= 1)).all():
            raise RuntimeError(
                "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error "
                "message be improved?  If so, please report an enhancement request to PyTorch.)"
            )
        draw = self._unit64 if p.dtype.itemsize == 8 else self._unit32
        hit = draw(p.size).reshape(p.shape) < p.astype(np.float64)
        return hit.astype(dtype)

    def dropout_mask(self, shape: Shape, p: float, dtype: DTypeLike = np.float32) -> np.ndarray:
        """What `dropout(p)` in training multiplies its input by: 0, or 1 / (1 - p).

        `p` must be in [0, 1); for p = 1 and p = 0 dropout draws nothing.
        """
        mask = self.bernoulli(1.0 - p, shape, dtype)
        exact = np.float64 if mask.itemsize == 8 else np.float32
        mask *= (exact(1) / exact(1.0 - p)).astype(mask.dtype)
        return mask

    # -- other distributions

    def exponential(
        self, shape: Shape, rate: float = 1.0, dtype: DTypeLike = np.float32
    ) -> np.ndarray:
        """Exponential numbers, -log(1 - u) / rate. RuntimeError unless `rate` > 0."""
        if not rate > 0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
        return self._from_unit64(shape, dtype, lambda u: (-1.0 / rate) * np.log1p(-u))

    def geometric(self, shape: Shape, p: float, dtype: DTypeLike = np.float32) -> np.ndarray:
        """Trials up to the first success, ceil(log(u) / log(1 - p)). RuntimeError unless 0<p<1."""
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
        scale = math.log1p(-p)
        with np.errstate(divide="ignore"):
            return self._from_unit64(shape, dtype, lambda u: np.ceil(np.log(u) / scale))

    def cauchy(
        self, shape: Shape, median: float = 0.0, sigma: float = 1.0, dtype: DTypeLike = np.float32
    ) -> np.ndarray:
        """Cauchy numbers, median + sigma tan(pi (u - 1/2)). RuntimeError unless `sigma` > 0."""
        if not sigma > 0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
        return self._from_unit64(
            shape, dtype, lambda u: fused(np.tan(np.pi * (u - 0.5)), sigma, median)
        )

    def multinomial(self, probs: ArrayLike, n: int, replacement: bool = False) -> np.ndarray:
        """`n` categories for each row of `probs` (1 or 2 dimensions), as int64.

        Rows need not sum to one. Without replacement, and for one sample, the categories with the
        largest p / e, e exponential (Efraimidis and Spirakis 2006); otherwise by inverting the
        cumulated probabilities. RuntimeError for bad counts or probabilities.
        """
        probs = np.asarray(probs)
        if probs.ndim not in (1, 2):
            raise RuntimeError("prob_dist must be 1 or 2 dim")
        if n <= 0:
            raise RuntimeError("cannot sample n_sample <= 0 samples")
        if not replacement and n > probs.shape[-1]:
            raise RuntimeError(
                "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
            )
        checks.probabilities(probs, invert=replacement and n > 1)
        if replacement and n > 1:
            return self._multinomial_inverted(probs, n)
        noise = self.exponential(probs.shape, 1.0, probs.dtype)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            score = probs / noise
        if n == 1:
            return score.argmax(-1)[..., None]
        return np.argsort(-score, axis=-1, kind="stable")[..., :n].copy()

    def _multinomial_inverted(self, probs: np.ndarray, n: int) -> np.ndarray:
        rows = probs.reshape(-1, probs.shape[-1])
        total = np.cumsum(rows, axis=1, dtype=np.float32 if rows.itemsize < 8 else np.float64)
        total /= total[:, -1:].copy()
        total[:, -1] = 1
        unit = self._unit64(len(rows) * n).reshape(len(rows), n)
        out = np.empty(unit.shape, np.int64)
        for i, row in enumerate(total.astype(np.float64)):
            out[i] = np.searchsorted(row, unit[i])
        return out.reshape(*probs.shape[:-1], n)

    def poisson(self, rate: ArrayLike) -> np.ndarray:
        """Poisson counts for each rate, in the dtype of `rate`. RuntimeError for a rate below 0."""
        rate = np.asarray(rate)
        if not (rate >= 0).all():
            raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
        drawn = [rejection.poisson(x, self._scalar) for x in rejection.floats(rate)[0]]
        return np.array(drawn, np.float64).astype(rate.dtype).reshape(rate.shape)

    def standard_gamma(self, alpha: ArrayLike) -> np.ndarray:
        """Gamma numbers of shape `alpha` and rate 1, in the dtype of `alpha`, never quite zero."""
        alpha = np.asarray(alpha)
        drawn = rejection.gammas(alpha, self._scalar, self._one_normal).astype(alpha.dtype)
        return np.maximum(drawn, np.finfo(alpha.dtype).tiny)

    def dirichlet(self, alpha: ArrayLike) -> np.ndarray:
        """Dirichlet numbers over the last axis: gamma numbers divided by their sum."""
        alpha = np.asarray(alpha)
        drawn = rejection.gammas(alpha.astype(np.float64), self._scalar, self._one_normal)
        share = (drawn / drawn.sum(-1, keepdims=True)).astype(alpha.dtype)
        one = alpha.dtype.type(1)
        return np.clip(share, np.finfo(alpha.dtype).tiny, np.nextafter(one, 0 * one))

    def binomial(self, count: ArrayLike, p: ArrayLike) -> np.ndarray:
        """Successes in `count` trials of probability `p` (broadcast), in the dtype of `count`."""
        count, p = np.broadcast_arrays(count, p)
        pairs = zip(*rejection.floats(count, p))
        drawn = [rejection.binomial(n, q, self._scalar) for n, q in pairs]
        return np.array(drawn, np.float64).astype(count.dtype).reshape(count.shape)


def _chunks(n: int) -> Iterator[slice]:
    """The slices of at most _CHUNK elements that cover `n`."""
    for start in range(0, n, _CHUNK):
        yield slice(start, min(start + _CHUNK, n))


def _store(out: np.ndarray, values: np.ndarray) -> None:
    """Put `values` into `out`, rounding to half precision by way of float32 as PyTorch does."""
    if out.dtype.kind in "iu":
        out[...] = values.astype(np.int64)
    elif out.itemsize == 2:
        with np.errstate(over="ignore"):
            out[...] = values.astype(np.float32).astype(out.dtype)
    else:
        out[...] = values

"""Random numbers: generators, seeds, and tensors drawn from PyTorch's own stream."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .. import devices, dtypes
from ..calls import apply, check_writable, write_node, write_out
from ..devices import device
from ..dtypes import dtype
from ..generator import DEFAULT_SEED, Stream
from ..ir.build import ops
from ..ir.node import Node
from ..tape import tape
from ..tensor import Tensor, formatting_name
from .common import sizes
from .creation import from_array

__all__ = ["Generator", "bernoulli", "binomial", "default_generator", "get_rng_state"]
__all__ += ["initial_seed", "manual_seed", "multinomial", "normal", "poisson", "rand", "rand_like"]
__all__ += ["randint", "randint_like", "randn", "randn_like", "randperm", "seed", "set_rng_state"]


class Generator:
    """A random stream of its own, seeded like PyTorch's."""

    def __init__(self, device: Any = "cpu") -> None:
        self.stream = Stream(DEFAULT_SEED)
        self._device = devices.device(device)

    @property
    def device(self) -> device:
        """The device the numbers are for; all are drawn on the CPU."""
        return self._device

    def manual_seed(self, seed: int) -> Generator:
        """Start again from a seed."""
        self.stream.seed(_seed_number(seed))
        return self

    def seed(self) -> int:
        """Start again from a seed the system chooses; returns it."""
        found = int.from_bytes(os.urandom(7), "little") >> 3
        self.stream.seed(found)
        return found

    def initial_seed(self) -> int:
        """The seed the stream was started from."""
        return self.stream.initial_seed()

    def get_state(self) -> Tensor:
        """The state of the stream as a ByteTensor, in PyTorch's layout."""
        return from_array(self.stream.get_state())

    def set_state(self, new_state: Tensor) -> None:
        """Continue from a state that `get_state` gave."""
        if not isinstance(new_state, Tensor) or new_state.dtype is not dtypes.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        self.stream.set_state(np.array(new_state.detach()._array()))

    def clone_state(self) -> Generator:
        """Another generator at the same place of its stream."""
        out = Generator(self._device)
        out.set_state(self.get_state())
        return out

    def __reduce__(self) -> tuple:
        return _restored, (self._device, self.get_state().numpy())


def _restored(where: device, state: np.ndarray) -> Generator:
    out = Generator(where)
    out.stream.set_state(state)
    return out


def _seed_number(seed: Any) -> int:
    number = int(seed)
    if not -(2**63) <= number < 2**64:
        raise RuntimeError("Overflow when unpacking long long")
    return number % 2**64


default_generator = Generator()


def stream(generator: Generator | None = None) -> Stream:
    """The stream that a `generator=` argument names."""
    return (default_generator if generator is None else generator).stream


def manual_seed(seed: int) -> Generator:
    """Start the default stream again from a seed."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Start the default stream again from a seed the system chooses; returns it."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed the default stream was started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the default stream."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Continue the default stream from a state."""
    default_generator.set_state(new_state)


# ---------------------------------------------------------------- new tensors
def _placed(array: np.ndarray, device: Any, requires_grad: bool, out: Tensor | None) -> Tensor:
    found = from_array(array, devices.resolve(device))
    if out is not None:
        return write_out(out, found)
    return found.requires_grad_(True) if requires_grad else found


def _floating(kind: dtype | None, out: Tensor | None, name: str) -> dtype:
    kind = kind or (out.dtype if out is not None else dtypes.get_default())
    if not kind.inexact:
        raise RuntimeError(f"\"{name}\" not implemented for '{formatting_name(kind)}'")
    return kind


def _shape(size: tuple) -> tuple[int, ...]:
    shape = sizes(size)
    for n in shape:
        if n < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {n}: {list(shape)}"
            )
    return tuple(int(n) for n in shape)


def _complex(draw: Any, shape: tuple[int, ...], kind: dtype, scale: float = 1.0) -> np.ndarray:
    parts = draw((*shape, 2), kind.to_real()) * np.asarray(scale, kind.to_real().array)
    return np.ascontiguousarray(parts).view(kind.array).reshape(shape)


def _uniform(s: Stream, shape: tuple[int, ...], kind: dtype) -> np.ndarray:
    if kind.is_complex:
        return _complex(lambda n, k: s.uniform(n, dtype=k.array), shape, kind)
    return s.uniform(shape, dtype=kind.array)


def _normal(s: Stream, shape: tuple[int, ...], kind: dtype) -> np.ndarray:
    if kind.is_complex:
        return _complex(lambda n, k: s.normal(n, dtype=k.array), shape, kind, 2**-0.5)
    return s.normal(shape, dtype=kind.array)


def rand(
    *size: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    names: Any = None,
) -> Tensor:
    """Uniform numbers of [0, 1)."""
    kind = _floating(dtype, out, "check_uniform_bounds")
    return _placed(_uniform(stream(generator), _shape(size), kind), device, requires_grad, out)


def randn(
    *size: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    names: Any = None,
) -> Tensor:
    """Standard normal numbers."""
    kind = _floating(dtype, out, "normal_kernel_cpu")
    return _placed(_normal(stream(generator), _shape(size), kind), device, requires_grad, out)


def randint(
    low: Any = 0,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Uniform integers of [low, high)."""
    if size is None:  # randint(high, size)
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    low, high = int(low), int(high)
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    kind = dtype or (out.dtype if out is not None else dtypes.int64)
    array = stream(generator).randint(low, high, _shape((size,)), dtype=kind.array)
    return _placed(array, device, requires_grad, out)


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """The integers below n in random order."""
    if n < 0:
        raise RuntimeError(f"n must be non-negative, got {n}")
    kind = dtype or (out.dtype if out is not None else dtypes.int64)
    return _placed(stream(generator).randperm(n, dtype=kind.array), device, requires_grad, out)


def _like(input: Tensor, kind: dtype | None, device: Any) -> tuple[dtype, Any]:
    return kind or input.dtype, input.device if device is None else device


def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Uniform numbers of [0, 1) in the shape of `input`."""
    kind, where = _like(input, dtype, device)
    return rand(
        input.shape, generator=generator, dtype=kind, device=where, requires_grad=requires_grad
    )


def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Standard normal numbers in the shape of `input`."""
    kind, where = _like(input, dtype, device)
    return randn(
        input.shape, generator=generator, dtype=kind, device=where, requires_grad=requires_grad
    )


def randint_like(
    input: Tensor,
    low: Any = 0,
    high: Any = None,
    *,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Uniform integers of [low, high) in the shape of `input`."""
    if high is None:
        low, high = 0, low
    kind, where = _like(input, dtype, device)
    return randint(
        low,
        high,
        input.shape,
        generator=generator,
        dtype=kind,
        device=where,
        requires_grad=requires_grad,
    )


# ---------------------------------------------------------------- drawn from tensors of parameters
def _scaled(z: Node, mean: Node, std: Node, kind: dtype) -> Node:
    shape = z.shape
    spread = [ops.cast(n, dtype=kind) for n in (mean, std)]
    wide = [
        ops.expand(
            ops.reshape(n, shape=(*(1,) * (len(shape) - len(n.shape)), *n.shape)), shape=shape
        )
        for n in spread
    ]
    return ops.add(ops.mul(z, wide[1]), wide[0])


def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Normal numbers of the given means and standard deviations (numbers, or tensors that
    broadcast)."""
    if isinstance(std, Tensor) and std.is_complex():
        raise RuntimeError("normal expects standard deviation to be non-complex")
    if isinstance(std, Tensor):
        if std.numel() and (std.detach()._array() < 0).any():
            raise RuntimeError("normal expects all elements of std >= 0.0")
    elif std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {float(std)}")
    given = [x for x in (mean, std) if isinstance(x, Tensor)]
    if size is not None or not given:
        shape = _shape((size if size is not None else (),))
        kind = _floating(dtype, out, "normal_kernel_cpu")
        array = stream(generator).normal(shape, float(mean), float(std), dtype=kind.to_real().array)
        return _placed(array, device, requires_grad, out)
    shape = np.broadcast_shapes(*[tuple(x.shape) for x in given])
    kind = given[0].dtype
    z = from_array(stream(generator).normal(shape, dtype=kind.array))
    found = apply(None, _scaled, (z, mean, std), (kind,))
    return found if out is None else write_out(out, found)


def bernoulli(
    input: Tensor, p: Any = None, *, generator: Generator | None = None, out: Tensor | None = None
) -> Tensor:
    """1 with the probability each element (or `p`) gives, else 0."""
    if p is not None:
        array = stream(generator).bernoulli(float(p), input.shape, dtype=input.dtype.array)
    else:
        if not input.dtype.is_floating_point:
            raise RuntimeError(
                f"\"bernoulli_tensor_cpu_p_\" not implemented for '{formatting_name(input.dtype)}'"
            )
        array = stream(generator).bernoulli(input.detach()._array(), dtype=input.dtype.array)
    found = from_array(np.asarray(array, input.dtype.array), input.device)
    return found if out is None else write_out(out, found)


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Indices drawn with the probabilities of each row of weights."""
    if input.dim() not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if not input.dtype.is_floating_point:
        raise RuntimeError(
            "multinomial only supports floating-point dtypes for input, got: "
            f"{formatting_name(input.dtype)}"
        )
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > input.shape[-1]:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        )
    found = from_array(
        stream(generator).multinomial(input.detach()._array(), num_samples, replacement)
    )
    return found if out is None else write_out(out, found)


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Poisson numbers with the rates the elements give."""
    return from_array(
        np.asarray(stream(generator).poisson(input.detach()._array()), input.dtype.array)
    )


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """Binomial numbers: successes among `count` trials of probability `prob`."""
    found = stream(generator).binomial(count.detach()._array(), prob.detach()._array())
    return from_array(np.asarray(found, count.dtype.array))


def standard_gamma(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Gamma numbers of rate 1 with the shapes the elements give."""
    return from_array(
        np.asarray(stream(generator).standard_gamma(input.detach()._array()), input.dtype.array)
    )


def sample_dirichlet(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Dirichlet numbers along the last dimension."""
    return from_array(
        np.asarray(stream(generator).dirichlet(input.detach()._array()), input.dtype.array)
    )


# ---------------------------------------------------------------- in place
def _fill(self: Tensor, array: np.ndarray) -> Tensor:
    """Overwrite a tensor with drawn numbers."""
    check_writable(self)
    with tape.lock:
        drawn = from_array(np.asarray(array, self.dtype.array), self.device)
        write_node(self, drawn._node())
    return self


def _need_float(self: Tensor, name: str) -> None:
    if not self.dtype.inexact:
        raise RuntimeError(f"\"{name}\" not implemented for '{formatting_name(self.dtype)}'")


def uniform_(
    self: Tensor, a: float = 0, b: float = 1, *, generator: Generator | None = None
) -> Tensor:
    """Fill with uniform numbers of [a, b)."""
    _need_float(self, "check_uniform_bounds")
    if a > b:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}"
        )
    return _fill(self, stream(generator).uniform(self.shape, a, b, dtype=self.dtype.array))


def normal_(
    self: Tensor, mean: float = 0, std: float = 1, *, generator: Generator | None = None
) -> Tensor:
    """Fill with normal numbers."""
    _need_float(self, "normal_kernel_cpu")
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {float(std)}")
    whole = self._is_contiguous()
    s = stream(generator)
    if self.is_complex():
        return _fill(self, _normal(s, self.shape, self.dtype) * std + mean)
    return _fill(
        self,
        s.normal(self.shape, float(mean), float(std), dtype=self.dtype.array, contiguous=whole),
    )


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with 1 with probability p, else 0."""
    if isinstance(p, Tensor):
        odds = np.broadcast_to(p.detach()._array(), self.shape)
        return _fill(self, stream(generator).bernoulli(odds, dtype=self.dtype.array))
    return _fill(self, stream(generator).bernoulli(float(p), self.shape, dtype=self.dtype.array))


def random_(
    self: Tensor,
    from_: int | None = None,
    to: int | None = None,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with integers of [from_, to), or of all the dtype holds."""
    low, high = (
        (from_, to) if to is not None else (None, from_) if from_ is not None else (None, None)
    )
    if high is not None and low is None:
        low = 0
    if low is not None and high is not None and low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    return _fill(self, stream(generator).random(self.shape, low, high, dtype=self.dtype.array))


def exponential_(self: Tensor, lambd: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with exponential numbers of rate `lambd`."""
    _need_float(self, "exponential_kernel_cpu")
    if lambd <= 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={float(lambd):g}")
    return _fill(
        self, stream(generator).exponential(self.shape, float(lambd), dtype=self.dtype.array)
    )


def cauchy_(
    self: Tensor, median: float = 0, sigma: float = 1, *, generator: Generator | None = None
) -> Tensor:
    """Fill with Cauchy numbers."""
    _need_float(self, "cauchy_kernel_cpu")
    if sigma <= 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={float(sigma):g}")
    return _fill(
        self,
        stream(generator).cauchy(self.shape, float(median), float(sigma), dtype=self.dtype.array),
    )


def log_normal_(
    self: Tensor, mean: float = 1, std: float = 2, *, generator: Generator | None = None
) -> Tensor:
    """Fill with numbers whose logarithm is normal."""
    _need_float(self, "log_normal_cpu")
    if std <= 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={float(std):g}")
    return _fill(
        self,
        stream(generator).log_normal(self.shape, float(mean), float(std), dtype=self.dtype.array),
    )


def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with geometric numbers: trials up to the first success of probability p."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={float(p):g}")
    return _fill(self, stream(generator).geometric(self.shape, float(p), dtype=self.dtype.array))

"""The random stream: PyTorch's CPU generator (mt19937 and what is drawn from it) on numpy."""

from .stream import DEFAULT_SEED, Stream

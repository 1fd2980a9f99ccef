"""Sequences of different lengths: packed one step after the other, or padded to one length."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from ... import dtypes
from ...functions import creation, joining, ranges
from ...tensor import Tensor, formatting_name

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence",
    "pad_packed_sequence", "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip

_UNSORTED = (
    "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can "
    "pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this "
    "requirement if you do not need ONNX exportability."
)


class PackedSequence_(NamedTuple):
    """The fields of a PackedSequence."""

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(PackedSequence_):
    """Sequences laid one time step after the other: `batch_sizes[t]` of them reach step t.

    `sorted_indices` tells which of the caller's stands where, `unsorted_indices` the inverse.
    """

    def __new__(
        cls, data: Any, batch_sizes: Any = None, sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ):  # fmt: skip
        if batch_sizes is None:  # all in one: (data, batch_sizes)
            if not isinstance(data, (list, tuple)) or len(data) != 2:
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        elif batch_sizes.device.type != "cpu":
            raise ValueError(
                "batch_sizes should always be on CPU. Instances of PackedSequence should never be "
                "created manually. They should be instantiated by functions like pack_sequence and "
                "pack_padded_sequences in nn.utils.rnn. "
                "https://pytorch.org/docs/stable/nn.html#torch.nn.utils.rnn.pack_sequence"
            )
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same sequences with `data.to(...)`; itself where nothing changes."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        kwargs = {k: v for k, v in kwargs.items() if k not in ("dtype", "device")}
        order, back = (
            None if index is None else index.to(data.device, **kwargs)
            for index in (self.sorted_indices, self.unsorted_indices)
        )
        return type(self)(data, self.batch_sizes, order, back)

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """On a GPU."""
        return self.to(*args, device="cuda", **kwargs)

    def cpu(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """In the processor's memory."""
        return self.to(*args, device="cpu", **kwargs)

    def pin_memory(self) -> PackedSequence:
        """In memory that a GPU copies from quickly."""
        return type(self)(
            self.data.pin_memory(),
            self.batch_sizes,
            None if self.sorted_indices is None else self.sorted_indices.pin_memory(),
            None if self.unsorted_indices is None else self.unsorted_indices.pin_memory(),
        )

    def double(self) -> PackedSequence:
        """In float64."""
        return self.to(dtype=dtypes.float64)

    def float(self) -> PackedSequence:
        """In float32."""
        return self.to(dtype=dtypes.float32)

    def half(self) -> PackedSequence:
        """In float16."""
        return self.to(dtype=dtypes.float16)

    def long(self) -> PackedSequence:
        """In int64."""
        return self.to(dtype=dtypes.int64)

    def int(self) -> PackedSequence:
        """In int32."""
        return self.to(dtype=dtypes.int32)

    def short(self) -> PackedSequence:
        """In int16."""
        return self.to(dtype=dtypes.int16)

    def char(self) -> PackedSequence:
        """In int8."""
        return self.to(dtype=dtypes.int8)

    def byte(self) -> PackedSequence:
        """In uint8."""
        return self.to(dtype=dtypes.uint8)

    @property
    def is_cuda(self) -> bool:
        """Whether the data is on a GPU."""
        return self.data.is_cuda

    def is_pinned(self) -> bool:
        """Whether the data is in pinned memory."""
        return self.data.is_pinned()


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes this one."""
    if permutation is None:
        return None
    places = ranges.arange(permutation.numel(), device=permutation.device)
    return creation.empty_like(permutation).scatter_(0, permutation, places)


def _as_lengths(lengths: Any) -> np.ndarray:
    if not isinstance(lengths, Tensor):
        return np.asarray(lengths, dtype=np.int64)
    if lengths.dim() != 1 or lengths.device.type != "cpu":
        raise RuntimeError(
            "'lengths' argument should be a 1D CPU int64 tensor, but got "
            f"{lengths.dim()}D {lengths.device} {formatting_name(lengths.dtype)} tensor"
        )
    return np.asarray(lengths.tolist(), dtype=np.int64)


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Packs padded sequences (L, N, *), or (N, L, *) with `batch_first`.

    Lengths must decrease unless `enforce_sorted=False`; RuntimeError otherwise.
    """
    counts = _as_lengths(lengths)
    order = None
    if not enforce_sorted:
        places = np.argsort(-counts, kind="stable")
        counts = counts[places]
        order = creation.tensor(places, device=input.device)
        input = input.index_select(0 if batch_first else 1, order)
    if input.numel() == 0:
        raise RuntimeError("Cannot pack empty tensors.")
    if batch_first:
        input = input.transpose(0, 1)
    batch = input.size(1)
    if len(counts) != batch:
        raise RuntimeError(
            "Expected `len(lengths)` to be equal to batch_size, but got "
            f"{len(counts)} (batch_size={batch})"
        )
    if counts[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that is <= 0"
        )
    if (np.diff(counts) > 0).any():
        raise RuntimeError(_UNSORTED)
    sizes = _sizes_of_steps(counts)
    if len(sizes) > input.size(0):
        raise RuntimeError(
            f"Expected all lengths to be at most {input.size(0)}, the length of the padded "
            f"sequences, but got {len(sizes)}"
        )
    rows = creation.tensor(_packed_rows(sizes, batch), device=input.device)
    data = input.flatten(0, 1).index_select(0, rows)
    return PackedSequence(data, creation.tensor(sizes), order, None)


def _sizes_of_steps(counts: np.ndarray) -> np.ndarray:
    """How many sequences reach each step, from their decreasing lengths."""
    return (counts[:, None] > np.arange(counts[0])[None, :]).sum(axis=0)


def _packed_rows(sizes: np.ndarray, batch: int) -> np.ndarray:
    """Where each packed row lies in the padded (L * N, *)."""
    return np.concatenate([t * batch + np.arange(n) for t, n in enumerate(sizes)])


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The inverse of `pack_padded_sequence`: (padded sequences, their lengths)."""
    sizes = np.asarray(sequence.batch_sizes.tolist(), dtype=np.int64)
    steps, batch = len(sizes), int(sizes[0])
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                "Expected total_length to be at least the length of the longest sequence in input, "
                f"but got total_length={total_length} and max sequence length being {steps}"
            )
        steps = total_length
    data = sequence.data
    rows = creation.tensor(_packed_rows(sizes, batch), device=data.device)
    shape = (steps * batch, *data.shape[1:])
    empty = creation.full(shape, padding_value, dtype=data.dtype, device=data.device)
    padded = empty.index_copy(0, rows, data).unflatten(0, (steps, batch))
    if batch_first:
        padded = padded.transpose(0, 1)
    lengths = creation.tensor((sizes[:, None] > np.arange(batch)[None, :]).sum(axis=0))
    back = sequence.unsorted_indices
    if back is None:
        return padded, lengths
    return padded.index_select(0 if batch_first else 1, back), lengths[back.cpu()]


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:  # fmt: skip
    """Sequences (L_i, *) stacked to (L, N, *), or (N, L, *), L the longest."""
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    sequences = list(sequences.unbind(0) if isinstance(sequences, Tensor) else sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    longest = max(s.size(0) for s in sequences)
    rest = sequences[0].shape[1:]
    rows = []
    for s in sequences:
        if s.shape[1:] != rest:
            a, b = next((a, b) for a, b in zip(rest, s.shape[1:]) if a != b)
            place = next(i for i, (a, b) in enumerate(zip(rest, s.shape[1:])) if a != b)
            raise RuntimeError(
                f"The size of tensor a ({a}) must match the size of tensor b ({b}) at "
                f"non-singleton dimension {place + 1}"
            )
        short = longest - s.size(0)
        if short:
            fill = creation.full((short, *rest), padding_value, dtype=s.dtype, device=s.device)
            s = joining.cat([fill, s] if padding_side == "left" else [s, fill])
        rows.append(s)
    return joining.stack(rows, 0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Any, batch_first: bool = False
) -> list[Tensor]:
    """The first `lengths[i]` steps of each padded sequence."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [s[:n] for s, n in zip(padded_sequences.unbind(0), _as_lengths(lengths).tolist())]


def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Packs a list of sequences (L_i, *), the longest first unless `enforce_sorted=False`."""
    lengths = creation.tensor([s.size(0) for s in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed one, each of its own length."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)

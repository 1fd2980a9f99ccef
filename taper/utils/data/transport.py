"""Transport: messages between a loader and its worker, with their buffers in shared memory.

One socket joins the two. A message is pickled with its arrays out of band, and head and arrays
are laid into a *slot*, a piece of memory that both processes map; the socket itself carries only
the slot's number and the sizes. Slots are files without a name whose descriptor is handed over
once, so there is nothing that could stay behind when a process is killed, and they are used again
as soon as the receiver has copied the arrays out.
"""

from __future__ import annotations

import contextlib
import io
import mmap
import os
import pickle
import socket
import sys
import tempfile
import uuid
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from ...dtypes import dtype
from ...functions.creation import from_numpy
from ...tensor import Tensor

_ALIGN = 64
_GRAIN = 1 << 16


def _aligned(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN


def _roomy(size: int) -> int:
    """`size` rounded up by a quarter at most, so that batches of about one size share slots."""
    grain = max(_GRAIN, 1 << max(0, size.bit_length() - 3))
    return -(-size // grain) * grain


def _rebuild(memory: np.ndarray, kind: dtype, shape: tuple, requires_grad: bool) -> Tensor:
    """The tensor in an array of bytes that nobody else holds."""
    result = from_numpy(memory.view(kind.array).reshape(shape))
    return result.requires_grad_() if requires_grad else result


class _Pickler(pickle.Pickler):
    """Pickles tensors as their bytes, which go out of band without a copy, as arrays do."""

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is not Tensor or obj.device.type != "cpu":
            return NotImplemented
        if obj.requires_grad and not obj.is_leaf:
            raise RuntimeError(
                "Cowardly refusing to serialize non-leaf tensor which requires_grad, since "
                "autograd does not support crossing process boundaries.  If you just want to "
                "transfer the data, call detach() on the tensor before serializing (e.g., "
                "putting it on the queue)."
            )
        memory = np.ascontiguousarray(obj.detach()._array()).reshape(-1).view(np.uint8)
        if not memory.flags.writeable:
            memory = memory.copy()  # a read-only buffer would stay so on the other side
        return _rebuild, (
            pickle.PickleBuffer(memory.data),
            obj.dtype,
            tuple(obj.shape),
            obj.requires_grad,
        )


def _dumps(message: Any) -> tuple[bytes, list[memoryview]]:
    buffers: list[pickle.PickleBuffer] = []
    head = io.BytesIO()
    _Pickler(head, protocol=5, buffer_callback=buffers.append).dump(message)
    return head.getvalue(), [buffer.raw() for buffer in buffers]


def _make_slot(size: int) -> tuple[mmap.mmap, int | None, str]:
    """New shared memory: its map, and the descriptor or the name by which the other side maps it.

    Raises OSError when there is not enough memory.
    """
    if sys.platform == "win32":
        name = f"taper-{uuid.uuid4().hex}"
        return mmap.mmap(-1, size, tagname=name), None, name
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("taper-data", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as nameless:
            handle = os.dup(nameless.fileno())
    try:
        os.ftruncate(handle, size)
        if hasattr(os, "posix_fallocate"):
            # Without pages of its own a full memory would kill the process at the first write.
            os.posix_fallocate(handle, 0, size)
        return mmap.mmap(handle, size), handle, ""
    except BaseException:
        os.close(handle)
        raise


class Sender:
    """The worker's side: lays messages into slots and tells the loader which."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.slots: list[mmap.mmap] = []
        self.free: list[int] = []

    def send(self, message: Any) -> None:
        """Send any picklable message; nothing is sent if pickling fails."""
        head, buffers = _dumps(message)
        parts = [memoryview(head), *buffers]
        sizes = [part.nbytes for part in parts]
        slot = self._slot(sum(map(_aligned, sizes)))
        at = 0
        with memoryview(self.slots[slot]) as room:
            for part, size in zip(parts, sizes):
                room[at : at + size] = part
                at += _aligned(size)
        self.connection.send((slot, sizes))

    def released(self, slots: list[int]) -> None:
        """The loader has copied these slots' messages out."""
        self.free.extend(slots)

    def _slot(self, size: int) -> int:
        """The number of a slot of at least `size` bytes: a free one, or a new one."""
        for position, slot in enumerate(self.free):
            if len(self.slots[slot]) >= size:
                return self.free.pop(position)
        room, handle, name = _make_slot(_roomy(size))
        if self.free:
            slot = self.free.pop()
            self.slots[slot].close()
            self.slots[slot] = room
        else:
            slot = len(self.slots)
            self.slots.append(room)
        self.connection.send((slot, len(room), name))
        if handle is not None:
            try:
                reduction.send_handle(self.connection, handle, os.getppid())
            finally:
                os.close(handle)
        return slot


class Receiver:
    """The loader's side: copies messages out of the slots, and collects those that are free."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.slots: dict[int, mmap.mmap] = {}
        self.free: list[int] = []

    def receive(self) -> Any:
        """Wait for the next message. Raises EOFError or OSError when the worker is gone."""
        notice = self.connection.recv()
        while len(notice) == 3:
            self._map(*notice)
            notice = self.connection.recv()
        slot, (size, *sizes) = notice
        room = self.slots[slot]
        at = _aligned(size)
        buffers = []
        for nbytes in sizes:
            buffer = np.empty(nbytes, np.uint8)
            buffer[:] = np.frombuffer(room, np.uint8, nbytes, at)
            buffers.append(buffer)
            at += _aligned(nbytes)
        head = room[:size]
        self.free.append(slot)
        return pickle.loads(head, buffers=buffers)

    def take_free(self) -> list[int]:
        """The slots to hand back to the sender."""
        free, self.free = self.free, []
        return free

    def _map(self, slot: int, size: int, name: str) -> None:
        if slot in self.slots:
            self.slots.pop(slot).close()
        if name:
            self.slots[slot] = mmap.mmap(-1, size, tagname=name)  # type: ignore[call-arg]
            return
        handle = reduction.recv_handle(self.connection)
        try:
            self.slots[slot] = mmap.mmap(handle, size)
        finally:
            os.close(handle)

    def hang_up(self) -> None:
        """End the connection for the worker too, and unmap the slots."""
        if self.connection.closed:
            return
        if sys.platform != "win32":
            # Closing is not enough: a process forked meanwhile may hold a copy of this end.
            line = socket.socket(fileno=os.dup(self.connection.fileno()))
            with line, contextlib.suppress(OSError):  # the worker may have hung up first
                line.shutdown(socket.SHUT_RDWR)
        self.connection.close()
        for room in self.slots.values():
            room.close()
        self.slots.clear()

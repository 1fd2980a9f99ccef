"""Places in one arena for the values between kernels, reused after their last reading."""

from __future__ import annotations

from collections.abc import Sequence

ALIGN = 64


class Arena:
    """Gives out and takes back byte ranges, lowest fit first."""

    def __init__(self) -> None:
        self.free: list[tuple[int, int]] = []
        self.size = 0

    def take(self, count: int) -> int:
        """The start of a free range of `count` bytes."""
        count = -(-max(count, 1) // ALIGN) * ALIGN
        for i, (start, room) in enumerate(self.free):
            if room >= count:
                if room == count:
                    del self.free[i]
                else:
                    self.free[i] = (start + count, room - count)
                return start
        if self.free and self.free[-1][0] + self.free[-1][1] == self.size:
            start, _ = self.free.pop()
        else:
            start = self.size
        self.size = start + count
        return start

    def give(self, start: int, count: int) -> None:
        """Take a range back, joined with its free neighbours."""
        count = -(-max(count, 1) // ALIGN) * ALIGN
        ranges = sorted([*self.free, (start, count)])
        joined: list[tuple[int, int]] = []
        for a, n in ranges:
            if joined and joined[-1][0] + joined[-1][1] == a:
                joined[-1] = (joined[-1][0], joined[-1][1] + n)
            else:
                joined.append((a, n))
        self.free = joined


def place(sizes: Sequence[int], born: Sequence[int], last: Sequence[int]) -> tuple[list[int], int]:
    """Offsets of values that live from step `born` through step `last`, and the arena's size."""
    arena = Arena()
    offsets = [0] * len(sizes)
    ends: dict[int, list[int]] = {}
    for i in sorted(range(len(sizes)), key=lambda k: born[k]):
        for step in sorted(s for s in ends if s < born[i]):
            for k in ends.pop(step):
                arena.give(offsets[k], sizes[k])
        offsets[i] = arena.take(sizes[i])
        ends.setdefault(last[i], []).append(i)
    return offsets, arena.size

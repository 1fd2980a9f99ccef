"""Runs tables of kernel calls on several threads, from one call out of Python.

The threads are made in Python and stay in compiled code. A table's calls happen in order, each cut
into parts; a thread takes first the parts that are its own, then what others have not begun. The
caller takes part and waits only for parts that somebody has begun, never for a thread to wake up.
Who computes a part changes nothing in the result.

Waiting threads turn in a loop for some microseconds, then sleep until they are called. Where other
programs want the processors, a thread that loses its own holds up the rest: the next runs are then
made without the pool.
"""

from __future__ import annotations

import atexit
import ctypes
import itertools
import os
import threading
from collections.abc import Callable, Sequence

import numpy as np

from .emit import Emitter, Unit
from .jit import Jit
from .values import I32, I64, PTR, Value, constant

# Words of 8 bytes in the memory of a team; what different threads write lies on different lines.
_GATE, _DONE, _WAITING, _JOB, _MUTEX, _SIGNAL, _NAPS, _SIZE = 0, 16, 32, 48, 64, 80, 96, 112
# Behind _JOB: the table of this run, its length, the claims, the threads wanted; an end to all.
_RECORDS, _COUNT, _CLAIMS, _WORKERS, _STOP, _SWITCHES = (_JOB + i for i in range(6))
_OPEN = 1 << 16  # the gate counts openings and closings from here up, and threads inside below
_RECORD = 4  # words of a record: function, arguments, parts, parts before it
_CLAIM = 8  # words between claims
# A waiting thread makes so many pauses, of some 10 ns, before it sleeps: to be woken costs the one
# who calls about 20 us, more than the gap between two steps of a short loop.
_TURNS = 4000
# After a run that other programs held up, so many runs are made alone, and up to so many.
_RETREAT, _LONGEST_RETREAT = 8, 128


# Claims carry the number of the opening they were made in, which no two pools may share.
_NUMBERS = itertools.count()


class Table:
    """Calls of kernels `void (ptr arguments, i64 part, i64 parts)`, to run in order.

    `calls` are (address, address of the arguments, parts).
    """

    def __init__(self, calls: Sequence[tuple[int, int, int]]) -> None:
        self.records = np.zeros((len(calls), _RECORD), np.int64)
        before = 0
        for record, (function, arguments, parts) in zip(self.records, calls):
            record[:] = (function, arguments, parts, before)
            before += parts
        self._claims = np.zeros((before + 1) * _CLAIM, np.int64)
        self.addresses = (self.records.ctypes.data, self._claims.ctypes.data)

    def __len__(self) -> int:
        return len(self.records)


class Pool:
    """The threads of this process. `threads` may be changed between runs."""

    def __init__(self, jit: Jit, threads: int = 1) -> None:
        unit = Unit(jit.target)
        _write_alone(unit)
        self._able = os.name == "posix"
        if self._able:
            _write_team(unit)
        names = ["alone", "set_up", "work", "run", "stop"] if self._able else ["alone"]
        code = jit.load(unit.text(), *names)
        address, number = ctypes.c_void_p, ctypes.c_int64
        self._alone = code.function("alone", address, number)
        if self._able:
            self._set_up, self._stop = (code.function(n, address) for n in ("set_up", "stop"))
            self._work = code.function("work", address, number)
            self._run = code.function("run", *[address] * 2, number, address, number, result=number)
        self.threads = threads
        self._team: np.ndarray | None = None
        self._openings = next(_NUMBERS) << 32
        self._forget()
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.close)

    def _forget(self) -> None:
        """Start without threads: at first, and in a forked child, where none of them exist."""
        self._lock = threading.Lock()
        if self._team is not None:  # claims in tables keep the numbers of openings: go on counting
            self._openings = (int(self._team[_GATE]) // _OPEN + 2) // 2 * 2
        self._team = None
        self._members: list[threading.Thread] = []
        self._pause = self._retreat = 0

    def run(self, table: Table, start: int = 0, stop: int | None = None) -> None:
        """Make a table's calls from `start` to `stop`, on this thread and the pool's.

        Of two Python threads that run at once, one has the pool and the other works alone.
        """
        stop = len(table) if stop is None else stop
        if stop <= start:
            return
        records, claims = table.addresses
        records += start * _RECORD * 8
        if not self._joins():
            self._alone(records, stop - start)
            return
        try:
            self._gather()
            count, threads = stop - start, self.threads
            if self._run(self._team_address, records, count, claims, threads):
                self._retreat = min(2 * self._retreat or _RETREAT, _LONGEST_RETREAT)
                self._pause = self._retreat
            else:
                self._retreat = 0
        finally:
            self._lock.release()

    def _joins(self) -> bool:
        """Whether to use the threads for this run; if so, the lock is held."""
        if self.threads <= 1 or not self._able:
            return False
        if self._pause > 0:
            self._pause -= 1
            return False
        return self._lock.acquire(blocking=False)

    def close(self) -> None:
        """End the threads; a later run makes new ones."""
        with self._lock:
            if self._team is not None:
                self._stop(self._team_address)
                for member in self._members:
                    member.join()
        self._forget()

    def _gather(self) -> None:
        """Make the threads that are missing."""
        if self._team is None:
            raw = np.zeros(_SIZE + 16, np.int64)
            start = -raw.ctypes.data % 128 // 8
            self._team = raw[start : start + _SIZE]
            self._team_address = self._team.ctypes.data
            self._team[_GATE] = self._openings * _OPEN
            self._set_up(self._team_address)
        while len(self._members) < self.threads - 1:
            job = (self._team_address, len(self._members) + 1)
            member = threading.Thread(target=self._work, args=job, name="taper", daemon=True)
            member.start()
            self._members.append(member)


# ------------------------------------------------------------------ the compiled part
def _record(b: Emitter, records: Value, s: Value) -> tuple[Value, Value, Value, Value]:
    at = b.mul(s, _RECORD)
    function, arguments = b.load(PTR, records, at), b.load(PTR, records, b.add(at, 1))
    parts, before = b.load(I64, records, b.add(at, 2)), b.load(I64, records, b.add(at, 3))
    return function, arguments, parts, before


def _write_alone(unit: Unit) -> None:
    """alone(records, count): all parts of all calls, one after the other."""
    b = unit.function("alone", [PTR, I64])
    records, count = b.args

    def call(s: Value) -> None:
        function, arguments, parts, _ = _record(b, records, s)
        b.loop(parts, lambda part: b.call_at(function, arguments, part, parts))

    b.loop(count, call)
    b.ret()


def _write_team(unit: Unit) -> None:
    _write_set_up(unit)
    steps = _write_steps(unit)
    _write_run(unit, steps)
    _write_work(unit, steps)
    b = unit.function("stop", [PTR])
    (team,) = b.args
    b.atomic_add(team, _STOP, constant(I64, 1))
    _wake(b, team)
    b.ret()


def _write_set_up(unit: Unit) -> None:
    b = unit.function("set_up", [PTR])
    (team,) = b.args
    nothing = constant(PTR, 0)
    b.call("pthread_mutex_init", I32, b.at(team, _MUTEX, I64), nothing)
    b.call("pthread_cond_init", I32, b.at(team, _SIGNAL, I64), nothing)
    b.ret()


def _wake(b: Emitter, team: Value) -> None:
    """Call the sleeping threads, if there are any; what they wait for must be written before."""

    def signal() -> None:
        # A thread holds the mutex from its last look until it sleeps.
        b.call("pthread_mutex_lock", I32, b.at(team, _MUTEX, I64))
        b.call("pthread_mutex_unlock", I32, b.at(team, _MUTEX, I64))
        b.call("pthread_cond_broadcast", I32, b.at(team, _SIGNAL, I64))

    b.when(b.gt(b.atomic_load(I64, team, _WAITING), 0), signal)


def _wait(b: Emitter, team: Value, ready: Callable[[], Value], inside: bool = True) -> None:
    """Wait for a condition: awake for a while, then asleep. Naps inside a run are counted."""

    def go_on(n: Value) -> Value:
        return b.both(b.lt(n, _TURNS), b.invert(ready()))

    def turn(n: Value) -> Value:
        b.pause()
        return b.add(n, 1)

    (spent,) = b.repeat(go_on, turn, constant(I64, 0))

    def sleep() -> None:
        mutex, signal = b.at(team, _MUTEX, I64), b.at(team, _SIGNAL, I64)
        b.call("pthread_mutex_lock", I32, mutex)
        b.atomic_add(team, _WAITING, constant(I64, 1))
        if inside:
            b.atomic_add(team, _NAPS, constant(I64, 1))

        def nap() -> None:
            b.call("pthread_cond_wait", I32, signal, mutex)

        b.repeat(lambda: b.invert(ready()), nap)
        b.atomic_add(team, _WAITING, constant(I64, -1))
        b.call("pthread_mutex_unlock", I32, mutex)

    b.when(b.ge(spent, _TURNS), sleep)


def _write_steps(unit: Unit) -> Emitter:
    """steps(team, worker, generation): take parts of all calls, in order."""
    b = unit.function("steps", [PTR, I64, I64], exported=False)
    team, worker, generation = b.args
    records, claims = b.load(PTR, team, _RECORDS), b.load(PTR, team, _CLAIMS)
    count, workers = b.load(I64, team, _COUNT), b.load(I64, team, _WORKERS)
    base = b.load(I64, records, 3)

    def call(s: Value) -> None:
        function, arguments, parts, before = _record(b, records, s)
        needed = b.sub(before, base)
        finished = b.add(needed, parts)
        mine = b.div(b.mul(worker, parts), workers)

        def take(k: Value) -> None:
            part = b.add(mine, k)
            part = b.select(b.ge(part, parts), b.sub(part, parts), part)
            claim = b.mul(b.add(before, part), _CLAIM)
            old = b.atomic_load(I64, claims, claim)

            def attempt() -> None:
                def compute() -> None:
                    b.call_at(function, arguments, part, parts)
                    b.atomic_add(team, _DONE, constant(I64, 1))
                    _wake(b, team)

                b.when(b.compare_exchange(claims, claim, old, generation), compute)

            b.when(b.ne(old, generation), attempt)

        def join() -> None:
            _wait(b, team, lambda: b.ge(b.atomic_load(I64, team, _DONE), needed))
            b.loop(parts, take)

        b.when(b.lt(b.atomic_load(I64, team, _DONE), finished), join)

    b.loop(count, call)
    b.ret()
    return b


def _write_run(unit: Unit, steps: Emitter) -> None:
    """run(team, records, count, claims, workers): open the gate, work, close it behind the last.

    Returns 1 if a thread slept for want of another that had lost its processor.
    """
    b = unit.function("run", [PTR, PTR, I64, PTR, I64], I64)
    team, records, count, claims, workers = b.args
    for place, x in ((_RECORDS, records), (_COUNT, count), (_CLAIMS, claims), (_WORKERS, workers)):
        b.store(x, team, place)
    b.store(constant(I64, 0), team, _DONE)
    b.store(constant(I64, 0), team, _NAPS)
    before = b.atomic_add(team, _GATE, constant(I64, _OPEN))
    _wake(b, team)
    generation = b.add(b.shr(before, 16), 1)
    b.invoke(steps, team, constant(I64, 0), generation)
    last = b.mul(b.sub(count, 1), _RECORD)
    total = b.add(b.load(I64, records, b.add(last, 2)), b.load(I64, records, b.add(last, 3)))
    total = b.sub(total, b.load(I64, records, 3))
    _wait(b, team, lambda: b.ge(b.atomic_load(I64, team, _DONE), total))
    b.atomic_add(team, _GATE, constant(I64, _OPEN))
    inside = lambda: b.both(b.atomic_load(I64, team, _GATE), _OPEN - 1)
    _wait(b, team, lambda: b.eq(inside(), 0))
    usage = b.stack(I64, 18)

    def held_up() -> list[Value]:
        b.call("getrusage", I32, constant(I32, 0), usage)
        switches = b.load(I64, usage, 17)  # of this process's threads, against their will
        more = b.ne(switches, b.load(I64, team, _SWITCHES))
        b.store(switches, team, _SWITCHES)
        return [b.convert(more, I64, signed=False)]

    napped = b.gt(b.atomic_load(I64, team, _NAPS), 0)
    b.ret(b.when(napped, held_up, lambda: [constant(I64, 0)])[0])


def _write_work(unit: Unit, steps: Emitter) -> None:
    """work(team, worker): serve runs until told to stop."""
    b = unit.function("work", [PTR, I64])
    team, worker = b.args

    def called(seen: Value) -> Value:
        generation = b.shr(b.atomic_load(I64, team, _GATE), 16)
        is_open = b.both(b.ne(b.both(generation, 1), 0), b.ne(generation, seen))
        return b.either(is_open, stopped())

    def stopped() -> Value:
        return b.ne(b.atomic_load(I64, team, _STOP), 0)

    def serve(seen: Value) -> list[Value]:
        _wait(b, team, lambda: called(seen), inside=False)
        gate = b.atomic_load(I64, team, _GATE)
        generation = b.shr(gate, 16)

        def enter() -> list[Value]:
            def help_out() -> None:
                b.invoke(steps, team, worker, generation)

            b.when(b.lt(worker, b.load(I64, team, _WORKERS)), help_out)
            b.atomic_add(team, _GATE, constant(I64, -1))
            _wake(b, team)
            return [generation]

        is_open = b.both(b.ne(b.both(generation, 1), 0), b.ne(generation, seen))
        entered = b.when(
            is_open,
            lambda: [b.convert(b.compare_exchange(team, _GATE, gate, b.add(gate, 1)), I64, False)],
            lambda: [constant(I64, 0)],
        )
        return b.when(b.ne(entered[0], 0), enter, lambda: [seen])

    b.repeat(lambda seen: b.invert(stopped()), serve, constant(I64, -1))
    b.ret()

"""ChunkBufferPool: a bounded number of large buffers, lent out and taken back, so that nobody holds a file in memory.

Buffers come in three sizes. They are made on first need, stay for the next borrower, and go back to the system when
nobody has wanted them for a while. What is lent out and kept together never exceeds the count and the memory
budget; who would exceed it waits for a buffer to come back, in the order of asking, and not for ever.
"""

from __future__ import annotations

import mmap
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Protocol

from prometheus_client import Counter, Gauge

from app.core.errors import Busy

MIB = 1024 * 1024
BUFFER_SIZES = (8 * MIB, 16 * MIB, 32 * MIB)
MAX_BUFFERS = 50
WAIT_SECONDS = 30.0
IDLE_SECONDS = 60.0
_IN_USE = "The server's memory for chunks is in use. Try again in a moment."

BORROWED = Counter("droppr_buffer_borrows_total", "Buffers lent out, by how they were come by", ["how"])
HELD = Gauge("droppr_buffer_bytes", "Bytes of buffers lent out or kept", multiprocess_mode="livesum")
LENT = Gauge("droppr_buffers_in_use", "Buffers lent out", multiprocess_mode="livesum")


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """What one process's pool holds and has done. ``hits`` found a kept buffer, ``misses`` made one, ``waits`` had to
    wait for either, ``refusals`` waited in vain."""

    in_use: int
    kept: int
    held_bytes: int
    hits: int
    misses: int
    waits: int
    refusals: int


class Reserved(Protocol):
    """Memory that was set aside until it is released."""

    def release(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Buffer:
    memory: mmap.mmap
    reserved: Reserved
    since: float = 0.0
    """When it was last given back."""


class ChunkBufferPool:
    """Lends buffers of up to 32 MiB. ``reserve`` sets memory for one aside, among all processes, or raises Busy."""

    def __init__(
        self,
        reserve: Callable[[int], Reserved],
        *,
        most: int = MAX_BUFFERS,
        wait_seconds: float = WAIT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reserve = reserve
        self._most = most
        self._wait_seconds = wait_seconds
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._kept: dict[int, list[Buffer]] = {size: [] for size in BUFFER_SIZES}
        self._queue: deque[object] = deque()
        self._lent = 0
        self._held = 0
        self._hits = self._misses = self._waits = self._refusals = 0

    @contextmanager
    def borrow(self, size: int, wait_seconds: float | None = None) -> Iterator[memoryview]:
        """A buffer of exactly ``size`` bytes with anything in it, until the block ends, however it ends.

        Raises Busy when none came free in time; with ``wait_seconds`` 0 it does not wait at all. The view must not be
        used after the block.
        """
        buffer = self._take(_class_of(size), self._wait_seconds if wait_seconds is None else wait_seconds)
        whole = memoryview(buffer.memory)
        view = whole[:size]
        try:
            yield view
        finally:
            view.release()
            whole.release()
            self._give_back(buffer)

    def trim(self, idle_seconds: float = IDLE_SECONDS) -> int:
        """Give buffers back to the system that nobody has wanted for ``idle_seconds``; how many bytes."""
        with self._changed:
            before = self._held
            oldest = self._monotonic() - idle_seconds
            for size, kept in self._kept.items():
                # The last returned is lent first, so the front of the list is what has lain longest.
                while kept and kept[0].since <= oldest:
                    self._drop(size)
            freed = before - self._held
            if freed:
                self._changed.notify_all()
            return freed

    def figures(self) -> PoolFigures:
        with self._changed:
            kept = sum(map(len, self._kept.values()))
            return PoolFigures(self._lent, kept, self._held, self._hits, self._misses, self._waits, self._refusals)

    def _take(self, size: int, wait_seconds: float) -> Buffer:
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                buffer = self._turn(ticket, size)
                if buffer is None and wait_seconds <= 0:
                    raise Busy(_IN_USE)
                if buffer is None:
                    self._waits += 1
                    BORROWED.labels("wait").inc()
                    buffer = self._wait(ticket, size, wait_seconds)
                self._lent += 1
                LENT.inc()
                return buffer
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def _wait(self, ticket: object, size: int, seconds: float) -> Buffer:
        until = self._monotonic() + seconds
        while True:
            left = until - self._monotonic()
            if left <= 0:
                self._refusals += 1
                BORROWED.labels("refusal").inc()
                raise Busy(_IN_USE)
            # Memory comes free without anybody telling us, so it is looked at now and then.
            self._changed.wait(min(left, 0.5))
            buffer = self._turn(ticket, size)
            if buffer is not None:
                return buffer

    def _turn(self, ticket: object, size: int) -> Buffer | None:
        return self._found_or_made(size) if self._queue[0] is ticket else None

    def _found_or_made(self, size: int) -> Buffer | None:
        if self._kept[size]:
            self._hits += 1
            BORROWED.labels("hit").inc()
            return self._kept[size].pop()
        reserved = self._room(size)
        if reserved is None:
            return None
        self._misses += 1
        BORROWED.labels("miss").inc()
        self._held += size
        HELD.inc(size)
        return Buffer(mmap.mmap(-1, size), reserved)

    def _room(self, size: int) -> Reserved | None:
        """Room for one more, made where needed by dropping kept buffers of other sizes; None where there is none."""
        while True:
            if self._count() < self._most:
                with suppress(Busy):
                    return self._reserve(size)
            other = next((each for each, kept in self._kept.items() if kept), None)
            if other is None:
                return None
            self._drop(other)

    def _count(self) -> int:
        return self._lent + sum(map(len, self._kept.values()))

    def _give_back(self, buffer: Buffer) -> None:
        with self._changed:
            self._lent -= 1
            LENT.dec()
            self._kept[len(buffer.memory)].append(replace(buffer, since=self._monotonic()))
            self._changed.notify_all()

    def _drop(self, size: int) -> None:
        # Not closed by name: with its last reference it goes, and a view that somebody forgot cannot make that fail.
        self._kept[size].pop(0).reserved.release()
        self._held -= size
        HELD.dec(size)


def _class_of(size: int) -> int:
    for each in BUFFER_SIZES:
        if size <= each:
            return each
    raise ValueError(f"{size} bytes are more than a buffer of {BUFFER_SIZES[-1]} holds")

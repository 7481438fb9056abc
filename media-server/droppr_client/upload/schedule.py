"""Which piece of work comes next. One pool of workers takes from here: openings, chunks of big files, packs of small ones.

What is begun is finished before something new begins; small and big files take turns, so that neither waits for the
other; and no more is held in memory than ``MAX_FILES_AHEAD`` files, however many there are.
"""

from __future__ import annotations

import heapq
import math
import threading
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Protocol

from droppr_client.upload.items import Item
from droppr_client.upload.pace import Pace
from droppr_client.upload.rates import Clock
from droppr_client.upload.state import SavedUpload
from droppr_client.upload.targets import PackTerms

MAX_FILES_AHEAD = 10_000
MAX_PACKED_FILE_BYTES = 1024 * 1024
MIN_PACKED_FILES = 32
MAX_OPEN_FILES = 64
"""Files that are begun and not finished, those that wait for another attempt included."""

Job = Callable[[], object]


class Entry:
    """A file that waits, with what was noted of it the last time."""

    __slots__ = ("item", "known", "number")

    def __init__(self, item: Item, known: SavedUpload | None, number: int = 0) -> None:
        self.item = item
        self.known = known
        self.number = number


class Sending(Protocol):
    """A file that is being sent in chunks."""

    def next_chunk(self) -> Job | None:
        """The next chunk's job; None where there is none at the moment."""
        ...

    @property
    def parallel(self) -> int:
        """Chunks of it that may be on their way at once."""
        ...

    def interrupt(self) -> None:
        """No more of its chunks will be asked for."""
        ...


class Makers(Protocol):
    """Makes jobs of files whose turn it is."""

    def pack(self, entries: list[Entry]) -> Job: ...

    def opening(self, entry: Entry) -> Job: ...


class Schedule:
    """Safe from several threads."""

    def __init__(self, pace: Pace, pack: PackTerms | None, makers: Makers, clock: Clock, in_order: bool) -> None:
        self._pace = pace
        self._pack = pack
        self._most_packed = pack.max_bytes // 2 if pack else 0
        self._makers = makers
        self._clock = clock
        self._in_order = in_order
        self._changed = threading.Condition()
        self._small: deque[Entry] = deque()
        self._large: deque[Entry] = deque()
        self._sending: deque[Sending] = deque()
        self._delayed: list[tuple[float, int, Job]] = []
        self._numbers = count()
        self._running = 0
        self._packs = 0
        self._held_until = float("-inf")
        self._open = 0
        self._walked = self._stopped = False

    @property
    def running(self) -> int:
        return self._running

    def offer(self, entry: Entry) -> bool:
        """Line a file up; waits while enough of them stand in line. False once nothing new is taken any more."""
        with self._changed:
            while len(self._small) + len(self._large) >= MAX_FILES_AHEAD and not self._stopped:
                self._changed.wait()
            if self._stopped:
                return False
            entry.number = next(self._numbers)
            small = self._pack is not None and entry.item.size <= min(MAX_PACKED_FILE_BYTES, self._pack.max_bytes // 4)
            (self._small if small else self._large).append(entry)
            self._changed.notify()
            return True

    def walked(self) -> None:
        """No more files come."""
        with self._changed:
            self._walked = True
            self._changed.notify_all()

    def stop(self) -> list[Entry]:
        """Begin nothing any more; the files whose turn will not come."""
        with self._changed:
            self._stopped = True
            left = [*self._small, *self._large]
            self._small.clear()
            self._large.clear()
            self._changed.notify_all()
            return left

    @property
    def stopped(self) -> bool:
        return self._stopped

    def later(self, seconds: float, job: Job) -> None:
        """Another attempt, when it is time."""
        with self._changed:
            heapq.heappush(self._delayed, (self._clock() + seconds, next(self._numbers), job))
            self._changed.notify()

    def begun(self, sending: Sending) -> None:
        """Its chunks can be asked for from now on."""
        with self._changed:
            if sending not in self._sending:
                self._sending.append(sending)
            self._changed.notify_all()

    def paused(self, sending: Sending) -> None:
        """It has no chunks any more, for now or for good."""
        with self._changed:
            if sending in self._sending:
                self._sending.remove(sending)

    def hold(self, seconds: float) -> None:
        """Begin no further file for so long; what is begun goes on."""
        with self._changed:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def limit_packs(self, size: int) -> None:
        """Put no more than so many bytes into one request from now on."""
        with self._changed:
            self._most_packed = min(self._most_packed, size)

    @property
    def is_ending(self) -> bool:
        """Whether no large file waits any more, so that those that are begun have the line to themselves."""
        return self._walked and not self._large

    @property
    def is_plentiful(self) -> bool:
        """Whether more large files wait than may be sent at once, so that no connection is left without one."""
        return len(self._large) >= self._pace.limit

    @property
    def most_running(self) -> float:
        """How many requests could be on their way at once, however many may: without a bound while there is more to begin."""
        with self._changed:
            waits = self._small or self._large or self._delayed or self._packs or self._open > len(self._sending)
            if waits or not self._walked:
                return math.inf
            return sum(each.parallel for each in self._sending)

    @property
    def held_seconds(self) -> float:
        return max(0.0, self._held_until - self._clock())

    def left(self) -> list[Sending]:
        """After the last worker has gone: files that were begun and have chunks left."""
        return list(self._sending)

    def opened(self) -> None:
        """A file is opened that did not have its turn here."""
        with self._changed:
            self._open += 1

    def ended(self) -> None:
        """One of the files that were opened is done with."""
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def take(self) -> Job | None:
        """Wait for work; None when there is none left. Whoever took a job calls ``done``."""
        with self._changed:
            while True:
                if self._stopped and not self._draining():
                    self._changed.notify_all()
                    return None
                if self._running < self._pace.limit and (job := self._choose()):
                    self._running += 1
                    return job
                if self._is_over():
                    self._changed.notify_all()
                    return None
                self._changed.wait(self._seconds_to_next())

    def done(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def _draining(self) -> bool:
        """Stopped, but what runs may leave a last step behind, such as closing a file."""
        return bool(self._running or self._delayed)

    def _is_over(self) -> bool:
        waits = self._small or self._large or self._delayed or self._sending
        return self._walked and not waits and not self._running and not self._open

    def _seconds_to_next(self) -> float | None:
        now = self._clock()
        times = [self._delayed[0][0]] if self._delayed else []
        times += [self._held_until] if self._held_until > now else []
        return max(0.0, min(times) - now) if times else None

    @property
    def _held(self) -> bool:
        return self._held_until > self._clock()

    def _choose(self) -> Job | None:
        if self._delayed and (self._stopped or self._delayed[0][0] <= self._clock()):
            return heapq.heappop(self._delayed)[2]
        if self._stopped:
            return None
        if self._small_first():
            return self._next_pack() or self._next_large()
        return self._next_large() or self._next_pack()

    def _small_first(self) -> bool:
        if not self._small:
            return False
        if self._in_order:
            return not self._sending and (not self._large or self._small[0].number < self._large[0].number)
        return self._packs * 2 <= self._running

    def _next_large(self) -> Job | None:
        for _ in range(len(self._sending)):
            job = self._sending[0].next_chunk()
            if job is not None:
                return job
            self._sending.rotate(-1)
        if not self._large or self._open >= MAX_OPEN_FILES or self._held:
            return None
        self._open += 1
        self._changed.notify_all()  # there is room in the line
        return self._makers.opening(self._large.popleft())

    def _next_pack(self) -> Job | None:
        if not self._small or self._pack is None or self._held:
            return None
        # A moment later there will be more to go in one request.
        if not self._walked and len(self._small) < MIN_PACKED_FILES and self._packs:
            return None
        most = min(self._pack.max_files, max(MIN_PACKED_FILES, len(self._small) // self._pace.limit))
        entries: list[Entry] = []
        size = 0
        while self._small and len(entries) < most:
            size += self._small[0].item.size
            if entries and size > self._most_packed:
                break
            entries.append(self._small.popleft())
        self._changed.notify_all()
        self._packs += 1
        return self._counted(self._makers.pack(entries))

    def _counted(self, pack: Job) -> Job:
        def run() -> None:
            try:
                pack()
            finally:
                with self._changed:
                    self._packs -= 1

        return run

"""How much to send at once: the number of requests on their way, and the size of chunks.

The same rule with the same numbers as the page's (nginx/src/core/pace.ts, where it is described); tests/fixtures/pace.json holds
both to the same answers. Its "lane" is a connection here.
"""

from __future__ import annotations

import math
import operator
import threading
from collections import deque
from dataclasses import dataclass
from functools import reduce

KIB = 1024
MIB = 1024 * KIB
WORTHWHILE_SHARE = 0.125
"""Connections that are added have to carry at least this part of what the others carry each."""
MIN_ROUND_SECONDS = 0.1
"""Seconds each connection has to be watched for: shorter rounds say nothing about speed."""
MAX_DOUBTS = 2
"""Disappointments in a row after which the number is doubled no more."""
REFUSAL_DOUBTS = 4
"""Disappointments that being asked for less is worth."""
MAX_REST_ROUNDS = 32
"""Rounds between two attempts at more, at most."""
SECONDS_PER_CHUNK, SECONDS_AT_FIRST = 3.0, 0.5
"""A chunk should take; and while the number is being looked for, so that answers come soon …"""
ROUND_TRIPS_AT_FIRST = 8
"""… but no less than so many round trips: one of them passes without a byte, and the first five or six fill a new connection."""
MAX_STRETCH = 3.0
"""Where the way is long, chunks that go with the first one are up to so many times as large: they do not all end while their
connections are being filled, and leave the line empty for a round trip."""
MAX_WIDENING = 2.0
"""And as many times as many go at first, up to so many times: each connection is filled from a few packets on, and takes a round trip
for each doubling."""
MIN_CHUNK_SECONDS = 0.001
"""Seconds: no chunk took less, whatever a clock says."""
UNHARMED_CHUNKS = 24
"""Chunks that must arrive unharmed before a size that was lost is tried again."""
REMEMBERED_ENDINGS, NEARLY_ALL_LOSSES = 8, 7
"""Of the latest endings so many have to be losses to be taken for a line that carries nothing."""
MAX_LEAST_SHARE_BYTES = 512 * KIB
MIN_SHARE_ROUND_TRIPS, MIN_SHARE_SECONDS = 2, 0.02
"""What is left at the end is shared out by what each connection carries, but in pieces that fill it for so many round trips and so
many seconds, or are so many bytes: each piece costs a round trip."""
PART_TO_GO = 0.1
"""Of what is under way so much counts as left: less than the half that it is on average, as pieces that end late are waited for."""
SPARE_ROUND_TRIPS = 1
"""And what a connection carries in so many round trips more: each has one to wait for an answer before the end, and in that time the
others have its part to carry."""
GRID_BYTES = 64 * KIB
"""Chunks end at multiples of so many bytes."""
UNEVEN_SHARE = 0.5
"""While probing, each chunk is made smaller by up to this share of its size …"""
GOLDEN_RATIO = (math.sqrt(5) - 1) / 2
"""… following the golden-ratio sequence, which never comes back near to where it was: so connections do not finish in step."""
MIN_CHUNK_BYTES = 256 * KIB
FIRST_WIDTH, FIRST_CHUNK_BYTES = 6, 512 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """``width``: requests at once to begin with, and ``most`` of them; ``chunk_size``, ``smallest`` and ``largest``: bytes."""

    width: int = FIRST_WIDTH
    most: int = 16
    adapt_width: bool = True
    chunk_size: int = FIRST_CHUNK_BYTES
    smallest: int = MIN_CHUNK_BYTES
    largest: int = 64 * MIB
    max_share: float = math.inf
    """Of what is left at the end, times an even share: 1 where it is not known which connection a chunk will go by."""


@dataclass(slots=True)
class _Round:
    size: int = 0
    seconds: float = 0.0
    chunks: int = 0
    running: int = 0


class Pace:
    """Safe from several threads. All times are seconds of one clock."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._most = max(1, limits.most)
        self._largest = max(1, limits.largest)
        self.limit = max(1, min(limits.width, self._most))
        """Requests that may be on their way at once."""
        self.chunk_size = min(limits.chunk_size, self._largest)
        """Bytes of a chunk, at most."""
        self._speed = 0.0
        self._before: int | None = None
        self._doubts = 0
        self._doubling = limits.adapt_width
        self._rest = 0
        self._changed = self._narrowed = -math.inf
        self._round = _Round()
        self._endings: deque[bool] = deque(maxlen=REMEMBERED_ENDINGS)
        self._size_that_passed = math.inf
        """Chunks may not grow beyond this until enough arrived unharmed."""
        self._unharmed = 0
        self._speeds: deque[float] = deque(maxlen=self._most)
        """Bytes a second of the latest chunks, each on its connection."""
        self._own = threading.local()
        """What the connection of each thread has just carried: the next chunk of this thread goes the same way."""
        self._round_trip = math.inf
        self._dealt = False
        """Whether any chunk was dealt out. The first one is small wherever it goes, so that an answer comes soon."""
        self._turn = 0.0
        """Which part of what may be left out of a chunk is left out of the next one."""

    @property
    def most(self) -> int:
        """Requests that may ever be on their way at once."""
        return self._most

    def next_chunk(self, left: int | None, width: int, under_way: int = 0) -> int:
        """Bytes of the next chunk of the ``left`` bytes that ``width`` connections are to send, None while there is plenty. So many
        bytes are ``under_way`` with them."""
        with self._lock:
            self._turn = (self._turn + GOLDEN_RATIO) % 1 if self._doubling else 0.0
            whole: float = self.chunk_size if self._dealt else min(self.chunk_size, self._limits.chunk_size)
            self._dealt = True
            size, least = whole * (1 - UNEVEN_SHARE * self._turn), self._limits.smallest
            own, share, least_share, spare = getattr(self._own, "speed", None), 1.0, float(least), 0.0
            self._own.speed = None
            if own is not None:
                each = self._speed_of_each
                size, share = min(size, own * self._wanted), min(self._limits.max_share, own / each)
                spare = each * self._known_round_trip * SPARE_ROUND_TRIPS
                least_share = min(MAX_LEAST_SHARE_BYTES, own * self._seconds_of_least_share)
            due = math.inf
            if left is not None:
                due = max(((left + under_way * PART_TO_GO) / width + spare) * share, least_share)
            if due < size:
                size, least = due, GRID_BYTES
            return min(self.chunk_size, max(math.ceil(size / GRID_BYTES) * GRID_BYTES, least))

    def limit_to(self, width: int | None = None, chunk_size: int | None = None) -> None:
        """What the target wants at most."""
        with self._lock:
            self._most = max(1, min(self._most, width or self._most))
            self._largest = max(1, min(self._largest, chunk_size or self._largest))
            self.limit = min(self.limit, self._most)
            self.chunk_size = min(self.chunk_size, self._largest)

    def answered(self, seconds: float) -> None:
        """A request without a body took so long."""
        with self._lock:
            self._round_trip = min(self._round_trip, seconds)
            if self._doubling and not self._dealt:
                stretch = min(MAX_STRETCH, self._wanted / SECONDS_AT_FIRST)
                self.chunk_size = min(int(self._limits.chunk_size * stretch), self._largest)
                wide = int(self._limits.width * min(MAX_WIDENING, stretch))
                self.limit = max(1, min(wide, self._most))

    def accepted(
        self, size: int, began: float, now: float, running: int, *, can: float = math.inf, whole: bool = True
    ) -> None:
        """``size`` bytes that were sent from ``began`` on have arrived, one of ``running`` requests, of which there ``can`` be
        no more: what is left may be less than the limit has room for. ``whole``: as one chunk, whose time says how large chunks
        should be."""
        with self._lock:
            self._endings.append(True)
            if whole:
                self._fit(size, now - began)
            if self._limits.adapt_width:
                self._measure(size, began, now, running, can)

    def broke(self, size: int, began: float, now: float, running: int, *, can: float = math.inf) -> None:
        """The connection of a request of ``size`` bytes was lost."""
        with self._lock:
            self._harmed(size)
            self._endings.append(False)
            if not self._limits.adapt_width:
                return
            if self._endings.count(False) >= NEARLY_ALL_LOSSES:
                self._narrow(began, now)
            else:
                self._measure(0, began, now, running, can)

    def overloaded(self, began: float, now: float) -> None:
        """The target asked for less."""
        with self._lock:
            self._endings.append(False)
            if self._limits.adapt_width:
                self._narrow(began, now)

    @property
    def _wanted(self) -> float:
        """Seconds that a chunk should take."""
        if not self._doubling:
            return SECONDS_PER_CHUNK
        return max(SECONDS_AT_FIRST, min(self._known_round_trip * ROUND_TRIPS_AT_FIRST, SECONDS_PER_CHUNK))

    @property
    def _seconds_of_least_share(self) -> float:
        return max(MIN_SHARE_SECONDS, self._known_round_trip * MIN_SHARE_ROUND_TRIPS)

    @property
    def _known_round_trip(self) -> float:
        """0 where nobody knows."""
        return self._round_trip if self._round_trip < math.inf else 0.0

    @property
    def _speed_of_each(self) -> float:
        latest = list(self._speeds)[-self.limit :]
        # Added up one by one, as the page does: what sum() makes of fractions differs from one Python to the next.
        return reduce(operator.add, latest) / len(latest)

    def _fit(self, size: int, seconds: float) -> None:
        speed = size / max(seconds, MIN_CHUNK_SECONDS)
        # A piece of the end, or of a gap, may be a sliver of a chunk: it says little about speed, and nothing about other connections.
        if size < min(self.chunk_size / 2, self._limits.smallest):
            self._own.speed = speed if self._speeds else None
            return
        self._own.speed = speed
        self._speeds.append(speed)
        if size < self.chunk_size / 2:
            return
        self._unharmed += 1
        if self._unharmed >= UNHARMED_CHUNKS:
            self._size_that_passed = math.inf
        near = min(max(self._speed_of_each * self._wanted, self.chunk_size / 2), self.chunk_size * 2)
        self._resize(min(near, self._size_that_passed))

    def _harmed(self, size: int) -> None:
        self._unharmed = 0
        # A bigger one was cut before the size came down: that is old news.
        if size > self.chunk_size:
            return
        self._resize(self.chunk_size / 2)
        self._size_that_passed = self.chunk_size

    def _resize(self, size: float) -> None:
        unit = 1 if size < MIB else MIB
        whole = int(size // unit) * unit
        self.chunk_size = min(max(whole, self._limits.smallest), self._largest)

    def _narrow(self, began: float, now: float) -> None:
        # What began before the last narrowing was sent at the old width.
        if began < self._narrowed:
            return
        self._narrowed = now
        self._endings.clear()
        self._doubling = False
        self._doubts = REFUSAL_DOUBTS
        self._settle(max(1, self.limit // 2), now)

    def _measure(self, size: int, began: float, now: float, running: int, can: float) -> None:
        if began < self._changed:
            return
        this = self._round
        this.size += size
        this.seconds += now - began
        this.chunks += 1
        this.running = max(this.running, running)
        enough = self.limit / 2 if self._doubling else self.limit
        if this.chunks < enough or this.seconds < enough * MIN_ROUND_SECONDS:
            return
        self._round = _Round()
        # Where there is too little to send, nothing is learnt about this width. Where all run that can, they are what it is.
        width = min(self.limit, can)
        if this.running >= width:
            self._judge(this.size / this.seconds * width, now, can)

    def _judge(self, speed: float, now: float, can: float) -> None:
        before = self._before
        if before is not None and speed < self._speed * (1 + WORTHWHILE_SHARE * (self.limit / before - 1)):
            self._doubts += 1
            self._doubling = self._doubling and self._doubts < MAX_DOUBTS
            self._settle(before, now)
            return
        if before is not None:
            self._doubts = 0
        self._speed = speed
        self._rest -= 1
        if before is not None or self._rest <= 0:
            self._widen(now, can)

    def _widen(self, now: float, can: float) -> None:
        more = self.limit if self._doubling else max(1, self.limit // 4)
        wider = min(self._most, self.limit + more, int(max(self.limit, min(can, self._most))))
        if wider == self.limit:
            self._before = None
            self._doubling = False
            return
        self._before, self.limit = self.limit, wider
        self._start_round(now)

    def _settle(self, width: int, now: float) -> None:
        """Stay at ``width`` for a while."""
        self._before, self.limit = None, width
        self._rest = min(MAX_REST_ROUNDS, 2 ** (self._doubts - 1))
        self._start_round(now)

    def _start_round(self, now: float) -> None:
        self._changed = now
        self._round = _Round()

"""How many requests at once, and how large their parts."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from droppr_client.upload.rates import Clock

SMALLEST_PART = 256 * 1024
PERIOD = 0.5
"""Seconds over which speed is measured before a decision."""
WORTH = 0.3
"""A connection more has to bring at least this part of what the others carry each."""
PATIENCE = (2, 64)
"""Periods between two attempts at one connection more: at first, and at most."""


@dataclass(frozen=True, slots=True)
class Decision:
    """At ``time`` (the clock's seconds) ``limit`` requests at once made ``speed`` bytes per second."""

    time: float
    limit: int
    speed: float


class Pace(Protocol):
    """How many requests may be on their way at once. Safe from several threads."""

    @property
    def limit(self) -> int: ...

    @property
    def history(self) -> Sequence[Decision]: ...

    def sent(self, size: int) -> None: ...

    def overloaded(self) -> None:
        """The target asked for less."""
        ...

    def tick(self, running: int) -> None:
        """Called several times a second with the number of requests on their way."""
        ...


class FixedPace:
    """The same number all the time."""

    history: Sequence[Decision] = ()

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def sent(self, size: int) -> None: ...

    def overloaded(self) -> None: ...

    def tick(self, running: int) -> None: ...


class AdaptivePace:
    """Additive increase, multiplicative decrease, on measured speed and on what the target says.

    At first the number doubles as long as that pays. Then one more and one fewer are tried in turns: what does not
    pay is taken back and tried again later, each time after a longer while. Being asked for less halves it. A connection that
    breaks is no reason: lines that lose connections are not faster with fewer of them.
    """

    def __init__(self, most: int, clock: Clock, start: int = 4) -> None:
        self.limit = min(start, most)
        self.history: deque[Decision] = deque(maxlen=10_000)
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._bytes = 0
        self._since = clock()
        self._ticks = self._busy = 0
        self._speed = 0.0
        self._tried: int | None = None
        """The number before the one that is being tried; None while none is."""
        self._doubling = True
        self._patience = PATIENCE[0]
        self._waited = 0
        self._halved = float("-inf")
        self._settling = True
        self._fewer = False

    def sent(self, size: int) -> None:
        with self._lock:
            self._bytes += size

    def overloaded(self) -> None:
        with self._lock:
            now = self._clock()
            if now - self._halved < 2 * PERIOD:
                return
            self._halved = now
            self.limit = max(1, self.limit // 2)
            self._doubling, self._tried, self._settling = False, None, True
            self._patience, self._waited = PATIENCE[0], 0
            self._begin_period(now)

    def tick(self, running: int) -> None:
        with self._lock:
            self._ticks += 1
            self._busy += running >= self.limit
            now = self._clock()
            if now - self._since < PERIOD or self._ticks < 2:
                return
            speed = self._bytes / (now - self._since)
            was_busy = self._busy * 2 > self._ticks
            self.history.append(Decision(now, self.limit, speed))
            # Where there is not enough to send, the speed says nothing about the line.
            # Nor does that right after a change: new connections are made, and what fills their buffers has not arrived.
            if was_busy and speed > 0:
                if self._settling:
                    self._settling = False
                else:
                    self._decide(speed)
            self._begin_period(now)

    def _begin_period(self, now: float) -> None:
        self._bytes = self._ticks = self._busy = 0
        self._since = now

    def _decide(self, speed: float) -> None:
        if self._tried is None:
            self._speed = speed if not self._speed else self._speed + 0.5 * (speed - self._speed)
            self._waited += 1
            if self._doubling or self._waited >= self._patience:
                self._try_another()
            return
        before, self._tried, self._waited = self._tried, None, 0
        difference = WORTH * (self.limit - before) / before
        # More has to be worth it; of fewer, so little may be lost that those left out were not worth it either.
        if speed >= self._speed * (1 + difference):
            self._speed, self._patience = speed, PATIENCE[0]
            if self._doubling:
                self._try_another()
            return
        self.limit, self._doubling, self._settling = before, False, True
        self._fewer = not self._fewer
        self._patience = min(self._patience * 2, PATIENCE[1])

    def _try_another(self) -> None:
        step = -1 if self._fewer else self.limit if self._doubling else 1
        other = max(1, min(self.limit + step, self._most))
        if other == self.limit:
            self._doubling, self._fewer, self._waited = False, not self._fewer, 0
            return
        self._tried, self.limit, self._settling = self.limit, other, True


class PartSize:
    """The size of parts, in bytes: as the target likes it, smaller on a line that breaks before they are through."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._good = 0
        self.current = most

    def limit(self, most: int) -> None:
        with self._lock:
            self._most = min(self._most, most)
            self.current = min(self.current, most)

    def broke(self) -> None:
        with self._lock:
            self.current = max(min(SMALLEST_PART, self._most), self.current // 2)
            self._good = 0

    def arrived(self) -> None:
        with self._lock:
            self._good += 1
            if self._good >= 8 and self.current < self._most:
                self.current, self._good = min(self._most, self.current * 2), 0

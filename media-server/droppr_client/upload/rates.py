"""How fast it goes, and how fast it may go."""

from __future__ import annotations

import threading
from collections.abc import Callable

Clock = Callable[[], float]
Wait = Callable[[float], None]
"""Waits so many seconds. Raises when the work was cancelled meanwhile."""


class BandwidthMonitor:
    """Bytes over time: on the whole, and lately. Safe from several threads."""

    def __init__(self, clock: Clock, window: float = 3.0) -> None:
        self._clock = clock
        self._window = window
        self._lock = threading.Lock()
        self._start = self._since = clock()
        self._recent = 0.0
        self._speed: float | None = None
        self.total_bytes = 0

    def restart(self) -> None:
        """Count from now on."""
        with self._lock:
            self._start = self._since = self._clock()
            self._recent, self._speed, self.total_bytes = 0.0, None, 0

    def record_upload(self, size: int) -> None:
        with self._lock:
            self.total_bytes += size
            self._recent += size
            self._fold()

    def get_bandwidth(self) -> float:
        """Bytes per second since the start."""
        seconds = self._clock() - self._start
        return self.total_bytes / seconds if seconds > 0 else 0.0

    def current(self) -> float:
        """Bytes per second lately: the last seconds count most."""
        with self._lock:
            self._fold()
            if self._speed is not None:
                return self._speed
            seconds = self._clock() - self._since
            return self._recent / seconds if seconds > 0.05 else 0.0

    def _fold(self) -> None:
        seconds = self._clock() - self._since
        if seconds < 0.25:
            return
        speed = self._recent / seconds
        weight = min(1.0, seconds / self._window)
        self._speed = speed if self._speed is None else self._speed + weight * (speed - self._speed)
        self._recent, self._since = 0.0, self._clock()


class RateLimit:
    """A bucket of tokens that fills at ``rate`` a second up to ``burst``; None or 0 is no limit. Both can be changed while
    others wait. Serves in the order of asking, and may be asked for more than the bucket holds."""

    def __init__(self, rate: float | None, burst: float | None, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rate = rate or None
        self._burst = burst
        self._tokens = self._size
        self._filled = clock()

    @property
    def rate(self) -> float | None:
        return self._rate

    @property
    def _size(self) -> float:
        if self._burst is not None:
            return self._burst
        return max(1.0, (self._rate or 0) / 10)

    def change(self, rate: float | None, burst: float | None = None) -> None:
        """From now on this is the rate, for those who wait already as well."""
        with self._lock:
            self._fill()
            self._rate, self._burst = rate or None, burst
            self._tokens = min(self._tokens, self._size)

    def take(self, count: float, wait: Wait) -> None:
        """Return when ``count`` tokens are ours."""
        if self._rate is None:
            return
        with self._lock:
            self._fill()
            self._tokens -= count
        try:
            while (seconds := self._debt_seconds()) > 0:
                wait(min(seconds, 0.2))  # in steps, so that a change of the rate is noticed
        except BaseException:
            with self._lock:
                self._tokens += count
            raise

    def _debt_seconds(self) -> float:
        with self._lock:
            self._fill()
            return 0.0 if self._rate is None or self._tokens > -1e-6 else -self._tokens / self._rate

    def _fill(self) -> None:
        now = self._clock()
        if self._rate is None:
            self._tokens = self._size
        else:
            self._tokens = min(self._size, self._tokens + (now - self._filled) * self._rate)
        self._filled = now

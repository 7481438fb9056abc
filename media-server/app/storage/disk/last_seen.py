"""LastSeen: when something was seen last, shared by all processes and kept over restarts."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from app.core.ports.guards import Clock

_FRESH_SECONDS = 600.0
"""What was noted so recently is not noted again, unless told otherwise: strangers may bring it with every call."""


class LocalLastSeen:
    """LastSeen as the time of the empty file ``path``."""

    def __init__(self, path: Path, clock: Clock, fresh_seconds: float = _FRESH_SECONDS) -> None:
        self._path = path
        self._clock = clock
        self._fresh_seconds = fresh_seconds

    def note(self) -> None:
        if self.seconds_ago() < self._fresh_seconds:
            return
        now = self._clock()
        with suppress(OSError):
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            os.utime(self._path, (now, now))

    def seconds_ago(self) -> float:
        try:
            return max(0.0, self._clock() - self._path.stat().st_mtime)
        except OSError:
            return float("inf")

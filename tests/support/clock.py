"""A clock that stands still until a test moves it, and one that goes on from where a test has put it."""

from __future__ import annotations

import time
from pathlib import Path

from tests.support.template import MOVED_CLOCK


class Now:
    """Seconds since the epoch, beginning with the real time."""

    def __init__(self) -> None:
        self.at = time.time()

    def __call__(self) -> float:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += seconds


class MovedClock:
    """How far ahead the clock of a server or a `droppr` is that is forked (template.py) with ``environment``."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.environment = {MOVED_CLOCK: str(file)}
        self.set(0)

    def set(self, hours: float) -> None:
        self.hours = hours
        # By renaming, so that nobody reads half a number.
        beside = self._file.with_name("clock.new")
        beside.write_text(str(hours * 3600))
        beside.rename(self._file)

    def forward(self, hours: float) -> None:
        self.set(self.hours + hours)

"""A clock that stands still until a test moves it, and one that goes on from where a test has put it."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.support.live import MEDIA_SERVER


class Now:
    """Seconds since the epoch, beginning with the real time."""

    def __init__(self) -> None:
        self.at = time.time()

    def __call__(self) -> float:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += seconds


class MovedClock:
    """How far ahead the clock of a program is that runs with ``environment``; see moved_clock/sitecustomize.py."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.environment = {
            "PYTHONPATH": f"{Path(__file__).with_name('moved_clock')}{os.pathsep}{MEDIA_SERVER}",
            "MOVED_CLOCK": str(file),
        }
        self.set(0)

    def set(self, hours: float) -> None:
        self.hours = hours
        # By renaming, so that nobody reads half a number.
        beside = self._file.with_name("clock.new")
        beside.write_text(str(hours * 3600))
        beside.rename(self._file)

    def forward(self, hours: float) -> None:
        self.set(self.hours + hours)

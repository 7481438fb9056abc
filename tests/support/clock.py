"""A clock that stands still until a test moves it."""

from __future__ import annotations

import time


class Now:
    """Seconds since the epoch, beginning with the real time."""

    def __init__(self) -> None:
        self.at = time.time()

    def __call__(self) -> float:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += seconds

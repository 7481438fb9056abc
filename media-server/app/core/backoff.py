"""One backoff for every retry: exponential, with jitter, and never shorter than the other side asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits of ``first`` seconds, doubled with each failure up to ``most``, of which a random half to all is taken, so that many
    who failed together do not come back together."""

    first: float
    most: float
    random: Callable[[], float]
    """A number in [0, 1)."""

    def wait(self, failures: int, asked: float | None = None) -> float:
        """Seconds to wait after the ``failures``-th failure in a row (from 1); at least what the other side asked for."""
        full = min(self.most, self.first * 2.0 ** min(failures - 1, 32))
        return max(full * (0.5 + self.random() / 2), asked or 0.0)

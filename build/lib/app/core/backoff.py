"""One backoff for every retry: exponential, with jitter, and polite to who says how long to wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """``first`` seconds, then twice as many each time up to ``most``; each between half of that and all of it, so that
    many who failed together do not come back together."""

    first: float
    most: float
    random: Callable[[], float]
    """A number in [0, 1)."""

    def wait(self, failures: int, asked: float | None = None) -> float:
        """Seconds to wait after the ``failures``-th failure in a row (from 1); at least what the other side asked for."""
        full = min(self.most, self.first * 2.0 ** min(failures - 1, 32))
        return max(full * (0.5 + self.random() / 2), asked or 0.0)

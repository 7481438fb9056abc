"""How long to wait before trying again, and when to give up."""

from __future__ import annotations

import random
from dataclasses import dataclass

from droppr_client.upload.troubles import Passing

JITTER = 0.25


@dataclass
class Retries:
    """The attempts of one file. Whoever gets something through begins to count anew.

    Waits 0.5, 1, 2, 4 … up to ``longest`` seconds plus up to a quarter, so that what failed together does not come back
    together. What the target asks for by ``Retry-After`` wins over our own guess. Where one connection breaks while others
    get through, nobody is spared by waiting.
    """

    most: int
    first: float = 0.5
    longest: float = 30.0
    failures: int = 0
    total: int = 0
    moved: bool = False

    def progressed(self) -> None:
        self.failures, self.moved = 0, True

    def wait_before_next(self, trouble: Passing) -> float | None:
        """Seconds to wait; None when there is no further attempt."""
        self.total += 1
        moved, self.moved = self.moved, False
        if moved and trouble.broken:
            return 0.0
        if not trouble.pause:
            self.failures += 1
        if self.failures > self.most:
            return None
        if trouble.retry_after is not None:
            return trouble.retry_after + random.random() * JITTER
        doubled = self.first * 2.0 ** min(self.failures - 1, 16)
        return min(doubled, self.longest) * (1 + random.random() * JITTER)

"""How long to wait before trying again, and when to give up."""

from __future__ import annotations

import random
from dataclasses import dataclass

from droppr_client.upload.problems import Retryable

JITTER_SHARE = 0.25
MAX_DETOURS = 1000
"""Times that a target asks for other bytes, or fewer, than it was sent. Beyond that it does not know what it wants."""
MAX_LOSSES = 10
"""Times that a target misses what it has said it has."""

LOOK_SECONDS = 2.0
MAX_LOOKS = 43_200
"""How often a target is asked that says it compares a digest, in a day: then it does something else."""


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

    def wait_before_next(self, problem: Retryable) -> float | None:
        """Seconds to wait; None when there is no further attempt."""
        self.total += 1
        moved, self.moved = self.moved, False
        if moved and problem.broken:
            return 0.0
        if not (problem.pause or problem.working):
            self.failures += 1
        if self.failures > self.most:
            return None
        if problem.retry_after is not None:
            return problem.retry_after + random.random() * JITTER_SHARE
        doubled = self.first * 2.0 ** min(self.failures - 1, 16)
        return min(doubled, self.longest) * (1 + random.random() * JITTER_SHARE)


class Patience:
    """With a target that takes chunks and asks for others instead: of one file, until it ends. None of it counts as an
    attempt, so that without an end of its own it would have none."""

    def __init__(self) -> None:
        self._detours = self._losses = self._looks = 0
        self._reached = -1

    def for_a_detour(self) -> bool:
        """Whether to go along with another wish for other bytes, or for fewer."""
        self._detours += 1
        return self._detours <= MAX_DETOURS

    def for_its_end(self, verifying: bool) -> Retryable:
        """What to do while the target has everything and has not finished: as long as it compares a digest, ask again now and then."""
        self._looks += 1
        if verifying and self._looks <= MAX_LOOKS:
            sentence = "The server compares the digest of the whole file."
            return Retryable(sentence, "busy", retry_after=LOOK_SECONDS, working=True)
        return Retryable("The server has everything and has not finished the file yet.", "busy")

    def for_gaps_from(self, first: int) -> bool:
        """Whether to send what is missing from ``first`` on, after all that had been missing was sent. A target names
        only so many gaps at once, so there may be others, but further on."""
        self._losses += first <= self._reached
        self._reached = first
        return self._losses <= MAX_LOSSES

"""What all jobs of one run share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from droppr_client.upload.flow import Flow
from droppr_client.upload.items import Item, Outcome, UploadResult
from droppr_client.upload.pace import Pace
from droppr_client.upload.progress import ProgressTracker
from droppr_client.upload.rates import Clock, RateLimit
from droppr_client.upload.retry import Retries
from droppr_client.upload.schedule import Schedule
from droppr_client.upload.state import StateFile
from droppr_client.upload.targets import Facts, Standing, Target, Terms
from droppr_client.upload.troubles import Cancelled, Passing, Refused, Trouble

WAITS_FOR_DIGEST = 60.0
SLOW_DIGEST = 100 * 1024 * 1024
"""Bytes a second that a server is given time to hash, on top of that."""


@dataclass(frozen=True, slots=True)
class Care:
    """How careful to be. ``verify``: compare the SHA-256 of whole files with the target's. ``checksum``: send a digest
    with every part, and read again what was sent by an earlier run. ``retries``: attempts without any progress. ``measures``:
    the number of requests follows what they carry."""

    verify: bool = True
    checksum: bool = False
    retries: int = 10
    parallel_parts: int | None = None
    measures: bool = True


@dataclass
class Work:
    """Wired by the manager."""

    target: Target
    terms: Terms
    flow: Flow
    state: StateFile
    progress: ProgressTracker
    pace: Pace
    openings: RateLimit
    care: Care
    clock: Clock
    schedule: Schedule
    emit: Callable[[UploadResult], None]
    refuse: Callable[[Refused], None]

    def retries(self) -> Retries:
        return Retries(self.care.retries)

    @property
    def verifies(self) -> bool:
        return self.care.verify and self.terms.compares

    def connect_ahead(self, size: int) -> None:
        """While a file of so many bytes is opened, whoever has nothing to do makes the connections for its parts."""
        wanted = min(self.pace.limit, -(-size // self.pace.part))
        for _ in range(wanted - 1):
            self.schedule.later(0, lambda: self.target.ahead(wanted))

    def opened(self, item: Item, facts: Facts) -> Standing:
        """Open a file at the target. How long that takes tells how far away the target is."""
        began = self.clock()
        standing = self.target.open(item, facts)
        self.pace.answered(self.clock() - began)
        return standing

    def passed(self, item: Item, size: int) -> None:
        """So many bytes of a file are on their way."""
        self.progress.update_progress(item, size)

    def arrived(self, size: int, began: float, *, whole: bool = True) -> None:
        """The target has so many bytes more, sent in one request; ``whole`` where that was a part of a file."""
        running, can = self.schedule.running, self.schedule.most_running
        self.pace.accepted(size, began, self.clock(), running, can=can, whole=whole)

    def stumbled(self, trouble: Passing, size: int, began: float) -> None:
        """A request with so many bytes of files did not get through."""
        if trouble.overload:
            self.pace.overloaded(began, self.clock())
        elif trouble.broken and size:
            running, can = self.schedule.running, self.schedule.most_running
            self.pace.broke(size, began, self.clock(), running, can=can)

    def with_digest(self, item: Item, standing: Standing) -> Standing:
        """The standing with the target's own digest, which may take it a while; without, where it takes too long."""
        deadline, wait = self.clock() + WAITS_FOR_DIGEST + item.size / SLOW_DIGEST, 0.02
        while standing.sha256 is None and self.clock() < deadline:
            standing = self.target.finish(item, standing.ticket)
            if standing.sha256 is None:
                self.flow.cancellation.wait(wait)
                wait = min(1.0, wait * 1.5)
        return standing

    def finished(self, item: Item, result: UploadResult) -> None:
        self.progress.finished(item, result)
        self.emit(result)

    def failed(self, item: Item, trouble: Trouble, began: float, retries: int = 0) -> None:
        """A file is not sent. What is wrong with the target stops everything."""
        outcome = Outcome.CANCELLED if isinstance(trouble, Cancelled) else Outcome.FAILED
        result = UploadResult(item.path, item.size, outcome, str(trouble), trouble.code, self.clock() - began, retries)
        self.finished(item, result)
        if isinstance(trouble, Refused):
            self.refuse(trouble)

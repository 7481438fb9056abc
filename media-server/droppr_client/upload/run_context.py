"""What all jobs of one run share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from droppr_client.upload.digests import FollowingDigest, content_digest
from droppr_client.upload.early import EarlyChunk, EarlyOpening
from droppr_client.upload.items import Item, Outcome, Pair, UploadResult
from droppr_client.upload.pace import Pace
from droppr_client.upload.problems import Cancelled, Refused, Retryable, UploadProblem
from droppr_client.upload.progress import ProgressTracker
from droppr_client.upload.rates import Clock, RateLimit
from droppr_client.upload.retry import Retries
from droppr_client.upload.schedule import Schedule
from droppr_client.upload.state import StateFile
from droppr_client.upload.targets import Facts, Target, Terms, UploadStatus
from droppr_client.upload.throttle import Chunk, Throttle

Said = TypeVar("Said", bound=UploadStatus | None)
DIGEST_WAIT_SECONDS = 60.0
DIGEST_BYTES_PER_SECOND = 100 * 1024 * 1024
"""Bytes a second that a server is given time to hash, on top of that."""


@dataclass(frozen=True, slots=True)
class Checks:
    """How careful to be. ``verify``: compare the SHA-256 of whole files with the target's. ``checksum``: send a digest
    with every chunk, and read again what was sent by an earlier run. ``retries``: attempts without any progress. ``measures``:
    the number of requests follows what they carry."""

    verify: bool = True
    checksum: bool = False
    retries: int = 10
    parallel_chunks: int | None = None
    measures: bool = True


@dataclass
class RunContext:
    """Wired by the manager."""

    target: Target
    terms: Terms
    throttle: Throttle
    state: StateFile
    progress: ProgressTracker
    pace: Pace
    openings: RateLimit
    checks: Checks
    clock: Clock
    schedule: Schedule
    emit: Callable[[UploadResult], None]
    refuse: Callable[[Refused], None]
    early: EarlyOpening | None = None

    def retries(self) -> Retries:
        return Retries(self.checks.retries)

    @property
    def verifies(self) -> bool:
        return self.checks.verify and self.terms.compares

    def goes_whole(self, item: Item) -> bool:
        """Whether a file is sent in the request that opens it: as one chunk, where others keep the connections busy."""
        most = min(self.terms.whole_file_bytes, self.pace.chunk_size)
        return 0 < item.size <= most and self.schedule.is_plentiful

    def connect_ahead(self, size: int) -> None:
        """While a file of so many bytes is opened, whoever has nothing to do makes the connections for its chunks."""
        wanted = min(self.pace.limit, -(-size // self.pace.chunk_size))
        for _ in range(wanted - 1):
            self.schedule.later(0, lambda: self.target.ahead(wanted))

    def opened(self, item: Item, facts: Facts) -> tuple[UploadStatus, list[EarlyChunk]]:
        """Open a file at the target, unless that was done ahead; and the chunks that left meanwhile. How long it takes tells how far
        away the target is."""
        if self.early and (found := self.early.take(item, facts)):
            return found
        began = self.clock()
        status = self.target.open(item, facts)
        self.pace.answered(self.clock() - began)
        return status, []

    def size_of_chunk(self, status: UploadStatus | None, start: int, left: int, under_way: int, parallel: int) -> int:
        """Towards the end chunks become smaller, so that all connections have some and end together. Parts are whole."""
        if status and status.way and (size := status.way.length_from(start)):
            return size
        if self.terms.fixed_chunks:
            return (status and status.chunk_size) or self.terms.chunk_size
        width = min(self.pace.limit, parallel)
        return self.pace.next_chunk(left if self.schedule.is_ending else None, width, under_way)

    def joined(self, item: Item, chunk: EarlyChunk, following: FollowingDigest | None) -> UploadStatus | None:
        """What the target said, or will say, to a chunk that left while its upload was being opened; None where that was too early."""
        try:
            said = chunk.join(lambda size: self.progress.update_progress(item, size))
        except Retryable as problem:
            if problem.code != "upload_not_opened":
                raise
            return None
        self.arrived(chunk.span[1] - chunk.span[0], chunk.began)
        if following is not None:
            following.sent(chunk.span)
        return said

    def carried(
        self, item: Item, fd: int, span: Pair, send: Callable[[Chunk], Said], following: FollowingDigest | None
    ) -> Said:
        """What ``send`` makes of a chunk of an open file; None where it sent nothing. Bytes that did not get there count for
        nothing."""
        began = self.clock()
        counted = 0

        def count(size: int) -> None:
            nonlocal counted
            counted += size
            self.progress.update_progress(item, size)

        digest = content_digest(fd, span) if self.checks.checksum else None
        try:
            said = send(Chunk(span, self.throttle, fd, None, count, digest))
        except BaseException:
            self.progress.update_progress(item, -counted)
            raise
        if said is not None:
            self.arrived(span[1] - span[0], began)
            if following is not None:
                following.sent(span)
        return said

    def arrived(self, size: int, began: float, *, whole: bool = True) -> None:
        """The target has so many bytes more, sent in one request; ``whole`` where that was a chunk of a file."""
        self.progress.got_through()
        running, can = self.schedule.running, self.schedule.most_running
        self.pace.accepted(size, began, self.clock(), running, can=can, whole=whole)

    def request_failed(self, problem: Retryable, size: int, began: float) -> None:
        """A request with so many bytes of files did not get through."""
        if problem.overload:
            self.pace.overloaded(began, self.clock())
        elif problem.broken and size:
            running, can = self.schedule.running, self.schedule.most_running
            self.pace.broke(size, began, self.clock(), running, can=can)

    def with_digest(self, item: Item, status: UploadStatus) -> UploadStatus:
        """The status with the target's own digest, which may take it a while; without, where it takes too long."""
        deadline, wait = self.clock() + DIGEST_WAIT_SECONDS + item.size / DIGEST_BYTES_PER_SECOND, 0.02
        while status.sha256 is None and self.clock() < deadline:
            status = self.target.finish(item, status.ticket)
            if status.sha256 is None:
                self.throttle.cancellation.wait(wait)
                wait = min(1.0, wait * 1.5)
        return status

    def finished(self, item: Item, result: UploadResult) -> None:
        self.progress.finished(item, result)
        self.emit(result)

    def failed(self, item: Item, problem: UploadProblem, began: float, retries: int = 0) -> None:
        """A file is not sent. What is wrong with the target stops everything."""
        outcome = Outcome.CANCELLED if isinstance(problem, Cancelled) else Outcome.FAILED
        result = UploadResult(item.path, item.size, outcome, str(problem), problem.code, self.clock() - began, retries)
        self.finished(item, result)
        if isinstance(problem, Refused):
            self.refuse(problem)

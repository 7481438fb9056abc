"""UploadSession: one file on its way, as a value, and the only changes it can go through."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from app.core.paths import RelPath
from app.core.ranges import ByteRanges, Span


class State(StrEnum):
    """Where an upload stands. An upload that was cancelled or purged no longer exists and has no state."""

    OPEN = "open"
    """Bytes may still come, or all have come and the file is about to be delivered."""
    COMPLETE = "complete"
    """The file stands under its final name."""
    REFUSED = "refused"
    """Its content was not acceptable; the bytes are gone and no more are taken."""


NEXT: dict[State, frozenset[State]] = {
    State.OPEN: frozenset({State.COMPLETE, State.REFUSED}),
    State.COMPLETE: frozenset(),
    State.REFUSED: frozenset(),
}


class IllegalTransition(Exception):
    """The program tried a step the table does not have: a fault of the program, never of a caller."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a file, as far as the link asked and they said."""

    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class UploadSession:
    """One file on its way. Times are seconds since the epoch, sizes are bytes."""

    upload_id: str
    request_hash: str
    path: RelPath
    size: int
    opened_at: float
    active_at: float
    """When a byte of it last arrived, or when it was opened."""
    state: State = State.OPEN
    ranges: ByteRanges = field(default_factory=ByteRanges)
    sender: Sender = Sender()
    client: str = ""
    """The address it was opened from, as limits count senders; empty once nothing comes any more."""
    last_modified: float | None = None
    sample: str | None = None
    """What the sender says is the digest of some places of the file, kept so that clients can tell files apart."""
    declared_sha256: str | None = None
    """What the sender says the whole file's SHA-256 is, as 64 lower-case hex digits."""
    sha256: str | None = None
    """The SHA-256 of what arrived, once it is known."""
    delivered_path: str | None = None
    """Its final name below the link's folder, once it is complete."""
    interrupted: bool = False
    """Whether the machine stopped since the last byte, so that only what had reached the disk counts."""
    refusal: str | None = None
    """The sentence that says why it was refused."""

    @property
    def is_whole(self) -> bool:
        """Whether every byte is there, delivered or not."""
        return self.state is State.COMPLETE or self.ranges.length == self.size

    @property
    def missing_count(self) -> int:
        """How many gaps there are."""
        return 0 if self.is_whole else self.ranges.count_missing(Span(0, self.size))

    def missing(self, most: int) -> list[Span]:
        """The first ``most`` gaps, in order."""
        return [] if self.is_whole else self.ranges.first_missing(Span(0, self.size), most)

    def gaps(self, most: int) -> tuple[list[tuple[int, int]], int]:
        """The first ``most`` gaps, each as its first and last byte, and how many there are."""
        return ([], 0) if self.is_whole else self.ranges.gaps(self.size, most)

    def missing_outline(self, most: int) -> list[Span]:
        """All gaps in ``most`` stretches: where there are more, the last one reaches to the end of the last gap and
        holds bytes that are there, too."""
        gaps = self.missing(most)
        if self.missing_count > most:
            gaps[-1] = Span(gaps[-1].start, self.ranges.missing_stop(Span(0, self.size)))
        return gaps

    @property
    def received_bytes(self) -> int:
        return self.size if self.state is State.COMPLETE else self.ranges.length

    def idle_since(self, now: float) -> float:
        """Seconds since the last byte; never negative, whatever the clock did."""
        return max(0.0, now - self.active_at)

    def completed(self, delivered_path: str, sha256: str | None, at: float) -> UploadSession:
        """The session once its file stands under ``delivered_path``."""
        # A clock that was set back does not make an upload older than it is.
        at = max(self.active_at, at)
        return replace(self._to(State.COMPLETE), delivered_path=delivered_path, sha256=sha256, active_at=at)

    def refused(self, reason: str, at: float) -> UploadSession:
        """The session once its content was judged unacceptable; its bytes no longer count."""
        if self.state is State.REFUSED:
            return self
        return replace(self._to(State.REFUSED), refusal=reason, ranges=ByteRanges(), active_at=at)

    def hashed(self, sha256: str) -> UploadSession:
        """The session once the SHA-256 of its delivered bytes is known."""
        return replace(self, sha256=sha256)

    def _to(self, state: State) -> UploadSession:
        if state not in NEXT[self.state]:
            raise IllegalTransition(f"{self.state} cannot become {state}")
        return replace(self, state=state, client="")

"""UploadSession: one upload as a value, and the only changes that it can go through."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from app.core.paths import RelPath, as_sent
from app.core.ranges import ByteRanges, Span


class State(StrEnum):
    """The state of an upload. One that was cancelled, stopped, purged or taken back no longer exists and has none."""

    OPEN = "open"
    """Bytes may still come, or all have come and the file is about to be delivered."""
    COMPLETE = "complete"
    """The file is delivered: it has its final name."""
    REFUSED = "refused"
    """Its content was not acceptable; the bytes are gone and no more are taken."""


class ToldState(StrEnum):
    """What is told of the state of an upload."""

    OPEN = "open"
    VERIFYING = "verifying"
    """All bytes have come, and the digest that was declared for the whole file is compared with theirs before it is delivered."""
    COMPLETE = "complete"
    REFUSED = "refused"


NEXT: dict[State, frozenset[State]] = {
    State.OPEN: frozenset({State.COMPLETE, State.REFUSED}),
    State.COMPLETE: frozenset(),
    State.REFUSED: frozenset(),
}


class IllegalTransition(Exception):
    """The program tried a change of state that ``NEXT`` does not have: a fault of the program, never of a sender."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The name and e-mail address that a sender gave, where the link asks for them, and the party that they are, as far as known."""

    name: str | None = None
    email: str | None = None
    party: str | None = None
    language: str | None = None
    """That of their browser, where they are mailed."""


@dataclass(frozen=True, slots=True)
class UploadSession:
    """One upload. Times are seconds since the epoch, sizes are bytes."""

    upload_id: str
    request_hash: str
    path: RelPath
    size: int
    opened_at: float
    active_at: float
    """When a chunk of it was last recorded; when it was opened, before the first; when it ended, after that."""
    state: State = State.OPEN
    ranges: ByteRanges = field(default_factory=ByteRanges)
    """What is recorded of an open upload."""
    sender: Sender = Sender()
    client: str = ""
    """The address it was opened from, as limits count senders; empty once nothing comes any more."""
    last_modified: float | None = None
    sample: str | None = None
    """The client's own digest of some places of the file, kept so that clients can tell files apart; never checked."""
    declared_sha256: str | None = None
    """The SHA-256 of the whole file that the sender declared, as 64 lower-case hex digits."""
    sha256: str | None = None
    """The SHA-256 of the bytes that were received, once it is known."""
    delivered_path: str | None = None
    """Its final name below the link's folder, once it is complete."""
    interrupted: bool = False
    """Whether the machine was started anew since the last chunk, so that only what had reached the disk counts."""
    lost: bool = False
    """Whether recorded bytes may have ceased to count since the upload was opened, by a power cut or a failed sync. Such bytes are
    sent again and need not be the same, so what was computed of them before says nothing."""
    refusal: str | None = None
    """The sentence that says why it was refused."""
    item: str | None = None
    """The item of its link that it is for."""
    lead: int = 0
    """How many of the folders in front of its path the link's rule has put there."""
    sent_name: str | None = None
    """What its sender called it, where the link's rule calls it otherwise."""

    @property
    def sent_path(self) -> str:
        """Its path as its sender knows it: the final one once it is complete, without what the link's rules have made of it."""
        return as_sent(self.delivered_path or str(self.path), self.lead, self.sent_name)

    @property
    def declared_path(self) -> str:
        """Its path as its sender declared it."""
        return as_sent(str(self.path), self.lead, self.sent_name)

    @property
    def is_whole(self) -> bool:
        """Whether the upload has no gaps: every byte is recorded, or the file is delivered."""
        return self.state is State.COMPLETE or self.ranges.length == self.size

    @property
    def told_state(self) -> ToldState:
        """The state as it is told."""
        waits = self.state is State.OPEN and self.declared_sha256 is not None and self.is_whole
        return ToldState.VERIFYING if waits else ToldState(self.state.value)

    @property
    def missing_count(self) -> int:
        """How many gaps there are."""
        return 0 if self.is_whole else self.ranges.count_missing(Span(0, self.size))

    def missing(self, most: int) -> list[Span]:
        """The first ``most`` gaps, in order."""
        return [] if self.is_whole else self.ranges.first_missing(Span(0, self.size), most)

    def gaps(self, most: int) -> tuple[list[tuple[int, int]], int]:
        """The first ``most`` gaps, each as its first and last byte, and how many there are."""
        return ([], 0) if self.state is State.COMPLETE else self.ranges.gaps(self.size, most)

    def missing_outline(self, most: int) -> list[Span]:
        """All gaps, in at most ``most`` spans: where there are more gaps, the last span reaches to the end of the last gap and also
        holds recorded bytes."""
        gaps = self.missing(most)
        if self.missing_count > most:
            gaps[-1] = Span(gaps[-1].start, self.ranges.missing_stop(Span(0, self.size)))
        return gaps

    @property
    def received_bytes(self) -> int:
        """How many bytes are recorded; all of a complete upload, none of a refused one."""
        return self.size if self.state is State.COMPLETE else self.ranges.length

    def idle_since(self, now: float) -> float:
        """Seconds from ``active_at`` to ``now``; never negative, also where the clock was set back."""
        return max(0.0, now - self.active_at)

    def completed(self, delivered_path: str, sha256: str | None, at: float) -> UploadSession:
        """The session once its file is delivered under ``delivered_path``. Raises IllegalTransition unless it is open."""
        # A clock that was set back does not make an upload older than it is.
        at = max(self.active_at, at)
        return replace(self._to(State.COMPLETE), delivered_path=delivered_path, sha256=sha256, active_at=at)

    def refused(self, reason: str, at: float) -> UploadSession:
        """The session once its content was judged unacceptable; its bytes no longer count. A refused one stays as it is. Raises
        IllegalTransition where it is complete."""
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

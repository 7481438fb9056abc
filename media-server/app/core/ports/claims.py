"""What a request holds of an upload while it brings a chunk; part of the upload store's port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from app.core.ports.bodies import Body, Checksum
from app.core.ranges import ByteRanges
from app.core.session import UploadSession


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording a span did."""

    session: UploadSession
    """The upload with what has arrived of it by now, from whomever."""
    closed: bool
    """True for exactly one record of an upload: the one that closed the last gap."""


class ClaimedSpan(Protocol):
    """A span of an upload, to which nobody else writes while it is held."""

    session: UploadSession
    """The upload as it stood once the span was held."""
    missing: ByteRanges
    """What of the span was not recorded then, and so nobody else can record now; nothing where the upload is over."""

    def receive(self, body: Body, checksum: Checksum | None) -> None:
        """Keep those bytes of ``body`` that are ``missing``, all of them or none that count.

        ``body`` holds exactly the span. Raises ChunkSizeMismatch when it does not, ChecksumMismatch, StorageFull, Busy.
        After an error the bytes must not be recorded; their room is free again.
        """
        ...

    def record(self, at: float) -> Recorded:
        """Note that the span has arrived, once ``receive`` has returned; acknowledged bytes outlive every process.

        ``at`` is seconds since the epoch. Raises UploadNotFound, StorageFull, Busy.
        """
        ...

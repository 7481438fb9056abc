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
    """The upload with every span that is recorded by now, also by other requests."""
    closed: bool
    """True for exactly one record of an upload: the one that closed the last gap."""


class ClaimedSpan(Protocol):
    """A span of an upload that one request holds: no other request writes or records any byte of it meanwhile."""

    session: UploadSession
    """The upload as it stood once the span was held."""
    missing: ByteRanges
    """The bytes of the span that were not recorded then; empty where the upload is over."""

    def receive(self, body: Body, checksum: Checksum | None) -> None:
        """Store those bytes of ``body`` that are ``missing``; bytes that were recorded before are never written.

        Raises ChunkSizeMismatch unless ``body`` is exactly as long as the span, ChecksumMismatch, StorageFull, and what
        ``Body`` raises. After an error the span must not be recorded; the room of its bytes is free again.
        """
        ...

    def record(self, at: float) -> Recorded:
        """Record the whole span, after ``receive`` has returned; from then on its bytes outlive every process.

        ``at`` is seconds since the epoch. Raises UploadNotFound where the upload was deleted meanwhile, StorageFull, Busy.
        """
        ...

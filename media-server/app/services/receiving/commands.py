"""What senders ask for, as values: parsed once at the edge, the same for every protocol."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass

from app.core.paths import RelPath
from app.core.ports.bodies import Checksum
from app.core.ranges import Span


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """What a sender declares when opening an upload."""

    path: RelPath
    size: int
    """Bytes."""
    last_modified: float | None = None
    """Seconds since the epoch."""
    sample: str | None = None
    """A digest of some places of the file, computed by the client in a way of its own. Kept and shown to clients, so that they
    can tell files of one name and size apart; never checked."""
    declared_sha256: str | None = None
    """The SHA-256 of the whole file, as 64 lower-case hex digits; a file with another one is refused."""
    sender_name: str | None = None
    sender_email: str | None = None
    item: str | None = None
    """The item of the link that the file is for."""
    key: str | None = None
    """A random text by which the sender names this upload: opening twice under one key opens one upload."""
    lead: int = 0
    """How many of the folders in front of its path the link's rule has put there."""
    sent_name: str | None = None
    """What its sender called it, where the link's rule calls it otherwise."""


@dataclass(frozen=True, slots=True)
class ReceiveChunk:
    """One chunk: the span that it fills, and how to check it."""

    upload_id: str
    span: Span
    total: int | None
    """The file's size in bytes as this chunk declares it; None where it does not."""
    checksum: Checksum | None
    index: int | None = None
    """The client's own number for this chunk; for the log, never for order."""
    client: str = ""
    """The address that sends it, as limits count clients."""
    spooled: bool = False
    """Whether nginx has received all its bytes: it is then not refused for want of a slot."""


def new_upload_id(hash: str, key: str | None) -> str:
    """An id that nobody can guess: random, or derived from the link and a random ``key`` of the sender's, the same each time."""
    if key is None:
        return secrets.token_urlsafe(24)
    return base64.urlsafe_b64encode(hashlib.sha256(f"{hash}\n{key}".encode()).digest()[:24]).decode()

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
    """What a sender says when opening: a file's name, size in bytes, and what they know of it."""

    path: RelPath
    size: int
    last_modified: float | None = None
    sample: str | None = None
    declared_sha256: str | None = None
    sender_name: str | None = None
    sender_email: str | None = None
    key: str | None = None
    """What the sender calls this upload, at random: opening it twice under one key opens one upload."""


@dataclass(frozen=True, slots=True)
class ReceiveChunk:
    """One chunk: where it belongs and how to check it. ``total`` is the file's size as this chunk tells it."""

    upload_id: str
    span: Span
    total: int | None
    checksum: Checksum | None
    index: int | None = None
    """Its place in the client's own numbering; for the log, never for order."""
    client: str = ""
    """Who sends it, as limits count senders."""
    arrived: bool = False
    """Whether all its bytes are on this machine already."""


def new_upload_id(hash: str, key: str | None) -> str:
    """A capability nobody can guess: random, or told by the link and a random ``key`` of the sender's."""
    if key is None:
        return secrets.token_urlsafe(24)
    return base64.urlsafe_b64encode(hashlib.sha256(f"{hash}\n{key}".encode()).digest()[:24]).decode()

"""Passing files on: where to, how far it got, and what can go wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.core.reasons import Reason


class TargetKind(StrEnum):
    """What kind of remote it is."""

    S3 = "s3"
    DRIVE = "drive"
    SESSION = "session"
    """A Google resumable session that the caller began; only through the WebSocket, never on a link."""


@dataclass(frozen=True, slots=True)
class RemoteTarget:
    """Where the files of a link go after its folder."""

    kind: TargetKind
    bucket: str = ""
    prefix: str = ""
    """What every object's key begins with, as a folder without slashes at its ends; empty for none."""
    folder_id: str = ""

    @property
    def remote(self) -> tuple[str, str]:
        """A key for what is slow or fails together: one bucket, or all of Drive."""
        return self.kind, self.bucket

    @classmethod
    def of(cls, document: dict[str, Any] | None) -> RemoteTarget | None:
        """The target as ``asdict`` wrote it; None for the link's folder alone."""
        return None if document is None else cls(**{**document, "kind": TargetKind(document["kind"])})


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file as a remote is told of it. ``path`` is relative with ``/``, ``size`` is bytes."""

    upload_id: str
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What a remote took of a part."""

    length: int
    """In bytes, from the part's first on."""
    digest: str | None = None
    """Which bytes those were, in a form that the remote itself compares when it finishes; None where it does not."""


PartDigests = Mapping[int, str]
"""The digests of parts that a remote took whole, each by the offset at which its part begins."""

ReadInto = Callable[[int, memoryview], None]
"""Fill a buffer with the file's bytes from an offset on. Raises LocalCopyGone when the local copy is no longer there whole."""


class OutboxState(StrEnum):
    """How passing a file on stands, as its owner sees it."""

    ARRIVING = "arriving"
    """The file is still being received; what has arrived may be on its way already."""
    WAITING = "waiting"
    SENDING = "sending"
    RETRYING = "retrying"
    """It failed and will be tried again by itself."""
    FAILED = "failed"
    """It failed for a reason that does not pass by itself; it is still tried again, once an hour, unless nobody can put that right."""
    DONE = "done"


NEVER = 1e12
"""When a file is tried again that is tried no more by itself, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One file that has to be passed on. Times are seconds since the epoch."""

    upload_id: str
    request_hash: str
    target: RemoteTarget
    size: int
    created_at: float
    state: OutboxState = OutboxState.WAITING
    transfer: str | None = None
    """What the remote needs to go on where it was. A secret: never shown, never logged."""
    path: str | None = None
    """The name under which ``transfer`` was begun."""
    attempts: int = 0
    """How often it has failed since the owner or the sender last began it."""
    error: str | None = None
    """A sentence about the last failure."""
    next_at: float = 0.0
    sent_bytes: int = 0
    digests: str | None = None
    """``PartDigests`` of ``transfer`` as JSON, and when the upload was opened, as far as they were noted before a process died. A
    large file has thousands, so they are read only by who goes on with it."""
    reason: Reason | None = None
    """Of ``error``: why, where that is known."""
    said: str | None = None
    """Of ``error``: what the remote, or the system, said in its own words."""


@dataclass(frozen=True, slots=True)
class PassedOn:
    """What an owner sees of one file's way to its remote."""

    state: OutboxState
    attempts: int = 0
    error: str | None = None
    remote: str | None = None
    """Where it stands, such as ``s3://bucket/key``; None until it does."""
    sent_bytes: int = 0
    next_at: float | None = None
    reason: Reason | None = None
    said: str | None = None
    """Both of ``error``."""


class RemoteTrouble(Exception):
    """A remote did not do what it was asked. Its text is a sentence for the owner and holds no secret."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        lasting: bool = False,
        reason: Reason | None = None,
        said: str | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        """Why, where that is known."""
        self.said = said
        """What the remote, or the system, said in its own words."""
        self.retry_after = retry_after
        """Seconds the remote asked to be left alone for."""
        self.lasting = lasting
        """Whether trying again soon is pointless: somebody has to change something first."""


class TransferLost(RemoteTrouble):
    """The remote no longer knows the transfer, so it has to be begun anew."""


class LocalCopyGone(Exception):
    """The local copy was removed, or is not what it was, while it was being passed on."""

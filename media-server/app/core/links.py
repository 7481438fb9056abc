"""Request links as values: what the owner allows, and what has been used of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from math import inf
from typing import Any

from app.core.paths import RelPath
from app.core.remotes import RemoteTarget


class CaptchaMode(StrEnum):
    NEVER = "never"
    AFTER_FAILURES = "after_failures"
    ALWAYS = "always"


class Ask(StrEnum):
    """Whether a link asks senders for something about themselves."""

    NO = "no"
    OPTIONAL = "optional"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class RequestLink:
    """An upload-only link. Sizes are bytes, 0 means no limit of its own; times are seconds since the epoch."""

    hash: str
    folder: RelPath
    created_at: float
    title: str = ""
    message: str = ""
    expires_at: float | None = None
    password_hash: str | None = None
    max_file_size: int = 0
    max_total_size: int = 0
    max_files: int = 0
    allowed_extensions: tuple[str, ...] = ()
    captcha: CaptchaMode = CaptchaMode.AFTER_FAILURES
    ask_name: Ask = Ask.NO
    ask_email: Ask = Ask.NO
    active: bool = True
    destination: RemoteTarget | None = None
    """Where files go after the link's folder; None for nowhere."""
    allowed_origins: tuple[str, ...] | None = None
    """Pages of which other addresses may send to it; None for those that the server allows."""

    @property
    def requires_password(self) -> bool:
        return self.password_hash is not None

    def is_expired(self, now: float) -> bool:
        return self.expires_at is not None and now >= self.expires_at


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who wants to open an upload, and with what. ``client`` is the sender's address."""

    client: str
    password: str | None = None
    captcha_token: str | None = None
    owner: bool = False
    """Whether it is the owner, whom nobody asks for a password."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that arrived whole. ``path`` is its name as the sender gave it, ``disk_path`` where it lies; both are
    relative to the link's folder and differ only where a name is not safe on disk."""

    upload_id: str
    path: str
    disk_path: str
    size: int
    received_at: float
    sha256: str | None = None
    sender_name: str | None = None
    sender_email: str | None = None
    file_identity: str | None = None
    """What tells this very file from any other that may come to lie in its place."""
    destination: RemoteTarget | None = None
    """Where it has to be passed on to, as its link said when it arrived."""
    passed_on_to: str | None = None
    """Where it stands since it was passed on."""
    last_modified: float | None = None
    """When its content was last changed, as its sender says."""

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class DeliveryIntent:
    """A file that arrived whole in one request and is about to get its name: what it takes to find it after a crash."""

    upload_id: str
    path: str
    """As the sender gave it; on the disk it may have got a number."""
    size: int
    sha256: str
    file_identity: str
    sender_name: str | None = None
    sender_email: str | None = None
    last_modified: float | None = None


def as_event(file: DeliveryIntent | ReceivedFile) -> dict[str, Any]:
    """A file as an event tells it. By hand, as ``dataclasses.asdict`` copies deeply what cannot change."""
    event = {key: getattr(file, name) for key, name in _FIELDS[type(file)]}
    if event.get("destination") is not None:
        event["destination"] = asdict(event["destination"])
    return event


@dataclass(frozen=True, slots=True)
class Opening:
    """An upload that is open, as its link's ledger has it: what was announced, in bytes, and when, in seconds since the
    epoch."""

    upload_id: str
    size: int
    at: float
    until: float = inf
    """From when on others may have its place and its bytes, unless it asks for them again."""


@dataclass(frozen=True, slots=True)
class Usage:
    """A snapshot of a link's ledger. Sizes are bytes."""

    files: tuple[ReceivedFile, ...]
    bytes_received: int
    open: frozenset[str]
    removed: tuple[ReceivedFile, ...]
    """Taken back by their senders."""


_AS_WRITTEN = {"file_identity": "mark"}
"""How events name a field, where they name it otherwise."""
_FIELDS = {
    kind: [(_AS_WRITTEN.get(each.name, each.name), each.name) for each in fields(kind)]
    for kind in (DeliveryIntent, ReceivedFile)
}


def file_of(document: dict[str, Any]) -> ReceivedFile:
    """A received file by its event."""
    named = {**document, "destination": RemoteTarget.of(document.get("destination"))}
    named["file_identity"] = named.pop("mark", None)
    return ReceivedFile(**named)


def intent_of(document: dict[str, Any]) -> DeliveryIntent:
    """An intent by its event."""
    named = {**document}
    named["file_identity"] = named.pop("mark")
    return DeliveryIntent(**named)

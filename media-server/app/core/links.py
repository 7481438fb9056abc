"""Request links as values, and what has been used of them. What an owner may set on one stands in ``core.terms``."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from math import inf
from typing import Any

from app.core.actors import THE_OWNER
from app.core.paths import RelPath
from app.core.remotes import RemoteTarget
from app.core.terms import Terms, document_of, terms_of


@dataclass(frozen=True, slots=True)
class RequestLink:
    """An upload-only link, made at ``created_at``, in seconds since the epoch."""

    hash: str
    folder: RelPath
    created_at: float
    terms: Terms = field(default_factory=Terms)
    owner: str = THE_OWNER
    """Whose it is: an actor's name (``str(Actor)``)."""


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
class Counts:
    """How much of a link has been used, in numbers alone. Sizes are bytes."""

    files: int = 0
    bytes: int = 0
    weight: int = 0
    """The bytes as the link's limit counts them."""
    open: int = 0


class Fate(StrEnum):
    """What became of an upload, as its link remembers."""

    OPEN = "open"
    ANNOUNCED = "announced"
    RECEIVED = "received"
    REMOVED = "removed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Known:
    """What a link remembers of an upload: the one of the other fields that belongs to its fate."""

    fate: Fate
    file: ReceivedFile | None = None
    """Of one that was received, or received and removed."""
    announced: DeliveryIntent | None = None
    why: str | None = None
    """Why it is gone: ``expired`` or ``stopped``."""


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


def link_document(link: RequestLink) -> dict[str, Any]:
    """A link as JSON may hold it."""
    return {
        "hash": link.hash,
        "folder": str(link.folder),
        "created_at": link.created_at,
        "owner": link.owner,
        **document_of(link.terms),
    }


def link_of(document: dict[str, Any]) -> RequestLink:
    """The link that ``link_document`` wrote, also when there were fewer fields."""
    return RequestLink(
        hash=document["hash"],
        folder=RelPath.parse(document["folder"]),
        created_at=document["created_at"],
        owner=document.get("owner", THE_OWNER),
        terms=terms_of(document),
    )

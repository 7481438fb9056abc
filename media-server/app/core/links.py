"""Request links as values, and what has been used of them. What an owner may set on one stands in ``core.terms``."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from math import inf
from typing import Any

from app.core.actors import THE_OWNER
from app.core.kept_terms import document_of, terms_of
from app.core.paths import RelPath, as_sent
from app.core.remotes import RemoteTarget
from app.core.terms import Terms


@dataclass(frozen=True, slots=True)
class RequestLink:
    """An upload-only link, made at ``created_at``, in seconds since the epoch."""

    hash: str
    folder: RelPath
    created_at: float
    terms: Terms = field(default_factory=Terms)
    owner: str = THE_OWNER
    """Whose it is: an actor's name (``str(Actor)``)."""
    entity: str | None = None
    """The entity whose documents it receives; None where the link is an entity itself."""
    logo: str | None = None
    """The SHA-256 of its own picture."""


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A delivered file, as its link's ledger notes it. ``path`` is its path as people see it, ``disk_path`` the one on the disk; both
    are relative to the link's folder and differ only where a name is not safe on disk. Times are seconds since the epoch."""

    upload_id: str
    path: str
    disk_path: str
    size: int
    received_at: float
    sha256: str | None = None
    sender_name: str | None = None
    sender_email: str | None = None
    file_identity: str | None = None
    """What tells this very file, unchanged, from any other that ever lies in its place; None for files noted before there were
    identities."""
    destination: RemoteTarget | None = None
    """Where it has to be passed on to: the destination of its link at the delivery."""
    passed_on_to: str | None = None
    """Where it stands, for people to read, since it was passed on; None until then."""
    last_modified: float | None = None
    """When its content was last changed, as its sender says."""
    crc32: int | None = None
    """Of its bytes, once it is known; one that became known late has ``core.sums.LATE`` added."""
    item: str | None = None
    """The item of its link that it was sent for."""
    party: str | None = None
    """Who sent it, as ``core.checklists`` knows them; None for somebody who is not known."""
    lead: int = 0
    """How many of the folders in front of its path the link's rule has put there; senders are not shown them."""
    sent_name: str | None = None
    """What its sender called it, where the link's rule calls it otherwise."""
    language: str | None = None
    """That of the browser it was sent with, where anybody is mailed by it."""

    @property
    def sent_path(self) -> str:
        """Its path as its sender knows it."""
        return as_sent(self.path, self.lead, self.sent_name)

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class DeliveryIntent:
    """A whole file that is about to get its name: what it takes to find it after a crash, and to note it then."""

    upload_id: str
    path: str
    """As the sender wrote it; the delivery may number it."""
    size: int
    sha256: str
    file_identity: str
    sender_name: str | None = None
    sender_email: str | None = None
    last_modified: float | None = None
    crc32: int | None = None
    item: str | None = None
    party: str | None = None
    lead: int = 0
    sent_name: str | None = None
    language: str | None = None


def as_event(file: DeliveryIntent | ReceivedFile) -> dict[str, Any]:
    """A file as an event tells it. By hand, as ``dataclasses.asdict`` copies deeply what cannot change."""
    event = {key: getattr(file, name) for key, name in _FIELDS[type(file)]}
    if event.get("destination") is not None:
        event["destination"] = asdict(event["destination"])
    return event


@dataclass(frozen=True, slots=True)
class Opening:
    """The reservation of an open upload, as its link's ledger has it: its declared ``size`` in bytes, and when the upload was opened,
    in seconds since the epoch."""

    upload_id: str
    size: int
    at: float
    until: float = inf
    """When the reservation lapses: from then on others may have its place and bytes, until it is renewed."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of a link has been used, in numbers alone."""

    files: int = 0
    """Received files."""
    bytes: int = 0
    """Their bytes."""
    weight: int = 0
    """Their bytes as the link's limit counts them, see ``core.ledger.weight``."""
    open: int = 0
    """Open uploads."""


class Fate(StrEnum):
    """What became of an upload, as its link's ledger knows."""

    OPEN = "open"
    """It has a reservation."""
    ANNOUNCED = "announced"
    """A whole file that is about to get its name."""
    RECEIVED = "received"
    """Its file is delivered."""
    REMOVED = "removed"
    """Its file was delivered, and taken back by its sender."""
    DELETED = "deleted"
    """Its file was delivered, and deleted by the owner or by the server; its sender is told no more than that it arrived."""
    GONE = "gone"
    """It was stopped, or it expired."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a link's ledger knows of an upload. Of the other fields the one that belongs to the fate is filled."""

    fate: Fate
    file: ReceivedFile | None = None
    """Of one that was received, whatever became of it then."""
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
        "entity": link.entity,
        "logo": link.logo,
        **document_of(link.terms),
    }


def link_of(document: dict[str, Any]) -> RequestLink:
    """The link that ``link_document`` wrote, also when there were fewer fields."""
    return RequestLink(
        hash=document["hash"],
        folder=RelPath.parse(document["folder"]),
        created_at=document["created_at"],
        owner=document.get("owner", THE_OWNER),
        entity=document.get("entity"),
        logo=document.get("logo"),
        terms=terms_of(document),
    )

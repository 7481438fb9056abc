"""The list of an entity's documents: what belongs to whom, and how far finding each has got. The index is made of this list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.core.search.documents import DocumentId, EntityId
from app.core.search.texts import Trouble


class DocumentState(StrEnum):
    """How far finding a document has got."""

    WAITING = "waiting"
    """The document's text was not read yet."""
    WORDS = "words"
    """The document is found by its words; its meaning follows."""
    READY = "ready"
    """The document is found by its words and by its meaning."""
    NO_TEXT = "no_text"
    """There is nothing in it to be found; ``trouble`` says why."""
    MISSING = "missing"
    """The document's file has been moved, changed or deleted on the server."""


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """A document of an entity. ``path`` is the file's path as people see it, ``at`` when the file was received, in seconds since the
    epoch, ``size`` its bytes."""

    entity: EntityId
    document: DocumentId
    path: str
    at: float
    size: int
    sender: str = ""
    """Name and e-mail address of who has sent it, as far as they are known."""
    link: str | None = None
    """The hash of the link that the file came by."""
    state: DocumentState = DocumentState.WAITING
    trouble: Trouble | None = None
    """Why it has no text, or not all."""
    attempts: int = 0
    """How many times in a row the server itself was in the way of reading it."""
    next_at: float | None = 0.0
    """When it is to be read, or tried again, in seconds since the epoch; None where there is nothing to do."""

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def kind(self) -> str:
        """The extension of the name, in lower case."""
        _, dot, extension = self.name.rpartition(".")
        return extension.lower() if dot else ""


@dataclass(frozen=True, slots=True)
class ListedEntity:
    """An entity, and how many of its documents are in which state."""

    entity: EntityId
    link: str | None
    states: dict[DocumentState, int]

    @property
    def documents(self) -> int:
        return sum(self.states.values())

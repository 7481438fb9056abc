"""The lists of what belongs to entities, from which documents are indexed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from app.core.ports.links import ListCursor
from app.core.search.documents import DocumentId, EntityId
from app.core.search.listing import DocumentState, ListedDocument, ListedEntity
from app.core.search.texts import Trouble


class DocumentLists(Protocol):
    """An entity's documents, each by its id. Safe from any number of threads and processes at once.

    Reads raise Busy, writes StorageFull or Busy, when the database cannot be used; then nothing has changed. A power cut may lose
    the newest writes: for files of links they are made again from the ledgers.
    """

    def add(self, documents: Sequence[ListedDocument]) -> None:
        """Add documents; of those that are there nothing changes."""
        ...

    def remove(self, entity: EntityId, documents: Collection[DocumentId] | None = None) -> None:
        """Remove these documents, or all of the entity's. Nothing happens where there is none."""
        ...

    def some(self, entity: EntityId, documents: Iterable[DocumentId]) -> dict[DocumentId, ListedDocument]:
        """Those of these documents that the entity has, by their id."""
        ...

    def note(
        self,
        entity: EntityId,
        document: DocumentId,
        state: DocumentState,
        trouble: Trouble | None = None,
        next_at: float | None = None,
        attempts: int = 0,
    ) -> bool:
        """Note how far finding a document has got; false, and nothing changes, where it was removed."""
        ...

    def due(self, now: float, most: int) -> list[ListedDocument]:
        """Up to ``most`` documents whose time has come, those first that have waited longest."""
        ...

    def page(
        self,
        entity: EntityId,
        most: int,
        after: ListCursor | None = None,
        states: Collection[DocumentState] | None = None,
    ) -> list[ListedDocument]:
        """Up to ``most`` documents of an entity, newest first, behind the one at ``after``; only those in one of ``states``, where
        these are given."""
        ...

    def of_link(self, link: str) -> EntityId | None:
        """The entity that has documents which came by the link with this hash; None where there is none."""
        ...

    def of_owners(self, owners: Collection[str]) -> frozenset[EntityId]:
        """The entities that have documents which came by links of these owners."""
        ...

    def entities(self, most: int, after: EntityId = "") -> list[ListedEntity]:
        """Up to ``most`` entities that have documents, in the order of their ids, behind ``after``."""
        ...

    def entity(self, entity: EntityId) -> ListedEntity | None:
        """One of them; None where it has no documents."""
        ...

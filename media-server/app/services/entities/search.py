"""DocumentSearch: what owners ask of entities: which there are, what they hold, and which documents say what."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from app.core.actors import Actor
from app.core.errors import EntityNotFound, RequestNotFound
from app.core.ports.catalogue import RequestStore
from app.core.ports.entities import DocumentLists
from app.core.ports.links import ListCursor
from app.core.search.documents import EntityId, Passage, Scope, is_entity_id
from app.core.search.fusion import Found
from app.core.search.listing import ListedDocument, ListedEntity
from app.core.search.snippets import Snippet, snippet
from app.core.search.words import Terms, terms
from app.services.accounts import acts
from app.services.entities.link_entities import LinkEntities
from app.services.entity_scoped_rag import EntityRAGManager
from app.services.links.file_requests import FileRequests


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage of a document, on which page of it, and the part of it that shows why it was found."""

    page: int | None
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document that was found, its best passages first. A higher ``score`` fits better, within one answer."""

    document: ListedDocument
    score: float
    passages: tuple[FoundPassage, ...]


class DocumentSearch:
    """Finds documents by words and by meaning. Every call is an owner's."""

    def __init__(
        self,
        *,
        lists: DocumentLists,
        manager: EntityRAGManager,
        entities: LinkEntities,
        requests: RequestStore,
        links: FileRequests,
        check: Callable[[], None],
    ) -> None:
        """``check`` raises NotInstalled where this server cannot search."""
        self._lists = lists
        self._manager = manager
        self._entities = entities
        self._requests = requests
        self._links = links
        self._check = check

    def find(self, query: str, scope: Scope, most: int, *, typing: bool = False) -> list[FoundDocument]:
        """Up to ``most`` documents in scope that fit best; while one is ``typing``, the last word may go on. Raises Busy,
        NotInstalled."""
        self._check()
        looked_for = terms(query, typing)
        found = self._manager.search_all(query, scope, most, typing)
        return [each for each in (self._shown(one, looked_for) for one in found) if each is not None]

    def entity(self, entity: EntityId) -> ListedEntity:
        """Raises EntityNotFound."""
        found = self._lists.entity(entity) if is_entity_id(entity) else None
        if found is None:
            raise EntityNotFound()
        return found

    def page(self, most: int, after: EntityId = "") -> list[ListedEntity]:
        """Up to ``most`` entities that have documents, in the order of their ids, behind ``after``."""
        return self._lists.entities(most, after)

    def documents(self, entity: EntityId, most: int, after: ListCursor | None = None) -> list[ListedDocument]:
        """Up to ``most`` documents of an entity, newest first, behind the one at ``after``. Raises EntityNotFound."""
        self.entity(entity)
        return self._lists.page(entity, most, after)

    def title(self, entity: ListedEntity) -> str:
        """What people know an entity by."""
        try:
            link = self._requests.load(entity.link) if entity.link else None
        except RequestNotFound:
            link = None
        return (link.terms.title or str(link.folder)) if link else entity.entity

    def forget(self, entity: EntityId, actor: Actor) -> None:
        """Remove an entity's texts from lists and index, and have its link's files searched no more; the files stay. Raises
        EntityNotFound."""
        link = self.entity(entity).link
        if link is not None:
            with suppress(RequestNotFound):  # The link was deleted since, so nothing is added to the list any more.
                self._links.edit(link, {"search": False}, actor)
        self._entities.forget(entity)
        acts.note(actor, "entity forgotten", link)

    def _shown(self, found: Found, looked_for: Terms) -> FoundDocument | None:
        """None for a document that is not listed any more."""
        first = found.passages[0]
        document = self._lists.some(first.entity, [first.document]).get(first.document)
        if document is None:
            return None
        return FoundDocument(document, found.score, tuple(_shown(each, looked_for) for each in found.passages))


def _shown(passage: Passage, looked_for: Terms) -> FoundPassage:
    return FoundPassage(passage.chunk.page, snippet(passage.chunk.text, looked_for))

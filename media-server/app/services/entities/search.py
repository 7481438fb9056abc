"""DocumentSearch: what owners ask of entities: which there are, what they hold, and which documents say what."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from app.core.actors import Actor
from app.core.audit import Act
from app.core.errors import Busy, EntityNotFound, FileNotFound, RequestNotFound
from app.core.ports.catalogue import RequestStore
from app.core.ports.entities import DocumentLists
from app.core.ports.links import ListCursor
from app.core.receipts import entity_of
from app.core.search.documents import DocumentId, EntityId, Passage, Scope, is_entity_id
from app.core.search.fusion import Found
from app.core.search.listing import DocumentState, ListedDocument, ListedEntity
from app.core.search.reading import DocumentText, pieces, place
from app.core.search.shown import NOTHING_SHOWN, Shown
from app.core.search.snippets import Snippet, snippet
from app.core.search.words import Terms, terms
from app.services.accounts.acts import Acts
from app.services.entities.finding import Answer
from app.services.entities.link_entities import LinkEntities
from app.services.entity_scoped_rag import EntityRAGManager
from app.services.links.file_requests import FileRequests

_NO_TERMS = Terms(())


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage of a document, on which page of it, and the part of it that shows why it was found."""

    number: int
    page: int | None
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document that was found, its best passages first. A higher ``score`` fits better, within one answer."""

    document: ListedDocument
    score: float
    passages: tuple[FoundPassage, ...]


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Documents that were found, the best first. ``shown`` are all that were told so far; None where there are no more."""

    documents: tuple[FoundDocument, ...]
    shown: Shown | None


@dataclass(frozen=True, slots=True)
class WholePassage:
    """All of a passage that was found, and the document that it is of."""

    document: ListedDocument
    score: float
    number: int
    page: int | None
    text: str


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
        delete_file: Callable[[str, str, Actor], object],
        check: Callable[[], None],
        acts: Acts,
    ) -> None:
        """``check`` raises NotInstalled where this server cannot search. ``delete_file`` removes what an upload has delivered on a
        link."""
        self._acts = acts
        self._lists = lists
        self._manager = manager
        self._entities = entities
        self._requests = requests
        self._links = links
        self._delete_file = delete_file
        self._check = check

    def find(
        self, query: str, scope: Scope, most: int, *, typing: bool = False, shown: Shown = NOTHING_SHOWN
    ) -> FoundPage:
        """Up to ``most`` documents in scope that fit best and were not ``shown``; while one is ``typing``, the last word may go on.
        Raises Busy, NotInstalled."""
        self._check()
        return self._told(
            self._manager.finding.documents(query, scope, most, typing, shown), terms(query, typing), shown
        )

    def passages(self, query: str, scope: Scope, most: int) -> list[WholePassage]:
        """Up to ``most`` passages in scope that fit best, in full. Raises Busy, NotInstalled."""
        self._check()
        found = []
        for hit in self._manager.finding.passages(query, scope, most):
            document = self._listed(hit.passage.entity, hit.passage.document)
            if document is not None:
                chunk = hit.passage.chunk
                found.append(WholePassage(document, hit.score, chunk.number, chunk.page, chunk.text))
        return found

    def alike(
        self, entity: EntityId, document: DocumentId, scope: Scope, most: int, shown: Shown = NOTHING_SHOWN
    ) -> FoundPage:
        """Up to ``most`` documents in scope that mean most nearly what this one does and were not ``shown``. Raises EntityNotFound,
        FileNotFound, NotInstalled, and Busy also where it is not known yet what it means."""
        self._check()
        state = self.document(entity, document).state
        if state in (DocumentState.WAITING, DocumentState.WORDS):
            raise Busy("What this file means is not known yet. Try again in a while.")
        return self._told(self._manager.finding.alike(entity, document, scope, most, shown), _NO_TERMS, shown)

    def entity(self, entity: EntityId) -> ListedEntity:
        """Raises EntityNotFound."""
        found = self._lists.entity(entity) if is_entity_id(entity) else None
        if found is None:
            raise EntityNotFound()
        return found

    def of_links(self, links: Collection[str]) -> frozenset[EntityId]:
        """The entities whose documents these links receive. Links that there are not have none."""
        found = set()
        for hash in links:
            with suppress(RequestNotFound):
                found.add(entity_of(self._requests.load(hash)))
        return frozenset(found)

    def page(self, most: int, after: EntityId = "", owned: Collection[EntityId] | None = None) -> list[ListedEntity]:
        """Up to ``most`` entities that have documents, in the order of their ids, behind ``after``; with ``owned`` those of these."""
        if owned is None:
            return self._lists.entities(most, after)
        behind = (self._lists.entity(each) for each in sorted(owned) if each > after)
        return list(islice((each for each in behind if each is not None), most))

    def documents(
        self,
        entity: EntityId,
        most: int,
        after: ListCursor | None = None,
        states: Collection[DocumentState] | None = None,
    ) -> list[ListedDocument]:
        """Up to ``most`` documents of an entity, newest first, behind the one at ``after``, in any state or in one of these. Raises
        EntityNotFound."""
        self.entity(entity)
        return self._lists.page(entity, most, after, states)

    def document(self, entity: EntityId, document: DocumentId) -> ListedDocument:
        """Raises EntityNotFound, FileNotFound."""
        self.entity(entity)
        found = self._listed(entity, document)
        if found is None:
            raise FileNotFound()
        return found

    def text(
        self, document: ListedDocument, looked_for: Terms, page: int | None = None, passage: int | None = None
    ) -> DocumentText | None:
        """A stretch of a document's text with what is ``looked_for`` marked: the one with this passage, else the first of this page,
        else the first; None where there is none. Raises Busy, NotInstalled."""
        self._check()
        spans = self._manager.pages(document.entity, document.document)
        here = place(spans, page, passage)
        if here is None:
            return None
        stretch = here.stretch
        chunks = self._manager.passages(document.entity, document.document, stretch.first, stretch.passages)
        last_page = max((span.number for span in spans if span.number is not None), default=None)
        return DocumentText(stretch, pieces(chunks, looked_for), here.previous, here.next, last_page)

    def title(self, entity: ListedEntity) -> str:
        """What people know an entity by."""
        try:
            link = self._requests.load(entity.link) if entity.link else None
        except RequestNotFound:
            link = None
        return (link.terms.title or str(link.folder)) if link else entity.entity

    def delete(self, entity: EntityId, document: DocumentId, actor: Actor) -> None:
        """Delete a document's file from its folder and from its link's ledger, and have it found no more. Raises EntityNotFound,
        FileNotFound, Busy, StorageFull."""
        listed = self.document(entity, document)
        if listed.link is None:
            raise FileNotFound()
        self._delete_file(listed.link, document, actor)
        # What reads events removes it from the index; what is not listed is not shown from now on.
        self._lists.remove(entity, [document])

    def forget(self, entity: EntityId, actor: Actor) -> None:
        """Remove an entity's texts from lists and index, and have its link's files searched no more; the files stay. Raises
        EntityNotFound."""
        link = self.entity(entity).link
        if link is not None:
            with suppress(RequestNotFound):  # The link was deleted since, so nothing is added to the list any more.
                self._links.edit(link, {"search": False}, actor)
        self._entities.forget(entity)
        self._acts.note(actor, Act.ENTITY_FORGOTTEN, link, kept={"entity": entity})

    def _told(self, answer: Answer, looked_for: Terms, shown: Shown) -> FoundPage:
        documents = (self._shown(each, looked_for) for each in answer.found)
        told = shown.with_these(each.key for each in answer.found)
        return FoundPage(tuple(each for each in documents if each is not None), told if answer.more else None)

    def _shown(self, found: Found, looked_for: Terms) -> FoundDocument | None:
        """None for a document that is not listed any more."""
        document = self._listed(*found.key)
        if document is None:
            return None
        return FoundDocument(document, found.score, tuple(_shown(each, looked_for) for each in found.passages))

    def _listed(self, entity: EntityId, document: DocumentId) -> ListedDocument | None:
        return self._lists.some(entity, [document]).get(document)


def _shown(passage: Passage, looked_for: Terms) -> FoundPassage:
    return FoundPassage(passage.chunk.number, passage.chunk.page, snippet(passage.chunk.text, looked_for))

"""Comparison: brings lists and index to what is true, whatever crashes, power cuts and damage have left."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress

from app.core.errors import RequestNotFound
from app.core.ports.catalogue import RequestStore
from app.core.ports.entities import DocumentLists
from app.core.ports.guards import Clock
from app.core.ports.search import EntityIndex
from app.core.ports.shared import LastSeen
from app.core.search.documents import EVERYTHING, EntityId, Held, Scope
from app.core.search.listing import DocumentState, ListedDocument, ListedEntity
from app.core.search.texts import Trouble
from app.services.entities.document_files import DocumentFiles
from app.services.entities.link_entities import LinkEntities
from app.services.entity_scoped_rag import EntityRAGManager

AT_ONCE = 500
EVERY_SECONDS = 3600.0
LEAST_SECONDS = 10.0
"""Between two comparisons, as what is damaged again and again would have everything compared without a pause."""

log = logging.getLogger("droppr.search")


class Comparison:
    """What ledgers know of searched links has to be listed, what is listed has to be indexed, and nothing else."""

    def __init__(
        self,
        *,
        requests: RequestStore,
        lists: DocumentLists,
        index: EntityIndex,
        entities: LinkEntities,
        files: DocumentFiles,
        manager: EntityRAGManager,
        clock: Clock,
        damaged: LastSeen,
        alone: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """``damaged`` is noted by any process that meets damage of the index; ``alone`` is held whenever events about links are acted
        on: by one at a time of all processes."""
        self._requests = requests
        self._lists = lists
        self._index = index
        self._entities = entities
        self._files = files
        self._manager = manager
        self._clock = clock
        self._damaged = damaged
        self._alone = alone
        self._begun_at = -math.inf

    def look(self) -> None:
        """Compare everything where that is due: at the start, every hour, and after damage. Raises what ``run`` raises."""
        now = time.monotonic()
        since = now - self._begun_at
        if since >= EVERY_SECONDS or (since >= LEAST_SECONDS and self._damaged.seconds_ago() <= since):
            self._begun_at = now
            self.run()

    def run(self) -> None:
        """Compare everything. Raises Busy or StorageFull, when some of it is done."""
        damage = self._index.check()
        if damage.parts:
            log.warning("parts of the index were damaged and are filled again", extra={"parts": list(damage.parts)})
        for hash in self._links():
            with suppress(RequestNotFound), self._alone():  # The link may have been deleted since.
                self._entities.follow(hash, one_by_one=True)
        for entity in {held.entity for held in self._index.holds(EVERYTHING)}:
            if self._lists.entity(entity) is None:
                self._manager.remove_entity(entity)
        for listed in self._listed():
            self._compare(listed.entity)

    def _links(self) -> Iterator[str]:
        """The hashes of links that are searched, and of those that have documents and perhaps should not."""
        after = None
        while page := self._requests.page(AT_ONCE, after=after):
            yield from (link.hash for link, _ in page if link.terms.search)
            after = page[-1][0].created_at, page[-1][0].hash
        yield from (each.link for each in self._listed() if each.link is not None)

    def _listed(self) -> Iterator[ListedEntity]:
        after = ""
        while page := self._lists.entities(AT_ONCE, after):
            yield from page
            after = page[-1].entity

    def _compare(self, entity: EntityId) -> None:
        held = {each.document: each for each in self._index.holds(Scope(frozenset({entity})))}
        after = None
        while page := self._lists.page(entity, AT_ONCE, after):
            for document in page:
                self._look_at(document, held.pop(document.document, None))
            after = page[-1].at, page[-1].document
        for document_id in held:
            # The document may have been listed since.
            if not self._lists.some(entity, [document_id]):
                self._manager.remove_document(entity, document_id)

    def _look_at(self, document: ListedDocument, held: Held | None) -> None:
        """Have the document read again where it is not indexed as it should be."""
        if document.next_at is None and not self._is_right(document, held):
            self._lists.note(document.entity, document.document, DocumentState.WAITING, document.trouble, self._clock())

    def _is_right(self, document: ListedDocument, held: Held | None) -> bool:
        if document.state is DocumentState.MISSING:
            return False  # The file may have come back.
        if document.trouble is Trouble.UNSUPPORTED:
            return document.kind not in self._manager.kinds
        # The document may have been added since what is held was asked for.
        held = held or self._index.held(document.entity, document.document)
        return held is not None and self._manager.is_current(held, document.trouble) and self._files.is_there(document)

"""LinkEntities: the lists of those entities that are links, kept by what the links' ledgers say, and the index after them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from app.core.errors import RequestNotFound
from app.core.links import ReceivedFile, RequestLink
from app.core.ports.catalogue import RequestStore
from app.core.ports.entities import DocumentLists
from app.core.ports.guards import Clock
from app.core.receipts import entity_of, link_fingerprint
from app.core.search.documents import DocumentId, EntityId
from app.core.search.listing import ListedDocument
from app.services.entity_scoped_rag import EntityRAGManager
from app.services.event_readers import Bell

FILES_AT_ONCE = 500


class LinkEntities:
    """A link is an entity, under its fingerprint, for as long as its owner has its files searched; or it receives the documents of an
    entity that has another id. The documents are the files that it has received and that were not taken back, each under the id of its
    upload.

    Calls about one link must come one after the other. Each raises Busy or StorageFull, and may then be repeated.
    """

    def __init__(
        self, *, requests: RequestStore, lists: DocumentLists, manager: EntityRAGManager, clock: Clock, bell: Bell
    ) -> None:
        """``bell`` is rung whenever there is something to be read."""
        self._requests = requests
        self._lists = lists
        self._manager = manager
        self._clock = clock
        self._bell = bell

    def arrived(self, hash: str, upload_ids: Sequence[str]) -> None:
        """List files that a link has received, where they are searched."""
        link = self._searched(hash)
        if link is not None:
            self._add(link, self._requests.files(hash, upload_ids).values())

    def removed(self, hash: str, upload_ids: Sequence[str]) -> None:
        """Remove files that were taken back or deleted from the list, then from the index; not those that were restored since."""
        try:
            here = self._requests.files(hash, upload_ids)
        except RequestNotFound:
            here = {}
        self._remove(self._entity(hash), [each for each in upload_ids if each not in here])

    def renamed(self, hash: str, upload_ids: Sequence[str]) -> None:
        """List files anew under the names that they have now; they are read again."""
        link = self._searched(hash)
        if link is not None:
            files = self._requests.files(hash, upload_ids)
            self._remove(entity_of(link), list(files))
            self._add(link, files.values())

    def follow(self, hash: str, *, one_by_one: bool = False) -> None:
        """Bring the list to what the link's ledger says, or remove all of it where its files are not searched, or the link is
        deleted.

        Where the list is as long as the ledger nothing is compared, unless ``one_by_one``.
        """
        entity, link = self._entity(hash), self._searched(hash)
        if link is None:
            self.forget(entity)
            return
        listed = self._lists.entity(entity)
        if one_by_one or (listed.documents if listed else 0) != self._requests.counts(hash).files:
            for files in self._received(hash):
                self._add(link, files)
            self._remove_unknown(hash, entity)

    def forget(self, entity: EntityId) -> None:
        """Remove all of an entity's documents, first from the list."""
        self._lists.remove(entity)
        self._manager.remove_entity(entity)

    def _entity(self, hash: str) -> EntityId:
        """The entity of a link, which may be deleted by now."""
        try:
            return entity_of(self._requests.load(hash))
        except RequestNotFound:
            return self._lists.of_link(hash) or link_fingerprint(hash)

    def _searched(self, hash: str) -> RequestLink | None:
        try:
            link = self._requests.load(hash)
        except RequestNotFound:
            return None
        return link if link.terms.search else None

    def _add(self, link: RequestLink, files: Iterable[ReceivedFile]) -> None:
        entity, now = entity_of(link), self._clock()
        self._lists.add([_listed(entity, link.hash, file, now) for file in files])
        self._bell.ring()

    def _received(self, hash: str) -> Iterator[list[ReceivedFile]]:
        after = None
        while files := self._requests.received_page(hash, FILES_AT_ONCE, after):
            yield files
            after = files[-1].received_at, files[-1].upload_id

    def _remove_unknown(self, hash: str, entity: EntityId) -> None:
        """Remove what is listed and that the ledger does not know."""
        after = None
        while page := self._lists.page(entity, FILES_AT_ONCE, after):
            known = self._requests.files(hash, [each.document for each in page])
            self._remove(entity, [each.document for each in page if each.link == hash and each.document not in known])
            after = page[-1].at, page[-1].document

    def _remove(self, entity: EntityId, documents: Sequence[DocumentId]) -> None:
        # In this order: whoever reads one of them at this moment looks into the list before adding it to the index. What is no
        # longer listed may still be in the index, where an earlier call got no further.
        if documents:
            self._lists.remove(entity, documents)
        for document in documents:
            self._manager.remove_document(entity, document)


def _listed(entity: EntityId, hash: str, file: ReceivedFile, now: float) -> ListedDocument:
    sender = " ".join(filter(None, (file.sender_name, file.sender_email)))
    return ListedDocument(
        entity, file.upload_id, file.path, file.received_at, file.size, sender=sender, link=hash, next_at=now
    )

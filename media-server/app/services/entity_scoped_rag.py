"""Documents of many entities, indexed in parallel and found again: EntityVectorStore (one entity), EntityRAGManager (all).

Hashing, reading, splitting and embedding hold no lock. The entity's lock, which all processes share, is held only to look
again at what has changed meanwhile and to add. Lock order: the entity's, then the index's own (a shard's).

A document is found by its words as soon as these are split; its meaning follows.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.errors import FileNotFound, UploadError
from app.core.ports.search import Embedder, EntityIndex, TextExtractor
from app.core.ports.whole_files import NamedLocks
from app.core.search.documents import (
    About,
    Chunk,
    DocumentId,
    EntityId,
    Held,
    IndexedDocument,
    PageSpan,
    Scope,
    Vector,
)
from app.core.search.fusion import Found
from app.core.search.splitting import MOST_CHUNKS, split
from app.core.search.texts import Trouble
from app.services.entities.finding import Finding

PathLike = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a document. ``is_new`` is false where all of it was held already, or nobody wants it any more.

    ``trouble`` says why it has no text, or not all; ``error`` what stood in the way of the server itself, so that it has to
    be added again.
    """

    document: DocumentId
    is_new: bool = False
    chunks: int = 0
    trouble: Trouble | None = None
    error: UploadError | None = None


@dataclass(frozen=True, slots=True)
class Tools:
    """What documents are indexed with."""

    index: EntityIndex
    extractor: TextExtractor
    embedder: Embedder
    locks: NamedLocks


class EntityVectorStore:
    """The documents of one entity. Any number of threads and processes may add to it, remove and search at once."""

    def __init__(self, entity_id: EntityId, tools: Tools) -> None:
        self._entity = entity_id
        self._tools = tools

    def add_document(
        self,
        file_path: PathLike,
        about: About | None = None,
        document_id: DocumentId | None = None,
        *,
        digest: str | None = None,
        read_again: bool = False,
        is_wanted: Callable[[], bool] = lambda: True,
        on_words: Callable[[], object] = lambda: None,
    ) -> Added:
        """Index a file; without an id its digest is one, so the same content is there once.

        ``digest`` is the file's SHA-256 in hex, where that is known. With ``read_again`` it is read even where all of it is held.
        ``is_wanted`` is asked with the entity's lock held: whoever takes a document away first says so there, then calls
        ``remove_document``. ``on_words`` is called without it, when the words are held and the meaning follows. Raises Busy or
        StorageFull, and FileNotFoundError where there is no file.
        """
        path = Path(file_path)
        about = about or _about(path)
        digest = digest or _digest(path)
        document = document_id or digest
        held = self._held(document)
        if held is not None and not read_again and self._is_whole(held, digest):
            return Added(document)
        text = self._tools.extractor.extract(path, about.kind)
        chunks = tuple(split(text.pages))
        trouble = text.trouble or (Trouble.CUT if len(chunks) == MOST_CHUNKS else None)
        extractor = self._tools.extractor.version if chunks else self._tools.extractor.empty_version
        plain = IndexedDocument(self._entity, document, digest, extractor, about, chunks)
        # Without text there is nothing to wait for: it is held as one with all of its meaning.
        whole = self._with_meaning(plain) if not chunks else None
        with self._locked():
            is_new = is_wanted() and self._tools.index.put(whole or plain)
        if chunks and (is_new or self._is_waiting(plain)):
            on_words()
            is_new |= self._add_meaning(plain, is_wanted)
        return Added(document, is_new, len(chunks), trouble)

    def remove_document(self, document_id: DocumentId) -> None:
        """Nothing happens where there is none. Raises Busy or StorageFull."""
        with self._locked():
            self._tools.index.drop(self._entity, document_id)

    def remove_all(self) -> None:
        """Remove every document. Raises Busy or StorageFull."""
        with self._locked():
            self._tools.index.drop(self._entity)

    def search(self, query: str, k: int = 10, typing: bool = False) -> list[Found]:
        """The ``k`` documents that fit best, by words and by meaning. Raises Busy."""
        finding = Finding(self._tools.index, self._tools.embedder)
        return list(finding.documents(query, Scope(frozenset({self._entity})), k, typing).found)

    def _add_meaning(self, plain: IndexedDocument, is_wanted: Callable[[], bool]) -> bool:
        whole = self._with_meaning(plain)
        with self._locked():
            # What was removed or replaced while it was embedded must not come back.
            return is_wanted() and self._is_waiting(plain) and self._tools.index.put(whole)

    def _with_meaning(self, plain: IndexedDocument) -> IndexedDocument:
        vectors = self._tools.embedder.embed([chunk.text for chunk in plain.chunks])
        return replace(plain, model=self._tools.embedder.model, vectors=tuple(vectors))

    def _is_waiting(self, plain: IndexedDocument) -> bool:
        """Whether exactly this is held, and its meaning is not, or by another model."""
        held = self._held(plain.document)
        return (
            held is not None
            and (held.digest, held.extractor) == (plain.digest, plain.extractor)
            and held.model != self._tools.embedder.model
        )

    def _is_whole(self, held: Held, digest: str) -> bool:
        return held.digest == digest and is_current(self._tools, held)

    def _held(self, document: DocumentId) -> Held | None:
        return self._tools.index.held(self._entity, document)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._tools.locks.hold([f"entity {self._entity}"]):
            yield


class EntityRAGManager:
    """All entities. Its threads only wait: for processes that read, and for those that embed, one for each core."""

    def __init__(self, tools: Tools, embedders: Sequence[Embedder] = (), max_workers: int | None = None) -> None:
        """``embedders`` embed documents, where they are given, so that ``tools.embedder`` has queries alone; at most
        ``max_workers`` documents are under way, twice as many as cores if not told."""
        cores = len(os.sched_getaffinity(0))
        self._tools = replace(tools, embedder=EmbedderPool(embedders, tools.embedder)) if embedders else tools
        self._finding = Finding(self._tools.index, self._tools.embedder)
        self._workers = max_workers or 2 * cores
        self._thread_pool = ThreadPoolExecutor(self._workers, "entities")
        self._lock = threading.Lock()
        self._stores: dict[EntityId, EntityVectorStore] = {}

    @property
    def kinds(self) -> Collection[str]:
        """The extensions, in lower case, of files that can be read."""
        return self._tools.extractor.kinds

    def is_current(self, held: Held, trouble: Trouble | None = None) -> bool:
        """Whether it was read and embedded as documents now are; ``trouble`` is what was found wrong with its file."""
        return is_current(self._tools, held, trouble)

    def get_entity_store(self, entity_id: EntityId) -> EntityVectorStore:
        """The same for every caller, until ``cleanup_entity``."""
        with self._lock:
            return self._stores.setdefault(entity_id, EntityVectorStore(entity_id, self._tools))

    def add_document(self, entity_id: EntityId, file_path: PathLike) -> Added:
        """Index one file. Raises what the entity's store raises."""
        return self.get_entity_store(entity_id).add_document(file_path)

    def add_documents_parallel(
        self, entity_documents: Mapping[EntityId, Sequence[PathLike]]
    ) -> dict[EntityId, list[Added]]:
        """Index many files of many entities, in turns, so that none waits for all of another's.

        The results stand in the order of the paths. What went wrong with one stands in its result and stops no other.
        """
        results: dict[EntityId, list[Added | None]] = {
            entity: [None] * len(paths) for entity, paths in entity_documents.items()
        }
        under_way: deque[tuple[EntityId, int, Future[Added]]] = deque()
        for entity, at, path in _in_turns(entity_documents):
            # No more is queued than is soon begun, however many there are.
            if len(under_way) >= 2 * self._workers:
                _take_first(under_way, results)
            under_way.append((entity, at, self._thread_pool.submit(self._tried, entity, path)))
        while under_way:
            _take_first(under_way, results)
        return {entity: [each for each in added if each is not None] for entity, added in results.items()}

    def remove_document(self, entity_id: EntityId, document_id: DocumentId) -> None:
        """Raises what the entity's store raises."""
        self.get_entity_store(entity_id).remove_document(document_id)

    def remove_entity(self, entity_id: EntityId) -> None:
        """Remove all of an entity's documents. Raises what the entity's store raises."""
        self.get_entity_store(entity_id).remove_all()
        self.cleanup_entity(entity_id)

    def search(self, entity_id: EntityId, query: str, k: int = 10) -> list[Found]:
        """Raises what the entity's store raises."""
        return self.get_entity_store(entity_id).search(query, k)

    def search_all(self, query: str, scope: Scope, k: int = 10, typing: bool = False) -> list[Found]:
        """The same in all entities that the scope allows."""
        return list(self._finding.documents(query, scope, k, typing).found)

    @property
    def finding(self) -> Finding:
        """What finds documents of all entities."""
        return self._finding

    def pages(self, entity_id: EntityId, document_id: DocumentId) -> Sequence[PageSpan]:
        """On which pages a document's passages stand; none where it is not indexed. Raises Busy."""
        return self._tools.index.pages(entity_id, document_id)

    def passages(self, entity_id: EntityId, document_id: DocumentId, first: int, most: int) -> Sequence[Chunk]:
        """Up to ``most`` passages of a document, from the one numbered ``first`` on. Raises Busy."""
        return self._tools.index.passages(entity_id, document_id, first, most)

    def cleanup_entity(self, entity_id: EntityId) -> None:
        """Free what memory holds of an entity. Nothing is deleted: its documents are found as before."""
        with self._lock:
            self._stores.pop(entity_id, None)

    def close(self) -> None:
        """Let what was begun end, and take no more."""
        self._thread_pool.shutdown()

    def _tried(self, entity: EntityId, path: PathLike) -> Added:
        try:
            return self.add_document(entity, path)
        except UploadError as error:
            return Added("", error=error)
        except OSError:
            return Added("", error=FileNotFound())


class EmbedderPool:
    """Several embedders of one model as one, and one that has queries alone."""

    def __init__(self, embedders: Sequence[Embedder], for_queries: Embedder) -> None:
        self.model = for_queries.model
        self.least = for_queries.least
        self._for_queries = for_queries
        self._changed = threading.Condition()
        self._free = list(embedders)

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Raises Busy where the embedder that has taken them has died."""
        with self._changed:
            self._changed.wait_for(lambda: self._free)
            embedder = self._free.pop()
        try:
            return embedder.embed(texts)
        finally:
            with self._changed:
                self._free.append(embedder)
                self._changed.notify()

    def embed_query(self, query: str) -> Vector:
        """Raises what ``embed`` raises."""
        return self._for_queries.embed_query(query)


def is_current(tools: Tools, held: Held, trouble: Trouble | None = None) -> bool:
    """Whether it was read and embedded as documents now are. What was found empty may not be so any more."""
    versions = {tools.extractor.version, tools.extractor.empty_version}
    if trouble is Trouble.EMPTY:
        versions = {tools.extractor.empty_version}
    return held.extractor in versions and held.model == tools.embedder.model


_installed: list[EntityRAGManager] = []


def install_entity_rag_manager(manager: EntityRAGManager) -> None:
    """Make this the manager of the process. For the wiring."""
    _installed[:] = [manager]


def get_entity_rag_manager() -> EntityRAGManager:
    """The manager of this process. Raises RuntimeError before one was installed."""
    if not _installed:
        raise RuntimeError("No entities are managed in this process yet: call install_entity_rag_manager() first.")
    return _installed[0]


def _in_turns(documents: Mapping[EntityId, Sequence[PathLike]]) -> Iterator[tuple[EntityId, int, PathLike]]:
    """The first of each entity, then the second of each, …"""
    columns: Iterable[tuple[PathLike | None, ...]] = itertools.zip_longest(*documents.values())
    for at, column in enumerate(columns):
        yield from ((entity, at, path) for entity, path in zip(documents, column, strict=True) if path is not None)


def _take_first(
    under_way: deque[tuple[EntityId, int, Future[Added]]], results: Mapping[EntityId, list[Added | None]]
) -> None:
    entity, at, future = under_way.popleft()
    results[entity][at] = future.result()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _about(path: Path) -> About:
    return About(path.name, path.suffix.lstrip(".").lower(), path.stat().st_mtime)

"""The part of the wiring that is about finding documents again."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import rmtree

from app.core.backoff import Backoff
from app.core.ports.entities import DocumentLists
from app.core.ports.search import EntityIndex
from app.core.ports.shared import LastSeen
from app.services.entities.comparison import Comparison
from app.services.entities.document_files import DocumentFiles
from app.services.entities.entity_links import EntityLinks
from app.services.entities.indexer import Indexer
from app.services.entities.link_entities import LinkEntities
from app.services.entities.reader import SearchReader
from app.services.entities.search import DocumentSearch
from app.services.entity_scoped_rag import EntityRAGManager, Tools, install_entity_rag_manager
from app.services.event_readers import Bell
from app.services.links.file_requests import FileRequests
from app.services.received.bin import Bin
from app.settings import Settings
from app.storage.disk.last_seen import LocalLastSeen
from app.storage.search.embedder import UniversalEmbedder
from app.storage.search.sqlite_index import SQLiteIndex
from app.storage.sql.documents import SQLDocumentLists
from app.storage.sql.sqlite import SQLiteDatabase
from app.storage.text.extractor import ProcessExtractor
from app.wiring.bounds import RUN_FOLDER
from app.wiring.extras import check_extra, has_extra
from app.wiring.ground import Ground
from app.wiring.looks import copies_of

EXTRA = "search"
UNSAFE = "unsafe-reading"
"""The file whose time says when a file could last not be read safely."""
DAMAGED = "damaged-index"
"""The file whose time says when damage was met last, or what it has taken would stay lost for an hour."""
CORES = len(os.sched_getaffinity(0))
THREADS = 2 * CORES
"""Documents that are read at once. The threads wait for processes, of which a processor has one at a time."""
REST_SECONDS = 300.0
"""How long a process that holds the model is kept while nothing is asked of it."""


@dataclass(frozen=True, slots=True)
class Entities:
    """What is found, who keeps up with what happens, and who reads files."""

    search: DocumentSearch
    links: EntityLinks
    reader: SearchReader
    indexer: Indexer
    arriving: LastSeen
    """When any process was last seen to receive an upload, to about a second."""
    receiving_here: Callable[[], int]
    embedders: Sequence[UniversalEmbedder]

    def start(self) -> None:
        """Take part in reading files, where this server has what that needs."""
        if has_extra(EXTRA):
            self.indexer.start()

    def look_for_arriving(self) -> None:
        """Note where this process receives an upload; to be called every second."""
        if self.receiving_here():
            self.arriving.note()

    def rest(self) -> None:
        """Free the memory of what has not been used for long."""
        for embedder in self.embedders:
            embedder.rest(REST_SECONDS)


def build_entities(ground: Ground, settings: Settings, links: FileRequests, bin: Bin) -> Entities:
    """Nothing is loaded or started before it is needed: neither NumPy, nor the model, nor a file of the index."""
    bell, lists, requests, clock = Bell(), SQLDocumentLists(ground.catalogue), ground.requests, ground.clock
    damaged = LocalLastSeen(settings.data_dir / RUN_FOLDER / DAMAGED, clock, fresh_seconds=0.0)
    tools, embedders = _tools(ground, settings, damaged)
    install_entity_rag_manager(manager := EntityRAGManager(tools, embedders[1:]))
    entities = LinkEntities(requests=requests, lists=lists, manager=manager, clock=clock, bell=bell)
    files = DocumentFiles(lists=lists, requests=requests, inbox=ground.stores.inbox, copies=copies_of(settings))
    reader = SearchReader(entities)
    comparison = Comparison(
        requests=requests,
        lists=lists,
        index=tools.index,
        entities=entities,
        files=files,
        manager=manager,
        clock=clock,
        damaged=damaged,
        alone=partial(ground.catalogue.alone, f"reader {reader.name}"),
    )
    arriving = LocalLastSeen(settings.data_dir / RUN_FOLDER / "arriving", clock, fresh_seconds=0.5)
    search = DocumentSearch(
        lists=lists,
        manager=manager,
        entities=entities,
        requests=requests,
        links=links,
        delete_file=bin.delete,
        check=partial(check_extra, EXTRA),
        acts=ground.acts,
    )
    return Entities(
        search,
        EntityLinks(requests=requests, links=links, locks=ground.locks, secret=ground.stores.secrets.get("entity_key")),
        reader,
        _indexer(ground, lists, files, manager, comparison, bell, arriving),
        arriving,
        ground.bounds.concurrency.receiving_here,
        embedders,
    )


def _indexer(
    ground: Ground,
    lists: DocumentLists,
    files: DocumentFiles,
    manager: EntityRAGManager,
    comparison: Comparison,
    bell: Bell,
    arriving: LastSeen,
) -> Indexer:
    return Indexer(
        lists=lists,
        files=files,
        manager=manager,
        leader=ground.stores.leader("search"),
        clock=ground.clock,
        bell=bell,
        backoff=Backoff(1.0, 600.0, random.random),
        compare=comparison.look,
        arriving=arriving,
        threads=THREADS,
    )


def _index(ground: Ground, data: Path, damaged: LastSeen) -> EntityIndex:
    """The index is where the catalogue is."""
    if isinstance(ground.catalogue, SQLiteDatabase):
        return SQLiteIndex(data / "search", damaged.note)
    # Its driver is an extra of its own.
    from app.storage.search.postgresql_index import PostgreSQLIndex
    from app.storage.sql.postgresql import PostgreSQLDatabase

    assert isinstance(ground.catalogue, PostgreSQLDatabase)
    # What an index of before has left, which holds texts that nobody would remove from it.
    rmtree(data / "search", ignore_errors=True)
    return PostgreSQLIndex(ground.catalogue, damaged.note)


def _tools(ground: Ground, settings: Settings, damaged: LastSeen) -> tuple[Tools, list[UniversalEmbedder]]:
    """What documents are indexed with, and the embedders that there are: one for queries, and one for each processor."""
    data, clock = settings.data_dir, ground.clock
    embedders = [UniversalEmbedder(), *(UniversalEmbedder(gives_way=True) for _ in range(CORES))]
    unsafe = LocalLastSeen(data / RUN_FOLDER / UNSAFE, clock)
    extractor = ProcessExtractor(on_unsafe=unsafe.note, scans_in=settings.search_ocr)
    return Tools(_index(ground, data, damaged), extractor, embedders[0], ground.stores.index_locks), embedders

"""The part of the wiring that is about finding documents again."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.core.backoff import Backoff
from app.services.entities.comparison import Comparison
from app.services.entities.document_files import DocumentFiles
from app.services.entities.indexer import Indexer
from app.services.entities.link_entities import LinkEntities
from app.services.entities.reader import SearchReader
from app.services.entities.search import DocumentSearch
from app.services.entity_scoped_rag import EntityRAGManager, Tools, install_entity_rag_manager
from app.services.event_readers import Bell
from app.services.links.file_requests import FileRequests
from app.settings import Settings
from app.storage.disk.leader import LocalLeader
from app.storage.disk.named_locks import LocalNamedLocks
from app.storage.search.embedder import UniversalEmbedder
from app.storage.search.sqlite_index import SQLiteIndex
from app.storage.sql.documents import SQLDocumentLists
from app.storage.text.extractor import ProcessExtractor
from app.wiring.bounds import RUN_FOLDER
from app.wiring.extras import check_extra, has_extra
from app.wiring.ground import Ground

EXTRA = "search"
CORES = len(os.sched_getaffinity(0))
THREADS = 2 * CORES
"""Documents that are read at once. The threads wait for processes, of which a processor has one at a time."""
REST_SECONDS = 300.0
"""How long a process that holds the model is kept while nothing is asked of it."""


@dataclass(frozen=True, slots=True)
class Entities:
    """What is found, who keeps up with what happens, and who reads files."""

    search: DocumentSearch
    reader: SearchReader
    indexer: Indexer
    embedders: Sequence[UniversalEmbedder]

    def start(self) -> None:
        """Take part in reading files, where this server has what that needs."""
        if has_extra(EXTRA):
            self.indexer.start()

    def rest(self) -> None:
        """Free the memory of what has not been used for long."""
        for embedder in self.embedders:
            embedder.rest(REST_SECONDS)


def build_entities(ground: Ground, settings: Settings, links: FileRequests) -> Entities:
    """Nothing is loaded or started before it is needed: neither NumPy, nor the model, nor a file of the index."""
    bell, lists, requests, clock = Bell(), SQLDocumentLists(ground.catalogue), ground.requests, ground.clock
    tools, embedders = _tools(settings.data_dir)
    manager = EntityRAGManager(tools, embedders[1:])
    install_entity_rag_manager(manager)
    entities = LinkEntities(requests=requests, lists=lists, manager=manager, clock=clock, bell=bell)
    files = DocumentFiles(lists=lists, requests=requests, inbox=ground.stores.inbox)
    reader = SearchReader(entities)
    comparison = Comparison(
        requests=requests,
        lists=lists,
        index=tools.index,
        entities=entities,
        files=files,
        manager=manager,
        clock=clock,
        alone=partial(ground.catalogue.alone, f"reader {reader.name}"),
    )
    indexer = Indexer(
        lists=lists,
        files=files,
        manager=manager,
        leader=LocalLeader(settings.data_dir / RUN_FOLDER / "search.lock"),
        clock=clock,
        bell=bell,
        backoff=Backoff(1.0, 600.0, random.random),
        compare=comparison.run,
        threads=THREADS,
    )
    check = partial(check_extra, EXTRA)
    search = DocumentSearch(
        lists=lists, manager=manager, entities=entities, requests=requests, links=links, check=check
    )
    return Entities(search, reader, indexer, embedders)


def _tools(data: Path) -> tuple[Tools, list[UniversalEmbedder]]:
    """What documents are indexed with, and the embedders that there are: one for queries, and one for each processor."""
    embedders = [UniversalEmbedder() for _ in range(1 + CORES)]
    locks = LocalNamedLocks(data / "search.turn")
    return Tools(SQLiteIndex(data / "search"), ProcessExtractor(), embedders[0], locks), embedders

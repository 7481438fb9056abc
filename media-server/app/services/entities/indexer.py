"""Indexer: reads listed documents into the index, in the one process of an installation that leads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from app.core.backoff import Backoff
from app.core.errors import Busy, StorageFull
from app.core.ports.entities import DocumentLists
from app.core.ports.guards import Clock
from app.core.ports.shared import LastSeen, Leader
from app.core.search.documents import About, DocumentId, EntityId
from app.core.search.listing import DocumentState, ListedDocument
from app.core.search.texts import Trouble
from app.services.entities.document_files import DocumentFiles, TooLongToRead
from app.services.entity_scoped_rag import EntityRAGManager
from app.services.event_readers import Bell
from app.services.operations.threads import DaemonThreads

LOOK_EVERY_SECONDS = 0.5
QUIET_SECONDS = 3.0
"""How long no chunk has come before documents are read again at full pace."""
CROWDED_SECONDS = 10.0
"""While chunks come, one document is begun in so many seconds, as on a busy server none would ever be read."""
QUEUED = 2
"""Documents that are begun, or wait to be, for each thread: none of them has to wait for the next look."""

log = logging.getLogger("droppr.search")


class Indexer:
    """Looks for listed documents whose time has come, twice a second and whenever ``bell`` is rung. What a process was at when it
    died stands in the list as it did before, for the next leader."""

    def __init__(
        self,
        *,
        lists: DocumentLists,
        files: DocumentFiles,
        manager: EntityRAGManager,
        leader: Leader,
        clock: Clock,
        bell: Bell,
        backoff: Backoff,
        compare: Callable[[], object],
        arriving: LastSeen,
        threads: int,
    ) -> None:
        """``compare`` is called in the leader before each look, and knows itself when it has something to do. While chunks are ``arriving`` hardly anything is begun."""
        self._lists = lists
        self._files = files
        self._manager = manager
        self._leader = leader
        self._clock = clock
        self._bell = bell
        self._backoff = backoff
        self._compare = compare
        self._arriving = arriving
        self._begun_at = -CROWDED_SECONDS
        self._most = threads * QUEUED
        self._threads = DaemonThreads(threads, "indexing")
        self._lock = threading.Lock()
        self._running: set[tuple[EntityId, DocumentId]] = set()

    def start(self) -> None:
        """Take part in the election of the leader, in a thread that does not keep the process alive."""
        threading.Thread(target=self._run, name="indexer", daemon=True).start()

    def look(self) -> None:
        """Begin with whatever is due and fits."""
        with self._lock:
            running = len(self._running)
        most = self._most
        if self._arriving.seconds_ago() < QUIET_SECONDS:
            if running or time.monotonic() - self._begun_at < CROWDED_SECONDS:
                return
            most = 1
        # Those that are being read are due as well.
        for document in self._lists.due(self._clock(), running + most):
            key = document.entity, document.document
            with self._lock:
                if len(self._running) >= most:
                    return
                if key in self._running:
                    continue
                self._running.add(key)
            self._begun_at = time.monotonic()
            self._threads.submit(partial(self._one, document))

    def index(self, document: ListedDocument) -> None:
        """Read one document into the index, and note what became of it. Raises Busy or StorageFull where not even that can be
        noted."""
        note = partial(self._lists.note, document.entity, document.document)
        if document.kind not in self._manager.kinds:
            note(DocumentState.NO_TEXT, Trouble.UNSUPPORTED)
            return
        try:
            with self._files.opened(document) as file:
                added = self._manager.get_entity_store(document.entity).add_document(
                    file.path,
                    About(document.name, document.kind, document.at, document.sender),
                    document.document,
                    digest=file.sha256,
                    read_again=True,
                    is_wanted=partial(self._files.is_wanted, document),
                    on_words=partial(note, DocumentState.WORDS, next_at=document.next_at),
                )
        except TooLongToRead:
            note(DocumentState.NO_TEXT, Trouble.MEMORY)
        except FileNotFoundError:
            self._manager.remove_document(document.entity, document.document)
            note(DocumentState.MISSING)
        except (Busy, StorageFull) as error:
            attempts = document.attempts + 1
            next_at = self._clock() + self._backoff.wait(attempts)
            note(document.state, document.trouble, next_at, attempts)
            log.info("a document could not be read yet", extra={"error": error.message, "attempts": attempts})
        else:
            note(DocumentState.READY if added.chunks else DocumentState.NO_TEXT, added.trouble)

    def _one(self, document: ListedDocument) -> None:
        try:
            self.index(document)
        except Exception:  # the last line of defence of a thread that must go on
            log.exception("indexing failed")
            self._put_off(document)
        finally:
            with self._lock:
                self._running.discard((document.entity, document.document))
            self._bell.ring()

    def _put_off(self, document: ListedDocument) -> None:
        """Or the same document would be tried without a pause."""
        next_at = self._clock() + self._backoff.wait(document.attempts + 1)
        try:
            self._lists.note(
                document.entity, document.document, document.state, document.trouble, next_at, document.attempts + 1
            )
        except (Busy, StorageFull):
            time.sleep(LOOK_EVERY_SECONDS)

    def _run(self) -> None:
        while True:
            self._leader.wait()
            self._lead()

    def _lead(self) -> None:
        heard = 0
        while self._leader.leads():
            self._logged(self._compare)
            self._logged(self.look)
            heard = self._bell.wait(heard, LOOK_EVERY_SECONDS)

    @staticmethod
    def _logged(job: Callable[[], object]) -> None:
        try:
            job()
        except (Busy, StorageFull) as error:
            log.warning("the index could not be looked after", extra={"error": error.message})
        except Exception:  # the last line of defence of a thread that must go on
            log.exception("looking after the index failed")

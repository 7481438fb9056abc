"""JSON documents of entities: a file for each entity, each under a file lock of its own.

With sharding, writers of different entities never wait for each other. Readers take no lock: a file is replaced whole,
so they see the old or the new. What was written without sharding lies in one file, ``documents.json``; with sharding
it stays readable, changes go to shards, and where both have a document the shard's counts.

Lock order: a shard, then the single file. Nobody holds two shards.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from filelock import FileLock, Timeout

from app.core.errors import Busy, InternalError
from app.storage.disk.atomic import disk_errors, replace_file, sync_folder

Document = dict[str, Any]
Query = Mapping[str, Any]
Version = tuple[int, int, int]

LOCK_SECONDS = 30
POLL_SECONDS = 0.005
_SINGLE = "documents"
_LONGEST_NAME = 160

log = logging.getLogger("droppr.storage")


class JSONStorage:
    """One document for each entity, in one folder, right with any number of threads and processes.

    Entity ids are any text; file names are made of them. Writes survive a power cut. A file that cannot be read is
    never written over: whoever asks for its documents gets InternalError, and whoever asks for all gets the others.
    """

    def __init__(self, storage_dir: Path, enable_sharding: bool = True) -> None:
        self._folder = storage_dir
        self._locks = storage_dir / ".locks"
        self._single = storage_dir / f"{_SINGLE}.json"
        self._sharded = enable_sharding
        for each in (storage_dir, self._locks):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)

    def load(self, entity_id: str) -> Document | None:
        """The document as it stands now, or None."""
        return self._found(_read(self._shard(entity_id)), entity_id)

    def version(self, entity_id: str) -> Version | None:
        """Changes whenever the document does; None where there is none. Ask before loading, never after."""
        for path in (self._shard(entity_id), self._single):
            try:
                status = os.stat(path)
            except FileNotFoundError:
                continue
            return status.st_ino, status.st_size, status.st_mtime_ns
        return None

    def find(self, query: Query) -> Iterator[Document]:
        """Every document that has all fields of ``query`` with these values, in no order.

        ``entity_id`` (one) and ``entity_ids`` (several) say whose documents are meant: only these are read. Without
        either all are.
        """
        return (document for _, document in self._matching(query))

    def documents(self) -> Iterator[Document]:
        """Every document, in no order."""
        return self.find({})

    def update(self, entity_id: str, change: Callable[[Document | None], Document]) -> Document:
        """Replace the document by what the pure function ``change`` makes of it, alone; None stands for no document.

        What ``change`` raises goes through and nothing is written. Raises Busy or StorageFull.
        """
        shard = self._shard(entity_id)
        with self._locked(shard):
            documents = _read(shard)
            documents[entity_id] = change(self._found(documents, entity_id))
            replace_file(shard, _written(documents))
            return documents[entity_id]

    def patch(self, query: Query, fields: Document) -> int:
        """Set ``fields`` in every document that ``find`` finds, one after the other; how many there were.

        Raises Busy or StorageFull, when some may have been changed already.
        """
        changed = 0
        for entity_id in [entity_id for entity_id, _ in self._matching(query)]:
            shard = self._shard(entity_id)
            with self._locked(shard):
                documents = _read(shard)
                found = self._found(documents, entity_id)
                # It may have been deleted or changed since it was found.
                if found is not None and _matches(found, query):
                    documents[entity_id] = {**found, **fields}
                    replace_file(shard, _written(documents))
                    changed += 1
        return changed

    def delete(self, entity_id: str) -> None:
        """Remove the document; nothing happens when there is none. Raises Busy or StorageFull."""
        shard = self._shard(entity_id)
        with self._locked(shard):
            # The single file first: what dies in between leaves the document as it was.
            if self._sharded and entity_id in _read(self._single):
                with self._locked(self._single):
                    self._removed(self._single, entity_id)
            self._removed(shard, entity_id)

    def migrate(self) -> int:
        """Give each document of the single file a shard, then remove that file; how many were moved.

        Safe beside readers and writers, and to be killed at any moment: what was not moved is moved by the next call.
        Only with sharding. Raises Busy or StorageFull.
        """
        moved = 0
        while waiting := [entity_id for entity_id in _read(self._single) if entity_id not in self._shard_of(entity_id)]:
            moved += sum(map(self._moved, waiting))
        with self._locked(self._single), disk_errors():
            # One that writes without sharding may have added something since.
            if all(entity_id in self._shard_of(entity_id) for entity_id in _read(self._single)):
                self._single.unlink(missing_ok=True)
                sync_folder(self._folder)
        return moved

    def _moved(self, entity_id: str) -> bool:
        shard = self._shard(entity_id)
        with self._locked(shard):
            documents = _read(shard)
            found = self._found(documents, entity_id)
            if entity_id in documents or found is None:
                return False
            documents[entity_id] = found
            replace_file(shard, _written(documents))
            return True

    def _found(self, documents: dict[str, Document], entity_id: str) -> Document | None:
        """The entity's document among those of its shard, else in the single file."""
        if entity_id in documents or not self._sharded:
            return documents.get(entity_id)
        return _read(self._single).get(entity_id)

    def _matching(self, query: Query) -> Iterator[tuple[str, Document]]:
        named = _named(query)
        found = self._all() if named is None else ((each, self.load(each)) for each in named)
        return ((key, document) for key, document in found if document is not None and _matches(document, query))

    def _all(self) -> Iterator[tuple[str, Document]]:
        seen: set[str] = set()
        # The single file last, as the shards' documents count before its own. Documents only move the other way.
        shards = sorted(self._folder.glob("*.json"), key=lambda path: path == self._single)
        for shard in shards:
            try:
                documents = _read(shard)
            except InternalError:
                continue
            yield from ((key, document) for key, document in documents.items() if key not in seen)
            seen |= documents.keys()

    def _shard(self, entity_id: str) -> Path:
        return self._folder / f"{_file_name(entity_id)}.json" if self._sharded else self._single

    def _shard_of(self, entity_id: str) -> dict[str, Document]:
        return _read(self._shard(entity_id))

    def _removed(self, shard: Path, entity_id: str) -> None:
        """Take a document out of a file whose lock is held."""
        documents = _read(shard)
        if documents.pop(entity_id, None) is None:
            return
        with disk_errors():
            if documents:
                replace_file(shard, _written(documents))
            else:
                # The lock file stays: one that is removed can be held by two who both believe to be alone.
                shard.unlink()
                sync_folder(self._folder)

    @contextmanager
    def _locked(self, shard: Path) -> Iterator[None]:
        # A lock object does not survive a fork, so each acquisition has its own.
        lock = FileLock(
            self._locks / f"{shard.stem}.lock", LOCK_SECONDS, 0o600, poll_interval=POLL_SECONDS, preserve_lock_file=True
        )
        try:
            with disk_errors():
                lock.acquire()
        except Timeout:
            raise Busy() from None
        try:
            yield
        finally:
            lock.release()


def _named(query: Query) -> Iterable[str] | None:
    """The entities that a query is about, each once; None where it names none."""
    if "entity_id" in query:
        return [query["entity_id"]]
    return dict.fromkeys(query["entity_ids"]) if "entity_ids" in query else None


def _matches(document: Document, query: Query) -> bool:
    return all(document.get(key) == value for key, value in query.items() if key not in ("entity_id", "entity_ids"))


def _file_name(entity_id: str) -> str:
    # Nothing of an id is special in a file name: no dot, no separator, and no name that means something here.
    name = quote(entity_id, safe="", errors="surrogatepass").replace(".", "%2E").replace("~", "%7E")
    if len(name) > _LONGEST_NAME or not name:
        digest = hashlib.sha256(entity_id.encode(errors="surrogatepass")).hexdigest()
        return f"{name[:80]}~{digest}"
    return f"~{_SINGLE}" if name == _SINGLE else name


def _written(documents: dict[str, Document]) -> bytes:
    # Half a surrogate pair has no place in UTF-8, but in JSON's own escapes it has.
    return json.dumps(documents, ensure_ascii=False, allow_nan=False).encode(errors="backslashreplace")


def _read(shard: Path) -> dict[str, Document]:
    try:
        documents = json.loads(shard.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError:
        documents = None
    if not isinstance(documents, dict) or not all(isinstance(each, dict) for each in documents.values()):
        log.error("%s holds no JSON documents. Put it back from a backup, or move it away to do without.", shard)
        raise InternalError()
    return documents

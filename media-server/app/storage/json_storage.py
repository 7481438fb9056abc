"""JSON documents in sharded files, each shard under its own file lock.

With sharding every document has a file and a lock to itself, so writers of different documents never wait for each
other. Readers take no lock: a shard is replaced whole, so they see the old or the new.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from app.core.errors import Busy
from app.storage.disk.atomic import disk_errors, replace_file, sync_folder

Document = dict[str, Any]
Version = tuple[int, int, int]

LOCK_SECONDS = 30
POLL_SECONDS = 0.005


class JSONStorage:
    """Documents by key in one folder, right with any number of threads and processes.

    Keys become file names: whoever calls has made sure that they are safe as such. Writes survive a power cut.
    """

    def __init__(self, folder: Path, enable_sharding: bool = True) -> None:
        self._folder = folder
        self._locks = folder / ".locks"
        self._sharded = enable_sharding
        for each in (folder, self._locks):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)

    def load(self, key: str) -> Document | None:
        """The document as it stands now, or None."""
        return _read(self._shard(key)).get(key)

    def version(self, key: str) -> Version | None:
        """Changes whenever the document does; None where there is none. Ask before loading, never after."""
        try:
            status = os.stat(self._shard(key))
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def update(self, key: str, change: Callable[[Document | None], Document]) -> Document:
        """Replace the document by what the pure function ``change`` makes of it, alone; None stands for no document.

        What ``change`` raises goes through and nothing is written. Raises Busy or StorageFull.
        """
        shard = self._shard(key)
        with self._locked(shard):
            documents = _read(shard)
            documents[key] = change(documents.get(key))
            replace_file(shard, json.dumps(documents, ensure_ascii=False, allow_nan=False).encode())
            return documents[key]

    def delete(self, key: str) -> None:
        """Remove the document; nothing happens when there is none. Raises Busy or StorageFull."""
        shard = self._shard(key)
        with self._locked(shard), disk_errors():
            documents = _read(shard)
            if documents.pop(key, None) is None:
                return
            if documents:
                replace_file(shard, json.dumps(documents, ensure_ascii=False, allow_nan=False).encode())
            else:
                # The lock file stays: one that is removed can be held by two who both believe to be alone.
                shard.unlink()
                sync_folder(self._folder)

    def documents(self) -> Iterator[Document]:
        """Every document, in no order."""
        for shard in self._folder.glob("*.json"):
            yield from _read(shard).values()

    def _shard(self, key: str) -> Path:
        return self._folder / f"{key if self._sharded else 'documents'}.json"

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


def _read(shard: Path) -> dict[str, Document]:
    try:
        raw = shard.read_bytes()
    except FileNotFoundError:
        return {}
    documents: dict[str, Document] = json.loads(raw)
    return documents

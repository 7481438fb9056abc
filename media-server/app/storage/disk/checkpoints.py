"""Checkpoints: bringing a growing file to the disk while it grows, so that little is left to do at its end and little is
asked for again after a power cut; and keeping its journal short, so that it is quickly read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from app.core.errors import Busy, StorageFull, UploadNotFound
from app.storage.disk.span_log import Arrived

SYNC_EVERY_BYTES = 32 * 1024 * 1024
"""Bytes after which a growing file is synced."""
MAX_PENDING = 4096
"""Chunks after which it is synced, however small they are: until then each has a record that is kept in memory."""
CROWDED_BYTES = 64 * 1024
"""Bytes of a journal up to which nobody would gain from a shorter one."""

Job = Callable[[], object]


class Checkpointed(Protocol):
    """An upload on the disk, as far as its checkpoints go."""

    upload_id: str

    def checkpoint(self, at: float, *, sync: bool, compact: bool) -> None:
        """Sync the growing file, shorten the journal. Raises UploadNotFound, StorageFull, and Busy, also where another
        process does the same."""
        ...


class Checkpoints:
    """Syncs uploads in the background: one after the other in each process, each upload once at a time in all of them.
    ``background`` runs a job when there is time for it; one that is lost with its process is found again by the next chunk."""

    def __init__(self, background: Callable[[Job], object]) -> None:
        self._background = background
        self._under_way: set[str] = set()
        self._lock = threading.Lock()

    def consider(self, upload: Checkpointed, arrived: Arrived, journal_bytes: int, at: float) -> None:
        """Told of each record of an upload that is not whole yet: sync it soon if enough has come since the last time,
        shorten its journal if that grew long."""
        sync = arrived.unsynced >= SYNC_EVERY_BYTES or len(arrived.pending) >= MAX_PENDING
        compact = journal_bytes > CROWDED_BYTES and journal_bytes > 4 * arrived.snapshot_size
        if not (sync or compact):
            return
        with self._lock:
            if upload.upload_id in self._under_way:
                return
            self._under_way.add(upload.upload_id)
        self._background(lambda: self._make(upload, at, sync, compact))

    def _make(self, upload: Checkpointed, at: float, sync: bool, compact: bool) -> None:
        try:
            upload.checkpoint(at, sync=sync, compact=compact)
        except (UploadNotFound, Busy, StorageFull):
            return  # Another process does it, it was delivered or cancelled meanwhile, or the disk is in trouble.
        finally:
            with self._lock:
                self._under_way.discard(upload.upload_id)

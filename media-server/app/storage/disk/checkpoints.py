"""Checkpoints: syncing a growing file while it grows, so that little is left to sync at its end and little is asked for again
after a power cut; and keeping its journal short, so that it is quickly read."""

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
    """What Checkpoints needs of an upload."""

    upload_id: str

    def checkpoint(self, at: float, *, sync: bool, compact: bool) -> None:
        """With ``sync``, sync the growing file and record in the journal which spans that covers, as of the time ``at``; with ``compact``,
        shorten the journal. Raises UploadNotFound, StorageFull, and Busy, also where another process is at it."""
        ...


class Checkpoints:
    """Decides which uploads get a checkpoint, and has it made by ``background``, which runs a job when there is time for it: in all
    processes one at a time for each upload. A job that is lost with its process comes again with the next chunk."""

    def __init__(self, background: Callable[[Job], object]) -> None:
        self._background = background
        self._under_way: set[str] = set()
        self._lock = threading.Lock()

    def consider(self, upload: Checkpointed, arrived: Arrived, journal_bytes: int, at: float) -> None:
        """To be called after each record of an upload that still has gaps: sync it soon if enough bytes came since the last
        checkpoint, shorten its journal if that is much longer than it need be. Waits for neither."""
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

"""Checkpoints: bringing a growing file to the disk while it grows, so that little is left to do at its end and little is
asked for again after a power cut; and keeping the record of what arrived short, so that it is quickly read."""

from __future__ import annotations

import threading
from collections.abc import Callable

from app.core.errors import Busy, StorageFull, UploadNotFound
from app.core.links import RequestLink
from app.core.ports.chunks import ChunkStore
from app.core.ports.guards import Clock
from app.core.ports.sessions import Recorded, SessionStore
from app.core.session import UploadSession

SYNC_EVERY_BYTES = 32 * 1024 * 1024
"""Bytes after which a growing file is synced."""
MAX_PENDING_RECORDS = 4096
"""Chunks after which it is synced, however small they are: until then each has a record that is kept in memory."""


class Checkpoints:
    """Syncs uploads in the background, one at a time in each process and each upload once at a time in all of them."""

    def __init__(
        self,
        *,
        sessions: SessionStore,
        chunks: ChunkStore,
        clock: Clock,
        background: Callable[[Callable[[], object]], None],
    ) -> None:
        self._sessions = sessions
        self._chunks = chunks
        self._clock = clock
        self._background = background
        self._under_way: set[str] = set()
        self._lock = threading.Lock()

    def chunk_recorded(self, session: UploadSession, link: RequestLink, recorded: Recorded) -> None:
        """Sync the upload soon if enough has come since the last time; shorten its record if that grew long."""
        del link
        if not (_is_due(recorded) or recorded.crowded):
            return
        upload_id = session.upload_id
        with self._lock:
            if upload_id in self._under_way:
                return
            self._under_way.add(upload_id)
        self._background(lambda: self._make(upload_id, recorded))

    def _make(self, upload_id: str, recorded: Recorded) -> None:
        try:
            # One at a time in all processes: a second sync would wait for the first and find nothing left to do.
            with self._sessions.only_one(upload_id, "checkpoint"):
                if _is_due(recorded):
                    self._sessions.checkpoint(upload_id, lambda: self._chunks.flush(upload_id), self._clock())
                if recorded.crowded:
                    self._sessions.compact(upload_id)
        except (UploadNotFound, Busy, StorageFull):
            return  # Another process does it, it was delivered or cancelled meanwhile, or the disk is in trouble.
        finally:
            with self._lock:
                self._under_way.discard(upload_id)


def _is_due(recorded: Recorded) -> bool:
    return recorded.unsynced >= SYNC_EVERY_BYTES or recorded.pending >= MAX_PENDING_RECORDS

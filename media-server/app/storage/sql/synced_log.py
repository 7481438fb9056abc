"""How the write-ahead log of one process' commits comes to the disk, and what is done where the disk does not take it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from app.core.errors import Busy

LOG_RESERVE_BYTES = 1024 * 1024
"""So long the log is on the disk at least, whether it is used or not: what has to be written on a full disk goes there."""

_NOT_TAKEN = "The server's disk does not take data at the moment. Try again in a while."


class Log:
    """The write-ahead log of one process' commits, brought to the disk: one sync for everybody who committed before it.

    After a sync that failed no further one of the log is trusted, as the kernel reports each loss once. What the log holds is
    then copied into the file instead, which is synced for itself; until that has worked nothing is written any more.
    """

    def __init__(self, path: Path, empty: Callable[[], bool]) -> None:
        self._path = path
        self._empty = empty
        self._changed = threading.Condition()
        self._thread = threading.local()
        self._descriptor: int | None = None
        self._begun = 0
        self._done = 0
        self._running = False
        self._distrusted = False

    def next_sync(self) -> int:
        """The number of the first sync that will bring what is committed at this moment."""
        # Without the lock: one that begins between the commit and this question brings it, and the next one does, too.
        return self._begun + 1

    def seen(self, ticket: int) -> None:
        """Note that this thread may tell others what the sync of this number brings."""
        self._thread.ticket = ticket

    def sync(self) -> None:
        """Wait for what this thread has seen. Raises Busy, StorageFull."""
        wanted: int = getattr(self._thread, "ticket", 0)
        with self._changed:
            self._changed.wait_for(lambda: self._done >= wanted or not self._running)
            mine = self._done < wanted
            if mine:
                self._running, self._begun = True, self._begun + 1
        if mine:
            try:
                self._bring()
            finally:
                with self._changed:
                    self._running, self._done = False, self._begun
                    self._changed.notify_all()
        elif self._distrusted:
            raise Busy(_NOT_TAKEN)

    def reserve(self) -> None:
        """Have the log's room on the disk, as far as there is any."""
        with suppress(OSError):
            os.posix_fallocate(self._opened(), 0, LOG_RESERVE_BYTES)

    def check(self) -> None:
        """Return if what is committed can be brought to the disk. Raises Busy, StorageFull."""
        if self._distrusted:
            self._heal()

    def _bring(self) -> None:
        if not self._distrusted:
            try:
                os.fdatasync(self._opened())
                return
            except OSError:
                self._distrusted = True
        self._heal()

    def _heal(self) -> None:
        if not self._empty():
            raise Busy(_NOT_TAKEN)
        self._distrusted = False

    def _opened(self) -> int:
        # Whoever closes the last connection removes the file, and the next one makes another.
        if self._descriptor is not None and not os.path.samestat(os.stat(self._path), os.fstat(self._descriptor)):
            os.close(self._descriptor)
            self._descriptor = None
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            self.reserve()
        return self._descriptor

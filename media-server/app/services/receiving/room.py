"""Room: the one judge of what senders may still put on the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.core.errors import Busy, StorageFull
from app.core.room import NAME_BYTES, SESSION_INODES, Disk, Floors

FRESH_SECONDS = 0.5
"""Seconds for which it is enough to have asked once what is promised: small files come by the hundred."""

RETRY_AFTER_SECONDS = 30
"""Seconds after which something for which there is no room may be sent again."""


class Room:
    """Keeps senders from filling the disk, so that the owner can always write. All numbers are bytes.

    Two floors say what stays free, see ``core.room.Floors``. Openings, folders and whole files stay above the upper one, beside what
    is promised to open uploads; chunks and deliveries of open uploads may go down to the lower one. What lies below that is for the
    owner alone. ``promised`` returns how much is promised."""

    def __init__(self, disk: Disk, floors: Floors, promised: Callable[[], int] = lambda: 0) -> None:
        self._disk = disk
        self._floors = floors
        self._promised = promised
        self._known_promised = (-FRESH_SECONDS, 0)
        self._lock = threading.Lock()
        self._coming = 0
        """Bytes of whole files that this process is receiving."""

    def room_for_opening(self, size: int = 0, folders: int = 0) -> None:
        """Raises StorageFull unless a file of ``size`` bytes and so many new folders fit above the upper floor, beside all promises
        and the whole files that are coming; Busy where these cannot be read."""
        if self.above_floor(folders) - self._lately_promised() - self._coming < size + NAME_BYTES * (1 + folders):
            raise StorageFull()

    @contextmanager
    def taking(self, size: int, folders: int) -> Iterator[None]:
        """Have room for a whole file, which nothing promises, while its bytes are received in the block: those that come at once to
        this process do not reckon with the same room. Raises what ``room_for_opening`` raises."""
        with self._lock:
            self.room_for_opening(size, folders)
            self._coming += size
        try:
            yield
        finally:
            with self._lock:
                self._coming -= size

    def above_floor(self, folders: int = 0) -> int:
        """How many bytes are free above the upper floor, promised or not; negative below it. Raises StorageFull where inodes are
        short for an upload with so many new folders."""
        free, inodes = self._floors.for_openings(self._disk())
        if inodes < SESSION_INODES + folders:
            raise StorageFull()
        return free

    def above_lower_floor(self) -> int:
        """How many bytes are free above the lower floor, promised or not; negative below it."""
        return self._floors.for_chunks(self._disk())[0]

    def room_for_chunk(self, size: int, folders: int = 0) -> None:
        """Raises StorageFull unless ``size`` bytes of an open upload, or the folders it is delivered to, fit above the lower floor.
        Promises do not count: the upload has one."""
        free, inodes = self._floors.for_chunks(self._disk())
        if free < size + NAME_BYTES * folders or inodes < 1 + folders:
            raise no_room()

    def figures(self) -> dict[str, int]:
        """``total_bytes`` of the disk, ``free_bytes`` of them, ``promised_bytes`` to open uploads, and ``available_bytes``: what new
        uploads may still declare, above the upper floor and beside the promises."""
        space = self._disk()
        free, inodes = self._floors.for_openings(space)
        try:
            promised = self._lately_promised()
        except (StorageFull, Busy):
            promised = self._known_promised[1]
        return {
            "total_bytes": space.size,
            "free_bytes": space.free,
            "promised_bytes": promised,
            "available_bytes": max(0, free - promised) if inodes >= SESSION_INODES else 0,
        }

    def _lately_promised(self) -> int:
        looked_at, promised = self._known_promised
        now = time.monotonic()
        if now - looked_at >= FRESH_SECONDS:
            promised = self._promised()
            self._known_promised = now, promised
        return promised


def no_room() -> StorageFull:
    """The StorageFull for an open upload: its chunk may be sent again after ``RETRY_AFTER_SECONDS``."""
    return StorageFull(
        "The server has no room for this at present. Send it again later.", retry_after=RETRY_AFTER_SECONDS
    )

"""Room: the one judge of what senders may still put on the disk."""

from __future__ import annotations

from app.core.errors import StorageFull
from app.core.room import NAME_WEIGHT, SESSION_INODES, Disk, Floors


class Room:
    """Keeps the disk from being filled by senders, so that the owner can always write."""

    def __init__(self, disk: Disk, floors: Floors) -> None:
        self._disk = disk
        self._floors = floors

    def room_for_opening(self, size: int = 0, folders: int = 0) -> None:
        """Return if a file of ``size`` bytes and so many new folders fit above the upper floor. Raises StorageFull."""
        free, inodes = self._floors.for_openings(self._disk())
        if free < size + NAME_WEIGHT * (1 + folders) or inodes < SESSION_INODES + folders:
            raise StorageFull()

    def room_for_chunk(self, size: int) -> None:
        """Return if ``size`` bytes of an upload that has begun fit above the lower floor. Raises StorageFull."""
        free, inodes = self._floors.for_chunks(self._disk())
        if free < size or inodes < 1:
            raise StorageFull("The server has no room for this chunk at present. Send it again later.")

"""Slots and tickets in two small tables that all processes of this machine share."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from app.core.fair_queue import MAX_TICKETS, Ticket
from app.core.ports.places import TakenSlot
from app.storage.disk.host_table import HostTable

# An upload's id, its digest, its user's digest, and since when it has its slot.
_SLOT = struct.Struct("<64s16s16sd")
_HEADER = struct.Struct("<QQ")
_TICKET = struct.Struct("<16s16sQdd")


class LocalPlaces:
    """Places in the files ``places`` (``count`` slots) and ``waiting`` (tickets) of ``folder``.

    Tickets lie in a table with a lock of its own, which is taken after that of the slots and for one look or change. So
    a look at the tickets alone waits for nobody who judges with the slots locked.
    """

    def __init__(self, folder: Path, count: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._slots = HostTable(folder / "places", count, _SLOT.size)
        self._waiting = HostTable(folder / "waiting", 1, _HEADER.size + MAX_TICKETS * _TICKET.size)

    def locked(self) -> AbstractContextManager[None]:
        return self._slots.locked()

    def make(self) -> None:
        self._slots.make()

    def taken(self) -> list[TakenSlot]:
        found = []
        for index, row in enumerate(self._slots.read()):
            upload_id, upload, user, since = _SLOT.unpack(row)
            if since and self._slots.is_held(index):
                found.append(TakenSlot(index, upload, user, upload_id.rstrip(b"\0").decode(), since))
        return found

    def take(self, slot: TakenSlot) -> None:
        self._slots.hold(slot.index)
        row = _SLOT.pack(slot.upload_id.encode()[:64], slot.upload, slot.user, slot.since)
        self._slots.write(slot.index, row)

    def clear(self, index: int) -> None:
        self._slots.write(index, bytes(_SLOT.size))

    def hold(self, index: int) -> None:
        self._slots.hold(index)

    def release(self, index: int) -> None:
        self._slots.release(index)

    def tickets(self) -> tuple[list[Ticket], int]:
        with self._waiting.locked():
            raw = self._waiting.read()[0]
        now = self.clock()
        count, number = _HEADER.unpack_from(raw)
        rows = raw[_HEADER.size : _HEADER.size + min(count, MAX_TICKETS) * _TICKET.size]
        return [ticket for ticket in unpacked(rows) if ticket.is_alive(now)], number

    def keep_tickets(self, tickets: Sequence[Ticket], number: int) -> None:
        kept = tickets[:MAX_TICKETS]
        with self._waiting.locked():
            self._waiting.write(0, _HEADER.pack(len(kept), number) + packed(kept))


def packed(tickets: Sequence[Ticket]) -> bytes:
    """Tickets as they are kept."""
    return b"".join(_TICKET.pack(each.upload, each.user, each.number, each.seen, each.wait) for each in tickets)


def unpacked(rows: bytes) -> Iterator[Ticket]:
    """What ``packed`` made bytes of."""
    return (Ticket(*row) for row in _TICKET.iter_unpack(rows))

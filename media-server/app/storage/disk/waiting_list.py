"""The uploads that wait for a slot, kept where all processes of this machine see them.

What is lost with a crash is a place in a queue: whoever waits asks again and gets another.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from app.core.fair_queue import MAX_TICKETS, Ticket
from app.storage.disk.host_table import HostTable

_HEADER = struct.Struct("<QQ")
_TICKET = struct.Struct("<16s16sQdd")


class WaitingList:
    """WaitingTickets in the file ``path``."""

    def __init__(self, path: Path) -> None:
        self._table = HostTable(path, 1, _HEADER.size + MAX_TICKETS * _TICKET.size)

    def read(self, now: float) -> tuple[list[Ticket], int]:
        """The tickets of those who still wait, and the number of the next one."""
        with self._table.locked():
            raw = self._table.read()[0]
        count, number = _HEADER.unpack_from(raw)
        rows = raw[_HEADER.size : _HEADER.size + min(count, MAX_TICKETS) * _TICKET.size]
        tickets = (Ticket(*row) for row in _TICKET.iter_unpack(rows))
        return [ticket for ticket in tickets if ticket.is_alive(now)], number

    def write(self, tickets: Sequence[Ticket], number: int) -> None:
        """Keep these tickets, and no others."""
        rows = [
            _TICKET.pack(each.upload, each.user, each.number, each.seen, each.wait) for each in tickets[:MAX_TICKETS]
        ]
        with self._table.locked():
            self._table.write(0, _HEADER.pack(len(rows), number) + b"".join(rows))

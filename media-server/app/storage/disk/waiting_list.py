"""The uploads that wait for a place, kept where all processes of this machine see them.

What is lost with a crash is a place in a queue: whoever waits asks again and gets another.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from app.core.fair_queue import Ticket
from app.storage.disk.host_table import HostTable

MOST = 1024
"""Tickets that fit. Whoever comes after them is sent away without one and may try again."""
_HEAD = struct.Struct("<QQ")
_TICKET = struct.Struct("<16s16sQdd")


class WaitingList:
    """Tickets in the file ``path``. Only used by whoever is alone with the places."""

    def __init__(self, path: Path) -> None:
        self._table = HostTable(path, 1, _HEAD.size + MOST * _TICKET.size)

    def read(self, now: float) -> tuple[list[Ticket], int]:
        """The tickets of those who still wait, and the number of the next one."""
        with self._table.alone():
            raw = self._table.read()[0]
        count, number = _HEAD.unpack_from(raw)
        rows = raw[_HEAD.size : _HEAD.size + min(count, MOST) * _TICKET.size]
        tickets = (Ticket(*row) for row in _TICKET.iter_unpack(rows))
        return [ticket for ticket in tickets if ticket.is_alive(now)], number

    def write(self, tickets: Sequence[Ticket], number: int) -> None:
        """Keep these tickets, and no others."""
        rows = [_TICKET.pack(each.upload, each.user, each.number, each.seen, each.wait) for each in tickets[:MOST]]
        with self._table.alone():
            self._table.write(0, _HEAD.pack(len(rows), number) + b"".join(rows))

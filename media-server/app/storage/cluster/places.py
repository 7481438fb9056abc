"""Slots and tickets of all nodes, in tables that a crash of the database may empty."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from app.core.errors import Busy, StorageFull, UploadError
from app.core.fair_queue import MAX_TICKETS, Ticket
from app.core.ports.places import TakenSlot
from app.storage.cluster.presence import Presence
from app.storage.disk.places import packed, unpacked
from app.storage.sql.database import Transaction
from app.storage.sql.postgresql import PostgreSQLDatabase

_TAKEN = """
    SELECT p.slot, p.upload, p.sender, p.upload_id, p.since, array_agg(h.holder)
    FROM store_places p JOIN store_place_holders h USING (slot) GROUP BY p.slot ORDER BY p.slot
"""
_TAKE = """
    INSERT INTO store_places (slot, upload, sender, upload_id, since)
    VALUES (%(slot)s, %(upload)s, %(sender)s, %(upload_id)s, %(since)s)
    ON CONFLICT (slot) DO UPDATE
    SET upload = excluded.upload, sender = excluded.sender, upload_id = excluded.upload_id, since = excluded.since
"""
_HOLD = "INSERT INTO store_place_holders (slot, holder) VALUES (%(slot)s, %(holder)s) ON CONFLICT DO NOTHING"
_RELEASE = "DELETE FROM store_place_holders WHERE slot = %(slot)s AND holder = %(holder)s"
_DEAD = "DELETE FROM store_place_holders WHERE holder = %(holder)s"
_CLEAR = "DELETE FROM store_places WHERE slot = %(slot)s"
_TICKETS = "SELECT number, tickets FROM store_tickets"
_KEEP = """
    INSERT INTO store_tickets (number, tickets) VALUES (%(number)s, %(tickets)s)
    ON CONFLICT (one) DO UPDATE SET number = excluded.number, tickets = excluded.tickets
"""
_NOW = "SELECT extract(epoch FROM clock_timestamp())::double precision"


class ClusterPlaces:
    """Places in the database. A slot is held by the numbers of processes (``Presence``)."""

    def __init__(
        self,
        database: PostgreSQLDatabase,
        presence: Presence,
        count: int,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.clock = clock or _SharedClock(database)
        self._database = database
        self._presence = presence
        self._count = count
        self._mine = threading.local()

    @contextmanager
    def locked(self) -> Iterator[None]:
        refused: UploadError | None = None
        with self._database.write() as tx:
            tx.alone("places")
            self._mine.tx = tx
            try:
                yield
            except UploadError as error:
                # Whoever is sent away has got his ticket all the same.
                refused = error
            finally:
                self._mine.tx = None
        if refused is not None:
            raise refused

    def make(self) -> None:
        """A migration has."""

    def taken(self) -> list[TakenSlot]:
        tx, own, dead, found = self._tx, self._presence.number(), set[int](), []
        for slot, upload, sender, upload_id, since, holders in tx.all(_TAKEN):
            for holder in holders:
                if holder != own and holder not in dead and self._presence.is_dead(tx, holder):
                    dead.add(holder)
            if dead.issuperset(holders) or slot >= self._count:
                continue
            found.append(TakenSlot(slot, bytes(upload), bytes(sender), upload_id, since))
        for holder in dead:
            tx.run(_DEAD, holder=holder)
        return found

    def take(self, slot: TakenSlot) -> None:
        row: dict[str, Any] = {"upload": slot.upload, "sender": slot.user, "since": slot.since}
        self._tx.run(_TAKE, slot=slot.index, upload_id=slot.upload_id[:64], **row)
        self.hold(slot.index)

    def clear(self, index: int) -> None:
        self._tx.run(_CLEAR, slot=index)

    def hold(self, index: int) -> None:
        self._tx.run(_HOLD, slot=index, holder=self._presence.number())

    def release(self, index: int) -> None:
        # Where the database is away, so are we for it: what we held is nobody's then.
        with suppress(Busy, StorageFull):
            holder = self._presence.number()
            if self._tx_if_any is not None:
                self._tx.run(_RELEASE, slot=index, holder=holder)
                return
            with self._database.write() as tx:
                tx.run(_RELEASE, slot=index, holder=holder)

    def tickets(self) -> tuple[list[Ticket], int]:
        tx = self._tx_if_any
        row = self._database.look(_TICKETS) if tx is None else tx.one(_TICKETS)
        if row is None:
            return [], 0
        now = self.clock()
        return [ticket for ticket in unpacked(bytes(row[1])) if ticket.is_alive(now)], row[0]

    def keep_tickets(self, tickets: Sequence[Ticket], number: int) -> None:
        self._tx.run(_KEEP, number=number, tickets=packed(tickets[:MAX_TICKETS]))

    @property
    def _tx_if_any(self) -> Transaction | None:
        return getattr(self._mine, "tx", None)

    @property
    def _tx(self) -> Transaction:
        tx = self._tx_if_any
        assert tx is not None, "only inside locked"
        return tx


class _SharedClock:
    """Seconds by the database's clock, as it was when this process first asked; from then on it never goes back."""

    def __init__(self, database: PostgreSQLDatabase) -> None:
        self._database = database
        self._ahead: float | None = None

    def __call__(self) -> float:
        if self._ahead is None:
            row = self._database.look(_NOW)
            assert row is not None
            self._ahead = row[0] - time.monotonic()
        return time.monotonic() + self._ahead

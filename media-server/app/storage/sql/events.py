"""EventStore in the catalogue.

Numbers of events are given while no other transaction writes any, so a reader that has seen one has seen all before it.
On PostgreSQL that would not follow from the numbers alone: one that was given earlier may be committed later.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.actors import Actor
from app.core.audit import Act, AuditRow
from app.core.events import Event, EventKind
from app.core.ports.guards import Clock
from app.storage.sql.audit import AuditLog
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, Transaction, compiled, inserted, made_once, shared, value
from app.storage.sql.schema import events, readers


class EventLog:
    """Writes events, as the last thing that a transaction does, and what of them is an act of somebody into the audit."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._audit = shared(AuditLog, database)
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        self._insert = compiled(inserted(database, events, leave_out=["id"]), database.dialect)

    def write(
        self,
        tx: Transaction,
        kind: EventKind,
        link: str,
        by: Actor,
        upload_ids: Sequence[str | None] = (None,),
        act: Act | None = None,
        about: Mapping[str, str] | None = None,
        **facts: Any,
    ) -> None:
        """Note that somebody did the same to each of these uploads, or to the link; with ``act`` the audit says so, too, with these
        ``facts``."""
        if upload_ids:
            now = self._clock()
            for upload_id in upload_ids if act is not None else ():
                self._audit.write(tx, AuditRow(now, by, act or kind, link, upload_id, facts))
            tx.alone("events", wait=False)
            more = None if about is None else json.dumps(about, allow_nan=False)
            row = {"at": now, "kind": kind.value, "link": link, "actor": str(by), "about": more}
            tx.many(self._insert, [{**row, "upload_id": upload_id} for upload_id in upload_ids])


class SQLEvents:
    """What readers ask for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        columns = [events.c.id, events.c.at, events.c.kind, events.c.link, events.c.actor, events.c.upload_id]
        columns.append(events.c.about)
        self._after = compiled(
            select(*columns)
            .where(events.c.id > value("cursor"))
            .order_by(events.c.id)
            .limit(value("most", sa.Integer))
            .offset(number(0)),
            database.dialect,
        )
        self._newest = compiled(select(sa.func.max(events.c.id)), database.dialect)
        self._cursor = compiled(select(readers.c.passed).where(readers.c.name == value("name")), database.dialect)
        put = inserted(database, readers)
        self._passed = compiled(
            put.on_conflict_do_update(index_elements=["name"], set_={"passed": put.excluded["passed"]}),
            database.dialect,
        )
        newest = select(sa.func.max(events.c.id)).scalar_subquery()
        old = (
            select(events.c.id)
            # Not the newest, from which the next has its number.
            .where(events.c.id <= value("passed"), events.c.at < value("before"), events.c.id < newest)
            .order_by(events.c.id)
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )
        self._prune = compiled(events.delete().where(events.c.id.in_(old)), database.dialect)

    def after(self, cursor: int, most: int) -> list[Event]:
        with self._database.read() as tx:
            rows = tx.all(self._after, cursor=cursor, most=most)
        return [_event(row) for row in rows]

    def newest(self) -> int:
        with self._database.read() as tx:
            row = tx.one(self._newest)
        return (row and row[0]) or 0

    def cursor(self, reader: str) -> int:
        with self._database.read() as tx:
            row = tx.one(self._cursor, name=reader)
        return row[0] if row else 0

    def passed(self, reader: str, event_id: int) -> None:
        with self._database.write(urgent=True) as tx:
            tx.run(self._passed, name=reader, passed=event_id)

    def prune(self, before: float, readers: Iterable[str]) -> int:
        pruned, passed = 0, min(map(self.cursor, readers), default=0)
        while True:
            with self._database.write(urgent=True) as tx:
                found = tx.changed(self._prune, before=before, passed=passed, most=BATCH)
            pruned += found
            if found < BATCH:
                return pruned


def _event(row: Row) -> Event:
    id, at, kind, link, actor, upload_id, about = row
    return Event(id, at, EventKind(kind), link, actor, upload_id, None if about is None else json.loads(about))


BATCH = 1000
"""So many rows are removed in one transaction."""

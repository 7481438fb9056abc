"""OutboxStore in the catalogue. Its rows hold the remotes' secrets: the database's file is readable by the server's user only."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.actors import Actor
from app.core.audit import Act
from app.core.events import EventKind
from app.core.ports.guards import Clock
from app.core.reasons import Reason
from app.core.remotes import OutboxEntry, OutboxState, RemoteTarget
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, Transaction, compiled, filled, inserted, is_id, made_once, value
from app.storage.sql.events import EventLog
from app.storage.sql.schema import outbox

# In the order of OutboxEntry's fields.
_COLUMNS = [column for column in outbox.columns if column.name != "remote"]
_NAMES = [column.name for column in _COLUMNS]
_TARGET, _STATE, _REASON = _NAMES.index("target"), _NAMES.index("state"), _NAMES.index("reason")


class SQLOutbox:
    """What has to be passed on, a row a file."""

    def __init__(
        self, database: Database, *, clock: Clock = time.time, happened: Callable[[], None] = lambda: None
    ) -> None:
        """``happened`` is called whenever there are new events."""
        self._database = database
        self._events = EventLog(database, clock)
        self._happened = happened
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        this = outbox.c.upload_id == value("upload_id")
        self._load = words(select(*_COLUMNS).where(this))
        self._lock = words(select(*_COLUMNS).where(this).with_for_update())
        self._all = words(select(*_COLUMNS).order_by(outbox.c.created_at, outbox.c.upload_id))
        self._next_remote = words(select(sa.func.min(outbox.c.remote)).where(outbox.c.remote > value("remote")))
        self._due = words(
            select(*_COLUMNS)
            .where(outbox.c.remote == value("remote"), outbox.c.next_at <= value("now"))
            .order_by(outbox.c.next_at, outbox.c.created_at)
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )
        self._some = words(select(*_COLUMNS).where(database.among(outbox.c.upload_id, "ids")))
        left = sa.func.sum(outbox.c.size - outbox.c.sent_bytes)
        self._figures = words(select(outbox.c.state, sa.func.count(), left).group_by(outbox.c.state))
        self._add = words(inserted(database, outbox).on_conflict_do_nothing(index_elements=["upload_id"]))
        self._update = words(outbox.update().values(filled(_COLUMNS[1:])).where(this))
        self._remove = words(outbox.delete().where(this))

    def add(self, entry: OutboxEntry) -> bool:
        if not is_id(entry.upload_id):
            raise ValueError("not an upload id")
        with self._database.write() as tx:
            added = tx.changed(self._add, **outbox_row(entry)) == 1
        self._database.sync()
        return added

    def ask(self, entry: OutboxEntry, actor: Actor) -> None:
        with self._database.write() as tx:
            tx.run(self._add, **outbox_row(entry))
            found = _found(tx, self._lock, entry.upload_id)
            assert found is not None
            again = replace(found, attempts=0, next_at=0.0, state=OutboxState.WAITING)
            tx.run(self._update, **outbox_row(again))
            self._events.write(
                tx, EventKind.PASSING_ON_ASKED, entry.request_hash, actor, [entry.upload_id], Act.PASS_ON_ASKED
            )
        self._database.sync()
        self._happened()

    def load(self, upload_id: str) -> OutboxEntry | None:
        with self._database.read() as tx:
            return _found(tx, self._load, upload_id)

    def update(self, upload_id: str, change: Callable[[OutboxEntry], OutboxEntry]) -> OutboxEntry | None:
        with self._database.write() as tx:
            entry = _found(tx, self._lock, upload_id)
            if entry is None:
                return None
            changed = change(entry)
            if changed != entry:
                tx.run(self._update, **outbox_row(changed))
        # Only what cannot be asked of the remote has to outlive a power cut.
        if changed.transfer != entry.transfer:
            self._database.sync()
        return changed

    def remove(self, upload_id: str) -> None:
        if is_id(upload_id):
            with self._database.write(urgent=True) as tx:
                tx.run(self._remove, upload_id=upload_id)

    def all(self) -> list[OutboxEntry]:
        with self._database.read() as tx:
            return [_entry(row) for row in tx.all(self._all)]

    def due(self, now: float, most: int) -> list[OutboxEntry]:
        found: list[OutboxEntry] = []
        with self._database.read() as tx:
            # From remote to remote, each found by the index: there are few of them, and of files there may be many.
            remote = ""
            while (row := tx.one(self._next_remote, remote=remote)) and row[0] is not None:
                remote = row[0]
                found += map(_entry, tx.all(self._due, remote=remote, now=now, most=most))
        return sorted(found, key=lambda entry: entry.created_at)

    def some(self, upload_ids: Iterable[str]) -> dict[str, OutboxEntry]:
        ids = self._database.listed(each for each in upload_ids if is_id(each))
        with self._database.read() as tx:
            entries = [_entry(row) for row in tx.all(self._some, ids=ids)]
        return {entry.upload_id: entry for entry in entries}

    def figures(self) -> dict[OutboxState, tuple[int, int]]:
        with self._database.read() as tx:
            return {OutboxState(state): (entries, int(left)) for state, entries, left in tx.all(self._figures)}

    def sending(self, upload_id: str) -> AbstractContextManager[None]:
        return self._database.alone(f"sending {upload_id}", wait=False)


def _found(tx: Transaction, words: str, upload_id: str) -> OutboxEntry | None:
    row = tx.one(words, upload_id=upload_id) if is_id(upload_id) else None
    return _entry(row) if row else None


def _entry(row: Row) -> OutboxEntry:
    values = list(row)
    target = RemoteTarget.of(json.loads(values[_TARGET]))
    assert target is not None
    values[_TARGET], values[_STATE] = target, OutboxState(values[_STATE])
    values[_REASON] = Reason(values[_REASON]) if values[_REASON] else None
    return OutboxEntry(*values)


def outbox_row(entry: OutboxEntry) -> dict[str, Any]:
    """An entry as its row has it."""
    row = dict(zip(_NAMES, (getattr(entry, name) for name in OutboxEntry.__slots__), strict=True))
    return row | {
        "target": json.dumps(asdict(entry.target), allow_nan=False),
        "state": entry.state.value,
        "remote": " ".join(entry.target.remote),
        "reason": None if entry.reason is None else entry.reason.value,
    }

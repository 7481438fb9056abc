"""MessageStore in the catalogue."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict
from itertools import product
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, or_, select

from app.core.messages import Batch, Channel, Message, MessageKind, MessageState
from app.core.ports.messages import Place
from app.core.reasons import Reason
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, compiled, filled, inserted, is_id, shared, value
from app.storage.sql.owned import hashes_of
from app.storage.sql.telling_tables import batches, messages

_COLUMNS = [column for column in messages.columns if column.name != "lane"]
_NAMES = [column.name for column in _COLUMNS]
_DONE = [MessageState.SENT.value, MessageState.GIVEN_UP.value]
BATCH = 500
"""So many rows are removed in one transaction."""


class _Statements:
    def __init__(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        put = inserted(database, batches)
        changed = {name: put.excluded[name] for name in ("event", "due_at", "closed_at", "document")}
        this = and_(batches.c.link == value("link"), batches.c.reader == value("reader"))
        self.put_batch = words(put.on_conflict_do_update(index_elements=["link", "reader"], set_=changed))
        self.make_batch = words(put.on_conflict_do_nothing(index_elements=["link", "reader"]))
        self.lock_batch = words(select(batches).where(this).with_for_update())
        waiting = batches.c.due_at.is_not(None) & (batches.c.due_at <= value("now"))
        most = value("most", sa.Integer)
        self.due_batches = words(
            select(batches).where(waiting).order_by(batches.c.due_at).limit(most).offset(number(0))
        )
        self.prune_batches = words(
            batches.delete().where(batches.c.due_at.is_(None), batches.c.closed_at < value("before"))
        )
        one = messages.c.id == value("id")
        self.add = words(inserted(database, messages).on_conflict_do_nothing(index_elements=["id"]))
        self.load = words(select(*_COLUMNS).where(one))
        self.lock = words(select(*_COLUMNS).where(one).with_for_update())
        changing = [column for column in messages.columns if column.name != "id"]
        self.update = words(messages.update().values(filled(changing)).where(one))
        is_due = messages.c.next_at.is_not(None)
        self.next_lane = words(select(sa.func.min(messages.c.lane)).where(messages.c.lane > value("lane"), is_due))
        self.due = words(
            select(*_COLUMNS)
            .where(messages.c.lane == value("lane"), is_due, messages.c.next_at <= value("now"))
            .order_by(messages.c.next_at)
            .limit(most)
            .offset(number(0))
        )
        old = select(messages.c.id).where(messages.c.state == value("state"), messages.c.created_at < value("before"))
        some = old.order_by(messages.c.created_at).limit(most).offset(number(0))
        self.prune = words(messages.delete().where(messages.c.id.in_(some)))
        self.nth = words(
            select(messages.c.created_at)
            .order_by(messages.c.created_at.desc(), messages.c.id.desc())
            .limit(number(1))
            .offset(value("n", sa.Integer))
        )
        self.pages = {shape: words(self._page(database, *shape)) for shape in product((False, True), repeat=3)}

    @staticmethod
    def _page(database: Database, by_state: bool, by_link: bool, by_owner: bool) -> Any:
        at, id = value("at", sa.Double), value("id")
        behind = or_(messages.c.created_at < at, and_(messages.c.created_at == at, messages.c.id < id))
        rows = select(*_COLUMNS).where(messages.c.created_at <= at, behind)
        if by_state:
            rows = rows.where(messages.c.state == value("state"))
        if by_link:
            rows = rows.where(messages.c.link == value("link"))
        if by_owner:
            rows = rows.where(messages.c.link.in_(hashes_of(database)))
        newest = rows.order_by(messages.c.created_at.desc(), messages.c.id.desc())
        return newest.limit(value("most", sa.Integer)).offset(number(0))


class SQLMessages:
    """Batches, a row for each who is told of a link, and messages, a row each."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = shared(_Statements, database)

    def gather(self, link: str, reader: str, change: Callable[[Batch], Batch]) -> None:
        # Not synced: what a power cut takes is told to its reader again, as how far that got is written afterwards.
        with self._database.write(urgent=True) as tx:
            tx.run(self._sql.make_batch, **_batch_row(Batch(link, reader)))
            row = tx.one(self._sql.lock_batch, link=link, reader=reader)
            assert row is not None
            before = _batch(row)
            after = change(before)
            if after != before:
                tx.run(self._sql.put_batch, **_batch_row(after))

    def due_batches(self, now: float, most: int) -> list[Batch]:
        with self._database.read() as tx:
            return [_batch(row) for row in tx.all(self._sql.due_batches, now=now, most=most)]

    def close(self, batch: Batch, after: Batch, messages: Iterable[Message]) -> bool:
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._sql.lock_batch, link=batch.link, reader=batch.reader)
            if row is None or _batch(row) != batch:
                return False
            tx.run(self._sql.put_batch, **_batch_row(after))
            tx.many(self._sql.add, [message_row(each) for each in messages])
        self._database.sync()
        return True

    def postpone(self, batch: Batch, until: float) -> None:
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._sql.lock_batch, link=batch.link, reader=batch.reader)
            if row is not None and _batch(row) == batch:
                tx.run(self._sql.put_batch, **(_batch_row(batch) | {"due_at": until}))

    def add(self, messages: Sequence[Message]) -> None:
        if messages:
            with self._database.write(urgent=True) as tx:
                tx.many(self._sql.add, [message_row(each) for each in messages])
            self._database.sync()

    def load(self, id: str) -> Message | None:
        if not is_id(id):
            return None
        with self._database.read() as tx:
            row = tx.one(self._sql.load, id=id)
        return _message(row) if row else None

    def update(self, id: str, change: Callable[[Message], Message]) -> Message | None:
        if not is_id(id):
            return None
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._sql.lock, id=id)
            if row is None:
                return None
            changed = change(_message(row))
            tx.run(self._sql.update, **message_row(changed))
        self._database.sync()
        return changed

    def due(self, now: float, most: int) -> list[Message]:
        found: list[Message] = []
        with self._database.read() as tx:
            lane = ""
            while (row := tx.one(self._sql.next_lane, lane=lane)) and row[0] is not None:
                lane = row[0]
                found += [_message(each) for each in tx.all(self._sql.due, lane=lane, now=now, most=most)]
        return found

    def page(
        self,
        most: int,
        after: Place | None,
        state: MessageState | None = None,
        link: str | None = None,
        owners: Collection[str] | None = None,
    ) -> list[Message]:
        at, id = after or (1e18, "")
        if link is not None and not is_id(link):
            return []
        named = {"state": state and state.value, "link": link}
        asked: dict[str, object] = {name: each for name, each in named.items() if each is not None}
        words = self._sql.pages[state is not None, link is not None, owners is not None]
        if owners is not None:
            asked["owners"] = self._database.listed(owners)
        with self._database.read() as tx:
            rows = tx.all(words, at=at, id=id if is_id(id) else "", most=most, **asked)
        return [_message(row) for row in rows]

    def prune(self, before: float, most: int) -> int:
        with self._database.write(urgent=True) as tx:
            tx.run(self._sql.prune_batches, before=before)
        with self._database.read() as tx:
            row = tx.one(self._sql.nth, n=most)
        limits = [before] if row is None else [before, row[0]]
        return sum(self._pruned(state, max(limits)) for state in _DONE)

    def _pruned(self, state: str, before: float) -> int:
        pruned = 0
        while True:
            with self._database.write(urgent=True) as tx:
                found = tx.changed(self._sql.prune, state=state, before=before, most=BATCH)
            pruned += found
            if found < BATCH:
                return pruned


_APART = ("link", "reader", "event", "due_at", "closed_at")


def _batch(row: Row) -> Batch:
    *apart, text = row
    document = json.loads(text)
    lists: dict[str, Any] = {name: tuple(document.pop(name, ())) for name in ("named", "senders", "upload_ids")}
    return Batch(**dict(zip(_APART, apart, strict=True)), **lists, **document)


def _batch_row(batch: Batch) -> dict[str, Any]:
    document = asdict(batch)
    apart = {name: document.pop(name) for name in _APART}
    return apart | {"document": json.dumps(document, allow_nan=False)}


def _message(row: Row) -> Message:
    named = dict(zip(_NAMES, row, strict=True))
    named |= {
        "kind": MessageKind(named["kind"]),
        "channel": Channel(named["channel"]),
        "state": MessageState(named["state"]),
        "facts": json.loads(named["facts"]),
        "reason": Reason(named["reason"]) if named["reason"] else None,
    }
    return Message(**named)


def message_row(message: Message) -> dict[str, Any]:
    row = {name: getattr(message, name) for name in _NAMES}
    return row | {
        "kind": message.kind.value,
        "channel": message.channel.value,
        "state": message.state.value,
        "facts": json.dumps(message.facts, allow_nan=False),
        "lane": message.lane,
        "reason": None if message.reason is None else message.reason.value,
    }

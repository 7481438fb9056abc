"""ReminderStore in the catalogue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, select

from app.core.actors import COUNTING
from app.core.events import EventKind
from app.core.messages import Message, MessageKind, MessageState
from app.core.ports.guards import Clock
from app.storage.sql.columns import number
from app.storage.sql.database import Database, compiled, inserted, shared, value
from app.storage.sql.events import EventLog
from app.storage.sql.messages import message_row
from app.storage.sql.schema import State, ledger, links
from app.storage.sql.telling_tables import invited, messages, unreminded


class _Statements:
    def __init__(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        most = value("most", sa.Integer)
        waiting = links.c.remind_at.is_not(None) & (links.c.remind_at <= value("now", sa.Double))
        self.due = words(
            select(links.c.hash, links.c.remind_at)
            .where(waiting)
            .order_by(links.c.remind_at)
            .limit(most)
            .offset(number(0))
        )
        still = and_(links.c.hash == value("hash"), links.c.remind_at == value("at", sa.Double))
        self.pass_on = words(links.update().values(remind_at=value("next_at", sa.Double)).where(still))
        self.link = words(select(links.c.id).where(links.c.hash == value("hash")))
        self.invite = words(inserted(database, invited).on_conflict_do_nothing(index_elements=["link", "address"]))
        self.add = words(inserted(database, messages).on_conflict_do_nothing(index_elements=["id"]))
        theirs = links.c.hash == value("hash")
        self.invited = words(
            select(invited.c.address)
            .select_from(links.join(invited, invited.c.link == links.c.id))
            .where(theirs)
            .order_by(invited.c.at, invited.c.address)
            .limit(most)
            .offset(number(0))
        )
        asking: list[Any] = [sa.literal_column(f"'{each}'") for each in (MessageKind.INVITATION, MessageKind.REMINDER)]
        given_up: Any = sa.literal_column(f"'{MessageState.GIVEN_UP}'")
        self.mailed = words(
            select(messages.c.recipient, sa.func.max(messages.c.created_at))
            .where(messages.c.link == value("hash"), messages.c.kind.in_(asking), messages.c.state != given_up)
            .group_by(messages.c.recipient)
        )
        self.senders = words(
            select(ledger.c.sender_email)
            .distinct()
            .select_from(links.join(ledger, ledger.c.link == links.c.id))
            .where(theirs, ledger.c.state == number(State.RECEIVED), ledger.c.sender_email.is_not(None))
        )
        self.stop = words(inserted(database, unreminded).on_conflict_do_nothing(index_elements=["mailbox"]))
        self.stopped = words(select(unreminded.c.mailbox).where(database.among(unreminded.c.mailbox, "mailboxes")))


class SQLReminders:
    """ReminderStore: a column of each link, two small tables, and the messages."""

    def __init__(
        self, database: Database, *, clock: Clock = time.time, happened: Callable[[], None] = lambda: None
    ) -> None:
        """``happened`` is called after each event."""
        self._database = database
        self._happened = happened
        self._sql = shared(_Statements, database)
        self._events = EventLog(database, clock)

    def due(self, now: float, most: int) -> list[tuple[str, float]]:
        with self._database.read() as tx:
            return [(row[0], row[1]) for row in tx.all(self._sql.due, now=now, most=most)]

    def remind(self, hash: str, at: float, next_at: float | None, messages: Sequence[Message]) -> bool:
        with self._database.write(urgent=True) as tx:
            if not tx.changed(self._sql.pass_on, hash=hash, at=at, next_at=next_at):
                return False
            tx.many(self._sql.add, [message_row(each) for each in messages])
        self._database.sync()
        return True

    def invite(self, hash: str, messages: Sequence[Message]) -> None:
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._sql.link, hash=hash)
            if row is not None:
                noted = [
                    {"link": row[0], "address": each.recipient, "at": each.created_at, "state": 0} for each in messages
                ]
                tx.many(self._sql.invite, noted)
            tx.many(self._sql.add, [message_row(each) for each in messages])
            if row is not None:
                self._events.write(tx, EventKind.PEOPLE_ASKED, hash, COUNTING)
        self._database.sync()
        self._happened()

    def invited(self, hash: str, most: int) -> list[str]:
        with self._database.read() as tx:
            return [row[0] for row in tx.all(self._sql.invited, hash=hash, most=most)]

    def mailed(self, hash: str) -> dict[str, float]:
        with self._database.read() as tx:
            return {row[0]: row[1] for row in tx.all(self._sql.mailed, hash=hash)}

    def senders(self, hash: str) -> set[str]:
        with self._database.read() as tx:
            return {row[0] for row in tx.all(self._sql.senders, hash=hash)}

    def stop(self, mailbox: str, now: float) -> None:
        with self._database.write(urgent=True) as tx:
            tx.run(self._sql.stop, mailbox=mailbox, at=now)
        self._database.sync()

    def stopped(self, mailboxes: Iterable[str]) -> set[str]:
        asked = self._database.listed(mailboxes)
        with self._database.read() as tx:
            return {row[0] for row in tx.all(self._sql.stopped, mailboxes=asked)}

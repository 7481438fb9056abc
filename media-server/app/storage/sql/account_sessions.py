"""SessionStore in the catalogue."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.accounts import MAX_SESSIONS, Account, Session
from app.core.actors import Actor
from app.core.audit import Act, AuditRow
from app.core.errors import UploadError
from app.core.ports.guards import Clock
from app.storage.sql.account_tables import account_sessions, accounts
from app.storage.sql.accounts import ACCOUNT, account_of
from app.storage.sql.audit import AuditLog
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, Transaction, compiled, inserted, made_once, shared, value

_SESSION = [
    account_sessions.c.id,
    account_sessions.c.account,
    account_sessions.c.begun,
    account_sessions.c.seen,
    account_sessions.c.address,
    account_sessions.c.agent,
    account_sessions.c.ends_at,
    account_sessions.c.way,
]


class SQLAccountSessions:
    """SessionStore."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._audit = shared(AuditLog, database)
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        table = account_sessions
        this = table.c.digest == value("digest", sa.LargeBinary)
        own = table.c.account == value("account")
        goes_on = table.c.ends_at > value("now", sa.Double)
        live = (
            select(*_SESSION, *ACCOUNT)
            .select_from(table)
            .join(
                accounts,
                sa.and_(
                    accounts.c.name == table.c.account,
                    accounts.c.generation == table.c.generation,
                    accounts.c.disabled == number(0),
                ),
            )
        )
        self._may_begin = words(
            select(accounts.c.name)
            .where(
                accounts.c.name == value("account"),
                accounts.c.generation == value("generation", sa.BigInteger),
                accounts.c.disabled == number(0),
            )
            .with_for_update()
        )
        self._add = words(inserted(database, table))
        newest = select(table.c.digest).where(own).order_by(table.c.seen.desc(), table.c.digest)
        kept = newest.limit(number(MAX_SESSIONS)).offset(number(0))
        self._drop_oldest = words(table.delete().where(own, table.c.digest.not_in(kept)))
        self._find = words(live.where(this, goes_on))
        self._saw = words(
            table.update()
            .values(seen=value("at", sa.Double), address=value("address", sa.Text))
            .where(this, table.c.seen < value("at", sa.Double))
        )
        listed = live.where(goes_on).order_by(table.c.seen.desc(), table.c.id).limit(value("most", sa.Integer))
        self._all = words(listed.offset(number(0)))
        self._own = words(listed.where(own).offset(number(0)))
        self._end = words(table.delete().where(this))
        self._named = words(select(table.c.digest, table.c.account).where(table.c.id == value("id")).with_for_update())
        self._end_others = words(table.delete().where(own, table.c.digest != value("digest", sa.LargeBinary)))
        self._prune = words(table.delete().where(table.c.ends_at <= value("before", sa.Double)))

    def begin(self, digest: bytes, session: Session, generation: int) -> bool:
        with self._database.write() as tx:
            if tx.one(self._may_begin, account=session.account, generation=generation) is None:
                return False
            tx.run(
                self._add,
                digest=digest,
                id=session.id,
                account=session.account,
                generation=generation,
                begun=session.begun,
                seen=session.seen,
                address=session.address,
                agent=session.agent,
                ends_at=session.ends_at,
                way=session.way,
            )
            tx.run(self._drop_oldest, account=session.account)
        return True

    def find(self, digest: bytes, now: float) -> tuple[Account, Session] | None:
        row = self._database.look(self._find, digest=digest, now=now)
        return (account_of(row[len(_SESSION) :]), _session(row)) if row else None

    def saw(self, digest: bytes, at: float, address: str) -> None:
        try:
            with self._database.write() as tx:
                tx.run(self._saw, digest=digest, at=at, address=address)
        except UploadError:  # A full disk, or a busy one: the session goes on all the same.
            return

    def all(self, account: str | None, now: float, most: int) -> list[Session]:
        with self._database.read() as tx:
            if account is None:
                return [_session(row) for row in tx.all(self._all, now=now, most=most)]
            return [_session(row) for row in tx.all(self._own, now=now, most=most, account=account)]

    def end(self, digest: bytes) -> bool:
        with self._database.write(urgent=True) as tx:
            ended = tx.changed(self._end, digest=digest) > 0
        self._database.sync()
        return ended

    def end_named(self, id: str, account: str | None, by: Actor) -> bool:
        if not id.isascii() or "\0" in id:
            return False
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._named, id=id)
            if row is None or (account is not None and row[1] != account):
                return False
            tx.run(self._end, digest=row[0])
            self._note(tx, row[1], by, sessions=1)
        self._database.sync()
        return True

    def end_others(self, account: str, keep: bytes | None, by: Actor) -> int:
        with self._database.write(urgent=True) as tx:
            ended = tx.changed(self._end_others, account=account, digest=keep or b"")
            if ended:
                self._note(tx, account, by, sessions=ended)
        self._database.sync()
        return ended

    def prune(self, before: float) -> int:
        with self._database.write(urgent=True) as tx:
            return tx.changed(self._prune, before=before)

    def _note(self, tx: Transaction, account: str, by: Actor, **facts: Any) -> None:
        self._audit.write(tx, AuditRow(self._clock(), by, Act.SESSION_ENDED, None, None, {"account": account, **facts}))


def _session(row: Row) -> Session:
    return Session(*row[: len(_SESSION)])

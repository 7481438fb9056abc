"""BinStore in the catalogue: deleted files are rows of their link's ledger, as they were before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, or_, select

from app.core.actors import Actor
from app.core.audit import Act
from app.core.errors import RequestNotFound
from app.core.events import EventKind
from app.core.links import ReceivedFile
from app.core.ports.bins import DeletedFile
from app.core.ports.guards import Clock
from app.core.ports.links import ListCursor
from app.storage.sql.book import Book
from app.storage.sql.book_statements import BookStatements
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, compiled, is_id, made_once, value
from app.storage.sql.events import EventLog
from app.storage.sql.file_rows import FILE, file_of
from app.storage.sql.links import FIRST, check_hash
from app.storage.sql.schema import State, ledger, links

_DELETED = [ledger.c.state, ledger.c.deleted_at, ledger.c.deleted_by, ledger.c.until]


class SQLBin:
    """BinStore. ``durable`` waits for the disk; ``happened`` is called after each event."""

    def __init__(
        self, database: Database, *, clock: Clock, durable: bool = True, happened: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._clock = clock
        self._durable = durable
        self._happened = happened
        self._books = BookStatements(database)
        self._events = EventLog(database, clock)
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        in_bin = and_(ledger.c.state == number(State.DELETED), ledger.c.until.is_not(None))
        this = and_(ledger.c.upload_id == value("upload_id"), ledger.c.link == links.c.id)
        of_link = links.c.hash == value("hash")
        # Of what is just about to appear elsewhere nobody could tell any more what becomes of it.
        free = or_(ledger.c.leaving == number(0), ledger.c.passed_on_to.is_not(None))
        received = ledger.c.state == number(State.RECEIVED)
        ledger_of = links.outerjoin(ledger, this)
        found = select(*_DELETED, *FILE).select_from(ledger_of)
        self._find = words(found.where(of_link))
        self._may_go = words(
            select(number(1))
            .select_from(ledger.join(links, this))
            .where(of_link, received, free)
            .with_for_update(of=ledger)
        )
        before = sa.tuple_(ledger.c.at, ledger.c.upload_id) < sa.tuple_(value("at", sa.Double), value("last", sa.Text))
        self._page = words(
            select(*_DELETED, *FILE)
            .select_from(links.outerjoin(ledger, and_(ledger.c.link == links.c.id, in_bin, before)))
            .where(of_link)
            .order_by(ledger.c.at.desc(), ledger.c.upload_id.desc())
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )
        self._due = words(
            select(links.c.hash, ledger.c.upload_id)
            .join(links, links.c.id == ledger.c.link)
            .where(in_bin, ledger.c.until <= value("now", sa.Double))
            .order_by(ledger.c.until)
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )
        named = database.among(ledger.c.upload_id, "ids")
        self._kept = words(select(ledger.c.upload_id).join(links, links.c.id == ledger.c.link).where(in_bin, named))
        self._total = words(select(sa.func.count(), sa.func.sum(ledger.c.size)).select_from(ledger).where(in_bin))

    def put(self, hash: str, upload_id: str, by: Actor, until: float | None) -> bool:
        check_hash(hash)
        with self._database.write(urgent=True) as tx:
            book = Book(self._books, tx, hash)
            entry = book.entries([upload_id]).get(upload_id) if is_id(upload_id) else None
            if entry is None or tx.one(self._may_go, hash=hash, upload_id=upload_id) is None:
                return False
            book.delete(entry, until, self._clock(), str(by))
            book.save()
            row = tx.one(self._find, hash=hash, upload_id=upload_id)
            file = file_of(row, head=len(_DELETED)) if row else None
            self._events.write(
                tx,
                EventKind.FILE_DELETED,
                hash,
                by,
                [upload_id],
                Act.FILE_DELETED,
                path=file and file.path,
                size=entry.size,
                restorable_until=until,
            )
        self._told()
        return True

    def take_out(self, hash: str, file: ReceivedFile, by: Actor) -> bool:
        check_hash(hash)
        with self._database.write(urgent=True) as tx:
            book = Book(self._books, tx, hash)
            entry = book.entries([file.upload_id]).get(file.upload_id)
            if entry is None or entry.state is not State.DELETED or entry.until is None:
                return False
            book.restore(entry, file)
            book.save()
            self._events.write(
                tx,
                EventKind.FILE_RESTORED,
                hash,
                by,
                [file.upload_id],
                Act.FILE_RESTORED,
                path=file.path,
                size=file.size,
            )
        self._told()
        return True

    def forget(self, hash: str, upload_id: str) -> None:
        check_hash(hash)
        with self._database.write(urgent=True) as tx:
            book = Book(self._books, tx, hash)
            entry = book.entries([upload_id]).get(upload_id) if is_id(upload_id) else None
            if entry is not None and entry.state is State.DELETED:
                tx.run(self._books.set_until, link=book.link, upload_id=upload_id, until=None)

    def find(self, hash: str, upload_id: str) -> DeletedFile | None:
        check_hash(hash)
        row = self._database.look(self._find, hash=hash, upload_id=upload_id if is_id(upload_id) else "")
        if row is None:
            raise RequestNotFound()
        return _deleted(row) if row[0] == State.DELETED else None

    def page(self, hash: str, most: int, after: ListCursor | None = None) -> list[DeletedFile]:
        check_hash(hash)
        at, last = after or FIRST
        with self._database.read() as tx:
            rows = tx.all(self._page, hash=hash, at=at, last=last, most=most)
        if not rows:
            raise RequestNotFound()
        return [_deleted(row) for row in rows if row[0] is not None]

    def due(self, now: float, most: int) -> list[tuple[str, str]]:
        with self._database.read() as tx:
            return [(hash, upload_id) for hash, upload_id in tx.all(self._due, now=now, most=most)]

    def kept(self, upload_ids: Iterable[str]) -> set[str]:
        with self._database.read() as tx:
            rows = tx.all(self._kept, ids=self._database.listed(each for each in upload_ids if is_id(each)))
        return {upload_id for (upload_id,) in rows}

    def total(self) -> tuple[int, int]:
        row = self._database.look(self._total)
        return (int(row[0]), int(row[1] or 0)) if row else (0, 0)

    def _told(self) -> None:
        if self._durable:
            self._database.sync()
        self._happened()


def _deleted(row: Row) -> DeletedFile:
    return DeletedFile(file_of(row, head=len(_DELETED)), row[1], row[2], row[3])

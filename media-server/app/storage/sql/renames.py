"""RenameStore in the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, select

from app.core.actors import Actor
from app.core.audit import Act
from app.core.events import EventKind
from app.core.ledger import folder_mark, folder_marks
from app.core.links import ReceivedFile
from app.core.ports.guards import Clock
from app.core.ports.inbox import Delivery
from app.storage.sql.book import Book
from app.storage.sql.book_statements import BookStatements
from app.storage.sql.columns import number
from app.storage.sql.database import Database, compiled, is_id, made_once, value
from app.storage.sql.events import EventLog
from app.storage.sql.file_rows import FILE, file_of, signed
from app.storage.sql.links import check_hash
from app.storage.sql.schema import State, ledger


class SQLRenames:
    """RenameStore. ``durable`` waits for the disk; ``happened`` is called after each event."""

    def __init__(
        self, database: Database, *, clock: Clock, durable: bool = True, happened: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._durable = durable
        self._happened = happened
        self._books = BookStatements(database)
        self._events = EventLog(database, clock)
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        this = and_(
            ledger.c.link == value("link"),
            ledger.c.upload_id == value("upload_id"),
            ledger.c.state == number(State.RECEIVED),
        )
        self._find = words(select(*FILE).where(this).with_for_update())
        named = {"path": value("path", sa.Text), "path_mark": value("mark", sa.BigInteger)}
        self._name = words(ledger.update().values(named).where(this))
        lies = {**named, "disk_path": value("disk_path", sa.Text)}
        self._move = words(ledger.update().values(lies).where(this, ledger.c.disk_path == value("before")))

    def begin(self, hash: str, upload_id: str, path: str, by: Actor) -> ReceivedFile | None:
        check_hash(hash)
        with self._database.write(urgent=True) as tx:
            book = Book(self._books, tx, hash)
            row = tx.one(self._find, link=book.link, upload_id=upload_id) if is_id(upload_id) else None
            if row is None:
                return None
            before = file_of(row, head=0)
            tx.run(self._name, link=book.link, upload_id=upload_id, path=path, mark=signed(folder_mark(path)))
            marks = folder_marks(path.split("/")[:-1])
            book.look_at_folders(marks)
            book.add_folders(marks)
            book.save()
            row = tx.one(self._find, link=book.link, upload_id=upload_id)
            self._events.write(
                tx,
                EventKind.FILE_RENAMED,
                hash,
                by,
                [upload_id],
                Act.FILE_RENAMED,
                about={"from": before.disk_path, "to": path},
                path=path,
                before=before.path,
            )
        self._told()
        assert row is not None
        return file_of(row, head=0)

    def moved(self, hash: str, upload_id: str, before: str, delivery: Delivery) -> bool:
        check_hash(hash)
        with self._database.write(urgent=True) as tx:
            book = Book(self._books, tx, hash)
            changed = tx.changed(
                self._move,
                link=book.link,
                upload_id=upload_id,
                before=before,
                path=delivery.path,
                mark=signed(folder_mark(delivery.path)),
                disk_path=delivery.disk_path,
            )
            book.save()
        if self._durable:
            self._database.sync()
        return changed == 1

    def _told(self) -> None:
        if self._durable:
            self._database.sync()
        self._happened()

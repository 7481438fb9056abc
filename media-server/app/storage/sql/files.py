"""RequestStore in the catalogue: links, and for each the ledger of what it has promised and received."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from math import inf
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import and_, or_, select

from app.core.actors import SENDER, Actor
from app.core.audit import Act
from app.core.errors import ItemFull, RequestFull, RequestNotFound, TooManySenders, UploadError
from app.core.events import EventKind
from app.core.ledger import folder_mark, folder_marks, new_folders
from app.core.links import DeliveryIntent, Fate, Known, Opening, ReceivedFile, RequestLink, Usage
from app.core.paths import RelPath
from app.core.ports.links import ListCursor
from app.core.sums import Sums
from app.storage.sql.arrivals import unseen
from app.storage.sql.book import Book
from app.storage.sql.book_statements import BookStatements, Entry
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Query, Row, Transaction, compiled, is_id, shared, value
from app.storage.sql.file_rows import FILE, KNOWN, announced_of, file_of, known_of, signed
from app.storage.sql.links import FIRST, SQLLinks, check_hash
from app.storage.sql.party_counts import Whose
from app.storage.sql.schema import State, ledger, links

T = TypeVar("T")
_UNDER_WAY = (State.OPEN, State.ANNOUNCED)
_REMEMBERED = ("expired", "stopped")
MAX_ARRIVALS = 2**62
"""More files than ever arrive."""


class FileStatements:
    """Statements that read ledgers. Each begins with the link, so that a link that is missing is told from one that has
    nothing: the first finds no row, the second one that is empty."""

    def __init__(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        def of_link(columns: Sequence[Any], *which: Any) -> Any:
            joined = links.outerjoin(ledger, and_(ledger.c.link == links.c.id, *which))
            return select(*columns).select_from(joined).where(links.c.hash == value("hash"))

        def in_state(state: State) -> Any:
            return ledger.c.state == number(state)

        oldest_first = (ledger.c.at, ledger.c.upload_id)
        newest_first = (ledger.c.at.desc(), ledger.c.upload_id.desc())
        this = and_(
            ledger.c.link == _number_of_link(), ledger.c.upload_id == value("upload_id"), in_state(State.RECEIVED)
        )
        self.listed = database.listed
        self.known = words(of_link(KNOWN, ledger.c.upload_id == value("upload_id")))
        self.known_of = words(of_link(KNOWN, database.among(ledger.c.upload_id, "ids")))
        self.openings = words(
            of_link([ledger.c.upload_id, ledger.c.size, ledger.c.at, ledger.c.until], in_state(State.OPEN)).order_by(
                *oldest_first
            )
        )
        self.in_state = words(of_link(KNOWN, ledger.c.state == value("state")).order_by(*oldest_first))
        used = or_(in_state(State.OPEN), in_state(State.RECEIVED), in_state(State.REMOVED))
        self.used = words(of_link(KNOWN, used).order_by(*oldest_first))
        before = sa.tuple_(ledger.c.at, ledger.c.upload_id) < sa.tuple_(value("at", sa.Double), value("last", sa.Text))
        self.page = words(
            of_link(KNOWN, in_state(State.RECEIVED), before)
            .order_by(*newest_first)
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )
        self.unseen = words(unseen())
        # Without the link in front, as SQLite joins no index on some of the rows from outside.
        path = and_(ledger.c.path_mark == value("mark"), ledger.c.path == value("path"))
        self.at_path = words(
            select(*FILE)
            .where(ledger.c.link == _number_of_link(), in_state(State.RECEIVED), path)
            .order_by(ledger.c.at.desc())
            .limit(number(1))
            .offset(number(0))
        )
        sums = {"sha256": value("sha256", sa.Text), "crc32": value("crc32", sa.BigInteger)}
        self.note_sums = words(ledger.update().values(sums).where(this))
        late = {"crc32": sums["crc32"]}
        self.note_crc32 = words(ledger.update().values(late).where(this, ledger.c.crc32.is_(None)))
        self.note_leaving = words(ledger.update().values(leaving=number(1)).where(this))
        self.note_passed_on = words(ledger.update().values(passed_on_to=value("remote", sa.Text)).where(this))
        may_go = and_(this, ledger.c.passed_on_to.is_(None), ledger.c.leaving == number(0))
        # Locks the row, as ``note_leaving`` locks no more than that one.
        self.may_go = words(select(number(1)).select_from(ledger).where(may_go).with_for_update(of=ledger))
        self._of_all(words, in_state(State.RECEIVED))

    def _of_all(self, words: Callable[[Any], str], received: Any) -> None:
        """Files of all links that something is still to be done for."""
        found = select(ledger.c.id, links.c.hash, *FILE).join(links, links.c.id == ledger.c.link)
        some = (
            found.where(received, ledger.c.id > value("cursor"))
            .order_by(ledger.c.id)
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )
        self.unhashed = words(some.where(ledger.c.sha256.is_(None)))
        owed = and_(received, ledger.c.destination.is_not(None), ledger.c.passed_on_to.is_(None))
        self.owed = words(found.where(owed))
        self.owes = words(
            select(number(1)).where(owed, ledger.c.link == _number_of_link()).limit(number(1)).offset(number(0))
        )


class SQLRequests(SQLLinks):
    """Links and their ledgers in the catalogue. ``durable`` waits for the disk before anything is promised."""

    def __init__(
        self,
        database: Database,
        *,
        durable: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(database, **more)
        self._durable = durable
        self._sql = shared(FileStatements, database)
        self._books = BookStatements(database)

    def reserve(
        self,
        link: RequestLink,
        upload_id: str,
        size: int,
        at: float = 0.0,
        until: float = inf,
        folders: Sequence[str] = (),
        item: str | None = None,
        party: str | None = None,
    ) -> None:
        with self._book(link.hash) as (_, book):
            whose = Whose(item, party)
            book.admit(link.terms, whose, at)
            book.look_at_folders(folder_marks(folders))
            brought = new_folders(folders, book.kept)
            book.left(link, at).take(size, brought)
            book.open(Opening(upload_id, size, at, until), brought, whose)

    def renew(self, link: RequestLink, upload_id: str, now: float, until: float, again: float) -> float:
        row = self._one(link.hash, upload_id)
        if row is None or row[0] != State.OPEN or (row[2] > now and row[2] >= until):
            # Nothing changes, which is found without keeping anybody waiting.
            return until if row is None or row[0] != State.OPEN else float(row[2])
        with self._book(link.hash) as (_, book):
            entry = book.entries([upload_id]).get(upload_id)
            if entry is None or entry.state is not State.OPEN or entry.until is None:
                return until
            if entry.until <= now:
                brought = book.brought(upload_id)
                book.look_at_folders(brought)
                book.left(link, now).take(entry.size, brought)
                until = again
            if until > entry.until:
                book.renew(entry, until)
            return max(until, entry.until)

    def announce(self, link: RequestLink, files: Sequence[DeliveryIntent], now: float = 0.0) -> dict[str, UploadError]:
        paths = [file.path.split("/")[:-1] for file in files]
        marks = {mark for parts in paths for mark in folder_marks(parts)}
        check_hash(link.hash)

        def announce(tx: Transaction) -> dict[str, UploadError]:
            full: dict[str, UploadError] = {}
            announced: list[tuple[DeliveryIntent, list[int]]] = []
            book = Book(self._books, tx, link.hash)
            book.look_at_folders(marks)
            left = book.left(link, now)
            for file, parts in zip(files, paths, strict=True):
                brought = new_folders(parts, book.kept)
                try:
                    book.admit(link.terms, Whose(file.item, file.party), now)
                    left.take(file.size, brought)
                except (RequestFull, ItemFull, TooManySenders) as error:
                    full[file.upload_id] = error
                else:
                    announced.append((file, brought))
            book.announce(announced, now)
            book.save()
            return full

        return self._changed(announce, urgent=False)

    def release(self, hash: str, upload_id: str, why: str, by: Actor | None = None) -> bool:
        with self._entry(hash, upload_id) as (tx, book, entry):
            if entry is None or entry.state not in _UNDER_WAY:
                return False
            book.release(entry, why if why in _REMEMBERED else None)
            if by is not None:
                self._events.write(tx, EventKind.UPLOAD_STOPPED, hash, by, [upload_id], Act.UPLOAD_CANCELLED)
        if by is not None:
            self._happened()
        return True

    def receive(self, hash: str, *files: ReceivedFile) -> None:
        check_hash(hash)

        def receive(tx: Transaction) -> None:
            book = Book(self._books, tx, hash)
            target = self._loaded(tx, hash, book.version).terms.destination
            new = book.receive(files if target is None else [replace(file, destination=target) for file in files])
            book.save()
            self._events.write(tx, EventKind.FILE_RECEIVED, hash, SENDER, [file.upload_id for file in new])

        self._changed(receive, urgent=True)
        self._happened()

    def remove(self, hash: str, upload_id: str, by: Actor = SENDER) -> bool:
        with self._entry(hash, upload_id) as (tx, book, entry):
            if entry is None or tx.one(self._sql.may_go, hash=hash, upload_id=upload_id) is None:
                return False
            row = tx.one(self._sql.known, hash=hash, upload_id=upload_id)
            book.remove(entry)
            said = _said(file_of(row)) if row else {}
            self._events.write(tx, EventKind.FILE_REMOVED, hash, by, [upload_id], Act.FILE_TAKEN_BACK, **said)
        self._sync()
        self._happened()
        return True

    def note_folders(self, link: RequestLink, paths: Sequence[RelPath], now: float = 0.0) -> None:
        with self._book(link.hash) as (_, book):
            book.look_at_folders(mark for path in paths for mark in folder_marks(path.parts))
            new = {mark for path in paths for mark in new_folders(path.parts, book.kept)}
            book.left(link, now).take_folders(new)
            book.add_folders(new)

    def note_sums(self, hash: str, upload_id: str, sums: Sums) -> None:
        self._note(self._sql.note_sums, hash, upload_id, **sums._asdict())

    def note_crc32(self, hash: str, upload_id: str, crc32: int) -> None:
        self._note(self._sql.note_crc32, hash, upload_id, crc32=crc32)

    def note_leaving(self, hash: str, upload_id: str) -> bool:
        noted = self._note(self._sql.note_leaving, hash, upload_id)
        self._sync()
        return noted

    def note_passed_on(self, hash: str, upload_id: str, remote: str) -> None:
        self._note(self._sql.note_passed_on, hash, upload_id, remote=remote)
        self._sync()

    def fates(self, hash: str, upload_ids: Iterable[str]) -> dict[str, Known]:
        rows = self._all(
            hash, self._sql.known_of, ids=self._sql.listed(each for each in dict.fromkeys(upload_ids) if is_id(each))
        )
        return {row[3]: known_of(row) for row in rows}

    def file(self, hash: str, upload_id: str) -> ReceivedFile | None:
        row = self._one(hash, upload_id)
        return file_of(row) if row and row[0] == State.RECEIVED else None

    def files(self, hash: str, upload_ids: Iterable[str]) -> dict[str, ReceivedFile]:
        found = self.fates(hash, upload_ids)
        return {each: known.file for each, known in found.items() if known.fate is Fate.RECEIVED and known.file}

    def removed_file(self, hash: str, upload_id: str) -> ReceivedFile | None:
        row = self._one(hash, upload_id)
        return file_of(row) if row and row[0] == State.REMOVED else None

    def announced_file(self, hash: str, upload_id: str) -> DeliveryIntent | None:
        row = self._one(hash, upload_id)
        return announced_of(row) if row and row[0] == State.ANNOUNCED else None

    def why_gone(self, hash: str, upload_id: str) -> str | None:
        row = self._one(hash, upload_id)
        return row[1] if row else None

    def openings(self, hash: str) -> tuple[Opening, ...]:
        return tuple(Opening(*row) for row in self._all(hash, self._sql.openings))

    def announced(self, hash: str) -> tuple[DeliveryIntent, ...]:
        return tuple(announced_of(row) for row in self._all(hash, self._sql.in_state, state=State.ANNOUNCED.value))

    def usage(self, hash: str) -> Usage:
        rows = self._all(hash, self._sql.used)
        files = tuple(file_of(row) for row in rows if row[0] == State.RECEIVED)
        return Usage(
            files=files,
            bytes_received=sum(file.size for file in files),
            open=frozenset(row[3] for row in rows if row[0] == State.OPEN),
            removed=tuple(file_of(row) for row in rows if row[0] == State.REMOVED),
        )

    def received_page(self, hash: str, most: int, after: ListCursor | None = None) -> list[ReceivedFile]:
        at, last = after or FIRST
        return [file_of(row) for row in self._all(hash, self._sql.page, at=at, last=last, most=most)]

    def see(self, hash: str, viewer: str, up_to: int) -> int:
        with self._book(hash) as (_, book):
            return book.see(viewer, up_to)

    def take(self, hash: str, viewer: str, since: float | None, until: float) -> None:
        with self._book(hash) as (_, book):
            book.take(viewer, since, until)

    def unseen_page(
        self, hash: str, viewer: str, most: int, before: int | None = None
    ) -> list[tuple[int, ReceivedFile]]:
        before = MAX_ARRIVALS if before is None else before
        rows = self._all(hash, self._sql.unseen, viewer=viewer, before=before, most=most)
        return [(row[0], file_of(row[1:])) for row in rows]

    def received_at(self, hash: str, path: str) -> ReceivedFile | None:
        row = self._database.look(self._sql.at_path, hash=hash, path=path, mark=signed(folder_mark(path)))
        return file_of(row, head=0) if row else None

    def unhashed(self, after: int, most: int) -> list[tuple[int, str, ReceivedFile]]:
        with self._database.read() as tx:
            rows = tx.all(self._sql.unhashed, cursor=after, most=most)
        return [(row[0], row[1], file_of(row[2:], head=0)) for row in rows]

    def owed(self) -> Iterator[tuple[str, ReceivedFile]]:
        with self._database.read() as tx:
            rows = tx.all(self._sql.owed)
        for row in rows:
            yield row[1], file_of(row[2:], head=0)

    def owes(self, hash: str) -> bool:
        return self._database.look(self._sql.owes, hash=hash) is not None

    def _one(self, hash: str, upload_id: str) -> Row | None:
        """What is known of an upload, as ``KNOWN`` has it. Raises RequestNotFound."""
        check_hash(hash)
        row = self._database.look(self._sql.known, hash=hash, upload_id=upload_id if is_id(upload_id) else "")
        if row is None:
            raise RequestNotFound()
        return row if row[0] is not None else None

    def _all(self, hash: str, words: Query, **values: object) -> list[Row]:
        """What a statement about the link's uploads finds. Raises RequestNotFound."""
        check_hash(hash)
        with self._database.read() as tx:
            rows = tx.all(words, hash=hash, **values)
        if not rows:
            raise RequestNotFound()
        return rows if rows[0][0] is not None else []

    def _note(self, words: Query, hash: str, upload_id: str, **values: object) -> bool:
        """Note more of a received file; false where there is none. Raises RequestNotFound."""
        if self._one(hash, upload_id) is None:
            return False
        with self._database.write(urgent=True) as tx:
            return tx.changed(words, hash=hash, upload_id=upload_id, **values) == 1

    @contextmanager
    def _book(self, hash: str, *, urgent: bool = False) -> Iterator[tuple[Transaction, Book]]:
        """The link's ledger, alone. Raises RequestNotFound."""
        check_hash(hash)
        with self._database.write(urgent=urgent) as tx:
            book = Book(self._books, tx, hash)
            yield tx, book
            book.save()

    @contextmanager
    def _entry(self, hash: str, upload_id: str) -> Iterator[tuple[Transaction, Book, Entry | None]]:
        """The same with what there is of one upload, to end it."""
        with self._book(hash, urgent=True) as (tx, book):
            yield tx, book, book.entries([upload_id]).get(upload_id) if is_id(upload_id) else None

    def _changed(self, work: Callable[[Transaction], T], *, urgent: bool) -> T:
        calls = count()

        def again(tx: Transaction) -> T:
            if next(calls):
                # What was seen the first time was undone.
                self._books.kept.clear()
            return work(tx)

        return self._database.change(again, urgent=urgent, durable=self._durable)

    def _sync(self) -> None:
        if self._durable:
            self._database.sync()


def _number_of_link() -> Any:
    return select(links.c.id).where(links.c.hash == value("hash")).scalar_subquery()


def _said(file: ReceivedFile) -> dict[str, Any]:
    """What the audit says of a file that its sender takes back."""
    return {"path": file.path, "size": file.size, "sender": file.sender_name or file.sender_email or None}

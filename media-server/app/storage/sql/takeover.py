"""Takes over what data folders held in files before there was a catalogue: links, ledgers, outbox, handoffs, counts.

It runs at the first start, before anything is served. Everything it writes it may write again, so after a crash it begins
anew and passes over what is there. The old files are not touched until all of them stand in the catalogue on the disk;
then they are moved aside, and stay there until somebody deletes them.

Where the links were, a file is left, in fresh data folders too. Code from before makes a folder there when it starts, and
fails on that file, instead of serving a data folder whose links it does not know.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from app.core.actors import SENDER, THE_OWNER
from app.core.errors import RequestNotFound
from app.core.events import EventKind
from app.core.ledger import Ledger
from app.core.links import RequestLink, link_of
from app.core.remotes import OutboxEntry, OutboxState, RemoteTarget
from app.storage.disk.append_log import AppendLog, JSONLines
from app.storage.disk.atomic import replace_file, sync_folder
from app.storage.disk.data_folder import UnusableDataFolder
from app.storage.sql.book import Book
from app.storage.sql.book_statements import BookStatements
from app.storage.sql.columns import number
from app.storage.sql.counts import digest_of
from app.storage.sql.database import Database, Transaction, compiled, inserted, value
from app.storage.sql.events import EventLog
from app.storage.sql.files import SQLRequests
from app.storage.sql.migrate import opened
from app.storage.sql.outbox import outbox_row
from app.storage.sql.schema import State, counts, facts, handoffs, ledger, outbox, used_tokens

T = TypeVar("T")
log = logging.getLogger("droppr.catalogue")

OLD_LINKS = "requests"
ASIDE = "before-catalogue"
"""The folder in the data folder where the old files are kept."""
# The links last: where they are in their old place, something is left to be done.
_OLD = (*(f"attempts.{end}" for end in ("db", "db-wal", "db-shm", "lock", "turn")), "handoffs", "outbox", OLD_LINKS)
_BATCH = 1000
_DONE = "taken over"
_SIGN = (
    "The links of this data folder stand in its catalogue, which Droppr keeps in a database. This file keeps older versions, "
    "which know nothing of that, from starting here. Leave it.\n"
)


class UnusableOldFiles(UnusableDataFolder):
    """The data folder has files of before the catalogue that cannot be taken over. The text says what to do."""


def open_catalogue(data: Path, url: str | None) -> Database:
    """The catalogue of a data folder, in that folder or at ``url``, with what older versions left there. Raises
    UnusableDataFolder, Busy, StorageFull."""
    database = opened(data, url)
    take_over(data, database)
    return database


def take_over(data: Path, database: Database) -> None:
    """Take over what ``data`` holds in files; nothing happens where that has been done. Raises Busy, StorageFull,
    UnusableOldFiles."""
    old = data / OLD_LINKS
    if old.is_file():
        return
    with database.alone("take over"):
        if old.is_dir():
            _Takeover(data, database).run()
        if not old.exists():
            # Written whole, so that what is there is either the old folder, nothing, or this.
            replace_file(old, _SIGN.encode())


class _Takeover:
    """One data folder's files on their way into the catalogue."""

    def __init__(self, data: Path, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        self._data = data
        self._database = database
        self._requests = SQLRequests(database, durable=False)
        self._books = BookStatements(database)
        self._events = EventLog(database, time.time)
        self._done = words(sa.select(facts.c.value).where(facts.c.name == value("name")))
        self._note = words(inserted(database, facts))
        this = sa.and_(ledger.c.link == value("link"), ledger.c.upload_id == value("upload_id"))
        self._leaving = words(ledger.update().values(leaving=number(1)).where(this))
        self._outbox = words(inserted(database, outbox).on_conflict_do_nothing(index_elements=["upload_id"]))
        self._handoff = words(inserted(database, handoffs).on_conflict_do_nothing(index_elements=["digest"]))
        self._used = words(inserted(database, used_tokens).on_conflict_do_nothing(index_elements=["digest"]))
        self._count = words(inserted(database, counts, leave_out=["id"]))
        self._no_counts = words(counts.delete())

    def run(self) -> None:
        with self._database.read() as tx:
            done = tx.one(self._done, name=_DONE) is not None
        if not done:
            self._take_links()
            self._take_outbox()
            self._take_handoffs()
            self._take_counts()
            with self._database.write() as tx:
                tx.run(self._note, name=_DONE, value=str(int(time.time())))
            self._database.sync()
        self._move_aside()

    def _take_links(self) -> None:
        links = 0
        for path in sorted((self._data / OLD_LINKS / "links").glob("*.json")):
            for document in _read(path).values():
                link = link_of(document)
                self._take_link(link, _ledger_of(self._data / OLD_LINKS / "ledgers" / f"{link.hash}.log"))
                links += 1
        log.info("links taken over", extra={"links": links})

    def _take_link(self, link: RequestLink, old: Ledger) -> None:
        try:
            self._requests.load(link.hash)
        except RequestNotFound:
            self._requests.adopt(link)
        with self._book(link.hash) as (_, book):
            book.add_folders(old.folders)
            for opening in old.open.values():
                book.open(opening, old.brought.get(opening.upload_id, ()))
            book.announce([(file, old.brought.get(file.upload_id, ())) for file in old.announced.values()], 0.0)
            for upload_id, why in old.gone.items():
                if upload_id not in old.open and upload_id not in old.announced:
                    book.note_gone(upload_id, why)
        for files in _batches([*old.received.values(), *old.removed.values()]):
            with self._book(link.hash) as (tx, book):
                book.receive(files)
                leaving = [
                    {"link": book.link, "upload_id": each.upload_id} for each in files if each.upload_id in old.leaving
                ]
                tx.many(self._leaving, leaving)
        for files in _batches([*old.removed.values()]):
            with self._book(link.hash) as (tx, book):
                taken = [
                    each
                    for each in book.entries([file.upload_id for file in files]).values()
                    if each.state is State.RECEIVED
                ]
                for entry in taken:
                    book.remove(entry)
                # What a crash left of these files is removed by whoever is told.
                self._events.write(tx, EventKind.FILE_REMOVED, link.hash, SENDER, [entry.upload_id for entry in taken])
        # Of what was there before there were news nothing is.
        with self._book(link.hash) as (_, book):
            book.see_all(THE_OWNER)

    def _take_outbox(self) -> None:
        entries = []
        for path in sorted((self._data / "outbox").glob("[!.]*.json")):
            with suppress(
                ValueError, KeyError, TypeError
            ):  # What a power cut can leave; the ledger knows that it is owed.
                document = json.loads(path.read_bytes())
                target, state = RemoteTarget.of(document.pop("place")), OutboxState(document["state"])
                entries.append(OutboxEntry(**{**document, "target": target, "state": state}))
        for hash, file in self._requests.owed():
            assert file.destination is not None
            entries.append(OutboxEntry(file.upload_id, hash, file.destination, file.size, file.received_at))
        for batch in _batches(entries):
            with self._database.write() as tx:
                tx.many(self._outbox, [outbox_row(entry) for entry in batch])

    def _take_handoffs(self) -> None:
        rows = []
        for path in sorted((self._data / "handoffs").glob("[!.]*.json")):
            document = _read(path)
            ids = json.dumps(document["upload_ids"], allow_nan=False)
            rows.append({"digest": bytes.fromhex(path.stem), "upload_ids": ids, "expires_at": document["expires_at"]})
        with self._database.write() as tx:
            tx.many(self._handoff, rows)

    def _take_counts(self) -> None:
        path = self._data / "attempts.db"
        if not path.exists():
            return
        with closing(sqlite3.connect(path)) as old, self._database.write() as tx:
            tx.run(self._no_counts)
            events = old.execute("SELECT key, at, expires FROM events")
            tx.many(self._count, [{"key": digest_of(key), "at": at, "expires_at": end} for key, at, end in events])
            used = old.execute("SELECT token, expires FROM used")
            tx.many(self._used, [{"digest": digest, "expires_at": end} for digest, end in used])

    def _move_aside(self) -> None:
        aside = self._data / ASIDE
        aside.mkdir(mode=0o700, exist_ok=True)
        if (aside / OLD_LINKS).exists():
            raise UnusableOldFiles(
                f"Its links stand in the catalogue since an earlier start, and '{OLD_LINKS}' is a folder again, as an older Droppr or "
                f"a backup leaves it. Move that folder away, or '{ASIDE}' and 'catalogue' to begin with it."
            )
        for name in _OLD:
            with suppress(FileNotFoundError):
                os.rename(self._data / name, aside / name)
        sync_folder(aside)
        sync_folder(self._data)

    @contextmanager
    def _book(self, hash: str) -> Iterator[tuple[Transaction, Book]]:
        with self._database.write() as tx:
            book = Book(self._books, tx, hash)
            yield tx, book
            book.save()


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError:
        raise UnusableOldFiles(
            f"'{path}' cannot be read. Put it back from a backup, or move it away to go on without it."
        ) from None
    return found


def _ledger_of(path: Path) -> Ledger:
    try:
        found: Ledger = AppendLog(path, JSONLines(), Ledger, _folded).read(lambda state: state)
    except FileNotFoundError:
        return Ledger()
    return found


def _folded(state: Ledger, events: Sequence[dict[str, Any]]) -> Ledger:
    for event in events:
        # What is told of a file that was lost to a damaged record has nothing to belong to.
        if event["event"] not in ("hashed", "removed", "leaving", "passed_on") or event["upload_id"] in state.received:
            state.apply(event)
    return state


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))

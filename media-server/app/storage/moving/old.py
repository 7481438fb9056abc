"""A data folder that is moved, as it is: its catalogue, its files, its uploads under way. Nothing in it is changed."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.core.errors import InvalidPath
from app.core.links import link_of
from app.core.paths import RelPath, disk_folder
from app.storage.disk.content import LocalFile
from app.storage.disk.data_folder import BIN, FILES, UnusableDataFolder
from app.storage.disk.inbox import LocalInbox
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Transaction, compiled, value
from app.storage.sql.migrate import FILE, FOLDER
from app.storage.sql.schema import REVISION, State, ledger, links
from app.storage.sql.sqlite import SQLiteDatabase
from app.storage.sql.takeover import OLD_LINKS

ROWS = 1000
"""So many files are looked at together."""
_MOST_FOLDERS = 10_000
NO_FOLDER = "'{data}' is no data folder of a server. Name the one that is to be moved."
OLDER = (
    "The catalogue of '{data}' is of another version of Droppr. Start this version on it once, which brings it up to date, stop it, "
    "and move it then."
)


@dataclass(frozen=True, slots=True)
class OldFile:
    """A file that the catalogue has: received, or in the bin."""

    row: int
    link: str
    folder: RelPath
    upload_id: str
    is_deleted: bool
    path: str
    disk_path: str
    size: int
    sha256: str | None
    file_identity: str | None

    @property
    def place(self) -> str:
        """Where it lies below the data folder."""
        if self.is_deleted:
            return f"{BIN}/{self.upload_id}"
        return "/".join([FILES, *map(disk_folder, self.folder.parts), self.disk_path])


def old_catalogue(data: Path) -> SQLiteDatabase | None:
    """The catalogue in a data folder; None where it is in a database of its own. Raises UnusableDataFolder."""
    folder = data / FOLDER
    if (data / OLD_LINKS).is_dir():
        raise UnusableDataFolder(OLDER.format(data=data))
    if folder.is_file():
        return None
    if not (folder / FILE).is_file():
        raise UnusableDataFolder(NO_FOLDER.format(data=data))
    found = SQLiteDatabase(folder / FILE)
    if found.revision() != REVISION:
        raise UnusableDataFolder(OLDER.format(data=data))
    return found


class OldData:
    """The data folder ``data``, whose catalogue is ``database``. Safe from any thread."""

    def __init__(self, data: Path, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        self.data = data
        self.database = database
        self._inbox = LocalInbox(data / FILES)
        self._folders: dict[int, tuple[str, RelPath]] = {}
        # What was deleted for good has no time until which it can be restored.
        moved = (ledger.c.state == number(State.RECEIVED)) | (
            (ledger.c.state == number(State.DELETED)) & ledger.c.until.is_not(None)
        )
        columns = ("id", "link", "upload_id", "state", "path", "disk_path", "size", "sha256", "file_identity")
        there = links.c.id == ledger.c.link
        self._page = words(
            sa.select(*(ledger.c[each] for each in columns))
            .select_from(ledger.join(links, there))
            .where(ledger.c.id > value("last", sa.BigInteger), moved)
            .order_by(ledger.c.id)
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )
        total = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(ledger.c.size), number(0)))
        self._total = words(total.select_from(ledger.join(links, there)).where(moved))
        self._link = words(sa.select(links.c.document).where(links.c.id == value("id", sa.BigInteger)))
        self._links = words(
            sa.select(links.c.id, links.c.document)
            .where(links.c.id > value("last", sa.BigInteger))
            .order_by(links.c.id)
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )
        this = (ledger.c.state == number(State.RECEIVED)) & (ledger.c.link == links.c.id)
        self._namesake = words(
            sa.select(ledger.c.id)
            .select_from(ledger.join(links, this))
            .where(links.c.hash == value("hash"), ledger.c.disk_path == value("disk_path"), ledger.c.id != value("id"))
            .limit(number(1))
            .offset(number(0))
        )

    def total(self) -> tuple[int, int]:
        """How many files there are to move, and how many bytes they had when they were received."""
        with self.database.read() as tx:
            row = tx.one(self._total)
        assert row is not None
        return int(row[0]), int(row[1])

    def pages(self) -> Iterator[list[OldFile]]:
        """All files, some at a time."""
        last = 0
        while True:
            with self.database.read() as tx:
                rows = tx.all(self._page, last=last, most=ROWS)
                files = [self._file(tx, row) for row in rows]
            if not rows:
                return
            last = rows[-1][0]
            yield files

    def links(self) -> Iterator[tuple[str, RelPath]]:
        """The hash and the folder of every link."""
        last = 0
        while True:
            with self.database.read() as tx:
                rows = tx.all(self._links, last=last, most=ROWS)
            if not rows:
                return
            last = rows[-1][0]
            for _, document in rows:
                yield _known(document)

    def found(self, file: OldFile) -> LocalFile:
        """A file where it lies. Raises FileNotFoundError, and Busy where the disk does not say."""
        if file.is_deleted:
            with suppress(FileNotFoundError):
                return self._in_bin(file.upload_id)
            # What a crash left undone: the ledger was told first.
        try:
            found = self._inbox.open(file.folder, file.disk_path, None)
        except InvalidPath as error:
            raise FileNotFoundError(file.place) from error
        if file.is_deleted and found.file_identity != file.file_identity:
            raise FileNotFoundError(file.place)
        return found

    def has_namesake(self, file: OldFile) -> bool:
        """Whether another file of the link has the same place, as whoever moved the first one away left it free."""
        with self.database.read() as tx:
            return tx.one(self._namesake, hash=file.link, disk_path=file.disk_path, id=file.row) is not None

    def folders(self, folder: RelPath) -> Iterator[str]:
        """The folders in a link's folder, each by its path below that."""
        base = self.data.joinpath(FILES, *map(disk_folder, folder.parts))
        for above, names, _ in os.walk(base):
            below = Path(above).relative_to(base)
            yield from (str(below / name) for name in names if not os.path.islink(Path(above, name)))

    def files(self) -> Iterator[str]:
        """Whatever lies among the received files, by its path below the data folder."""
        for name in (FILES, BIN):
            for above, _, names in os.walk(self.data / name):
                below = Path(above).relative_to(self.data)
                yield from (str(below / each) for each in names)

    def _in_bin(self, upload_id: str) -> LocalFile:
        path = self.data / BIN / upload_id
        if "/" in upload_id or upload_id in (".", ".."):
            raise FileNotFoundError(upload_id)
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise FileNotFoundError(upload_id)
        return LocalFile(path, status)

    def _file(self, tx: Transaction, row: Any) -> OldFile:
        id, link, upload_id, state, path, disk_path, size, sha256, file_identity = row
        if link not in self._folders:
            if len(self._folders) >= _MOST_FOLDERS:
                self._folders.clear()
            found = tx.one(self._link, id=link)
            assert found is not None
            self._folders[link] = _known(found[0])
        hash, folder = self._folders[link]
        is_deleted = state == State.DELETED
        return OldFile(id, hash, folder, upload_id, is_deleted, path, disk_path or path, size, sha256, file_identity)


class Seen:
    """Paths that were seen, on the disk where they are many. For one thread."""

    def __init__(self) -> None:
        # Without a name: SQLite keeps it in a file of its own that goes with the connection.
        self._rows = sqlite3.connect("")
        self._rows.execute("CREATE TABLE seen (mark BLOB PRIMARY KEY) WITHOUT ROWID")

    def add(self, paths: Iterable[str]) -> None:
        self._rows.executemany("INSERT OR IGNORE INTO seen VALUES (?)", [(_mark(path),) for path in paths])

    def __contains__(self, path: str) -> bool:
        return self._rows.execute("SELECT 1 FROM seen WHERE mark = ?", (_mark(path),)).fetchone() is not None

    def close(self) -> None:
        self._rows.close()


def _mark(path: str) -> bytes:
    return hashlib.blake2b(path.encode(errors="surrogateescape"), digest_size=16).digest()


def _known(document: str) -> tuple[str, RelPath]:
    link = link_of(json.loads(document))
    return link.hash, link.folder

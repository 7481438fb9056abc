"""The end of a move: what was brought into the bucket becomes the files of the links, in one transaction with the catalogue itself."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from app.core.actors import Actor
from app.core.audit import Act, AuditRow
from app.core.paths import RelPath
from app.core.ports.shared import SECRETS
from app.storage.cluster.names import place_of
from app.storage.cluster.shared import MOVING
from app.storage.moving.old import ROWS, OldData, OldFile
from app.storage.sql.audit import AuditLog
from app.storage.sql.database import Transaction, compiled, value
from app.storage.sql.migrate import UnusableCatalogue, copy_rows
from app.storage.sql.postgresql import PostgreSQLDatabase
from app.storage.sql.schema import State, facts, metadata
from app.storage.sql.steps import OLDEST

OF_OTHERS = ("links", "accounts")
"""Where there is anything in these, somebody uses the database already."""
NOT_EMPTY = "There are links or accounts in the database already. Name another one in DROPPR_DATABASE_URL."
_TAKEN = """
    UPDATE ledger SET file_identity = i.identity,
        sha256 = coalesce(ledger.sha256, CASE WHEN i.size = ledger.size THEN i.sha256 END)
    FROM store_imported i JOIN links l ON l.hash = i.link
    WHERE ledger.link = l.id AND ledger.upload_id = i.upload_id
"""
_NAME = """
    INSERT INTO store_names (place, folder, disk_path, wanted, shown, identity)
    SELECT %(place)s, %(folder)s, %(disk_path)s, %(shown)s, %(shown)s, identity FROM store_imported
    WHERE link = %(link)s AND upload_id = %(upload_id)s ON CONFLICT (place) DO NOTHING
"""
_FOLDER = """
    INSERT INTO store_names (place, folder, disk_path, wanted, shown, identity)
    VALUES (%(place)s, %(folder)s, %(disk_path)s, %(shown)s, %(shown)s, NULL) ON CONFLICT (place) DO NOTHING
"""
_BIN = f"""
    INSERT INTO store_bin (upload_id, identity)
    SELECT i.upload_id, i.identity FROM store_imported i JOIN links l ON l.hash = i.link
        JOIN ledger g ON g.link = l.id AND g.upload_id = i.upload_id
    WHERE g.state = {State.DELETED:d} AND g.until IS NOT NULL ON CONFLICT (upload_id) DO NOTHING
"""
# What was brought, and then its file was taken back or deleted for good.
_FOR_NOTHING = """
    UPDATE store_objects o SET state = 'leaving', since = extract(epoch FROM clock_timestamp())
    WHERE identity IN (SELECT identity FROM store_imported)
        AND NOT EXISTS (SELECT FROM store_names n WHERE n.identity = o.identity)
        AND NOT EXISTS (SELECT FROM store_bin b WHERE b.identity = o.identity)
"""
_SECRET = """
    INSERT INTO store_secrets (name, value) VALUES (%(name)s, %(value)s)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
_NO_SECRET = "DELETE FROM store_secrets WHERE name = %(name)s"


class Settling:
    """The last step of moving ``old`` to ``new``, which may be the database that its catalogue is in."""

    def __init__(self, old: OldData, new: PostgreSQLDatabase) -> None:
        self._old = old
        self._new = new
        self._audit = AuditLog(new)

    def run(self, actor: Actor, known: dict[str, str], told: dict[str, Any]) -> int:
        """Do all of it, or nothing; how many links there are. ``known`` is what the database says of the move from now on, ``told`` what
        stands in the audit. Raises Busy, StorageFull."""
        with self._new.write() as tx:
            if self._old.database is not self._new:
                self._bring_rows(tx)
            tx.run(_TAKEN)
            for page in self._old.pages():
                self._name(tx, page)
            self._make_folders(tx)
            for each in (_BIN, _FOR_NOTHING, "DELETE FROM store_imported"):
                tx.run(each)
            for name, kept in self._secrets():
                tx.run(_SECRET, name=name, value=kept)
            tx.run(_NO_SECRET, name=MOVING)
            for name, fact in known.items():
                tx.run(_SECRET, name=name, value=fact)
            row = tx.one("SELECT count(*) FROM links")
            assert row is not None
            links = int(row[0])
            self._audit.write(tx, AuditRow(time.time(), actor, Act.CATALOGUE_MOVED, facts={**told, "links": links}))
        self._new.sync()
        return links

    def _bring_rows(self, tx: Transaction) -> None:
        if any(tx.one(f"SELECT 1 FROM {table} LIMIT 1") for table in OF_OTHERS):
            raise UnusableCatalogue(NOT_EMPTY)
        # What a 'droppr migrate' has noted there of itself would have the numbers of what comes.
        for table in metadata.sorted_tables:
            # Which programs may work on the schema is that database's own.
            deletion = table.delete() if table is not facts else table.delete().where(facts.c.name != value("kept"))
            tx.run(compiled(deletion, self._new.dialect), kept=OLDEST)
        copy_rows(self._old.database, tx, self._new)

    def _name(self, tx: Transaction, page: Sequence[OldFile]) -> None:
        received = [each for each in page if not each.is_deleted]
        tx.many(
            _NAME,
            [
                _row(each.folder, each.disk_path, each.path) | {"link": each.link, "upload_id": each.upload_id}
                for each in received
            ],
        )
        above = {
            (each.folder, below): shown
            for each in received
            for below, shown in zip(_above(each.disk_path), _above(each.path), strict=False)
        }
        tx.many(_FOLDER, [_row(folder, below, shown) for (folder, below), shown in above.items()])

    def _make_folders(self, tx: Transaction) -> None:
        """Folders without files, too."""
        rows: list[dict[str, Any]] = []
        for _, folder in self._old.links():
            for below in self._old.folders(folder):
                if not _is_text(below):
                    continue  # Its owner's own, which no sender can name.
                rows.append(_row(folder, below, below))
                if len(rows) == ROWS:
                    tx.many(_FOLDER, rows)
                    rows = []
        tx.many(_FOLDER, rows)

    def _secrets(self) -> Iterator[tuple[str, str]]:
        for name in SECRETS:
            try:
                kept = (self._old.data / name).read_text().strip()
            except FileNotFoundError:
                continue
            if kept:
                yield name, kept


def _row(folder: RelPath, disk_path: str, shown: str) -> dict[str, Any]:
    return {"place": place_of(folder, disk_path), "folder": str(folder), "disk_path": disk_path, "shown": shown}


def _above(path: str) -> Iterable[str]:
    """The folders above a file."""
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True

"""PromiseStore on an embedded SQLite file: a row for each upload that has a promise, or that is remembered."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, replace
from pathlib import Path

from app.core.ports.guards import Clock
from app.core.room import Decide, Promise, Promised, PromiseTerms
from app.storage.disk.sqlite_file import SQLiteFile

# ``held``, ``until`` and ``marked`` follow from the rest by the terms, so that a sum is all it takes to judge an opening.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS promises (
    upload_id TEXT PRIMARY KEY, link TEXT NOT NULL, client TEXT NOT NULL, size INTEGER NOT NULL,
    opened_at REAL NOT NULL, heard_at REAL NOT NULL, received INTEGER NOT NULL, taken INTEGER NOT NULL,
    held INTEGER NOT NULL, until REAL NOT NULL, marked REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS promises_by_client ON promises (client, until, held, marked);
CREATE INDEX IF NOT EXISTS promises_by_link ON promises (link, until, held, marked);
CREATE INDEX IF NOT EXISTS promises_by_end ON promises (until, held);
"""
_COLUMNS = "upload_id, link, client, size, opened_at, heard_at, received, taken"
# Each is answered from one index, and reads no more of it than what counts at this moment.
_SUMS = """
SELECT (SELECT coalesce(sum(held), 0) FROM promises WHERE until > :now),
       (SELECT coalesce(sum(held), 0) FROM promises WHERE client = :client AND until > :now),
       (SELECT coalesce(sum(held), 0) FROM promises WHERE link = :link AND until > :now),
       EXISTS (SELECT 1 FROM promises WHERE client = :client AND marked > :now AND upload_id <> :upload_id),
       EXISTS (SELECT 1 FROM promises WHERE link = :link AND marked > :now AND upload_id <> :upload_id),
       (SELECT coalesce(sum(held), 0) FROM promises WHERE upload_id = :upload_id AND until > :now),
       EXISTS (SELECT 1 FROM promises WHERE upload_id = :upload_id AND client = :client),
       EXISTS (SELECT 1 FROM promises WHERE upload_id = :upload_id AND link = :link)
"""
_MAX_BYTES = 2**62
"""SQLite's sums are of 64 bits; more than this no disk has."""


class SQLitePromises:
    """PromiseStore in the file ``path``, with lapsing and sums by ``terms``."""

    def __init__(self, path: Path, terms: PromiseTerms, clock: Clock) -> None:
        self._terms = terms
        self._file = SQLiteFile(path, _SCHEMA, clock, _tidy)

    def change(self, upload_id: str, link: str, client: str, decide: Decide) -> Promise:
        with self._file.alone() as (connection, now):

            def others() -> Promised:
                asked = {"upload_id": upload_id, "link": link, "client": client, "now": now}
                found = connection.execute(_SUMS, asked).fetchone()
                total, of_client, of_link, client_silent, link_silent, own, is_clients, is_links = found
                # What is kept for the upload itself stands in the same places as that of others.
                return Promised(
                    total - own,
                    of_client - own * is_clients,
                    of_link - own * is_links,
                    bool(client_silent),
                    bool(link_silent),
                )

            promise = decide(_find(connection, upload_id), others, now)
            self._put(connection, promise, now, self._terms.until(promise))
            return promise

    def drop(self, upload_id: str, *, silent: bool) -> None:
        with self._file.alone() as (connection, now):
            promise = _find(connection, upload_id)
            if promise is None:
                return
            if silent and self._terms.marked_until(promise, now) > now:
                self._put(connection, replace(promise, size=0), now, now)
            else:
                connection.execute("DELETE FROM promises WHERE upload_id = ?", (upload_id,))

    def total(self) -> int:
        with self._file.alone() as (connection, now):
            found: int = connection.execute(
                "SELECT coalesce(sum(held), 0) FROM promises WHERE until > ?", (now,)
            ).fetchone()[0]
        return found

    def _put(self, connection: sqlite3.Connection, promise: Promise, now: float, until: float) -> None:
        held = min(self._terms.held(promise, now), _MAX_BYTES)
        row = (*astuple(promise), held, until, self._terms.marked_until(promise, until))
        connection.execute(f"INSERT OR REPLACE INTO promises VALUES ({', '.join('?' * len(row))})", row)


def _find(connection: sqlite3.Connection, upload_id: str) -> Promise | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM promises WHERE upload_id = ?", (upload_id,)).fetchone()
    return Promise(*row) if row else None


def _tidy(connection: sqlite3.Connection, now: float) -> None:
    connection.execute("DELETE FROM promises WHERE until <= :now AND marked <= :now", {"now": now})

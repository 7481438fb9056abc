"""Attempts in the catalogue: counts shared by all workers, still there after a restart.

The rules are those of the ``limits`` library's moving window; only its notation is used from there, because its
storages read the clock themselves and carry half a dozen calls that nothing here would reach. A power cut may lose the
newest counts, as waiting for the disk would cost more than they are worth.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from limits import RateLimitItem, parse
from sqlalchemy import and_, select

from app.core.errors import Busy, StorageFull
from app.core.ports.guards import Clock
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Transaction, compiled, inserted, shared, value
from app.storage.sql.schema import counts, used_tokens

TIDY_SECONDS = 60


class CountStatements:
    """Statements about counts and used tokens."""

    def __init__(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        # Events from the future are left out: they date from a clock that has been put right since.
        inside = and_(counts.c.key == value("key"), counts.c.at <= value("now"))
        self.hit = words(inserted(database, counts, leave_out=["id"]))
        self.count = words(select(sa.func.count()).select_from(counts).where(inside, counts.c.at > value("since")))
        last = select(counts.c.at).where(inside).order_by(counts.c.at.desc())
        self.nth_last = words(last.limit(number(1)).offset(value("n", sa.Integer)))
        self.clear = words(counts.delete().where(counts.c.key == value("key")))
        this = used_tokens.c.digest == value("digest")
        put = inserted(database, used_tokens)
        self.use = words(
            put.on_conflict_do_update(
                index_elements=["digest"],
                set_={"expires_at": put.excluded["expires_at"]},
                where=used_tokens.c.expires_at <= value("now"),
            )
        )
        self.used = words(select(number(1)).where(this, used_tokens.c.expires_at > value("now")))
        self.tidy = [words(table.delete().where(table.c.expires_at <= value("now"))) for table in (counts, used_tokens)]


class SQLCounts:
    """Counts in moving windows, and tokens that were used."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._sql = shared(CountStatements, database)
        self._tidied_at = -math.inf

    def hit(self, key: str, limit: str) -> bool:
        item, digest = _parsed(key, limit)
        with self._alone(digest) as (tx, now):
            if self._counted(tx, digest, item, now) >= item.amount:
                return False
            tx.run(self._sql.hit, key=digest, at=now, expires_at=now + item.get_expiry())
            return True

    def count(self, key: str, limit: str) -> int:
        item, digest = _parsed(key, limit)
        with self._database.read() as tx:
            return self._counted(tx, digest, item, self._clock())

    def retry_after(self, key: str, limit: str) -> int:
        item, digest = _parsed(key, limit)
        now = self._clock()
        with self._database.read() as tx:
            # The key is free once this event has left the window, and with it all that are older.
            row = tx.one(self._sql.nth_last, key=digest, now=now, n=item.amount - 1)
        return 1 if row is None else max(1, math.ceil(row[0] + item.get_expiry() - now))

    def clear(self, key: str, limit: str) -> None:
        _, digest = _parsed(key, limit)
        with self._database.write() as tx:
            tx.run(self._sql.clear, key=digest)

    def turn(self, key: str) -> AbstractContextManager[None]:
        return self._database.alone(f"turn {key}")

    def first_use(self, token: str, seconds: int) -> bool:
        digest = digest_of(token)
        with self._alone(digest) as (tx, now):
            return tx.changed(self._sql.use, digest=digest, expires_at=now + seconds, now=now) == 1

    def was_used(self, token: str) -> bool:
        with self._database.read() as tx:
            return tx.one(self._sql.used, digest=digest_of(token), now=self._clock()) is not None

    @contextmanager
    def _alone(self, digest: bytes) -> Iterator[tuple[Transaction, float]]:
        """A transaction in which nobody else counts under this digest, and the time."""
        self._tidied()
        with self._database.write() as tx:
            tx.alone(digest.hex())
            # Only now: a time read while waiting for the others would be older than theirs.
            yield tx, self._clock()

    def _counted(self, tx: Transaction, digest: bytes, item: RateLimitItem, now: float) -> int:
        row = tx.one(self._sql.count, key=digest, since=now - item.get_expiry(), now=now)
        assert row is not None
        return int(row[0])

    def _tidied(self) -> None:
        now = self._clock()
        # Also when the clock was set back.
        if abs(now - self._tidied_at) >= TIDY_SECONDS:
            self._tidied_at = now
            # On a full disk nothing can be deleted, but whoever only looks must not fail for that.
            with suppress(Busy, StorageFull), self._database.write() as tx:
                for words in self._sql.tidy:
                    tx.run(words, now=now)


def _parsed(key: str, limit: str) -> tuple[RateLimitItem, bytes]:
    """The limit, and what events are counted under: after a change of the settings counting starts anew."""
    item = parse(limit)
    return item, digest_of(item.key_for(key))


def digest_of(text: str) -> bytes:
    """What stands for a key or a token, so that neither its length nor its characters matter."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()

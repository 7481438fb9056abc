"""LogoStore in the catalogue."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import select

from app.core.errors import RequestNotFound
from app.storage.sql.database import Database, Transaction, compiled, inserted, is_id, made_once, value
from app.storage.sql.links import check_hash
from app.storage.sql.schema import links, logos


class SQLLogos:
    """Rows that go with those of their link."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: sa.sql.ClauseElement) -> str:
            return compiled(statement, database.dialect)

        this = sa.and_(logos.c.link == value("link"), logos.c.digest == value("digest", sa.Text))
        # Locked, so that a link that is deleted meanwhile leaves none behind.
        self._link = words(select(links.c.id).where(links.c.hash == value("hash")).with_for_update())
        self._put = words(inserted(database, logos).on_conflict_do_nothing(index_elements=["link", "digest"]))
        found = select(logos.c.content).join(links, links.c.id == logos.c.link)
        self._find = words(found.where(links.c.hash == value("hash"), logos.c.digest == value("digest")))
        self._drop_others = words(logos.delete().where(logos.c.link == value("link"), sa.not_(this)))

    def put(self, hash: str, digest: str, content: bytes) -> None:
        with self._database.write() as tx:
            tx.run(self._put, link=self._number(tx, hash), digest=digest, content=content)
        self._database.sync()

    def find(self, hash: str, digest: str) -> bytes | None:
        check_hash(hash)
        # Out of an address, like the hash.
        row = self._database.look(self._find, hash=hash, digest=digest) if is_id(digest) else None
        return bytes(row[0]) if row else None

    def keep_only(self, hash: str, digest: str | None) -> None:
        with self._database.write(urgent=True) as tx:
            tx.run(self._drop_others, link=self._number(tx, hash), digest=digest or "")

    def _number(self, tx: Transaction, hash: str) -> int:
        check_hash(hash)
        row = tx.one(self._link, hash=hash)
        if row is None:
            raise RequestNotFound()
        return int(row[0])

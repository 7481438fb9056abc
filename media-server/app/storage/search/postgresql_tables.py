"""The tables of an index in PostgreSQL. They are derived data and made here, in no migration: which columns they have hangs on what
the server brings along, and those of another version are dropped and filled again.

Texts of others are kept as bytes, as PostgreSQL's own text holds no NUL. Sixteen partitions, as there are sixteen files elsewhere: a
broken one is emptied while the others answer, and one of which something was removed is written anew in a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from app.core.errors import Busy
from app.storage.search.rules import SHARDS
from app.storage.sql.database import Transaction
from app.storage.sql.postgresql import Connection, PostgreSQLDatabase

VERSION = 1
HALF, BYTES = "halfvec", "bytea"
"""What vectors are kept as: where pgvector is, the server compares them; where it is not, we do."""
NAMES = ("search_vectors", "search_chunks", "search_documents", "search_shards", "search_facts")
LOCK = "search tables"
LOCK_MILLISECONDS = 5000
"""How long writing a partition anew waits for those who read it, as everybody who comes later waits behind it."""
# What is analysed is copied into the server's own tables, from which nobody would remove it.
_UNKNOWN = {
    "search_documents": ("entity", "document", "digest", "name", "kind", "sender"),
    "search_chunks": ("text", "words"),
    "search_vectors": ("vector",),
}
_SCHEMA = """
CREATE TABLE search_facts (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE search_shards (number smallint PRIMARY KEY, version bigint NOT NULL, removed boolean NOT NULL);
CREATE TABLE search_documents (
    id bigserial PRIMARY KEY, shard smallint NOT NULL, entity_key bytea NOT NULL, document_key bytea NOT NULL, entity bytea NOT NULL,
    document bytea NOT NULL, digest text NOT NULL, extractor integer NOT NULL, model text, name bytea NOT NULL, kind bytea NOT NULL,
    at double precision NOT NULL, sender bytea NOT NULL, chunks bigint NOT NULL, words bigint NOT NULL,
    UNIQUE (entity_key, document_key)
);
CREATE INDEX ON search_documents (shard);
CREATE TABLE search_chunks (
    shard smallint NOT NULL, owner bigint NOT NULL, number integer NOT NULL, page integer, length integer NOT NULL,
    text bytea NOT NULL, words tsvector NOT NULL, PRIMARY KEY (shard, owner, number)
) PARTITION BY LIST (shard);
CREATE INDEX ON search_chunks USING gin (words);
CREATE TABLE search_vectors (
    shard smallint NOT NULL, owner bigint NOT NULL, number integer NOT NULL, vector {vector} NOT NULL,
    PRIMARY KEY (shard, owner, number)
) PARTITION BY LIST (shard);
"""


class PostgreSQLTables:
    """Sees to the tables, which are made when they are needed first."""

    def __init__(self, database: PostgreSQLDatabase, on_damage: Callable[[], object]) -> None:
        """``on_damage`` is called whenever something was emptied that held documents."""
        self._database = database
        self._on_damage = on_damage
        self._vectors: str | None = None

    def vectors(self) -> str:
        """What vectors are kept as, of tables that are there. Raises Busy."""
        if self._vectors is None:
            self._vectors = self._found() or self._make()
        return self._vectors

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Statements that change nothing. Raises Busy; where something was broken it is set aside by then."""
        with self._translated(), self._database.read() as tx:
            yield tx

    @contextmanager
    def writing(self, shard: int) -> Iterator[Transaction]:
        """A transaction, the only one of this shard that changes anything. Raises Busy and StorageFull."""
        with self._translated(), self._database.write() as tx:
            tx.one("SELECT version FROM search_shards WHERE number = %(shard)s FOR UPDATE", shard=shard)
            yield tx

    def check(self) -> list[int]:
        """Read all of it; the shards that were broken, which are empty now. Raises Busy."""
        self.vectors()
        broken = {shard for shard in range(SHARDS) if not self._is_readable(shard)}
        self._empty(broken)
        try:
            incomplete = self._incomplete()
        except psycopg.InternalError:
            # What all shards have in common cannot be read.
            incomplete = set(range(SHARDS))
        self._empty(incomplete)
        broken |= incomplete
        self._rewrite()
        return sorted(broken)

    def _found(self) -> str | None:
        with self._database.read() as tx:
            if tx.one("SELECT to_regclass('search_facts')") == (None,):
                return None
            facts: dict[str, str] = dict(tx.all("SELECT name, value FROM search_facts"))
        return facts.get("vectors") if facts.get("version") == str(VERSION) else None

    def _make(self) -> str:
        with self._database.alone(LOCK):
            # Another process may have been quicker.
            found = self._found()
            if found is not None:
                return found
            kind = HALF if self._has_extension() else BYTES
            with self._database.write() as tx:
                tx.run(f"DROP TABLE IF EXISTS {', '.join(NAMES)}")
                for statement in _statements(kind):
                    tx.run(statement)
            return kind

    def _has_extension(self) -> bool:
        """Whether pgvector is there, or can be."""
        with self._connected() as connection:
            try:
                connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            except (errors.FeatureNotSupported, errors.InsufficientPrivilege, errors.UndefinedFile):
                return False
            # Versions before 0.7 have no halves.
            return connection.execute("SELECT to_regtype('halfvec')").fetchone() != (None,)

    def _incomplete(self) -> set[int]:
        """The shards with documents that lack some of what they should have."""
        with self._database.read() as tx:
            rows = tx.all(
                """SELECT DISTINCT d.shard FROM search_documents d
                LEFT JOIN (SELECT owner, count(*) AS n FROM search_chunks GROUP BY owner) c ON c.owner = d.id
                LEFT JOIN (SELECT owner, count(*) AS n FROM search_vectors GROUP BY owner) v ON v.owner = d.id
                WHERE d.chunks <> coalesce(c.n, 0) OR coalesce(v.n, 0) <> CASE WHEN d.model IS NULL THEN 0 ELSE d.chunks END"""
            )
        return {row[0] for row in rows}

    def _is_readable(self, shard: int) -> bool:
        try:
            with self._database.read() as tx:
                tx.one(f"SELECT sum(octet_length(text)), sum(length(words)) FROM search_chunks_{shard}")
                tx.one(f"SELECT max(vector::text) FROM search_vectors_{shard}")
                tx.one(f"SELECT count(*) FROM search_chunks_{shard} WHERE words @@ 'a:*'")
        except psycopg.InternalError:
            return False
        return True

    def _empty(self, shards: Iterable[int]) -> None:
        shards = list(shards)
        if not shards:
            return
        with self._database.write() as tx:
            # As those who add have it first, then wait for the tables.
            tx.all(
                "SELECT version FROM search_shards WHERE number = ANY(%(shards)s) ORDER BY number FOR UPDATE",
                shards=shards,
            )
            for shard in shards:
                tx.run(f"TRUNCATE search_chunks_{shard}, search_vectors_{shard}")
            if len(shards) == SHARDS:
                tx.run("TRUNCATE search_documents")
            else:
                tx.run("DELETE FROM search_documents WHERE shard = ANY(%(shards)s)", shards=shards)
            tx.run("UPDATE search_shards SET version = version + 1 WHERE number = ANY(%(shards)s)", shards=shards)
        self._on_damage()

    def _rewrite(self) -> None:
        """Write anew what something was removed from, as the server leaves the bytes where they were."""
        with self._database.read() as tx:
            shards = [row[0] for row in tx.all("SELECT number FROM search_shards WHERE removed")]
        if not shards:
            return
        with self._connected() as connection:
            connection.execute(f"SET lock_timeout = {LOCK_MILLISECONDS}")
            try:
                for shard in shards:
                    # What is removed from now on says so again.
                    connection.execute("UPDATE search_shards SET removed = false WHERE number = %s", (shard,))
                    connection.execute(f"VACUUM (FULL) search_chunks_{shard}, search_vectors_{shard}")
                connection.execute("VACUUM (FULL) search_documents")
            except errors.LockNotAvailable:
                connection.execute("SET lock_timeout = 0")
                connection.execute("UPDATE search_shards SET removed = true WHERE number = ANY(%s)", (shards,))

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A connection for what can be in no transaction. Raises Busy."""
        try:
            with self._database.connected() as connection:
                yield connection
        except psycopg.OperationalError as error:
            raise Busy() from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            self.vectors()
            yield
        except psycopg.InternalError as error:
            self.check()
            raise Busy("The index was damaged. It fills again by itself; try again in a while.") from error
        except (errors.UndefinedTable, errors.UndefinedColumn) as error:
            # Somebody has dropped them; the next call makes them.
            self._vectors = None
            self._on_damage()
            raise Busy() from error


def _statements(kind: str) -> Iterator[str]:
    yield from filter(str.strip, _SCHEMA.format(vector=kind).split(";"))
    for shard in range(SHARDS):
        for table in ("search_chunks", "search_vectors"):
            yield f"CREATE TABLE {table}_{shard} PARTITION OF {table} FOR VALUES IN ({shard})"
        # Tables made again have other versions than those that somebody may remember.
        yield f"INSERT INTO search_shards VALUES ({shard}, (extract(epoch FROM now()) * 1000)::bigint, false)"
    for table, columns in _UNKNOWN.items():
        yield f"ALTER TABLE {table} " + ", ".join(f"ALTER {column} SET STATISTICS 0" for column in columns)
    yield f"INSERT INTO search_facts VALUES ('version', '{VERSION}'), ('vectors', '{kind}')"

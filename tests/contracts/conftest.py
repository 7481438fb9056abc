"""The databases that the catalogue's stores keep their promises on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psycopg
import pytest

from app.core.ports.search import EntityIndex
from app.storage.disk.sqlite_file import made
from app.storage.search.postgresql_index import PostgreSQLIndex
from app.storage.search.sqlite_index import SQLiteIndex
from app.storage.sql.database import Database
from app.storage.sql.migrate import create, migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from app.storage.sql.schema import metadata
from app.storage.sql.sqlite import SQLiteDatabase
from tests.support.cluster import Engines, cut_off
from tests.support.postgresql import PostgreSQLServer
from tests.support.s3_server import S3Server
from tests.support.stores import ClusterStores


def databases(kind: str, request: pytest.FixtureRequest, folder: Path) -> Callable[[], Database]:
    """Opens this test's catalogue, which is empty at first, again and again as other processes would; ``kind`` is sqlite or
    postgresql."""
    if kind == "sqlite":
        (folder / "catalogue").mkdir(mode=0o700)
        path = folder / "catalogue" / "catalogue.db"
        made(path)
        create(SQLiteDatabase(path))
        return lambda: SQLiteDatabase(path)
    address = request.getfixturevalue("emptied")
    return lambda: PostgreSQLDatabase(address)


@pytest.fixture(scope="session")
def migrated(postgresql: PostgreSQLServer) -> str:
    """The address of a database that migrations have made."""
    address = postgresql.new_database()
    migrate(PostgreSQLDatabase(address))
    return address


@pytest.fixture
def emptied(migrated: str) -> str:
    """The same as new: without sessions, rows, or numbers that were given. To make another one takes fifty times as long."""
    with psycopg.connect(migrated, autocommit=True) as connection:
        cut_off(connection)
        _empty(connection, [table.name for table in reversed(metadata.sorted_tables)])
    return migrated


def _empty(connection: psycopg.Connection, tables: Iterable[str]) -> None:
    """Row by row: of a table that is truncated, each file of it and of its indexes is made anew, which takes eight times as long."""
    numbers = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"
    connection.execute("; ".join([*(f"DELETE FROM {table}" for table in tables), numbers]))


@pytest.fixture
def indexes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Callable[[], EntityIndex]]]:
    """Opens this test's index of a kind (sqlite, postgresql or pgvector), which is empty at first, again and again as other processes
    would."""
    opened: list[SQLiteIndex] = []

    def index_in_files() -> EntityIndex:
        opened.append(SQLiteIndex(tmp_path / "index"))
        return opened[-1]

    def opener(kind: str) -> Callable[[], EntityIndex]:
        if kind == "sqlite":
            return index_in_files
        address = request.getfixturevalue(f"index_on_{kind}")
        with psycopg.connect(address, autocommit=True) as connection:
            cut_off(connection)
            if connection.execute("SELECT to_regclass('search_facts')").fetchone() != (None,):
                _empty(connection, ("search_vectors", "search_chunks", "search_documents"))
                connection.execute("UPDATE search_shards SET version = version + 1, removed = false")
        return lambda: PostgreSQLIndex(PostgreSQLDatabase(address))

    yield opener
    for each in opened:
        each.close()


@pytest.fixture(scope="session")
def index_on_postgresql(postgresql: PostgreSQLServer) -> str:
    return postgresql.new_database()


@pytest.fixture(scope="session")
def index_on_pgvector(pgvector: PostgreSQLServer) -> str:
    return pgvector.new_database()


@pytest.fixture(scope="session")
def engines(postgresql: PostgreSQLServer, seaweed: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Engines:
    return Engines(postgresql, seaweed, tmp_path_factory.mktemp("node"))


@pytest.fixture(autouse=True)
def cluster(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts what stores of this kind need before the first of them is made, and says where it is, to this test alone."""
    parameters = getattr(getattr(request.node, "callspec", None), "params", {})
    if "cluster" in parameters.values() or "engines" in request.fixturenames:
        engines: Engines = request.getfixturevalue("engines")
        ClusterStores.engines = engines
        for name, value in engines.seaweed.settings.items():
            monkeypatch.setenv(name, value)

"""The databases that the catalogue's stores keep their promises on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from app.storage.disk.sqlite_file import made
from app.storage.sql.database import Database
from app.storage.sql.migrate import create, migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from app.storage.sql.schema import metadata
from app.storage.sql.sqlite import SQLiteDatabase
from tests.support.postgresql import PostgreSQLServer

_CUT_OFF = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


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
    """The same as new: without sessions, rows, or numbers that were given. To make another one takes ten times as long."""
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute(_CUT_OFF)
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY")
    return migrated

"""The databases that the catalogue's stores keep their promises on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.storage.disk.sqlite_file import made
from app.storage.sql.database import Database
from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from app.storage.sql.sqlite import SQLiteDatabase


def databases(kind: str, request: pytest.FixtureRequest, folder: Path) -> Callable[[], Database]:
    """Opens one new catalogue, again and again as other processes would; ``kind`` is sqlite or postgresql."""
    if kind == "sqlite":
        (folder / "catalogue").mkdir(mode=0o700)
        path = folder / "catalogue" / "catalogue.db"
        made(path)
        migrate(SQLiteDatabase(path))
        return lambda: SQLiteDatabase(path)
    address = request.getfixturevalue("postgresql").new_database()
    migrate(PostgreSQLDatabase(address))
    return lambda: PostgreSQLDatabase(address)

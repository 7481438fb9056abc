"""Catalogues for tests that need one and are about something else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from app.storage.sql.migrate import FILE, FOLDER, opened
from app.storage.sql.sqlite import SQLiteDatabase


def catalogue(data: Path) -> SQLiteDatabase:
    """The catalogue in a data folder, made where there is none."""
    data.mkdir(parents=True, exist_ok=True)
    database = opened(data, None)
    assert isinstance(database, SQLiteDatabase)
    return database


def asked(data: Path, question: str, *values: object) -> list[Any]:
    """What the catalogue of a running server answers; a change counts at once."""
    with closing(sqlite3.connect(data / FOLDER / FILE, timeout=20)) as connection, connection:
        return connection.execute(question, values).fetchall()


def in_outbox(data: Path) -> set[str]:
    """The uploads that have to be passed on."""
    return {upload_id for (upload_id,) in asked(data, "SELECT upload_id FROM outbox")}

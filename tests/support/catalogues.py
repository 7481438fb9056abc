"""Catalogues for tests that need one and are about something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.settings import Settings
from app.storage.sql.database import Row
from app.storage.sql.migrate import opened
from app.storage.sql.outbox import SQLOutbox
from app.storage.sql.sqlite import SQLiteDatabase
from tests.support.live import LiveServer


def catalogue(data: Path) -> SQLiteDatabase:
    """The catalogue in a data folder, made where there is none."""
    data.mkdir(parents=True, exist_ok=True)
    database = opened(data, None)
    assert isinstance(database, SQLiteDatabase)
    return database


def settings_of(server: LiveServer, **more: Any) -> Settings:
    """What another program works with on a server's data and catalogue."""
    data = server.data_dir
    return Settings(data_dir=data, database_url=LiveServer.databases.get(data), **more)


def asked(data: Path, question: str) -> list[Row]:
    """What the catalogue of a server that runs or ran on a data folder answers, wherever that one is."""
    with opened(data, LiveServer.databases.get(data)).read() as tx:
        return tx.all(question)


def have(data: Path, statement: str) -> None:
    """Change the catalogue of such a server."""
    with opened(data, LiveServer.databases.get(data)).write() as tx:
        tx.run(statement)


def outbox_of(data: Path) -> SQLOutbox:
    """The outbox of a server that runs or ran on a data folder, wherever its catalogue is."""
    return SQLOutbox(opened(data, LiveServer.databases.get(data)))


def in_outbox(data: Path) -> set[str]:
    """The uploads that have to be passed on."""
    return {entry.upload_id for entry in outbox_of(data).all()}

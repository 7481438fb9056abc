"""SettingsStore in the catalogue: where all processes look already, on however many machines, and which a backup takes along. On
SQLite its file is the server's own (0600); on PostgreSQL whoever may read that database reads what is in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy import select

from app.core.ports.settings import KeptSettings
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, compiled, inserted, made_once, value
from app.storage.sql.setting_tables import settings

_THE_ROW = number(1)


class SQLSettings:
    """One row, and none before the first change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: sa.sql.ClauseElement) -> str:
            return compiled(statement, database.dialect)

        this = settings.c.id == _THE_ROW
        found = select(settings.c.version, settings.c.document, settings.c.logo).where(this)
        self._version = words(select(settings.c.version).where(this))
        self._load = words(found)
        self._lock = words(found.with_for_update())
        self._first = words(inserted(database, settings).on_conflict_do_nothing(index_elements=["id"]))
        self._put = words(
            settings.update()
            .where(this)
            .values(
                version=value("version", sa.BigInteger), document=value("document"), logo=value("logo", sa.LargeBinary)
            )
        )

    def version(self) -> int:
        row = self._database.look(self._version)
        return int(row[0]) if row else 0

    def load(self) -> KeptSettings:
        return _kept(self._database.look(self._load))

    def change(self, change: Callable[[KeptSettings], KeptSettings]) -> KeptSettings:
        with self._database.write() as tx:
            # So that there is a row to be locked: of two first changes one waits for the other.
            tx.run(self._first, id=1, version=0, document="{}", logo=None)
            before = _kept(tx.one(self._lock))
            after = replace(change(before), version=before.version + 1)
            document = json.dumps(dict(after.values), sort_keys=True, allow_nan=False)
            tx.run(self._put, version=after.version, document=document, logo=after.logo)
        self._database.sync()
        return after


def _kept(row: Row | None) -> KeptSettings:
    if row is None:
        return KeptSettings()
    version, document, logo = row
    return KeptSettings(json.loads(document), None if logo is None else bytes(logo), int(version))

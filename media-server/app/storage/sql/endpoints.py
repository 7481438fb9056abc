"""EndpointStore in the catalogue."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sqlalchemy import select

from app.core.messages import Endpoint, MessageKind
from app.storage.sql.database import Database, Row, compiled, inserted, is_id, made_once, value
from app.storage.sql.telling_tables import endpoints


class SQLEndpoints:
    """Endpoints, a row each: there are few of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        this = endpoints.c.id == value("id")
        documents = select(endpoints.c.document)
        self._all = words(documents.order_by(endpoints.c.created_at, endpoints.c.id))
        self._load = words(documents.where(this))
        self._lock = words(documents.where(this).with_for_update())
        self._add = words(inserted(database, endpoints).on_conflict_do_nothing(index_elements=["id"]))
        self._update = words(endpoints.update().values(document=value("document")).where(this))
        self._remove = words(endpoints.delete().where(this))

    def all(self) -> list[Endpoint]:
        with self._database.read() as tx:
            return [_endpoint(row) for row in tx.all(self._all)]

    def load(self, id: str) -> Endpoint | None:
        if not is_id(id):
            return None
        with self._database.read() as tx:
            row = tx.one(self._load, id=id)
        return _endpoint(row) if row else None

    def add(self, endpoint: Endpoint) -> None:
        with self._database.write() as tx:
            tx.run(self._add, id=endpoint.id, created_at=endpoint.created_at, document=_document(endpoint))
        self._database.sync()

    def update(self, id: str, change: Callable[[Endpoint], Endpoint]) -> Endpoint | None:
        if not is_id(id):
            return None
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._lock, id=id)
            if row is None:
                return None
            before = _endpoint(row)
            after = change(before)
            if after == before:
                return before
            tx.run(self._update, id=id, document=_document(after))
        self._database.sync()
        return after

    def remove(self, id: str) -> bool:
        if not is_id(id):
            return False
        with self._database.write(urgent=True) as tx:
            removed = tx.changed(self._remove, id=id) == 1
        self._database.sync()
        return removed


def _document(endpoint: Endpoint) -> str:
    return json.dumps(asdict(endpoint), allow_nan=False)


def _endpoint(row: Row) -> Endpoint:
    document = json.loads(row[0])
    # A kind that a later version knew is passed over.
    known = set(MessageKind)
    return Endpoint(**{**document, "kinds": tuple(MessageKind(each) for each in document["kinds"] if each in known)})

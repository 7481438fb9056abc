"""TemplateStore in the catalogue."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.errors import InvalidRequest
from app.core.kept_terms import document_of, terms_of
from app.core.templates import MAX_TEMPLATES, Template, name_is_taken
from app.storage.sql.database import Database, Row, Transaction, compiled, inserted, is_id, made_once, value
from app.storage.sql.setting_tables import templates

_COLUMNS = [templates.c.id, templates.c.name, templates.c.owner, templates.c.made_at, templates.c.document]
_MANY = f"There are {MAX_TEMPLATES} templates already. Delete one that nobody needs."


class SQLTemplates:
    """TemplateStore."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        this = templates.c.id == value("id")
        every = select(*_COLUMNS).order_by(templates.c.name, templates.c.id)
        self._all = words(every)
        self._some = words(every.where(database.among(templates.c.owner, "owners")))
        self._find = words(select(*_COLUMNS).where(this))
        owners = templates.c.owner == value("owner")
        self._named = words(select(templates.c.id).where(owners, templates.c.name == value("name", sa.Text)))
        self._count = words(select(sa.func.count()).select_from(templates).where(owners))
        self._add = words(inserted(database, templates))
        self._rename = words(templates.update().values(name=value("name", sa.Text)).where(this))
        self._remove = words(templates.delete().where(this))

    def all(self, owners: Collection[str] | None = None) -> list[Template]:
        with self._database.read() as tx:
            rows = (
                tx.all(self._all)
                if owners is None
                else tx.all(self._some, owners=self._database.listed(sorted(owners)))
            )
        return [_template(row) for row in rows]

    def find(self, id: str) -> Template | None:
        row = self._database.look(self._find, id=id) if is_id(id) else None
        return None if row is None else _template(row)

    def add(self, template: Template) -> None:
        with self._database.write() as tx:
            self._claim(tx, template.owner, template.name)
            row = tx.one(self._count, owner=template.owner)
            if row is not None and row[0] >= MAX_TEMPLATES:
                raise InvalidRequest(_MANY)
            document = json.dumps(document_of(template.terms), allow_nan=False)
            tx.run(
                self._add,
                id=template.id,
                owner=template.owner,
                name=template.name,
                made_at=template.made_at,
                document=document,
            )
        self._database.sync()

    def rename(self, id: str, name: str) -> None:
        with self._database.write() as tx:
            row = tx.one(self._find, id=id)
            if row is None:
                return
            if row[1] != name:
                self._claim(tx, row[2], name)
                tx.run(self._rename, id=id, name=name)
        self._database.sync()

    def remove(self, id: str) -> None:
        with self._database.write(urgent=True) as tx:
            tx.run(self._remove, id=id)
        self._database.sync()

    def _claim(self, tx: Transaction, owner: str, name: str) -> None:
        # Two that take one name in the same moment would both find it free.
        tx.alone("templates")
        if tx.one(self._named, owner=owner, name=name) is not None:
            raise name_is_taken()


def _template(row: Row) -> Template:
    return Template(row[0], row[1], row[2], row[3], terms_of(json.loads(row[4])))

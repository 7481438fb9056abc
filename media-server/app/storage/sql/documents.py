"""DocumentLists in the catalogue."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.ports.links import ListCursor
from app.core.search.documents import DocumentId, EntityId
from app.core.search.listing import DocumentState, ListedDocument, ListedEntity
from app.core.search.texts import Trouble
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, compiled, inserted, made_once, value
from app.storage.sql.schema import documents, links

_NAMES = tuple(ListedDocument.__slots__)
_COLUMNS = [documents.c[name] for name in _NAMES]
_STATE, _TROUBLE = _NAMES.index("state"), _NAMES.index("trouble")
_LAST = float("inf"), ""


class SQLDocumentLists:
    """A row a document."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        of_entity = documents.c.entity == value("entity")
        this = of_entity & (documents.c.document == value("document"))
        some = of_entity & database.among(documents.c.document, "ids")
        most = value("most", sa.Integer)
        insertion = inserted(database, documents, leave_out=["id"])
        self._add = words(insertion.on_conflict_do_nothing(index_elements=["entity", "document"]))
        self._remove = words(documents.delete().where(some))
        self._remove_all = words(documents.delete().where(of_entity))
        self._some = words(select(*_COLUMNS).where(some))
        noted = {name: value(name, documents.c[name].type) for name in ("state", "trouble", "attempts", "next_at")}
        self._note = words(documents.update().values(noted).where(this))
        self._due = words(
            select(*_COLUMNS)
            .where(documents.c.next_at <= value("now"))
            .order_by(documents.c.next_at, documents.c.id)
            .limit(most)
            .offset(number(0))
        )
        place = sa.tuple_(documents.c.at, documents.c.document)
        page = (
            select(*_COLUMNS)
            .where(of_entity, place < sa.tuple_(value("at", sa.Double), value("last", sa.Text)))
            .order_by(documents.c.at.desc(), documents.c.document.desc())
            .limit(most)
            .offset(number(0))
        )
        self._page = words(page)
        self._page_of_states = words(page.where(database.among(documents.c.state, "states")))
        self._of_link = words(select(sa.func.min(documents.c.entity)).where(documents.c.link == value("link")))
        came_by = select(sa.func.min(documents.c.entity)).where(documents.c.link == links.c.hash).scalar_subquery()
        self._of_owners = words(select(came_by).where(database.among(links.c.owner, "owners")))
        self._next_entity = words(select(sa.func.min(documents.c.entity)).where(documents.c.entity > value("after")))
        counted = select(documents.c.state, sa.func.count(), sa.func.min(documents.c.link))
        self._counts = words(counted.where(of_entity).group_by(documents.c.state))

    def add(self, documents: Sequence[ListedDocument]) -> None:
        if documents:
            with self._database.write() as tx:
                tx.many(self._add, [document_row(each) for each in documents])

    def remove(self, entity: EntityId, documents: Collection[DocumentId] | None = None) -> None:
        with self._database.write(urgent=True) as tx:
            if documents is None:
                tx.run(self._remove_all, entity=entity)
            else:
                tx.run(self._remove, entity=entity, ids=self._database.listed(documents))

    def some(self, entity: EntityId, documents: Iterable[DocumentId]) -> dict[DocumentId, ListedDocument]:
        with self._database.read() as tx:
            found = map(_document, tx.all(self._some, entity=entity, ids=self._database.listed(documents)))
            return {each.document: each for each in found}

    def note(
        self,
        entity: EntityId,
        document: DocumentId,
        state: DocumentState,
        trouble: Trouble | None = None,
        next_at: float | None = None,
        attempts: int = 0,
    ) -> bool:
        said = {"state": state.value, "trouble": trouble and trouble.value, "next_at": next_at, "attempts": attempts}
        with self._database.write(urgent=True) as tx:
            return tx.changed(self._note, entity=entity, document=document, **said) == 1

    def due(self, now: float, most: int) -> list[ListedDocument]:
        with self._database.read() as tx:
            return [_document(row) for row in tx.all(self._due, now=now, most=most)]

    def page(
        self,
        entity: EntityId,
        most: int,
        after: ListCursor | None = None,
        states: Collection[DocumentState] | None = None,
    ) -> list[ListedDocument]:
        at, last = after or _LAST
        asked = {"entity": entity, "at": at, "last": last, "most": most}
        query = self._page
        if states is not None:
            query, asked["states"] = self._page_of_states, self._database.listed(each.value for each in states)
        with self._database.read() as tx:
            return [_document(row) for row in tx.all(query, **asked)]

    def of_link(self, link: str) -> EntityId | None:
        with self._database.read() as tx:
            row = tx.one(self._of_link, link=link)
        return row[0] if row else None

    def of_owners(self, owners: Collection[str]) -> frozenset[EntityId]:
        with self._database.read() as tx:
            rows = tx.all(self._of_owners, owners=self._database.listed(owners))
        return frozenset(row[0] for row in rows if row[0] is not None)

    def entities(self, most: int, after: EntityId = "") -> list[ListedEntity]:
        found: list[ListedEntity] = []
        # From entity to entity, each found by the index: what else is known of documents is not looked at.
        while len(found) < most:
            with self._database.read() as tx:
                row = tx.one(self._next_entity, after=after)
            if row is None or row[0] is None:
                break
            after = row[0]
            entity = self.entity(after)
            found += [] if entity is None else [entity]
        return found

    def entity(self, entity: EntityId) -> ListedEntity | None:
        with self._database.read() as tx:
            rows = tx.all(self._counts, entity=entity)
        links = [row[2] for row in rows if row[2] is not None]
        states = {DocumentState(row[0]): row[1] for row in rows}
        return ListedEntity(entity, links[0] if links else None, states) if rows else None


def document_row(document: ListedDocument) -> dict[str, Any]:
    """A document as its row has it."""
    row = dict(zip(_NAMES, (getattr(document, name) for name in _NAMES), strict=True))
    return row | {"state": document.state.value, "trouble": document.trouble and document.trouble.value}


def _document(row: Row) -> ListedDocument:
    values = list(row)
    values[_STATE] = DocumentState(values[_STATE])
    values[_TROUBLE] = Trouble(values[_TROUBLE]) if values[_TROUBLE] else None
    return ListedDocument(*values)

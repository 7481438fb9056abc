"""AuditStore in the catalogue, and how the catalogue notes what it does itself."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import and_, or_, select

from app.core.actors import Actor, ActorKind
from app.core.audit import AuditRow, Erasure, Wanted, facts_text
from app.core.ports.audit import Place
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Query, Row, Transaction, compiled, inserted, made_once, shared, value
from app.storage.sql.owned import hashes_of
from app.storage.sql.schema import audit
from app.storage.sql.sought import holds, sought

BATCH = 1000
"""So many rows are removed, or looked through, in one transaction."""
_NEWEST: Place = (1e18, 2**62)
_COLUMNS = [
    audit.c.id,
    audit.c.at,
    audit.c.kind,
    audit.c.name,
    audit.c.address,
    audit.c.way,
    audit.c.act,
    audit.c.link,
    audit.c.upload,
    audit.c.facts,
]
_SEARCHED = (audit.c.name, audit.c.address, audit.c.link, audit.c.upload, audit.c.facts)


class AuditLog:
    """Writes rows in somebody's transaction."""

    def __init__(self, database: Database) -> None:
        self._insert = compiled(inserted(database, audit, leave_out=["id"]), database.dialect)

    def write(self, tx: Transaction, row: AuditRow, mark: int | None = None) -> None:
        tx.run(self._insert, **_values(row), mark=mark)


class _Shape(NamedTuple):
    """Which parts of ``Wanted`` are set: all of one shape are one statement."""

    kind: bool
    name: bool
    act: bool
    link: bool
    text: bool
    ascii: bool
    owners: bool


class SQLAudit:
    """AuditStore. Statements are made when one of their shape is asked for first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._log = shared(AuditLog, database)
        self._pages: dict[_Shape, Query] = {}
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        self._said = words(
            select(audit.c.id)
            .where(audit.c.mark == value("mark", sa.BigInteger), audit.c.at > value("since", sa.Double))
            .limit(number(1))
            .offset(number(0))
        )
        old = (
            select(audit.c.id)
            .where(audit.c.at < value("before", sa.Double))
            .order_by(audit.c.at)
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )
        self._prune = words(audit.delete().where(audit.c.id.in_(old)))
        self._some = words(
            select(*_COLUMNS)
            .where(audit.c.id > value("last", sa.BigInteger))
            .order_by(audit.c.id)
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )
        # What tells rows apart that say the same was made of the names, too.
        self._replace = words(
            audit.update()
            .values(
                name=value("name", sa.Text),
                address=value("address", sa.Text),
                facts=value("facts", sa.Text),
                mark=sa.null(),
            )
            .where(audit.c.id == value("row", sa.BigInteger))
        )

    def add(self, row: AuditRow, unless_within: float | None = None, *, urgent: bool = True) -> bool:
        mark = None if unless_within is None else _mark(row)
        with self._database.write(urgent=urgent) as tx:
            if unless_within is not None:
                # Two that say the same at once come one after the other.
                tx.alone(f"audit {mark}")
                if tx.one(self._said, mark=mark, since=row.at - unless_within) is not None:
                    return False
            self._log.write(tx, row, mark)
        return True

    def page(self, most: int, after: Place | None, wanted: Wanted) -> list[AuditRow]:
        shape = _Shape(
            kind=wanted.kind is not None,
            name=wanted.name is not None,
            act=wanted.act is not None,
            link=wanted.link is not None,
            text=bool(wanted.text),
            ascii=wanted.text.isascii(),
            owners=wanted.owners is not None,
        )
        query = self._pages.get(shape)
        if query is None:
            query = self._pages[shape] = compiled(self._page(shape), self._database.dialect)
        at, id = after or _NEWEST
        asked = {each: getattr(wanted, each) for each in ("kind", "name", "act", "link") if getattr(shape, each)}
        asked |= sought(self._database, wanted.text) if wanted.text else {}
        if wanted.owners is not None:
            asked["owners"] = self._database.listed(wanted.owners)
        since = -1.0 if wanted.since is None else wanted.since
        until = _NEWEST[0] if wanted.until is None else wanted.until
        with self._database.read() as tx:
            rows = tx.all(query, at=at, id=id, since=since, until=until, most=most, **asked)
        return [_row(each) for each in rows]

    def prune(self, before: float) -> int:
        pruned = 0
        while True:
            with self._database.write(urgent=True) as tx:
                found = tx.changed(self._prune, before=before, most=BATCH)
            pruned += found
            if found < BATCH:
                return pruned

    def erase(self, erasure: Erasure) -> int:
        erased, last = 0, 0
        while True:
            with self._database.read() as tx:
                rows = [_row(each) for each in tx.all(self._some, last=last, most=BATCH)]
            changed = [(row, without) for row in rows if (without := erasure.of(row)) != row]
            if changed:
                with self._database.write(urgent=True) as tx:
                    for row, without in changed:
                        tx.run(
                            self._replace,
                            row=row.id,
                            name=without.actor.name,
                            address=without.actor.address,
                            facts=facts_text(without.facts),
                        )
            erased += len(changed)
            if len(rows) < BATCH:
                self._database.sync()
                return erased
            last = rows[-1].id

    def _page(self, shape: _Shape) -> Any:
        conditions: list[Any] = [
            audit.c.at >= value("since", sa.Double),
            audit.c.at < value("until", sa.Double),
            sa.tuple_(audit.c.at, audit.c.id) < sa.tuple_(value("at", sa.Double), value("id", sa.BigInteger)),
        ]
        for name in ("kind", "name", "act", "link"):
            if getattr(shape, name):
                conditions.append(audit.c[name] == value(name, sa.Text))
        if shape.owners:
            conditions.append(audit.c.link.in_(hashes_of(self._database)))
        if shape.text:
            conditions.append(or_(*(holds(self._database, column, shape.ascii) for column in _SEARCHED)))
        return (
            select(*_COLUMNS)
            .where(and_(*conditions))
            .order_by(audit.c.at.desc(), audit.c.id.desc())
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )


def _values(row: AuditRow) -> dict[str, Any]:
    actor = row.actor
    return {
        "at": row.at,
        "kind": actor.kind.value,
        "name": actor.name,
        "address": actor.address,
        "way": actor.way,
        "act": str(row.act),
        "link": row.link,
        "upload": row.upload,
        "facts": facts_text(row.facts),
    }


def _row(row: Row) -> AuditRow:
    id, at, kind, name, address, way, act, link, upload, facts = row
    return AuditRow(at, Actor(ActorKind(kind), address, way, name), act, link, upload, json.loads(facts), id)


def _mark(row: AuditRow) -> int:
    """Eight bytes that stand for all that a row says but when."""
    said = _values(row)
    del said["at"]
    digest = hashlib.blake2b(json.dumps(sorted(said.items()), allow_nan=False).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)

"""CopyLists in the catalogue."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.file_lists import Copies, Copy
from app.storage.sql.columns import number
from app.storage.sql.database import Database, compiled, is_id, made_once, value
from app.storage.sql.links import check_hash
from app.storage.sql.schema import State, ledger, links

MOST_LOOKED_AT = 1000
"""Links that have the content: strangers may send one file to as many as they know."""


class SQLCopies:
    """CopyLists, by ``ledger_by_digest`` alone: from one link that has the content to the next, however often each has it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        self._digest = words(
            select(ledger.c.sha256, links.c.id)
            .join(links, links.c.id == ledger.c.link)
            # The state is looked at afterwards, as elsewhere: one upload is found by its own index.
            .where(links.c.hash == value("hash"), ledger.c.upload_id == value("upload", sa.Text))
        )
        found = _found()
        self._all = words(found)
        self._some = words(found.where(database.among(links.c.owner, "owners")))

    def elsewhere(self, hash: str, upload_id: str, most: int, owners: Collection[str] | None) -> Copies:
        check_hash(hash)
        with self._database.read() as tx:
            row = tx.one(self._digest, hash=hash, upload=upload_id) if is_id(upload_id) else None
            if row is None or row[0] is None:
                return Copies((), False)
            asked: dict[str, object] = {"sha256": row[0], "this": row[1], "most": most + 1}
            if owners is None:
                rows = tx.all(self._all, **asked)
            else:
                rows = tx.all(self._some, **asked, owners=self._database.listed(sorted(owners)))
        return Copies(tuple(Copy(*each) for each in rows[:most]), len(rows) > most)


def _found() -> Any:
    has = ledger.c.sha256 == value("sha256", sa.Text), ledger.c.state == number(State.RECEIVED)
    hop = select(sa.func.min(ledger.c.link).label("link")).where(*has).cte("hop", recursive=True)
    behind = select(sa.func.min(ledger.c.link)).where(*has, ledger.c.link > hop.c.link).scalar_subquery()
    hop = hop.union_all(select(behind).where(hop.c.link.is_not(None)))
    looked_at = select(hop.c.link).limit(number(MOST_LOOKED_AT)).offset(number(0)).subquery("looked_at")
    here = ledger.alias("here")
    first = (
        select(here.c.id)
        .where(
            here.c.sha256 == value("sha256", sa.Text),
            here.c.link == looked_at.c.link,
            here.c.state == number(State.RECEIVED),
        )
        .order_by(here.c.at, here.c.id)
        .limit(number(1))
        .offset(number(0))
        .scalar_subquery()
    )
    file = ledger.alias("file")
    return (
        select(links.c.hash, file.c.upload_id, file.c.path, file.c.at)
        .select_from(looked_at)
        .join(links, links.c.id == looked_at.c.link)
        .join(file, file.c.id == first)
        .where(looked_at.c.link != value("this", sa.BigInteger))
        .order_by(looked_at.c.link)
        .limit(value("most", sa.Integer))
        .offset(number(0))
    )

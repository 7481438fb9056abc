"""QuotaStore in the catalogue, and what it counts in the transactions of others.

A link says whether its owner has a quota (``links.metered``), so that those of all others cost nothing. Locks are taken in one order: links,
then the name ``quotas``, then the row of a quota. Whoever makes a link, gives it away or sets a quota has that name until the
end; whoever opens uploads has the link instead.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.actors import Actor
from app.core.audit import Act, AuditRow
from app.core.ports.guards import Clock
from app.core.quotas import Quota
from app.core.room import NAME_BYTES
from app.storage.sql.account_tables import quotas
from app.storage.sql.audit import AuditLog
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Transaction, compiled, inserted, shared, value
from app.storage.sql.schema import State, brought, folders, ledger, link_sums, links

LAPSED = sa.and_(ledger.c.state == number(State.OPEN), ledger.c.until <= value("now"))
"""Openings whose places others may have."""
FILE_WEIGHT = sa.case((ledger.c.size < number(NAME_BYTES), number(NAME_BYTES)), else_=ledger.c.size)
_weight = link_sums.c.coming_weight + link_sums.c.received_weight + link_sums.c.folders * number(NAME_BYTES)
_with_sums = links.join(link_sums, link_sums.c.link == links.c.id)


def lapsed_folder() -> Any:
    """Of a row of ``folders`` that does not exist yet: that no upload with a place will bring it."""
    with_place = (
        select(brought.c.mark)
        .join(ledger, sa.and_(ledger.c.link == brought.c.link, ledger.c.upload_id == brought.c.upload_id))
        .where(brought.c.link == folders.c.link, brought.c.mark == folders.c.mark, sa.not_(LAPSED))
    )
    return sa.not_(with_place.exists())


class QuotaStatements:
    """What is counted of links in somebody's transaction."""

    def __init__(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        this = quotas.c.owner == value("owner")
        link = links.c.id == value("link")
        self._lock = words(select(quotas.c.most, quotas.c.used).where(this).with_for_update())
        more = value("more", sa.BigInteger)
        self._add = words(quotas.update().values(used=quotas.c.used + more).where(this))
        self._weight = words(select(_weight, links.c.metered).select_from(_with_sums).where(link))
        self._meter = words(links.update().values(metered=value("metered", sa.Integer)).where(link))
        self._drop = words(quotas.delete().where(this))
        meter_all = links.update().values(metered=value("metered", sa.Integer)).where(links.c.owner == value("owner"))
        self._meter_all = words(meter_all)
        self._all_weight = words(
            select(sa.cast(sa.func.coalesce(sa.func.sum(_weight), number(0)), sa.BigInteger))
            .select_from(_with_sums)
            .where(links.c.owner == value("owner"))
        )
        others = sa.and_(links.c.owner == value("owner"), links.c.id != value("link"))
        lapsed = select(sa.cast(sa.func.coalesce(sa.func.sum(FILE_WEIGHT), number(0)), sa.BigInteger))
        self._lapsed = words(lapsed.select_from(links.join(ledger, ledger.c.link == links.c.id)).where(others, LAPSED))
        empty = sa.and_(folders.c.link == links.c.id, folders.c.kept == number(0), lapsed_folder())
        self._lapsed_folders = words(select(sa.func.count()).select_from(links.join(folders, empty)).where(others))
        put = inserted(database, quotas)
        self._put = words(
            put.on_conflict_do_update(
                index_elements=["owner"], set_={"most": put.excluded["most"], "used": put.excluded["used"]}
            )
        )

    def left(self, tx: Transaction, owner: str) -> int | None:
        """What the owner's links may still take together, which nobody else changes until the transaction ends; None for any amount."""
        row = tx.one(self._lock, owner=owner)
        return None if row is None else int(row[0] - row[1])

    def lapsed(self, tx: Transaction, owner: str, link: int, now: float) -> int:
        """What of that is only counted because senders to other links than this one have announced it and left. To be asked after
        ``left``, in the same transaction: nobody takes such a place anew meanwhile."""
        asked = {"owner": owner, "link": link, "now": now}
        weight, folders = tx.one(self._lapsed, **asked), tx.one(self._lapsed_folders, **asked)
        assert weight is not None
        assert folders is not None
        return int(weight[0]) + int(folders[0]) * NAME_BYTES

    def add(self, tx: Transaction, owner: str, more: int) -> None:
        if more:
            tx.run(self._add, owner=owner, more=more)

    def moved(self, tx: Transaction, link: int, before: str | None, after: str | None) -> None:
        """Count a link, locked or new, for whose it is now: ``before`` is None for a new one, ``after`` for one that goes."""
        tx.alone("quotas")
        row = tx.one(self._weight, link=link)
        weight, metered = (int(row[0]), bool(row[1])) if row else (0, False)
        # In one order, as two may go opposite ways.
        counted = sorted(each for each in ((before, -weight), (after, weight)) if each[0] is not None)
        has = {owner: self.left(tx, owner) is not None for owner, _ in counted if owner is not None}
        for owner, more in counted:
            if owner is not None and has[owner] and (metered or more > 0):
                self.add(tx, owner, more)
        if after is not None and has[after] is not metered:
            tx.run(self._meter, link=link, metered=int(has[after]))

    def set(self, tx: Transaction, owner: str, most: int) -> int | None:
        """Have a quota, or none for 0; what is used of it."""
        metered = int(most > 0)
        # Twice: first whoever is at one of the links ends, and then come those links that were made or given meanwhile.
        tx.run(self._meter_all, owner=owner, metered=metered)
        tx.alone("quotas")
        tx.run(self._meter_all, owner=owner, metered=metered)
        if not most:
            tx.run(self._drop, owner=owner)
            return None
        row = tx.one(self._all_weight, owner=owner)
        used = int(row[0]) if row else 0
        tx.run(self._put, owner=owner, most=most, used=used)
        return used


class SQLQuotas:
    """QuotaStore."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._statements = shared(QuotaStatements, database)
        self._audit = shared(AuditLog, database)
        every = select(quotas.c.owner, quotas.c.most, quotas.c.used).order_by(quotas.c.owner)
        self._all = compiled(every, database.dialect)
        self._some = compiled(every.where(database.among(quotas.c.owner, "owners")), database.dialect)

    def all(self, owners: Collection[str] | None = None) -> list[Quota]:
        with self._database.read() as tx:
            rows = (
                tx.all(self._all)
                if owners is None
                else tx.all(self._some, owners=self._database.listed(sorted(owners)))
            )
        return [Quota(*row) for row in rows]

    def set(self, owner: str, most: int, by: Actor) -> Quota | None:
        with self._database.write(urgent=True) as tx:
            used = self._statements.set(tx, owner, most)
            facts = {"account": owner.removeprefix("account:"), "quota": most}
            self._audit.write(tx, AuditRow(self._clock(), by, Act.ACCOUNT_CHANGED, None, None, facts))
        self._database.sync()
        return None if used is None else Quota(owner, most, used)

"""The list of links: statements for each order and each choice, all of which walk an index and stop at the end of a page."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, or_, select

from app.core.due import SOON_SECONDS
from app.core.room import NAME_BYTES
from app.core.standing import LinkFilter, LinkOrder, LinkSort, People, Standing
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Query, Row, compiled, value
from app.storage.sql.schema import link_sums, links, seen

COUNTS = [link_sums.c.received, link_sums.c.received_bytes, link_sums.c.received_weight, link_sums.c.open]
WITH_SUMS = links.join(link_sums, link_sums.c.link == links.c.id)
_BY: dict[LinkSort, Any] = {
    LinkSort.CREATED: links.c.created_at,
    LinkSort.LAST_RECEIVED: link_sums.c.last_received_at,
    LinkSort.TITLE: links.c.sorted_name,
    LinkSort.EXPIRES: links.c.ends_at,
    LinkSort.DUE: links.c.due_at,
}

_ACTIVE = links.c.active == number(1)
_LASTS = or_(links.c.expires_at.is_(None), links.c.expires_at > value("now", sa.Double))
_OPEN_NOW = and_(_ACTIVE, _LASTS)
_FULL = or_(
    and_(links.c.max_files > number(0), link_sums.c.received + link_sums.c.open >= links.c.max_files),
    and_(links.c.max_total_size > number(0), link_sums.c.received_weight + number(NAME_BYTES) > links.c.max_total_size),
)
# As core.due has it.
_AWAITED = and_(_OPEN_NOW, links.c.finished == number(0))
# Added to, as SQLite would else go by an index on it in every order, and sort what it finds.
_DUE_AT = links.c.due_at + number(0)
_NOW = value("now", sa.Double)
_UNSEEN = link_sums.c.received - sa.func.coalesce(seen.c.files, number(0))
_ONLY: dict[LinkFilter, Any] = {
    LinkFilter.DUE: and_(_AWAITED, _DUE_AT > _NOW, _NOW + number(SOON_SECONDS) >= _DUE_AT),
    LinkFilter.LATE: and_(_AWAITED, _DUE_AT <= _NOW),
    # Added to like the above.
    LinkFilter.NOT_BEGUN: and_(
        _ACTIVE, link_sums.c.last_received_at + number(0) == number(0), link_sums.c.open == number(0)
    ),
    LinkFilter.NEW: number(0) < _UNSEEN,
    LinkFilter.OPEN: and_(_OPEN_NOW, sa.not_(_FULL)),
    LinkFilter.FULL: and_(_OPEN_NOW, _FULL),
    LinkFilter.EXPIRED: and_(_ACTIVE, sa.not_(_LASTS)),
    LinkFilter.CLOSED: links.c.active == number(0),
}
_STANDING = [
    *COUNTS,
    link_sums.c.arrivals,
    _UNSEEN.label("unseen"),
    seen.c.taken_until,
    link_sums.c.last_received_at,
    link_sums.c.last_sender,
    links.c.sorted_name,
    links.c.finished,
    links.c.steps_done,
    links.c.people_waited,
    links.c.people_begun,
    links.c.people_finished,
]
HEAD = 1
"""Before how a link stands its document is told."""
OWN = HEAD + len(COUNTS)
"""Behind what is counted of a link comes what its list tells besides."""


class ListStatements:
    """Statements for pages, made when they are first wanted, and for one link."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dialect = database.dialect
        self.page = cache(self._page)
        self.one = compiled(self._found().where(links.c.hash == value("hash")), self._dialect)

    def _found(self) -> Any:
        looked = and_(seen.c.link == links.c.id, seen.c.viewer == value("viewer", sa.Text))
        return select(links.c.document, *_STANDING).select_from(WITH_SUMS.outerjoin(seen, looked))

    def _page(self, order: LinkOrder, only: LinkFilter | None, active: bool | None, some_owners: bool = False) -> Query:
        by = _BY[order.by]
        # That of the table whose index this walks.
        last = by.table.c.hash
        here = sa.tuple_(by, last)
        there = sa.tuple_(value("at", by.type), value("hash", sa.Text))
        behind = here < there if order.descending else here > there
        found = self._found().where(behind)
        if only is not None:
            found = found.where(_ONLY[only])
        if some_owners:
            found = found.where(self._database.among(links.c.owner, "owners"))
        if active is not None:
            found = found.where(_OPEN_NOW if active else sa.not_(_OPEN_NOW))
        sorted_by = [each.desc() if order.descending else each.asc() for each in (by, last)]
        return compiled(
            found.order_by(*sorted_by).limit(value("most", sa.Integer)).offset(number(0)),
            self._dialect,
        )


def beginning(order: LinkOrder) -> tuple[float | str, str]:
    """Where the first page begins."""
    if order.by is LinkSort.TITLE:
        return ("\U0010ffff" if order.descending else ""), ""
    return float("inf" if order.descending else "-inf"), ""


def standing_of(row: Row) -> Standing:
    """How a link stands, of a row that begins with its document."""
    arrivals, new, taken, at, sender, name, finished, steps, *people = row[OWN:]
    counts: tuple[int, int, int, int] = row[HEAD:OWN]
    last, done = (at or None, sender), (bool(finished), steps)
    return Standing(*counts, arrivals, new, *last, name, *done, People(*people), taken)

"""The half of RequestStore that is about links: made, found, changed, listed, deleted."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.actors import THE_OWNER, Actor, actor_named
from app.core.audit import Act
from app.core.due import next_reminder
from app.core.errors import InvalidRequest, RequestNotFound
from app.core.events import EventKind
from app.core.links import Counts, RequestLink, link_document, link_of
from app.core.ports.guards import Clock
from app.core.ports.links import ListCursor
from app.core.standing import (
    NEWEST_FIRST,
    LinkFilter,
    LinkOrder,
    Place,
    Standing,
    due_at,
    ends_at,
    place_of,
    sorted_name,
)
from app.core.terms import Terms, changed_terms
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, Transaction, compiled, filled, inserted, shared, value
from app.storage.sql.events import BATCH, EventLog
from app.storage.sql.listing import COUNTS, WITH_SUMS, ListStatements, beginning, standing_of
from app.storage.sql.quotas import QuotaStatements
from app.storage.sql.schema import brought, doomed, folders, ledger, link_sums, links, logos, parties, party_items, seen
from app.storage.sql.share_tables import share_visits, shares
from app.storage.sql.telling_tables import invited

MAX_LINKS_REMEMBERED = 256
"""Links that a process remembers, as they are asked for with every request and hardly ever changed."""
PAGE = 500
"""Links that are read at once where all are gone through."""

FIRST: ListCursor = (float("inf"), "")

# Hashes come out of addresses.
TAKEN = "Another link has this readable address. Take another one, or take it away there first."
_HASH = re.compile(r"[A-Za-z0-9_-]{16,64}")
_TERMS = [
    links.c.alias,
    links.c.owner,
    links.c.active,
    links.c.expires_at,
    links.c.ends_at,
    links.c.max_files,
    links.c.max_total_size,
    links.c.sorted_name,
    links.c.due_at,
    links.c.document,
]
PROGRESS = ("steps_done", "people_waited", "people_begun", "people_finished")
_UNUSED = dict.fromkeys(
    (each.name for each in link_sums.columns if each.name not in ("link", "hash", "last_sender")), 0
)
_FRESH = {"finished": 0, "version": 0, "remind_at": None, "metered": 0, **dict.fromkeys(PROGRESS, 0)}


class LinkStatements:
    """Statements about links."""

    def __init__(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        this = links.c.hash == value("hash")
        self.create = words(inserted(database, links, leave_out=["id"]))
        self.begin = words(inserted(database, link_sums))
        self.id = words(select(links.c.id).where(this))
        self.load = words(select(links.c.version, links.c.document).where(this))
        self.aliased = words(select(links.c.hash).where(links.c.alias == value("alias")))
        self.lock = words(select(links.c.id, links.c.document).where(this).with_for_update())
        self.change = words(
            links.update()
            .values(**filled(_TERMS), version=links.c.version + number(1))
            .where(links.c.id == value("link"))
        )
        self.remind = words(links.update().values(remind_at=value("at", sa.Double)).where(links.c.id == value("link")))
        finished, steps = value("finished", sa.Integer), value("steps_done", sa.Integer)
        another = sa.or_(links.c.finished != finished, links.c.steps_done != steps)
        self.finish = words(links.update().values(finished=finished, steps_done=steps).where(this, another))
        self.counts = words(select(*COUNTS).select_from(WITH_SUMS).where(this))
        sums = [links.c[each] for each in ("version", "finished", *PROGRESS)]
        sums += [link_sums.c[each] for each in ("open", "announced", "received", "removed", "gone", "arrivals")]
        self.moved = words(
            select(
                sa.func.count(),
                sa.func.max(links.c.id),
                sa.func.max(link_sums.c.last_received_at),
                *(sa.cast(sa.func.sum(each), sa.BigInteger) for each in sums),
            )
            .select_from(WITH_SUMS)
            .where(database.among(links.c.owner, "owners"))
        )
        self.received = words(select(sa.func.sum(link_sums.c.received_bytes)))
        self.delete = words(links.delete().where(links.c.id == value("link")))
        self.drop_sums = words(link_sums.delete().where(link_sums.c.link == value("link")))
        self.doom = words(inserted(database, doomed))
        self.doomed = words(select(doomed.c.link).limit(number(1)).offset(number(0)))
        self.clear_some = [words(_some_of(table)) for table in (ledger, party_items)]
        # Nobody finds a share whose link is gone, so what is left of it here is in nobody's way.
        rest = (brought, folders, seen, invited, parties, logos, share_visits, shares, doomed)
        self.clear_rest = [words(table.delete().where(table.c.link == value("link"))) for table in rest]


class SQLLinks:
    """Links in the catalogue."""

    def __init__(
        self, database: Database, *, clock: Clock = time.time, happened: Callable[[], None] = lambda: None
    ) -> None:
        """``happened`` is called whenever there are new events."""
        self._database = database
        self._happened = happened
        self._clock = clock
        self._links = shared(LinkStatements, database)
        self._lists = ListStatements(database)
        self._events = EventLog(database, clock)
        self._quotas = shared(QuotaStatements, database)
        self._remembered: dict[str, tuple[int, RequestLink]] = {}

    def create(self, link: RequestLink, by: Actor | None = None) -> None:
        check_hash(link.hash)
        made: dict[str, Any] = {
            "folder": str(link.folder),
            "title": link.terms.title or None,
            "set": changed_terms(Terms(), link.terms),
        }
        with self._database.write() as tx:
            self._check_alias(tx, link)
            self._put(tx, link, next_reminder(link.terms, self._clock()))
            row = tx.one(self._links.lock, hash=link.hash)
            assert row is not None
            self._quotas.moved(tx, row[0], None, link.owner)
            self._events.write(
                tx, EventKind.LINK_MADE, link.hash, by or actor_named(link.owner), act=Act.LINK_MADE, **made
            )
        self._database.sync()
        self._happened()

    def adopt(self, link: RequestLink) -> None:
        """Put in a link that was made before there was a catalogue. Waits for no disk, and nobody is told."""
        with self._database.write() as tx:
            self._put(tx, link)

    def load(self, hash: str) -> RequestLink:
        # With every chunk, so what is done here is done in few calls.
        known = self._remembered.get(hash)
        if known is None:
            check_hash(hash)
        row = self._database.look(self._links.load, hash=hash)
        if row is None:
            raise RequestNotFound()
        return known[1] if known is not None and known[0] == row[0] else self._remember(hash, row)

    def update(self, hash: str, change: Callable[[RequestLink], RequestLink], actor: Actor) -> RequestLink:
        check_hash(hash)
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._links.lock, hash=hash)
            if row is None:
                raise RequestNotFound()
            before = link_of(json.loads(row[1]))
            link = change(before)
            if link != before:
                self._check_alias(tx, link)
                tx.run(self._links.change, link=row[0], **_terms(link))
                if link.owner != before.owner:
                    self._quotas.moved(tx, row[0], before.owner, link.owner)
                if _reminds(link) != _reminds(before):
                    tx.run(self._links.remind, link=row[0], at=next_reminder(link.terms, self._clock()))
                closed = before.terms.active and not link.terms.active
                reopened = link.terms.active and not before.terms.active
                self._events.write(
                    tx,
                    EventKind.LINK_CLOSED if closed else EventKind.LINK_CHANGED,
                    hash,
                    actor,
                    act=Act.LINK_CLOSED if closed else Act.LINK_REOPENED if reopened else Act.LINK_CHANGED,
                    title=link.terms.title or None,
                    folder=str(link.folder),
                    changed=[
                        *changed_terms(before.terms, link.terms),
                        *(name for name in ("logo", "owner") if getattr(link, name) != getattr(before, name)),
                    ],
                    owner=link.owner if link.owner != before.owner else None,
                )
        self._database.sync()
        self._happened()
        return link

    def aliased(self, alias: str) -> str:
        row = self._database.look(self._links.aliased, alias=alias)
        if row is None:
            raise RequestNotFound()
        return str(row[0])

    def _check_alias(self, tx: Transaction, link: RequestLink) -> None:
        if not link.terms.alias:
            return
        # Two that take one word in the same moment would both find it free.
        tx.alone("aliases")
        row = tx.one(self._links.aliased, alias=link.terms.alias)
        if row is not None and row[0] != link.hash:
            raise InvalidRequest(TAKEN, fields={"alias": TAKEN})

    def counts(self, hash: str) -> Counts:
        check_hash(hash)
        row = self._database.look(self._links.counts, hash=hash)
        if row is None:
            raise RequestNotFound()
        return Counts(*row)

    def note_finished(self, hash: str, finished: bool, steps_done: int = 0) -> None:
        check_hash(hash)
        with self._database.write() as tx:
            tx.run(self._links.finish, hash=hash, finished=int(finished), steps_done=steps_done)

    def page(
        self,
        most: int,
        *,
        after: Place | None = None,
        active: bool | None = None,
        now: float = 0.0,
        order: LinkOrder = NEWEST_FIRST,
        only: LinkFilter | None = None,
        viewer: str = THE_OWNER,
        owners: Collection[str] | None = None,
    ) -> list[tuple[RequestLink, Standing]]:
        at, hash = after or beginning(order)
        asked: dict[str, object] = {"at": at, "hash": hash, "most": most, "viewer": viewer, "now": now}
        query = self._lists.page(order, only, active, owners is not None)
        if owners is not None:
            asked["owners"] = self._database.listed(owners)
        with self._database.read() as tx:
            rows = tx.all(query, **asked)
        return [(link_of(json.loads(row[0])), standing_of(row)) for row in rows]

    def moved(self, owners: Collection[str]) -> int:
        row = self._database.look(self._links.moved, owners=self._database.listed(owners))
        # 48 bits, which every reader of JSON counts exactly.
        return int.from_bytes(hashlib.blake2b(repr(tuple(row or ())).encode(), digest_size=6).digest(), "big")

    def standing(self, hash: str, viewer: str = THE_OWNER) -> tuple[RequestLink, Standing]:
        check_hash(hash)
        row = self._database.look(self._lists.one, hash=hash, viewer=viewer)
        if row is None:
            raise RequestNotFound()
        return link_of(json.loads(row[0])), standing_of(row)

    def all(self) -> list[RequestLink]:
        return list(self._each())

    def bytes_received(self) -> int:
        row = self._database.look(self._links.received)
        return int(row[0] or 0) if row else 0

    def delete(self, hash: str, actor: Actor) -> None:
        check_hash(hash)
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._links.lock, hash=hash)
            if row is None:
                return
            link = link_of(json.loads(row[1]))
            self._quotas.moved(tx, row[0], link.owner, None)
            # What was noted of a link may be a million rows: they are removed by whoever is told, piece by piece.
            tx.run(self._links.delete, link=row[0])
            tx.run(self._links.drop_sums, link=row[0])
            tx.run(self._links.doom, link=row[0])
            self._events.write(
                tx,
                EventKind.LINK_DELETED,
                hash,
                actor,
                act=Act.LINK_DELETED,
                title=link.terms.title or None,
                folder=str(link.folder),
            )
        self._database.sync()
        self._happened()

    def clear_deleted(self) -> None:
        while True:
            with self._database.write() as tx:
                row = tx.one(self._links.doomed)
                if row is None:
                    return
                if all(tx.changed(words, link=row[0], most=BATCH) < BATCH for words in self._links.clear_some):
                    for words in self._links.clear_rest:
                        tx.run(words, link=row[0])

    def _loaded(self, tx: Transaction, hash: str, version: int) -> RequestLink:
        """The link, read only where another ``version`` than that is remembered. Raises RequestNotFound."""
        known = self._remembered.get(hash)
        if known is not None and known[0] == version:
            return known[1]
        row = tx.one(self._links.load, hash=hash)
        if row is None:
            raise RequestNotFound()
        return self._remember(hash, row)

    def _remember(self, hash: str, row: Row) -> RequestLink:
        """The link of a row that has its version and its document."""
        link = link_of(json.loads(row[1]))
        if len(self._remembered) >= MAX_LINKS_REMEMBERED:
            self._remembered.clear()
        self._remembered[hash] = row[0], link
        return link

    def _put(self, tx: Transaction, link: RequestLink, remind_at: float | None = None) -> None:
        fresh = _FRESH | {"remind_at": remind_at}
        tx.run(self._links.create, hash=link.hash, created_at=link.created_at, **_terms(link), **fresh)
        row = tx.one(self._links.id, hash=link.hash)
        assert row is not None
        tx.run(self._links.begin, link=row[0], hash=link.hash, last_sender=None, **_UNUSED)

    def _each(self) -> Iterator[RequestLink]:
        """Every link, newest first, read piece by piece."""
        after: Place | None = None
        while found := self.page(PAGE, after=after):
            for link, _ in found:
                yield link
            after = place_of(*found[-1], NEWEST_FIRST.by)


def _some_of(table: sa.Table) -> Any:
    """Some rows of the link ``:link``, which has very many."""
    of_link = select(table.c.id).where(table.c.link == value("link"))
    return table.delete().where(table.c.id.in_(of_link.limit(value("most", sa.Integer)).offset(number(0))))


def check_hash(hash: str) -> None:
    """Return where a link may have this hash. Raises RequestNotFound."""
    if _HASH.fullmatch(hash) is None:
        raise RequestNotFound()


def _reminds(link: RequestLink) -> tuple[float | None, tuple[int, ...]]:
    return link.terms.due_at, link.terms.reminders


def _terms(link: RequestLink) -> dict[str, Any]:
    return {
        "alias": link.terms.alias or None,
        "owner": link.owner,
        "active": int(link.terms.active),
        "expires_at": link.terms.expires_at,
        "ends_at": ends_at(link),
        "max_files": link.terms.max_files,
        "max_total_size": link.terms.max_total_size,
        "sorted_name": sorted_name(link),
        "due_at": due_at(link),
        "document": json.dumps(link_document(link), allow_nan=False),
    }


def link_columns(link: RequestLink) -> dict[str, Any]:
    """What stands in the columns of a link that change with it, for whoever changes many at once."""
    return _terms(link)

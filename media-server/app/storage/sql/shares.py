"""ShareStore in the catalogue: a row for each share, and one for each client that is downloading."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.actors import Actor
from app.core.audit import Act, AuditRow
from app.core.errors import RequestNotFound
from app.core.ports.guards import Clock
from app.core.ports.shares import Full
from app.core.shares import Share, Visit
from app.storage.sql.audit import AuditLog
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, Transaction, compiled, inserted, shared, value
from app.storage.sql.links import check_hash
from app.storage.sql.schema import links
from app.storage.sql.share_tables import share_visits, shares

_HASH = re.compile(r"[A-Za-z0-9_-]{16,64}")
_KEPT = ("made_by", "title", "sharer", "password_hash")
_COLUMNS = [
    shares.c.id,
    shares.c.hash,
    links.c.hash,
    shares.c.created_at,
    shares.c.expires_at,
    shares.c.max_downloads,
    shares.c.downloads,
    shares.c.document,
    shares.c.files,
    shares.c.link,
]


class _Statements:
    def __init__(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        # Joined with its link: once that is deleted, there is no share of it.
        joined = select(*_COLUMNS).join(links, links.c.id == shares.c.link)
        this = shares.c.hash == value("hash")
        by_id = shares.c.id == value("id")
        self.link = words(select(links.c.id).where(links.c.hash == value("link")))
        self.add = words(inserted(database, shares, leave_out=["id"]))
        self.load = words(joined.where(this))
        self.lock = words(joined.where(this).with_for_update(of=shares))
        self.of_link = words(
            joined.where(links.c.hash == value("link"))
            .order_by(shares.c.created_at.desc(), shares.c.hash.desc())
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )
        changed = {
            "expires_at": value("expires_at", sa.Double),
            "max_downloads": value("max_downloads", sa.BigInteger),
            "document": value("document", sa.Text),
        }
        self.change = words(shares.update().values(changed).where(by_id))
        self.count = words(shares.update().values(downloads=shares.c.downloads + number(1)).where(by_id))
        self.remove = words(shares.delete().where(by_id))
        of_share = share_visits.c.share == value("id")
        self.leave = words(share_visits.delete().where(of_share))
        self.tidy = words(share_visits.delete().where(of_share, share_visits.c.until <= value("now", sa.Double)))
        self.visit = words(
            select(share_visits.c.until, share_visits.c.held_until, share_visits.c.counted, share_visits.c.sent).where(
                of_share, share_visits.c.client == value("client")
            )
        )
        self.going_on = words(
            select(sa.func.count())
            .select_from(share_visits)
            .where(of_share, share_visits.c.counted == number(0), share_visits.c.held_until > value("now", sa.Double))
        )
        put = inserted(database, share_visits)
        kept = {name: put.excluded[name] for name in ("until", "held_until", "counted", "sent")}
        self.put = words(put.on_conflict_do_update(index_elements=["share", "client"], set_=kept))


class SQLShares:
    """ShareStore. ``durable`` waits for the disk before a download is acknowledged as counted."""

    def __init__(self, database: Database, *, clock: Clock, durable: bool = True) -> None:
        self._database = database
        self._clock = clock
        self._durable = durable
        self._sql = shared(_Statements, database)
        self._audit = shared(AuditLog, database)

    def add(self, share: Share, by: Actor) -> None:
        check_hash(share.link)
        with self._database.write() as tx:
            row = tx.one(self._sql.link, link=share.link)
            if row is None:
                raise RequestNotFound()
            tx.run(
                self._sql.add,
                hash=share.hash,
                link=row[0],
                created_at=share.created_at,
                expires_at=share.expires_at,
                max_downloads=share.max_downloads,
                downloads=0,
                document=_document(share),
                files=None if share.upload_ids is None else json.dumps(share.upload_ids, allow_nan=False),
            )
            self._note(tx, Act.SHARE_MADE, share, by)
        self._database.sync()

    def load(self, hash: str) -> Share | None:
        if _HASH.fullmatch(hash) is None:
            return None
        row = self._database.look(self._sql.load, hash=hash)
        return _share(row) if row else None

    def of_link(self, link: str, most: int) -> list[Share]:
        check_hash(link)
        with self._database.read() as tx:
            if tx.one(self._sql.link, link=link) is None:
                raise RequestNotFound()
            return [_share(row) for row in tx.all(self._sql.of_link, link=link, most=most)]

    def change(self, hash: str, change: Callable[[Share], Share], by: Actor) -> Share | None:
        if _HASH.fullmatch(hash) is None:
            return None
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._sql.lock, hash=hash)
            if row is None:
                return None
            before = _share(row)
            after = change(before)
            if after != before:
                tx.run(
                    self._sql.change,
                    id=row[0],
                    expires_at=after.expires_at,
                    max_downloads=after.max_downloads,
                    document=_document(after),
                )
                self._note(tx, Act.SHARE_CHANGED, after, by)
        self._database.sync()
        return after

    def remove(self, hash: str, by: Actor) -> bool:
        if _HASH.fullmatch(hash) is None:
            return False
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._sql.lock, hash=hash)
            if row is None:
                return False
            tx.run(self._sql.leave, id=row[0])
            tx.run(self._sql.remove, id=row[0])
            self._note(tx, Act.SHARE_REMOVED, _share(row), by)
        self._database.sync()
        return True

    def begin(self, hash: str, client: str, now: float) -> Visit | Full | None:
        with self._database.write() as tx:
            row = tx.one(self._sql.lock, hash=hash)
            if row is None:
                return None
            share, id = _share(row), row[0]
            tx.run(self._sql.tidy, id=id, now=now)
            visit = self._visit(tx, id, hash, client)
            has_place = visit is not None and (visit.counted or visit.held_until > now)
            if not has_place and share.max_downloads:
                going_on = tx.one(self._sql.going_on, id=id, now=now)
                assert going_on is not None
                if share.downloads >= share.max_downloads:
                    return Full.USED_UP
                if share.downloads + going_on[0] >= share.max_downloads:
                    return Full.TAKEN
            visit = (visit or Visit(now)).after("", 0, 1, now)
            self._put(tx, row, client, visit)
            return visit

    def sent(self, hash: str, client: str, item: str, sent: int, size: int, now: float) -> Visit | None:
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._sql.lock, hash=hash)
            if row is None:
                return None
            before = self._visit(tx, row[0], hash, client)
            if before is not None and before.until <= now:
                before = None
            visit = (before or Visit(now)).after(item, sent, size, now)
            self._put(tx, row, client, visit)
            if before is not None and before.counted:
                return None
            if visit.counted:
                tx.run(self._sql.count, id=row[0])
        if visit.counted and self._durable:
            self._database.sync()
        return visit

    def _visit(self, tx: Transaction, id: int, hash: str, client: str) -> Visit | None:
        row = tx.one(self._sql.visit, id=id, client=_client(hash, client))
        return None if row is None else Visit(row[0], row[1], bool(row[2]), json.loads(row[3]))

    def _put(self, tx: Transaction, share: Row, client: str, visit: Visit) -> None:
        tx.run(
            self._sql.put,
            share=share[0],
            client=_client(share[1], client),
            link=share[-1],
            until=visit.until,
            held_until=visit.held_until,
            counted=int(visit.counted),
            sent=json.dumps(visit.sent, allow_nan=False),
        )

    def _note(self, tx: Transaction, act: Act, share: Share, by: Actor) -> None:
        facts = {"title": share.title or None, "files": None if share.upload_ids is None else len(share.upload_ids)}
        self._audit.write(tx, AuditRow(self._clock(), by, act, share.link, None, facts))


def _client(hash: str, client: str) -> bytes:
    """What stands for a client, so that no address is kept."""
    return hashlib.sha256(f"{hash} {client}".encode()).digest()


def _document(share: Share) -> str:
    return json.dumps({name: getattr(share, name) for name in _KEPT}, allow_nan=False)


def _share(row: Row) -> Share:
    _, hash, link, created_at, expires_at, max_downloads, downloads, document, files, _ = row
    blank = Share(
        hash=hash,
        link=link,
        created_at=created_at,
        made_by="",
        upload_ids=None if files is None else tuple(json.loads(files)),
        expires_at=expires_at,
        max_downloads=max_downloads,
        downloads=downloads,
    )
    return replace(blank, **json.loads(document))

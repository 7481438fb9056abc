"""FileLists in the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import and_, select

from app.core.checklists import UNKNOWN
from app.core.errors import RequestNotFound
from app.core.file_lists import Choice, Found, Order, Place, SenderFiles, Sort
from app.core.links import ReceivedFile
from app.core.types import EXTENSIONS_OF, FileKind
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Query, Transaction, compiled, is_id, made_once, value
from app.storage.sql.file_rows import FILE, file_of
from app.storage.sql.links import check_hash
from app.storage.sql.schema import State, ledger, link_sums, links
from app.storage.sql.sought import ending, folded, holds, sought

EVER = -1.0
"""Before every file."""


class _Shape(NamedTuple):
    """Which parts of a choice are set: choices of one shape are one statement."""

    text: bool
    ascii: bool
    sender: bool
    known: bool
    kind: bool
    other: bool
    until: bool
    item: bool | None
    """True for one, false for none."""
    party: bool | None
    repeated: bool


def _shape(choice: Choice) -> _Shape:
    return _Shape(
        text=bool(choice.text),
        ascii=choice.text.isascii(),
        sender=choice.sender is not None,
        known=bool(choice.sender),
        kind=choice.kind is not None,
        other=choice.kind is FileKind.OTHER,
        until=choice.until is not None,
        item=None if choice.item is None else bool(choice.item),
        party=None if choice.party is None else choice.party != UNKNOWN,
        repeated=choice.repeated,
    )


_other = ledger.alias("other")


def _is_copy() -> Any:
    """That the other row is another received file of the same link with the same content. It fixes all that its index begins with."""
    return and_(
        _other.c.sha256 == ledger.c.sha256,
        _other.c.link == ledger.c.link,
        _other.c.state == number(State.RECEIVED),
        _other.c.id != ledger.c.id,
    )


def _exists_copy(*also: Any) -> Any:
    return select(number(1)).where(_is_copy(), *also).correlate(ledger).exists()


class SQLFileLists:
    """FileLists. Statements are made when one of their shape is asked for first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._made: dict[Any, Query] = {}
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        # The time is always bounded: without that SQLite goes by another index, in whose order the rows lie all over the file, and
        # takes five times as long.
        self._received = and_(
            ledger.c.link == value("link"),
            ledger.c.state == number(State.RECEIVED),
            ledger.c.at > value("since", sa.Double),
        )
        sender = sa.func.coalesce(ledger.c.sender_name, ledger.c.sender_email, sa.literal_column("''"))
        self._keys = {
            Sort.RECEIVED: (None, sa.Double),
            Sort.NAME: (folded(database, ledger.c.path), sa.Text),
            Sort.SIZE: (ledger.c.size, sa.BigInteger),
            Sort.SENDER: (folded(database, sender), sa.Text),
        }
        other = _other.c.path
        first = select(other).where(_is_copy()).order_by(_other.c.at, _other.c.id).limit(number(1)).offset(number(0))
        same = first.correlate(ledger).scalar_subquery()
        self._same = compiled(
            # The state is looked at here, not asked for: else SQLite goes through all that the link has received.
            select(ledger.c.upload_id, same, ledger.c.state).where(
                ledger.c.link == value("link"),
                database.among(ledger.c.upload_id, "uploads"),
            ),
            database.dialect,
        )
        self._link = compiled(
            select(links.c.id, link_sums.c.received, link_sums.c.received_bytes)
            .join(link_sums, link_sums.c.link == links.c.id)
            .where(links.c.hash == value("hash")),
            database.dialect,
        )
        self._newest = compiled(select(sa.func.max(ledger.c.at)).where(self._received), database.dialect)
        files = sa.func.count()
        self._senders = compiled(
            select(ledger.c.sender_name, ledger.c.sender_email, files, sa.func.max(ledger.c.at))
            .where(self._received)
            .group_by(ledger.c.sender_name, ledger.c.sender_email)
            .order_by(files.desc(), ledger.c.sender_name, ledger.c.sender_email)
            .limit(value("most", sa.Integer))
            .offset(number(0)),
            database.dialect,
        )

    def page(
        self, hash: str, most: int, choice: Choice, order: Order, after: Place | None = None
    ) -> list[tuple[ReceivedFile, Place]]:
        query = self._query((_shape(choice), order, after is not None))
        values = self._values(choice) | ({} if after is None else dict(zip(("key", "at", "last"), after, strict=True)))
        with self._database.read() as tx:
            link, _, _ = self._link_of(tx, hash)
            rows = tx.all(query, link=link, most=most, **values)
        return [(file, (row[0], file.received_at, file.upload_id)) for row in rows for file in [file_of(row, head=1)]]

    def count(self, hash: str, choice: Choice) -> Found:
        with self._database.read() as tx:
            link, files, size = self._link_of(tx, hash)
            if choice.is_all:
                newest = tx.one(self._newest, link=link, since=EVER)
                return Found(files, size, newest[0] if newest else None)
            row = tx.one(self._query(_shape(choice)), link=link, **self._values(choice))
        if row is None:
            return Found(0, 0, None)
        return Found(int(row[0]), int(row[1] or 0), row[2], int(row[3] or 0) if choice.repeated else None)

    def same_as(self, hash: str, upload_ids: Sequence[str]) -> dict[str, str]:
        asked = self._database.listed([each for each in upload_ids if is_id(each)])
        with self._database.read() as tx:
            link, _, _ = self._link_of(tx, hash)
            rows = tx.all(self._same, link=link, uploads=asked)
        return {id: path for id, path, state in rows if path is not None and state == State.RECEIVED}

    def senders(self, hash: str, most: int) -> list[SenderFiles]:
        with self._database.read() as tx:
            link, _, _ = self._link_of(tx, hash)
            return [SenderFiles(*row) for row in tx.all(self._senders, link=link, most=most, since=EVER)]

    def _link_of(self, tx: Transaction, hash: str) -> tuple[int, int, int]:
        check_hash(hash)
        row = tx.one(self._link, hash=hash)
        if row is None:
            raise RequestNotFound()
        return row[0], row[1], row[2]

    def _query(self, asked: Any) -> Query:
        """The statement for a shape and an order, or, for a shape alone, the one that counts."""
        known = self._made.get(asked)
        if known is None:
            made = self._counting(asked) if isinstance(asked, _Shape) else self._listing(*asked)
            known = self._made[asked] = compiled(made, self._database.dialect)
        return known

    def _listing(self, shape: _Shape, order: Order, behind: bool) -> Any:
        key, kind = self._keys[order.sort]
        place = [ledger.c.at, ledger.c.upload_id]
        asked = [value("at", sa.Double), value("last", sa.Text)]
        if key is not None:
            place, asked = [key, *place], [value("key", kind), *asked]
        found = select(ledger.c.at if key is None else key, *FILE).where(self._received, *self._chosen(shape))
        if behind:
            here, there = sa.tuple_(*place), sa.tuple_(*asked)
            found = found.where(here < there if order.descending else here > there)
        return (
            found.order_by(*(each.desc() if order.descending else each for each in place))
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )

    def _counting(self, shape: _Shape) -> Any:
        told: list[Any] = [sa.func.count(), sa.func.sum(ledger.c.size), sa.func.max(ledger.c.at)]
        if shape.repeated:
            came_before = _exists_copy(
                _other.c.at <= ledger.c.at, (_other.c.at < ledger.c.at) | (_other.c.id < ledger.c.id)
            )
            told.append(sa.func.sum(ledger.c.size).filter(came_before))
        return select(*told).where(self._received, *self._chosen(shape))

    def _chosen(self, shape: _Shape) -> list[Any]:
        chosen = []
        name, email = ledger.c.sender_name, ledger.c.sender_email
        if shape.until:
            chosen.append(ledger.c.at <= value("until", sa.Double))
        if shape.sender and shape.known:
            chosen.append((name == value("sender", sa.Text)) | (email == value("sender", sa.Text)))
        elif shape.sender:
            chosen.append(name.is_(None) & email.is_(None))
        for column, one in ((ledger.c.item, shape.item), (ledger.c.party, shape.party)):
            if one is not None:
                chosen.append(column == value(column.name, sa.Text) if one else column.is_(None))
        if shape.text:
            chosen.append(holds(self._database, ledger.c.path, shape.ascii))
        if shape.kind:
            among = self._database.among(ending(self._database, ledger.c.path), "endings")
            chosen.append(sa.not_(among) if shape.other else among)
        if shape.repeated:
            chosen += [ledger.c.sha256.is_not(None), _exists_copy()]
        return chosen

    def _values(self, choice: Choice) -> dict[str, object]:
        since = EVER if choice.since is None else choice.since
        values: dict[str, object] = {"since": since, "until": choice.until, "sender": choice.sender}
        values |= {"item": choice.item, "party": choice.party}
        if choice.text:
            values |= sought(self._database, choice.text)
        if choice.kind is not None:
            values["endings"] = self._database.listed(sorted(f".{each}" for each in _extensions(choice.kind)))
        return {name: each for name, each in values.items() if each is not None}


def _extensions(kind: FileKind) -> frozenset[str]:
    """Those of the kind; of ``OTHER``, all that are of any."""
    return EXTENSIONS_OF.get(kind) or frozenset().union(*EXTENSIONS_OF.values())

"""PartyStore in the catalogue."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, select

from app.core.actors import SENDER, Actor
from app.core.audit import Act
from app.core.checklists import RECIPIENT, Answer, ItemRecord, Party, Verdict
from app.core.errors import ItemNotSent, PartyNotFound, RequestNotFound
from app.core.events import EventKind
from app.core.links import ReceivedFile
from app.core.ports.guards import Clock
from app.core.ports.links import ListCursor
from app.storage.sql.book import Book
from app.storage.sql.book_statements import BookStatements
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, Transaction, compiled, filled, shared, value
from app.storage.sql.events import EventLog
from app.storage.sql.file_rows import FILE, file_of
from app.storage.sql.links import FIRST, check_hash
from app.storage.sql.schema import State, ledger, links, parties, party_items

_PARTY = [
    parties.c[each]
    for each in ("party", "name", "email", "first_at", "last_at", "files", "bytes", "language", "answers")
]
_ITEM = [party_items.c[each] for each in ("item", "files", "coming", "verdict", "note", "at")]
_EVENTS = {
    Verdict.ACCEPTED: (EventKind.ITEM_ACCEPTED, Act.ITEM_ACCEPTED),
    Verdict.RETURNED: (EventKind.ITEM_RETURNED, Act.ITEM_RETURNED),
    None: (EventKind.ITEM_REOPENED, Act.ITEM_REOPENED),
}


class PartyTableStatements:
    """Statements that read parties. Those of one link begin with it, so that one that is missing is told from one without any."""

    def __init__(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        def of_link(*which: Any) -> Any:
            joined = links.outerjoin(parties, and_(parties.c.link == links.c.id, *which))
            return select(links.c.id, *_PARTY).select_from(joined).where(links.c.hash == value("hash"))

        this = parties.c.party == value("party")
        self.listed = database.listed
        self.one = words(of_link(this))
        place = sa.tuple_(parties.c.first_at, parties.c.party)
        before = place < sa.tuple_(value("at", sa.Double), value("last", sa.Text))
        self.page = words(
            of_link(before)
            .order_by(parties.c.first_at.desc(), parties.c.party.desc())
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )
        row = party_items.c
        item = and_(row.link == value("link"), row.party == value("party"))
        self.items = words(select(row.party, *_ITEM).where(item))
        many = and_(row.link == value("link"), database.among(row.party, "parties"))
        self.items_of = words(select(row.party, *_ITEM).where(many))
        this_item = and_(item, row.item == value("item"))
        self.item = words(select(*_ITEM).where(this_item))
        # As many may come in place of those that are sent back, and no more once that is undone.
        is_returned = sa.literal_column(f"'{Verdict.RETURNED}'", sa.Text())
        returned_at = sa.case(
            (value("verdict", sa.Text) == is_returned, value("at", sa.Double)),
            (row.verdict == is_returned, sa.null()),
            else_=row.returned_at,
        )
        said = {**filled([row.verdict, row.note, row.at]), "returned_at": returned_at}
        self.judge = words(party_items.update().values(said).where(this_item))
        self.answers = words(select(parties.c.answers).where(parties.c.link == value("link"), this))
        answered = filled([parties.c.answers])
        self.answer = words(parties.update().values(answered).where(parties.c.link == value("link"), this))
        self.language = words(
            select(parties.c.language)
            .select_from(links.join(parties, parties.c.link == links.c.id))
            .where(links.c.hash == value("hash"), parties.c.email == value("email", sa.Text))
            .where(parties.c.language.is_not(None))
            .order_by(parties.c.last_at.desc())
            .limit(number(1))
            .offset(number(0))
        )
        theirs = and_(
            ledger.c.link == select(links.c.id).where(links.c.hash == value("hash")).scalar_subquery(),
            ledger.c.state == number(State.RECEIVED),
            ledger.c.item == value("item", sa.Text),
            ledger.c.party == value("party", sa.Text),
        )
        self.files = words(
            select(*FILE)
            .where(theirs)
            .order_by(ledger.c.at.desc(), ledger.c.upload_id.desc())
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )


class SQLParties:
    """PartyStore. ``durable`` waits for the disk; ``happened`` is called after each event."""

    def __init__(
        self, database: Database, *, clock: Clock, durable: bool = True, happened: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._durable = durable
        self._happened = happened
        self._sql = shared(PartyTableStatements, database)
        self._books = BookStatements(database)
        self._events = EventLog(database, clock)

    def find(self, hash: str, party: str) -> Party | None:
        check_hash(hash)
        with self._database.read() as tx:
            row = tx.one(self._sql.one, hash=hash, party=party)
            if row is None:
                raise RequestNotFound()
            if row[1] is None:
                return None
            return _party(row[1:], tx.all(self._sql.items, link=row[0], party=party))

    def answers(self, hash: str, party: str) -> Mapping[str, Answer]:
        check_hash(hash)
        row = self._database.look(self._sql.one, hash=hash, party=party)
        if row is None:
            raise RequestNotFound()
        return _answers(row[-1])

    def files(self, hash: str, party: str, item: str, most: int) -> list[ReceivedFile]:
        check_hash(hash)
        with self._database.read() as tx:
            rows = tx.all(self._sql.files, hash=hash, party=party, item=item, most=most)
        return [file_of(row, head=0) for row in rows]

    def page(self, hash: str, most: int, after: ListCursor | None = None) -> list[Party]:
        check_hash(hash)
        at, last = after or FIRST
        with self._database.read() as tx:
            rows = tx.all(self._sql.page, hash=hash, at=at, last=last, most=most)
            if not rows:
                # Either there is no such link, or nobody stands behind that place.
                if tx.one(self._sql.one, hash=hash, party="") is None:
                    raise RequestNotFound()
                return []
            found = [row for row in rows if row[1] is not None]
            listed = self._sql.listed([row[1] for row in found])
            items = tx.all(self._sql.items_of, link=rows[0][0], parties=listed) if found else []
        of_party: dict[str, list[Row]] = {}
        for each in items:
            of_party.setdefault(each[0], []).append(each)
        return [_party(row[1:], of_party.get(row[1], ())) for row in found]

    def language(self, hash: str, email: str) -> str | None:
        check_hash(hash)
        row = self._database.look(self._sql.language, hash=hash, email=email)
        return None if row is None else row[0]

    def answer(
        self, hash: str, party: str, change: Callable[[Mapping[str, Answer]], Mapping[str, Answer]], at: float
    ) -> None:
        check_hash(hash)
        with self._database.write() as tx:
            book = Book(self._books, tx, hash)
            found = tx.one(self._sql.answers, link=book.link, party=party)
            before = _answers(found[0] if found else None)
            after = change(before)
            if after != before:
                book.begin_party(party, at)
                text = json.dumps(dict(after), allow_nan=False) if after else None
                tx.run(self._sql.answer, link=book.link, party=party, answers=text)
                book.save()
                self._events.write(tx, EventKind.ANSWERED, hash, SENDER, about={"party": party})
        self._sync()
        self._happened()

    def judge(self, hash: str, party: str, item: str, verdict: Verdict | None, note: str, by: Actor, at: float) -> None:
        check_hash(hash)
        with self._database.write(urgent=True) as tx:
            link = Book(self._books, tx, hash).link
            changed = self._note(tx, link, (party, item), verdict, note, at)
            if changed:
                kind, act = _EVENTS[verdict]
                about = {"party": party, "item": item, "note": note}
                self._events.write(tx, kind, hash, by, act=act, about=about, party=party, item=item)
        self._sync()
        self._happened()

    def _note(
        self, tx: Transaction, link: int, whose: tuple[str, str], verdict: Verdict | None, note: str, at: float
    ) -> bool:
        """Whether that is anything new."""
        party, item = whose
        row = tx.one(self._sql.item, link=link, party=party, item=item)
        if row is None:
            if party != RECIPIENT and tx.one(self._sql.answers, link=link, party=party) is None:
                raise PartyNotFound()
            if verdict is not None:
                raise ItemNotSent()
            return False
        before = _record(row)
        if verdict is not None and not before.files and before.verdict is None:
            raise ItemNotSent()
        if (before.verdict, before.note) == (verdict, note):
            return False
        tx.run(self._sql.judge, link=link, party=party, item=item, verdict=verdict, note=note, at=at)
        return True

    def _sync(self) -> None:
        if self._durable:
            self._database.sync()


def _party(row: Row, items: Iterable[Row]) -> Party:
    id, name, email, first_at, last_at, files, size, language, answers = row
    records = {each[1]: _record(each[1:]) for each in items}
    return Party(id, name, email, first_at, last_at, files, size, _answers(answers), records, language)


def _record(row: Row) -> ItemRecord:
    _, files, coming, verdict, note, at = row
    return ItemRecord(files, coming, None if verdict is None else Verdict(verdict), note, at)


def _answers(text: str | None) -> dict[str, Answer]:
    return {} if text is None else json.loads(text)

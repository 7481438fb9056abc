"""What of a link's ledger is about parties: which of them there are, and how many files of each are there or on their way for an item.

Of files that are for no item and of no party nothing is noted, and no statement runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import select

from app.core.checklists import MAX_PARTIES, UNKNOWN, Verdict, item_of
from app.core.errors import ItemFull, TooManySenders
from app.core.links import ReceivedFile
from app.core.terms import Terms
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Query, Transaction, compiled, inserted, value
from app.storage.sql.schema import State, ledger, parties, party_items


class Whose(NamedTuple):
    """For which item a file is, and of which party."""

    item: str | None = None
    party: str | None = None

    @property
    def is_noted(self) -> bool:
        return self.item is not None or self.party is not None

    @property
    def under(self) -> str:
        """The party that it counts for."""
        return self.party or UNKNOWN


NOBODYS = Whose()


class PartyStatements:
    """Statements about one party of a link, ``:link`` being the link's number."""

    def __init__(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        this = sa.and_(parties.c.link == value("link"), parties.c.party == value("party"))
        self.known = words(select(number(1)).select_from(parties).where(this))
        self.begin = words(inserted(database, parties))
        last = value("last_at", sa.Double)
        self.count = words(
            parties.update()
            .values(
                files=parties.c.files + value("files", sa.BigInteger),
                bytes=parties.c.bytes + value("bytes", sa.BigInteger),
                last_at=sa.case((last > parties.c.last_at, last), else_=parties.c.last_at),
                name=sa.func.coalesce(value("name", sa.Text), parties.c.name),
                email=sa.func.coalesce(value("email", sa.Text), parties.c.email),
                language=sa.func.coalesce(value("language", sa.Text), parties.c.language),
            )
            .where(this)
        )
        row = party_items.c
        item = sa.and_(row.link == value("link"), row.party == value("party"), row.item == value("item"))
        self.item = words(select(row.files, row.coming, row.returned_at).where(item))
        put = inserted(database, party_items, leave_out=["id"])
        # A file that comes anew is an answer to whoever sent the last one back.
        ends = sa.and_(
            row.verdict == sa.literal_column(f"'{Verdict.RETURNED}'"), value("arrived", sa.Integer) > number(0)
        )
        self.count_item = words(
            put.on_conflict_do_update(
                index_elements=["link", "party", "item"],
                set_={
                    "files": row.files + put.excluded["files"],
                    "coming": row.coming + put.excluded["coming"],
                    "at": sa.case((put.excluded["at"] > row.at, put.excluded["at"]), else_=row.at),
                    "verdict": sa.case((ends, sa.null()), else_=row.verdict),
                },
            )
        )
        theirs = sa.and_(
            ledger.c.link == value("link"),
            ledger.c.item == value("item", sa.Text),
            ledger.c.party == value("party", sa.Text),
        )
        lapsed = sa.and_(ledger.c.state == number(State.OPEN), ledger.c.until <= value("now", sa.Double))
        since = sa.and_(ledger.c.state == number(State.RECEIVED), ledger.c.at > value("at", sa.Double))
        count = select(sa.func.count()).select_from(ledger)
        self.lapsed = words(count.where(theirs, lapsed))
        self.since = words(count.where(theirs, since))
        self._forgetting(words, this)

    def _forgetting(self, words: Callable[[Any], str], this: Any) -> None:
        """Statements that remove parties of whom nothing is there, and what is noted of their items."""
        row, of_link = party_items.c, parties.c.link == value("link")
        silent = sa.and_(row.files == number(0), row.verdict.is_(None), row.note == sa.literal_column("''"))
        bare = sa.and_(silent, row.coming == number(0), row.link == value("link"))
        self.forget_items = words(party_items.delete().where(bare, row.party == value("party")))
        # Of what was counted of one, whoever keeps that count has to hear first.
        empty = sa.and_(parties.c.files == number(0), parties.c.answers.is_(None), parties.c.state == number(0))
        theirs = sa.and_(row.link == parties.c.link, row.party == parties.c.party)
        has_items = select(row.id).where(theirs)
        never_came = parties.c.last_at == sa.literal_column("0", sa.Double())
        self.forget = words(parties.delete().where(this, empty, never_came, sa.not_(has_items.exists())))
        has_place = select(ledger.c.party).where(
            ledger.c.link == value("link"),
            ledger.c.state == number(State.OPEN),
            ledger.c.until > value("now", sa.Double),
            ledger.c.party.is_not(None),
        )
        is_told = has_items.where(sa.not_(silent))
        left = sa.and_(of_link, empty, sa.not_(is_told.exists()), parties.c.party.not_in(has_place))
        self.forget_left = words(parties.delete().where(left))
        there = select(parties.c.party).where(of_link)
        self.forget_items_of_left = words(party_items.delete().where(bare, row.party.not_in(there)))


@dataclass(slots=True)
class _More:
    """What is to be added to one row."""

    files: int = 0
    bytes: int = 0
    coming: int = 0
    arrived_at: float = 0.0
    name: str | None = None
    email: str | None = None
    language: str | None = None


class PartyCounts:
    """The parties of one link, whose row is locked."""

    def __init__(self, statements: PartyStatements, transaction: Transaction, link: int) -> None:
        self._sql = statements
        self._tx = transaction
        self._link = link
        self._known: set[str] = set()
        self._begun = 0
        self._has_forgotten = False
        self._given_up: set[str] = set()
        self._parties: dict[str, _More] = {}
        self._items: dict[tuple[str, str], _More] = {}
        self._taken: dict[Whose, int] = {}
        """How many files each item had, but for those that were sent back, with those that were admitted since."""

    def admit(self, terms: Terms, whose: Whose, number_of_parties: int, now: float) -> None:
        """See ``Book.admit``; ``number_of_parties`` is how many the link had."""
        if not whose.is_noted:
            return
        self.begin(whose.under, number_of_parties, now)
        item = item_of(terms, whose.item)
        # Those who are not known are many, so that none of them could tell what is left for them.
        if item is None or not item.most or whose.party is None:
            return
        taken = self._taken.get(whose)
        if taken is None:
            taken = self._count(whose)
            if taken >= item.most:
                taken -= self._found(self._sql.lapsed, whose, now=now)
        if taken >= item.most:
            most = "one file" if item.most == 1 else f"{item.most} files"
            raise ItemFull(f"“{item.title}” takes {most}, which are there or on their way.", limit=item.most)
        self._taken[whose] = taken + 1

    def _count(self, whose: Whose) -> int:
        """How many files of an item are there or coming, without those that were sent back."""
        row = self._tx.one(self._sql.item, link=self._link, **whose._asdict())
        if row is None:
            return 0
        files, coming, returned_at = row
        since = files if returned_at is None else self._found(self._sql.since, whose, at=returned_at)
        return int(since + coming)

    def _found(self, words: Query, whose: Whose, **values: object) -> int:
        row = self._tx.one(words, link=self._link, **whose._asdict(), **values)
        return int(row[0]) if row else 0

    def begin(self, party: str, number_of_parties: int, now: float) -> None:
        """Have a row for a party. Raises TooManySenders where it would be one too many, those left out who left without anything."""
        if party in self._known:
            return
        if self._tx.one(self._sql.known, link=self._link, party=party) is None:
            if number_of_parties + self._begun >= MAX_PARTIES:
                self._forget_left(now)
            if number_of_parties + self._begun >= MAX_PARTIES:
                raise TooManySenders(limit=MAX_PARTIES)
            self._add(party, _More(), now)
        self._known.add(party)

    def give_up(self, whose: Whose) -> None:
        """Note that a file that was to come does not. A party of whom nothing ever came is then forgotten: who has the link can make any
        number of them. Where another file of theirs is on its way, they are noted anew when it arrives."""
        if whose.is_noted:
            self._given_up.add(whose.under)

    def count(self, state: State, whose: Whose, size: int, by: int) -> None:
        """Count one file more or less that is in this state."""
        if not whose.is_noted or state in (State.REMOVED, State.GONE, State.DELETED):
            return
        there = state is State.RECEIVED
        if there:
            party = self._parties.setdefault(whose.under, _More())
            party.files += by
            party.bytes += by * size
        if whose.item is not None:
            item = self._items.setdefault((whose.under, whose.item), _More())
            item.files += by * there
            item.coming += by * (not there)

    def arrived(self, files: Iterable[ReceivedFile]) -> None:
        """Note that these files, which are counted, came just now."""
        for file in files:
            whose = Whose(file.item, file.party)
            if not whose.is_noted:
                continue
            for more in (self._parties[whose.under], self._items.get((whose.under, whose.item or ""))):
                if more is not None:
                    more.arrived_at = max(more.arrived_at, file.received_at)
                    more.name, more.email = file.sender_name or more.name, file.sender_email or more.email
                    more.language = file.language or more.language

    def save(self) -> int:
        """Write what was counted; how many parties there are more."""
        for party, more in self._parties.items():
            row = {"files": more.files, "bytes": more.bytes, "last_at": more.arrived_at}
            who = {"name": more.name, "email": more.email, "language": more.language}
            # One that was never admitted: a file that arrives is noted, whoever there is.
            if not self._tx.changed(self._sql.count, link=self._link, party=party, **row, **who):
                self._add(party, more, more.arrived_at)
        self._tx.many(
            self._sql.count_item,
            [
                {
                    "link": self._link,
                    "party": party,
                    "item": item,
                    "files": more.files,
                    "coming": more.coming,
                    "verdict": None,
                    "note": "",
                    "at": more.arrived_at,
                    "returned_at": None,
                    "arrived": int(more.arrived_at > 0),
                }
                for (party, item), more in self._items.items()
                if more != _NOTHING
            ],
        )
        for party in self._given_up:
            self._tx.run(self._sql.forget_items, link=self._link, party=party)
            self._begun -= self._tx.changed(self._sql.forget, link=self._link, party=party)
        return self._begun

    def _forget_left(self, now: float) -> None:
        """Forget all parties of whom nothing is there or has a place."""
        if self._has_forgotten:
            return
        self._has_forgotten = True
        self._begun -= self._tx.changed(self._sql.forget_left, link=self._link, now=now)
        self._tx.run(self._sql.forget_items_of_left, link=self._link)

    def _add(self, party: str, more: _More, at: float) -> None:
        row = {"files": more.files, "bytes": more.bytes, "name": more.name, "email": more.email}
        rest = {"language": more.language, "answers": None, "state": 0}
        self._tx.run(self._sql.begin, link=self._link, party=party, first_at=at, last_at=more.arrived_at, **row, **rest)
        self._begun += 1


_NOTHING = _More()

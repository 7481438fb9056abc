"""What of a link's ledger is about arriving: the numbers that files get when they do, the newest of them, and how far who has seen.

To tell what is new costs nothing where files arrive: a link tells how many there are, a row of ``seen`` how many of them are no news
for one viewer, and only what goes, or comes back, changes the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.links import ReceivedFile
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Transaction, compiled, inserted, value
from app.storage.sql.file_rows import KNOWN
from app.storage.sql.schema import State, ledger, links, seen

Newest = tuple[float, str | None]
"""When the newest file arrived, and who sent it."""
NOTHING: Newest = (0.0, None)
TIME_SLACK = 2e-6
"""Seconds by which a time may have moved that went through a browser, which counts in milliseconds."""
_UNSEEN = -1
"""Up to where somebody has seen a link who never looked: files of before they were numbered are new, too."""


class ArrivalStatements:
    """Statements about one link, ``:link`` being its number."""

    def __init__(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        this = sa.and_(seen.c.link == value("link"), seen.c.viewer == value("viewer"))
        self.seen = words(select(seen.c.up_to, seen.c.files).where(this))
        self.taken = words(select(seen.c.taken_until).where(this))
        put = inserted(database, seen)
        self.see = words(
            put.on_conflict_do_update(
                index_elements=["link", "viewer"],
                set_={"up_to": put.excluded["up_to"], "files": put.excluded["files"]},
            )
        )
        took = put.excluded["taken_until"]
        self.take = words(
            put.on_conflict_do_update(
                index_elements=["link", "viewer"],
                set_={"taken_until": took},
                where=sa.func.coalesce(seen.c.taken_until, number(0)) < took,
            )
        )
        later = sa.and_(
            ledger.c.link == value("link"),
            ledger.c.state == number(State.RECEIVED),
            ledger.c.arrival > value("up_to", sa.BigInteger),
        )
        self.later = words(select(sa.func.count()).select_from(ledger).where(later))
        knew = sa.and_(seen.c.link == value("link"), seen.c.up_to >= value("arrival", sa.BigInteger))
        self.count = words(seen.update().values(files=seen.c.files + value("more", sa.BigInteger)).where(knew))
        self.newest = words(
            select(ledger.c.at, ledger.c.sender_name, ledger.c.sender_email)
            .where(ledger.c.link == value("link"), ledger.c.state == value("state", sa.Integer))
            .order_by(ledger.c.at.desc(), ledger.c.upload_id.desc())
            .limit(number(1))
            .offset(number(0))
        )


class Arrivals:
    """The arrivals of one link, whose row is locked."""

    def __init__(self, statements: ArrivalStatements, transaction: Transaction, link: int, total: int, newest: Newest):
        """``total`` files have arrived so far."""
        self._sql = statements
        self._tx = transaction
        self._link = link
        self.total = total
        self.newest = newest
        self._before = total, newest

    @property
    def changed(self) -> bool:
        """Whether there is anything to write of ``total`` and ``newest``."""
        return (self.total, self.newest) != self._before

    def note(self, files: Sequence[ReceivedFile]) -> dict[str, int]:
        """Note files that arrive; the number of each, by upload id."""
        for file in files:
            if file.received_at >= self.newest[0]:
                self.newest = file.received_at, _sender(file.sender_name, file.sender_email)
        first = self.total + 1
        self.total += len(files)
        return {file.upload_id: at for at, file in enumerate(files, first)}

    def less(self, arrival: int) -> None:
        """A file is no longer there, which those had seen who are that far."""
        self._tx.run(self._sql.count, link=self._link, arrival=arrival, more=-1)

    def more(self, arrival: int) -> None:
        """One is there again."""
        self._tx.run(self._sql.count, link=self._link, arrival=arrival, more=1)

    def look_again(self) -> None:
        """Find the newest file anew, as one was taken back. One that was deleted after it had arrived was sent all the same."""
        found = [
            (row[0], _sender(row[1], row[2]))
            for state in (State.RECEIVED, State.DELETED)
            if (row := self._tx.one(self._sql.newest, link=self._link, state=state.value))
        ]
        self.newest = max(found, key=lambda each: each[0], default=NOTHING)

    def see(self, viewer: str, up_to: int, received: int) -> int:
        """Note that ``viewer`` has seen all up to an arrival; how many of the ``received`` files are new after that. Never goes back, nor
        beyond what has arrived."""
        up_to = min(up_to, self.total)
        before, files = self._tx.one(self._sql.seen, link=self._link, viewer=viewer) or (_UNSEEN, 0)
        if up_to > before:
            files = received
            if up_to < self.total:
                found = self._tx.one(self._sql.later, link=self._link, up_to=up_to)
                files -= int(found[0]) if found else 0
            self._tx.run(self._sql.see, link=self._link, viewer=viewer, up_to=up_to, files=files, taken_until=None)
        return received - int(files)

    def take(self, viewer: str, since: float | None, until: float) -> None:
        """Note that ``viewer`` has taken all that arrived after ``since`` until ``until``: with what was taken before, unless that ends
        earlier."""
        if since is not None:
            row = self._tx.one(self._sql.taken, link=self._link, viewer=viewer)
            before = row[0] if row else None
            if before is None or before + TIME_SLACK < since:
                return
        self._tx.run(self._sql.take, link=self._link, viewer=viewer, up_to=_UNSEEN, files=0, taken_until=until)


def _sender(name: str | None, email: str | None) -> str | None:
    return name or email or None


def unseen() -> Any:
    """Files of the link ``:hash`` that ``:viewer`` has not seen, behind the numbers of their arrivals."""
    looked = sa.and_(seen.c.link == links.c.id, seen.c.viewer == value("viewer", sa.Text))
    # Whoever never looked has not seen what came before files had numbers either.
    later = ledger.c.arrival > sa.func.coalesce(seen.c.up_to, sa.literal_column("-1"))
    before = ledger.c.arrival < value("before", sa.BigInteger)
    here = sa.and_(ledger.c.link == links.c.id, ledger.c.state == number(State.RECEIVED), later, before)
    return (
        select(ledger.c.arrival, *KNOWN)
        .select_from(links.outerjoin(seen, looked).outerjoin(ledger, here))
        .where(links.c.hash == value("hash"))
        .order_by(ledger.c.arrival.desc(), ledger.c.id.desc())
        .limit(value("most", sa.Integer))
        .offset(number(0))
    )

"""ProgressStore in the catalogue: a state of each party and of each address that a link was mailed to, and their numbers with the link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import and_, select

from app.core.checklists import PartyState
from app.core.ports.progress import Asked, From
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Query, compiled, shared, value
from app.storage.sql.schema import ledger, links, parties
from app.storage.sql.telling_tables import invited

_STATES = {PartyState.NOT_BEGUN: 0, PartyState.BEGUN: 1, PartyState.FINISHED: 2}


class _Statements:
    def __init__(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        this = links.c.hash == value("hash")
        of_link = select(links.c.id).where(this).scalar_subquery()
        self.link = words(select(links.c.id).where(this).with_for_update())
        self.whose = words(
            select(ledger.c.party, ledger.c.sender_email)
            .distinct()
            .where(ledger.c.link == of_link, database.among(ledger.c.upload_id, "uploads"))
        )
        state = value("state", sa.Integer)
        self.party = words(
            parties.update()
            .values(state=state)
            .where(parties.c.link == value("link"), parties.c.party == value("who"), parties.c.state != state)
        )
        self.asked = words(
            invited.update()
            .values(state=state)
            .where(invited.c.link == value("link"), invited.c.address == value("who"), invited.c.state != state)
        )
        self.numbers = _Numbers(database)
        self.party_states = words(
            select(parties.c.party, parties.c.state).where(
                parties.c.link == value("link"), database.among(parties.c.party, "who")
            )
        )
        self.asked_states = words(
            select(invited.c.address, invited.c.state).where(
                invited.c.link == value("link"), database.among(invited.c.address, "who")
            )
        )
        self.of_state = words(
            select(invited.c.address)
            .where(and_(invited.c.link == of_link, invited.c.state == state))
            .order_by(invited.c.address)
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )


class _Numbers:
    """Statements about the numbers that stand with a link."""

    def __init__(self, database: Database) -> None:
        def how_many(table: sa.Table, state: int) -> Any:
            these = select(sa.func.count()).where(table.c.link == links.c.id, table.c.state == number(state))
            return these.correlate(links).scalar_subquery()

        counted = {
            links.c.people_waited: how_many(invited, Asked.WAITED),
            links.c.people_begun: how_many(parties, 1),
            links.c.people_finished: how_many(parties, 2) + how_many(invited, Asked.SENT),
        }
        moved = {column: column + value(column.name, sa.BigInteger) for column in counted}
        self.count = compiled(links.update().values(counted).where(links.c.hash == value("hash")), database.dialect)
        self.move = compiled(links.update().values(moved).where(links.c.id == value("link")), database.dialect)


_OF_PARTIES: Sequence[str | None] = (None, "people_begun", "people_finished")
_OF_ASKED: Sequence[str | None] = ("people_waited", None, "people_finished")
"""Which number each state is counted in."""


class SQLProgress:
    """ProgressStore."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = shared(_Statements, database)

    def whose(self, hash: str, upload_ids: Iterable[str]) -> set[From]:
        uploads = self._database.listed(upload_ids)
        with self._database.read() as tx:
            return {From(*row) for row in tx.all(self._sql.whose, hash=hash, uploads=uploads)}

    def note_parties(self, hash: str, states: Mapping[str, PartyState]) -> None:
        numbered = {party: _STATES[state] for party, state in states.items()}
        self._note(hash, numbered, self._sql.party_states, self._sql.party, _OF_PARTIES)

    def note_asked(self, hash: str, states: Mapping[str, Asked]) -> None:
        numbered = {address: int(state) for address, state in states.items()}
        self._note(hash, numbered, self._sql.asked_states, self._sql.asked, _OF_ASKED)

    def _note(self, hash: str, states: Mapping[str, int], look: Query, note: Query, of: Sequence[str | None]) -> None:
        """Note what is new, and by how much that moves the numbers."""
        with self._database.write() as tx:
            row = tx.one(self._sql.link, hash=hash)
            if row is None or not states:
                return
            link, moved = row[0], {"people_waited": 0, "people_begun": 0, "people_finished": 0}
            changed = []
            for who, before in tx.all(look, link=link, who=self._database.listed(states)):
                state = states[who]
                if state == before:
                    continue
                changed.append({"link": link, "who": who, "state": state})
                for column, by in ((of[before], -1), (of[state], 1)):
                    if column is not None:
                        moved[column] += by
            tx.many(note, changed)
            if any(moved.values()):
                tx.run(self._sql.numbers.move, link=link, **moved)

    def count(self, hash: str) -> None:
        with self._database.write() as tx:
            tx.run(self._sql.numbers.count, hash=hash)

    def asked(self, hash: str, state: Asked, most: int) -> list[str]:
        with self._database.read() as tx:
            return [row[0] for row in tx.all(self._sql.of_state, hash=hash, state=int(state), most=most)]

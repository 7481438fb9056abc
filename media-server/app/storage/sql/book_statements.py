"""Statements about one link's ledger, and what of an upload's row they read."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import and_, select

from app.storage.sql.arrivals import ArrivalStatements
from app.storage.sql.columns import number
from app.storage.sql.database import Database, compiled, filled, inserted, made_once, shared, value
from app.storage.sql.party_counts import PartyStatements
from app.storage.sql.quotas import FILE_WEIGHT, LAPSED, QuotaStatements, lapsed_folder
from app.storage.sql.schema import State, brought, folders, ledger, link_sums, links

SUMS = [
    link_sums.c.open,
    link_sums.c.announced,
    link_sums.c.coming_weight,
    link_sums.c.received,
    link_sums.c.received_bytes,
    link_sums.c.received_weight,
    link_sums.c.removed,
    link_sums.c.gone,
    link_sums.c.folders,
    link_sums.c.parties,
]
_TOUCHED = [column for column in ledger.columns if column.name not in ("id", "link", "upload_id")]
_ARRIVED = [link_sums.c.arrivals, link_sums.c.last_received_at, link_sums.c.last_sender]


class Entry(NamedTuple):
    """What of an upload's row decides what may become of it."""

    upload_id: str
    state: State
    at: float
    size: int
    until: float | None
    brings: int
    """How many folders it will bring."""
    arrival: int
    """The number of the file that it brought; 0 where it brought none."""
    item: str | None = None
    party: str | None = None


class BookStatements:
    """Statements about one link's ledger, ``:link`` being the link's number."""

    def __init__(self, database: Database) -> None:
        self.kept: set[tuple[int, int]] = set()
        """Folders that exist, by link and mark."""
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        of_link = ledger.c.link == value("link")
        self.listed = database.listed
        self.lock = words(
            select(links.c.id, links.c.version, links.c.owner, links.c.metered, *_ARRIVED, *SUMS)
            .join(link_sums, link_sums.c.link == links.c.id)
            .where(links.c.hash == value("hash"))
            .with_for_update()
        )
        entry = select(*(ledger.c[each] for each in Entry._fields)).where(of_link)
        self.entry = words(entry.where(ledger.c.upload_id == value("upload_id")))
        self.entries = words(entry.where(database.among(ledger.c.upload_id, "ids")))
        put = inserted(database, ledger, leave_out=["id"])
        self.put = words(
            put.on_conflict_do_update(
                index_elements=["link", "upload_id"],
                set_={each.name: put.excluded[each.name] for each in _TOUCHED},
            )
        )
        self.put_new = words(put.on_conflict_do_nothing(index_elements=["link", "upload_id"]))
        self.drop = words(ledger.delete().where(of_link, ledger.c.upload_id == value("upload_id")))
        self.set_state = words(
            ledger.update().values(filled([ledger.c.state])).where(of_link, ledger.c.upload_id == value("upload_id"))
        )
        deleted = {"state": number(State.DELETED), "until": value("until", sa.Double), "leaving": number(0)}
        deleted |= {"deleted_at": value("at", sa.Double), "deleted_by": value("by", sa.Text)}
        self.delete = words(ledger.update().values(deleted).where(of_link, ledger.c.upload_id == value("upload_id")))
        self.set_until = words(
            ledger.update().values(filled([ledger.c.until])).where(of_link, ledger.c.upload_id == value("upload_id"))
        )
        oldest = (
            select(ledger.c.id)
            .where(of_link, ledger.c.state == number(State.GONE))
            .order_by(ledger.c.at, ledger.c.upload_id)
            .limit(value("most", sa.Integer))
            .offset(number(0))
        )
        self.drop_gone = words(ledger.delete().where(ledger.c.id.in_(oldest)))
        self.lapsed = words(
            select(sa.func.count(), sa.func.sum(FILE_WEIGHT)).select_from(ledger).where(of_link, LAPSED)
        )
        sums: dict[str, Any] = {column.name: column + value(column.name, sa.BigInteger) for column in SUMS}
        add = link_sums.update().where(link_sums.c.link == value("link"))
        self.add_sums = words(add.values(sums))
        # Apart, as a statement that names what is new writes the index of that, too.
        self.add_arrived = words(add.values(sums | filled(_ARRIVED)))
        self.arrivals = shared(ArrivalStatements, database)
        self.parties = shared(PartyStatements, database)
        self.quotas = shared(QuotaStatements, database)
        self._folder_statements(database, words)

    def _folder_statements(self, database: Database, words: Any) -> None:
        of_link = folders.c.link == value("link")
        self.folders = words(
            select(folders.c.mark, folders.c.kept).where(of_link, database.among(folders.c.mark, "marks"))
        )
        put = inserted(database, folders)
        self.await_folder = words(
            put.on_conflict_do_update(index_elements=["link", "mark"], set_={"awaited": folders.c.awaited + number(1)})
        )
        self.keep_folder = words(put.on_conflict_do_update(index_elements=["link", "mark"], set_={"kept": number(1)}))
        self.give_up_folder = words(
            folders.update()
            .values(awaited=folders.c.awaited - number(1))
            .where(of_link, folders.c.mark == value("mark"), folders.c.kept == number(0))
        )
        self.drop_folders = words(
            folders.delete().where(of_link, folders.c.kept == number(0), folders.c.awaited <= number(0))
        )
        self.lapsed_folders = words(select(folders.c.mark).where(of_link, folders.c.kept == number(0), lapsed_folder()))
        self.bring = words(inserted(database, brought))
        of_uploads = and_(brought.c.link == value("link"), database.among(brought.c.upload_id, "ids"))
        self.brought = words(select(brought.c.mark).where(of_uploads))
        self.drop_brought = words(brought.delete().where(of_uploads))

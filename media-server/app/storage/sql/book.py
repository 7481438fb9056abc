"""One link's ledger within one transaction: what is read of it, what changes, and the sums that follow.

The link's row is locked first and holds the sums, so that limits are judged (by ``core.ledger``) without a look at the
files, and changes of one link come one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from app.core import ledger as rules
from app.core.errors import RequestNotFound
from app.core.ledger import Left, Load, weight
from app.core.links import DeliveryIntent, Opening, ReceivedFile, RequestLink
from app.core.room import NAME_BYTES
from app.core.terms import Terms
from app.storage.sql.arrivals import Arrivals
from app.storage.sql.book_statements import SUMS, BookStatements, Entry
from app.storage.sql.database import Transaction
from app.storage.sql.file_rows import file_row, intent_row, signed, unsigned
from app.storage.sql.party_counts import NOBODYS, PartyCounts, Whose
from app.storage.sql.schema import State, ledger

_SUM_OF = {
    State.OPEN: "open",
    State.ANNOUNCED: "announced",
    State.RECEIVED: "received",
    State.REMOVED: "removed",
    State.GONE: "gone",
    State.DELETED: "removed",
}
_NOTHING: dict[str, int] = {column.name: 0 for column in SUMS}
_BLANK: dict[str, Any] = {column.name: None for column in ledger.columns if column.name != "id"}
_BLANK |= {"leaving": 0, "brings": 0, "arrival": 0, "lead": 0}
MAX_FOLDERS_REMEMBERED = 10_000
"""Folders that a process remembers to exist, as they never cease to and most files come into the same."""


class Book:
    """The ledger of the link ``hash``, which is locked until the transaction ends. Raises RequestNotFound."""

    def __init__(self, statements: BookStatements, transaction: Transaction, hash: str) -> None:
        self._sql = statements
        self._tx = transaction
        found = transaction.one(statements.lock, hash=hash)
        if found is None:
            raise RequestNotFound()
        self.link: int = found[0]
        self.version: int = found[1]
        """Another number after each change of the link itself."""
        self._metered: str | None = found[2] if found[3] else None
        """Whose quota it counts for."""
        self._arrivals = Arrivals(statements.arrivals, transaction, self.link, found[4], (found[5], found[6]))
        self._parties = PartyCounts(statements.parties, transaction, self.link)
        self._sums: dict[str, int] = dict(zip(_NOTHING, found[7:], strict=True))
        self._more = dict(_NOTHING)
        self._kept: set[int] = set()
        self._awaited: Set[int] = frozenset()

    def entries(self, upload_ids: Sequence[str]) -> dict[str, Entry]:
        """What there is of these uploads, by upload id."""
        if len(upload_ids) == 1:
            rows = self._tx.all(self._sql.entry, link=self.link, upload_id=upload_ids[0])
        else:
            rows = self._tx.all(self._sql.entries, link=self.link, ids=self._sql.listed(upload_ids))
        return {row[0]: Entry(row[0], State(row[1]), *row[2:]) for row in rows}

    def look_at_folders(self, marks: Iterable[int]) -> None:
        """Learn which of these folders there are; ``left`` and ``kept`` know of no others."""
        wanted = set(marks)
        self._kept = {mark for mark in wanted if (self.link, mark) in self._sql.kept}
        unknown = sorted(map(signed, wanted - self._kept))
        if unknown and self._sums["folders"]:
            rows = self._tx.all(self._sql.folders, link=self.link, marks=self._sql.listed(unknown))
            found = {unsigned(mark) for mark, kept in rows if kept}
            self._kept |= found
            self._awaited = {unsigned(mark) for mark, kept in rows if not kept}
            if len(self._sql.kept) > MAX_FOLDERS_REMEMBERED:
                self._sql.kept.clear()
            self._sql.kept.update((self.link, mark) for mark in found)

    @property
    def kept(self) -> Set[int]:
        """Those folders of ``look_at_folders`` that exist."""
        return self._kept

    def left(self, link: RequestLink, now: float) -> Left:
        """What the link may still take."""
        sums = self._sums
        files = sums["open"] + sums["announced"] + sums["received"]
        used = sums["coming_weight"] + sums["received_weight"]
        room = None if self._metered is None else self._sql.quotas.left(self._tx, self._metered)
        load = Load(files + sums["removed"], files, used, sums["folders"], self._awaited, room)
        return Left(link, load, lambda: self._unlapsed(load, now))

    def admit(self, terms: Terms, whose: Whose, now: float) -> None:
        """Let one more file of a party come, which is for an item where ``whose`` says so. Raises ItemFull, TooManySenders."""
        self._parties.admit(terms, whose, self._sums["parties"], now)

    def begin_party(self, party: str, now: float) -> None:
        """Have a party that something is noted of. Raises TooManySenders."""
        self._parties.begin(party, self._sums["parties"], now)

    def open(self, opening: Opening, marks: Sequence[int], whose: Whose = NOBODYS) -> None:
        """Note an upload that is open, and the folders that it will bring."""
        row = {"size": opening.size, "at": opening.at, "until": opening.until, **whose._asdict()}
        self._begin({opening.upload_id: (State.OPEN, row, marks)})

    def announce(self, files: Iterable[tuple[DeliveryIntent, Sequence[int]]], at: float) -> None:
        """Note whole files that are about to get their names, and the folders that each will bring."""
        self._begin({file.upload_id: (State.ANNOUNCED, {**intent_row(file), "at": at}, marks) for file, marks in files})

    def receive(self, files: Sequence[ReceivedFile]) -> list[ReceivedFile]:
        """Note delivered files in place of what was noted of them; those that are new."""
        known = self.entries([file.upload_id for file in files])
        new = {file.upload_id: file for file in files if not _is_settled(known.get(file.upload_id))}
        before = [known[upload_id] for upload_id in new if upload_id in known]
        self._uncount(before)
        arrival = self._arrivals.note(list(new.values()))
        self._put({each: (State.RECEIVED, file_row(file) | {"arrival": arrival[each]}) for each, file in new.items()})
        self._more["received_bytes"] += sum(file.size for file in new.values())
        self._more["received_weight"] += sum(weight(file.size) for file in new.values())
        self._parties.arrived(new.values())
        self._keep(set(self._take_brought(before)))
        return list(new.values())

    def remove(self, entry: Entry) -> None:
        """Note that a received file is taken back. Its folders stay: others may have put files there meanwhile."""
        self._uncount([entry])
        self._more["removed"] += 1
        self._tx.run(self._sql.set_state, link=self.link, upload_id=entry.upload_id, state=State.REMOVED.value)
        self._arrivals.less(entry.arrival)
        if entry.at >= self._arrivals.newest[0]:
            self._arrivals.look_again()

    def delete(self, entry: Entry, until: float | None, at: float, by: str) -> None:
        """Note that a received file is deleted; it can be restored ``until`` then."""
        self._uncount([entry])
        self._more["removed"] += 1
        self._tx.run(self._sql.delete, link=self.link, upload_id=entry.upload_id, until=until, at=at, by=by)
        self._arrivals.less(entry.arrival)

    def restore(self, entry: Entry, file: ReceivedFile) -> None:
        """Note that a deleted file is received again."""
        self._uncount([entry])
        self._put({file.upload_id: (State.RECEIVED, file_row(file) | {"arrival": entry.arrival})})
        self._arrivals.more(entry.arrival)
        self._more["received_bytes"] += file.size
        self._more["received_weight"] += weight(file.size)

    def release(self, entry: Entry, why: str | None) -> None:
        """Forget an upload that was under way; with ``why`` it is remembered why it is gone."""
        self._uncount([entry])
        self._parties.give_up(Whose(entry.item, entry.party))
        if why is None:
            self._tx.run(self._sql.drop, link=self.link, upload_id=entry.upload_id)
        else:
            self._put({entry.upload_id: (State.GONE, {"at": entry.at, "size": entry.size, "why": why})})
            too_many = self._sums["gone"] + self._more["gone"] - rules.MAX_GONE
            if too_many > 0:
                self._more["gone"] -= self._tx.changed(self._sql.drop_gone, link=self.link, most=too_many)
        self._give_up(self._take_brought([entry]))

    def note_gone(self, upload_id: str, why: str) -> None:
        """Remember why an upload is gone of which nothing else is known; nothing happens where something is."""
        if not self.entries([upload_id]):
            self._put({upload_id: (State.GONE, {"at": 0.0, "size": 0, "why": why})})

    def renew(self, entry: Entry, until: float) -> None:
        """Go on setting room aside for an open upload."""
        self._tx.run(self._sql.set_until, link=self.link, upload_id=entry.upload_id, until=until)

    def brought(self, upload_id: str) -> list[int]:
        """The folders that an upload under way will bring."""
        rows = self._tx.all(self._sql.brought, link=self.link, ids=self._sql.listed([upload_id]))
        return [unsigned(mark) for (mark,) in rows]

    def add_folders(self, marks: Iterable[int]) -> None:
        """Note folders that exist from now on."""
        self._keep(set(marks))

    def see(self, viewer: str, up_to: int) -> int:
        """Note that ``viewer`` has seen all up to an arrival; how many files are new after that."""
        return self._arrivals.see(viewer, up_to, self._sums["received"])

    def take(self, viewer: str, since: float | None, until: float) -> None:
        """Note that ``viewer`` has taken what arrived after ``since`` until ``until``."""
        self._arrivals.take(viewer, since, until)

    def see_all(self, viewer: str) -> None:
        """The same of all that has arrived."""
        self.see(viewer, self._arrivals.total)

    def save(self) -> None:
        """Write the sums; the last thing that is done."""
        self._more["parties"] += self._parties.save()
        if self._metered is not None:
            more = self._more
            weight = more["coming_weight"] + more["received_weight"] + more["folders"] * NAME_BYTES
            self._sql.quotas.add(self._tx, self._metered, weight)
        if self._arrivals.changed:
            at, sender = self._arrivals.newest
            arrived = {"arrivals": self._arrivals.total, "last_received_at": at, "last_sender": sender}
            self._tx.run(self._sql.add_arrived, link=self.link, **self._more, **arrived)
        elif any(self._more.values()):
            self._tx.run(self._sql.add_sums, link=self.link, **self._more)

    def _begin(self, uploads: Mapping[str, tuple[State, dict[str, Any], Sequence[int]]]) -> None:
        new = {each: (state, row | {"brings": len(marks)}, marks) for each, (state, row, marks) in uploads.items()}
        # Hardly ever is anything known of an upload that begins, so that of one alone this is found by writing it.
        if len(new) != 1 or not self._put_if_new(*new.items()):
            known = self.entries(list(uploads))
            new = {upload_id: each for upload_id, each in new.items() if not _is_settled(known.get(upload_id))}
            before = [known[upload_id] for upload_id in new if upload_id in known]
            self._uncount(before)
            if given_up := self._take_brought(before):
                self._give_up(given_up)
                self.look_at_folders(mark for _, _, marks in new.values() for mark in marks)
            self._put({upload_id: (state, row) for upload_id, (state, row, _) in new.items()})
        self._more["coming_weight"] += sum(weight(row["size"]) for _, row, _ in new.values())
        self._bring({upload_id: marks for upload_id, (_, _, marks) in new.items() if marks})

    def _put(self, rows: Mapping[str, tuple[State, dict[str, Any]]]) -> None:
        self._tx.many(self._sql.put, [self._row(each, state, row) for each, (state, row) in rows.items()])
        for state, row in rows.values():
            self._count(state, row)

    def _put_if_new(self, upload: tuple[str, tuple[State, dict[str, Any], Sequence[int]]]) -> bool:
        upload_id, (state, row, _) = upload
        is_new = self._tx.changed(self._sql.put_new, **self._row(upload_id, state, row)) == 1
        if is_new:
            self._count(state, row)
        return is_new

    def _row(self, upload_id: str, state: State, row: dict[str, Any]) -> dict[str, Any]:
        return _BLANK | row | {"link": self.link, "upload_id": upload_id, "state": state.value}

    def _count(self, state: State, row: dict[str, Any]) -> None:
        self._more[_SUM_OF[state]] += 1
        self._parties.count(state, Whose(row.get("item"), row.get("party")), row["size"], 1)

    def _uncount(self, entries: Iterable[Entry]) -> None:
        """Take what is no longer so out of the sums."""
        for entry in entries:
            self._more[_SUM_OF[entry.state]] -= 1
            self._parties.count(entry.state, Whose(entry.item, entry.party), entry.size, -1)
            if entry.state in (State.OPEN, State.ANNOUNCED):
                self._more["coming_weight"] -= weight(entry.size)
            elif entry.state is State.RECEIVED:
                self._more["received_bytes"] -= entry.size
                self._more["received_weight"] -= weight(entry.size)

    def _bring(self, uploads: Mapping[str, Sequence[int]]) -> None:
        if not uploads:
            return
        marks = [(upload_id, signed(mark)) for upload_id, brought in uploads.items() for mark in brought]
        self._tx.many(self._sql.await_folder, [self._folder(mark, kept=0, awaited=1) for _, mark in marks])
        self._tx.many(self._sql.bring, [{"link": self.link, "upload_id": each, "mark": mark} for each, mark in marks])
        self._more["folders"] += len({unsigned(mark) for _, mark in marks} - self._awaited - self._kept)

    def _keep(self, marks: Set[int]) -> None:
        if marks:
            # Asked anew, as those that were looked at before were others.
            self.look_at_folders(marks)
            self._more["folders"] += len(marks - self._awaited - self._kept)
            self._tx.many(self._sql.keep_folder, [self._folder(signed(mark), kept=1, awaited=0) for mark in marks])

    def _give_up(self, marks: Sequence[int]) -> None:
        if marks:
            self._tx.many(self._sql.give_up_folder, [{"link": self.link, "mark": signed(mark)} for mark in marks])
            self._more["folders"] -= self._tx.changed(self._sql.drop_folders, link=self.link)

    def _take_brought(self, entries: Iterable[Entry]) -> list[int]:
        """The folders that these uploads would have brought, each as often as one would, which are noted no longer."""
        upload_ids = [entry.upload_id for entry in entries if entry.brings]
        if not upload_ids:
            return []
        ids = self._sql.listed(upload_ids)
        rows = self._tx.all(self._sql.brought, link=self.link, ids=ids)
        self._tx.run(self._sql.drop_brought, link=self.link, ids=ids)
        return [unsigned(mark) for (mark,) in rows]

    def _folder(self, mark: int, *, kept: int, awaited: int) -> dict[str, int]:
        return {"link": self.link, "mark": mark, "kept": kept, "awaited": awaited}

    def _unlapsed(self, load: Load, now: float) -> Load:
        """What the link has taken on without the openings whose time is over."""
        found = self._tx.one(self._sql.lapsed, link=self.link, now=now)
        assert found is not None
        files, lost = int(found[0]), int(found[1] or 0)
        elsewhere = 0
        if load.room is not None and self._metered is not None:
            elsewhere = self._sql.quotas.lapsed(self._tx, self._metered, self.link, now)
        if not files and not elsewhere:
            return load
        rows = self._tx.all(self._sql.lapsed_folders, link=self.link, now=now) if load.folders else []
        gone = {unsigned(mark) for (mark,) in rows}
        room = None if load.room is None else load.room + lost + len(gone) * NAME_BYTES + elsewhere
        awaited = load.awaited - gone
        return Load(load.names, load.files - files, load.weight - lost, load.folders - len(gone), awaited, room)


def _is_settled(entry: Entry | None) -> bool:
    """Whether an upload has delivered its file, after which nothing else becomes of it."""
    return entry is not None and entry.state in (State.RECEIVED, State.REMOVED, State.DELETED)

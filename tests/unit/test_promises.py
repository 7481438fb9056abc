"""Promises: what is announced is judged by arithmetic, lapses, and is asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import inf
from typing import cast

import pytest

from app.core.errors import RequestFull, StorageFull
from app.core.ledger import Ledger
from app.core.links import RequestLink
from app.core.paths import RelPath
from app.core.ports.catalogue import RequestStore
from app.core.ports.uploads import UploadStore
from app.core.ranges import ByteRanges, Span
from app.core.room import HASTY_SECONDS, NAME_BYTES, Floors, Promise, Promised, PromiseTerms, Space
from app.core.session import UploadSession
from app.core.store_facts import StoreFacts
from app.core.terms import Terms
from app.services.receiving.promises import MIB, STEP_BYTES, Promises, step_of
from app.services.receiving.room import Room
from app.storage.disk.promises import SQLitePromises
from tests.support.clock import Now

GIB = 1024 * MIB
MINUTE = 60.0
TERMS = PromiseTerms(patience=10 * MINUTE, client_percent=50, link_percent=75)
LINK = RequestLink("h" * 32, RelPath.parse("x"), 1.0)
NO_FLOORS = Floors(0, 0, 0)


def promise(**values) -> Promise:
    return replace(Promise("u", "h", "1.2.3.4", 100, opened_at=0.0, heard_at=0.0), **values)


def test_all_that_was_announced_is_kept_at_first_and_then_as_much_again_as_came() -> None:
    one = promise(received=10, taken=20)
    assert TERMS.held(one, 9 * MINUTE) == 80
    assert TERMS.held(one, 11 * MINUTE) == 10
    assert TERMS.held(promise(received=70, taken=80), 11 * MINUTE) == 20
    assert TERMS.held(promise(received=100, taken=120), 0) == 0


def test_the_first_silent_file_may_have_everything_and_the_next_a_share() -> None:
    assert TERMS.allow(100, 100, Promised())
    assert not TERMS.allow(101, 100, Promised())
    assert not TERMS.allow(61, 100, Promised(total=40))
    assert TERMS.allow(30, 100, Promised(total=20, of_client=20, silent_client=True))
    assert not TERMS.allow(31, 100, Promised(total=20, of_client=20, silent_client=True))
    assert TERMS.allow(80, 100, Promised(total=20, of_client=20))
    assert TERMS.allow(55, 100, Promised(total=20, of_link=20, silent_link=True))
    assert not TERMS.allow(56, 100, Promised(total=20, of_link=20, silent_link=True))
    free = PromiseTerms(600, 0, 0)
    assert free.allow(80, 100, Promised(total=20, of_client=20, of_link=20, silent_client=True, silent_link=True))


def test_room_that_was_kept_for_nothing_is_remembered_in_proportion() -> None:
    assert TERMS.marked_until(promise(), HASTY_SECONDS) == HASTY_SECONDS
    assert TERMS.marked_until(promise(), HASTY_SECONDS + 60) == HASTY_SECONDS + 60 + 180
    assert TERMS.marked_until(promise(received=1), 600) == 0


class Growing:
    """Uploads that only count what is set aside for them."""

    facts = StoreFacts(local=True, readable=True)

    def __init__(self, disk: Disk) -> None:
        self.taken: dict[str, ByteRanges] = {}
        self._disk = disk

    def open(self, upload_id: str) -> OneGrowing:
        return OneGrowing(self, upload_id)

    def set_aside(self, upload_id: str, span: Span) -> int:
        before = self.taken.get(upload_id, ByteRanges())
        after = self.taken[upload_id] = before.add(span)
        self._disk.space = replace(self._disk.space, free=self._disk.space.free - (after.length - before.length))
        return after.length


@dataclass
class OneGrowing:
    growing: Growing
    upload_id: str

    def set_aside(self, span: Span) -> int:
        return self.growing.set_aside(self.upload_id, span)


class Disk:
    def __init__(self, free: int) -> None:
        self.space = Space(size=10**15, free=free, inodes=0, free_inodes=0)

    def __call__(self) -> Space:
        return self.space


class Links:
    """The ledger of one link, in memory."""

    def __init__(self) -> None:
        self.ledger = Ledger()

    def reserve(self, link, upload_id, size, at, until, folders, item, party) -> None:
        self.ledger.apply(self.ledger.reserve(link, upload_id, size, at, until, folders))

    def renew(self, link, upload_id, now, until, again) -> float:
        event = self.ledger.renew(link, upload_id, now, until, again)
        if event:
            self.ledger.apply(event)
        return self.ledger.open[upload_id].until


class House:
    """Promises on a disk with so much free, and one upload after the other."""

    def __init__(self, folder, free: int, now: Now, floors: Floors = NO_FLOORS) -> None:
        self.now = now
        self.disk = Disk(free)
        self.chunks = Growing(self.disk)
        self.links = Links()
        self._folder = folder
        self._floors = floors
        self.promises = self.another()

    def another(self) -> Promises:
        """The same as another process sees it, or the next start."""
        store = SQLitePromises(self._folder / "promises.db", TERMS, self.now)
        return Promises(
            store=store,
            room=Room(self.disk, self._floors, store.total),
            terms=TERMS,
            requests=cast(RequestStore, self.links),
            uploads=cast(UploadStore, self.chunks),
            clock=self.now,
        )

    def open(self, name: str, size: int, client: str = "a", link: RequestLink | None = None) -> UploadSession:
        """Every client has a link of their own, unless it is named."""
        at, link = self.now(), link or replace(LINK, hash=client * 32)
        session = UploadSession(name, link.hash, RelPath.parse(name), size, at, at, client=client)
        self.promises.make(session)
        self.promises.reserve_place(session, link)
        return session

    @contextmanager
    def chunk(self, session: UploadSession, start: int, stop: int, promises: Promises | None = None) -> Iterator[None]:
        with (promises or self.promises).kept(session, LINK, Span(start, stop)):
            yield

    def send(self, session: UploadSession, start: int, stop: int, promises: Promises | None = None) -> UploadSession:
        with self.chunk(session, start, stop, promises):
            return replace(session, ranges=session.ranges.add(Span(start, stop)))


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def house(tmp_path, now) -> House:
    return House(tmp_path, GIB, now)


def test_announced_room_is_not_announced_twice_by_any_process(house) -> None:
    house.open("a", 600 * MIB, "a")
    house.promises = house.another()
    with pytest.raises(StorageFull):
        house.open("b", 600 * MIB, "b")
    house.open("c", 400 * MIB, "c")


def test_what_has_come_counts_once(house) -> None:
    a = house.open("a", 600 * MIB)
    for start in range(0, 500 * MIB, 20 * MIB):
        a = house.send(a, start, start + 20 * MIB)
    assert house.disk.space.free + house.chunks.taken["a"].length == GIB
    house.open("b", 400 * MIB, "b")
    with pytest.raises(StorageFull):
        house.open("c", 25 * MIB, "c")


def test_silent_room_lapses_and_the_upload_stays_and_asks_again(house, now) -> None:
    a = house.open("a", GIB - MIB, "a")
    with pytest.raises(StorageFull):
        house.open("b", MIB, "b")
    now.pass_by(10 * MINUTE + 1)
    b = house.open("b", GIB - 20 * MIB, "b")
    with pytest.raises(StorageFull) as caught, house.chunk(a, 0, 20 * MIB):
        raise AssertionError
    assert caught.value.details["retry_after"]
    a = house.send(a, 0, MIB)
    house.promises.drop(b)
    now.pass_by(11 * MINUTE)
    a = house.send(a, MIB, 200 * MIB)
    assert house.another()._store.total() <= MIB


def test_a_sign_of_life_keeps_no_more_than_has_come(house, now) -> None:
    a = house.send(house.open("a", GIB - MIB, "a"), 0, 1)
    for second in range(1, 5):
        now.pass_by(5 * MINUTE)
        a = house.send(a, second, second + 1)
    house.open("b", 900 * MIB, "b")


def test_opening_anew_again_and_again_keeps_half_of_the_room_at_most(house, now) -> None:
    for attempt in range(5):
        session = house.open(f"a{attempt}", (GIB - MIB) if not attempt else 400 * MIB, "a")
        now.pass_by(9 * MINUTE)
        house.promises.drop(session)
        with pytest.raises(StorageFull):
            house.open("more", 900 * MIB, "a")
    house.open("b", 900 * MIB, "b")


def test_who_changes_their_mind_at_once_is_not_reminded(house, now) -> None:
    session = house.open("a", GIB - MIB, "a")
    now.pass_by(5)
    house.promises.drop(session)
    house.open("b", GIB - MIB, "a")


def test_steps_grow_with_what_has_come_and_lie_where_the_chunk_lies() -> None:
    session = UploadSession("u", "h", RelPath.parse("a"), 100 * MIB, 0.0, 0.0)
    assert step_of(session, Span(5, 9)) == Span(5, 9)
    begun = replace(session, ranges=ByteRanges([Span(0, 8 * MIB)]))
    assert step_of(begun, Span(17 * MIB, 18 * MIB)) == Span(16 * MIB, 24 * MIB)
    size = 3 * STEP_BYTES + 100 * MIB
    far = replace(session, size=size, ranges=ByteRanges([Span(0, 2 * STEP_BYTES)]))
    assert step_of(far, Span(size - MIB, size)) == Span(3 * STEP_BYTES, size)


def test_most_chunks_of_a_large_file_ask_nobody(house) -> None:
    asked = []
    change = house.promises._store.change

    def counted(*arguments):
        asked.append(arguments)
        return change(*arguments)

    house.promises._store.change = counted
    a = house.open("a", 800 * MIB)
    for start in range(0, 800 * MIB, MIB):
        a = house.send(a, start, start + MIB)
    assert len(asked) < 40


def test_no_step_is_taken_below_the_floor_of_chunks(tmp_path, now) -> None:
    house = House(tmp_path, GIB + 80 * MIB, now, Floors(5, GIB, 0))
    a = house.open("a", 70 * MIB)
    for start in range(0, 40 * MIB, 8 * MIB):
        a = house.send(a, start, start + 8 * MIB)
    house.disk.space = replace(house.disk.space, free=GIB // 4 + 3 * MIB)
    a = house.send(a, 64 * MIB, 66 * MIB)
    assert house.disk.space.free >= GIB // 4
    house.disk.space = replace(house.disk.space, free=GIB // 4 + MIB)
    with pytest.raises(StorageFull), house.chunk(a, 66 * MIB, 70 * MIB):
        raise AssertionError


def test_a_chunk_that_fails_has_its_room_taken_again(house) -> None:
    a = house.open("a", 100 * MIB)
    a = house.send(a, 0, 40 * MIB)
    with pytest.raises(RuntimeError), house.chunk(a, 40 * MIB, 41 * MIB):
        raise RuntimeError
    house.chunks.taken["a"] = ByteRanges([Span(0, 40 * MIB)])
    house.send(a, 40 * MIB, 41 * MIB)
    assert house.chunks.taken["a"].covers(Span(40 * MIB, 41 * MIB))


def test_a_silent_place_on_a_link_lapses_and_is_asked_for_again(house, now) -> None:
    few = replace(LINK, terms=Terms(max_files=1))
    a = house.open("a", 10, "a", few)
    with pytest.raises(RequestFull):
        house.open("b", 10, "b", few)
    now.pass_by(10 * MINUTE + 1)
    b = house.open("b", 10, "b", few)
    with pytest.raises(RequestFull) as caught, house.promises.kept(a, few, Span(0, 5)):
        raise AssertionError
    assert caught.value.details == {"limit": 1, "retry_after": 30}
    house.links.ledger.apply({"event": "released", "upload_id": b.upload_id, "why": "cancelled"})
    with house.promises.kept(a, few, Span(0, 5)):
        pass
    with pytest.raises(RequestFull):
        house.open("c", 10, "c", few)


def test_what_has_come_keeps_a_place_for_as_long_as_it_takes_a_slow_line(house, now) -> None:
    few = replace(LINK, terms=Terms(max_files=1))
    a = house.open("a", 100 * MIB, "a", few)
    a = house.send(a, 0, 40 * MIB)
    now.pass_by(6 * MINUTE)
    house.send(a, 40 * MIB, 41 * MIB)
    now.pass_by(8 * 3600)
    with pytest.raises(RequestFull):
        house.open("b", 10, "b", few)
    now.pass_by(24 * 3600)
    house.open("b", 10, "b", few)


def test_a_ledger_from_before_places_lapsed_keeps_them() -> None:
    ledger = Ledger()
    ledger.apply({"event": "opened", "upload_id": "a", "size": 7})
    assert ledger.open["a"].until == inf


def test_folders_that_files_bring_count_once_they_are_there_or_awaited(monkeypatch) -> None:
    monkeypatch.setattr("app.core.ledger.MAX_FOLDERS", 5)
    ledger = Ledger()
    ledger.apply(ledger.reserve(LINK, "a", 1, 0.0, 600.0, ("x", "y", "z")))
    ledger.apply(ledger.reserve(LINK, "b", 1, 0.0, 600.0, ("x", "y", "w")))
    with pytest.raises(RequestFull):
        ledger.reserve(LINK, "c", 1, 1.0, 600.0, ("p", "q"))
    ledger.reserve(LINK, "c", 1, 1.0, 600.0, ("p",))
    ledger.reserve(LINK, "c", 1, 601.0, 900.0, ("p", "q"))
    ledger.apply({"event": "released", "upload_id": "b", "why": "cancelled"})
    ledger.reserve(LINK, "c", 1, 1.0, 600.0, ("p", "q"))
    with pytest.raises(RequestFull):
        ledger.add_folders(LINK, [RelPath.parse("p/q/r")])


def test_names_and_folders_weigh_something() -> None:
    ledger, small = Ledger(), replace(LINK, terms=Terms(max_total_size=5 * NAME_BYTES))
    ledger.apply(ledger.reserve(small, "a", 0, 0.0, inf, ("x", "y")))
    ledger.apply(ledger.reserve(small, "b", 1, 0.0, inf, ("x",)))
    with pytest.raises(RequestFull):
        ledger.reserve(small, "c", NAME_BYTES + 1)
    ledger.reserve(small, "c", NAME_BYTES)


def test_a_ledger_remembers_a_bounded_number_of_names_and_ends(monkeypatch) -> None:
    monkeypatch.setattr("app.core.ledger.MAX_NAMES", 2)
    monkeypatch.setattr("app.core.ledger.MAX_GONE", 2)
    ledger = Ledger()
    for number in range(4):
        ledger.apply(ledger.reserve(LINK, f"u{number}", 1))
        ledger.apply({"event": "released", "upload_id": f"u{number}", "why": "expired"})
    assert list(ledger.gone) == ["u2", "u3"]
    for name in ("a", "b"):
        ledger.apply(ledger.reserve(LINK, name, 1))
    with pytest.raises(RequestFull):
        ledger.reserve(LINK, "c", 1)

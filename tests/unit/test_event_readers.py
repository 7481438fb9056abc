"""Readers of events: a sample of one, told everything at least once whatever dies, and nothing that its neighbours do not do."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.core.events import Event, EventKind
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.services import event_readers
from app.services.event_readers import Bell, EventReaders
from app.storage.sql.events import SQLEvents
from app.storage.sql.files import SQLRequests
from tests.support.catalogues import catalogue
from tests.support.processes import together

HASH = "link-0123456789abcdef"


class Totals:
    """A sample reader: how many bytes arrived, whatever it is told again."""

    name = "totals"

    def __init__(self, requests: SQLRequests, dies: Callable[[Event], bool] = lambda _: False) -> None:
        self._requests = requests
        self._dies = dies
        self.sizes: dict[int, int] = {}
        self.told: list[int] = []
        self.enough = threading.Event()

    def handle(self, events: Sequence[Event]) -> None:
        for event in events:
            if self._dies(event):
                raise RuntimeError("as a reader with a fault does")
            self.told.append(event.id)
            if event.kind is EventKind.FILE_RECEIVED and event.upload_id:
                file = self._requests.file(event.link, event.upload_id)
                self.sizes[event.id] = file.size if file else 0
        if sum(self.sizes.values()) >= 10:
            self.enough.set()


class House:
    def __init__(self, folder: Path) -> None:
        self.database = catalogue(folder)
        self.bell = Bell()
        self.requests = SQLRequests(self.database, happened=self.bell.ring)
        self.events = SQLEvents(self.database)

    def readers(self, *readers: Totals) -> EventReaders:
        return EventReaders(self.events, readers, partial(self.database.alone, wait=False), self.bell)

    def receive(self, *numbers: int) -> None:
        files = [ReceivedFile(f"u{number}", f"{number}", f"{number}", 1, 5.0) for number in numbers]
        self.requests.receive(HASH, *files)


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.requests.adopt(RequestLink(HASH, RelPath.parse("in"), 1.0))
    return house


def test_a_reader_is_told_what_happened_once_and_goes_on_after_a_restart(house: House) -> None:
    house.receive(*range(250))
    first = Totals(house.requests)
    assert house.readers(first).catch_up() == 250
    assert sum(first.sizes.values()) == 250
    house.receive(250)
    again = Totals(house.requests)
    assert house.readers(again).catch_up() == 1
    assert again.told == [first.told[-1] + 1]


def test_one_that_fails_is_told_the_same_again_and_holds_up_no_other(house: House) -> None:
    house.receive(1, 2, 3)
    broken = Totals(house.requests, dies=lambda event: event.upload_id == "u3")
    sound = Totals(house.requests)
    sound.name = "another"
    with pytest.raises(RuntimeError):
        house.readers(broken).catch_up()
    assert house.readers(sound).catch_up() == 3
    mended = Totals(house.requests)
    assert house.readers(mended).catch_up() == 3
    assert sorted({**broken.sizes, **mended.sizes}) == sorted(sound.sizes)


def test_a_reader_is_woken_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_readers, "LOOK_EVERY_SECONDS", 600.0)
    reader = Totals(house.requests)
    house.readers(reader).start()
    house.receive(*range(10))
    assert reader.enough.wait(60)


def test_what_happened_in_another_process_is_seen_too(house: House) -> None:
    reader = Totals(house.requests)
    house.readers(reader).start()
    together(2, lambda number: house.receive(*range(5 * number, 5 * number + 5)))
    assert reader.enough.wait(60)


def test_of_many_processes_one_tells_a_reader_each_event(house: House) -> None:
    house.receive(*range(300))

    def tell(_: int) -> list[int]:
        reader = Totals(house.requests)
        house.readers(reader).catch_up()
        return reader.told

    told = sorted(number for each in together(4, tell) for number in each)
    house.readers(Totals(house.requests)).catch_up()
    assert told == sorted(set(told))
    assert not house.events.after(house.events.cursor("totals"), 1)


def test_events_go_when_they_are_old_and_every_reader_has_passed_them(house: House) -> None:
    house.receive(1, 2)
    readers = house.readers(Totals(house.requests))
    [*_, last] = house.events.after(0, 10)
    later = last.at + event_readers.EVENTS_KEPT_SECONDS + 1
    assert readers.prune(later) == 0
    readers.catch_up()
    assert readers.prune(last.at + 1) == 0
    assert readers.prune(later) == 1
    assert house.events.after(0, 10) == [last]


class Counted:
    """Events of which is counted what is asked."""

    def __init__(self, events: SQLEvents) -> None:
        self._events = events
        self.asked: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self.asked[name] += 1
        return getattr(self._events, name)

    def during(self, work: Callable[[], object]) -> dict[str, int]:
        self.asked.clear()
        work()
        return dict(self.asked)


def test_where_nothing_happened_all_readers_of_a_process_ask_once(house: House) -> None:
    readers = [Totals(house.requests) for _ in range(8)]
    for number, each in enumerate(readers):
        each.name = f"totals {number}"
    events = Counted(house.events)
    house.events = events  # type: ignore[assignment]
    told, heard = house.readers(*readers), 0

    def look() -> None:
        for each in readers:
            told._tell(each, partial(told._lately_newest, heard))

    look()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_readers, "FRESH_SECONDS", 1000.0)
        assert events.during(look) == {}
        heard = 1
        assert events.during(look) == {"newest": 1}
        house.receive(1)
        heard = 2
        assert events.during(look) == {"newest": 1, "cursor": 16, "after": 8, "passed": 8}
        assert [each.told for each in readers] == [readers[0].told] * 8
        assert events.during(look) == {}
    # What happened elsewhere, and what another process has told.
    house.receive(2)
    assert house.readers(*readers[:7]).catch_up() == 7
    told._looked = (-1000.0, *told._looked[1:])
    assert events.during(look) == {"newest": 1, "cursor": 9, "after": 1, "passed": 1}


def test_readers_follow_a_database_that_was_put_back(house: House) -> None:
    reader = Totals(house.requests)
    readers = house.readers(reader)
    house.receive(1, 2)
    readers.catch_up()
    [_, last] = reader.told
    with house.database.write() as tx:
        tx.run("DELETE FROM events WHERE id = :last", last=last)
        tx.run("UPDATE readers SET passed = 0")
    assert readers.catch_up() == 1
    assert reader.told[2:] == reader.told[:1]

"""What the slots and tickets that processes share promise."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.core.errors import Busy
from app.core.fair_queue import MAX_TICKETS, TICKET_SECONDS, Ticket
from app.core.ports.places import Places, TakenSlot
from app.storage.cluster.places import ClusterPlaces
from app.storage.cluster.presence import Presence
from app.storage.disk.places import LocalPlaces
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.support.cluster import Engines


@pytest.fixture
def now() -> list[float]:
    return [1000.0]


@pytest.fixture(params=["disk", "cluster"])
def make(request: pytest.FixtureRequest, tmp_path: Path, now: list[float]) -> Callable[[], Places]:
    """Opens the same places again, as another process would."""
    if request.param == "disk":
        return lambda: LocalPlaces(tmp_path / "run", 4, lambda: now[0])
    engines: Engines = request.getfixturevalue("engines")
    engines.emptied()

    def make() -> Places:
        engines.wait_for_the_dead()
        database = PostgreSQLDatabase(engines.url)
        return ClusterPlaces(database, Presence(database), 4, lambda: now[0])

    return make


def slot(index: int, upload: str = "upload") -> TakenSlot:
    return TakenSlot(index, upload.encode().ljust(16, b"u")[:16], b"v" * 16, upload, 900.0 + index)


def ticket(number: int, seen: float = 1000.0) -> Ticket:
    return Ticket(b"%016d" % number, b"v" * 16, number, seen, 2.0)


def test_a_slot_is_taken_for_all_until_it_is_cleared(make: Callable[[], Places]) -> None:
    one, other = make(), make()
    one.make()
    with one.locked():
        assert one.taken() == []
        one.take(slot(2))
        one.take(slot(0, "x" * 64))
    with other.locked():
        assert other.taken() == [slot(0, "x" * 64), slot(2)]
        other.clear(0)
    with one.locked():
        assert one.taken() == [slot(2)]


def test_a_slot_counts_as_long_as_anybody_holds_it(make: Callable[[], Places]) -> None:
    one, other = make(), make()
    with one.locked():
        one.take(slot(1))
    with other.locked():
        other.hold(1)
    one.release(1)
    with one.locked():
        assert one.taken() == [slot(1)]
    other.release(1)
    with one.locked():
        assert one.taken() == []


def test_what_was_written_before_somebody_was_sent_away_counts(make: Callable[[], Places]) -> None:
    one, other = make(), make()

    def sent_away() -> None:
        with one.locked():
            one.take(slot(1))
            one.keep_tickets([ticket(1)], 2)
            raise Busy

    with pytest.raises(Busy):
        sent_away()
    with other.locked():
        assert other.taken() == [slot(1)]
        assert other.tickets() == ([ticket(1)], 2)


def test_what_a_killed_process_held_is_free_at_once(make: Callable[[], Places]) -> None:
    child = os.fork()
    if not child:
        mine = make()
        with mine.locked():
            mine.take(slot(3))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    places = make()
    with places.locked():
        assert places.taken() == []


def test_tickets_are_kept_for_all_and_those_who_gave_up_are_left_out(
    make: Callable[[], Places], now: list[float]
) -> None:
    one, other = make(), make()
    assert one.tickets() == ([], 0)
    with one.locked():
        one.keep_tickets([ticket(1), ticket(2)], 3)
    assert other.tickets() == ([ticket(1), ticket(2)], 3)
    now[0] += TICKET_SECONDS - 1
    with other.locked():
        other.keep_tickets([ticket(1), ticket(2, seen=now[0])], 3)
    now[0] += 2
    assert one.tickets() == ([ticket(2, seen=now[0] - 2)], 3)
    with one.locked():
        one.keep_tickets([ticket(n, seen=now[0]) for n in range(MAX_TICKETS + 9)], 9)
    assert len(other.tickets()[0]) == MAX_TICKETS


def test_of_eight_at_once_each_slot_goes_to_one(make: Callable[[], Places]) -> None:
    eight = [make() for _ in range(8)]

    def take(places: Places) -> int:
        with places.locked():
            free = set(range(4)) - {each.index for each in places.taken()}
            if free:
                places.take(slot(min(free)))
            return min(free, default=-1)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(take, eight)) == [-1, -1, -1, -1, 0, 1, 2, 3]

"""Slots: who may keep a thread waiting for a body. Time and senders are made up, the rules are not."""

from __future__ import annotations

from app.core.waiting_room import WaitingThreads
from app.web.server.slots import (
    FAST_BYTES_PER_SECOND,
    GRACE_SECONDS,
    PROOF_BYTES,
    SLOW_BYTES_PER_SECOND,
    STRUCK_SECONDS,
    Asker,
    Slots,
)
from tests.support.clock import Now


class House:
    """Slots with a clock, and senders by name; ``a1`` and ``a2`` are connections of the address ``a``."""

    def __init__(self, total: int = 4, each: int = 2, threads: int = 32) -> None:
        self.clock = Now()
        self.threads = WaitingThreads(threads)
        self.slots: Slots[str] = Slots(total, each, self.threads, self.clock)
        self.askers: dict[str, Asker] = {}

    def ask(self, *names: str) -> list[str]:
        for name in names:
            self.slots.ask(name, self.askers.setdefault(name, Asker(name[0])))
        return self.admitted()

    def admitted(self) -> list[str]:
        return list(iter(self.slots.next, None))

    def pass_time(self, seconds: float, **rates: int) -> list[str]:
        """Each sender brings so many bytes a second meanwhile; who has to give way in the end."""
        leaving: list[str] = []
        for _ in range(round(seconds * 10)):
            self.clock.pass_by(0.1)
            for name, asker in self.askers.items():
                asker.reads = True
                asker.moved += rates.get(name, 0) // 10
            leaving += self.slots.give_way()
        return leaving

    def leave(self, *names: str) -> list[str]:
        for name in names:
            self.slots.leave(name)
        return self.admitted()


def test_no_address_has_more_than_its_share_and_all_together_no_more_than_there_are() -> None:
    house = House(total=4, each=2)
    assert house.ask("a1", "a2", "a3") == ["a1", "a2"]
    assert house.ask("b1", "b2", "c1") == ["b1", "c1"], "another address goes before one that has a slot"
    assert house.leave("a1") == ["a3"]
    assert house.leave("c1") == ["b2"]


def test_slots_are_not_given_where_too_many_threads_wait_for_other_things() -> None:
    house = House(threads=8)
    for _ in range(6):
        assert house.threads.reserve()
    assert house.ask("a1", "b1") == ["a1"], "an eighth of the threads never waits"
    house.threads.give_back()
    assert house.admitted() == ["b1"]


def test_nobody_gives_way_as_long_as_nobody_waits() -> None:
    house = House(total=1)
    house.ask("a1")
    assert house.pass_time(60) == []


def test_who_brings_nothing_gives_way_to_who_waits_and_goes_last_from_then_on() -> None:
    house = House(total=1)
    house.ask("a1", "b1")
    assert house.pass_time(GRACE_SECONDS / 2) == []
    assert house.pass_time(GRACE_SECONDS) == ["a1"]
    assert house.leave("a1") == ["b1"]
    house.ask("a1", "c1", "d1")
    assert house.leave("b1") == ["c1"]
    assert house.leave("c1") == ["d1"]
    assert house.leave("d1") == ["a1"]


def test_a_slow_line_is_protected_and_by_what_its_connections_bring_together() -> None:
    house = House(total=2)
    house.ask("a1", "a2")
    house.ask("b1")
    assert house.pass_time(30, a1=SLOW_BYTES_PER_SECOND * 2 // 3, a2=SLOW_BYTES_PER_SECOND * 2 // 3) == []
    assert house.pass_time(5, a1=SLOW_BYTES_PER_SECOND // 3, a2=SLOW_BYTES_PER_SECOND // 3) != []


def test_within_one_address_each_connection_counts_by_itself() -> None:
    house = House(total=4, each=2)
    house.ask("a1", "a2", "a3")
    assert house.pass_time(3, a1=FAST_BYTES_PER_SECOND, a2=SLOW_BYTES_PER_SECOND // 2) == ["a2"], (
        "an office has fast and slow ones"
    )


def test_who_is_proven_goes_first_and_may_take_from_those_who_bring_little() -> None:
    house = House(total=1)
    house.ask("a1")
    house.pass_time(1, a1=10 * FAST_BYTES_PER_SECOND)
    house.leave("a1")
    house.ask("b1")
    house.ask("c1", "a1")
    assert house.pass_time(3, b1=SLOW_BYTES_PER_SECOND * 2) == ["b1"]
    assert house.leave("b1") == ["a1"]


def test_a_body_too_small_to_prove_anything_proves_nothing() -> None:
    house = House(total=1)
    house.ask("a1")
    house.askers["a1"].moved += PROOF_BYTES - 1
    house.leave("a1")
    assert house.askers["a1"].rate == 0


def test_those_who_had_to_give_way_take_nothing_from_others_and_are_forgiven_in_time() -> None:
    house = House(total=1)
    house.ask("a1", "b1")
    house.pass_time(2 * GRACE_SECONDS)
    house.leave("a1")
    house.ask("a1")
    assert house.pass_time(10, b1=100) == []
    assert house.pass_time(STRUCK_SECONDS, b1=100) == ["b1"]


def test_who_waits_for_the_disk_is_not_taken_for_slow() -> None:
    house = House(total=1)
    house.ask("a1", "b1")
    for _ in range(50):
        house.clock.pass_by(0.1)
        house.askers["a1"].reads = False
        assert house.slots.give_way() == []


def test_where_addresses_say_nothing_all_share_alike() -> None:
    house = House(total=2, each=1)
    for name in ("x1", "x2", "x3"):
        house.askers[name] = Asker("")
    assert house.ask("x1", "x2", "x3") == ["x1", "x2"]
    assert house.leave("x1") == ["x3"]


def test_who_waits_too_long_is_told_so() -> None:
    house = House(total=1)
    house.ask("a1", "b1")
    house.clock.pass_by(5)
    house.ask("c1")
    assert house.slots.late(4) == ["b1"]
    house.slots.give_up("b1")
    assert house.leave("a1") == ["c1"]

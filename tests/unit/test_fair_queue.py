"""Who goes next among those who wait."""

from __future__ import annotations

from app.core.fair_queue import GRACE_SECONDS, TICKET_SECONDS, Ticket, in_order, position


def ticket(upload: str, user: str, number: int, seen: float = 100, wait: float = 1) -> Ticket:
    return Ticket(upload.encode(), user.encode(), number, seen, wait)


def names(order: list[Ticket]) -> list[str]:
    return [each.upload.decode() for each in order]


def test_who_came_first_goes_first():
    assert names(in_order([ticket("b", "y", 2), ticket("a", "x", 1), ticket("c", "z", 3)], {}, 3)) == ["a", "b", "c"]


def test_one_with_fifty_files_does_not_keep_out_one_with_one():
    many = [ticket(f"m{n}", "many", n) for n in range(50)]
    order = names(in_order([*many, ticket("one", "single", 50)], {}, 60))
    assert order[:3] == ["m0", "one", "m1"]


def test_who_has_uploads_running_comes_after_those_who_have_none():
    order = in_order([ticket("a", "x", 1), ticket("b", "y", 2)], {b"x": 2}, 3)
    assert names(order) == ["b", "a"]


def test_who_has_all_a_user_may_have_does_not_stand_in_the_way():
    waiting = [ticket("a", "x", 1), ticket("b", "x", 2), ticket("c", "y", 3)]
    assert names(in_order(waiting, {b"x": 2}, 3)) == ["c", "a"]
    assert names(in_order(waiting, {b"x": 3}, 3)) == ["c"]
    assert position(b"a", in_order(waiting, {b"x": 3}, 3), 100) is None


def test_who_is_late_keeps_a_place_and_holds_up_nobody():
    late = ticket("late", "x", 1, seen=100, wait=2)
    order = in_order([late, ticket("next", "y", 2, seen=104)], {}, 3)
    assert position(b"next", order, 102 + GRACE_SECONDS) == 1
    assert position(b"next", order, 102.1 + GRACE_SECONDS) == 0
    assert position(b"late", order, 130) == 0


def test_a_ticket_lives_as_long_as_somebody_asks():
    assert ticket("a", "x", 1, seen=100).is_alive(100 + TICKET_SECONDS - 1)
    assert not ticket("a", "x", 1, seen=100).is_alive(100 + TICKET_SECONDS)
    assert not ticket("a", "x", 1, seen=100).is_alive(99), "from another boot of the machine"

"""Who sent last, what is new, and lists of links by it: what every RequestStore promises."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.actors import THE_OWNER
from app.core.due import SOON_SECONDS, Due, due_of
from app.core.errors import RequestNotFound
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.standing import LinkFilter, LinkOrder, LinkSort, Standing, place_of, state_of
from app.core.terms import Terms
from app.storage.sql.bin import SQLBin
from app.storage.sql.files import SQLRequests
from tests.contracts.conftest import databases
from tests.support.actors import OWNER
from tests.support.processes import together

HASH = "link-0123456789abcdef"
OTHER = "account:ann"


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request, tmp_path: Path):
    return databases(request.param, request, tmp_path)


@pytest.fixture
def store(opened) -> SQLRequests:
    made = SQLRequests(opened())
    made.create(link())
    return made


@pytest.fixture
def bin(opened) -> SQLBin:
    return SQLBin(opened(), clock=lambda: 500.0)


def link(hash: str = HASH, created_at: float = 12.5, **terms) -> RequestLink:
    return RequestLink(hash, RelPath.parse("inbox"), created_at, Terms(**terms))


def received(upload_id: str, at: float, name: str | None = None, email: str | None = None) -> ReceivedFile:
    return ReceivedFile(upload_id, f"{upload_id}.bin", f"{upload_id}.bin", 10, at, None, name, email)


def last(store: SQLRequests) -> tuple[float | None, str | None]:
    standing = store.standing(HASH)[1]
    return standing.last_received_at, standing.last_sender


def new(store: SQLRequests, viewer: str = THE_OWNER) -> list[str]:
    """The unseen files, which are as many as is told."""
    found = [file.upload_id for _, file in store.unseen_page(HASH, viewer, 100)]
    assert len(found) == store.standing(HASH, viewer)[1].new
    return found


def arrivals(store: SQLRequests) -> int:
    return store.standing(HASH)[1].arrivals


def test_a_link_tells_who_sent_last_and_when(store):
    assert last(store) == (None, None)
    store.receive(HASH, received("a", 5.0, "Ada", "ada@example.org"), received("b", 4.0, "Bob"))
    assert last(store) == (5.0, "Ada")
    store.receive(HASH, received("c", 6.0, None, "c@example.org"))
    assert last(store) == (6.0, "c@example.org")
    store.receive(HASH, received("d", 7.0))
    assert last(store) == (7.0, None)
    # Told again, as after a crash.
    store.receive(HASH, received("a", 9.0, "Ada"))
    assert last(store) == (7.0, None)
    assert store.page(1)[0][1] == store.standing(HASH)[1]


def test_what_was_taken_back_was_not_sent_and_what_was_deleted_was(store, bin):
    store.receive(HASH, received("a", 5.0, "Ada"), received("b", 6.0, "Bob"), received("c", 7.0, "Cleo"))
    assert bin.put(HASH, "b", OWNER, 900.0)
    assert last(store) == (7.0, "Cleo")
    assert store.remove(HASH, "c")
    assert last(store) == (6.0, "Bob")
    assert store.remove(HASH, "a")
    assert last(store) == (6.0, "Bob")
    bin.forget(HASH, "b")
    assert last(store) == (6.0, "Bob")
    assert store.standing(HASH)[1].files == 0
    store.receive(HASH, received("e", 8.0))
    assert store.remove(HASH, "e")
    assert last(store) == (6.0, "Bob")


def test_a_link_from_which_all_was_taken_back_received_nothing(store):
    store.receive(HASH, received("a", 5.0, "Ada"))
    store.remove(HASH, "a")
    assert last(store) == (None, None)
    assert [each.hash for each, _ in store.page(9, only=LinkFilter.NOT_BEGUN)] == [HASH]


def test_what_arrived_is_new_until_it_was_seen_for_each_viewer_alone(store):
    store.receive(HASH, received("a", 5.0), received("b", 6.0))
    assert new(store) == new(store, OTHER) == ["b", "a"]
    shown = arrivals(store)
    # Comes while the others are looked at, with a time that is before theirs.
    store.receive(HASH, received("c", 1.0))
    assert store.see(HASH, THE_OWNER, shown) == 1
    assert new(store) == ["c"]
    assert new(store, OTHER) == ["c", "b", "a"]
    assert store.see(HASH, THE_OWNER, shown) == 1
    assert store.see(HASH, THE_OWNER, arrivals(store)) == 0
    # Going back, and ahead of what has arrived.
    assert store.see(HASH, THE_OWNER, 1) == 0
    assert store.see(HASH, THE_OWNER, 10**12) == 0
    store.receive(HASH, received("d", 7.0))
    assert new(store) == ["d"]
    assert store.see(HASH, OTHER, 0) == 4


def test_what_goes_and_comes_back_is_as_new_as_it_was(store, bin):
    store.receive(HASH, *(received(each, 5.0) for each in "abcdef"))
    store.see(HASH, THE_OWNER, 3)
    assert new(store) == ["f", "e", "d"]
    for gone in ("a", "d"):
        assert bin.put(HASH, gone, OWNER, 900.0)
    for taken in ("b", "e"):
        assert store.remove(HASH, taken)
    assert new(store) == ["f"]
    assert new(store, OTHER) == ["f", "c"]
    for back in ("a", "d"):
        assert bin.take_out(HASH, received(back, 5.0), OWNER)
    assert new(store) == ["f", "d"]
    assert store.see(HASH, THE_OWNER, 4) == 1
    assert new(store) == ["f"]


def test_new_files_come_in_pages(store):
    store.receive(HASH, *(received(f"u{each}", 5.0) for each in range(7)))
    first = store.unseen_page(HASH, THE_OWNER, 4)
    assert [at for at, _ in first] == [7, 6, 5, 4]
    assert [at for at, _ in store.unseen_page(HASH, THE_OWNER, 4, first[-1][0])] == [3, 2, 1]
    assert store.unseen_page(HASH, THE_OWNER, 4, 1) == []


def test_of_no_link_nothing_is_seen(store):
    calls: list[Callable[[], object]] = [
        lambda: store.see("another-hash-0123456789", THE_OWNER, 1),
        lambda: store.standing("another-hash-0123456789"),
        lambda: store.unseen_page("another-hash-0123456789", THE_OWNER, 1),
        lambda: store.see("no/hash", THE_OWNER, 1),
    ]
    for call in calls:
        with pytest.raises(RequestNotFound):
            call()


def test_looks_and_arrivals_from_several_processes_all_count(store, opened):
    def work(number: int) -> int:
        own = SQLRequests(opened(), durable=False)
        for each in range(20):
            own.receive(HASH, received(f"u{number}-{each}", 5.0))
            own.see(HASH, THE_OWNER, own.standing(HASH)[1].arrivals)
        return own.standing(HASH)[1].new

    together(3, work)
    standing = store.standing(HASH)[1]
    assert (standing.arrivals, standing.files, standing.new) == (60, 60, 0)


def test_what_was_seen_goes_with_the_link(store, opened):
    store.receive(HASH, received("a", 5.0))
    store.see(HASH, THE_OWNER, 1)
    store.delete(HASH, OWNER)
    store.clear_deleted()
    with opened().read() as tx:
        assert tx.all("SELECT * FROM seen") == []


@pytest.fixture
def many(opened, seed) -> tuple[SQLRequests, list[tuple[RequestLink, Standing]], float]:
    """Links of all kinds, some of one place in an order, and the time of the list."""
    store, chance, now = SQLRequests(opened(), durable=False), random.Random(seed), 100.0
    titles = ["Ärzte", "arzt 2", "Arzt 10", "", "zoo", "Zoo", "😀 smile", "\U0010ffff", "nul \x00 half \ud800"]
    for number in range(40):
        made = link(
            f"{HASH}-{number:02}",
            float(number // 3),
            title=chance.choice(titles),
            active=chance.random() > 0.2,
            expires_at=chance.choice([None, 50.0, 150.0, 200.0]),
            max_files=chance.choice([0, 0, 1, 2]),
            max_total_size=chance.choice([0, 0, 1, 5000, 10**6]),
            due_at=[None, 90.0, now, 200.0, now + SOON_SECONDS, now + SOON_SECONDS + 1][number % 6],
        )
        store.create(made)
        if chance.random() < 0.3:
            store.note_finished(made.hash, True)
        if chance.random() < 0.6:
            files = [received(f"u{each}", chance.choice([7.0, 8.0, 9.0])) for each in range(chance.choice([1, 2]))]
            store.receive(made.hash, *files)
            store.see(made.hash, THE_OWNER, chance.choice([0, 1, 2]))
        elif chance.random() < 0.3:
            store.reserve(replace(made, terms=Terms()), "open", 10)
    return store, store.page(99), now


@pytest.mark.parametrize("by", list(LinkSort))
@pytest.mark.parametrize("descending", [True, False])
def test_links_come_in_every_order_page_by_page(many, by: LinkSort, descending: bool):
    store, all, _ = many
    order = LinkOrder(by, descending)
    expected = sorted(all, key=lambda each: place_of(each[0], each[1], by), reverse=descending)
    shown: list[tuple[RequestLink, Standing]] = []
    while found := store.page(7, after=place_of(*shown[-1], by) if shown else None, order=order):
        shown += found
    assert [(each.hash, standing) for each, standing in shown] == [(each.hash, standing) for each, standing in expected]


def test_a_list_holds_those_that_are_so_as_each_link_says_itself(many):
    store, all, now = many
    wanted: dict[LinkFilter, Callable[[RequestLink, Standing], bool]] = {
        LinkFilter.DUE: lambda each, standing: due_of(each.terms, standing.finished, now) is Due.SOON,
        LinkFilter.LATE: lambda each, standing: due_of(each.terms, standing.finished, now) is Due.LATE,
        LinkFilter.NEW: lambda _, standing: standing.new > 0,
        LinkFilter.NOT_BEGUN: lambda each, standing: (
            each.terms.active and standing.last_received_at is None and not standing.open
        ),
    }
    for only in LinkFilter:
        fits = wanted.get(only, lambda each, standing, only=only: state_of(each, standing, now) == only.value)
        found = [each.hash for each, _ in store.page(99, only=only, now=now)]
        assert found == [each.hash for each, standing in all if fits(each, standing)], only
        assert 0 < len(found) < len(all)


def test_titles_are_sorted_as_people_sort_them(store):
    titles = ["Ärzte 10", "arzte 9", "Ärzte 9b", "Zoo", "zebra"]
    for number, title in enumerate(titles):
        store.create(link(f"{HASH}-{number}", title=title))
    found = [each.terms.title for each, _ in store.page(9, order=LinkOrder(LinkSort.TITLE, False)) if each.terms.title]
    assert found == ["arzte 9", "Ärzte 9b", "Ärzte 10", "zebra", "Zoo"]
    changed = store.update(f"{HASH}-4", lambda each: replace(each, terms=replace(each.terms, title="aaa")), OWNER)
    assert store.page(1, order=LinkOrder(LinkSort.TITLE, False))[0][0] == changed

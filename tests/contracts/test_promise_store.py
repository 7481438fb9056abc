"""What every PromiseStore promises."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.core.room import Promise, Promised, PromiseStore, PromiseTerms
from app.storage.disk.promises import SQLitePromises
from tests.support.clock import Now
from tests.support.processes import together

TERMS = PromiseTerms(patience=600, client_percent=50, link_percent=75)


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture(params=[SQLitePromises], ids=["sqlite"])
def make(request, tmp_path, now):
    """Opens the same promises again, as another process or a restart would."""
    return lambda: request.param(tmp_path / "promises.db", TERMS, now)


def promised(store: PromiseStore, upload_id: str, size: int, client: str = "a", link: str = "l") -> Promise:
    def decide(_: Promise | None, __: Callable[[], Promised], at: float) -> Promise:
        return Promise(upload_id, link, client, size, opened_at=at, heard_at=at)

    return store.change(upload_id, link, client, decide)


def others(store: PromiseStore, upload_id: str = "me", client: str = "a", link: str = "l") -> Promised:
    found = []

    def decide(_: Promise | None, others: Callable[[], Promised], __: float) -> Promise:
        found.append(others())
        raise LookupError

    with pytest.raises(LookupError):
        store.change(upload_id, link, client, decide)
    return found[0]


def test_what_is_promised_is_summed_for_all_for_a_client_and_for_a_link(make):
    promised(make(), "1", 10, "a", "l")
    promised(make(), "2", 20, "a", "m")
    promised(make(), "3", 40, "b", "l")
    store = make()
    assert store.total() == 70
    assert others(store) == Promised(70, 30, 50, silent_client=True, silent_link=True)
    assert others(store, "1") == Promised(60, 20, 40, silent_client=True, silent_link=True)
    assert others(store, client="c", link="n") == Promised(70, 0, 0)


def test_a_promise_lapses_and_is_found_again(make, now):
    store = make()
    before = promised(store, "1", 10)
    now.pass_by(601)
    assert (store.total(), others(store).total) == (0, 0)
    assert store.change("1", "l", "a", lambda found, _, __: found) == before


def test_a_decision_that_fails_changes_nothing(make):
    store = make()
    promised(store, "1", 10)
    others(store, "1")
    assert make().total() == 10


def test_what_is_over_is_promised_nothing_more(make, now):
    store = make()
    for name in ("sent", "silent", "hasty"):
        promised(store, name, 10)
    store.drop("hasty", silent=True)
    assert others(store, link="m").silent_client
    now.pass_by(100)
    store.drop("sent", silent=False)
    store.drop("silent", silent=True)
    store.drop("never", silent=True)
    assert store.total() == 0
    assert others(make()).silent_client
    now.pass_by(400)
    assert not others(make()).silent_client


def test_sizes_beyond_any_disk_add_up(make):
    store = make()
    promised(store, "1", 2**63 - 1)
    assert store.total() >= 2**62


def test_of_many_processes_no_two_are_promised_the_same(make):
    def ask(number):
        def decide(_: Promise | None, others: Callable[[], Promised], at: float) -> Promise:
            if others().total + 10 > 50:
                raise LookupError
            return Promise(f"u{number}", "l", "a", 10, opened_at=at, heard_at=at)

        make().change(f"u{number}", "l", "a", decide)

    results = together(12, ask)
    assert results.count(None) == 5
    assert make().total() == 50

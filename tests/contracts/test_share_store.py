"""What every ShareStore promises, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.actors import THE_OWNER
from app.core.errors import RequestNotFound
from app.core.links import RequestLink
from app.core.paths import RelPath
from app.core.ports.shares import Full
from app.core.shares import HELD_SECONDS, MOST_BEGUN, REMEMBERED_SECONDS, VISIT_SECONDS, Share, Visit
from app.storage.sql.database import Database
from app.storage.sql.files import SQLRequests
from app.storage.sql.shares import SQLShares
from tests.contracts.conftest import databases
from tests.support.actors import OWNER

HASH = "link-0123456789abcdef"
SHARE = "share-0123456789abcdef"
Open = Callable[[], Database]


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return databases(request.param, request, tmp_path)


@pytest.fixture
def requests(opened: Open) -> SQLRequests:
    store = SQLRequests(opened(), clock=lambda: 50.0)
    store.create(RequestLink(HASH, RelPath.parse("in"), 1.0))
    return store


@pytest.fixture
def store(opened: Open, requests: SQLRequests) -> SQLShares:
    return SQLShares(opened(), clock=lambda: 60.0)


def share(hash: str = SHARE, at: float = 5.0, **terms: object) -> Share:
    return Share(hash, HASH, at, THE_OWNER, **terms)  # type: ignore[arg-type]


def test_a_share_is_found_changed_and_removed(store: SQLShares) -> None:
    whole = share(
        upload_ids=("u1", "u2"), title="Ärzte", sharer="Ada", password_hash="h", expires_at=9.5, max_downloads=3
    )
    store.add(whole, OWNER)
    newer = share("other-0123456789abcdef", 6.0)
    store.add(newer, OWNER)
    assert store.load(SHARE) == whole
    assert store.of_link(HASH, 9) == [newer, whole]
    assert store.of_link(HASH, 1) == [newer]
    after = store.change(SHARE, lambda each: replace(each, title="", password_hash=None, expires_at=None), OWNER)
    assert after == replace(whole, title="", password_hash=None, expires_at=None) == store.load(SHARE)
    assert (store.remove(SHARE, OWNER), store.remove(SHARE, OWNER)) == (True, False)
    assert store.load(SHARE) is None
    for unknown in (SHARE, "x", "", "\x00" * 20, "ä" * 20):
        assert store.load(unknown) is None
        assert store.change(unknown, lambda each: each, OWNER) is None
        assert not store.remove(unknown, OWNER)
    assert store.begin(SHARE, "c", 1.0) is None
    assert store.sent(SHARE, "c", "u1", 1, 1, 1.0) is None


def test_shares_go_with_their_link(store: SQLShares, requests: SQLRequests) -> None:
    store.add(share(), OWNER)
    store.begin(SHARE, "c", 1.0)
    requests.delete(HASH, OWNER)
    assert store.load(SHARE) is None
    with pytest.raises(RequestNotFound):
        store.of_link(HASH, 9)
    with pytest.raises(RequestNotFound):
        store.add(share("late-0123456789abcdef"), OWNER)
    requests.clear_deleted()
    requests.create(RequestLink(HASH, RelPath.parse("in"), 1.0))
    assert store.of_link(HASH, 9) == []


def test_more_than_half_of_a_file_counts_once_for_each_client(store: SQLShares) -> None:
    store.add(share(max_downloads=2), OWNER)
    assert isinstance(store.begin(SHARE, "ada", 10.0), Visit)
    assert store.sent(SHARE, "ada", "u1", 50, 100, 10.0) == Visit(
        10.0 + REMEMBERED_SECONDS, 10.0 + HELD_SECONDS, sent={"u1": 50}
    )
    assert store.load(SHARE).downloads == 0  # type: ignore[union-attr]
    # Half of another file makes no whole of the two; one byte more of the first does.
    assert store.sent(SHARE, "ada", "u2", 50, 100, 11.0).counted is False  # type: ignore[union-attr]
    assert store.sent(SHARE, "ada", "u1", 1, 100, 12.0).counted is True  # type: ignore[union-attr]
    assert store.load(SHARE).downloads == 1  # type: ignore[union-attr]
    # All that follows is the same download, as long as it goes on.
    later = 12.0 + VISIT_SECONDS - 1
    assert store.begin(SHARE, "ada", later).counted is True  # type: ignore[union-attr]
    assert store.sent(SHARE, "ada", "u2", 100, 100, later) is None
    assert store.load(SHARE).downloads == 1  # type: ignore[union-attr]
    much_later = later + VISIT_SECONDS
    store.begin(SHARE, "ada", much_later)
    assert store.sent(SHARE, "ada", "u2", 100, 100, much_later).counted is True  # type: ignore[union-attr]
    assert store.begin(SHARE, "eve", much_later) is Full.USED_UP
    assert store.begin(SHARE, "ada", much_later).counted is True  # type: ignore[union-attr]


def test_who_only_looks_uses_nothing_up_and_who_looks_at_everything_does(store: SQLShares) -> None:
    store.add(share(max_downloads=1), OWNER)
    store.begin(SHARE, "scanner", 10.0)
    store.sent(SHARE, "scanner", "u1", 9, 100, 10.0)
    # Until it is known how far somebody gets, nobody else has the last place.
    assert store.begin(SHARE, "ada", 11.0) is Full.TAKEN
    assert isinstance(store.begin(SHARE, "ada", 10.0 + HELD_SECONDS), Visit)
    # Whoever lost a place waits for one like everybody, and what they got is not forgotten.
    assert store.begin(SHARE, "scanner", 11.0 + HELD_SECONDS) is Full.TAKEN
    again = store.begin(SHARE, "scanner", 12.0 + 2 * HELD_SECONDS)
    assert isinstance(again, Visit)
    assert again.sent == {"u1": 9}
    store.begin(SHARE, "ada", 13.0 + 4 * HELD_SECONDS)
    assert store.load(SHARE).downloads == 0  # type: ignore[union-attr]
    for number in range(MOST_BEGUN):
        assert store.sent(SHARE, "ada", f"u{number}", 1, 100, 4000.0).counted is False  # type: ignore[union-attr]
    assert store.sent(SHARE, "ada", "one more", 1, 100, 4000.0).counted is True  # type: ignore[union-attr]


def test_of_many_who_want_the_last_downloads_only_so_many_get_them(opened: Open, store: SQLShares) -> None:
    store.add(share(max_downloads=3), OWNER)
    stores = [SQLShares(opened(), clock=lambda: 60.0) for _ in range(4)]

    def take(number: int) -> bool:
        mine = stores[number % 4]
        if not isinstance(mine.begin(SHARE, f"client {number}", 10.0), Visit):
            return False
        mine.sent(SHARE, f"client {number}", "u1", 100, 100, 10.0)
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(24))) == 3
    assert store.load(SHARE).downloads == 3  # type: ignore[union-attr]


def test_an_empty_file_counts_as_well() -> None:
    assert Visit(0.0).after("u1", 0, 0, 1.0).counted
    assert not Visit(0.0).after("u1", 0, 2, 1.0).counted
    assert not Visit(0.0).after("u1", 1, 2, 1.0).counted

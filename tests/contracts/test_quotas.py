"""Quotas: what the links of an account hold together is counted with every change of a ledger, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from app.core.accounts import Account, Role
from app.core.actors import THE_OWNER
from app.core.audit import ALL
from app.core.errors import Busy, RequestFull
from app.core.links import DeliveryIntent, ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.quotas import Quota
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.audit import SQLAudit
from app.storage.sql.database import Database
from app.storage.sql.files import SQLRequests
from app.storage.sql.quotas import SQLQuotas
from tests.contracts.conftest import databases
from tests.support.actors import OWNER

K = 4096
ANN, TEAM = "account:ann", "team:law"


class World(NamedTuple):
    links: SQLRequests
    quotas: SQLQuotas
    database: Database

    def link(self, name: str, owner: str = ANN) -> RequestLink:
        made = RequestLink(f"{name}-0123456789abcdef", RelPath.parse(name), 1.0, owner=owner)
        self.links.create(made, OWNER)
        return made

    def used(self, owner: str = ANN) -> int:
        [found] = self.quotas.all([owner])
        return found.used

    def counted(self, owner: str = ANN) -> int:
        """The same, counted anew."""
        [found] = self.quotas.all([owner])
        again = self.quotas.set(owner, found.most, OWNER)
        assert again is not None
        return again.used


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Database]:
    return databases(request.param, request, tmp_path)


@pytest.fixture
def world(opened: Callable[[], Database]) -> World:
    database = opened()
    return World(SQLRequests(database), SQLQuotas(database, clock=lambda: 60.0), database)


def file(upload_id: str, size: int, path: str = "x.bin") -> ReceivedFile:
    return ReceivedFile(upload_id, path, path, size, 10.0)


def test_links_of_one_owner_hold_no_more_than_its_quota(world: World) -> None:
    one, two, others = world.link("one"), world.link("two"), world.link("others", "account:bob")
    assert world.quotas.set(ANN, 10 * K, OWNER) == Quota(ANN, 10 * K, 0)
    world.links.reserve(one, "a", 6 * K)
    with pytest.raises(RequestFull) as refused:
        world.links.reserve(two, "b", 5 * K)
    # What is refused says what it says of a link that is full, and nothing of the account.
    assert refused.value.message == "The file does not fit in what this link may still receive."
    assert not refused.value.details
    world.links.reserve(others, "c", 50 * K)
    intents = [DeliveryIntent("d", "d.bin", 3 * K, "", ""), DeliveryIntent("e", "e.bin", 2 * K, "", "")]
    assert set(world.links.announce(two, intents, 1.0)) == {"e"}
    assert world.used() == world.counted() == 9 * K
    world.links.receive(one.hash, file("a", 6 * K))
    world.links.receive(two.hash, file("d", 3 * K))
    assert world.used() == world.counted() == 9 * K
    # What an owner deletes, a sender takes back or gives up is free at once.
    world.links.remove(one.hash, "a")
    assert world.used() == world.counted() == 3 * K
    world.links.reserve(two, "f", 7 * K)
    world.links.release(two.hash, "f", "cancelled")
    assert world.used() == world.counted() == 3 * K


def test_folders_and_small_files_weigh_what_they_weigh_on_their_link(world: World) -> None:
    link = world.link("one")
    world.quotas.set(ANN, 4 * K, OWNER)
    world.links.reserve(link, "a", 1, folders=["deep", "down"])
    assert world.used() == world.counted() == 3 * K
    world.links.note_folders(link, [RelPath.parse("more")])
    with pytest.raises(RequestFull):
        world.links.note_folders(link, [RelPath.parse("and-more")])
    world.links.release(link.hash, "a", "cancelled")
    assert world.used() == world.counted() == K


def test_room_that_has_lapsed_is_for_others_of_the_link(world: World) -> None:
    link = world.link("one")
    world.quotas.set(ANN, 10 * K, OWNER)
    world.links.reserve(link, "a", 9 * K, 1.0, 5.0)
    with pytest.raises(RequestFull):
        world.links.reserve(link, "b", 9 * K, 2.0, 50.0)
    world.links.reserve(link, "b", 9 * K, 6.0, 50.0)
    with pytest.raises(RequestFull):
        world.links.renew(link, "a", 7.0, 60.0, 60.0)


def test_room_that_has_lapsed_on_one_link_is_for_the_others_of_its_owner(world: World) -> None:
    one, two, others = world.link("one"), world.link("two"), world.link("others", "account:bob")
    for owner in (ANN, "account:bob"):
        world.quotas.set(owner, 10 * K, OWNER)
    # Announced by somebody who left, with the folders that it would have brought: that is 10 K.
    world.links.reserve(one, "a", 8 * K, 1.0, 5.0, folders=["deep", "down"])
    with pytest.raises(RequestFull):
        world.links.reserve(two, "b", K, 2.0, 50.0)
    with pytest.raises(RequestFull):
        world.links.reserve(two, "b", 11 * K, 6.0, 50.0)
    world.links.reserve(two, "b", 10 * K, 6.0, 50.0)
    # It counts until it is swept; who left may come back where there is room for it, and nobody has its room twice.
    assert world.used() == world.counted() == 20 * K
    with pytest.raises(RequestFull):
        world.links.renew(one, "a", 7.0, 60.0, 60.0)
    with pytest.raises(RequestFull):
        world.links.reserve(two, "c", 1, 7.0, 50.0)
    world.links.release(two.hash, "b", "cancelled")
    assert world.links.renew(one, "a", 8.0, 60.0, 60.0) == 60.0
    with pytest.raises(RequestFull):
        world.links.reserve(two, "c", 1, 9.0, 50.0)
    # Folders, too, come in place of what has lapsed, and what another account has announced is nothing to this one.
    world.links.reserve(others, "d", 10 * K, 9.0, 12.0)
    with pytest.raises(RequestFull):
        world.links.note_folders(two, [RelPath.parse("new")], 59.0)
    world.links.note_folders(two, [RelPath.parse("new")], 60.0)


def test_a_quota_set_later_counts_what_is_there_and_lower_ones_stop_only_what_is_new(world: World) -> None:
    link = world.link("one")
    world.links.receive(link.hash, file("a", 20 * K))
    assert world.quotas.set(ANN, 10 * K, OWNER) == Quota(ANN, 10 * K, 20 * K)
    with pytest.raises(RequestFull):
        world.links.reserve(link, "b", 1)
    world.links.remove(link.hash, "a")
    world.links.reserve(link, "b", 1)
    assert world.quotas.set(ANN, 0, OWNER) is None
    assert world.quotas.all() == []
    world.links.reserve(link, "c", 99 * K)
    facts = [dict(row.facts) for row in SQLAudit(world.database).page(9, None, ALL) if "quota" in row.facts]
    assert facts == [{"account": "ann", "quota": 0}, {"account": "ann", "quota": 10 * K}]


def test_a_link_takes_what_it_holds_along_and_frees_it_when_it_goes(world: World) -> None:
    link = world.link("one")
    for owner in (ANN, TEAM):
        world.quotas.set(owner, 10 * K, OWNER)
    world.links.receive(link.hash, file("a", 6 * K))
    moved = [(TEAM, 0, 6 * K), (ANN, 6 * K, 0), (THE_OWNER, 0, 0), (TEAM, 0, 6 * K)]
    for owner, anns, teams in moved:
        given = replace(link, owner=owner)
        world.links.update(link.hash, lambda _, given=given: given, OWNER)  # type: ignore[misc]
        assert (world.used(), world.used(TEAM)) == (anns, teams), owner
        assert (world.counted(), world.counted(TEAM)) == (anns, teams), owner
    world.links.delete(link.hash, OWNER)
    assert world.used(TEAM) == world.counted(TEAM) == 0
    # A link that is made afterwards counts, too.
    later = world.link("later", TEAM)
    with pytest.raises(RequestFull):
        world.links.reserve(later, "b", 11 * K)


def test_the_quota_of_an_account_goes_with_it(world: World) -> None:
    accounts = SQLAccounts(world.database, clock=lambda: 60.0)
    accounts.add(Account("ann", Role.MEMBER), None, OWNER)
    link = world.link("one")
    world.quotas.set(ANN, 10 * K, OWNER)
    world.links.receive(link.hash, file("a", 6 * K))
    accounts.remove("ann", OWNER)
    assert world.quotas.all() == []
    world.links.reserve(world.links.load(link.hash), "b", 99 * K)


def test_many_at_once_on_many_links_never_take_more(world: World, opened: Callable[[], Database]) -> None:
    links = [world.link(f"link{number}") for number in range(4)]
    world.quotas.set(ANN, 10 * K, OWNER)
    stores = [SQLRequests(opened()) for _ in range(4)]

    def send(number: int) -> bool:
        store, link = stores[number % 4], links[number % 4]
        try:
            store.reserve(link, f"u{number}", K)
        except RequestFull:
            return False
        if number % 3 == 0:
            store.release(link.hash, f"u{number}", "cancelled")
            return False
        store.receive(link.hash, file(f"u{number}", K, f"{number}.bin"))
        return True

    with ThreadPoolExecutor(8) as pool:
        taken = sum(pool.map(send, range(40)))
    assert 1 <= taken <= 10
    assert world.used() == world.counted() == taken * K


def test_a_quota_set_while_files_come_counts_them_all(world: World, opened: Callable[[], Database]) -> None:
    links = [world.link(f"link{number}") for number in range(3)]
    store, quotas = SQLRequests(opened()), SQLQuotas(opened(), clock=lambda: 60.0)

    def ask(what: Callable[..., object], *arguments: object) -> None:
        # Of two who wait for each other one is told to ask again.
        for _ in range(50):
            with suppress(Busy):
                what(*arguments)
                return
        raise AssertionError("busy fifty times")

    def work(number: int) -> None:
        if number % 5 == 0:
            most = (1000 + number) * K if number % 10 == 0 else 0
            ask(quotas.set, ANN, most, OWNER)
        ask(store.reserve, links[number % 3], f"u{number}", K)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(40)))
    world.quotas.set(ANN, 0, OWNER)
    found = world.quotas.set(ANN, 1000 * K, OWNER)
    assert found == Quota(ANN, 1000 * K, 40 * K)
    store.reserve(links[0], "last", K)
    assert world.used() == world.counted() == 41 * K

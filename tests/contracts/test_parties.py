"""Who sends to a link, for which of its items, and how each has got on: what every catalogue promises."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.core import checklists
from app.core.checklists import UNKNOWN, ItemRecord, Verdict
from app.core.errors import ItemFull, ItemNotSent, PartyNotFound, RequestFull, RequestNotFound, TooManySenders
from app.core.events import EventKind
from app.core.file_lists import NEWEST_FIRST, Choice
from app.core.items import Item
from app.core.links import DeliveryIntent, ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.terms import Terms
from app.storage.sql import party_counts
from app.storage.sql.bin import SQLBin
from app.storage.sql.database import Transaction
from app.storage.sql.events import SQLEvents
from app.storage.sql.file_lists import SQLFileLists
from app.storage.sql.files import SQLRequests
from app.storage.sql.parties import SQLParties
from tests.contracts.conftest import databases
from tests.support.actors import OWNER
from tests.support.processes import together

HASH = "link-0123456789abcdef"
ANN, BOB = "a" * 16, "b" * 16
TAX, PASS = "tax00000", "pass0000"
ITEMS = (Item(TAX, "Tax return", most=3), Item(PASS, "Passport", count=2))


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request, tmp_path: Path):
    return databases(request.param, request, tmp_path)


@pytest.fixture
def store(opened) -> SQLRequests:
    made = SQLRequests(opened())
    made.create(link())
    return made


@pytest.fixture
def parties(opened) -> SQLParties:
    return SQLParties(opened(), clock=lambda: 900.0)


@pytest.fixture
def bin(opened) -> SQLBin:
    return SQLBin(opened(), clock=lambda: 500.0)


def link(**terms) -> RequestLink:
    return RequestLink(HASH, RelPath.parse("inbox"), 1.0, Terms(items=ITEMS, **terms))


def file(upload_id: str, at: float = 5.0, item: str | None = TAX, party: str | None = ANN, **more) -> ReceivedFile:
    name = f"{upload_id}.pdf"
    return ReceivedFile(upload_id, name, name, 10, at, item=item, party=party, **more)


def intent(upload_id: str, item: str | None = TAX, party: str | None = ANN) -> DeliveryIntent:
    return DeliveryIntent(upload_id, f"{upload_id}.pdf", 10, "0" * 64, "identity", item=item, party=party)


def record(parties: SQLParties, party: str = ANN, item: str = TAX) -> ItemRecord | None:
    found = parties.find(HASH, party)
    return found.items.get(item) if found else None


def verdict(parties: SQLParties) -> Verdict | None:
    found = record(parties)
    return found.verdict if found else None


def counted(parties: SQLParties, party: str = ANN, item: str = TAX) -> tuple[int, int]:
    found = record(parties, party, item)
    return (found.files, found.coming) if found else (0, 0)


def test_files_of_an_item_are_counted_while_they_come_and_go(store, parties, bin):
    store.reserve(link(), "a", 10, at=2.0, item=TAX, party=ANN)
    assert counted(parties) == (0, 1)
    store.announce(link(), [intent("b"), intent("c", PASS)], 3.0)
    assert counted(parties) == (0, 2)
    store.receive(HASH, file("a", 5.0, sender_name="Ann"), file("b", 6.0, sender_email="ann@example.org"))
    assert counted(parties) == (2, 0)
    # Told again, as after a crash.
    store.receive(HASH, file("a", 9.0))
    assert counted(parties) == (2, 0)
    store.release(HASH, "c", "failed")
    assert counted(parties, item=PASS) == (0, 0)
    found = parties.find(HASH, ANN)
    assert (found.name, found.email, found.files, found.bytes) == ("Ann", "ann@example.org", 2, 20)
    assert (found.first_at, found.last_at) == (2.0, 6.0)
    assert store.remove(HASH, "a")
    assert bin.put(HASH, "b", OWNER, 900.0)
    assert counted(parties) == (0, 0)
    deleted = bin.find(HASH, "b")
    assert bin.take_out(HASH, deleted.file, OWNER)
    assert counted(parties) == (1, 0)
    assert (store.file(HASH, "b").item, store.file(HASH, "b").party) == (TAX, ANN)
    store.reserve(link(), "d", 10, item=TAX, party=ANN)
    store.release(HASH, "d", "expired")
    assert counted(parties) == (1, 0)
    assert parties.find(HASH, ANN).files == 1


def test_parties_are_told_apart_and_those_who_are_not_known_are_one(store, parties):
    store.receive(
        HASH, file("a", 5.0), file("b", 6.0, party=BOB), file("c", 7.0, party=None), file("d", 8.0, None, None)
    )
    store.receive(HASH, file("e", 9.0, None, BOB))
    assert [counted(parties, each) for each in (ANN, BOB, UNKNOWN)] == [(1, 0), (1, 0), (1, 0)]
    assert [(each.id, each.files) for each in parties.page(HASH, 9)] == [(UNKNOWN, 1), (BOB, 2), (ANN, 1)]
    assert [each.upload_id for each in parties.files(HASH, ANN, TAX, 9)] == ["a"]
    assert parties.files(HASH, ANN, PASS, 9) == []
    assert store.file(HASH, "c").party is None
    [second, third] = parties.page(HASH, 2, (parties.page(HASH, 1)[0].first_at, UNKNOWN))
    assert (second.id, third.id, second.items[TAX].files) == (BOB, ANN, 1)
    assert parties.page(HASH, 2, (third.first_at, ANN)) == []


def test_an_items_newest_files_come_first_and_no_more_than_were_asked_for(store, parties):
    store.receive(HASH, *(file(f"u{number}", float(number)) for number in range(1, 6)))
    assert [each.upload_id for each in parties.files(HASH, ANN, TAX, 3)] == ["u5", "u4", "u3"]


def test_an_item_takes_so_many_of_one_party_and_no_more(store, parties):
    store.receive(HASH, file("a"), file("b"))
    store.reserve(link(), "c", 10, until=50.0, item=TAX, party=ANN)
    with pytest.raises(ItemFull) as raised:
        store.reserve(link(), "d", 10, at=20.0, item=TAX, party=ANN)
    assert raised.value.details == {"limit": 3}
    assert set(store.announce(link(), [intent("d"), intent("e", party=BOB), intent("f", PASS)])) == {"d"}
    assert counted(parties) == (2, 1)
    # One of which nothing comes keeps nobody's place for ever.
    store.reserve(link(), "g", 10, at=60.0, until=90.0, item=TAX, party=ANN)
    store.remove(HASH, "a")
    store.release(HASH, "c", "cancelled")
    full = store.announce(link(), [intent("h"), intent("i")], 61.0)
    assert set(full) == {"i"}
    assert isinstance(full["i"], ItemFull)
    # Of those who are not known, none is told what others left.
    assert store.announce(link(), [intent(f"n{number}", party=None) for number in range(4)]) == {}


def test_in_place_of_what_was_sent_back_as_much_may_come_again(store, parties):
    store.receive(HASH, file("a"), file("b"), file("c"))

    def takes(count: int) -> bool:
        intents = [intent(f"new{number}") for number in range(count + 1)]
        full = store.announce(link(), intents)
        for each in intents:
            store.release(HASH, each.upload_id, "failed")
        return set(full) == {f"new{count}"}

    assert takes(0)
    parties.judge(HASH, ANN, TAX, Verdict.RETURNED, "all wrong", OWNER, 8.0)
    assert takes(3)
    store.receive(HASH, file("d", 9.0))
    assert takes(2)
    store.remove(HASH, "a")
    assert takes(2)
    parties.judge(HASH, ANN, TAX, Verdict.ACCEPTED, "", OWNER, 10.0)
    assert takes(2)
    parties.judge(HASH, ANN, TAX, Verdict.RETURNED, "again", OWNER, 11.0)
    assert takes(3)
    parties.judge(HASH, ANN, TAX, None, "", OWNER, 12.0)
    assert takes(0)
    store.remove(HASH, "b")
    assert takes(1)


def test_of_many_who_open_at_once_an_item_lets_in_no_more_than_it_takes(store, parties):
    def opens(number: int) -> bool:
        try:
            store.reserve(link(), f"u{number}", 10, item=TAX, party=ANN)
        except ItemFull:
            return False
        return True

    assert sum(together(6, opens)) == 3
    assert counted(parties) == (0, 3)


def test_what_is_refused_leaves_nobody(store, parties):
    full = link(max_files=1)
    store.reserve(full, "a", 10, item=TAX, party=ANN)
    with pytest.raises(RequestFull):
        store.reserve(full, "b", 10, item=TAX, party=BOB)
    assert parties.find(HASH, BOB) is None
    assert counted(parties) == (0, 1)


def test_a_link_remembers_so_many_parties(store, parties, monkeypatch):
    monkeypatch.setattr(party_counts, "MAX_PARTIES", 2)
    store.reserve(link(), "a", 10, item=TAX, party=ANN)
    parties.answer(HASH, BOB, lambda _: {"q": "yes"}, 3.0)
    with pytest.raises(TooManySenders) as raised:
        store.reserve(link(), "b", 10, party="c" * 16)
    assert raised.value.details == {"limit": 2}
    with pytest.raises(TooManySenders):
        parties.answer(HASH, "c" * 16, lambda _: {"q": "yes"}, 4.0)
    assert set(store.announce(link(), [intent("c", party="c" * 16), intent("d", party=BOB)])) == {"c"}
    # Whoever is there goes on, and what arrives is noted whatever the number.
    store.reserve(link(), "e", 10, party=ANN)
    store.receive(HASH, file("f", party="d" * 16))
    assert len(parties.page(HASH, 9)) == 3


def test_who_leaves_without_anything_is_forgotten(opened, store, parties):
    for number, (item, party) in enumerate([(TAX, ANN), (None, BOB), (TAX, None)]):
        store.reserve(link(), f"u{number}", 10, item=item, party=party)
    store.reserve(link(), "other", 10, item=PASS, party=ANN)
    assert len(parties.page(HASH, 9)) == 3
    for number in range(3):
        store.release(HASH, f"u{number}", "expired")
    assert [each.id for each in parties.page(HASH, 9)] == [ANN]
    store.release(HASH, "other", "cancelled")
    assert parties.page(HASH, 9) == []
    assert remembered(opened) == (0, 0, 0)
    # What has come, was said or was judged stays, and so does whoever had one file fail of two.
    store.receive(HASH, file("came"))
    parties.answer(HASH, BOB, lambda _: {"q": "yes"}, 3.0)
    store.announce(link(), [intent("a"), intent("b", party=BOB)])
    for each in ("a", "b"):
        store.release(HASH, each, "failed")
    assert counted(parties) == (1, 0)
    assert remembered(opened) == (2, 2, 1)


def test_who_left_keeps_nobody_out(opened, store, parties, monkeypatch):
    monkeypatch.setattr(party_counts, "MAX_PARTIES", 4)
    parties.answer(HASH, "e" * 16, lambda _: {"q": "yes"}, 1.0)
    store.receive(HASH, file("taken-back", party="f" * 16), file("judged", party=BOB))
    parties.judge(HASH, BOB, TAX, Verdict.RETURNED, "no", OWNER, 2.0)
    for each in ("taken-back", "judged"):
        store.remove(HASH, each)
    store.reserve(link(), "left", 10, 2.0, 5.0, item=TAX, party="1" * 16)
    # The one goes that has nothing there any more; the others stay, one of them as its place has not lapsed.
    store.reserve(link(), "u2", 10, 4.0, 50.0, party="2" * 16)
    with pytest.raises(TooManySenders):
        store.reserve(link(), "u3", 10, 4.0, 50.0, party="3" * 16)
    assert {each.id[0] for each in parties.page(HASH, 9)} == {"e", "b", "1", "2"}
    store.reserve(link(), "u3", 10, 5.0, 50.0, party="3" * 16)
    assert {each.id[0] for each in parties.page(HASH, 9)} == {"e", "b", "2", "3"}
    # Whoever comes back after all is noted with what arrives, and nothing is left of who does not.
    store.receive(HASH, file("left", party="1" * 16))
    assert counted(parties, "1" * 16) == (1, 0)
    for each in ("u2", "u3"):
        store.release(HASH, each, "expired")
    assert remembered(opened) == (3, 3, 2)


def remembered(opened) -> tuple[int, int, int]:
    """How many parties there are, how many the link counts, and of how many items something is noted."""
    with opened().read() as tx:
        return (
            tx.one("SELECT count(*) FROM parties")[0],
            tx.one("SELECT parties FROM link_sums")[0],
            tx.one("SELECT count(*) FROM party_items")[0],
        )


def test_answers_stay_as_they_were_given(store, parties):
    assert parties.answers(HASH, ANN) == {}
    parties.answer(HASH, ANN, lambda before: {**before, "q": "Ada \N{SNOWMAN}\n'\"", "agree": True}, 3.0)
    parties.answer(HASH, ANN, lambda before: {**before, "day": "2026-07-01"}, 4.0)
    assert parties.answers(HASH, ANN) == {"q": "Ada \N{SNOWMAN}\n'\"", "agree": True, "day": "2026-07-01"}
    assert parties.answers(HASH, BOB) == {}
    parties.answer(HASH, BOB, lambda before: before, 5.0)
    assert parties.find(HASH, BOB) is None
    parties.answer(HASH, ANN, lambda _: {}, 6.0)
    assert (parties.find(HASH, ANN).answers, parties.find(HASH, ANN).first_at) == ({}, 3.0)


def test_answers_that_come_at_once_are_all_there(store, parties):
    together(8, lambda number: parties.answer(HASH, ANN, lambda before: {**before, f"q{number}": "yes"}, 3.0))
    assert len(parties.answers(HASH, ANN)) == 8


def test_the_owner_accepts_and_returns_what_was_sent(opened, store, parties):
    told: list[int] = []
    parties = SQLParties(opened(), clock=lambda: 900.0, happened=lambda: told.append(1))
    store.receive(HASH, file("a"))
    before = SQLEvents(opened()).after(0, 99)[-1].id
    parties.judge(HASH, ANN, TAX, Verdict.RETURNED, "page 2 is missing", OWNER, 8.0)
    assert record(parties) == ItemRecord(1, 0, Verdict.RETURNED, "page 2 is missing", 8.0)
    # Said again, as by a second click.
    parties.judge(HASH, ANN, TAX, Verdict.RETURNED, "page 2 is missing", OWNER, 9.0)
    store.receive(HASH, file("b", 10.0))
    assert record(parties) == ItemRecord(2, 0, None, "page 2 is missing", 10.0)
    parties.judge(HASH, ANN, TAX, Verdict.ACCEPTED, "", OWNER, 11.0)
    store.receive(HASH, file("c", 12.0))
    assert verdict(parties) is Verdict.ACCEPTED
    parties.judge(HASH, ANN, TAX, None, "", OWNER, 13.0)
    assert record(parties) == ItemRecord(3, 0, None, "", 13.0)
    said = [each for each in SQLEvents(opened()).after(before, 99) if each.about]
    about = {"party": ANN, "item": TAX}
    assert [(each.kind, each.about, each.actor) for each in said] == [
        (EventKind.ITEM_RETURNED, about | {"note": "page 2 is missing"}, "owner"),
        (EventKind.ITEM_ACCEPTED, about | {"note": ""}, "owner"),
        (EventKind.ITEM_REOPENED, about | {"note": ""}, "owner"),
    ]
    assert told


def test_a_file_that_comes_back_ends_no_return(store, parties, bin):
    store.receive(HASH, file("a"), file("b"))
    bin.put(HASH, "b", OWNER, 900.0)
    parties.judge(HASH, ANN, TAX, Verdict.RETURNED, "no", OWNER, 8.0)
    bin.take_out(HASH, bin.find(HASH, "b").file, OWNER)
    store.remove(HASH, "a")
    assert verdict(parties) is Verdict.RETURNED


def test_nothing_is_accepted_that_was_never_sent(store, parties):
    with pytest.raises(PartyNotFound):
        parties.judge(HASH, ANN, TAX, Verdict.ACCEPTED, "", OWNER, 8.0)
    with pytest.raises(ItemNotSent):
        parties.judge(HASH, checklists.RECIPIENT, TAX, Verdict.ACCEPTED, "", OWNER, 8.0)
    store.reserve(link(), "a", 10, item=TAX, party=ANN)
    for item in (TAX, PASS):
        with pytest.raises(ItemNotSent):
            parties.judge(HASH, ANN, item, Verdict.RETURNED, "no", OWNER, 8.0)
        parties.judge(HASH, ANN, item, None, "", OWNER, 8.0)


def test_lists_of_files_choose_by_item_and_party(opened, store):
    lists = SQLFileLists(opened())
    store.receive(
        HASH,
        file("a"),
        file("b", 6.0, PASS),
        file("c", 7.0, TAX, BOB),
        file("d", 8.0, None, None),
        file("e", 9.0, party=None),
    )

    def found(**choice) -> str:
        page = lists.page(HASH, 9, Choice(**choice), NEWEST_FIRST)
        assert lists.count(HASH, Choice(**choice)).files == len(page)
        return "".join(each.upload_id for each, _ in page)

    assert found(item=TAX) == "eca"
    assert found(item="") == "d"
    assert found(party=ANN) == "ba"
    assert found(item=TAX, party=BOB) == "c"
    assert found(item=TAX, party=UNKNOWN) == "e"
    assert found(item="none0000") == ""


def test_with_a_link_all_of_its_parties_go(opened, store, parties):
    store.receive(HASH, file("a"), file("b", party=BOB))
    parties.answer(HASH, ANN, lambda _: {"q": "yes"}, 3.0)
    store.delete(HASH, OWNER)
    calls: list[Any] = [
        lambda: parties.find(HASH, ANN),
        lambda: parties.answers(HASH, ANN),
        lambda: parties.page(HASH, 9),
        lambda: parties.answer(HASH, ANN, lambda _: {"q": "no"}, 4.0),
        lambda: parties.judge(HASH, ANN, TAX, Verdict.ACCEPTED, "", OWNER, 8.0),
    ]
    for call in calls:
        with pytest.raises(RequestNotFound):
            call()
    store.clear_deleted()
    with opened().read() as tx:
        for table in ("parties", "party_items", "doomed"):
            assert tx.one(f"SELECT count(*) FROM {table}")[0] == 0


def test_links_without_checklists_pay_nothing(store, statements):
    plain = RequestLink("plain-0123456789abcdef", RelPath.parse("plain"), 1.0, Terms())
    store.create(plain)
    with statements() as run:
        store.reserve(plain, "a", 10)
        store.announce(plain, [intent("b", None, None)])
        store.receive(plain.hash, file("a", item=None, party=None), file("b", item=None, party=None))
        store.remove(plain.hash, "a")
    assert run
    assert not [each for each in run if re.search(r"(FROM|INTO|UPDATE) (parties|party_items)\b", each)]


@pytest.fixture
def statements(monkeypatch) -> Any:
    """What is run in transactions, in the database's words."""

    @contextmanager
    def watched():
        run: list[str] = []

        def noted(name: str) -> Any:
            method = getattr(Transaction, name)

            def call(self, query, *more, **values):
                if name != "many" or (more and more[0]):
                    run.append(query)
                return method(self, query, *more, **values)

            return call

        with monkeypatch.context() as patch:
            for name in ("run", "changed", "one", "all", "many"):
                patch.setattr(Transaction, name, noted(name))
            yield run

    return watched

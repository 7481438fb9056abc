"""Who has finished: what lists of links and reminders go by, on a real catalogue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.checklists import RECIPIENT, Verdict
from app.core.items import Item, Question, QuestionKind
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.standing import LinkFilter, Standing
from app.core.terms import Terms
from app.services.links.finished_reader import FinishedReader
from app.services.links.finishing import Finishing
from app.storage.sql.bin import SQLBin
from app.storage.sql.events import SQLEvents
from app.storage.sql.files import SQLRequests
from app.storage.sql.parties import SQLParties
from tests.support.actors import OWNER
from tests.support.catalogues import catalogue

HASH = "link-0123456789abcdef"
TAX, PASS, WHICH = "tax00000", "pass0000", "which000"
ASKED = {
    "items": (Item(TAX, "Tax return"), Item(PASS, "Passport", required=False)),
    "questions": (Question(WHICH, "Which year?", QuestionKind.TEXT, True),),
}


class House:
    """A link that was due a day ago, and the reader that says whether it still is."""

    def __init__(self, folder: Path) -> None:
        database = catalogue(folder)
        self.requests = SQLRequests(database)
        self.parties = SQLParties(database, clock=self.clock)
        self.bin = SQLBin(database, clock=self.clock)
        self.events = SQLEvents(database)
        self.finishing = Finishing(self.requests, self.parties)
        self.cursor = 0

    def clock(self) -> float:
        return 100_000.0

    def link(self, **terms: Any) -> None:
        self.requests.create(RequestLink(HASH, RelPath.parse("in"), 1.0, Terms(due_at=13_600.0, **terms)))

    def change(self, **terms: Any) -> None:
        self.requests.update(HASH, lambda link: replace(link, terms=replace(link.terms, **terms)), OWNER)

    def receive(self, id: str, item: str | None = None, party: str | None = RECIPIENT, **facts: Any) -> None:
        self.requests.receive(HASH, ReceivedFile(id, id, id, 10, 5.0, item=item, party=party, **facts))

    def answer(self, **answers: str) -> None:
        given = {id: text for id, text in answers.items() if text}
        self.parties.answer(HASH, RECIPIENT, lambda _: given, 5.0)

    def judge(self, verdict: Verdict | None) -> None:
        self.parties.judge(HASH, RECIPIENT, TAX, verdict, "page 2 is missing" if verdict else "", OWNER, 6.0)

    def is_finished(self) -> bool:
        """As lists tell it, after the reader was told twice what happened."""
        reader, new = FinishedReader(self.requests, self.finishing), self.events.after(self.cursor, 99)
        for _ in range(2):
            reader.handle(new)
        self.cursor = new[-1].id if new else self.cursor
        page = self.requests.page(9, viewer="owner", now=self.clock(), only=LinkFilter.LATE)
        (standing,) = [standing for _, standing in self.requests.page(9, viewer="owner", now=self.clock())]
        assert isinstance(standing, Standing)
        assert standing.finished is (page == []), "what is late is what has not finished"
        return standing.finished


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "data")


def test_whoever_is_asked_for_nothing_by_name_has_finished_with_a_file(house: House) -> None:
    house.link(recipient_name="Anna")
    assert not house.is_finished()
    house.receive("a", party=RECIPIENT)
    assert house.is_finished()
    assert house.requests.remove(HASH, "a")
    assert not house.is_finished()


def test_whoever_is_asked_by_name_has_finished_once_all_is_there_and_said(house: House) -> None:
    house.link(recipient_email="a@b.example", **ASKED)
    house.answer(**{WHICH: "2025"})
    house.receive("p", PASS)
    house.receive("x")
    assert not house.is_finished()
    house.receive("t", TAX)
    assert house.is_finished()
    house.answer(**{WHICH: ""})
    assert not house.is_finished()
    house.answer(**{WHICH: "2024"})
    assert house.is_finished()


def test_what_the_owner_says_and_does_counts(house: House) -> None:
    house.link(recipient_name="Anna", items=ASKED["items"])
    house.receive("t", TAX)
    said = []
    for verdict in (Verdict.RETURNED, None, Verdict.ACCEPTED):
        house.judge(verdict)
        said.append(house.is_finished())
    assert said == [False, True, True]
    house.judge(None)
    file = house.requests.file(HASH, "t")
    assert file
    assert house.bin.put(HASH, "t", OWNER, 1e9)
    assert not house.is_finished()
    assert house.bin.take_out(HASH, file, OWNER)
    assert house.is_finished()
    house.change(items=(*ASKED["items"], Item("more0000", "One more")))
    assert not house.is_finished()


def test_a_link_for_nobody_in_particular_never_finishes(house: House) -> None:
    house.link(recipient_name="Anna")
    house.receive("a")
    assert house.is_finished()
    house.change(recipient_name="")
    assert not house.is_finished()
    house.receive("b", party=None)
    assert not house.is_finished()

"""Who has finished: what lists of links and reminders go by, on a real catalogue."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.checklists import RECIPIENT, Verdict
from app.core.items import Item, Question, QuestionKind
from app.core.links import ReceivedFile, RequestLink
from app.core.messages import Channel, Message, MessageKind
from app.core.paths import RelPath
from app.core.standing import LinkFilter, Standing
from app.core.terms import Ask, Terms
from app.services.links.finished_reader import FinishedReader
from app.services.links.finishing import Finishing
from app.services.links.progress import Progress
from app.storage.sql.bin import SQLBin
from app.storage.sql.events import SQLEvents
from app.storage.sql.files import SQLRequests
from app.storage.sql.parties import SQLParties
from app.storage.sql.progress import SQLProgress
from app.storage.sql.reminders import SQLReminders
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
        self.reminders = SQLReminders(database, clock=self.clock)
        self.progress = SQLProgress(database)
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

    def answer(self, party: str = RECIPIENT, **answers: str) -> None:
        given = {id: text for id, text in answers.items() if text}
        self.parties.answer(HASH, party, lambda _: given, 5.0)

    def judge(self, verdict: Verdict | None) -> None:
        self.parties.judge(HASH, RECIPIENT, TAX, verdict, "page 2 is missing" if verdict else "", OWNER, 6.0)

    def is_finished(self) -> bool:
        """As lists tell it, after the reader was told twice what happened."""
        progress = Progress(self.requests, self.parties, self.reminders, self.progress, self.finishing)
        reader, new = FinishedReader(self.requests, progress), self.events.after(self.cursor, 99)
        for _ in range(2):
            reader.handle(new)
        self.cursor = new[-1].id if new else self.cursor
        page = self.requests.page(9, viewer="owner", now=self.clock(), only=LinkFilter.LATE)
        (standing,) = [standing for _, standing in self.requests.page(9, viewer="owner", now=self.clock())]
        assert isinstance(standing, Standing)
        assert standing.finished is (page == []), "what is late is what has not finished"
        # Counted anew it is the same.
        self.progress.count(HASH)
        ((_, again),) = self.requests.page(9, viewer="owner", now=self.clock())
        assert again == standing
        self.standing = standing
        return standing.finished

    def people(self) -> tuple[int, ...]:
        self.is_finished()
        return tuple(self.standing.people)

    def steps(self) -> int:
        self.is_finished()
        return self.standing.steps_done

    def invite(self, *addresses: str) -> None:
        made = [
            Message(f"m{each}", MessageKind.INVITATION, Channel.MAIL, each, HASH, {}, 1.0, 1.0) for each in addresses
        ]
        self.reminders.invite(HASH, made)


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


def test_how_much_of_what_is_asked_for_is_there(house: House) -> None:
    house.link(recipient_name="Anna", **ASKED)
    assert house.steps() == 0
    house.receive("p", PASS)
    assert house.steps() == 0, "what need not be there is no step"
    house.receive("t", TAX)
    assert house.steps() == 1
    house.answer(**{WHICH: "2025"})
    assert house.steps() == 2
    house.judge(Verdict.RETURNED)
    assert house.steps() == 1
    house.change(questions=())
    assert house.steps() == 0
    house.change(items=(Item(PASS, "Passport", required=False),))
    assert house.steps() == 1, "where nothing has to be there, all counts"


ONE, TWO = "1" * 16, "2" * 16


def test_people_are_counted_by_how_far_they_have_got(house: House) -> None:
    house.link(items=ASKED["items"])
    assert house.people() == (0, 0, 0)
    house.invite("anna@example.org", "Ben@example.org", "cara@example.org")
    assert house.people() == (3, 0, 0)
    house.receive("a", PASS, ONE, sender_email="Anna+x@example.org")
    assert house.people() == (2, 1, 0)
    house.receive("b", TAX, TWO, sender_email="ben@example.org")
    house.receive("c", TAX, ONE, sender_email="anna@example.org")
    assert house.people() == (1, 0, 2)
    house.parties.judge(HASH, TWO, TAX, Verdict.RETURNED, "page 2", OWNER, 6.0)
    assert house.people() == (1, 1, 1)
    assert house.requests.remove(HASH, "c")
    assert house.people() == (1, 2, 0)
    house.invite("anna@example.org", "dora@example.org", "ben@example.org")
    assert house.people() == (2, 2, 0)
    house.change(items=(Item(PASS, "Passport"),))
    assert house.people() == (2, 1, 1)
    house.receive("n", PASS, None)
    assert house.people() == (2, 1, 2), "those who are not told apart are one"
    house.change(recipient_name="Anna")
    house.change(recipient_name="")
    assert house.people() == (2, 1, 2)


def test_where_nothing_is_asked_for_by_name_whoever_sent_has_finished(house: House) -> None:
    house.link(ask_email=Ask.OPTIONAL)
    house.invite("anna@example.org", "ben@example.org", "cara@example.org")
    house.receive("a", party=None, sender_email="ANNA@example.org")
    assert house.people() == (2, 0, 1)
    house.receive("b", party=ONE, sender_email="ben@example.org")
    house.receive("x", party=None, sender_email="stranger@example.org")
    assert house.people() == (1, 0, 2)
    house.receive("a2", party=None, sender_email="anna@example.org")
    assert house.requests.remove(HASH, "a")
    assert house.people() == (1, 0, 2)
    assert house.requests.remove(HASH, "a2")
    assert house.people() == (2, 0, 1)


def test_where_nobody_says_who_they_are_what_comes_is_of_the_one_who_was_asked(house: House) -> None:
    house.link()
    house.invite("anna@example.org")
    assert house.people() == (1, 0, 0)
    house.receive("a", party=None)
    assert house.people() == (0, 0, 1)
    assert house.requests.remove(HASH, "a")
    assert house.people() == (1, 0, 0)

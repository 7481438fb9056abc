"""Who is reminded of what, how often, and who is not: on a real catalogue."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from app.core.backoff import Backoff
from app.core.checklists import RECIPIENT
from app.core.due import DAY_SECONDS
from app.core.errors import InvalidRequest, MailNotReady, NotFound, RequestClosed, RequestOverdue
from app.core.items import Item
from app.core.links import ReceivedFile, RequestLink
from app.core.messages import Answer, Message, MessageKind, MessageState, Outcome, Pace
from app.core.paths import RelPath
from app.core.quiet import QuietHours
from app.core.terms import Ask, Language, Terms
from app.services.accounts.acts import Acts
from app.services.event_readers import Bell
from app.services.links.finishing import Finishing
from app.services.messages import reminders
from app.services.messages.delivery import Delivery, MailRoom
from app.services.messages.invitations import Invitations
from app.services.messages.mails import Mails
from app.services.messages.reminders import Reminders, Stops
from app.services.messages.rules import Rules
from app.storage.sql.audit import SQLAudit
from app.storage.sql.counts import SQLCounts
from app.storage.sql.endpoints import SQLEndpoints
from app.storage.sql.files import SQLRequests
from app.storage.sql.messages import SQLMessages
from app.storage.sql.parties import SQLParties
from app.storage.sql.reminders import SQLReminders
from tests.support.actors import OWNER
from tests.support.catalogues import catalogue

HASH = "link-0123456789abcdef"
BASE = "https://files.example.org"
ANNA, BEN = "anna@example.org", "ben@example.org"
DUE = 1_000_000_000.0
DAY = float(DAY_SECONDS)


class Died(BaseException):
    """The process ends here."""


class House:
    """Reminding on one data folder; made again it is the server after a restart."""

    def __init__(self, folder: Path, **rules: Any) -> None:
        database = catalogue(folder)
        self.now = DUE - 10 * DAY
        self.sent: list[tuple[str, EmailMessage]] = []
        self.requests = SQLRequests(database, clock=self.clock)
        self.parties = SQLParties(database, clock=self.clock)
        self.messages = SQLMessages(database)
        self.store: Any = SQLReminders(database)
        self.endpoints = SQLEndpoints(database)
        self.attempts = SQLCounts(database, self.clock)
        self.acts = Acts(SQLAudit(database), self.clock)
        self.rules = replace(Rules(True, (), Pace(1, 1, 1), Pace(1, 1, 1)), **rules)
        self.public_url: str | None = BASE

    def clock(self) -> float:
        return self.now

    def reminders(self) -> Reminders:
        return Reminders(
            requests=self.requests,
            finishing=Finishing(self.requests, self.parties),
            store=self.store,
            stops=Stops(self.store, b"key", self.clock),
            attempts=self.attempts,
            rules=lambda: self.rules,
            clock=self.clock,
            bell=Bell(),
            acts=self.acts,
            public_url=lambda: self.public_url,
        )

    def link(self, **terms: Any) -> None:
        full = {"title": "Papers", "due_at": DUE, "reminders": (7, 1, -1), **terms}
        self.requests.create(RequestLink(HASH, RelPath.parse("in"), 1.0, Terms(**full)))

    def change(self, **terms: Any) -> None:
        self.requests.update(HASH, lambda link: replace(link, terms=replace(link.terms, **terms)), OWNER)

    def mail(self, *addresses: str) -> None:
        bell = Bell()
        sender = Invitations(
            links=self.requests, store=self.store, rules=lambda: self.rules, clock=self.clock, bell=bell, acts=self.acts
        )
        for each in sender.send(HASH, BASE, addresses, "", OWNER):
            self.messages.update(each.id, lambda message: replace(message, next_at=None))

    def receive(self, email: str | None = None) -> None:
        id = f"u{random.random()}"
        self.requests.receive(HASH, ReceivedFile(id, id, id, 10, self.now, sender_email=email))

    def send_for(self, item: str, party: str, email: str | None = None) -> None:
        id = f"u{random.random()}"
        self.requests.receive(HASH, ReceivedFile(id, id, id, 10, self.now, sender_email=email, item=item, party=party))

    def send(self, recipient: str, mail: bytes) -> Answer:
        found = message_from_bytes(mail, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.sent.append((recipient, found))
        return Answer(Outcome.TAKEN, "yes")

    def run(self) -> None:
        """What the server does in a moment."""
        reminders = self.reminders()
        while reminders.remind_due():
            pass
        delivery = Delivery(
            store=self.messages,
            endpoints=self.endpoints,
            requests=self.requests,
            mail=lambda: MailRoom(Mails("droppr@example.org", BASE), self, None, BASE),  # type: ignore[arg-type]
            hooks=None,  # type: ignore[arg-type]
            chats=None,  # type: ignore[arg-type]
            pushes=None,  # type: ignore[arg-type]
            clock=self.clock,
            backoff=Backoff(5.0, 60.0, random.random),
            why_not=reminders.why_not,
        )
        while due := self.messages.due(self.now, 1):
            for message in due:
                delivery.deliver(message)

    def at(self, day: float) -> list[str]:
        """Who is reminded so many days before the files are due."""
        self.now, before = DUE - day * DAY, len(self.sent)
        self.run()
        return sorted(recipient for recipient, _ in self.sent[before:])

    def kept(self) -> list[Message]:
        return [each for each in self.messages.page(99, None) if each.kind is MessageKind.REMINDER]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "data")


@pytest.mark.parametrize(
    ("theirs", "links", "browsers", "said"),
    [
        (Language.FR, Language.PL, "de", "fr"),
        (Language.AUTO, Language.PL, "de", "pl"),
        (Language.AUTO, Language.AUTO, "de", "de"),
        (Language.AUTO, Language.AUTO, None, "en"),
    ],
)
def test_a_mail_is_in_the_recipients_language_else_the_links_the_browsers_or_the_servers(
    house: House, theirs: Language, links: Language, browsers: str | None, said: str
) -> None:
    item = Item("a1b2c3d4", "Passport", count=2)
    house.link(recipient_email=ANNA, recipient_language=theirs, language=links, items=(item,))
    id, now = f"u{random.random()}", house.now
    sent = ReceivedFile(id, id, id, 10, now, item=item.id, party=RECIPIENT, language=browsers)
    house.requests.receive(HASH, sent)
    house.mail(ANNA)
    (invitation,) = (each for each in house.messages.page(9, None) if each.kind is MessageKind.INVITATION)
    assert invitation.facts["language"] == (None if theirs is links is Language.AUTO else said)
    assert house.at(7) == [ANNA]
    assert house.sent[0][1]["Content-Language"] == said


def test_a_person_is_reminded_once_a_day_until_something_came(house: House) -> None:
    house.link(recipient_email=ANNA, recipient_name="Anna\r\nBcc: x@y.example")
    assert [house.at(day) for day in (8, 7, 6.9, 1, 1)] == [[], [ANNA], [], [ANNA], []]
    house.receive()
    assert house.at(-1) == []
    assert [each.state for each in house.kept()] == [MessageState.SENT] * 2
    _, mail = house.sent[0]
    assert mail["Subject"] == "Reminder: please send files: Papers"
    assert mail["Bcc"] is None
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "They are due on 2001-09-09 01:46 UTC." in text
    assert f"Send files here: {BASE}/request/{HASH}" in text


def test_a_mail_says_whether_it_was_due_and_what_becomes_of_late_files(house: House) -> None:
    house.link(recipient_email=ANNA)
    house.at(-1)
    html = house.sent[-1][1].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "They were due on 2001-09-09 01:46 UTC." in html
    assert "After that" not in html
    house.change(allow_late=False, due_at=DUE + 9 * DAY)
    house.now += 1
    house.reminders().remind_now(HASH, BASE, None, OWNER)
    house.run()
    html = house.sent[-1][1].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "After that no more files are taken." in html


def test_of_a_shared_link_those_are_reminded_who_were_asked_and_have_not_sent(house: House) -> None:
    house.link(ask_email=Ask.REQUIRED)
    assert house.at(9) == []
    house.mail(ANNA, BEN)
    house.mail(ANNA)
    assert house.at(7) == [ANNA, BEN]
    house.receive("Anna+papers@example.org")
    house.receive("stranger@example.org")
    assert house.at(1) == [BEN]
    assert [each.address for each in house.reminders().awaited(HASH)] == [BEN]


def test_where_nobody_says_who_they_are_one_who_was_asked_is_who_sent(house: House) -> None:
    house.link()
    house.mail(ANNA)
    assert house.at(7) == [ANNA]
    house.receive()
    assert house.at(1) == []


def test_a_server_that_was_down_makes_up_for_the_newest_alone(house: House) -> None:
    house.link(recipient_email=ANNA)
    assert house.at(0.5) == [ANNA]
    assert [house.at(day) for day in (0, -1, -2)] == [[], [ANNA], []]


def test_another_due_date_has_reminders_of_its_own(house: House) -> None:
    house.link(recipient_email=ANNA, reminders=(1,))
    assert house.at(1) == [ANNA]
    house.change(due_at=DUE + 7 * DAY)
    assert house.at(0) == []
    assert house.at(-6) == [ANNA]


@pytest.mark.parametrize(
    ("end", "reminded"),
    [
        ({}, [[ANNA], [ANNA], [ANNA]]),
        ({"active": False}, [[], [], []]),
        ({"expires_at": DUE - 3 * DAY}, [[ANNA], [], []]),
        ({"allow_late": False}, [[ANNA], [ANNA], []]),
        ({"recipient_email": "", "recipient_name": "Anna"}, [[], [], []]),
        ({"reminders": ()}, [[], [], []]),
        ({"due_at": None}, [[], [], []]),
    ],
)
def test_nobody_is_asked_for_what_is_not_taken_or_not_wanted(
    house: House, end: dict[str, Any], reminded: list[list[str]]
) -> None:
    house.link(recipient_email=ANNA)
    house.change(**end)
    assert [house.at(day) for day in (7, 1, -1)] == reminded


def test_a_deleted_link_reminds_nobody(house: House) -> None:
    house.link(recipient_email=ANNA)
    house.requests.delete(HASH, OWNER)
    assert house.at(7) == []


@pytest.mark.parametrize("end", ["close", "send", "delete", "stop", "extend", "no reminders"])
def test_what_waits_for_the_end_of_quiet_hours_is_looked_at_again(tmp_path: Path, end: str) -> None:
    # Due at 01:46 in the night.
    house = House(tmp_path / "data", quiet=QuietHours.of("22:00-07:00 UTC"))
    house.link(recipient_email=ANNA)
    assert house.at(1) == []
    (waiting,) = house.kept()
    assert waiting.next_at == pytest.approx(DUE - DAY + 5 * 3600 + 13 * 60 + 20)
    match end:
        case "close":
            house.change(active=False)
        case "send":
            house.receive()
        case "delete":
            house.requests.delete(HASH, OWNER)
        case "extend":
            house.change(due_at=DUE + 7 * DAY)
        case "no reminders":
            house.change(reminders=())
        case "stop":
            stops = house.reminders().stops
            stops.stop(stops.token(ANNA))
    assert house.at(0.5) == []
    (given_up,) = house.kept()
    assert (given_up.state, given_up.tries) == (MessageState.GIVEN_UP, 1)


def test_quiet_hours_only_put_it_off(tmp_path: Path) -> None:
    house = House(tmp_path / "data", quiet=QuietHours.of("22:00-07:00 UTC"))
    house.link(recipient_email=ANNA)
    assert [house.at(1), house.at(0.5)] == [[], [ANNA]]


def test_without_mail_or_an_address_of_its_own_a_server_reminds_nobody(house: House) -> None:
    house.link(recipient_email=ANNA)
    house.public_url = None
    assert house.at(7) == []
    house.public_url, rules = BASE, house.rules
    house.rules = replace(rules, mail=False)
    assert house.at(6) == []
    with pytest.raises(MailNotReady):
        house.reminders().remind_now(HASH, BASE, None, OWNER)
    house.rules = rules
    assert house.at(5) == [ANNA]


class Dying:
    """A store that ends the process before or after it has reminded."""

    def __init__(self, store: SQLReminders, after: bool) -> None:
        self._store, self._after = store, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def remind(self, *arguments: Any) -> None:
        if self._after:
            self._store.remind(*arguments)
        raise Died


@pytest.mark.parametrize("after", [False, True])
def test_dying_on_either_side_of_the_write_reminds_once(house: House, after: bool) -> None:
    house.link(recipient_email=ANNA)
    whole = house.store
    house.store = Dying(whole, after)
    with pytest.raises(Died):
        house.at(7)
    house.store = whole
    assert [house.at(6.9), house.at(6.8)] == [[ANNA], []]
    assert len(house.kept()) == 1


def test_one_link_that_cannot_be_reminded_of_holds_up_no_other_and_is_tried_again(house: House) -> None:
    house.link(recipient_email=ANNA)
    house.requests.create(
        RequestLink("other-0123456789abcdef", RelPath.parse("x"), 1.0, house.requests.load(HASH).terms)
    )
    whole = house.requests.load

    def broken(hash: str) -> RequestLink:
        if hash == HASH:
            raise ValueError
        return whole(hash)

    house.requests.load = broken  # type: ignore[method-assign]
    assert house.at(7) == [ANNA]
    house.requests.load = whole  # type: ignore[method-assign]
    assert house.at(6.99) == [ANNA]
    assert {each.link for each in house.kept()} == {HASH, "other-0123456789abcdef"}


def test_by_hand_nobody_is_reminded_more_than_once_an_hour(house: House) -> None:
    house.link(reminders=(), due_at=None, ask_email=Ask.REQUIRED)
    house.mail(ANNA, BEN)
    house.receive(BEN)
    house.mail("carl@example.org")
    first = house.reminders().remind_now(HASH, BASE, None, OWNER)
    assert ([each.recipient for each in first.messages], first.lately, first.stopped) == (
        [ANNA, "carl@example.org"],
        0,
        0,
    )
    second = house.reminders().remind_now(HASH, BASE, [ANNA], OWNER)
    assert ([*second.messages], second.lately) == ([], 1)
    house.now += 3601
    assert len(house.reminders().remind_now(HASH, BASE, [ANNA], OWNER).messages) == 1
    with pytest.raises(InvalidRequest, match=r"Nothing is awaited of ben@example\.org"):
        house.reminders().remind_now(HASH, BASE, [BEN], OWNER)
    house.change(active=False)
    with pytest.raises(RequestClosed):
        house.reminders().remind_now(HASH, BASE, None, OWNER)
    house.change(active=True, due_at=house.now - 1, allow_late=False)
    with pytest.raises(RequestOverdue):
        house.reminders().remind_now(HASH, BASE, None, OWNER)


def test_who_stops_reminders_gets_none_whoever_asks(house: House) -> None:
    house.link(recipient_email=ANNA)
    house.at(7)
    _, mail = house.sent[0]
    (address,) = re.findall(rf"<{BASE}/api/droppr/reminders/([\w-]+)>", str(mail["List-Unsubscribe"]))
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    stops = house.reminders().stops
    assert not stops.is_stopped(address)
    stops.stop(address)
    stops.stop(address)
    assert stops.is_stopped(address)
    assert stops.is_stopped(stops.token("Anna+x@Example.org"))
    assert house.at(1) == []
    done = house.reminders().remind_now(HASH, BASE, None, OWNER)
    assert ([*done.messages], done.stopped) == ([], 1)
    assert [each.stopped for each in house.reminders().awaited(HASH)] == [True]


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1], lambda t: t + "A", lambda t: "A" + t[1:], lambda t: "", lambda t: "ü"]
)
def test_what_stops_reminders_cannot_be_made_up(house: House, change: Callable[[str], str]) -> None:
    stops = house.reminders().stops
    token = stops.token(ANNA)
    other = change(token) if change(token) != token else "B" + token[1:]
    with pytest.raises(NotFound):
        stops.stop(other)
    assert not stops.is_stopped(token)
    assert "anna" not in token
    assert Stops(house.store, b"another", house.clock).token(ANNA) != token


def test_whoever_has_sent_only_a_part_of_what_is_asked_for_is_reminded_of_the_rest(house: House) -> None:
    house.link(recipient_email=ANNA, items=(Item("tax00000", "Tax return"), Item("pass0000", "Passport")))
    house.send_for("tax00000", RECIPIENT)
    assert house.at(7) == [ANNA]
    house.send_for("pass0000", RECIPIENT)
    assert house.at(1) == []


def test_on_a_link_of_many_each_is_reminded_until_they_have_sent_all(house: House) -> None:
    house.link(ask_email=Ask.REQUIRED, items=(Item("tax00000", "Tax return"), Item("pass0000", "Passport")))
    house.mail(ANNA, BEN)
    stranger = "cleo@example.org"
    house.send_for("tax00000", "a" * 16, ANNA)
    house.send_for("tax00000", "c" * 16, stranger)
    assert house.at(7) == [ANNA, BEN, stranger]
    house.send_for("pass0000", "a" * 16, ANNA.upper())
    assert house.at(1) == [BEN, stranger]


def test_those_whom_nobody_has_named_are_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "MOST_STRANGERS_REMINDED", 2)
    house.link(items=(Item("tax00000", "Tax return"), Item("pass0000", "Passport")))
    for number in range(5):
        house.send_for("tax00000", f"{number:016x}", f"s{number}@example.org")
    assert len(house.at(7)) == 2

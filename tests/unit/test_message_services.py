"""From an event to a message that is noted as taken, on a real catalogue: who is told what, once, whatever dies in between."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.core.actors import EVERYTHING, Reach
from app.core.actors import THE_OWNER as THE_OWNERS_NAME
from app.core.backoff import Backoff
from app.core.checklists import Verdict
from app.core.errors import Busy, ReceiptNotReady
from app.core.items import Item
from app.core.links import ReceivedFile, RequestLink
from app.core.messages import Answer, Channel, Endpoint, Message, MessageKind, MessageState, Outcome, Pace
from app.core.paths import RelPath
from app.core.quiet import QuietHours
from app.core.terms import Ask, Terms
from app.services.event_readers import Bell, EventReaders
from app.services.messages.chats import Chats
from app.services.messages.closing import Closing, ConfirmationLimits
from app.services.messages.delivery import Delivery, MailRoom
from app.services.messages.item_messages import ItemMessages, ReturnLimits
from app.services.messages.mails import Mails
from app.services.messages.pushes import Pushes
from app.services.messages.reader import MessageReader
from app.services.messages.rules import Rules
from app.services.messages.worker import MessageWorker
from app.storage.sql.counts import SQLCounts
from app.storage.sql.endpoints import SQLEndpoints
from app.storage.sql.events import SQLEvents
from app.storage.sql.files import SQLRequests
from app.storage.sql.messages import SQLMessages
from app.storage.sql.parties import SQLParties
from tests.support.actors import OWNER as THE_OWNER
from tests.support.catalogues import catalogue

HASH = "link-0123456789abcdef"
OWNER = "owner@example.org"
TAKEN = Answer(Outcome.TAKEN, "yes")
LATER = Answer(Outcome.LATER, "no", of_all=True)


class Died(BaseException):
    """The process ends here."""


class Carrier:
    """Takes what it is given, as its ``answers`` say."""

    def __init__(self) -> None:
        self.given: list[tuple[str, bytes]] = []
        self.answer: Callable[[str], Answer] = lambda where: TAKEN

    def send(self, recipient: str, mail: bytes) -> Answer:
        self.given.append((recipient, mail))
        return self.answer(recipient)

    def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        self.given.append((headers["webhook-id"], body))
        return self.answer(url)

    def check(self, url: str) -> None:
        pass


class ChatCarrier:
    """Notes what is to be said in chats."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, str]] = []
        self.answer = TAKEN

    def check(self, url: str) -> str:
        return "chat://..."

    def send(self, url: str, subject: str, text: str) -> Answer:
        self.said.append((url, subject, text))
        return self.answer


class PushCarrier:
    """Notes what is to be shown in browsers: where, what, and in whose place."""

    public_key = "key"

    def __init__(self) -> None:
        self.shown: list[tuple[str, dict[str, Any], str]] = []
        self.answer = TAKEN

    def check(self, url: str, p256dh: str, auth: str) -> None:
        pass

    def push(self, endpoint: Endpoint, content: bytes, topic: str) -> Answer:
        self.shown.append((endpoint.id, json.loads(content), topic))
        return self.answer


class Receipts:
    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.ready = True

    def issue(self, hash: str, ids: list[str], server: str | None, client: str) -> dict[str, Any]:
        self.asked.append(list(ids))
        if not self.ready:
            raise ReceiptNotReady(retry_after=9)
        return {"files": list(ids)}


class Leads:
    def wait(self) -> None:
        pass

    def leads(self, seconds: float = 0.0) -> bool:
        return True


class House:
    """All of it on one data folder; made again it is the server after a restart."""

    def __init__(self, folder: Path, **rules: Any) -> None:
        self.database = catalogue(folder)
        self.now = 1_000_000.0
        self.requests = SQLRequests(self.database, clock=self.clock)
        self.parties = SQLParties(self.database, clock=self.clock)
        self.store: Any = SQLMessages(self.database)
        self.endpoints = SQLEndpoints(self.database)
        self.mail, self.hooks, self.receipts = Carrier(), Carrier(), Receipts()
        self.chats, self.pushes = ChatCarrier(), PushCarrier()
        self.reaches: dict[str, Reach] = {THE_OWNERS_NAME: EVERYTHING}
        self.limits = ConfirmationLimits()
        plain = Rules(True, (OWNER,), Pace(60, 900, 900), Pace(5, 60, 5))
        self.rules = replace(plain, **rules)
        self._number = 0

    def clock(self) -> float:
        return self.now

    def link(self, **terms: Any) -> None:
        self.requests.create(RequestLink(HASH, RelPath.parse("in"), 1.0, Terms(title="Title", **terms)))

    def receive(self, count: int = 1, **sender: Any) -> list[str]:
        files = []
        for _ in range(count):
            self._number += 1
            name = f"{self._number}.txt"
            files.append(ReceivedFile(f"u{self._number}-{id(self)}", name, name, 10, self.now, **sender))
        self.requests.receive(HASH, *files)
        return [file.upload_id for file in files]

    def read(self) -> None:
        reader = MessageReader(
            requests=self.requests,
            store=self.store,
            endpoints=self.endpoints,
            items=self.item_messages(),
            rules=lambda: self.rules,
            look=lambda: None,
            clock=self.clock,
        )
        EventReaders(SQLEvents(self.database), [reader], partial(self.database.alone, wait=False), Bell()).catch_up()

    def judge(
        self, party: str, item: str, verdict: Verdict = Verdict.RETURNED, note: str = "Page 2 is missing."
    ) -> None:
        self.parties.judge(HASH, party, item, verdict, note, THE_OWNER, self.now)

    def item_messages(self) -> ItemMessages:
        return ItemMessages(
            links=self.requests,
            parties=self.parties,
            attempts=SQLCounts(self.database, self.clock),
            rules=lambda: self.rules,
            limits=ReturnLimits(recipient="2 per day"),
            clock=self.clock,
        )

    def closing(self) -> Closing:
        return Closing(
            requests=self.requests,
            store=self.store,
            endpoints=self.endpoints,
            attempts=SQLCounts(self.database, self.clock),
            rules=lambda: self.rules,
            limits=lambda: self.limits,
            clock=self.clock,
        )

    def delivery(self) -> Delivery:
        room = MailRoom(Mails("droppr@example.org", None), self.mail, self.receipts, None)  # type: ignore[arg-type]
        return Delivery(
            store=self.store,
            endpoints=self.endpoints,
            requests=self.requests,
            mail=lambda: room,
            hooks=self.hooks,
            chats=Chats(self.chats, lambda: None),
            pushes=Pushes(self.pushes, self.requests, self.reaches.get),
            clock=self.clock,
            backoff=Backoff(5.0, 3600.0, random.random),
        )

    def worker(self) -> MessageWorker:
        return MessageWorker(
            store=self.store,
            closing=self.closing(),
            delivery=self.delivery(),
            leader=Leads(),
            clock=self.clock,
            bell=Bell(),
            prune=lambda: None,
        )

    def run(self, delivery: Delivery | None = None) -> None:
        """What the server does in a moment."""
        delivery = delivery or self.delivery()
        self.read()
        while self.closing().close_due():
            pass
        while due := self.store.due(self.now, 1):
            for message in due:
                delivery.deliver(message)

    def later(self, seconds: float) -> None:
        self.now += seconds
        self.run()

    def messages(self) -> list[Message]:
        found: list[Message] = self.store.page(1000, None)
        return found


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "data")


def test_ten_thousand_arrivals_are_one_mail(house: House) -> None:
    house.link()
    for _ in range(20):
        house.receive(500)
    house.run()
    assert house.mail.given == []
    house.later(61)
    ((recipient, mail),) = house.mail.given
    assert recipient == OWNER
    assert b"10,000 files" in mail
    assert b"and 9,980 more" in mail
    house.later(3600)
    assert len(house.mail.given) == 1


def test_nobody_is_told_anything_costs_no_row(tmp_path: Path) -> None:
    house = House(tmp_path / "data", notify=())
    house.link()
    house.receive(3)
    house.later(3600)
    assert house.messages() == []
    with house.database.read() as tx:
        assert tx.one("SELECT count(*) FROM batches") == (0,)


def test_quiet_hours_hold_a_digest_back_and_nothing_else(tmp_path: Path) -> None:
    # The clock begins at 13:46:40 UTC.
    house = House(tmp_path / "data", quiet=QuietHours.of("13:00-15:00"))
    house.link()
    house.endpoints.add(Endpoint("ep_1", "https://a", "whsec_YWE=", 1.0, (MessageKind.FILES_RECEIVED,)))
    house.receive()
    house.run()
    house.later(1000)
    assert len(house.hooks.given) == 1
    house.receive()
    house.run()
    house.later(1000)
    assert house.mail.given == []
    house.later(3600)
    assert len(house.mail.given) == 1
    assert b"2 files have arrived" in house.mail.given[0][1]


def test_a_link_that_was_deleted_meanwhile_is_told_of_to_the_servers_own(house: House) -> None:
    house.link(notify=("a@example.org",))
    house.receive()
    house.run()
    house.requests.delete(HASH, THE_OWNER)
    house.later(61)
    assert [to for to, _ in house.mail.given] == [OWNER]


def test_a_sender_is_confirmed_once_per_batch_with_what_is_still_there(house: House) -> None:
    house.link(ask_email=Ask.REQUIRED, confirm=True, notify=())
    first, second = house.receive(2, sender_email="anna@example.org")
    house.receive(1, sender_email="not an address")
    house.receive(1, sender_email="ben@example.org, victim@example.org")
    house.receive(1)
    house.run()
    house.requests.remove(HASH, first)
    house.later(61)
    assert [to for to, _ in house.mail.given] == ["anna@example.org"]
    assert house.receipts.asked == [[second]]


def test_a_confirmation_waits_for_checksums_and_that_is_no_failure(house: House) -> None:
    house.link(ask_email=Ask.REQUIRED, confirm=True, notify=())
    house.receive(1, sender_email="anna@example.org")
    house.receipts.ready = False
    house.run()
    house.later(61)
    (message,) = house.messages()
    assert (message.state, message.tries, message.next_at) == (MessageState.WAITING, 0, house.now + 9)
    house.receipts.ready = True
    house.later(9)
    assert [each.state for each in house.messages()] == [MessageState.SENT]


def test_nobody_can_have_a_box_filled_by_typing_its_address(house: House) -> None:
    house.link(ask_email=Ask.REQUIRED, confirm=True, notify=())
    for number in range(200):
        house.receive(1, sender_email=f"Victim+{number}@example.org")
    house.run()
    house.later(61)
    assert len(house.mail.given) == 6
    # The others wait, and are not lost; the limit holds as long as it says.
    house.later(3600)
    assert len(house.mail.given) == 6
    house.later(24 * 3600)
    assert len(house.mail.given) == 12


def test_nobody_can_have_a_server_taken_for_spam_by_typing_many_addresses(house: House) -> None:
    house.limits = ConfirmationLimits(link="5 per hour")
    house.link(ask_email=Ask.REQUIRED, confirm=True, notify=())
    for number in range(50):
        house.receive(1, sender_email=f"victim{number}@example.org")
    house.run()
    house.later(61)
    assert len(house.mail.given) == 5
    house.later(10 * 3600)
    assert len(house.mail.given) == 5
    assert len(house.messages()) == 5


def test_a_return_is_told_to_the_recipient_or_who_gave_an_address_each_once(house: House) -> None:
    items = (Item("tax00000", "Tax return"), Item("pass0000", "Passport"))
    house.link(notify=(), items=items)
    house.receive(1, item="tax00000", party="a" * 16, sender_email="anna@example.org")
    house.receive(1, item="tax00000", party="b" * 16)
    house.receive(1, item="pass0000", party="c" * 16, sender_email="no address")
    for party in ("a" * 16, "b" * 16):
        house.judge(party, "tax00000")
    house.judge("c" * 16, "pass0000")
    house.judge("a" * 16, "tax00000", Verdict.ACCEPTED)
    house.run()
    assert [to for to, _ in house.mail.given] == ["anna@example.org"]
    house.requests.update(
        HASH, lambda link: replace(link, terms=replace(link.terms, recipient_email="ben@example.org")), THE_OWNER
    )
    # The same again is nothing new.
    house.judge("b" * 16, "tax00000")
    for note in ("The wrong year.", "Again the wrong year.", "And once more."):
        house.judge("b" * 16, "tax00000", note=note)
        house.run()
    assert {to for to, _ in house.mail.given[1:]} == {"ben@example.org"}
    # Two a day to one mailbox, as this house has it. The third waits and is not lost.
    assert len(house.mail.given) == 3
    house.later(24 * 3600 + 1)
    assert len(house.mail.given) == 4
    assert all(each.state is MessageState.SENT for each in house.messages())


def test_of_a_link_that_is_no_more_no_return_is_told(house: House) -> None:
    house.link(notify=(), recipient_email="ben@example.org", items=(Item("tax00000", "Tax return"),))
    house.receive(1, item="tax00000", party="recipient")
    house.judge("recipient", "tax00000")
    house.requests.delete(HASH, THE_OWNER)
    house.run()
    assert house.messages() == []


def test_without_a_mail_server_a_return_stands_on_the_link_alone(tmp_path: Path) -> None:
    house = House(tmp_path / "data", mail=False)
    house.link(recipient_email="ben@example.org", items=(Item("tax00000", "Tax return"),))
    house.receive(1, item="tax00000", party="recipient")
    house.judge("recipient", "tax00000")
    house.run()
    assert house.messages() == []


def test_an_endpoint_is_told_of_its_link_alone_and_what_it_wants(house: House) -> None:
    house.link(notify=())
    house.endpoints.add(Endpoint("ep_1", "https://a", "whsec_YWE=", 1.0, link="another-0123456789"))
    house.endpoints.add(Endpoint("ep_2", "https://b", "whsec_YWE=", 1.0, (MessageKind.LINK_CLOSED,)))
    house.endpoints.add(Endpoint("ep_3", "https://c", "whsec_YWE=", 1.0, active=False))
    house.receive()
    house.run()
    house.later(61)
    assert house.hooks.given == []
    assert house.messages() == []


def test_a_removed_endpoint_is_told_nothing_more(house: House) -> None:
    house.link(notify=())
    house.endpoints.add(Endpoint("ep_1", "https://a", "whsec_YWE=", 1.0))
    house.hooks.answer = lambda url: LATER
    house.run()
    (message,) = house.messages()
    assert message.state is MessageState.FAILED
    house.endpoints.remove("ep_1")
    house.later(3600)
    (message,) = house.messages()
    assert (message.state, message.answer) == (MessageState.GIVEN_UP, "The endpoint was removed.")


def test_what_was_taken_but_could_not_be_noted_is_not_sent_again(house: House) -> None:
    house.link()
    house.receive()
    house.run()
    house.now += 61
    house.read()
    house.closing().close_due()
    delivery, update, times = house.delivery(), house.store.update, iter([True, True, False])

    def failing(*arguments: Any) -> Any:
        if next(times):
            raise Busy()
        return update(*arguments)

    house.store.update = failing
    for _ in range(2):
        (message,) = house.store.due(house.now, 9)
        with pytest.raises(Busy):
            delivery.deliver(message)
    (message,) = house.store.due(house.now, 9)
    delivery.deliver(message)
    assert len(house.mail.given) == 1
    assert house.store.due(house.now + 99, 9) == []


def test_one_message_that_cannot_be_made_holds_up_no_other(house: House) -> None:
    house.link()
    broken = Message("msg_broken", MessageKind.FILES_RECEIVED, Channel.MAIL, OWNER, HASH, {}, 0.0, 0.0)
    house.store.add([broken])
    house.receive()
    house.run()
    house.later(61)
    assert len(house.mail.given) == 1
    found = house.store.load("msg_broken")
    assert (found.state, "log says why" in found.answer) == (MessageState.FAILED, True)


class Dying:
    """A store that ends the process before or after its n-th write."""

    WRITES = ("gather", "close", "add", "update", "postpone")

    def __init__(self, store: SQLMessages, at: int, after: bool) -> None:
        self._store, self._left, self._after = store, at, after

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name not in Dying.WRITES:
            return method

        def write(*arguments: Any) -> Any:
            self._left -= 1
            if self._left == 0 and not self._after:
                raise Died
            result = method(*arguments)
            if self._left == 0:
                raise Died
            return result

        return write


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 12))
def test_dying_at_every_write_loses_nothing_and_repeats_only_what_was_not_noted(
    tmp_path: Path, at: int, after: bool
) -> None:
    house = House(tmp_path / "data")
    house.link(ask_email=Ask.OPTIONAL, confirm=True)
    house.endpoints.add(Endpoint("ep_1", "https://a", "whsec_YWE=", 1.0, (MessageKind.FILES_RECEIVED,)))
    house.run()
    whole = house.store
    house.store = Dying(whole, at, after)
    noted_before: set[str] = set()
    try:
        house.receive(2, sender_email="anna@example.org")
        house.run()
        house.receive(1, sender_email="anna@example.org")
        house.run()
        house.later(61)
        house.later(900)
    except Died:
        noted_before = {each.id for each in whole.page(99, None) if each.state is MessageState.SENT}
    house.store = whole
    for _ in range(4):
        house.later(901)
    made = house.messages()
    assert {each.state for each in made} == {MessageState.SENT}
    for channel, recipient in ((Channel.MAIL, OWNER), (Channel.MAIL, "anna@example.org"), (Channel.WEBHOOK, "ep_1")):
        theirs = [each for each in made if (each.channel, each.recipient) == (channel, recipient)]
        assert sum(each.facts["files"] for each in theirs) == house._number
    handed = [each.id for each in made for _, mail in house.mail.given if each.id.encode() in mail]
    handed += [id for id, _ in house.hooks.given]
    twice = {id for id in handed if handed.count(id) > 1}
    # At most the one whose note was lost; never one that was noted.
    assert len(twice) <= 1
    assert not twice & noted_before
    assert set(handed) == {each.id for each in made}


def test_a_lane_that_takes_nothing_rests_and_what_an_owner_asks_for_does_not(house: House) -> None:
    house.endpoints.add(Endpoint("ep_1", "https://a", "whsec_YWE=", 1.0))
    house.hooks.answer = lambda url: LATER
    worker, message = house.worker(), partial(Message, facts={"actor": "o"}, link=HASH, created_at=0.0)
    hook = partial(message, kind=MessageKind.LINK_MADE, channel=Channel.WEBHOOK, recipient="ep_1")
    house.store.add([hook(id=f"msg_{number}", next_at=1.0) for number in range(3)])
    for each in house.store.due(house.now, 1):
        worker.deliver(each)
    assert worker._rests(house.store.due(house.now, 1)[0])
    asked = hook(id="msg_asked", next_at=0.0)
    assert not worker._rests(asked)
    house.hooks.answer = lambda url: TAKEN
    house.store.add([asked])
    worker.deliver(asked)
    assert not worker._rests(house.store.due(house.now, 1)[0])

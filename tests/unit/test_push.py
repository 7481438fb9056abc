"""What owners are told in their browsers: encrypted as the RFC has it, for whom it is still meant, in their language, and never apart from
what the outbox promises."""

from __future__ import annotations

import time
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.core.actors import EVERYTHING, Actor, ActorKind, Reach
from app.core.errors import EndpointNotAllowed, EndpointNotFound, InvalidRequest, RequestNotFound
from app.core.messages import PUSH_KINDS, Answer, Endpoint, Message, MessageKind, MessageState, Outcome, Way
from app.core.quiet import QuietHours
from app.services.accounts.acts import Acts
from app.services.event_readers import Bell
from app.services.messages.chats import Chats
from app.services.messages.endpoints import Endpoints
from app.services.messages.message_log import MessageLog
from app.services.messages.push_words import PUSH_LANGUAGES, push_language, push_words
from app.services.messages.pushes import Pushes
from app.services.messages.subscriptions import MAX_BROWSERS, Subscriptions
from app.storage.messages.push import GONE, PushKey, WebPush, decoded, encoded, encrypted
from app.storage.messages.webhooks import HTTPHooks
from app.storage.sql.audit import SQLAudit
from tests.support.actors import OWNER
from tests.support.pushes import judge, push_service
from tests.unit.test_message_services import HASH, House

SECRET = "A" * 43
HERE = [ip_network("127.0.0.0/8")]
ANNA = Actor(ActorKind.ACCOUNT, name="anna")
ENDPOINT = Endpoint("ep_1", "https://push.example/1", "", 1.0, PUSH_KINDS, language="en", p256dh="x", auth="y")


def carrier(allowed: Any = HERE) -> WebPush:
    return WebPush(HTTPHooks(allowed, gone=GONE), PushKey(SECRET), lambda: "mailto:a@example.org", time.time)


def test_the_example_of_the_rfc_is_encrypted_as_it_stands_there() -> None:
    """RFC 8291, appendix A."""
    own = ec.derive_private_key(int.from_bytes(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")), ec.SECP256R1())
    found = encrypted(
        b"When I grow up, I want to be a watermelon",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
        decoded("DGv6ra1nlYgDCS1FRnbzlw"),
        own,
    )
    assert encoded(found) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_a_push_is_readable_by_its_browser_alone_and_signed() -> None:
    with push_service() as service:
        browser, other = service.browser(), service.browser()
        endpoint = replace(ENDPOINT, url=browser.url, **browser.subscription()["keys"])
        long = b'{"title":"' + b"x" * 3900 + b'"}'
        assert carrier().push(endpoint, long, "topic-1").outcome is Outcome.TAKEN
        (hook,) = service.sent(browser)
        assert browser.read(hook.body)["title"] == "x" * 3900
        with pytest.raises(Exception, match=r"^$"):  # What cryptography raises says nothing.
            other.read(hook.body)
        assert judge(hook, browser.url, carrier().public_key)["sub"] == "mailto:a@example.org"
        assert hook.headers["topic"] == "topic-1"
        assert carrier().push(endpoint, b"x" * 4096, "t").outcome is Outcome.NEVER


@pytest.mark.parametrize(
    ("status", "outcome", "gone"),
    [(201, Outcome.TAKEN, False), (404, Outcome.NEVER, True), (410, Outcome.NEVER, True), (429, Outcome.LATER, False)],
)
def test_what_a_push_service_says(status: int, outcome: Outcome, gone: bool) -> None:
    with push_service() as service:
        browser = service.browser()
        service.answer = lambda request: status
        endpoint = replace(ENDPOINT, url=browser.url, **browser.subscription()["keys"])
        answer = carrier().push(endpoint, b"{}", "t")
    assert (answer.outcome, answer.gone) == (outcome, gone)


def test_no_push_service_is_at_an_address_that_is_not_allowed() -> None:
    with push_service() as service:
        keys = service.browser().subscription()["keys"]
        for url in (service.receiver.url, "http://10.0.0.1/x", "ftp://example.org/", "https://u:p@93.184.216.34/"):
            with pytest.raises(EndpointNotAllowed):
                carrier([]).check(url, **keys)
        answer = carrier([]).push(replace(ENDPOINT, url=service.receiver.url, **keys), b"{}", "t")
        assert answer.outcome is Outcome.LATER
        assert service.receiver.hooks == []
        for wrong in ({"p256dh": "x"}, {"auth": "x"}, {"p256dh": encoded(b"\4" * 65)}, {"auth": encoded(b"1" * 15)}):
            with pytest.raises(EndpointNotAllowed):
                carrier().check(service.receiver.url, **(keys | wrong))


def test_the_key_is_one_for_all_processes() -> None:
    assert PushKey(SECRET).public == PushKey(SECRET).public != PushKey("B" * 43).public
    assert len(decoded(PushKey(SECRET).public)) == 65
    with pytest.raises(ValueError, match="base64url"):
        PushKey("ä")


@pytest.mark.parametrize("language", PUSH_LANGUAGES)
def test_every_language_has_a_form_for_every_number(language: str) -> None:
    words = push_words(language)
    for count in range(250):
        assert "{" not in words.files[words.form(count)].format(n=count)
    for text in (words.sent, words.several):
        assert {"{who}", "{files}"} <= {each for each in ("{who}", "{files}") if each in text}
    assert "{files}" in words.unknown
    assert words.test


def test_numbers_have_the_forms_of_their_language() -> None:
    polish, arabic, french = push_words("pl"), push_words("ar"), push_words("fr")
    assert [polish.form(n) for n in (1, 2, 5, 12, 22, 112)] == ["one", "few", "many", "many", "few", "many"]
    assert [arabic.form(n) for n in (1, 2, 3, 11, 100, 103)] == ["one", "two", "few", "many", "other", "few"]
    assert [french.form(n) for n in (0, 1, 2)] == ["one", "one", "other"]
    assert [push_language(each) for each in ("de-AT", "DE", "pt", "", "en")] == ["de", "de", "en", "en", "en"]


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path / "data")
    made.endpoints.add(ENDPOINT)
    return made


def settle(house: House, seconds: float = 6) -> None:
    """Until what has come is a batch, and that is told."""
    house.run()
    house.later(seconds)


def test_a_batch_is_one_push_in_the_browsers_own_words(house: House) -> None:
    house.endpoints.add(replace(ENDPOINT, id="ep_de", language="de"))
    house.link(notify=())
    house.receive(3, sender_name="Anna")
    settle(house)
    told = {id: content for id, content, _ in house.pushes.shown}
    assert (told["ep_1"]["title"], told["ep_1"]["body"]) == ("Title", "Anna sent 3 files")
    assert told["ep_de"]["body"] == "Anna hat 3 Dateien geschickt"
    assert (told["ep_1"]["link"], told["ep_1"]["files"], told["ep_de"]["lang"]) == (HASH, 3, "de")
    # What comes next takes its place, and tells the push service nothing of the link.
    house.receive(1, sender_name="Ben")
    house.receive(1, sender_name="Cleo")
    settle(house)
    assert {id: content["body"] for id, content, _ in house.pushes.shown[2:]} == {
        "ep_1": "Ben and others sent 2 files",
        "ep_de": "2 Dateien von Ben und anderen",
    }
    topics = {topic for _, _, topic in house.pushes.shown}
    assert len(topics) == 1
    assert HASH not in topics.pop()
    assert all(each.state is MessageState.SENT for each in house.messages())


def test_webhooks_and_browsers_are_told_apart(house: House) -> None:
    house.endpoints.add(Endpoint("ep_2", "https://a", "whsec_YWE=", 1.0, (MessageKind.FILES_RECEIVED,)))
    house.link(notify=())
    house.receive()
    settle(house)
    assert len(house.pushes.shown) == len(house.hooks.given) == 1
    assert house.pushes.shown[0][1]["body"] == "New: 1 file"


def test_a_browser_is_told_nothing_in_quiet_hours_and_all_of_it_afterwards(tmp_path: Path) -> None:
    # 1,000,000 s is 13:46 UTC.
    house = House(tmp_path / "data", quiet=QuietHours.of("13:00-15:00"))
    house.endpoints.add(ENDPOINT)
    house.link(notify=())
    house.receive(2, sender_name="Anna")
    settle(house, 600)
    assert house.pushes.shown == []
    house.later(3 * 3600)
    assert [content["files"] for _, content, _ in house.pushes.shown] == [2]


def test_a_browser_that_is_gone_is_removed_and_the_rest_is_told(house: House) -> None:
    house.endpoints.add(replace(ENDPOINT, id="ep_2"))
    house.link(notify=())
    house.receive()
    house.pushes.answer = Answer(Outcome.NEVER, "410 Gone", gone=True)
    settle(house)
    assert house.endpoints.all() == []
    assert [each.state for each in house.messages()] == [MessageState.GIVEN_UP] * 2


def test_a_push_that_was_not_taken_is_tried_again(house: House) -> None:
    house.link(notify=())
    house.receive()
    house.pushes.answer = Answer(Outcome.LATER, "503", of_all=True)
    settle(house)
    (failed,) = house.messages()
    assert failed.state is MessageState.FAILED
    house.pushes.answer = Answer(Outcome.TAKEN, "201")
    house.later(3601)
    assert [each.state for each in house.messages()] == [MessageState.SENT]
    (endpoint,) = house.endpoints.all()
    assert endpoint.failing_since is None


def test_whoever_may_not_see_the_link_is_not_told_of_it(house: House) -> None:
    """Judged with each try, by what somebody may see then."""
    owner = str(ANNA)
    for id in ("ep_a", "ep_b"):
        house.endpoints.add(replace(ENDPOINT, id=id, owner=owner if id == "ep_a" else "account:ben"))
    house.reaches |= {owner: Reach(frozenset([owner])), "account:ben": EVERYTHING}
    house.link(notify=())
    house.receive()
    settle(house)
    assert sorted(id for id, _, _ in house.pushes.shown) == ["ep_1", "ep_b"]
    answers = {each.recipient: each.answer for each in house.messages()}
    assert answers["ep_a"] == "The link is not one of theirs."
    # Nobody of that name is there any more.
    del house.reaches["account:ben"]
    house.receive()
    settle(house, 61)
    assert sorted(each.id for each in house.endpoints.all()) == ["ep_1", "ep_a"]


def test_what_strangers_call_themselves_stays_a_short_line(house: House) -> None:
    house.link(notify=())
    house.receive(1, sender_name="A\n\u202e" + "x" * 5000 + "\u2067")
    settle(house)
    ((_, content, _),) = house.pushes.shown
    assert len(content["body"]) < 100
    assert "\n" not in content["body"]
    assert "\u202e" not in content["body"]


class Kept:
    """What subscriptions are made of, on the house's catalogue."""

    def __init__(self, house: House) -> None:
        self.house = house
        acts = Acts(SQLAudit(house.database), house.clock)
        log = MessageLog(
            store=house.store,
            endpoints=house.endpoints,
            rules=lambda: house.rules,
            clock=house.clock,
            bell=Bell(),
            acts=acts,
        )
        self.subscriptions = Subscriptions(
            store=house.endpoints, carrier=house.pushes, log=log, clock=house.clock, acts=acts
        )
        hooks: Any = house.hooks
        self.endpoints = Endpoints(
            store=house.endpoints,
            links=house.requests,
            hooks=hooks,
            chats=Chats(house.chats, lambda: None),
            clock=house.clock,
            acts=acts,
        )

    def subscribe(self, url: str, actor: Actor = OWNER, **more: str) -> Endpoint:
        asked = {"name": "Chrome", "language": "de-AT", **more}
        return self.subscriptions.subscribe(url, ("key", "secret"), actor=actor, **asked)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(House(tmp_path / "data"))


def test_a_browser_that_asks_again_is_the_same(kept: Kept) -> None:
    made = kept.subscribe("https://push.example/secret")
    assert (made.way, made.language, made.shown) == (Way.PUSH, "de", "push.example (Chrome)")
    kept.house.endpoints.update(made.id, lambda each: replace(each, active=False, trouble="five days"))
    again = kept.subscribe("https://push.example/secret", name="Chrome on Linux", language="en")
    assert (again.id, again.active, again.trouble, again.name) == (made.id, True, None, "Chrome on Linux")
    assert kept.subscriptions.of(OWNER) == kept.house.endpoints.all() == [again]


def test_a_browser_is_its_owners_alone(kept: Kept) -> None:
    made = kept.subscribe("https://push.example/1")
    assert kept.subscriptions.of(ANNA) == []
    with pytest.raises(EndpointNotFound):
        kept.subscriptions.remove(made.id, ANNA)
    with pytest.raises(EndpointNotFound):
        kept.subscriptions.test(made.id, ANNA)
    # Whoever logs in there next is told in their place.
    hers = kept.subscribe("https://push.example/1", ANNA)
    assert kept.house.endpoints.all() == [hers]
    kept.house.reaches[str(ANNA)] = EVERYTHING
    kept.subscriptions.test(hers.id, ANNA)
    kept.house.run()
    ((id, content, _),) = kept.house.pushes.shown
    assert (id, content["title"]) == (hers.id, "Droppr")
    kept.subscriptions.remove(hers.id, ANNA)
    with pytest.raises(EndpointNotFound):
        kept.subscriptions.remove(hers.id, ANNA)


def test_a_webhook_is_no_browser_and_a_browser_no_webhook(kept: Kept) -> None:
    hook = kept.endpoints.make("https://a.example/", None, None, OWNER)
    with pytest.raises(EndpointNotFound):
        kept.subscriptions.remove(hook.id, OWNER)
    made = kept.subscribe("https://push.example/1")
    for changes in ({"url": "https://a.example/"}, {"kinds": (MessageKind.LINK_MADE,)}):
        with pytest.raises(InvalidRequest):
            kept.endpoints.change(made.id, changes, OWNER)
    with pytest.raises(InvalidRequest):
        kept.endpoints.renew_secret(made.id, OWNER)
    assert kept.endpoints.change(made.id, {"active": False}, OWNER).active is False


def test_so_many_browsers_are_told_and_no_more(kept: Kept) -> None:
    for number in range(MAX_BROWSERS):
        kept.subscribe(f"https://push.example/{number}")
    with pytest.raises(InvalidRequest):
        kept.subscribe("https://push.example/more")
    kept.subscribe("https://push.example/0")
    kept.subscribe("https://push.example/hers", ANNA)
    # Nor do they keep anybody from making webhooks.
    kept.endpoints.make("https://a.example/", None, None, OWNER)


def test_pushes_speak_of_links_that_are_there() -> None:
    class Links:
        def load(self, hash: str) -> Any:
            raise RequestNotFound()

    house: Any = Links()
    pushes = Pushes(carrier(), house, lambda name: EVERYTHING)
    message: Any = Message("m", MessageKind.FILES_RECEIVED, None, "ep_1", "gone", {}, 1.0, 1.0)  # type: ignore[arg-type]
    assert pushes.send(ENDPOINT, message).text == "The link was deleted."

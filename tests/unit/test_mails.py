"""What mails say: names that strangers choose are data in them, whatever they hold."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from string import Formatter
from typing import Any

import pytest

from app.core.messages import Channel, Message, MessageKind
from app.services.messages.content import clean, inert
from app.services.messages.languages import LANGUAGES
from app.services.messages.mails import Mails
from app.services.messages.words import ENGLISH, Words

MAILS = Mails("Dröppr, Inc. <droppr@example.org>", "https://files.example.org")
HOSTILE = [
    "a\r\nBcc: victim@example.org\r\n\r\nbody",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    '"><a href="https://evil.example">click</a>',
    "https://evil.example/login",
    "www.evil.example",
    "invoice.zip",
    "\u202egpj.exe",
    "a\u200b\u2028b\ud800\x00",
    "=?utf-8?q?Subject?=",
    "-- \n.\r\n.",
    "{0.__class__}{title}%s",
    "x" * 4000,
    "&lt;b&gt;",
]


def mail(message: Message, receipt: dict[str, Any] | None = None) -> EmailMessage:
    found = message_from_bytes(MAILS.of(message, receipt), policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def message(kind: MessageKind = MessageKind.FILES_RECEIVED, **facts: object) -> Message:
    names = [facts.pop("name", "a.txt")]
    plain = {
        "title": "Title",
        "folder": "in",
        "files": len(names),
        "bytes": 10,
        "named": [{"path": name, "size": 10} for name in names],
        "senders": [],
        **facts,
    }
    return Message("msg_1", kind, Channel.MAIL, "anna@example.org", "hash", plain, 1_700_000_000.5, 0.0)


def part(found: EmailMessage, kind: str) -> str:
    body = found.get_body((kind,))
    assert body is not None
    return str(body.get_content())


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("kind", [MessageKind.FILES_RECEIVED, MessageKind.CONFIRMATION])
@pytest.mark.parametrize("where", ["name", "title", "senders"])
def test_no_text_of_a_stranger_is_more_than_text(hostile: str, kind: MessageKind, where: str) -> None:
    harmless = mail(message(kind, senders=["x"], title="x"))
    found = mail(message(kind, **{"senders": ["x"], "title": "x", where: [hostile] if where == "senders" else hostile}))
    assert found.keys() == harmless.keys()
    assert found.get_all("To") == ["anna@example.org"]
    assert not found.defects
    assert [part.get_content_type() for part in found.walk()] == [part.get_content_type() for part in harmless.walk()]
    page = Tags(part(found, "html"))
    plain = Tags(part(harmless, "html"))
    assert page.tags == plain.tags
    assert page.links == plain.links
    text = part(found, "plain")
    assert len(text.splitlines()) == len(part(harmless, "plain").splitlines())
    assert len(text) < 1500
    shown = text if where != "title" else ""
    assert "evil.example" not in shown
    assert "://evil" not in shown
    assert not re.search(r"[\x00\u200b\u202e\u2028]", text + str(found["Subject"]))


def test_the_same_message_is_the_same_mail() -> None:
    for kind, receipt in ((MessageKind.FILES_RECEIVED, None), (MessageKind.CONFIRMATION, {"type": "r", "é": [1]})):
        assert MAILS.of(message(kind), receipt) == MAILS.of(message(kind), receipt)


def test_a_mail_is_what_mail_programs_expect() -> None:
    found = mail(message(MessageKind.CONFIRMATION, name="Köln.pdf", title="Für Anna"), {"type": "droppr-receipt"})
    assert found["From"].addresses[0].display_name == "Dröppr, Inc."
    assert found["From"].addresses[0].addr_spec == "droppr@example.org"
    assert found["Message-ID"] == "<msg_1@example.org>"
    assert found["Date"].datetime.timestamp() == 1_700_000_000
    assert found.get_content_type() == "multipart/mixed"
    assert [part.get_filename() for part in found.iter_attachments()] == ["receipt.json"]
    assert "Köln" in part(found, "plain")
    raw = MAILS.of(message(MessageKind.CONFIRMATION, name="Köln.pdf"))
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_what_a_mail_to_a_sender_says_is_not_the_senders() -> None:
    """Whoever types another's address in can have names of files sent there, and nothing else."""
    found = mail(message(MessageKind.CONFIRMATION, senders=["Buy pills now"], title="Taxes"))
    text = part(found, "plain") + str(found["Subject"])
    assert "pills" not in text
    assert "Taxes" in text
    assert "files.example.org/admin" not in text


def test_a_huge_batch_is_a_small_mail() -> None:
    named = [{"path": f"{'d' * 200}/{number}.jpg", "size": 10} for number in range(20)]
    raw = MAILS.of(message(files=10_000, named=named))
    text = part(mail(message(files=10_000, named=named)), "plain")
    assert "and 9,980 more" in text
    assert str(mail(message(files=10_000, named=named))["Subject"]) == "10,000 files have arrived: Title"
    assert len(raw) < 40_000


def test_a_mail_to_an_address_that_is_not_ascii() -> None:
    to = replace(message(), recipient="jörg@xn--mller-kva.example")
    assert "jörg@xn--mller-kva.example".encode() in MAILS.of(to)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a/b.txt", "a/\u2060b.\u2060txt"),
        ("x. y", "x. y"),
        ("a" * 500, f"{'a' * 60}…{'a' * 59}"),
        ("  a\tb ", "a\ufffdb"),
    ],
)
def test_texts_of_others(text: str, shown: str) -> None:
    assert inert(text) == shown
    assert len(clean(text)) <= 120


STOP = f"https://files.{'a-long-name-' * 5}x.example.org/drop/api/droppr/reminders/{'x' * 43}"


def reminder(**facts: object) -> Message:
    plain = {
        "title": "Papers",
        "name": "Anna",
        "address": "https://files.example.org/request/hash",
        "due": 1e9,
        "late": False,
        "takes_late": True,
        "password": False,
        "stop": STOP,
    }
    return replace(message(MessageKind.REMINDER), facts=plain | facts)


def test_a_reminder_can_be_stopped_from_the_mail_program_however_long_the_address_is() -> None:
    raw = MAILS.of(reminder())
    assert f"\r\nList-Unsubscribe: <{STOP}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    assert Tags(part(mail(reminder()), "html")).links == ["https://files.example.org/request/hash", STOP]
    assert b"List-Unsubscribe" not in MAILS.of(message())


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_name_in_a_reminder_is_more_than_text(hostile: str) -> None:
    for where in ("name", "title"):
        found, harmless = mail(reminder(**{where: hostile})), mail(reminder())
        assert found.keys() == harmless.keys()
        assert found.get_all("To") == ["anna@example.org"]
        assert not found.defects
        assert Tags(part(found, "html")).tags == Tags(part(harmless, "html")).tags
        assert len(part(found, "plain").splitlines()) == len(part(harmless, "plain").splitlines())


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_puts_the_same_into_each_sentence(language: str) -> None:
    def names(words: Words) -> dict[str, set[str]]:
        texts = {each.name: getattr(words, each.name) for each in fields(Words)}
        return {name: {field for _, field, *_ in Formatter().parse(text) if field} for name, text in texts.items()}

    assert names(LANGUAGES[language]) == names(ENGLISH)
    same = [
        each.name for each in fields(Words) if getattr(LANGUAGES[language], each.name) == getattr(ENGLISH, each.name)
    ]
    assert language == "en" or same == []


def test_a_mail_is_in_the_language_of_the_server_or_of_its_message() -> None:
    def sent(server: str, **facts: str) -> EmailMessage:
        test = Message("msg_1", MessageKind.TEST, Channel.MAIL, "anna@example.org", None, facts, 0.0, 0.0)
        found = message_from_bytes(Mails("droppr@example.org", None, server).of(test), policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    body = sent("ar").get_body(("html",))
    assert body is not None
    assert '<html lang="ar" dir="rtl">' in body.get_content()
    assert sent("ar")["Subject"] == LANGUAGES["ar"].test_subject
    assert sent("ar", language="de")["Subject"] == LANGUAGES["de"].test_subject

"""Mails: a message as an e-mail, in text and in HTML.

Strangers choose the names of files, and their own. In a mail these are data: they lead nowhere, break no line, and are cut short.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from typing import Any

from app.core.addresses import named_address
from app.core.messages import MAX_PROVEN, Message, MessageKind
from app.services.messages.words import Words, words_of

MAX_SHOWN = 120
"""Characters of a text that somebody else chose."""
# Controls, halves of characters, and what turns the direction of writing or cannot be seen.
_HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
# Where mail programs would see an address and make a link of it.
_LINKED = re.compile(r"(?<=[.:@/])(?=\S)")
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True, slots=True)
class _Content:
    """What a mail says: paragraphs before a list of files, and after it."""

    subject: str
    before: Sequence[str]
    files: Sequence[str]
    after: Sequence[str]
    small: str
    link: tuple[str, str] | None = None
    """A text and an address."""


class Mails:
    """Writes mails that come from ``sender``, such as ``Droppr <droppr@example.org>``, of a server at ``public_url``."""

    def __init__(self, sender: str, public_url: str | None) -> None:
        name, address = named_address(sender)
        local, _, self._domain = address.rpartition("@")
        self._from = Address(clean(name), local, self._domain)
        self._public_url = public_url

    def of(self, message: Message, receipt: Mapping[str, Any] | None = None) -> bytes:
        """The mail as it goes over the wire; the same message is the same mail."""
        words = words_of(message.facts.get("language"))
        content = self._content(message, words)
        local, _, domain = message.recipient.rpartition("@")
        mail = EmailMessage(policy=SMTP if message.recipient.isascii() else SMTPUTF8)
        mail["Subject"] = content.subject
        mail["From"] = self._from
        mail["To"] = Address("", local, domain)
        mail["Date"] = format_datetime(datetime.fromtimestamp(int(message.created_at), UTC))
        mail["Message-ID"] = f"<{message.id}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = words.language
        mail.set_content(_text(content), cte="quoted-printable")
        mail.add_alternative(_html(content, words.language), subtype="html", cte="quoted-printable")
        mail.make_mixed()
        if receipt is not None:
            document = json.dumps(receipt, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
            mail.add_attachment(document.encode(), maintype="application", subtype="json", filename="receipt.json")
        # Or the border between its parts would be another one with each try.
        for number, part in enumerate(each for each in mail.walk() if each.is_multipart()):
            part.set_boundary(f"={message.id}={number}=")
        return mail.as_bytes()

    def _content(self, message: Message, words: Words) -> _Content:
        if message.kind is MessageKind.TEST:
            return _Content(words.test_subject, [words.test], [], [], "")
        if message.kind is MessageKind.CONFIRMATION:
            return _confirmation(message.facts, words)
        return self._arrivals(message.facts, words)

    def _arrivals(self, facts: Mapping[str, Any], words: Words) -> _Content:
        count = facts["files"]
        named = {
            "title": clean(facts["title"] or facts["folder"]),
            "files": f"{count:,}",
            "size": size_text(facts["bytes"]),
        }
        subject = words.arrived_subject_one if count == 1 else words.arrived_subject
        first = words.arrived_one if count == 1 else words.arrived
        senders = ", ".join(map(inert, facts["senders"]))
        return _Content(
            subject=subject.format(**named),
            before=[first.format(**named), *([words.senders.format(senders=senders)] if senders else [])],
            files=_files(facts, words),
            after=[],
            small=words.why_owner,
            link=(words.see_them, f"{self._public_url}/admin") if self._public_url else None,
        )


def _confirmation(facts: Mapping[str, Any], words: Words) -> _Content:
    count = facts["files"]
    subject = words.confirmed_subject_one if count == 1 else words.confirmed_subject
    title = clean(facts["title"])
    whole = count <= MAX_PROVEN
    return _Content(
        subject=subject.format(files=f"{count:,}"),
        before=[words.confirmed.format(title=title) if title else words.confirmed_untitled],
        files=_files(facts, words),
        after=[words.receipt if whole else words.receipt_of_some.format(files=f"{MAX_PROVEN:,}")],
        small=words.why_sender,
    )


def clean(text: str, most: int = MAX_SHOWN) -> str:
    """A text on one line, with nothing in it that cannot be seen, cut in its middle where it is long."""
    shown = _HIDDEN.sub("\ufffd", text).strip()
    if len(shown) <= most:
        return shown
    half = (most - 1) // 2
    return f"{shown[: most - 1 - half]}…{shown[len(shown) - half :]}"


def inert(text: str) -> str:
    """The same, of which no mail program makes a link: ``report.zip`` is a host's name, too."""
    return _LINKED.sub("\u2060", clean(text))


def size_text(size: int) -> str:
    """A size for people, in powers of 1000 as the pages have them."""
    shown, unit = float(size), 0
    while shown >= 999.5 and unit < len(_UNITS) - 1:
        shown, unit = shown / 1000, unit + 1
    return (
        f"{size} bytes"
        if unit == 0
        else f"{shown:.1f} {_UNITS[unit]}"
        if shown < 99.95
        else f"{shown:.0f} {_UNITS[unit]}"
    )


def _files(facts: Mapping[str, Any], words: Words) -> list[str]:
    named = [f"{inert(each['path'])} ({size_text(each['size'])})" for each in facts["named"]]
    left = facts["files"] - len(named)
    if left <= 0:
        return named
    return [*named, words.more_one if left == 1 else words.more.format(files=f"{left:,}")]


def _text(content: _Content) -> str:
    parts = [*content.before]
    if content.files:
        parts.append("\n".join(f"- {each}" for each in content.files))
    parts += content.after
    if content.link:
        parts.append(f"{content.link[0]}: {content.link[1]}")
    if content.small:
        parts.append(f"-- \n{content.small}")
    return "\n\n".join(parts) + "\n"


def _html(content: _Content, language: str) -> str:
    """Without pictures, scripts or anything that would be fetched: opening it tells nobody."""
    before = "".join(f"<p>{html.escape(each)}</p>" for each in content.before)
    files = "".join(f'<li style="overflow-wrap:anywhere">{html.escape(each)}</li>' for each in content.files)
    after = "".join(f"<p>{html.escape(each)}</p>" for each in content.after)
    link = f'<p><a href="{html.escape(content.link[1])}">{html.escape(content.link[0])}</a></p>' if content.link else ""
    small = f'<p style="font-size:smaller;opacity:.75">{html.escape(content.small)}</p>' if content.small else ""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f"<title>{html.escape(content.subject)}</title></head>"
        '<body style="font-family:system-ui,sans-serif;line-height:1.5;max-width:40em;margin:auto;padding:1em">'
        f"{before}{f'<ul>{files}</ul>' if files else ''}{after}{link}{small}</body></html>\n"
    )

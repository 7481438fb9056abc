"""Mails: a message as an e-mail, in text and in HTML."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime
from typing import Any

from app.core.addresses import named_address
from app.core.messages import Message
from app.services.messages.content import Content, asker_in, clean, content_of, text_of
from app.services.messages.languages import words_of
from app.services.messages.words import Words


class _Unfolded(UnstructuredHeader):
    """An address of the web on one line: folded it would be encoded, and mail programs would find none."""

    def fold(self, *, policy: EmailPolicy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Unfolded)  # type: ignore[arg-type]
_ASCII, _UTF8 = (each.clone(header_factory=_HEADERS) for each in (SMTP, SMTPUTF8))


class Mails:
    """Writes mails that come from ``sender``, such as ``Droppr <droppr@example.org>``, of a server at ``public_url``, in ``language``
    where a message names none of its own."""

    def __init__(self, sender: str, public_url: str | None, language: str = "en") -> None:
        self._language = language
        name, address = named_address(sender)
        local, _, self._domain = address.rpartition("@")
        self._from = Address(clean(name), local, self._domain)
        self._public_url = public_url

    def of(self, message: Message, receipt: Mapping[str, Any] | None = None) -> bytes:
        """The mail as it goes over the wire; the same message is the same mail."""
        words = words_of(message.facts.get("language") or self._language)
        content = content_of(message, words, self._public_url)
        local, _, domain = message.recipient.rpartition("@")
        mail = EmailMessage(policy=_ASCII if message.recipient.isascii() else _UTF8)
        mail["Subject"] = content.subject
        asker = asker_in(message.facts)
        mail["From"] = Address(asker, self._from.username, self._from.domain) if asker else self._from
        mail["To"] = Address("", local, domain)
        mail["Date"] = format_datetime(datetime.fromtimestamp(int(message.created_at), UTC))
        mail["Message-ID"] = f"<{message.id}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        if content.stop is not None:
            # One click in the mail program is enough (RFC 8058).
            mail["List-Unsubscribe"] = f"<{content.stop[1]}>"
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail.set_content(text_of(content), cte="quoted-printable")
        mail.add_alternative(_html(content, words), subtype="html", cte="quoted-printable")
        mail.make_mixed()
        # Last, as what makes the content takes away all that describes one.
        mail["Content-Language"] = words.language
        if receipt is not None:
            document = json.dumps(receipt, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
            mail.add_attachment(document.encode(), maintype="application", subtype="json", filename="receipt.json")
        # Or the border between its parts would be another one with each try.
        for number, part in enumerate(each for each in mail.walk() if each.is_multipart()):
            part.set_boundary(f"={message.id}={number}=")
        return mail.as_bytes()


def _html(content: Content, words: Words) -> str:
    """Without pictures, scripts or anything that would be fetched: opening it tells nobody."""
    before = "".join(f"<p>{html.escape(each)}</p>" for each in content.before)
    files = "".join(f'<li style="overflow-wrap:anywhere">{html.escape(each)}</li>' for each in content.files)
    after = "".join(f"<p>{html.escape(each)}</p>" for each in content.after)
    link = f"<p>{_link(*content.link)}</p>" if content.link else ""
    stop = _link(*content.stop) if content.stop else ""
    small = f'<p style="font-size:smaller;opacity:.75">{html.escape(content.small)} {stop}</p>' if content.small else ""
    return (
        f'<!doctype html><html lang="{words.language}" dir="{words.direction}"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f"<title>{html.escape(content.subject)}</title></head>"
        '<body style="font-family:system-ui,sans-serif;line-height:1.5;max-width:40em;margin:auto;padding:1em">'
        f"{before}{f'<ul>{files}</ul>' if files else ''}{after}{link}{small}</body></html>\n"
    )


def _link(text: str, address: str) -> str:
    return f'<a href="{html.escape(address)}">{html.escape(text)}</a>'

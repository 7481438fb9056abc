"""Text of messages and of what is attached to them: EML, MSG."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from email.message import EmailMessage, MIMEPart
from io import BytesIO
from typing import BinaryIO

from app.core.search.pages import Page, Trouble
from app.storage.text.plain import decoded, text_of_html
from app.storage.text.reading import Reader, Unreadable, whole

MOST_ATTACHED = 50
DEEPEST = 3

Find = Callable[[str], Reader | None]
"""The reader for files of this name."""


def eml(file: BinaryIO, find: Find, depth: int = 0) -> Iterator[Page]:
    message = email.message_from_bytes(whole(file), policy=email.policy.default)
    if not message.keys():
        raise Unreadable(Trouble.DAMAGED)
    body = message.get_body(("plain", "html"))
    yield Page("\n\n".join([_heading(message), _text(body) if body is not None else ""]))
    for number, part in enumerate(message.iter_attachments()):
        if number == MOST_ATTACHED:
            raise Unreadable(Trouble.CUT)
        content = part.get_payload(decode=True)
        if part.get_content_type() == "message/rfc822":
            yield from attached("message.eml", part.get_content().as_bytes(), find, depth)
        elif isinstance(content, bytes):
            yield from attached(part.get_filename() or "", content, find, depth)


def msg(file: BinaryIO, find: Find, depth: int = 0) -> Iterator[Page]:
    from oxmsg import Message

    message = Message.load(BytesIO(whole(file)))
    body = message.body or text_of_html(message.html_body or "")
    yield Page("\n\n".join(each for each in (message.subject, message.sender, body) if each))
    for attachment in message.attachments[:MOST_ATTACHED]:
        yield from attached(attachment.file_name or "", attachment.file_bytes or b"", find, depth)


def attached(name: str, content: bytes, find: Find, depth: int) -> Iterator[Page]:
    """The text of something attached, its name before it. What cannot be read there leaves its name alone."""
    yield Page(name)
    reader = find(name) if depth < DEEPEST else None
    if reader is None:
        return
    try:
        for page in reader(BytesIO(content)):
            yield Page(page.text)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  each library has errors of its own for what is damaged
        return


def _heading(message: EmailMessage) -> str:
    return "\n".join(f"{name}: {message[name]}" for name in ("Subject", "From", "To", "Date") if message[name])


def _text(part: MIMEPart) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        text = content.decode(part.get_content_charset("utf-8"))
    except (LookupError, UnicodeDecodeError):
        text = decoded(content)
    return text_of_html(text) if part.get_content_subtype() == "html" else text

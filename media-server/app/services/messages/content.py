"""Content: what a message says, whichever way it goes.

Strangers choose the names of files, and their own. Here these are data: they lead nowhere, call nobody, break no line, and are cut short.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from app.core.messages import MAX_PROVEN, Channel, Message, MessageKind
from app.core.sizes import count_text, size_text
from app.services.messages.words import Words

MAX_SHOWN = 120
"""Characters of a text that somebody else chose."""
# Controls, halves of characters, and what turns the direction of writing or cannot be seen.
_HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
# Where mail programs would see an address and make a link of it, and chats somebody to call.
_LINKED = re.compile(r"(?<=[.:@/<])(?=\S)")


@dataclass(frozen=True, slots=True)
class Content:
    """What a mail says: paragraphs before a list of files, and after it."""

    subject: str
    before: Sequence[str]
    files: Sequence[str]
    after: Sequence[str]
    small: str
    link: tuple[str, str] | None = None
    """A text and an address."""
    stop: tuple[str, str] | None = None
    """The same of what ends such mails."""

    def to_a_chat(self) -> Content:
        """Without why it is told: whoever reads a chat knows. Its first sentence stands above it already."""
        return replace(self, before=self.before[1:], small="")


def content_of(message: Message, words: Words, public_url: str | None) -> Content:
    """What a message says in the language of ``words``; ``public_url`` is the address of this server."""
    if message.kind is MessageKind.TEST:
        return Content(words.test_subject, [words.test], [], [], "")
    if message.kind is MessageKind.CONFIRMATION:
        return _confirmation(message.facts, words)
    if message.kind is MessageKind.INVITATION:
        return _invitation(message.facts, words)
    if message.kind is MessageKind.ACCOUNT_INVITATION:
        return _account(message.facts, words)
    if message.kind is MessageKind.ITEM_RETURNED:
        return _returned(message, words, public_url)
    if message.kind is MessageKind.REMINDER:
        return _reminder(message.facts, words)
    one = message.facts["files"] == 1
    if message.kind is MessageKind.FILES_REMOVED:
        said = words.removed_one if one else words.removed
        return _told(message, words, public_url, said, said)
    subject = words.arrived_subject_one if one else words.arrived_subject
    return _told(message, words, public_url, subject, words.arrived_one if one else words.arrived)


def _told(message: Message, words: Words, public_url: str | None, subject: str, first: str) -> Content:
    facts = message.facts
    # The address of its page holds that by which anybody sends to it, which is nothing for all who read a chat.
    where = f"/links/{message.link}" if message.channel is Channel.MAIL else ""
    named = {
        "title": clean(facts["title"] or facts["folder"]),
        "files": count_text(facts["files"], words.language),
        "size": size_text(facts["bytes"], words.language),
    }
    senders = ", ".join(map(inert, facts["senders"]))
    return Content(
        subject=subject.format(**named),
        before=[first.format(**named), *([words.senders.format(senders=senders)] if senders else [])],
        files=_files(facts, words),
        after=[],
        small=words.why_owner,
        link=(words.see_them, f"{public_url}/admin{where}") if public_url else None,
    )


def _invitation(facts: Mapping[str, Any], words: Words) -> Content:
    title, until = clean(facts["title"] or ""), facts["until"]
    after = [*_for_whom(facts, words), *_due(facts, words)]
    if until is not None:
        after.append(words.until.format(when=_time_text(until)))
    if facts["password"]:
        after.append(words.needs_password)
    return Content(
        subject=words.asked_subject.format(title=title) if title else words.asked_subject_untitled,
        # What the owner says comes first.
        before=_paragraphs(facts["text"]) or [words.asked],
        files=[],
        after=after,
        small=words.why_asked,
        link=(words.send_here, facts["address"]),
    )


def _account(facts: Mapping[str, Any], words: Words) -> Content:
    by = inert(facts["by"])
    return Content(
        subject=words.join_subject.format(server=asker_in(facts) or "Droppr"),
        before=[words.join_by.format(name=by) if by else words.join],
        files=[],
        after=[words.join_until.format(when=_time_text(facts["until"]))],
        small=words.why_join,
        link=(words.join_here, facts["address"]),
    )


def _returned(message: Message, words: Words, public_url: str | None) -> Content:
    facts = message.facts
    named = {"item": clean(facts["item_title"]), "title": clean(facts["title"])}
    first = words.returned if named["title"] else words.returned_untitled
    return Content(
        subject=words.returned_subject.format(**named),
        before=[first.format(**named), *_paragraphs(facts["note"])],
        files=[],
        after=_for_whom(facts, words),
        small=words.why_returned,
        link=(words.send_here, f"{public_url}/request/{message.link}") if public_url else None,
    )


def _for_whom(facts: Mapping[str, Any], words: Words) -> list[str]:
    """Who asks for the files, where anybody says so."""
    asker = asker_in(facts)
    return [words.for_whom.format(asker=asker)] if asker else []


def asker_in(facts: Mapping[str, Any]) -> str:
    """Who asks, by what a message to a sender knows; older ones know nothing of that."""
    return clean(facts.get("asker") or "")


def _paragraphs(text: str) -> list[str]:
    """What an owner has written, as it was written."""
    said = [" ".join(each.split()) for each in re.split(r"\n\s*\n", text) if each.strip()]
    return [_HIDDEN.sub("\ufffd", each) for each in said]


def _reminder(facts: Mapping[str, Any], words: Words) -> Content:
    title, name = clean(facts["title"] or ""), clean(facts["name"] or "")
    said = [words.still_asked, *_due(facts, words)]
    return Content(
        subject=words.reminder_subject.format(title=title) if title else words.reminder_subject_untitled,
        before=[*([words.hello.format(name=name)] if name else []), " ".join(said)],
        files=[],
        after=[*_for_whom(facts, words), *([words.needs_password] if facts["password"] else []), words.sent_already],
        small=words.why_reminded,
        link=(words.send_here, facts["address"]),
        stop=(words.stop_reminders, facts["stop"]),
    )


def _due(facts: Mapping[str, Any], words: Words) -> list[str]:
    """When the files are due, where a day is set; older invitations know nothing of that."""
    due = facts.get("due")
    if due is None:
        return []
    said = (words.was_due if facts["late"] else words.due).format(when=_time_text(due))
    return [said] if facts["takes_late"] else [said, words.no_late]


def _time_text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")


def _confirmation(facts: Mapping[str, Any], words: Words) -> Content:
    count = facts["files"]
    subject = words.confirmed_subject_one if count == 1 else words.confirmed_subject
    title = clean(facts["title"])
    whole = count <= MAX_PROVEN
    return Content(
        subject=subject.format(files=count_text(count, words.language)),
        before=[words.confirmed.format(title=title) if title else words.confirmed_untitled],
        files=_files(facts, words),
        after=[
            *_for_whom(facts, words),
            words.receipt if whole else words.receipt_of_some.format(files=count_text(MAX_PROVEN, words.language)),
        ],
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


def _files(facts: Mapping[str, Any], words: Words) -> list[str]:
    named = [f"{inert(each['path'])} ({size_text(each['size'], words.language)})" for each in facts["named"]]
    left = facts["files"] - len(named)
    if left <= 0:
        return named
    return [*named, words.more_one if left == 1 else words.more.format(files=count_text(left, words.language))]


def text_of(content: Content) -> str:
    """As plain text, in paragraphs."""
    parts = [*content.before]
    if content.files:
        parts.append("\n".join(f"- {each}" for each in content.files))
    parts += content.after
    if content.link:
        parts.append(f"{content.link[0]}: {content.link[1]}")
    if content.small:
        stop = f"\n{content.stop[0]}: {content.stop[1]}" if content.stop else ""
        parts.append(f"-- \n{content.small}{stop}")
    return "\n\n".join(parts) + "\n"

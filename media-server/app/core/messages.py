"""Messages: what owners and senders are told of what happened, by mail and by webhooks. Pure: what becomes of one, and when.

Arrivals are gathered into batches, so that nobody gets a mail a file. A batch is closed when nothing more came for a while; then
it becomes a message for each who is told. Times are seconds since the epoch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NamedTuple

from app.core.actors import THE_OWNER
from app.core.backoff import Backoff
from app.core.links import ReceivedFile
from app.core.reasons import Reason

MAX_NAMED = 20
"""So many files are named in a message; the others are counted."""
MAX_NAMED_BYTES = 4096
"""And only as long as their paths together are no longer: senders choose these, and messages are kept."""
MAX_SENDERS = 5
MAX_PROVEN = 1000
"""So many files stand in the receipt that a sender is mailed."""
TRIED_SECONDS = 24 * 3600.0
"""How long a message is tried again after it failed first."""
MAX_ANSWER = 300
FAILING_SECONDS = 5 * 24 * 3600.0
"""How long an endpoint may take nothing before it is switched off."""


AT_ONCE = 0.0
"""When messages are tried that their owner has just asked for: before all others."""


class MessageKind(StrEnum):
    """What a message says; of webhooks this is the ``type``."""

    FILES_RECEIVED = "files.received"
    FILES_REMOVED = "files.removed"
    """Their senders took them back."""
    ITEM_ACCEPTED = "item.accepted"
    """What was sent for an item of a link."""
    ITEM_RETURNED = "item.returned"
    """The same, sent back with a note; by mail it is for whoever sent it."""
    LINK_MADE = "link.made"
    LINK_CHANGED = "link.changed"
    LINK_CLOSED = "link.closed"
    LINK_DELETED = "link.deleted"
    CONFIRMATION = "confirmation"
    """For a sender: what arrived, with the receipt. By mail only."""
    INVITATION = "invitation"
    """For whom an owner wants files from: the link. By mail only."""
    ACCOUNT_INVITATION = "account.invitation"
    """For whom an admin wants to have an account: where to choose a name. By mail only."""
    REMINDER = "reminder"
    """For somebody of whom files are awaited: the link once more. By mail only."""
    TEST = "test"


_BY_MAIL = (MessageKind.CONFIRMATION, MessageKind.INVITATION, MessageKind.ACCOUNT_INVITATION, MessageKind.REMINDER)
HOOK_KINDS = tuple(kind for kind in MessageKind if kind not in _BY_MAIL)
CHAT_KINDS = (MessageKind.FILES_RECEIVED, MessageKind.FILES_REMOVED, MessageKind.TEST)
"""What people in a chat are told."""
PUSH_KINDS = (MessageKind.FILES_RECEIVED, MessageKind.TEST)
"""What owners are told in their browsers."""


class Way(StrEnum):
    """How an endpoint is told."""

    WEBHOOK = "webhook"
    CHAT = "chat"
    PUSH = "push"
    """In a browser, by the push service of whoever made that."""


class Channel(StrEnum):
    MAIL = "mail"
    WEBHOOK = "webhook"


class MessageState(StrEnum):
    WAITING = "waiting"
    """It was not tried yet, or its owner wants it sent again."""
    FAILED = "failed"
    """It was tried, and is tried again by itself."""
    SENT = "sent"
    """The other side said that it has it."""
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that one recipient is told. ``id`` is what the recipient knows it by, however often it comes."""

    id: str
    kind: MessageKind
    channel: Channel
    recipient: str
    """A mail address, or the id of an endpoint."""
    link: str | None
    facts: dict[str, Any]
    """What it is made of, in JSON's types."""
    created_at: float
    next_at: float | None
    """When it is tried; None where it is not."""
    state: MessageState = MessageState.WAITING
    tries: int = 0
    since: float | None = None
    """When it failed first, since it was last asked for."""
    answer: str | None = None
    """What the other side said last, or why it could not be asked."""
    done_at: float | None = None
    reason: Reason | None = None
    """Why it was not taken, where that is known."""
    said: str | None = None
    """What the other side, or the system, said to it in its own words."""

    @property
    def lane(self) -> str:
        """What is slow or fails together: all mail, or one endpoint."""
        return self.recipient if self.channel is Channel.WEBHOOK else "mail"


class Outcome(StrEnum):
    """What came of a try."""

    TAKEN = "taken"
    LATER = "later"
    """It failed in a way that may pass."""
    NOT_YET = "not_yet"
    """What it needs is not ready here, which is nobody's failure."""
    NEVER = "never"


class Answer(NamedTuple):
    outcome: Outcome
    text: str
    wait: float | None = None
    """Seconds for which the other side wants to be left alone."""
    gone: bool = False
    """The other side wants nothing more, ever."""
    of_all: bool = False
    """Whatever else goes there would fare alike now."""
    reason: Reason | None = None
    """Why it was not taken, where that is known."""
    said: str | None = None
    """What the other side, or the system, said to it in its own words."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where webhooks go to, messages to a chat, or what a browser shows."""

    id: str
    url: str
    """With ``https://`` or ``http://`` that of a webhook or of a browser; any other begins with the name of a chat service."""
    secret: str
    """What its messages are signed with: ``whsec_`` and base64. Those to chats are not."""
    created_at: float
    kinds: tuple[MessageKind, ...] = HOOK_KINDS
    link: str | None = None
    """The link that it is told of; None for all."""
    active: bool = True
    trouble: str | None = None
    """Why the server switched it off."""
    failing_since: float | None = None
    """Since when nothing that was posted to it was taken; None where the last was."""
    shown: str | None = None
    """The address without what it holds of secrets; None where it holds none."""
    owner: str = THE_OWNER
    """The name of whoever made it (``str(Actor)``)."""
    name: str = ""
    """Of a browser: what its owner knows it by."""
    language: str = ""
    """Of a browser: in which language it is told."""
    p256dh: str = ""
    """Of a browser: its public key, in base64url, as it has made it for this server."""
    auth: str = ""
    """Of a browser: the secret that goes with that."""

    @property
    def way(self) -> Way:
        if self.p256dh:
            return Way.PUSH
        return Way.CHAT if is_chat(self.url) else Way.WEBHOOK

    def wants(self, kind: MessageKind, link: str | None) -> bool:
        return self.active and kind in self.kinds and self.link in (None, link)


def is_chat(url: str) -> bool:
    return url.partition(":")[0].lower() not in ("http", "https")


@dataclass(frozen=True, slots=True)
class Pace:
    """A batch is closed when nothing came for ``quiet`` seconds, at the latest ``most`` after its first; and never sooner than ``gap``
    after the one before it, so that whoever sends a file a minute does not cause a mail a minute."""

    quiet: float
    most: float
    gap: float


@dataclass(frozen=True, slots=True)
class Batch:
    """What happened on a link and was not told yet to ``reader``: ``OWNER``, ``HOOKS``, ``HOOKS_REMOVED``, ``PUSHES``, or a sender by their
    address."""

    link: str
    reader: str
    event: int = 0
    """The last event that counts in it, or in the one before: being told it again changes nothing."""
    due_at: float | None = None
    """When it is closed; None while it is empty."""
    closed_at: float | None = None
    """When the one before it was."""
    begun_at: float = 0.0
    files: int = 0
    bytes: int = 0
    named: tuple[dict[str, Any], ...] = ()
    senders: tuple[str, ...] = ()
    upload_ids: tuple[str, ...] = ()
    title: str = ""
    folder: str = ""


OWNER = "owner"
HOOKS = "hooks"
HOOKS_REMOVED = "hooks removed"
PUSHES = "pushes"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that an event is about."""

    event: int
    file: ReceivedFile = field(repr=False)


def gathered(batch: Batch, arrivals: Sequence[Arrival], now: float, pace: Pace, *, proven: bool = False) -> Batch:
    """The batch with what it did not know yet; with ``proven``, which is for a sender, it notes the uploads, too."""
    new = [each for each in arrivals if each.event > batch.event]
    if not new:
        return batch
    files = [each.file for each in new]
    begun = batch.begun_at if batch.files else now
    due = min(now + pace.quiet, begun + pace.most)
    if batch.closed_at is not None and 0 <= now - batch.closed_at < pace.gap:
        due = max(due, batch.closed_at + pace.gap)
    ids = tuple(file.upload_id for file in files) if proven else ()
    who = [file.sender_name or file.sender_email for file in files]
    return replace(
        batch,
        event=new[-1].event,
        begun_at=begun,
        due_at=due,
        files=batch.files + len(files),
        bytes=batch.bytes + sum(file.size for file in files),
        named=_naming(batch.named, files, own=proven),
        senders=tuple(dict.fromkeys([*batch.senders, *filter(None, who)]))[:MAX_SENDERS],
        upload_ids=(*batch.upload_ids, *ids)[:MAX_PROVEN],
    )


def emptied(batch: Batch, now: float) -> Batch:
    """The batch after it was told."""
    return Batch(batch.link, batch.reader, batch.event, closed_at=now)


def facts_of(batch: Batch) -> dict[str, Any]:
    """What a batch comes to, for the messages that it becomes."""
    return {
        "title": batch.title,
        "folder": batch.folder,
        "files": batch.files,
        "bytes": batch.bytes,
        "begun_at": batch.begun_at,
        "named": list(batch.named),
        "senders": list(batch.senders),
    }


def message_id(*parts: object) -> str:
    """The same for the same parts, and nobody else's."""
    return f"msg_{hashlib.sha256(repr(parts).encode(errors='surrogatepass')).hexdigest()[:32]}"


def tried(message: Message, answer: Answer, now: float, backoff: Backoff) -> Message:
    """The message after a try that was answered so."""
    quoted = answer.said and answer.said[:MAX_ANSWER]
    said = replace(message, answer=answer.text[:MAX_ANSWER], reason=answer.reason, said=quoted)
    if answer.outcome is Outcome.NOT_YET:
        since = now if message.since is None else message.since
        if now - since < TRIED_SECONDS:
            return replace(said, since=since, next_at=now + (answer.wait or backoff.most))
        return replace(said, state=MessageState.GIVEN_UP, next_at=None, done_at=now)
    said = replace(said, tries=message.tries + 1)
    if answer.outcome is Outcome.TAKEN:
        return replace(said, state=MessageState.SENT, next_at=None, done_at=now, since=None)
    since = now if message.since is None else message.since
    if answer.outcome is Outcome.NEVER or now - since >= TRIED_SECONDS:
        return replace(said, state=MessageState.GIVEN_UP, next_at=None, done_at=now, since=since)
    # However long the other side wants to rest: it is asked once more before it is given up.
    wait = min(backoff.wait(said.tries, answer.wait), max(1.0, since + TRIED_SECONDS - now))
    return replace(said, state=MessageState.FAILED, next_at=now + wait, since=since)


def after_post(endpoint: Endpoint, answer: Answer, now: float) -> Endpoint:
    """The endpoint after it answered so."""
    if answer.outcome is Outcome.TAKEN:
        return replace(endpoint, failing_since=None)
    since = now if endpoint.failing_since is None else endpoint.failing_since
    why = "It wants no more messages (410)." if answer.gone else "It took nothing for five days."
    if answer.gone or now - since >= FAILING_SECONDS:
        return replace(endpoint, active=False, trouble=why, failing_since=since)
    return replace(endpoint, failing_since=since)


def asked_again(message: Message) -> Message:
    """The message when its owner wants it sent now, whatever became of it."""
    return replace(message, state=MessageState.WAITING, tries=0, since=None, next_at=AT_ONCE, done_at=None)


def _naming(
    named: tuple[dict[str, Any], ...], files: Sequence[ReceivedFile], *, own: bool
) -> tuple[dict[str, Any], ...]:
    """The files that are named, with as many more as there is room for; by their sender's own names where these are told ``own``."""
    found, left = list(named), MAX_NAMED_BYTES - sum(len(each["path"].encode(errors="replace")) for each in named)
    for file in files[: MAX_NAMED - len(named)]:
        path = file.sent_path if own else file.path
        left -= len(path.encode(errors="replace"))
        if left < 0:
            break
        found.append(_named(file, path))
    return tuple(found)


def _named(file: ReceivedFile, path: str) -> dict[str, Any]:
    return {
        "path": path,
        "size": file.size,
        "upload_id": file.upload_id,
        "received_at": file.received_at,
        "sender_name": file.sender_name,
        "sender_email": file.sender_email,
    }

"""Reminders: mails to those of whom files are still awaited, on days that a link names, and whenever its owner wants it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.core.actors import Actor
from app.core.addresses import mailbox
from app.core.audit import Act
from app.core.due import last_reminder, next_reminder
from app.core.errors import Busy, InvalidRequest, MailNotReady, NotFound, RequestNotFound, StorageFull, UploadError
from app.core.links import RequestLink
from app.core.messages import AT_ONCE, Channel, Message, MessageKind, message_id
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Attempts, Clock
from app.core.ports.reminders import ReminderStore
from app.core.ports.settings import Current
from app.core.terms import Ask
from app.services.accounts.acts import Acts
from app.services.event_readers import Bell
from app.services.links.finishing import Finishing, asks
from app.services.messages.invitations import check_takes_files
from app.services.messages.rules import Rules
from app.services.operations.observer import shortened

AT_A_LOOK = 20
"""Links whose people are reminded in one look."""
MOST_REMINDED = 1000
"""Addresses of one link."""
MOST_STRANGERS_REMINDED = 200
"""Those of them that nobody has named but whoever sent."""
AGAIN_SECONDS = 300.0
BY_HAND_LIMIT = "1 per hour"
"""Reminders to one mailbox that owners ask for."""
_HALF = 16

log = logging.getLogger("droppr.messages")


@dataclass(frozen=True, slots=True)
class Awaited:
    """Somebody of whom files are awaited."""

    address: str
    stopped: bool
    """They want no reminders."""
    mailed_at: float | None = None
    """When they were invited or reminded last."""


@dataclass(frozen=True, slots=True)
class Reminded:
    """What came of reminding people by hand."""

    messages: Sequence[Message]
    lately: int
    """So many were reminded within the hour."""
    stopped: int


class Stops:
    """What leads from a reminder to getting no more of them. It stands for a mailbox, and neither tells which nor can be made up."""

    def __init__(self, store: ReminderStore, key: bytes, clock: Clock) -> None:
        self._store = store
        self._key = key
        self._clock = clock

    def token(self, address: str) -> str:
        digest = bytes.fromhex(_digest(address))
        return base64.urlsafe_b64encode(digest + self._proof(digest)).decode().rstrip("=")

    def check(self, token: str) -> str:
        """The digest of the mailbox that a token stands for. Raises NotFound."""
        try:
            raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
        except ValueError:
            raise NotFound() from None
        if len(raw) != 2 * _HALF or not hmac.compare_digest(self._proof(raw[:_HALF]), raw[_HALF:]):
            raise NotFound()
        return raw[:_HALF].hex()

    def stop(self, token: str) -> None:
        """Send no more reminders to the mailbox. Raises NotFound, Busy, StorageFull."""
        self._store.stop(self.check(token), self._clock())
        log.info("reminders stopped")

    def is_stopped(self, token: str) -> bool:
        digest = self.check(token)
        return digest in self._store.stopped([digest])

    def of(self, addresses: Sequence[str]) -> set[str]:
        """Those of these addresses that want none."""
        stopped = self._store.stopped({_digest(each) for each in addresses}) if addresses else set()
        return {each for each in addresses if _digest(each) in stopped}

    def _proof(self, digest: bytes) -> bytes:
        return hmac.digest(self._key, b"stop reminders\0" + digest, hashlib.sha256)[:_HALF]


class Reminders:
    """Reminds people. ``public_url`` is the address of this server: without one nobody is reminded by itself."""

    def __init__(
        self,
        *,
        requests: RequestStore,
        finishing: Finishing,
        store: ReminderStore,
        stops: Stops,
        attempts: Attempts,
        rules: Current[Rules],
        clock: Clock,
        bell: Bell,
        acts: Acts,
        public_url: Current[str | None],
    ) -> None:
        self._acts = acts
        self._requests = requests
        self._finishing = finishing
        self._store = store
        self.stops = stops
        self._attempts = attempts
        self._rules = rules
        self._clock = clock
        self._bell = bell
        self._public_url = public_url

    def awaited(self, hash: str) -> list[Awaited]:
        """Of whom files are awaited. Raises RequestNotFound."""
        addresses = self._unfinished(self._requests.load(hash))
        stopped, mailed = self.stops.of(addresses), self._store.mailed(hash) if addresses else {}
        return [Awaited(each, each in stopped, mailed.get(each)) for each in addresses]

    def remind_due(self) -> int:
        """Remind the people of some links whose time has come; how many links there were."""
        if not self._rules().mail or self._public_url() is None:
            return 0
        due = self._store.due(self._clock(), AT_A_LOOK)
        for hash, at in due:
            try:
                self._remind_link(hash, at)
            except RequestNotFound:
                pass  # It was deleted since, and its time with it.
            except (Busy, StorageFull):
                raise
            except Exception:  # the last line of defence: one link must not hold up the others
                log.exception("people could not be reminded", extra={"link": shortened(hash)})
                self._store.remind(hash, at, self._clock() + AGAIN_SECONDS, [])
        return len(due)

    def remind_now(self, hash: str, base: str, to: Sequence[str] | None, actor: Actor) -> Reminded:
        """Remind those of ``to``, or all of whom files are awaited, that a link of the server at ``base`` waits for them.

        Raises MailNotReady, RequestNotFound, RequestClosed, RequestExpired, RequestOverdue; InvalidRequest where nothing is awaited
        of one of ``to``.
        """
        if not self._rules().mail:
            raise MailNotReady()
        link, now = self._requests.load(hash), self._clock()
        check_takes_files(link.terms, now)
        awaited = self._unfinished(link)
        if to is not None:
            wrong = [each for each in to if each not in awaited]
            if wrong:
                sentence = f"Nothing is awaited of {wrong[0]}: the link was not mailed there, or they have sent."
                raise InvalidRequest(sentence, fields={"to": sentence})
            awaited = list(to)
        stopped = self.stops.of(awaited)
        open_to = [each for each in awaited if each not in stopped]
        free = [each for each in open_to if self._attempts.hit(f"reminder to {mailbox(each)}", BY_HAND_LIMIT)]
        made = [self._message(link, base, each, f"msg_{secrets.token_hex(16)}", AT_ONCE) for each in free]
        self._store.invite(hash, made)
        self._acts.note(actor, Act.PEOPLE_REMINDED, hash, kept={"to": free}, messages=[each.id for each in made])
        self._bell.ring()
        return Reminded(made, len(open_to) - len(free), len(stopped))

    def why_not(self, message: Message) -> str | None:
        """Why a reminder need not be sent after all, as things are now; None where it is to be."""
        assert message.link is not None
        try:
            link = self._requests.load(message.link)
            check_takes_files(link.terms, self._clock())
        except UploadError as error:
            return error.message
        if self.stops.of([message.recipient]):
            return "They want no reminders."
        day, terms = message.facts.get("day"), link.terms
        if day is not None and (day not in terms.reminders or message.facts["due"] != terms.due_at):
            return "The link's date or its reminders were changed."
        return None if message.recipient in self._unfinished(link) else "They have sent something meanwhile."

    def _remind_link(self, hash: str, at: float) -> None:
        link, now = self._requests.load(hash), self._clock()
        day = last_reminder(link.terms, now)
        try:
            check_takes_files(link.terms, now)
            awaited = [] if day is None else self._unfinished(link)
        except UploadError:
            awaited = []  # Nobody is asked for what would not be taken.
        stopped, quiet = self.stops.of(awaited), self._rules().quiet
        when = quiet.over_at(now) if quiet else now
        base = self._public_url() or ""
        made = [
            self._message(link, base, each, message_id("reminder", hash, each, link.terms.due_at, day), when, day)
            for each in awaited
            if each not in stopped
        ]
        self._store.remind(hash, at, next_reminder(link.terms, now), made)

    def _unfinished(self, link: RequestLink) -> list[str]:
        """The addresses of those of whom files are awaited."""
        terms = link.terms
        if terms.is_personal:
            return [] if not terms.recipient_email or self._finishing.recipient(link) else [terms.recipient_email]
        invited = self._store.invited(link.hash, MOST_REMINDED)
        if asks(link):
            return self._begun(link, invited)
        if terms.ask_email is Ask.NO and len(invited) == 1:
            # Nobody says who they are, and there is but one who was asked.
            return [] if self._requests.counts(link.hash).files else invited
        sent = {mailbox(each) for each in self._store.senders(link.hash)} if invited else set()
        return [each for each in invited if mailbox(each) not in sent]

    def _begun(self, link: RequestLink, invited: list[str]) -> list[str]:
        """Those of ``invited`` who have not finished, and those who have begun without having been: whoever has a link can name any
        address, so these are bounded."""
        finished: dict[str, bool] = {}
        others: dict[str, str] = {}
        asked = {mailbox(each) for each in invited}
        for address, has_finished in self._finishing.senders(link, MOST_REMINDED):
            box = mailbox(address)
            finished[box] = finished.get(box, False) or has_finished
            if box not in asked:
                others.setdefault(box, address)
        begun = [address for box, address in others.items() if not finished[box]]
        return [each for each in invited if not finished.get(mailbox(each))] + begun[:MOST_STRANGERS_REMINDED]

    def _message(
        self, link: RequestLink, base: str, address: str, id: str, when: float, day: int | None = None
    ) -> Message:
        """``day`` is the one that the link names for it; None where its owner has just asked for it."""
        terms, now = link.terms, self._clock()
        facts: dict[str, Any] = {
            "title": terms.title,
            "asker": self._rules().brand.asker(terms),
            "name": terms.recipient_name,
            "address": f"{base}/request/{link.hash}",
            "due": terms.due_at,
            "day": day,
            "late": terms.due_at is not None and now >= terms.due_at,
            "takes_late": terms.allow_late,
            "password": terms.requires_password,
            "stop": f"{base}/api/droppr/reminders/{self.stops.token(address)}",
            "language": terms.mail_language(self._finishing.language(link, address)),
        }
        return Message(id, MessageKind.REMINDER, Channel.MAIL, address, link.hash, facts, now, when)


def _digest(address: str) -> str:
    return hashlib.sha256(f"reminders\0{mailbox(address)}".encode(errors="surrogatepass")).digest()[:_HALF].hex()

"""Invitations: mails with which owners ask for files."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from app.core.actors import Actor
from app.core.audit import Act
from app.core.errors import MailNotReady, RequestClosed, RequestExpired, RequestOverdue
from app.core.messages import AT_ONCE, Channel, Message, MessageKind
from app.core.ports.guards import Clock
from app.core.ports.links import LinkStore
from app.core.ports.reminders import ReminderStore
from app.core.ports.settings import Current
from app.core.terms import Terms
from app.services.accounts.acts import Acts
from app.services.event_readers import Bell
from app.services.messages.rules import Rules


class Invitations:
    """Sends links to people. ``bell`` is rung when there is something to send at once."""

    def __init__(
        self, *, links: LinkStore, store: ReminderStore, rules: Current[Rules], clock: Clock, bell: Bell, acts: Acts
    ) -> None:
        self._acts = acts
        self._links = links
        self._store = store
        self._rules = rules
        self._clock = clock
        self._bell = bell

    def send(self, hash: str, address: str, to: Sequence[str], text: str, actor: Actor) -> list[Message]:
        """Have a link that is at ``address`` mailed to each of ``to``, with what its owner says to it; nobody learns who else has it.

        Raises MailNotReady, RequestNotFound, RequestClosed, RequestExpired, RequestOverdue.
        """
        if not self._rules().mail:
            raise MailNotReady()
        terms, now = self._links.load(hash).terms, self._clock()
        check_takes_files(terms, now)
        facts = {
            "title": terms.title,
            "asker": self._rules().brand.asker(terms),
            "text": text,
            "address": address,
            "due": terms.due_at,
            "late": terms.due_at is not None and now >= terms.due_at,
            "takes_late": terms.allow_late,
            "until": terms.expires_at,
            "password": terms.requires_password,
            "language": terms.mail_language(None),
        }
        made = [
            Message(
                f"msg_{secrets.token_hex(16)}", MessageKind.INVITATION, Channel.MAIL, each, hash, facts, now, AT_ONCE
            )
            for each in to
        ]
        self._store.invite(hash, made)
        self._acts.note(actor, Act.LINK_SENT, hash, kept={"to": [*to]}, messages=[each.id for each in made])
        self._bell.ring()
        return made


def check_takes_files(terms: Terms, now: float) -> None:
    """Return if people who are sent to a link can send there. Raises RequestClosed, RequestExpired, RequestOverdue."""
    if not terms.active:
        raise RequestClosed("Nobody can send by this link. Open it again before you send it.")
    if terms.is_expired(now):
        raise RequestExpired("This link has expired. Give it more time before you send it.")
    if terms.is_overdue(now):
        raise RequestOverdue(
            "The files were due, and the link takes no late ones. Give it more time before you send it."
        )

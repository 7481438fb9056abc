"""ItemMessages: what is told when an owner accepts what was sent for an item, or sends it back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from app.core.addresses import mail_address, mailbox
from app.core.checklists import Party, item_of
from app.core.errors import RequestNotFound
from app.core.events import Event, EventKind
from app.core.links import RequestLink
from app.core.messages import Channel, Endpoint, Message, MessageKind, message_id
from app.core.ports.guards import Attempts, Clock
from app.core.ports.links import LinkStore
from app.core.ports.parties import PartyStore
from app.core.ports.settings import Current
from app.services.messages.rules import Rules

_KINDS = {
    EventKind.ITEM_ACCEPTED: MessageKind.ITEM_ACCEPTED,
    EventKind.ITEM_RETURNED: MessageKind.ITEM_RETURNED,
}


@dataclass(frozen=True, slots=True)
class ReturnLimits:
    """How many mails about what was sent back go out; beyond it they wait. Most addresses are typed by strangers."""

    recipient: str = "20 per day"
    """To one mailbox, by all links."""
    server: str = "2000 per day"


class ItemMessages:
    """Makes messages of events of items, each under the same id however often it is told."""

    def __init__(
        self,
        *,
        links: LinkStore,
        parties: PartyStore,
        attempts: Attempts,
        rules: Current[Rules],
        limits: ReturnLimits,
        clock: Clock,
    ) -> None:
        self._links = links
        self._parties = parties
        self._attempts = attempts
        self._rules = rules
        self._limits = limits
        self._clock = clock

    def of(self, event: Event, hooks: Iterable[Endpoint]) -> Sequence[Message]:
        """The messages that an event comes to; none for one of another kind, or of a link that is no more."""
        kind = _KINDS.get(event.kind)
        if kind is None or event.about is None:
            return []
        try:
            link = self._links.load(event.link)
        except RequestNotFound:
            return []
        wanted = [each.id for each in hooks if each.wants(kind, event.link)]
        found = [self._message(event, link, kind, Channel.WEBHOOK, each, event.at) for each in wanted]
        if kind is MessageKind.ITEM_RETURNED and self._rules().mail:
            party = self._parties.find(link.hash, event.about["party"])
            address = self._address(link, party)
            if address is not None:
                mail = self._message(event, link, kind, Channel.MAIL, address, self._when(address))
                language = link.terms.mail_language(party.language if party else None)
                found.append(replace(mail, facts={**mail.facts, "language": language}))
        return found

    def _address(self, link: RequestLink, party: Party | None) -> str | None:
        """Where a party is told; None where that is not known."""
        known = link.terms.recipient_email or (party.email if party else None)
        with suppress(ValueError):
            return mail_address(known) if known else None
        return None

    def _when(self, address: str) -> float:
        now = self._clock()
        limits = {f"returned to {mailbox(address)}": self._limits.recipient, "returned": self._limits.server}
        for key, limit in limits.items():
            if not self._attempts.hit(key, limit):
                return now + self._attempts.retry_after(key, limit)
        return now

    def _message(
        self, event: Event, link: RequestLink, kind: MessageKind, channel: Channel, recipient: str, at: float
    ) -> Message:
        about = dict(event.about or {})
        item = item_of(link.terms, about["item"])
        facts = {
            "title": link.terms.title,
            "item": about["item"],
            "item_title": item.title if item else "",
            "party": about["party"],
            "note": about["note"],
            "actor": event.actor,
            "asker": self._rules().brand.asker(link.terms),
        }
        id = message_id("event", event.id, event.at, channel.value, recipient)
        return Message(id, kind, channel, recipient, event.link, facts, event.at, at)

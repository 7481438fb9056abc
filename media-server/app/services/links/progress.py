"""Progress: how far people have got with links, as lists tell it, kept up with what happens."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.addresses import mailbox
from app.core.checklists import RECIPIENT, UNKNOWN, PartyState, party_state, steps_done
from app.core.events import Event, EventKind
from app.core.links import RequestLink
from app.core.ports.catalogue import RequestStore
from app.core.ports.links import ListCursor
from app.core.ports.parties import PartyStore
from app.core.ports.progress import Asked, ProgressStore
from app.core.ports.reminders import ReminderStore
from app.core.terms import Ask
from app.services.links.finishing import Finishing, asks

PAGE = 500
MOST_ASKED = 10_000
"""Addresses of one link that are counted."""


class Progress:
    """What is noted is how things stand by now, so being told again changes nothing. A link that is for somebody has one number; on any
    other each who sends, and each whom it was mailed to, is noted by themselves, so that what one of them does costs the same however
    many there are."""

    def __init__(
        self,
        requests: RequestStore,
        parties: PartyStore,
        asked: ReminderStore,
        store: ProgressStore,
        finishing: Finishing,
    ) -> None:
        self._requests = requests
        self._parties = parties
        self._asked = asked
        self._store = store
        self._finishing = finishing

    def recount(self, link: RequestLink) -> None:
        """Look at all people of a link."""
        if link.terms.is_personal:
            party = self._parties.find(link.hash, RECIPIENT) if asks(link) else None
            done = 0 if party is None else steps_done(link.terms, party)
            self._requests.note_finished(link.hash, self._finishing.recipient(link), done)
            return
        self._requests.note_finished(link.hash, False)
        boxes = self._all_parties(link)
        sent = set() if asks(link) else self._sent(link)
        asked = self._asked.invited(link.hash, MOST_ASKED)
        self._store.note_asked(link.hash, {each: _standing(each, boxes, sent) for each in asked})
        self._store.count(link.hash)

    def follow(self, link: RequestLink, events: Sequence[Event]) -> None:
        """Look at those whom these events are about."""
        if link.terms.is_personal:
            self.recount(link)
            return
        uploads = {each.upload_id for each in events if each.upload_id is not None}
        came = self._store.whose(link.hash, uploads) if uploads else set()
        told = {each.about["party"] for each in events if each.about and "party" in each.about}
        boxes: set[str] = set()
        states: dict[str, PartyState] = {}
        for id in told | {each.party or UNKNOWN for each in came}:
            party = self._parties.find(link.hash, id)
            if party is not None:
                states[id] = party_state(link.terms, party)
                boxes |= {mailbox(party.email)} if party.email else set()
        self._store.note_parties(link.hash, states)
        went = any(each.kind is not EventKind.FILE_RECEIVED for each in events if each.upload_id is not None)
        nameless = {mailbox(each.email) for each in came if each.email and each.party is None}
        self._follow_asked(link, boxes, nameless, went)

    def _follow_asked(self, link: RequestLink, boxes: set[str], nameless: set[str], went: bool) -> None:
        """Note those whom the link was mailed to and of whom something has come, or of whom nothing is there any more."""
        looks = went and not asks(link)
        # What went is among what is named here, so after that only what is there counts.
        is_counted = looks or link.terms.ask_email is Ask.NO
        sent = set() if asks(link) else self._sent(link) if is_counted else nameless
        waited = self._store.asked(link.hash, Asked.WAITED, MOST_ASKED) if boxes or sent else []
        states: dict[str, Asked] = {each: _standing(each, boxes, sent) for each in waited}
        if looks:
            before = self._store.asked(link.hash, Asked.SENT, MOST_ASKED)
            states |= {each: Asked.WAITED for each in before if mailbox(each) not in sent}
        self._store.note_asked(link.hash, states)

    def _sent(self, link: RequestLink) -> set[str]:
        """The mailboxes of which files are there, on a link that asks for nothing by name."""
        if link.terms.ask_email is Ask.NO:
            # Nobody says who they are: with one who was asked, whatever arrives is theirs.
            only = self._asked.invited(link.hash, 2) if self._requests.counts(link.hash).files else []
            return {mailbox(only[0])} if len(only) == 1 else set()
        return {mailbox(each) for each in self._asked.senders(link.hash)}

    def _all_parties(self, link: RequestLink) -> set[str]:
        """Note how far each party has got; whose mailboxes they are."""
        after: ListCursor | None = None
        boxes: set[str] = set()
        while page := self._parties.page(link.hash, PAGE, after):
            self._store.note_parties(link.hash, {each.id: party_state(link.terms, each) for each in page})
            boxes |= {mailbox(each.email) for each in page if each.email}
            after = page[-1].first_at, page[-1].id
        return boxes


def _standing(address: str, boxes: set[str], sent: set[str]) -> Asked:
    """How somebody stands, where ``boxes`` are those of parties, and from ``sent`` something has come besides."""
    box = mailbox(address)
    return Asked.KNOWN if box in boxes else Asked.SENT if box in sent else Asked.WAITED

"""Checklists: what senders are shown of what they have sent and said, and what an owner says to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.core.actors import Actor, Credentials
from app.core.checklists import (
    NOTHING,
    PARTY,
    RECIPIENT,
    UNKNOWN,
    Answer,
    Party,
    Verdict,
    answered,
    item_of,
    party_of,
)
from app.core.errors import AnswersRequired, NotFound, PartyNotFound, RateLimited
from app.core.links import ReceivedFile, RequestLink
from app.core.ports.guards import Attempts, Clock
from app.core.ports.links import ListCursor
from app.core.ports.parties import PartyStore
from app.core.ports.settings import Current
from app.services.accounts import acts
from app.services.links.file_requests import FileRequests
from app.services.receiving.room import Room

MOST_FILES = 100
"""So many files of an item a sender is shown."""
MOST_IN_ALL = 1000
"""Of many items together, but for ten of each."""
NOBODY = Party("")


@dataclass(frozen=True, slots=True)
class Checklist:
    """How far a party has got with a link, and the newest files of each item."""

    link: RequestLink
    party: Party
    files: Mapping[str, Sequence[ReceivedFile]]


class Checklists:
    """Nobody is shown anything of another party."""

    def __init__(
        self,
        *,
        file_requests: FileRequests,
        parties: PartyStore,
        attempts: Attempts,
        clock: Clock,
        room: Room,
        rate_limit: Current[str],
    ) -> None:
        """``rate_limit`` is how often a client's address may answer questions."""
        self._file_requests = file_requests
        self._parties = parties
        self._attempts = attempts
        self._clock = clock
        self._room = room
        self._rate_limit = rate_limit

    def own(self, hash: str, credentials: Credentials) -> Checklist:
        """What whoever has these credentials has sent and said. Raises what ``FileRequests.find`` and ``authorize_look`` raise."""
        link = self._file_requests.find(hash)
        self._file_requests.authorize_look(link, credentials)
        return self._checklist(link, party_of(link, credentials.key))

    def answer(self, hash: str, given: Mapping[str, object], credentials: Credentials) -> Checklist:
        """Note answers to the link's questions; what is not among them stays. Raises what ``own`` raises, InvalidRequest, RateLimited,
        TooManySenders, StorageFull where the disk has no room for what strangers say, and AnswersRequired where nobody could tell whose they are."""
        link = self._file_requests.find(hash)
        self._file_requests.authorize_look(link, credentials)
        party = party_of(link, credentials.key)
        if party is None:
            raise AnswersRequired("Send a key of your own as X-Sender-Key: answers belong to whoever has it.")
        self._room.room_for_opening()
        key = f"answers:{credentials.actor.address}"
        limit = self._rate_limit()
        if not self._attempts.hit(key, limit):
            wait = self._attempts.retry_after(key, limit)
            raise RateLimited("Too many answers were given in a short time. Wait, then try again.", retry_after=wait)
        questions = link.terms.questions
        self._parties.answer(hash, party, lambda before: answered(questions, before, given), self._clock())
        return self._checklist(link, party)

    def page(self, hash: str, most: int, after: ListCursor | None) -> list[Party]:
        """Up to ``most`` parties, whoever came last first, behind the one at ``after``: when it came first, and its id. Whom a link is
        for is one from the beginning. Raises RequestNotFound."""
        link = self._file_requests.link(hash)
        found = [_named(link, each) for each in self._parties.page(hash, most, after)]
        if after is None and link.terms.is_personal and self._parties.find(hash, RECIPIENT) is None:
            # Before all others, as nothing of theirs can be newer than now.
            return [_named(link, Party(RECIPIENT, first_at=self._clock())), *found][:most]
        return found

    def judge(
        self, hash: str, party: str, item_id: str, verdict: Verdict | None, note: str, actor: Actor
    ) -> tuple[RequestLink, Party]:
        """Accept what was sent for an item, send it back with a note, or with None take that back; the party as it stands then.

        Raises RequestNotFound, PartyNotFound, ItemNotSent; NotFound where the link does not ask for the item."""
        link = self._file_requests.link(hash)
        if re.fullmatch(PARTY, party) is None:
            raise PartyNotFound()
        item = item_of(link.terms, item_id)
        if item is None:
            raise NotFound("This link does not ask for that, or no longer does.")
        self._parties.judge(hash, party, item.id, verdict, note, actor, self._clock())
        acts.note(actor, f"item {verdict or 'judged anew'}", hash, item=item.id, party=party)
        return link, _named(link, self._parties.find(hash, party) or Party(party))

    def _checklist(self, link: RequestLink, party: str | None) -> Checklist:
        found = self._parties.find(link.hash, party) if party else None
        if party is None or found is None:
            return Checklist(link, NOBODY, {})
        there = [each.id for each in link.terms.items if found.items.get(each.id, NOTHING).files]
        most = min(MOST_FILES, max(10, MOST_IN_ALL // max(1, len(there))))
        files = {each: self._parties.files(link.hash, party, each, most) for each in there}
        return Checklist(link, replace(found, answers=_asked(link, found.answers)), files)


def _asked(link: RequestLink, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Answers to what is still asked."""
    asked = {each.id for each in link.terms.questions}
    return {id: value for id, value in answers.items() if id in asked}


def _named(link: RequestLink, party: Party) -> Party:
    """A party as its link's owner knows it."""
    if party.id == UNKNOWN:
        return replace(party, name=None, email=None)
    if party.id != RECIPIENT:
        return party
    terms = link.terms
    return replace(party, name=terms.recipient_name or party.name, email=terms.recipient_email or party.email)

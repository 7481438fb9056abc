"""Finishing: who has sent and said what a link asks for."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.checklists import RECIPIENT, Party, is_finished
from app.core.links import RequestLink
from app.core.ports.catalogue import RequestStore
from app.core.ports.links import ListCursor
from app.core.ports.parties import PartyStore

PAGE = 500


class Finishing:
    """The one place that knows it, for lists and for reminders. A link that asks for nothing by name has got what it is for with the
    first file of each."""

    def __init__(self, requests: RequestStore, parties: PartyStore) -> None:
        self._requests = requests
        self._parties = parties

    def recipient(self, link: RequestLink) -> bool:
        """Whether whom a personal link is for has finished. Raises RequestNotFound."""
        if not asks(link):
            # Files count that came before the link was for somebody, too.
            return self._requests.counts(link.hash).files > 0
        party = self._parties.find(link.hash, RECIPIENT)
        return party is not None and is_finished(link.terms, party)

    def language(self, link: RequestLink, address: str) -> str | None:
        """In which language whoever has this address reads, where their browser has said so."""
        party = self._parties.find(link.hash, RECIPIENT) if link.terms.is_personal else None
        return party.language if party is not None else self._parties.language(link.hash, address)

    def senders(self, link: RequestLink, most: int) -> Iterator[tuple[str, bool]]:
        """The addresses that the newest ``most`` parties of a link gave, and whether each has finished. Raises RequestNotFound."""
        after: ListCursor | None = None
        while most > 0 and (page := self._parties.page(link.hash, min(PAGE, most), after)):
            yield from ((each.email, is_finished(link.terms, each)) for each in page if each.email)
            most -= len(page)
            after = _place(page[-1])


def asks(link: RequestLink) -> bool:
    """Whether a link asks for anything by name."""
    return bool(link.terms.items or link.terms.questions)


def _place(party: Party) -> ListCursor:
    return party.first_at, party.id

"""Who sends to a link, and how far each has got with what it asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from app.core.actors import Actor
from app.core.checklists import Answer, Party, Verdict
from app.core.links import ReceivedFile
from app.core.ports.links import ListCursor


class PartyStore(Protocol):
    """Parties of links. Files are counted by the ledgers, in the transactions that make them come and go; here is what is read of that,
    and what is said. A call about a link that there is not raises RequestNotFound; all raise Busy, writes StorageFull, too."""

    def find(self, hash: str, party: str) -> Party | None:
        """The party with its items, None where nothing is noted of it."""
        ...

    def answers(self, hash: str, party: str) -> Mapping[str, Answer]:
        """What a party has answered so far."""
        ...

    def files(self, hash: str, party: str, item: str, most: int) -> list[ReceivedFile]:
        """Up to ``most`` received files of a party for one item, newest first."""
        ...

    def page(self, hash: str, most: int, after: ListCursor | None = None) -> list[Party]:
        """Up to ``most`` parties, whoever came last first, behind the one at ``after``: when it came first, and its id."""
        ...

    def language(self, hash: str, email: str) -> str | None:
        """That of the browser by which a party with this address has sent last, where any said one."""
        ...

    def answer(
        self, hash: str, party: str, change: Callable[[Mapping[str, Answer]], Mapping[str, Answer]], at: float
    ) -> None:
        """Durably replace a party's answers by ``change`` of them, a pure function that runs with the link locked. Raises TooManySenders
        where it would be one party too many, and what ``change`` raises."""
        ...

    def judge(self, hash: str, party: str, item: str, verdict: Verdict | None, note: str, by: Actor, at: float) -> None:
        """Durably note what the owner says to an item; None takes that back. Again changes nothing.

        Raises PartyNotFound, and ItemNotSent where nothing was sent for it."""
        ...

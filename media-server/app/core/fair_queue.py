"""Who goes next: the order in which waiting uploads get a slot.

Users take turns. A user's first upload goes before anybody's second, whatever their number; among equals, who came first.
So one with fifty files never keeps out another with one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

GRACE_SECONDS = 3.0
"""Seconds by which a waiting upload may come back late, before others may pass it by."""
TICKET_SECONDS = 60.0
"""Seconds without a call after which a waiting upload counts as gone."""
MAX_TICKETS = 1024
"""How many uploads may wait; one more gets no ticket and may try again."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One waiting upload. Times are seconds of ``Places.clock``, which never goes back."""

    upload: bytes
    """Sixteen bytes that stand for the upload."""
    user: bytes
    """Sixteen bytes that stand for the user: a client's address on a link."""
    number: int
    """Grows with each new ticket: the order in which they came."""
    seen: float
    """When it asked for a slot last."""
    wait: float
    """The seconds after which it was told then to ask again."""

    def is_alive(self, now: float) -> bool:
        """Whether it asked within the last ``TICKET_SECONDS``."""
        return 0 <= now - self.seen < TICKET_SECONDS

    def is_late(self, now: float) -> bool:
        """Whether it did not come back in time: it keeps its number, but nobody waits for it."""
        return now - self.seen > self.wait + GRACE_SECONDS


def in_order(tickets: Iterable[Ticket], running: Mapping[bytes, int], per_user: int) -> list[Ticket]:
    """The tickets of those that may get a slot, the next one first; without those whose users have ``per_user`` uploads running or
    before them. ``running`` is how many uploads of each user have a slot."""
    counts: Counter[bytes] = Counter(running)
    ranked: list[tuple[int, int, Ticket]] = []
    for ticket in sorted(tickets, key=lambda each: each.number):
        if counts[ticket.user] < per_user:
            ranked.append((counts[ticket.user], ticket.number, ticket))
        counts[ticket.user] += 1
    return [ticket for _, _, ticket in sorted(ranked, key=lambda each: each[:2])]


def position(upload: bytes, order: Sequence[Ticket], now: float) -> int | None:
    """How many tickets in ``order`` stand before that of ``upload``, without those that are late; None where it is not there."""
    before = 0
    for ticket in order:
        if ticket.upload == upload:
            return before
        before += not ticket.is_late(now)
    return None

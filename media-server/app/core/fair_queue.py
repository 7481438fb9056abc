"""Who goes next: the order in which waiting uploads get a slot.

Users take turns. A user's first upload goes before anybody's second, whatever their number; among equals, who came first.
So one with fifty files never keeps out another with one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

GRACE_SECONDS = 3.0
"""Seconds after the time a waiting upload was asked to come back at, until others may pass it by."""
TICKET_SECONDS = 60.0
"""Seconds after which a waiting upload that was not heard of has gone."""
MAX_TICKETS = 1024
"""Whoever comes when so many wait is sent away without a ticket and may try again."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One waiting upload. ``number`` is its place in the order of arrival, ``seen`` when it last asked, in seconds of
    a clock that never goes back, and ``wait`` after how many seconds it was told to ask again."""

    upload: bytes
    user: bytes
    number: int
    seen: float
    wait: float

    def is_alive(self, now: float) -> bool:
        return 0 <= now - self.seen < TICKET_SECONDS

    def is_late(self, now: float) -> bool:
        """Whether it did not come back when it should have: it keeps its place, but holds up nobody."""
        return now - self.seen > self.wait + GRACE_SECONDS


def in_order(tickets: Iterable[Ticket], running: Mapping[bytes, int], per_user: int) -> list[Ticket]:
    """Those that may go on when there is room, next ones first. ``running`` counts the uploads each user has running."""
    counts: Counter[bytes] = Counter(running)
    ranked: list[tuple[int, int, Ticket]] = []
    for ticket in sorted(tickets, key=lambda each: each.number):
        if counts[ticket.user] < per_user:
            ranked.append((counts[ticket.user], ticket.number, ticket))
        counts[ticket.user] += 1
    return [ticket for _, _, ticket in sorted(ranked, key=lambda each: each[:2])]


def position(upload: bytes, order: Sequence[Ticket], now: float) -> int | None:
    """How many go before ``upload``, leaving out those who are late; None when it may not go on at all."""
    before = 0
    for ticket in order:
        if ticket.upload == upload:
            return before
        before += not ticket.is_late(now)
    return None

"""Selections: thousands of files under one short name, so that the address of an archive stays an address."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.errors import SelectionNotFound
from app.core.handoffs import Handoff, HandoffStore
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Clock

LIFETIME_SECONDS = 24 * 3600.0
"""A download of hours goes on by the same address where it broke off."""
_PREFIX = "selection:"


@dataclass(frozen=True, slots=True)
class Selection:
    """The name of some uploads of a link, and how long it is good for, in seconds since the epoch."""

    id: str
    until: float


class Selections:
    """Kept where the codes of handoffs are, and removed with them, under names that no code can be: those have no small letters."""

    def __init__(self, *, store: HandoffStore, requests: RequestStore, clock: Clock) -> None:
        self._store = store
        self._requests = requests
        self._clock = clock

    def make(self, hash: str, upload_ids: Sequence[str]) -> Selection:
        """A name for these uploads, whatever becomes of their files. Raises RequestNotFound, StorageFull, Busy."""
        self._requests.load(hash)
        made = Selection(secrets.token_urlsafe(16), self._clock() + LIFETIME_SECONDS)
        ids = tuple(dict.fromkeys(upload_ids))
        self._store.put(Handoff(hash, _PREFIX + made.id, ids, made.until))
        return made

    def find(self, hash: str, names: Sequence[str]) -> tuple[str, ...]:
        """The uploads behind all of these names. Raises SelectionNotFound."""
        found: list[str] = []
        for name in names:
            kept = self._store.get(hash, _PREFIX + name)
            if kept is None or kept.expires_at <= self._clock():
                raise SelectionNotFound()
            found += kept.upload_ids
        return tuple(dict.fromkeys(found))

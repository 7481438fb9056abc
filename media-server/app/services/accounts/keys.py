"""Keys for programs: made, listed, taken back, and known again with each call."""

from __future__ import annotations

import hashlib
import secrets

from app.core.access_errors import KeyNotFound
from app.core.accounts import Account
from app.core.actors import Actor, Scope
from app.core.errors import Unauthorized
from app.core.keys import HINT_LENGTH, PREFIX, Key, key_end, key_name, key_scopes, looks_like_key, reach_of
from app.core.ports.guards import Clock
from app.core.ports.keys import KeyStore

USED_SECONDS = 60.0
"""How often it is noted that a key is used."""
SHOWN_SECONDS = 30 * 24 * 3600.0
"""How long a key that is over is still listed, and told from one that there never was."""
OVER = "This key is over. Make another one, with 'droppr key create' or on the owner's page under \"Accounts\"."


class Keys:
    """A key is looked up with every call, so one that was taken back is refused from then on, in every process."""

    def __init__(self, store: KeyStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def actor(self, text: str, address: str) -> Actor | None:
        """Who calls with this key; None where it is none. Raises Unauthorized where it is over, which is no guess of anybody's."""
        if not looks_like_key(text):
            return None
        digest, now = _digest(text), self._clock()
        found = self._store.find(digest)
        if found is None:
            return None
        key, account = found
        if key.is_over(now):
            raise Unauthorized(OVER)
        if key.used_at is None or abs(now - key.used_at) >= USED_SECONDS:
            self._store.used(digest, now)
        return key.acting(account, address)

    def listed(self, account: str | None) -> list[Key]:
        """Those of an account, empty for whoever holds the admin token, or of all."""
        return self._store.all(account)

    def make(self, account: Account | None, name: str, scopes: list[Scope], days: int, by: Actor) -> tuple[Key, str]:
        """A key of this account, or of whoever holds the admin token, and what it is, which is told once. Raises InvalidRequest,
        AdminsOnly, AccountNotFound, KeyExists, TooManyKeys."""
        text, now = PREFIX + secrets.token_hex(24), self._clock()
        key = Key(
            id=secrets.token_hex(6),
            account="" if account is None else account.name,
            name=key_name(name),
            hint=text[:HINT_LENGTH],
            scopes=key_scopes(scopes, reach_of(account)),
            made_at=now,
            ends_at=key_end(days, now),
        )
        self._store.add(_digest(text), key, by)
        return key, text

    def revoke(self, id: str, account: str | None, by: Actor) -> None:
        """Take back one of an account, or of whomever. Raises KeyNotFound."""
        if not self._store.remove(id, account, by):
            raise KeyNotFound()

    def prune(self) -> int:
        """Forget those that were over long ago; how many."""
        return self._store.prune(self._clock() - SHOWN_SECONDS)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()

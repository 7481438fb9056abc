"""Passkeys, as the catalogue keeps them."""

from __future__ import annotations

from typing import Protocol

from app.core.actors import Actor
from app.core.passkeys import Passkey


class PasskeyStore(Protocol):
    """What is done stands in the audit with it. Whether its account has a second factor is told there in the same step. Safe from any
    number of threads and processes; raises Busy, StorageFull."""

    def add(self, passkey: Passkey, by: Actor) -> None:
        """Keep a new one, durably. Raises AccountNotFound, PasskeyExists, TooManyPasskeys."""
        ...

    def find(self, credential: bytes) -> Passkey | None:
        """That which is known by this."""
        ...

    def all(self, account: str) -> list[Passkey]:
        """Those of an account, the oldest first."""
        ...

    def use(self, credential: bytes, counter: int, at: float, by: Actor) -> bool:
        """Note that it was used, durably. False where its counter has not grown, which tells of a copy, or where it is gone."""
        ...

    def remove(self, account: str, id: str, by: Actor) -> bool:
        """Remove one, durably; False where there is none. Raises LastWayIn where it is the last one of an account without a password."""
        ...

    def remove_all(self, account: str, by: Actor) -> int:
        """Remove those of an account, durably, whatever is left to it; how many."""
        ...

"""Keys for programs, as the catalogue keeps them."""

from __future__ import annotations

from typing import Protocol

from app.core.accounts import Account
from app.core.actors import Actor
from app.core.keys import Key


class KeyStore(Protocol):
    """Keys, each known by its digest. What is done stands in the audit with it. Safe from any number of threads and processes; raises
    Busy, and where it writes StorageFull."""

    def add(self, digest: bytes, key: Key, by: Actor) -> None:
        """Keep a new one, durably. Raises AccountNotFound where its account is gone or disabled, KeyExists, TooManyKeys."""
        ...

    def find(self, digest: bytes) -> tuple[Key, Account | None] | None:
        """A key with its account as it is now; whether it is over is for others to say."""
        ...

    def used(self, digest: bytes, at: float) -> None:
        """Note that a key was used. May be passed over where nothing can be written."""
        ...

    def all(self, account: str | None) -> list[Key]:
        """Those of an account, empty for whoever holds the admin token, or of all; by account, the newest first."""
        ...

    def remove(self, id: str, account: str | None, by: Actor) -> bool:
        """Take one back, where it is of this account or ``account`` is None. False where there is none such."""
        ...

    def prune(self, before: float) -> int:
        """Forget those that were over by ``before``."""
        ...

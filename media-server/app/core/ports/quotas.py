"""Quotas of those whose links are."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from app.core.actors import Actor
from app.core.quotas import Quota


class QuotaStore(Protocol):
    """What the catalogue keeps of quotas, each change of a ledger counted in the transaction that makes it. Safe from any number of threads
    and processes; raises Busy, and where it writes StorageFull."""

    def all(self, owners: Collection[str] | None = None) -> list[Quota]:
        """Those of these owners, or of all, by owner."""
        ...

    def set(self, owner: str, most: int, by: Actor) -> Quota | None:
        """Let an owner's links hold so much together, durably; 0 for no quota, which is None. What they hold is counted then."""
        ...

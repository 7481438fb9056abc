"""The audit: rows that are only ever added."""

from __future__ import annotations

from typing import Protocol

from app.core.audit import AuditRow, Erasure, Wanted

Place = tuple[float, int]
"""Where a row stands in the list: when it was, and its id."""


class AuditStore(Protocol):
    """Who did what. Safe from any number of threads and processes at once. Reads raise Busy, writes StorageFull or Busy; then nothing has
    changed. What the catalogue itself does for somebody (links made, changed and deleted, files deleted and restored, and the like) it
    notes by itself, in the transaction that does it."""

    def add(self, row: AuditRow, unless_within: float | None = None, *, urgent: bool = True) -> bool:
        """Add a row. With ``unless_within`` only where none has said the same of the same actor in so many seconds before; false where one
        has. Outlives every process; a power cut may lose the newest rows. An ``urgent`` one works on a full disk, too."""
        ...

    def page(self, most: int, after: Place | None, wanted: Wanted) -> list[AuditRow]:
        """Up to ``most`` rows, newest first, behind the one at ``after``."""
        ...

    def prune(self, before: float) -> int:
        """Remove the rows that are older, a bounded number in each transaction; returns how many."""
        ...

    def erase(self, erasure: Erasure) -> int:
        """Replace what an erasure takes out, in every row that there is; returns in how many. A second call goes on where one that was
        interrupted has ended."""
        ...

"""Audit: what owners see of it, what they take out of it, and how long it is kept."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.actors import Actor
from app.core.audit import Act, AuditRow, Erasure, Wanted
from app.core.ports.audit import AuditStore, Place
from app.core.ports.guards import Clock
from app.core.ports.settings import Current
from app.services.accounts.acts import Acts

READ_AT_ONCE = 1000
DAY = 86_400.0


class Audit:
    """The face of the audit. Rows come by ``Acts`` and by the catalogue."""

    def __init__(self, *, store: AuditStore, acts: Acts, clock: Clock, days: Current[int]) -> None:
        """Rows are kept for so many ``days``; 0 is for ever."""
        self._store = store
        self._acts = acts
        self._clock = clock
        self._days = days

    def page(self, most: int, after: Place | None, wanted: Wanted) -> list[AuditRow]:
        """Up to ``most`` rows, newest first, behind the one at ``after``."""
        return self._store.page(most, after, wanted)

    def export(self, wanted: Wanted, form: str, actor: Actor) -> Iterator[list[AuditRow]]:
        """All rows, newest first, piece by piece; that somebody has them is an act, too."""
        self._acts.note(actor, Act.AUDIT_EXPORTED, form=form)
        return self._all(wanted)

    def erase(self, text: str, kind: str, actor: Actor) -> int:
        """Take a person's name or address out of all rows; returns out of how many. What it was stands nowhere afterwards."""
        rows = self._store.erase(Erasure(text))
        self._acts.note(actor, Act.AUDIT_ERASED, kind=kind, rows=rows)
        return rows

    def prune(self) -> int:
        """Remove what has been kept as long as was said; returns how many rows."""
        days = self._days()
        return self._store.prune(self._clock() - days * DAY) if days else 0

    def _all(self, wanted: Wanted) -> Iterator[list[AuditRow]]:
        after: Place | None = None
        while rows := self._store.page(READ_AT_ONCE, after, wanted):
            yield rows
            after = rows[-1].at, rows[-1].id

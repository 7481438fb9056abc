"""Log-ins that failed, in the audit: a row each, and where there are too many, their number. A stranger cannot make it grow for long."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from app.core.actors import Actor, ActorKind
from app.core.audit import Act
from app.core.errors import UploadError
from app.core.ports.guards import Attempts, Clock
from app.services.accounts.acts import Acts

ROWS_LIMIT = "40 per 15 minute"
"""Rows of single tries, of all addresses together."""
TOLD_AFTER_SECONDS = 900.0
_MAX_ADDRESSES = 200
"""Addresses that are told apart among those that are counted; all others are counted together."""
_OTHERS = "others"


@dataclass(slots=True)
class _Counted:
    since: float
    tries: int = 0


class FailedLogIns:
    """What fails is one who calls with a wrong token, or who is refused as there were too many. Counts that nobody was told of yet are
    lost with the process."""

    def __init__(self, acts: Acts, attempts: Attempts, clock: Clock) -> None:
        self._acts = acts
        self._attempts = attempts
        self._clock = clock
        self._lock = threading.Lock()
        self._counted: dict[str, _Counted] = {}

    def note(self, address: str, way: str, refused: bool) -> None:
        """A try that failed; ``refused`` where nobody has looked at it any more, as there were too many."""
        if not refused and self._may_add("audit:log-ins"):
            self._acts.note_stranger(_stranger(address, way), Act.LOG_IN_FAILED)
            return
        with self._lock:
            if address not in self._counted and len(self._counted) >= _MAX_ADDRESSES:
                address = _OTHERS
            self._counted.setdefault(address, _Counted(self._clock())).tries += 1

    def tell(self) -> None:
        """Write down what was counted some time ago; to be called every minute."""
        now, rest = self._clock(), 0
        with self._lock:
            due = {name: each for name, each in self._counted.items() if abs(now - each.since) >= TOLD_AFTER_SECONDS}
            for name in due:
                del self._counted[name]
        for name, each in sorted(due.items(), key=lambda each: -each[1].tries):
            # Of very many addresses not each is worth a row, either.
            if name != _OTHERS and self._may_add("audit:log-ins counted"):
                self._acts.note_stranger(_stranger(name, "counted"), Act.LOG_IN_FAILED, tries=each.tries)
            else:
                rest += each.tries
        if rest:
            self._acts.note_stranger(_stranger("", "counted"), Act.LOG_IN_FAILED, tries=rest)

    def _may_add(self, key: str) -> bool:
        try:
            return self._attempts.hit(key, ROWS_LIMIT)
        except UploadError:  # The disk is full, or the catalogue busy: whoever failed is told that they failed.
            return False


def _stranger(address: str, way: str) -> Actor:
    return Actor(ActorKind.STRANGER, address, way)

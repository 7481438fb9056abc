"""Handoffs: uploads that go on elsewhere, found there by a short code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

# No I, L, O or U: what people write for them is read as what they meant (Crockford's base 32).
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
"""50 random bits: with guesses limited, more than can be tried in the hours a code is good for."""
_MEANT = str.maketrans("ILO", "110", " -")


@dataclass(frozen=True, slots=True)
class Handoff:
    """Uploads of one link, the code by which they are found, and when it expires, in seconds since the epoch."""

    request_hash: str
    code: str
    upload_ids: tuple[str, ...]
    expires_at: float


def shown(code: str) -> str:
    """A code as people read it: ``ABCD-EFGH-JK``."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def meant(text: str) -> str:
    """The code that somebody typed, whatever they made of its case, dashes, and letters that look like digits."""
    return text.upper().translate(_MEANT)


class HandoffStore(Protocol):
    """Where handoffs lie until they expire. Safe from any number of threads and processes at once."""

    def put(self, handoff: Handoff) -> None:
        """Keep a handoff under its link and code, durably. Raises StorageFull, Busy."""
        ...

    def get(self, request_hash: str, code: str) -> Handoff | None:
        """The handoff with this code, expired or not. Any text may be asked for."""
        ...

    def remove_expired(self, now: float) -> int:
        """Remove those that have expired by ``now``; returns how many. Raises StorageFull, Busy."""
        ...

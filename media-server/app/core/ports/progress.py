"""How far people have got with a link that is for nobody in particular."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple, Protocol

from app.core.checklists import PartyState


class Asked(IntEnum):
    """How somebody stands to whom a link was mailed."""

    WAITED = 0
    """Nothing has come from their mailbox."""
    KNOWN = 1
    """They are one of the link's parties, which is counted in their place."""
    SENT = 2
    """Something has come, on a link that asks for nothing by name."""


class From(NamedTuple):
    """From whom an upload came, as far as that is known."""

    party: str | None
    email: str | None


class ProgressStore(Protocol):
    """What lists tell of people, kept so that no list has to count. One process at a time writes it, the reader of events. Nothing
    happens where there is no such link, or no such party. Raises Busy; writes StorageFull, too."""

    def whose(self, hash: str, upload_ids: Iterable[str]) -> set[From]:
        """From whom these uploads came, whatever became of them."""
        ...

    def note_parties(self, hash: str, states: Mapping[str, PartyState]) -> None:
        """Note how far these parties have got."""
        ...

    def note_asked(self, hash: str, states: Mapping[str, Asked]) -> None:
        """Note how those stand whom the link was mailed to, by these addresses."""
        ...

    def count(self, hash: str) -> None:
        """Count anew what is noted: a look at each of the link's people."""
        ...

    def asked(self, hash: str, state: Asked, most: int) -> list[str]:
        """The addresses of up to ``most`` whom the link was mailed to and who stand so."""
        ...

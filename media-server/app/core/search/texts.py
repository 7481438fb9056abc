"""What was read out of a file, or why nothing was."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.core.search.documents import Page


class Trouble(StrEnum):
    """Why a file has no text, or not all of it."""

    UNSUPPORTED = "unsupported"
    EMPTY = "empty"
    PASSWORD = "password"
    DAMAGED = "damaged"
    REFUSED = "refused"
    CRASHED = "crashed"
    TIME = "time"
    MEMORY = "memory"
    CUT = "cut"

    @property
    def sentence(self) -> str:
        """For the owner."""
        return _SENTENCES[self]


_SENTENCES = {
    Trouble.UNSUPPORTED: "Files of this type are not read. Ask for a PDF, or for a type that can be searched.",
    Trouble.EMPTY: "There is no text in it. If it is a scan, whoever runs this server can have scans read (DROPPR_SEARCH_OCR).",
    Trouble.PASSWORD: "A password protects it. Ask for a copy without one.",
    Trouble.DAMAGED: "It is damaged, or not of the type that its name says. Ask for it again.",
    Trouble.REFUSED: "It is built as harmful files are, so it was not read. Look at it with care.",
    Trouble.CRASHED: "Its reader failed on it. It may be damaged, or made to do harm.",
    Trouble.TIME: "Reading it took too long. It may be very complex, or made to do harm.",
    Trouble.MEMORY: "Reading it took too much memory. It may be very complex, or made to do harm.",
    Trouble.CUT: "It is very long: only the beginning is searched.",
}


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """The pages that hold text. ``trouble`` is CUT where more text follows; any other says that the text ends there."""

    pages: tuple[Page, ...] = ()
    trouble: Trouble | None = None

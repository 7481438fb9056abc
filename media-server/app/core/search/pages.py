"""What readers of files tell: pages, and why there are none, or no more. A process that reads one file loads this and little else."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Page(NamedTuple):
    """Text of a document. ``number`` counts from 1: a page, a slide or a sheet; None where a format has none."""

    text: str
    number: int | None = None


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

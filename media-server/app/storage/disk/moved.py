"""The sign in a data folder whose links and files are moved elsewhere, by which no server starts on it any more."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from app.storage.disk.atomic import replace_file

SIGN = "moved"
_NOT_HERE = (
    "Its links and files {how} to {place}, by 'droppr migrate --from'. Start nodes with DROPPR_STORE, each with a data folder of its own. "
    "To go back to what is here, delete the file '{name}' in it{loss}."
)
_LOST = ": what has come since then is not here"


@dataclass(frozen=True, slots=True)
class MovedSign:
    """Where to, and how far it has got."""

    move: str
    """What tells this move from others."""
    place: str
    done: bool = False

    @classmethod
    def read(cls, data: Path) -> Self | None:
        """That of a data folder; None where there is none. One that cannot be read stands for a move nobody knows."""
        try:
            text = (data / SIGN).read_text(errors="replace")
        except FileNotFoundError:
            return None
        try:
            found = json.loads(text)
            return cls(str(found["move"]), str(found["place"]), bool(found["done"]))
        except (ValueError, KeyError, TypeError):
            return cls("", "another place", True)

    def put(self, data: Path) -> None:
        """Put it there, so that it stays. Raises StorageFull, Busy."""
        replace_file(data / SIGN, json.dumps(asdict(self), allow_nan=False).encode() + b"\n")

    def sentence(self) -> str:
        """Why nobody may start there."""
        how, loss = ("were moved", _LOST) if self.done else ("are being moved", "")
        return _NOT_HERE.format(how=how, place=self.place, name=SIGN, loss=loss)

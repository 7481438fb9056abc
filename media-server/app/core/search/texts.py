"""What was read out of a file, or why nothing was."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.search.pages import Page
from app.core.search.pages import Trouble as Trouble


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """The pages that hold text. ``trouble`` is CUT where more text follows; any other says that the text ends there."""

    pages: tuple[Page, ...] = ()
    trouble: Trouble | None = None

"""What a link asks for by name: items, each of so many files, and questions. Values; what follows from them stands in ``checklists``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

MAX_ITEMS = 100
MAX_TITLE = 200
MAX_DESCRIPTION = 2000
MAX_EXAMPLE = 500
MAX_FILES_OF_ITEM = 1000
"""The largest number of files that an item may need."""
MAX_QUESTIONS = 20
MAX_LABEL = 300
MAX_CHOICES = 50
MAX_CHOICE = 200
ID = r"[a-z0-9]{8}"
"""What ids of items and questions are like."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a link asks for."""

    id: str
    """Stays when the item is changed; the server makes it."""
    title: str
    description: str = ""
    required: bool = True
    count: int = 1
    """So many files make it count as sent."""
    most: int = 0
    """So many files of one party are taken for it; 0 is any number."""
    extensions: tuple[str, ...] = ()
    """Those that it takes in place of the link's own; empty: as the link."""
    example: str = ""
    """A text, or the address of one."""

    @classmethod
    def of(cls, document: dict[str, Any]) -> Item:
        """The item that JSON holds; what is not known is passed over."""
        known = {**_known(cls, document), "extensions": tuple(document.get("extensions", ()))}
        return cls(**known)


class QuestionKind(StrEnum):
    TEXT = "text"
    CHOICE = "choice"
    DATE = "date"
    """A day."""
    AGREE = "agree"
    """Something to be agreed to."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that a link asks senders to say."""

    id: str
    label: str
    kind: QuestionKind = QuestionKind.TEXT
    required: bool = False
    choices: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: dict[str, Any]) -> Question:
        """The question that JSON holds; what is not known is passed over."""
        known = {**_known(cls, document), "choices": tuple(document.get("choices", ()))}
        return cls(**{**known, "kind": QuestionKind(document.get("kind", QuestionKind.TEXT))})


def _known(kind: type[Any], document: dict[str, Any]) -> dict[str, Any]:
    return {each.name: document[each.name] for each in fields(kind) if each.name in document}

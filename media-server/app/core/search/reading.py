"""A document's text as it is read: stretch by stretch, each a page or a part of a long one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.core.search.documents import Chunk, PageSpan
from app.core.search.snippets import marked
from app.core.search.splitting import continued
from app.core.search.words import Terms

LENGTH = 100
"""Passages of a stretch: about 50 kB."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """So many passages of the page ``page`` from the one numbered ``first`` on."""

    page: int | None
    first: int
    passages: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage without what its neighbour before it says already: its number, and where in ``text`` the words stand that
    were looked for. ``goes_on`` says that it is of the same paragraph as the one before."""

    number: int
    text: str
    marks: tuple[tuple[int, int], ...]
    goes_on: bool


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A stretch of a document's text with those around it; ``last_page`` is the number of the last page that holds text."""

    stretch: Stretch
    pieces: tuple[Piece, ...]
    previous: Stretch | None
    next: Stretch | None
    last_page: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch, and its neighbours."""

    stretch: Stretch
    previous: Stretch | None
    next: Stretch | None


def place(pages: Sequence[PageSpan], page: int | None = None, passage: int | None = None) -> Place | None:
    """The stretch that holds a passage, else the first of a page, else the first of all; None where there is no such one."""
    stretches = list(_stretches(pages))
    for at, stretch in enumerate(stretches):
        if passage is not None:
            is_meant = stretch.first <= passage < stretch.first + stretch.passages
        else:
            is_meant = page is None or stretch.page == page
        if is_meant:
            following = stretches[at + 1] if at + 1 < len(stretches) else None
            return Place(stretch, stretches[at - 1] if at else None, following)
    return None


def pieces(chunks: Sequence[Chunk], looked_for: Terms) -> tuple[Piece, ...]:
    """Passages in their order as one text to be read, with the words marked."""
    found: list[Piece] = []
    before: str | None = None
    for chunk in chunks:
        added = continued(before, chunk.text) if before is not None else None
        text = chunk.text if added is None else added
        found.append(Piece(chunk.number, text, tuple(marked(text, looked_for)), added is not None))
        before = chunk.text
    return tuple(found)


def _stretches(pages: Sequence[PageSpan]) -> Iterator[Stretch]:
    for span in pages:
        for start in range(0, span.passages, LENGTH):
            yield Stretch(span.number, span.first + start, min(LENGTH, span.passages - start))

"""Cutting a document's text into passages, which are what is found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from app.core.search.documents import Chunk, Page

LENGTH = 500
OVERLAP = 80
MOST_CHUNKS = 20_000
"""Of one document, about 8 MB of text; what comes after is not indexed, and its owner is told."""

_PARAGRAPH = re.compile(r"\n\s*\n")
_SPACES = re.compile(r"\s+")
_STRIPPED = 1
"""Characters of what neighbours share that a cut between words takes away."""


def split(pages: Iterable[Page], length: int = LENGTH, overlap: int = OVERLAP) -> list[Chunk]:
    """Passages of up to ``length`` characters: whole paragraphs together where they fit, cut between words where not.

    Neighbours share up to ``overlap`` characters where a paragraph was cut. None goes over the end of a page, so that
    its page is exact. No more than MOST_CHUNKS.
    """
    chunks: list[Chunk] = []
    for page in pages:
        for text in _passages(page.text, length, overlap):
            if len(chunks) == MOST_CHUNKS:
                return chunks
            chunks.append(Chunk(len(chunks), text, page.number))
    return chunks


def continued(before: str, text: str) -> str | None:
    """What the passage ``text`` adds to its neighbour ``before``, where one paragraph was cut between the two; else None."""
    if "\n" in before:
        return None
    paragraph, _, ended = text.partition("\n")
    # The least that they may share comes first, as a cut shares no more than it has to.
    for shared in range(OVERLAP // 2 - _STRIPPED, min(OVERLAP, len(before), len(paragraph)) + 1):
        if before.endswith(paragraph[:shared]):
            whole = before + paragraph[shared:]
            # Of a paragraph that may go on, what follows has no place to be cut in.
            if _first(whole if ended else whole.ljust(LENGTH + 1, "x")) == before:
                return text[shared:]
    return None


def _passages(text: str, length: int, overlap: int) -> Iterator[str]:
    gathered = ""
    for paragraph in _PARAGRAPH.split(text):
        paragraph = _SPACES.sub(" ", paragraph).strip()
        if not paragraph:
            continue
        if len(gathered) + 1 + len(paragraph) <= length:
            gathered = f"{gathered}\n{paragraph}" if gathered else paragraph
            continue
        if gathered:
            yield gathered
        *whole, gathered = _cut(paragraph, length, overlap)
        yield from whole
    if gathered:
        yield gathered


def _cut(paragraph: str, length: int, overlap: int) -> list[str]:
    pieces, start = [], 0
    while len(paragraph) - start > length:
        end = _gap(paragraph, start + length // 2, start + length)
        pieces.append(paragraph[start:end].strip())
        # Always forward, also where there are no gaps.
        start = max(start + 1, _gap(paragraph, end - overlap, end - overlap // 2))
    return [*pieces, paragraph[start:].strip()]


def _first(paragraph: str) -> str:
    return _cut(paragraph, LENGTH, OVERLAP)[0]


def _gap(text: str, least: int, most: int) -> int:
    """Behind the last sentence, else the last word, that ends between the two; ``most`` where none does."""
    for sign in (". ", "。", " "):
        found = text.rfind(sign, least, most)
        if found >= 0:
            return found + len(sign)
    return most

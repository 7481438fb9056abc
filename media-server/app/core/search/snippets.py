"""The part of a passage that shows why it was found, with the words marked."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.search.words import Terms, Word, located

LENGTH = 200
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A part of a text. ``marks`` are the places in ``text`` of what was looked for, from … up to …, in their order."""

    text: str
    marks: tuple[tuple[int, int], ...]


def snippet(text: str, terms: Terms, length: int = LENGTH) -> Snippet:
    """About ``length`` characters where most of the terms are; the beginning where there are none, as when it was found by
    its meaning."""
    marks = marked(text, terms)
    start, end = _window(text, marks, length)
    before, after = ELLIPSIS if start else "", ELLIPSIS if end < len(text) else ""
    moved = len(before) - start
    inside = tuple((left + moved, right + moved) for left, right in marks if left >= start and right <= end)
    return Snippet(f"{before}{text[start:end]}{after}", inside)


def marked(text: str, terms: Terms) -> list[tuple[int, int]]:
    """Where the terms stand in a text, in their order; places that touch are one."""
    marks: list[tuple[int, int]] = []
    for word in located(text):
        if not _is_meant(word, terms):
            continue
        if marks and word.start < marks[-1][1]:
            marks[-1] = marks[-1][0], max(word.end, marks[-1][1])
        else:
            marks.append((word.start, word.end))
    return marks


def _is_meant(word: Word, terms: Terms) -> bool:
    return word.word in terms.words or (terms.open is not None and word.word.startswith(terms.open))


def _window(text: str, marks: list[tuple[int, int]], length: int) -> tuple[int, int]:
    if len(text) <= length:
        return 0, len(text)
    best, most = 0, -1
    for left, _ in marks:
        inside = sum(left <= other and end <= left + length for other, end in marks)
        if inside > most:
            best, most = left, inside
    start = max(0, min(best - length // 4, len(text) - length))
    if start:
        gap = text.find(" ", start, max(start, best))
        start = gap + 1 if gap >= 0 else start
    end = min(len(text), start + length)
    gap = text.rfind(" ", start + length // 2, end) if end < len(text) else -1
    # A word that is marked is shown whole.
    if gap >= 0 and not any(left < end and right > gap for left, right in marks):
        end = gap
    return start, max(end, *(right for left, right in marks if left < end)) if marks else end

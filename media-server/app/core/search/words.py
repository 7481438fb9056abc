"""Words as they are compared: the same for documents and queries, for every engine and every script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(
    r"[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_VOICING = "\u3099\u309a"
"""Marks that make another syllable of a Japanese one, as no accent does."""
MOST_TERMS = 32
LONGEST_WORD = 64


@dataclass(frozen=True, slots=True)
class Terms:
    """What is looked for: words as ``prepare`` makes them, each once. While somebody types, ``open`` is the last one: it
    stands for every word that begins so."""

    words: tuple[str, ...]
    open: str | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is compared, and where it stands in the text: from ``start`` up to ``end``."""

    word: str
    start: int
    end: int


def fold(text: str) -> str:
    """Case, accents and ways to write the same character taken away."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(each for each in apart if unicodedata.category(each) != "Mn" or each in _VOICING)
    # Once more, as compatible forms may be capitals themselves.
    return unicodedata.normalize("NFC", kept).casefold()


def prepare(text: str) -> list[str]:
    """The words of a text in their order. Where a script has no spaces, every two neighbouring characters are one."""
    return [each for run in _WORD.findall(fold(text)) for each in _parts(run)]


def located(text: str) -> Iterator[Word]:
    """The words of a text in their order, each with its place in the text as it is, for marking."""
    for run in re.finditer(r"[\w\u0300-\u036f]+", text):
        start = run.start()
        cjk = _CJK.search(run[0])
        if cjk is None:
            for word in prepare(run[0]):
                yield Word(word, start, run.end())
            continue
        for at in range(len(run[0])):
            for word in prepare(run[0][at : at + 2]):
                yield Word(word, start + at, min(start + at + 2, run.end()))


def terms(query: str, typing: bool = False) -> Terms:
    """What a query looks for; with ``typing`` its last word may go on. Of a very long query the first words count."""
    words = tuple(dict.fromkeys(prepare(query)))[:MOST_TERMS]
    ended = not query or not query[-1].isalnum()
    # A single character of a script without spaces stands in no index by itself: it begins pairs.
    if words and ((typing and not ended) or (len(words[-1]) == 1 and _CJK.fullmatch(words[-1]))):
        return Terms(words, words[-1])
    return Terms(words)


def holds(words: frozenset[str], terms: Terms) -> list[str]:
    """Which of the terms a passage of these words holds."""
    found = [each for each in terms.words if each in words]
    if terms.open is not None and terms.open not in words and any(each.startswith(terms.open) for each in words):
        found.append(terms.open)
    return found


def _parts(run: str) -> Iterator[str]:
    if run.isascii():
        yield run[:LONGEST_WORD]
        return
    end = 0
    for cjk in _CJK.finditer(run):
        if end < cjk.start():
            yield run[end : cjk.start()][:LONGEST_WORD]
        signs = cjk[0]
        yield from (signs[at : at + 2] for at in range(max(1, len(signs) - 1)))
        end = cjk.end()
    if end < len(run):
        yield run[end:][:LONGEST_WORD]

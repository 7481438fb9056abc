"""What every index of entities decides alike, whatever engine it is in."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable
from typing import Any
from zlib import crc32

from app.core.search.documents import EntityId, Held, IndexedDocument, PageSpan

SHARDS = 16


def shard_of(entity: EntityId) -> int:
    """The part of the index that all of an entity's documents are in."""
    return crc32(entity.encode(errors="surrogatepass")) % SHARDS


def token_of(entity: EntityId) -> str:
    """An entity as a word."""
    return "e" + hashlib.sha256(entity.encode(errors="surrogatepass")).hexdigest()[:24]


def says_nothing_new(document: IndexedDocument, held: Held) -> bool:
    """Whether all of the document is held; or its words are, and meaning besides."""
    return held == document.held or (document.model is None and _has_words_of(held, document))


def says_only_more(document: IndexedDocument, held: Held) -> bool:
    """Whether the document's words are held, and nothing of its meaning."""
    return held.model is None and _has_words_of(held, document)


def spans(passages: Iterable[tuple[Any, ...]]) -> list[PageSpan]:
    """The pages of passages in their order, of each of which come its number and its page."""
    found = []
    for page, rows in itertools.groupby(passages, lambda row: row[1]):
        numbers = [row[0] for row in rows]
        found.append(PageSpan(page, numbers[0], len(numbers)))
    return found


def _has_words_of(held: Held, document: IndexedDocument) -> bool:
    return (document.digest, document.extractor) == (held.digest, held.extractor)

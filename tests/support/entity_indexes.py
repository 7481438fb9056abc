"""What tests put into indexes of entities, and what they ask of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from app.core.ports.search import EntityIndex
from app.core.search.documents import EVERYTHING, About, Chunk, Hit, IndexedDocument, Scope
from app.core.search.words import terms

MODEL = "m"


def document(entity: str, name: str, *texts: str, vectors: tuple[bytes, ...] = (), **changed: Any) -> IndexedDocument:
    chunks = tuple(Chunk(number, text, number + 1) for number, text in enumerate(texts))
    about = About(f"{name}.txt", "txt", 100.0, "ann")
    made = IndexedDocument(entity, name, f"digest of {texts}", 1, about, chunks, MODEL if vectors else None, vectors)
    return replace(made, **changed)


def found(hits: Iterable[Hit]) -> list[tuple[str, str, int]]:
    return [hit.passage.key for hit in hits]


def by_words(
    index: EntityIndex, query: str, scope: Scope = EVERYTHING, limit: int = 10, typing: bool = False
) -> list[tuple[str, str, int]]:
    return found(index.words(terms(query, typing), scope, limit).hits)


def pointing(*directions: int) -> bytes:
    """A vector."""
    return bytes(each % 256 for each in directions)

"""Finding documents again: their text, its meaning, and the index of both."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from app.core.search.documents import (
    Chunk,
    Damage,
    DocumentId,
    EntityId,
    Held,
    Hits,
    IndexedDocument,
    PageSpan,
    Scope,
    Vector,
    WordHits,
)
from app.core.search.texts import ExtractedText
from app.core.search.words import Terms


class TextExtractor(Protocol):
    """Reads the text out of files that strangers sent."""

    version: int
    """Raised whenever the same file would give another text."""
    empty_version: int
    """Another number, noted for files in which no text was found; raised or lowered whenever there may be one now."""
    kinds: Collection[str]
    """The extensions, in lower case, of files that it reads."""

    def extract(self, path: Path, kind: str) -> ExtractedText:
        """The text of a file, which is read as its extension ``kind`` says; or why there is none.

        A fault of the file is part of the answer. Raises Busy where the machine is at fault.
        """
        ...


class Embedder(Protocol):
    """Turns texts into directions, such that what means the same points the same way."""

    model: str
    """Names the model. Vectors of different models are never compared."""
    least: float
    """The cosine below which a text has nothing to do with a query."""

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A vector for each of the texts of documents. Raises Busy while the model cannot be asked."""
        ...

    def embed_query(self, query: str) -> Vector:
        """The same for one query, which passes before texts of documents that are waiting."""
        ...


class EntityIndex(Protocol):
    """Documents of entities, found by words and by meaning. Derived data: what is lost can be put again.

    Safe from any number of threads and processes. Every method raises Busy or StorageFull.
    """

    def put(self, document: IndexedDocument) -> bool:
        """Add the document, or replace what was held of it: whole or not at all. False where all of it was held already, by
        digest, extractor and model."""
        ...

    def drop(self, entity: EntityId, document: DocumentId | None = None) -> None:
        """Remove the document, or all of the entity's, also from the bytes on the disk. Nothing happens where there is
        none."""
        ...

    def words(self, terms: Terms, scope: Scope, limit: int) -> WordHits:
        """The passages in scope that hold any of the terms, ranked by BM25, with how often terms occur in scope."""
        ...

    def meaning(self, vector: Vector, model: str, scope: Scope, limit: int) -> Hits:
        """The passages in scope that have vectors of ``model``, ranked by cosine."""
        ...

    def holds(self, scope: Scope) -> Iterator[Held]:
        """What is indexed, in no order."""
        ...

    def held(self, entity: EntityId, document: DocumentId) -> Held | None:
        """The same for one document; None where nothing of it is indexed."""
        ...

    def pages(self, entity: EntityId, document: DocumentId) -> Sequence[PageSpan]:
        """On which pages a document's passages stand, in their order; none where nothing of it is indexed."""
        ...

    def passages(self, entity: EntityId, document: DocumentId, first: int, most: int) -> Sequence[Chunk]:
        """Up to ``most`` passages of a document in their order, from the one numbered ``first`` on."""
        ...

    def directions(self, entity: EntityId, document: DocumentId, model: str, most: int) -> Sequence[Vector]:
        """Up to ``most`` vectors of a document, spread over all of it; none where ``model`` has not made them."""
        ...

    def check(self) -> Damage:
        """Look through all of the index. What is broken is set aside and begun anew; the rest goes on."""
        ...

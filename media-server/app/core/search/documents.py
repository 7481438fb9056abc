"""Documents of entities as an index holds them, what is asked of it, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.core.search.pages import Page as Page

EntityId = str
"""Whoever documents belong to: any text, never a path. A link's is its fingerprint, never its hash, which opens it."""
MAX_ENTITY_ID = 200
DocumentId = str
"""A document of an entity: any text, never a path."""
Vector = bytes
"""A direction in a model's space: one signed byte for each dimension, of any length but zero. Only directions are compared."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a document, all of it on one page. ``number`` counts a document's passages from 0."""

    number: int
    text: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class PageSpan:
    """Neighbouring passages of one page: so many from the one numbered ``first`` on. ``number`` is the page's."""

    number: int | None
    first: int
    passages: int


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a document besides its text. ``kind`` is its extension in lower case, ``at`` seconds since the epoch."""

    name: str
    kind: str = ""
    at: float = 0.0
    sender: str = ""


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """A document with its passages; ``vectors``, one for each, once ``model`` has made them, before that none."""

    entity: EntityId
    document: DocumentId
    digest: str
    extractor: int
    about: About
    chunks: tuple[Chunk, ...]
    model: str | None = None
    vectors: tuple[Vector, ...] = ()

    def __post_init__(self) -> None:
        if len(self.vectors) != (len(self.chunks) if self.model is not None else 0):
            raise ValueError(
                "A document has one vector for each passage when it names a model, and none when it does not."
            )

    @property
    def held(self) -> Held:
        return Held(self.entity, self.document, self.digest, self.extractor, self.model)


@dataclass(frozen=True, slots=True)
class Held:
    """What an index holds: the document of this digest, its text by this extractor, its vectors by this model or not yet."""

    entity: EntityId
    document: DocumentId
    digest: str
    extractor: int
    model: str | None


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents are meant. None means all. Dates are seconds since the epoch, ``since`` included, ``until`` not."""

    entities: frozenset[EntityId] | None = None
    kinds: frozenset[str] | None = None
    senders: frozenset[str] | None = None
    since: float | None = None
    until: float | None = None
    without: tuple[EntityId, DocumentId] | None = None
    """One document that is not meant, as when others like it are looked for."""

    @property
    def is_filtered(self) -> bool:
        """Whether anything but entities restricts it."""
        return any(each is not None for each in (self.kinds, self.senders, self.since, self.until, self.without))


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was found, with the document that it is of."""

    entity: EntityId
    document: DocumentId
    about: About
    chunk: Chunk

    @property
    def key(self) -> tuple[EntityId, DocumentId, int]:
        return self.entity, self.document, self.chunk.number


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage and how well it fits: more is better, and only comparable with others of the same answer."""

    passage: Passage
    score: float


Hits = tuple[Hit, ...]
"""The best first."""


@dataclass(frozen=True, slots=True)
class WordHits:
    """Passages that hold any of the terms, the best first; how many passages are in scope and how many hold each term."""

    hits: Hits = ()
    chunks: int = 0
    holding: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Damage:
    """The parts of an index that were broken and set aside. What they held is missing in ``holds`` from then on."""

    parts: tuple[str, ...] = ()


def is_entity_id(text: str) -> bool:
    """Whether an entity may have this id: printable, and no longer than ``MAX_ENTITY_ID`` characters. Others come out of addresses,
    and not every database could even be asked for them."""
    return 0 < len(text) <= MAX_ENTITY_ID and text.isprintable()

"""What words and meaning found, put together: one order, one entry for each document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import log

from app.core.search.documents import DocumentId, EntityId, Hit, Hits, Passage, WordHits
from app.core.search.words import Terms, holds, prepare

K = 60
"""How little the first ranks count more than the next ones, as is usual for reciprocal rank fusion."""
LEAST_WEIGHT = 0.4
"""The part of a query's weight that a passage has to hold for its words to count beside meaning."""


@dataclass(frozen=True, slots=True)
class Found:
    """A document that was found, its best passages first."""

    passages: tuple[Passage, ...]
    score: float

    @property
    def key(self) -> tuple[EntityId, DocumentId]:
        return self.passages[0].entity, self.passages[0].document


def weights(terms: Terms, found: WordHits) -> dict[str, float]:
    """How much each term tells: its inverse document frequency among the passages in scope."""
    return {
        term: log(1 + (found.chunks - min(count, found.chunks) + 0.5) / (count + 0.5))
        for term in terms.words
        for count in [found.holding.get(term, 0)]
    }


def gate(terms: Terms, found: WordHits, least: float = LEAST_WEIGHT) -> Hits:
    """The hits whose terms carry at least this part of the query's weight, in their order.

    A query's common words are in many passages that have nothing to do with it, and ranks alone do not tell.
    """
    weight = weights(terms, found)
    enough = least * sum(weight.values())
    return tuple(hit for hit in found.hits if _weight(hit, terms, weight) >= enough)


def _weight(hit: Hit, terms: Terms, weight: dict[str, float]) -> float:
    return sum(weight[term] for term in holds(frozenset(prepare(hit.passage.chunk.text)), terms))


def near(meaning: Hits, least: float) -> Hits:
    """The hits of which the cosine is at least this; something is nearest to anything that is asked."""
    return tuple(hit for hit in meaning if hit.score >= least)


def fuse(terms: Terms, words: WordHits, meaning: Hits) -> Hits:
    """One order of both: each passage gets 1 / (K + rank) from each of the two that has found it.

    Words are gated where meaning can stand in for them; alone they are taken as they are.
    """
    if not meaning:
        return words.hits
    scores: dict[tuple[str, str, int], float] = {}
    passages: dict[tuple[str, str, int], Passage] = {}
    for ranked in (gate(terms, words), meaning):
        for rank, hit in enumerate(ranked, 1):
            key = hit.passage.key
            passages[key] = hit.passage
            scores[key] = scores.get(key, 0.0) + 1 / (K + rank)
    # Sorting keeps the order of equals, so what words found comes first.
    return tuple(Hit(passages[key], score) for key, score in sorted(scores.items(), key=lambda each: -each[1]))


def group(hits: Iterable[Hit], passages: int = 3) -> list[Found]:
    """Each document once, where its best passage stands, with up to so many of its passages."""
    documents: dict[tuple[str, str], tuple[float, list[Passage]]] = {}
    for hit in hits:
        key = hit.passage.entity, hit.passage.document
        _, kept = documents.setdefault(key, (hit.score, []))
        if len(kept) < passages:
            kept.append(hit.passage)
    return [Found(tuple(kept), score) for score, kept in documents.values()]

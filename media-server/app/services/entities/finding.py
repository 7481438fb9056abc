"""Finding: one order of documents by words and by meaning, page by page, and documents that are like another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from app.core.errors import Busy
from app.core.ports.search import Embedder, EntityIndex
from app.core.search.alike import centre
from app.core.search.documents import DocumentId, EntityId, Hits, Scope, Vector
from app.core.search.fusion import Found, fuse, group, near
from app.core.search.shown import MOST_SHOWN, NOTHING_SHOWN, Shown
from app.core.search.words import Terms, terms

CANDIDATES = 50
"""Passages that words and meaning give each before they are put together."""
DEEPER = 4
"""So many times as many are looked at where these are of too few documents."""
MOST_CANDIDATES = 3200
SAMPLE = 32
"""Passages of a document that stand for all of it when others like it are looked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Documents that were found, the best first, and whether there may be more."""

    found: tuple[Found, ...] = ()
    more: bool = False


class Finding:
    """Asks an index by words and by meaning; by words alone while the model cannot be asked. Every call raises Busy."""

    def __init__(self, index: EntityIndex, embedder: Embedder) -> None:
        self._index = index
        self._embedder = embedder

    def documents(self, query: str, scope: Scope, k: int, typing: bool = False, shown: Shown = NOTHING_SHOWN) -> Answer:
        """The ``k`` documents in scope that fit best and were not ``shown``."""
        looked_for = terms(query, typing)
        if not looked_for.words:
            return Answer()
        vector = self._direction(query)
        return _page(lambda candidates: self._both(looked_for, vector, scope, candidates), k, shown)

    def passages(self, query: str, scope: Scope, k: int) -> Hits:
        """The ``k`` passages in scope that fit best."""
        looked_for = terms(query)
        if not looked_for.words:
            return ()
        hits, _ = self._both(looked_for, self._direction(query), scope, max(CANDIDATES, k))
        return hits[:k]

    def alike(
        self, entity: EntityId, document: DocumentId, scope: Scope, k: int, shown: Shown = NOTHING_SHOWN
    ) -> Answer:
        """The ``k`` other documents in scope that mean most nearly the same and were not ``shown``; none where nothing is known of
        what it means."""
        vectors = self._index.directions(entity, document, self._embedder.model, SAMPLE)
        if not vectors:
            return Answer()
        vector, others = centre(vectors), replace(scope, without=(entity, document))
        return _page(lambda candidates: self._by_meaning(vector, others, candidates), k, shown)

    def _both(self, looked_for: Terms, vector: Vector | None, scope: Scope, candidates: int) -> tuple[Hits, bool]:
        words = self._index.words(looked_for, scope, candidates)
        meaning, more = self._by_meaning(vector, scope, candidates) if vector is not None else ((), False)
        return fuse(looked_for, words, meaning), more or len(words.hits) >= candidates

    def _by_meaning(self, vector: Vector, scope: Scope, candidates: int) -> tuple[Hits, bool]:
        """The passages that point alike, and whether there may be more of them."""
        found = near(self._index.meaning(vector, self._embedder.model, scope, candidates), self._embedder.least)
        return found, len(found) >= candidates

    def _direction(self, query: str) -> Vector | None:
        try:
            return self._embedder.embed_query(query)
        except Busy:
            return None


def _page(look: Callable[[int], tuple[Hits, bool]], k: int, shown: Shown) -> Answer:
    """The next page of what ``look`` finds among so many candidates; it also says whether there may be more than these."""
    found: list[Found] = []
    more = False
    for candidates in _depths(shown):
        hits, more = look(candidates)
        found = [each for each in group(hits) if not shown.has(*each.key)]
        if not more or len(found) > k:
            break
    told = found[: min(k, MOST_SHOWN - len(shown))]
    is_last = len(shown) + len(told) >= MOST_SHOWN
    return Answer(tuple(told), not is_last and (more or len(found) > len(told)) and bool(told))


def _depths(shown: Shown) -> Iterator[int]:
    """How many candidates are looked at, one after the other. For the first page it is once more at most: that page is asked for
    with every key, and few documents that are long give a short one."""
    depth = CANDIDATES + 4 * len(shown)
    yield depth
    while depth < (MOST_CANDIDATES if shown else CANDIDATES * DEEPER):
        depth *= DEEPER
        yield depth

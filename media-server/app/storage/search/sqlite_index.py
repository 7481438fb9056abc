"""EntityIndex in a folder: sixteen SQLite files, each entity in one of them."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from app.core.search.documents import (
    About,
    Chunk,
    Damage,
    DocumentId,
    EntityId,
    Held,
    Hit,
    Hits,
    IndexedDocument,
    PageSpan,
    Passage,
    Scope,
    Vector,
    WordHits,
)
from app.core.search.words import Terms, prepare
from app.storage.search.rules import SHARDS, says_nothing_new, says_only_more, shard_of, spans, token_of
from app.storage.search.shard import Shard
from app.storage.search.vectors import VectorCache, nearest

_HELD = "SELECT entity, document, digest, extractor, model FROM documents"
_PASSAGE = """SELECT c.id, d.entity, d.document, d.name, d.kind, d.at, d.sender, c.number, c.text, c.page
    FROM chunks c JOIN documents d ON d.id = c.owner WHERE c.id IN ({})"""
Scored = tuple[float, Shard, int]
"""How well a passage fits, where it is, its id there."""


class SQLiteIndex:
    """Right with any number of threads and processes, of which those that write to different shards pass each other."""

    def __init__(self, folder: Path, on_damage: Callable[[], object] = lambda: None) -> None:
        """``on_damage`` is called whenever something was broken, which has to be filled again."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._shards = [Shard(folder, f"{number:02}", on_damage) for number in range(SHARDS)]
        self._vectors = {shard.name: VectorCache() for shard in self._shards}

    def put(self, document: IndexedDocument) -> bool:
        shard = self._shards[shard_of(document.entity)]
        with shard.writing() as connection:
            where = document.entity, document.document
            found = connection.execute(f"SELECT id, {_HELD[7:]} WHERE entity = ? AND document = ?", where).fetchone()
            held = Held(*found[1:]) if found else None
            if held is not None and says_nothing_new(document, held):
                return False
            if found is not None and held is not None and says_only_more(document, held):
                connection.execute("UPDATE documents SET model = ? WHERE id = ?", (document.model, found[0]))
                _add_vectors(connection, found[0], document.vectors)
                return True
            if found is not None:
                _remove(connection, document.entity, [found[0]])
            _add(connection, document)
        if found is not None:
            shard.scrub()
        return True

    def drop(self, entity: EntityId, document: DocumentId | None = None) -> None:
        shard = self._shards[shard_of(entity)]
        if not shard.is_there():
            return
        with shard.writing() as connection:
            found = connection.execute(
                "SELECT id FROM documents WHERE entity = ? AND document = coalesce(?, document)", (entity, document)
            ).fetchall()
            _remove(connection, entity, [row[0] for row in found])
        if found:
            shard.scrub()

    def words(self, terms: Terms, scope: Scope, limit: int) -> WordHits:
        if not terms.words:
            return WordHits()
        found: list[Scored] = []
        chunks, holding = 0, dict.fromkeys(terms.words, 0)
        for shard, entities in self._in_scope(scope):
            with shard.reading() as connection:
                chunks += _count(connection, scope, entities)
                ranked, counts = _search(connection, terms, scope, entities, limit)
            for term, count in counts.items():
                holding[term] += count
            # SQLite's measure is the smaller the better.
            found += [(-score, shard, id) for id, score in ranked]
        return WordHits(_best(found, limit), chunks, holding)

    def meaning(self, vector: Vector, model: str, scope: Scope, limit: int) -> Hits:
        found: list[Scored] = []
        for shard, entities in self._in_scope(scope):
            version = shard.version()
            with shard.reading() as connection:
                condition, values = _condition(scope, entities)
                query = f"SELECT d.id FROM documents d WHERE d.model = ? AND {condition}"
                owners = [row[0] for row in connection.execute(query, (model, *values))]
                if owners:
                    matrix = self._vectors[shard.name].get(
                        version, len(vector), partial(_vectors, connection, len(vector))
                    )
                    found += [(cosine, shard, id) for id, cosine in nearest(matrix, vector, owners, limit)]
        return _best(found, limit)

    def holds(self, scope: Scope) -> Iterator[Held]:
        for shard, entities in self._in_scope(scope):
            condition, values = _condition(scope, entities)
            with shard.reading() as connection:
                found = connection.execute(f"{_HELD} d WHERE {condition}", values).fetchall()
            yield from (Held(*row) for row in found)

    def held(self, entity: EntityId, document: DocumentId) -> Held | None:
        with self._shards[shard_of(entity)].reading() as connection:
            found = connection.execute(f"{_HELD} WHERE entity = ? AND document = ?", (entity, document)).fetchone()
        return Held(*found) if found else None

    def pages(self, entity: EntityId, document: DocumentId) -> list[PageSpan]:
        found = self._of_document("SELECT number, page FROM chunks WHERE owner = ? ORDER BY number", entity, document)
        return spans(found)

    def passages(self, entity: EntityId, document: DocumentId, first: int, most: int) -> list[Chunk]:
        query = "SELECT number, text, page FROM chunks WHERE owner = ? AND number >= ? ORDER BY number LIMIT ?"
        return [Chunk(*row) for row in self._of_document(query, entity, document, first, most)]

    def directions(self, entity: EntityId, document: DocumentId, model: str, most: int) -> list[Vector]:
        # Every so many of them, such that no more than ``most`` are left.
        query = """SELECT v.vector FROM chunks c JOIN vectors v ON v.id = c.id JOIN documents d ON d.id = c.owner
            WHERE c.owner = ?1 AND d.model = ?2
            AND c.number % ((SELECT count(*) + ?3 - 1 FROM chunks WHERE owner = ?1) / ?3) = 0 ORDER BY c.number"""
        return [row[0] for row in self._of_document(query, entity, document, model, most)]

    def check(self) -> Damage:
        return Damage(tuple(shard.name for shard in self._shards if shard.is_there() and shard.is_broken()))

    def close(self) -> None:
        """Close all files; the next call opens them again."""
        for shard in self._shards:
            shard.close()

    def _of_document(
        self, query: str, entity: EntityId, document: DocumentId, *values: object
    ) -> list[tuple[Any, ...]]:
        """What ``query`` finds of a document, whose id comes before ``values``; nothing where it is not held."""
        shard = self._shards[shard_of(entity)]
        if not shard.is_there():
            return []
        with shard.reading() as connection:
            where = "SELECT id FROM documents WHERE entity = ? AND document = ?"
            found = connection.execute(where, (entity, document)).fetchone()
            return connection.execute(query, (found[0], *values)).fetchall() if found else []

    def _in_scope(self, scope: Scope) -> Iterable[tuple[Shard, Sequence[EntityId] | None]]:
        if scope.entities is None:
            return [(shard, None) for shard in self._shards if shard.is_there()]
        by_shard: dict[int, list[EntityId]] = {}
        for entity in scope.entities:
            by_shard.setdefault(shard_of(entity), []).append(entity)
        return [(self._shards[number], each) for number, each in by_shard.items() if self._shards[number].is_there()]


def _add(connection: sqlite3.Connection, document: IndexedDocument) -> None:
    about = document.about
    owner = connection.execute(
        "INSERT INTO documents (entity, document, digest, extractor, model, name, kind, at, sender) VALUES (?,?,?,?,?,?,?,?,?)",
        (
            *(document.entity, document.document, document.digest, document.extractor, document.model),
            *(about.name, about.kind, about.at, about.sender),
        ),
    ).lastrowid
    token = token_of(document.entity)
    for chunk in document.chunks:
        id = connection.execute(
            "INSERT INTO chunks (owner, number, page, text) VALUES (?, ?, ?, ?)",
            (owner, chunk.number, chunk.page, chunk.text),
        ).lastrowid
        words = " ".join(prepare(chunk.text))
        connection.execute("INSERT INTO words (rowid, text, entity) VALUES (?, ?, ?)", (id, words, token))
    if document.vectors:
        _add_vectors(connection, owner, document.vectors)


def _add_vectors(connection: sqlite3.Connection, owner: int | None, vectors: Sequence[Vector]) -> None:
    ids = [row[0] for row in connection.execute("SELECT id FROM chunks WHERE owner = ? ORDER BY number", (owner,))]
    rows = [(id, owner, vector) for id, vector in zip(ids, vectors, strict=True)]
    connection.executemany("INSERT INTO vectors (id, owner, vector) VALUES (?, ?, ?)", rows)


def _vectors(connection: sqlite3.Connection, dimensions: int) -> list[tuple[int, int, bytes]]:
    query = "SELECT id, owner, vector FROM vectors WHERE length(vector) = ?"
    return connection.execute(query, (dimensions,)).fetchall()


def _remove(connection: sqlite3.Connection, entity: EntityId, owners: Iterable[int]) -> None:
    token = token_of(entity)
    for owner in owners:
        for id, text in connection.execute("SELECT id, text FROM chunks WHERE owner = ?", (owner,)).fetchall():
            words = " ".join(prepare(text))
            connection.execute(
                "INSERT INTO words (words, rowid, text, entity) VALUES ('delete', ?, ?, ?)", (id, words, token)
            )
            connection.execute("DELETE FROM vectors WHERE id = ?", (id,))
        connection.execute("DELETE FROM chunks WHERE owner = ?", (owner,))
        connection.execute("DELETE FROM documents WHERE id = ?", (owner,))


def _condition(scope: Scope, entities: Sequence[EntityId] | None) -> tuple[str, list[object]]:
    """What the row ``d`` of a document has to be."""
    tests, values = ["1"], list[object]()
    for column, allowed in (("entity", entities), ("kind", scope.kinds), ("sender", scope.senders)):
        if allowed is not None:
            tests.append(f"d.{column} IN ({','.join('?' * len(allowed))})")
            values += allowed
    for test, bound in (("d.at >= ?", scope.since), ("d.at < ?", scope.until)):
        if bound is not None:
            tests.append(test)
            values.append(bound)
    if scope.without is not None:
        tests.append("NOT (d.entity = ? AND d.document = ?)")
        values += scope.without
    return " AND ".join(tests), values


def _count(connection: sqlite3.Connection, scope: Scope, entities: Sequence[EntityId] | None) -> int:
    if entities is None and not scope.is_filtered:
        return int(connection.execute("SELECT count(*) FROM chunks").fetchone()[0])
    condition, values = _condition(scope, entities)
    query = f"SELECT count(*) FROM documents d JOIN chunks c ON c.owner = d.id WHERE {condition}"
    return int(connection.execute(query, values).fetchone()[0])


def _search(
    connection: sqlite3.Connection, terms: Terms, scope: Scope, entities: Sequence[EntityId] | None, limit: int
) -> tuple[list[tuple[int, float]], dict[str, int]]:
    """The ids of the best passages with their rank, and how many passages in scope hold each term."""
    parts = {term: _written(term, terms) for term in terms.words}
    inside = f"entity:({' OR '.join(map(token_of, entities))}) AND " if entities is not None else ""
    table, values = "words", list[object]()
    if scope.is_filtered:
        condition, values = _condition(scope, entities)
        table = "words JOIN chunks c ON c.id = words.rowid JOIN documents d ON d.id = c.owner AND " + condition
    found = connection.execute(
        f"SELECT words.rowid, bm25(words, 1.0, 0.0) AS rank FROM {table} WHERE words MATCH ? ORDER BY rank LIMIT ?",
        (*values, f"{inside}text:({' OR '.join(parts.values())})", limit),
    ).fetchall()
    counts = {}
    for term, part in parts.items():
        if inside or scope.is_filtered or part.endswith("*"):
            query, given = f"SELECT count(*) FROM {table} WHERE words MATCH ?", (*values, f"{inside}text:({part})")
        else:
            query, given = "SELECT coalesce(max(doc), 0) FROM vocabulary WHERE term = ? AND col = 'text'", (term,)
        counts[term] = connection.execute(query, given).fetchone()[0]
    return found, counts


def _written(term: str, terms: Terms) -> str:
    # Words hold letters and digits only, so nothing in them means anything between the quotes.
    return f'"{term}"*' if term == terms.open else f'"{term}"'


def _best(found: Iterable[Scored], limit: int) -> Hits:
    """The best of all shards. What was removed since it was found is left out."""
    best = heapq.nsmallest(limit, found, key=lambda each: (-each[0], each[1].name, each[2]))
    by_shard: dict[Shard, dict[int, float]] = {}
    for score, shard, id in best:
        by_shard.setdefault(shard, {})[id] = score
    hits = [hit for shard, scores in by_shard.items() for hit in _hits(shard, scores)]
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.passage.key)))


def _hits(shard: Shard, scores: Mapping[int, float]) -> list[Hit]:
    with shard.reading() as connection:
        rows = connection.execute(_PASSAGE.format(",".join("?" * len(scores))), list(scores)).fetchall()
    return [
        Hit(Passage(entity, document, About(name, kind, at, sender), Chunk(number, text, page)), scores[id])
        for id, entity, document, name, kind, at, sender, number, text, page in rows
    ]

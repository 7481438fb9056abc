"""EntityIndex in PostgreSQL: words as tsvector, ranked as BM25 ranks, and vectors in the server where it knows them (pgvector), else
compared here.

Words are written into the server as ``prepare`` makes them, past its own parser. The entity is one more of each passage, under a
name that no word of a text can have.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
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
from app.storage.search.postgresql_tables import HALF, PostgreSQLTables
from app.storage.search.rules import SHARDS, says_nothing_new, says_only_more, shard_of, spans, token_of
from app.storage.search.vectors import VectorCache, nearest
from app.storage.sql.database import Row, Transaction
from app.storage.sql.postgresql import PostgreSQLDatabase

_MOST_POSITION = 16383
"""What positions of words in a tsvector end at."""
_NUMBERS = 1 << 20
"""More than the passages of any document: one number then stands for document and passage."""
_HELD = "d.entity, d.document, d.digest, d.extractor, d.model"
_PASSAGE = "d.entity, d.document, d.name, d.kind, d.at, d.sender, c.number, c.text, c.page"
# The server's measure of one word, so that once is 1, twice a quarter more, and so on: it takes the place of how often.
_ONCE = 1.64493406685
_SCORE = "greatest(1e-6, ln((n - h{at} + 0.5) / (h{at} + 0.5))) * s{at} * 2.2 / (s{at} + 1.2 * (0.25 + 0.75 * length / greatest(w / n, 1)))"
_WORDS = """WITH found AS MATERIALIZED (
    SELECT c.owner, c.number, c.length, {measures} FROM search_chunks c{joined} WHERE c.words @@ %(sought)s::tsquery{within}
), scope AS (SELECT coalesce(sum(d.chunks), 0)::float8 AS n, coalesce(sum(d.words), 0)::float8 AS w FROM search_documents d WHERE {condition}),
held AS (SELECT {counts} FROM found),
best AS (SELECT owner, number, {score} AS score FROM found, scope, held ORDER BY score DESC, owner, number LIMIT %(limit)s)
SELECT n, {holding}, score, {passage} FROM scope CROSS JOIN held LEFT JOIN (
    best JOIN search_documents d ON d.id = best.owner
    JOIN search_chunks c ON c.shard = d.shard AND c.owner = best.owner AND c.number = best.number
) ON true"""
_MEANING = """WITH best AS (
    SELECT v.owner, v.number, coalesce(nullif(1 - (v.vector <=> %(vector)s::halfvec), 'NaN'), 0) AS score
    FROM search_vectors v JOIN search_documents d ON d.id = v.owner
    WHERE d.model = %(model)s AND vector_dims(v.vector) = %(dimensions)s AND {condition}{within}
    ORDER BY score DESC, v.owner, v.number LIMIT %(limit)s
) """
_PASSAGES = f"""SELECT best.score, {_PASSAGE} FROM best JOIN search_documents d ON d.id = best.owner
JOIN search_chunks c ON c.shard = d.shard AND c.owner = best.owner AND c.number = best.number"""
_GIVEN = "WITH best AS (SELECT * FROM unnest(%(owners)s::bigint[], %(numbers)s::int[], %(scores)s::float8[]) AS t (owner, number, score)) "
_BUMP = "UPDATE search_shards SET version = version + 1, removed = removed OR %(removed)s WHERE number = %(shard)s"


class PostgreSQLIndex:
    """Right with any number of threads and processes, of which those that write to different shards pass each other."""

    def __init__(self, database: PostgreSQLDatabase, on_damage: Callable[[], object] = lambda: None) -> None:
        """Nothing is asked of the server before it is needed; ``on_damage`` is called whenever something was broken, which has to be
        filled again."""
        self._tables = PostgreSQLTables(database, on_damage)
        self._vectors = [VectorCache() for _ in range(SHARDS)]

    def put(self, document: IndexedDocument) -> bool:
        shard = shard_of(document.entity)
        with self._tables.writing(shard) as tx:
            keys = _keys(document.entity, document.document)
            row = tx.one(f"SELECT {_HELD}, id FROM search_documents d WHERE {_THIS}", **keys)
            held = _held(row) if row else None
            if held is not None and says_nothing_new(document, held):
                return False
            if row and held is not None and says_only_more(document, held):
                tx.run(
                    "UPDATE search_documents SET model = %(model)s WHERE id = %(id)s", model=document.model, id=row[-1]
                )
                self._add_vectors(tx, shard, row[-1], document.vectors)
            else:
                if row:
                    _remove(tx, shard, [row[-1]])
                self._add_vectors(tx, shard, _add(tx, shard, document), document.vectors)
            tx.run(_BUMP, shard=shard, removed=row is not None)
        return True

    def drop(self, entity: EntityId, document: DocumentId | None = None) -> None:
        shard = shard_of(entity)
        with self._tables.writing(shard) as tx:
            which = _THIS if document is not None else "d.entity_key = %(entity_key)s"
            rows = tx.all(f"SELECT d.id FROM search_documents d WHERE {which}", **_keys(entity, document or ""))
            if rows:
                _remove(tx, shard, [row[0] for row in rows])
                tx.run(_BUMP, shard=shard, removed=True)

    def words(self, terms: Terms, scope: Scope, limit: int) -> WordHits:
        if not terms.words or not _shards(scope):
            return WordHits((), 0, dict.fromkeys(terms.words, 0))
        parts = [_sought(term, terms) for term in terms.words]
        values = _values(scope) | {f"t{at}": part for at, part in enumerate(parts)}
        condition, each = _condition(scope), range(len(parts))
        query = _WORDS.format(
            measures=", ".join(
                f"ts_rank('{{1,1,1,1}}', c.words, %(t{at})s::tsquery) * {_ONCE} AS s{at}" for at in each
            ),
            joined=" JOIN search_documents d ON d.id = c.owner" if scope.is_filtered else "",
            within=_within("c", scope) + (f" AND {condition}" if scope.is_filtered else ""),
            condition=condition,
            counts=", ".join(f"count(*) FILTER (WHERE s{at} > 0) AS h{at}" for at in each),
            score=" + ".join(f"CASE WHEN s{at} > 0 THEN {_SCORE.format(at=at)} ELSE 0 END" for at in each),
            holding=", ".join(f"h{at}" for at in each),
            passage=_PASSAGE,
        )
        values |= {"sought": _inside(scope, " | ".join(parts)), "limit": limit}
        with self._tables.reading() as tx:
            rows = tx.all(query, **values)
        holding = dict(zip(terms.words, rows[0][1 : 1 + len(parts)], strict=True))
        found = [row[1 + len(parts) :] for row in rows]
        return WordHits(_hits(row for row in found if row[0] is not None), int(rows[0][0]), holding)

    def meaning(self, vector: Vector, model: str, scope: Scope, limit: int) -> Hits:
        values = _values(scope) | {"model": model}
        with self._tables.reading() as tx:
            if self._tables.vectors() != HALF:
                return self._compared(tx, vector, scope, limit, values)
            query = _MEANING.format(condition=_condition(scope), within=_within("v", scope)) + _PASSAGES
            values |= {"vector": _half(vector), "dimensions": len(vector), "limit": limit}
            return _hits(tx.all(query, **values))

    def holds(self, scope: Scope) -> Iterator[Held]:
        for shard in _shards(scope):
            query = f"SELECT {_HELD} FROM search_documents d WHERE d.shard = %(shard)s AND {_condition(scope)}"
            with self._tables.reading() as tx:
                rows = tx.all(query, **_values(scope), shard=shard)
            yield from map(_held, rows)

    def held(self, entity: EntityId, document: DocumentId) -> Held | None:
        with self._tables.reading() as tx:
            row = tx.one(f"SELECT {_HELD} FROM search_documents d WHERE {_THIS}", **_keys(entity, document))
        return _held(row) if row else None

    def pages(self, entity: EntityId, document: DocumentId) -> list[PageSpan]:
        return spans(self._of_document("SELECT c.number, c.page", "ORDER BY c.number", entity, document))

    def passages(self, entity: EntityId, document: DocumentId, first: int, most: int) -> list[Chunk]:
        which = "AND c.number >= %(first)s ORDER BY c.number LIMIT %(most)s"
        rows = self._of_document("SELECT c.number, c.text, c.page", which, entity, document, first=first, most=most)
        return [Chunk(number, _text(text), page) for number, text, page in rows]

    def directions(self, entity: EntityId, document: DocumentId, model: str, most: int) -> list[Vector]:
        is_half = self._tables.vectors() == HALF
        # Every so many of them, such that no more than ``most`` are left.
        which = "AND d.model = %(model)s AND c.number %% ((d.chunks + %(most)s - 1) / %(most)s) = 0 ORDER BY c.number"
        what = f"SELECT v.vector{'::text' if is_half else ''}"
        rows = self._of_document(what, which, entity, document, model=model, most=most)
        return [_from_half(row[0]) if is_half else row[0] for row in rows]

    def check(self) -> Damage:
        return Damage(tuple(f"{shard:02}" for shard in self._tables.check()))

    def close(self) -> None:
        """The connections are the catalogue's."""

    def _of_document(
        self, what: str, which: str, entity: EntityId, document: DocumentId, **values: object
    ) -> list[Row]:
        """``what`` of the passages ``c`` of a document ``d``, with their vectors ``v`` where there are some."""
        tables = "search_documents d JOIN search_chunks c ON c.shard = d.shard AND c.owner = d.id"
        if "v." in what:
            tables += " JOIN search_vectors v ON v.shard = d.shard AND v.owner = d.id AND v.number = c.number"
        with self._tables.reading() as tx:
            return tx.all(f"{what} FROM {tables} WHERE {_THIS} {which}", **_keys(entity, document), **values)

    def _add_vectors(self, tx: Transaction, shard: int, owner: int, vectors: Sequence[Vector]) -> None:
        is_half = self._tables.vectors() == HALF
        tx.many(
            f"INSERT INTO search_vectors VALUES (%(shard)s, %(owner)s, %(number)s, %(vector)s{'::halfvec' if is_half else ''})",
            [
                {"shard": shard, "owner": owner, "number": number, "vector": _half(vector) if is_half else vector}
                for number, vector in enumerate(vectors)
            ],
        )

    def _compared(self, tx: Transaction, vector: Vector, scope: Scope, limit: int, values: dict[str, object]) -> Hits:
        """What ``meaning`` finds where the server cannot compare. Vectors are kept here until their shard changes."""
        # Asked before the vectors are: what changes in between is seen by the next call.
        versions: dict[int, int] = dict(tx.all("SELECT number, version FROM search_shards"))
        query = f"SELECT d.shard, array_agg(d.id) FROM search_documents d WHERE d.model = %(model)s AND {_condition(scope)} GROUP BY d.shard"
        found: list[tuple[int, float]] = []
        for shard, owners in tx.all(query, **values):
            matrix = self._vectors[shard].get(versions.get(shard), len(vector), partial(_read, tx, shard, len(vector)))
            found += nearest(matrix, vector, owners, limit)
        best = sorted(found, key=lambda each: (-each[1], each[0]))[:limit]
        return _hits(
            tx.all(
                _GIVEN + _PASSAGES,
                owners=[id // _NUMBERS for id, _ in best],
                numbers=[id % _NUMBERS for id, _ in best],
                scores=[score for _, score in best],
            )
        )


_THIS = "d.entity_key = %(entity_key)s AND d.document_key = %(document_key)s"


def _read(tx: Transaction, shard: int, dimensions: int) -> list[Row]:
    query = f"SELECT owner * {_NUMBERS} + number, owner, vector FROM search_vectors WHERE shard = %(shard)s AND octet_length(vector) = %(dimensions)s"
    return tx.all(query, shard=shard, dimensions=dimensions)


def _add(tx: Transaction, shard: int, document: IndexedDocument) -> int:
    """The number of the document's new row."""
    about, words = document.about, [prepare(chunk.text) for chunk in document.chunks]
    row: dict[str, Any] = {
        **_keys(document.entity, document.document),
        "shard": shard,
        "digest": document.digest,
        "extractor": document.extractor,
        "model": document.model,
        "at": about.at,
        "entity": _bytes(document.entity),
        "document": _bytes(document.document),
        "name": _bytes(about.name),
        "kind": _bytes(about.kind),
        "sender": _bytes(about.sender),
        "chunks": len(words),
        "words": sum(map(len, words)),
    }
    columns, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    found = tx.one(f"INSERT INTO search_documents ({columns}) VALUES ({places}) RETURNING id", **row)
    assert found
    tx.many(
        """INSERT INTO search_chunks (shard, owner, number, page, length, text, words)
        VALUES (%(shard)s, %(owner)s, %(number)s, %(page)s, %(length)s, %(text)s, %(words)s::tsvector)""",
        [
            {
                "shard": shard,
                "owner": found[0],
                "number": chunk.number,
                "page": chunk.page,
                "length": len(each),
                "text": _bytes(chunk.text),
                "words": _vector(document.entity, each),
            }
            for chunk, each in zip(document.chunks, words, strict=True)
        ],
    )
    return int(found[0])


def _remove(tx: Transaction, shard: int, owners: Sequence[int]) -> None:
    for table in ("search_vectors", "search_chunks"):
        tx.run(f"DELETE FROM {table} WHERE shard = %(shard)s AND owner = ANY(%(owners)s)", shard=shard, owners=owners)
    tx.run("DELETE FROM search_documents WHERE id = ANY(%(owners)s)", owners=owners)


def _vector(entity: EntityId, words: Sequence[str]) -> str:
    """Words with their places, and the entity, in the server's own writing. Words hold letters and digits only."""
    placed = (f"'{word}':{min(at, _MOST_POSITION)}" for at, word in enumerate(words, 1))
    return " ".join((_entity(entity), *placed))


def _entity(entity: EntityId) -> str:
    # No word holds a line like this one, so none can be taken for an entity.
    return f"'_{token_of(entity)}'"


def _sought(term: str, terms: Terms) -> str:
    return f"'{term}':*" if term == terms.open else f"'{term}'"


def _inside(scope: Scope, words: str) -> str:
    if scope.entities is None:
        return words
    return f"({' | '.join(map(_entity, scope.entities))}) & ({words})"


def _condition(scope: Scope) -> str:
    """What the row ``d`` of a document has to be."""
    tests = ["true"]
    for column, allowed in (("entity_key", scope.entities), ("kind", scope.kinds), ("sender", scope.senders)):
        if allowed is not None:
            tests.append(f"d.{column} = ANY(%({column})s::bytea[])")
    if scope.without is not None:
        tests.append("NOT (d.entity_key = %(without_entity)s AND d.document_key = %(without_document)s)")
    tests += [f"d.at {test} %({name})s" for name, test, bound in _bounds(scope) if bound is not None]
    return " AND ".join(tests)


def _values(scope: Scope) -> dict[str, object]:
    found: dict[str, object] = {name: bound for name, _, bound in _bounds(scope) if bound is not None}
    if scope.entities is not None:
        found |= {"entity_key": list(map(_key, scope.entities)), "shards": list(_shards(scope))}
    if scope.without is not None:
        found |= dict(zip(("without_entity", "without_document"), map(_key, scope.without), strict=True))
    for column, allowed in (("kind", scope.kinds), ("sender", scope.senders)):
        if allowed is not None:
            found[column] = list(map(_bytes, allowed))
    return found


def _bounds(scope: Scope) -> tuple[tuple[str, str, float | None], ...]:
    return ("since", ">=", scope.since), ("until", "<", scope.until)


def _within(table: str, scope: Scope) -> str:
    """Spares the server the partitions that hold nothing of the scope."""
    return "" if scope.entities is None else f" AND {table}.shard = ANY(%(shards)s)"


def _shards(scope: Scope) -> Collection[int]:
    return range(SHARDS) if scope.entities is None else {shard_of(each) for each in scope.entities}


def _keys(entity: EntityId, document: DocumentId) -> Mapping[str, bytes]:
    return {"entity_key": _key(entity), "document_key": _key(document)}


def _key(text: str) -> bytes:
    """Stands for an id, which may be too long for a row of an index."""
    return hashlib.sha256(_bytes(text)).digest()[:16]


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _text(found: bytes) -> str:
    return found.decode(errors="surrogatepass")


def _half(vector: Vector) -> str:
    return str(array("b", vector).tolist())


def _from_half(found: str) -> Vector:
    return array("b", map(int, found[1:-1].split(","))).tobytes()


def _held(row: Row) -> Held:
    return Held(_text(row[0]), _text(row[1]), *row[2:5])


def _hits(rows: Iterator[Row] | Sequence[Row]) -> Hits:
    hits = [
        Hit(
            Passage(
                _text(entity),
                _text(document),
                About(_text(name), _text(kind), at, _text(sender)),
                Chunk(number, _text(text), page),
            ),
            float(score),
        )
        for score, entity, document, name, kind, at, sender, number, text, page in rows
    ]
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.passage.key)))

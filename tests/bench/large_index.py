"""An index of a hundred thousand passages: how large it is, and what a question takes of the processor."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.core.search.documents import EVERYTHING, About, Chunk, IndexedDocument, Scope
from app.services.entities.finding import Finding
from app.storage.search.embedder import DIMENSIONS, UniversalEmbedder
from app.storage.search.sqlite_index import SQLiteIndex
from tests.bench.load import median

ENTITIES = 100
DOCUMENTS = 5_000
PASSAGES = 20
WORDS = 80
"""Of each passage, of a language of 30,000 words of which few are frequent."""
VOCABULARY = 30_000
QUESTIONS = 60
K = 10


@dataclass(frozen=True)
class Measured:
    """MB on the disk, seconds of the processor to add all, and milliseconds of it for each question."""

    megabytes: float
    text_megabytes: float
    adding: float
    one_entity: float
    across: float


def measure(folder: Path, embedder: UniversalEmbedder, say: Callable[[str], None]) -> Measured:
    """Make it, and ask it with the question's embedding included."""
    index, text_bytes, began = SQLiteIndex(folder / "index"), 0, time.process_time()
    for document in _documents(embedder.model):
        index.put(document)
        text_bytes += sum(len(chunk.text) for chunk in document.chunks)
    adding = time.process_time() - began
    # What is done every hour.
    index.check()
    index.close()
    say(f"added in {adding:.1f} s of the processor")
    for path in (folder / "index").glob("*.db"):
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.close()
    size = sum(path.stat().st_size for path in (folder / "index").iterdir())
    finding = Finding(index, embedder)
    return Measured(
        size / 1e6,
        text_bytes / 1e6,
        adding,
        _asked(finding, embedder, lambda at: Scope(frozenset({_entity(at)}))),
        _asked(finding, embedder, lambda at: EVERYTHING),
    )


def _asked(finding: Finding, embedder: UniversalEmbedder, scope: Callable[[int], Scope]) -> float:
    """Milliseconds of the processor for a question: the median, after each entity was asked once."""
    drawn, words, found = random.Random(1), _words(), list[float]()
    for at in range(ENTITIES + QUESTIONS):
        question = " ".join(words[int(drawn.paretovariate(0.4)) % VOCABULARY] for _ in range(3))
        began = _spent(embedder)
        finding.documents(question, scope(at % ENTITIES), K)
        if at >= ENTITIES:
            found.append(1000 * (_spent(embedder) - began))
    return median(found)


def _spent(embedder: UniversalEmbedder) -> float:
    """Seconds of the processor that this process and the embedder's have used, the latter's one thread to the nanosecond."""
    theirs = Path(f"/proc/{embedder.process_id}/schedstat").read_text().split()[0]
    return time.process_time() + int(theirs) / 1e9


def _documents(model: str) -> Iterator[IndexedDocument]:
    drawn, words = random.Random(0), _words()
    weights = [1 / (at + 3) for at in range(VOCABULARY)]
    for number in range(DOCUMENTS):
        chosen = drawn.choices(words, weights, k=WORDS * PASSAGES)
        chunks = tuple(
            Chunk(at, " ".join(chosen[WORDS * at : WORDS * (at + 1)]), 1 + at // 4) for at in range(PASSAGES)
        )
        vectors = tuple(drawn.randbytes(DIMENSIONS) for _ in chunks)
        about = About(f"letter-{number}.pdf", "pdf", 1.7e9 + number, f"Sender {number % 50}")
        yield IndexedDocument(_entity(number), f"{number:032x}", f"{number:064x}", 1, about, chunks, model, vectors)


def _words() -> list[str]:
    drawn = random.Random(2)
    made: dict[str, None] = {}
    while len(made) < VOCABULARY:
        made["".join(drawn.choices("etaoinshrdlcumwfgypbvk", k=drawn.randint(3, 8)))] = None
    return sorted(made, key=len)


def _entity(number: int) -> str:
    return f"{number % ENTITIES:016x}"

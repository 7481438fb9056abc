"""EntityIndex: whole or not at all, found by words and by meaning inside a scope, and the same on every engine."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace

import pytest

from app.core.search.documents import EVERYTHING, About, Chunk, Held, PageSpan, Scope
from app.core.search.words import terms
from tests.support.cluster import wait_for_the_dead
from tests.support.entity_indexes import MODEL, by_words, document, found, pointing
from tests.support.processes import together

pytest.importorskip("numpy", reason="comes with the extra `search`")


@pytest.fixture(params=["sqlite", "postgresql", "pgvector"])
def make(request, indexes):
    """Opens the same index again, as another process would."""
    return indexes(request.param)


def test_a_document_is_found_by_its_words_as_they_were_put(make):
    put = document("e", "d", "The Café's invoice", "東京都庁の領収書")
    assert make().put(put)
    for query, number in (("cafe", 0), ("INVOICE", 0), ("都庁", 1), ("領収書", 1)):
        hits = make().words(terms(query), EVERYTHING, 10).hits
        assert [hit.passage.chunk for hit in hits] == [put.chunks[number]]
        assert hits[0].passage.about == put.about
    assert by_words(make(), "inv", typing=True) == [("e", "d", 0)]
    assert by_words(make(), "inv") == []
    assert by_words(make(), "") == []


@pytest.mark.parametrize(
    "query", ['"', "a OR b", "NEAR(a b)", "entity:e", "text:*", "-a", "(", "a^2", "e* AND", "\0", "x" * 10000]
)
def test_a_query_is_data_and_never_an_order(make, query):
    index = make()
    index.put(document("e", "d", "hello"))
    assert by_words(index, query, typing=True) == []


def test_the_same_again_changes_nothing_and_another_digest_replaces_it(make):
    index = make()
    first = document("e", "d", "moped", "bill")
    assert [index.put(first), index.put(first)] == [True, False]
    assert make().put(document("e", "d", "scooter"))
    assert [by_words(index, each) for each in ("moped", "bill", "scooter")] == [[], [], [("e", "d", 0)]]
    assert index.put(document("e", "d", "scooter", extractor=2))
    assert list(index.holds(EVERYTHING)) == [Held("e", "d", document("e", "d", "scooter").digest, 2, None)]


def test_meaning_may_follow_and_words_that_come_late_do_not_take_it_away(make):
    index = make()
    late = document("e", "d", "one", "two", vectors=(pointing(1, 0), pointing(0, 1)))
    plain = replace(late, model=None, vectors=())
    assert [index.put(plain), index.put(late), index.put(late), index.put(plain)] == [True, True, False, False]
    assert found(index.meaning(pointing(0, 9), MODEL, EVERYTHING, 10)) == [("e", "d", 1), ("e", "d", 0)]
    assert index.meaning(pointing(0, 9), "another", EVERYTHING, 10) == ()
    assert index.put(replace(late, model="another"))
    assert [held.model for held in index.holds(EVERYTHING)] == ["another"]
    assert by_words(index, "one two") in ([("e", "d", 0), ("e", "d", 1)],)


def test_what_others_change_is_seen_in_words_and_meaning(make):
    one, other = make(), make()
    for number in range(3):
        one.put(document("e", str(number), "word", vectors=(pointing(1, number),)))
        assert len(found(other.meaning(pointing(1, 0), MODEL, EVERYTHING, 10))) == number + 1
    other.drop("e", "1")
    assert found(one.meaning(pointing(1, 0), MODEL, EVERYTHING, 10)) == [("e", "0", 0), ("e", "2", 0)]
    assert len(by_words(one, "word")) == 2


def test_what_others_changed_while_the_files_were_closed_is_seen_in_meaning(make):
    one, other = make(), make()
    for number in range(4):
        one.put(document("e", str(number), "word", vectors=(pointing(1, number),)))
        assert len(other.meaning(pointing(1, 0), MODEL, EVERYTHING, 10)) == number + 1
        other.close()


def test_cosines_tell_directions_and_not_lengths(make):
    index = make()
    index.put(document("e", "d", "a", "b", "c", vectors=(pointing(1, 0), pointing(90, 80), pointing(-1, 0))))
    hits = index.meaning(pointing(50, 0), MODEL, EVERYTHING, 10)
    assert [hit.passage.chunk.number for hit in hits] == [0, 1, 2]
    assert [round(hit.score, 2) for hit in hits] == [1.0, 0.75, -1.0]
    assert found(index.meaning(pointing(50, 0), MODEL, EVERYTHING, 2)) == [("e", "d", 0), ("e", "d", 1)]


def test_a_scope_bounds_what_is_found_counted_and_held(make):
    index = make()
    for at, (entity, kind, sender) in enumerate(
        [("a", "pdf", "ann"), ("b", "pdf", "bob"), ("c", "txt", "ann"), ("a", "txt", "bob")]
    ):
        about = About(f"{at}", kind, float(at), sender)
        index.put(document(entity, str(at), "word", vectors=(pointing(1, at),), about=about))
    for scope, expected in (
        (Scope(frozenset("a")), "03"),
        (Scope(frozenset("ab")), "013"),
        (Scope(frozenset()), ""),
        (Scope(frozenset({"none", "a' OR 1"})), ""),
        (Scope(kinds=frozenset({"pdf"})), "01"),
        (Scope(senders=frozenset({"ann"})), "02"),
        (Scope(frozenset("a"), frozenset({"txt"}), frozenset({"bob"})), "3"),
        (Scope(since=1.0, until=3.0), "12"),
        (EVERYTHING, "0123"),
    ):
        hits = index.words(terms("word"), scope, 10)
        assert sorted(key[1] for key in found(hits.hits)) == list(expected)
        assert (hits.chunks, hits.holding) == (len(expected), {"word": len(expected)})
        assert sorted(key[1] for key in found(index.meaning(pointing(1, 1), MODEL, scope, 10))) == list(expected)
        assert sorted(held.document for held in index.holds(scope)) == list(expected)
    assert index.held("b", "1") == next(index.holds(Scope(frozenset("b"))))
    assert index.held("b", "0") is None


def test_one_document_can_be_left_out(make):
    index = make()
    for entity, name in (("a", "0"), ("a", "1"), ("b", "0")):
        index.put(document(entity, name, "word", vectors=(pointing(1, 0),)))
    scope = Scope(without=("a", "0"))
    assert sorted(by_words(index, "word", scope)) == [("a", "1", 0), ("b", "0", 0)]
    assert index.words(terms("word"), scope, 10).holding == {"word": 2}
    assert sorted(found(index.meaning(pointing(1, 0), MODEL, scope, 10))) == [("a", "1", 0), ("b", "0", 0)]
    assert found(index.meaning(pointing(1, 0), MODEL, replace(scope, entities=frozenset("a")), 10)) == [("a", "1", 0)]


def test_a_documents_text_is_read_page_by_page(make):
    index = make()
    chunks = [Chunk(number, f"text {number}", page) for number, page in enumerate([1, 1, 3, None, 1])]
    index.put(document("e", "d", chunks=tuple(chunks)))
    index.put(document("e", "other", "x"))
    assert list(make().pages("e", "d")) == [
        PageSpan(1, 0, 2),
        PageSpan(3, 2, 1),
        PageSpan(None, 3, 1),
        PageSpan(1, 4, 1),
    ]
    assert list(index.passages("e", "d", 1, 3)) == chunks[1:4]
    assert list(index.passages("e", "d", 4, 3)) == chunks[4:]
    assert [list(index.passages("e", "d", 5, 3)), list(index.passages("e", "none", 0, 3))] == [[], []]
    assert [list(index.pages("e", "none")), list(make().pages("never", "d"))] == [[], []]


@pytest.mark.parametrize(("passages", "most", "expected"), [(1, 5, 1), (5, 5, 5), (6, 5, 3), (1000, 32, 32)])
def test_vectors_of_a_document_are_spread_over_all_of_it(make, passages, most, expected):
    index = make()
    vectors = tuple(pointing(1, number % 250, number // 250) for number in range(passages))
    made = document("e", "d", *map(str, range(passages)), vectors=vectors)
    index.put(replace(made, model=None, vectors=()))
    assert list(index.directions("e", "d", MODEL, most)) == []
    index.put(made)
    told = list(index.directions("e", "d", MODEL, most))
    assert [len(told), told[0]] == [expected, vectors[0]]
    places = [vectors.index(each) for each in told]
    assert places == sorted(set(places))
    assert places[-1] >= passages // 2
    assert list(index.directions("e", "d", "another", most)) == list(index.directions("e", "none", MODEL, most)) == []


def test_the_best_come_first_and_no_more_than_asked_for(make):
    index = make()
    for at in range(30):
        index.put(
            document(f"e{at}", "d", "rare rare" if at == 7 else "rare among many other words that say nothing of it")
        )
    assert by_words(index, "rare", limit=3)[0] == ("e7", "d", 0)
    assert len(by_words(index, "rare", limit=3)) == 3
    assert index.words(terms("rare absent"), EVERYTHING, 3).holding == {"rare": 30, "absent": 0}


def test_dropping_reaches_one_document_or_all_of_an_entity(make):
    index = make()
    for name in "xyz":
        index.put(document("e", name, f"word {name}"))
    index.put(document("other", "x", "word"))
    index.drop("e", "x")
    index.drop("e", "none")
    assert len(by_words(index, "word")) == 3
    index.drop("e")
    assert by_words(index, "word") == [("other", "x", 0)]
    assert index.words(terms("word"), EVERYTHING, 10).holding == {"word": 1}


def test_entities_and_documents_are_any_text(make):
    index = make()
    for strange in ("../../x", "", "a'b\"", "é" * 3000, "\0"):
        assert index.put(document(strange, strange, "word"))
        assert by_words(index, "word", Scope(frozenset({strange}))) == [(strange, strange, 0)]


def test_the_same_document_from_several_processes_is_there_once(make):
    def work(number):
        index = make()
        return [index.put(document("e", str(at), f"word {at}", "two")) for at in range(10)]

    results = together(4, work)
    assert [sum(each[at] for each in results) for at in range(10)] == [1] * 10
    assert len(by_words(make(), "two", limit=100)) == 10


def test_processes_add_and_drop_different_documents_at_once(make):
    def work(number):
        index = make()
        for at in range(12):
            index.put(document(f"e{at}", f"{number}", f"word{number}", vectors=(pointing(1, number),)))
        index.drop("e3", f"{number}")
        return len(by_words(index, f"word{number}", limit=100))

    assert together(4, work) == [11] * 4
    index = make()
    assert len(list(index.holds(EVERYTHING))) == 44
    assert index.check().parts == ()


@pytest.mark.slow
def test_who_is_killed_while_adding_leaves_documents_whole_or_absent(make, request):
    texts = [f"passage {number} of many words" for number in range(40)]
    for round in range(8):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            index = make()
            for at in range(10_000):
                index.put(document("e", f"{round}.{at}", *texts, vectors=tuple(pointing(1, n) for n in range(40))))
                os.write(writing, b".")
            os._exit(0)
        # Some die while they begin; of others, some documents are there.
        if round % 2:
            assert os.read(reading, 1)
        time.sleep(0.03 * round)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
        os.close(writing)
    kind = request.node.callspec.params["make"]
    if kind != "sqlite":
        # The server goes on for a moment with what they had sent.
        wait_for_the_dead(request.getfixturevalue(f"index_on_{kind}"))
    index = make()
    held = list(index.holds(EVERYTHING))
    assert held
    assert index.check().parts == ()
    hits = index.words(terms("passage"), EVERYTHING, 1)
    assert hits.chunks == hits.holding["passage"] == 40 * len(held)
    assert len(index.meaning(pointing(1, 1), MODEL, EVERYTHING, 10**6)) == 40 * len(held)

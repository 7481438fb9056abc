"""Words as they are compared, passages, the order of what was found, and the parts that are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.search.documents import About, Chunk, Hit, IndexedDocument, Page, Passage, WordHits
from app.core.search.fusion import fuse, gate, group
from app.core.search.snippets import marked, snippet
from app.core.search.splitting import LENGTH, OVERLAP, split
from app.core.search.words import Terms, located, prepare, terms


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("Café, cafe\u0301 & CAFE", ["cafe"] * 3),
        ("nº123 A-4_b", ["no123", "a", "4", "b"]),
        ("東京都庁 x", ["東京", "京都", "都庁", "x"]),
        ("領", ["領"]),
        ("が か", ["が", "か"]),
        ("ＦＵＬＬ ﬁle", ["full", "file"]),
        ("契約PDF書", ["契約", "pdf", "書"]),
        ("한국어 문서", ["한국어", "문서"]),
        ("…!?", []),
        ("فاتورة", ["فاتورة"]),
    ],
)
def test_words_are_the_same_however_they_are_written(text, words):
    assert prepare(text) == words


@given(st.text(max_size=200))
def test_prepared_words_are_prepared_and_survive_being_joined(text):
    words = prepare(text)
    assert all(word.strip() and " " not in word for word in words)
    assert [again for word in words for again in prepare(word)] == words


@given(st.text(max_size=100))
def test_each_located_word_stands_in_the_text(text):
    for word in located(text):
        assert 0 <= word.start < word.end <= len(text)
        assert word.word in prepare(text[word.start : word.end])


def test_a_query_has_each_word_once_and_its_last_stays_open_while_somebody_types():
    assert terms("the the Invoice") == Terms(("the", "invoice"))
    assert terms("the inv", typing=True) == Terms(("the", "inv"), "inv")
    assert terms("the inv ", typing=True) == Terms(("the", "inv"))
    assert terms("領") == Terms(("領",), "領")
    assert terms("") == Terms(())
    assert len(terms(" ".join(map(str, range(1000)))).words) == 32


def test_passages_keep_paragraphs_together_and_never_go_over_a_page():
    pages = [Page("One.\n\nTwo.", 1), Page("Three.", 2), Page("Four.")]
    assert split(pages) == [Chunk(0, "One.\nTwo.", 1), Chunk(1, "Three.", 2), Chunk(2, "Four.", None)]


@given(st.lists(st.text(alphabet="ab .\n。東", max_size=2000), max_size=4))
def test_splitting_loses_no_word_and_keeps_to_the_length(texts):
    chunks = split(Page(text, number) for number, text in enumerate(texts, 1))
    assert all(0 < len(chunk.text) <= LENGTH for chunk in chunks)
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    for number, text in enumerate(texts, 1):
        words = {word for word in text.split() if len(word) < OVERLAP // 2}
        assert words <= {word for chunk in chunks if chunk.page == number for word in chunk.text.split()}


def test_a_long_text_without_any_gap_is_cut_all_the_same():
    chunks = split([Page("x" * 5000)])
    assert max(len(chunk.text) for chunk in chunks) == LENGTH
    assert sum(len(chunk.text) for chunk in chunks) >= 5000


def hit(document: str, text: str = "", number: int = 0) -> Hit:
    return Hit(Passage("e", document, About(document), Chunk(number, text)), 1.0)


def found(hits: tuple[Hit, ...]) -> list[str]:
    return [each.passage.document for each in hits]


def test_common_words_alone_pass_no_gate_and_a_name_does():
    looked_for = terms("anything about the Valparaiso please")
    common = {"anything": 20, "about": 60, "the": 95, "please": 30, "valparaiso": 1}
    words = WordHits((hit("a", "all about the thing"), hit("b", "sailed to Valparaíso")), 100, common)
    assert found(gate(looked_for, words)) == ["b"]


def test_fusing_puts_first_what_both_have_found():
    looked_for = terms("moped")
    words = WordHits((hit("a", "a moped"), hit("b", "the moped")), 10, {"moped": 2})
    assert found(fuse(looked_for, words, (hit("c"), hit("b", "the moped")))) == ["b", "a", "c"]


def test_words_that_say_little_do_not_come_before_meaning():
    looked_for = terms("the scooter bill")
    words = WordHits(tuple(hit(str(n), "the weather") for n in range(50)), 100, {"the": 90})
    assert found(fuse(looked_for, words, (hit("moped invoice"),))) == ["moped invoice"]


def test_where_there_is_no_meaning_yet_all_words_count():
    words = WordHits((hit("a", "the weather"),), 100, {"the": 90})
    assert found(fuse(terms("the scooter"), words, ())) == ["a"]


def test_each_document_comes_once_with_its_best_passages():
    hits = [hit("a", number=3), hit("b"), *(hit("a", number=n) for n in (1, 0, 7))]
    documents = group(hits)
    assert [[each.chunk.number for each in one.passages] for one in documents] == [[3, 1, 0], [0]]


def test_a_snippet_shows_the_place_of_the_words_and_marks_them():
    text = "Lorem ipsum " * 40 + "the Café's invoice is due " + "dolor sit " * 40
    shown = snippet(text, terms("cafe INVOICE"))
    assert [shown.text[left:right] for left, right in shown.marks] == ["Café", "invoice"]
    assert shown.text.startswith("…")
    assert shown.text.endswith("…")
    assert len(shown.text) <= 210


def test_marks_join_where_a_script_has_no_spaces():
    text = "これは東京都庁の請求書です"
    assert [text[left:right] for left, right in marked(text, terms("東京都庁"))] == ["東京都庁"]


@given(st.text(max_size=600), st.text(max_size=20), st.booleans())
def test_marks_are_inside_in_order_and_apart(text, query, typing):
    shown = snippet(text, terms(query, typing))
    places = [place for mark in shown.marks for place in mark]
    assert places == sorted(places)
    assert all(0 <= place <= len(shown.text) for place in places)


def test_a_document_names_a_model_exactly_when_it_has_vectors():
    with pytest.raises(ValueError, match="one vector for each"):
        IndexedDocument("e", "d", "x", 1, About("n"), (Chunk(0, "t"),), model="m")

"""What every DocumentLists promises, to any number of processes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.search.listing import DocumentState, ListedDocument
from app.core.search.texts import Trouble
from app.storage.sql.documents import SQLDocumentLists
from tests.contracts.conftest import databases
from tests.support.processes import together


def document(number: int = 1, entity: str = "e", **changes: Any) -> ListedDocument:
    made = ListedDocument(entity, f"u{number}", f"a/ü{number}.PDF", float(number), 10, "Ada", "link", next_at=5.0)
    return replace(made, **changes)


@pytest.fixture(params=["sqlite", "postgresql"])
def make(request, tmp_path: Path):
    """Opens the same lists again, as another process or a restart would."""
    opened = databases(request.param, request, tmp_path)
    return lambda: SQLDocumentLists(opened())


@pytest.fixture
def lists(make):
    return make()


def test_a_document_comes_back_as_it_was(lists, make):
    full = document(state=DocumentState.NO_TEXT, trouble=Trouble.PASSWORD, attempts=2, next_at=None, link=None)
    lists.add([full, document(2)])
    assert make().some("e", ["u1", "u2", "u3"]) == {"u1": full, "u2": document(2)}
    assert (full.name, full.kind, replace(full, path="a.b/none").kind) == ("ü1.PDF", "pdf", "")


def test_adding_again_changes_nothing(lists):
    lists.add([document()])
    assert lists.note("e", "u1", DocumentState.READY) is True
    lists.add([document(), document(2)])
    states = {each.document: each.state for each in lists.page("e", 10)}
    assert states == {"u1": DocumentState.READY, "u2": DocumentState.WAITING}


def test_what_was_removed_is_gone_and_a_note_brings_it_not_back(lists):
    lists.add([document(1), document(2), document(1, "other")])
    lists.remove("e", ["u1", "none"])
    assert lists.note("e", "u1", DocumentState.READY) is False
    assert [each.document for each in lists.page("e", 10)] == ["u2"]
    lists.remove("e")
    lists.remove("e")
    assert lists.entity("e") is None
    assert lists.page("other", 10) == [document(1, "other")]


def test_what_is_due_is_told_longest_waiting_first_and_no_more_once_it_is_done(lists):
    lists.add([document(1, next_at=3.0), document(2, next_at=2.0), document(3, next_at=9.0), document(4, next_at=None)])
    assert [each.document for each in lists.due(5.0, 10)] == ["u2", "u1"]
    assert [each.document for each in lists.due(5.0, 1)] == ["u2"]
    lists.note("e", "u2", DocumentState.READY)
    lists.note("e", "u1", DocumentState.WAITING, next_at=7.0, attempts=1)
    assert lists.due(5.0, 10) == []
    assert [(each.document, each.attempts) for each in lists.due(7.0, 10)] == [("u1", 1)]


def test_pages_are_newest_first_and_nothing_moves_them(lists):
    lists.add([document(number, at=float(number // 2)) for number in range(7)])
    seen, after = [], None
    while page := lists.page("e", 3, after):
        seen += [each.document for each in page]
        after = page[-1].at, page[-1].document
        lists.add([document(100 + len(seen), at=50.0)])
    assert seen == ["u6", "u5", "u4", "u3", "u2", "u1", "u0"]


def test_entities_are_told_with_their_states_in_the_order_of_their_ids(lists):
    lists.add(
        [document(1, "b", link=None), document(1, "a"), document(2, "a", state=DocumentState.READY), document(1, "c")]
    )
    first, second = lists.entities(2)
    assert (first.entity, first.link, first.documents) == ("a", "link", 2)
    assert first.states == {DocumentState.WAITING: 1, DocumentState.READY: 1}
    assert (second.entity, second.link) == ("b", None)
    assert [each.entity for each in lists.entities(2, "b")] == ["c"]
    assert lists.entities(2, "c") == []


def test_many_processes_list_the_same_documents_once(lists, make):
    together(4, lambda at: make().add([document(number) for number in range(50)]))
    assert [each.document for each in lists.page("e", 100)] == [f"u{number}" for number in reversed(range(50))]


def test_pages_may_hold_documents_of_some_states_alone(lists):
    states = [DocumentState.READY, DocumentState.NO_TEXT, DocumentState.MISSING, DocumentState.NO_TEXT]
    lists.add([document(number, state=state) for number, state in enumerate(states)])
    lists.add([document(9, "other", state=DocumentState.NO_TEXT)])

    def told(*states: DocumentState, most: int = 10, after: Any = None) -> list[str]:
        return [each.document for each in lists.page("e", most, after, states)]

    assert told(DocumentState.NO_TEXT) == ["u3", "u1"]
    assert told(DocumentState.NO_TEXT, DocumentState.MISSING, most=2) == ["u3", "u2"]
    assert told(DocumentState.NO_TEXT, DocumentState.MISSING, after=(2.0, "u2")) == ["u1"]
    assert told() == []

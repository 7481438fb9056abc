"""Documents of many entities at once: each once, by words first and by meaning then, and nothing that was taken away."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import Busy
from app.core.search.documents import EVERYTHING, Held, Page, Scope, Vector
from app.core.search.texts import ExtractedText, Trouble
from app.core.search.words import prepare
from app.services import entity_scoped_rag
from app.services.entity_scoped_rag import (
    Added,
    EntityRAGManager,
    EntityVectorStore,
    Tools,
    get_entity_rag_manager,
    install_entity_rag_manager,
)
from app.storage.disk.named_locks import LocalNamedLocks
from tests.support.processes import together

pytest.importorskip("numpy", reason="comes with the extra `search`")
from app.storage.search.sqlite_index import SQLiteIndex


class PlainText:
    """Reads what is text already."""

    version, empty_version = 1, -1
    kinds: Collection[str] = ("txt",)

    def __init__(self) -> None:
        self.read: list[str] = []

    def extract(self, path: Path, kind: str) -> ExtractedText:
        self.read.append(path.name)
        text = path.read_text()
        return ExtractedText((Page(text),)) if text else ExtractedText((), Trouble.EMPTY)


class FirstWord:
    """Takes texts for alike that begin with words of the same length."""

    model = "first-word"
    least = 0.5

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, query: str) -> Vector:
        length = min(len((prepare(query) or [""])[0]), 15)
        return bytes(100 if at == length else 0 for at in range(16))


@pytest.fixture
def tools(tmp_path):
    index = SQLiteIndex(tmp_path / "index")
    yield Tools(index, PlainText(), FirstWord(), LocalNamedLocks(tmp_path / "locks"))
    index.close()


@pytest.fixture
def manager(tools):
    made = EntityRAGManager(tools, max_workers=4)
    yield made
    made.close()


@pytest.fixture
def write(tmp_path):
    def text(name: str, content: str) -> Path:
        path: Path = tmp_path / name
        path.write_text(content)
        return path

    return text


def names(found) -> list[str]:
    return [each.passages[0].about.name for each in found]


def test_documents_of_many_entities_are_found_in_theirs_and_across(manager, write):
    documents = {
        f"e{at}": [write(f"{at}.{number}.txt", f"invoice {at} {number} word") for number in range(5)] for at in range(6)
    }
    results = manager.add_documents_parallel(documents)
    assert {entity: [added.is_new for added in each] for entity, each in results.items()} == dict.fromkeys(
        documents, [True] * 5
    )
    assert sorted(names(manager.search("e3", "invoice"))) == [f"3.{number}.txt" for number in range(5)]
    assert len(manager.search_all("invoice", EVERYTHING, 100)) == 30
    assert len(manager.search_all("invoice", Scope(frozenset({"e1", "e2"})), 100)) == 10
    assert manager.search_all("", EVERYTHING) == []


def test_the_results_stand_in_the_order_of_the_paths_and_one_that_fails_stops_no_other(manager, write, tmp_path):
    paths = [
        write("a.txt", "word"),
        tmp_path / "none.txt",
        write("b.txt", ""),
        write("c.txt", "third"),
        write("d.txt", "other"),
    ]
    added = manager.add_documents_parallel({"e": paths, "none": []})
    assert [each.trouble for each in added["e"]] == [None, None, Trouble.EMPTY, None, None]
    assert [each.error is not None for each in added["e"]] == [False, True, False, False, False]
    assert [each.is_new for each in added["e"]] == [True, False, True, True, True]
    assert added["none"] == []


def test_the_same_content_is_there_once_and_is_not_read_again(manager, tools, write):
    path = write("a.txt", "word")
    assert [manager.add_document("e", path).is_new for _ in range(3)] == [True, False, False]
    assert tools.extractor.read == ["a.txt"]
    assert [held.model for held in tools.index.holds(EVERYTHING)] == ["first-word"]
    empty = write("b.txt", "")
    assert [manager.add_document("e", empty).is_new for _ in range(2)] == [True, False]
    assert tools.extractor.read == ["a.txt", "b.txt"]


def test_another_extractor_or_another_model_means_once_more(tools, write):
    path = write("a.txt", "word")
    EntityVectorStore("e", tools).add_document(path)
    tools.extractor.version = 2
    assert EntityVectorStore("e", tools).add_document(path).is_new
    embedder = FirstWord()
    embedder.model = "another"
    assert EntityVectorStore("e", replace(tools, embedder=embedder)).add_document(path).is_new
    assert [(held.extractor, held.model) for held in tools.index.holds(EVERYTHING)] == [(2, "another")]


class Paused(FirstWord):
    """Embeds when it is told to."""

    def __init__(self) -> None:
        self.asked, self.may = threading.Event(), threading.Event()

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        self.asked.set()
        assert self.may.wait(60)
        return super().embed(texts)


def begun(tools, path, **how) -> tuple[EntityVectorStore, Paused, threading.Thread, list[Added]]:
    embedder, results = Paused(), list[Added]()
    store = EntityVectorStore("e", replace(tools, embedder=embedder))
    thread = threading.Thread(target=lambda: results.append(store.add_document(path, document_id="d", **how)))
    thread.start()
    assert embedder.asked.wait(60)
    return store, embedder, thread, results


def test_words_are_found_before_meaning_is_there_and_no_lock_is_held_meanwhile(tools, write):
    store, embedder, thread, results = begun(tools, write("a.txt", "moped bill"))
    assert names(store.search("bill")) == ["a.txt"]
    assert tools.index.held("e", "d").model is None
    with tools.locks.hold_at_once("entity e"):
        pass
    embedder.may.set()
    thread.join()
    assert results[0].is_new
    assert names(store.search("boxes")) == ["a.txt"]


@pytest.mark.parametrize("how", ["removed", "replaced", "not wanted"])
def test_what_goes_while_it_is_embedded_does_not_come_back(tools, write, how):
    wanted = [True]
    store, embedder, thread, _ = begun(tools, write("a.txt", "moped bill"), is_wanted=lambda: wanted[0])
    if how == "replaced":
        EntityVectorStore("e", tools).add_document(write("b.txt", "other text"), document_id="d")
    else:
        wanted[0] = how == "removed"
        store.remove_document("d")
    embedder.may.set()
    thread.join()
    assert [held.model for held in tools.index.holds(EVERYTHING)] == (["first-word"] if how == "replaced" else [])
    assert "a.txt" not in names(store.search("bill"))


class Dying(FirstWord):
    def embed(self, texts: Sequence[str]) -> list[Vector]:
        raise Busy()

    def embed_query(self, query: str) -> Vector:
        raise Busy()


def test_words_are_found_while_the_model_cannot_be_asked(tools, write):
    EntityVectorStore("e", tools).add_document(write("a.txt", "moped bill"))
    found = EntityVectorStore("e", replace(tools, embedder=Dying())).search("bill")
    assert names(found) == ["a.txt"]


def test_what_had_no_meaning_gets_it_when_it_is_added_again(tools, write):
    path = write("a.txt", "moped bill")
    broken = EntityRAGManager(replace(tools, embedder=Dying()))
    added = broken.add_documents_parallel({"e": [path]})["e"][0]
    broken.close()
    assert isinstance(added.error, Busy)
    assert [held.model for held in tools.index.holds(EVERYTHING)] == [None]
    assert EntityVectorStore("e", tools).add_document(path).is_new
    assert [held.model for held in tools.index.holds(EVERYTHING)] == ["first-word"]


def test_the_same_document_from_several_processes_is_there_once(tools, tmp_path, write):
    paths = [write(f"{at}.txt", f"word {at}") for at in range(8)]

    def work(number):
        mine = EntityRAGManager(tools, max_workers=3)
        added = mine.add_documents_parallel({"e": paths, f"own {number}": paths})
        mine.close()
        return sum(each.error is None for each in added["e"])

    assert together(4, work) == [8] * 4
    assert len(list(tools.index.holds(Scope(frozenset({"e"}))))) == 8
    assert len(list(tools.index.holds(EVERYTHING))) == 40
    assert {held.model for held in tools.index.holds(EVERYTHING)} == {"first-word"}


def test_who_is_killed_at_any_moment_leaves_documents_whole_or_waiting_and_adding_again_ends_it(tools, write):
    paths = [write(f"{at}.txt", f"word {at} " * 300) for at in range(12)]
    for round in range(6):
        child = os.fork()
        if child == 0:
            EntityRAGManager(tools, max_workers=2).add_documents_parallel({f"e{round}": paths})
            os._exit(0)
        time.sleep(0.03 + 0.03 * round)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert tools.index.check().parts == ()
    manager = EntityRAGManager(tools, max_workers=4)
    entities = {f"e{round}": paths for round in range(6)}
    manager.add_documents_parallel(entities)
    assert not any(each.is_new for added in manager.add_documents_parallel(entities).values() for each in added)
    manager.close()
    held = list(tools.index.holds(EVERYTHING))
    assert len(held) == 72
    assert {each.model for each in held} == {"first-word"}


def test_freeing_an_entity_deletes_nothing(manager, write):
    manager.add_document("e", write("a.txt", "word"))
    store = manager.get_entity_store("e")
    assert manager.get_entity_store("e") is store
    manager.cleanup_entity("e")
    manager.cleanup_entity("e")
    assert manager.get_entity_store("e") is not store
    assert names(manager.search("e", "word")) == ["a.txt"]


def test_embedders_share_the_work_and_a_query_waits_for_none_of_them(tools, write):
    embedders = [Paused(), Paused()]
    manager = EntityRAGManager(tools, embedders, max_workers=2)
    paths = [write(f"{at}.txt", f"word {at}") for at in range(2)]
    thread = threading.Thread(target=manager.add_documents_parallel, args=({"e": paths},))
    thread.start()
    assert all(each.asked.wait(60) for each in embedders)
    assert len(manager.search("e", "word")) == 2
    for each in embedders:
        each.may.set()
    thread.join()
    manager.close()
    assert {held.model for held in tools.index.holds(EVERYTHING)} == {"first-word"}


def test_a_process_has_one_manager(manager, monkeypatch):
    monkeypatch.setattr(entity_scoped_rag, "_installed", [])
    with pytest.raises(RuntimeError, match="install_entity_rag_manager"):
        get_entity_rag_manager()
    install_entity_rag_manager(manager)
    assert get_entity_rag_manager() is manager


def test_what_is_held_says_what_it_was_made_with(manager, tools, write):
    added = manager.add_document("e", write("a.txt", "word"))
    assert tools.index.held("e", added.document) == Held("e", added.document, added.document, 1, "first-word")

"""Documents in shards: whole for readers, safe for writers, and none in the way of another."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from app.core.errors import Busy, InternalError
from app.storage import json_storage
from app.storage.json_storage import Document, JSONStorage
from tests.support.processes import together


@pytest.fixture(params=[True, False], ids=["sharded", "in one file"])
def make(request, tmp_path: Path):
    return lambda: JSONStorage(tmp_path / "documents", enable_sharding=request.param)


def test_a_document_comes_back_as_it_was_written(make):
    storage = make()
    assert storage.load("a") is None
    assert list(storage.documents()) == []
    storage.update("a", lambda found: {"was": found, "text": "日本語 \u2028"})
    storage.update("b", lambda found: {"was": found})
    assert make().load("a") == {"was": None, "text": "日本語 \u2028"}
    assert len(list(make().documents())) == 2


def test_a_document_that_is_deleted_is_gone_and_the_others_stay(make):
    storage = make()
    for key in ("a", "b"):
        storage.update(key, lambda found: {"was": found})
    for _ in range(2):
        make().delete("a")
    assert storage.load("a") is None
    assert list(storage.documents()) == [{"was": None}]
    storage.update("a", lambda found: {"was": found})
    assert make().load("a") == {"was": None}


def test_updates_from_several_processes_all_count(make):
    def add(number):
        mine = make()
        for at in range(20):
            mine.update(f"k{at % 2}", lambda found: {"n": (found or {"n": 0})["n"] + 1})

    assert together(5, add) == [None] * 5
    assert [make().load(key) for key in ("k0", "k1")] == [{"n": 50}, {"n": 50}]


def test_readers_see_the_old_or_the_new_and_never_half(make):
    storage, ended = make(), threading.Event()
    storage.update("k", lambda _: {"n": 0, "padding": "x"})
    seen: list[int] = []

    def look() -> None:
        while not ended.is_set():
            document = storage.load("k") or {}
            seen.append(len(document["padding"]) - document["n"] * 1000)

    reader = threading.Thread(target=look)
    reader.start()
    for n in range(1, 60):
        storage.update("k", lambda _, n=n: {"n": n, "padding": "x" * (n * 1000 + 1)})
    ended.set()
    reader.join()
    assert set(seen) == {1}


def test_a_change_that_fails_leaves_the_document_and_the_lock_free(make):
    storage = make()
    storage.update("k", lambda _: {"n": 1})

    def fail(_):
        raise KeyError("n")

    with pytest.raises(KeyError):
        storage.update("k", fail)
    assert storage.update("k", lambda found: {"n": found["n"] + 1}) == {"n": 2}


def test_writers_of_different_documents_do_not_wait_for_each_other(tmp_path):
    storage = JSONStorage(tmp_path / "documents")
    inner = storage.update("a", lambda _: {"inner": storage.update("b", lambda _: {"n": 1})})
    assert inner == {"inner": {"n": 1}}


def test_who_waits_too_long_for_a_document_is_told_to_come_back(make, monkeypatch):
    monkeypatch.setattr(json_storage, "LOCK_SECONDS", 0.01)
    storage, told = make(), []

    def write_too() -> dict[str, str]:
        thread = threading.Thread(target=lambda: told.append(refusal()))
        thread.start()
        thread.join()
        return {}

    def refusal() -> str:
        with pytest.raises(Busy):
            storage.update("k", lambda _: {})
        return "busy"

    storage.update("k", lambda _: write_too())
    assert told == ["busy"]


def test_nobody_else_may_read_the_documents(make, tmp_path):
    make().update("k", lambda _: {})
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in (tmp_path / "documents").rglob("*"))


def holding(document: Document) -> Callable[[Document | None], Document]:
    return lambda _: document


def one_more(found: Document | None) -> Document:
    assert found
    return {**found, "n": found["n"] + 1}


STRANGE = [
    "documents",
    "../../etc/passwd",
    "a/b",
    ".locks",
    "",
    "é" * 200,
    "x" * 5000,
    "a.json",
    "~documents",
    "\ud800",
    "\0",
]


@pytest.mark.parametrize("entity_id", STRANGE, ids=range(len(STRANGE)))
def test_an_entity_id_is_data_and_never_a_path(tmp_path, entity_id):
    storage = JSONStorage(tmp_path / "documents")
    storage.update("documents", lambda _: {"n": 0})
    storage.update(entity_id, lambda _: {"n": 1})
    assert storage.load(entity_id) == {"n": 1}
    assert list(tmp_path.iterdir()) == [tmp_path / "documents"]
    assert len(list(storage.documents())) == (1 if entity_id == "documents" else 2)
    storage.delete(entity_id)
    assert storage.load(entity_id) is None


def test_no_two_entities_share_a_shard(tmp_path):
    storage = JSONStorage(tmp_path / "documents")
    for entity_id in STRANGE:
        storage.update(entity_id, holding({"length": len(entity_id)}))
    assert len(list((tmp_path / "documents").glob("*.json"))) == len(STRANGE)
    assert [storage.load(each) for each in STRANGE] == [{"length": len(each)} for each in STRANGE]


def test_a_query_names_the_shards_that_are_read(make, tmp_path, monkeypatch):
    storage = make()
    for name, kind in (("a", "link"), ("b", "own"), ("c", "link")):
        storage.update(name, holding({"name": name, "kind": kind}))
    read: list[str] = []
    inner = json_storage._read

    def noting(path: Path) -> dict[str, Document]:
        read.append(path.stem)
        return inner(path)

    monkeypatch.setattr(json_storage, "_read", noting)
    assert names(storage.find({"entity_id": "a"})) == ["a"]
    assert names(storage.find({"entity_ids": ["a", "b", "a"], "kind": "link"})) == ["a"]
    assert set(read) in ({"a", "b"}, {"documents"})
    assert names(storage.find({"kind": "link"})) == ["a", "c"]
    assert names(storage.find({"entity_id": "b", "kind": "link"})) == []


def names(documents: Iterable[Document]) -> list[str]:
    return sorted(document["name"] for document in documents)


def test_a_patch_reaches_what_a_query_finds_and_nothing_else(make):
    storage = make()
    for name in "abc":
        storage.update(name, holding({"name": name, "quiet": False}))
    assert storage.patch({"entity_ids": ["a", "c", "d"], "quiet": False}, {"quiet": True}) == 2
    assert names(make().find({"quiet": True})) == ["a", "c"]
    assert storage.patch({"quiet": True}, {"quiet": False}) == 2


@pytest.fixture
def old(tmp_path):
    storage = JSONStorage(tmp_path / "documents", enable_sharding=False)
    for name in "abcdef":
        storage.update(name, holding({"name": name, "n": 0}))
    return storage


def test_what_was_written_to_one_file_is_there_with_sharding_and_a_shard_wins(old, tmp_path):
    storage = JSONStorage(tmp_path / "documents")
    assert names(storage.documents()) == list("abcdef")
    assert storage.version("a") is not None
    storage.update("a", one_more)
    storage.delete("b")
    assert old.load("a") == {"name": "a", "n": 0}
    assert storage.load("a") == {"name": "a", "n": 1}
    assert storage.load("b") is None
    assert names(storage.documents()) == list("acdef")
    storage.delete("a")
    assert storage.load("a") is None


def test_migrating_moves_everything_once_and_may_be_repeated(old, tmp_path):
    storage = JSONStorage(tmp_path / "documents")
    storage.update("a", holding({"name": "a", "n": 7}))
    said = [migrate(tmp_path / "documents") for _ in range(2)]
    assert ["5 documents" in said[0], "0 documents" in said[1]] == [True, True]
    assert not (tmp_path / "documents/documents.json").exists()
    assert names(storage.documents()) == list("abcdef")
    assert storage.load("a") == {"name": "a", "n": 7}


def migrate(folder: Path) -> str:
    script = Path(__file__).parents[2] / "scripts/migrate_to_sharded_storage.py"
    paths = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "media-server")}
    return subprocess.run(
        [sys.executable, script, folder], env=paths, check=True, capture_output=True, text=True
    ).stdout


def test_migrating_beside_writers_loses_no_change(old, tmp_path):
    def work(number):
        storage = JSONStorage(tmp_path / "documents")
        if number == 0:
            return storage.migrate() >= 0
        for at in range(30):
            storage.update("abcdef"[at % 6], one_more)
        return True

    assert together(4, work) == [True] * 4
    assert [document["n"] for document in JSONStorage(tmp_path / "documents").documents()] == [15] * 6


def test_migrating_may_be_killed_at_any_moment(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    whole = {f"e{n}": {"n": n} for n in range(200)}
    (folder / "documents.json").write_text(json.dumps(whole))
    storage, kills = JSONStorage(folder), 0
    while (folder / "documents.json").exists():
        child = os.fork()
        if child == 0:
            storage.migrate()
            os._exit(0)
        # The first have none, or one that oversleeps would kill nobody. Each has more than the one before, or on a busy machine
        # none would ever come to its end.
        if kills > 1:
            time.sleep(0.01 * kills)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        kills += 1
        assert sorted(document["n"] for document in storage.documents()) == list(range(200))
    assert kills > 1
    assert all(storage.load(key) == document for key, document in whole.items())


def test_a_damaged_shard_is_named_kept_and_does_not_hurt_the_others(tmp_path, caplog):
    storage = JSONStorage(tmp_path / "documents")
    for name in "ab":
        storage.update(name, holding({"name": name}))
    (tmp_path / "documents/a.json").write_bytes(b'{"a": {"na')
    assert names(storage.documents()) == ["b"]
    for ask in (storage.load, storage.delete, lambda key: storage.update(key, lambda _: {})):
        with pytest.raises(InternalError):
            ask("a")
    assert "a.json" in caplog.text
    assert (tmp_path / "documents/a.json").read_bytes() == b'{"a": {"na'
    storage.update("b", holding({"name": "b", "n": 1}))
    assert storage.load("b") == {"name": "b", "n": 1}

"""Documents in shards: whole for readers, safe for writers, and none in the way of another."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from app.core.errors import Busy
from app.storage import json_storage
from app.storage.json_storage import JSONStorage
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

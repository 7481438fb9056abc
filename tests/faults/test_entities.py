"""Documents of entities, and whoever adds, replaces or removes them dies at each of the system calls that this takes."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pytest

from app.core.search.documents import EVERYTHING, Page, Scope, Vector
from app.core.search.texts import ExtractedText
from app.core.search.words import terms
from app.services.entity_scoped_rag import EntityVectorStore, Tools
from app.storage.disk.named_locks import LocalNamedLocks
from tests.support.strace import Call, Strace

pytest.importorskip("numpy", reason="comes with the extra `search`")
from app.storage.search.sqlite_index import SQLiteIndex

CALLS = ("pwrite64", "write", "fsync", "fdatasync", "ftruncate", "unlink", "openat")
QUICK = 10
"""Steps that are tried without --torture, of each order of steps."""
PASSAGES = 6
MODEL = "constant"
OLD, NEW = (
    "\n\n".join(f"{word} {'and so on ' * 30}{at}" for at in range(PASSAGES)) for word in ("boathouse", "harbour")
)


class PlainText:
    version, empty_version = 1, -1
    kinds: Collection[str] = ("txt",)

    def extract(self, path: Path, kind: str) -> ExtractedText:
        return ExtractedText(tuple(Page(text) for text in path.read_text().split("\n\n")))


class Constant:
    model = MODEL
    least = 0.5

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, query: str) -> Vector:
        return b"\x01\x02"


class Place:
    """An index in a folder with one document in it, ``old``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "new.txt").write_text(NEW)
        (folder / "old.txt").write_text(OLD)
        self.store().add_document(folder / "old.txt", document_id="old")

    def store(self) -> EntityVectorStore:
        return EntityVectorStore("e", self.tools())

    def tools(self) -> Tools:
        index = SQLiteIndex(self.folder / "index")
        return Tools(index, PlainText(), Constant(), LocalNamedLocks(self.folder / "locks"))

    def add(self) -> None:
        self.store().add_document(self.folder / "new.txt", document_id="new")

    def replace(self) -> None:
        self.store().add_document(self.folder / "new.txt", document_id="old")

    def remove(self) -> None:
        self.store().remove_document("old")

    def bytes(self) -> bytes:
        return b"".join(path.read_bytes() for path in (self.folder / "index").iterdir())


def in_child(place: Place, work: Callable[[], None], fault: str = "", call: Call | None = None) -> list[Call]:
    """Let a process do it under strace, which perhaps lets it die at a call; the calls by which it touches the index."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # What other tests have left is not collected here, which would take calls as well.
        gc.disable()
        os.close(writing)
        os.read(reading, 1)
        work()
        os._exit(0)
    log = place.folder / "strace.log"
    names = (call.name,) if call else CALLS
    with Strace(child, log, names, fault, call.number if call else 1) as strace:
        os.close(writing)
        os.close(reading)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == (-signal.SIGKILL if fault else 0)
    calls = strace.calls()
    log.unlink()
    # strace counts all calls of the name, so those elsewhere are counted, too.
    return [each for each in calls if each.touches(place.folder / "index")]


@pytest.mark.slow
@pytest.mark.parametrize("order", ["add", "replace", "remove"])
def test_who_dies_at_any_step_leaves_each_document_whole_or_not_at_all_and_doing_it_again_ends_it(
    tmp_path, order, torture, chance
):
    first = Place(tmp_path / "first")
    calls = in_child(first, getattr(first, order))
    assert len(calls) > QUICK
    for step, call in enumerate(calls if torture else chance.sample(calls, QUICK)):
        place = Place(tmp_path / f"{step}")
        in_child(place, getattr(place, order), "signal=KILL", call)
        said = f"{order}, killed at {call.name} {call.number}: {call.text}"
        index = place.tools().index
        assert index.check().parts == (), said
        held = {each.document: each for each in index.holds(EVERYTHING)}
        # All of the words of each, or nothing; with its meaning, or with none of it.
        for word in ("boathouse", "harbour"):
            hits = index.words(terms(word), Scope(frozenset({"e"})), 100).hits
            documents = {hit.passage.document for hit in hits}
            assert len(hits) == PASSAGES * len(documents), said
            assert documents <= held.keys(), said
        vectors = [hit.passage.document for hit in index.meaning(b"\x01\x02", MODEL, EVERYTHING, 100)]
        assert {name: vectors.count(name) for name in held} == {
            name: PASSAGES if each.model else 0 for name, each in held.items()
        }, said
        getattr(place, order)()
        found = {each.document for each in index.holds(EVERYTHING)}
        assert found == {"add": {"old", "new"}, "replace": {"old"}, "remove": set()}[order], said
        assert all(each.model == MODEL for each in index.holds(EVERYTHING)), said
        # Whatever it died at, the next check leaves nothing of what was removed.
        assert index.check().parts == (), said
        assert (b"boathouse" in place.bytes()) is (order == "add"), said
        shutil.rmtree(place.folder)

"""What the upload store on disk promises beyond the port: power cuts, short journals, room, processes that die."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import Busy, ChunkSizeMismatch, StorageFull, UploadNotFound
from app.core.ranges import Span
from app.core.waiting_room import WaitingRoom
from app.storage.disk import checkpoints, upload
from app.storage.disk.atomic import sync_file
from app.storage.disk.upload import DiskRules, Durability
from app.storage.disk.uploads import DiskUploads
from tests.support.files import eventually
from tests.support.processes import together
from tests.support.stores import ID, session, take


def store_of(base: Path, durability: Durability = Durability.COMPLETE, boot: int = 1) -> DiskUploads:
    return DiskUploads(base, DiskRules(durability=durability, boot=boot))


def after_power_cut(base: Path, boot: int = 2) -> list[Span]:
    return list(store_of(base, boot=boot).open(ID).status().ranges)


def checkpoint(store: DiskUploads, at: float = 2.0, *, sync: bool = True, compact: bool = False) -> None:
    store.open(ID).checkpoint(at, sync=sync, compact=compact)


@contextmanager
def during_the_sync(monkeypatch: pytest.MonkeyPatch, also: Callable[[], object]) -> Iterator[None]:
    """While the block lasts, ``also`` happens when a growing file is brought to the disk."""

    def synced(path: Path) -> None:
        if path.name == "data":
            also()
        sync_file(path)

    with monkeypatch.context() as patched:
        patched.setattr(upload, "sync_file", synced)
        yield


def test_a_session_from_before_addresses_were_kept_is_loaded(tmp_path: Path) -> None:
    DiskUploads(tmp_path).create(session())
    path = tmp_path / ID / "session.json"
    document = json.loads(path.read_text())
    del document["client"]
    path.write_text(json.dumps(document))
    assert DiskUploads(tmp_path).open(ID).status() == replace(session(), client="")


def test_few_threads_wait_for_whoever_is_alone_with_an_upload(tmp_path: Path) -> None:
    store = DiskUploads(tmp_path, waiting=WaitingRoom(3, 3))
    store.create(session())

    def ask(_: int) -> str:
        try:
            with store.open(ID).exclusive():
                return "in"
        except Busy:
            return "busy"

    with ThreadPoolExecutor(10) as pool:
        with store.open(ID).exclusive():
            answers = [pool.submit(ask, number) for number in range(10)]
            eventually(lambda: sum(answer.done() for answer in answers) == 7, what="seven refusals")
        assert sorted(answer.result() for answer in answers) == ["busy"] * 7 + ["in"] * 3
    assert ask(0) == "in"


def test_after_a_power_cut_only_what_a_checkpoint_covers_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = store_of(tmp_path)
    before.create(session())
    take(before, Span(0, 10))
    with during_the_sync(monkeypatch, lambda: take(before, Span(10, 20), at=3.0)):
        checkpoint(before, 3.0)
    take(before, Span(20, 30), at=4.0)
    assert after_power_cut(tmp_path, boot=1) == [Span(0, 30)]
    assert after_power_cut(tmp_path) == [Span(0, 10)]
    assert store_of(tmp_path, boot=2).open(ID).status().interrupted


def test_a_session_whose_whole_journal_a_power_cut_took_is_interrupted_too(tmp_path: Path) -> None:
    before = store_of(tmp_path)
    before.create(session())
    assert not before.open(ID).status().interrupted
    assert store_of(tmp_path, boot=2).open(ID).update(lambda each: each.hashed("0" * 64)).interrupted
    assert store_of(tmp_path, boot=2).open(ID).status().interrupted


def test_what_arrives_after_a_power_cut_adds_to_what_counts(tmp_path: Path) -> None:
    before = store_of(tmp_path)
    before.create(session(30))
    take(before, Span(0, 10))
    checkpoint(before)
    take(before, Span(10, 20), at=3.0)
    after = store_of(tmp_path, boot=2)
    assert not take(after, Span(20, 30), at=5.0).closed
    assert take(after, Span(10, 20), at=6.0).closed
    checkpoint(after, 6.0)
    assert after_power_cut(tmp_path, boot=3) == [Span(0, 30)]


def test_a_chunk_that_is_synced_itself_needs_no_checkpoint(tmp_path: Path) -> None:
    before = store_of(tmp_path, Durability.CHUNK)
    before.create(session())
    take(before, Span(0, 10))
    assert after_power_cut(tmp_path) == [Span(0, 10)]


def test_without_durability_nothing_outlives_a_power_cut(tmp_path: Path) -> None:
    before = store_of(tmp_path, Durability.NONE)
    before.create(session())
    take(before, Span(0, 10))
    checkpoint(before)
    assert after_power_cut(tmp_path) == []


def test_bytes_are_on_the_disk_before_they_are_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []

    def noted(descriptor: int) -> None:
        # Threads that earlier tests have left bring files of their own to the disk.
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_relative_to(tmp_path):
            synced.append(path)

    monkeypatch.setattr(os, "fdatasync", noted)
    for staged in (False, True):
        rules = DiskRules(staged=staged, durability=Durability.CHUNK)
        careful = DiskUploads(tmp_path / str(staged), rules)
        careful.create(session(10))
        take(careful, Span(0, 10))
        assert len(synced) == 2, "the bytes, then their record"
        synced.clear()


def test_a_growing_file_is_synced_once_enough_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "SYNC_EVERY_BYTES", 30)
    jobs: list[checkpoints.Job] = []
    store = DiskUploads(tmp_path, DiskRules(boot=1), background=jobs.append)
    store.create(session(1000))
    for start in (0, 10):
        take(store, Span(start, start + 10))
    assert jobs == []
    take(store, Span(20, 30))
    take(store, Span(30, 40))
    assert len(jobs) == 1, "one at a time"
    jobs.pop()()
    assert after_power_cut(tmp_path) == [Span(0, 40)]
    take(store, Span(40, 50))
    assert jobs == []


def test_the_last_chunk_asks_for_no_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "SYNC_EVERY_BYTES", 1)
    jobs: list[checkpoints.Job] = []
    store = DiskUploads(tmp_path, background=jobs.append)
    store.create(session(10))
    assert take(store, Span(0, 10)).closed
    assert jobs == []


def test_a_session_that_a_power_cut_emptied_is_not_found_and_removed(tmp_path: Path) -> None:
    store = DiskUploads(tmp_path)
    store.create(session())
    (tmp_path / ID / "session.json").write_bytes(b"")
    with pytest.raises(UploadNotFound):
        DiskUploads(tmp_path).open(ID).status()
    store.remove_remains(0.0)
    assert list(store.ids()) == [ID]
    store.remove_remains(2.0**40)
    assert list(store.ids()) == []


def test_a_compacted_journal_comes_to_the_same_for_everybody(tmp_path: Path) -> None:
    store, other = DiskUploads(tmp_path), DiskUploads(tmp_path)
    store.create(session(100))
    for start in range(0, 60, 10):
        take(store, Span(start, start + 5))
    before = store.open(ID).status()
    assert other.open(ID).status() == before
    checkpoint(store, sync=False, compact=True)
    for each in (store, other, DiskUploads(tmp_path)):
        assert each.open(ID).status() == before
    take(other, Span(90, 100), at=3.0)
    assert list(store.open(ID).status().ranges)[-1] == Span(90, 100)


def test_a_compacted_journal_tells_no_pace_of_before(tmp_path: Path) -> None:
    store = DiskUploads(tmp_path)
    store.create(session(1000))
    for at in range(10):
        take(store, Span(20 * at, 20 * at + 10), at=10.0 + at)
    checkpoint(store, sync=False, compact=True)
    assert store.open(ID).recent(5.0) == (0, 19.0)
    take(store, Span(500, 600), at=20.0)
    assert store.open(ID).recent(5.0) == (100, 19.0)
    assert store.open(ID).recent(25.0) == (0, 20.0)


def test_a_checkpoint_begun_before_a_compaction_covers_what_it_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(tmp_path)
    store.create(session(100))
    take(store, Span(0, 10))
    checkpoint(store)
    take(store, Span(10, 20), at=3.0)

    def compact_meanwhile() -> None:
        take(store, Span(20, 30), at=3.0)
        store.open(ID)._log.compact(lambda state: state.snapshot(7), sync=True)

    with during_the_sync(monkeypatch, compact_meanwhile):
        checkpoint(store, 4.0)
    assert after_power_cut(tmp_path) == [Span(0, 20)]


def test_a_long_journal_is_short_once_it_is_compacted(tmp_path: Path) -> None:
    jobs: list[checkpoints.Job] = []
    store = DiskUploads(tmp_path, DiskRules(durability=Durability.NONE), background=jobs.append)
    store.create(session(4000))
    for at in range(101):
        take(store, Span(at, at + 1))
    assert jobs == []
    for at in range(101, 3000):
        take(store, Span(at, at + 1))
    jobs.pop()()
    assert (tmp_path / ID / "spans").stat().st_size < 200
    take(store, Span(3000, 3001))
    assert jobs == []
    assert list(DiskUploads(tmp_path).open(ID).status().ranges) == [Span(0, 3001)]


def test_compacting_beside_eight_writers_loses_no_record_and_one_closes_the_gap(tmp_path: Path) -> None:
    DiskUploads(tmp_path).create(session(400))

    def record_and_compact(number: int) -> int:
        mine = DiskUploads(tmp_path)
        closed = 0
        for at in range(number, 400, 8):
            closed += take(mine, Span(at, at + 1)).closed
            if at % 5 == 0:
                mine.open(ID)._log.compact(lambda state: state.snapshot(at), sync=True)  # noqa: B023
            if at % 7 == 0:
                mine.open(ID).update(lambda each: each)
        return closed

    assert sum(together(8, record_and_compact)) == 1
    assert list(DiskUploads(tmp_path).open(ID).status().ranges) == [Span(0, 400)]


@pytest.mark.parametrize("durability", [Durability.COMPLETE, Durability.CHUNK])
def test_what_a_failed_sync_may_have_lost_no_longer_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durability: Durability
) -> None:
    store = store_of(tmp_path, durability)
    store.create(session(30))
    take(store, Span(0, 10))
    checkpoint(store)
    take(store, Span(10, 30), at=3.0)

    def fail() -> None:
        raise Busy

    with during_the_sync(monkeypatch, fail), pytest.raises(Busy):
        checkpoint(store, 3.0)
    counts = [Span(0, 30)] if durability is Durability.CHUNK else [Span(0, 10)]
    assert list(store.open(ID).status().ranges) == counts
    assert store.open(ID).status().lost
    checkpoint(store, sync=False, compact=True)
    assert store_of(tmp_path, durability).open(ID).status().lost
    assert list(store.open(ID).status().ranges) == counts


@pytest.mark.parametrize("boot", [1, 2])
def test_whether_bytes_may_have_been_sent_twice_is_known_after_the_delivery_too(tmp_path: Path, boot: int) -> None:
    store_of(tmp_path).create(session(30))
    take(store_of(tmp_path), Span(0, 10))
    store = store_of(tmp_path, boot=boot)
    take(store, Span(0, 30))
    assert store.open(ID).status().lost is (boot == 2)
    store.open(ID).end(lambda each: each.completed("a", None, 9.0))
    assert store_of(tmp_path, boot=boot).open(ID).status().lost is (boot == 2)


def test_more_than_the_disk_holds_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(StorageFull):
        DiskUploads(tmp_path).create(session(2**60))


@pytest.mark.parametrize("staged", [False, True])
def test_a_failed_chunk_leaves_no_file_and_no_room_taken(tmp_path: Path, staged: bool) -> None:
    store = DiskUploads(tmp_path, DiskRules(staged=staged))
    store.create(session(2**20))
    data = tmp_path / ID / "data"
    assert store.open(ID).set_aside(Span(0, 2**19)) >= 2**19
    with pytest.raises(ChunkSizeMismatch):
        take(store, Span(0, 2**19), b"short")
    assert sorted(path.name for path in data.parent.rglob("*") if path.is_file()) == ["data", "session.json", "spans"]
    assert data.stat().st_blocks * 512 < 2**19


def _claim_and_die(base: Path, claimed: object) -> None:
    with DiskUploads(base).open(ID).claim(Span(0, 10)):
        claimed.set()  # type: ignore[attr-defined]
        os.kill(os.getpid(), 9)


def test_a_process_that_dies_gives_its_claim_back(tmp_path: Path) -> None:
    store = DiskUploads(tmp_path)
    store.create(session(10))
    context = multiprocessing.get_context("spawn")
    claimed = context.Event()
    process = context.Process(target=_claim_and_die, args=(tmp_path, claimed))
    process.start()
    assert claimed.wait(30)
    process.join(30)
    assert take(store, Span(0, 10), b"x" * 10).closed
    assert (tmp_path / ID / "data").read_bytes() == b"x" * 10

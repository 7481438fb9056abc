"""How a process writes into SQLite: in groups that share what is slow and nothing else, with a log that is trusted only while the
disk takes it, and that stays short."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.core.errors import Busy, StorageFull
from app.storage.sql import synced_log, write_ahead
from app.storage.sql.sqlite import SQLiteDatabase
from tests.support.catalogues import catalogue

INSERT = "INSERT INTO facts (name, value) VALUES (:name, :value)"


@pytest.fixture
def database(tmp_path: Path) -> SQLiteDatabase:
    return catalogue(tmp_path)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "catalogue" / "catalogue.db-wal"


def note(database: SQLiteDatabase, name: str, value: str = "x", *, urgent: bool = False) -> None:
    with database.write(urgent=urgent) as tx:
        tx.run(INSERT, name=name, value=value)
    database.sync()


def names(database: SQLiteDatabase) -> set[str]:
    with database.read() as tx:
        return {name for (name,) in tx.all("SELECT name FROM facts")}


def test_many_threads_share_commits_and_a_part_that_fails_takes_no_other_along(
    database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    commit = write_ahead.Writer._commit

    coming = threading.Semaphore(0)

    def counted(self: write_ahead.Writer, group: write_ahead._Group) -> bool:
        if not commits:
            # However busy the machine is: the first group ends when all the others are on their way into the next ones.
            for _ in range(16):
                assert coming.acquire(timeout=60)
        commits.append(group.parts)
        return commit(self, group)

    monkeypatch.setattr(write_ahead.Writer, "_commit", counted)
    ready = threading.Barrier(16)

    def write(number: int) -> None:
        ready.wait()
        coming.release()
        for each in range(25):
            try:
                with database.write() as tx:
                    tx.run(INSERT, name=f"{number}-{each}", value="x")
                    if each % 5 == 4:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue
            assert f"{number}-{each}" in names(database)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(16)))
    assert names(database) == {f"{number}-{each}" for number in range(16) for each in range(25) if each % 5 < 4}
    assert sum(commits) == 16 * 20
    assert len(commits) < 16 * 20


def test_one_sync_serves_all_who_committed_before_it(database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    note(database, "first")
    syncs, begun, go_on, real = [], threading.Event(), threading.Event(), os.fdatasync

    def slow(descriptor: int) -> None:
        syncs.append(descriptor)
        begun.set()
        go_on.wait(60)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", slow)
    with ThreadPoolExecutor(17) as pool:
        one = pool.submit(note, database, "one")
        assert begun.wait(60)
        # These have committed too late for the sync that is under way; the next one brings them all.
        rest = [pool.submit(note, database, f"{number}") for number in range(16)]
        while len(names(database)) < 18:
            pass
        go_on.set()
        for each in (one, *rest):
            each.result(60)
    assert len(syncs) == 2


def failing(times: int) -> Callable[[int], None]:
    """A disk that loses what it was given, so many times."""
    left, real = [times], os.fdatasync

    def sync(descriptor: int) -> None:
        if left[0]:
            left[0] -= 1
            raise OSError(errno.EIO, "as a disk says it")
        real(descriptor)

    return sync


def test_after_a_sync_that_failed_the_log_is_copied_instead(
    database: SQLiteDatabase, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(database, "before")
    monkeypatch.setattr(os, "fdatasync", failing(1))
    note(database, "lost by the log")
    # Nothing is left in the log that anybody would have to read there.
    log.write_bytes(b"")
    database.close()
    assert names(database) == {"before", "lost by the log"}


def test_until_the_log_could_be_copied_nothing_is_written(
    database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(database, "before")
    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", failing(10**6))
        broken.setattr(synced_log.Log, "_heal", _cannot)
        for _ in range(3):
            with pytest.raises(Busy):
                note(database, "not taken")
    note(database, "after")
    assert "after" in names(database)


def _cannot(_: object) -> None:
    raise Busy


def test_the_log_stays_short_while_others_read(database: SQLiteDatabase, log: Path) -> None:
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            names(database)

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        try:
            for number in range(500):
                with database.write() as tx:
                    tx.run(INSERT, name=f"{number}", value="x" * 12_000)
        finally:
            done.set()
        for each in readers:
            each.result()
    # As long as that it may be while there is always somebody reading, and what one look at its length comes too late.
    assert log.stat().st_size < write_ahead.MAX_LOG_BYTES + write_ahead.CHECKPOINT_ROWS * 6 * 4096


def test_a_log_that_somebody_has_kept_from_beginning_anew_gives_its_room_back_once_it_has(
    database: SQLiteDatabase, log: Path
) -> None:
    note(database, "first")
    with database.read() as tx:
        tx.run("BEGIN")
        assert tx.one("SELECT count(*) FROM facts") == (1,)
        for number in range(1000):
            note(database, f"long {number}", "x" * 3000)
        long = log.stat().st_size
        tx.run("COMMIT")
    for number in range(write_ahead.CHECKPOINT_ROWS + 1):
        note(database, f"short {number}")
    assert log.stat().st_size < long / 2


def test_with_no_room_left_only_what_is_urgent_is_written(
    database: SQLiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(database, "before")
    monkeypatch.setattr(write_ahead, "SPARE_BYTES", 2**60)
    with pytest.raises(StorageFull):
        note(database, "an opening")
    note(database, "a closing", urgent=True)
    assert names(database) == {"before", "a closing"}

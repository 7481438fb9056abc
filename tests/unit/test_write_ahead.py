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
from app.storage.sql.database import Transaction
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

    def counted(self: write_ahead.Writer, group: write_ahead.Group) -> bool:
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


def test_one_sync_serves_all_who_committed_before_it(
    database: SQLiteDatabase, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(database, "first")
    syncs, begun, go_on, real = [], threading.Event(), threading.Event(), os.fdatasync

    def slow(descriptor: int) -> None:
        if not is_open(descriptor, log):
            return real(descriptor)
        syncs.append(descriptor)
        begun.set()
        assert go_on.wait(60)
        return real(descriptor)

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


def is_open(descriptor: int, path: Path) -> bool:
    """Threads that earlier tests have left bring files of their own to the disk."""
    return Path(f"/proc/self/fd/{descriptor}").readlink() == path


def failing(times: int, log: Path) -> Callable[[int], None]:
    """A disk that loses what this log has given it, so many times."""
    left, real = [times], os.fdatasync

    def sync(descriptor: int) -> None:
        if left[0] and is_open(descriptor, log):
            left[0] -= 1
            raise OSError(errno.EIO, "as a disk says it")
        real(descriptor)

    return sync


def test_after_a_sync_that_failed_the_log_is_copied_instead(
    database: SQLiteDatabase, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(database, "before")
    monkeypatch.setattr(os, "fdatasync", failing(1, log))
    note(database, "lost by the log")
    # Nothing is left in the log that anybody would have to read there.
    log.write_bytes(b"")
    database.close()
    assert names(database) == {"before", "lost by the log"}


def test_until_the_log_could_be_copied_nothing_is_written(
    database: SQLiteDatabase, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(database, "before")
    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", failing(10**6, log))
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


def waiting(database: SQLiteDatabase, count: int) -> None:
    """Return once so many have left their work to whoever leads, who does all of it when it is his turn."""
    while len(database._here.own().combined._jobs) < count:
        pass


def test_a_group_that_is_to_be_durable_is_brought_to_the_disk_by_one_thread_before_any_goes_on(
    database: SQLiteDatabase, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(database, "first")
    syncs, begun, go_on, real = [], threading.Event(), threading.Event(), os.fdatasync

    def slow(descriptor: int) -> None:
        if not is_open(descriptor, log):
            return real(descriptor)
        syncs.append(descriptor)
        begun.set()
        assert go_on.wait(60)
        return real(descriptor)

    def write(number: int) -> None:
        database.change(lambda tx: tx.run(INSERT, name=f"{number}", value="x"), durable=True)

    monkeypatch.setattr(os, "fdatasync", slow)
    with ThreadPoolExecutor(16) as pool:
        with database.write() as tx:
            tx.run(INSERT, name="has the turn, and waits for no disk", value="x")
            writes = [pool.submit(write, number) for number in range(16)]
            waiting(database, 16)
        assert begun.wait(60)
        assert not any(each.done() for each in writes), "nobody is told before the disk has it"
        go_on.set()
        for each in writes:
            each.result(60)
    assert len(syncs) == 1
    assert len(names(database)) == 18


def test_each_who_waits_for_a_disk_that_fails_is_told(
    database: SQLiteDatabase, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(database, "before")
    monkeypatch.setattr(os, "fdatasync", failing(10**6, log))
    monkeypatch.setattr(synced_log.Log, "_heal", _cannot)

    def write(number: int) -> None:
        database.change(lambda tx: tx.run(INSERT, name=f"{number}", value="x"), durable=True)

    with ThreadPoolExecutor(8) as pool:
        with database.write() as tx:
            tx.run(INSERT, name="has the turn", value="x")
            writes = [pool.submit(write, number) for number in range(8)]
            waiting(database, 8)
        for each in writes:
            with pytest.raises(Busy):
                each.result(60)


@pytest.mark.parametrize("in_group", [True, False], ids=["in a group", "as its first part"])
def test_work_that_fails_undoes_nothing_of_what_was_done_with_it(database: SQLiteDatabase, in_group: bool) -> None:
    note(database, "first")

    def work(number: int) -> int:
        def insert(tx: Transaction) -> int:
            tx.run(INSERT, name=f"{number}", value="x")
            if number % 2:
                raise ZeroDivisionError(number)
            return number

        return database.change(insert)

    with ThreadPoolExecutor(8) as pool:
        with database.write() if in_group else database._here.own().writer._lock:
            done = [pool.submit(work, number) for number in range(8)]
            waiting(database, 8)
        for number, each in enumerate(done):
            if number % 2:
                with pytest.raises(ZeroDivisionError, match=f"{number}"):
                    each.result(60)
            else:
                assert each.result(60) == number
    assert names(database) == {"first", "0", "2", "4", "6"}
    with pytest.raises(ZeroDivisionError):
        work(9)
    assert work(10) == 10


def test_whatever_ends_the_thread_that_leads_the_others_are_told_and_go_on(database: SQLiteDatabase) -> None:
    def exit_once(_: Transaction) -> None:
        raise SystemExit

    with ThreadPoolExecutor(4) as pool:
        with database.write() as tx:
            tx.run(INSERT, name="has the turn", value="x")
            ends = pool.submit(database.change, exit_once)
            waiting(database, 1)
            others = [pool.submit(note_by_change, database, f"{number}") for number in range(3)]
            waiting(database, 4)
        with pytest.raises(SystemExit):
            ends.result(60)
        for each in others:
            with pytest.raises(Busy):
                each.result(60)
    note_by_change(database, "after")
    assert names(database) == {"has the turn", "after"}


def note_by_change(database: SQLiteDatabase, name: str) -> None:
    database.change(lambda tx: tx.run(INSERT, name=name, value="x"), durable=True)


def test_on_a_full_disk_what_is_urgent_stays_within_the_room_that_the_log_has(
    database: SQLiteDatabase, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(database, "before")
    monkeypatch.setattr(write_ahead, "SPARE_BYTES", 2**60)
    for number in range(300):
        with database.write(urgent=True) as tx:
            tx.run("UPDATE facts SET value = :value WHERE name = 'before'", value=str(number) * 1000)
        database.sync()
    assert log.stat().st_size == synced_log.LOG_RESERVE_BYTES


def test_what_made_the_tables_is_in_the_file_and_leaves_the_log_to_others(database: SQLiteDatabase, log: Path) -> None:
    assert database.path.stat().st_size > 100 * 4096
    assert log.stat().st_size == synced_log.LOG_RESERVE_BYTES

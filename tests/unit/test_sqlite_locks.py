"""SQLite's locks stay with the process that has them, as every other descriptor of a file that it closes would end them."""

from __future__ import annotations

import os
import re
import threading
import time
from itertools import count
from pathlib import Path

from app.core.links import RequestLink
from app.core.paths import RelPath
from app.storage.disk.data_folder import make_data_folder
from app.storage.disk.readiness import problems
from app.storage.disk.sqlite_file import SQLiteFile
from app.storage.sql.backup import back_up
from app.storage.sql.files import SQLRequests
from app.storage.sql.takeover import open_catalogue
from tests.support.processes import together

HASH = "link-0123456789abcdef"


def locks_of(folder: Path) -> set[int]:
    """The inode numbers of those files on which this process has record locks."""
    # While others take and release theirs, one look passes over some of the list. A lock that is gone is in none.
    looks = "".join(Path("/proc/locks").read_text() for _ in range(20))
    mine = re.findall(rf"POSIX +ADVISORY +\w+ +{os.getpid()} +\S+:(\d+) ", looks)
    return {int(each) for each in mine}


def test_the_locks_of_sqlite_outlive_whatever_else_is_done_with_its_files(tmp_path: Path) -> None:
    """Without them another process that closes the catalogue takes its log for one that nobody uses, and removes it."""
    data = tmp_path / "data"
    make_data_folder(data, 0o022)
    database = open_catalogue(data, None)
    promises = SQLiteFile(data / "promises.db", "CREATE TABLE IF NOT EXISTS t (x);", time.time, lambda *_: None)
    with promises.look() as (connection, _):
        connection.execute("SELECT * FROM t").fetchall()
    SQLRequests(database).all()
    held = {path.stat().st_ino for path in (data / "promises.db", data / "catalogue" / "catalogue.db")} & locks_of(data)
    assert len(held) == 2
    make_data_folder(data, 0o022)
    assert problems(data) == []
    another = SQLiteFile(data / "promises.db", "", time.time, lambda *_: None)
    with another.alone():
        pass
    another.close()
    SQLRequests(database).create(RequestLink(HASH, RelPath.parse("in"), 1.0))
    again = open_catalogue(data, None)
    SQLRequests(again).all()
    again.close()
    back_up(data, tmp_path / "copy", catalogue=True)
    assert held <= locks_of(data)


def test_a_child_has_locks_of_its_own(tmp_path: Path) -> None:
    data = tmp_path / "data"
    make_data_folder(data, 0o022)
    store = SQLRequests(open_catalogue(data, None))
    store.all()
    inode = (data / "catalogue" / "catalogue.db").stat().st_ino

    def work(_: int) -> bool:
        store.all()
        return inode in locks_of(data)

    assert together(2, work) == [True, True]


def test_a_process_forks_while_its_threads_use_the_catalogue(tmp_path: Path) -> None:
    """A child that inherits a mutex of SQLite's that is locked never gets past it."""
    data = tmp_path / "data"
    make_data_folder(data, 0o022)
    database = open_catalogue(data, None)
    store, over, failed = SQLRequests(database), threading.Event(), []
    store.create(RequestLink(HASH, RelPath.parse("in"), 1.0))

    def use(number: int) -> None:
        try:
            for each in count():
                if over.is_set():
                    return
                store.all()
                store.reserve(store.load(HASH), f"{number}-{each}", 1)
                store.release(HASH, f"{number}-{each}", "failed")
        except Exception as error:  # noqa: BLE001  it is told below, whatever it is
            failed.append(error)

    threads = [threading.Thread(target=use, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(15):
            assert together(2, lambda _: len(store.all())) == [1, 1]
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert failed == []

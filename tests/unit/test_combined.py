"""What many threads have noted by one of them."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import pytest

from app.storage.disk.sqlite_file import made
from app.storage.sql.database import Transaction
from app.storage.sql.migrate import create
from app.storage.sql.sqlite import SQLiteDatabase
from tests.support.files import eventually


@pytest.fixture
def database(tmp_path: Path) -> SQLiteDatabase:
    made(tmp_path / "catalogue.db")
    found = SQLiteDatabase(tmp_path / "catalogue.db")
    create(found)
    return found


class Notes:
    """Threads that note a fact each, all at the same moment."""

    def __init__(self, database: SQLiteDatabase) -> None:
        self._database = database
        self.called: Counter[str] = Counter()
        self.failed: dict[str, Exception] = {}

    def note(self, name: str, trouble: Exception | None, early: bool) -> None:
        def work(tx: Transaction) -> None:
            self.called[name] += 1
            if trouble is not None and early:
                raise trouble
            tx.run("INSERT INTO facts (name, value) VALUES (:name, '')", name=name)
            if trouble is not None:
                raise trouble

        try:
            self._database.change(work, durable=True)
        except ZeroDivisionError as error:
            self.failed[name] = error

    def at_once(self, trouble: Exception, *, early: bool) -> None:
        waiting = self._database._here.own().combined._jobs
        names = ["a", "b", "c", "d"]
        threads = [
            threading.Thread(target=self.note, args=(name, trouble if name == "b" else None, early)) for name in names
        ]
        with self._database.write():
            # Whoever has the turn keeps the leader of the others waiting, and so they gather.
            for number, thread in enumerate(threads, 1):
                thread.start()
                eventually(lambda: len(waiting) == number, what="the next of them")  # noqa: B023
        for thread in threads:
            thread.join(60)

    def noted(self) -> list[str]:
        with self._database.read() as tx:
            return [row[0] for row in tx.all("SELECT name FROM facts ORDER BY name")]


def test_what_fails_before_it_writes_stops_nobody_and_nothing_is_done_twice(database: SQLiteDatabase) -> None:
    notes, trouble = Notes(database), ZeroDivisionError()
    notes.at_once(trouble, early=True)
    assert notes.failed == {"b": trouble}
    assert notes.noted() == ["a", "c", "d"]
    assert set(notes.called.values()) == {1}


def test_what_fails_after_it_has_written_is_undone_alone(database: SQLiteDatabase) -> None:
    notes, trouble = Notes(database), ZeroDivisionError()
    notes.at_once(trouble, early=False)
    assert notes.failed == {"b": trouble}
    assert notes.noted() == ["a", "c", "d"]
    assert notes.called["a"] == 2
    notes.note("later", None, early=False)
    assert notes.noted() == ["a", "c", "d", "later"]

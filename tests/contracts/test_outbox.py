"""What every OutboxStore promises, to any number of processes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import Busy
from app.core.events import EventKind
from app.core.reasons import Reason
from app.core.remotes import OutboxEntry, OutboxState, RemoteTarget, TargetKind
from app.storage.sql.events import SQLEvents
from app.storage.sql.outbox import SQLOutbox, outbox_row
from tests.contracts.conftest import databases
from tests.support.actors import OWNER
from tests.support.processes import together

PLACE = RemoteTarget(TargetKind.S3, bucket="bucket", prefix="in")


def entry(upload_id: str = "upload-1", created_at: float = 1.0) -> OutboxEntry:
    return OutboxEntry(upload_id, "hash", PLACE, 10, created_at)


@pytest.fixture(params=["sqlite", "postgresql"])
def make(request, tmp_path: Path):
    """Opens the same outbox again, as another process or a restart would."""
    opened = databases(request.param, request, tmp_path)
    return lambda: SQLOutbox(opened())


@pytest.fixture
def outbox(make):
    return make()


def test_an_entry_comes_back_as_it_was(outbox, make):
    full = replace(
        entry(), state=OutboxState.RETRYING, transfer="secret", path="a/ü", attempts=2, error="No.", digests="{}"
    )
    full = replace(full, reason=Reason.FULL, said="No room: ü")
    assert outbox.add(full) is True
    assert outbox.load("upload-1") == full
    assert make().all() == [full]


def test_adding_again_changes_nothing(outbox):
    outbox.add(entry())
    outbox.update("upload-1", lambda each: replace(each, attempts=3))
    assert outbox.add(entry()) is False
    assert outbox.load("upload-1").attempts == 3


def test_what_an_owner_asks_for_is_due_at_once_and_told(outbox, make):
    failed = replace(entry("upload-2"), state=OutboxState.FAILED, attempts=3, next_at=99.0, transfer="secret")
    outbox.add(failed)
    outbox.ask(entry(), OWNER)
    outbox.ask(entry("upload-2"), OWNER)
    again = replace(failed, state=OutboxState.WAITING, attempts=0, next_at=0.0)
    assert sorted(make().all(), key=lambda each: each.upload_id) == [entry(), again]
    told = [(each.kind, each.link, each.actor, each.upload_id) for each in SQLEvents(outbox._database).after(0, 9)]
    asked = EventKind.PASSING_ON_ASKED
    assert told == [(asked, "hash", "owner", "upload-1"), (asked, "hash", "owner", "upload-2")]


def test_what_was_removed_is_gone_and_an_update_brings_it_not_back(outbox):
    outbox.add(entry())
    outbox.remove("upload-1")
    outbox.remove("upload-1")
    assert outbox.load("upload-1") is None
    assert outbox.update("upload-1", lambda each: each) is None
    assert outbox.all() == []


def test_the_oldest_come_first_and_changes_are_seen(outbox, make):
    for number in (3, 1, 2):
        outbox.add(entry(f"upload-{number}", float(number)))
    assert [each.upload_id for each in outbox.all()] == ["upload-1", "upload-2", "upload-3"]
    make().update("upload-2", lambda each: replace(each, error="new"))
    assert outbox.all()[1].error == "new"


def test_one_of_many_processes_passes_a_file_on(outbox):
    outbox.add(entry())

    def attempt(number: int) -> str:
        try:
            with outbox.sending("upload-1"):
                before = outbox.load("upload-1")
                assert before is not None
                outbox.update("upload-1", lambda each: replace(each, attempts=before.attempts + 1))
                return "did it"
        except Busy:
            return "busy"

    done = together(6, attempt)
    assert outbox.load("upload-1").attempts == done.count("did it") >= 1
    assert set(done) <= {"did it", "busy"}


def test_no_change_is_lost_among_processes(outbox):
    outbox.add(entry())

    def count(number: int) -> None:
        for _ in range(20):
            outbox.update("upload-1", lambda each: replace(each, attempts=each.attempts + 1))

    together(4, count)
    assert outbox.load("upload-1").attempts == 80


def test_two_cannot_hold_one_file_and_the_lock_falls_with_the_block(outbox):
    outbox.add(entry())
    with outbox.sending("upload-1"), pytest.raises(Busy), outbox.sending("upload-1"):
        pass
    with outbox.sending("upload-1"):
        outbox.remove("upload-1")


def test_some_are_told_and_all_are_counted(outbox):
    for number, state in enumerate((OutboxState.WAITING, OutboxState.WAITING, OutboxState.FAILED)):
        outbox.add(replace(entry(f"upload-{number}"), state=state, sent_bytes=number))
    found = outbox.some(["upload-2", "never", "no such id", "upload-0"])
    assert {upload_id: each.state for upload_id, each in found.items()} == {
        "upload-0": OutboxState.WAITING,
        "upload-2": OutboxState.FAILED,
    }
    assert outbox.some([]) == {}
    assert outbox.figures() == {OutboxState.WAITING: (2, 19), OutboxState.FAILED: (1, 8)}


def test_of_each_remote_those_that_waited_longest_are_due(outbox):
    slow, other = PLACE, RemoteTarget(TargetKind.DRIVE, folder_id="f")
    for number in range(6):
        outbox.add(replace(entry(f"slow-{number}", float(number)), target=replace(slow, prefix=f"{number}")))
    outbox.add(replace(entry("other-late", 20.0), target=other))
    outbox.add(replace(entry("other-failed", 10.0), target=other, next_at=50.0))
    outbox.add(replace(entry("bucket", 0.5), target=RemoteTarget(TargetKind.S3, bucket="another")))

    def due(now: float, most: int) -> list[str]:
        return [each.upload_id for each in outbox.due(now, most)]

    assert due(49.0, 2) == ["slow-0", "bucket", "slow-1", "other-late"]
    assert due(50.0, 1) == ["slow-0", "bucket", "other-late"]
    assert due(50.0, 2) == ["slow-0", "bucket", "slow-1", "other-failed", "other-late"]
    outbox.update("slow-0", lambda each: replace(each, next_at=60.0))
    assert due(49.0, 1) == ["bucket", "slow-1", "other-late"]


def test_what_is_not_due_is_not_looked_at(outbox):
    """However much waits, a look reads the rows that it tells and goes to no others."""
    if outbox._database.dialect.name != "sqlite":
        pytest.skip("it tells no steps of its own")
    with outbox._database.write() as tx:
        tx.many(outbox._add, [outbox_row(replace(entry(f"later-{n}", float(n)), next_at=1e9)) for n in range(2000)])
        tx.many(outbox._add, [outbox_row(entry(f"now-{n}", float(n))) for n in range(2000)])
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    with outbox._database.read() as tx:
        connection = tx._executor.connection
    connection.set_progress_handler(count, 10)
    found = outbox.due(5.0, 4)
    connection.set_progress_handler(None, 0)
    assert [each.upload_id for each in found] == [f"now-{n}" for n in range(4)]
    assert steps < 100


def test_nobody_else_on_the_machine_can_read_it(outbox, tmp_path):
    outbox.add(replace(entry(), transfer="https://secret"))
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path

"""Work of many threads that one of them does for all.

Where each thread does its own part of a group (``write_ahead``), all processes wait while the next thread is woken. Work that
nobody needs his own thread for is left in a queue instead. One thread of the process leads: it does all that has gathered, lets
the next one lead, waits for the disk, and only then tells the others, each of whom was woken once.

Lock order: ``Combined._lock`` is held for moments, by nobody who waits for anything.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from app.core.errors import Busy, StorageFull
from app.storage.sql.database import Transaction
from app.storage.sql.write_ahead import MAX_GROUP, Group, Writer, translated

Value = TypeVar("Value")


class _Job:
    """Work that waits for a leader, and what came of it."""

    __slots__ = ("durable", "error", "gate", "is_over", "result", "ticket", "work")

    def __init__(self, work: Callable[[Transaction], Any], durable: bool) -> None:
        self.work = work
        self.durable = durable
        self.result: Any = None
        self.error: BaseException | None = None
        self.ticket = 0
        self.is_over = False
        # Opens when it is over, or when its own thread shall lead.
        self.gate = threading.Lock()
        self.gate.acquire()


class Combined:
    """The work of the threads of one process, done through ``writer``. Safe from any thread."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._lock = threading.Lock()
        self._jobs: deque[_Job] = deque()
        self._is_led = False

    def do(self, work: Callable[[Transaction], Value], urgent: bool, durable: bool) -> Value:
        """See ``Database.change``."""
        self._writer.check(urgent)
        job = _Job(work, durable)
        with self._lock:
            self._jobs.append(job)
            leads, self._is_led = not self._is_led, True
        if not leads:
            job.gate.acquire()
        if not job.is_over:
            # It is the first in the queue: either it was empty, or the last leader has left it there.
            self._lead()
        self._writer.log.seen(job.ticket)
        if job.error is not None:
            raise job.error
        result: Value = job.result
        return result

    def _lead(self) -> None:
        jobs: list[_Job] = []
        has_handed_over = False
        try:
            try:
                group = self._writer.begin_checked()  # Each has asked for itself whether there is room.
            finally:
                # Now: until it was this thread's turn, more have gathered.
                jobs = self._gathered()
            try:
                _do_all(group, jobs)
            except BaseException as error:
                self._writer.leave(group, error)
                raise
            due = self._writer.leave(group, None, len(jobs))
            self._hand_over()
            has_handed_over = True
            self._writer.settle(group, None, due)
            for job in jobs:
                job.ticket = group.ticket
            self._bring(jobs)
        except BaseException as trouble:
            # Where this thread is to end, the others know nothing of that.
            _tell(jobs, translated(trouble) if isinstance(trouble, Exception) else Busy())
            raise translated(trouble) from trouble
        finally:
            if not has_handed_over:
                self._hand_over()
            for job in jobs:
                job.is_over = True
                job.gate.release()

    def _gathered(self) -> list[_Job]:
        with self._lock:
            return [self._jobs.popleft() for _ in range(min(MAX_GROUP, len(self._jobs)))]

    def _hand_over(self) -> None:
        with self._lock:
            self._is_led = bool(self._jobs)
            if self._jobs:
                self._jobs[0].gate.release()

    def _bring(self, jobs: list[_Job]) -> None:
        durable = [job for job in jobs if job.durable]
        if durable:
            try:
                self._writer.log.sync()
            except (Busy, StorageFull) as trouble:
                _tell(durable, trouble)


def _do_all(group: Group, jobs: list[_Job]) -> None:
    """Do the jobs in one part of a group; one that fails undoes nothing of the others. Raises what undoes all of them.

    What fails has hardly ever written anything, so there are no savepoints at first, each of which would have SQLite keep a copy of every
    page that is changed behind it. Only where something has to be undone, all is, and done again with them.
    """
    connection, transaction = group.cursor.connection, Transaction(group.cursor)
    if len(jobs) == 1:
        jobs[0].result = jobs[0].work(transaction)
        return
    for job in jobs:
        before = connection.total_changes
        try:
            job.result = job.work(transaction)
        except Exception as error:
            if not connection.in_transaction:
                raise  # SQLite itself has undone everything, as on a full disk.
            if connection.total_changes != before:
                _do_each_again(group, jobs)
                return
            job.error = translated(error)


def _do_each_again(group: Group, jobs: list[_Job]) -> None:
    cursor, transaction = group.cursor, Transaction(group.cursor)
    if group.parts:
        cursor.execute("ROLLBACK TO part")
    else:
        cursor.execute("ROLLBACK")
        cursor.execute("BEGIN IMMEDIATE")  # Nobody was before us: it is this process' turn.
    for job in jobs:
        job.error = None
        cursor.execute("SAVEPOINT job")
        try:
            job.result = job.work(transaction)
        except Exception as error:
            if not cursor.connection.in_transaction:
                raise  # SQLite itself has undone everything, as on a full disk.
            cursor.execute("ROLLBACK TO job")
            job.error = translated(error)
        cursor.execute("RELEASE job")


def _tell(jobs: list[_Job], trouble: BaseException) -> None:
    for job in jobs:
        job.error = job.error or trouble

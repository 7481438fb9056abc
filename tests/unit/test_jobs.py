"""What the process that leads does, and when."""

from __future__ import annotations

import threading

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from app import jobs
from app.core.errors import Busy
from tests.support.files import eventually


class Alone:
    """There is no other process; it leads until it is told that it does no more, which is once."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.terms = 0

    def wait(self) -> None:
        self.terms += 1

    def leads(self, seconds: float = 0.0) -> bool:
        if self.terms > 1:
            threading.Event().wait()
        return not self.over.wait(seconds)


def test_what_dead_processes_left_is_looked_for_at_once_and_every_night(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[BackgroundScheduler] = []

    class Paused(BackgroundScheduler):  # type: ignore[misc]
        def start(self) -> None:
            super().start(paused=True)
            made.append(self)

    def sweep() -> None: ...

    def catch_up() -> None: ...

    monkeypatch.setattr(jobs, "BackgroundScheduler", Paused)
    leader = Alone()
    jobs.start_leader(leader, "0 3 * * *", sweep, catch_up)
    eventually(lambda: bool(made), what="the scheduler")
    planned = made[0].get_jobs()
    nightly = {each.args[0] for each in planned if isinstance(each.trigger, CronTrigger)}
    at_once = {each.args[0] for each in planned if not isinstance(each.trigger, CronTrigger)}
    assert nightly == {sweep, catch_up}
    assert at_once == {catch_up}
    leader.over.set()
    eventually(lambda: len(made) == 2, what="the scheduler of the next term")
    assert (leader.terms, made[0].running, made[1].running) == (2, False, True)
    made[1].shutdown()


def test_a_job_that_cannot_reach_what_it_needs_is_a_line_and_one_that_fails_is_a_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away() -> None:
        raise Busy()

    def broken() -> None:
        raise ValueError("of its own")

    for job in (away, broken):
        jobs.run_logged(job)
    assert [(each.levelname, each.exc_info is not None) for each in caplog.records] == [
        ("WARNING", False),
        ("ERROR", True),
    ]

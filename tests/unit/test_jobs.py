"""What the process that leads does, and when."""

from __future__ import annotations

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from app import jobs
from tests.support.files import eventually


class Alone:
    """There is no other process."""

    def wait(self) -> None:
        pass


def test_what_dead_processes_left_is_looked_for_at_once_and_every_night(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[BackgroundScheduler] = []

    class Paused(BackgroundScheduler):  # type: ignore[misc]
        def start(self) -> None:
            super().start(paused=True)
            made.append(self)

    def sweep() -> None: ...

    def catch_up() -> None: ...

    monkeypatch.setattr(jobs, "BackgroundScheduler", Paused)
    jobs.start_leader(Alone(), "0 3 * * *", sweep, catch_up)
    eventually(lambda: bool(made), what="the scheduler")
    planned = made[0].get_jobs()
    made[0].shutdown()
    nightly = {each.args[0] for each in planned if isinstance(each.trigger, CronTrigger)}
    at_once = {each.args[0] for each in planned if not isinstance(each.trigger, CronTrigger)}
    assert nightly == {sweep, catch_up}
    assert at_once == {catch_up}

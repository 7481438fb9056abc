"""Background work: a queue in each process, and one scheduler for the whole installation."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from app.core.errors import Busy, StorageFull
from app.core.ports.shared import Leader
from app.services.operations.threads import DaemonThreads

log = logging.getLogger("droppr.jobs")

LEADS_SECONDS = 60.0
"""How long the leader's thread sleeps where nothing can end its lead."""

Job = Callable[[], object]


class BackgroundQueue:
    """Runs jobs one after the other in a thread of its own, which does not keep the process alive.

    What is still waiting when the process ends is lost, so a job must be one that is found again at the next start.
    """

    def __init__(self) -> None:
        self._thread = DaemonThreads(1, "background")

    def __call__(self, job: Job) -> None:
        self._thread.submit(partial(run_logged, job))


def run_logged(job: Job) -> None:
    """Run a job; a failure is logged with its trace and stops nothing else."""
    try:
        job()
    except (Busy, StorageFull) as error:
        # Its next turn comes: a line says so, where the trace of each turn would bury the rest.
        log.warning("job put off", extra={"error": error.message})
    except Exception:  # the last line of defence of a thread that must go on
        log.exception("job failed")


def start_pulse(*jobs: tuple[float, Job]) -> None:
    """Run each job every so many seconds, in one thread for as long as this process lives."""

    def beat() -> None:
        due = [0.0] * len(jobs)
        while True:
            now = time.monotonic()
            for number, (seconds, job) in enumerate(jobs):
                if now >= due[number]:
                    due[number] = now + seconds
                    run_logged(job)
            time.sleep(max(0.0, min(due) - time.monotonic()))

    threading.Thread(target=beat, name="pulse", daemon=True).start()


def start_leader(leader: Leader, cleanup_cron: str, sweep: Job, catch_up: Job) -> None:
    """Try to become the one process that runs the scheduler, for as long as this process lives, and again where it ceased to be.

    ``sweep`` runs by the cron expression, ``catch_up`` beside it and once on taking over: other processes die as well.
    """

    def lead() -> None:
        while True:
            leader.wait()
            scheduler = begun()
            while leader.leads(LEADS_SECONDS):
                pass
            # What runs already goes on to its end; whoever leads now may do the same meanwhile.
            scheduler.shutdown(wait=False)
            log.warning("this process runs the nightly purge no more")

    def begun() -> BackgroundScheduler:
        scheduler = BackgroundScheduler(daemon=True)
        trigger = CronTrigger.from_crontab(cleanup_cron)
        # A laptop that slept through the night purges when it wakes up.
        for job in (sweep, catch_up):
            scheduler.add_job(run_logged, trigger, args=[job], coalesce=True, misfire_grace_time=None)
        scheduler.add_job(run_logged, args=[catch_up])
        scheduler.start()
        log.info("this process runs the nightly purge", extra={"cron": cleanup_cron})
        return scheduler

    threading.Thread(target=lead, name="leader", daemon=True).start()

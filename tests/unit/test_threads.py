"""Threads of the server's own: none is missed while there is work that another one holds up."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from app.services.operations.threads import DaemonThreads
from tests.support.live import MEDIA_SERVER

SECONDS = 60
# Threads take turns as often as they can, wherever they are. In a process of its own, as none of them ever ends.
SLOW = """
import sys, threading
from app.services.operations.threads import DaemonThreads

sys.setswitchinterval(1e-6)
for number in range(2_000):
    threads, go_on = DaemonThreads(2, "some"), threading.Event()
    slow = threads.submit(lambda: go_on.wait(60))
    threads.submit(go_on.set)
    assert slow.result(), f"the second job waited for the first, in round {number}"
"""


def test_a_job_never_waits_for_one_that_is_slow_while_threads_may_be_made() -> None:
    environment = {**os.environ, "PYTHONPATH": str(MEDIA_SERVER)}
    done = subprocess.run([sys.executable, "-c", SLOW], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_there_are_no_more_threads_than_said_and_they_are_used_again() -> None:
    threads = DaemonThreads(3, "counted")
    here = threading.Barrier(3)
    for _ in range(20):
        together = [threads.submit(lambda: (here.wait(SECONDS), threading.get_ident())[1]) for _ in range(6)]
        assert len({each.result(SECONDS) for each in together}) <= 3
    assert sum(thread.name.startswith("counted-") for thread in threading.enumerate()) == 3

"""The same work in several processes at the same moment, and what one of them takes."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import signal
import subprocess
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What ``work(0)``, ``work(1)``, … return, each in a process of its own; an exception counts as its class's name.

    Processes are forked, so ``work`` may be a closure; what it returns must be picklable.
    """
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(count), context.SimpleQueue()

    def run(number: int) -> None:
        try:
            barrier.wait(100)
            results.put((number, work(number)))
        except Exception as error:  # noqa: BLE001  the test judges it, whatever it is
            # Shown where the test fails.
            traceback.print_exc()
            results.put((number, type(error).__name__))

    processes = [context.Process(target=run, args=(number,)) for number in range(count)]
    for process in processes:
        process.start()
    found = dict(results.get() for _ in processes)
    for process in processes:
        process.join()
    return [found[number] for number in range(count)]


@contextlib.contextmanager
def killed(work: Callable[[], Any]) -> Iterator[None]:
    """A process that has done ``work`` and was killed in the middle of what comes next."""
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    yield


def peak_memory(process: subprocess.Popen[Any]) -> int:
    """Wait for a process; the most bytes it had in memory, as seen up to some hundredths of a second before its end.

    Not what ``wait4`` tells: that begins with the memory of whoever forked it, which here is all of pytest.
    """
    peak = 0
    while process.poll() is None:
        with contextlib.suppress(OSError):
            found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
            peak = max(peak, int(found[1]) * 1024 if found else 0)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    return peak

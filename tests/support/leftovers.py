"""What tests leave behind when all they shared has ended: processes, sockets, memory, mounts. It ought to be nothing."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterable
from multiprocessing import resource_tracker
from pathlib import Path

import psutil

from tests.support.live import LiveServer
from tests.support.template import Template

MARK = "RUN_OF_TESTS"
SECONDS = 30.0
"""How long what was told to end may take to be gone."""


def mark() -> None:
    """From now on every process that comes from this one is known by its environment, whoever its parent is then."""
    os.environ[MARK] = f"{os.getpid()}-{time.time_ns()}"


def leftovers(folder: Path, known: Iterable[str] = (), seconds: float = SECONDS) -> list[str]:
    """What is left of the tests of this process after some seconds, a line each and without what is known. Their files
    are in ``folder``."""
    deadline = time.monotonic() + seconds
    while found := sorted({*_processes(), *_listening(), *_memory(), *_mounts(folder)} - set(known)):
        if time.monotonic() > deadline:
            return found
        # What nobody holds any more lets go of its processes and files only when it is collected.
        gc.collect()
        time.sleep(0.1)
    return []


def _processes() -> list[str]:
    # They end with this process and by themselves.
    spared = {os.getpid(), Template.pid(), getattr(resource_tracker._resource_tracker, "_pid", None)}
    children = {each.pid for each in psutil.Process().children(recursive=True)}
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.pid in children or process.environ().get(MARK) == os.environ[MARK]
            if ours and process.pid not in spared and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"process {process.pid}: {' '.join(process.cmdline())[:200]}")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def _listening() -> list[str]:
    sockets = psutil.Process().net_connections("tcp")
    return [f"somebody listens on {each.laddr}" for each in sockets if each.status == psutil.CONN_LISTEN]


def _memory() -> list[str]:
    return [f"counters in {folder}" for folder in LiveServer.counters if folder.exists()]


def _mounts(folder: Path) -> list[str]:
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    found = [f"a mount at {where}" for where in mounts if Path(where).is_relative_to(folder)]
    for backing in Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            image = backing.read_text().strip()
        except OSError:
            continue  # It was let go while we looked.
        if Path(image).is_relative_to(folder):
            found.append(f"a loop device of {image}")
    return found

"""Threads that wait for work and never keep the process alive: what they were at is gone on with after a restart."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class DaemonThreads:
    """At most ``most`` threads, made as they are needed. The standard executor would be waited for at the end.

    Threads that give way get a processor only when nothing else wants it; not for work that holds Python's own lock.
    """

    def __init__(self, most: int, name: str, *, gives_way: bool = False) -> None:
        self._most = most
        self._name = name
        self._gives_way = gives_way
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._free = 0
        """Threads that wait, or are about to, and that no job counts on yet."""

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Run ``job`` when its turn comes. A future that is cancelled before that is passed over."""
        future: Future[T] = Future()
        self._jobs.put((future, job))
        with self._lock:
            # Each job counts on a thread of its own. What threads are at cannot be asked: one may have taken a job a moment
            # ago, and whoever counts on it waits for as long as that takes.
            if self._free:
                self._free -= 1
            elif self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._run, name=f"{self._name}-{self._threads}", daemon=True).start()
        return future

    def _run(self) -> None:
        if self._gives_way:
            # On Linux each thread has a priority of its own.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
        while True:
            self._do(*self._jobs.get())
            with self._lock:
                self._free += 1

    @staticmethod
    def _do(future: Future[Any], job: Callable[[], Any]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(job())
        except BaseException as error:  # noqa: BLE001  whoever waits for the future gets it
            future.set_exception(error)
        # The error holds this frame: or the job's buffers would live as long as it.
        del future, job

"""ForwardingWorker: the threads of a process that pass files on, from the moment something is owed until nothing is."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from app.core.errors import Busy, StorageFull
from app.core.ports.guards import Clock
from app.core.ports.remotes import OutboxStore
from app.services.forwarding.forwarder import Forwarder
from app.services.operations.threads import DaemonThreads

log = logging.getLogger("droppr.remotes")

MAX_FILES = 8
MAX_FILES_TO_ONE_REMOTE = 4
"""Fewer than all, so that a remote that is slow does not hold up the files that go elsewhere."""
TICK_SECONDS = 1.0
LONG_LOOK_SECONDS = 0.01
RESTS = 10
"""How many times as long as a long look takes, in seconds of the processor, none follows."""


class ForwardingWorker:
    """Looks through the outbox every second, and at once when ``wake`` is set. Every process has one; a file that
    another one is passing on is left to it, and taken over when that one dies."""

    def __init__(
        self,
        outbox: OutboxStore,
        forwarder: Forwarder,
        clock: Clock,
        wake: threading.Event,
        idle: Callable[[], object],
    ) -> None:
        self._outbox = outbox
        self._forwarder = forwarder
        self._clock = clock
        self._wake = wake
        self._idle = idle
        self._rest = threading.Event()
        self._lock = threading.Lock()
        self._running: dict[str, tuple[str, str]] = {}
        """The files that this process is passing on, and to which remote."""
        self._files = DaemonThreads(MAX_FILES, "passing-on")

    def start(self) -> None:
        """Begin, in a thread that does not keep the process alive."""
        threading.Thread(target=self._run, name="forwarding", daemon=True).start()

    def look(self) -> None:
        """Begin with whatever is due and fits."""
        for entry in self._outbox.due(self._clock(), MAX_FILES_TO_ONE_REMOTE):
            with self._lock:
                if len(self._running) >= MAX_FILES:
                    return
                if entry.upload_id in self._running:
                    continue
                remote = entry.target.remote
                if list(self._running.values()).count(remote) >= MAX_FILES_TO_ONE_REMOTE:
                    continue
                self._running[entry.upload_id] = remote
            self._files.submit(partial(self._one, entry.upload_id))

    def _one(self, upload_id: str) -> None:
        try:
            self._forwarder.pass_on(upload_id)
        except Busy:
            pass  # Another process is at it.
        except Exception:  # the last line of defence of a thread that must go on
            log.exception("passing on failed")
        finally:
            with self._lock:
                self._running.pop(upload_id, None)

    def _run(self) -> None:
        self._logged(self._forwarder.catch_up)
        while True:
            self._wake.wait(TICK_SECONDS)
            self._wake.clear()
            begun = time.thread_time()
            self._logged(self.look)
            self._logged(self._idle)
            # Senders choose how many files lie in the outbox, and wake us with each that arrives.
            took = time.thread_time() - begun
            if took > LONG_LOOK_SECONDS:
                self._rest.wait(min(TICK_SECONDS, RESTS * took))

    @staticmethod
    def _logged(job: Callable[[], object]) -> None:
        try:
            job()
        except (Busy, StorageFull) as error:
            log.warning("the outbox could not be looked through", extra={"error": error.message})
        except Exception:  # the last line of defence of a thread that must go on
            log.exception("looking through the outbox failed")

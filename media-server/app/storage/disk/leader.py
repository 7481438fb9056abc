"""Leader: the process of an installation that holds a lock file."""

from __future__ import annotations

import time
from pathlib import Path

from filelock import FileLock

_POLL_SECONDS = 1.0


class LocalLeader:
    """Leader by the lock file ``path``. The lock is the kernel's: when its holder dies, another process has it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: FileLock | None = None

    def wait(self) -> None:
        # Made here, in the thread that uses it: a lock object does not survive a fork.
        self._lock = FileLock(self._path, mode=0o600)
        self._lock.acquire(poll_interval=_POLL_SECONDS)

    def leads(self, seconds: float = 0.0) -> bool:
        # Nothing takes the lock from a process that lives.
        time.sleep(seconds)
        return True

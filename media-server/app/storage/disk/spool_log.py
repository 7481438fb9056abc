"""The bodies that nginx was let receive and has not received to their end: a log that gunicorn and nginx both append to.

A line ``+<request> <bytes> <time>`` is written here when a body is let in, a line ``-<request>`` by nginx when that request
is over, however it ended (an access log of its own). So the sum of what is still to come is known exactly, also for senders
who bring a byte a minute. ``!`` says that nginx has started anew, and that all before it is over.

A sender may go away while gunicorn is still being asked: then nginx's line comes before the one that it ends.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.core.errors import StorageFull
from app.core.ports.guards import Clock
from app.storage.disk.atomic import disk_errors, write_all

_LONG_BYTES = 256 * 1024
"""Bytes from which on what is over is taken out of the log."""
_FORGOTTEN_SECONDS = 24 * 3600.0
"""A request that has not ended by then has ended unseen: nginx was killed."""
_ENDED_EARLY = 10_000
"""Of how many requests whose end came before their beginning it is known: more than gunicorn can be asked about at once, and as many as fit
between two times that the log is shortened."""
_KEPT_EARLY = 256
"""Of how many of them it is known after that."""


def beside_socket(socket: Path | None, data: Path, clock: Clock) -> SpoolLog | None:
    """The log beside gunicorn's unix socket; None where ``socket`` is None, as there is no nginx then. ``data`` is the data folder."""
    return None if socket is None else SpoolLog(socket.absolute().with_name("spool.log"), data / "spool", clock)


def tidy(socket: Path | None, data: Path, clock: Clock) -> None:
    """Shorten the log that ``beside_socket`` has, and remove what an nginx that was killed has left. Every node has its own."""
    log = beside_socket(socket, data, clock)
    if log is not None:
        log.shorten()
        remove_left_bodies(data, clock())


def remove_left_bodies(data: Path, now: float) -> None:
    """Remove what an nginx that was killed has left in the data folder ``data``: files in its spool to which nothing has happened for a
    day. To a file that was delivered such a one is a second name."""
    with suppress(FileNotFoundError), os.scandir(data / "spool") as entries:
        for entry in entries:
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                # Not the time of the last change of the bytes, which is the sender's once the file is delivered.
                if stat.S_ISREG(status.st_mode) and status.st_ctime < now - _FORGOTTEN_SECONDS:
                    os.unlink(entry.path)


class SpoolLog:
    """BodiesLetIn in the log file ``path``, which is made on first use; nginx puts the bodies into ``folder``. Safe from any number of
    threads and processes at once."""

    def __init__(self, path: Path, folder: Path, clock: Clock) -> None:
        self._path = path
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._head = b""
        """The first line as it was read: it changes when the log is shortened."""
        self._read_to = 0
        self._open: dict[str, tuple[int, float]] = {}
        self._ended_early: dict[str, None] = {}
        """Requests that are over and were not open, oldest first."""

    def shorten(self) -> None:
        """Take what is over out of a log that has grown long, also where nothing has to be counted. Raises StorageFull, Busy."""
        with self._lock, disk_errors(), suppress(FileNotFoundError):
            if self._path.stat().st_size > _LONG_BYTES:
                with self._locked(0) as descriptor:
                    self._shorten(descriptor)

    def let_in(self, request: str, size: int, free: Callable[[], int]) -> None:
        with self._lock, disk_errors(), self._locked(os.O_CREAT) as descriptor:
            self._catch_up(descriptor)
            others = sum(size for size, _ in self._open.values())
            # What of theirs lies here already is no longer free. Looked at first: what comes between the two looks is
            # missing from what is free, and must not be taken off a second time.
            received = min(others, self._received())
            if free() < size + others - received:
                raise StorageFull("The server has no room for this at present. Send it again later.")
            write_all(descriptor, f"+{request} {size} {self._clock():.0f}\n".encode())
            if self._read_to > _LONG_BYTES:
                self._shorten(descriptor)

    @contextmanager
    def _locked(self, creation: int) -> Iterator[int]:
        descriptor = os.open(self._path, os.O_RDWR | creation | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)

    def _received(self) -> int:
        total = 0
        with suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
        return total

    def _catch_up(self, descriptor: int) -> None:
        head = os.pread(descriptor, 64, 0).partition(b"\n")[0]
        if head != self._head or os.fstat(descriptor).st_size < self._read_to:
            self._head, self._read_to, self._open, self._ended_early = head, 0, {}, {}
        while True:
            text = os.pread(descriptor, _LONG_BYTES, self._read_to)
            whole = text.rpartition(b"\n")[0]
            if not whole:
                break
            self._read_to += len(whole) + 1
            for line in whole.decode("ascii", "replace").split("\n"):
                self._take(line)
        before = self._clock() - _FORGOTTEN_SECONDS
        self._open = {request: found for request, found in self._open.items() if found[1] > before}

    def _take(self, line: str) -> None:
        words = line[1:].split(" ")
        if line.startswith("+") and len(words) == 3 and words[1].isdecimal() and words[2].isdecimal():
            if words[0] in self._ended_early:
                del self._ended_early[words[0]]
            else:
                self._open[words[0]] = int(words[1]), float(words[2])
        elif line.startswith("-"):
            if self._open.pop(words[0], None) is None:
                self._ended_early[words[0]] = None
                if len(self._ended_early) > _ENDED_EARLY:
                    del self._ended_early[next(iter(self._ended_early))]
        elif line == "!":
            self._open.clear()

    def _shorten(self, descriptor: int) -> None:
        # In place, as nginx keeps the file open. What it writes at this very moment may be lost: such a request counts as
        # under way until it is forgotten, which errs on the safe side.
        self._catch_up(descriptor)
        lines = [f"-{request}\n" for request in list(self._ended_early)[-_KEPT_EARLY:]]
        lines += [f"+{request} {size} {at:.0f}\n" for request, (size, at) in self._open.items()]
        os.ftruncate(descriptor, 0)
        write_all(descriptor, f"={secrets.token_hex(8)}\n{''.join(lines)}".encode())

"""Locks by name, among all threads and processes: each name is a byte of one file, which the kernel locks."""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core.errors import Busy
from app.storage.disk.atomic import disk_errors
from app.storage.disk.range_lock import ask


class LocalNamedLocks:
    """NamedLocks on the file ``path``. Waiters do not poll, and the kernel frees a lock when its holder dies. Names with the same CRC-32
    share a lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with disk_errors():
            os.close(self._opened())

    @contextmanager
    def hold(self, names: Iterable[str]) -> Iterator[None]:
        # All take them in one order, so that nobody waits in a circle. Names that share a place wait for each other.
        places = sorted(set(map(_place, names)))
        if not places:
            yield
            return
        with disk_errors():
            descriptor = self._opened()
        try:
            with disk_errors():
                for place in places:
                    ask(descriptor, fcntl.F_OFD_SETLKW, fcntl.F_WRLCK, place)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def hold_at_once(self, name: str) -> Iterator[None]:
        with disk_errors():
            descriptor = self._opened()
        try:
            try:
                ask(descriptor, fcntl.F_OFD_SETLK, fcntl.F_WRLCK, _place(name))
            except (BlockingIOError, PermissionError):
                raise Busy(retry_after=1) from None
            yield
        finally:
            os.close(descriptor)

    def _opened(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            return os.open(self._path, flags, 0o600)
        except FileNotFoundError:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self._path, flags, 0o600)


def _place(name: str) -> int:
    return zlib.crc32(name.encode(errors="surrogatepass"))

"""A small table that all processes of this machine share, whose rows die with those who hold them.

Rows are plain bytes in a file. A row can be *held* by any number of processes at once; a hold is a shared byte-range
lock that belongs to an open file (``F_OFD_SETLK``), far behind the file's end, so the kernel lets go of it when the
process ends, however it ends. What a row says counts only while somebody holds it: there is nothing to clean up after
a crash, and nothing a restart could find that is no longer so.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.storage.disk.atomic import disk_errors, write_at
from app.storage.disk.range_lock import ask

_WHOLE = 1 << 40
_HOLDS = _WHOLE + 1


class HostTable:
    """SharedTable: ``count`` rows of ``size`` bytes each in the file ``path``, which is made on first use.

    Safe from any number of threads and processes at once. One object belongs to one process: it must not be used on
    the other side of a fork.
    """

    def __init__(self, path: Path, count: int, size: int) -> None:
        self.count = count
        self._path = path
        self._size = size
        self._lock = threading.Lock()
        self._descriptors: tuple[int, int] | None = None

    @contextmanager
    def locked(self) -> Iterator[None]:
        with self._lock, disk_errors():
            _, looks = self._opened()
            ask(looks, fcntl.F_OFD_SETLKW, fcntl.F_WRLCK, _WHOLE)
            try:
                yield
            finally:
                ask(looks, fcntl.F_OFD_SETLK, fcntl.F_UNLCK, _WHOLE)

    def make(self) -> None:
        if self._descriptors is None:
            with self.locked():
                pass

    def read(self) -> list[bytes]:
        raw = os.pread(self._opened()[1], self.count * self._size, 0)
        return [raw[at : at + self._size] for at in range(0, len(raw), self._size)]

    def write(self, index: int, row: bytes) -> None:
        write_at(self._opened()[1], memoryview(row.ljust(self._size, b"\0")), index * self._size)

    def hold(self, index: int) -> None:
        ask(self._opened()[0], fcntl.F_OFD_SETLK, fcntl.F_RDLCK, _HOLDS + index)

    def release(self, index: int) -> None:
        ask(self._opened()[0], fcntl.F_OFD_SETLK, fcntl.F_UNLCK, _HOLDS + index)

    def is_held(self, index: int) -> bool:
        # Asked through a second open file: the kernel does not name the locks of the one that asks.
        return ask(self._opened()[1], fcntl.F_OFD_GETLK, fcntl.F_WRLCK, _HOLDS + index) != fcntl.F_UNLCK

    def _opened(self) -> tuple[int, int]:
        if self._descriptors is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            holds, looks = (os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600) for _ in range(2))
            self._make_room(looks)
            self._descriptors = holds, looks
        return self._descriptors

    def _make_room(self, looks: int) -> None:
        """Written, not stretched: later writes find their place even on a full disk. Alone, so as not to undo them."""
        ask(looks, fcntl.F_OFD_SETLKW, fcntl.F_WRLCK, _WHOLE)
        present = os.fstat(looks).st_size
        write_at(looks, memoryview(bytes(max(0, self.count * self._size - present))), present)
        ask(looks, fcntl.F_OFD_SETLK, fcntl.F_UNLCK, _WHOLE)

"""Bytes in files, held open for reading."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from app.core.ports.content import Content
from app.core.ranges import Span
from app.storage.disk.atomic import disk_errors
from app.storage.disk.file_identity import identity_of, is_version


class OpenFile:
    """Content of an open file. Whoever opened the descriptor closes it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, span: Span) -> bytes:
        return os.pread(self._descriptor, span.length, span.start)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        done = 0
        while done < len(buffer):
            count = os.preadv(self._descriptor, [buffer[done:]], offset + done)
            if not count:
                break
            done += count
        return done

    def version(self) -> str:
        return _version(os.fstat(self._descriptor))

    def fileno(self) -> int:
        return self._descriptor


@contextmanager
def opened(path: Path | str) -> Iterator[OpenFile]:
    """Open the file at ``path`` for reading, until the block ends. Raises FileNotFoundError, Busy where it cannot be opened now,
    and OSError for a symlink."""
    with disk_errors():
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield OpenFile(descriptor)
    finally:
        os.close(descriptor)


class LocalSource:
    """Source of a LocalInbox."""

    place: Path | int
    """The path of a growing file, or the descriptor of an open file without a name of its own."""
    names: int
    """How many names it has before it is delivered."""


class GrownFile(LocalSource):
    """Source at the path ``place``: the growing file of an upload without gaps."""

    names = 1

    def __init__(self, place: Path) -> None:
        self.place = place


class LocalFile:
    """StoredFile at ``path``. ``size`` and ``version`` are those of the ``status`` it is given, ``file_identity`` that of the first time
    it is asked for."""

    def __init__(self, path: Path, status: os.stat_result) -> None:
        self.path: Path | None = path
        self.size = status.st_size
        self.version = _version(status)
        self._status = status
        self._path = path

    @cached_property
    def file_identity(self) -> str:
        with open(self._path, "rb", buffering=0) as file:
            return identity_of(file.fileno())

    @contextmanager
    def content(self) -> Iterator[Content]:
        with opened(self._path) as content:
            # What was found by following no symlink is opened by its path: nobody shall have put one there meanwhile.
            if not os.path.samestat(os.fstat(content.fileno()), self._status):
                raise FileNotFoundError(errno.ENOENT, "Another file", str(self._path))
            yield content

    def is_as(self, file_identity: str) -> bool:
        return is_version(file_identity, self._status)

    def download_address(self, name: str) -> str | None:
        del name  # Only we give it out.
        return None

    def proxied_address(self, name: str) -> str | None:
        del name  # A proxy finds it by its path.
        return None


def _version(status: os.stat_result) -> str:
    """Without its number on the disk, which another disk would choose anew."""
    return f"{status.st_mtime_ns} {status.st_size}"

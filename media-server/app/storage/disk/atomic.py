"""Writing so that a reader or a crash sees the old or the new, and translating errors of the disk."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from app.core.errors import Busy, StorageFull

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_COPY = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}
_PASSING = {errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE}

EARLIEST, LATEST = -(2.0**31), 2.0**33
"""Seconds since the epoch: from 1901 to 2242."""


def replace_file(path: Path, content: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Make ``path`` hold ``content``, atomically: temporary file, fsync, rename, fsync of the folder.

    ``durable=False`` leaves the two fsyncs out: still atomic for readers and crashes of processes, but not across a
    power cut. Raises StorageFull or Busy; the old content then stays.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    with disk_errors():
        try:
            _write_new(temporary, content, mode, durable)
            os.rename(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if durable:
            sync_folder(path.parent)


def _write_new(path: Path, content: bytes, mode: int, durable: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        write_all(descriptor, content)
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte, by as many calls as the kernel needs. Raises OSError, and then some may have been written."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def write_at(descriptor: int, content: memoryview, offset: int) -> None:
    """Write every byte at ``offset`` of an open file. Raises OSError, and then some may have been written."""
    while content:
        written = os.pwrite(descriptor, content, offset)
        content = content[written:]
        offset += written


def copy_range(source: int, source_offset: int, target: int, target_offset: int, count: int) -> int:
    """Let the kernel copy up to ``count`` bytes between open files; returns how many, 0 at the source's end. Raises OSError.

    Where the file system can share blocks nothing is copied; where the kernel cannot copy, this process does.
    """
    try:
        return os.copy_file_range(source, target, count, source_offset, target_offset)
    except OSError as error:
        if error.errno not in _NO_COPY:
            raise
    piece = os.pread(source, min(count, 1024 * 1024), source_offset)
    write_at(target, memoryview(piece), target_offset)
    return len(piece)


def sync_file(path: Path) -> None:
    """Wait until the content of a file survives a power cut. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Wait until the names in ``folder`` survive a power cut. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def set_time(file: Path | int, seconds: float | None) -> None:
    """Set a file's time of last change to ``seconds`` since the epoch, or to the nearest of ``EARLIEST`` to ``LATEST``, which most
    file systems can keep; None leaves it. Raises nothing: a file is worth more than its date."""
    if seconds is not None:
        # In microseconds, which a float tells exactly.
        nanoseconds = round(max(EARLIEST, min(seconds, LATEST)) * 1e6) * 1000
        with suppress(OSError):
            os.utime(file, ns=(nanoseconds, nanoseconds))


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn an OSError of the block into StorageFull where the disk is full, into Busy where it may pass (such as no permission, too many
    open files, a read error); everything else, such as FileNotFoundError, goes through."""
    try:
        yield
    except OSError as error:
        raise_disk_error(error)


def raise_disk_error(error: OSError) -> NoReturn:
    """Raise what ``disk_errors`` makes of ``error``, where a context manager would cost too much. Only inside an ``except``."""
    if error.errno in _FULL:
        raise StorageFull() from error
    if error.errno in _PASSING:
        raise Busy("The server's disk does not take data at the moment. Try again in a while.") from error
    raise error

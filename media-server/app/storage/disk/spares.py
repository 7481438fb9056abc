"""Files that lie ready for a full disk: written over in place and renamed, they take neither a block nor an inode more.

So what must be written whatever happens can be, and still atomically. It holds for file systems that overwrite where
the old bytes are, as ext4 and XFS do.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.core.errors import Busy, StorageFull
from app.storage.disk.atomic import disk_errors, sync_folder, write_at

SPARE_FILES = 4
SPARE_BYTES = 64 * 1024
"""Bytes that a spare file holds; what is larger has to wait until there is room."""


class Spares:
    """Spare files in ``folder``, which is on the file system of what they are to replace."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with disk_errors():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def make(self) -> None:
        """Make those that are missing, as far as there is room."""
        with suppress(StorageFull, Busy), disk_errors():
            for path in self._paths():
                if not path.exists():
                    self._make(path)

    def replace(self, path: Path, content: bytes) -> bool:
        """Put ``content`` under ``path`` whole and durably; false where no spare file is left or it is too large."""
        if len(content) > SPARE_BYTES:
            return False
        with disk_errors(), self._claimed() as claimed:
            if claimed is None:
                return False
            spare, descriptor = claimed
            write_at(descriptor, memoryview(content), 0)
            os.ftruncate(descriptor, len(content))
            os.fsync(descriptor)
            os.rename(spare, path)
            sync_folder(path.parent)
        self.make()  # What was replaced has given its own room back.
        return True

    @contextmanager
    def _claimed(self) -> Iterator[tuple[Path, int] | None]:
        """A spare file, open and nobody else's; one that is left half written stays a spare file."""
        for path in self._paths():
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                if _is_ours(descriptor, path):
                    yield path, descriptor
                    return
            finally:
                os.close(descriptor)
        yield None

    def _make(self, path: Path) -> None:
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            # Written and brought to the disk: only then its blocks are really its own.
            write_at(descriptor, memoryview(bytes(SPARE_BYTES)), 0)
            os.fsync(descriptor)
            # Never over one that somebody has claimed meanwhile.
            with suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            os.close(descriptor)
            temporary.unlink(missing_ok=True)

    def _paths(self) -> list[Path]:
        return [self._folder / f"spare-{number}" for number in range(SPARE_FILES)]


def _is_ours(descriptor: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        status = os.fstat(descriptor)
        # Who held it before may have renamed it; one that was cut short by a crash has lost its blocks.
        return status.st_size == SPARE_BYTES and os.path.samestat(status, os.stat(path))
    except (BlockingIOError, FileNotFoundError):
        return False

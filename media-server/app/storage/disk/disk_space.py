"""What the file system of a folder has."""

from __future__ import annotations

import os
from pathlib import Path

from app.core.room import Space
from app.storage.disk.atomic import raise_disk_error


class DiskSpace:
    """Disk (see ``core.room``) of the file system on which ``folder`` lies: one system call, which reads nothing from the disk. Raises
    Busy."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def __call__(self) -> Space:
        try:
            found = os.statvfs(self._folder)
        except OSError as error:
            raise_disk_error(error)
        return Space(
            size=found.f_blocks * found.f_frsize,
            free=found.f_bavail * found.f_frsize,
            inodes=found.f_files,
            free_inodes=found.f_favail,
        )

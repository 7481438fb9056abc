"""Scratch files: for what is too much for memory, and of which nothing stays."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from app.storage.disk.atomic import disk_errors, write_at


class LocalScratch:
    """Scratch in ``folder``."""

    def __init__(self, folder: Path) -> None:
        with disk_errors():
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - ``close`` does.

    def read_at(self, offset: int, length: int) -> bytes:
        with disk_errors():
            return os.pread(self._file.fileno(), length, offset)

    def write_at(self, offset: int, data: bytes) -> None:
        with disk_errors():
            write_at(self._file.fileno(), memoryview(data), offset)

    def close(self) -> None:
        self._file.close()

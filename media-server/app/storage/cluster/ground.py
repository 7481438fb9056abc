"""What all stores of bytes on PostgreSQL and S3 stand on, and files that a node's own disk holds for as long as a request lasts."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.storage.cluster.bucket import Bucket
from app.storage.cluster.presence import Presence
from app.storage.disk.atomic import disk_errors
from app.storage.sql.postgresql import PostgreSQLDatabase

IN_MEMORY_BYTES = 256 * 1024
"""What is not longer is held in memory."""


@dataclass(frozen=True, slots=True)
class ClusterGround:
    """The database, which knows everything, the bucket, which holds every byte, and a folder of this node for what is on its way."""

    database: PostgreSQLDatabase
    bucket: Bucket
    presence: Presence
    scratch: Path

    @contextmanager
    def spooled(self, length: int) -> Iterator[int]:
        """An open file for ``length`` bytes, until the block ends. Raises StorageFull, Busy."""
        descriptor = self.spool(length)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def spool(self, length: int) -> int:
        """An open file for ``length`` bytes, without a name; the caller closes it. Raises StorageFull, Busy."""
        with disk_errors():
            if length <= IN_MEMORY_BYTES:
                return os.memfd_create("droppr")
            # The file goes with its last descriptor.
            with tempfile.TemporaryFile(dir=self.scratch, buffering=0) as file:
                return os.dup(file.fileno())

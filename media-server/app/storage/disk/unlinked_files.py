"""Files without a name: written, checked and synced first, linked to their name when all of that is done.

A crash leaves nothing of one, as the kernel frees what no name and no process holds. Not every file system has them.
"""

from __future__ import annotations

import errno
import hashlib
import os
from functools import cached_property
from pathlib import Path

from app.core.errors import ChecksumMismatch
from app.core.pieces import pieces
from app.core.policy import HEAD_BYTES
from app.core.ports.bodies import Body, Checksum
from app.core.ranges import Span
from app.storage.disk.atomic import disk_errors, set_time, write_at
from app.storage.disk.content import LocalSource
from app.storage.disk.file_identity import identity_of

_UNSUPPORTED = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL}


class LocalUnlinkedFile(LocalSource):
    """UnlinkedFile with an open descriptor, which ``close`` closes."""

    def __init__(self, descriptor: int, sha256: str, head: bytes, durable: bool) -> None:
        self.place = self._descriptor = descriptor
        self._durable = durable
        self.file_identity = identity_of(descriptor)
        self.sha256 = sha256
        self.head = head

    def flush(self) -> None:
        if self._durable:
            with disk_errors():
                os.fsync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


class LocalUnlinkedFiles:
    """UnlinkedFiles on the file system of ``folder``."""

    def __init__(self, folder: Path, *, durable: bool = True, dated: bool = True) -> None:
        """``durable``: ``flush`` waits until bytes outlive a power cut. ``dated``: files get the time that their sender declared."""
        self._folder = folder
        self._durable = durable
        self._dated = dated

    @cached_property
    def supported(self) -> bool:
        with disk_errors():
            try:
                os.close(self._opened())
            except OSError as error:
                if error.errno in _UNSUPPORTED:
                    return False
                raise
        return True

    def write(
        self, body: Body, size: int, checksum: Checksum | None, last_modified: float | None = None
    ) -> LocalUnlinkedFile:
        with disk_errors():
            descriptor = self._opened()
            try:
                sha256, head = _filled(descriptor, body, size, checksum)
                if self._dated:
                    set_time(descriptor, last_modified)
                return LocalUnlinkedFile(descriptor, sha256, head, self._durable)
            except BaseException:
                os.close(descriptor)
                raise

    def _opened(self) -> int:
        return os.open(self._folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666)


def _filled(descriptor: int, body: Body, size: int, checksum: Checksum | None) -> tuple[str, bytes]:
    """Write the bytes; their SHA-256 and their head."""
    digest = hashlib.sha256()
    head = b""
    for place, piece in pieces(body, Span(0, size)) if size else ():
        digest.update(piece)
        if checksum is not None:
            checksum.update(piece)
        head += piece[: max(0, HEAD_BYTES - len(head))]
        write_at(descriptor, piece, place.start)
    if checksum is not None and not checksum.matches():
        raise ChecksumMismatch()
    return digest.hexdigest(), head

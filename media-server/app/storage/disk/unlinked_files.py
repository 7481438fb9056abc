"""Files without a name: written, checked and synced first, linked to their name when all of that is done.

A crash leaves nothing of one, as the kernel frees what no name and no process holds. Not every file system has them.
A body that lies in a file already, as nginx hands it over, is not written a second time: that file gets the name. The one it came
by, nginx takes away when the request ends.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from app.core.errors import ChecksumMismatch
from app.core.pieces import pieces
from app.core.policy import HEAD_BYTES
from app.core.ports.bodies import Body, Checksum
from app.core.ranges import Span
from app.core.sums import Summing, Sums
from app.storage.disk.atomic import disk_errors, set_time, write_at
from app.storage.disk.bodies import FileBody, SpooledBody
from app.storage.disk.content import LocalSource
from app.storage.disk.data_folder import Mounts, mount_of
from app.storage.disk.file_identity import identity_of

_UNSUPPORTED = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL}


class LocalUnlinkedFile(LocalSource):
    """UnlinkedFile with an open descriptor, which ``close`` closes."""

    def __init__(self, descriptor: int, sums: Sums, head: bytes, *, names: int, durable: bool) -> None:
        self.place = self._descriptor = descriptor
        self.names = names
        self._durable = durable
        self.file_identity = identity_of(descriptor)
        self.sums = sums
        self.head = head

    def flush(self) -> None:
        if self._durable:
            with disk_errors():
                os.fsync(self._descriptor)

    def body(self) -> FileBody:
        return FileBody(self._descriptor, os.fstat(self._descriptor).st_size)

    def close(self) -> None:
        os.close(self._descriptor)


class LocalUnlinkedFiles:
    """UnlinkedFiles on the file system of ``folder``."""

    def __init__(self, folder: Path, *, durable: bool = True, dated: bool = True) -> None:
        """``durable``: ``flush`` waits until bytes outlive a power cut. ``dated``: files get the time that their sender declared."""
        self._folder = folder
        self._durable = durable
        self._dated = dated
        self._lock = threading.Lock()
        self._mounts: Mounts | None = None
        self._kind: tuple[int, _Kind] | None = None
        """What files made here are like, and how often anything had been mounted until that was seen."""

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
            kept = self._kept(body) if size else None
            descriptor = self._opened() if kept is None else kept
            try:
                sums, head = _taken(descriptor, body, size, checksum, write=kept is None)
                if self._dated:
                    set_time(descriptor, last_modified)
                names = 0 if kept is None else 1
                return LocalUnlinkedFile(descriptor, sums, head, names=names, durable=self._durable)
            except BaseException:
                os.close(descriptor)
                raise

    def _opened(self) -> int:
        return os.open(self._folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666)

    def _kept(self, body: Body) -> int | None:
        """The file that a body lies in, made like those that are made here; None where it cannot be told from one that was copied
        only by its being copied."""
        if not isinstance(body, SpooledBody):
            return None
        kind, descriptor = self._kind_of_ours(), body.of_its_own()
        try:
            if _Kind.of(descriptor).is_like(kind):
                os.fchmod(descriptor, kind.mode)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _kind_of_ours(self) -> _Kind:
        with self._lock:
            self._mounts = self._mounts or Mounts()
            changes = self._mounts.changes()
            if self._kind is None or self._kind[0] != changes:
                descriptor = self._opened()
                try:
                    self._kind = changes, _Kind.of(descriptor)
                finally:
                    os.close(descriptor)
            return self._kind[1]


@dataclass(frozen=True, slots=True)
class _Kind:
    """What an owner sees of a file, whoever made it: its rights, whose it is, and on which mount it lies."""

    mode: int
    user: int
    group: int
    mount: int

    @classmethod
    def of(cls, descriptor: int) -> _Kind:
        status = os.fstat(descriptor)
        return cls(stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, mount_of(descriptor))

    def is_like(self, other: _Kind) -> bool:
        """Whether one can stand for the other, but for its rights, which can be given."""
        return (self.user, self.group, self.mount) == (other.user, other.group, other.mount)


def _taken(descriptor: int, body: Body, size: int, checksum: Checksum | None, *, write: bool) -> tuple[Sums, bytes]:
    """Read the bytes, and ``write`` them where they are not in the file yet; their sums and their head."""
    summing = Summing(checksum)
    head = b""
    for place, piece in pieces(body, Span(0, size)) if size else ():
        summing.update(piece)
        if checksum is not None:
            checksum.update(piece)
        head += piece[: max(0, HEAD_BYTES - len(head))]
        if write:
            write_at(descriptor, piece, place.start)
    if checksum is not None and not checksum.matches():
        raise ChecksumMismatch()
    return summing.sums(), head

"""Chunks on local disk: one growing file an upload, into which bytes go as they arrive.

``in-place`` writes the body straight to its place in the growing file. ``indexed`` writes it to a chunk file of
its own first and lets the kernel move it in once it is whole and its digest is right. Either way the span is
claimed before the first byte is written, so no two requests ever write to the same place; the claim is a byte-range
lock on the growing file that belongs to the open file, and the kernel drops it when the process dies.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.core.errors import Busy, ChecksumMismatch, ChunkSizeMismatch
from app.core.pieces import check_ended, pieces, too_short
from app.core.ports.bodies import Body, Checksum
from app.core.ports.chunks import ClaimedSpan
from app.core.ranges import ByteRanges, Span
from app.storage.disk.atomic import copy_range, disk_errors, set_time, sync_file, write_at
from app.storage.disk.json_sessions import missing_is_not_found, session_folder
from app.storage.disk.range_lock import ask

_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
_KEEP_SIZE = 1
_PUNCH_HOLE = 2


class LocalChunks:
    """ChunkStore in the session folders below ``base``; ``staged`` selects the indexed layout, ``dated`` gives files the times
    that their senders told."""

    def __init__(self, base: Path, *, staged: bool = False, sync_chunks: bool = False, dated: bool = True) -> None:
        self._base = base
        self._staged = staged
        self._sync_chunks = sync_chunks
        self._dated = dated

    def allocate(self, upload_id: str, size: int) -> None:
        path = self.path(upload_id)
        with disk_errors():
            # The session folder keeps others out; the file's own mode is that of the finished file, as the umask lets it be.
            path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            try:
                os.ftruncate(descriptor, size)
            finally:
                os.close(descriptor)

    def take(self, upload_id: str, span: Span) -> int:
        with missing_is_not_found(), disk_errors():
            descriptor = os.open(self.path(upload_id), os.O_RDWR | os.O_CLOEXEC)
            try:
                # Not os.posix_fallocate: where the file system has no fallocate, that one writes every block itself.
                _fallocate(descriptor, 0, span)
                return os.fstat(descriptor).st_blocks * 512
            finally:
                os.close(descriptor)

    @contextmanager
    def claim(self, upload_id: str, span: Span, *, wait: bool = False) -> Iterator[ClaimedSpan]:
        with missing_is_not_found(), disk_errors():
            descriptor = os.open(self.path(upload_id), os.O_RDWR | os.O_CLOEXEC)
        try:
            _lock(descriptor, span, wait=wait)
            yield self._claimed(upload_id, descriptor, span)
        finally:
            os.close(descriptor)

    def idle(self, upload_id: str) -> bool:
        try:
            descriptor = os.open(self.path(upload_id), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            _lock(descriptor, None)
        except Busy:
            return False
        finally:
            os.close(descriptor)
        return True

    @contextmanager
    def reader(self, upload_id: str) -> Iterator[Callable[[Span], bytes]]:
        with missing_is_not_found():
            descriptor = os.open(self.path(upload_id), os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield lambda span: os.pread(descriptor, span.length, span.start)
        finally:
            os.close(descriptor)

    def date(self, upload_id: str, last_modified: float | None) -> None:
        if self._dated:
            set_time(self.path(upload_id), last_modified)

    def flush(self, upload_id: str) -> None:
        with missing_is_not_found(), disk_errors():
            sync_file(self.path(upload_id))

    def path(self, upload_id: str) -> Path:
        return session_folder(self._base, upload_id) / "data"

    def discard(self, upload_id: str) -> None:
        with disk_errors():
            self.path(upload_id).unlink(missing_ok=True)

    def _claimed(self, upload_id: str, descriptor: int, span: Span) -> ClaimedSpan:
        claimed: ClaimedSpan = InPlaceSpan(descriptor, span)
        if self._staged:
            claimed = StagedSpan(session_folder(self._base, upload_id) / "chunks", descriptor, span)
        return SyncedSpan(claimed, descriptor) if self._sync_chunks else claimed


class InPlaceSpan:
    """A claimed span that takes its bytes directly."""

    def __init__(self, descriptor: int, span: Span) -> None:
        self._descriptor = descriptor
        self._span = span

    def receive(self, body: Body, wanted: ByteRanges, checksum: Checksum | None) -> None:
        with disk_errors(), _given_back(self._descriptor, wanted):
            fill(self._descriptor, body, self._span, wanted, checksum)


class SyncedSpan:
    """A claimed span that syncs each chunk which it has received, so that the chunk may be recorded as durable."""

    def __init__(self, claimed: ClaimedSpan, descriptor: int) -> None:
        self._claimed = claimed
        self._descriptor = descriptor

    def receive(self, body: Body, wanted: ByteRanges, checksum: Checksum | None) -> None:
        self._claimed.receive(body, wanted, checksum)
        with disk_errors():
            os.fdatasync(self._descriptor)


class StagedSpan:
    """A claimed span that takes its bytes by way of a chunk file of its own."""

    def __init__(self, folder: Path, descriptor: int, span: Span) -> None:
        self._folder = folder
        self._descriptor = descriptor
        self._span = span

    def receive(self, body: Body, wanted: ByteRanges, checksum: Checksum | None) -> None:
        chunk = self._folder / f"{self._span.start:016d}-{self._span.stop:016d}"
        with disk_errors(), _given_back(self._descriptor, wanted):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            try:
                write_chunk(chunk, body, self._span.length, checksum)
                for part in wanted:
                    move_in(chunk, self._descriptor, part, part.start - self._span.start)
            finally:
                chunk.unlink(missing_ok=True)


def fill(descriptor: int, body: Body, span: Span, wanted: ByteRanges, checksum: Checksum | None) -> None:
    """Put what ``wanted`` has of ``span`` into an open file from a body that is all of ``span``.

    The kernel moves the bytes where nobody has to look at them.
    """
    if checksum is None and wanted.covers(span):
        _move(descriptor, body, span)
        return
    for place, piece in pieces(body, span):
        if checksum is not None:
            checksum.update(piece)
        for part in wanted.common(place):
            write_at(descriptor, piece[part.start - place.start : part.stop - place.start], part.start)
    if checksum is not None and not checksum.matches():
        raise ChecksumMismatch()


def _move(descriptor: int, body: Body, span: Span) -> None:
    position = span.start
    while position < span.stop:
        moved = body.move(descriptor, position, span.stop - position)
        if not moved:
            raise too_short(position - span.start, span)
        position += moved
    check_ended(body, span)


def write_chunk(path: Path, body: Body, length: int, checksum: Checksum | None) -> None:
    """Make ``path`` hold exactly the body. It appears by rename once it is whole and its digest is right."""
    # Claims keep two writers of one span apart, so the plain name is free.
    temporary = path.with_name(f".{path.name}")
    whole = Span(0, length)
    try:
        with open(temporary, "wb", buffering=0) as file:
            fill(file.fileno(), body, whole, ByteRanges([whole]), checksum)
        os.rename(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def move_in(chunk: Path, descriptor: int, part: Span, offset: int) -> None:
    """Let the kernel copy ``part.length`` bytes at ``offset`` of ``chunk`` to ``part.start`` of an open file."""
    with open(chunk, "rb", buffering=0) as source:
        done = 0
        while done < part.length:
            copied = copy_range(source.fileno(), offset + done, descriptor, part.start + done, part.length - done)
            if copied == 0:
                raise ChunkSizeMismatch("A stored chunk is shorter than it should be. Send it again.")
            done += copied


@contextmanager
def _given_back(descriptor: int, wanted: ByteRanges) -> Iterator[None]:
    """Free the claimed places of an open file that are not to count after all, where something goes wrong."""
    try:
        yield
    except BaseException:
        with suppress(OSError):  # What cannot be freed now goes with the upload.
            for part in wanted:
                _fallocate(descriptor, _PUNCH_HOLE | _KEEP_SIZE, part)
        raise


def _fallocate(descriptor: int, mode: int, span: Span) -> None:
    """Take or free a place of an open file on the disk; nothing happens where the file system cannot."""
    if _libc.fallocate(descriptor, mode, span.start, span.length) != 0:
        code = ctypes.get_errno()
        if code not in (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
            raise OSError(code, os.strerror(code))


def _lock(descriptor: int, span: Span | None, *, wait: bool = False) -> None:
    """Claim a span of an open file, all of it for None. Raises Busy when somebody else has part of it."""
    command = fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK
    start, length = (span.start, span.length) if span else (0, 0)
    try:
        ask(descriptor, command, fcntl.F_WRLCK, start, length)
    except (BlockingIOError, PermissionError):
        raise Busy("Another request is writing the same bytes. Try again in a moment.", retry_after=1) from None

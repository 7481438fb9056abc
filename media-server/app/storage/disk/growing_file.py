"""The growing file of one upload, into which bytes go as they arrive.

The ``in-place`` layout writes a body straight to its place in the growing file. The ``indexed`` layout writes it to a
chunk file of its own first and lets the kernel move it in once it is whole and its digest is right. Either way the span
is claimed before the first byte is written, so no two requests ever write to the same place. The claim is a byte-range
lock that belongs to the open file: the kernel drops it when the process dies.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path

from app.core.errors import Busy, ChecksumMismatch, ChunkSizeMismatch
from app.core.pieces import check_ended, pieces, too_short
from app.core.ports.bodies import Body, Checksum
from app.core.ranges import ByteRanges, Span
from app.storage.disk.atomic import copy_range, disk_errors, write_at
from app.storage.disk.range_lock import ask

_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
_KEEP_SIZE = 1
_PUNCH_HOLE = 2


def make_growing_file(path: Path, size: int) -> None:
    """Make a file of ``size`` bytes that takes no room on the disk yet, and its folder. Raises StorageFull, Busy, FileExistsError."""
    with disk_errors():
        # The folder keeps others out; the file's own mode is that of the finished file, as the umask lets it be.
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            os.ftruncate(descriptor, size)
        finally:
            os.close(descriptor)


def take_room(path: str, span: Span) -> int:
    """Allocate the bytes of ``span`` that have no room on the disk, where the file system can. Returns how many bytes the whole file
    occupies then. Raises StorageFull, Busy, FileNotFoundError."""
    with disk_errors():
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            # Not os.posix_fallocate: where the file system has no fallocate, that one writes every block itself.
            _fallocate(descriptor, 0, span)
            return os.fstat(descriptor).st_blocks * 512
        finally:
            os.close(descriptor)


def claim(path: str, span: Span, *, wait: bool = False) -> int:
    """Open the growing file and lock ``span`` of it; returns the descriptor, which holds the lock until it is closed.

    Where another has any byte of the span, waits for it, or raises Busy where ``wait`` is false. Raises FileNotFoundError, and other
    OSErrors as they come.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        ask(
            descriptor,
            fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK,
            fcntl.F_WRLCK,
            span.start,
            span.stop - span.start,
        )
    except BaseException as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError | PermissionError):
            raise Busy("Another request is writing the same bytes. Try again in a moment.", retry_after=1) from None
        raise
    return descriptor


def is_claimed(path: str) -> bool:
    """Whether any process, this one included, has locked a span of the file; false where there is no file."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return ask(descriptor, fcntl.F_OFD_GETLK, fcntl.F_WRLCK, 0, 0) != fcntl.F_UNLCK
    finally:
        os.close(descriptor)


def receive_in_place(descriptor: int, span: Span, body: Body, wanted: ByteRanges, checksum: Checksum | None) -> None:
    """Write the bytes of ``wanted``, which lies in ``span``, to their place in the growing file, from a body that fills ``span`` exactly.

    Raises what ``fill`` raises, and then the room of the wanted bytes is free again."""
    try:
        fill(descriptor, body, span, wanted, checksum)
    except BaseException:
        _give_back(descriptor, wanted)
        raise


def receive_staged(
    folder: str, descriptor: int, span: Span, body: Body, wanted: ByteRanges, checksum: Checksum | None
) -> None:
    """Like ``receive_in_place``, but nothing is written to the growing file before the whole body lies, checked, in a chunk file in
    ``folder``, which is then moved in."""
    chunk = Path(folder, f"{span.start:016d}-{span.stop:016d}")
    try:
        chunk.parent.mkdir(mode=0o700, exist_ok=True)
        _write_chunk(chunk, body, span.length, checksum)
        for part in wanted:
            _move_in(chunk, descriptor, part, part.start - span.start)
    except BaseException:
        _give_back(descriptor, wanted)
        raise
    finally:
        chunk.unlink(missing_ok=True)


def fill(descriptor: int, body: Body, span: Span, wanted: ByteRanges, checksum: Checksum | None) -> None:
    """Write the bytes of ``wanted`` to their place in an open file, from a body that fills ``span`` exactly.

    Without a checksum the kernel moves the bytes. Raises ChunkSizeMismatch, ChecksumMismatch, OSError, and what ``Body`` raises; some
    bytes may have been written then.
    """
    if checksum is None and wanted.length == span.stop - span.start:
        position = span.start
        while position < span.stop:
            moved = body.move(descriptor, position, span.stop - position)
            if not moved:
                raise too_short(position - span.start, span)
            position += moved
        check_ended(body, span)
        return
    for place, piece in pieces(body, span):
        if checksum is not None:
            checksum.update(piece)
        for part in wanted.common(place):
            write_at(descriptor, piece[part.start - place.start : part.stop - place.start], part.start)
    if checksum is not None and not checksum.matches():
        raise ChecksumMismatch()


def _write_chunk(path: Path, body: Body, length: int, checksum: Checksum | None) -> None:
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


def _move_in(chunk: Path, descriptor: int, part: Span, offset: int) -> None:
    """Let the kernel copy ``part.length`` bytes at ``offset`` of ``chunk`` to ``part.start`` of an open file."""
    with open(chunk, "rb", buffering=0) as source:
        done = 0
        while done < part.length:
            copied = copy_range(source.fileno(), offset + done, descriptor, part.start + done, part.length - done)
            if copied == 0:
                raise ChunkSizeMismatch("A stored chunk is shorter than it should be. Send it again.")
            done += copied


def _give_back(descriptor: int, wanted: ByteRanges) -> None:
    """Free places of the growing file that are not to count after all. What cannot be freed now goes with the upload."""
    with suppress(OSError):
        for part in wanted:
            _fallocate(descriptor, _PUNCH_HOLE | _KEEP_SIZE, part)


def _fallocate(descriptor: int, mode: int, span: Span) -> None:
    """Take or free a place of an open file on the disk; nothing happens where the file system cannot."""
    if _libc.fallocate(descriptor, mode, span.start, span.length) != 0:
        code = ctypes.get_errno()
        if code not in (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
            raise OSError(code, os.strerror(code))

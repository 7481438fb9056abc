"""What has no size before it is read to its end, as a temporary file: standard input, and files that say another size than
they have (of FUSE, /proc, /sys)."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from droppr_client.upload.items import Item
from droppr_client.upload.problems import FileRefused, Unreadable

PIECE_BYTES = 1024 * 1024


@contextmanager
def spooled(stream: IO[bytes], name: str) -> Iterator[Path]:
    """All of ``stream`` in a temporary file called ``name``, until the end of the block. Raises FileRefused where there is
    no room for it.

    A target has to know a file's size before its first byte, so the stream is read to its end first.
    """
    with _room():
        made = tempfile.TemporaryDirectory(prefix="droppr-", ignore_cleanup_errors=True)
    with made as folder:
        place = Path(folder) / (name.strip("/").replace("/", "_") or "stdin")
        with _room(), place.open("wb", buffering=0) as file:
            _copy(lambda: stream.read(PIECE_BYTES), file.fileno())
        yield place


def ends_at(fd: int, size: int) -> bool:
    """Whether a file has so many bytes, as far as reading around its end tells. Raises OSError."""
    return not os.pread(fd, 1, size) and (size == 0 or len(os.pread(fd, 1, size - 1)) == 1)


def opened(item: Item, check: Callable[[], None]) -> tuple[int, Item]:
    """The file, open to be read, and as its folder lists it now. Some systems do not know sizes before they are asked for
    the bytes: then it is a copy that is open. Raises what ``copied`` raises, OSError."""
    fd = os.open(item.source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    copy = None
    try:
        listed = Item.of(item.path, item.source, os.fstat(fd))
        if not ends_at(fd, listed.size):
            copy = copied(fd, check)
    except BaseException:
        os.close(fd)
        raise
    if copy is None:
        return fd, listed
    os.close(fd)
    return copy, listed


def copied(fd: int, check: Callable[[], None]) -> int:
    """All that can be read of a file, in a temporary file without a name; its descriptor. ``check`` is called between two
    pieces, and what it raises is raised. Raises FileRefused where there is no room for it, Unreadable."""
    with _room():
        copy, name = tempfile.mkstemp(prefix="droppr-")
    at = 0

    def read() -> bytes:
        nonlocal at
        check()
        try:
            piece = os.pread(fd, PIECE_BYTES, at)
        except OSError as error:
            raise Unreadable(f"It cannot be read: {error.strerror or error}.", "unreadable") from error
        at += len(piece)
        return piece

    try:
        os.unlink(name)
        with _room():
            _copy(read, copy)
    except BaseException:
        os.close(copy)
        raise
    return copy


def _copy(read: Callable[[], bytes], fd: int) -> None:
    while piece := memoryview(read()):
        while piece:
            piece = piece[os.write(fd, piece) :]


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        folder = tempfile.gettempdir() if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
        if folder is None:
            raise FileRefused(f"It cannot be put aside: {error.strerror or error}.", "not_writable") from error
        raise FileRefused(
            f"It has to be put aside in {folder} first, which is full: make room, or name another folder in TMPDIR.",
            "storage_full",
        ) from error
